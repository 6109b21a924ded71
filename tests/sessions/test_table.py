"""The session's table, row by row (brief, section 3), and what holds for all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.errors import MisuseError, TransitionRefusedError
from coachwork.machine import Moved, Refused
from coachwork.messages import NO_USAGE, Usage
from coachwork.sessions import (
    LIVE,
    SESSION,
    Conclusion,
    Ending,
    EndReason,
    InFlight,
    JobKind,
    Ledger,
    ResultError,
    Session,
    SessionEffect,
    SessionEvent,
    SessionGiven,
    SessionStatus,
    Spoken,
)
from tests.specimens import ABOUT, CONCLUSION, LATER, NOON, REPLYING, SPOKEN, TICK, session

S = SessionStatus
E = SessionEvent
F = SessionEffect

WELCOMING: Final = InFlight("j-2", JobKind.WELCOME_BACK)
AGAIN: Final = InFlight("j-4", JobKind.REPLY)
EXTRACTING: Final = InFlight("j-3", JobKind.EXTRACTION)
TWO_WEEKS: Final = timedelta(days=14)

GIVEN: Final[dict[SessionEvent, SessionGiven]] = {
    E.MESSAGE: REPLYING,
    E.REPLY: SPOKEN,
    E.FAIL: Usage(1, 2, 3),
    E.PAUSE: None,
    E.RESUME: WELCOMING,
    E.RETRY: AGAIN,
    E.ASK: EXTRACTING,
    E.ACT: None,
    E.COMPLETE: CONCLUSION,
    E.CANCEL: None,
    E.REPLACE: None,
    E.EXPIRE: None,
}
"""What each event brings."""


def step(
    value: Session, event: SessionEvent, now: datetime = LATER, given: SessionGiven = None
) -> Moved[Session, SessionEffect] | Refused[Session, SessionStatus, SessionEvent]:
    """Step with what the event brings."""
    return SESSION.step(value, event, now, GIVEN[event] if given is None else given)


def moved(
    value: Session, event: SessionEvent, now: datetime = LATER, given: SessionGiven = None
) -> Session:
    """Return the next value."""
    answer = step(value, event, now, given)
    assert isinstance(answer, Moved), answer
    return answer.value


def reasons(value: Session, event: SessionEvent, now: datetime = LATER) -> list[str]:
    """Return the names of the guards that refuse."""
    answer = step(value, event, now)
    assert isinstance(answer, Refused), answer
    assert not answer.impossible
    return [name for name, _ in answer.reasons]


# --- each row --------------------------------------------------------------------------------

TABLE: Final[dict[SessionStatus, dict[SessionEvent, SessionStatus]]] = {
    S.ACTIVE: {
        E.MESSAGE: S.ACTIVE,
        E.REPLY: S.ACTIVE,
        E.FAIL: S.ACTIVE,
        E.PAUSE: S.PAUSED,
        E.RESUME: S.ACTIVE,
        E.RETRY: S.ACTIVE,
        E.ASK: S.ACTIVE,
        E.ACT: S.ACTIVE,
        E.COMPLETE: S.COMPLETED,
        E.CANCEL: S.CANCELLED,
        E.REPLACE: S.ABANDONED,
        E.EXPIRE: S.ABANDONED,
    },
    S.PAUSED: {
        E.REPLY: S.PAUSED,
        E.FAIL: S.PAUSED,
        E.RESUME: S.ACTIVE,
        E.CANCEL: S.CANCELLED,
        E.REPLACE: S.ABANDONED,
        E.EXPIRE: S.ABANDONED,
    },
    S.COMPLETED: {},
    S.CANCELLED: {},
    S.ABANDONED: {},
}
"""The table of the brief, copied by hand."""


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("event", E)
def test_the_table_is_that_of_the_brief(status: SessionStatus, event: SessionEvent) -> None:
    """Every event leads from every state where the brief says, or is impossible there."""
    in_flight = REPLYING if event in {E.REPLY, E.FAIL} else None
    value = session(status, messages=1, in_flight=in_flight)
    now = NOON + TWO_WEEKS if event is E.EXPIRE else LATER
    answer = step(value, event, now)
    if event in TABLE[status]:
        assert isinstance(answer, Moved)
        assert answer.value.status is TABLE[status][event]
    else:
        assert isinstance(answer, Refused)
        assert answer.impossible
        assert answer.value is value


def test_a_click_is_an_activity_and_leaves_the_job_in_flight() -> None:
    """Nothing but the instants changes; a session that is paused or has expired takes none."""
    before = session(turns=1, messages=1, in_flight=REPLYING)
    answer = step(before, E.ACT)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.LOG_ACTIONS,)
    assert answer.value == evolve(before, last_activity_at=LATER, updated_at=LATER)
    assert reasons(before, E.ACT, NOON + TWO_WEEKS) == ["not expired"]


def test_what_is_stored_are_lower_case_words() -> None:
    """Statuses are stored in lower case, as clients know them."""
    assert [status.value for status in S] == [
        "active",
        "paused",
        "completed",
        "cancelled",
        "abandoned",
    ]
    assert set(LIVE) == {S.ACTIVE, S.PAUSED} == set(S) - set(SESSION.ends)


def test_a_message_opens_a_job_and_takes_a_turn() -> None:
    """Turn and message are counted, the job is in flight, and it is an activity."""
    before = session(turns=2, messages=5)
    answer = step(before, E.MESSAGE)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.LOG_MESSAGE, F.OPEN_JOB)
    assert answer.value == evolve(
        before,
        turns=3,
        messages=6,
        last_activity_at=LATER,
        updated_at=LATER,
        in_flight=REPLYING,
    )


def test_a_retry_takes_the_turn_again_without_a_message() -> None:
    """The message is there already; what is missing is a job, which takes the turn it gave back."""
    before = session(turns=2, messages=5, settled_job="j-1")
    answer = step(before, E.RETRY)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.OPEN_JOB,)
    assert answer.value == evolve(
        before,
        turns=3,
        last_activity_at=LATER,
        updated_at=LATER,
        in_flight=AGAIN,
    )
    assert moved(answer.value, E.FAIL, given=NO_USAGE).turns == 2


def test_a_retry_is_refused_like_a_message() -> None:
    """Expired, busy and out of turns: all failing guards are named."""
    value = session(turns=12, messages=1, in_flight=REPLYING)
    assert reasons(value, E.RETRY, NOON + TWO_WEEKS) == [
        "not expired",
        "no job in flight",
        "turns left",
    ]


def test_a_message_is_refused_for_every_reason_at_once() -> None:
    """Expired, busy and out of turns: all failing guards are named, and what is allowed."""
    value = session(turns=12, messages=1, in_flight=REPLYING)
    assert reasons(value, E.MESSAGE, NOON + TWO_WEEKS) == [
        "not expired",
        "no job in flight",
        "turns left",
    ]
    answer = step(value, E.MESSAGE, NOON + TWO_WEEKS)
    assert isinstance(answer, Refused)
    assert set(answer.allowed) == {E.FAIL, E.REPLACE, E.EXPIRE}
    assert dict(answer.reasons)["turns left"] == "all 12 turns are used"


def test_idle_blocks_no_message() -> None:
    """However long somebody was away, a message is taken while the session has not expired."""
    value = session()
    now = NOON + TWO_WEEKS - TICK
    assert value.is_idle(now)
    assert moved(value, E.MESSAGE, now).last_activity_at == now
    assert reasons(value, E.MESSAGE, NOON + TWO_WEEKS) == ["not expired"]


@pytest.mark.parametrize("turns, most, may", [(0, 0, True), (10**6, 0, True), (2, 3, True)])
def test_turns_below_the_limit_or_without_one(turns: int, most: int, *, may: bool) -> None:
    """0 means unlimited; below the limit there is a turn."""
    value = session(turns=turns, about=evolve(ABOUT, max_turns=most))
    assert isinstance(step(value, E.MESSAGE), Moved) is may


@pytest.mark.parametrize("turns", [3, 4])
def test_at_the_limit_everything_but_a_message_goes_on(turns: int) -> None:
    """With all turns used the session stays ACTIVE for what takes no turn."""
    value = session(turns=turns, messages=turns, about=evolve(ABOUT, max_turns=3))
    assert reasons(value, E.MESSAGE) == ["turns left"]
    assert reasons(value, E.RETRY) == ["turns left"]
    for event in (E.COMPLETE, E.CANCEL, E.PAUSE, E.RESUME, E.ASK):
        assert isinstance(step(value, event), Moved)


@pytest.mark.parametrize("status", [S.ACTIVE, S.PAUSED])
def test_a_reply_settles_the_job_and_changes_no_status(status: SessionStatus) -> None:
    """The coach's message is counted with what it cost; a late one does not un-pause."""
    before = session(status, turns=1, messages=2, in_flight=REPLYING)
    answer = step(before, E.REPLY)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.LOG_MESSAGE, F.SETTLE_JOB)
    assert answer.value == evolve(
        before,
        messages=3,
        last_activity_at=LATER,
        updated_at=LATER,
        in_flight=None,
        ledger=Ledger(coach_messages=1, usage=SPOKEN.usage, settled_job=REPLYING.job),
    )


