"""A job's address, as a text that fits into a queue's message or a webhook's body."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from attrs import frozen

from coachwork.errors import ValidationError
from coachwork.ids import checked_id
from coachwork.sessions import JobKind

_PREFIX: Final = "cwj1."
_EXPECTED: Final = "the text of a JobRef"


@frozen
class JobRef:
    """Where a job is found: all that a worker needs to know.

    It names no user and opens nothing to who has no access to the repository, but take it from
    your own queue only: `process` asks nobody for permission.

    Attributes:
        tenant: The tenant.
        job: The job's id.
        kind: What the model is to be asked for; a queue may tell them apart by it.

    Raises:
        ValidationError: One of them is no id.
    """

    tenant: str
    job: str
    kind: JobKind

    def __attrs_post_init__(self) -> None:
        """Check the ids."""
        checked_id(self.tenant, "tenant")
        checked_id(self.job, "job")

    @property
    def text(self) -> str:
        """The reference as one text of letters, digits and ``._-``; read it with `parse`."""
        # Both lengths stand there, so that a text that was cut is none.
        told = f"{self.kind.value}:{len(self.tenant)}:{len(self.job)}:{self.tenant}{self.job}"
        return _PREFIX + urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> JobRef:
        """Return the reference whose `text` this is.

        Raises:
            ValidationError: It is none.
        """
        try:
            coded = text.removeprefix(_PREFIX)
            told = urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
            kind, tenant, _, ids = told.split(":", 3)
            ref = cls(ids[: int(tenant)], ids[int(tenant) :], JobKind(kind))
        except (AttributeError, TypeError, ValueError, ValidationError):
            raise ValidationError("ref", _EXPECTED) from None
        if ref.text != text:  # there is one text for each, and no other
            raise ValidationError("ref", _EXPECTED)
        return ref
