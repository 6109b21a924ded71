"""What every workflow is given: callers with ids, and topics as they are declared."""

from __future__ import annotations

from typing import cast

import pytest
from attrs.exceptions import FrozenInstanceError

from coachwork.errors import TopicNotFoundError, ValidationError
from coachwork.policies import Settings
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup

TALK = Topic(id="talk", system="Listen.", max_turns=3)


def test_a_caller_is_a_tenant_and_a_user() -> None:
    """A caller without a scenario is no part of a test; callers with the same ids are alike."""
    assert Caller("acme", "ada") == Caller("acme", "ada", None)
    assert Caller("acme", "ada") != Caller("acme", "ada", "smoke")
    with pytest.raises(FrozenInstanceError):
        Caller("acme", "ada").user = "ben"  # type: ignore[misc]


@pytest.mark.parametrize("wrong", ["", " ada", "a\nb", "a" * 129, 7, None])
@pytest.mark.parametrize("name", ["tenant", "user", "scenario"])
def test_a_caller_has_ids(name: str, wrong: object) -> None:
    """What is no id is refused with the name of the field; a scenario alone may be left out."""
    ids: dict[str, object] = {"tenant": "acme", "user": "ada", "scenario": "smoke", name: wrong}
    if name == "scenario" and wrong is None:
        assert Caller("acme", "ada", None).scenario is None
        return
    with pytest.raises(ValidationError) as error:
        Caller(*cast("tuple[str, str, str]", tuple(ids.values())))
    assert error.value.field == name


def test_settings_have_defaults() -> None:
    """An application that chooses nothing has the settings of the brief."""
    assert Setup(topics={}).settings == Settings()


def test_a_topic_counts_as_it_is_declared() -> None:
    """Another value with the same id leads to the declared topic: limits are the application's."""
    setup = Setup(topics={"talk": TALK})
    assert setup.declared(TALK) is TALK
    assert setup.declared(Topic(id="talk", system="Chat.", max_turns=99)) is TALK


def test_a_topic_that_is_not_declared_is_not_found() -> None:
    """A topic of another id is not found, and the answer holds nothing of what was looked up."""
    with pytest.raises(TopicNotFoundError) as error:
        Setup(topics={"talk": TALK}).declared(Topic(id="other", system="Listen."))
    assert (error.value.__cause__, error.value.__suppress_context__) == (None, True)


@pytest.mark.parametrize("wrong", [None, "talk", 7, object()])
def test_what_is_no_topic_is_refused(wrong: object) -> None:
    """The id of a topic will not do: the type of the result comes from the topic itself."""
    with pytest.raises(ValidationError) as error:
        Setup(topics={"talk": TALK}).declared(cast("Topic[object]", wrong))
    assert error.value.field == "topic"
