"""The decisions that an application may replace."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from attrs import exceptions, fields

from coachwork.errors import ValidationError
from coachwork.policies import MOST, Settings

MINUTE = timedelta(minutes=1)


def settings(**given: Any) -> Settings:  # noqa: ANN401 - wrong values are the point
    """Return settings with those fields, whatever they are."""
    return Settings(**given)


def test_the_defaults_are_those_of_the_brief() -> None:
    """An application that sets nothing gets the documented choices."""
    assert Settings() == Settings(
        model_timeout=5 * MINUTE,
        lease=5.5 * MINUTE,
        worker_lease=0.5 * MINUTE,
        unclaimed=10 * MINUTE,
        job_life=timedelta(hours=24),
        estimated_duration=0.25 * MINUTE,
        attempts=3,
        commit_tries=8,
        outbox=False,
        start_new="replace",
        show_conflict_user=True,
        hide_foreign=False,
        keep_deleted=timedelta(days=14),
    )


def test_every_setting_is_documented() -> None:
    """Each field has its line in the docstring."""
    for field in fields(Settings):
        assert f"    {field.name}: " in (inspect.getdoc(Settings) or "")


def test_settings_do_not_change() -> None:
    """A coach can rely on its settings as long as it lives."""
    with pytest.raises(exceptions.FrozenInstanceError):
        Settings().attempts = 5  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "name",
    [
        "model_timeout",
        "lease",
        "worker_lease",
        "unclaimed",
        "job_life",
        "estimated_duration",
        "keep_deleted",
    ],
)
@pytest.mark.parametrize(
    "value", [timedelta(0), timedelta(seconds=-1), 300, 1.5, "5m", None], ids=repr
)
def test_a_duration_is_a_timedelta_longer_than_zero(name: str, value: object) -> None:
    """Seconds as a number are refused, for nobody could tell them from minutes."""
    with pytest.raises(ValidationError) as refused:
        settings(**{name: value})
    assert refused.value.field == f"settings.{name}"
    assert refused.value.expected == "a timedelta longer than zero"


@pytest.mark.parametrize(
    "timeout, lease", [(MINUTE, MINUTE), (MINUTE, MINUTE - timedelta(microseconds=1))], ids=repr
)
def test_a_lease_outlives_the_call_of_the_model(timeout: timedelta, lease: timedelta) -> None:
    """Who holds a lease has an answer, or none, before another may take over."""
    assert settings(model_timeout=timeout, lease=MINUTE + timedelta(microseconds=1))
    with pytest.raises(ValidationError) as refused:
        settings(model_timeout=timeout, lease=lease)
    assert (refused.value.field, refused.value.expected) == (
        "settings.lease",
        "a timedelta longer than model_timeout",
    )


@pytest.mark.parametrize("name", ["attempts", "commit_tries"])
def test_a_number_of_tries_has_bounds(name: str) -> None:
    """One try at least and a hundred at most; only whole numbers count."""
    assert settings(**{name: 1})
    assert settings(**{name: MOST})
    for value in (0, -1, MOST + 1, 10**30, True, 3.0, "3", None):
        with pytest.raises(ValidationError) as refused:
            settings(**{name: value})
        assert refused.value.field == f"settings.{name}"
        assert refused.value.expected == "a whole number from 1 to 100"


def test_a_start_replaces_or_cancels() -> None:
    """What becomes of an active session at a new start is one of two words."""
    assert settings(start_new="cancel").start_new == "cancel"
    wrong: tuple[object, ...] = ("REPLACE", "", None, "abandon", [], {}, b"replace")
    for value in wrong:
        with pytest.raises(ValidationError) as refused:
            settings(start_new=value)
        assert refused.value.field == "settings.start_new"
        assert refused.value.expected == "'replace' or 'cancel'"


@pytest.mark.parametrize("name", ["outbox", "show_conflict_user", "hide_foreign"])
def test_a_choice_is_true_or_false(name: str) -> None:
    """A setting that guards what others see is never guessed from something like a yes."""
    assert getattr(settings(**{name: True}), name) is True
    assert getattr(settings(**{name: False}), name) is False
    for value in (0, 1, "no", None):
        with pytest.raises(ValidationError) as refused:
            settings(**{name: value})
        assert (refused.value.field, refused.value.expected) == (
            f"settings.{name}",
            "True or False",
        )
