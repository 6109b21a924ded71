"""Asking the model, and what its answers come to (brief, sections 4 and 5).

Nothing here is written but one thing: a final reply whose result has still to be extracted is
kept in the job before the model is asked again, so nothing that was paid for is asked for twice.
What is written in the end is decided in `coachwork.workflows._settling`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from attrs import evolve

from coachwork.effects import AskModel, Now, Workflow
from coachwork.errors import (
    CoachworkError,
    LLMError,
    LLMTimeoutError,
    MisuseError,
    ModelError,
    StoreError,
    ValidationError,
)
from coachwork.jobs import (
    JOB,
    ErrorCode,
    Job,
    JobError,
    JobEvent,
    JobKind,
    Kept,
    Lease,
    Step,
)
from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import JSON, from_plain, to_json
from coachwork.ports import Answer, Ask
from coachwork.programs import Program
from coachwork.records import ACCOUNT, JOB_RECORD, SESSION_RECORD, Op, Stored
from coachwork.replies import ABSENT, Absent, BadReply, parse_reply, parse_result
from coachwork.sessions import (
    Conclusion,
    ResultError,
    Session,
    SessionStatus,
    later,
)
from coachwork.topics import Topic
from coachwork.workflows._jobs import Held, about_job, reread
from coachwork.workflows._program import load_of_session
from coachwork.workflows._prompting import build_ask
from coachwork.workflows._settling import (
    Concluded,
    Failed,
    Said,
    carried,
    give_up,
    is_mine,
    raise_for,
    settle,
)
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import Tries

MAX_RESULT: Final = 128 * 1024
"""The most characters of a result as JSON text."""

NO_PROMPT: Final = "the prompt could not be made"

MAX_RAW: Final = 8_000
"""How much of an answer that is no result is kept."""


def finish(setup: Setup, topic: Topic[object], held: Held) -> Workflow[Held]:
    """Ask the model under the lease that is held, and settle the job.

    Args:
        setup: The application's declarations.
        topic: The session's topic.
        held: A job whose current lease is the caller's own.

    Returns:
        The session and the settled job.

    Raises:
        ModelError: The model failed; the job is settled so.
        TemplateError: A prompt could not be made; the job is settled as failed.
        StillAnsweringError: The lease ran out meanwhile, and another holds the job now.
        CoachworkError: The session ended meanwhile, or the repository failed. After a failure the
            lease is given up where that is possible, and the same call with the same key goes on.
    """
    job = held.job.value
    try:
        held, cause = yield from answer(setup, topic, held)
        raise_for(held.job.value, cause)
    except CoachworkError as error:
        raise about_job(error, job)  # noqa: B904 - it is the same error, told more
    return held


def answer(
    setup: Setup, topic: Topic[object], held: Held
) -> Workflow[tuple[Held, Exception | None]]:
    """Do what `finish` does, but return a failed job too, with the cause of its failure.

    A job that was taken as often as it may be is settled without asking: as failed, or, where a
    final reply is kept in it, with that reply and without a result.
    """
    tries = Tries(setup)
    # Fixed here: what is read again later may be held under another's lease.
    token = held.job.value.attempts
    try:
        outcome: Said | Concluded | Failed
        if token > setup.settings.attempts:
            outcome = _exhausted(held.job.value)
        else:
            outcome = yield from _first_answer(setup, topic, held)
        while True:
            tries.another()
            if isinstance(outcome, Said) and outcome.final and outcome.conclusion is None:
                outcome, held = yield from _conclude(setup, topic, held, token, outcome)
            settled = yield from settle(setup, topic, held, token, outcome)
            if settled is not None:
                return settled, outcome.cause if isinstance(outcome, Failed) else None
            held = yield from reread(held)
    except GeneratorExit:  # the process is gone: nothing can be asked any more
        raise
    except BaseException:
        yield from give_up(held, token)
        raise


def _first_answer(
    setup: Setup, topic: Topic[object], held: Held
) -> Workflow[Said | Concluded | Failed]:
    """Return what the job's first step comes to, asked for now or kept from an earlier lease."""
    job, session = held.job.value, held.session.value
    if job.kind is JobKind.EXTRACTION:
        return Concluded((yield from _extract(setup, topic, held, None)))
    kept = job.output(job.kind)
    if kept is not None:
        return _kept_reply(kept)
    try:
        ask, background = yield from build_ask(setup, topic, held, job.kind)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - templates and summaries come from any port
        why = JobError(ErrorCode.LLM_ERROR, NO_PROMPT)
        return Failed(why, NO_USAGE, error)
    told = yield from _asked(held, ask)
    if isinstance(told, Failed):
        return told
    reply = parse_reply(told.text, told.data, told.finish)
    usage = told.usage.clamped()
    if isinstance(reply, BadReply):
        return Failed(JobError(ErrorCode(reply.code.value), reply.reason), usage)
    final = (reply.is_final or _is_last_turn(topic, session, job.kind)) and (
        session.user_messages > 0
    )
    said = Said(
        text=reply.message,
        final=final,
        usage=usage,
        actions=reply.actions,
        background=background,
    )
    return (yield from _weighed(topic, held, said, reply.result))


