"""What shows that a commit plants a test scenario, and what is not asked of it then.

What is planted was said and done elsewhere, and comes as it became there: a session may begin as
completed, and its messages and audits may stand there before it. So a planting shows itself by what
is stored. Its last commit, in which sessions and states come to be, brings the receipt of its
command; those before it bring neither, and the account that they check notes the scenario.

What holds of records alone, of claims, keys and owners holds of these commits as of all others; and
what holds of a state is judged when the planting is over, by `violations`.
"""

from __future__ import annotations

from typing import Final

from coachwork.actions import Audit
from coachwork.jobs import Job
from coachwork.messages import Message
from coachwork.programs import Progress
from coachwork.records import (
    ACCOUNT,
    BACKGROUND,
    JOB_RECORD,
    MESSAGE,
    PROGRESS,
    RECEIPT,
    SESSION_RECORD,
    account_key,
)
from coachwork.records import AUDIT as AUDIT_RECORD
from coachwork.sessions import About, Receipt, Session
from coachwork.testing._invariants._step import Change, Step

PLANT: Final = "plant"
"""The command of which the receipt tells."""

_SEEN: Final = frozenset({SESSION_RECORD.name, PROGRESS.name})
"""What comes to be in the last commit alone."""
_NEW: Final = frozenset(
    kind.name
    for kind in (SESSION_RECORD, PROGRESS, JOB_RECORD, MESSAGE, AUDIT_RECORD, RECEIPT, BACKGROUND)
)
"""What a planting only inserts."""


def is_planting(step: Step) -> bool:
    """Whether a commit plants a test scenario, and does nothing else.

    Raises:
        UnknownRecordError: The account has to be known.
    """
    changes = step.changes.values()
    if not all(map(_only_adds, changes)):
        return False
    homes = {home for change in changes if (home := _home(change.after)) is not None}
    if len(homes) != 1:
        return False
    ((tenant, user, scenario),) = homes
    if scenario is None:
        return False
    if any(_is_receipt(change.after, tenant, user) for change in step.of(RECEIPT)):
        return True
    if any(change.key.kind in _SEEN for change in changes):
        return False
    account = step.before(ACCOUNT, account_key(tenant, user))
    return account is not None and account.planting == scenario


def _only_adds(change: Change) -> bool:
    """Whether a change deletes nothing, and overwrites nothing of what a planting only inserts."""
    if change.new is None or (change.old is not None and change.key.kind in _NEW):
        return False
    return not isinstance(change.after, Job) or change.after.is_settled


def _home(value: object) -> tuple[str, str, str | None] | None:
    """Return tenant, user and scenario of a value that has one, or None of any other."""
    if isinstance(value, Session):
        value = value.about
    if isinstance(value, About | Job | Message | Progress | Audit):
        return value.tenant, value.user, value.scenario
    return None


def _is_receipt(receipt: Receipt, tenant: str, user: str) -> bool:
    """Whether a receipt is that of a planting for that user."""
    return (receipt.command, receipt.tenant, receipt.user) == (PLANT, tenant, user)
