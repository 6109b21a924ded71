"""One value of every kind that is stored, and strategies for all of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from attrs import evolve
from hypothesis import strategies as st

from coachwork.actions import (
    Action,
    ActionStatus,
    Audit,
    Button,
    Component,
    RefusalCode,
    Sender,
)
from coachwork.jobs import (
    ErrorCode,
    Job,
    JobError,
    JobKind,
    JobStatus,
    Lease,
    Settlement,
    Step,
)
from coachwork.messages import Message, Role, Usage
from coachwork.ports import AgentAsk, Ask
from coachwork.programs import Progress
from coachwork.sessions import (
    About,
    Account,
    AccountStatus,
    Background,
    Claim,
    Conclusion,
    Ending,
    EndReason,
    InFlight,
    Ledger,
    Receipt,
    ResultError,
    Session,
    SessionStatus,
    Spending,
    Spoken,
    Standing,
)

NOON: Final = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
LATER: Final = datetime(2026, 2, 3, 12, 5, 30, 123456, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)

ABOUT: Final = About(
    id="s-1",
    tenant="acme",
    user="ada",
    topic="core_values",
    topic_revision=3,
    started_at=NOON,
    max_turns=12,
    idle_timeout=timedelta(minutes=30),
    expires_after=timedelta(days=14),
    keep_ended=timedelta(days=14),
    exclusive=False,
)


def session(
    status: SessionStatus = SessionStatus.ACTIVE,
    *,
    turns: int = 0,
    messages: int = 0,
    at: datetime = NOON,
    in_flight: InFlight | None = None,
    ledger: Ledger | None = None,
    about: About = ABOUT,
    settled_job: str | None = None,
) -> Session:
    """Return a session that last changed *at*."""
    ledger = ledger or Ledger(settled_job=settled_job)
    return Session(about, status, turns, messages, at, at, in_flight, ledger)


REPLYING: Final = InFlight("j-1", JobKind.REPLY)
SPOKEN: Final = Spoken(Usage(10, 5, 1))
CONCLUSION: Final = Conclusion(result={"values": ["honesty"]}, usage=Usage(7, 3, 0))

PENDING: Final = Job(
    id="j-1",
    tenant="acme",
    user="ada",
    session="s-1",
    kind=JobKind.REPLY,
    key="k-1",
    created_at=NOON,
    updated_at=NOON,
    expires_at=NOON + timedelta(hours=24),
    message=2,
)

ODD_TEXT: Final = 'NUL \0, half \ud800, "quotes", \\, e\u0301, \U0001f469\u200d\U0001f9b0\n'

ASK: Final = Ask(
    messages=(),
    schema={},
    purpose=JobKind.REPLY,
    model=None,
    timeout=1.0,
    session="s",
    job="j",
    turn=1,
)

AGENT_ASK: Final = AgentAsk(
    agent="market",
    program="plan",
    prompt="Look at the market.",
    schema={"type": "object"},
    model="large",
    timeout=20.0,
    session="s-1",
    run=3,
)

GOLDEN: Final[dict[str, object]] = {
    "progress": Progress(
        tenant="acme",
        user="ada",
        program="habits",
        version=2,
        subject=None,
        phase="START",
        state={"phase": "START", "habits": ["read"]},
        audits=1,
        begun="p-1",
        begun_at=NOON,
        updated_at=LATER,
    ),
    "progress-of-session": Progress(
        tenant="acme",
        user="ada",
        program="plan",
        version=1,
        subject="s-1",
        phase="OPEN",
        state={},
        audits=0,
        begun="p-2",
        begun_at=NOON,
        updated_at=NOON,
        scenario="trial",
    ),
    "audit": Audit(
        id="a-1",
        tenant="acme",
        user="ada",
        session="s-1",
        topic="core_values",
        program="habits",
        program_version=2,
        subject=None,
        number=1,
        sender=Sender.COACH,
        message=2,
        at=LATER,
        actions=(
            Action(
                id="a-1.1",
                type="add_habit",
                parameters={"name": "read"},
                status=ActionStatus.APPLIED,
                summary="added read",
                component=Component(
                    kind="habits",
                    data={"names": ["read"]},
                    buttons=(Button(label="Drop", action="drop", parameters={"name": "read"}),),
                ),
            ),
            Action(
                id="a-1.2",
                type="fly",
                parameters=None,
                status=ActionStatus.REFUSED,
                code=RefusalCode.UNKNOWN_ACTION,
                summary="there is no such action",
            ),
        ),
        excess=3,
        phase="START",
        scenario="trial",
    ),
    "session-active": session(turns=1, messages=2, in_flight=REPLYING),
    "session-completed": session(
        SessionStatus.COMPLETED,
        turns=3,
        messages=7,
        at=LATER,
        ledger=Ledger(
            coach_messages=4,
            usage=Usage(1200, 340, 12),
            settled_job="j-4",
            ending=Ending(
                at=LATER,
                reason=EndReason.COMPLETED,
                result={"values": ["honesty", ODD_TEXT], "sure": 0.5, "n": 10**30, "no": None},
            ),
        ),
        about=evolve(
            ABOUT,
            max_turns=0,
            expires_after=None,
            keep_ended=None,
            exclusive=True,
            scenario="trial",
            locale="fr-CA",
        ),
    ),
    "session-without-result": session(
        SessionStatus.COMPLETED,
        at=LATER,
        ledger=Ledger(
            ending=Ending(
                at=LATER,
                reason=EndReason.COMPLETED,
                error=ResultError("BAD_REPLY", "it is no JSON", ODD_TEXT),
            ),
        ),
    ),
    "session-paused": session(
        SessionStatus.PAUSED, at=LATER, ledger=Ledger(coach_messages=1, completion_pending=True)
    ),
    "background": Background(
        tenant="acme",
        user="ada",
        session="s-1",
        context={"name": "Ada", "years": [1, 2.5, True, None, {"deep": ODD_TEXT}]},
        summary=ODD_TEXT,
        summarized=6,
    ),
    "message-user": Message(
        tenant="acme",
        user="ada",
        session="s-1",
        sequence=2,
        role=Role.USER,
        text=ODD_TEXT,
        at=LATER,
        job="j-1",
    ),
    "message-coach": Message(
        tenant="acme",
        user="ada",
        session="s-1",
        sequence=3,
        role=Role.COACH,
        text="What matters most?",
        at=LATER,
        job="j-1",
        scenario="trial",
        locale="en",
        attachments=("file:1", "file:2"),
        supersedes=1,
    ),
    "job-pending": PENDING,
    "job-processing": evolve(
        PENDING,
        status=JobStatus.PROCESSING,
        attempts=2,
        claimed_at=NOON,
        lease=Lease(2, LATER),
        follows="j-0",
        notify=True,
        steps=(Step(purpose=JobKind.REPLY, output="Well done."),),
        usage=Usage(10, 5, 1),
    ),
    "job-completed": evolve(
        PENDING,
        status=JobStatus.COMPLETED,
        attempts=1,
        claimed_at=NOON,
        updated_at=LATER,
        settlement=Settlement(reply=3, final=True, turns=1, messages=3),
        scenario="trial",
        notify=True,
    ),
    "job-delivered": evolve(
        PENDING,
        kind=JobKind.EXTRACTION,
        status=JobStatus.COMPLETED,
        attempts=1,
        claimed_at=NOON,
        updated_at=LATER,
        settlement=Settlement(final=True, turns=3, messages=7),
        message=None,
        follows="j-0",
        notify=True,
        delivered_at=LATER + TICK,
    ),
    "job-retried": evolve(
        PENDING,
        id="j-2",
        attempts=0,
        message=4,
        retry_of="j-1",
        follows="j-1",
        notify=True,
    ),
    "job-failed": evolve(
        PENDING,
        kind=JobKind.GREETING,
        status=JobStatus.FAILED,
        attempts=3,
        claimed_at=NOON + TICK,
        updated_at=LATER,
        message=None,
        error=JobError(ErrorCode.LLM_TIMEOUT, "the language model did not answer in time", 2.5),
    ),
    "receipt": Receipt(
        tenant="acme",
        user="ada",
        key="k-1",
        command="send",
        fingerprint="0" * 64,
        session="s-1",
        job="j-1",
        at=NOON,
    ),
    "receipt-without-job": Receipt(
        tenant="acme",
        user="ada",
        key="k-2",
        command="start",
        fingerprint="f" * 64,
        session="s-1",
        job=None,
        at=NOON,
    ),
    "receipt-without-session": Receipt(
        tenant="acme",
        user="ada",
        key="k-3",
        command="plant",
        fingerprint="a" * 64,
        session=None,
        job=None,
        at=NOON,
        scenario="trial",
    ),
    "claim-of-user": Claim("acme", "core_values", "ada", "s-1", tenant_wide=False),
    "claim-of-tenant": Claim("acme", "core_values", "ada", "s-1", tenant_wide=True),
    "account": Account("acme", "ada", AccountStatus.OPEN, NOON),
    "account-planting": Account("acme", "ada", AccountStatus.OPEN, NOON, planting="trial"),
    "account-deleted": Account("acme", "ada", AccountStatus.DELETED, NOON, LATER),
    "standing": Standing(
        tenant="acme",
        user="ada",
        topic="core_values",
        completed=2,
        completed_at=LATER,
        session="s-1",
    ),
    "spending": Spending(
        tenant="acme",
        user="ada",
        session="s-1",
        job="j-1",
        token=2,
        usage=Usage(10, 5, 1),
        at=LATER,
    ),
}
"""What stands in the golden records, by file name; the part before the first dash is the kind."""


# --- strategies ------------------------------------------------------------------------------

_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20).filter(
    lambda text: not _PAIR.search(text)
)
"""Any text that Python can hold, with NUL and halves of characters.

