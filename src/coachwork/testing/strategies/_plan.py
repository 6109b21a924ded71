"""Business plans that can come to be: what is asked for from one plan to the next."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any, Final

from attrs import fields
from hypothesis import strategies as st

from coachwork.actions import Sender
from coachwork.plain import JSON, from_plain
from coachwork.programs import ActionType, AgentStatus
from coachwork.programs.plan import (
    GOALS,
    PLAN,
    AtLimit,
    CoachingPlan,
    Criterion,
    Goal,
    HelpKind,
    PlanPolicy,
    PlanStatus,
    Step,
)
from coachwork.testing.strategies._diary import Asked, asked
from coachwork.testing.strategies._plain import sound_data
from coachwork.testing.strategies._texts import texts

_UNTIL: Final = ("0002-01-01T00:00:00Z", "9998-01-01T00:00:00Z")
"""Until when an agent may run: it is lost at once, or never."""

_WORDS: Final = ("The best of Dakar.", "For all who work.", "# A\n\n* one\n* two", "Ça, c'est bon.")
_AGENT_DEEDS: Final = frozenset({"begin_agent", "finish_agent", "fail_agent"})


def turns_of_plan(plan: CoachingPlan) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of what a reply, a click or an agent asks for, and may well be possible."""
    coach, user, agent = (_one(plan, sender) for sender in Sender)
    return st.one_of(
        st.tuples(st.just(Sender.COACH), st.lists(coach, max_size=3)),
        st.tuples(st.just(Sender.USER), user.map(lambda wish: [wish])),
        st.tuples(st.just(Sender.AGENT), agent.map(lambda deed: [deed])),
    )


def _one(plan: CoachingPlan, sender: Sender) -> st.SearchStrategy[Asked]:
    """Return a strategy of single actions that *sender* may do; where there is none, of one."""
    allowed = PLAN.allowed(plan, sender)
    if not allowed:
        return st.just(asked("set_context", sector={"size": 1}))
    return st.sampled_from(allowed).flatmap(lambda one: _form(one, plan))


def _form(action: ActionType[CoachingPlan, Any], plan: CoachingPlan) -> st.SearchStrategy[Asked]:
    """Return a strategy of the forms of *action* that may well be possible in *plan*."""
    if action.name in _AGENT_DEEDS:
        return _deed(action.name, plan)
    some = _options(plan)
    names = [one.name for one in fields(action.parameters)]
    parameters = st.fixed_dictionaries({name: some[name] for name in names})
    return parameters.map(lambda given: asked(action.name, **given))


def _options(plan: CoachingPlan) -> dict[str, st.SearchStrategy[Any]]:
    """Return a strategy for what a parameter may be, by its name."""
    several = st.lists(_words(), min_size=1, max_size=3)
    context = st.dictionaries(
        st.sampled_from(("country", "sector", "size")), st.none() | _words(), max_size=2
    )
    current = plan.current_step.value
    return {
        "agent": _agents(plan),
        "clarifying_question": _maybe(),
        "complete": st.booleans(),
        "confidence": st.sampled_from((0, 0.5, 0.7, 1)) | st.floats(0, 1),
        "criteria": st.lists(st.sampled_from(Criterion).map(str), max_size=3),
        "cultural": context,
        "draft": _maybe(),
        "examples": st.just([]) | several,
        "feedback": _maybe(),
        "kind": st.sampled_from(HelpKind).map(str),
        "order": _orders(),
        "proposals": several,
        "questions": several,
        "reformulation": _maybe(),
        "response": _words(),
        "sector": context,
        "step": st.just(current) | st.sampled_from(Step).map(str),
        "text": _words(),
    }


def _deed(name: str, plan: CoachingPlan) -> st.SearchStrategy[Asked]:
    """Return a strategy of what becomes of an agent: mostly of the run that it is the turn of."""
    return _agents(plan).flatmap(lambda agent: _deed_of(name, agent, plan))


def _deed_of(name: str, agent: str, plan: CoachingPlan) -> st.SearchStrategy[Asked]:
    run = plan.runs.of(agent).run + (name == "begin_agent")
    rest: dict[str, st.SearchStrategy[Any]] = {
        "begin_agent": st.sampled_from(_UNTIL).map(lambda until: {"until": until}),
        "finish_agent": (section_texts() | sound_data()).map(lambda given: {"result": given}),
        "fail_agent": st.just({"code": "LLM_TIMEOUT"}),
    }
    numbers = st.sampled_from((run, run, run, run + 1))
    return st.tuples(numbers, rest[name]).map(
        lambda given: asked(name, agent=agent, run=given[0], **given[1])
    )


