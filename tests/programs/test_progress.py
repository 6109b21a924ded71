"""A state as it is kept: how it begins, how it is read, and how the log of actions rebuilds it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from coachwork.actions import Audit, Sender
from coachwork.errors import CorruptRecordError, UnsupportedSchemaError
from coachwork.plain import JSON, to_json
from coachwork.programs import Program, Progress, begun, carry_out, read_state, rebuild
from tests.programs.habits import HABITS, NOON, PHASES, Habit, Habits, Phase, asked, told

STATE: Final = Habits(Phase.DOING, (Habit("h-1", "read", None),), at=NOON)


def progress(state: object = STATE, version: int = 1) -> Progress:
    """Return what is kept of a state."""
    return Progress(
        tenant="acme",
        user="ada",
        program="habits",
        version=version,
        subject=None,
        phase="DOING",
        state=cast("dict[str, JSON]", to_json(state)),
        audits=0,
        begun="seed",
        begun_at=NOON,
        updated_at=NOON,
    )


# --- reading ---------------------------------------------------------------------------------


def test_what_is_kept_is_read() -> None:
    """A state comes back as the value that it was."""
    assert read_state(HABITS, progress()) == STATE


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"phase": "LATER"}, "state.phase"),
        ({"habits": [{"id": 1}]}, r"state.habits\[0\]"),
        ({"more": 1}, "state.value"),
        ({"at": "2026-02-03T12:00:00"}, "state.at"),
    ],
)
def test_what_does_not_fit_is_a_corrupt_record(changes: dict[str, JSON], field: str) -> None:
    """The error names the record and the field, and nothing of what it holds."""
    kept = progress()
    damaged = evolve(kept, state={**kept.state, **changes})
    with pytest.raises(CorruptRecordError, match=field) as raised:
        read_state(HABITS, damaged)
    assert "LATER" not in str(raised.value)


def _two(plain: dict[str, JSON]) -> dict[str, JSON]:
    """In version 1 the habits were names alone."""
    names = cast("list[JSON]", plain["habits"])
    habits: list[JSON] = [
        {"id": f"old-{place}", "name": name, "message": None} for place, name in enumerate(names)
    ]
    return {**plain, "habits": habits}


def _three(plain: dict[str, JSON]) -> dict[str, JSON]:
    """In version 2 a phase was called otherwise."""
    return {**plain, "phase": "DOING" if plain["phase"] == "RUNNING" else plain["phase"]}


NEWEST: Final = Program(
    id="habits",
    version=3,
    state=Habits,
    phases=PHASES,
    prompt=told,
    actions=[],
    upcasts={1: _two, 2: _three},
)


def test_an_older_state_is_read_through_every_upcast() -> None:
    """Each makes the next version of it, so that a renamed phase locks nobody out."""
    old: dict[str, JSON] = {"phase": "RUNNING", "habits": ["read"], "anything": None, "at": None}
    kept = progress()
    first = evolve(kept, state=old, version=1)
    assert read_state(NEWEST, first) == Habits(Phase.DOING, (Habit("old-0", "read", None),))
    second = evolve(kept, state={**old, "habits": []}, version=2)
    assert read_state(NEWEST, second) == Habits(Phase.DOING)
    assert read_state(NEWEST, progress(version=3)) == STATE


def test_an_upcast_that_fails_is_a_corrupt_record() -> None:
    """Nothing is overwritten, and the error says which version could not be read."""
    kept = evolve(progress(version=1), state={"phase": "START"})
    with pytest.raises(CorruptRecordError, match="cannot be read as version 1"):
        read_state(NEWEST, kept)


def test_a_state_of_a_newer_version_is_refused() -> None:
    """An older program must not read, let alone overwrite, what a newer one wrote."""
    with pytest.raises(UnsupportedSchemaError, match="progress"):
        read_state(HABITS, progress(version=2))


# --- beginning and rebuilding ----------------------------------------------------------------


def test_what_it_begins_with_has_ids_of_its_own() -> None:
    """They begin with the seed, and with a place that no action has."""
    program = evolve(HABITS, begin=lambda moment: Habits(anything=[moment.new_id(), moment.now]))
    assert begun(program, "seed", NOON) == Habits(anything=["seed.0.1", NOON])
    assert begun(HABITS, "seed", NOON) == Habits()


_ACTIONS: Final = st.one_of(
    st.builds(asked, st.just("add_habit"), name=st.text("ab", max_size=2)),
    st.builds(asked, st.just("jump"), to=st.sampled_from(["START", "DOING", "DONE", "LATER"])),
    st.builds(asked, st.sampled_from(["begin", "praise", "thank", "fly", "misbehave"])),
    st.builds(asked, st.just("keep"), what=st.integers() | st.none() | st.text(max_size=3)),
)


@given(
    turns=st.lists(
        st.tuples(
            st.sampled_from(Sender), st.lists(_ACTIONS, max_size=4), st.none() | st.integers(1, 9)
        ),
        max_size=5,
    )
)
def test_the_log_of_actions_leads_to_the_state(
    turns: list[tuple[Sender, list[dict[str, Any]], int | None]],
) -> None:
    """From how it began, what was applied leads again to the very state that is stored."""
    state = begun(HABITS, "seed", NOON)
    audits: list[Audit] = []
    states = [state]
    for number, (sender, actions, answers) in enumerate(turns, 1):
        audit = Audit(
            id=f"a-{number}",
            tenant="acme",
            user="ada",
            session="s-1",
            topic="t",
            program="habits",
            program_version=1,
            subject=None,
            number=number,
            sender=sender,
            message=10,
            answers=answers,
            at=NOON + timedelta(minutes=number),
            actions=(),
            phase="",
        )
        carried = carry_out(HABITS, state, actions, sender, audit.at, audit.id, audit.source)
        state = carried.state
        audits.append(evolve(audit, actions=carried.actions, phase=state.phase))
        states.append(state)
        assert len(carried.actions) == len(actions)
        assert carried.plain == (None if state is states[-2] else to_json(state))
    kept = progress(state)
    for count, then in enumerate(states):
        assert rebuild(HABITS, kept, audits[:count]) == then


def test_a_log_that_leads_nowhere_is_a_corrupt_record() -> None:
    """An action that was applied has to be possible again."""
    audit = Audit(
        id="a-1",
        tenant="acme",
        user="ada",
        session="s-1",
        topic="t",
        program="habits",
        program_version=1,
        subject=None,
        number=1,
        sender=Sender.COACH,
        message=1,
        at=NOON,
        actions=carry_out(HABITS, Habits(), [asked("begin")], Sender.COACH, NOON, "a-1").actions,
        phase="DOING",
    )
    assert rebuild(HABITS, progress(), [audit]) == Habits(Phase.DOING)
    with pytest.raises(CorruptRecordError, match="cannot be applied again"):
        rebuild(HABITS, progress(), [audit, audit])
