"""A program's state: loaded, changed by actions, and written with all that they leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Generic, TypeVar, cast

from attrs import evolve, frozen

from coachwork.actions import Audit, Component, RefusalCode, Sender
from coachwork.effects import Get, NewId, Now, Workflow
from coachwork.plain import JSON, to_json
from coachwork.programs import Carried, Program, Progress, Scope, begun, carry_out, read_state
from coachwork.records import AUDIT, PROGRESS, Insert, Op, Record, Texts, Update, progress_key
from coachwork.sessions import About, latest

S = TypeVar("S")


@frozen
class Underway(Generic[S]):
    """A user's state in a program, as it was read or as it would begin.

    Attributes:
        program: The program.
        progress: What is stored, or what would be.
        version: The version of its record, or None before the first action.
        state: The state.
        size: How many characters its record takes, where there is one.
        texts: The texts of its record, where this process wrote it.
    """

    program: Program[S]
    progress: Progress
    version: int | None
    state: S
    size: int | None = None
    texts: Texts | None = None

    @property
    def kept(self) -> dict[str, JSON] | None:
        """The state as plain data, if that is how it is kept."""
        known = self.version is not None and self.progress.version == self.program.version
        return self.progress.state if known else None

    @property
    def plain(self) -> dict[str, JSON]:
        """The state as plain data: every state has the form of an attrs class."""
        return cast("dict[str, JSON]", to_json(self.state))


@frozen
class Written:
    """Actions that were carried out, and what is to be written for them.

    Attributes:
        carried: What came of the actions.
        audit: The record of it.
        finished: Whether the program is finished now.
        ops: What writes both; they pass only if nobody else has changed the state.
    """

    carried: Carried[Any]
    audit: Audit
    finished: bool
    ops: tuple[Op, ...]

    @property
    def components(self) -> tuple[Component, ...]:
        """What there is to show."""
        return self.carried.components


def load_underway(
    program: Program[S], tenant: str, user: str, session: str | None, scenario: str | None
) -> Workflow[Underway[S]]:
    """Return a user's state in *program*; where there is none yet, the one that it begins with.

    Args:
        program: The program.
        tenant: The user's tenant.
        user: The user.
        session: The session, which counts where each session has a state of its own.
        scenario: The test scenario whose state is meant, or None.

    Raises:
        CorruptRecordError: What is stored cannot be read.
        UnsupportedSchemaError: A newer version of the program wrote it.
        StoreError: The repository failed.
    """
    subject = session if program.scope is Scope.SESSION else None
    record = yield from Get(progress_key(tenant, program.id, user, subject, scenario))
    if record is not None:
        known = _KNOWN.get((program, record))
        return cast("Underway[S]", known) if known is not None else _read(program, record)
    seed = yield from NewId()
    now = yield from Now()
    state = begun(program, seed, now)
    progress = Progress(
        tenant=tenant,
        user=user,
        program=program.id,
        version=program.version,
        subject=subject,
        phase=str(program.phase(state)),
        state={},
        audits=0,
        begun=seed,
        begun_at=now,
        updated_at=now,
        scenario=scenario,
    )
    return Underway(program, progress, None, state)


def load_of_session(program: Program[S], about: About) -> Workflow[Underway[S]]:
    """Return the state in *program* that a session works on. See `load_underway`."""
    return (yield from load_underway(program, about.tenant, about.user, about.id, about.scenario))


_KNOWN: Final[dict[tuple[Program[Any], Record], Underway[Any]]] = {}
"""What records hold that were read or made last: a turn reads one twice, and the next one again.

A record is the key, so what is found is what reading it would give.
"""

MOST_KNOWN: Final = 64
"""How many of them are kept."""

_BY_THE_PROGRAM: Final = frozenset({RefusalCode.NOT_POSSIBLE, RefusalCode.PROGRAM_ERROR})
"""Refusals that the application's own code has said."""


def _read(program: Program[S], record: Record) -> Underway[S]:
    """Return what *record* holds, as a value of the program's own class."""
    stored = PROGRESS.read(record)
    state = read_state(program, stored.value)
    return _known(record, Underway(program, stored.value, stored.version, state, len(record.body)))


def _known(record: Record, underway: Underway[S]) -> Underway[S]:
    """Keep what *record* holds, for as long as there is room; return it."""
    if len(_KNOWN) >= MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[underway.program, record] = underway
    return underway


def carried_out(
    underway: Underway[S],
    about: About,
    asked: Sequence[Mapping[str, JSON]],
    sender: Sender,
    message: int | None,
    now: datetime,
    *,
    answers: int | None = None,
) -> Workflow[Written]:
    """Carry out the actions of a reply, a click or an agent, and return what is to be written.

    Args:
        underway: The state as it was read last.
        about: The session in which they were asked for.
        asked: The actions as they came.
        sender: Who asks.
        message: The sequence number of the message that triggers them; None for an agent's.
        now: The instant (UTC).
        answers: The sequence number of the user's message that the coach answers, if it does.
    """
    program, progress = underway.program, underway.progress
    at = latest(progress.updated_at, now)
    audit = Audit(
        id=(yield from NewId()),
        tenant=about.tenant,
        user=about.user,
        session=about.id,
        topic=about.topic,
        program=program.id,
        program_version=program.version,
        subject=progress.subject,
        number=progress.audits + 1,
        sender=sender,
        message=message,
        answers=answers,
        at=at,
        actions=(),
        phase=progress.phase,
        scenario=about.scenario,
    )
    kept = underway.kept
    carried = carry_out(
        program,
        underway.state,
        asked,
        sender,
        at,
        audit.id,
        audit.source,
        kept,
        None if kept is None else underway.size,
    )
    phase = str(program.phase(carried.state))
    audit = evolve(audit, actions=carried.actions, excess=carried.excess, phase=phase)
    after = evolve(
        progress,
        version=program.version,
        phase=phase,
        state=carried.plain or underway.kept or underway.plain,
        audits=audit.number,
        updated_at=at,
    )
    version = (underway.version or 0) + 1
    record, texts = PROGRESS.record_after(after, version, underway.texts)
    op = Insert(record) if underway.version is None else Update(record)
    if any(action.code in _BY_THE_PROGRAM for action in carried.actions):
        # Code that was to change nothing was called; who knows what it did to a list or a dict.
        _KNOWN.clear()
    else:
        _known(record, Underway(program, after, version, carried.state, len(record.body), texts))
    return Written(carried, audit, program.is_finished(carried.state), (op, AUDIT.insert(audit)))
