"""What an action gives a front end to show, kept with the message (brief, section 7)."""

from __future__ import annotations

from attrs import field, frozen

from coachwork.plain import JSON


@frozen(kw_only=True)
class Button:
    """Something to press; pressing it is an action of the user's.

    Attributes:
        label: What stands on it.
        action: The type of the action that it carries.
        parameters: The action's parameters as plain data.
    """

    label: str = field(repr=False)
    action: str
    parameters: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)


@frozen(kw_only=True)
class Component:
    """Something to show beside the coach's message.

    Attributes:
        kind: What it is, in one word that the front end knows.
        data: What it shows, as plain data.
        buttons: What can be pressed, in order.
    """

    kind: str
    data: dict[str, JSON] = field(factory=dict[str, JSON], repr=False)
    buttons: tuple[Button, ...] = ()
