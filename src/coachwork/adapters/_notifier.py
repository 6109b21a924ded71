"""A notifier within the process: who runs beside the coach subscribes and is told.

It tells what the coaches and workers of this process tell it, not those of another. What waits in
it is gone when the process ends; what came of a job can be polled all the same.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, RLock
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from coachwork.errors import MisuseError, ValidationError
from coachwork.events import Event
from coachwork.ids import checked_id

if TYPE_CHECKING:
    from asyncio import Future  # an event loop is loaded by who awaits

MOST_BUFFERED: Final = 100_000
"""The most events that may be let wait in a subscription."""

REMEMBERED: Final = 1000
"""How many events a subscription knows again at least when they are told once more."""

_Audience: TypeAlias = tuple[str, str, str]


class LocalNotifier:
    """Tells events to subscribers in the same process, and waits for none of them.

    It may be used by several threads and event loops, and by several coaches of either colour. A
    coach that is closed closes it, too.
    """

    def __init__(self) -> None:
        """Begin without subscribers."""
        # A subscription may be closed while the garbage of another call is collected.
        self._lock = RLock()
        self._closed = False
        # Who may want an event is found at once; beside each stands the user it is bound to. The
        # tuples are replaced, never changed, so that they can be read without the lock.
        self._inboxes: dict[_Audience, tuple[tuple[_Inbox, str | None], ...]] = {}

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        for audience in (
            _of_session(event.tenant, event.session),
            _of_user(event.tenant, event.user),
        ):
            for inbox, user in self._inboxes.get(audience, ()):
                if user in {None, event.user}:
                    inbox.put(event)

    def subscribe(
        self,
        *,
        tenant: str = "default",
        user: str | None = None,
        session: str | None = None,
        buffer: int = 1000,
    ) -> Subscription:
        """Be told of the events of a session or of a user, from now on.

        Subscribe before you submit, or poll the job once after you subscribed: what was told
        before is not told again. Whether who listens may listen is for you to judge; give the user
        along with the session, and nobody hears of another user's.

        Args:
            tenant: The tenant; nothing of another one is told.
            user: Only events of this user's sessions.
            session: Only events of this session.
            buffer: How many events may wait for the subscriber; of more, the oldest are dropped.

        Returns:
            The subscription. Close it, or use it in ``with`` or ``async with``.

        Raises:
            ValidationError: Neither user nor session is given, one of them is no id, or so many
                events cannot wait.
            MisuseError: The notifier is closed.
        """
        checked_id(tenant, "tenant")
        if user is not None:
            checked_id(user, "user")
        if session is not None:
            audience = _of_session(tenant, checked_id(session, "session"))
        elif user is not None:
            audience = _of_user(tenant, user)
        else:
            raise ValidationError("session", "a session, a user, or both")
        if type(buffer) is not int or not 1 <= buffer <= MOST_BUFFERED:
            raise ValidationError("buffer", f"a whole number from 1 to {MOST_BUFFERED}")
        inbox = _Inbox(buffer)
        with self._lock:
            if self._closed:
                raise MisuseError("this notifier is closed")
            self._inboxes[audience] = (*self._inboxes.get(audience, ()), (inbox, user))
        return Subscription(inbox, lambda: self._forget(audience, inbox))

    def _forget(self, audience: _Audience, inbox: _Inbox) -> None:
        """Tell that one no more."""
        with self._lock:
            told = self._inboxes.get(audience, ())
            left = tuple(pair for pair in told if pair[0] is not inbox)
            if left:
                self._inboxes[audience] = left
            else:
                self._inboxes.pop(audience, None)

    def close(self) -> None:
        """End all subscriptions; there will be no more."""
        with self._lock:
            self._closed = True
            ended, self._inboxes = self._inboxes, {}
        for pairs in ended.values():
            for inbox, _ in pairs:
                inbox.close()

    def for_async(self) -> AsyncLocalNotifier:
        """Return the same subscriptions for an async coach; nothing in it makes anybody wait."""
        return AsyncLocalNotifier(self)


class AsyncLocalNotifier:
    """The subscriptions of a `LocalNotifier`, told by an async coach."""

    def __init__(self, notifier: LocalNotifier) -> None:
        """Stand before *notifier*."""
        self._notifier = notifier

    async def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        self._notifier.notify(event)

    async def close(self) -> None:
        """End all subscriptions; there will be no more."""
        self._notifier.close()


def _of_session(tenant: str, session: str) -> _Audience:
    return tenant, "session", session


def _of_user(tenant: str, user: str) -> _Audience:
    return tenant, "user", user


class Subscription:
    """Events as they are told, in order, each once; for blocking code and for asyncio.

    Iterate over it, with ``for`` in a thread or with ``async for`` on any event loop: it waits for
    the next event, and ends when the subscription has been closed and what waited was taken. If
    several threads or tasks wait, each event goes to one of them.

    Who is slow keeps nobody waiting: when the buffer is full, the oldest event is dropped and
    `missed` grows by one. Whoever sees it grow asks the coach how the session stands.
    """

    def __init__(self, inbox: _Inbox, leave: Callable[[], None]) -> None:
        """Read *inbox*; `LocalNotifier.subscribe` makes it."""
        self._inbox = inbox
        self._leave = leave

    @property
    def missed(self) -> int:
        """How many events have been dropped so far, because the buffer was full."""
        return self._inbox.missed

    @property
    def closed(self) -> bool:
        """Whether it has been closed; what waited before can still be taken."""
        return self._inbox.closed

    def get(self, timeout: float | None = None) -> Event | None:
        """Take the next event; wait for it where there is none.

        Args:
            timeout: Seconds to wait at most; None waits until there is one.

        Returns:
            The event, or None: the time is over, or the subscription is `closed`.
        """
        return self._inbox.get(timeout)

    async def get_async(self, timeout: float | None = None) -> Event | None:  # noqa: ASYNC109 - as `get`
        """Take the next event, as `get` does, but awaited.

        A task that is cancelled while it waits takes no event with it.
        """
        return await self._inbox.get_async(timeout)

    def close(self) -> None:
        """Be told no more, and end all waiting; it may be called from anywhere, and again."""
        self._leave()
        self._inbox.close()

    def __iter__(self) -> Self:
        """Return the subscription itself."""
        return self

    def __next__(self) -> Event:
        """Wait for the next event."""
        event = self.get()
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> Self:
        """Return the subscription itself."""
        return self

    async def __anext__(self) -> Event:
        """Wait for the next event."""
        event = await self.get_async()
        if event is None:
            raise StopAsyncIteration
        return event

    def __enter__(self) -> Self:
        """Return the subscription itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return the subscription itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class _Inbox:
    """Events that wait for one subscriber, and whoever waits for events.

    A waiter is never handed an event. It is only woken, together with all others, and looks for
    itself: so none that gives up at that very moment takes an event or a wake-up with it.
    """

    def __init__(self, most: int) -> None:
        self.closed = False
        self.missed = 0
        self._most = most
        # It guards everything here. A waiter may be given up while the garbage of another call is
        # collected, in the same thread: it is the kind of lock that may be taken twice.
        self._changed = Condition(RLock())
        self._events: deque[Event] = deque()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._awaited: dict[Future[None], None] = {}  # in the order in which they came

    def put(self, event: Event) -> None:
        """Add *event*, unless it is known."""
        with self._changed:
            if self.closed or event.id in self._known:
                return
            self._known[event.id] = None
            if len(self._known) > max(self._most, REMEMBERED):
                self._known.popitem(last=False)
            if len(self._events) == self._most:
                self._events.popleft()
                self.missed += 1
            self._events.append(event)
            self._wake()

    def close(self) -> None:
        """Take no more."""
        with self._changed:
            self.closed = True
            self._wake()

    def _wake(self) -> None:
        """Wake all who wait; the lock is held."""
        self._changed.notify_all()
        awaited, self._awaited = self._awaited, {}
        for future in awaited:
            with suppress(RuntimeError):  # its event loop is closed: nobody waits there any more
                future.get_loop().call_soon_threadsafe(_wake, future)

    def _take(self) -> Event | None:
        """Return the next event, if there is one; the lock is held."""
        return self._events.popleft() if self._events else None

    def _is_ready(self) -> bool:
        """Whether nobody need wait; the lock is held."""
        return self.closed or bool(self._events)

    def get(self, timeout: float | None) -> Event | None:
        """See `Subscription.get`."""
        with self._changed:
            self._changed.wait_for(self._is_ready, timeout)
            return self._take()

    async def get_async(self, timeout: float | None) -> Event | None:  # noqa: ASYNC109 - as `get`
        """See `Subscription.get_async`."""
        from asyncio import get_running_loop, wait  # noqa: PLC0415 - only who awaits needs it

        loop = get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        in_time = True
        while True:
            with self._changed:
                if self._is_ready() or not in_time:
                    return self._take()
                future = loop.create_future()
                self._awaited[future] = None
            try:
                # The future is waited for from outside, so that nothing but `_wake` ends it.
                left = None if end is None else end - loop.time()
                in_time = bool((await wait([future], timeout=left))[0])
            finally:
                with self._changed:
                    self._awaited.pop(future, None)


def _wake(future: Future[None]) -> None:
    """End the wait for *future*, in its own event loop."""
    future.set_result(None)
