"""Several that do the same work side by side, in threads or in tasks, until nothing is left.

What they do is a *step*: it takes one piece of work, does it and says so, or says that there is
none. Whoever finds none waits while another is at work, since that may make more of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from threading import Condition


class _Board:
    """Who is at work, and how much was done.

    Attributes:
        busy: How many are at work.
        done: How many pieces of work were done.
        error: What was raised first, or None.
    """

    def __init__(self) -> None:
        self.busy = 0
        self.done = 0
        self.error: BaseException | None = None

    def end(self, *, found: bool, error: BaseException | None) -> None:
        """Note that one is at work no more, and whether it had found any."""
        self.busy -= 1
        self.done += found
        self.error = self.error or error

    def is_over(self, seen: int) -> bool:
        """Whether whoever found nothing to do, when so much was done, need not wait any more."""
        return self.error is not None or self.done != seen or self.busy == 0

    def goes_on(self, seen: int) -> bool:
        """Whether there may be more to do for who found nothing when so much was done."""
        return self.error is None and self.done != seen


def side_by_side(step: Callable[[], bool], most: int) -> None:
    """Call *step* in at most *most* threads at once until nothing is left.

    Args:
        step: Does one piece of work; False where there is none.
        most: How many may be at work at once; one works in the thread of the caller.

    Raises:
        BaseException: What a step raised first; no other is begun then, and all are waited for.
    """
    board, change = _Board(), Condition()

    def work() -> None:
        seen, found = 0, True
        while found or board.goes_on(seen):
            with change:
                if board.error is not None:
                    return
                seen = board.done
                board.busy += 1
            error: BaseException | None = None
            try:
                found = step()
            except BaseException as raised:  # noqa: BLE001 - raised where all are waited for
                found, error = False, raised
            with change:
                board.end(found=found, error=error)
                change.notify_all()
                if not found:
                    change.wait_for(partial(board.is_over, seen))

    if most == 1:
        work()
    else:
        _in_threads(work, board, most)
    if board.error is not None:
        raise board.error


def _in_threads(work: Callable[[], None], board: _Board, most: int) -> None:
    """Let so many threads work, each with the caller's context variables; wait for all."""
    from concurrent.futures import (  # noqa: PLC0415 - only who has agents needs it
        ThreadPoolExecutor,
        wait,
    )

    with ThreadPoolExecutor(most, thread_name_prefix="coachwork") as pool:
        try:
            wait([pool.submit(copy_context().run, work) for _ in range(most)])
        except BaseException as error:
            board.error = error  # Ctrl-C: nobody begins anything more
            raise


async def side_by_side_async(step: Callable[[], Awaitable[bool]], most: int) -> None:
    """Await *step* in at most *most* tasks at once until nothing is left.

    Elsewhere than on asyncio one after the other is awaited.

    Args:
        step: Does one piece of work; False where there is none.
        most: How many may be at work at once.

    Raises:
        BaseException: What a step raised first; no other is begun then, and all are waited for. Who
            is cancelled cancels all of them.
    """
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        while await step():
            pass
        return
    board, change = _Board(), asyncio.Event()

    async def work() -> None:
        nonlocal change
        seen, found = 0, True
        while board.error is None and (found or board.goes_on(seen)):
            seen = board.done
            board.busy += 1
            error: BaseException | None = None
            try:
                found = await step()
            except BaseException as raised:
                found, error = False, raised
                raise
            finally:
                board.end(found=found, error=error)
                change.set()
                change = asyncio.Event()
            while not found and not board.is_over(seen):
                await change.wait()

    tasks = [asyncio.create_task(work()) for _ in range(most)]
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if board.error is not None:
        raise board.error
