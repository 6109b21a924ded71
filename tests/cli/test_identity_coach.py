"""The conversation of ``demo identity`` (`coachwork.cli._identity_coach`)."""

from __future__ import annotations

from coachwork.actions import ActionStatus, Component
from coachwork.adapters import Memory, ScriptedModel
from coachwork.cli._identity_coach import STEPS, WHO_YOU_ARE, Press, answer
from coachwork.coach import Coach
from coachwork.programs.identity import IDENTITY, IdentityStatus


def test_the_coach_goes_through_all_phases() -> None:
    """It ends when the program is finished; two of its actions are refused, each with a reason."""
    coach = Coach(Memory(), ScriptedModel(answer), topics=[WHO_YOU_ARE])
    ada = coach.as_user("ada")
    chat = ada.start(WHO_YOU_ARE)
    message, final = chat.greeting, False
    phases = [ada.program(IDENTITY).phase]
    for step in STEPS:
        assert not final
        if isinstance(step, Press):
            shown: dict[str, Component] = {}
            for one in message.components:
                shown.setdefault(one.kind, one)
            chat.act(shown[step.kind].buttons[step.place], message=message.sequence)
        else:
            turn = chat.send(step)
            message, final = turn.message, turn.is_final
        phases.append(ada.program(IDENTITY).phase)
    assert final
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
