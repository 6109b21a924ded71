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
        latest = max((_begun(writes, span, number) for number in numbers), default=-inf)
        for number, shown in _left_out(numbers, span):
            name = record_name(message_key(span.tenant, span.session, number))
            # Between two that are shown nothing may be missing that was there when it was read.
            until = max(latest, call.begin) if numbers[0] < number else latest
            if _was_there(writes.get(name, ()), until):
                yield words.gap(call, name, shown)


def _begun(writes: Mapping[Name, Sequence[Write]], span: Span, number: int) -> float:
    """Return when it was begun to write a message of a log."""
    name = record_name(message_key(span.tenant, span.session, number))
    return min((write.node.begin for write in writes.get(name, ())), default=-inf)


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


def _was_there(writes: Sequence[Write], until: float) -> bool:
    """Whether a message had certainly been written at that time, and was never deleted."""
    if any(write.left == ABSENT for write in writes):
        return False
    return any(write.certain and write.node.end < until for write in writes)
