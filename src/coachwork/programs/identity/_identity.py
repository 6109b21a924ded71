"""The transition table of an identity (brief, section 7).

Theory
------

An identity is *proposed*, by the coach or by the person; *accepted* once the person wants it to be
theirs; *refined* once it is said what it means; and *integrated* once it has a place in the life of
every day. No step is left out, since each is the work of one phase.

Going back to an earlier phase opens nothing by itself. There an accepted or integrated identity can
be refined anew; the integrated one must then be integrated anew, for it is another one.

*Archived* is the end, and the only one: an identity that is integrated may still be combined with
another or set aside. Nothing is ever deleted, and nothing comes back from the archive: who wants it
again creates it again.

Each step lets the identity that is worked on *move on* to the oldest one that is still pending.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final

from attrs import evolve

from coachwork.machine import Machine, Row
from coachwork.programs.identity._state import Identity, IdentityStatus


class IdentityEvent(StrEnum):
    """What can happen to an identity."""

    ACCEPT = "accept"
    REFINE = "refine"
    INTEGRATE = "integrate"
    ARCHIVE = "archive"


class IdentityEffect(StrEnum):
    """What follows in the coach state."""

    MOVE_ON = "move on"


def _became(old: Identity, to: IdentityStatus, now: datetime, _given: None) -> Identity:
    return evolve(old, status=to, updated_at=now)


_S = IdentityStatus
_E = IdentityEvent
_Row = Row[Identity, IdentityStatus, None, IdentityEffect]


def _to(status: IdentityStatus) -> _Row:
    """Return the row that leads to *status*."""
    return Row(status, _became, effects=(IdentityEffect.MOVE_ON,))


# --- THE TABLE -------------------------------------------------------------------------------

IDENTITY_TABLE: Final = Machine[Identity, IdentityStatus, IdentityEvent, None, IdentityEffect](
    name="identity",
    states=IdentityStatus,
    events=IdentityEvent,
    initial=(_S.PROPOSED,),
    ends=(_S.ARCHIVED,),
    state=attrgetter("status"),
    table={
        _S.PROPOSED: {
            _E.ACCEPT: _to(_S.ACCEPTED),
            _E.ARCHIVE: _to(_S.ARCHIVED),
        },
        _S.ACCEPTED: {
            _E.REFINE: _to(_S.REFINED),
            _E.ARCHIVE: _to(_S.ARCHIVED),
        },
        _S.REFINED: {
            _E.REFINE: _to(_S.REFINED),
            _E.INTEGRATE: _to(_S.INTEGRATED),
            _E.ARCHIVE: _to(_S.ARCHIVED),
        },
        _S.INTEGRATED: {
            _E.REFINE: _to(_S.REFINED),
            _E.ARCHIVE: _to(_S.ARCHIVED),
        },
        _S.ARCHIVED: {},
    },
)
"""The machine of an identity."""