Two halves side by side are left out: JSON has no way to tell them from the whole character.
"""

IDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12) | (
    st.sampled_from(("a", "a#b", "a/b", "/", "#000000000001", "3:x", "1:a/1:b", "x" * 128))
)
NUMBERS = st.integers(0, 10**12 - 1)
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - the same
    timezones=ZONES,
)
DURATIONS = st.timedeltas(min_value=TICK, max_value=timedelta(days=999_999_999))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
USAGES = st.builds(Usage, *[st.integers(0, 10**30)] * 3)
_MAYBE_ID = st.none() | IDS

_ABOUTS = st.builds(
    About,
    id=IDS,
    tenant=IDS,
    user=IDS,
    topic=IDS,
    topic_revision=NUMBERS,
    started_at=INSTANTS,
    max_turns=NUMBERS,
    idle_timeout=DURATIONS,
    expires_after=st.none() | DURATIONS,
    keep_ended=st.none() | DURATIONS,
    exclusive=st.booleans(),
    scenario=_MAYBE_ID,
    locale=_MAYBE_ID,
)
_RESULT_ERRORS = st.builds(ResultError, code=IDS, reason=TEXTS, raw=st.none() | TEXTS)
_ENDINGS = st.builds(
    Ending,
    at=INSTANTS,
    reason=st.sampled_from(EndReason),
    result=PLAIN,
    error=st.none() | _RESULT_ERRORS,
)
_LEDGERS = st.builds(
    Ledger,
    coach_messages=NUMBERS,
    completion_pending=st.booleans(),
    usage=USAGES,
    ending=st.none() | _ENDINGS,
    settled_job=_MAYBE_ID,
)
_JOBS_KINDS = st.sampled_from(JobKind)
_ERRORS = st.builds(
    JobError,
    code=st.sampled_from(ErrorCode),
    reason=TEXTS,
    retry_after=st.none() | st.floats(0, 1e9),
)

_COMPONENTS = st.builds(
    Component,
    kind=IDS,
    data=st.dictionaries(TEXTS, PLAIN, max_size=2),
    buttons=st.lists(
        st.builds(
            Button,
            label=TEXTS,
            action=IDS,
            parameters=st.dictionaries(TEXTS, PLAIN, max_size=2),
        ),
        max_size=2,
    ).map(tuple),
)
_ACTIONS = st.builds(
    Action,
    id=IDS,
    type=TEXTS,
    parameters=PLAIN,
    status=st.sampled_from(ActionStatus),
    code=st.none() | st.sampled_from(RefusalCode),
    summary=TEXTS,
    component=st.none() | _COMPONENTS,
)

VALUES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "progress": st.builds(
        Progress,
        tenant=IDS,
        user=IDS,
        program=IDS,
        version=NUMBERS,
        subject=_MAYBE_ID,
        phase=IDS,
        state=st.dictionaries(TEXTS, PLAIN, max_size=3),
        audits=NUMBERS,
        begun=IDS,
        begun_at=INSTANTS,
        updated_at=INSTANTS,
        scenario=_MAYBE_ID,
    ),
    "audit": st.builds(
        Audit,
        id=IDS,
        tenant=IDS,
        user=IDS,
        session=IDS,
        topic=IDS,
        program=IDS,
        program_version=NUMBERS,
        subject=_MAYBE_ID,
        number=NUMBERS,
        sender=st.sampled_from(Sender),
        message=st.none() | NUMBERS,
        at=INSTANTS,
        actions=st.lists(_ACTIONS, max_size=3).map(tuple),
        excess=NUMBERS,
        phase=IDS,
        scenario=_MAYBE_ID,
    ),
    "session": st.builds(
        Session,
        about=_ABOUTS,
        status=st.sampled_from(SessionStatus),
        turns=NUMBERS,
        messages=NUMBERS,
        last_activity_at=INSTANTS,
        updated_at=INSTANTS,
        in_flight=st.none() | st.builds(InFlight, job=IDS, kind=_JOBS_KINDS),
        ledger=_LEDGERS,
    ),
    "background": st.builds(
        Background,
        tenant=IDS,
        user=IDS,
        session=IDS,
        context=st.dictionaries(TEXTS, PLAIN, max_size=3),
        summary=st.none() | TEXTS,
        summarized=NUMBERS,
    ),
    "message": st.builds(
        Message,
        tenant=IDS,
        user=IDS,
        session=IDS,
        sequence=NUMBERS,
        role=st.sampled_from(Role),
        text=TEXTS,
        at=INSTANTS,
        job=IDS,
        scenario=_MAYBE_ID,
        locale=_MAYBE_ID,
        attachments=st.lists(TEXTS, max_size=2).map(tuple),
        supersedes=st.none() | NUMBERS,
        components=st.lists(_COMPONENTS, max_size=2).map(tuple),
    ),
    "job": st.builds(
        Job,
        id=IDS,
        tenant=IDS,
        user=IDS,
        session=IDS,
        kind=_JOBS_KINDS,
        key=IDS,
        created_at=INSTANTS,
        updated_at=INSTANTS,
        expires_at=INSTANTS,
        status=st.sampled_from(JobStatus),
        attempts=NUMBERS,
        claimed_at=st.none() | INSTANTS,
        lease=st.none() | st.builds(Lease, token=NUMBERS, until=INSTANTS),
        steps=st.lists(st.builds(Step, purpose=_JOBS_KINDS, output=PLAIN), max_size=2).map(tuple),
        usage=USAGES,
        settlement=st.none()
        | st.builds(
            Settlement,
            reply=st.none() | NUMBERS,
            final=st.booleans(),
            turns=NUMBERS,
            messages=NUMBERS,
        ),
        error=st.none() | _ERRORS,
        message=st.none() | NUMBERS,
        retry_of=_MAYBE_ID,
        follows=_MAYBE_ID,
        scenario=_MAYBE_ID,
        notify=st.booleans(),
        delivered_at=st.none() | INSTANTS,
    ),
    "receipt": st.builds(
        Receipt,
        tenant=IDS,
        user=IDS,
        key=IDS,
        command=IDS,
        fingerprint=IDS,
        session=_MAYBE_ID,
        job=_MAYBE_ID,
        at=INSTANTS,
        scenario=_MAYBE_ID,
    ),
    "claim": st.builds(
        Claim, tenant=IDS, topic=IDS, user=IDS, session=IDS, tenant_wide=st.booleans()
    ),
    "account": st.builds(
        Account,
        tenant=IDS,
        user=IDS,
        status=st.sampled_from(AccountStatus),
        since=INSTANTS,
        until=st.none() | INSTANTS,
    ),
    "standing": st.builds(
        Standing,
        tenant=IDS,
        user=IDS,
        topic=IDS,
        completed=NUMBERS,
        completed_at=INSTANTS,
        session=IDS,
    ),
    "spending": st.builds(
        Spending,
        tenant=IDS,
        user=IDS,
        session=IDS,
        job=IDS,
        token=NUMBERS,
        usage=USAGES,
        at=INSTANTS,
    ),
}
"""Per kind of record a strategy of its values."""
