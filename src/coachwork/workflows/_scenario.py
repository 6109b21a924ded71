"""A test scenario as one document: what is taken out of one user's data and planted for another.

The document is a frozen value, and plain data by `coachwork.to_json`. It names no tenant and no
user, and nothing that only the place knows where it came from: no jobs, keys, claims or costs.
Sessions have ids of their own in it, by which everything else refers to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from attrs import field, frozen

from coachwork.actions import Action, Component, Sender
from coachwork.errors import ValidationError
from coachwork.messages import Role
from coachwork.plain import JSON, from_plain, to_json
from coachwork.sessions import Ending, SessionStatus

SCENARIO_VERSION: Final = 1
"""The version of the form of a scenario."""


@frozen(kw_only=True)
class ScenarioMessage:
    """Something that was said.

    Attributes:
        role: Who said it.
        text: What was said.
        at: When (UTC).
        answers: The number of the user's message that the coach answers with it; None where the
            coach greeted or welcomed back, and in a message of the user's. Messages are counted
            from 1 on in each session.
        final: Whether it ended the session.
        components: What a front end is to show beside it.
        locale: Reserved, as in `coachwork.messages.Message`.
        attachments: Reserved, too.
        supersedes: Reserved, too.
    """

    role: Role
    text: str = field(repr=False)
    at: datetime
    answers: int | None = None
    final: bool = False
    components: tuple[Component, ...] = ()
    locale: str | None = None
    attachments: tuple[str, ...] = ()
    supersedes: int | None = None


@frozen(kw_only=True)
class ScenarioSession:
    """A session; whether and when it expires is not told, for one that is planted never does.

    Attributes:
        id: Its id in the document.
        topic: The topic's id.
        topic_revision: The revision of the topic when it started.
        status: Its status.
        started_at: When it started (UTC).
        last_activity_at: When somebody last did something (UTC).
        max_turns: How many turns it may have; 0 means unlimited.
        idle_timeout: After how long without activity it is idle.
        locale: Reserved, as in `coachwork.sessions.About`.
        completion_pending: Whether a final reply came while it was paused.
        ending: How it ended, if it did.
        context: The plain data that it was started with.
        summary: The summary of what was said, if one was made.
        summarized: The number of the last message that the summary covers.
        messages: All messages in order.
    """

    id: str
    topic: str
    topic_revision: int = 1
    status: SessionStatus = SessionStatus.ACTIVE
    started_at: datetime
    last_activity_at: datetime
    max_turns: int = 0
    idle_timeout: timedelta = timedelta(minutes=30)
    locale: str | None = None
    completion_pending: bool = False
    ending: Ending | None = None
    context: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    summary: str | None = field(default=None, repr=False)
    summarized: int = 0
    messages: tuple[ScenarioMessage, ...] = ()


@frozen(kw_only=True)
class ScenarioAudit:
    """The actions that one message of the coach, one click, or word of one agent, brought.

    Attributes:
        id: Its id; ids of actions, and of what they made, begin with it.
        session: The id of the session in the document; of one that is gone, any other id.
        topic: The session's topic.
        program_version: The version of the program that judged.
        sender: Whose actions they are.
        message: The number of the message that triggered them; null for those of agents.
        answers: The number of the user's message that the coach's one answers, or None.
        at: When (UTC).
        actions: The actions in the order in which they were judged.
        excess: How many more there were, all refused unread; no more than
            `coachwork.replies.MAX_REPLY_BYTES`, for a reply holds no more.
        phase: The phase of the program afterwards.
    """

    id: str
    session: str
    topic: str
    program_version: int = 1
    sender: Sender
    message: int | None
    answers: int | None = None
    at: datetime
    actions: tuple[Action, ...]
    excess: int = 0
    phase: str


@frozen(kw_only=True)
class ScenarioProgram:
    """A state of a program, and all actions that led to it.

    Attributes:
        program: The program's id.
        version: The version of the program that wrote the state.
        session: The id of the session in the document where each has a state of its own, or None.
        phase: The phase.
        state: The state as plain data.
        begun: The id that what it began with was made from.
        begun_at: When it began (UTC).
        updated_at: When it last changed (UTC).
        audits: What was done, in order.
    """

    program: str
    version: int = 1
    session: str | None = None
    phase: str
    state: dict[str, JSON] = field(repr=False)
    begun: str
    begun_at: datetime
    updated_at: datetime
    audits: tuple[ScenarioAudit, ...]


@frozen(kw_only=True)
class Scenario:
    """What one user said and did, as a document.

    Attributes:
        version: The version of this form.
        at: When it was taken out (UTC); nothing in it is later.
        sessions: The sessions, the oldest first.
        programs: The states of programs with their actions, and so the identities in them.
    """

    version: int = SCENARIO_VERSION
    at: datetime
    sessions: tuple[ScenarioSession, ...]
    programs: tuple[ScenarioProgram, ...] = ()


def read_scenario(document: object) -> Scenario:
    """Return *document* as a scenario: one already, or the plain data of one.

    Raises:
        ValidationError: It is none; the field is the path of what is wrong.
    """
    if isinstance(document, Scenario):
        document = to_json(document)  # what an application put together is checked, too
    if not isinstance(document, Mapping):
        raise ValidationError("document", "a Scenario, or its plain data as an object")
    given = cast("Mapping[str, object]", document)
    # A later form may differ in any way, so this is the first thing to be said of it.
    version = given.get("version", SCENARIO_VERSION)
    if type(version) is not int or not 1 <= version <= SCENARIO_VERSION:
        raise ValidationError("version", f"a version that is known here: 1 to {SCENARIO_VERSION}")
    return from_plain(given, Scenario)
