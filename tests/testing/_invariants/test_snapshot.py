"""Everything of some users, through the views."""

from __future__ import annotations

from coachwork.testing import snapshot, violations
from coachwork.workflows import send, start
from tests.damage import TALK, healthy
from tests.faults import ADA, World


def test_it_tells_all_of_its_users_and_nothing_else() -> None:
    """Of each user every record, messages with them, and none of another."""
    world = healthy()
    told = snapshot(world.memory, [("acme", "ada"), ("acme", "ben")])
    assert {record.key for record in told} == {record.key for record in world.records()}
    bens = snapshot(world.memory, [("acme", "ben")])
    assert len(bens) == len({record.key for record in bens}) < len(told)
    assert {record.facts.owner for record in bens} <= {"ben", None}
    assert snapshot(world.memory, [("other", "ada")]) == []


def test_a_snapshot_is_paged() -> None:
    """A user with more records than one page holds is told whole."""
    world = World([TALK], lambda _: "Go on.")
    world.checks = False
    begun = world.run(start(world.setup, ADA, TALK)).session.id
    for number in range(500):
        world.run(send(world.setup, ADA, TALK, begun, f"Message {number}."))
    told = snapshot(world.memory, [("acme", "ada")])
    assert len(told) == len(world.records()) > 2000
    assert violations(told) == []
