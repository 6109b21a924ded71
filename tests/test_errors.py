"""The tree of errors: what each says to a program, to a person, and to nobody."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator
from typing import Final

import pytest

from coachwork import errors
from coachwork.errors import (
    ActionRefusedError,
    ApplicationError,
    CoachworkError,
    CorruptRecordError,
    IdempotencyKeyReusedError,
    JobCancelledError,
    JobNotFoundError,
    JobNotRetryableError,
    LLMError,
    LLMTimeoutError,
    MachineError,
    MaxTurnsReachedError,
    MisuseError,
    ModelError,
    OutcomeUnknownError,
    RefusedError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionConflictError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreError,
    StoreUnavailableError,
    TemplateError,
    TopicNotFoundError,
    TransitionRefusedError,
    UnsupportedSchemaError,
    ValidationError,
    VersionConflictError,
)
from coachwork.plain import to_json

FAMILIES: Final = {CoachworkError, RefusedError, ModelError, StoreError, ApplicationError}
"""They are caught, and never raised by this library."""

REFUSED_STEP: Final = TransitionRefusedError(
    "door",
    "shut",
    "open",
    impossible=False,
    reasons=(("patient", "knocked at too often"), ("settled", "shut just now")),
    allowed=("knock",),
)

ONE_OF_EACH: Final[tuple[CoachworkError, ...]] = (
    ValidationError("text", "text that is not blank"),
    SessionNotFoundError(),
    SessionAccessDeniedError(),
    SessionNotActiveError("send to", "paused", ("resume", "cancel")),
    SessionBusyError(retry_after=12.5),
    StillAnsweringError(retry_after=12.5),
    SessionConflictError("grace"),
    MaxTurnsReachedError(12),
    TopicNotFoundError(),
    JobNotFoundError(),
    JobNotRetryableError("it has not failed"),
    JobCancelledError(),
    ActionRefusedError("add_habit", "there is one of that name", "NOT_POSSIBLE"),
    IdempotencyKeyReusedError(),
    LLMTimeoutError(),
    LLMError(),
    StoreUnavailableError(),
    OutcomeUnknownError(),
    VersionConflictError(8),
    CorruptRecordError("session", "status", "is none of the states"),
    UnsupportedSchemaError("session", "schema", 7, 1),
    TemplateError({"system": ("no value for {name}",)}, topic="values"),
    MachineError("door: shut is a trap"),
    REFUSED_STEP,
    MisuseError("the clock must give an aware datetime in UTC"),
)
"""One error of each class, as the library makes them."""


def name_of(error: CoachworkError) -> str:
    """How an error is called in a report."""
    return type(error).__name__


def below(of: type[CoachworkError], parent: str = "") -> Iterator[tuple[str, str, str]]:
    """Name, parent and code of a class and of all below it, as they stand in the file."""
    yield of.__name__, parent, "" if of in FAMILIES else of.code
    for child in of.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from below(child, of.__name__)


def told(docstring: str) -> Iterator[tuple[str, str, str]]:
    """Name, parent and code of every class that the tree in *docstring* shows."""
    branch: list[str] = []
    line = r"^    (?P<stem>[| ]*)(?P<knot>[|`]-- )?(?P<name>\w+Error)(?: +(?P<code>[A-Z_]+\b))?"
    for found in re.finditer(line, docstring, re.MULTILINE):
        depth = len(found["stem"] + (found["knot"] or "")) // 4
        del branch[depth:]
        yield found["name"], branch[-1] if branch else "", found["code"] or ""
        branch.append(found["name"])


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Who reads the file's first page sees every class, its family and its code, in order."""
    tree = list(told(errors.__doc__ or ""))
    assert tree == list(below(CoachworkError))
    assert {name for name, _, _ in tree} == {
        name for name in vars(errors) if name.endswith("Error") and not name.startswith("_")
    }


def test_one_of_each_is_shown_here() -> None:
    """No class escapes the tests below."""
    classes = {name for name, _, _ in below(CoachworkError)}
    assert {name_of(error) for error in ONE_OF_EACH} == classes - {f.__name__ for f in FAMILIES}


