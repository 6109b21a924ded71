"""What goes over the ports: asks, prompts, events, admissions, effects, and what observers see."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from coachwork.drivers import Observation
from coachwork.effects import (
    AskAdmission,
    AskModel,
    Commit,
    Dispatch,
    Effect,
    Find,
    Get,
    GetTemplate,
    NewId,
    Notify,
    Now,
    ReadLog,
    Render,
    RunAgent,
    Summarize,
    TemplateNames,
)
from coachwork.events import Event, MessageCompleted, MessageFailed
from coachwork.jobs import ErrorCode, JobKind
from coachwork.ports import Admission, AgentAsk, Answer, Ask, Partial, Prompt, PromptRole
from coachwork.replies import reply_schema, result_schema
from coachwork.testing.strategies._agents import agent_names
from coachwork.testing.strategies._jobs import job_refs
from coachwork.testing.strategies._leaves import counts, ids, utc_instants
from coachwork.testing.strategies._plain import sound_data
from coachwork.testing.strategies._records import commits, keys, queries
from coachwork.testing.strategies._replies import bad_replies, extractions, replies
from coachwork.testing.strategies._sessions import messages, usages
from coachwork.testing.strategies._texts import any_texts, sound_texts, texts
from coachwork.testing.strategies._topics import Values, filled_templates, templates
from coachwork.texts import user_text
from coachwork.topics import TemplateName
from coachwork.worker import WorkerOptions

_SCHEMAS: Final = (reply_schema(None), reply_schema(Values), result_schema(Values))


def prompts(*roles: PromptRole) -> st.SearchStrategy[Prompt]:
    """Return a strategy of what models are shown.

    Args:
        roles: Who speaks; anybody where none is given.
    """
    return _prompts(roles or tuple(PromptRole))


@cache
def _prompts(roles: tuple[PromptRole, ...]) -> st.SearchStrategy[Prompt]:
    """Return a strategy of prompts of one of these *roles*."""
    return st.builds(Prompt, st.sampled_from(roles), texts())


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    """Return a strategy of what models are asked for: the system prompt, the talk, a task."""
    purpose = draw(st.sampled_from(JobKind))
    said = () if purpose is JobKind.GREETING else (PromptRole.USER, PromptRole.COACH)
    talk = draw(st.lists(prompts(*said), max_size=4)) if said else []
    closing = [] if purpose is JobKind.REPLY else [draw(prompts(PromptRole.INSTRUCTION))]
    return Ask(
        messages=(draw(prompts(PromptRole.SYSTEM)), *talk, *closing),
        schema=draw(st.sampled_from(_SCHEMAS)),
        purpose=purpose,
        model=draw(st.none() | sound_texts()),
        timeout=draw(st.floats(0.001, timedelta(days=1).total_seconds())),
        session=draw(ids()),
        job=draw(ids()),
        turn=draw(st.integers(0, 1000)),
        attempt=draw(st.integers(1, 100)),
    )


@cache
def agent_asks() -> st.SearchStrategy[AgentAsk]:
    """Return a strategy of what sub-agents of programs are asked for."""
    return st.builds(
        AgentAsk,
        agent=agent_names(),
        program=ids(),
        prompt=texts(),
        schema=st.just(result_schema(Values)),
        model=st.none() | sound_texts(),
        timeout=st.floats(0.001, timedelta(days=1).total_seconds()),
        session=ids(),
        run=st.integers(1, 100),
    )


@cache
def answers() -> st.SearchStrategy[Answer]:
    """Return a strategy of whatever a model may answer: replies, results, and neither."""
    return replies() | bad_replies() | sound_data().flatmap(extractions)


@cache
def admissions() -> st.SearchStrategy[Admission]:
    """Return a strategy of what applications are asked to admit."""
    about = {"tenant": ids(), "user": ids(), "topic": ids()}
    commands = st.sampled_from(("resume", "complete", "retry"))
    return (
        st.builds(Admission, command=st.just("start"), session=st.none(), **about)
        | st.builds(Admission, command=st.just("send"), session=ids(), text=texts(), **about)
        | st.builds(Admission, command=commands, session=ids(), **about)
    )


@cache
def partials() -> st.SearchStrategy[Partial]:
    """Return a strategy of pieces of what a coach is saying."""
    return st.builds(
        Partial,
        tenant=ids(),
        user=ids(),
        session=ids(),
        job=ids(),
        attempt=st.integers(1, 100),
        sequence=st.integers(1, 1000),
        text=texts(),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Return a strategy of the terminal events of jobs."""
    job, kind = draw(ids()), draw(st.sampled_from(JobKind))
    completed = draw(st.booleans())
    return Event(
        id=f"{job}.settled",
        kind=kind,
        job=job,
        session=draw(ids()),
        tenant=draw(ids()),
        user=draw(ids()),
        at=draw(utc_instants()),
        data=draw(_completed(kind)) if completed else draw(_failed()),
    )


