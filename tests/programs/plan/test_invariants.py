"""Whatever coach, user and agents do, valid or not, what must hold of a plan holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coachwork.actions import Action, ActionStatus, Audit, RefusalCode, Sender
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    MAX_ACTIONS,
    Program,
    Progress,
    begun,
    carry_again,
    carry_out,
    read_state,
    rebuild,
    told,
)
from coachwork.programs.plan import (
    DEFAULT_AGENTS,
    PLAN,
    AtLimit,
    CoachingPlan,
    HelpKind,
    PlanPolicy,
    PlanStatus,
    Step,
    brief_of,
    markdown,
    plan_program,
    section_agent,
)
from coachwork.testing.strategies._plan import turns_of_plan, way_on_of_plan
from tests.programs.plan.invariants import broken_between, broken_by, broken_in_log
from tests.programs.plan.plans import (
    BRIEF_READY,
    COACHING_COMPLETE,
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    INITIALIZED,
    plan,
    section,
    with_step,
)
from tests.specimens import NOON

Asked = dict[str, JSON]

PROGRAMS: Final[tuple[Program[CoachingPlan], ...]] = (
    PLAN,
    plan_program(policy=PlanPolicy(retries=1, at_limit=AtLimit.FAIL)),
    plan_program(policy=PlanPolicy(retries=2, at_limit=AtLimit.ACCEPT, wait_for_agents=True)),
    plan_program(
        order=(Step.SYNTHESIS, Step.VISION),
        policy=PlanPolicy(subset=True, synthesis_anywhere=True, threshold=0.4),
        agents=[
            section_agent("market", "Describe it.", attempts=1, required=False),
            section_agent("team", "Who?", stage=2, attempts=1),
        ],
    ),
    plan_program(order=(Step.OFFRE,), policy=PlanPolicy(subset=True), agents=()),
    plan_program(
        policy=PlanPolicy(wait_for_agents=True, idle=timedelta(minutes=2)),
        agents=DEFAULT_AGENTS[3:],
    ),
)
"""Programs whose policies, orders and agents differ."""


class Play:
    """A plan from its beginning, with the log of its actions."""

    def __init__(self, program: Program[CoachingPlan] = PLAN) -> None:
        """Begin."""
        self.program = program
        self.state = begun(program, "seed", NOON)
        self.audits: list[Audit] = []

    def turn(self, sender: Sender, actions: list[Asked], minutes: int = 1) -> Audit:
        """Carry out actions, so many *minutes* later, and check what must hold."""
        number = len(self.audits) + 1
        audit = Audit(
            id=f"a-{number}",
            tenant="acme",
            user="ada",
            session="s-1",
            topic="plan",
            program=self.program.id,
            program_version=self.program.version,
            subject="s-1",
            number=number,
            sender=sender,
            message=None if sender is Sender.AGENT else 2 * number,
            answers=2 * number - 1 if sender is Sender.COACH else None,
            at=self.state.updated_at + timedelta(minutes=minutes),
            actions=(),
            phase="",
        )
        before = self.state
        done = carry_out(self.program, before, actions, sender, audit.at, audit.id, audit.source)
        self.state = done.state
        audit = evolve(audit, actions=done.actions, excess=done.excess, phase=done.state.status)
        self.audits.append(audit)
        assert not broken_by(self.state)
        assert self._replayed(before, audit) == self.state
        return audit

    def _replayed(self, state: CoachingPlan, audit: Audit) -> CoachingPlan:
        """Return what the actions lead to one by one, and check what each of them does."""
        for action in audit.actions:
            after = carry_again(self.program, state, evolve(audit, actions=(action,)))
            assert not broken_between(state, action, after, audit.source)
            state = after
        return state

    def progress(self) -> Progress:
        """Return what would be stored."""
        return Progress(
            tenant="acme",
            user="ada",
            program=self.program.id,
            version=self.program.version,
            subject="s-1",
            phase=self.state.status,
            state=cast("dict[str, JSON]", to_json(self.state)),
            audits=len(self.audits),
            begun="seed",
            begun_at=NOON,
            updated_at=self.state.updated_at,
        )

    @property
    def actions(self) -> list[Action]:
        """The whole log."""
        return [action for audit in self.audits for action in audit.actions]

    def check(self) -> None:
        """Check what must hold of the whole: the log leads to the very plan that is stored."""
        progress = self.progress()
        assert read_state(self.program, progress) == self.state
        assert rebuild(self.program, progress, self.audits) == self.state
        assert not broken_in_log(self.actions, self.state)
        assert told(self.program, self.state)
        assert markdown(brief_of(self.state))


# --- random plans ----------------------------------------------------------------------------


def garbage(chance: random.Random) -> JSON:
    """Return plain data of any kind."""
    kind = chance.randrange(9)
    if kind > 6:
        return [garbage(chance) for _ in range(chance.randrange(3))]
    if kind > 5:
        return {str(garbage(chance)): garbage(chance) for _ in range(chance.randrange(3))}
    choices: list[JSON] = [
        None, True, 0, -1.5, 0.9, float("nan"), "", "\ud800\0", "vision", "a" * 9000, 10**40,
    ]  # fmt: skip
    return chance.choice(choices)


def malformed(chance: random.Random) -> Iterator[Asked]:
    """Yield an action of each kind of malformation."""
    names = list(PLAN.by_name)
    name = chance.choice(names)
    some = garbage(chance)
    fields = [one.name for one in PLAN.by_name[name].parameters.__attrs_attrs__]
    yield {}
    yield {"type": some if some not in names else None, "parameters": {}}
    yield {"type": name.upper(), "parameters": some}
    yield {"type": name, "parameters": {}, "more": some}
    yield {"type": name, "parameters": some if not isinstance(some, dict) else [some]}
    yield {"type": name, "parameters": {"more": some}}
    about: Asked = {"step": "vision", "complete": True, "confidence": some}
    yield {"type": "assess_answer", "parameters": about}
    yield {"type": name, "parameters": {field: [[some]] for field in (*fields, "more")}}
    yield {"type": name, "parameters": dict.fromkeys((*fields, "more"), "\ud800")}


@cache
def _malformed() -> st.SearchStrategy[Asked]:
    """Return the strategy of malformed actions."""
    chances = st.integers(0, 9999).map(random.Random)
    return chances.flatmap(lambda chance: st.sampled_from([*malformed(chance)]))


_CHOICES: Final = (*[way_on_of_plan] * 6, *[turns_of_plan] * 5, None)
"""What is done next: what leads on, what may be possible, or what cannot be."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), program=st.sampled_from(PROGRAMS), turns=st.integers(1, 18))
def test_whatever_is_done_what_must_hold_holds(
    data: st.DataObject, program: Program[CoachingPlan], turns: int
) -> None:
    """Of each plan, of each action, and of the log."""
    play = Play(program)
    for _ in range(turns):
        choice = data.draw(st.sampled_from(_CHOICES))
        if choice is None:
            sender = data.draw(st.sampled_from(Sender))
            actions = data.draw(st.lists(_malformed(), min_size=1, max_size=3))
        else:
            sender, actions = data.draw(choice(play.state))
        play.turn(sender, actions, data.draw(st.sampled_from((0, 1, 45))))
    play.check()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("seed", range(6))