def _agents(plan: CoachingPlan) -> st.SearchStrategy[str]:
    """Return a strategy of the names of agents."""
    return st.sampled_from([run.agent for run in plan.runs.runs] or ["nobody"])


@cache
def _orders() -> st.SearchStrategy[list[str]]:
    """Return a strategy of orders of all steps, most of them with the synthesis at the end."""
    names = [step.value for step in Step]
    last = st.permutations(names[:-1]).map(lambda order: [*order, names[-1]])
    return last | st.lists(st.sampled_from(names), min_size=1, max_size=6, unique=True)


@cache
def _words() -> st.SearchStrategy[str]:
    """Return a strategy of answers and remarks."""
    return st.sampled_from(_WORDS) | texts()


@cache
def _maybe() -> st.SearchStrategy[str]:
    """Return a strategy of what may be left out."""
    return st.just("") | _words()


@cache
def section_texts() -> st.SearchStrategy[JSON]:
    """Return a strategy of sections as agents write them, as plain data."""
    written = st.fixed_dictionaries({"title": st.sampled_from(_WORDS), "body": _words()})
    return written.map(lambda section: {**section})


def way_on_of_plan(plan: CoachingPlan) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of what leads on from the status of *plan*: one reply, click or deed."""
    if plan.status is PlanStatus.SUB_AGENTS_RUNNING:
        return _next_deed(plan)
    work = _work(plan)
    return work.map(lambda actions: (Sender.COACH, actions))


def _work(plan: CoachingPlan) -> st.SearchStrategy[list[Asked]]:
    """Return a strategy of replies that do what is left to do in the status of *plan*."""
    match plan.status:
        case PlanStatus.INITIALIZED:
            return st.just([asked("start_coaching")])
        case PlanStatus.IN_PROGRESS:
            later = [one.step for one in plan.open_steps if one.step is not plan.current_step]
            return st.tuples(*map(_answer, (plan.current_step, *later))).map(list)
        case PlanStatus.COACHING_COMPLETE:
            return st.just([asked("start_agents")])
        case _:
            return st.just([asked("accept_brief")])


@cache
def _answer(step: Step) -> st.SearchStrategy[Asked]:
    """Return a strategy of assessments of answers to *step* that will do."""
    given = st.tuples(_words(), st.floats(0.7, 1))
    return given.map(
        lambda one: asked(
            "assess_answer", step=step.value, complete=True, confidence=one[1], response=one[0]
        )
    )


def _next_deed(plan: CoachingPlan) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of what an agent does whose turn it is."""
    running = [run for run in plan.runs.runs if run.status is AgentStatus.RUNNING]
    if running:
        agent, run = running[0].agent, running[0].run
        sections = section_texts()
        deeds = sections.map(
            lambda result: asked("finish_agent", agent=agent, run=run, result=result)
        )
    else:
        due = PLAN.due_agents(plan, plan.updated_at)
        names = st.sampled_from([agent.name for agent in due] or ["nobody"])
        deeds = names.map(
            lambda name: asked(
                "begin_agent", agent=name, run=plan.runs.of(name).run + 1, until=_UNTIL[1]
            )
        )
    return deeds.map(lambda deed: (Sender.AGENT, [deed]))


@cache
def plan_policies() -> st.SearchStrategy[PlanPolicy]:
    """Return a strategy of what may decide where plans differ."""
    return st.builds(
        PlanPolicy,
        threshold=st.floats(0, 1),
        retries=st.integers(1, 4),
        at_limit=st.sampled_from(AtLimit),
        idle=st.timedeltas(timedelta(seconds=1), timedelta(hours=2)),
        subset=st.booleans(),
        synthesis_anywhere=st.booleans(),
        wait_for_agents=st.booleans(),
    )


def parameters_of_plan(state: CoachingPlan) -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for the parameters of each action of the talk, as values of their class."""
    some = _options(state)
    return {
        action.parameters: _parameters(action.parameters, some)
        for action in PLAN.actions
        if action.parameters.__module__.startswith("coachwork.programs.plan")
    }


def _parameters(
    kind: type[Any], options: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[Any]:
    """Return a strategy of the values of a class of parameters."""
    given = {one.name: options[one.name] for one in fields(kind)}
    return st.fixed_dictionaries(given).map(lambda plain: from_plain(plain, kind))


@cache
def goals() -> st.SearchStrategy[Goal]:
    """Return a strategy of what the steps are about."""
    return st.sampled_from([*GOALS.values()])
