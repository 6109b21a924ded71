"""Identity coaching, from a stranger to somebody who lives by who they are, through all phases.

The coach follows a script, so the program needs no network: each reply brings a message, and the
actions that go with it. The person answers in words, and by pressing what is shown to them. Run it
with ``python examples/identity_coaching.py``.
"""

import json

from coachwork import Coach, Memory, Topic
from coachwork.actions import Component
from coachwork.adapters import ScriptedModel
from coachwork.plain import JSON
from coachwork.programs.identity import IDENTITY, Category

IDENTITY_COACHING = Topic(
    id="identity_coaching",
    title="Who you are",
    system="You are a warm, brief coach, who helps people to find out who they are.",
    initiation="Greet the person and ask your first question.",
    program=IDENTITY,
    finish_first=True,  # the coach cannot end the session before the program is finished
)


def says(message: str, *actions: tuple[str, dict[str, JSON]], final: bool = False) -> str:
    """Return a reply as a model writes it."""
    named = [{"type": name, "parameters": parameters} for name, parameters in actions]
    return json.dumps({"message": message, "is_final": final, "actions": named})


def skip(*categories: Category) -> list[tuple[str, dict[str, JSON]]]:
    """Return the actions that leave categories out."""
    return [("skip_category", {"category": category.value}) for category in categories]


SCRIPT = [
    says(
        "Hello! What do you do when nobody asks anything of you?",
        ("ask_question", {"text": "What do you do when nobody asks anything of you?"}),
        ("ask_question", {"text": "What are you afraid of?"}),
    ),
    says(
        "You write, then. Let us find a name for that.",
        (
            "answer_question",
            {
                "question": "What do you do when nobody asks anything of you?",
                "answer": "writes letters that are never sent",
            },
        ),
        ("add_who_you_are", {"texts": ["somebody who writes letters"]}),
        ("add_who_you_want_to_be", {"texts": ["somebody who sends them"]}),
        ("transition_phase", {"to": "IDENTITY_CREATION"}),
        ("create_identity", {"name": "Writer", "note": "has a drawer full of letters"}),
        ("propose_identity", {"identity": "Writer"}),
    ),
    says(
        "Two more, and the rest we leave for another time.",
        (
            "create_identities",
            {
                "identities": [
                    {"name": "Honest friend", "category": "VALUES"},
                    {"name": "Good listener", "category": "RELATIONSHIPS"},
                ]
            },
        ),
        *skip(*(one for one in Category if one not in {"PASSIONS", "VALUES", "RELATIONSHIPS"})),
        ("nest_identity", {"identity": "Good listener", "under": "Honest friend"}),
        ("transition_phase", {"to": "IDENTITY_REFINEMENT"}),
    ),
    says(
        "Say it as you would say it to a friend.",
        (
            "refine_identity",
            {"identity": "Writer", "statement": "I write what I mean, and I send it."},
        ),
        (
            "refine_identity",
            {
                "identity": "Honest friend",
                "statement": "I listen first, and then I tell the truth.",
            },
        ),
        ("transition_phase", {"to": "INTEGRATION"}),
    ),
    says(
        "Then it is yours. Goodbye, and write to me.",
        ("integrate_identity", {"identity": "Writer", "practice": "a letter every Sunday"}),
        ("integrate_identity", {"identity": "Honest friend", "practice": "a walk with Grace"}),
        ("transition_phase", {"to": "COMPLETED"}),
        final=True,
    ),
]


def shown(component: Component) -> str:
    """Return what a front end might show of a component."""
    buttons = " ".join(f"[{button.label}]" for button in component.buttons)
    words = component.data.get("text") or component.data.get("name") or component.data.get("to")
    return f"       <{component.kind}: {words}> {buttons}".rstrip()


def main() -> None:
    """Coach Ada."""
    with Coach(Memory(), ScriptedModel(SCRIPT), topics=[IDENTITY_COACHING]) as coach:
        ada = coach.as_user("ada")
        chat = ada.start(IDENTITY_COACHING)
        message = chat.greeting

        def show() -> None:
            print(f"Coach: {message.text}")
            for component in message.components:
                print(shown(component))
            print(f"       -- {ada.program(IDENTITY).phase}")

        show()
        fear = message.components[1]
        acted = chat.act(fear.buttons[0], message=message.sequence)
        print(f"Ada presses [{fear.buttons[0].label}]: {acted.action.summary}")

        message = chat.send("I write letters. I never send them.").message
        show()
        writer = message.components[-1]
        acted = chat.act(writer.buttons[0], message=message.sequence)
        print(f"Ada presses [{writer.buttons[0].label}]: {acted.action.summary}")

        message = chat.send("I tell my friends the truth, once they have spoken.").message
        show()
        message = chat.send("I write what I mean, and I send it.").message
        show()
        turn = chat.send("A letter every Sunday. And a walk with Grace.")
        message = turn.message
        show()

        done = ada.actions(IDENTITY, status="applied").actions
        print(f"-- {turn.session.status}, after {len(done)} actions")
        for identity in ada.program(IDENTITY).state.living:
            print(f"-- {identity.name}: {identity.statement}")


if __name__ == "__main__":
    main()
