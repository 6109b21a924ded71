"""What an application can see of the provider behind its model, and make it do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.testing.conformance._capability import Capability

Provoke: TypeAlias = Callable[[], AbstractContextManager[object]]
"""Makes the provider do something for as long as the block of its context manager lasts."""


@frozen(kw_only=True)
class Provocations:
    """How the provider behind a model can be provoked, as far as an application can.

    It stands for a server of one's own that plays the provider, as a rule. Whatever is left out is
    not checked, and the report says what is not known by that. When nothing is provoked, the
    provider answers every request as a good model does.

    Attributes:
        requests: Tells every request that the provider has had so far, in order, each as one text:
            path and body.
        says: Makes the provider answer with this text.
        stops: Makes the provider stop early and say why: ``length`` or ``content_filter``.
        refuses: Makes the provider refuse every request, such as by a status 500. It is well worth
            it to let it repeat in its refusal what it was asked.
        pauses: Makes the provider refuse, and ask to be left alone for so many seconds.
        breaks: Makes the provider begin its answer, and close the connection before the end.
        hangs: Makes the provider take requests, and say nothing for half a minute.
        stalls: Makes the provider begin its answer, and say nothing more for half a minute.
        secrets: What the adapter knows and may tell nobody, such as its key.
    """

    requests: Callable[[], Sequence[str]] | None = None
    says: Callable[[str], AbstractContextManager[object]] | None = None
    stops: Callable[[str], AbstractContextManager[object]] | None = None
    refuses: Provoke | None = None
    pauses: Callable[[float], AbstractContextManager[object]] | None = None
    breaks: Provoke | None = None
    hangs: Provoke | None = None
    stalls: Provoke | None = None
    secrets: Sequence[str] = ()

    @property
    def lacks(self) -> set[Capability]:
        """What is not checked, because it cannot be provoked or seen."""
        return {
            capability
            for capability, names in _NEEDED.items()
            if any(getattr(self, name) is None for name in names)
        }

    def asked(self) -> Sequence[str]:
        """Return every request so far; none where that cannot be seen."""
        return () if self.requests is None else self.requests()

    def saying(self, text: str) -> AbstractContextManager[object]:
        """Let the provider say *text*."""
        return nullcontext() if self.says is None else self.says(text)

    def stopping(self, finish: str) -> AbstractContextManager[object]:
        """Let the provider stop for that reason."""
        return nullcontext() if self.stops is None else self.stops(finish)

    def pausing(self, seconds: float) -> AbstractContextManager[object]:
        """Let the provider ask for a pause."""
        return nullcontext() if self.pauses is None else self.pauses(seconds)

    def refusing(self) -> AbstractContextManager[object]:
        """Let the provider refuse."""
        return (self.refuses or nullcontext)()

    def breaking(self) -> AbstractContextManager[object]:
        """Let the provider break off."""
        return (self.breaks or nullcontext)()

    def hanging(self) -> AbstractContextManager[object]:
        """Let the provider say nothing."""
        return (self.hangs or nullcontext)()

    def stalling(self) -> AbstractContextManager[object]:
        """Let the provider fall silent."""
        return (self.stalls or nullcontext)()


_NEEDED: Final[Mapping[Capability, tuple[str, ...]]] = {
    Capability.REQUESTS: ("requests",),
    Capability.WORDS: ("says",),
    Capability.FINISHES: ("stops",),
    Capability.REFUSALS: ("refuses",),
    Capability.PAUSES: ("pauses",),
    Capability.RETRIES: ("requests", "refuses"),
    Capability.BREAKS: ("breaks",),
    Capability.SILENCE: ("hangs",),
    Capability.STALLS: ("stalls",),
}