def test_a_final_reply_to_a_paused_session_is_remembered() -> None:
    """Its completion is pending until the next resume, whatever is said in between."""
    value = session(S.PAUSED, messages=1, in_flight=REPLYING)
    pending = moved(value, E.REPLY, given=Spoken(NO_USAGE, completion_pending=True))
    assert pending.ledger.completion_pending
    back = moved(pending, E.RESUME)
    assert back.ledger.completion_pending
    assert moved(back, E.REPLY).ledger.completion_pending
    assert moved(back, E.FAIL).ledger.completion_pending


@pytest.mark.parametrize("event", [E.REPLY, E.FAIL])
@pytest.mark.parametrize("status", [S.ACTIVE, S.PAUSED])
def test_only_a_job_in_flight_is_settled(status: SessionStatus, event: SessionEvent) -> None:
    """A reply that nobody waits for is none."""
    assert reasons(session(status), event) == ["a job in flight"]


@pytest.mark.parametrize("status", [S.ACTIVE, S.PAUSED])
@pytest.mark.parametrize(
    "kind, freed",
    [
        (JobKind.GREETING, 0),
        (JobKind.REPLY, 1),
        (JobKind.WELCOME_BACK, 0),
        (JobKind.EXTRACTION, 0),
    ],
)
def test_a_failed_job_frees_the_turn_that_it_took(
    status: SessionStatus, kind: JobKind, freed: int
) -> None:
    """A turn is a message answered or in flight; the message stays, and it is no activity."""
    before = session(status, turns=2, messages=3, in_flight=InFlight("j", kind))
    answer = step(before, E.FAIL)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.SETTLE_JOB,)
    assert answer.value == evolve(
        before,
        turns=2 - freed,
        updated_at=LATER,
        in_flight=None,
        ledger=Ledger(usage=Usage(1, 2, 3), settled_job="j"),
    )


