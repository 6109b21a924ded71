"""What is promised to several who are at it at once, in threads or in tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from coachwork.effects import Commit, Get, ReadLog, Workflow
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance._together import (
    AtOnce,
    CancelAfter,
    Meet,
    Meeting,
    MeetingPlace,
    Wait,
)
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.repository._asking import (
    MOMENT,
    done,
    finds,
    put,
    shows,
    tried,
    version_of,
)
from coachwork.testing.conformance.repository._things import message, numbers, thing

COMMIT: Final = "coachwork.ports.Repository.commit"
RACERS: Final = 8
ROUNDS: Final = 20
TRIES: Final = 50
"""How often a commit is tried that is refused though nobody else was done."""
MOST_REFUSALS: Final = 20
"""After so many of them the pause gets no longer."""


# --- one of several ---------------------------------------------------------------------------


def counted(tenant: str, racer: str, times: int, *, logs: bool = False) -> Workflow[None]:
    """Count up one record so many times, each time from the version that was read.

    Args:
        tenant: Whose record it is.
        racer: Who counts.
        times: How often.
        logs: Whether each commit also appends the message of that number to a log.

    Raises:
        PromiseBrokenError: It is refused again and again, and nobody else changes the record.
    """
    key = Key("thing", tenant, ("counter",))
    for number in range(times):
        receipt = thing(tenant, "receipt", racer, number)
        is_done, before, refusals = False, 0, 0
        while not is_done:
            yield from _pause(refusals)
            version = version_of((yield from Get(key))) + 1
            refusals = refusals + 1 if version == before else 0
            if refusals == TRIES:
                told = f"an update that follows version {before - 1}, tried {TRIES} times"
                raise PromiseBrokenError(told, "done, for nobody else is", "conflict")
            before = version
            ops: list[Op] = [Update(thing(tenant, "counter", version=version)), Insert(receipt)]
            if logs:
                ops.append(Insert(message(tenant, "s", version)))
            outcome = yield from tried(*ops)
            # Whoever does not know looks for what was written together with it.
            is_done = (yield from Get(receipt.key)) is not None if outcome is None else outcome


def _pause(refusals: int) -> Workflow[None]:
    """Let others have their turn, and the more time the more often one was refused in vain."""
    yield from Wait(min(refusals, MOST_REFUSALS) * 0.002)


@promise(
    "R61",
    why="Two messages at the same moment: one of them vanishes, though both were acknowledged.",
    where=f"{COMMIT}; brief, section 10, invariant 9",
)
def no_update_is_lost(trial: Trial) -> Workflow[None]:
    """Of several who count in one record, each from the version it read, none is lost."""
    yield from done(Insert(thing(trial.tenant, "counter")))
    yield from AtOnce(tuple(counted(trial.tenant, f"{n}", ROUNDS) for n in range(RACERS)))
    found = yield from Get(Key("thing", trial.tenant, ("counter",)))
    expect(f"the version after {RACERS * ROUNDS} updates", version_of(found), 1 + RACERS * ROUNDS)


def contested(
    key: Key, is_over: Callable[[Record | None], bool], first: Op, mine: Insert
) -> Workflow[bool]:
    """Commit two operations until they are done, or somebody else has done the first; tell which.

    Args:
        key: The record that all contest for.
        is_over: Whether that record, or none, tells that somebody was done.
        first: What only one can do.
        mine: What nobody else does.

    Raises:
        PromiseBrokenError: It is refused again and again, and nobody else is done.
    """
    for refusals in range(TRIES):
        yield from _pause(refusals)
        outcome = yield from tried(first, mine)
        found = yield from Get(key)
        if outcome is None:
            outcome = (yield from Get(mine.record.key)) is not None
        if outcome or is_over(found):
            return bool(outcome)
    told = f"{in_words(Commit((first, mine)))}, tried {TRIES} times"
    raise PromiseBrokenError(told, "done, for nobody else is", "conflict")


def claimed(
    tenant: str, racer: str, rounds: int, meeting: MeetingPlace | None = None
) -> Workflow[tuple[int, ...]]:
    """Put a claim in each round, if it is not there; return the rounds that were won."""
    won: list[int] = []
    for number in range(rounds):
        yield from _met(meeting)
        claim = thing(tenant, "claim", number, body=f'"{racer}"')
        session = thing(tenant, "session", number, racer)
        ops = (Insert(claim), Insert(session))
        if (yield from contested(claim.key, lambda found: found is not None, *ops)):
            won.append(number)
    return tuple(won)


def _met(meeting: MeetingPlace | None) -> Workflow[None]:
    """Meet the others, where they are so far away that they would never come at the same time."""
    if meeting is not None:
        yield from Meet(meeting)


def one_winner_each(won: Sequence[Sequence[int]], rounds: int, what: str) -> None:
    """Make sure that each round was won by one.

    Raises:
        PromiseBrokenError: It was not.
    """
    for number in range(rounds):
        winners = sum(number in mine for mine in won)
        expect(f"how many of {len(won)} were told done {what}", winners, 1)


@promise(
    "R62",
    why="Two starts at the same moment: a user has two live sessions on one topic.",
    where=f"{COMMIT}; brief, section 10, invariant 1",
)
def of_several_inserts_one_is_done(trial: Trial) -> Workflow[None]:
    """Of several who put a record where none is, one is done, and only what it wrote is there."""
    tenant = trial.tenant
    won = yield from AtOnce(tuple(claimed(tenant, f"{n}", ROUNDS) for n in range(RACERS)))
    one_winner_each(won, ROUNDS, "with an insert of one key")
    for number in range(ROUNDS):
        (winner,) = (racer for racer, mine in enumerate(won) if number in mine)
        claim = thing(tenant, "claim", number, body=f'"{winner}"')
        yield from finds(claim.key, claim)
        for racer in range(RACERS):
            session = thing(tenant, "session", number, f"{racer}")
            expected = session if racer == winner else None
            yield from finds(session.key, expected)


@promise(
    "R63",
    why="Two sweepers, or a sweeper and a user, end one session twice.",
    where=f"{COMMIT}; coachwork.records.Delete",
)
def of_several_deletes_one_is_done(trial: Trial) -> Workflow[None]:
    """Of several who delete one version of a record, one is done."""
    yield from put([thing(trial.tenant, n) for n in range(ROUNDS)])
    won = yield from AtOnce(tuple(_deleted(trial.tenant, f"{n}") for n in range(RACERS)))
    one_winner_each(won, ROUNDS, "with a delete of one version")


def _deleted(tenant: str, racer: str) -> Workflow[tuple[int, ...]]:
    """Delete the record of each round; return the rounds that were won."""
    won: list[int] = []
    for number in range(ROUNDS):
        key = Key("thing", tenant, (number,))
        ops = (Delete(key, 1), Insert(thing(tenant, "deleted", number, racer)))
        if (yield from contested(key, lambda found: found is None, *ops)):
            won.append(number)
    return tuple(won)


def crossed(
    tenant: str, mine: str, theirs: str, rounds: int, meeting: MeetingPlace | None = None
) -> Workflow[tuple[int, ...]]:
    """In each round change one record if another is as it was; return the rounds that passed."""
    passed: list[int] = []
    for number in range(rounds):
        yield from _met(meeting)
        change = thing(tenant, mine, number, version=2)
        outcome = yield from tried(Check(Key("thing", tenant, (theirs, number)), 1), Update(change))
        if (yield from Get(change.key)) == change if outcome is None else outcome:
            passed.append(number)
    return tuple(passed)


@promise(
    "R64",
    why="A message is accepted while the deletion of its user's data is: it stays behind.",
    where=f"coachwork.records.Check: it must hold until the commit is done; {COMMIT}",
)
def a_check_holds_until_the_commit_is_done(trial: Trial) -> Workflow[None]:
    """Two commits that each check what the other one changes never both pass."""
    tenant, rounds = trial.tenant, 2 * ROUNDS
    for name in "ab":
        yield from put([thing(tenant, name, n) for n in range(rounds)])
    ways = (("a", "b"), ("b", "a"))
    never_both((yield from AtOnce(tuple(crossed(tenant, *way, rounds) for way in ways))))


def never_both(passed: Sequence[Sequence[int]]) -> None:
    """Make sure that no round was passed by both.

    Raises:
        PromiseBrokenError: One was.
    """
    both = sorted(set(passed[0]) & set(passed[1]))
    expect("the rounds in which two crossed commits both passed", both, [])


# --- what others see --------------------------------------------------------------------------


@promise(
    "R65",
    why="A reader meets a session whose job is not there, and takes the store for damaged.",
    where=f"{COMMIT}: all or nothing; brief, section 8",
)
def nobody_sees_half_a_commit(trial: Trial) -> Workflow[None]:
    """Whoever has seen one record of a commit sees the others."""
    yield from done(*(Insert(thing(trial.tenant, name)) for name in "abc"))
    over: list[str] = []
    writer = _written_together(trial.tenant, over)
    readers = (_read_in_order(trial.tenant, way, over) for way in ("abc", "cba", "bca"))
    yield from AtOnce((writer, *readers))


def _written_together(tenant: str, over: list[str]) -> Workflow[None]:
    """Change three records in one commit, again and again, and tell when it is over."""
    for version in range(2, 2 * ROUNDS + 2):
        yield from done(*(Update(thing(tenant, name, version=version)) for name in "abc"))
    over.append("writer")


def _read_in_order(tenant: str, way: str, over: list[str]) -> Workflow[None]:
    """Read three records one after another: none is older than the one before."""
    before = 0
    while not over:
        yield from Wait(0)
        for name in way:
            found = yield from Get(Key("thing", tenant, (name,)))
            version = version_of(found)
            if version < before:
                raise PromiseBrokenError(
                    f"get of a record whose commit made another one version {before}",
                    f"version {before} or later",
                    f"version {version}",
                )
            before = version


@promise(
    "R66",
    why="A server decides by what another one has changed: its commits are refused for ever.",
    where="coachwork.ports.Repository.get: what any commit has answered done to is seen",
)
def what_is_done_is_seen_by_others_at_once(trial: Trial) -> Workflow[None]:
    """As soon as a commit is done, every other thread or task reads what it wrote."""
    meeting = Meeting(2)
    one, two = thing(trial.tenant, "a"), thing(trial.tenant, "a", version=2)
    states: tuple[Record | None, ...] = (None, one, two, None)
    changes: tuple[Op, ...] = (Insert(one), Update(two), Delete(two.key, 2))
    yield from AtOnce((_seen(one.key, states, meeting), _done_for(changes, meeting)), meeting)


def _seen(key: Key, states: Sequence[Record | None], meeting: Meeting) -> Workflow[None]:
    """See each state of a record when it is time."""
    for state in states:
        yield from finds(key, state)
        yield from Meet(meeting)
        yield from Meet(meeting)


def _done_for(changes: Sequence[Op], meeting: Meeting) -> Workflow[None]:
    """Make each change when it is time."""
    for change in changes:
        yield from Meet(meeting)
        yield from done(change)
        yield from Meet(meeting)
    yield from Meet(meeting)
    yield from Meet(meeting)


@promise(
    "R67",
    why="The model is asked without a message in the middle, or the conversation is damaged.",
    where="coachwork.ports.Repository.log: it never misses a message between two that it returns",
)
def a_log_has_no_gap_while_it_grows(trial: Trial) -> Workflow[None]:
    """While several append to a log, whoever reads it sees a beginning of it without a gap."""
    tenant, last = trial.tenant, 1 + WRITERS * ROUNDS
    yield from done(Insert(thing(tenant, "counter")), Insert(message(tenant, "s", 1)))
    log = ReadLog(tenant=tenant, session="s", limit=2 * last)
    over: list[str] = []
    writers = (_appended(tenant, f"{n}", over) for n in range(WRITERS))
    readers = (_read_whole(log, over) for _ in range(2))
    yield from AtOnce((*writers, *readers))
    yield from shows(trial, log, _ordered, list(range(1, last + 1)))


WRITERS: Final = 4


def _appended(tenant: str, racer: str, over: list[str]) -> Workflow[None]:
    """Append some messages, and tell when it is over."""
    yield from counted(tenant, racer, ROUNDS, logs=True)
    over.append(racer)


def _ordered(records: Sequence[Record]) -> list[int]:
    """Return the sequence numbers of messages, in order."""
    return sorted(numbers(records))


def _read_whole(log: ReadLog, over: list[str]) -> Workflow[None]:
    """Read a log as long as it grows: each time it is whole up to some number."""
    is_over = False
    while not is_over:
        yield from Wait(0)
        is_over = len(over) == WRITERS  # asked first: the last look is at the whole of it
        found = _ordered((yield from log))
        expect(log, found, list(range(1, len(found) + 1)))


@promise(
    "R68",
    why="Under load requests fail, or hang, with an error of the engine that nobody handles.",
    where=f"{COMMIT}: three answers; brief, section 8",
)
def whoever_meets_others_gets_an_answer(trial: Trial) -> Workflow[None]:
    """Commits that change the same records in opposite orders are all answered."""
    yield from put([thing(trial.tenant, "a"), thing(trial.tenant, "b")])
    ways = ("ab", "ba", "ab", "ba")
    yield from AtOnce(tuple(_changed_in_order(trial.tenant, way) for way in ways))


def _changed_in_order(tenant: str, way: str) -> Workflow[None]:
    """Change two records in that order, a few times, whatever is answered."""
    for _ in range(ROUNDS):
        yield from Wait(0)
        found = yield from Get(Key("thing", tenant, ("a",)))
        version = version_of(found) + 1
        yield from tried(*(Update(thing(tenant, name, version=version)) for name in way))


@promise(
    "R69",
    why="A request that its client gave up leaves half a turn, or a connection nobody can use.",
    where=f"{COMMIT}: all or nothing; brief, section 1",
)
def a_cancelled_commit_is_whole_or_not_there(trial: Trial) -> Workflow[None]:
    """Where a task is cancelled in a commit, all of it is done or nothing, and others go on."""
    for turns in range(MOST_TURNS):
        first, last = (thing(trial.tenant, turns, name) for name in ("first", "last"))
        yield from CancelAfter(done(Insert(first), Insert(last)), turns)
        yield from done(Insert(thing(trial.tenant, turns, "next")))
        yield from _both_or_none(first, last)


MOST_TURNS: Final = 6
"""After how many turns of the event loop a commit is cancelled at most."""

LOOKS: Final = 20


def _both_or_none(first: Record, last: Record) -> Workflow[None]:
    """Make sure that both records are there, or none: soon, for an engine may still be at it."""
    found = (False, True)
    for _ in range(LOOKS):
        one = yield from Get(first.key)
        other = yield from Get(last.key)
        found = (one is not None, other is not None)
        if found[0] is found[1]:
            return
        yield from Wait(MOMENT)
    told = "the first" if found[0] else "the last"
    raise PromiseBrokenError("a commit of two inserts, cancelled", "both or none", told)
