"""Which things of a world may change places, and what becomes of everything when they do.

Two users of whom nothing is known but their names lead the same lives: what may happen to one may
happen to the other. So states that differ only in who is who are one, and one of them is visited.

None of it is believed. What becomes of a process is found by playing the call that has the things
changed; what becomes of a record, by what that process writes in its place. Where anything comes
out otherwise, the things are not alike, and that is an error.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import permutations, product
from typing import TypeVar, cast

from coachwork.errors import MisuseError
from coachwork.testing.explorer._world import Call, Command

T = TypeVar("T")


class Alike:
    """Every way in which the things of each group may change places.

    Attributes:
        changes: The numbers of these ways; 0 leaves all in place.
    """

    def __init__(self, groups: Sequence[Sequence[Hashable]] = ()) -> None:
        """Exchange things within these groups; without any there is one way, and it is none."""
        things = [thing for group in groups for thing in group]
        ways = [
            tuple(thing for group in way for thing in group)
            for way in product(*(permutations(group) for group in groups))
        ]
        self.changes = range(len(ways))
        self._ways = [dict(zip(things, way, strict=True)) for way in ways]
        numbers = {way: number for number, way in enumerate(ways)}
        self._after = [
            tuple(numbers[tuple(then[thing] for thing in way)] for then in self._ways)
            for way in ways
        ]

    def __bool__(self) -> bool:
        """Whether there is anything to be exchanged."""
        return len(self.changes) > 1

    def image(self, value: Hashable, change: int) -> Hashable:
        """Return what a thing, or a tuple of things, becomes."""
        if isinstance(value, tuple):
            whole = cast("tuple[Hashable, ...]", value)
            return tuple(self.image(part, change) for part in whole)
        return self._ways[change].get(value, value)

    def orbit(self, images: Sequence[T]) -> Iterator[tuple[T, tuple[T, ...]]]:
        """Yield each of the images of one thing, and with it the images that it has itself."""
        for image, after in zip(images, self._after, strict=True):
            yield image, tuple(images[change] for change in after)


class Images:
    """What becomes of things that have numbers: each is told once, and never otherwise."""

    def __init__(self, alike: Alike) -> None:
        """Begin with none."""
        self._alike = alike
        self._of: dict[int, tuple[int, ...]] = {}

    def __getitem__(self, number: int) -> tuple[int, ...]:
        """Return the images of the thing of that number."""
        return self._of[number]

    def get(self, number: int) -> tuple[int, ...] | None:
        """Return its images, or None where they are not known."""
        return self._of.get(number)

    def relate(self, images: Sequence[int]) -> None:
        """Take these for the images of the first of them.

        Raises:
            MisuseError: It was known to have others.
        """
        for number, those in self._alike.orbit(images):
            if self._of.setdefault(number, those) != those:
                raise not_alike("the same becomes this once, and that another time")


class CallKeys:
    """The keys of calls: each tells what the call was."""

    def __init__(self, alike: Alike) -> None:
        """Begin with none."""
        self._alike = alike
        self._aims: dict[tuple[str, Hashable], int] = {}
        self._calls: dict[str, tuple[Command, Hashable, int]] = {}

    def key(self, command: Command, target: Hashable, number: int) -> str:
        """Return the key of a new call."""
        aim = self._aims.setdefault((command.name, target), len(self._aims))
        key = f"key-{number}-{command.name}.{aim}"
        self._calls[key] = command, target, number
        return key

    def call(self, key: str) -> tuple[Command, Hashable]:
        """Return which command was called with *key* first, and what it was aimed at."""
        command, target, _ = self._calls[key]
        return command, target

    def image(self, key: str, change: int) -> str:
        """Return what a key becomes."""
        command, target, number = self._calls[key]
        return self.key(command, self._alike.image(target, change), number)

    def changed(self, call: Call, change: int) -> Call:
        """Return what a call becomes."""
        if not change:
            return call
        return Call(
            command=call.command,
            target=self._alike.image(call.target, change),
            number=call.number,
            key=call.key if call.key is None else self.image(call.key, change),
        )


def not_alike(why: str) -> MisuseError:
    """Return the error that things which were to be alike are not."""
    return MisuseError(f"world.alike: these things are not alike: {why}")
