"""What is promised of a commit: whom it lets pass, and that it does all or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from attrs import frozen

from coachwork.effects import Commit, Effect, Find, Get, ReadLog, Workflow
from coachwork.ports import AsyncPorts, CommitResult, Ports, Query
from coachwork.records import (
    MAX_OPS,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    account_key,
)
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect, told
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.repository._asking import (
    answer,
    done,
    finds,
    put,
    refused,
    shows,
)
from coachwork.testing.conformance.repository._things import message, names, numbers, thing

COMMIT: Final = "coachwork.ports.Repository.commit"
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _refused_in_company(trial: Trial, bad: Op) -> Workflow[None]:
    """Make sure that *bad* stops a commit, alone and before, between and after others."""
    yield from refused(bad)
    for place in range(3):
        company = [Insert(thing(trial.tenant, "company", place, n)) for n in range(2)]
        yield from refused(*company[:place], bad, *company[place:])


# --- the answers -----------------------------------------------------------------------------


@promise(
    "R09",
    why="The workflows compare by identity: what is done is taken for a conflict, and done again.",
    where="coachwork.ports.CommitResult",
)
def a_commit_answers_done_or_conflict(trial: Trial) -> Workflow[None]:
    """A commit is answered with a `CommitResult` itself, not with a word or a truth value."""
    effect = Commit((Insert(thing(trial.tenant, "a")),))
    for _ in range(2):
        result = cast("object", (yield from effect))
        if not isinstance(result, CommitResult):
            raise PromiseBrokenError(told(effect), "a CommitResult", in_words(result))


@promise(
    "R10",
    why="A workflow that finds nothing to change fails.",
    where=COMMIT,
)
def nothing_to_do_is_done(_trial: Trial) -> Workflow[None]:
    """A commit without operations is done."""
    yield from done()


@promise(
    "R11",
    why="A second start takes the claim of the first one: two live sessions for one user.",
    where=f"{COMMIT}; coachwork.records.Insert",
)
def an_insert_wants_nothing_there(trial: Trial) -> Workflow[None]:
    """An insert where a record is stops the commit, wherever it stands in it."""
    record = thing(trial.tenant, "a")
    yield from done(Insert(record))
    yield from _refused_in_company(trial, Insert(record))


@promise(
    "R12",
    why="Two requests that read the same session both write it, and one of them is lost.",
    where=f"{COMMIT}; coachwork.records.Update",
)
def an_update_wants_the_version_before(trial: Trial) -> Workflow[None]:
    """An update passes from the version before its own; a stale, early or blind one does not."""
    yield from done(Insert(thing(trial.tenant, "a")))
    yield from done(Update(thing(trial.tenant, "a", version=2)))
    yield from done(Update(thing(trial.tenant, "a", version=3)))
    for wrong in (3, 5):
        yield from _refused_in_company(trial, Update(thing(trial.tenant, "a", version=wrong)))
    yield from _refused_in_company(trial, Update(thing(trial.tenant, "missing", version=2)))


@promise(
    "R13",
    why="A sweep deletes a session that a message has just prolonged.",
    where=f"{COMMIT}; coachwork.records.Delete",
)
def a_delete_wants_the_very_version(trial: Trial) -> Workflow[None]:
    """A delete passes at the very version; at another, or without a record, it does not."""
    yield from _at_version_2(trial)
    yield from done(Insert(thing(trial.tenant, "c")))
    yield from done(Delete(Key("thing", trial.tenant, ("c",)), 1))
    for wrong in (1, 3):
        yield from _refused_in_company(trial, Delete(Key("thing", trial.tenant, ("a",)), wrong))
    yield from _refused_in_company(trial, Delete(Key("thing", trial.tenant, ("missing",)), 1))


@promise(
    "R14",
    why="A message is accepted for a user whose data is being deleted.",
    where=f"{COMMIT}; coachwork.records.Check",
)
def a_check_wants_the_very_version(trial: Trial) -> Workflow[None]:
    """A check passes at the very version; at another, or without a record, it does not."""
    yield from _at_version_2(trial)
    for wrong in (1, 3):
        yield from _refused_in_company(trial, Check(Key("thing", trial.tenant, ("a",)), wrong))
    yield from _refused_in_company(trial, Check(Key("thing", trial.tenant, ("missing",)), 1))
    yield from done(Check(Key("thing", trial.tenant, ("a",)), 2))


def _at_version_2(trial: Trial) -> Workflow[None]:
    """Let there be a record at version 2."""
    yield from done(Insert(thing(trial.tenant, "a")))
    yield from done(Update(thing(trial.tenant, "a", version=2)))


# --- what is written -------------------------------------------------------------------------


@promise(
    "R15",
    why="Every message moves the account's version, and refuses all others of that user.",
    where=f"{COMMIT}; coachwork.records.Check",
)
def a_check_changes_nothing(trial: Trial) -> Workflow[None]:
    """A record that was checked is the very same afterwards."""
    record = thing(trial.tenant, "a", facts=Facts(owner="u"))
    yield from done(Insert(record))
    yield from done(Check(record.key, 1), Insert(thing(trial.tenant, "b")))
    yield from finds(record.key, record)


@promise(
    "R16",
    why="A message is kept without its job: nobody ever answers it.",
    where=f"{COMMIT}: all or nothing; brief, section 8",
)
def a_commit_that_is_done_is_done_whole(trial: Trial) -> Workflow[None]:
    """A commit that is done has done every operation, whatever it is and wherever it stands."""
    for turn in range(4):
        new = thing(trial.tenant, turn, "new")
        old = thing(trial.tenant, turn, "old")
        doomed, checked = thing(trial.tenant, turn, "doomed"), thing(trial.tenant, turn, "checked")
        yield from put([old, doomed, checked])
        changed = Record(old.key, 2, Facts(owner="u"), '{"schema":2}')
        ops = (Insert(new), Update(changed), Delete(doomed.key, 1), Check(checked.key, 1))
        yield from done(*ops[turn:], *ops[:turn])
        yield from finds(new.key, new)
        yield from finds(old.key, changed)
        yield from finds(doomed.key, None)


@promise(
    "R17",
    why="A refused message is kept all the same, and is answered twice when it is sent again.",
    where=f"{COMMIT}: certainly nothing is written; brief, section 8",
)
def a_conflict_writes_nothing(trial: Trial) -> Workflow[None]:
    """A conflict has done nothing, whichever operation brought it and wherever that stood."""
    taken = thing(trial.tenant, "taken")
    missing = Key("thing", trial.tenant, ("missing",))
    yield from done(Insert(taken))
    bad: tuple[Op, ...] = (
        Insert(Record(taken.key, 1, taken.facts, '{"n":2}')),
        Update(Record(missing, 2, Facts(), "{}")),
        Delete(missing, 1),
        Check(missing, 1),
        Update(Record(taken.key, 3, taken.facts, '{"n":3}')),
        Delete(taken.key, 2),
    )
    for number, wrong in enumerate(bad):
        for place in range(4):
            company = [thing(trial.tenant, number, place, n) for n in range(3)]
            yield from _all_or_nothing(taken.key, wrong, company, place)


def _all_or_nothing(taken: Key, wrong: Op, company: Sequence[Record], place: int) -> Workflow[None]:
    """Make sure that *wrong* at a *place* among others stops all of them, if it stops any."""
    new, old, doomed = company
    yield from put([old, doomed])
    before = yield from Get(taken)
    good: tuple[Op, ...] = (
        Insert(new),
        Update(Record(old.key, 2, old.facts, '{"n":2}')),
        Delete(doomed.key, 1),
    )
    if not (yield from answer(*good[:place], wrong, *good[place:])):
        # If it was done, another promise is broken: that of the operation.
        yield from finds(new.key, None)
        yield from finds(old.key, old)
        yield from finds(doomed.key, doomed)
        yield from finds(taken, before)


@promise(
    "R18",
    why="A settled job stays due for ever: every worker looks at it again and again.",
    where=f"{COMMIT}; coachwork.records.Update",
)
def an_update_replaces_the_whole_record(trial: Trial) -> Workflow[None]:
    """After an update the record is the new one: a fact or a word that is not in it is gone."""
    before = thing(
        trial.tenant,
        "a",
        facts=Facts(owner="u", session="s", topic="t", status="x", scenario="c"),
        body='{"a":1,"b":2}',
    )
    after = Record(before.key, 2, Facts(owner="u", status="y"), '{"a":3}')
    yield from done(Insert(before))
    yield from done(Update(after))
    found = yield from Get(before.key)
    expect(Get(before.key), None if found is None else found.facts, after.facts)
    yield from finds(before.key, after)


@promise(
    "R19",
    why="Data that a person had deleted is still there.",
    where=f"{COMMIT}; coachwork.records.Delete",
)
def what_is_deleted_is_gone(trial: Trial) -> Workflow[None]:
    """After a delete there is no record."""
    record = thing(trial.tenant, "a")
    yield from done(Insert(record))
    yield from done(Delete(record.key, 1))
    yield from finds(record.key, None)


@promise(
    "R20",
    why="A topic that was ended can never be started again: its claim cannot be put anew.",
    where=f"{COMMIT}; coachwork.records.Insert",
)
def what_was_deleted_can_be_put_anew(trial: Trial) -> Workflow[None]:
    """Where a record was deleted, another may be inserted, and begins at version 1."""
    record = thing(trial.tenant, "a")
    yield from done(Insert(record))
    yield from done(Update(thing(trial.tenant, "a", version=2)))
    yield from done(Delete(record.key, 2))
    yield from done(Insert(record))
    yield from done(Update(thing(trial.tenant, "a", version=2)))


# --- what nobody else may change -------------------------------------------------------------


@frozen
class _CommitList(Effect[CommitResult]):
    """Write all of this list, or nothing."""

    ops: list[Op]

    def perform(self, ports: Ports | AsyncPorts, /) -> CommitResult | Awaitable[CommitResult]:
        """Ask the repository."""
        return ports.repository.commit(self.ops)


@promise(
    "R21",
    why="A workflow that goes on with its list changes what it has committed before.",
    where="coachwork.ports.Repository: nothing else makes a record appear, change or vanish",
)
def the_callers_list_is_the_callers(trial: Trial) -> Workflow[None]:
    """What becomes of the list of operations after the commit is of no account."""
    one, two = thing(trial.tenant, "one"), thing(trial.tenant, "two")
    ops: list[Op] = [Insert(one)]
    yield from _CommitList(ops)
    ops[:] = [Insert(two)]
    yield from finds(one.key, one)
    yield from finds(two.key, None)


@promise(
    "R22",
    why="Whoever takes a page of a history apart takes it from everybody else.",
    where="coachwork.ports.Repository: nothing else makes a record appear, change or vanish",
)
def an_answer_is_the_callers(trial: Trial) -> Workflow[None]:
    """What becomes of the sequence that a view has answered is of no account."""
    facts = Facts(owner="u")
    yield from put([message(trial.tenant, "s", 1), thing(trial.tenant, "a", facts=facts)])
    log = ReadLog(tenant=trial.tenant, session="s", limit=10)
    view = Find(Query(kind="thing", tenant=trial.tenant, owner="u"))
    yield from shows(trial, log, numbers, [1])
    yield from shows(trial, view, names, ["a"])
    for effect in (log, view):
        found = yield from effect
        if isinstance(found, list):
            found.clear()
        expect(effect, len((yield from effect)), 1)


# --- time ------------------------------------------------------------------------------------


@promise(
    "R23",
    why="A session that has expired cannot be closed, and its claim never becomes free.",
    where="brief, section 8: expiry is judged by the workflow's clock against the record",
)
def what_has_expired_is_not_hidden(trial: Trial) -> Workflow[None]:
    """A record that has expired is still found, or is gone for good: no commit meets it."""
    record = thing(trial.tenant, "a", facts=Facts(owner="u", expires=LONG_AGO))
    yield from done(Insert(record))
    if (yield from Get(record.key)) is None and not (yield from answer(Insert(record))):
        raise PromiseBrokenError(
            "get of what has expired", "the record that a commit meets there", "None"
        )


@promise(
    "R24",
    why="A message is accepted for a user whose data has been deleted.",
    where="coachwork.ports.Repository: an engine's time to live never deletes claims and accounts",
)
def an_account_never_expires(trial: Trial) -> Workflow[None]:
    """No engine deletes an account by its own clock."""
    key = account_key(trial.tenant, "u")
    record = Record(key, 1, Facts(owner="u", expires=LONG_AGO), "{}")
    yield from done(Insert(record))
    yield from done(Insert(thing(trial.tenant, "later")))
    found = yield from Get(key)
    expect(Get(key), found is not None, expected=True)


# --- how much --------------------------------------------------------------------------------


@promise(
    "R25",
    why="The deletion of a user's data fails where it is most.",
    where="coachwork.records.MAX_OPS; brief, section 8",
    needs=Capability.LARGE_COMMITS,
)
def a_commit_may_be_as_large_as_promised(trial: Trial) -> Workflow[None]:
    """A commit of a hundred operations is done whole."""
    records = [thing(trial.tenant, n) for n in range(MAX_OPS)]
    yield from done(*map(Insert, records))
    for record in records:
        yield from finds(record.key, record)