def _weighed(topic: Topic[object], held: Held, said: Said, result: JSON | Absent) -> Workflow[Said]:
    """Return a reply with its conclusion, if it ends the session and none has to be extracted."""
    if not said.final:
        return said
    first = topic.program if topic.finish_first else None
    if first is not None and not (yield from _finishes(first, topic, held, said)):
        return evolve(said, final=False, premature=True)
    return evolve(said, conclusion=_known(topic, result))


def _finishes(
    program: Program[Any], topic: Topic[object], held: Held, said: Said
) -> Workflow[bool]:
    """Whether *program*, the topic's, is finished once the actions of a reply are carried out."""
    now = yield from Now()
    written = yield from carried(topic, held, said, now)
    if written is not None:
        return written.finished
    underway = yield from load_of_session(program, held.session.value.about)
    return program.is_finished(underway.state)


def _kept(said: Said) -> JSON:
    """Return a final reply as it is kept in its job."""
    return {"message": said.text, "actions": [dict(action) for action in said.actions]}


def _kept_reply(step: Step, conclusion: Conclusion | None = None) -> Said:
    """Return the final reply that was kept in a job."""
    output = cast("Mapping[str, JSON]", step.output)
    return Said(
        text=str(output["message"]),
        final=True,
        usage=NO_USAGE,
        actions=tuple(cast("list[Mapping[str, JSON]]", output["actions"])),
        conclusion=conclusion,
    )


def _exhausted(job: Job) -> Said | Concluded | Failed:
    """Return the outcome of a job that was taken too often."""
    code = ErrorCode.ATTEMPTS_EXHAUSTED
    why = "it was taken on too often without an outcome"
    conclusion = _no_result(code, why)
    if job.kind is JobKind.EXTRACTION:
        return Concluded(conclusion)
    kept = job.output(job.kind)
    if kept is not None:
        return _kept_reply(kept, conclusion)
    return Failed(JobError(code, why), NO_USAGE)


def _is_last_turn(topic: Topic[object], session: Session, kind: JobKind) -> bool:
    """Whether the topic completes by itself with this reply."""
    most = session.about.max_turns
    return (
        topic.complete_at_max_turns and kind is JobKind.REPLY and most > 0 and session.turns >= most
    )


def _known(topic: Topic[object], result: JSON | Absent) -> Conclusion | None:
    """Return the conclusion of a final reply where no extraction is needed for it."""
    if topic.result is None:
        return Conclusion()
    if result is ABSENT:
        return None
    told = _structured(topic, result)
    return None if told.error is not None else told


def _conclude(
    setup: Setup, topic: Topic[object], held: Held, token: int, said: Said
) -> Workflow[tuple[Said, Held]]:
    """Keep a final reply in its job, then have the result extracted.

    A session that is paused is left alone: the reply is settled without a conclusion, and the
    next resume extracts.
    """
    job = held.job.value
    if job.output(job.kind) is None:
        step = Step(purpose=job.kind, output=_kept(said))
        kept = yield from _keep(setup, held, token, step, said.usage)
        if kept is None:
            return said, held
        held = kept
        said = evolve(said, usage=NO_USAGE)
    elif held.session.value.status is not SessionStatus.ACTIVE or not is_mine(job, token):
        return said, held
    conclusion = yield from _extract(setup, topic, held, said.text)
    return evolve(said, conclusion=conclusion), held


def _keep(setup: Setup, held: Held, token: int, step: Step, usage: Usage) -> Workflow[Held | None]:
    """Commit a step's output in the job, with a new lease of the same token for the next step.

    The session is checked in the same commit: as long as the step is kept it is ACTIVE, since
    pause is refused while a job is completing.

    Returns:
        The same with the step kept, or None where the session is not ACTIVE, or has expired, or
        the job is lost.
    """
    tries = Tries(setup)
    while True:
        tries.another()
        session, job = held.session, held.job
        if session.value.status is not SessionStatus.ACTIVE or not is_mine(job.value, token):
            return None
        if job.value.output(step.purpose) is not None:  # done, though the answer was lost
            return held
        now = yield from Now()
        if session.value.is_expired(now):
            return None
        given = Kept(step, usage, Lease(token, later(now, setup.lease)))
        kept = JOB.move(job.value, JobEvent.KEEP, now, given).value
        ops: list[Op] = [
            JOB_RECORD.update(job, kept),
            SESSION_RECORD.check(session),
            ACCOUNT.check(held.account),
        ]
        if (yield from tries.commit(ops)):
            return Held(held.account, session, Stored(kept, job.version + 1))
        held = yield from reread(held)


