"""A conversation as it went: what was said, what was done at each message, and what came of it.

Nothing of it is kept for this purpose. The messages are the log's; the states in between are made
anew from the audits, which are applied again one after the other, as `coachwork.programs.rebuild`
does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from typing import Any, Generic, TypeAlias

from attrs import evolve, field, frozen

from coachwork.actions import Audit, Sender
from coachwork.effects import Workflow
from coachwork.ids import checked_id
from coachwork.machine import Edge
from coachwork.messages import Message
from coachwork.programs import Program, begun, carry_again
from coachwork.records import AUDIT
from coachwork.sessions import Session
from coachwork.topics import Topic
from coachwork.workflows._answers import ActionView, SessionView, T, action_views, session_view
from coachwork.workflows._jobs import check_topic
from coachwork.workflows._owning import all_of
from coachwork.workflows._program import load_of_session
from coachwork.workflows._scenario_export import read_audits
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import load_session, read_tail

PhaseEdge: TypeAlias = Edge[Any, Any]
"""From which phase, by which event, to which: members of the enums of the program's own table."""


@frozen(kw_only=True)
class TimelineEntry:
    """A message, a click or the word of an agent, with all that it brought.

    Attributes:
        at: When (UTC).
        message: What was said; None for a click, whose actions name the message with the button,
            and for what an agent did, whose actions name none.
        actions: What was done, applied or refused, in order.
        phase: The program's phase afterwards, or None without a program.
        state: The program's state afterwards, or None where it cannot be told.
    """

    at: datetime
    message: Message | None
    actions: tuple[ActionView, ...] = ()
    phase: str | None = None
    state: object = field(default=None, repr=False)


@frozen(kw_only=True)
class Timeline(Generic[T]):
    """A conversation as it went.

    Attributes:
        session: The session.
        program: The id of the program that was worked on, or None.
        phase: The program's phase before the first message, or None where it cannot be told.
        state: The program's state then, or None where it cannot be told.
        entries: Messages, clicks and what agents did, in the order in which they came.
        path: The edges of the table of phases that this session took, in order: what
            `coachwork.diagrams` draws. Empty where states cannot be told.
    """

    session: SessionView[T]
    program: str | None
    phase: str | None
    state: object = field(repr=False)
    entries: tuple[TimelineEntry, ...]
    path: tuple[PhaseEdge, ...]


def timeline(
    setup: Setup, caller: Caller, topic: Topic[T] | None, session_id: str
) -> Workflow[Timeline[T]]:
    """Return how a session went, message by message, as it is stored.

    Where a user has one state, what other sessions did to it counts: it is in the states, and not
    among the entries. States can be told where the topic is declared with its program, and the
    program's version of today judged all actions; else phases are told, as the log has them, and
    the last state.

    It is no activity. All audits of the state are read, so it is for looking back, not for every
    turn.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        topic: The session's topic, or None where only its id is known.
        session_id: The session.

    Raises:
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        CorruptRecordError: Something is damaged, or an action cannot be applied again.
        StoreError: The repository failed.
    """
    checked_id(session_id, "session_id")
    stored, now = yield from load_session(setup, caller, session_id)
    session = stored.value
    check_topic(session, topic)
    declared = None if topic is None else setup.topics.get(topic.id)
    if declared is None or declared.program is None:
        story = yield from _as_logged(session)
    else:
        story = yield from _replayed(declared.program, session)
    said = yield from read_tail(session)
    told = _Telling(session.about.id, story)
    for message in said[: session.messages]:
        told.say(message)
    told.end()
    return Timeline(
        session=session_view(session, topic, now),
        program=story.program,
        phase=told.before.phase,
        state=told.before.state,
        entries=tuple(told.entries),
        path=tuple(told.path),
    )


# --- what was done ---------------------------------------------------------------------------


@frozen
class _Place:
    """Where a program stands; None is what cannot be told."""

    phase: str | None = None
    state: object = None


@frozen
class _Step:
    """What one audit did, where that led to, and the edges that were taken."""

    audit: Audit
    after: _Place
    edges: tuple[PhaseEdge, ...] = ()


@frozen
class _Story:
    """What was done to a state from its beginning on, in this session and in others."""

    program: str | None
    begun: _Place
    steps: tuple[_Step, ...]


def _as_logged(session: Session) -> Workflow[_Story]:
    """Return what was done in a session as the log has it, without the program."""
    about = session.about
    found = yield from all_of(AUDIT, Caller(about.tenant, about.user), session=about.id)
    audits = sorted((one.value for one in found), key=lambda audit: (audit.at, audit.number))
    program = audits[-1].program if audits else None
    return _Story(program, _Place(), _logged(_known(session, audits)))


