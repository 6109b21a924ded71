"""Sessions through `Coach`, on both repositories at once, against a plain model of them.

The model beside it is written from the brief, not from the code: a few lists and dates. Every
command is carried out on memory, on SQLite and on the model; all three must agree, both
repositories must hold the very same records, and the invariants must hold after every command.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from attrs import define, field, frozen
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from coachwork import Answer, Chat, Coach, CoachworkError, Topic, Turn
from coachwork.adapters import Memory, ScriptedModel, final
from coachwork.coach import UserCoach
from coachwork.errors import ModelError
from coachwork.ports import Ask, CommitResult
from coachwork.records import Op
from coachwork.sessions import JobKind
from coachwork.testing import NOON, CountedIds, FakeClock, step_violations, violations
from tests.stores import Store, everything, opened


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


SOLO: Final = Topic(
    id="solo", system="Listen.", initiation="Greet.", result=Values, max_turns=3, title="Solo"
)
SHARED: Final = Topic(id="shared", system="Listen.", exclusive=True)
TOPICS: Final = (SOLO, SHARED)
IDLE: Final = timedelta(minutes=30)
KEEP: Final = timedelta(days=14)
USERS: Final = (("acme", "ada"), ("acme", "bob"), ("other", "ada"))

Who = tuple[str, str]
Says = Literal["talks", "ends", "fails"]
Meanwhile = Literal["nothing", "pause", "cancel"]

whose = st.sampled_from(USERS)
which = st.sampled_from(TOPICS)
says = st.sampled_from(["talks", "talks", "ends", "fails"])
place = st.integers(0, 5)


# --- the model -------------------------------------------------------------------------------


@define(eq=False)
class Told:
    """A session as the brief tells of it."""

    id: str
    who: Who
    topic: Topic[object]
    active_at: datetime
    status: str = "active"
    reason: str | None = None
    ended_at: datetime | None = None
    turns: int = 0
    log: list[tuple[str, str]] = field(factory=list)
    pending: bool = False
    result: Values | None = None

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in {"active", "paused"}

    def is_expired(self, now: datetime) -> bool:
        """Whether nobody may see it any more."""
        since = self.active_at if self.reason in {None, "expired"} else self.ended_at
        assert since is not None
        return now >= since + KEEP

    def is_idle(self, now: datetime) -> bool:
        """Whether nobody has done anything for long."""
        return now - self.active_at > IDLE

    def act(self, now: datetime) -> None:
        """Note that somebody did something."""
        self.active_at = max(self.active_at, now)

    def end(self, status: str, reason: str, now: datetime) -> None:
        """End it."""
        self.status, self.reason, self.pending = status, reason, False
        self.ended_at = max(self.active_at, now)

    def give_way(self, now: datetime) -> None:
        """Make room for another one."""
        self.end("abandoned", "expired" if self.is_expired(now) else "replaced", now)


# --- the real thing --------------------------------------------------------------------------


class Watched(Memory):
    """Memory that judges every commit by what it did."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        before = self.records()
        result = super().commit(ops)
        assert step_violations(before, self.records()) == []
        return result


class Side:
    """One repository with its coach."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        """Put them together."""
        self.store = store
        self.says: Says = "talks"
        self.meanwhile: Callable[[Side], object] | None = None
        self.model = ScriptedModel(self.answer)
        self.coach = Coach(store, self.model, topics=TOPICS, clock=clock, ids=CountedIds())

    def answer(self, ask: Ask) -> str | Answer:
        """Say what the rule wants, and let happen what happens meanwhile."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile(self)
        if self.says == "fails":
            return Answer(finish="error")
        if ask.purpose is JobKind.EXTRACTION:
            return '{"values": ["extracted"]}'
        if self.says == "ends":
            return final(Values(["given"]), f"Bye from {ask.purpose}.")
        return f"Hello from {ask.purpose}."

    def user(self, who: Who) -> UserCoach:
        """Return the coach as that user sees it."""
        tenant, user = who
        return self.coach.as_user(user, tenant=tenant)

    def chat(self, told: Told) -> Chat[object]:
        """Return the handle of a session."""
        return self.user(told.who).session(told.topic, told.id)


