"""Who sees what, how it is told, and what ends it: the rules of the brief's section 3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from coachwork.testing.stateful._topics import BOARD, COUNCIL, TALK, VALUES
from coachwork.testing.stateful.oracle import Refusal
from tests.oracles import ADA, BOB, OTHER, Desk


def refused(desk: Desk, who: tuple[str, str], *, job: bool = False) -> str:
    """Return with which code *who* is refused a look at the first session, or at its job."""
    session = desk.oracle.sessions[0]
    look: Callable[[], None] = partial(desk.oracle.see, who, session)
    if job:
        look = partial(desk.oracle.see_job, who, session.jobs[0])
    with pytest.raises(Refusal) as raised:
        look()
    return raised.value.code


@pytest.mark.parametrize(
    "hides, of_session, of_job",
    [
        (False, "SESSION_ACCESS_DENIED", "SESSION_ACCESS_DENIED"),
        (True, "SESSION_NOT_FOUND", "JOB_NOT_FOUND"),
    ],
)
def test_others_are_denied_and_other_tenants_find_nothing(
    of_session: str, of_job: str, *, hides: bool
) -> None:
    """Another user of the tenant is denied, unless that is hidden; another tenant sees nothing."""
    desk = Desk(hide_foreign=hides)
    desk.started(VALUES)
    assert refused(desk, BOB) == of_session
    assert refused(desk, BOB, job=True) == of_job
    assert refused(desk, OTHER) == "SESSION_NOT_FOUND"
    assert refused(desk, OTHER, job=True) == "JOB_NOT_FOUND"


def test_what_is_gone_is_nobodys() -> None:
    """Expired sessions, old jobs, and another topic are not found; then not even denied."""
    desk = Desk()
    session = desk.started(VALUES)
    with pytest.raises(Refusal, match="SESSION_NOT_FOUND"):
        desk.oracle.get(ADA, session, TALK)
    with pytest.raises(Refusal, match="JOB_NOT_FOUND"):
        desk.oracle.see_job(ADA, session.jobs[0], TALK)
    assert desk.oracle.get(ADA, session, VALUES)["id"] == session.id
    assert desk.oracle.history(ADA, session) == session.messages
    desk.advance(hours=24)
    assert refused(desk, ADA, job=True) == "JOB_NOT_FOUND"
    assert refused(desk, BOB, job=True) == "JOB_NOT_FOUND"
    desk.advance(days=13)
    assert refused(desk, ADA) == "SESSION_NOT_FOUND"
    assert refused(desk, BOB) == "SESSION_NOT_FOUND"


def test_a_check_tells_what_to_do() -> None:
    """Start, open, choose, or wait until another user is done."""
    desk = Desk()
    advice = [desk.oracle.check(ADA, COUNCIL)["advice"]]
    desk.started(COUNCIL)
    advice.append(desk.oracle.check(ADA, COUNCIL)["advice"])
    desk.advance(minutes=31)
    advice.append(desk.oracle.check(ADA, COUNCIL)["advice"])
    assert advice == ["start", "open", "choose"]
    told = desk.oracle.check(BOB, COUNCIL)
    assert (told["advice"], told["conflict_user_id"]) == ("blocked", "ada")
    assert desk.oracle.check(OTHER, COUNCIL)["advice"] == "start"
    assert desk.oracle.check(ADA, COUNCIL)["actual_status"] == "active"
    desk.advance(days=14)
    assert desk.oracle.check(ADA, COUNCIL)["advice"] == "start"
    assert desk.oracle.check(BOB, COUNCIL)["advice"] == "start"


def test_who_is_in_the_way_may_be_hidden() -> None:
    """The id is told only where the settings show it."""
    desk = Desk(show_conflict_user=False)
    desk.started(COUNCIL)
    told = desk.oracle.check(BOB, COUNCIL)
    assert (told["conflict"], told["conflict_user_id"]) == (True, None)


def test_standings_outlive_their_sessions() -> None:
    """What was completed is counted, and the live session is told first."""
    desk = Desk()
    assert desk.oracle.standing(ADA, TALK)["status"] == "not_started"
    first = desk.started(TALK)
    assert desk.oracle.standing(ADA, TALK)["status"] == "in_progress"
    desk.play(desk.oracle.complete(ADA, first, TALK, None))
    told = desk.oracle.standing(ADA, TALK)
    assert (told["status"], told["completed"], told["session_id"]) == ("completed", 1, first.id)
    second = desk.started(TALK)
    desk.advance(hours=-1)
    desk.play(desk.oracle.complete(ADA, second, TALK, None))
    told = desk.oracle.standing(ADA, TALK)
    assert (told["completed"], told["session_id"]) == (2, second.id)
    assert told["completed_at"] == desk.now + timedelta(hours=1)


def test_an_export_tells_all_standings() -> None:
    """In the order of their keys: the shorter id of a topic first."""
    desk = Desk()
    for topic in (VALUES, TALK, BOARD):
        desk.play(desk.oracle.complete(ADA, desk.started(topic), topic, None))
    standings = desk.oracle.exported(ADA)["standings"]
    assert [told["topic"] for told in standings] == ["talk", "board", "values"]


def test_lists_are_newest_first_and_exports_oldest_first() -> None:
    """A list leaves out what has expired, an export what is deleted."""
    desk = Desk()
    first, second = desk.started(BOARD), desk.started(VALUES)
    assert desk.oracle.listed(ADA) == [second, first]
    exported = desk.oracle.exported(ADA)
    assert [told["session"]["id"] for told in exported["sessions"]] == [first.id, second.id]
    desk.advance(days=3)
    assert desk.oracle.listed(ADA) == [second]
    assert len(desk.oracle.exported(ADA)["sessions"]) == 2
    assert desk.oracle.exported(BOB)["sessions"] == []
