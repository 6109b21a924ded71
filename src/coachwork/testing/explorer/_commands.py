"""The commands of `coachwork.workflows`, as they may come in a small world."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from coachwork import workflows
from coachwork.actions import Sender
from coachwork.effects import Workflow
from coachwork.errors import ValidationError
from coachwork.jobs import OPEN, JobRef, JobStatus
from coachwork.messages import Role
from coachwork.plain import from_plain
from coachwork.programs import ActionType
from coachwork.records import JOB_RECORD, MESSAGE, SESSION_RECORD, Record
from coachwork.sessions import LIVE
from coachwork.testing.explorer._world import Call, Command, World
from coachwork.workflows import Caller

TEXT: Final = "Hello."
"""What every message says."""

Targets = Callable[[Sequence[Record]], Iterable[Hashable]]


def commands_of(
    world: World, callers: Sequence[Caller], *names: str, ended: bool = True
) -> list[Command]:
    """Return the commands of those names, as they are called by any of *callers*.

    A call is aimed at any session or job that is stored, whosever it is. A click is one of any
    action of the topic's program that is for users and needs no parameters, at the coach's first
    message.

    Args:
        world: The world they come to.
        callers: The users.
        names: The names, of ``start``, ``take_over``, ``open``, ``send``, ``submit``,
            ``resume``, ``pause``, ``complete``, ``cancel``, ``retry``, ``cancel_job``, ``act``,
            ``run_agent``, ``process``, ``purge``, ``relay`` and ``delete``.
        ended: Whether sessions that have ended are aimed at too.

    Raises:
        ValidationError: There is no command of such a name.
    """
    made = _Commands(world, tuple(callers), ended=ended)
    found: list[Command] = []
    for name in names:
        make = getattr(made, name, None)
        if make is None or name.startswith("_"):
            raise ValidationError("names", "names of commands")
        found.append(make())
    return found


class _Commands:
    """Makes the commands; each method is one."""

    def __init__(self, world: World, callers: tuple[Caller, ...], *, ended: bool) -> None:
        self._world = world
        self._setup = world.setup
        self._callers = callers
        self._ended = ended

    # --- what calls are aimed at ---------------------------------------------------------------

    def _topics(self, _records: Sequence[Record]) -> Iterator[Hashable]:
        """Aim each caller at each topic."""
        for caller in self._callers:
            for topic in self._setup.topics:
                yield caller, topic

    def _users(self, _records: Sequence[Record]) -> Iterable[Hashable]:
        """Aim at each caller."""
        return ((caller,) for caller in self._callers)

    def _sessions(self, records: Sequence[Record]) -> Iterator[tuple[Caller, str, str]]:
        """Aim each caller at each session, on its topic."""
        stored = sorted(
            (record for record in records if record.key.kind == "session"),
            key=lambda record: record.key.text,
        )
        for caller in self._callers:
            for record in stored:
                session = SESSION_RECORD.read(record).value
                if self._ended or session.status in LIVE:
                    yield caller, session.about.topic, session.about.id

    def _buttons(self, records: Sequence[Record]) -> Iterator[Hashable]:
        """Aim each caller at each button: each action that is for users, in each session."""
        said = [MESSAGE.read(record).value for record in records if record.key.kind == "message"]
        said.sort(key=lambda message: message.sequence, reverse=True)
        of_coach = {told.session: told.sequence for told in said if told.role is Role.COACH}
        for caller, topic, session in self._sessions(records):
            program = self._setup.topics[topic].program
            if program is not None and session in of_coach:
                for action in program.actions:
                    if Sender.USER in action.senders and _needs_nothing(action):
                        yield caller, topic, session, action.name, of_coach[session]

    def _crews(self, records: Sequence[Record]) -> Iterator[Hashable]:
        """Aim each caller at each session whose program has sub-agents."""
        for caller, topic, session in self._sessions(records):
            program = self._setup.topics[topic].program
            if program is not None and program.agents:
                yield caller, topic, session

    def _jobs(self, wanted: frozenset[JobStatus]) -> Targets:
        """Aim each caller at each job in one of those states."""

        def targets(records: Sequence[Record]) -> Iterator[Hashable]:
            sessions = {
                record.key.parts[0]: record for record in records if record.key.kind == "session"
            }
            for caller in self._callers:
                for ref, session in _refs(records, wanted):
                    if session in sessions:
                        topic = SESSION_RECORD.read(sessions[session]).value.about.topic
                        yield caller, topic, ref.job

        return targets

    # --- the commands --------------------------------------------------------------------------

    def _keyed(
        self, name: str, workflow: Callable[..., Workflow[object]], targets: Targets
    ) -> Command:
        """Return a command of a user with a key."""

        def make(call: Call) -> Workflow[object]:
            caller, topic, *more = _aim(call)
            return workflow(self._setup, caller, self._setup.topics[topic], *more, key=call.key)

        return Command(name=name, workflow=make, targets=targets, caller=_caller, keyed=True)

    def _simple(
        self,
        name: str,
        workflow: Callable[..., Workflow[object]],
        targets: Targets,
        *,
        makes_ids: bool = False,
    ) -> Command:
        """Return a command of a user without a key."""

        def make(call: Call) -> Workflow[object]:
            caller, topic, *more = _aim(call)
            return workflow(self._setup, caller, self._setup.topics[topic], *more)

        return Command(
            name=name, workflow=make, targets=targets, caller=_caller, makes_ids=makes_ids
        )

    def start(self) -> Command:
        return self._keyed("start", workflows.start, self._topics)

    def take_over(self) -> Command:
        return self._keyed("take_over", partial(workflows.start, take_over=True), self._topics)

    def open(self) -> Command:
        return self._keyed("open", workflows.open_session, self._topics)

    def send(self) -> Command:
        return self._keyed("send", _saying(workflows.send), self._sessions)

    def submit(self) -> Command:
        return self._keyed("submit", _saying(workflows.submit), self._sessions)

    def resume(self) -> Command:
        return self._keyed("resume", workflows.resume, self._sessions)

    def complete(self) -> Command:
        return self._keyed("complete", workflows.complete, self._sessions)

    def retry(self) -> Command:
        return self._keyed("retry", workflows.retry, self._jobs(frozenset({JobStatus.FAILED})))

    def act(self) -> Command:
        return self._keyed("act", _clicking, self._buttons)

    def run_agent(self) -> Command:
        return self._simple("run_agent", workflows.run_agent, self._crews, makes_ids=True)

    def pause(self) -> Command:
        return self._simple("pause", workflows.pause, self._sessions)

    def cancel(self) -> Command:
        return self._simple("cancel", workflows.cancel, self._sessions)

    def cancel_job(self) -> Command:
        return self._simple("cancel_job", workflows.cancel_job, self._jobs(frozenset(OPEN)))

    def process(self) -> Command:
        setup = self._setup.for_worker()

        def targets(records: Sequence[Record]) -> Iterable[Hashable]:
            return (ref for ref, _ in _refs(records, frozenset(OPEN)))

        def make(call: Call) -> Workflow[object]:
            ref: Any = call.target
            return workflows.process(setup, ref)

        return Command(name="process", workflow=make, targets=targets)

    def purge(self) -> Command:
        return Command(name="purge", workflow=lambda _: workflows.purge_expired(self._setup))

    def relay(self) -> Command:
        return Command(name="relay", workflow=lambda _: workflows.relay(self._setup))

    def delete(self) -> Command:
        return Command(
            name="delete",
            workflow=lambda call: workflows.delete_all(self._setup, _aim(call)[0]),
            targets=self._users,
            caller=_caller,
        )


def _aim(call: Call) -> tuple[Any, ...]:
    """Return what a call is aimed at."""
    target: Any = call.target
    return tuple(target)


def _caller(call: Call) -> Caller:
    """Return whose call it is."""
    caller: Caller = _aim(call)[0]
    return caller


def _saying(workflow: Callable[..., Workflow[object]]) -> Callable[..., Workflow[object]]:
    """Return a workflow that says something."""

    def saying(*about: object, key: str | None) -> Workflow[object]:
        return workflow(*about, TEXT, key=key)

    return saying


def _clicking(*about: Any, key: str | None) -> Workflow[object]:  # noqa: ANN401 - as it is aimed
    """Click what a message holds."""
    *button, message = about
    return workflows.act(*button, message=message, key=key)


def _needs_nothing(action: ActionType[Any, Any]) -> bool:
    """Whether an action has no parameters that must be given."""
    try:
        from_plain({}, action.parameters)
    except ValidationError:
        return False
    return True


def _refs(records: Sequence[Record], wanted: frozenset[JobStatus]) -> Iterator[tuple[JobRef, str]]:
    """Return where the jobs in one of those states are found, and their sessions."""
    for record in sorted(records, key=lambda record: record.key.text):
        if record.key.kind == "job":
            job = JOB_RECORD.read(record).value
            if job.status in wanted:
                yield JobRef(job.tenant, job.id, job.kind), job.session
