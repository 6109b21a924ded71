"""Errors, and the problem documents that clients get of them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from coachwork.actions import RefusalCode
from coachwork.errors import (
    ActionRefusedError,
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
    OutcomeUnknownError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionConflictError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
    TemplateError,
    TopicNotFoundError,
    TransitionRefusedError,
    UnsupportedSchemaError,
    ValidationError,
    VersionConflictError,
)
from coachwork.plain import JSON
from coachwork.problems import problem
from coachwork.records import KINDS
from coachwork.replies import BadReplyCode
from coachwork.sessions import SessionStatus
from coachwork.testing.strategies._leaves import idempotency_keys, ids, maybe_ids
from coachwork.topics import TemplateName

_WORDS: Final = st.sampled_from(("text", "a whole number", "it is locked", "is missing"))
_FIELDS: Final = st.sampled_from(("text", "context.name", "topic.max_turns", "limit"))
_PAUSES: Final = st.none() | st.floats(0, 10.0**6)
_COMMANDS: Final = st.lists(st.sampled_from(("send", "pause", "resume", "complete", "cancel")))
_STATUSES: Final = st.sampled_from([status.value for status in SessionStatus])
_KINDS: Final = st.sampled_from(sorted(KINDS))

_ERRORS: Final[dict[type[CoachworkError], st.SearchStrategy[Any]]] = {
    ValidationError: st.builds(ValidationError, _FIELDS, _WORDS),
    SessionNotFoundError: st.builds(SessionNotFoundError),
    SessionAccessDeniedError: st.builds(SessionAccessDeniedError),
    SessionNotActiveError: st.builds(
        SessionNotActiveError, st.just("send to"), _STATUSES, _COMMANDS.map(tuple)
    ),
    SessionBusyError: st.builds(SessionBusyError, retry_after=_PAUSES),
    StillAnsweringError: st.builds(StillAnsweringError, retry_after=_PAUSES),
    SessionConflictError: st.builds(SessionConflictError, maybe_ids()),
    MaxTurnsReachedError: st.builds(MaxTurnsReachedError, st.integers(1, 1000)),
    TopicNotFoundError: st.builds(TopicNotFoundError),
    JobNotFoundError: st.builds(JobNotFoundError),
    JobNotRetryableError: st.builds(JobNotRetryableError, _WORDS),
    JobCancelledError: st.builds(JobCancelledError),
    ActionRefusedError: st.builds(
        ActionRefusedError, ids(), _WORDS, st.sampled_from([code.value for code in RefusalCode])
    ),
    IdempotencyKeyReusedError: st.builds(IdempotencyKeyReusedError),
    LLMTimeoutError: st.builds(LLMTimeoutError, retry_after=_PAUSES),
    LLMError: st.builds(
        LLMError,
        reason=st.sampled_from([code.value for code in BadReplyCode]),
        retry_after=_PAUSES,
    ),
    StoreUnavailableError: st.builds(StoreUnavailableError, _WORDS, retry_after=_PAUSES),
    OutcomeUnknownError: st.builds(OutcomeUnknownError),
    VersionConflictError: st.builds(VersionConflictError, st.integers(1, 100)),
    CorruptRecordError: st.builds(CorruptRecordError, _KINDS, _FIELDS, _WORDS),
    UnsupportedSchemaError: st.builds(
        UnsupportedSchemaError, _KINDS, st.just("schema"), st.integers(2, 9), st.just(1)
    ),
    TemplateError: st.builds(
        TemplateError,
        st.dictionaries(
            st.sampled_from([name.value for name in TemplateName]),
            st.lists(_WORDS, min_size=1, max_size=2).map(tuple),
            min_size=1,
        ),
        topic=maybe_ids(),
    ),
    MachineError: st.builds(MachineError, _WORDS),
    TransitionRefusedError: st.builds(
        TransitionRefusedError,
        st.just("session"),
        _STATUSES,
        st.just("message"),
        impossible=st.booleans(),
        reasons=st.just((("no job in flight", "a job is in flight"),)),
        allowed=_COMMANDS.map(tuple),
    ),
    MisuseError: st.builds(MisuseError, _WORDS),
}


def knows(of: type[CoachworkError]) -> bool:
    """Whether there is an error of that class, or of one below it."""
    return any(issubclass(kind, of) for kind in _ERRORS)


def errors(*of: type[CoachworkError]) -> st.SearchStrategy[CoachworkError]:
    """Return a strategy of what a coach raises on purpose, each with its facts.

    Args:
        of: Their classes, and all below them; all there are where none is given.
    """
    wanted = of or (CoachworkError,)
    some = [strategy for kind, strategy in _ERRORS.items() if issubclass(kind, wanted)]
    return st.builds(_about, st.one_of(some), maybe_ids(), maybe_ids(), _MAYBE_KEYS)


_MAYBE_KEYS: Final = st.none() | idempotency_keys()


def _about(
    error: CoachworkError, session: str | None, job: str | None, key: str | None
) -> CoachworkError:
    """Return *error* with what it concerns."""
    return error.about(session=session, job=job, key=key)


@cache
def problems() -> st.SearchStrategy[tuple[dict[str, JSON], int, dict[str, str]]]:
    """Return a strategy of problem documents: each with its body, its status and its headers."""
    strange = st.builds(ValueError, ids())
    return (errors() | strange).map(problem)
