"""A topic of which an organisation can hold only one session: conflict and take-over.

Run it with ``python examples/organisation_topic.py``.
"""

from coachwork import Coach, Memory, RefusedError, Topic
from coachwork.adapters import ScriptedModel
from coachwork.errors import SessionConflictError, SessionNotActiveError

STRATEGY = Topic(
    id="strategy",
    title="Our strategy",
    system="You help an organisation to write down its strategy.",
    initiation="Greet the person and ask where the organisation wants to be in five years.",
    exclusive=True,  # one live session a tenant, whoever holds it
)


def tell(who: str, error: RefusedError) -> None:
    """Print a refusal as a program sees it."""
    print(f"{who}: {error.code} {dict(error.facts)}")


def main() -> None:
    """Let two people of one organisation want the same topic."""
    model = ScriptedModel(lambda _ask: "Where do you want to be in five years?")
    with Coach(Memory(), model, topics=[STRATEGY]) as coach:
        ada = coach.as_user("ada", tenant="acme")
        grace = coach.as_user("grace", tenant="acme")

        hers = ada.start(STRATEGY)
        print("ada:   started")

        # A front end asks before it offers a button; the start decides all the same.
        check = grace.check(STRATEGY)
        print(f"grace: advice {check.advice}, held by {check.conflict_user_id}")
        try:
            grace.start(STRATEGY, take_over=True)
        except SessionConflictError as error:  # an active session is never taken over
            tell("grace", error)

        hers.pause()
        print("ada:   paused, and still holds the topic")
        try:
            grace.start(STRATEGY)
        except SessionConflictError as error:
            tell("grace", error)

        chat = grace.start(STRATEGY, take_over=True)
        print(f"grace: took it over, {chat.get().status}")

        ended = hers.get()
        print(f"ada:   {ended.status}, {ended.end_reason}")
        try:
            hers.resume()
        except SessionNotActiveError as error:
            tell("ada", error)

        # Another organisation has a topic of its own.
        coach.as_user("linus", tenant="initech").start(STRATEGY)
        print("linus: started, in another organisation")


if __name__ == "__main__":
    main()
