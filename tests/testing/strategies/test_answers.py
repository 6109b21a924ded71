"""What the workflows answer."""

from __future__ import annotations

from collections.abc import Hashable

from hypothesis import given
from hypothesis.strategies import SearchStrategy as Strategy

from coachwork.actions import ActionStatus, Sender
from coachwork.jobs import JobStatus
from coachwork.records import KINDS, Record
from coachwork.sessions import Session, SessionStatus
from coachwork.testing import strategies as st
from coachwork.testing import violations
from coachwork.testing.strategies._answers import _Talk, _told, parts_of_answers
from coachwork.workflows import Purged, Relayed, ScenarioAudit, TimelineEntry
from tests.drawn import few, reaches


@few
@given(records=st.conversations())
def test_everything_of_a_conversation_fits_together(records: list[Record]) -> None:
    """The invariants hold of all that is stored of a user."""
    assert violations(records) == []


def test_conversations_reach_every_form() -> None:
    """Sessions in all states, jobs with either outcome, and every kind that they leave."""
    missing: set[Hashable] = {*SessionStatus, *KINDS}

    def all_seen(records: list[Record]) -> bool:
        for record in records:
            value = KINDS[record.key.kind].read(record).value
            missing.discard(record.key.kind)
            missing.discard(value.status if isinstance(value, Session) else None)
        return not missing - {"spending"}  # nothing is asked in vain there

    reaches(st.conversations(), [True], all_seen)


def test_each_answer_is_given_in_all_its_forms() -> None:
    """What a front end has to tell apart is there."""
    reaches(st.checks(), ["start", "open", "choose"], lambda check: check.advice)
    reaches(st.session_views(), SessionStatus, lambda view: view.status)
    reaches(st.turns(), told=lambda turn: turn.is_final)
    reaches(st.resumed(), told=lambda back: back.session.turns > 0)
    reaches(st.completed(), told=lambda done: done.job is None)
    outcomes = [JobStatus.PENDING, JobStatus.COMPLETED, JobStatus.FAILED]
    reaches(st.job_reports(), outcomes, lambda report: report.status)
    reaches(st.job_outcomes(), told=lambda outcome: outcome.is_final)
    reaches(st.job_views(), told=lambda view: view.error_code is None)


def test_a_session_that_has_expired_gives_way_to_a_new_one() -> None:
    """Where a session has to be seen, it is the same one or another."""

    def is_the_same(talk: _Talk) -> bool:
        chat = talk.go_on().chat
        return talk.seen() is chat

    reaches(_told(is_the_same))


def test_what_was_done_is_told_in_all_its_forms() -> None:
    """Pages of actions, places in programs, conversations and scenarios with a program or none."""
    reaches(st.acted(), [ActionStatus.APPLIED], lambda acted: acted.action.status)
    reaches(st.action_lists(), told=lambda page: page.next is None)
    reaches(st.program_views(), told=lambda view: view.updated_at is None)
    reaches(st.agents_views(), told=lambda view: view.is_finished)
    reaches(st.timelines(), told=lambda told: told.program is None)
    reaches(st.timelines(), told=lambda told: bool(told.path))
    reaches(st.scenarios(), told=lambda scenario: bool(scenario.programs))
    entries: Strategy[TimelineEntry] = parts_of_answers()[TimelineEntry]
    reaches(entries, told=lambda entry: entry.message is None)
    audits: Strategy[ScenarioAudit] = parts_of_answers()[ScenarioAudit]
    reaches(audits, Sender, lambda audit: audit.sender)


def test_sweeps_and_relays_are_given_in_all_their_forms() -> None:
    """What was done, what is left, and what was in the way."""
    purged: Strategy[Purged] = parts_of_answers()[Purged]
    reaches(purged, told=lambda one: bool(one.deleted))
    reaches(purged, told=lambda one: bool(one.undelivered))
    relayed: Strategy[Relayed] = parts_of_answers()[Relayed]
    reaches(relayed, told=lambda one: bool(one.failed))
    reaches(relayed, told=lambda one: bool(one.delivered))
