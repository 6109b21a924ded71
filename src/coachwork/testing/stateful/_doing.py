"""What was chosen, done: places and names become the sessions, jobs and topics that there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from coachwork.testing.stateful._both import Step, Words
from coachwork.testing.stateful._choices import Do
from coachwork.testing.stateful._commands import Commands
from coachwork.testing.stateful._topics import CONTEXTS, TOPICS
from coachwork.testing.stateful._words import BUTTONS
from coachwork.testing.stateful.oracle import Job, Session, Who

T = TypeVar("T")

_RATHER: Final = 6
"""Of the eight places so many are of what can go on, and the others of anything."""

_DURATIONS: Final = {
    "a moment": timedelta(microseconds=1),
    "a second": timedelta(seconds=1),
    "half a minute": timedelta(seconds=31),
    "six minutes": timedelta(minutes=6),
    "eleven minutes": timedelta(minutes=11),
    "backwards": timedelta(minutes=-45),
    "a day": timedelta(hours=25),
}


class _NoneThereError(Exception):
    """There is nothing that it could be done to."""


def _one_of(things: Sequence[T], place: int, wanted: Callable[[T], object] = lambda _: True) -> T:
    """Return one of the newest *things*: rather one that is *wanted*.

    Raises:
        _NoneThereError: There is none.
    """
    some = [thing for thing in things if wanted(thing)] if place < _RATHER else []
    some = some or [*things]
    if not some:
        raise _NoneThereError
    return some[-1 - place % len(some)]


def _nothing() -> Step:
    """Do nothing."""
    yield from ()


class Doing:
    """Does what was chosen, as far as there is anything to do it to."""

    def __init__(self, commands: Commands) -> None:
        """Do it by these *commands*."""
        self._commands = commands
        self._both = commands.both
        self._oracle = commands.both.oracle

    def step(self, what: Do) -> Step:
        """Return the step that does it; nothing is done where there is nothing to do it to."""
        step: Callable[..., Step] = getattr(self, what.what.replace(" ", "_"))
        try:
            return step(**what.given)
        except _NoneThereError:
            return _nothing()

    # --- who and what ----------------------------------------------------------------------------

    def _user(self, place: int) -> Who:
        return self._both.users[place]

    def _session(self, place: int) -> Session:
        """Return one of the newest sessions: rather one that can go on."""
        sessions, now = self._oracle.sessions, self._oracle.now
        return _one_of(
            sessions, place, lambda session: session.is_live and not session.is_expired(now)
        )

    def _has_buttons(self, session: Session) -> bool:
        """Whether something can be clicked in a session."""
        active = session.status == "active" and not session.is_expired(self._oracle.now)
        talks = session.topic.program is not None and session.coach_messages > 0
        return active and talks

    def _job(self, place: int, wanted: Callable[[Job], object]) -> Job:
        """Return one of the newest jobs: rather one that is *wanted*."""
        jobs = [job for session in self._oracle.sessions for job in session.jobs]
        return _one_of(sorted(jobs, key=lambda job: job.id), place, wanted)

    # --- what users do ---------------------------------------------------------------------------

    def start(self, user: int, topic: str, context: str, words: Words, *, waits: bool) -> Step:
        """Start means new."""
        given = (TOPICS[topic], CONTEXTS[context])
        start = self._commands.start
        call = self._commands.keyed(self._user(user), start, *given, take_over=False)
        return call(waits=waits, words=words)

    def take_over(self, place: int, words: Words, *, waits: bool) -> Step:
        """Start where another user of the tenant has a session: rather on an exclusive topic."""
        sessions = self._oracle.sessions
        held = _one_of(sessions, place, lambda one: one.is_live and one.topic.exclusive)
        tenant, user = held.who
        who = (tenant, "bob" if user == "ada" else "ada")
        given = (held.topic, CONTEXTS["Ada"])
        call = self._commands.keyed(who, self._commands.start, *given, take_over=True)
        return call(waits=waits, words=words)

    def open(self, user: int, topic: str, words: Words, *, waits: bool) -> Step:
        """Resume the live session, else start one."""
        given = (TOPICS[topic], CONTEXTS["Ada"])
        call = self._commands.keyed(self._user(user), self._commands.open, *given)
        return call(waits=waits, words=words)

    def send(self, place: int, words: Words, *, waits: bool) -> Step:
        """A message, answered at once or left to a worker."""
        session = self._session(place)
        text = f"message {len(self._commands.calls)}"
        call = self._commands.keyed(session.who, self._commands.send, session, text)
        return call(waits=waits, words=words)

    def resume(self, place: int, words: Words, *, waits: bool) -> Step:
        """Come back: welcomed, greeted, or given what is owed."""
        session = self._session(place)
        call = self._commands.keyed(session.who, self._commands.resume, session)
        return call(waits=waits, words=words)

    def complete(self, place: int, words: Words, *, waits: bool) -> Step:
        """End it and get its result."""
        session = self._session(place)
        call = self._commands.keyed(session.who, self._commands.complete, session)
        return call(waits=waits, words=words)

    def act(self, place: int, button: str, words: Words, *, waits: bool) -> Step:
        """A click: rather at the coach's newest message in a session that works on a program."""
        session = _one_of(self._oracle.sessions, place, self._has_buttons)
        numbers = range(1, len(session.log) + 2)
        message = _one_of(numbers, place, session.is_of_coach)
        click = self._commands.act
        call = self._commands.keyed(session.who, click, session, BUTTONS[button], message)
        return call(waits=waits, words=words)

    def pause(self, place: int) -> Step:
        """Pause; twice is once."""
        session = self._session(place)
        return self._commands.pause(session.who, session)

    def cancel(self, place: int) -> Step:
        """Cancel; twice is once."""
        session = self._session(place)
        return self._commands.cancel(session.who, session)

    def retry(self, place: int, words: Words, *, waits: bool) -> Step:
        """Ask again for what a job was to bring: rather for one that failed."""
        job = self._job(place, lambda job: job.error)
        call = self._commands.keyed(job.session.who, self._commands.retry, job)
        return call(waits=waits, words=words)

    def cancel_a_job(self, place: int) -> Step:
        """Cancel a job: rather one that is open."""
        job = self._job(place, lambda job: not job.is_settled)
        return self._commands.cancel_job(job.session.who, job)

    def call_again(self, place: int, words: Words, *, waits: bool) -> Step:
        """The same call with the same key: what it did before, or what is left to be done."""
        _, _, again = _one_of(self._commands.calls, place)
        return again(waits=waits, words=words)

    def use_a_key_again(self, place: int, other: int) -> Step:
        """Another message with a key that was used: nothing happens."""
        who, key, _ = _one_of(self._commands.calls, place)
        given = (who, self._session(other), "Something else.", key)
        return self._commands.send(*given, waits=True, words=Words())

    def look_at(self, place: int, user: int, topic: str) -> Step:
        """Look at a session and a job, one's own or another's, by the right topic or another."""
        return self._commands.look_at(self._user(user), self._session(place), TOPICS[topic])

    def export(self, user: int) -> Step:
        """Take out everything of a user."""
        return self._commands.export(self._user(user))

    def delete_all(self, user: int) -> Step:
        """Delete a user with everything."""
        return self._commands.delete_all(self._user(user))

    # --- what happens behind the scenes ----------------------------------------------------------

    def work(self, place: int, words: Words) -> Step:
        """A worker answers a job that it was told of: rather one that waits."""
        return self._commands.process(self._job(place, lambda job: not job.is_settled), words)

    def look_for_work(self) -> Step:
        """A worker finds what waits for it, in order."""
        return self._commands.look_for_work()

    def relay(self, *, in_vain: bool) -> Step:
        """Others are told what they are owed, if they can be told anything."""
        return self._commands.relay(in_vain=in_vain)

    def sweep(self) -> Step:
        """The sweeper takes away what has expired."""
        return self._commands.sweep()

    def pass_time(self, place: int, how: str) -> Step:
        """Time passes: so much, or until the very instant at which something changes."""
        duration = _DURATIONS.get(how)
        if duration is None:
            duration = self._left(how, place)
        return self._commands.pass_time(duration)

    def _left(self, until: str, place: int) -> timedelta:
        """Return how much time is left until a session is idle, or it or its job expires."""
        session, now = self._session(place), self._oracle.now
        instants = {
            "till it is idle": session.active_at + session.topic.idle_timeout,
            "till it expires": session.expires_at,
            "till its job expires": session.jobs[-1].expires_at if session.jobs else None,
        }
        then = instants[until]
        return timedelta(0) if then is None else max(timedelta(0), then - now)