class Sessions(RuleBasedStateMachine):
    """All that users, the clock and the sweeper may do."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="coachwork-"))
        self.clock = FakeClock()
        self.sides = [
            Side(store, self.clock) for store in (Watched(), opened("sqlite", self.folder))
        ]
        self.told: list[Told] = []
        self.done: dict[tuple[Who, str], int] = {}
        self.sent: list[tuple[str, Told, str, str]] = []

    def teardown(self) -> None:
        """Leave nothing behind."""
        for side in self.sides:
            side.coach.close()
        shutil.rmtree(self.folder)

    # --- doing it on both sides ------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.clock.time

    def both(
        self,
        call: Callable[[Side], object],
        said: Says = "talks",
        meanwhile: Callable[[Side], object] | None = None,
    ) -> object:
        """Return the answer of both sides, or the code of their refusal; they must agree."""
        answers: list[object] = []
        for side in self.sides:
            side.says, side.meanwhile = said, meanwhile
            before, asked = everything(side.store), len(side.model.asked)
            try:
                answers.append(call(side))
            except CoachworkError as error:
                answers.append(error.code)
                if not isinstance(error, ModelError) and meanwhile is None:
                    assert everything(side.store) == before
                    assert len(side.model.asked) == asked
            side.meanwhile = None
        assert answers[0] == answers[1]
        return answers[0]

    def pick(self, number: int) -> Told:
        """Return one of the newest sessions."""
        return self.told[-1 - number % len(self.told)]

    def live(self, who: Who, topic_id: str) -> Told | None:
        """Return a user's session that has not ended, expired or not."""
        for told in self.told:
            if told.who == who and told.topic.id == topic_id and told.is_live:
                return told
        return None

    def holder(self, who: Who, topic: Topic[object]) -> Told | None:
        """Return another user's session that holds an exclusive topic, expired or not."""
        if topic.exclusive:
            for told in self.told:
                if told.is_live and told.topic.id == topic.id and told.who[0] == who[0]:
                    return None if told.who == who else told
        return None

    def complete_as_told(self, told: Told, result: Values | None) -> None:
        """Note a completion."""
        told.end("completed", "completed", self.now)
        told.result = result
        key = (told.who, told.topic.id)
        self.done[key] = self.done.get(key, 0) + 1

    # --- commands --------------------------------------------------------------------------

    @rule(who=whose, topic=which, said=says, take_over=st.booleans())
    def start(
        self,
        who: Who,
        topic: Topic[object],
        said: Says,
        take_over: bool,  # noqa: FBT001 - Hypothesis passes it by name
    ) -> None:
        """Start means new."""
        ids: list[str | None] = []

        def call(side: Side) -> object:
            try:
                chat = side.user(who).start(topic, take_over=take_over)
            except CoachworkError as error:
                ids.append(error.session)
                raise
            ids.append(chat.session_id)
            return chat.opened

        answer = self.both(call, said)
        other = self.holder(who, topic)
        if other is not None and not other.is_expired(self.now):
            ripe = other.status == "paused" or other.is_idle(self.now)
            if not (take_over and ripe):
                assert answer == "SESSION_CONFLICT"
                return
        for old in (other, self.live(who, topic.id)):
            if old is not None:
                old.give_way(self.now)
        assert ids[0] is not None
        assert ids[0] == ids[1]
        told = Told(ids[0], who, topic, self.now)
        self.told.append(told)
        if topic.initiation is None:
            assert not isinstance(answer, str)
        elif said == "fails":
            assert answer == "LLM_ERROR"
        else:
            told.log.append(("coach", f"{'Bye' if said == 'ends' else 'Hello'} from greeting."))

    @precondition(lambda self: self.told)
    @rule(
        number=place,
        said=says,
        meanwhile=st.sampled_from(["nothing", "nothing", "nothing", "pause", "cancel"]),
    )
    def send(self, number: int, said: Says, meanwhile: Meanwhile) -> None:
        """A message, and what comes of it when something else happens meanwhile."""
        told = self.pick(number)
        text, key = f"message {len(self.sent)}", f"key-{len(self.sent)}"
        happens: Callable[[Side], object] | None = None
        if meanwhile == "pause":
            happens = lambda side: side.chat(told).pause()  # noqa: E731 - a word for each case
        elif meanwhile == "cancel":
            happens = lambda side: side.chat(told).cancel()  # noqa: E731 - a word for each case
        answer = self.both(lambda side: side.chat(told).send(text, key=key), said, happens)
        refusal = self.refusal_of_send(told)
        if refusal is not None:
            assert answer == refusal
            return
        told.act(self.now)
        told.log.append(("user", text))
        if meanwhile == "cancel":
            told.end("cancelled", "cancelled", self.now)
            assert answer == "SESSION_NOT_ACTIVE"
            self.sent.append((key, told, text, "SESSION_NOT_ACTIVE"))
            return
        if meanwhile == "pause":
            told.status = "paused"
        if said == "fails":
            assert answer == "LLM_ERROR"
            self.sent.append((key, told, text, "LLM_ERROR"))
            return
        reply = f"{'Bye' if said == 'ends' else 'Hello'} from reply."
        told.log.append(("coach", reply))
        told.turns += 1
        assert isinstance(answer, Turn)
        assert answer.message.text == reply
        self.sent.append((key, told, text, reply))
        told.pending = said == "ends" and meanwhile == "pause"
        assert answer.is_final == (said == "ends" and not told.pending)
        if answer.is_final:
            self.complete_as_told(told, Values(["given"]) if told.topic.result else None)
            assert answer.result == told.result

    def refusal_of_send(self, told: Told) -> str | None:
        """Return why a message is refused now, if it is."""
        if told.is_expired(self.now):
            return "SESSION_NOT_FOUND"
        if told.status != "active":
            return "SESSION_NOT_ACTIVE"
        return "MAX_TURNS_REACHED" if told.turns == told.topic.max_turns > 0 else None

    @precondition(lambda self: self.sent)
    @rule(number=place)
    def send_again(self, number: int) -> None:
        """The same message with the same key: the same answer, and nothing happens."""
        key, told, text, came = self.sent[-1 - number % len(self.sent)]
        before = [(everything(side.store), len(side.model.asked)) for side in self.sides]
        answer = self.both(lambda side: side.chat(told).send(text, key=key))
        assert [(everything(side.store), len(side.model.asked)) for side in self.sides] == before
        if told.is_expired(self.now) or told not in self.told:
            assert answer == "SESSION_NOT_FOUND"
        elif isinstance(answer, Turn):
            assert answer.message.text == came
        else:
            assert answer == came

    @precondition(lambda self: self.sent)
    @rule(number=place)
    def send_another_with_that_key(self, number: int) -> None:
        """Another message with a key that was used: refused, and nothing happens."""
        key, told, text, _ = self.sent[-1 - number % len(self.sent)]
        answer = self.both(lambda side: side.chat(told).send(f"{text}!", key=key))
        gone = told.is_expired(self.now) or told not in self.told
        assert answer == ("SESSION_NOT_FOUND" if gone else "IDEMPOTENCY_KEY_REUSED")

    @precondition(lambda self: self.told)
    @rule(number=place)
    def pause(self, number: int) -> None:
        """Pause; twice is once."""
        told = self.pick(number)
        answer = self.both(lambda side: side.chat(told).pause())
        if told.is_expired(self.now):
            assert answer == "SESSION_NOT_FOUND"
        elif not told.is_live:
            assert answer == "SESSION_NOT_ACTIVE"
        elif told.status == "active":
            told.status = "paused"
            told.act(self.now)

    @precondition(lambda self: self.told)
    @rule(number=place, said=says)
    def resume(self, number: int, said: Says) -> None:
        """Come back: welcomed, greeted, or given the result that was waiting."""
        told = self.pick(number)
        answer = self.both(lambda side: side.chat(told).resume(key=None), said)
        if told.is_expired(self.now):
            assert answer == "SESSION_NOT_FOUND"
            return
        if not told.is_live:
            assert answer == "SESSION_NOT_ACTIVE"
            return
        told.status = "active"
        told.act(self.now)
        if told.pending:
            wants = told.topic.result is not None and said != "fails"
            self.complete_as_told(told, Values(["extracted"]) if wants else None)
            return
        if said == "fails":
            assert answer == "LLM_ERROR"
            return
        spoke = any(role == "coach" for role, _ in told.log)
        kind = "welcome_back" if spoke or told.topic.initiation is None else "greeting"
        told.log.append(("coach", f"{'Bye' if said == 'ends' else 'Hello'} from {kind}."))
        if said == "ends" and any(role == "user" for role, _ in told.log):
            self.complete_as_told(told, Values(["given"]) if told.topic.result else None)

    @precondition(lambda self: self.told)
    @rule(number=place, said=says)
    def complete(self, number: int, said: Says) -> None:
        """End it and get its result; twice is once."""
        told = self.pick(number)
        answer = self.both(lambda side: side.chat(told).complete(), said)
        if told.is_expired(self.now):
            assert answer == "SESSION_NOT_FOUND"
        elif told.status not in {"active", "completed"}:
            assert answer == "SESSION_NOT_ACTIVE"
        elif told.status == "active":
            asks = told.topic.result is not None and any(role == "user" for role, _ in told.log)
            if asks:  # a question to the model is an activity, a mere end is none
                told.act(self.now)
            got = asks and said != "fails"
            self.complete_as_told(told, Values(["extracted"]) if got else None)

    @precondition(lambda self: self.told)
    @rule(number=place)
    def cancel(self, number: int) -> None:
        """Cancel; twice is once."""
        told = self.pick(number)
        answer = self.both(lambda side: side.chat(told).cancel())
        if told.is_expired(self.now):
            assert answer == "SESSION_NOT_FOUND"
        elif told.is_live:
            told.end("cancelled", "cancelled", self.now)
        elif told.status != "cancelled":
            assert answer == "SESSION_NOT_ACTIVE"

    @precondition(lambda self: self.told)
    @rule(number=place, who=whose)
    def look_at_anothers(self, number: int, who: Who) -> None:
        """Another user is denied, another tenant finds nothing."""
        told = self.pick(number)
        if who == told.who:
            return
        answer = self.both(lambda side: side.user(who).session(SOLO, told.id).get())
        denied = who[0] == told.who[0] and not told.is_expired(self.now)
        assert answer == ("SESSION_ACCESS_DENIED" if denied else "SESSION_NOT_FOUND")

    @rule(who=whose)
    def delete_all(self, who: Who) -> None:
        """Delete a user with everything."""
        self.both(lambda side: side.user(who).delete_all())
        self.told = [told for told in self.told if told.who != who]
        self.done = {key: times for key, times in self.done.items() if key[0] != who}

    # --- time ------------------------------------------------------------------------------

    @rule(
        minutes=st.sampled_from([1, 29, 30, 31, 60, 24 * 60, 13 * 24 * 60, 14 * 24 * 60, -1, -45]),
        more=st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)]),
    )
    def advance(self, minutes: int, more: timedelta) -> None:
        """Time passes; now and then the clock goes back."""
        self.clock.time = max(NOON, self.now + timedelta(minutes=minutes) + more)

    @rule()
    def sweep(self) -> None:
        """The sweeper takes away what has expired."""
        self.both(lambda side: side.coach.purge_expired())
        self.told = [told for told in self.told if not told.is_expired(self.now)]

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def both_hold_the_same(self) -> None:
        """Memory and SQLite hold the very same records."""
        one, other = (everything(side.store) for side in self.sides)
        assert one == other

    @invariant()
    def nothing_is_violated(self) -> None:
        """The invariants of the brief hold of all records."""
        store = self.sides[0].store
        assert isinstance(store, Memory)
        assert violations(store.records(), now=self.now) == []

    @invariant()
    def all_sessions_are_as_told(self) -> None:
        """Every session is as the model tells, and so is its log."""
        for told in self.told:
            view = self.both(lambda side: side.chat(told).get())  # noqa: B023 - run here
            if told.is_expired(self.now):
                assert view == "SESSION_NOT_FOUND"
                continue
            chat = self.sides[0].chat(told)
            seen = chat.get()
            assert (seen.status, seen.end_reason) == (told.status, told.reason)
            assert (seen.turns, seen.messages) == (told.turns, len(told.log))
            assert (seen.last_activity_at, seen.ended_at) == (told.active_at, told.ended_at)
            assert seen.is_idle == (told.is_live and told.is_idle(self.now))
            assert (seen.result, seen.completion_pending) == (told.result, told.pending)
            assert seen.job is None
            log = [(message.role.value, message.text) for message in chat.history().messages]
            assert log == told.log

    @invariant()
    def all_lists_are_as_told(self) -> None:
        """Check, the list of sessions and the topics are as the model tells."""
        for who in USERS:
            user = self.sides[0].user(who)
            listed = {view.id for view in user.list_sessions(limit=200).sessions}
            visible = {
                told.id for told in self.told if told.who == who and not told.is_expired(self.now)
            }
            assert listed == visible
            for topic, standing in zip(TOPICS, user.topics(), strict=True):
                own = self.live(who, topic.id)
                if own is not None and own.is_expired(self.now):
                    own = None
                other = self.holder(who, topic)
                if other is not None and other.is_expired(self.now):
                    other = None
                check = user.check(topic)
                idle = own is not None and own.is_idle(self.now)
                shown = None if own is None else "paused" if idle else own.status
                assert (check.session_id, check.status) == (own and own.id, shown)
                assert (check.conflict, check.conflict_user_id) == (
                    other is not None,
                    other and other.who[1],
                )
                times = self.done.get((who, topic.id), 0)
                words = {None: "completed" if times else "not_started", "active": "in_progress"}
                assert standing.status == words.get(shown, "paused")
                assert standing.completed == times


TestSessions = Sessions.TestCase
TestSessions.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
