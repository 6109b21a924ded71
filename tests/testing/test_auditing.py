"""How an audit judges: by what is remembered, and by what is stored before it says no."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from attrs import evolve

from coachwork.adapters import Memory
from coachwork.courses import at_once
from coachwork.errors import StoreUnavailableError
from coachwork.ports import CommitResult
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update, key_of
from coachwork.testing._auditing import Audit, AuditFigures, _Memory
from tests.bad_commits import OF_ONE_RECORD, OF_SEVERAL_RECORDS, every_real_commit, real
from tests.damage import Written, damaged

ALL = OF_ONE_RECORD | OF_SEVERAL_RECORDS


class Store(Memory):
    """A memory that begins with some records, counts reads, and fails when it is told to."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        """Begin with *records*."""
        super().__init__()
        for record in records:
            super().commit([Insert(record)])
        self.reads: list[Key] = []
        self.fails: BaseException | None = None

    def get(self, key: Key, /) -> Record | None:
        """Count, and read."""
        self.reads.append(key)
        if self.fails is not None:
            raise self.fails
        return super().get(key)


class ToldError(Exception):
    """Somebody was told of violations."""


def tell(violations: tuple[str, ...]) -> None:
    """Refuse what broke something."""
    raise ToldError(*violations)


def fresh(remember: int = 100) -> Audit:
    """Return an audit that has seen nothing."""
    return Audit(tell, remember)


def contents(store: Memory) -> set[Record]:
    """Return all that is stored."""
    return set(store.records())


# --- what it says ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_each_bad_commit_is_refused_and_nothing_written(name: str) -> None:
    """Whether or not the audit has seen before what the commit changes."""
    wanted, make = ALL[name]
    before, ops = make()
    for seen in (False, True):
        store, audit = Store(before), fresh()
        if seen:
            for record in before:
                audit.saw(record.key, record)
        with pytest.raises(ToldError) as told:
            at_once(audit.commit(store, ops))
        assert any(str(one).startswith(wanted) for one in told.value.args), told.value.args
        assert contents(store) == set(before)
        assert audit.figures.violations == len(told.value.args)


@pytest.mark.parametrize("remember", [0, 1, 3, 100])
def test_what_the_workflows_commit_passes(remember: int) -> None:
    """Each commit of a whole story, however much is remembered of what came before."""
    audit, store = fresh(remember), Store()
    for before, ops in every_real_commit():
        assert contents(store) == set(before)
        assert at_once(audit.commit(store, ops)) is CommitResult.DONE
    done = audit.figures
    assert (done.commits, done.unjudged, done.violations) == (len(every_real_commit()), 0, 0)
    assert done.reads == len(store.reads)


def test_what_was_seen_is_not_read_again() -> None:
    """A turn whose session, job and account are remembered is judged without a read."""
    for number in (0, 1):
        before, ops = real("send", number)
        store, audit = Store(before), fresh()
        for record in before:
            audit.saw(record.key, record)
        at_once(audit.commit(store, ops))
        assert store.reads == []
    before, ops = real("send")
    store, audit = Store(before), fresh()
    at_once(audit.commit(store, ops))
    assert {key.kind for key in store.reads} == {"session", "account"}


def test_what_a_commit_wrote_is_remembered() -> None:
    """The settlement after the acceptance reads nothing; what was deleted is forgotten."""
    audit, store = fresh(), Store(real("send")[0])
    at_once(audit.commit(store, real("send")[1]))
    store.reads.clear()
    at_once(audit.commit(store, real("send", 1)[1]))
    assert store.reads == []


def test_what_was_deleted_or_is_not_there_is_forgotten() -> None:
    """And so is what was read and is not there any more."""
    before, ops = real("cancel")
    (claim,) = (
        record for record in before if record.key.kind == "claim" and "talk" in record.key.parts
    )
    for forget in (True, False):
        audit, store = fresh(), Store(before)
        audit.saw(claim.key, claim)
        if forget:
            audit.saw(claim.key, None)
        at_once(audit.commit(store, ops))
        assert (claim.key in store.reads) is forget
        store.reads.clear()
        again = Insert(evolve(claim, version=1))
        with pytest.raises(ToldError):  # it points to what has ended
            at_once(audit.commit(store, [again]))


def test_a_view_is_remembered_only_where_nothing_is_known() -> None:
    """It may lag behind: what was read, or written, counts more."""
    before, ops = real("send")
    (session,) = (record for record in before if record.key.kind == "session")
    later = evolve(session, version=session.version + 1)
    audit, store = fresh(), Store(before)
    audit.found(before)
    at_once(audit.commit(store, ops))
    assert store.reads == []
    audit = fresh()
    audit.saw(later.key, later)
    audit.found([session])
    store = Store([later])
    update = Update(evolve(session, version=later.version + 1))
    assert at_once(audit.commit(store, [update])) is CommitResult.DONE
    assert store.reads == []


def test_only_so_many_records_are_remembered() -> None:
    """The one that was seen longest ago is forgotten first, and read again."""
    before, ops = real("send")
    kept = [record for record in before if record.key.kind in {"account", "session"}]
    for remember, reads in ((2, 0), (1, 1), (0, 2)):
        store, audit = Store(before), fresh(remember)
        for record in kept:
            audit.saw(record.key, record)
        at_once(audit.commit(store, ops))
        assert len(store.reads) == reads


def test_what_is_seen_again_is_not_decoded_again() -> None:
    """As long as it is the same; a later version is another one."""
    (session,) = (record for record in real("send")[0] if record.key.kind == "session")
    memory = _Memory(5)
    memory.note(session)
    first = memory.stored(session.key)
    memory.note(evolve(session))
    assert memory.stored(session.key) is first
    memory.note(evolve(session, version=session.version + 1))
    later = memory.stored(session.key)
    assert later is not None
    assert later.version == session.version + 1


# --- it never refuses what may pass ----------------------------------------------------------


def test_what_is_remembered_wrongly_refuses_nothing() -> None:
    """Others write too: what looks wrong by memory alone is judged again by what is stored."""
    before, ops = real("purge")
    live = [record for record in real("cancel")[0] if record.key.kind == "session"]
    store, audit = Store(before), fresh()
    for record in live:  # it was live when it was seen; another process has ended it since
        audit.saw(record.key, record)
    assert at_once(audit.commit(store, ops)) is CommitResult.DONE
    assert audit.figures.violations == 0
    assert live[0].key in store.reads


def test_a_key_that_begins_again_is_no_violation() -> None:
    """A claim was freed and taken again by another process, so version one is another one."""
    (first,) = (
        op.record
        for op in real("start")[1]
        if isinstance(op, Insert) and key_of(op).kind == "claim"
    )
    before, ops = real("start over", 2)
    (now,) = (record for record in before if record.key == first.key)
    assert now.body != first.body
    audit, store = fresh(), Store(before)
    audit.saw(first.key, evolve(first, version=now.version))
    assert at_once(audit.commit(store, ops)) is CommitResult.DONE


@pytest.mark.parametrize("name", ALL)
def test_a_commit_that_would_conflict_is_answered_by_the_repository(name: str) -> None:
    """Also a bad one: where one operation finds something else, nobody is told of anything."""
    _, make = ALL[name]
    before, ops = make()
    key = key_of(ops[0])
    if isinstance(ops[0], Insert):
        changed = [*before, ops[0].record]
    else:
        changed = [evolve(r, version=r.version + 7) if r.key == key else r for r in before]
    for seen in (False, True):
        store, audit = Store(changed), fresh()
        if seen:
            for record in before:
                audit.saw(record.key, record)
        assert at_once(audit.commit(store, ops)) is CommitResult.CONFLICT
        assert audit.figures.violations == 0
        assert contents(store) == set(changed)


def test_a_check_that_fails_is_a_conflict() -> None:
    """A check changes nothing, and decides all the same."""
    before, ops = real("send", 1)
    (check,) = (op for op in ops if isinstance(op, Check))
    bad = [op for op in ops if key_of(op).kind != "message"]
    moved = [Check(check.key, check.version + 1) if op is check else op for op in bad]
    audit = fresh()
    with pytest.raises(ToldError):
        at_once(audit.commit(Store(before), bad))
    assert at_once(audit.commit(Store(before), moved)) is CommitResult.CONFLICT


def test_what_cannot_be_read_is_not_judged() -> None:
    """A repository that fails, and a record that is damaged, refuse no commit."""
    before, ops = real("send")
    store, audit = Store(before), fresh()
    store.fails = StoreUnavailableError("a test says so")
    assert at_once(audit.commit(store, ops)) is CommitResult.DONE
    assert audit.figures == AuditFigures(commits=1, reads=1, unjudged=1)
    broken = [evolve(r, body="?") if r.key.kind == "session" else r for r in before]
    store, audit = Store(broken), fresh()
    assert at_once(audit.commit(store, ops)) is CommitResult.DONE
    assert audit.figures.unjudged == 1
    audit = fresh()
    audit.found(broken)
    assert at_once(audit.commit(Store(broken), ops)) is CommitResult.DONE
    assert audit.figures.unjudged == 1


def test_who_is_interrupted_while_it_reads_is_interrupted() -> None:
    """Nothing is committed then."""
    before, ops = real("send")
    store = Store(before)
    store.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        at_once(fresh().commit(store, ops))
    assert contents(store) == set(before)


def test_records_of_an_application_pass() -> None:
    """A kind that is not known is held to its versions and its tenant alone."""
    note = Record(Key("note", "acme", ("1",)), 1, damaged()[0].facts, "anything")
    audit, store = fresh(), Store()
    for op in (Insert(note), Update(evolve(note, version=2)), Delete(note.key, 2)):
        assert at_once(audit.commit(store, [op])) is CommitResult.DONE
    with pytest.raises(ToldError, match="9: note acme/1: version 3 where 1 comes next"):
        at_once(audit.commit(store, [Insert(evolve(note, version=3))]))


def test_what_nobody_will_be_able_to_read_is_refused() -> None:
    """A new record that is no document of its kind, or whose facts are not its own."""
    before, ops = real("send")
    for change in ({"body": "?"}, {"facts": damaged()[0].facts}):
        bad = [
            evolve(op, record=evolve(op.record, **change))
            if isinstance(op, Insert) and key_of(op).kind == "message"
            else op
            for op in ops
        ]
        with pytest.raises(ToldError, match=r"8: message acme/id-00002/2: its (body|facts)"):
            at_once(fresh().commit(Store(before), bad))


# --- what it does not change -----------------------------------------------------------------


class Failing(Store):
    """A store whose next commit fails after it was done, or before."""

    done = True

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Fail."""
        if self.done:
            super().commit(ops)
        raise StoreUnavailableError("a test says so")