@pytest.mark.parametrize("event, given", [(E.REPLY, SPOKEN), (E.FAIL, NO_USAGE)])
def test_the_latest_job_is_remembered_when_it_is_settled(
    event: SessionEvent, given: Spoken | Usage
) -> None:
    """The next one follows it."""
    before = session(in_flight=REPLYING, turns=1, settled_job="j-0")
    after = moved(before, event, given=given)
    assert (before.latest_job, after.latest_job) == (REPLYING.job, REPLYING.job)


def test_a_job_can_fail_after_the_session_expired() -> None:
    """What is paid for is settled whatever the age."""
    value = session(in_flight=REPLYING, turns=1)
    assert moved(value, E.FAIL, NOON + TWO_WEEKS).in_flight is None
    assert reasons(value, E.REPLY, NOON + TWO_WEEKS) == ["not expired"]


@pytest.mark.parametrize("in_flight", [None, REPLYING])
def test_a_pause_keeps_the_job_in_flight(in_flight: InFlight | None) -> None:
    """Pausing is an activity, settles nothing and writes nothing beside the session."""
    before = session(turns=1, messages=1, in_flight=in_flight)
    answer = step(before, E.PAUSE)
    assert isinstance(answer, Moved)
    assert answer.effects == ()
    assert answer.value == evolve(before, status=S.PAUSED, last_activity_at=LATER, updated_at=LATER)


