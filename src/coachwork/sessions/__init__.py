"""A conversation's life: its states and transitions, idle and expiry."""

from coachwork.sessions._companions import (
    Account,
    AccountStatus,
    Background,
    Claim,
    Receipt,
    Spending,
    Standing,
)
from coachwork.sessions._instants import later, latest
from coachwork.sessions._session import (
    About,
    Conclusion,
    Ending,
    EndReason,
    InFlight,
    JobKind,
    Ledger,
    ResultError,
    Session,
    SessionStatus,
    Spoken,
)
from coachwork.sessions._table import (
    LIVE,
    SESSION,
    SessionEffect,
    SessionEvent,
    SessionGiven,
)

__all__ = [
    "LIVE",
    "SESSION",
    "About",
    "Account",
    "AccountStatus",
    "Background",
    "Claim",
    "Conclusion",
    "EndReason",
    "Ending",
    "InFlight",
    "JobKind",
    "Ledger",
    "Receipt",
    "ResultError",
    "Session",
    "SessionEffect",
    "SessionEvent",
    "SessionGiven",
    "SessionStatus",
    "Spending",
    "Spoken",
    "Standing",
    "later",
    "latest",
]
