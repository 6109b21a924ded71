"""The conversation of ``demo identity`` (`coachwork.cli._identity_coach`)."""

from __future__ import annotations

from coachwork.actions import ActionStatus
from coachwork.adapters import Memory, ScriptedModel
from coachwork.cli._identity_coach import STEPS, WHO_YOU_ARE, answer
from coachwork.cli._playing import play
from coachwork.coach import Coach
from coachwork.programs.identity import IDENTITY, IdentityStatus


def test_the_coach_goes_through_all_phases() -> None:
    """It ends when the program is finished; two of its actions are refused, each with a reason."""
    coach = Coach(Memory(), ScriptedModel(answer), topics=[WHO_YOU_ARE])
    ada = coach.as_user("ada")
    chat = ada.start(WHO_YOU_ARE)
    phases = [ada.program(IDENTITY).phase]
    for step in STEPS:
        assert chat.get().status == "active"
        play(chat, [step])
        phases.append(ada.program(IDENTITY).phase)
    assert chat.get().status == "completed"
    assert list(dict.fromkeys(phases)) == [
        "GET_TO_KNOW_YOU",
        "IDENTITY_CREATION",
        "IDENTITY_REFINEMENT",
        "INTEGRATION",
        "COMPLETED",
    ]
    refused = [a for a in ada.actions(IDENTITY).actions if a.status is ActionStatus.REFUSED]
    assert [(action.type, str(action.code)) for action in refused] == [
        ("create_identity", "WRONG_PHASE"),
        ("create_identities", "NOT_POSSIBLE"),
    ]
    statuses = {one.name: one.status for one in ada.program(IDENTITY).state.identities}
    assert statuses == {
        "Maker": IdentityStatus.INTEGRATED,
        "Patient teacher": IdentityStatus.INTEGRATED,
        "Listener": IdentityStatus.ARCHIVED,
    }
