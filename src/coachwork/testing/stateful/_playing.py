"""A call and its plan, side by side: what the coach does is held against what it must do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coachwork.errors import CoachworkError
from coachwork.plain import JSON, to_json
from coachwork.ports import Ask
from coachwork.testing.stateful._words import InterruptionError, Words
from coachwork.testing.stateful.oracle import ANYTHING, Asks, Job, Plan, Refusal, Session, Tale

_IN_WORDS: Final = frozenset({"reason", "raw", "error"})
"""What is told in words that nobody is held to."""


class Playing:
    """A plan that is played while the coach does the same.

    Attributes:
        asks: What the model has to be asked next, or None.
    """

    def __init__(self, plan: Plan[Tale]) -> None:
        """Begin it; it stands where the model has to be asked first, or at its end."""
        self._plan = plan
        self._tale: Tale | None = None
        self._refusal: Refusal | InterruptionError | None = None
        self.asks: Asks | None = None
        self._go_on(None)

    def say(self, words: Words) -> None:
        """Go on with what the model says."""
        self._go_on(words)

    def _go_on(self, words: Words | None) -> None:
        self.asks = None
        try:
            self.asks = next(self._plan) if words is None else self._plan.send(words)
        except StopIteration as stop:
            self._tale = stop.value
        except (Refusal, InterruptionError) as refusal:
            self._refusal = refusal

    def asked(self, ask: Ask) -> Job:
        """Hold what the model is asked against what it must be asked; return the job."""
        wanted = self.asks
        if wanted is None:
            raise AssertionError(f"the model is asked for {ask.purpose}, and must not be")
        job = wanted.job
        _name(job.session, ask.session)
        _name(job, ask.job)
        found: JSON = {
            "purpose": ask.purpose.value,
            "session": ask.session,
            "job": ask.job,
            "turn": ask.turn,
            "attempt": ask.attempt,
            "prompt": [f"{part.role.value}: {part.text}" for part in ask.messages],
        }
        expected: JSON = {
            "purpose": wanted.purpose,
            "session": job.session.id,
            "job": job.id,
            "turn": wanted.turn,
            "attempt": job.attempts,
            "prompt": [f"{role}: {text}" for role, text in wanted.prompt],
        }
        hold("what the model is asked", found, expected)
        return job

    def came_to(self, found: object, key: str | None) -> None:
        """Hold what came of the call against what must come of it.

        Args:
            found: The answer, or what was raised.
            key: The idempotency key of the call, if it had one.
        """
        if self.asks is not None:
            raise AssertionError(f"the model is not asked for {self.asks.purpose}, and must be")
        if self._tale is not None:
            _answered(found, self._tale)
        elif isinstance(self._refusal, Refusal):
            _refused(found, self._refusal, key)
        elif found is not self._refusal:
            raise AssertionError(f"it was stopped, and came to {found!r}")


def _answered(found: object, tale: Tale) -> None:
    """Hold an answer against what must be told."""
    if isinstance(found, BaseException):
        what = f"it must not be refused, and was: {found!r}"
        raise AssertionError(what) from found  # noqa: TRY004 - no type is wrong
    plain = to_json(found)
    if isinstance(plain, dict):
        job = plain.get("job", plain)
        if tale.job is not None:
            _name(tale.job, job["id"] if isinstance(job, dict) else job)
        session = plain.get("session")
        new = tale.session or (tale.job and tale.job.session)
        if new is not None:
            _name(new, session["id"] if isinstance(session, dict) else session)
    hold("the answer", plain, to_json(tale.tell()))


def _refused(found: object, refusal: Refusal, key: str | None) -> None:
    """Hold an error against a refusal."""
    if not isinstance(found, CoachworkError):
        what = f"it must be refused with {refusal.code}, and came to {found!r}"
        raise AssertionError(what)  # noqa: TRY004 - no type is wrong
    session = job = None
    if refusal.session is not None:
        _name(refusal.session, found.session)
        session = refusal.session.id
    if refusal.job is not None:
        _name(refusal.job, found.job)
        job = refusal.job.id
    told = {**found.facts, "retry_after": found.retry_after}
    facts: JSON = [f"{name}: {told.get(name)!r}" for name in refusal.facts]
    ids = (found.session, found.job, found.key if key is not None else None)
    hold(
        "the refusal",
        to_json({"code": found.code, "about": ids, "facts": facts}),
        to_json(
            {
                "code": refusal.code,
                "about": (session, job, key),
                "facts": [f"{name}: {fact!r}" for name, fact in refusal.facts.items()],
            }
        ),
    )


def _name(thing: Session | Job, name: object) -> None:
    """Note what the coach calls a new session or job."""
    thing.id = thing.id or str(name)


# --- what is held against what -----------------------------------------------------------------


def hold(what: str, found: JSON, expected: JSON) -> None:
    """Make sure that *found* is what was *expected*, but for what is told in words.

    Raises:
        AssertionError: It is not; all differences are told, by their places.
    """
    told = "\n".join(_differences(found, expected, ""))
    if told:
        raise AssertionError(f"{what} is not as it must be:\n{told}")


def _differences(found: JSON, expected: JSON, at: str) -> Iterator[str]:
    """Tell where two values differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in sorted(found.keys() | expected.keys()):
            # Who left the key out does not know it before it is told.
            if name not in _IN_WORDS and (name, expected.get(name)) != ("key", None):
                yield from _differences(found.get(name), expected.get(name), f"{at}.{name}")
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from _differences(one, other, f"{at}[{number}]")
    elif expected not in (found, ANYTHING):
        yield f"  {at.lstrip('.') or 'it'}: expected {expected!r}, got {found!r}"