TABLE: Final = {
    "SESSION_NOT_FOUND": (404, None),
    "SESSION_ACCESS_DENIED": (403, None),
    "SESSION_NOT_ACTIVE": (400, None),
    "SESSION_BUSY": (409, 12.5),  # when the turn in flight ends
    "SESSION_CONFLICT": (409, None),
    "MAX_TURNS_REACHED": (422, None),
    "TOPIC_NOT_FOUND": (404, None),
    "JOB_NOT_FOUND": (404, None),
    "JOB_NOT_RETRYABLE": (409, None),
    "JOB_CANCELLED": (409, None),
    "ACTION_REFUSED": (409, None),
    "VALIDATION": (422, None),
    "TEMPLATE_ERROR": (500, None),
    "LLM_TIMEOUT": (504, 0.0),
    "LLM_ERROR": (502, 10.0),
    "IDEMPOTENCY_KEY_REUSED": (409, None),
    "VERSION_CONFLICT": (409, 0.0),
    "STORE_UNAVAILABLE": (503, 1.0),
    "OUTCOME_UNKNOWN": (503, 0.0),
    "CORRUPT_RECORD": (500, None),
    "UNSUPPORTED_SCHEMA": (500, None),
    "INTERNAL_ERROR": (500, 30.0),
}
"""Status, and seconds until the next try (None: none will help), by code (brief, section 6)."""


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=name_of)
def test_each_code_means_one_status_and_one_way_to_retry(error: CoachworkError) -> None:
    """A program that knows the code knows status, whether to try again, and after which pause."""
    status, pause = TABLE[error.code]
    assert (error.http_status, error.retryable, error.retry_after) == (
        status,
        pause is not None,
        pause,
    )


def test_every_code_of_the_table_is_there() -> None:
    """No code of the table is without a class."""
    assert {error.code for error in ONE_OF_EACH} == TABLE.keys()


def test_an_unexpected_error_may_be_tried_again() -> None:
    """What nobody foresaw counts as internal: status 500, and another try after 30 seconds."""
    error = CoachworkError("internal error")
    assert (error.code, error.http_status) == ("INTERNAL_ERROR", 500)
    assert (error.retryable, error.retry_after) == (True, 30.0)


@pytest.mark.parametrize("family", [RefusedError, StoreError], ids=["refused", "store"])
def test_an_application_says_itself_whether_its_own_refusal_passes(
    family: type[CoachworkError],
) -> None:
    """A class of an application in a family of refusals is final unless the class says more."""

    class QuotaReachedError(family):  # type: ignore[valid-type,misc]
        """The user had enough for today."""

        code = "QUOTA_REACHED"

    error: CoachworkError = QuotaReachedError("enough for today")
    assert (error.retryable, error.retry_after) == (False, None)
    assert QuotaReachedError("later", retry_after=60.0).retry_after == 60.0


@pytest.mark.parametrize(
    "error",
    [
        LLMTimeoutError(retry_after=7.0),
        LLMError(retry_after=7.0),
        StoreUnavailableError("locked", retry_after=7.0),
    ],
    ids=name_of,
)
def test_a_pause_that_is_known_better_is_told(error: CoachworkError) -> None:
    """Where a provider or an engine names a pause, the error carries that one."""
    assert error.retry_after == 7.0


@pytest.mark.parametrize("type_", [LLMTimeoutError, LLMError])
def test_a_pause_that_the_provider_named_is_told_apart(
    type_: type[LLMTimeoutError | LLMError],
) -> None:
    """From the usual one, which is told where the provider says nothing, and is nobody's wish."""
    usual, named, at_once = type_(), type_(retry_after=7.0), type_(retry_after=0.0)
    assert usual.provider_retry_after is None
    assert usual.retry_after == type_.default_retry_after
    assert (named.provider_retry_after, named.retry_after) == (7.0, 7.0)
    assert (at_once.provider_retry_after, at_once.retry_after) == (0.0, 0.0)
    again = pickle.loads(pickle.dumps(named))  # noqa: S301 - its own
    assert again.provider_retry_after == 7.0


