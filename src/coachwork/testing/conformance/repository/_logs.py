"""What is promised of the log: the messages of one session, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coachwork.effects import ReadLog, Workflow
from coachwork.records import Delete, Facts, Insert, Record
from coachwork.testing.conformance._expecting import answers, expect
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance.repository._asking import done, put, shows
from coachwork.testing.conformance.repository._things import message, numbers, thing

LOG: Final = "coachwork.ports.Repository.log"
ALL: Final = 1000
"""More than any log of these checks is long."""


def _log(trial: Trial, *, after: int = 0, last: int | None = None, limit: int = ALL) -> ReadLog:
    """Return the question for the log of the session that a check is about."""
    return ReadLog(tenant=trial.tenant, session="s", after=after, last=last, limit=limit)


def _logged(trial: Trial, number: int) -> Workflow[None]:
    """Let so many messages be in the log, inserted from the last to the first."""
    yield from put([message(trial.tenant, "s", n) for n in range(number, 0, -1)])
    yield from shows(trial, _log(trial), _ordered, list(range(1, number + 1)))


def _ordered(records: Sequence[Record]) -> list[int]:
    """Return the sequence numbers of messages, in order."""
    return sorted(numbers(records))


@promise(
    "R26",
    why="A conversation is shown, and told to the model, in the wrong order.",
    where=LOG,
)
def a_log_is_in_order(trial: Trial) -> Workflow[None]:
    """Messages come in ascending order of their numbers, across powers of ten."""
    yield from _logged(trial, 101)
    found = yield from _log(trial)
    expect(_log(trial), numbers(found), list(range(1, 102)))


@promise(
    "R27",
    why="A page of a history repeats the message before it, or leaves one out.",
    where=LOG,
)
def a_log_begins_after_a_number(trial: Trial) -> Workflow[None]:
    """With ``after`` there are only messages of a greater number."""
    yield from _logged(trial, 12)
    for after in (1, 5, 9, 11, 12, 10**9):
        effect = _log(trial, after=after)
        expect(effect, _ordered((yield from effect)), list(range(after + 1, 13)))


@promise(
    "R28",
    why="The model is shown the beginning of a long conversation instead of its end.",
    where=LOG,
)
def a_log_can_be_its_last_messages(trial: Trial) -> Workflow[None]:
    """With ``last`` there are only the last so many of those asked for; none where it is 0."""
    yield from _logged(trial, 12)
    for after in (0, 8):
        whole = _ordered((yield from _log(trial, after=after)))
        for last in (0, 1, 3, 12, 5000):
            effect = _log(trial, after=after, last=last)
            expect(effect, _ordered((yield from effect)), whole[max(0, len(whole) - last) :])


@promise(
    "R29",
    why="One request for a page reads a whole conversation.",
    where=LOG,
)
def a_log_ends_at_the_limit(trial: Trial) -> Workflow[None]:
    """There are at most ``limit`` messages, the first ones of those asked for."""
    yield from _logged(trial, 12)
    for after, last in ((0, None), (4, None), (0, 5), (9, 5)):
        whole = yield from _log(trial, after=after, last=last)
        for limit in (1, 2, 12):
            effect = _log(trial, after=after, last=last, limit=limit)
            expect(effect, numbers((yield from effect)), numbers(whole[:limit]))


@promise(
    "R30",
    why="Somebody else's messages are shown in a conversation.",
    where=LOG,
)
def a_log_is_of_one_session(trial: Trial) -> Workflow[None]:
    """Messages of sessions whose ids look alike, begin alike or hold separators stay apart."""
    near = ("s", "s1", "S", "s#", "s/", "s%", "_", "1:s", "s" * 128, "s#000000000001")
    for number, session in enumerate(near, 1):
        yield from put([message(trial.tenant, session, n) for n in range(1, number + 1)])
    for number, session in enumerate(near, 1):
        effect = ReadLog(tenant=trial.tenant, session=session, limit=ALL)
        yield from shows(trial, effect, _ordered, list(range(1, number + 1)))


@promise(
    "R31",
    why="A session cannot be read any more: its log holds a record that is no message.",
    where=LOG,
)
def a_log_holds_messages_only(trial: Trial) -> Workflow[None]:
    """What else belongs to a session, such as its jobs, is not in its log."""
    of_it = Facts(owner="u", session="s")
    yield from put([thing(trial.tenant, "s", n, kind=trial.kind, facts=of_it) for n in (1, 2)])
    yield from put([message(trial.tenant, "s", n) for n in (1, 2, 3)])
    yield from shows(trial, _log(trial), _ordered, [1, 2, 3])


@promise(
    "R32",
    why="One customer's messages are shown to another customer.",
    where=f"{LOG}; brief, section 8",
)
def a_log_is_of_one_tenant(trial: Trial) -> Workflow[None]:
    """A session of the same id under another tenant has a log of its own."""
    for number, tenant in enumerate((trial.tenant, trial.other_tenant), 1):
        yield from put([message(tenant, "s", n) for n in range(1, number + 1)])
    yield from shows(trial, _log(trial), _ordered, [1])


@promise(
    "R33",
    why="The deletion of a long conversation stops half-way, or its messages come back.",
    where=f"{LOG}; brief, section 9",
)
def a_log_can_be_deleted_in_pages(trial: Trial) -> Workflow[None]:
    """What is left of a log that loses its beginning is found, and in the end nothing."""
    yield from _logged(trial, 7)
    log = [message(trial.tenant, "s", n) for n in range(1, 8)]
    yield from done(*(Delete(record.key, 1) for record in log[:3]))
    yield from shows(trial, _log(trial), _ordered, [4, 5, 6, 7])
    yield from done(*(Delete(record.key, 1) for record in log[3:]))
    yield from shows(trial, _log(trial), _ordered, [])


@promise(
    "R34",
    why="A message is found by its key and is another one, or none, in the history.",
    where="coachwork.ports.Repository: a record comes back exactly as it was given",
)
def a_log_gives_whole_records(trial: Trial) -> Workflow[None]:
    """The records of a log are what was put there: key, version, facts and body."""
    record = message(trial.tenant, "s", 1)
    yield from done(Insert(record))
    yield from shows(trial, _log(trial), len, 1)
    yield from answers(_log(trial), (record,))
