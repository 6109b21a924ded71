"""A user's view: each check passes the reference, and fails mutants of its own."""

from __future__ import annotations

from coachwork.testing.conformance.repository import _views
from tests.testing.conformance.mutants import views
from tests.testing.conformance.mutants.proof import proofs

test_the_reference_keeps_it, test_a_mutant_breaks_what_it_says, test_each_check_can_fail = proofs(
    _views, views
)
