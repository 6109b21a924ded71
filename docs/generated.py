"""The generated parts of the documents: what the code says, as Markdown.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. `scripts/diagrams` writes
all of them anew; `tests/test_docs.py` fails where a page says something else than the code.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from inspect import getdoc
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs

from coachwork import Settings, Topic, effects, errors, json_schema
from coachwork.actions import RefusalCode
from coachwork.cli import _chat
from coachwork.diagrams import markdown, mermaid
from coachwork.effects import Effect
from coachwork.errors import CoachworkError
from coachwork.events import EVENT_SCHEMAS
from coachwork.jobs import JOB, ErrorCode
from coachwork.machine import Machine
from coachwork.programs import ActionType, Program, begun, texts
from coachwork.programs.identity import (
    IDENTITY,
    IDENTITY_TABLE,
    PHASES,
    Category,
    CoachState,
    Identity,
    IdentityStatus,
    Question,
)
from coachwork.programs.plan import (
    GOALS,
    PLAN,
    PLAN_TABLE,
    BusinessBrief,
    CoachingPlan,
    CoachingStep,
    PlanPolicy,
)
from coachwork.sessions import SESSION
from coachwork.testing import Capability
from coachwork.testing.conformance import Suite
from coachwork.testing.conformance.repository import REPOSITORY
from coachwork.texts import TEXTS
from coachwork.topics import TemplateName
from coachwork.worker import WorkerOptions
from docs import situations
from tests.port_mutants import PORTS
from tests.testing.conformance.mutants.all import MUTANTS
from tests.testing.conformance.mutants.base import Mutant

S = TypeVar("S")

ROOT: Final = Path(__file__).parents[1]
_PART: Final = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """Return all pages that may hold a generated part."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def renewed(page: str) -> str:
    """Return the text of a page with all its generated parts made anew."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]().rstrip()}\n\n{part[3]}", page)


def used(page: str) -> set[str]:
    """Return the names of the generated parts of a page."""
    return {part[2] for part in _PART.finditer(page)}


# --- how things are told ---------------------------------------------------------------------


def _table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table; the first row is its head."""
    told = [rows[0], tuple("---" for _ in rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(row)} |\n" for row in told)


def _cell(text: str) -> str:
    """Return *text* of a docstring as a cell: one line, code as Markdown writes it."""
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def _sentence(of: object) -> str:
    """Return the first paragraph of a docstring."""
    return _cell((getdoc(of) or "").partition("\n\n")[0])


def _described(of: type) -> Iterator[tuple[str, str]]:
    """Return name and description of each attribute in a docstring of Google's style."""
    doc = (getdoc(of) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    for entry in re.split(r"\n(?=    \S)", f"\n{doc}")[1:]:
        name, _, told = entry.partition(":")
        yield name.strip(), _cell(told)


def _told(value: object) -> str:
    """Return a default value as a reader would say it."""
    if value is attrs.NOTHING:
        return "required"
    if isinstance(value, timedelta):
        return _duration(value)
    if value in _LONG:
        return "[see below](#default-templates)"
    if getattr(value, "takes_self", False):
        return "made of the others"
    if hasattr(value, "factory"):
        return "one with its defaults" if _makes_objects(value.factory) else "empty"
    shown: object = value.value if isinstance(value, Enum) else value
    return f"`{shown!r}`" if shown != "" else "empty"


def _makes_objects(factory: object) -> bool:
    """Whether a *factory* is a class with fields, and not one of containers."""
    return isinstance(factory, type) and attrs.has(factory)


def _duration(value: timedelta) -> str:
    """Return a length of time in the largest units."""
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    days, minutes = divmod(minutes, 24 * 60)
    parts = ((days, "days"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


_LONG: Final = {
    field.default for field in attrs.fields(Topic) if field.name in {"resume", "extraction"}
}


# --- the parts -------------------------------------------------------------------------------


def _fields(of: type) -> str:
    """Return the fields of a class with their defaults."""
    defaults: dict[str, object] = {
        field.name: field.default for field in attrs.fields(of) if field.init
    }
    rows = [(f"`{name}`", _told(defaults[name]), told) for name, told in _described(of)]
    if len(rows) != len(defaults):
        raise ValueError(f"{of.__name__}: not every field is described")
    return _table(("Field", "Default", "What it is"), *rows)


def _default_templates() -> str:
    """Return the templates that a topic has by default."""
    defaults = {field.name: field.default for field in attrs.fields(Topic)}
    return "\n".join(
        f"`{name.value}`:\n\n> {defaults[name.value]}\n"
        for name in TemplateName
        if isinstance(defaults[name.value], str)
    )


def _subclasses(of: type[CoachworkError]) -> Iterator[type[CoachworkError]]:
    """Return the errors below *of* that `coachwork.errors` holds, in the order of the file."""
    for below in vars(errors).values():
        if isinstance(below, type) and below.__bases__ == (of,):
            yield below


def _error_tree() -> str:
    """Return the tree of errors."""

    def branches(of: type[CoachworkError], depth: int) -> Iterator[str]:
        yield f"{'    ' * depth}{of.__name__}"
        for below in _subclasses(of):
            yield from branches(below, depth + 1)

    return "```text\n" + "\n".join(branches(CoachworkError, 0)) + "\n```\n"


def _all_errors(of: type[CoachworkError]) -> Iterator[type[CoachworkError]]:
    """Return *of* and all below, depth first."""
    yield of
    for below in _subclasses(of):
        yield from _all_errors(below)


def _error_table() -> str:
    """Return what each error says to a program."""
    families = {CoachworkError, *_subclasses(CoachworkError)}
    rows = [
        (f"`{e.code}`", f"`{e.__name__}`", str(e.http_status), _retry(e), _sentence(e))
        for e in _all_errors(CoachworkError)
        if e not in families
    ]
    return _table(("Code", "Class", "Status", "Retry", "What happened"), *rows)


def _retry(error: type[CoachworkError]) -> str:
    """Return when the same call may succeed."""
    if not error.retryable:
        return "no"
    pause = error.default_retry_after
    if pause is None:
        return "after `retry_after`"
    return f"after {pause:g} s" if pause else "at once"


def _reasons() -> str:
    """Return why jobs fail."""
    rows = [
        (f"`{code.value}`", "yes" if code.retryable else "no", _cell(TEXTS[code.value]))
        for code in ErrorCode
    ]
    return _table(("Reason", "Retryable", "What the person is told"), *rows)


def _situations() -> str:
    """Return what happens when the world moves while the model thinks."""
    return _table(*situations.rows())


def _event_schemas() -> str:
    """Return the JSON Schema of each event."""
    return "\n".join(
        f"### {of.value}\n\n```json\n{json.dumps(schema, indent=2)}\n```\n"
        for of, schema in EVENT_SCHEMAS.items()
    )


def _effects() -> str:
    """Return what a workflow may ask."""
    rows = [
        (f"`{effect.__name__}`", _sentence(effect), _port(effect))
        for effect in vars(effects).values()
        if isinstance(effect, type) and effect.__bases__ == (Effect,)
    ]
    return _table(("Effect", "The question", "Who answers"), *rows)


def _port(effect: type[Effect[object]]) -> str:
    """Return whom an effect asks."""
    return _cell((getdoc(effect.perform) or "").partition(".")[0].removeprefix("Ask "))


def _chat_commands() -> str:
    """Return what may be typed in `coachwork chat`."""
    rows = [(f"`{typed}`", told) for typed, told in _chat.HELP]
    return _table(("Typed", "What happens"), ("any text", "say it"), *rows)


def _promises(suite: Suite) -> str:
    """Return what is promised of a port."""
    rows = [
        (
            promise.number,
            _cell(promise.sentence),
            _cell(promise.why),
            _cell(promise.where),
            _needed(promise.needs),
        )
        for promise in suite.promises
    ]
    head = ("Number", "What is promised", "Without it", "Promised in", "May be lacking")
    return _table(head, *rows)


def _needed(capability: Capability | None) -> str:
    """Return the name of what a promise needs, if anything."""
    return "" if capability is None else f"`{capability.name}`"


def _capabilities(suite: Suite) -> str:
    """Return what an adapter of a port may lack."""
    rows = [
        (f"`{capability.name}`", capability.value, capability.loss)
        for capability in Capability
        if capability in suite.capabilities
    ]
    return _table(("Capability", "What it is", "What an application loses without it"), *rows)


def _port_promises() -> str:
    """Return what is promised of each port but the repository."""
    return "\n".join(f"### {suite.port.name}\n\n{_promises(suite)}" for suite, _ in PORTS)


def _port_capabilities() -> str:
    """Return what adapters of the other ports may lack, or a check may not see."""
    needed = {capability for suite, _ in PORTS for capability in suite.capabilities}
    rows = [
        (f"`{capability.name}`", capability.value, capability.loss)
        for capability in Capability
        if capability in needed
    ]
    return _table(("Capability", "What it is", "What is lost, or not known, without it"), *rows)


def _port_mutants() -> str:
    """Return the broken adapters that the checks of the other ports are tested on."""
    rows = [
        (number, f"`{suite.port.name}`", f"It {what}.")
        for suite, mutants in PORTS
        for what, number in sorted(mutants.items(), key=lambda pair: pair[1])
    ]
    return _table(("Caught by", "Port", "What is wrong"), *rows)


def _mutants(suite: Suite, mutants: Iterable[Mutant]) -> str:
    """Return the broken adapters that the checks of a port are tested on."""
    sentences = {promise.number: promise.sentence for promise in suite.promises}
    rows = [
        (str(n), _cell(sentences[m.caught_by[0]]), _cell(m.name), ", ".join(m.caught_by))
        for n, m in enumerate(mutants, 1)
    ]
    return _table(("#", "What is promised", "What is wrong", "Caught by"), *rows)


def _whole(of: type) -> str:
    """Return all that the docstring of a class says before its attributes, as a cell."""
    return _cell((getdoc(of) or "").partition("\n\nAttributes:")[0])


_WHY_REFUSED: Final[Mapping[RefusalCode, str]] = {
    RefusalCode.UNKNOWN_ACTION: "The catalogue has no action of that type.",
    RefusalCode.BAD_PARAMETERS: (
        "The parameters do not fit; the summary names the field. What no repository can hold is "
        "left out."
    ),
    RefusalCode.DUPLICATE: "The very same action came before in the same reply, and counted.",
    RefusalCode.WRONG_SENDER: "It is not for the coach, or not for the user.",
    RefusalCode.WRONG_PHASE: "It is not allowed in the phase that the actions before it left.",
    RefusalCode.NOT_POSSIBLE: "The action itself says why not.",
    RefusalCode.TOO_LARGE: "State or components would become larger than they may be.",
    RefusalCode.PROGRAM_ERROR: "The application's own code failed, or did not keep its word.",
}


def _refusals() -> str:
    """Return why actions are refused."""
    rows = [(f"`{code.value}`", _WHY_REFUSED[code]) for code in RefusalCode]
    return _table(("Code", "Why"), *rows)


_NOON: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)


def _coach_states() -> Iterator[CoachState]:
    """Return coach states in which one guard or another does not agree."""
    new = CoachState(id="s", updated_at=_NOON)
    asked = Question(id="q", text="What do you love?", asked_at=_NOON)
    named = Identity(
        id="i",
        name="Gardener",
        category=Category.PASSIONS,
        status=IdentityStatus.ACCEPTED,
        created_at=_NOON,
        updated_at=_NOON,
    )
    yield new
    yield attrs.evolve(new, asked_questions=(asked,))
    yield attrs.evolve(new, identities=(named,))


def _plans() -> Iterator[CoachingPlan]:
    """Return plans in which one guard or another does not agree."""
    new = begun(PLAN, "seed", _NOON)
    answered = tuple(attrs.evolve(step, complete=True) for step in new.steps)
    yield new
    yield attrs.evolve(new, steps=answered)


def _guards(machine: Machine[S, Any, Any, Any, Any], states: Callable[[], Iterator[S]]) -> str:
    """Return the guards of a program's phases, each with a reason for not agreeing."""
    rows: list[tuple[str, ...]] = []
    for start, event, to in machine.edges:
        for guard in machine.table[start][event].guards:
            reasons = (guard.check(state, _NOON) for state in states())
            why = next(reason for reason in reasons if reason is not None)
            rows.append((f"`{start}`", f"`{to}`", _cell(guard.name), _cell(why)))
    return _table(("From", "To", "Guard", "A reason that it gives"), *dict.fromkeys(rows))


def _actions(program: Program[S]) -> str:
    """Return the catalogue of a program: what, when and by whom."""
    rows = [
        (f"`{action.name}`", _whole(action.parameters), _where(program, action), action.by)
        for action in program.actions
    ]
    return _table(("Action", "What it does", "Phases", "By"), *rows)


def _where(program: Program[S], action: ActionType[S, Any]) -> str:
    """Return the phases in which an action is allowed."""
    if action.phases is None:
        return "all but the end" if len(program.phases.ends) == 1 else "all but the ends"
    return ", ".join(f"`{phase}`" for phase in program.phases.table if phase in action.phases)


def _parameters(program: Program[S]) -> str:
    """Return the parameters of every action of a program that has any."""
    rows: list[tuple[str, ...]] = []
    for action in program.actions:
        schema = json_schema(action.parameters)
        required = schema.get("required", [])
        fields = attrs.fields(action.parameters)
        described = dict(_described(action.parameters))
        if described.keys() != {field.name for field in fields}:
            raise ValueError(f"{action.name}: not every parameter is described")
        rows += [
            (
                f"`{action.name}`",
                f"`{field.name}`",
                "yes" if isinstance(required, list) and field.name in required else "no",
                described[field.name],
            )
            for field in fields
        ]
    return _table(("Action", "Parameter", "Required", "What it is"), *rows)


def _program_texts() -> str:
    """Return what there is for the texts of a program."""
    rows = [(f"`{name}`", _sentence(getattr(texts, name))) for name in texts.__all__]
    return _table(("Function", "What it does"), *rows)


def _plan_steps() -> str:
    """Return the steps of a plan, with what a good answer to each tells."""
    rows = [
        (
            f"`{step}`",
            _cell(goal.question),
            "; ".join(f"`{name}`: {_cell(told)}" for name, told in goal.criteria.items()),
        )
        for step, goal in GOALS.items()
    ]
    return _table(("Step", "What it asks", "What a good answer tells"), *rows)


def _plan_agents() -> str:
    """Return the agents of the default plan."""
    rows = [
        (
            str(agent.stage),
            f"`{agent.name}`",
            _cell(agent.description),
            "yes" if agent.required else "no",
        )
        for agent in PLAN.agents
    ]
    return _table(("Stage", "Agent", "What it is to write", "Required"), *rows)


def _drawing(draw: Callable[[], str]) -> Callable[[], str]:
    """Return the part that a diagram is."""
    return lambda: f"```mermaid\n{draw()}```\n"


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "session-diagram": _drawing(lambda: mermaid(SESSION)),
    "session-table": lambda: markdown(SESSION),
    "job-diagram": _drawing(lambda: mermaid(JOB)),
    "job-table": lambda: markdown(JOB),
    "error-tree": _error_tree,
    "error-table": _error_table,
    "job-errors": _reasons,
    "settings": lambda: _fields(Settings),
    "topic": lambda: _fields(Topic),
    "default-templates": _default_templates,
    "situations": _situations,
    "worker-options": lambda: _fields(WorkerOptions),
    "event-schemas": _event_schemas,
    "effects": _effects,
    "chat-commands": _chat_commands,
    "program": lambda: _fields(Program),
    "action-type": lambda: _fields(ActionType),
    "refusal-codes": _refusals,
    "identity-phases-diagram": _drawing(lambda: mermaid(PHASES)),
    "identity-phases-table": lambda: markdown(PHASES),
    "identity-guards": lambda: _guards(PHASES, _coach_states),
    "identity-diagram": _drawing(lambda: mermaid(IDENTITY_TABLE)),
    "identity-table": lambda: markdown(IDENTITY_TABLE),
    "identity-actions": lambda: _actions(IDENTITY),
    "identity-parameters": lambda: _parameters(IDENTITY),
    "program-texts": _program_texts,
    "plan-diagram": _drawing(lambda: mermaid(PLAN_TABLE)),
    "plan-table": lambda: markdown(PLAN_TABLE),
    "plan-guards": lambda: _guards(PLAN_TABLE, _plans),
    "plan-steps": _plan_steps,
    "plan-policy": lambda: _fields(PlanPolicy),
    "plan-agents": _plan_agents,
    "plan-actions": lambda: _actions(PLAN),
    "plan-parameters": lambda: _parameters(PLAN),
    "coaching-plan": lambda: _fields(CoachingPlan),
    "coaching-step": lambda: _fields(CoachingStep),
    "business-brief": lambda: _fields(BusinessBrief),
    "repository-promises": lambda: _promises(REPOSITORY),
    "repository-capabilities": lambda: _capabilities(REPOSITORY),
    "repository-mutants": lambda: _mutants(REPOSITORY, MUTANTS),
    "port-promises": _port_promises,
    "port-capabilities": _port_capabilities,
    "port-mutants": _port_mutants,
}
"""The generated parts by name."""


def write(paths: Iterable[Path]) -> Iterator[Path]:
    """Write the generated parts of these pages anew; return the pages that changed."""
    for path in paths:
        old = path.read_text("utf-8")
        new = renewed(old)
        if new != old:
            path.write_text(new, "utf-8")
            yield path


if __name__ == "__main__":
    for changed in write(pages()):
        sys.stdout.write(f"{changed.relative_to(ROOT)}\n")
