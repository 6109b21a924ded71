"""Every error that coachwork raises on purpose, as one tree.

::

    CoachworkError
    |-- RefusedError                  the caller must ask for something else, or later
    |   |-- ValidationError               VALIDATION              names the field
    |   |-- SessionNotFoundError          SESSION_NOT_FOUND
    |   |-- SessionAccessDeniedError      SESSION_ACCESS_DENIED
    |   |-- SessionNotActiveError         SESSION_NOT_ACTIVE
    |   |-- SessionBusyError              SESSION_BUSY            a turn is in flight
    |   |   `-- StillAnsweringError       SESSION_BUSY            it is this very call's
    |   |-- SessionConflictError          SESSION_CONFLICT        another user holds the topic
    |   |-- MaxTurnsReachedError          MAX_TURNS_REACHED
    |   |-- TopicNotFoundError            TOPIC_NOT_FOUND
    |   |-- JobNotFoundError              JOB_NOT_FOUND
    |   |-- JobNotRetryableError          JOB_NOT_RETRYABLE
    |   |-- JobCancelledError             JOB_CANCELLED           while its caller waited
    |   |-- ActionRefusedError            ACTION_REFUSED          a click; it is in the log
    |   `-- IdempotencyKeyReusedError     IDEMPOTENCY_KEY_REUSED
    |-- ModelError                    the language model failed; the user's message is kept
    |   |-- LLMTimeoutError               LLM_TIMEOUT
    |   `-- LLMError                      LLM_ERROR
    |-- StoreError                    whoever runs the repository must look
    |   |-- StoreUnavailableError         STORE_UNAVAILABLE       certainly not done
    |   |-- OutcomeUnknownError           OUTCOME_UNKNOWN         perhaps: call again with the key
    |   |-- VersionConflictError          VERSION_CONFLICT        others were faster, every time
    |   |-- CorruptRecordError            CORRUPT_RECORD          names kind and field
    |   `-- UnsupportedSchemaError        UNSUPPORTED_SCHEMA      written by newer code
    `-- ApplicationError              the application's developer must mend something
        |-- TemplateError                 TEMPLATE_ERROR          names templates and gaps
        |-- MachineError                  INTERNAL_ERROR          a table that cannot stand
        |-- TransitionRefusedError        INTERNAL_ERROR          a step the table refuses
        `-- MisuseError                   INTERNAL_ERROR          a port or value of the wrong kind

Facts are attributes; the sentence is made from them. No error holds a message's text, a
rendered prompt, an idempotency key in its sentence, or anything of another user or tenant
(brief, sections 6 and 10), with one exception: `SessionConflictError.conflict_user_id`, which
``Settings.show_conflict_user`` takes away.

The cause of a model's error (``__cause__``) is the adapter's own exception. It may hold texts, and
so may a traceback that shows it: where texts must not be logged, log codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class CoachworkError(Exception):
    """The base of all errors of this library (brief, section 6).

    Attributes:
        code: A stable word in capitals, for programs.
        http_status: A hint for web services.
        retryable: Whether the same call may succeed later.
        retry_after: Seconds to wait before the next try, or None where nothing is known.
        session: The id of the session concerned, where there is one.
        job: The id of the job concerned, where one was accepted.
        key: The idempotency key of the call, where one was accepted; call again with it.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = True
    default_retry_after: ClassVar[float | None] = 30.0

    retry_after: float | None
    session: str | None = None
    job: str | None = None
    key: str | None = None

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        """Make the error from its *sentence*."""
        super().__init__(sentence)
        self.retry_after = self.default_retry_after if retry_after is None else retry_after

    def about(
        self, *, session: str | None = None, job: str | None = None, key: str | None = None
    ) -> CoachworkError:
        """Say which session, job and key the error is about; what is known already stays.

        Returns:
            The error itself, to be raised.
        """
        self.session = self.session or session
        self.job = self.job or job
        self.key = self.key or key
        return self

    @property
    def facts(self) -> Mapping[str, object]:
        """What an application may show beside the code, as plain data."""
        return {}

    def __reduce__(self) -> tuple[object, ...]:
        """Let it be copied, and sent to another process, with all that it knows."""
        # An exception is made anew from its sentence, which no class here could be.
        return _remade, (type(self), self.args), vars(self)


def _remade(of: type[CoachworkError], args: tuple[object, ...]) -> CoachworkError:
    """Return an error of that class with nothing but its *args*."""
    return of.__new__(of, *args)


# --- the caller must ask for something else, or later ----------------------------------------


