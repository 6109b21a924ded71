"""The progress of a program: its state as it is kept, and the state read from it again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import TypeVar

from attrs import field, frozen

from coachwork.actions import Audit
from coachwork.errors import CorruptRecordError, UnsupportedSchemaError, ValidationError
from coachwork.plain import JSON, from_plain
from coachwork.programs._carrying import carry_again
from coachwork.programs._program import Moment, Program

S = TypeVar("S")


@frozen(kw_only=True)
class Progress:
    """A state of a program as it is kept.

    Attributes:
        tenant: The user's tenant.
        user: Whose it is.
        program: The program's id.
        version: The version of the program that wrote it.
        subject: The id of the session where each session has a state of its own, else None.
        phase: The phase.
        state: The state as plain data.
        audits: How many audits there are of it.
        begun: The id that what it began with was made from.
        begun_at: When it began (UTC).
        updated_at: When it last changed (UTC); never goes back.
        scenario: The test scenario it belongs to, or None.
    """

    tenant: str
    user: str
    program: str
    version: int
    subject: str | None
    phase: str
    state: dict[str, JSON] = field(repr=False)
    audits: int
    begun: str
    begun_at: datetime
    updated_at: datetime
    scenario: str | None = None


def begun(program: Program[S], seed: str, now: datetime) -> S:
    """Return the state that *program* begins with.

    Args:
        program: The program.
        seed: The id that all ids that are made begin with.
        now: The instant (UTC).
    """
    ids = count(1)
    return program.new_state(Moment(now, lambda: f"{seed}.0.{next(ids)}"))


def read_state(program: Program[S], progress: Progress) -> S:
    """Return the state that *progress* holds, older ones through the program's upcasts.

    Raises:
        CorruptRecordError: It does not fit the program's class.
        UnsupportedSchemaError: A newer version of the program wrote it.
    """
    if progress.version > program.version:
        raise UnsupportedSchemaError("progress", "version", progress.version, program.version)
    plain = progress.state
    for version in range(progress.version, program.version):
        try:
            plain = program.upcasts[version](plain)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            reason = f"cannot be read as version {version}"
            raise CorruptRecordError("progress", "version", reason) from None
    try:
        return from_plain(plain, program.state)
    except ValidationError as fault:
        raise CorruptRecordError("progress", f"state.{fault.field}", "is no such thing") from None


def rebuild(program: Program[S], progress: Progress, audits: Iterable[Audit]) -> S:
    """Return the state that the log of actions leads to, from the beginning on.

    What was applied is applied again at the same moment, with the same ids: the answer equals what
    is stored (brief, section 10).

    Args:
        program: The program, of the version that judged the audits.
        progress: What is stored, for how it began.
        audits: All its audits in order, or the first ones.

    Raises:
        CorruptRecordError: An action that was applied cannot be applied again.
    """
    state = begun(program, progress.begun, progress.begun_at)
    for audit in audits:
        state = carry_again(program, state, audit)
    return state
