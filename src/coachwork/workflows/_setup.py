"""What every workflow is given: who calls, and how the application is set up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from attrs import Factory, evolve, field, frozen

from coachwork.errors import TopicNotFoundError, ValidationError
from coachwork.ids import checked_id
from coachwork.policies import Settings
from coachwork.replies import reply_schema
from coachwork.topics import Topic

T = TypeVar("T")


@frozen
class Caller:
    """Who asks, as the application has made sure of.

    Attributes:
        tenant: The tenant.
        user: The user.
        scenario: The test scenario that what is made belongs to, if any.

    Raises:
        ValidationError: One of them is no id.
    """

    tenant: str
    user: str
    scenario: str | None = None

    def __attrs_post_init__(self) -> None:
        """Check the ids."""
        checked_id(self.tenant, "tenant")
        checked_id(self.user, "user")
        if self.scenario is not None:
            checked_id(self.scenario, "scenario")


def _usual_lease(setup: Setup) -> timedelta:
    return setup.settings.lease


@frozen(kw_only=True)
class Setup:
    """The application's declarations.

    Attributes:
        topics: Its topics by id.
        settings: Its choices.
        notifies: Whether there is a notifier behind the workflows.
        lease: How long a job belongs to who takes it.
    """

    topics: Mapping[str, Topic[object]]
    settings: Settings = field(factory=Settings)
    notifies: bool = False
    lease: timedelta = Factory(_usual_lease, takes_self=True)

    def __attrs_post_init__(self) -> None:
        """Make sure that every result has a form that a model can be asked for.

        Raises:
            MisuseError: One has none.
        """
        for topic in self.topics.values():
            reply_schema(topic.result)

    @property
    def outbox(self) -> bool:
        """Whether the terminal events of new jobs are to be delivered."""
        return self.notifies or self.settings.outbox

    def for_worker(self) -> Setup:
        """Return the same for a worker, which holds jobs for a short time and renews its leases."""
        return evolve(self, lease=self.settings.worker_lease)

    def declared(self, topic: Topic[object]) -> Topic[object]:
        """Return *topic* as it is declared.

        Raises:
            ValidationError: It is no topic.
            TopicNotFoundError: No topic of its id is declared.
        """
        wanted: object = getattr(topic, "id", None)
        if not isinstance(wanted, str):
            raise ValidationError("topic", "a Topic")
        try:
            return self.topics[wanted]
        except KeyError:
            raise TopicNotFoundError from None


def checked_flag(value: object, field: str) -> None:
    """Refuse *value* if it is neither True nor False.

    Raises:
        ValidationError: It is something else.
    """
    if type(value) is not bool:
        raise ValidationError(field, "True or False")
