"""What front ends are to show beside messages: components and their buttons."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from coachwork.actions import Button, Component
from coachwork.plain import JSON
from coachwork.testing.strategies._plain import sound_data
from coachwork.testing.strategies._texts import sound_texts, texts


@cache
def buttons() -> st.SearchStrategy[Button]:
    """Return a strategy of buttons, whatever their actions."""
    return st.builds(Button, label=texts(), action=sound_texts(), parameters=_data())


@cache
def components() -> st.SearchStrategy[Component]:
    """Return a strategy of components, with buttons and without."""
    pressed = st.lists(buttons(), max_size=2).map(tuple)
    return st.builds(Component, kind=texts(max_bytes=40), data=_data(), buttons=pressed)


@cache
def _data() -> st.SearchStrategy[dict[str, JSON]]:
    """Return a strategy of plain data by name."""
    return st.dictionaries(sound_texts(), sound_data(), max_size=2)
