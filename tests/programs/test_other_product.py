"""A product of another kind can be declared with public parts alone, and does what it declares."""

from __future__ import annotations

import ast
import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from coachwork.actions import Action, ActionStatus, Audit, Component, RefusalCode, Sender
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    Progress,
    action_schema,
    begun,
    carry_out,
    read_state,
    rebuild,
    told,
)
from coachwork.topics import Topic
from tests.programs import other_product
from tests.programs.other_product import (
    PIECES,
    RECITAL,
    Genre,
    PieceStatus,
    Preparation,
    Stage,
)
from tests.specimens import NOON

COACH: Final = Sender.COACH
USER: Final = Sender.USER


def test_it_is_as_large_as_a_product_is() -> None:
    """Ten phases, nine categories, seven states of what is worked on, some forty actions."""
    assert len(RECITAL.phases.table) == len(Stage) == 10
    assert len(Genre) == 9
    assert len(PIECES.table) == len(PieceStatus) == 7
    assert 35 <= len(RECITAL.actions) <= 45
    assert {action.by for action in RECITAL.actions} == {"coach", "user", "both"}


def test_it_is_written_with_public_parts_alone() -> None:
    """It imports what the doors of the rooms offer, and no private name."""
    source = Path(other_product.__file__).read_text("utf-8")
    imported = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    assert any(node.module == "coachwork.programs" for node in imported)
    for node in imported:
        names = [*str(node.module).split("."), *(alias.name for alias in node.names)]
        assert node.module == "__future__" or not any(name.startswith("_") for name in names)


def test_a_topic_takes_it() -> None:
    """It stands beside the templates."""
    topic = Topic(id="recital", system="You are a coach.", program=RECITAL)
    assert topic.program is RECITAL


class Play:
    """A preparation from its beginning, with the log of its actions."""

    def __init__(self) -> None:
        """Begin."""
        self.state: Preparation = begun(RECITAL, "seed", NOON)
        self.audits: list[Audit] = []

    def does(self, sender: Sender, name: str, /, **parameters: JSON) -> Action:
        """Let somebody do something, an hour later; return what became of it."""
        number = len(self.audits) + 1
        audit = Audit(
            id=f"a-{number}",
            tenant="acme",
            user="ada",
            session="s-1",
            topic="recital",
            program="recital",
            program_version=1,
            subject=None,
            number=number,
            sender=sender,
            message=number,
            at=NOON + timedelta(hours=number),
            actions=(),
            phase="",
        )
        asked: list[dict[str, JSON]] = [{"type": name, "parameters": parameters}]
        schema = action_schema(RECITAL.allowed(self.state, sender))
        fits: bool = cast("Any", Draft202012Validator(schema)).is_valid(asked)
        carried = carry_out(RECITAL, self.state, asked, sender, audit.at, audit.id, audit.source)
        (action,) = carried.actions
        assert fits or action.status is ActionStatus.REFUSED
        self.state = carried.state
        self.audits.append(evolve(audit, actions=carried.actions, phase=self.state.stage))
        return action

    def coach(self, name: str, /, **parameters: JSON) -> Component | None:
        """Let the coach do something that is not refused; return what it shows."""
        action = self.does(COACH, name, **parameters)
        assert action.code is None, action.summary
        return action.component

    def user(self, name: str, /, **parameters: JSON) -> Component | None:
        """Let the user do something that is not refused; return what it shows."""
        action = self.does(USER, name, **parameters)
        assert action.code is None, action.summary
        return action.component

    def press(self, component: Component | None, button: int) -> None:
        """Let the user press a button."""
        assert component is not None
        pressed = component.buttons[button]
        self.user(pressed.action, **pressed.parameters)

    def refused(self, sender: Sender, name: str, /, **parameters: JSON) -> str:
        """Return why an action is refused."""
        before = self.state
        action = self.does(sender, name, **parameters)
        assert action.code is RefusalCode.NOT_POSSIBLE, action.summary
        assert self.state is before
        return action.summary


def getting_acquainted(play: Play) -> None:
    """Find out who it is, what they like, how well they play, and why."""
    assert play.refused(COACH, "go_on") == "no instrument is known"
    play.coach("name_instrument", instrument="viola")
    play.coach("go_on")

    sample = play.coach("play_sample", genre="BAROQUE")
    play.press(sample, 0)
    assert play.refused(USER, "like_genre", genre="BAROQUE") == "BAROQUE is liked already"
    play.user("avoid_genre", genre="POP")
    assert play.state.likes == frozenset({Genre.BAROQUE})
    assert play.state.avoids == frozenset({Genre.POP})
    play.coach("go_on")

    assert "cannot be adjusted" in play.refused(COACH, "adjust_level", by=1)
    play.press(play.coach("offer_level_test"), 2)
    play.coach("adjust_level", by=-1)
    assert play.state.level == 2
    play.coach("go_on")

    play.coach("set_aim", aim="Play for my mother")
    play.coach("go_on")


def finding_pieces(play: Play) -> None:
    """Find what to play, and when to practise it."""
    card = play.coach("suggest_piece", piece={"title": "Sarabande", "genre": "BAROQUE"})
    play.coach(
        "suggest_programme",
        pieces=[{"title": "Gigue", "genre": "BAROQUE"}, {"title": "Lament", "genre": "FOLK"}],
    )
    pop: JSON = {"title": "Hit", "genre": "POP"}
    assert play.refused(COACH, "suggest_piece", piece=pop) == "POP is avoided"
    assert play.refused(COACH, "suggest_programme", pieces=[pop]) == "POP is avoided"
    assert "no piece is chosen" in play.refused(COACH, "go_on")
    play.press(card, 0)
    play.user("choose_piece", piece="Gigue")
    play.coach("drop_piece", piece="Lament")
    play.coach("retitle_piece", piece="Gigue", title="Giga")
    play.coach("go_on")

    play.user("step_back")
    play.user("go_on")
    play.coach("set_days", days=["su", "mo"])
    assert play.state.days == ("mo", "su")
    play.coach("set_recital", on="2026-06-21", place="at home")
    play.coach("cancel_recital")
    play.coach("go_on")