class RefusedError(CoachworkError):
    """The request was refused, and nothing was changed.

    There is one exception: a call that was accepted, and whose session was cancelled, replaced or
    expired while the model thought, is told `SessionNotActiveError` or `SessionNotFoundError`. What
    it was accepted with stays, and the error carries the ``job``.
    """

    http_status: ClassVar[int] = 409
    retryable: ClassVar[bool] = False
    default_retry_after: ClassVar[float | None] = None


class ValidationError(RefusedError):
    """A value of the request is not what was expected.

    Attributes:
        field: The name of the argument or field.
        expected: What was expected, in words, without the value that came instead.
    """

    code: ClassVar[str] = "VALIDATION"
    http_status: ClassVar[int] = 422

    def __init__(self, field: str, expected: str) -> None:
        """Name the *field* and what was *expected*."""
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected

    @property
    def facts(self) -> Mapping[str, object]:
        """The field and what was expected."""
        return {"field": self.field, "expected": self.expected}


class SessionNotFoundError(RefusedError):
    """There is no such session for this caller: never was, expired, or another tenant's."""

    code: ClassVar[str] = "SESSION_NOT_FOUND"
    http_status: ClassVar[int] = 404

    def __init__(self) -> None:
        """Say nothing about why."""
        super().__init__("no such session")


class SessionAccessDeniedError(RefusedError):
    """The session belongs to another user of the tenant."""

    code: ClassVar[str] = "SESSION_ACCESS_DENIED"
    http_status: ClassVar[int] = 403

    def __init__(self) -> None:
        """Say nothing about whose it is."""
        super().__init__("this session belongs to another user")


class SessionNotActiveError(RefusedError):
    """The session's status does not allow this.

    Attributes:
        status: The session's status now.
        allowed: The commands that would be allowed now.
    """

    code: ClassVar[str] = "SESSION_NOT_ACTIVE"
    http_status: ClassVar[int] = 400

    def __init__(self, command: str, status: str, allowed: tuple[str, ...]) -> None:
        """Name the *command* that was refused, the *status*, and what is *allowed*."""
        hint = f"; allowed now: {', '.join(allowed)}" if allowed else ""
        super().__init__(f"cannot {command} a session that is {status}{hint}")
        self.command = command
        self.status = status
        self.allowed = allowed

    @property
    def facts(self) -> Mapping[str, object]:
        """The session's status and the allowed commands."""
        return {"session_status": self.status, "allowed": list(self.allowed)}


class SessionBusyError(RefusedError):
    """A turn is in flight; ask again when it has ended.

    Attributes:
        accepted: Whether this very call had been accepted before (see `StillAnsweringError`).
    """

    code: ClassVar[str] = "SESSION_BUSY"
    retryable: ClassVar[bool] = True
    accepted: ClassVar[bool] = False

    def __init__(self, *, retry_after: float | None) -> None:
        """Say in how many seconds the turn in flight ends at the latest."""
        super().__init__(self._sentence, retry_after=retry_after)

    _sentence: ClassVar[str] = "another turn of this session is in flight"


class StillAnsweringError(SessionBusyError):
    """The call was accepted earlier, under the same key, and is still being answered.

    It is no refusal: the message is kept, and the same call with the same key brings the
    answer once there is one.
    """

    accepted: ClassVar[bool] = True
    _sentence: ClassVar[str] = "this call was accepted and is still being answered"


class SessionConflictError(RefusedError):
    """Another user of the tenant holds this exclusive topic.

    Attributes:
        conflict_user_id: Who, where the settings show it.
    """

    code: ClassVar[str] = "SESSION_CONFLICT"

    def __init__(self, conflict_user_id: str | None = None) -> None:
        """Name the other user, or nobody."""
        super().__init__("another user of the tenant is using this topic")
        self.conflict_user_id = conflict_user_id

    @property
    def facts(self) -> Mapping[str, object]:
        """The other user's id, where it may be shown."""
        return {"conflict_user_id": self.conflict_user_id} if self.conflict_user_id else {}


class MaxTurnsReachedError(RefusedError):
    """All turns of the session are used; complete, cancel, pause and resume stay possible.

    Attributes:
        max_turns: The limit.
    """

    code: ClassVar[str] = "MAX_TURNS_REACHED"
    http_status: ClassVar[int] = 422

    def __init__(self, max_turns: int) -> None:
        """Name the limit."""
        super().__init__(f"all {max_turns} turns of this session are used")
        self.max_turns = max_turns

    @property
    def facts(self) -> Mapping[str, object]:
        """The limit."""
        return {"max_turns": self.max_turns}


class TopicNotFoundError(RefusedError):
    """The application declares no such topic."""

    code: ClassVar[str] = "TOPIC_NOT_FOUND"
    http_status: ClassVar[int] = 404

    def __init__(self) -> None:
        """Echo nothing."""
        super().__init__("no such topic is declared")