@pytest.mark.parametrize("status", [S.ACTIVE, S.PAUSED])
@pytest.mark.parametrize("old", [None, REPLYING])
@pytest.mark.parametrize("new", [None, WELCOMING])
def test_a_resume_takes_any_live_session_on(
    status: SessionStatus, old: InFlight | None, new: InFlight | None
) -> None:
    """Idle or not, active or paused: it is ACTIVE then, with the job it opens, else the old one."""
    before = session(status, messages=1, in_flight=old)
    now = NOON + TWO_WEEKS - TICK
    answer = SESSION.step(before, E.RESUME, now, new)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.OPEN_JOB,)
    assert answer.value == evolve(
        before,
        status=S.ACTIVE,
        last_activity_at=now,
        updated_at=now,
        in_flight=new or old,
    )
    assert reasons(before, E.RESUME, NOON + TWO_WEEKS) == ["not expired"]


@pytest.mark.parametrize("opened", [EXTRACTING, WELCOMING], ids=["extraction", "welcome-back"])
def test_what_is_no_answer_wants_the_session_to_itself(opened: InFlight) -> None:
    """It opens a job, adds no message and takes no turn, and waits for no other job."""
    before = session(turns=1, messages=3, settled_job="j-1")
    answer = step(before, E.ASK, given=opened)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.OPEN_JOB,)
    assert answer.value == evolve(
        before,
        last_activity_at=LATER,
        updated_at=LATER,
        in_flight=opened,
    )
    assert moved(answer.value, E.FAIL, given=NO_USAGE).turns == 1
    assert reasons(answer.value, E.ASK) == ["no job in flight"]
    assert reasons(before, E.ASK, NOON + TWO_WEEKS) == ["not expired"]


@pytest.mark.parametrize(
    "in_flight, turns", [(None, 2), (EXTRACTING, 2), (REPLYING, 1)], ids=["none", "own", "reply"]
)
def test_a_completion_ends_the_session_with_its_result(
    in_flight: InFlight | None, turns: int
) -> None:
    """Result, cost and end are kept; a reply still in flight gives its turn back."""
    before = session(
        turns=2,
        messages=3,
        in_flight=in_flight,
        ledger=Ledger(coach_messages=1, usage=Usage(1, 1, 1)),
    )
    answer = step(before, E.COMPLETE)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.SETTLE_JOB, F.FREE_CLAIMS, F.NOTE_STANDING)
    assert answer.value == evolve(
        before,
        status=S.COMPLETED,
        turns=turns,
        updated_at=LATER,
        in_flight=None,
        ledger=Ledger(
            coach_messages=1,
            usage=Usage(8, 4, 1),
            ending=Ending(at=LATER, reason=EndReason.COMPLETED, result=CONCLUSION.result),
            settled_job=before.latest_job,
        ),
    )
    assert reasons(before, E.COMPLETE, NOON + TWO_WEEKS) == ["not expired"]


def test_a_completion_may_have_no_result() -> None:
    """Then it is told why."""
    error = ResultError("BAD_REPLY", "it is no JSON", "raw")
    ending = moved(session(), E.COMPLETE, given=Conclusion(error=error)).ledger.ending
    assert ending == Ending(at=LATER, reason=EndReason.COMPLETED, error=error)


@pytest.mark.parametrize("status", [S.ACTIVE, S.PAUSED])
@pytest.mark.parametrize(
    "event, after, reason",
    [
        (E.CANCEL, LATER, EndReason.CANCELLED),
        (E.REPLACE, LATER, EndReason.REPLACED),
        (E.REPLACE, NOON + TWO_WEEKS, EndReason.REPLACED),
        (E.EXPIRE, NOON + TWO_WEEKS, EndReason.EXPIRED),
    ],
)
@pytest.mark.parametrize("in_flight", [None, REPLYING, WELCOMING], ids=["none", "reply", "other"])
def test_an_end_settles_the_job_and_frees_the_claims(
    status: SessionStatus,
    event: SessionEvent,
    after: datetime,
    reason: EndReason,
    in_flight: InFlight | None,
) -> None:
    """No job outlives its session; what was gathered stays, a turn in flight is given back."""
    ledger = Ledger(coach_messages=1, completion_pending=True, usage=Usage(1, 2, 3))
    before = session(status, turns=2, messages=3, in_flight=in_flight, ledger=ledger)
    answer = step(before, event, after)
    assert isinstance(answer, Moved)
    assert answer.effects == (F.SETTLE_JOB, F.FREE_CLAIMS)
    assert answer.value == evolve(
        before,
        status=S.CANCELLED if event is E.CANCEL else S.ABANDONED,
        turns=1 if in_flight == REPLYING else 2,
        updated_at=after,
        in_flight=None,
        ledger=Ledger(
            coach_messages=1,
            usage=Usage(1, 2, 3),
            ending=Ending(at=after, reason=reason),
            settled_job=before.latest_job,
        ),
    )


