"""A recorded conversation, led through the library: its coach, its clock, and what came of it.

Each conversation is a session of a user of its own, whose id is that of the transcript. The clock
stands where the recording says. Every call has a key that is made from transcript and utterance,
so whoever was stopped simply makes all calls again: those that were done before change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from attrs import frozen

from coachwork.adapters import RecordedModel
from coachwork.cli._transcripts import Transcript, as_reply
from coachwork.coach import Chat, Coach
from coachwork.errors import (
    IdempotencyKeyReusedError,
    ModelError,
    StillAnsweringError,
    ValidationError,
)
from coachwork.messages import Role
from coachwork.policies import MOST, Settings
from coachwork.ports import Answer, Ask, Repository
from coachwork.sessions import SessionStatus
from coachwork.topics import MAX_MESSAGE_BYTES, Topic

R = TypeVar("R")

TENANT: Final = "replay"
"""All replayed sessions are this tenant's."""

START: Final = datetime(2022, 1, 1, tzinfo=UTC)
"""When every conversation begins: a recording tells no dates."""

_INSTANT: Final = timedelta(microseconds=1)

SETTINGS: Final = Settings(
    # A recording answers at once. Whoever goes on after a crash finds the job of the dead process
    # leased, and moves the clock past the lease: the less, the better.
    model_timeout=_INSTANT,
    lease=2 * _INSTANT,
    attempts=MOST,
)

COACH_FIRST: Final = Topic(
    id="recording",
    title="A recorded conversation",
    system="You are the recorded therapist.",
    initiation="Open the conversation.",
    expires_after=None,
    keep_ended=None,
    max_message_bytes=MAX_MESSAGE_BYTES,
)
"""The topic of conversations that the coach opens."""

USER_FIRST: Final = Topic(
    id="recording_user_first",
    title="A recorded conversation",
    system="You are the recorded therapist.",
    expires_after=None,
    keep_ended=None,
    max_message_bytes=MAX_MESSAGE_BYTES,
)
"""The topic of conversations that the user opens."""

Acknowledge = Callable[[str, int], None]
"""Told after every call, with the transcript's id and how many messages are certainly kept."""


@frozen(kw_only=True)
class Replayed:
    """What became of one conversation.

    Attributes:
        chat: The session, completed.
        turns: How many messages of the user there are.
        fresh: How many of them were sent now, and not before an interruption.
        failed: How many of them got no answer, since the recording has none.
    """

    chat: Chat[None]
    turns: int
    fresh: int
    failed: int


class Replay:
    """Leads one transcript after the other through the library, into one repository."""

    def __init__(
        self,
        repository: Repository,
        *,
        acknowledge: Acknowledge = lambda _transcript, _messages: None,
        turned: Callable[[int], None] = lambda _turns: None,
    ) -> None:
        """Take the repository.

        Args:
            repository: Where to.
            acknowledge: Told after every call.
            turned: Told how many turns more are done.
        """
        self._repository = repository
        self._acknowledge = acknowledge
        self._turned = turned

    def play(self, transcript: Transcript) -> Replayed:
        """Lead *transcript* through the library, or go on where that was stopped.

        Raises:
            ValidationError: The repository holds another recording of this transcript.
            StoreError: The repository failed.
        """
        try:
            return self._play(transcript)
        except IdempotencyKeyReusedError:
            expected = f"one that holds no other recording of transcript {transcript.id}"
            raise ValidationError("--database", expected) from None

    def _play(self, transcript: Transcript) -> Replayed:
        """Make all calls of *transcript*."""
        model = _Recorded(transcript)
        topic = USER_FIRST if transcript.greeting is None else COACH_FIRST
        coach = Coach(
            self._repository,
            model,
            topics=[COACH_FIRST, USER_FIRST],
            settings=SETTINGS,
            clock=model,
        )
        user = coach.as_user(transcript.id, tenant=TENANT)
        model.go_to(transcript.utterances[0].at)
        chat = model.persist(lambda: user.start(topic, key=f"{transcript.id}/start"))
        before = chat.get()
        self._acknowledge(transcript.id, before.messages)
        turns = transcript.turns
        failed = sum(reply is None for _, reply in turns)
        if before.status is SessionStatus.COMPLETED:
            self._turned(len(turns))
            return Replayed(chat=chat, turns=len(turns), fresh=0, failed=failed)
        fresh = 0
        for said, reply in turns:
            model.go_to(said.at)
            key = f"{transcript.id}/{said.id}"
            try:
                turn = model.persist(lambda: chat.send(said.text, key=key))  # noqa: B023 - at once
            except ModelError:
                if reply is not None:
                    raise
                messages = chat.get().messages
            else:
                messages = turn.message.sequence
            fresh += messages > before.messages
            self._acknowledge(transcript.id, messages)
            self._turned(1)
        model.go_to(transcript.utterances[-1].at)
        model.persist(lambda: chat.complete(key=f"{transcript.id}/complete"))
        self._acknowledge(transcript.id, chat.get().messages)
        return Replayed(chat=chat, turns=len(turns), fresh=fresh, failed=failed)


class _Recorded:
    """The recorded coach, and the clock of the recording; it answers when it once did."""

    def __init__(self, transcript: Transcript) -> None:
        """Take the transcript that the words and instants are from."""
        told = {0: transcript.greeting} if transcript.greeting else {}
        told |= {turn: reply for turn, (_, reply) in enumerate(transcript.turns, 1) if reply}
        self._model = RecordedModel({turn: as_reply(said.text) for turn, said in told.items()})
        self._at = {turn: said.at for turn, (said, _) in enumerate(transcript.turns, 1)}
        self._at |= {turn: said.at for turn, said in told.items()}
        self._now = START

    def now(self) -> datetime:
        """See `coachwork.ports.Clock.now`."""
        return self._now

    def go_to(self, at: timedelta) -> None:
        """Set the clock to that time of the recording."""
        self._now = START + at

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        self.go_to(self._at[ask.turn])
        return self._model.complete(ask)

    def persist(self, call: Callable[[], R]) -> R:
        """Return what *call* answers, once the lease of a process that is gone has run out."""
        while True:
            try:
                return call()
            except StillAnsweringError as busy:
                self._now += timedelta(seconds=busy.retry_after or 0) + _INSTANT


def is_equal(transcript: Transcript, chat: Chat[None]) -> bool:
    """Tell whether what is stored of a replayed session is exactly what the recording holds.

    Words, speakers, instants and order are compared, page by page, and the session's own counts.
    """
    session = chat.get()
    stored: list[tuple[int, Role, datetime, str]] = []
    after: int | None = 0
    while after is not None:
        page = chat.history(after=after, limit=PAGE)
        stored += [(said.sequence, said.role, said.at, said.text) for said in page.messages]
        after = page.next
    recorded = [
        (place, said.role, START + said.at, said.text)
        for place, said in enumerate(transcript.utterances, 1)
    ]
    answered = sum(reply is not None for _, reply in transcript.turns)
    return (
        stored == recorded
        and session.status is SessionStatus.COMPLETED
        and (session.turns, session.messages) == (answered, len(recorded))
    )


PAGE: Final = 100
"""How many messages are read back at once."""