def _logged(audits: Iterable[Audit]) -> tuple[_Step, ...]:
    """Return steps that tell of phases alone."""
    return tuple(_Step(audit, _Place(audit.phase)) for audit in audits)


def _known(session: Session, audits: Iterable[Audit]) -> list[Audit]:
    """Return the audits up to the first that was brought by a message after *session* was read."""
    here = session.about.id
    return list(
        takewhile(
            lambda audit: audit.session != here or (audit.message or 0) <= session.messages, audits
        )
    )


def _replayed(program: Program[Any], session: Session) -> Workflow[_Story]:
    """Return what was done to the state that a session works on, as it is found by replaying it.

    Raises:
        CorruptRecordError: An audit is missing, or cannot be applied again.
    """
    underway = yield from load_of_session(program, session.about)
    progress = underway.progress
    if underway.version is None:
        return _Story(program.id, _place(program, underway.state), ())
    audits = yield from read_audits(progress)
    known = _known(session, audits)
    if any(audit.program_version != program.version for audit in audits):
        steps = _logged(known)
        if len(known) == len(audits):  # where all of it led to is stored
            steps = (*steps[:-1], evolve(steps[-1], after=_place(program, underway.state)))
        return _Story(program.id, _Place(), steps)
    state = begun(program, progress.begun, progress.begun_at)
    beginning = _place(program, state)
    replayed: list[_Step] = []
    for audit in known:
        edges: list[PhaseEdge] = []
        for action in audit.actions:
            before, state = state, carry_again(program, state, evolve(audit, actions=(action,)))
            edges += _edge(program, before, state)
        replayed.append(_Step(audit, _place(program, state), tuple(edges)))
    return _Story(program.id, beginning, tuple(replayed))


def _place(program: Program[Any], state: object) -> _Place:
    """Return where a program stands with *state*."""
    return _Place(str(program.phase(state)), state)


def _edge(program: Program[Any], before: object, after: object) -> tuple[PhaseEdge, ...]:
    """Return the edge that leads from one state to another, if the phase is another one.

    Where several events do, it is the first of the table: which it was is not recorded.
    """
    old, new = program.phase(before), program.phase(after)
    edges = (edge for edge in program.phases.edges if (edge[0], edge[2]) == (old, new))
    return () if old is new else (next(edges),)


# --- what is told ----------------------------------------------------------------------------


class _Telling:
    """A timeline that is being told, one message after the other.

    Attributes:
        before: Where the program stood before the first entry.
        entries: What has been told so far.
        path: The edges that this session took so far.
    """

    def __init__(self, session: str, story: _Story) -> None:
        """Begin before everything."""
        self._session = session
        self._left = deque(story.steps)
        self._now = self.before = story.begun
        self.entries: list[TimelineEntry] = []
        self.path: list[PhaseEdge] = []
        self._brought = {
            step.audit.message: step
            for step in story.steps
            if step.audit.session == session and step.audit.sender is Sender.COACH
        }

    def say(self, message: Message) -> None:
        """Tell of a message, after all that came before it."""
        own = self._brought.get(message.sequence)
        while self._left and self._left[0] is not own:
            if own is None and not self._is_before(self._left[0].audit, message):
                break
            self._pass(self._left.popleft())
        if own is not None:
            self._left.popleft()
            self._take(own)
        self._tell(message.at, message, own)

    def end(self) -> None:
        """Tell of what came after the last message, and of no session else."""
        while any(step.audit.session == self._session for step in self._left):
            self._pass(self._left.popleft())

    def _is_before(self, audit: Audit, message: Message) -> bool:
        """Whether something was done before a message was said, as far as instants tell."""
        if audit.session == self._session and (audit.message or 0) >= message.sequence:
            return False
        return audit.at <= message.at

    def _pass(self, step: _Step) -> None:
        """Go past what was done: what was done here is told, what was done elsewhere is not."""
        if step.audit.session != self._session:
            self._now = step.after
            return
        self._take(step)
        self._tell(step.audit.at, None, step)

    def _take(self, step: _Step) -> None:
        if not self.entries:
            self.before = self._now
        self._now = step.after
        self.path += step.edges

    def _tell(self, at: datetime, message: Message | None, step: _Step | None) -> None:
        if not self.entries and step is None:
            self.before = self._now
        actions = () if step is None else action_views(step.audit)
        self.entries.append(
            TimelineEntry(
                at=at,
                message=message,
                actions=actions,
                phase=self._now.phase,
                state=self._now.state,
            )
        )