def test_plans_that_are_led_on_come_to_an_end(program: Program[CoachingPlan], seed: int) -> None:
    """With failures and retries on the way, whatever the policy."""
    chance = random.Random(f"{program.agents} {seed}")
    play = Play(program)
    for _ in range(400):
        if play.state.status in {COMPLETED, FAILED}:
            break
        play.turn(*_step(chance, play))
    play.check()
    assert play.state.status in {COMPLETED, FAILED}


def _step(chance: random.Random, play: Play) -> tuple[Sender, list[Asked]]:
    """Return what may be done next, which mostly leads on."""
    state = play.state
    match state.status:
        case PlanStatus.INITIALIZED:
            return Sender.COACH, [{"type": "start_coaching"}]
        case PlanStatus.IN_PROGRESS:
            given: dict[str, JSON] = {
                "step": state.current_step.value,
                "complete": chance.random() < 0.8,
                "confidence": chance.choice([0.5, 0.8, 0.9, float("nan")]),
                "response": f"About {state.current_step}.",
            }
            return Sender.COACH, [{"type": "assess_answer", "parameters": given}]
        case PlanStatus.COACHING_COMPLETE:
            return Sender.USER, [{"type": "start_agents"}]
        case PlanStatus.SUB_AGENTS_RUNNING:
            return _agent_step(chance, play)
        case _:
            return Sender.USER, [_last(chance)]


def _last(chance: random.Random) -> Asked:
    """Return what is done with a ready brief."""
    if chance.random() < 0.5:
        return {"type": "accept_brief"}
    edited: dict[str, JSON] = {"step": "offre", "response": f"New {chance.random()}."}
    return {"type": "edit_answer", "parameters": edited}


