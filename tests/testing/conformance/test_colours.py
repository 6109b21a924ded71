"""How a workflow is driven against an adapter that is made for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import pytest

from coachwork.adapters import Memory, in_threads
from coachwork.effects import AskAdmission, Get, NewId, Workflow
from coachwork.errors import MisuseError
from coachwork.ports import Admission
from coachwork.records import Key, Record
from coachwork.testing.conformance import HungError, Make, Port
from coachwork.testing.conformance._colours import drive, drive_async

PORT = Port(name="Repository", field="repository", method="commit")
KEY = Key("thing", "t", ("a",))


def asks() -> Workflow[object]:
    """Ask the repository, and something that every trial has beside it."""
    yield from NewId()
    return (yield from Get(KEY))


class Noting(Memory):
    """A repository that notes where it is asked."""

    def __init__(self, noted: list[str]) -> None:
        """Note nothing yet."""
        super().__init__()
        self.noted = noted

    def get(self, key: Key, /) -> Record | None:
        """Note whether a loop is running."""
        self.noted.append(loop())
        return super().get(key)


def loop() -> str:
    """Tell whether a loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "no loop"
    return "loop"


def managers(noted: list[str]) -> dict[str, Make]:
    """Return what makes a repository in all ways that there are."""

    @contextmanager
    def blocking() -> Generator[Noting]:
        noted.append(f"open in {loop()}")
        yield Noting(noted)
        noted.append("close")

    @contextmanager
    def mixed() -> Generator[object]:
        noted.append(f"open in {loop()}")
        yield Noting(noted).for_async()
        noted.append("close")

    @asynccontextmanager
    async def awaited() -> AsyncGenerator[object]:
        noted.append(f"open in {loop()}")
        yield Noting(noted).for_async()
        noted.append("close")

    return {"blocking": blocking, "mixed": mixed, "awaited": awaited}


@pytest.mark.parametrize(
    "how, noted",
    [
        ("blocking", ["open in no loop", "no loop", "close"]),
        ("mixed", ["open in no loop", "close", "open in loop", "loop", "close"]),
        ("awaited", ["open in loop", "loop", "close"]),
    ],
)
def test_an_adapter_is_made_and_used_in_its_own_colour(how: str, noted: list[str]) -> None:
    """A blocking one meets no event loop, an async one is made in the loop where it is used."""
    found: list[str] = []
    assert drive(PORT, managers(found)[how], asks, 5) is None
    assert found == noted


@pytest.mark.parametrize("how", ["mixed", "awaited"])
def test_an_async_adapter_is_driven_in_the_running_loop(how: str) -> None:
    """Whichever context manager gives it."""
    found: list[str] = []
    assert asyncio.run(drive_async(PORT, managers(found)[how], asks, 5)) is None
    assert found == ["open in loop", "loop", "close"]


def test_a_context_manager_of_both_colours_will_do() -> None:
    """`contextlib.nullcontext` is one, of blocking and of async adapters alike."""
    memory = Memory()
    assert drive(PORT, lambda: nullcontext(memory), asks, 5) is None
    assert drive(PORT, lambda: nullcontext(memory.for_async()), asks, 5) is None
    assert asyncio.run(drive_async(PORT, lambda: nullcontext(memory.for_async()), asks, 5)) is None


def test_a_blocking_adapter_is_refused_in_a_loop() -> None:
    """It would stop it; in threads it is welcome."""
    with pytest.raises(MisuseError, match="in_threads"):
        asyncio.run(drive_async(PORT, lambda: nullcontext(Memory()), asks, 5))
    wrapped: Any = nullcontext(in_threads(Memory()))
    assert asyncio.run(drive_async(PORT, lambda: wrapped, asks, 5)) is None