class JobNotFoundError(RefusedError):
    """There is no such job for this caller: never was, is too old, or another tenant's."""

    code: ClassVar[str] = "JOB_NOT_FOUND"
    http_status: ClassVar[int] = 404

    def __init__(self) -> None:
        """Say nothing about why."""
        super().__init__("no such job")


class JobNotRetryableError(RefusedError):
    """The job cannot be repeated.

    Attributes:
        reason: Why, in words.
    """

    code: ClassVar[str] = "JOB_NOT_RETRYABLE"

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(f"this job cannot be repeated: {reason}")
        self.reason = reason

    @property
    def facts(self) -> Mapping[str, object]:
        """Why."""
        return {"reason": self.reason}


class JobCancelledError(RefusedError):
    """The job was cancelled before its answer came; what was accepted with it stays."""

    code: ClassVar[str] = "JOB_CANCELLED"

    def __init__(self) -> None:
        """Say it."""
        super().__init__("the job was cancelled")


class ActionRefusedError(RefusedError):
    """A click cannot be carried out. It stands in the log of actions as refused; no more changed.

    Attributes:
        action: The type of the action.
        reason: Why, in words; where a parameter is wrong it names the field.
        reason_code: Why, as a word of `coachwork.actions.RefusalCode`.
    """

    code: ClassVar[str] = "ACTION_REFUSED"

    def __init__(self, action: str, reason: str, reason_code: str) -> None:
        """Name the *action* and say why."""
        super().__init__(f"the action {action!r} was refused: {reason}")
        self.action = action
        self.reason = reason
        self.reason_code = reason_code

    @property
    def facts(self) -> Mapping[str, object]:
        """The action and why."""
        return {"action": self.action, "reason": self.reason, "reason_code": self.reason_code}


class IdempotencyKeyReusedError(RefusedError):
    """The key was used before, for another command or other content; nothing was changed."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        """Echo nothing."""
        super().__init__("this idempotency key was used for another request")


# --- the language model failed ---------------------------------------------------------------


class ModelError(CoachworkError):
    """The language model gave no usable answer; the user's message is kept.

    A language-model adapter raises the two children; a repository never does.

    Attributes:
        reason: Why, as a word of `coachwork.jobs.ErrorCode`.
        provider_retry_after: For how many seconds the provider wants to be left alone, or None
            where it did not say so; ``retry_after`` then tells the usual pause.
    """

    retryable: ClassVar[bool] = True
    reason: str
    provider_retry_after: float | None = None


class LLMTimeoutError(ModelError):
    """The model did not answer before the deadline."""

    code: ClassVar[str] = "LLM_TIMEOUT"
    http_status: ClassVar[int] = 504
    default_retry_after: ClassVar[float | None] = 0.0

    def __init__(
        self,
        sentence: str = "the language model did not answer in time",
        *,
        retry_after: float | None = None,
    ) -> None:
        """Say it, with the provider's own wish for a pause (seconds) where it has one."""
        super().__init__(sentence, retry_after=retry_after)
        self.reason = self.code
        self.provider_retry_after = retry_after


class LLMError(ModelError):
    """The model failed, or answered with something that is no reply."""

    code: ClassVar[str] = "LLM_ERROR"
    http_status: ClassVar[int] = 502
    default_retry_after: ClassVar[float | None] = 10.0

    def __init__(
        self,
        sentence: str = "the language model failed",
        *,
        reason: str = "LLM_ERROR",
        retry_after: float | None = None,
    ) -> None:
        """Say it, with the *reason* and the provider's wish for a pause (seconds)."""
        super().__init__(sentence, retry_after=retry_after)
        self.reason = reason
        self.provider_retry_after = retry_after

    @property
    def facts(self) -> Mapping[str, object]:
        """The reason."""
        return {"reason": self.reason}


# --- whoever runs the repository must look ---------------------------------------------------


class StoreError(CoachworkError):
    """The repository could not do what was asked."""

    retryable: ClassVar[bool] = False
    default_retry_after: ClassVar[float | None] = None


class StoreUnavailableError(StoreError):
    """The repository cannot be reached or is locked; what was asked was certainly not done."""

    code: ClassVar[str] = "STORE_UNAVAILABLE"
    http_status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    default_retry_after: ClassVar[float | None] = 1.0

    def __init__(
        self, why: str = "it cannot be reached", *, retry_after: float | None = None
    ) -> None:
        """Say *why*, without data."""
        super().__init__(f"the repository did nothing: {why}", retry_after=retry_after)