def _agent_step(chance: random.Random, play: Play) -> tuple[Sender, list[Asked]]:
    """Return what becomes of an agent, or that somebody wants it to run again."""
    state = play.state
    running = [run for run in state.runs.runs if run.status == "running"]
    due = play.program.due_agents(state, NOON)
    if running and (chance.random() < 0.5 or not due):
        run = chance.choice(running)
        parameters: dict[str, JSON] = {"agent": run.agent, "run": run.run}
        if chance.random() < 0.3:
            return Sender.AGENT, [
                {"type": "fail_agent", "parameters": {**parameters, "code": "LLM_ERROR"}}
            ]
        result: JSON = {"title": "T", "body": "b"}
        return Sender.AGENT, [
            {"type": "finish_agent", "parameters": {**parameters, "result": result}}
        ]
    if due:
        name = chance.choice(due).name
        until = "9998-01-01T00:00:00Z"
        begin: dict[str, JSON] = {
            "agent": name, "run": state.runs.of(name).run + 1, "until": until
        }  # fmt: skip
        return Sender.AGENT, [{"type": "begin_agent", "parameters": begin}]
    failed = next(run.agent for run in state.runs.runs if run.status == "failed")
    return Sender.USER, [{"type": "run_agent_again", "parameters": {"agent": failed}}]


@pytest.mark.parametrize("status", PlanStatus)
def test_thousands_of_malformed_actions_change_nothing(status: PlanStatus) -> None:
    """None of them raises, and each is refused; an assessment that cannot be read is a try."""
    chance = random.Random(status)
    state = plan(status)
    seen: set[RefusalCode | None] = set()
    count = 0
    while count < 1000:
        batch = [action for _ in range(5) for action in malformed(chance)][:MAX_ACTIONS]
        sender = chance.choice(list(Sender))
        carried = carry_out(PLAN, state, batch, sender, NOON, "a-x", "s-1.1")
        sound = [one for one in carried.actions if one.status is ActionStatus.APPLIED]
        assert all(one.type == "assess_answer" for one in sound), sound
        if not sound and (sender is not Sender.COACH or status is not IN_PROGRESS):
            assert carried.state is state
        assert all(one.summary for one in carried.actions)
        seen |= {one.code for one in carried.actions}
        count += len(batch)
    is_over = status in {COMPLETED, FAILED}
    other = RefusalCode.WRONG_PHASE if is_over else RefusalCode.BAD_PARAMETERS
    assert {RefusalCode.UNKNOWN_ACTION, other} <= seen
    assert RefusalCode.PROGRAM_ERROR not in seen


# --- the predicates themselves ---------------------------------------------------------------

READY: Final = evolve(plan(BRIEF_READY))


def _steps(name: Step, **fields: object) -> dict[str, object]:
    return {"steps": with_step(READY, name, **fields).steps}


@pytest.mark.parametrize(
    "changes, told_of",
    [
        ({"steps": READY.steps * 2}, "a step is there twice"),
        ({"steps": READY.steps[::-1]}, "steps are out of order"),
        ({"steps": READY.steps[:3]}, "a step is missing"),
        ({"steps": READY.steps[::-1]}, "the synthesis is not the last"),
        ({"steps": READY.steps[1:], "current_step": Step.VISION}, "is none of the plan"),
        (_steps(Step.OFFRE, confidence=-0.5), "a confidence is none"),
        (_steps(Step.OFFRE, confidence=1.5), "a confidence is none"),
        (_steps(Step.OFFRE, response=""), "a complete step has no answer"),
        (_steps(Step.OFFRE, attempts=2), "more tries since"),
        (_steps(Step.OFFRE, attempts=3), "retries are used up"),
        ({"status": IN_PROGRESS}, "what is worked on is complete"),
        ({"help_wanted": "proposals"}, "help is wanted with nothing"),
        (_steps(Step.OFFRE, complete=False), "it went on with an open step"),
        ({"coaching_confidence": 0.5}, "not the mean of the steps"),
        ({"step_completion": {}}, "the completion does not agree"),
        ({"coaching_plan": ()}, "the order does not agree"),
        ({"retry_count": 7}, "the retries do not agree"),
        (_steps(Step.OFFRE, duration=timedelta(1)), "steps took longer"),
        ({"conversation": ("a", "a")}, "a message is told twice"),
        ({"sections": READY.sections * 2}, "a section is there twice"),
        ({"sections": (section("market", version=2),)}, "more often than its agent succeeded"),
        ({"brief_version": 0}, "has no version"),
        ({"runs": evolve(READY.runs, runs=())}, "without a required section"),
        ({"sections": ()}, "wrote nothing"),
        (_steps(Step.OFFRE, response="x" * 90_000), "too much talk"),
        ({"conversation": ("x" * 200_000,)}, "it cannot be kept"),
    ],
)
def test_damage_to_a_plan_is_seen(changes: dict[str, Any], told_of: str) -> None:
    """Each predicate tells its own; a plan that is sound has none."""
    assert not broken_by(READY)
    assert told_of in "; ".join(broken_by(evolve(READY, **changes)))