@st.composite
def _completed(draw: st.DrawFn, kind: JobKind) -> MessageCompleted:
    """Tell what came of a job: a result without a message, or a message, and one if it is final."""
    extracts = kind is JobKind.EXTRACTION
    final = extracts or draw(st.booleans())
    turns, most = draw(st.integers(0, 1000)), draw(st.integers(0, 1000))
    return MessageCompleted(
        message=None if extracts else draw(texts()),
        is_final=final,
        turn=min(turns, most) if most else turns,
        max_turns=most,
        message_count=draw(st.integers(2 * turns, 2 * turns + 9)),
        result=draw(sound_data()) if final else None,
    )


@cache
def _failed() -> st.SearchStrategy[MessageFailed]:
    """Return a strategy of why jobs failed, as it is told to people."""
    return st.sampled_from(ErrorCode).map(
        lambda code: MessageFailed(error=user_text(code.value), error_code=code)
    )


@cache
def parts_of_events() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that events tell."""
    completed = st.sampled_from(JobKind).flatmap(_completed)
    return {MessageCompleted: completed, MessageFailed: _failed()}


@cache
def observations() -> st.SearchStrategy[Observation]:
    """Return a strategy of what observers are told of effects."""
    return effects().flatmap(
        lambda effect: st.builds(
            Observation,
            effect=st.just(type(effect).__name__),
            subject=st.just(effect.subject),
            ids=st.just(effect.ids),
            seconds=st.floats(0, 1000),
            usage=st.none() | usages(),
            error=st.none() | st.sampled_from([code.value for code in ErrorCode]),
        )
    )


@cache
def worker_options() -> st.SearchStrategy[WorkerOptions]:
    """Return a strategy of how workers may be set up."""
    seconds = st.floats(0.001, 10_000)
    return st.builds(
        WorkerOptions,
        concurrency=st.integers(1, 10_000),
        poll=seconds,
        backoff=seconds,
        longest_backoff=seconds,
        relay_after=st.just(0.0) | seconds,
        grace=st.just(0.0) | seconds,
    )


@cache
def effects() -> st.SearchStrategy[Effect[Any]]:
    """Return a strategy of everything that a workflow may ask of the outside world."""
    return st.one_of([*parts_of_effects().values()])


@cache
def parts_of_effects() -> dict[type[Effect[Any]], st.SearchStrategy[Any]]:
    """Return a strategy for each class of effects."""
    return {
        Now: st.builds(Now),
        NewId: st.builds(NewId),
        Get: st.builds(Get, keys()),
        Commit: st.builds(Commit, commits(most=2)),
        ReadLog: st.builds(
            ReadLog,
            tenant=ids(),
            session=ids(),
            after=counts(),
            last=st.none() | st.integers(0, 1000),
            limit=st.integers(1, 1000),
        ),
        Find: st.builds(Find, queries()),
        AskModel: st.builds(AskModel, asks(), ids(), ids()),
        RunAgent: st.builds(RunAgent, agent_asks(), ids(), ids()),
        GetTemplate: st.builds(GetTemplate, ids(), st.sampled_from(TemplateName)),
        TemplateNames: st.builds(TemplateNames, templates()),
        Render: filled_templates().map(lambda told: Render(*told)),
        Summarize: st.builds(
            Summarize, st.none() | any_texts(), st.lists(messages(), max_size=3).map(tuple)
        ),
        AskAdmission: st.builds(AskAdmission, admissions()),
        Dispatch: st.builds(Dispatch, job_refs()),
        Notify: st.builds(Notify, events()),
    }
