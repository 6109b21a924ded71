"""A way through a world, step by step: replayed on real generators, and told in words.

Nothing of what a search does is used here: no state is merged and nothing is left out. So what a
search has found is true, or the replay shows that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import Any, Final, cast

from attrs import define, field, frozen

from coachwork.effects import AskModel, Commit, Effect, Find, Get, Now, ReadLog, RunAgent
from coachwork.errors import CoachworkError, MisuseError
from coachwork.jobs import JobRef
from coachwork.ports import Answer, CommitResult
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update
from coachwork.testing.explorer._invariants import Invariants, Outcome, Records, Step
from coachwork.testing.explorer._playing import (
    INTERRUPTED,
    RAISED,
    UNAVAILABLE,
    UNKNOWN,
    Playing,
    Surroundings,
)
from coachwork.testing.explorer._stores import NOTHING, Stores
from coachwork.testing.explorer._world import Call, Command, Fault, World


@frozen(kw_only=True)
class Happening:
    """One thing that happens.

    Attributes:
        who: The process that does it; empty where nobody does.
        begins: The command that it is a call of, where it begins here.
        target: Which of the command's targets the call is aimed at.
        number: The number of the call.
        key: The key of the call, where it has one.
        again: How the call was made before, where it was.
        effects: How many effects it carries out.
        choice: Which of the answers that there are it gets, where there are several.
        fault: What goes wrong, or None.
        gone: The key's text of the record that an engine deletes.
    """

    who: str = ""
    begins: str = ""
    target: int = 0
    number: int = 0
    key: str | None = None
    again: Fault | None = None
    effects: int = 0
    choice: int = 0
    fault: Fault | None = None
    gone: str = ""


@frozen
class Replay:
    """What came of a replay.

    Attributes:
        lines: What happened, in words, a line for each effect.
        violations: What does not hold at the end, in words; nothing where all does.
    """

    lines: tuple[str, ...]
    violations: tuple[str, ...]

    def __str__(self) -> str:
        """Return all of it as text."""
        told = [f"{number:3}. {line}" for number, line in enumerate(self.lines, 1)]
        return "\n".join([*told, *(f"  -> {violation}" for violation in self.violations)])


def replay(
    world: World,
    commands: Iterable[Command],
    invariants: Invariants,
    happenings: Iterable[Happening],
) -> Replay:
    """Let these things happen, one after the other, until something does not hold.

    Args:
        world: Where.
        commands: The commands that are called.
        invariants: What must hold.
        happenings: What happens, as `Violation.happenings` tells it.

    Raises:
        MisuseError: It cannot happen so: the workflows are others than those it was found with.
    """
    playing = _Replaying(world, {one.name: one for one in commands}, invariants)
    violations = playing.judge_state()
    for happening in happenings:
        if violations:
            break
        violations = playing.let(happening)
    return Replay(tuple(playing.lines), violations)


@define
class _Running:
    """A process under way."""

    call: Call
    playing: Playing
    effect: Effect[object]
    note: Hashable


_ANSWERS: Final = {
    Fault.LOST_DONE: UNKNOWN,
    Fault.LOST_NOT_DONE: UNKNOWN,
    Fault.UNAVAILABLE: UNAVAILABLE,
    Fault.INTERRUPT: INTERRUPTED,
    Fault.INTERRUPT_DONE: INTERRUPTED,
}
_NOT_DONE: Final = frozenset({Fault.LOST_NOT_DONE, Fault.UNAVAILABLE, Fault.INTERRUPT})


@define
class _Replaying:
    """The world in a replay."""

    world: World
    commands: dict[str, Command]
    invariants: Invariants
    lines: list[str] = field(factory=list[str])
    _instant: int = 0
    _memory: Hashable = None
    _running: dict[str, _Running] = field(factory=dict[str, _Running])
    _calls: dict[str, Call] = field(factory=dict[str, Call])
    _stores: Stores = field(init=False)
    _store: int = field(init=False)
    _surroundings: Surroundings = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._surroundings = Surroundings(self.world)
        self._stores = Stores(keeps_past=True)
        self._store = self._stores.of(self.world.records)

    def let(self, happening: Happening) -> tuple[str, ...]:
        """Let one thing happen; return what does not hold then."""
        if not happening.who:
            return self._nature(happening)
        if happening.begins:
            violations = self._begin(happening)
            if violations or happening.who not in self._running:
                return violations
        if happening.fault is Fault.CRASH:
            self._running.pop(happening.who)
            self.lines.append(f"{happening.who}: {happening.fault}")
            return self.judge_state()
        for number in range(happening.effects):
            violations = self._perform(happening, None if number else happening.fault)
            if violations:
                return violations
        return self.judge_state()

    def _nature(self, happening: Happening) -> tuple[str, ...]:
        """Let time pass, or an engine delete something."""
        if happening.fault is Fault.CLOCK:
            self._instant += 1
            self.lines.append(f"{Fault.CLOCK}: it is {self._now:%d %B, %H:%M} now")
        else:
            key = Key.parse(happening.gone)
            self._store = self._stores.changed(self._store, {self._stores.key(key): NOTHING})
            self.lines.append(f"{Fault.TTL}: {_named(key)}")
        return self.judge_state()

    # --- one process ---------------------------------------------------------------------------

    def _begin(self, happening: Happening) -> tuple[str, ...]:
        """Begin a call; one that asks nothing comes to its outcome at once."""
        call = self._call(happening)
        command = self.commands[call.command]
        told = f", {happening.again}" if happening.again else ""
        caller = command.caller(call)
        by = "" if caller is None else f" by {caller.user}"
        self.lines.append(f"{happening.who}: begins{by}{_aimed(call)}{told}")
        playing = Playing(command, call, self._surroundings)
        note = self.invariants.begin(call)
        return self._go_on(happening.who, call, playing, note, playing.begin)

    def _call(self, happening: Happening) -> Call:
        """Return the call that begins.

        Raises:
            MisuseError: There is nothing that it could be aimed at.
        """
        command = self.commands[happening.begins]
        records = tuple(self._records.values())
        try:
            if happening.again is Fault.RETRY:
                target = self._calls[happening.key or ""].target
            else:
                target = tuple(command.targets(records))[happening.target]
        except LookupError:
            raise MisuseError(f"{happening.who}: there is nothing that it is aimed at") from None
        call = Call(command=command.name, target=target, number=happening.number, key=happening.key)
        if call.key is not None:
            self._calls.setdefault(call.key, call)
        return call

    def _perform(self, happening: Happening, fault: Fault | None) -> tuple[str, ...]:
        """Carry out one effect of a process.

        Raises:
            MisuseError: There is no such process any more.
        """
        who = happening.who
        running = self._running.pop(who, None)
        if running is None:
            raise MisuseError(f"{who}: it is over, and was to do something")
        effect = running.effect
        answer, violations = self._answered(running, happening, fault)
        told = f" ({fault})" if fault else ""
        self.lines.append(f"{who}: {_asked(effect)}: {_answer(effect, answer)}{told}")
        if violations:
            return violations
        note = self.invariants.note(running.note, effect, answer)
        return self._go_on(
            who, running.call, running.playing, note, lambda: running.playing.give(answer)
        )

    def _answered(
        self, running: _Running, happening: Happening, fault: Fault | None
    ) -> tuple[object, tuple[str, ...]]:
        """Return the answer to the effect of a process, and what does not hold by it."""
        effect = running.effect
        raised = None if fault is None else RAISED.get(_ANSWERS.get(fault, 0))
        violations: tuple[str, ...] = ()
        answer: object
        if isinstance(effect, Commit):
            answer, violations = self._committed(running, effect, fault)
        elif raised is not None:
            return raised(), ()
        elif isinstance(effect, Get):
            answer = self._got(effect, fault)
        elif isinstance(effect, Now):
            answer = self._now
        elif isinstance(effect, ReadLog | Find):
            late = fault is Fault.STALE_VIEW
            store = self._stores.lagging(self._store) if late else self._store
            answer = self._stores.view(store, effect)
        else:
            if isinstance(effect, AskModel | RunAgent):
                self._memory, wrong = self.invariants.asked(self._memory, effect, self._records)
                violations = tuple(wrong)
            answer = self._surroundings.choices(effect)[happening.choice]
        return (answer, violations) if raised is None else (raised(), violations)

    def _got(self, effect: Get, fault: Fault | None) -> Record | None:
        """Return the record that is read."""
        key = self._stores.key(effect.key)
        found = self._stores.states[self._store].get(key, NOTHING)
        if fault is Fault.STALE_GET:
            past = self._stores.before(self._store, key)
            found = found if past is None else past
        return None if found == NOTHING else self._stores.records[found]

    def _committed(
        self, running: _Running, effect: Commit, fault: Fault | None
    ) -> tuple[object, tuple[str, ...]]:
        """Return the answer to a commit, and what it did that it must not do."""
        done = NOTHING
        if fault not in _NOT_DONE:
            done = self._stores.commit(self._store, self._stores.wants(effect.ops))
        violations: tuple[str, ...] = ()
        if done != NOTHING:
            before, self._store = self._records, done
            step = Step(
                call=running.call,
                caller=self.commands[running.call.command].caller(running.call),
                ops=effect.ops,
                before=before,
                after=self._records,
                note=running.note,
            )
            violations = tuple(self.invariants.step(step))
        if fault is Fault.CONFLICT_DONE or (fault is None and done == NOTHING):
            return CommitResult.CONFLICT, violations
        return CommitResult.DONE, violations

    def _go_on(
        self,
        who: str,
        call: Call,
        playing: Playing,
        note: Hashable,
        go: Callable[[], Effect[object]],
    ) -> tuple[str, ...]:
        """Let a process go on; return what is not true of what its caller is told."""
        value: object = None
        error: BaseException | None = None
        try:
            effect = go()
        except StopIteration as stop:
            value = stop.value
        except BaseException as raised:  # noqa: BLE001 - it is what the caller is told
            error = raised
        else:
            self._running[who] = _Running(call, playing, effect, note)
            return ()
        told = type(value).__name__ if error is None else _error(error)
        self.lines.append(f"{who}: {'answers' if error is None else 'raises'} {told}")
        outcome = Outcome(
            call=call,
            caller=self.commands[call.command].caller(call),
            value=value,
            error=error,
            records=self._records,
            now=self._now,
            note=note,
        )
        return tuple(self.invariants.outcome(outcome))

    # --- judging -------------------------------------------------------------------------------

    def judge_state(self) -> tuple[str, ...]:
        """Return what does not hold of what is stored."""
        violations = tuple(self.invariants.state(self._records, self._now))
        if not self._running:
            violations += tuple(self.invariants.at_rest(self._records, self._now))
        return violations

    @property
    def _now(self) -> datetime:
        return self.world.time(self._instant)

    @property
    def _records(self) -> Records:
        return self._stores.held(self._store)


# --- in words ------------------------------------------------------------------------------------


def _named(key: Key) -> str:
    """Return kind and ids of a record."""
    return f"{key.kind} {'/'.join(map(str, key.shown))}"


def _aimed(call: Call) -> str:
    """Return what a call is aimed at."""
    target: object = call.target
    if target is None:
        return ""
    parts = cast("tuple[object, ...]", target if isinstance(target, tuple) else (target,))
    told = [part for part in parts if isinstance(part, str | int)]
    if isinstance(target, JobRef):
        told.append(target.job)
    return f" on {' '.join(map(str, told))}" if told else ""


def _asked(effect: Effect[object]) -> str:
    """Return what an effect asks."""
    told = _TOLD.get(type(effect))
    return f"asks {effect}" if told is None else told(effect)


def _commits(effect: Any) -> str:  # noqa: ANN401 - a `Commit`
    """Return what a commit writes."""
    told = [_op(op) for op in effect.ops if not isinstance(op, Check)]
    return f"commits {', '.join(told)}"


_TOLD: Final[dict[type[Effect[Any]], Callable[[Any], str]]] = {
    Get: lambda effect: f"reads {_named(effect.key)}",
    Commit: _commits,
    Now: lambda _: "asks what time it is",
    ReadLog: lambda effect: f"reads the log of {effect.session}",
    Find: lambda effect: f"looks for {effect.query.kind} records",
    AskModel: lambda effect: f"asks the model for the {effect.ask.purpose} of {effect.ask.job}",
    RunAgent: lambda effect: f"asks the agent {effect.ask.agent}, run {effect.ask.run}",
}


def _op(op: Op) -> str:
    """Return what an operation does."""
    if isinstance(op, Insert | Update):
        status = f" {op.record.facts.status}" if op.record.facts.status else ""
        return f"{_named(op.record.key)} v{op.record.version}{status}"
    return f"no {_named(op.key)}" if isinstance(op, Delete) else _named(op.key)


def _answer(effect: Effect[object], answer: object) -> str:
    """Return what an effect is answered."""
    if isinstance(answer, BaseException):
        return _error(answer)
    match effect:
        case Get():
            return _read(answer)
        case ReadLog() | Find():
            found = cast("tuple[Record, ...]", answer)
            return ", ".join(_named(record.key) for record in found) or "nothing"
        case Now():
            return f"{answer:%d %B, %H:%M}"
        case _:
            return _said(answer) if isinstance(answer, Answer) else str(answer)


def _said(answer: Answer) -> str:
    """Return what a model or an agent answered."""
    return repr(answer.data if answer.text is None else answer.text)


def _read(record: object) -> str:
    """Return what a record is, as far as its facts tell it."""
    if not isinstance(record, Record):
        return "nothing"
    told = (f"v{record.version}", record.facts.status, record.facts.session)
    return " ".join(one for one in told if one)


def _error(error: BaseException) -> str:
    """Return what an error says to a program."""
    return error.code if isinstance(error, CoachworkError) else repr(error)