def _extract(
    setup: Setup, topic: Topic[object], held: Held, said: str | None
) -> Workflow[Conclusion]:
    """Ask for the result of the conversation; a failure is a conclusion too, never an error."""
    try:
        ask, _ = yield from build_ask(setup, topic, held, JobKind.EXTRACTION, said)
    except StoreError:
        raise
    except Exception:  # noqa: BLE001 - templates come from any port
        return _no_result(ErrorCode.LLM_ERROR, NO_PROMPT)
    answered = yield from _asked(held, ask)
    if isinstance(answered, Failed):
        return _no_result(answered.error.code, answered.error.reason)
    usage = answered.usage.clamped()
    raw = answered.text
    result = parse_result(answered.text, answered.data, answered.finish)
    if isinstance(result, BadReply):
        return _no_result(ErrorCode(result.code.value), result.reason, raw, usage)
    told = _structured(topic, result)
    if told.error is not None and isinstance(result, dict) and "result" in result:
        # Some models put the result into the envelope of a reply.
        inner = _structured(topic, result["result"])
        told = told if inner.error is not None else inner
    if told.error is not None:
        return _no_result(ErrorCode.BAD_REPLY, told.error.reason, raw or _dumped(result), usage)
    return evolve(told, usage=usage)


def _structured(topic: Topic[object], result: JSON | Absent) -> Conclusion:
    """Return the conclusion that *result* is, in the normal form of the topic's type."""
    if topic.result is None:  # a topic without a result was asked for none
        return Conclusion()
    try:
        plain = to_json(from_plain(result, topic.result))
    except ValidationError as fault:
        why = f"it does not fit {topic.result.__name__}: {fault.field}: {fault.expected}"
        return _no_result(ErrorCode.BAD_REPLY, why)
    if len(json.dumps(plain)) > MAX_RESULT:
        return _no_result(ErrorCode.BAD_REPLY, f"it is longer than {MAX_RESULT} characters")
    return Conclusion(result=plain)


def _dumped(result: JSON | Absent) -> str:
    """Return a result that the provider gave as data as text."""
    return json.dumps(result)


def _no_result(
    code: ErrorCode, reason: str, raw: str | None = None, usage: Usage = NO_USAGE
) -> Conclusion:
    """Return the conclusion that there is no result, and why."""
    error = ResultError(code.value, reason, None if raw is None else raw[:MAX_RAW])
    return Conclusion(error=error, usage=usage)


def _asked(held: Held, ask: Ask) -> Workflow[Answer | Failed]:
    """Ask the model; whatever its port raises is a failed answer."""
    job = held.job.value
    try:
        return checked_answer((yield from AskModel(ask, job.tenant, job.user)))
    except (LLMTimeoutError, TimeoutError) as cause:
        why = JobError(ErrorCode.LLM_TIMEOUT, _TOO_LATE, model_pause(cause))
        return Failed(why, NO_USAGE, cause)
    except Exception as cause:  # noqa: BLE001 - a model port may raise anything
        why = JobError(model_code(cause), "the language model failed", model_pause(cause))
        return Failed(why, NO_USAGE, cause)


def checked_answer(answer: object) -> Answer:
    """Return what the model port gave, if it is an answer.

    Raises:
        MisuseError: It is something else, or holds something else.
    """
    if not isinstance(answer, Answer):
        raise MisuseError("the language model port must return an Answer")
    for name, wanted in (("text", str | None), ("finish", str), ("usage", Usage)):
        if not isinstance(getattr(answer, name), wanted):
            raise MisuseError(f"the language model port gave an Answer with a wrong {name}")
    return answer


def model_pause(cause: Exception) -> float | None:
    """Return for how many seconds the provider wants to be left alone, if that is a number."""
    wish: object = cause.provider_retry_after if isinstance(cause, ModelError) else None
    return float(wish) if isinstance(wish, (int, float)) and 0 <= wish <= _LONGEST else None


_LONGEST: Final = 10.0**9
"""No pause is longer (seconds); NaN and infinity are no numbers that could be kept."""


_TOO_LATE: Final = "the language model did not answer in time"


def model_code(cause: Exception) -> ErrorCode:
    """Return why the model failed, as its adapter says it where it says it."""
    if isinstance(cause, LLMError) and cause.reason in _MODEL_CODES:
        return ErrorCode(cause.reason)
    return ErrorCode.LLM_ERROR


_MODEL_CODES: Final = frozenset(
    code.value
    for code in (
        ErrorCode.EMPTY_REPLY,
        ErrorCode.BAD_REPLY,
        ErrorCode.LENGTH,
        ErrorCode.CONTENT_FILTER,
        ErrorCode.LLM_ERROR,
    )
)
