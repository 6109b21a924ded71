"""The rules of a log: in order, no more than was asked for, and a prefix of what was written.

A log may lag: its end may be missing. But what it shows has no gap, unless a message was deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf

from coachwork.records import message_key
from coachwork.testing.history._call import Call, Name, Outcome, Span, record_name
from coachwork.testing.history._chains import ABSENT, Write
from coachwork.testing.history._words import Words


def log_violations(
    calls: Iterable[Call], writes: Mapping[Name, Sequence[Write]], words: Words
) -> Iterator[str]:
    """Return what logs have shown that they must not, or left out."""
    for call in calls:
        span = call.span
        if span is None or call.outcome is not Outcome.DONE:
            continue
        numbers = [seen.number for seen in call.seen]
        if not _is_asked_for(numbers, span):
            yield words.disorder(call)
            continue
        shown = [
            min(wrote, key=_begin) for number in numbers if (wrote := _of(span, number, writes))
        ]
        latest = max(map(_begin, shown), default=-inf)
        for number, following in _left_out(numbers, span):
            # Between two that are shown nothing may be missing that was there when it was read.
            until = max(latest, call.begin) if numbers[0] < number else latest
            if _was_there(_of(span, number, writes), until, shown):
                yield words.gap(call, _name(span, number), following)


def _name(span: Span, number: int) -> Name:
    """Return how a message of a log is called."""
    return record_name(message_key(span.tenant, span.session, number))


def _of(span: Span, number: int, writes: Mapping[Name, Sequence[Write]]) -> Sequence[Write]:
    """Return what was, or may have been, done to a message of a log."""
    return writes.get(_name(span, number), ())


def _begin(write: Write) -> float:
    """Return when it was begun."""
    return write.node.begin


def _is_asked_for(numbers: Sequence[int], span: Span) -> bool:
    """Whether these are messages of that part, in order, each once, and not too many."""
    most = span.limit if span.last is None else min(span.last, span.limit)
    return len(numbers) <= most and all(
        one < other for one, other in pairwise([span.after, *numbers])
    )


def _left_out(numbers: Sequence[int], span: Span) -> Iterator[tuple[int, int]]:
    """Return the messages before others that are shown: each with the next one that is shown."""
    # A tail that is as long as it was asked for begins somewhere.
    whole = span.last is None or len(numbers) < min(span.last, span.limit)
    shown = [span.after, *numbers] if whole else list(numbers)
    for before, after in pairwise(shown):
        for number in range(before + 1, after):
            yield number, after


def _was_there(writes: Sequence[Write], until: float, shown: Sequence[Write]) -> bool:
    """Whether a message had certainly been written by then, or with one of *shown*, for ever."""
    if any(write.left == ABSENT for write in writes):
        return False
    together = {write.node.number for write in shown}
    return any(
        write.certain and (write.node.end < until or write.node.number in together)
        for write in writes
    )
