"""A whole session, in blocking code: start, talk, pause, come back, and a typed result.

The coach follows a script, so the program needs no network. Run it with
``python examples/first_session.py``.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from coachwork import Coach, SQLite, Topic
from coachwork.adapters import ScriptedModel, final
from coachwork.ports import LanguageModel


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


CORE_VALUES = Topic(
    id="core_values",
    title="Core values",
    system="You are a warm, brief coach. Help {name} to find what matters most.",
    initiation="Greet {name} and ask what mattered this week.",
    result=Values,
    max_turns=12,
)


def first_visit(path: Path, model: LanguageModel) -> str:
    """Start a session, say one thing, and pause; return the id of the session."""
    with Coach(SQLite(path), model, topics=[CORE_VALUES]) as coach:
        ada = coach.as_user("ada", tenant="acme")
        chat = ada.start(CORE_VALUES, context={"name": "Ada"})
        print(f"Coach: {chat.greeting.text}")
        turn = chat.send("I told my team the bad news myself.", key="request-1")
        print(f"Ada:   {turn.user_message.text}")
        print(f"Coach: {turn.message.text}")
        session = chat.pause()
        print(f"-- {session.status}, {session.turns} turn of {session.max_turns}")
        return chat.session_id


def second_visit(path: Path, model: LanguageModel, session_id: str) -> None:
    """Come back, perhaps in another process, and end with a result."""
    with Coach(SQLite(path), model, topics=[CORE_VALUES]) as coach:
        ada = coach.as_user("ada", tenant="acme")
        print(f"-- advice: {ada.check(CORE_VALUES).advice}")
        chat = ada.session(CORE_VALUES, session_id)
        welcome = chat.resume()
        if welcome.message is not None:
            print(f"Coach: {welcome.message.text}")
        turn = chat.send("That I can be trusted. That is all.", key="request-2")
        print(f"Ada:   {turn.user_message.text}")
        print(f"Coach: {turn.message.text}")
        print(f"-- {turn.session.status}, final: {turn.is_final}")
        if turn.result is not None:  # a Values, for the type checkers too
            print(f"-- values: {', '.join(turn.result.values)}")


def main() -> None:
    """Show both visits, with two coaches on one file."""
    before = ScriptedModel(["Hello Ada. What mattered this week?", "What made you do that?"])
    after = ScriptedModel(["Good to see you again.", final(Values(["honesty", "trust"]))])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "coach.db"
        session_id = first_visit(path, before)
        second_visit(path, after, session_id)


if __name__ == "__main__":
    main()