def _action(name: str, **fields: object) -> Action:
    made = Action(
        id="a-1.1", type=name, parameters={}, status=ActionStatus.APPLIED, summary="did it"
    )
    return evolve(made, **cast("dict[str, Any]", fields))


@pytest.mark.parametrize(
    "changes, told_of",
    [
        ({"status": INITIALIZED}, "BRIEF_READY led to INITIALIZED"),
        ({"updated_at": NOON - timedelta(1)}, "time went back"),
        ({"last_at": NOON - timedelta(1)}, "time went back"),
        ({"coaching_duration": timedelta(hours=2)}, "a gap was longer"),
        ({"policy": PlanPolicy(retries=7)}, "the policy changed"),
        ({"brief_version": 0}, "the brief went back"),
        ({"retry_count": 1}, "1 retries where there should be 0"),
        (_steps(Step.OFFRE, response="Other."), "did not stay complete"),
        (_steps(Step.OFFRE, complete=False), "did not stay complete"),
        ({"steps": READY.steps[1:]}, "did not stay complete"),
    ],
)
def test_damage_by_an_action_is_seen(changes: dict[str, Any], told_of: str) -> None:
    """Each predicate tells its own; an action that changes nothing of it is sound."""
    action = _action("give_proposals")
    assert not broken_between(READY, action, READY)
    assert told_of in "; ".join(broken_between(READY, action, evolve(READY, **changes)))


def test_more_damage_by_an_action_is_seen() -> None:
    """What is refused changes nothing, what is over is over, and what was assessed is told."""
    refused = _action("give_up", status=ActionStatus.REFUSED, code=RefusalCode.NOT_POSSIBLE)
    other = evolve(READY, brief_version=2)
    assert "a refused action changed something" in broken_between(READY, refused, other)
    over = plan(COMPLETED)
    assert "something changed after the end" in broken_between(over, _action("x"), over)
    talk = plan(IN_PROGRESS)
    done = with_step(talk, Step.OFFRE, complete=True, response="o")
    assert "completed that was not assessed" in "; ".join(
        broken_between(talk, _action("give_proposals"), done)
    )
    good: Asked = {"step": "vision", "complete": True, "confidence": 0.9, "response": "o"}
    assessed = _action("assess_answer", parameters=good)
    assert "completed that was not assessed" in "; ".join(broken_between(talk, assessed, done))
    assert "an answer has landed in another step" in broken_between(talk, assessed, done)
    weak = _action("assess_answer", parameters={**good, "complete": False})
    assert "0 retries where there should be 1" in broken_between(talk, weak, talk)
    unfit = evolve(weak, status=ActionStatus.REFUSED, code=RefusalCode.BAD_PARAMETERS)
    assert "0 retries where there should be 1" in broken_between(talk, unfit, talk)
    counted = evolve(talk, failed_message="s-1.1")
    assert not broken_between(counted, unfit, counted, "s-1.1")
    told_of = broken_between(talk, weak, counted, "s-1.2")
    assert "it is not known which message has failed" in told_of
    wishing = evolve(talk, help_wanted=HelpKind.PROPOSALS)
    assert not broken_between(wishing, unfit, wishing)


def test_damage_to_a_log_is_seen() -> None:
    """An agent that is begun after its success, and a success that is not counted once."""
    finish = _action("finish_agent", parameters={"agent": "market"})
    begin = _action("begin_agent", parameters={"agent": "market"})
    again = _action("run_agent_again", parameters={"agent": "market"})
    once = plan(COACHING_COMPLETE)
    once = evolve(once, runs=once.runs.begun("market", NOON).succeeded("market"))
    assert broken_in_log([begin, finish], once) == []
    assert broken_in_log([finish, again, begin], once) == []
    assert broken_in_log([finish, begin], once) == ["market was begun after it had succeeded"]
    assert broken_in_log([], once) == ["successes do not agree with the log"]
    assert broken_in_log([finish, again, finish], once) == ["successes do not agree with the log"]
    assert broken_in_log([_action("x", parameters=7), finish], once) == []
