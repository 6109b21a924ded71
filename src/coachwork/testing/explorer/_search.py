"""The search: every state that can be reached, breadth first, and what leads from one to the next.

A state is four numbers: what is stored, who is at work, what may still come, and what is
remembered. What leads on is one effect of one process with everything that may become of it, one
call more, or the passing of time.

What is not tried, because it could show nothing new (`docs/explanation/what-is-proven.md` has the
proofs):

* A call that has begun and asked nothing yet is no state of its own: calls come with their first
  effect.
* A process dies right after it wrote or asked a model, not later: what it read since then is
  known to nobody. One that dies before it wrote anything might as well not have come.
* A read of what nobody else may still write is done at once, alone; so is a question to a model.
* Time passes only when somebody is about to look at the clock.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple, cast

from attrs import define, frozen

from coachwork.effects import AskModel, Commit, Find, ReadLog, RunAgent
from coachwork.errors import MisuseError
from coachwork.testing.explorer._alike import Alike, CallKeys, not_alike
from coachwork.testing.explorer._invariants import Invariants, Outcome, Step
from coachwork.testing.explorer._playing import (
    CONFLICT,
    DONE,
    INTERRUPTED,
    UNAVAILABLE,
    UNKNOWN,
)
from coachwork.testing.explorer._processes import Doing, Process, Processes
from coachwork.testing.explorer._stores import NOTHING, Stores
from coachwork.testing.explorer._world import Bounds, Call, Command, Fault, World

_BITS: Final = 24
_MASK: Final = (1 << _BITS) - 1


class Rest(NamedTuple):
    """What is left of the bounds, and what is known besides what is stored.

    Attributes:
        commands: How many calls may still come.
        faults: How much may still go wrong.
        instant: What time it is.
        burnt: The numbers of calls whose ids were stored once and are no more.
        memory: What the invariants remember.
    """

    commands: int
    faults: int
    instant: int
    burnt: frozenset[int]
    memory: Hashable


class Coming(NamedTuple):
    """A call that comes.

    Attributes:
        call: The call.
        target: Which of its command's targets it is aimed at.
        again: How it was made before, or None.
    """

    call: Call
    target: int
    again: Fault | None


class Move(NamedTuple):
    """One thing that happens.

    Attributes:
        before: The process that does it, or None where nobody does.
        after: What it is then: a process, the complement of a result, or None where it is dead.
        answers: What its effects are answered with, one after the other.
        comes: The call that comes with it, or None.
        fault: What goes wrong, or None.
        key: The key of the record that an engine deletes, or `NOTHING`.
    """

    before: int | None
    after: int | None
    answers: tuple[int, ...] = ()
    comes: Coming | None = None
    fault: Fault | None = None
    key: int = NOTHING


@frozen
class Found:
    """What does not hold, and the way to it.

    Attributes:
        violations: What does not hold, in words.
        moves: What happened, from the beginning.
    """

    violations: tuple[str, ...]
    moves: tuple[Move, ...]


class _Violated(Exception):  # noqa: N818 - it is an answer
    """Something does not hold after a move."""

    def __init__(self, violations: tuple[str, ...], move: Move | None) -> None:
        super().__init__(*violations)
        self.violations = violations
        self.move = move


class BoundReachedError(Exception):
    """There are more states than `Bounds.states` allows: nothing is proven.

    Attributes:
        states: How many were visited.
        depth: To which depth all of them were.
    """

    def __init__(self, states: int, depth: int) -> None:
        """Tell how far the search came."""
        super().__init__(f"more than {states} states; all were visited to the depth of {depth}")
        self.states = states
        self.depth = depth


@define
class Count:
    """Figures of a search.

    Attributes:
        states: How many states were met.
        transitions: How many moves lead from one to another.
        depth: How many moves away the farthest state is.
    """

    states: int = 0
    transitions: int = 0
    depth: int = 0


class Search:
    """One search; what it finds out of processes and stores serves its next round as well."""

    def __init__(
        self,
        world: World,
        commands: Iterable[Command],
        bounds: Bounds,
        invariants: Invariants,
        *,
        merges: bool = True,
        reduces: bool = True,
    ) -> None:
        """Prepare it.

        Args:
            world: Where it takes place.
            commands: What may come.
            bounds: How far to go.
            invariants: What must hold.
            merges: Whether processes that nobody can tell apart are one.
            reduces: Whether what could show nothing new is left out.
        """
        self.commands = {command.name: command for command in commands}
        self.count = Count()
        self._bounds = bounds
        self._world = world
        self._invariants = invariants
        self._reduces = reduces
        self._kinds = bounds.kinds if bounds.faults else frozenset[Fault]()
        self._alike = Alike(world.alike)
        self._keys = CallKeys(self._alike)
        self.stores = Stores(
            keeps_past=not self._kinds.isdisjoint({Fault.STALE_GET, Fault.STALE_VIEW}),
            alike=self._alike,
        )
        self.processes = Processes(
            world, self.commands, invariants, self.stores, keys=self._keys, merges=merges
        )
        self.begin = self.stores.of(world.records)
        self._follows = False
        self._places: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._last_instant = len(world.instants) - 1
        self._crews: list[tuple[int, ...]] = []
        self._crew_numbers: dict[tuple[int, ...], int] = {}
        self._rests: list[Rest] = []
        self._rest_numbers: dict[Rest, int] = {}
        self._targets: dict[int, list[tuple[Command, int, Hashable]]] = {}
        self._ways = {
            Doing.GET: self._get,
            Doing.NOW: self._look,
            Doing.COMMIT: self._commit,
            Doing.VIEW: self._view,
            Doing.ASK: self._ask,
            Doing.OTHER: self._choose,
        }
        self._worse_ones: dict[Rest, Rest] = {}
        self._fewer_ones: dict[Rest, Rest] = {}
        self._judged: set[tuple[object, ...]] = set()
        self._asked: dict[tuple[int, int, Hashable], Hashable] = {}
        self._views: dict[tuple[int, int], int] = {}
        self._view_keys: dict[int, tuple[int, int]] = {}
        # What those may write who have not come yet: with keys of their own, or with any.
        self._new_writes = 0
        self._any_writes = 0
        self._endless: frozenset[int] = frozenset()

    # --- the whole search ----------------------------------------------------------------------

    def run(self) -> Found | None:
        """Visit every state; return the first violation, or None.

        What is left out rests on what processes may write, which is found out on the way. So the
        search is repeated until it finds nothing new of that; smaller worlds tell most of it.

        Raises:
            BoundReachedError: There are more states than there may be.
        """
        if self._reduces:
            for commands in range(1, self._bounds.commands):
                self._note_writes()
                self._visit(commands)
        while True:
            known = self._note_writes()
            found = self._visit(self._bounds.commands)
            if not self._reduces or self._note_writes() == known:
                return found

    def _note_writes(self) -> tuple[object, ...]:
        """Note what is known of who may write what; return it, to be compared."""
        everything = self.processes.all
        self._endless = _on_cycles(everything)
        made = self.stores.made_keys()
        self._new_writes = self._any_writes = 0
        for process in everything:
            process.known = process.writes
            if process.way is None:
                self._any_writes |= process.writes
                for number, calls in enumerate(made):
                    # A key with the call's own number in it is known to nobody before it is stored.
                    if process.writes >> number & 1 and process.numbers.isdisjoint(calls):
                        self._new_writes |= 1 << number
        return (
            self._any_writes,
            self._endless,
            tuple(process.writes for process in everything),
        )

    def _visit(self, commands: int) -> Found | None:
        """Visit the states, breadth first, with so many calls at most."""
        self.count = count = Count()
        rest = Rest(commands, self._bounds.faults, 0, frozenset(), None)
        begin = self._state(self.begin, (), rest)
        seen = {begin}
        order = [begin]
        parents = array("L", [0])
        first, last = 0, 1
        while first < last:
            for at in range(first, last):
                children: list[tuple[int, Move]] = []
                try:
                    self._expand(order[at], children)
                except _Violated:
                    count.states = len(order)
                    return self._follow(_way(order, parents, at))
                count.transitions += len(children)
                for child, _ in children:
                    if child not in seen:
                        seen.add(child)
                        order.append(child)
                        parents.append(at)
                if len(order) > self._bounds.states:
                    raise BoundReachedError(self._bounds.states, count.depth)
            first, last = last, len(order)
            count.depth += first < last
        count.states = len(order)
        return None

    def _follow(self, states: list[int]) -> Found:
        """Return what happens on the way through these states, and what does not hold at its end.

        Here nothing changes places any more: who does something is who did it before.

        Raises:
            MisuseError: What does not hold the first time holds the second time, or of another
                thing that is alike.
        """
        self._follows = bool(self._alike)
        moves: list[Move] = []
        at = states[0]
        try:
            for state in states[1:]:
                children: list[tuple[int, Move]] = []
                self._expand(at, children)
                at, move = next(child for child in children if self._place(child[0]) == state)
                moves.append(move)
            self._expand(at, [])
        except _Violated as violated:
            last = () if violated.move is None else (violated.move,)
            return Found(violated.violations, (*moves, *last))
        raise MisuseError("invariants judge the same alike, and so what is alike in their world")

    def _place(self, state: int) -> int:
        """Return the state that stands for *state* and for all that differ in who is who."""
        if not self._alike:
            return state
        store, crew = state >> 2 * _BITS, self._crews[state >> _BITS & _MASK]
        return self._number(*self._first(store, crew), self._rests[state & _MASK])

    def _first(self, store: int, crew: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Return which store and crew stand for these and all that differ in who is who."""
        known = self._places.get(store)
        if known is None:
            images = self.stores.images(store)
            first = min(images)
            changes = (change for change, image in enumerate(images) if image == first)
            known = self._places[store] = first, tuple(changes)
        first, ways = known
        if ways == (0,):
            return store, crew
        all_ = self.processes.all
        crews = (tuple(sorted([all_[one].images[change] for one in crew])) for change in ways)
        return first, min(crews)

    def _state(self, store: int, crew: tuple[int, ...], rest: Rest) -> int:
        """Return the number of a state, or of the one that stands for it."""
        if self._alike and not self._follows:
            store, crew = self._first(store, crew)
        return self._number(store, crew, rest)

    def _number(self, store: int, crew: tuple[int, ...], rest: Rest) -> int:
        """Return the number of exactly this state."""
        crew_number = self._crew_numbers.get(crew)
        if crew_number is None:
            crew_number = self._crew_numbers[crew] = len(self._crews)
            self._crews.append(crew)
        rest_number = self._rest_numbers.get(rest)
        if rest_number is None:
            rest_number = self._rest_numbers[rest] = len(self._rests)
            self._rests.append(rest)
        if crew_number > _MASK or rest_number > _MASK:
            raise BoundReachedError(_MASK, self.count.depth)
        return (store << _BITS | crew_number) << _BITS | rest_number

    # --- what may happen -----------------------------------------------------------------------

    def _expand(self, state: int, into: list[tuple[int, Move]]) -> None:
        """Put what may happen in a state into a list: the next state, and the move."""
        rest = self._rests[state & _MASK]
        crew = self._crews[state >> _BITS & _MASK]
        store = state >> 2 * _BITS
        self._judge_state(store, rest.instant)
        if not crew:
            self._judge_rest(store, rest.instant)
        # Which of several goes on alone depends on who is who; the way that is followed has any.
        alone = self._alone(crew, rest) if self._reduces and not self._follows else None
        for place, number in enumerate(crew):
            if alone not in {None, place} or (place and crew[place - 1] == number):
                continue
            others = crew[:place] + crew[place + 1 :]
            process = self.processes.all[number]
            self._act(process, None, store, others, rest, into)
        if alone is not None:
            return
        if len(crew) < self._bounds.at_once:
            self._arrive(store, crew, rest, into)
        if rest.faults:
            self._nature(store, crew, rest, into)

    def _alone(self, crew: tuple[int, ...], rest: Rest) -> int | None:
        """Return the place of a process that may go on alone, since nobody can interfere."""
        for place, number in enumerate(crew):
            process = self.processes.all[number]
            if process.doing is Doing.ASK or self._is_undisturbed(process, crew, place, rest):
                return place
        return None

    def _is_undisturbed(
        self, process: Process, crew: tuple[int, ...], place: int | None, rest: Rest
    ) -> bool:
        """Whether *process* reads what nobody else may change any more."""
        doing = process.doing
        if doing is Doing.NOW:
            return self._is_clock_over(rest)
        if doing is not Doing.GET and doing is not Doing.VIEW:
            return False
        if process.number in self._endless or (rest.faults and Fault.TTL in self._kinds):
            return False
        keys = 1 << process.key if doing is Doing.GET else self._keys_of_view(process)
        all_ = self.processes.all
        for other, number in enumerate(crew):
            if other != place and all_[number].known & keys:
                return False
        if rest.faults and Fault.RETRY in self._kinds and self._any_writes & keys:
            return False
        return not (rest.commands and self._new_writes & keys)

    def _is_clock_over(self, rest: Rest) -> bool:
        """Whether time passes no more."""
        return (
            rest.instant == self._last_instant or rest.faults == 0 or Fault.CLOCK not in self._kinds
        )

    def _keys_of_view(self, process: Process) -> int:
        """Return the keys of which a view may tell, as bits."""
        known, keys = self._view_keys.get(process.number, (0, 0))
        for number in range(known, len(self.stores.keys)):
            key = self.stores.keys[number]
            effect = process.effect
            if isinstance(effect, ReadLog):
                told = key.kind == "message" and key.parts[0] == effect.session
            else:
                told = key.kind == cast("Find", effect).query.kind
            keys |= told << number
        self._view_keys[process.number] = len(self.stores.keys), keys
        return keys

    # --- one process ---------------------------------------------------------------------------

    def _act(
        self,
        process: Process,
        comes: Coming | None,
        store: int,
        others: tuple[int, ...],
        rest: Rest,
        into: list[tuple[int, Move]],
    ) -> None:
        """Let *process* do what it is about to do, in every way that this may end."""
        worse = self._worse(rest) if rest.faults else None
        turn = _Turn(process, comes, others, into)
        if worse is not None and (process.exposed or not self._reduces):
            self._die(turn, store, worse)
        self._ways[process.doing](turn, store, rest, worse)

    def _die(self, turn: _Turn, store: int, worse: Rest) -> None:
        """Let a process die, or be interrupted, before its effect."""
        process = turn.process
        if Fault.CRASH in self._kinds:
            move = Move(process.number, None, (), turn.comes, Fault.CRASH)
            kept = self._kept(store, worse)
            turn.into.append((self._state(kept, turn.others, worse), move))
        if Fault.INTERRUPT in self._kinds and process.doing is not Doing.COMMIT:
            self._go(turn, INTERRUPTED, store, worse, Fault.INTERRUPT)

    def _get(self, turn: _Turn, store: int, rest: Rest, worse: Rest | None) -> None:
        """Let a process read a record."""
        key = turn.process.key
        self._go(turn, self.stores.states[store].get(key, NOTHING), store, rest)
        if worse is None:
            return
        if Fault.UNAVAILABLE in self._kinds:
            self._go(turn, UNAVAILABLE, store, worse, Fault.UNAVAILABLE)
        if Fault.STALE_GET in self._kinds:
            past = self.stores.before(store, key)
            if past is not None:
                self._go(turn, past, store, worse, Fault.STALE_GET)

    def _look(self, turn: _Turn, store: int, rest: Rest, _worse: Rest | None) -> None:
        """Let a process look at the clock."""
        self._go(turn, rest.instant, store, rest)

    def _commit(self, turn: _Turn, store: int, rest: Rest, worse: Rest | None) -> None:
        """Let a process commit."""
        process = turn.process
        done = process.done.get(store)
        if done is None:
            done = process.done[store] = self.stores.commit(store, process.wants)
        if done == NOTHING:
            self._go(turn, CONFLICT, store, rest)
        else:
            self._do(turn, store, done, rest)
        if worse is not None:
            for fault, answer in _NOT_DONE:
                if fault in self._kinds:
                    self._go(turn, answer, store, worse, fault)

    def _do(self, turn: _Turn, store: int, done: int, rest: Rest) -> None:
        """Let a commit be done, and be told so, or otherwise."""
        process = turn.process
        move = Move(process.number, process.number, (DONE,), turn.comes)
        self._judge_step(store, done, process, move)
        gone = self.stores.made_in(store) - self.stores.made_in(done)
        if gone:
            rest = rest._replace(burnt=rest.burnt | gone)
        self._go(turn, DONE, done, rest)
        if rest.faults:
            worse = self._worse(rest)
            for fault, answer in _DONE_AND_MORE:
                if fault in self._kinds:
                    self._go(turn, answer, done, worse, fault)

    def _ask(self, turn: _Turn, store: int, rest: Rest, _worse: Rest | None) -> None:
        """Let a process ask the model."""
        self._choose(turn, store, rest._replace(memory=self._remember(turn, store, rest)), None)

    def _choose(self, turn: _Turn, store: int, rest: Rest, _worse: Rest | None) -> None:
        """Let a process be answered in each of the ways that there are."""
        for choice in range(self.processes.choices(turn.process)):
            self._go(turn, choice, store, rest)

    def _view(self, turn: _Turn, store: int, rest: Rest, worse: Rest | None) -> None:
        """Let a process look at a view."""
        now = self._viewed(turn.process, store)
        self._go(turn, now, store, rest)
        if worse is not None:
            if Fault.UNAVAILABLE in self._kinds:
                self._go(turn, UNAVAILABLE, store, worse, Fault.UNAVAILABLE)
            if Fault.STALE_VIEW in self._kinds:
                late = self._viewed(turn.process, self.stores.lagging(store))
                if late != now:
                    self._go(turn, late, store, worse, Fault.STALE_VIEW)

    def _viewed(self, process: Process, store: int) -> int:
        """Return the answer of a view, found out once."""
        key = process.number, store
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = self._view_of(process, store)
            for change, image in enumerate(process.images[1:], 1):
                other = self.processes.all[image]
                told = self._view_of(other, self.stores.images(store)[change])
                if told != self.processes.answer_image(process, found, change):
                    raise not_alike("a view tells of them in another order")
        return found

    def _view_of(self, process: Process, store: int) -> int:
        """Return the answer of a view."""
        effect = cast("Find | ReadLog", process.effect)
        return self.processes.viewed(self.stores.view(store, effect))

    def _go(
        self, turn: _Turn, answer: int, store: int, rest: Rest, fault: Fault | None = None
    ) -> None:
        """Let a process go on with an answer, as far as nobody can interfere."""
        if fault is not None:
            store = self._kept(store, rest)
        processes = self.processes
        number = turn.process.moves.get(answer)
        if number is None:
            number = processes.answer(turn.process, answer)
        answers: tuple[int, ...] = (answer,)
        others = turn.others
        if self._reduces and not rest.faults:
            met: set[int] = set()
            while number >= 0 and number not in met:
                process = processes.all[number]
                if not self._is_undisturbed(process, others, None, rest):
                    break
                met.add(number)
                if process.doing is Doing.NOW:
                    answer = rest.instant
                elif process.doing is Doing.GET:
                    answer = self.stores.states[store].get(process.key, NOTHING)
                else:
                    answer = self._viewed(process, store)
                answers += (answer,)
                number = processes.answer(process, answer)
        move = Move(turn.process.number, number, answers, turn.comes, fault)
        if number >= 0:
            others = tuple(sorted((*others, number)))
        else:
            self._judge_outcome(~number, store, rest.instant, move)
        turn.into.append((self._state(store, others, rest), move))

    def _worse(self, rest: Rest) -> Rest:
        """Return the same with one fault less to come."""
        worse = self._worse_ones.get(rest)
        if worse is None:
            worse = self._worse_ones[rest] = rest._replace(faults=rest.faults - 1)
        return worse

    def _fewer(self, rest: Rest) -> Rest:
        """Return the same with one call less to come."""
        fewer = self._fewer_ones.get(rest)
        if fewer is None:
            fewer = self._fewer_ones[rest] = rest._replace(commands=rest.commands - 1)
        return fewer

    def _kept(self, store: int, rest: Rest) -> int:
        """Return the store without what is only kept for what may still go wrong."""
        return store if rest.faults else self.stores.without_past(store)

    def _remember(self, turn: _Turn, store: int, rest: Rest) -> Hashable:
        """Return what is remembered after a question to the model."""
        process = turn.process
        key = process.number, store, rest.memory
        if key not in self._asked:
            memory, wrong = self._asked_of(process, store, rest)
            _refuse(wrong, Move(process.number, process.number, (0,), turn.comes))
            for change, image in enumerate(process.images[1:], 1):
                other = self.processes.all[image]
                told, _ = self._asked_of(other, self.stores.images(store)[change], rest)
                if told != memory:
                    raise not_alike("the invariants remember who it was")
            self._asked[key] = memory
        return self._asked[key]

    def _asked_of(self, process: Process, store: int, rest: Rest) -> tuple[Hashable, Iterable[str]]:
        """Return what is remembered of a question to the model, and what is wrong with it."""
        effect = cast("AskModel | RunAgent", process.effect)
        return self._invariants.asked(rest.memory, effect, self.stores.held(store))

    # --- others --------------------------------------------------------------------------------

    def _arrive(
        self, store: int, crew: tuple[int, ...], rest: Rest, into: list[tuple[int, Move]]
    ) -> None:
        """Let a call come: a new one, or one that was made before."""
        taken = self.stores.made_in(store) | rest.burnt
        for number in crew:
            taken |= self.processes.all[number].numbers
        fresh = 1
        while fresh in taken:
            fresh += 1
        if rest.commands:
            self._arrive_new(fresh, store, crew, self._fewer(rest), into)
        if rest.faults and not self._kinds.isdisjoint({Fault.RETRY, Fault.OTHER_TARGET}):
            worse = self._worse(rest)
            self._arrive_again(fresh, self._kept(store, worse), crew, worse, into)

    def _arrive_new(
        self,
        fresh: int,
        store: int,
        crew: tuple[int, ...],
        rest: Rest,
        into: list[tuple[int, Move]],
    ) -> None:
        """Let each call come that may come now."""
        for command, at, target in self._targets_in(store):
            number = fresh if command.keyed or command.makes_ids else 0
            key = self._keys.key(command, target, number) if command.keyed else None
            call = Call(command=command.name, target=target, number=number, key=key)
            self._come(Coming(call, at, None), store, crew, rest, into)

    def _arrive_again(
        self,
        fresh: int,
        store: int,
        crew: tuple[int, ...],
        rest: Rest,
        into: list[tuple[int, Move]],
    ) -> None:
        """Let each call come once more whose key is stored, or which is under way."""
        known = set(self.stores.keys_in(store))
        known.update(key for number in crew if (key := self.processes.all[number].call.key))
        for key in sorted(known):
            command, before = self._keys.call(key)
            if Fault.RETRY in self._kinds:
                again = Call(command=command.name, target=before, number=fresh, key=key)
                self._come(Coming(again, 0, Fault.RETRY), store, crew, rest, into)
            if Fault.OTHER_TARGET not in self._kinds:
                continue
            for same, at, target in self._targets_in(store):
                if same is command and target != before:
                    other = Call(command=command.name, target=target, number=fresh, key=key)
                    self._come(Coming(other, at, Fault.OTHER_TARGET), store, crew, rest, into)

    def _come(
        self,
        comes: Coming,
        store: int,
        crew: tuple[int, ...],
        rest: Rest,
        into: list[tuple[int, Move]],
    ) -> None:
        """Let a call come, with its first effect."""
        number = self.processes.begin(comes.call)
        if number < 0:
            move = Move(None, number, (), comes)
            self._judge_outcome(~number, store, rest.instant, move)
            into.append((self._state(store, crew, rest), move))
            return
        process = self.processes.all[number]
        if not self._reduces:
            move = Move(None, number, (), comes)
            into.append((self._state(store, tuple(sorted((*crew, number))), rest), move))
            return
        self._act(process, comes, store, crew, rest, into)

    def _targets_in(self, store: int) -> list[tuple[Command, int, Hashable]]:
        """Return all that calls may be aimed at."""
        found = self._targets.get(store)
        if found is None:
            found = self._targets[store] = self._targets_of(store)
            for change in self._alike.changes[1:]:
                image = self._targets_of(self.stores.images(store)[change])
                changed = {
                    (command.name, self._alike.image(target, change))
                    for command, _, target in found
                }
                if {(command.name, target) for command, _, target in image} != changed:
                    raise not_alike("calls are aimed at something else")
        return found

    def _targets_of(self, store: int) -> list[tuple[Command, int, Hashable]]:
        """Return all that calls may be aimed at where this is stored."""
        records = tuple(self.stores.held(store).values())
        return [
            (command, at, target)
            for command in self.commands.values()
            for at, target in enumerate(command.targets(records))
        ]

    def _nature(
        self, store: int, crew: tuple[int, ...], rest: Rest, into: list[tuple[int, Move]]
    ) -> None:
        """Let time pass, and an engine delete what has expired."""
        worse = self._worse(rest)
        kept = self._kept(store, worse)
        if not self._is_clock_over(rest) and self._is_clock_asked(crew):
            later = worse._replace(instant=rest.instant + 1)
            into.append((self._state(kept, crew, later), Move(None, None, fault=Fault.CLOCK)))
        if Fault.TTL in self._kinds:
            self._delete(store, crew, rest, worse, into)

    def _is_clock_asked(self, crew: tuple[int, ...]) -> bool:
        """Whether it makes a difference that time passes now, and not a little later."""
        if not self._reduces or Fault.TTL in self._kinds or not crew:
            return True
        return any(self.processes.all[number].doing is Doing.NOW for number in crew)

    def _delete(
        self,
        store: int,
        crew: tuple[int, ...],
        rest: Rest,
        worse: Rest,
        into: list[tuple[int, Move]],
    ) -> None:
        """Let an engine delete the record of a session that has expired."""
        now = self._world.time(rest.instant)
        for key, record in tuple(self.stores.states[store].items()):
            if key < 0:
                continue
            facts = self.stores.records[record].facts
            if facts.session is None or facts.expires is None or facts.expires > now:
                continue
            gone = self._kept(self.stores.changed(store, {key: NOTHING}), worse)
            burnt = worse.burnt | (self.stores.made_in(store) - self.stores.made_in(gone))
            move = Move(None, None, fault=Fault.TTL, key=key)
            into.append((self._state(gone, crew, worse._replace(burnt=burnt)), move))

    # --- judging -------------------------------------------------------------------------------

    def _judge_state(self, store: int, instant: int) -> None:
        """Ask what does not hold of what is stored."""
        key = "state", store, instant
        if key not in self._judged:
            records, now = self.stores.held(store), self._world.time(instant)
            _refuse(self._invariants.state(records, now), None)
            self._judged.add(key)

    def _judge_rest(self, store: int, instant: int) -> None:
        """Ask what does not hold when nobody is at work."""
        key = "rest", store, instant
        if key not in self._judged:
            records, now = self.stores.held(store), self._world.time(instant)
            _refuse(self._invariants.at_rest(records, now), None)
            self._judged.add(key)

    def _judge_step(self, before: int, after: int, process: Process, move: Move) -> None:
        """Ask what a commit did that it must not do."""
        key = "step", before, after, process.number
        if key not in self._judged:
            step = Step(
                call=process.call,
                caller=self.commands[process.call.command].caller(process.call),
                ops=cast("Commit", process.effect).ops,
                before=self.stores.held(before),
                after=self.stores.held(after),
                note=process.note,
            )
            _refuse(self._invariants.step(step), move)
            self._judged.add(key)

    def _judge_outcome(self, result: int, store: int, instant: int, move: Move) -> None:
        """Ask what is not true of what a caller was told."""
        key = "outcome", result, store, instant
        if key not in self._judged:
            told = self.processes.results[result]
            outcome = Outcome(
                call=told.call,
                caller=self.commands[told.call.command].caller(told.call),
                value=told.value,
                error=told.error,
                records=self.stores.held(store),
                now=self._world.time(instant),
                note=told.note,
            )
            _refuse(self._invariants.outcome(outcome), move)
            self._judged.add(key)


