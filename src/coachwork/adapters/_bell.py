"""The bell that wakes the workers of the same process when a job is accepted."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from coachwork.jobs import JobRef
from coachwork.ports import AsyncDispatcher, Dispatcher


class Bell:
    """Whom to wake; it may be rung and listened to from any thread."""

    def __init__(self) -> None:
        """Begin without listeners."""
        self._lock = Lock()
        self._listeners: tuple[Callable[[], None], ...] = ()

    def listen(self, wake: Callable[[], None]) -> None:
        """Call *wake* at every ring; it makes nobody wait and raises nothing."""
        with self._lock:
            self._listeners = (*self._listeners, wake)

    def unlisten(self, wake: Callable[[], None]) -> None:
        """Call *wake* no more."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each != wake)

    def ring(self) -> None:
        """Wake all."""
        for wake in self._listeners:
            wake()


class RingingDispatcher:
    """A dispatcher that rings a bell, and tells another one, if there is one."""

    def __init__(self, bell: Bell, then: Dispatcher | None) -> None:
        """Ring *bell*, *then* go on."""
        self._bell = bell
        self._then = then

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        self._bell.ring()
        if self._then is not None:
            self._then.dispatch(ref)

    def close(self) -> object:
        """Close the other one, where it can be closed."""
        return _close(self._then)


class AsyncRingingDispatcher:
    """The same words, awaited."""

    def __init__(self, bell: Bell, then: AsyncDispatcher | None) -> None:
        """Ring *bell*, *then* go on."""
        self._bell = bell
        self._then = then

    async def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        self._bell.ring()
        if self._then is not None:
            await self._then.dispatch(ref)

    def close(self) -> object:
        """Close the other one, where it can be closed; what comes back may have to be awaited."""
        return _close(self._then)


def _close(dispatcher: object) -> object:
    close: Callable[[], object] | None = getattr(dispatcher, "close", None)
    return None if close is None else close()
