"""What every workflow is given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.errors import TopicNotFoundError, ValidationError
from coachwork.policies import Settings
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup
from coachwork.workflows._setup import checked_flag

TALK = Topic(id="talk", system="Listen.")


@pytest.mark.parametrize(
    "ids,field",
    [
        (("", "ada"), "tenant"),
        (("acme", " ada"), "user"),
        (("acme", "a\0b"), "user"),
        (("acme", "ada", "\ud800"), "scenario"),
        (("acme", "ada", "x" * 129), "scenario"),
        ((None, "ada"), "tenant"),
    ],
    ids=range(6),
)
def test_a_caller_has_ids(ids: tuple[str, ...], field: str) -> None:
    """Tenant, user and scenario are ids; the field is named."""
    with pytest.raises(ValidationError) as error:
        Caller(*ids)
    assert error.value.field == field


def test_a_caller() -> None:
    """Any printable text is an id, separators and quotes too."""
    assert Caller("a/b", "o'hara#1", "../x").scenario == "../x"
    assert Caller("acme", "ada").scenario is None


def test_a_topic_is_found_as_it_is_declared() -> None:
    """By its id: a handle may hold an older value of the topic."""
    newer = evolve(TALK, system="Listen well.")
    setup = Setup(topics={"talk": newer})
    assert setup.declared(TALK) is newer
    assert setup.settings == Settings()


def test_what_is_not_declared() -> None:
    """Another topic is not found; what is no topic is a mistake of the caller."""
    setup = Setup(topics={"talk": TALK})
    with pytest.raises(TopicNotFoundError):
        setup.declared(evolve(TALK, id="other"))
    anything: Any = ("talk", None, 7)
    for wrong in anything:
        with pytest.raises(ValidationError) as error:
            setup.declared(wrong)
        assert error.value.field == "topic"


def test_events_are_kept_where_somebody_is_to_be_told() -> None:
    """Where there is a notifier, or where the application says that another process has one."""
    for notifies in (False, True):
        for outbox in (False, True):
            setup = Setup(topics={}, settings=Settings(outbox=outbox), notifies=notifies)
            assert setup.outbox is (notifies or outbox)


def test_a_worker_holds_jobs_for_a_short_time() -> None:
    """It renews its leases; nothing else is different for it."""
    settings = Settings(worker_lease=timedelta(seconds=7))
    setup = Setup(topics={"talk": TALK}, settings=settings, notifies=True)
    assert setup.lease == settings.lease
    assert setup.for_worker() == evolve(setup, lease=timedelta(seconds=7))
    assert setup.for_worker().for_worker() == setup.for_worker()
    assert setup.for_worker().settings.lease == settings.lease


def test_a_flag_is_true_or_false() -> None:
    """Nothing is guessed from something like a yes."""
    checked_flag(value=True, field="wait")
    checked_flag(value=False, field="wait")
    for wrong in (0, 1, "no", None):
        with pytest.raises(ValidationError) as error:
            checked_flag(wrong, "wait")
        assert (error.value.field, error.value.expected) == ("wait", "True or False")
