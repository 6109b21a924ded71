"""Workflows as automata: what a process is suspended in, by numbers, and what comes next.

A generator cannot be copied. So the first way of answers that leads to a suspended state is kept,
and played again when the state is to be left by another answer; every step is taken once. Two
processes are one number when nobody can tell them apart: the same role, the same effect, the same
note, and suspended alike (`_canon`). Where that cannot be told, a process is its whole way of
answers, and never equal to another.

"""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from typing import Final

from attrs import define, field, frozen

from coachwork.effects import AskModel, Commit, Effect, Find, Get, Now, ReadLog, RunAgent
from coachwork.errors import MisuseError
from coachwork.ports import CommitResult
from coachwork.records import Record
from coachwork.testing.explorer._alike import CallKeys, not_alike
from coachwork.testing.explorer._canon import Canon, HiddenStateError
from coachwork.testing.explorer._invariants import Invariants
from coachwork.testing.explorer._playing import DONE, RAISED, Playing, Surroundings
from coachwork.testing.explorer._stores import NOTHING, Stores, Want, numbers_in
from coachwork.testing.explorer._world import Call, Command, World


class Doing(IntEnum):
    """What a process is about to do."""

    GET = 0
    NOW = 1
    COMMIT = 2
    VIEW = 3
    ASK = 4
    OTHER = 5


_DOING: Final[dict[type[Effect[object]], Doing]] = {
    Get: Doing.GET,
    Now: Doing.NOW,
    Commit: Doing.COMMIT,
    ReadLog: Doing.VIEW,
    Find: Doing.VIEW,
    AskModel: Doing.ASK,
    RunAgent: Doing.ASK,
}


@frozen
class Result:
    """What a call came to: a value, or an error."""

    call: Call
    note: Hashable
    value: object = None
    error: BaseException | None = None


@define(eq=False)
class Process:
    """A suspended process.

    Attributes:
        number: Its number.
        call: Whose it is.
        effect: What it asks.
        doing: The kind of that.
        note: What was noted of it.
        way: The process and the answer it came from, or None where it begins.
        depth: How many answers it has had.
        exposed: Whether to die here differs from having died at an earlier moment.
        key: The number of the key that it gets.
        wants: What it commits.
        writes: The keys that it may still write, as bits; grows as they are found out.
        known: What was known of that when the present round of the search began.
        parents: Those from which one answer leads here.
        done: What its commit makes of a state, as far as it was tried.
        moves: Where an answer leads: the number of a process, or the complement of a result's.
        numbers: The numbers of the calls whose ids it may draw or whose key it has.
        images: What it becomes where things that are alike change places.
    """

    number: int
    call: Call
    effect: Effect[object]
    doing: Doing
    note: Hashable
    way: tuple[Process, int] | None
    depth: int
    exposed: bool
    key: int = NOTHING
    wants: tuple[Want, ...] = ()
    writes: int = 0
    known: int = 0
    parents: list[Process] = field(factory=list["Process"])
    moves: dict[int, int] = field(factory=dict[int, int])
    done: dict[int, int] = field(factory=dict[int, int])
    numbers: frozenset[int] = frozenset()
    images: tuple[int, ...] = ()


