"""Records that mean nothing, and ports that do nothing by themselves."""

from __future__ import annotations

from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    Memory,
    ScriptedModel,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.ports import AsyncPorts, AsyncRepository, Ports, Repository
from coachwork.testing.conformance.repository._things import HOSTILE, NOON, TICK, message, thing

__all__ = ["HOSTILE", "NOON", "TICK", "async_ports", "message", "ports", "thing"]


def ports(repository: Repository | None = None) -> Ports:
    """Return ports with that repository, and defaults for the rest."""
    return Ports(
        repository=Memory() if repository is None else repository,
        model=ScriptedModel([]),
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        templates=TopicTemplates({}),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer(),
    )


def async_ports(repository: AsyncRepository | None = None) -> AsyncPorts:
    """Return ports with that repository, and defaults for the rest."""
    return AsyncPorts(
        repository=Memory().for_async() if repository is None else repository,
        model=ScriptedModel([]).for_async(),
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        templates=TopicTemplates({}).for_async(),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer().for_async(),
    )
