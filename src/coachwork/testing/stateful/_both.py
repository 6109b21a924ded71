"""The coach and the oracle: whatever is done is done to both, and held against each other."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import frozen

from coachwork.courses import Course
from coachwork.effects import Workflow
from coachwork.errors import CoachworkError
from coachwork.jobs import JobKind
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask
from coachwork.testing.conformance._promise import Make
from coachwork.testing.stateful._own import within
from coachwork.testing.stateful._playing import Playing
from coachwork.testing.stateful._side import Props, side_of
from coachwork.testing.stateful._topics import TOPICS
from coachwork.testing.stateful._words import EXTRACTS, SAYS, InterruptionError
from coachwork.testing.stateful.oracle import Job, Oracle, Plan, Session, Tale, Who

Step: TypeAlias = Course[None]
"""Something that is done to both, as a course of calls in either colour."""

LATER: Final = " later"


@frozen
class Words:
    """What the model says during a call, and what others do while it thinks.

    Attributes:
        says: What it does when it is to say something: a name of `SAYS`.
        extracts: What it does when it is asked for the result: a name of `EXTRACTS`.
        meanwhile: What happens while it thinks: the first time, or ``later``, when it is asked for
            the result.
    """

    says: str = "talks"
    extracts: str = "extracts"
    meanwhile: str = "nothing"


class Both:
    """A coach over a repository, and the oracle beside it.

    Attributes:
        tenants: The tenants of this run; nobody else has them.
        users: Its users.
        props: What the coach is given beside the repository.
        oracle: The oracle.
        meanwhile: Does what others do while the model thinks.
    """

    def __init__(
        self,
        make: Make,
        settings: Settings,
        meanwhile: Callable[[str, Job], Step],
        *,
        settle: float = 0.0,
    ) -> None:
        """Put them together; nothing is done yet."""
        token = secrets.token_hex(6)
        self.tenants = (f"{token}-1", f"{token}-2")
        one, other = self.tenants
        self.users: tuple[Who, ...] = ((one, "ada"), (one, "bob"), (other, "ada"))
        self.props = Props(topics=[*TOPICS.values()], settings=settings, answer=self._answer)
        self.oracle = Oracle(settings, lambda: self.props.clock.time)
        self.meanwhile = meanwhile
        self._settle = settle
        self._playing: list[tuple[Playing, Words]] = []
        self._broken: AssertionError | None = None
        self._side = side_of(make, self.props)

    def close(self) -> None:
        """End the repository."""
        self._side.close()

    # --- doing -----------------------------------------------------------------------------------

    def do(self, step: Step) -> None:
        """Take a step, in the colour of the coach."""
        self._side.run(step)

    def held(
        self,
        plan: Plan[Tale],
        call: Callable[[], object],
        key: str | None = None,
        words: Words = Words(),
    ) -> Step:
        """Make a call, and hold what comes of it against its plan."""
        playing = Playing(plan)
        self._playing.append((playing, words))
        try:
            found = yield call
        except (CoachworkError, InterruptionError) as error:
            found = error
        finally:
            self._playing.pop()
        if self._broken is not None:
            raise self._broken
        playing.came_to(getattr(found, "opened", found), key)

    def read(self, tell: Callable[[], object], call: Callable[[], object]) -> Step:
        """Make a call that asks no model, and hold what comes of it against what must be told."""
        return self.held(_at_once(tell), call)

    def _answer(self, ask: Ask) -> Course[Answer]:
        """Answer as the model, after what others do while it thinks."""
        playing, words = self._playing[-1]
        later = ask.purpose is JobKind.EXTRACTION
        try:
            job = playing.asked(ask)
            if words.meanwhile.endswith(LATER) == later:
                yield from self.meanwhile(words.meanwhile.removesuffix(LATER), job)
        except AssertionError as error:  # a workflow takes it for a failure of the model
            self._broken = self._broken or error
            raise
        said = EXTRACTS[words.extracts] if later else SAYS[words.says]
        playing.say(said)
        if isinstance(said.answer, BaseException):
            raise said.answer.with_traceback(None)
        return said.answer

    # --- by whom and on what ---------------------------------------------------------------------

    @property
    def coach(self) -> Any:  # noqa: ANN401 - of either colour
        """The coach."""
        return self._side.coach

    def user(self, who: Who) -> Any:  # noqa: ANN401 - of either colour
        """Return the coach as that user sees it."""
        tenant, user = who
        return self.coach.as_user(user, tenant=tenant)

    def chat(self, who: Who, session: Session) -> Any:  # noqa: ANN401 - of either colour
        """Return the handle of a session."""
        return self.user(who).session(session.topic, session.id)

    def on_own(self, workflow: Workflow[Any]) -> Callable[[], object]:
        """Return the call that runs *workflow* on the run's own records, and on no others."""
        return lambda: self.coach.run(within(self.tenants, workflow))

    def wait_for_views(self) -> Step:
        """Wait until the views are up to date; in a loop others go on meanwhile."""
        if self._settle:
            yield partial(self._side.sleep, self._settle)


def _at_once(tell: Callable[[], object]) -> Plan[Tale]:
    """Return the plan of what is told without asking the model."""
    yield from ()
    told = tell()
    return Tale(lambda: told)