@pytest.mark.parametrize("done", [False, True])
def test_an_error_of_the_commit_is_told_and_nothing_remembered(*, done: bool) -> None:
    """Nobody knows what is stored then, so it is read the next time."""
    before, ops = real("send")
    store, audit = Failing(before), fresh()
    store.done = done
    for record in before:
        audit.saw(record.key, record)
    with pytest.raises(StoreUnavailableError):
        at_once(audit.commit(store, ops))
    after = Store(store.records())
    next_ops = real("send", 1)[1] if done else ops
    assert at_once(audit.commit(after, next_ops)) is CommitResult.DONE
    assert {key.kind for key in after.reads} >= {"session"}


def test_a_tell_tale_lets_pass() -> None:
    """Where nobody raises, the commit is done."""
    _, make = OF_SEVERAL_RECORDS["a message is counted and not there"]
    before, ops = make()
    heard: list[tuple[str, ...]] = []
    audit, store = Audit(heard.append, 10), Store(before)
    assert at_once(audit.commit(store, ops)) is CommitResult.DONE
    assert len(heard) == 1
    assert contents(store) != set(before)


def test_random_commits_are_answered_as_without_an_audit() -> None:
    """Mixtures of what the story writes, on states of it: the same answer, or a refusal."""
    dice = random.Random(5)
    film: list[Written] = every_real_commit()
    answers = set()
    for _ in range(300):
        before, _ = dice.choice(film)
        pool = [op for _, ops in film for op in ops]
        ops = {key_of(op): op for op in dice.sample(pool, dice.randrange(1, 5))}
        plain, store, audit = Store(before), Store(before), fresh()
        if dice.random() < 0.5:
            for record in dice.choice(film)[0]:
                audit.saw(record.key, record)
        wanted = plain.commit(list(ops.values()))
        try:
            answer = at_once(audit.commit(store, list(ops.values())))
        except ToldError:
            assert wanted is CommitResult.DONE  # a conflict is never refused
            answers.add("refused")
        else:
            assert answer is wanted
            assert contents(store) == contents(plain)
            answers.add(answer.value)
    assert answers == {"done", "conflict", "refused"}
