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
    RECALL = "summaries in the words of who spoke"
    ARRIVALS = "a view of what arrives at the other end"
    OUTAGES = "an other end that can be made to fail"
    STREAMING = "pieces of an answer while it is written"
    REQUESTS = "a view of what the provider is asked"
    WORDS = "a provider that says what it is told to"
    FINISHES = "a provider that stops for a reason"
    REFUSALS = "a provider that refuses"
    PAUSES = "a provider that asks for a pause"
    RETRIES = "a provider that refuses, and a view of what it is asked"
    BREAKS = "a provider that breaks off"
    SILENCE = "a provider that says nothing"
    STALLS = "a provider that falls silent"

    @property
    def loss(self) -> str:
        """What an application loses without it, in a sentence."""
        return _LOSSES[self]


_LOSSES: Final[Mapping[Capability, str]] = {
    Capability.PROCESSES: ("Only one process may use it: no second server, no worker beside it."),
    Capability.REOPENING: (
        "Every conversation ends with the process: nothing is found after a restart."
    ),
    Capability.DUE: (
        "No worker finds jobs by itself: what a crash left waits for its user, events too."
    ),
    Capability.EXPIRED: (
        "A sweep finds nothing: what has expired stays until the engine deletes it."
    ),
    Capability.LARGE_COMMITS: (
        "A sweep, and the deletion of a user, fail where there are many records."
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
    Capability.RECALL: (
        "Whether the story so far is told rightly is not known: read some of its summaries."
    ),
    Capability.ARRIVALS: (
        "Whether what was told ever arrives is not known: it may be lost without an error."
    ),
    Capability.OUTAGES: (
        "What becomes of events while nobody can be reached is not known: they may be lost."
    ),
    Capability.STREAMING: "Nobody can read along while the model writes.",
    Capability.REQUESTS: (
        "Whether the model is shown the whole conversation, and asked once, is not known."
    ),
    Capability.WORDS: "Whether what the provider says arrives unchanged is not known.",
    Capability.FINISHES: (
        "Whether a cut or a filtered answer is told from a whole one is not known."
    ),
    Capability.REFUSALS: (
        "What becomes of a call that the provider refuses is not known, nor what its error tells."
    ),
    Capability.PAUSES: (
        "Whether workers leave a busy provider in peace as long as it asks is not known."
    ),
    Capability.RETRIES: (
        "Whether the client behind the adapter tries again by itself, and pays twice, is not known."
    ),
    Capability.BREAKS: "What becomes of half an answer is not known: it may be taken for a whole.",
    Capability.SILENCE: (
        "Whether a call ends in time is not known: one that does not blocks its session."
    ),
    Capability.STALLS: (
        "Whether a call that is half answered ends in time is not known: it may block its session."
    ),
}
