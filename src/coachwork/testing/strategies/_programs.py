"""What programs leave behind: each state has been played from its beginning, action by action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, Final, TypeAlias, TypeVar, cast

from attrs import evolve, frozen
from hypothesis import strategies as st

from coachwork.actions import Action, Audit, Button, Component, Sender
from coachwork.plain import JSON, from_plain, to_json
from coachwork.programs import (
    Carried,
    Done,
    Moment,
    Program,
    Progress,
    Refusal,
    Scope,
    begun,
    carry_out,
)
from coachwork.programs.identity import IDENTITY, CoachState, Identity, Note, Phase, Question
from coachwork.programs.plan import (
    PLAN,
    BriefSection,
    BusinessBrief,
    CoachingPlan,
    CoachingStep,
    Goal,
    PlanPolicy,
    SectionText,
    brief_of,
)
from coachwork.sessions import later
from coachwork.testing.strategies._agents import parts_of_agents
from coachwork.testing.strategies._components import buttons, components
from coachwork.testing.strategies._diary import (
    PROGRAMS,
    Asked,
    Diary,
    turns_of_agent,
    turns_of_diary,
)
from coachwork.testing.strategies._identity import turns_of_identity, way_on
from coachwork.testing.strategies._leaves import ids, maybe_ids, utc_instants
from coachwork.testing.strategies._plan import (
    goals,
    parameters_of_plan,
    plan_policies,
    section_texts,
    turns_of_plan,
    way_on_of_plan,
)
from coachwork.testing.strategies._texts import sound_texts

S = TypeVar("S")

_Turns: TypeAlias = Callable[[S], st.SearchStrategy[tuple[Sender, list[Asked]]]]
"""What may be asked for next, by the state."""

_AT_ONCE: Final = timedelta(0)
_HOUR: Final = timedelta(hours=1)
_MOST_TURNS: Final = 4


@frozen
class _Played:
    """A program as it was played: what would be stored, and what came of the last turn."""

    progress: Progress
    audits: tuple[Audit, ...]
    carried: Carried[Any]


@st.composite
def _play(
    draw: st.DrawFn,
    program: Program[S],
    plans: st.SearchStrategy[Sequence[_Turns[S]]],
) -> _Played:
    """Let a state begin, and let replies and clicks bring actions, turn by turn."""
    plan = draw(plans)
    number_of_ids = 1 + len(plan)
    seed, *names = draw(
        st.lists(ids(), min_size=number_of_ids, max_size=number_of_ids, unique=True)
    )
    now: datetime = draw(utc_instants())
    session = draw(ids())
    state = begun(program, seed, now)
    progress = Progress(
        tenant=draw(ids()),
        user=draw(ids()),
        program=program.id,
        version=program.version,
        subject=session if program.scope is Scope.SESSION else None,
        phase=str(program.phase(state)),
        state=cast("dict[str, JSON]", to_json(state)),
        audits=0,
        begun=seed,
        begun_at=now,
        updated_at=now,
        scenario=draw(maybe_ids()),
    )
    topic = draw(ids())
    carried: Carried[S] = Carried(state, ())
    audits: list[Audit] = []
    for number, (name, turns) in enumerate(zip(names, plan, strict=True), 1):
        sender, asked = draw(turns(carried.state))
        now = later(now, draw(st.timedeltas(_AT_ONCE, _HOUR)))
        answers = sender is Sender.COACH and draw(st.booleans())
        audit = Audit(
            id=name,
            tenant=progress.tenant,
            user=progress.user,
            session=session,
            topic=topic,
            program=program.id,
            program_version=program.version,
            subject=progress.subject,
            number=number,
            sender=sender,
            message=None if sender is Sender.AGENT else 2 * number,
            answers=2 * number - 1 if answers else None,
            at=now,
            actions=(),
            phase="",
            scenario=progress.scenario,
        )
        carried = carry_out(program, carried.state, asked, sender, now, name, audit.source)
        phase = str(program.phase(carried.state))
        audits.append(evolve(audit, actions=carried.actions, excess=carried.excess, phase=phase))
        progress = evolve(
            progress,
            phase=phase,
            state=progress.state if carried.plain is None else carried.plain,
            audits=number,
            updated_at=now,
        )
    return _Played(progress, tuple(audits), carried)


@cache
def _diaries() -> st.SearchStrategy[_Played]:
    """Return a strategy of diaries as they were kept."""
    turns = st.sampled_from((turns_of_diary, turns_of_diary, turns_of_agent))
    plans = st.lists(turns, min_size=1, max_size=_MOST_TURNS)
    return st.one_of([_play(program, plans) for program in PROGRAMS])


@cache
def _coaching(*, least: int = 0) -> st.SearchStrategy[_Played]:
    """Return a strategy of identity coaching: led through so many phases, and then at random."""
    plans = st.builds(_plan, st.integers(least, len(Phase) - 1), st.integers(1, _MOST_TURNS))
    return _play(IDENTITY, plans)


def _plan(led: int, more: int) -> Sequence[_Turns[CoachState]]:
    """Return so many turns that lead to the next phase, and so many others."""
    return [way_on] * led + [turns_of_identity] * more


@cache
def _planning() -> st.SearchStrategy[_Played]:
    """Return a strategy of business plans: led on for so many turns, and then at random."""
    plans = st.builds(_plan_of_plan, st.sampled_from(_LED), st.integers(1, _MOST_TURNS))
    return _play(PLAN, plans)


_LED: Final = (0, 1, 1, 2, 3, 5, 13, 14)
"""How many turns lead to each status, and to some places on the way: the brief takes thirteen."""


def _plan_of_plan(led: int, more: int) -> Sequence[_Turns[CoachingPlan]]:
    """Return so many turns that lead on, and so many others."""
    return [way_on_of_plan] * led + [turns_of_plan] * more


@cache
def _played() -> st.SearchStrategy[_Played]:
    """Return a strategy of programs as they were played."""
    return _diaries() | _coaching() | _planning()


@cache
def progresses() -> st.SearchStrategy[Progress]:
    """Return a strategy of states of programs as they are kept: small ones, and built-in ones."""
    return _played().map(lambda played: played.progress)


@cache
def audits() -> st.SearchStrategy[Audit]:
    """Return a strategy of all that replies and clicks brought, with every reason to refuse."""
    return _played().map(lambda played: played.audits[-1])


@cache
def actions() -> st.SearchStrategy[Action]:
    """Return a strategy of actions, applied and refused."""
    some = _diaries().filter(lambda played: bool(played.carried.actions))
    return some.flatmap(lambda played: st.sampled_from(played.carried.actions))


@cache
def moments() -> st.SearchStrategy[Moment]:
    """Return a strategy of moments at which an action may be applied; their ids are counted."""
    return st.builds(_moment, utc_instants(), ids(), maybe_ids())


def _moment(now: datetime, start: str, message: str | None) -> Moment:
    """Return a moment whose ids begin with *start*."""
    numbers = count(1)
    return Moment(now, lambda: f"{start}.{next(numbers)}", message)


@cache
def coach_states() -> st.SearchStrategy[CoachState]:
    """Return a strategy of what is known of people in identity coaching, in all its phases."""
    return _coaching().map(_state_of)


def _state_of(played: _Played) -> CoachState:
    """Return the state of identity coaching as it was played."""
    return cast("CoachState", played.carried.state)


@cache
def identities() -> st.SearchStrategy[Identity]:
    """Return a strategy of identities of people, in all their states."""
    some = _coaching(least=2).map(_state_of).filter(lambda state: bool(state.identities))
    return some.flatmap(lambda state: st.sampled_from(state.identities))


@cache
def _questions() -> st.SearchStrategy[Question]:
    """Return a strategy of questions that were asked to get to know somebody."""
    some = _coaching(least=1).map(_state_of)
    return some.flatmap(lambda state: st.sampled_from(state.asked_questions))


@cache
def _notes() -> st.SearchStrategy[Note]:
    """Return a strategy of notes of identities."""
    some = identities().filter(lambda identity: bool(identity.notes))
    return some.flatmap(lambda identity: st.sampled_from(identity.notes))


@cache
def coaching_plans() -> st.SearchStrategy[CoachingPlan]:
    """Return a strategy of business plans, in all their statuses."""
    return _planning().map(lambda played: cast("CoachingPlan", played.carried.state))


@cache
def business_briefs() -> st.SearchStrategy[BusinessBrief]:
    """Return a strategy of the briefs of business plans, as far as they are."""
    return coaching_plans().map(brief_of)


@cache
def _sections() -> st.SearchStrategy[BriefSection]:
    """Return a strategy of sections of briefs."""
    some = business_briefs().filter(lambda brief: bool(brief.sections))
    return some.flatmap(lambda brief: st.sampled_from(brief.sections))


@cache
def _parts_of_plan() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that business plans are worked on with."""
    steps = coaching_plans().flatmap(lambda plan: st.sampled_from(plan.steps))
    return {
        **parameters_of_plan(begun(PLAN, "seed", datetime(2026, 1, 1, tzinfo=UTC))),
        BriefSection: _sections(),
        BusinessBrief: business_briefs(),
        CoachingPlan: coaching_plans(),
        CoachingStep: steps,
        Goal: goals(),
        PlanPolicy: plan_policies(),
        SectionText: section_texts().map(lambda text: from_plain(text, SectionText)),
    }


@cache
def parts_of_programs() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that programs are worked on with, and leave behind."""
    states = _diaries().map(lambda played: cast("Diary", played.carried.state))
    return {
        **parts_of_agents(),
        **_parts_of_plan(),
        Action: actions(),
        Audit: audits(),
        Button: buttons(),
        Carried: _played().map(lambda played: played.carried),
        CoachState: coach_states(),
        Component: components(),
        Done: st.builds(Done[Diary], states, sound_texts(), st.none() | components()),
        Identity: identities(),
        Moment: moments(),
        Note: _notes(),
        Progress: progresses(),
        Question: _questions(),
        Refusal: st.builds(Refusal, sound_texts()),
    }
