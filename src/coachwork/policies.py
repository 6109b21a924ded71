"""Decisions that an application may replace, as one frozen value."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from attrs import frozen

from coachwork.errors import ValidationError

MOST: Final = 100
"""The most attempts and tries that may be set."""


_DURATIONS: Final = (
    "model_timeout",
    "lease",
    "worker_lease",
    "unclaimed",
    "job_life",
    "estimated_duration",
    "keep_deleted",
)


@frozen(kw_only=True)
class Settings:
    """How the workflows decide where the brief leaves a choice.

    Attributes:
        model_timeout: How long one call of the model may take; the port is told, in seconds.
        lease: How long a job belongs to who asks the model; longer than `model_timeout`, so that
            the holder of a lease has an answer, or none, before another may take over.
        worker_lease: How long a job belongs to a worker that has not renewed its lease; a worker
            that dies holds a job up for so long at the most.
        unclaimed: How long a job that nobody claims blocks its session.
        job_life: After how long a job is not found any more, settled or not.
        estimated_duration: How long an answer takes as a rule; it is told to who waits for one.
        attempts: How many leases a job may have before it fails.
        commit_tries: How often a workflow decides again when others were faster.
        outbox: Whether the terminal event of every job is kept until a relay has delivered it. A
            coach that is given a notifier keeps them anyway; set it for one that has none beside
            others that have.
        start_new: What becomes of the owner's active session when they start a new one:
            ``replace`` abandons it, ``cancel`` cancels it. A paused one is always abandoned.
        show_conflict_user: Whether a conflict tells the id of the other user.
        hide_foreign: Whether another user's session of the same tenant is answered like one that
            does not exist.
        keep_deleted: How long the mark stays that a user's data was deleted, against commands
            that were under way.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """

    model_timeout: timedelta = timedelta(minutes=5)
    lease: timedelta = timedelta(minutes=5, seconds=30)
    worker_lease: timedelta = timedelta(seconds=30)
    unclaimed: timedelta = timedelta(minutes=10)
    job_life: timedelta = timedelta(hours=24)
    estimated_duration: timedelta = timedelta(seconds=15)
    attempts: int = 3
    commit_tries: int = 8
    outbox: bool = False
    start_new: Literal["replace", "cancel"] = "replace"
    show_conflict_user: bool = True
    hide_foreign: bool = False
    keep_deleted: timedelta = timedelta(days=14)

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        for name in _DURATIONS:
            duration: object = getattr(self, name)
            if not isinstance(duration, timedelta) or duration <= timedelta(0):
                raise ValidationError(f"settings.{name}", "a timedelta longer than zero")
        if self.lease <= self.model_timeout:
            raise ValidationError("settings.lease", "a timedelta longer than model_timeout")
        for name in ("attempts", "commit_tries"):
            number: object = getattr(self, name)
            if type(number) is not int or not 1 <= number <= MOST:
                raise ValidationError(f"settings.{name}", f"a whole number from 1 to {MOST}")
        if self.start_new not in ("replace", "cancel"):  # no set: what it is may have no hash
            raise ValidationError("settings.start_new", "'replace' or 'cancel'")
        for name in ("outbox", "show_conflict_user", "hide_foreign"):
            if not isinstance(getattr(self, name), bool):
                raise ValidationError(f"settings.{name}", "True or False")