class Processes:
    """All processes that were met.

    Attributes:
        all: The processes by number.
        results: What calls came to, by number.
    """

    def __init__(
        self,
        world: World,
        commands: dict[str, Command],
        invariants: Invariants,
        stores: Stores,
        *,
        keys: CallKeys | None = None,
        merges: bool = True,
    ) -> None:
        """Begin with none; without merging a process is its whole way."""
        self._alike = stores.alike
        self._keys = keys or CallKeys(stores.alike)
        self.all: list[Process] = []
        self.results: list[Result] = []
        self._world = world
        self._commands = commands
        self._invariants = invariants
        self._stores = stores
        self._canon = Canon()
        self._canon.keep(world.setup, *world.setup.topics.values())
        self._merges = merges
        self._numbers: dict[object, int] = {}
        self._result_numbers: dict[object, int] = {}
        self._begun: dict[Call, int] = {}
        self._spare: dict[int, Playing] = {}
        self._views: dict[tuple[int, ...], int] = {}
        self._viewed: list[tuple[Record, ...]] = []
        self._surroundings = Surroundings(world)

    # --- from outside --------------------------------------------------------------------------

    def begin(self, call: Call) -> int:
        """Return the process, or the complement of the result, that *call* begins as."""
        found = self._begun.get(call)
        if found is None:
            changed = (self._keys.changed(call, change) for change in self._alike.changes)
            numbers = tuple([self._begin(each) for each in changed])
            self._relate(numbers)
            found = numbers[0]
        return found

    def _begin(self, call: Call) -> int:
        """Return what *call* begins as."""
        note = self._invariants.begin(call)
        found = self._run_on(self._playing(call), None, call, note, None, exposed=False)
        self._begun[call] = found
        return found

    def answer(self, process: Process, answer: int) -> int:
        """Return where *answer* leads: a process, or the complement of a result."""
        found = process.moves.get(answer)
        if found is None:
            numbers = tuple(
                [
                    self._answer(self.all[image], self.answer_image(process, answer, change))
                    for change, image in enumerate(process.images)
                ]
            )
            self._relate(numbers)
            found = numbers[0]
        return found

    def _answer(self, process: Process, answer: int) -> int:
        """Return where *answer* leads, whatever that leads to elsewhere."""
        found = process.moves.get(answer)
        if found is None:
            found = process.moves[answer] = self._step(process, answer)
            if found >= 0:
                child = self.all[found]
                child.parents.append(process)
                self.may_write(process, child.writes)
        return found

    def answer_image(self, process: Process, answer: int, change: int) -> int:
        """Return what an answer to *process* becomes where things have changed places."""
        if answer < 0 or not change:
            return answer
        images = self._stores.record_images
        if process.doing is Doing.GET:
            return images[answer][change]
        if process.doing is Doing.VIEW:
            told = (self._stores.record(record) for record in self._viewed[answer])
            return self.viewed(tuple(self._stores.records[images[one][change]] for one in told))
        return answer

    def viewed(self, records: tuple[Record, ...]) -> int:
        """Return the number of the answer that a view gives with these records."""
        form = tuple(self._stores.record(record) for record in records)
        number = self._views.get(form)
        if number is None:
            number = self._views[form] = len(self._viewed)
            self._viewed.append(records)
        return number

    def choices(self, process: Process) -> int:
        """Return how many answers of its own a model, or the application, has for *process*."""
        return len(self._surroundings.choices(process.effect))

    def may_write(self, process: Process, keys: int) -> None:
        """Note that *process* may write these keys, and so may those that lead to it."""
        todo = [process]
        while todo:
            found = todo.pop()
            if found.writes | keys != found.writes:
                found.writes |= keys
                todo += found.parents

    # --- what is alike --------------------------------------------------------------------------

    def _relate(self, numbers: tuple[int, ...]) -> None:
        """Take these for the images of the first of them.

        Raises:
            MisuseError: They cannot be: they do something else, or differ in more.
        """
        if max(numbers) < 0:
            return
        if min(numbers) < 0:
            raise not_alike("where one goes on, another is done")
        new = not self.all[numbers[0]].images
        for number, images in self._alike.orbit(numbers):
            process = self.all[number]
            if process.images not in {(), images}:
                raise not_alike(f"{process.call.command}: it leads to this once, and to that")
            process.images = images
        if new and self._alike:
            self._relate_effects([self.all[number] for number in numbers])

    def _relate_effects(self, processes: list[Process]) -> None:
        """Take what these ask for to be the images of what the first of them asks for.

        Raises:
            MisuseError: They ask for something else.
        """
        first = processes[0]
        told = {
            (
                type(process.effect),
                process.exposed,
                process.numbers,
                tuple((want.version, min(want.record or 0, 0)) for want in process.wants),
                self.choices(process) if process.doing in {Doing.ASK, Doing.OTHER} else 0,
            )
            for process in processes
        }
        if len(told) > 1:
            raise not_alike(f"{first.call.command}: it asks for something else")
        if first.doing is Doing.GET:
            self._stores.key_images.relate([process.key for process in processes])
        for wants in zip(*(process.wants for process in processes), strict=True):
            self._stores.key_images.relate([want.key for want in wants])
            records = [want.record for want in wants if want.record is not None]
            if records and records[0] != NOTHING:
                self._relate_records(records)

    def _relate_records(self, records: list[int]) -> None:
        """Take these records for the images of the first of them.

        Raises:
            MisuseError: They hold other keys of calls, or cannot be it at all.
        """
        self._stores.relate(records)
        keys = self._stores.keys_of(records[0])
        for change, record in enumerate(records):
            changed = frozenset(self._keys.image(key, change) for key in keys)
            if self._stores.keys_of(record) != changed:
                raise not_alike("a record holds the key of another call")

    # --- stepping ------------------------------------------------------------------------------

    def _step(self, process: Process, answer: int) -> int:
        """Leave *process* by that answer."""
        playing = self._spare.pop(process.number, None) or self._again(process)
        given = self._given(process.effect, answer)
        note = self._invariants.note(process.note, process.effect, given)
        exposed = process.doing in {Doing.COMMIT, Doing.ASK, Doing.OTHER}
        way = process, answer
        return self._run_on(playing, given, process.call, note, way, exposed=exposed)

    def _again(self, process: Process) -> Playing:
        """Return a generator that is suspended where *process* is.

        Raises:
            MisuseError: The same answers lead elsewhere now.
        """
        answers: list[tuple[Process, int]] = []
        at = process
        while at.way is not None:
            answers.append(at.way)
            at = at.way[0]
        playing = self._playing(process.call)
        effect = playing.begin()
        for before, answer in reversed(answers):
            effect = playing.give(self._given(before.effect, answer))
        if type(effect) is not type(process.effect):
            raise MisuseError(
                f"{process.call.command}: a workflow must be a function of the answers it gets"
            )
        return playing

    def _playing(self, call: Call) -> Playing:
        """Return the generator of *call*, not begun."""
        return Playing(self._commands[call.command], call, self._surroundings)

    def _run_on(
        self,
        playing: Playing,
        given: object,
        call: Call,
        note: Hashable,
        way: tuple[Process, int] | None,
        *,
        exposed: bool,
    ) -> int:
        """Let a workflow go on with what it was *given*, to its next effect that others can see."""
        try:
            effect = playing.begin() if way is None else playing.give(given)
        except StopIteration as stop:
            return self._result(Result(call, note, value=stop.value), way)
        except BaseException as error:  # noqa: BLE001 - it is what the caller is told
            # What it was raised through would keep all that was at work there.
            return self._result(Result(call, note, error=error.with_traceback(None)), way)
        return self._suspended(playing, effect, call, note, way, exposed=exposed)

    def _given(self, effect: Effect[object], answer: int) -> object:
        """Return what an answer is: a value, or an error to be raised."""
        raised = RAISED.get(answer)
        if raised is not None:
            return raised()
        match effect:
            case Get():
                return None if answer == NOTHING else self._stores.records[answer]
            case Now():
                return self._world.time(answer)
            case Commit():
                return CommitResult.DONE if answer == DONE else CommitResult.CONFLICT
            case ReadLog() | Find():
                return self._viewed[answer]
            case _:
                return self._surroundings.choices(effect)[answer]

    # --- numbers -------------------------------------------------------------------------------

    def _suspended(
        self,
        playing: Playing,
        effect: Effect[object],
        call: Call,
        note: Hashable,
        way: tuple[Process, int] | None,
        *,
        exposed: bool,
    ) -> int:
        """Return the number of the process that is suspended so."""
        told: object = None
        if self._merges:
            try:
                told = self._canon.numbers(effect, playing.generator)
            except HiddenStateError:
                told = None
        if told is None:
            told = way and (way[0].number, way[1])
        form = (call, note, playing.drawn, exposed, told)
        number = self._numbers.get(form)
        if number is None:
            number = self._numbers[form] = len(self.all)
            process = Process(
                number=number,
                call=call,
                effect=effect,
                doing=_DOING.get(type(effect), Doing.OTHER),
                note=note,
                way=way,
                depth=0 if way is None else way[0].depth + 1,
                exposed=exposed,
                numbers=numbers_in(f"id-{call.number}", call.key or ""),
            )
            self.all.append(process)
            if isinstance(effect, Get):
                process.key = self._stores.key(effect.key)
            if isinstance(effect, Commit):
                process.wants = self._stores.wants(effect.ops)
                for want in process.wants:
                    if want.record is not None:
                        process.writes |= 1 << want.key
        if len(self._spare) < _MOST_SPARE:
            self._spare[number] = playing
        return number

    def _result(self, result: Result, way: tuple[Process, int] | None) -> int:
        """Return the complement of the number of *result*."""
        try:
            told: object = self._canon.numbers(result.value, result.error)
        except HiddenStateError:
            told = way and (way[0].number, way[1])
        form = (result.call, result.note, told)
        number = self._result_numbers.get(form)
        if number is None:
            number = self._result_numbers[form] = len(self.results)
            self.results.append(result)
        return ~number


_MOST_SPARE: Final = 20_000
"""How many suspended generators are kept, to be gone on with instead of played again."""
