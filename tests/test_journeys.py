"""The workflow guides, walked through as a front end walks: journeys, scenarios, checklists.

Every journey is driven through `Coach` on both repositories, with a clock that can be moved. Where
the guides and the design differ (who closes an active session at start-new, how long "idle" is,
what happens to what expired), the design holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from coachwork import (
    Chat,
    Coach,
    CoachworkError,
    RefusedError,
    Settings,
    Topic,
    Turn,
)
from coachwork.adapters import ScriptedModel, final
from coachwork.coach import UserCoach
from coachwork.errors import (
    SessionConflictError,
    SessionNotActiveError,
    SessionNotFoundError,
)
from coachwork.ports import Answer, Ask, PromptRole
from coachwork.sessions import JobKind
from coachwork.testing import FakeClock
from tests.stores import STORES, Store, everything, kinds, opened


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


CORE_VALUES = Topic(
    id="core_values",
    system="You coach {name}.",
    initiation="Greet {name}.",
    resume="Welcome {name} back ({conversation_summary}) in turn {current_turn} of {max_turns}.",
    extraction="List the values.",
    result=Values,
    max_turns=12,
)
SHARED = Topic(
    id="shared_values",
    system="You coach an organisation.",
    initiation="Greet them.",
    result=Values,
    exclusive=True,
)
HONEST = Values(["honesty"])


def coaching(ask: Ask) -> str:
    """Say what a coach says to that; ``I am done`` makes it the final reply."""
    if ask.purpose is JobKind.GREETING:
        return "Hello! What matters to you?"
    if ask.purpose is JobKind.WELCOME_BACK:
        return "Welcome back! Shall we go on?"
    if ask.purpose is JobKind.EXTRACTION:
        return '{"values": ["honesty"]}'
    if ask.messages[-1].text == "I am done":
        return final(HONEST, "Thank you, that was good work.")
    return "Tell me more."


class World:
    """A repository, a clock, a scripted model, and the web service's coach in front of them."""

    def __init__(self, store: Store) -> None:
        """Begin at noon with an empty *store*."""
        self.store = store
        self.clock = FakeClock()
        self.model = ScriptedModel(coaching)
        self.coach = self.serve()

    def serve(
        self,
        *,
        settings: Settings | None = None,
        topics: Iterable[Topic[object]] = (CORE_VALUES, SHARED),
    ) -> Coach:
        """Return a coach, as another process of the service would make it."""
        return Coach(self.store, self.model, topics=topics, settings=settings, clock=self.clock)

    def user(self, name: str = "ada", tenant: str = "acme") -> UserCoach:
        """Return the coach as one user sees it."""
        return self.coach.as_user(name, tenant=tenant)

    def begin(self, name: str = "ada") -> Chat[Values]:
        """Start a session on the core values."""
        return self.user(name).start(CORE_VALUES, context={"name": name.title()})

    def talk(self, chat: Chat[Values], minutes: int = 10) -> None:
        """Chat for some *minutes*, a message every two."""
        for said in range(minutes // 2):
            assert chat.send(f"I think of number {said}.").session.status == "active"
            self.clock.advance(minutes=2)

    def last_ask(self) -> Ask:
        """Return what the model was asked last."""
        return self.model.asked[-1]


@pytest.fixture(params=STORES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on each repository."""
    made = World(opened(request.param, tmp_path))
    with made.coach:
        yield made


# --- the six journeys ------------------------------------------------------------------------


def test_journey_1_normal_flow(world: World) -> None:
    """Check, start, twenty minutes of talk, a final reply with a result, gone after 14 days."""
    ada = world.user()
    before = ada.check(CORE_VALUES)
    assert (before.has_session, before.session_id, before.status) == (False, None, None)
    assert (before.actual_status, before.is_idle, before.advice) == (None, None, "start")
    chat = world.begin()
    assert chat.greeting.text == "Hello! What matters to you?"
    assert [prompt.text for prompt in world.last_ask().messages] == ["You coach Ada.", "Greet Ada."]
    world.talk(chat, 20)
    assert ada.check(CORE_VALUES).advice == "open"
    last = chat.send("I am done")
    assert (last.is_final, last.result, last.session.status) == (True, HONEST, "completed")
    assert last.message.text == "Thank you, that was good work."
    assert last.session.turns == 11
    assert not ada.check(CORE_VALUES).has_session
    world.clock.advance(days=14, microseconds=-1)
    assert chat.get().result == HONEST
    world.clock.advance(microseconds=1)
    with pytest.raises(SessionNotFoundError):
        chat.get()


def test_journey_2_user_steps_away_with_the_window_open(world: World) -> None:
    """After 45 idle minutes the session is still active, and the next message is answered."""
    chat = world.begin()
    world.talk(chat)
    world.clock.advance(minutes=45)
    idle = chat.get()
    assert (idle.status, idle.is_idle) == ("active", True)
    turn = chat.send("Here I am again.")
    assert turn.message.text == "Tell me more."
    assert (turn.session.status, turn.session.is_idle) == ("active", False)
    assert world.last_ask().purpose is JobKind.REPLY  # it went on, it was not welcomed back


def test_journey_3_user_closes_the_window_and_returns(world: World) -> None:
    """Two hours later check presents the session as paused; resume welcomes back with a summary."""
    chat = world.begin()
    chat.send("I care about honesty above all.")
    world.clock.advance(hours=2)
    ada = world.user()
    check = ada.check(CORE_VALUES)
    assert (check.has_session, check.session_id) == (True, chat.session_id)
    assert (check.status, check.actual_status, check.is_idle) == ("paused", "active", True)
    assert check.advice == "choose"
    back = ada.session(CORE_VALUES, chat.session_id).resume()
    assert back.message is not None
    assert back.message.text == "Welcome back! Shall we go on?"
    assert (back.resumed, back.session.status, back.session.is_idle) == (True, "active", False)
    instruction = world.last_ask().messages[-1]
    assert instruction.role is PromptRole.INSTRUCTION
    assert "honesty above all" in instruction.text
    assert "in turn 1 of 12" in instruction.text
    assert chat.send("Let us go on.").session.turns == 2


def test_journey_4_user_pauses_explicitly(world: World) -> None:
    """A paused session refuses messages, is still there three days later, and goes on."""
    chat = world.begin()
    world.talk(chat)
    assert chat.pause().status == "paused"
    before = everything(world.store)
    with pytest.raises(SessionNotActiveError) as refused:
        chat.send("One more thing")
    assert (refused.value.code, refused.value.http_status) == ("SESSION_NOT_ACTIVE", 400)
    assert (refused.value.status, refused.value.allowed) == ("paused", ("resume", "cancel"))
    assert everything(world.store) == before
    world.clock.advance(days=3)
    check = world.user().check(CORE_VALUES)
    assert (check.status, check.actual_status, check.advice) == ("paused", "paused", "choose")
    assert chat.resume().session.status == "active"
    assert chat.send("One more thing").session.turns == 6


def test_journey_5_user_wants_a_fresh_start(world: World) -> None:
    """Start-new retires the paused session of five days ago and greets in a fresh one."""
    old = world.begin()
    world.talk(old)
    old.pause()
    world.clock.advance(days=5)
    assert world.user().check(CORE_VALUES).advice == "choose"
    new = world.begin()
    assert new.session_id != old.session_id
    assert world.last_ask().purpose is JobKind.GREETING
    assert [message.text for message in new.history().messages] == [new.greeting.text]
    assert (old.get().status, old.get().end_reason) == ("abandoned", "replaced")
    assert world.user().check(CORE_VALUES).session_id == new.session_id


def test_journey_6_conflict_of_two_users(world: World) -> None:
    """On an exclusive topic the second user waits until the first has completed."""
    first, second = world.user("ada"), world.user("bob")
    chat = first.start(SHARED)
    check = second.check(SHARED)
    assert (check.has_session, check.conflict, check.conflict_user_id) == (False, True, "ada")
    assert check.advice == "blocked"
    before = everything(world.store)
    with pytest.raises(SessionConflictError) as refused:
        second.start(SHARED)
    assert (refused.value.http_status, refused.value.conflict_user_id) == (409, "ada")
    assert everything(world.store) == before
    assert not second.check(CORE_VALUES).conflict  # other topics are free
    assert not world.user("bob", "other").check(SHARED).conflict  # other tenants do not see it
    chat.complete()
    check = second.check(SHARED)
    assert (check.conflict, check.conflict_user_id, check.advice) == (False, None, "start")
    assert second.start(SHARED).get().user == "bob"


# --- the two scenarios of the front end ------------------------------------------------------


class Frontend:
    """The front end of the guide: what the user is shown, and what they choose."""

    def __init__(self, user: UserCoach, *, chooses: str = "resume") -> None:
        """Show nothing yet."""
        self.user = user
        self.chooses = chooses
        self.shown: list[str] = []
        self.chat: Chat[Values] | None = None
        self.is_open = False

    def open_coaching(self, topic: Topic[Values]) -> None:
        """Scenario 1: the user navigates to the coaching page."""
        check = self.user.check(topic)
        if check.conflict:
            self.shown.append(f"{check.conflict_user_id} is using this topic")
            return
        if check.session_id is not None and not (
            check.status == "paused" and self.asks("An unfinished conversation") == "start"
        ):
            self.chat = self.user.session(topic, check.session_id)
            welcome = self.chat.resume().message
            assert welcome is not None
            self.shown.append(welcome.text)
        else:
            self.chat = self.user.start(topic, context={"name": "Ada"})
            self.shown.append(self.chat.greeting.text)
        self.is_open = True

    def send(self, text: str) -> None:
        """Scenario 2: the user types and hits send."""
        assert self.chat is not None
        try:
            turn: Turn[Values] = self.chat.send(text)
        except CoachworkError as error:
            if error.code != "SESSION_NOT_ACTIVE":
                self.shown.append(str(error))
            elif self.asks("This conversation was paused") == "resume":
                self.chat.resume()
            else:
                assert isinstance(self.chat.topic, Topic)
                self.chat = self.user.start(self.chat.topic, context={"name": "Ada"})
            return
        self.shown.append(turn.message.text)
        if turn.is_final:
            self.shown.append(f"result: {turn.result}")
            self.is_open = False

    def asks(self, question: str) -> str:
        """Show a dialogue with the choice: resume or start."""
        self.shown.append(question)
        return self.chooses


def test_scenario_1_nothing_waits(world: World) -> None:
    """Without a session the page starts one at once and asks nothing."""
    page = Frontend(world.user())
    page.open_coaching(CORE_VALUES)
    assert page.is_open
    assert page.shown == ["Hello! What matters to you?"]


@pytest.mark.parametrize("idle", [False, True], ids=["paused", "idle"])
def test_scenario_1_resume_what_waits(world: World, idle: bool) -> None:  # noqa: FBT001 - a case
    """A paused session, and an idle one alike, is offered; resume welcomes back in it."""
    chat = world.begin()
    if idle:
        world.clock.advance(minutes=31)
    else:
        chat.pause()
    page = Frontend(world.user(), chooses="resume")
    page.open_coaching(CORE_VALUES)
    assert page.shown == ["An unfinished conversation", "Welcome back! Shall we go on?"]
    assert page.chat is not None
    assert page.chat.session_id == chat.session_id


def test_scenario_1_start_new_instead(world: World) -> None:
    """Start new in the dialogue gives a fresh session, and the old one is closed."""
    chat = world.begin()
    chat.pause()
    page = Frontend(world.user(), chooses="start")
    page.open_coaching(CORE_VALUES)
    assert page.shown == ["An unfinished conversation", "Hello! What matters to you?"]
    assert chat.get().status == "abandoned"


def test_scenario_1_an_active_session_is_resumed_without_a_question(world: World) -> None:
    """Opened in a second tab, a session that is not idle is simply resumed."""
    chat = world.begin()
    page = Frontend(world.user())
    page.open_coaching(CORE_VALUES)
    assert page.shown == ["Welcome back! Shall we go on?"]
    assert page.chat is not None
    assert page.chat.session_id == chat.session_id


def test_scenario_1_a_conflict_comes_first(world: World) -> None:
    """A conflict closes the page, and nothing is written."""
    world.user("bob").start(SHARED)
    before = everything(world.store)
    page = Frontend(world.user("ada"))
    page.open_coaching(SHARED)
    assert (page.is_open, page.shown) == (False, ["bob is using this topic"])
    assert everything(world.store) == before


def test_scenario_2_messages_until_the_final_one(world: World) -> None:
    """Replies are shown until the final one, whose result is shown as the window closes."""
    page = Frontend(world.user())
    page.open_coaching(CORE_VALUES)
    page.send("I value honesty")
    assert page.is_open
    page.send("I am done")
    assert page.shown[1:] == [
        "Tell me more.",
        "Thank you, that was good work.",
        f"result: {HONEST}",
    ]
    assert not page.is_open


def test_scenario_2_paused_elsewhere_then_resumed(world: World) -> None:
    """A message into a session that was paused in another tab asks, and resume goes on."""
    page = Frontend(world.user(), chooses="resume")
    page.open_coaching(CORE_VALUES)
    assert page.chat is not None
    world.user().session(CORE_VALUES, page.chat.session_id).pause()
    page.send("Hello?")
    assert page.shown[-1] == "This conversation was paused"
    page.send("Hello?")
    assert page.shown[-1] == "Tell me more."


def test_scenario_2_paused_elsewhere_then_started_anew(world: World) -> None:
    """The same, with the choice to start new."""
    page = Frontend(world.user(), chooses="start")
    page.open_coaching(CORE_VALUES)
    assert page.chat is not None
    old = page.chat
    old.pause()
    page.send("Hello?")
    assert page.chat.session_id != old.session_id
    page.send("Hello?")
    assert page.shown[-1] == "Tell me more."


def test_scenario_2_any_other_error_is_shown(world: World) -> None:
    """Another error has a sentence that can be shown, and the window stays open."""
    page = Frontend(world.user())
    page.open_coaching(CORE_VALUES)
    page.send("   ")
    assert page.shown[-1] == "text: expected text that is not blank"
    assert page.is_open


def test_scenario_2_pause_button(world: World) -> None:
    """The pause button answers with the paused session; pressed twice it does no harm."""
    chat = world.begin()
    assert chat.pause().status == "paused"
    before = everything(world.store)
    assert chat.pause().status == "paused"
    assert everything(world.store) == before


def test_scenario_2_complete_button(world: World) -> None:
    """The complete button answers with the extracted result; pressed twice it does no harm."""
    chat = world.begin()
    chat.send("I value honesty")
    done = chat.complete()
    assert (done.session.status, done.result, done.result_error) == ("completed", HONEST, None)
    before = everything(world.store)
    again = chat.complete()
    assert (again.session.status, again.result) == ("completed", HONEST)
    assert everything(world.store) == before


# --- the checklist of the workflow (version 2.6) ---------------------------------------------


def test_checklist_check_tells_all_before_the_page_is_shown(world: World) -> None:
    """Check answers without a session, changes nothing, and is no activity."""
    before = everything(world.store)
    assert world.user().check(CORE_VALUES).advice == "start"
    assert everything(world.store) == before
    chat = world.begin()
    stood = chat.get().last_activity_at
    world.clock.advance(minutes=20)
    before = everything(world.store)
    assert not world.user().check(CORE_VALUES).is_idle
    assert everything(world.store) == before
    assert chat.get().last_activity_at == stood


def test_checklist_paused_sessions_offer_resume_or_start_new(world: World) -> None:
    """The advice is ``choose`` for a paused and an idle session, ``open`` for an active one."""
    chat = world.begin()
    assert world.user().check(CORE_VALUES).advice == "open"
    world.clock.advance(minutes=30)
    assert world.user().check(CORE_VALUES).advice == "open"  # exactly the limit is not over it
    world.clock.advance(microseconds=1)
    assert world.user().check(CORE_VALUES).advice == "choose"
    chat.pause()
    assert world.user().check(CORE_VALUES).advice == "choose"


def test_checklist_a_conflict_blocks_the_page(world: World) -> None:
    """While another user holds the topic, paused ones too, the advice is ``blocked``."""
    chat = world.user("bob").start(SHARED)
    assert world.user("ada").check(SHARED).advice == "blocked"
    chat.pause()
    assert world.user("ada").check(SHARED).advice == "blocked"
    with pytest.raises(SessionConflictError):
        world.user("ada").start(SHARED)
    chat.cancel()
    assert world.user("ada").check(SHARED).advice == "start"


def test_checklist_start_always_creates_a_fresh_session(world: World) -> None:
    """Start makes a new session, whatever state the old one is in."""
    ids = []
    for leave in ("talk", "pause", "cancel", "complete", "idle"):
        chat = world.begin()
        ids.append(chat.session_id)
        if leave == "talk":
            chat.send("One")
        elif leave == "pause":
            chat.pause()
        elif leave == "cancel":
            chat.cancel()
        elif leave == "complete":
            chat.complete()
        else:
            world.clock.advance(hours=1)
    ids.append(world.begin().session_id)
    assert len(set(ids)) == 6
    known = {view.id: view.status for view in world.user().list_sessions().sessions}
    assert [known[session] for session in ids] == [
        "abandoned", "abandoned", "cancelled", "completed", "abandoned", "active",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "setting, state, becomes",
    [
        ("replace", "active", "abandoned"),
        ("replace", "paused", "abandoned"),
        ("cancel", "active", "cancelled"),
        ("cancel", "paused", "abandoned"),
    ],
)
def test_checklist_start_closes_the_old_one_as_it_is_set(
    world: World, setting: str, state: str, becomes: str
) -> None:
    """The older guide cancels an active session at start-new: a setting chooses."""
    old = world.begin()
    if state == "paused":
        old.pause()
    coach = world.serve(settings=Settings(start_new="cancel") if setting == "cancel" else None)
    coach.as_user("ada", tenant="acme").start(CORE_VALUES, context={"name": "Ada"})
    assert old.get().status == becomes


def test_checklist_resume_continues_with_a_welcome_back(world: World) -> None:
    """Resume keeps what was said, and adds the welcome-back as the coach's message."""
    chat = world.begin()
    chat.send("I value honesty")
    chat.pause()
    said = chat.history().messages
    welcome = chat.resume()
    assert welcome.message is not None
    assert chat.history().messages == (*said, welcome.message)
    prompts = world.last_ask().messages
    assert [prompt.role.value for prompt in prompts] == [
        "system", "coach", "user", "coach", "instruction",
    ]  # fmt: skip
    assert chat.get().turns == 1  # an instruction is never a turn


def test_checklist_messages_need_no_idle_check(world: World) -> None:
    """A message to an active session passes after hours, and after thirteen days."""
    chat = world.begin()
    for hours in (2, 24, 13 * 24):
        world.clock.advance(hours=hours)
        assert chat.send("Still here").session.status == "active"


def test_checklist_an_explicit_pause_blocks_until_resumed(world: World) -> None:
    """No message and no completion passes a pause; resume opens the way again."""
    chat = world.begin()
    chat.pause()
    for blocked in (lambda: chat.send("Hello"), chat.complete):
        with pytest.raises(SessionNotActiveError):
            blocked()
    chat.resume()
    assert chat.send("Hello").session.turns == 1
    assert chat.complete().session.status == "completed"


@pytest.mark.parametrize("state", ["active", "paused", "completed", "cancelled", "abandoned"])
def test_checklist_time_to_live_cleans_up(world: World, state: str) -> None:
    """Live sessions go 14 days after the last activity, ended ones 14 days after their end."""
    chat = world.begin()
    world.clock.advance(days=1)
    if state == "paused":
        chat.pause()
    elif state == "completed":
        chat.complete()
    elif state == "cancelled":
        chat.cancel()
    elif state == "abandoned":
        world.begin().cancel()
    else:
        chat.send("Hello")
    world.clock.advance(days=14, microseconds=-1)
    assert chat.get().status == state
    world.clock.advance(microseconds=1)
    with pytest.raises(SessionNotFoundError):
        chat.get()
    with pytest.raises(SessionNotFoundError):
        chat.history()
    assert world.user().list_sessions().sessions == ()
    assert not world.user().check(CORE_VALUES).has_session
    while world.coach.purge_expired(limit=1).more:
        pass
    while world.coach.purge_expired(limit=1).more:
        pass
    left = kinds(world.store)
    assert left.keys() <= {"account", "standing"}  # these are the user's, not the session's


# --- the checklist and notes of the workflow guide (version 3.0) -----------------------------


def test_guide_every_state_is_reached_as_told(world: World) -> None:
    """The five states of the guide, each reached as it says, and who may message there."""
    states = {}
    chat = world.begin()
    states[chat.get().status] = True
    chat.send("Hello")
    chat.pause()
    states[chat.get().status] = False
    chat.resume()
    chat.complete()
    states[chat.get().status] = False
    cancelled = world.begin()
    states[cancelled.cancel().status] = False
    abandoned = world.begin()
    world.begin().cancel()
    states[abandoned.get().status] = False
    assert {state.value: may for state, may in states.items()} == {
        "active": True,
        "paused": False,
        "completed": False,
        "cancelled": False,
        "abandoned": False,
    }
    for ended in (chat, cancelled, abandoned):
        before = everything(world.store)
        with pytest.raises(SessionNotActiveError):
            ended.send("Hello")
        with pytest.raises(SessionNotActiveError):
            ended.resume()
        with pytest.raises(SessionNotActiveError):
            ended.pause()
        assert everything(world.store) == before


def test_guide_status_is_checked_before_the_page_opens(world: World) -> None:
    """The first item of the quick checklist: the status, and another user's conflict."""
    assert world.user().check(SHARED).advice == "start"
    world.user("bob").start(SHARED)
    assert world.user().check(SHARED).advice == "blocked"


def test_guide_resume_and_start_new_are_told_apart(world: World) -> None:
    """An answer says whether it is a session that was resumed or a new one; `open` may be both."""
    ada = world.user()
    first = ada.open(CORE_VALUES, context={"name": "Ada"})
    assert first.opened is not None
    assert first.opened.resumed is False
    again = ada.open(CORE_VALUES, context={"name": "Ada"})
    assert again.opened is not None
    assert again.opened.resumed is True
    assert again.session_id == first.session_id
    assert again.greeting.text == "Welcome back! Shall we go on?"


def test_guide_a_message_is_a_job_with_an_id(world: World) -> None:
    """Every message is accepted as a job; the answer names it with its outcome."""
    chat = world.begin()
    assert chat.opening_job is not None
    turn = chat.send("Hello", key="request-1")
    assert (turn.job.kind, turn.job.status, turn.job.attempts) == ("reply", "completed", 1)
    assert turn.job.session == chat.session_id
    assert turn.job.id != chat.opening_job.id
    assert (turn.user_message.job, turn.message.job) == (turn.job.id, turn.job.id)


def test_guide_completion_is_a_flag_and_a_result(world: World) -> None:
    """Not final: no result. Final: the flag, the result, and a closed session in one answer."""
    chat = world.begin()
    turn = chat.send("Hello")
    assert (turn.is_final, turn.result, turn.result_error) == (False, None, None)
    last = chat.send("I am done")
    assert (last.is_final, last.result, last.session.end_reason) == (True, HONEST, "completed")


def test_guide_pause_and_resume_show_in_the_state(world: World) -> None:
    """What pause and resume did shows at once in check, get and the list of topics."""
    ada, chat = world.user(), world.begin()

    def shown() -> tuple[object, ...]:
        standing = next(topic for topic in ada.topics() if topic.topic == "core_values")
        return ada.check(CORE_VALUES).status, chat.get().status, standing.status

    assert shown() == ("active", "active", "in_progress")
    chat.pause()
    assert shown() == ("paused", "paused", "paused")
    chat.resume()
    assert shown() == ("active", "active", "in_progress")
    world.clock.advance(hours=1)
    assert shown() == ("paused", "active", "paused")
    chat.send("I am done")
    assert shown() == (None, "completed", "completed")


def test_guide_notes_an_answer_that_comes_twice_is_one(world: World) -> None:
    """A request that is sent again with its key brings the same answer and changes nothing."""
    chat = world.user().start(CORE_VALUES, context={"name": "Ada"}, key="start-1")
    again = world.user().start(CORE_VALUES, context={"name": "Ada"}, key="start-1")
    assert (again.session_id, again.opened) == (chat.session_id, chat.opened)
    turn = chat.send("Hello", key="send-1")
    last = chat.send("I am done", key="send-2")
    before, asked = everything(world.store), len(world.model.asked)
    assert chat.send("I am done", key="send-2") == last
    assert chat.send("Hello", key="send-1").message == turn.message
    assert (everything(world.store), len(world.model.asked)) == (before, asked)


def test_guide_notes_jobs_go_with_their_session(world: World) -> None:
    """Jobs are for following and delivery: they are swept with the session they belong to."""
    chat = world.begin()
    chat.send("I am done")
    assert kinds(world.store)["job"] == 2
    world.clock.advance(days=14)
    world.coach.purge_expired()
    assert "job" not in kinds(world.store)


def test_guide_notes_an_expired_session_gives_way_to_a_fresh_one(world: World) -> None:
    """After 14 days the next start is a first start: check says so, and nothing is resumed."""
    old = world.begin()
    world.clock.advance(days=14)
    assert world.user().check(CORE_VALUES).advice == "start"
    new = world.user().open(CORE_VALUES, context={"name": "Ada"})
    assert new.session_id != old.session_id
    assert new.opened is not None
    assert not new.opened.resumed


# --- the key principles ----------------------------------------------------------------------


def test_principle_idle_is_no_error(world: World) -> None:
    """No command of the owner of an idle session is refused for its idleness."""
    for command in ("send", "pause", "resume", "complete", "cancel"):
        chat = world.begin()
        world.clock.advance(hours=5)
        if command == "send":
            assert chat.send("Hello").session.status == "active"
        else:
            getattr(chat, command)()


def test_principle_the_front_end_decides(world: World) -> None:
    """Nothing pauses, resumes or closes a session by itself while it lives."""
    chat = world.begin()
    before = everything(world.store)
    world.clock.advance(days=13)
    world.coach.purge_expired()
    world.user().check(CORE_VALUES)
    world.user().topics()
    world.user().list_sessions()
    chat.get()
    chat.history()
    assert everything(world.store) == before


def test_principle_a_failed_turn_ends_nothing(world: World) -> None:
    """The model fails: the message is kept, the turn is free, and the next message goes on."""
    chat = world.begin()
    replies = iter([Answer(text="", finish="content_filter"), Answer(text="Go on.")])
    coach = Coach(
        world.store,
        ScriptedModel(lambda _ask: next(replies)),
        topics=[CORE_VALUES],
        clock=world.clock,
    )
    again = coach.as_user("ada", tenant="acme").session(CORE_VALUES, chat.session_id)
    with pytest.raises(CoachworkError) as failed:
        again.send("Something odd")
    assert not isinstance(failed.value, RefusedError)
    assert failed.value.session == chat.session_id
    assert (chat.get().turns, chat.get().messages) == (0, 2)
    turn = again.send("Something else")
    assert (turn.session.turns, turn.message.text) == (1, "Go on.")
