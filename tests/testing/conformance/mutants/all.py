"""All broken repositories, in the order of the promises that they break."""

from __future__ import annotations

from typing import Final

from tests.testing.conformance.mutants import commits, due, lasting, logs, races, records, views
from tests.testing.conformance.mutants.base import Mutant, mutants_in

MUTANTS: Final[tuple[Mutant, ...]] = mutants_in(records, commits, logs, views, due, races, lasting)
"""All of them."""