def test_what_is_no_context_manager_is_refused() -> None:
    """The error says what to do."""
    make: Any = Memory
    with pytest.raises(MisuseError, match=r"contextlib\.closing"):
        drive(PORT, make, asks, 5)
    with pytest.raises(MisuseError, match=r"contextlib\.closing"):
        asyncio.run(drive_async(PORT, make, asks, 5))


def test_the_adapter_is_ended_whatever_happens() -> None:
    """Where the workflow fails, too."""

    def fails() -> Workflow[None]:
        yield from Get(KEY)
        raise KeyError("mine")

    for how in ("blocking", "awaited"):
        ended: list[BaseException] = []

        @contextmanager
        def watched(how: str = how, ended: list[BaseException] = ended) -> Generator[object]:
            try:
                yield Memory() if how == "blocking" else Memory().for_async()
            except KeyError as error:
                ended.append(error)
                raise

        with pytest.raises(KeyError, match="mine"):
            drive(PORT, watched, fails, 5)
        assert len(ended) == 1


class Hanging:
    """An async repository that never answers."""

    def __init__(self, *, obstinate: bool) -> None:
        """Take notice of being cancelled, or none."""
        self.obstinate = obstinate
        self.cancelled = 0

    async def commit(self, _ops: object, /) -> None:
        """Do nothing."""

    async def get(self, _key: Key, /) -> None:
        """Wait for ever."""
        while True:
            try:
                await asyncio.sleep(20)
            except asyncio.CancelledError:
                self.cancelled += 1
                if not self.obstinate or self.cancelled > 1:
                    raise


@pytest.mark.parametrize("obstinate", [False, True], ids=["gives up", "does not give up"])
def test_an_async_adapter_that_hangs_is_cancelled_in_the_end(
    monkeypatch: pytest.MonkeyPatch, *, obstinate: bool
) -> None:
    """Nobody waits for it any longer, and it is told where it stands."""
    monkeypatch.setattr("coachwork.testing.conformance._colours.GRACE", 0.05)
    hanging = Hanging(obstinate=obstinate)
    make: Any = lambda: nullcontext(hanging)  # noqa: E731 - of a type that says nothing
    with pytest.raises(HungError, match=r"test_colours\.py:\d+ in get"):
        drive(PORT, make, asks, 0.05)
    assert hanging.cancelled == (2 if obstinate else 1)


def test_who_is_cancelled_cancels_the_adapter() -> None:
    """A kit that is given up leaves no task behind."""
    hanging = Hanging(obstinate=False)

    async def main() -> None:
        driving: Coroutine[Any, Any, object] = drive_async(
            PORT, lambda: nullcontext(hanging), asks, 20
        )
        task = asyncio.create_task(driving)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert hanging.cancelled == 1


def test_other_ports_are_there_beside_it() -> None:
    """A check may use whatever else a workflow asks for."""
    ids = Port(name="IdSource", field="ids", method="new_id")

    class Ids:
        def new_id(self) -> str:
            return "mine"

    def both() -> Workflow[tuple[str, object]]:
        mine = yield from NewId()
        found = yield from Get(KEY)
        return mine, found

    assert drive(ids, lambda: nullcontext(Ids()), both, 5) == ("mine", None)


def test_a_port_may_be_a_function() -> None:
    """Of either colour, as what admits may be."""
    admits = Port(name="Admit", field="admit", method="__call__")
    about = Admission(command="send", tenant="t", user="u", topic="x", session="s", text="hi")

    def admit(admission: Admission, /) -> str | None:
        return f"{admission.text}!"

    async def admit_async(admission: Admission, /) -> str | None:
        return admit(admission)

    def ask() -> Workflow[str | None]:
        return (yield from AskAdmission(about))

    assert drive(admits, lambda: nullcontext(admit), ask, 5) == "hi!"
    assert drive(admits, lambda: nullcontext(admit_async), ask, 5) == "hi!"
    assert asyncio.run(drive_async(admits, lambda: nullcontext(admit_async), ask, 5)) == "hi!"
