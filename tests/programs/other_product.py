"""A product of another kind: a coach who prepares amateurs for a recital.

Ten phases lead from a welcome to a farewell; the pieces that somebody plays are of nine genres and
are in one of seven states. It is written as an application would write it, in one module, with what
the library offers to everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final, Literal, TypedDict

from attrs import Attribute, evolve, field, frozen

from coachwork.actions import Button, Component
from coachwork.errors import ValidationError
from coachwork.machine import Guard, Machine, Refused, Row
from coachwork.plain import JSON
from coachwork.programs import ActionType, Done, Moment, Program, Refusal

# --- what is kept ----------------------------------------------------------------------------


class Stage(StrEnum):
    """How far the preparation is."""

    WELCOME = "WELCOME"
    TASTE = "TASTE"
    LEVEL = "LEVEL"
    AIM = "AIM"
    REPERTOIRE = "REPERTOIRE"
    SCHEDULE = "SCHEDULE"
    PRACTICE = "PRACTICE"
    REHEARSAL = "REHEARSAL"
    RECITAL = "RECITAL"
    FAREWELL = "FAREWELL"


class Genre(StrEnum):
    """What kind of music a piece is."""

    EARLY = "EARLY"
    BAROQUE = "BAROQUE"
    CLASSICAL = "CLASSICAL"
    ROMANTIC = "ROMANTIC"
    MODERN = "MODERN"
    JAZZ = "JAZZ"
    FOLK = "FOLK"
    POP = "POP"
    SACRED = "SACRED"


class PieceStatus(StrEnum):
    """How well a piece is known."""

    SUGGESTED = "suggested"
    CHOSEN = "chosen"
    READ = "read"
    FLUENT = "fluent"
    BY_HEART = "by heart"
    PERFORMED = "performed"
    DROPPED = "dropped"


@frozen
class Piece:
    """A piece of music."""

    id: str
    title: str = field(repr=False)
    genre: Genre
    status: PieceStatus = PieceStatus.SUGGESTED
    tempo: int = 60
    fingerings: tuple[str, ...] = ()
    minutes: int = 0


@frozen
class Recital:
    """When and where it is to be played, and in which order."""

    on: date
    place: str
    order: tuple[str, ...] = ()


@frozen
class Preparation:
    """All that is known of somebody who prepares a recital."""

    stage: Stage = Stage.WELCOME
    instrument: str = ""
    likes: frozenset[Genre] = frozenset()
    avoids: frozenset[Genre] = frozenset()
    level: int = 0
    aim: str = ""
    pieces: tuple[Piece, ...] = ()
    days: tuple[str, ...] = ()
    streak: int = 0
    last_practice: datetime | None = None
    recital: Recital | None = None
    guests: tuple[str, ...] = ()
    applause: int = 0
    diary: tuple[str, ...] = field(default=(), repr=False)
    muted: bool = False


Answer = Done[Preparation] | Refusal

# --- the two tables --------------------------------------------------------------------------


class PieceEvent(StrEnum):
    """What happens to a piece."""

    CHOOSE = "choose"
    READ = "read"
    MASTER = "master"
    MEMORISE = "memorise"
    PERFORM = "perform"
    DROP = "drop"


def _piece_became(old: Piece, to: PieceStatus, _now: datetime, _given: None) -> Piece:
    return evolve(old, status=to)


def _warm(piece: Piece, _now: datetime) -> str | None:
    return None if piece.minutes >= 10 else "it was practised for less than ten minutes"


WARM: Final = Guard("practised", _warm)
_P = PieceStatus
_PE = PieceEvent
_DROP: Final[Row[Piece, PieceStatus, None, Stage]] = Row(_P.DROPPED, _piece_became)

PIECES: Final = Machine[Piece, PieceStatus, PieceEvent, None, Stage](
    name="piece",
    states=PieceStatus,
    events=PieceEvent,
    initial=(_P.SUGGESTED,),
    ends=(_P.PERFORMED, _P.DROPPED),
    state=attrgetter("status"),
    table={
        _P.SUGGESTED: {_PE.CHOOSE: Row(_P.CHOSEN, _piece_became), _PE.DROP: _DROP},
        _P.CHOSEN: {_PE.READ: Row(_P.READ, _piece_became), _PE.DROP: _DROP},
        _P.READ: {_PE.MASTER: Row(_P.FLUENT, _piece_became, guards=(WARM,)), _PE.DROP: _DROP},
        _P.FLUENT: {
            _PE.MEMORISE: Row(_P.BY_HEART, _piece_became),
            _PE.PERFORM: Row(_P.PERFORMED, _piece_became),
            _PE.DROP: _DROP,
        },
        _P.BY_HEART: {_PE.PERFORM: Row(_P.PERFORMED, _piece_became), _PE.DROP: _DROP},
        _P.PERFORMED: {},
        _P.DROPPED: {},
    },
)


class StageEvent(StrEnum):
    """What happens to the preparation."""

    GO_ON = "go on"
    STEP_BACK = "step back"
    GIVE_UP = "give up"


def _became(old: Preparation, to: Stage, _now: datetime, _given: None) -> Preparation:
    return evolve(old, stage=to)


def _needs(name: str, reason: str, check: Callable[[Preparation], object]) -> Guard[Preparation]:
    """Return a guard that lets pass what has something."""
    return Guard(name, lambda state, _now: None if check(state) else reason)


def _in(state: Preparation, *statuses: PieceStatus) -> list[Piece]:
    return [piece for piece in state.pieces if piece.status in statuses]


INSTRUMENT: Final = _needs("an instrument", "no instrument is known", attrgetter("instrument"))
A_LIKING: Final = _needs("a liking", "nothing is known that they like", attrgetter("likes"))
A_LEVEL: Final = _needs("a level", "the level is not known", attrgetter("level"))
AN_AIM: Final = _needs("an aim", "there is no aim", attrgetter("aim"))
A_PIECE: Final = _needs("a piece", "no piece is chosen", lambda state: _in(state, _P.CHOSEN))
DAYS: Final = _needs("days", "there are no days to practise", attrgetter("days"))
A_DATE: Final = _needs("a date", "there is no date for the recital", attrgetter("recital"))
READY: Final = _needs(
    "ready", "no piece is fluent", lambda state: _in(state, _P.FLUENT, _P.BY_HEART)
)
PLAYED: Final = _needs("played", "nothing was played", lambda state: _in(state, _P.PERFORMED))

_S = Stage
_E = StageEvent
_GIVE_UP: Final[Row[Preparation, Stage, None, Stage]] = Row(_S.FAREWELL, _became)


def _on(to: Stage, *guards: Guard[Preparation]) -> Row[Preparation, Stage, None, Stage]:
    return Row(to, _became, guards=guards)


STAGES: Final = Machine[Preparation, Stage, StageEvent, None, Stage](
    name="preparation",
    states=Stage,
    events=StageEvent,
    initial=(_S.WELCOME,),
    ends=(_S.FAREWELL,),
    state=attrgetter("stage"),
    table={
        _S.WELCOME: {_E.GO_ON: _on(_S.TASTE, INSTRUMENT), _E.GIVE_UP: _GIVE_UP},
        _S.TASTE: {_E.GO_ON: _on(_S.LEVEL, A_LIKING), _E.GIVE_UP: _GIVE_UP},
        _S.LEVEL: {_E.GO_ON: _on(_S.AIM, A_LEVEL), _E.GIVE_UP: _GIVE_UP},
        _S.AIM: {_E.GO_ON: _on(_S.REPERTOIRE, AN_AIM), _E.GIVE_UP: _GIVE_UP},
        _S.REPERTOIRE: {_E.GO_ON: _on(_S.SCHEDULE, A_PIECE), _E.GIVE_UP: _GIVE_UP},
        _S.SCHEDULE: {
            _E.GO_ON: _on(_S.PRACTICE, DAYS),
            _E.STEP_BACK: _on(_S.REPERTOIRE),
            _E.GIVE_UP: _GIVE_UP,
        },
        _S.PRACTICE: {
            _E.GO_ON: _on(_S.REHEARSAL, READY, A_DATE),
            _E.STEP_BACK: _on(_S.SCHEDULE),
            _E.GIVE_UP: _GIVE_UP,
        },
        _S.REHEARSAL: {
            _E.GO_ON: _on(_S.RECITAL),
            _E.STEP_BACK: _on(_S.PRACTICE),
            _E.GIVE_UP: _GIVE_UP,
        },
        _S.RECITAL: {_E.GO_ON: _on(_S.FAREWELL, PLAYED), _E.GIVE_UP: _GIVE_UP},
        _S.FAREWELL: {},
    },
)

# --- helpers ---------------------------------------------------------------------------------


def _line(most: int) -> Callable[[object, Attribute[str], str], None]:
    def check(_instance: object, attribute: Attribute[str], value: str) -> None:
        if not 0 < len(value.strip()) <= len(value) <= most:
            raise ValidationError(attribute.name, f"1 to {most} characters")

    return check


def _between(least: int, most: int) -> Callable[[object, Attribute[int], int], None]:
    def check(_instance: object, attribute: Attribute[int], value: int) -> None:
        if not least <= value <= most:
            raise ValidationError(attribute.name, f"a number from {least} to {most}")

    return check


def _found(state: Preparation, piece: str) -> Piece | None:
    return next((one for one in state.pieces if piece in {one.id, one.title}), None)


def _with(state: Preparation, piece: Piece) -> Preparation:
    pieces = tuple(piece if one.id == piece.id else one for one in state.pieces)
    return evolve(state, pieces=pieces)


def _step(state: Preparation, name: str, event: PieceEvent, moment: Moment) -> Answer:
    piece = _found(state, name)
    if piece is None:
        return Refusal(f"there is no piece {name}")
    answer = PIECES.step(piece, event, moment.now)
    if isinstance(answer, Refused):
        why = "; ".join(reason for _, reason in answer.reasons) or f"it is {piece.status}"
        return Refusal(f"{piece.title}: {why}")
    return Done(_with(state, answer.value), f"{piece.title} is {answer.value.status}")


def _move(state: Preparation, event: StageEvent, moment: Moment) -> Answer:
    answer = STAGES.step(state, event, moment.now)
    if isinstance(answer, Refused):
        return Refusal("; ".join(why for _, why in answer.reasons) or f"not from {state.stage}")
    return Done(answer.value, f"now it is {answer.value.stage}", progress_of(answer.value))


def progress_of(state: Preparation) -> Component:
    """Return a bar that shows how far it is."""
    return Component(
        kind="progress", data={"stage": state.stage.value, "of": len(Stage), "streak": state.streak}
    )


# --- actions: the person ---------------------------------------------------------------------


@frozen
class NameInstrument:
    """The person tells which instrument they play."""

    instrument: str = field(validator=_line(40))


def name_instrument(state: Preparation, given: NameInstrument, _moment: Moment) -> Answer:
    """Keep it."""
    return Done(evolve(state, instrument=given.instrument), f"plays the {given.instrument}")


@dataclass(frozen=True)
class LikeGenre:
    """The person likes a genre."""

    genre: Genre


def like_genre(state: Preparation, given: LikeGenre, _moment: Moment) -> Answer:
    """Keep it; what they like they do not avoid."""
    if given.genre in state.likes:
        return Refusal(f"{given.genre} is liked already")
    return Done(
        evolve(state, likes=state.likes | {given.genre}, avoids=state.avoids - {given.genre}),
        f"likes {given.genre}",
    )


@dataclass(frozen=True)
class AvoidGenre:
    """The person does not want to play a genre."""

    genre: Genre


def avoid_genre(state: Preparation, given: AvoidGenre, _moment: Moment) -> Answer:
    """Keep it, unless a piece of it is being learnt."""
    if any(piece.genre is given.genre for piece in state.pieces):
        return Refusal(f"a piece of {given.genre} is in the repertoire")
    return Done(
        evolve(state, avoids=state.avoids | {given.genre}, likes=state.likes - {given.genre}),
        f"avoids {given.genre}",
    )


class PlaySample(TypedDict):
    """Let the person hear a genre."""

    genre: Genre


def play_sample(state: Preparation, given: PlaySample, _moment: Moment) -> Answer:
    """Show a player, with what they may think of it."""
    genre = given["genre"].value
    shown = Component(
        kind="player",
        data={"genre": genre},
        buttons=(
            Button(label="I like it", action="like_genre", parameters={"genre": genre}),
            Button(label="Not for me", action="avoid_genre", parameters={"genre": genre}),
        ),
    )
    return Done(state, f"played some {genre}", shown)


@frozen
class OfferLevelTest:
    """Offer the person a test of their level."""


def offer_level_test(state: Preparation, _given: OfferLevelTest, _moment: Moment) -> Answer:
    """Show a question with five answers."""
    buttons = tuple(
        Button(label=f"Level {level}", action="rate_level", parameters={"level": level})
        for level in range(1, 6)
    )
    return Done(state, "offered a test", Component(kind="question", buttons=buttons))


@frozen
class RateLevel:
    """The person says how well they play."""

    level: int = field(validator=_between(1, 5))


def rate_level(state: Preparation, given: RateLevel, _moment: Moment) -> Answer:
    """Keep it."""
    return Done(evolve(state, level=given.level), f"plays at level {given.level}")


@frozen
class AdjustLevel:
    """The coach finds that the level is another one."""

    by: Literal[-1, 1]


def adjust_level(state: Preparation, given: AdjustLevel, _moment: Moment) -> Answer:
    """Move it by one, within its bounds."""
    level = state.level + given.by
    if state.level == 0 or not 1 <= level <= 5:
        return Refusal("the level cannot be adjusted so")
    return Done(evolve(state, level=level), f"plays at level {level}, rather")


@frozen
class SetAim:
    """Say what the person wants to reach."""

    aim: str = field(validator=_line(200))


def set_aim(state: Preparation, given: SetAim, _moment: Moment) -> Answer:
    """Keep it."""
    return Done(evolve(state, aim=given.aim), "keeps an aim in mind")


# --- actions: the pieces ---------------------------------------------------------------------


@frozen
class NewPiece:
    """A piece that might suit the person."""

    title: str = field(validator=_line(80))
    genre: Genre


def _card(piece: Piece) -> Component:
    mine: dict[str, JSON] = {"piece": piece.id}
    return Component(
        kind="piece",
        data={"id": piece.id, "title": piece.title, "genre": piece.genre.value},
        buttons=(
            Button(label="Take it", action="choose_piece", parameters=mine),
            Button(label="Leave it", action="drop_piece", parameters=mine),
        ),
    )


def _suggested(state: Preparation, given: NewPiece, moment: Moment) -> Piece | Refusal:
    if given.genre in state.avoids:
        return Refusal(f"{given.genre} is avoided")
    if _found(state, given.title) is not None or len(state.pieces) >= 30:
        return Refusal("it is in the repertoire, or that is full")
    return Piece(moment.new_id(), given.title, given.genre)


@frozen
class SuggestPiece:
    """Suggest a piece, and show it."""

    piece: NewPiece


def suggest_piece(state: Preparation, given: SuggestPiece, moment: Moment) -> Answer:
    """Add it to the repertoire."""
    piece = _suggested(state, given.piece, moment)
    if isinstance(piece, Refusal):
        return piece
    after = evolve(state, pieces=(*state.pieces, piece))
    return Done(after, f"suggested {piece.title}", _card(piece))


@frozen
class SuggestProgramme:
    """Suggest several pieces at once."""

    pieces: tuple[NewPiece, ...]


def suggest_programme(state: Preparation, given: SuggestProgramme, moment: Moment) -> Answer:
    """Add them all, or none."""
    for new in given.pieces:
        piece = _suggested(state, new, moment)
        if isinstance(piece, Refusal):
            return piece
        state = evolve(state, pieces=(*state.pieces, piece))
    titles: list[JSON] = [piece.title for piece in state.pieces]
    shown = Component(kind="programme", data={"titles": titles})
    return Done(state, f"suggested {len(given.pieces)} pieces", shown)


@frozen
class OnePiece:
    """One piece is meant."""

    piece: str = field(validator=_line(80))


def _stepper(event: PieceEvent) -> Callable[[Preparation, OnePiece, Moment], Answer]:
    """Return the action that lets *event* happen to a piece."""

    def apply(state: Preparation, given: OnePiece, moment: Moment) -> Answer:
        return _step(state, given.piece, event, moment)

    return apply


@frozen
class SetTempo:
    """Set how fast a piece is practised, in beats a minute."""

    piece: str = field(validator=_line(80))
    tempo: int = field(validator=_between(20, 240))


def set_tempo(state: Preparation, given: SetTempo, _moment: Moment) -> Answer:
    """Keep it, and show a metronome."""
    piece = _found(state, given.piece)
    if piece is None:
        return Refusal(f"there is no piece {given.piece}")
    shown = Component(kind="metronome", data={"tempo": given.tempo})
    return Done(_with(state, evolve(piece, tempo=given.tempo)), f"{given.tempo} a minute", shown)


@frozen
class NoteFingering:
    """Keep how a difficult place is played."""

    piece: str = field(validator=_line(80))
    fingering: str = field(validator=_line(80))


def note_fingering(state: Preparation, given: NoteFingering, _moment: Moment) -> Answer:
    """Add it to the piece."""
    piece = _found(state, given.piece)
    if piece is None or len(piece.fingerings) >= 20:
        return Refusal("there is no such piece, or it has enough of them")
    noted = evolve(piece, fingerings=(*piece.fingerings, given.fingering))
    return Done(_with(state, noted), f"noted a fingering of {piece.title}")


@frozen
class RetitlePiece:
    """Correct the title of a piece."""

    piece: str = field(validator=_line(80))
    title: str = field(validator=_line(80))


def retitle_piece(state: Preparation, given: RetitlePiece, _moment: Moment) -> Answer:
    """Change it, if no other piece has it."""
    piece = _found(state, given.piece)
    if piece is None or _found(state, given.title) is not None:
        return Refusal("there is no such piece, or one of that title")
    return Done(_with(state, evolve(piece, title=given.title)), f"{piece.title} is {given.title}")


# --- actions: practice -----------------------------------------------------------------------

Day = Literal["mo", "tu", "we", "th", "fr", "sa", "su"]


@frozen
class SetDays:
    """Say on which days the person practises."""

    days: frozenset[Day]


def set_days(state: Preparation, given: SetDays, _moment: Moment) -> Answer:
    """Keep them, in the order of the week."""
    week = ("mo", "tu", "we", "th", "fr", "sa", "su")
    days = tuple(day for day in week if day in given.days)
    return Done(evolve(state, days=days), f"practises on {len(days)} days")


@frozen
class StartTimer:
    """Let the person practise for some minutes."""

    minutes: int = field(validator=_between(1, 60))


def start_timer(state: Preparation, given: StartTimer, _moment: Moment) -> Answer:
    """Show a timer, whose buttons tell what was practised."""
    buttons = tuple(
        Button(
            label=piece.title,
            action="tick_practice",
            parameters={"piece": piece.id, "minutes": given.minutes},
        )
        for piece in _in(state, _P.CHOSEN, _P.READ, _P.FLUENT)
    )
    shown = Component(kind="timer", data={"minutes": given.minutes}, buttons=buttons)
    return Done(state, f"{given.minutes} minutes from now", shown)


@frozen
class TickPractice:
    """The person has practised a piece."""

    piece: str = field(validator=_line(80))
    minutes: int = field(validator=_between(1, 60))


def tick_practice(state: Preparation, given: TickPractice, moment: Moment) -> Answer:
    """Count it, and the days in a row."""
    piece = _found(state, given.piece)
    if piece is None:
        return Refusal("there is no such piece")
    after = _with(state, evolve(piece, minutes=piece.minutes + given.minutes))
    return Done(
        evolve(after, streak=state.streak + 1, last_practice=moment.now),
        f"practised for {given.minutes} minutes",
        progress_of(after),
    )


@frozen
class BreakStreak:
    """A day was missed."""


def break_streak(state: Preparation, _given: BreakStreak, _moment: Moment) -> Answer:
    """Begin to count again."""
    return Done(evolve(state, streak=0), "a day was missed")


@frozen
class ShowChart:
    """Show for how long each piece was practised."""


def show_chart(state: Preparation, _given: ShowChart, _moment: Moment) -> Answer:
    """Show it; nothing changes."""
    data: dict[str, JSON] = {piece.title: piece.minutes for piece in state.pieces}
    return Done(state, "showed a chart", Component(kind="chart", data=data))


@frozen
class MuteReminders:
    """The person wants no reminders, or wants them again."""

    muted: bool


def mute_reminders(state: Preparation, given: MuteReminders, _moment: Moment) -> Answer:
    """Keep it."""
    return Done(evolve(state, muted=given.muted), "no reminders" if given.muted else "reminders")


@frozen
class WriteDiary:
    """The person writes something into their diary."""

    text: str = field(validator=_line(500))


def write_diary(state: Preparation, given: WriteDiary, _moment: Moment) -> Answer:
    """Keep it, as long as there is a page left."""
    if len(state.diary) >= 100:
        return Refusal("the diary is full")
    return Done(evolve(state, diary=(*state.diary, given.text)), "wrote into the diary")


@frozen
class TearPage:
    """The person tears the last page out of their diary."""


def tear_page(state: Preparation, _given: TearPage, _moment: Moment) -> Answer:
    """Forget it."""
    if not state.diary:
        return Refusal("the diary is empty")
    return Done(evolve(state, diary=state.diary[:-1]), "tore a page out")


@frozen
class Encourage:
    """Cheer the person up."""


def encourage(state: Preparation, _given: Encourage, _moment: Moment) -> Answer:
    """Show a star."""
    return Done(state, "cheered up", Component(kind="star", data={"streak": state.streak}))


# --- actions: the recital --------------------------------------------------------------------


@frozen
class SetRecital:
    """Say when and where the recital is."""

    on: date
    place: str = field(validator=_line(80))


def set_recital(state: Preparation, given: SetRecital, moment: Moment) -> Answer:
    """Keep it, if it is still to come."""
    if given.on <= moment.now.date():
        return Refusal("the day is over")
    return Done(evolve(state, recital=Recital(given.on, given.place)), "there is a date")


@frozen
class CancelRecital:
    """The recital does not take place on that day."""


def cancel_recital(state: Preparation, _given: CancelRecital, _moment: Moment) -> Answer:
    """Forget the date."""
    if state.recital is None:
        return Refusal("there is no date")
    return Done(evolve(state, recital=None), "there is no date any more")


@frozen
class OrderPieces:
    """Say in which order the pieces are played."""

    pieces: list[str]


def order_pieces(state: Preparation, given: OrderPieces, _moment: Moment) -> Answer:
    """Keep it, if it is of pieces that can be played."""
    found = [_found(state, piece) for piece in given.pieces]
    ready = _in(state, _P.FLUENT, _P.BY_HEART)
    if state.recital is None or any(piece not in ready for piece in found):
        return Refusal("there is no date, or a piece is not ready")
    order = tuple(piece.id for piece in found if piece is not None)
    return Done(evolve(state, recital=evolve(state.recital, order=order)), "there is an order")


@frozen
class InviteGuest:
    """Invite somebody."""

    name: str = field(validator=_line(60))


def invite_guest(state: Preparation, given: InviteGuest, _moment: Moment) -> Answer:
    """Add them to the guests, once."""
    if given.name in state.guests or len(state.guests) >= 50:
        return Refusal("they are invited, or the room is full")
    return Done(evolve(state, guests=(*state.guests, given.name)), f"invited {given.name}")


@frozen
class UninviteGuest:
    """Take an invitation back."""

    name: str = field(validator=_line(60))


def uninvite_guest(state: Preparation, given: UninviteGuest, _moment: Moment) -> Answer:
    """Remove them from the guests."""
    left = tuple(guest for guest in state.guests if guest != given.name)
    if left == state.guests:
        return Refusal("they are not invited")
    return Done(evolve(state, guests=left), f"did not invite {given.name}")


@frozen
class ShowProgramme:
    """Show the programme of the recital, with a button for each piece."""


def show_programme(state: Preparation, _given: ShowProgramme, _moment: Moment) -> Answer:
    """Show it; nothing changes."""
    buttons = tuple(
        Button(label=piece.title, action="perform_piece", parameters={"piece": piece.id})
        for piece in _in(state, _P.FLUENT, _P.BY_HEART)
    )
    return Done(state, "showed the programme", Component(kind="programme", buttons=buttons))


@frozen
class Applaud:
    """Somebody applauds."""


def applaud(state: Preparation, _given: Applaud, _moment: Moment) -> Answer:
    """Count it."""
    return Done(evolve(state, applause=state.applause + 1), "applause")


# --- actions: the stages ---------------------------------------------------------------------


@frozen
class GoOn:
    """Go on to the next stage, once this one has what it needs."""


def go_on(state: Preparation, _given: GoOn, moment: Moment) -> Answer:
    """Move along the table."""
    return _move(state, StageEvent.GO_ON, moment)


@frozen
class StepBack:
    """Go back by a stage."""


def step_back(state: Preparation, _given: StepBack, moment: Moment) -> Answer:
    """Move along the table."""
    return _move(state, StageEvent.STEP_BACK, moment)


@frozen
class GiveUp:
    """The person does not want to go on at all."""


def give_up(state: Preparation, _given: GiveUp, moment: Moment) -> Answer:
    """Move along the table."""
    return _move(state, StageEvent.GIVE_UP, moment)


# --- the program -----------------------------------------------------------------------------


def told_preparation(state: Preparation) -> str:
    """Tell what is known, and what is still open."""
    lines = [f"Instrument: {state.instrument or 'unknown'}. Level: {state.level or 'unknown'}."]
    lines += [f"- {piece.title} ({piece.genre}, {piece.status})" for piece in state.pieces]
    if state.recital is not None:
        lines.append(f"The recital is on {state.recital.on} at {state.recital.place}.")
    return "\n".join(lines)


_LEARNING: Final = (_S.PRACTICE, _S.REHEARSAL)
_FROM_REPERTOIRE: Final = (_S.REPERTOIRE, _S.SCHEDULE, *_LEARNING)

RECITAL: Final = Program(
    id="recital",
    state=Preparation,
    phases=STAGES,
    prompt=told_preparation,
    actions=[
        ActionType(NameInstrument, name_instrument, [_S.WELCOME]),
        ActionType(LikeGenre, like_genre, [_S.TASTE]),
        ActionType(AvoidGenre, avoid_genre, [_S.TASTE]),
        ActionType(PlaySample, play_sample, [_S.TASTE], "coach"),
        ActionType(OfferLevelTest, offer_level_test, [_S.LEVEL], "coach"),
        ActionType(RateLevel, rate_level, [_S.LEVEL], "user"),
        ActionType(AdjustLevel, adjust_level, [_S.LEVEL, _S.AIM], "coach"),
        ActionType(SetAim, set_aim, [_S.AIM]),
        ActionType(SuggestPiece, suggest_piece, [_S.REPERTOIRE], "coach"),
        ActionType(SuggestProgramme, suggest_programme, [_S.REPERTOIRE], "coach"),
        ActionType(
            OnePiece, _stepper(_PE.CHOOSE), [_S.REPERTOIRE], "user", name="choose_piece",
            description="The person takes a piece into their repertoire.",
        ),
        ActionType(
            OnePiece, _stepper(_PE.DROP), _FROM_REPERTOIRE, name="drop_piece",
            description="The person does not want to play a piece.",
        ),
        ActionType(
            OnePiece, _stepper(_PE.READ), _LEARNING, name="read_piece",
            description="A piece was read from the sheet, from beginning to end.",
        ),
        ActionType(
            OnePiece, _stepper(_PE.MASTER), _LEARNING, "coach", name="master_piece",
            description="A piece goes fluently.",
        ),
        ActionType(
            OnePiece, _stepper(_PE.MEMORISE), _LEARNING, "user", name="memorise_piece",
            description="The person knows a piece by heart.",
        ),
        ActionType(
            OnePiece, _stepper(_PE.PERFORM), [_S.RECITAL], "user", name="perform_piece",
            description="A piece was played at the recital.",
        ),
        ActionType(SetTempo, set_tempo, _LEARNING),
        ActionType(NoteFingering, note_fingering, _LEARNING),
        ActionType(RetitlePiece, retitle_piece, _FROM_REPERTOIRE),
        ActionType(SetDays, set_days, [_S.SCHEDULE]),
        ActionType(StartTimer, start_timer, [_S.PRACTICE], "coach"),
        ActionType(TickPractice, tick_practice, _LEARNING, "user"),
        ActionType(BreakStreak, break_streak, [_S.PRACTICE], "coach"),
        ActionType(ShowChart, show_chart, _LEARNING),
        ActionType(MuteReminders, mute_reminders, by="user"),
        ActionType(WriteDiary, write_diary, by="user"),
        ActionType(TearPage, tear_page, by="user"),
        ActionType(Encourage, encourage, by="coach"),
        ActionType(SetRecital, set_recital, [_S.SCHEDULE, *_LEARNING]),
        ActionType(CancelRecital, cancel_recital, [_S.SCHEDULE, *_LEARNING]),
        ActionType(OrderPieces, order_pieces, [_S.REHEARSAL]),
        ActionType(InviteGuest, invite_guest, [_S.REHEARSAL]),
        ActionType(UninviteGuest, uninvite_guest, [_S.REHEARSAL], "user"),
        ActionType(ShowProgramme, show_programme, [_S.RECITAL], "coach"),
        ActionType(Applaud, applaud, [_S.RECITAL], "user"),
        ActionType(GoOn, go_on),
        ActionType(StepBack, step_back),
        ActionType(GiveUp, give_up, by="user"),
    ],
)  # fmt: skip
"""From a welcome to a farewell, with a recital between them."""
