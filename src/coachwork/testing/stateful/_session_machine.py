"""The machine: what Hypothesis chooses is done to the coach and to the oracle."""

from __future__ import annotations

import sys
from typing import ClassVar, Self, cast

from attrs import frozen
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from coachwork.errors import MisuseError
from coachwork.policies import Settings
from coachwork.testing.conformance._promise import Make
from coachwork.testing.stateful._both import Words
from coachwork.testing.stateful._choices import Do, beginnings, choices, doings
from coachwork.testing.stateful._commands import Commands
from coachwork.testing.stateful._doing import Doing
from coachwork.testing.stateful._looking import Looking, to_the_end
from coachwork.testing.stateful._topics import CONTEXTS, TOPICS


@frozen
class _Over:
    """What a machine is over: what makes its repositories, and how far their views lag behind."""

    make: Make
    settle: float


class SessionMachine(RuleBasedStateMachine):
    """All that users, workers, sweepers and the clock may do to sessions, on a repository.

    Make it `over` a repository; its ``TestCase`` is a test. Hypothesis chooses what is done. Each
    call is made on a `coachwork.Coach`, or on a `coachwork.AsyncCoach` where the repository is
    async, and on a plain model of the brief beside it: answers, errors, prompts, events and figures
    must be alike, and after each step what can be seen must be as the model tells. In the end all
    is answered, told, deleted and swept, and nothing may be left.

    Each run has tenants of its own and looks at nothing else, so that one engine may be used for
    all runs, and by others at the same time.
    """

    _over: ClassVar[_Over | None] = None

    @classmethod
    def over(cls, make: Make, *, settle: float = 0.0) -> type[Self]:
        """Return the machine over the repositories that *make* makes.

        Args:
            make: A function without arguments whose context manager gives a repository, and ends
                it; the same as for `coachwork.testing.conformance.check_repository`. It is called
                for every run, and may give the same repository, or a new one on the same engine,
                each time. For an async repository the context manager may be of either colour; it
                is entered in the event loop in which the repository is used.
            settle: Seconds that the views of the repository (``log`` and ``find``) may lag behind:
                so long is waited before anything is done that asks them.

        Raises:
            MisuseError: That is no function, or no number of seconds.
        """
        if not callable(make):
            raise MisuseError("make must be a function that gives a context manager")
        if not 0 <= settle < float("inf"):
            raise MisuseError("settle must be seconds, 0 or more")
        fields = {"_over": _Over(make, settle), "__doc__": cls.__doc__}
        return cast("type[Self]", type(cls.__name__, (cls,), fields))

    def __init__(self) -> None:
        """Begin with nothing."""
        if self._over is None:
            raise MisuseError("a machine needs a repository: see SessionMachine.over")
        super().__init__()
        self._repository = self._over
        self._outer = sys.exc_info()[1]
        self._commands: Commands | None = None
        self._steps = 0

    # --- what Hypothesis does --------------------------------------------------------------------

    @initialize(settings=choices(), topics=beginnings())
    def begin(self, settings: Settings, topics: tuple[str, ...]) -> None:
        """Put a coach together over a repository; everybody starts a session."""
        over = self._repository
        self._commands = commands = Commands(over.make, settings, settle=over.settle)
        self._both = commands.both
        self._looking, self._doing = Looking(commands.both), Doing(commands)
        for who, topic in zip(self._both.users, topics, strict=True):
            given = (who, TOPICS[topic], CONTEXTS["Ada"], None)
            self._both.do(commands.start(*given, take_over=False, waits=True, words=Words()))

    @rule(what=doings())
    def do(self, what: Do) -> None:
        """Do something."""
        self._both.do(self._doing.step(what))

    @invariant()
    def what_is_seen_is_as_it_must_be(self) -> None:
        """What one user after the other sees is as the oracle tells."""
        if self._commands is None:  # it has not begun
            return
        self._steps += 1
        who = self._both.users[self._steps % len(self._both.users)]
        self._both.do(self._looking.look_at(who))
        if not self._repository.settle:  # else they are looked at in the end, and when asked
            self._both.do(self._looking.look_at_views(who))

    def teardown(self) -> None:
        """Answer, tell, delete and sweep everything; nothing may be left."""
        if self._commands is None:
            return
        try:
            if sys.exc_info()[1] is self._outer:  # what was found before is what counts
                self._both.do(to_the_end(self._commands, self._looking))
        finally:
            self._both.close()