FACTS: Final[dict[type[CoachworkError], dict[str, object]]] = {
    ValidationError: {"field": "text", "expected": "text that is not blank"},
    SessionNotActiveError: {"session_status": "paused", "allowed": ["resume", "cancel"]},
    SessionConflictError: {"conflict_user_id": "grace"},
    MaxTurnsReachedError: {"max_turns": 12},
    JobNotRetryableError: {"reason": "it has not failed"},
    ActionRefusedError: {
        "action": "add_habit",
        "reason": "there is one of that name",
        "reason_code": "NOT_POSSIBLE",
    },
    LLMError: {"reason": "LLM_ERROR"},
    CorruptRecordError: {"kind": "session", "field": "status"},
    UnsupportedSchemaError: {"kind": "session", "field": "schema", "found": 7, "known": 1},
    TemplateError: {"topic": "values", "problems": {"system": ["no value for {name}"]}},
}
"""What errors tell beside their code; those that are not named here tell nothing."""


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=name_of)
def test_facts_are_plain_data(error: CoachworkError) -> None:
    """What an application may show beside the code is there under fixed names, as plain data."""
    assert error.facts == FACTS.get(type(error), {})
    assert to_json(error.facts) == error.facts


SENTENCES: Final = {
    ValidationError: "text: expected text that is not blank",
    SessionNotFoundError: "no such session",
    SessionAccessDeniedError: "this session belongs to another user",
    SessionNotActiveError: "cannot send to a session that is paused; allowed now: resume, cancel",
    SessionBusyError: "another turn of this session is in flight",
    StillAnsweringError: "this call was accepted and is still being answered",
    SessionConflictError: "another user of the tenant is using this topic",
    MaxTurnsReachedError: "all 12 turns of this session are used",
    TopicNotFoundError: "no such topic is declared",
    JobNotFoundError: "no such job",
    JobNotRetryableError: "this job cannot be repeated: it has not failed",
    JobCancelledError: "the job was cancelled",
    ActionRefusedError: "the action 'add_habit' was refused: there is one of that name",
    IdempotencyKeyReusedError: "this idempotency key was used for another request",
    LLMTimeoutError: "the language model did not answer in time",
    LLMError: "the language model failed",
    StoreUnavailableError: "the repository did nothing: it cannot be reached",
    OutcomeUnknownError: "the answer to a commit was lost; call again with the same key",
    VersionConflictError: "others changed the same records faster, 8 times",
    CorruptRecordError: "stored session record is damaged: status: is none of the states",
    UnsupportedSchemaError: "stored session: schema is 7, written by newer code; this code reads "
    "up to 1",
    TemplateError: "templates of topic 'values': system: no value for {name}",
    MachineError: "door: shut is a trap",
    TransitionRefusedError: "door: open refused in shut (patient: knocked at too often; "
    "settled: shut just now); allowed now: knock",
    MisuseError: "the clock must give an aware datetime in UTC",
}


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=name_of)
def test_the_sentence_says_what_happened(error: CoachworkError) -> None:
    """Each error is one sentence that names what its reader needs to go on."""
    assert str(error) == SENTENCES[type(error)]


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=name_of)
def test_an_error_says_what_it_is_about_but_not_in_its_sentence(error: CoachworkError) -> None:
    """Session, job and key are attributes; no log that prints an error holds a key."""
    mine = copy.copy(error)
    assert (mine.session, mine.job, mine.key) == (None, None, None)
    assert mine.about(session="s-1", job="j-1", key="secret-key") is mine
    assert (mine.session, mine.job, mine.key) == ("s-1", "j-1", "secret-key")
    for shown in (str(mine), repr(mine), repr(mine.args), repr(mine.facts)):
        assert not {"s-1", "j-1", "secret-key"} & set(re.findall(r"[\w-]+", shown))


