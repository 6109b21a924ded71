"""What actions cost in a turn: ``python tests/benchmarks/bench_actions.py [FOLDER]``.

Two conversations of ten thousand messages, of two users with two hundred identities each, on SQLite
as it comes (``synchronous=FULL``). In one the coach's reply carries five actions that change the
state, in the other none; the two take turn after turn alternately, so what else the machine and its
disk do hits both. On a busy machine the longer turn is interrupted more often, so CPU time, which
does not count the disk, is told beside the clock's. Aim: at most 1.5 times the turn without.
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
    """Create so many identities, and return their ids."""
    created = [
        asked("create_identity", name=f"Identity {number}", category="PASSIONS")
        for number in range(identities)
    ]
    parts = [list(BEGINNING), *(created[at : at + 50] for at in range(0, identities, 50))]
    for actions in parts:
        said.append(reply(actions))
        chat.send("Hello")
    view = chat._coach.as_user(chat._caller.user, tenant="acme").program(IDENTITY)
    assert len(view.state.identities) == identities, view.phase
    return [identity.id for identity in view.state.identities]


def measured(
    folder: Path, *, length: int = LENGTH, identities: int = IDENTITIES, turns: int = TURNS
) -> Figures:
    """Measure turns of both kinds, one after the other."""
    said: list[str] = []
    figures = Figures([], [])
    with Coach(
        SQLite(folder / "coach.db"), ScriptedModel(lambda _: said.pop(0)), topics=[TOPIC]
    ) as coach:
        chats: list[Chat[None]] = []
        found: list[list[str]] = []
        for user in ("plain", "acting"):
            chat = coach.as_user(user, tenant="acme").start(TOPIC, context={"name": "Ada"})
            lengthen(coach._ports.repository, chat.session_id, length)
            found.append(furnished(chat, said, identities))
            chats.append(chat)
        plain, acting = chats
        gc.collect()
        for turn in range(turns):
            for chat, times in ((plain, figures.without), (acting, figures.with_actions)):
                renames = [
                    asked(
                        "rename_identity",
                        identity=found[1][number * 7 % identities],
                        name=f"Name {number}",
                    )
                    for number in range(turn * ACTIONS, (turn + 1) * ACTIONS)
                ]
                said.append(reply(renames if chat is acting else []))
                began, worked = time.perf_counter(), time.process_time()
                chat.send("I have thought about it.")
                times.append((time.perf_counter() - began, time.process_time() - worked))
        actions = coach.as_user("acting", tenant="acme").actions(IDENTITY, newest_first=True)
        assert all(one.status is ActionStatus.APPLIED for one in actions.actions), actions
    return figures


def report(figures: Figures) -> None:
    """Print what was measured."""
    print(f"{'':10} {'without':>10} {'5 actions':>10} {'ratio':>6} (aim: at most 1.5)")
    for name, (without, acting) in zip(("clock", "CPU time"), figures.medians, strict=True):
        told = f"{without * 1000:7.2f} ms {acting * 1000:7.2f} ms"
        print(f"{name:10} {told} {acting / without:6.2f}")


def main() -> None:
    """Measure and report."""
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        report(measured(Path(folder)))


if __name__ == "__main__":
    main()