_NOT_DONE: Final = (
    (Fault.LOST_NOT_DONE, UNKNOWN),
    (Fault.UNAVAILABLE, UNAVAILABLE),
    (Fault.INTERRUPT, INTERRUPTED),
)
"""What a commit may be answered that was not done."""
_DONE_AND_MORE: Final = (
    (Fault.LOST_DONE, UNKNOWN),
    (Fault.CONFLICT_DONE, CONFLICT),
    (Fault.INTERRUPT_DONE, INTERRUPTED),
)
"""What a commit may be answered that was done, besides that it was."""


class _Turn(NamedTuple):
    """A process whose turn it is, the call that brings it, the others, and where moves go."""

    process: Process
    comes: Coming | None
    others: tuple[int, ...]
    into: list[tuple[int, Move]]


def _refuse(wrong: Iterable[str], move: Move | None) -> None:
    """Stop where something does not hold.

    Raises:
        _Violated: Something does not.
    """
    violations = tuple(wrong)
    if violations:
        raise _Violated(violations, move)


def _way(order: list[int], parents: array[int], at: int) -> list[int]:
    """Return the states that lead to the one at that place, and that one."""
    places = [at]
    while places[-1]:
        places.append(parents[places[-1]])
    return [order[place] for place in reversed(places)]


def _on_cycles(processes: list[Process]) -> frozenset[int]:
    """Return the numbers of the processes that may come to the same again, or lead to such."""
    left = {process.number: 0 for process in processes}
    for process in processes:
        left[process.number] = len({number for number in process.moves.values() if number >= 0})
    done = [number for number, children in left.items() if not children]
    while done:
        for parent in {one.number: one for one in processes[done.pop()].parents}.values():
            left[parent.number] -= 1
            if not left[parent.number]:
                done.append(parent.number)
    return frozenset(number for number, children in left.items() if children)