def test_what_is_known_already_stays() -> None:
    """The innermost call knows best what an error is about; outer ones fill the gaps."""
    error = LLMError().about(session="inner", key="k-inner")
    error.about(session="outer", job="j", key="k-outer")
    assert (error.session, error.job, error.key) == ("inner", "j", "k-inner")


def test_the_other_users_id_is_a_fact_and_no_sentence() -> None:
    """Who holds an exclusive topic is told where the settings show it, and never in the text."""
    assert "grace" not in str(SessionConflictError("grace"))
    assert SessionConflictError("grace").conflict_user_id == "grace"
    assert SessionConflictError().conflict_user_id is None
    assert SessionConflictError().facts == {}


def test_a_refusal_names_what_is_allowed_only_where_something_is() -> None:
    """An ended session allows nothing, and the sentence promises nothing."""
    error = SessionNotActiveError("pause", "completed", ())
    assert str(error) == "cannot pause a session that is completed"
    assert (error.command, error.status, error.allowed) == ("pause", "completed", ())


def test_only_a_call_that_was_accepted_is_still_answering() -> None:
    """Who meets a busy session can tell whether the message was taken."""
    assert not SessionBusyError(retry_after=None).accepted
    assert StillAnsweringError(retry_after=None).accepted
    assert SessionBusyError(retry_after=None).retry_after is None


def test_a_model_error_has_a_reason() -> None:
    """The reason is a word of the closed list of why jobs fail."""
    assert LLMTimeoutError("slow").reason == "LLM_TIMEOUT"
    assert LLMError("empty", reason="EMPTY_REPLY").reason == "EMPTY_REPLY"
    assert LLMError("empty", reason="EMPTY_REPLY").facts == {"reason": "EMPTY_REPLY"}


def test_a_job_that_cannot_be_repeated_says_why() -> None:
    """The reason is an attribute too, for who logs it."""
    assert JobNotRetryableError("the conversation has gone on since").reason == (
        "the conversation has gone on since"
    )


def test_an_impossible_step_is_told_apart_from_a_guarded_one() -> None:
    """A refused step says whether no row exists, or which guards refused it, all of them."""
    impossible = TransitionRefusedError(
        "door", "gone", "open", impossible=True, reasons=(), allowed=()
    )
    assert str(impossible) == ("door: open refused in gone (impossible here); allowed now: nothing")
    assert (impossible.impossible, REFUSED_STEP.impossible) == (True, False)
    assert [guard for guard, _ in REFUSED_STEP.reasons] == ["patient", "settled"]
    assert (REFUSED_STEP.machine, REFUSED_STEP.state, REFUSED_STEP.event) == (
        "door",
        "shut",
        "open",
    )
    assert REFUSED_STEP.allowed == ("knock",)


def test_all_problems_of_templates_are_named_at_once() -> None:
    """A template error lists every template and every gap, with or without a topic."""
    error = TemplateError({"system": ("a", "b"), "resume": ("c",)})
    assert str(error) == "templates: system: a, b; resume: c"
    assert error.facts == {"topic": None, "problems": {"system": ["a", "b"], "resume": ["c"]}}


def test_a_store_error_keeps_what_the_operator_needs() -> None:
    """Kind, field, versions and the number of tries are attributes."""
    damaged = CorruptRecordError("job", "lease.token", "is missing")
    assert (damaged.kind, damaged.field, damaged.reason) == ("job", "lease.token", "is missing")
    newer = UnsupportedSchemaError("database", "user_version", 3, 2)
    assert (newer.kind, newer.field, newer.found, newer.known) == ("database", "user_version", 3, 2)
    assert VersionConflictError(3).tries == 3


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=name_of)
def test_an_error_survives_the_way_between_processes(error: CoachworkError) -> None:
    """A pool of processes can hand any error to its parent, with all that it knows."""
    sent = copy.copy(error).about(session="s", job="j", key="k")
    for got in (pickle.loads(pickle.dumps(sent)), copy.copy(sent), copy.deepcopy(sent)):  # noqa: S301 - its own
        assert type(got) is type(sent)
        assert (str(got), vars(got)) == (str(sent), vars(sent))
