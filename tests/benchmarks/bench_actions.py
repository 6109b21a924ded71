"""What actions cost in a turn: ``python tests/benchmarks/bench_actions.py [FOLDER]``.

A conversation of ten thousand messages, of a user with two hundred identities, on SQLite as it
comes (``synchronous=FULL``). In every other turn the coach's reply carries five actions of
different kinds that change the state, so what else the machine and its disk do hits both kinds of
turn. On a busy machine the longer turn is interrupted more often, and a busy disk makes it wait
once more; CPU time, which does not count that, is told beside the clock's. Aim: at most 1.5 times
the turn without, by the clock; where it is missed, the program says so and ends with 1.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from attrs import frozen

from coachwork import Chat, Coach, SQLite, Topic
from coachwork.actions import ActionStatus
from coachwork.adapters import ScriptedModel
from coachwork.programs.identity import IDENTITY
from tests.benchmarks.bench_turn import SAID, WINDOW, lengthen

LENGTH: Final = 10_000
"""How many messages a conversation has before it is measured."""
IDENTITIES: Final = 200
"""How many identities a user has."""
ACTIONS: Final = 5
"""How many actions a reply carries."""
AIM: Final = 1.5
"""How many times as long as a turn without actions one with them may take, by the clock."""
TURNS: Final = 200
"""How many turns of each kind are measured."""

TOPIC: Final = Topic(
    id="identity", system="You help {name}.", program=IDENTITY, message_window=WINDOW
)


@frozen
class Figures:
    """What a turn cost, in seconds by the clock and of CPU time: without actions, and with them."""

    without: list[tuple[float, float]]
    with_actions: list[tuple[float, float]]

    @property
    def medians(self) -> list[tuple[float, float]]:
        """By the clock and of CPU time, a turn without actions and one with them."""
        return [
            (statistics.median(without), statistics.median(acting))
            for without, acting in zip(
                zip(*self.without, strict=True), zip(*self.with_actions, strict=True), strict=True
            )
        ]


def reply(actions: list[dict[str, object]]) -> str:
    """Return a reply of the coach."""
    return json.dumps({"message": SAID, "is_final": False, "actions": actions})


def asked(name: str, /, **parameters: object) -> dict[str, object]:
    """Return an action."""
    return {"type": name, "parameters": parameters}


BEGINNING: Final = (
    asked("ask_question", text="Who are you?"),
    asked("answer_question", question="Who are you?", answer="A reader."),
    asked("transition_phase", to="IDENTITY_CREATION"),
)


def furnished(chat: Chat[None], said: list[str], identities: int) -> list[str]:
    """Create so many identities, with a note about each, and return their ids."""
    created = [
        asked("create_identity", name=f"Identity {number}", category="PASSIONS")
        for number in range(identities)
    ]
    noted = [
        asked("note_identity", identity=f"Identity {number}", text="Thought of at the beginning.")
        for number in range(identities)
    ]
    parts = [list(BEGINNING)]
    parts += [
        actions[at : at + 50] for actions in (created, noted) for at in range(0, identities, 50)
    ]
    for actions in parts:
        said.append(reply(actions))
        chat.send("Hello")
    view = chat._coach.as_user(chat._caller.user, tenant="acme").program(IDENTITY)
    assert len(view.state.identities) == identities, view.phase
    return [identity.id for identity in view.state.identities]


def five(identities: list[str], turn: int) -> list[dict[str, object]]:
    """Return five actions of different kinds, none of which was asked for before."""
    one, other = (identities[number * 7 % len(identities)] for number in (turn, turn + 1))
    actions = [
        asked("rename_identity", identity=one, name=f"Name {turn}"),
        asked("note_identity", identity=other, text=f"Thought of in turn {turn}."),
        asked("set_metadata", name=f"mood {turn % 7}", value=turn),
        asked("add_who_you_are", texts=[f"One who came {turn} times."]),
        asked("remove_who_you_are", text=f"One who came {turn} times."),
    ]
    assert len(actions) == ACTIONS
    return actions


def measured(
    folder: Path, *, length: int = LENGTH, identities: int = IDENTITIES, turns: int = TURNS
) -> Figures:
    """Measure turns of both kinds, one after the other."""
    said: list[str] = []
    figures = Figures([], [])
    with Coach(
        SQLite(folder / "coach.db"), ScriptedModel(lambda _: said.pop(0)), topics=[TOPIC]
    ) as coach:
        chat = coach.as_user("ada", tenant="acme").start(TOPIC, context={"name": "Ada"})
        lengthen(coach._ports.repository, chat.session_id, length)
        found = furnished(chat, said, identities)
        gc.collect()
        for turn in range(turns):
            for actions, times in (
                ([], figures.without),
                (five(found, turn), figures.with_actions),
            ):
                said.append(reply(actions))
                began, worked = time.perf_counter(), time.process_time()
                chat.send("I have thought about it.")
                times.append((time.perf_counter() - began, time.process_time() - worked))
        log = coach.as_user("ada", tenant="acme").actions(IDENTITY, newest_first=True)
        assert len(log.actions) >= ACTIONS
        refused = {one.summary for one in log.actions if one.status is ActionStatus.REFUSED}
        assert not refused, refused
    return figures


def report(figures: Figures) -> bool:
    """Print what was measured, and return whether it is what it should be."""
    print(f"{'':10} {'without':>10} {'5 actions':>10} {'ratio':>6} (aim: at most {AIM})")
    for name, (without, acting) in zip(("clock", "CPU time"), figures.medians, strict=True):
        told = f"{without * 1000:7.2f} ms {acting * 1000:7.2f} ms"
        print(f"{name:10} {told} {acting / without:6.2f}")
    (without, acting), _ = figures.medians
    kept = acting <= AIM * without
    print("kept" if kept else "missed")
    return kept


def main() -> None:
    """Measure and report."""
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        kept = report(measured(Path(folder)))
    sys.exit(not kept)


if __name__ == "__main__":
    main()