class OutcomeUnknownError(StoreError):
    """The repository did not answer a commit: perhaps it was done, perhaps not.

    The same call with the same key finds out and goes on.
    """

    code: ClassVar[str] = "OUTCOME_UNKNOWN"
    http_status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    default_retry_after: ClassVar[float | None] = 0.0

    def __init__(self, why: str = "the answer to a commit was lost") -> None:
        """Say *why*, without data."""
        super().__init__(f"{why}; call again with the same key")


class VersionConflictError(StoreError):
    """Others changed the same records faster, at every try of the workflow."""

    code: ClassVar[str] = "VERSION_CONFLICT"
    http_status: ClassVar[int] = 409
    retryable: ClassVar[bool] = True
    default_retry_after: ClassVar[float | None] = 0.0

    def __init__(self, tries: int) -> None:
        """Say how many tries were made."""
        super().__init__(f"others changed the same records faster, {tries} times")
        self.tries = tries


class CorruptRecordError(StoreError):
    """A stored record is damaged; it is left as it is.

    Attributes:
        kind: The kind of record.
        field: The field that is wrong, as a path.
        reason: What is wrong with it, without its value.
    """

    code: ClassVar[str] = "CORRUPT_RECORD"

    def __init__(self, kind: str, field: str, reason: str) -> None:
        """Name *kind*, *field* and *reason*."""
        super().__init__(f"stored {kind} record is damaged: {field}: {reason}")
        self.kind = kind
        self.field = field
        self.reason = reason

    @property
    def facts(self) -> Mapping[str, object]:
        """Kind and field."""
        return {"kind": self.kind, "field": self.field}


class UnsupportedSchemaError(StoreError):
    """A record, or a whole database, was written by newer code; it is left as it is.

    Attributes:
        kind: The kind of record, or ``database``.
        field: The field that holds the version.
        found: The version found.
        known: The newest version that this code reads.
    """

    code: ClassVar[str] = "UNSUPPORTED_SCHEMA"

    def __init__(self, kind: str, field: str, found: int, known: int) -> None:
        """Name *kind*, *field* and both versions."""
        super().__init__(
            f"stored {kind}: {field} is {found}, written by newer code; "
            f"this code reads up to {known}"
        )
        self.kind = kind
        self.field = field
        self.found = found
        self.known = known

    @property
    def facts(self) -> Mapping[str, object]:
        """Kind, field and both versions."""
        return {"kind": self.kind, "field": self.field, "found": self.found, "known": self.known}


# --- the application's developer must mend something -----------------------------------------


class ApplicationError(CoachworkError):
    """Something that the application declared or passed cannot work."""


class TemplateError(ApplicationError):
    """A template cannot be rendered, or is no template.

    Attributes:
        topic: The topic's id, where it is known.
        problems: Per template (``system``, ``initiation`` ...) what is wrong: names without a
            value, or the place of a mistake. All of them, not the first.
    """

    code: ClassVar[str] = "TEMPLATE_ERROR"
    retryable: ClassVar[bool] = False
    default_retry_after: ClassVar[float | None] = None

    def __init__(
        self, problems: Mapping[str, tuple[str, ...]], *, topic: str | None = None
    ) -> None:
        """Name all *problems* at once."""
        told = "; ".join(f"{name}: {', '.join(said)}" for name, said in problems.items())
        super().__init__(f"templates{f' of topic {topic!r}' if topic else ''}: {told}")
        self.topic = topic
        self.problems = dict(problems)

    @property
    def facts(self) -> Mapping[str, object]:
        """The topic and the problems."""
        return {
            "topic": self.topic,
            "problems": {name: list(said) for name, said in self.problems.items()},
        }


class MachineError(ApplicationError):
    """A transition table cannot stand, or one of its guards failed to answer."""


class TransitionRefusedError(ApplicationError):
    """A step was refused by the table; nothing was changed.

    Attributes:
        machine: The machine's name.
        state: The state the value is in.
        event: The event that was refused.
        impossible: True when no row exists for the event, False when guards refused it.
        reasons: Per failing guard its name and why.
        allowed: The events that would be allowed now.
    """

    def __init__(
        self,
        machine: str,
        state: str,
        event: str,
        *,
        impossible: bool,
        reasons: tuple[tuple[str, str], ...],
        allowed: tuple[str, ...],
    ) -> None:
        """Tell the whole refusal."""
        why = "impossible here" if impossible else "; ".join(f"{g}: {w}" for g, w in reasons)
        super().__init__(
            f"{machine}: {event} refused in {state} ({why}); "
            f"allowed now: {', '.join(allowed) or 'nothing'}"
        )
        self.machine = machine
        self.state = state
        self.event = event
        self.impossible = impossible
        self.reasons = reasons
        self.allowed = allowed


class MisuseError(ApplicationError):
    """A port or a value of the wrong kind was passed, or a port broke its promise."""