@pytest.mark.parametrize("status", [S.ACTIVE, S.PAUSED])
def test_only_an_expired_session_expires(status: SessionStatus) -> None:
    """A microsecond before there is nothing to write; cancelling it then is too late."""
    value = session(status)
    assert reasons(value, E.EXPIRE, NOON + TWO_WEEKS - TICK) == ["expired"]
    assert reasons(value, E.CANCEL, NOON + TWO_WEEKS) == ["not expired"]
    assert moved(value, E.EXPIRE, NOON + TWO_WEEKS).expires_at == NOON + TWO_WEEKS
    for_ever = session(status, about=evolve(ABOUT, expires_after=None))
    assert reasons(for_ever, E.EXPIRE, NOON + timedelta(days=4000)) == ["expired"]


@pytest.mark.parametrize(
    "event, wanted",
    [
        (E.MESSAGE, "InFlight"),
        (E.REPLY, "Spoken"),
        (E.FAIL, "Usage"),
        (E.RETRY, "InFlight"),
        (E.ASK, "InFlight"),
        (E.COMPLETE, "Conclusion"),
    ],
)
def test_an_event_without_what_it_brings_is_misuse(event: SessionEvent, wanted: str) -> None:
    """A mistake of the program is told as one, not as a refusal."""
    value = session(in_flight=REPLYING if event in {E.REPLY, E.FAIL} else None)
    with pytest.raises(MisuseError, match=f"session: {event} needs a {wanted}"):
        SESSION.step(value, event, LATER, None)


def test_the_raising_form_tells_the_same() -> None:
    """A refusal raised names state, event, reasons and what is allowed."""
    with pytest.raises(TransitionRefusedError) as caught:
        SESSION.move(session(S.COMPLETED), E.MESSAGE, LATER, REPLYING)
    error = caught.value
    assert (error.state, error.event, error.impossible) == ("completed", "message", True)
    assert error.allowed == ()


# --- all of it -------------------------------------------------------------------------------


def clocks(value: Session) -> Iterable[datetime]:
    """Return instants around everything that matters to *value*, some of them in its past."""
    about = value.about
    instants = {NOON - timedelta(days=40), NOON, value.updated_at}
    for base in (value.last_activity_at, value.updated_at):
        for limit in (about.idle_timeout, about.expires_after):
            assert limit is not None
            instants |= {base + limit - TICK, base + limit, base + limit + TICK}
    # Ever later instants would make ever new values.
    return sorted(instant for instant in instants if instant < NOON + timedelta(days=3))


def tried(value: Session) -> Iterator[tuple[SessionEvent, datetime, SessionGiven]]:
    """Return every event with everything it may bring, at every instant that matters."""
    for now in clocks(value):
        for event in E:
            if event is E.REPLY:
                yield event, now, Spoken(NO_USAGE)
                yield event, now, Spoken(NO_USAGE, completion_pending=True)
            elif event is E.RESUME:
                yield event, now, None
                yield event, now, WELCOMING
            elif event is E.FAIL:
                yield event, now, NO_USAGE
            else:
                yield event, now, GIVEN[event]


