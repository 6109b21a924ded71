"""What an adapter may lack, as long as it says so."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Capability(StrEnum):
    """What an adapter may lack, and what an application loses by it.

    What is declared as lacking is not checked; having it all the same is no fault.
    """

    PROCESSES = "several processes at once"
    REOPENING = "records that outlast the adapter"
    DUE = "a view of what is due"
    EXPIRED = "a view of what has expired"
    LARGE_COMMITS = "commits of a hundred operations"
    LARGE_BODIES = "bodies of 256 KiB"
    REAL_TIME = "the real time"
    OTHER_SOURCES = "a second source of ids beside it"
    TIME_ORDER = "ids in the order of time"

    @property
    def loss(self) -> str:
        """What an application loses without it, in a sentence."""
        return _LOSSES[self]


_LOSSES: Final[Mapping[Capability, str]] = {
    Capability.PROCESSES: (
        "Only one process may use the store: no second server, no worker beside it."
    ),
    Capability.REOPENING: (
        "Every conversation ends with the process: nothing is found after a restart."
    ),
    Capability.DUE: (
        "No worker finds jobs by itself: what a crash left waits for its user, events too."
    ),
    Capability.EXPIRED: (
        "purge_expired finds nothing: what has expired stays until the engine deletes it."
    ),
    Capability.LARGE_COMMITS: (
        "purge_expired and the deletion of a user fail where a session has many records."
    ),
    Capability.LARGE_BODIES: (
        "Long messages and results cannot be kept: their commits fail as unavailable."
    ),
    Capability.REAL_TIME: (
        "Nothing gets idle, expires or runs out by itself: it is a clock for tests."
    ),
    Capability.OTHER_SOURCES: (
        "Two sources make the same ids: one coach, in one process that is never begun again."
    ),
    Capability.TIME_ORDER: (
        "Lists of sessions, jobs and actions come in another order than that of time."
    ),
}