def practising(play: Play) -> None:
    """Practise until it goes fluently."""
    timer = play.coach("start_timer", minutes=15)
    play.coach("read_piece", piece="Sarabande")
    assert "less than ten minutes" in play.refused(COACH, "master_piece", piece="Sarabande")
    play.press(timer, 0)
    play.press(timer, 1)
    assert play.state.streak == 2
    play.coach("break_streak")
    play.coach("set_tempo", piece="Sarabande", tempo=48)
    play.coach("note_fingering", piece="Sarabande", fingering="bar 3: 1-2-4")
    chart = play.coach("show_chart")
    assert chart is not None
    assert chart.data == {"Sarabande": 15, "Giga": 15, "Lament": 0}
    play.coach("encourage")
    play.user("mute_reminders", muted=True)
    play.user("write_diary", text="It sang today.")
    play.user("write_diary", text="Not today.")
    play.user("tear_page")
    assert play.state.diary == ("It sang today.",)
    assert play.refused(COACH, "go_on") == ("no piece is fluent; there is no date for the recital")
    play.coach("master_piece", piece="Sarabande")
    play.coach("set_recital", on="2026-06-21", place="at home")
    play.coach("go_on")


def performing(play: Play) -> None:
    """Rehearse it, and play it."""
    play.user("memorise_piece", piece="Sarabande")
    play.coach("order_pieces", pieces=["Sarabande"])
    play.coach("invite_guest", name="Mother")
    play.coach("invite_guest", name="Nobody")
    play.user("uninvite_guest", name="Nobody")
    play.coach("go_on")

    assert play.refused(COACH, "go_on") == "nothing was played"
    play.press(play.coach("show_programme"), 0)
    play.user("applaud")
    play.coach("go_on")


def test_a_whole_preparation() -> None:
    """Through all ten phases, with every action, by the coach's words and the user's buttons."""
    play = Play()
    getting_acquainted(play)
    finding_pieces(play)
    practising(play)
    performing(play)
    assert RECITAL.is_finished(play.state)
    assert play.state.guests == ("Mother",)
    assert {piece.title: piece.status for piece in play.state.pieces} == {
        "Sarabande": PieceStatus.PERFORMED,
        "Giga": PieceStatus.CHOSEN,
        "Lament": PieceStatus.DROPPED,
    }
    plain = cast("dict[str, JSON]", to_json(play.state))
    progress = Progress(
        tenant="acme",
        user="ada",
        program="recital",
        version=1,
        subject=None,
        phase=play.state.stage,
        state=json.loads(json.dumps(plain)),
        audits=len(play.audits),
        begun="seed",
        begun_at=NOON,
        updated_at=NOON,
    )
    assert read_state(RECITAL, progress) == play.state
    assert rebuild(RECITAL, progress, play.audits) == play.state
    done = {
        action.type
        for audit in play.audits
        for action in audit.actions
        if action.status is ActionStatus.APPLIED
    }
    assert set(RECITAL.by_name) - done == {"give_up"}


@pytest.mark.parametrize("stage", Stage)
def test_each_phase_has_its_actions(stage: Stage) -> None:
    """The model is told of the coach's, and never of those that are only for buttons."""
    state = Preparation(stage)
    text = told(RECITAL, state)
    allowed = {action.name for action in RECITAL.allowed(state, COACH)}
    for action in RECITAL.actions:
        assert (f"\n- {action.name}: " in text) == (action.name in allowed)
        if action.by == "user":
            assert action.name not in allowed
    cast("Any", Draft202012Validator).check_schema(action_schema(RECITAL.allowed(state, COACH)))


@pytest.mark.parametrize("stage", [*Stage][:-1])
def test_who_gives_up_is_let_go(stage: Stage) -> None:
    """From every phase, by the user alone; after that nothing is allowed."""
    asked: list[dict[str, JSON]] = [{"type": "give_up"}]
    (action,) = carry_out(RECITAL, Preparation(stage), asked, COACH, NOON, "a").actions
    assert action.code is RefusalCode.WRONG_SENDER
    carried = carry_out(RECITAL, Preparation(stage), asked, USER, NOON, "a")
    assert carried.state == Preparation(Stage.FAREWELL)
    assert not RECITAL.allowed(carried.state, USER)


def test_garbage_changes_nothing() -> None:
    """Every action with parameters of the wrong kind is refused in every phase."""
    chance = random.Random(7)
    wrong: list[JSON] = [None, True, -1, 1.5, "", [], {"x": 1}, [[]], "x" * 900]
    for stage in Stage:
        state = Preparation(stage)
        for action in RECITAL.actions:
            batch: list[dict[str, JSON]] = [
                {"type": action.name, "parameters": value} for value in wrong if value != {}
            ]
            batch += [
                {"type": action.name, "parameters": {field: value, "more": chance.random()}}
                for field in ("piece", "genre", "title")
                for value in wrong
            ]
            for sender in Sender:
                carried = carry_out(RECITAL, state, batch, sender, NOON, "a")
                assert carried.state is state
                assert not carried.components