def hold(value: Session, event: SessionEvent, now: datetime, given: SessionGiven) -> None:
    """Step, and hold everything that the brief promises of any step against it."""
    answer = SESSION.step(value, event, now, given)
    available = SESSION.available(value, now)
    assert isinstance(answer, Moved) == (event in available)
    if isinstance(answer, Refused):
        assert answer.value is value
        assert value.status not in LIVE or not answer.impossible or value.status is S.PAUSED
        return
    after = answer.value
    assert value.status in LIVE, "ends absorb"
    assert after.about is value.about
    assert after.last_activity_at >= value.last_activity_at
    assert after.updated_at >= value.updated_at
    assert (after.last_activity_at, after.updated_at) <= (
        max(value.last_activity_at, now),
        max(value.updated_at, now),
    )
    assert value.expires_at is not None
    assert after.expires_at is not None
    assert after.expires_at >= value.expires_at
    opened = None if after.in_flight in {None, value.in_flight} else after.in_flight
    assert after.latest_job == (opened.job if opened else value.latest_job)
    assert opened is None or F.OPEN_JOB in answer.effects
    assert after.messages - value.messages == (F.LOG_MESSAGE in answer.effects)
    assert after.ledger.coach_messages - value.ledger.coach_messages == (event is E.REPLY)
    assert after.turns - value.turns in {-1, 0, 1}
    assert after.turns >= 0
    most = value.about.max_turns
    assert most == 0 or after.turns <= most
    if (value.status, after.status) == (S.PAUSED, S.ACTIVE):
        assert event is E.RESUME
    if event in {E.REPLY, E.FAIL}:
        assert after.status is value.status
        assert after.in_flight is None
    if after.status is S.COMPLETED:
        assert value.status is S.ACTIVE
    ending = after.ledger.ending
    assert (ending is None) == (after.status in LIVE)
    if ending is not None:
        assert after.in_flight is None
        assert ending.at >= value.last_activity_at
        assert (ending.reason is EndReason.EXPIRED) == (event is E.EXPIRE)
        assert {F.SETTLE_JOB, F.FREE_CLAIMS} <= set(answer.effects)
    if value.status is S.PAUSED:
        assert event not in {E.MESSAGE, E.RETRY, E.ASK, E.ACT}
    if value.is_expired(now):
        assert event in {E.FAIL, E.REPLACE, E.EXPIRE}


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_every_session_that_can_come_to_be(most: int) -> None:
    """A walk through all of them, with the real guards, finds every row used and no dead end."""
    about = evolve(
        ABOUT,
        max_turns=most,
        idle_timeout=timedelta(hours=1),
        expires_after=timedelta(days=1),
        keep_ended=timedelta(days=1),
    )

    def moves(value: Session) -> Iterator[tuple[SessionEvent, datetime, SessionGiven]]:
        for move in tried(value):
            hold(value, *move)
            yield move

    def view(value: Session) -> object:
        return (
            value.status,
            min(value.turns, most or 2),
            value.in_flight,
            value.ledger.completion_pending,
            value.ledger.ending and value.ledger.ending.reason,
            value.is_expired(NOON + timedelta(days=1)),
            value.updated_at > value.last_activity_at,
        )

    walk = SESSION.walk(
        [session(about=about), session(about=about, in_flight=WELCOMING)], moves, view
    )
    assert walk.untaken == ()
    assert walk.stuck == ()
    assert walk.refusals > 0
    assert walk.states > 50


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(E),
        st.integers(-3 * 86_400_000_000, 3 * 86_400_000_000).map(
            lambda microseconds: timedelta(microseconds=microseconds)
        ),
        st.booleans(),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(HISTORIES, st.integers(0, 3))
def test_no_history_breaks_a_promise(
    history: list[tuple[SessionEvent, timedelta, bool]], most: int
) -> None:
    """Whatever happens, under a clock that jumps both ways, every step keeps every promise."""
    about = evolve(
        ABOUT,
        max_turns=most,
        expires_after=timedelta(days=2),
        keep_ended=timedelta(days=2),
    )
    value, now = session(about=about), NOON
    log = 0
    ended: Session | None = None
    for event, jump, other in history:
        now += jump
        given = GIVEN[event]
        if event is E.RESUME and other:
            given = None
        if event is E.REPLY and other:
            given = Spoken(NO_USAGE, completion_pending=True)
        hold(value, event, now, given)
        answer = SESSION.step(value, event, now, given)
        if isinstance(answer, Moved):
            value = answer.value
            log += F.LOG_MESSAGE in answer.effects
        assert value.messages == log
        if value.status not in LIVE:
            ended = ended or value
            assert value is ended
