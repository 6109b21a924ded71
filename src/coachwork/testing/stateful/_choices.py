"""What a run may do next, as values that Hypothesis draws; most of it is talk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from hypothesis import strategies as st

from coachwork.policies import Settings
from coachwork.testing.stateful._both import LATER, Words
from coachwork.testing.stateful._commands import MEANWHILE
from coachwork.testing.stateful._topics import CONTEXTS, TOPICS
from coachwork.testing.stateful._words import BUTTONS, EXTRACTS, SAYS


class Do:
    """Something to be done: the name of a command of the machine, and what it is given."""

    def __init__(self, what: str, **given: object) -> None:
        """Do *what*."""
        self.what = what
        self.given = given

    def __repr__(self) -> str:
        """Tell it as it is written."""
        told = "".join(f", {name}={value!r}" for name, value in self.given.items())
        return f"Do({self.what!r}{told})"


_SAYS: Final = (
    *["talks"] * 10,
    *["ends", "ends with a result"] * 4,
    *["ends with a misfit", "is stopped", "fails", "acts"] * 2,
    *SAYS,
)
_EXTRACTS: Final = (*["extracts"] * 4, *["is stopped"] * 2, *EXTRACTS)
_HAPPENS: Final = (
    *["nothing"] * 3 * len(MEANWHILE),
    *MEANWHILE * 2,
    *(f"{what}{LATER}" for what in MEANWHILE),
)
_TIMES: Final = (
    *("a second", "half a minute", "six minutes", "eleven minutes", "till it is idle") * 3,
    *("a moment", "a moment", "backwards", "a day", "till it expires", "till its job expires"),
)

_places = st.integers(0, 7)
_users = st.integers(0, 2)
_topics = st.sampled_from([*TOPICS])
_waits = st.sampled_from((True, True, False))
_words = st.builds(
    Words,
    says=st.sampled_from(_SAYS),
    extracts=st.sampled_from(_EXTRACTS),
    meanwhile=st.sampled_from(_HAPPENS),
)

_OFTEN: Final[Mapping[str, int]] = {"send": 5, "start": 2, "resume": 2, "pause": 2, "act": 3,
                                    "retry": 2, "work": 2, "call again": 3,
                                    "pass time": 3}  # fmt: skip
"""How often something is chosen in comparison, where it is not once."""


@cache
def doings() -> st.SearchStrategy[Do]:
    """Return a strategy of what may be done next."""
    session = {"place": _places}
    call = {"waits": _waits, "words": _words}
    given: dict[str, Mapping[str, st.SearchStrategy[object]]] = {
        "send": {**session, **call},
        "start": {
            "user": _users,
            "topic": _topics,
            "context": st.sampled_from(["Ada", "Ada", *CONTEXTS]),
            **call,
        },
        "take over": {**session, **call},
        "open": {"user": _users, "topic": _topics, **call},
        "resume": {**session, **call},
        "act": {**session, "button": st.sampled_from([*BUTTONS]), **call},
        "pause": session,
        "complete": {**session, **call},
        "cancel": session,
        "retry": {**session, **call},
        "work": {**session, "words": _words},
        "cancel a job": session,
        "call again": {**session, **call},
        "use a key again": {**session, "other": _places},
        "look at": {**session, "user": _users, "topic": _topics},
        "pass time": {**session, "how": st.sampled_from(_TIMES)},
        "look for work": {},
        "relay": {"in_vain": st.booleans()},
        "sweep": {},
        "export": {"user": _users},
        "delete all": {"user": _users},
    }
    drawn = {name: st.builds(Do, st.just(name), **fields) for name, fields in given.items()}
    names = [name for name in given for _ in range(_OFTEN.get(name, 1))]
    return st.sampled_from(names).flatmap(drawn.__getitem__)


@cache
def beginnings() -> st.SearchStrategy[tuple[str, ...]]:
    """Return a strategy of the topics on which the users start."""
    return st.tuples(_topics, _topics, _topics)


@cache
def choices() -> st.SearchStrategy[Settings]:
    """Return a strategy of the settings that decide what a caller is told."""
    return st.builds(
        Settings,
        start_new=st.sampled_from(("replace", "cancel")),
        hide_foreign=st.booleans(),
        show_conflict_user=st.booleans(),
        attempts=st.integers(1, 3),
    )
