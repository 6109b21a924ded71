"""What users collect, and what was done for it: the program of the machine, told once more.

It is the brief's section 7 in plain words: an action is unknown, was asked for before, is not for
who asks, comes in the wrong phase, does not fit, cannot be, or is applied; the others stand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from attrs import define, field, frozen

from coachwork.plain import JSON
from coachwork.testing.stateful.oracle._told import ANYTHING, Session, Told, Who

_PARAMETERS = {"add": {"name"}, "shake": set[str](), "shut": set[str]()}
_USERS_ONLY = "shake"


@frozen
class Deed:
    """What was asked for at once, by the coach or the user, and what came of it."""

    session: str
    topic: str
    number: int
    sender: str
    message: int
    answers: int | None
    at: datetime
    phase: str
    actions: Sequence[Told]

    @property
    def components(self) -> list[Told]:
        """What there is to show, in order."""
        return [one["component"] for one in self.actions if one["component"] is not None]

    @property
    def told(self) -> list[Told]:
        """What their user is told of the actions."""
        beside = {
            "sender": self.sender,
            "program": "pebbles",
            "session": self.session,
            "message": self.message,
            "at": self.at,
            "scenario": None,
        }
        return [{**action, **beside} for action in self.actions]


@define(eq=False)
class Collection:
    """What a user has collected; nothing is stored before the first deed."""

    who: Who
    phase: str = "OPEN"
    names: list[str] = field(factory=list[str])
    deeds: list[Deed] = field(factory=list[Deed])
    begun_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_finished(self) -> bool:
        """Whether no more is collected."""
        return self.phase == "SHUT"

    @property
    def state(self) -> Told:
        """The state of the program."""
        return {"phase": self.phase, "names": [*self.names]}

    def finishes(self, asked: Sequence[Mapping[str, JSON]]) -> bool:
        """Whether it is finished once these actions of the coach are carried out."""
        return self.is_finished or any(action["type"] == "shut" for action in asked)

    def carry_out(
        self,
        session: Session,
        asked: Sequence[Mapping[str, JSON]],
        sender: str,
        message: int,
        now: datetime,
        answers: int | None = None,
    ) -> Deed:
        """Carry out what may be, and note all of it."""
        self.begun_at = self.begun_at or now
        self.updated_at = max(self.updated_at or now, now)
        seen: set[str] = set()
        actions = [self._judge(action, sender, seen) for action in asked]
        deed = Deed(
            session.id,
            session.topic.id,
            len(self.deeds) + 1,
            sender,
            message,
            answers,
            self.updated_at,
            self.phase,
            actions,
        )
        self.deeds.append(deed)
        return deed

    def _judge(self, asked: Mapping[str, JSON], sender: str, seen: set[str]) -> Told:
        """Apply one action, or refuse it."""
        name = str(asked["type"])
        given = cast("Mapping[str, JSON]", asked.get("parameters", {}))
        code = self._why_not(name, given, sender, seen)
        component = None
        if code is None:
            seen.add(_sameness(name, given))
            component = self._apply(name, given)
        return {
            "id": ANYTHING,
            "type": name,
            "parameters": given,
            "status": "applied" if code is None else "refused",
            "code": code,
            "summary": ANYTHING,
            "component": component,
        }

    def _why_not(
        self, name: str, given: Mapping[str, JSON], sender: str, seen: set[str]
    ) -> str | None:
        """Return why an action is refused, or None."""
        if name not in _PARAMETERS:
            return "UNKNOWN_ACTION"
        if _sameness(name, given) in seen:
            return "DUPLICATE"
        if sender == "coach" and name == _USERS_ONLY:
            return "WRONG_SENDER"
        if self.is_finished:
            return "WRONG_PHASE"
        if set(given) != _PARAMETERS[name]:
            return "BAD_PARAMETERS"
        return "NOT_POSSIBLE" if given.get("name") in self.names else None

    def _apply(self, name: str, given: Mapping[str, JSON]) -> Told | None:
        """Do it; return what is to be shown."""
        if name == "add":
            self.names.append(str(given["name"]))
            button: Told = {"label": "Enough", "action": "shut", "parameters": {}}
            return {"kind": "pebble", "data": given, "buttons": [button]}
        if name == "shake":
            self.names.reverse()
        else:
            self.phase = "SHUT"
        return None

    # --- what is told of it --------------------------------------------------------------------

    @property
    def told(self) -> Told:
        """Where its user stands."""
        return {
            "program": "pebbles",
            "phase": self.phase,
            "is_finished": self.is_finished,
            "state": self.state,
            "allowed": [] if self.is_finished else ["add", "shake", "shut"],
            "audits": len(self.deeds),
            "updated_at": self.updated_at,
        }

    @property
    def programs(self) -> list[Told]:
        """The state as it is stored."""
        if not self.deeds:
            return []
        return [
            {
                **self._owner,
                "version": 1,
                "phase": self.phase,
                "state": self.state,
                "audits": len(self.deeds),
                "begun": ANYTHING,
                "begun_at": self.begun_at,
                "updated_at": self.updated_at,
            }
        ]

    @property
    def audits(self) -> list[Told]:
        """The deeds as they are stored."""
        return [
            {
                **self._owner,
                "id": ANYTHING,
                "session": deed.session,
                "topic": deed.topic,
                "program_version": 1,
                "number": deed.number,
                "sender": deed.sender,
                "message": deed.message,
                "answers": deed.answers,
                "at": deed.at,
                "actions": [*deed.actions],
                "excess": 0,
                "phase": deed.phase,
            }
            for deed in self.deeds
        ]

    @property
    def _owner(self) -> Told:
        tenant, user = self.who
        return {
            "tenant": tenant,
            "user": user,
            "program": "pebbles",
            "subject": None,
            "scenario": None,
        }


def _sameness(name: str, given: Mapping[str, JSON]) -> str:
    """Return what two actions have in common that are the very same."""
    return json.dumps([name, given])
