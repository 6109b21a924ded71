"""Identity coaching that can come to be: what is asked for from one state to the next."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from attrs import fields
from hypothesis import strategies as st

from coachwork.actions import Sender
from coachwork.programs import ActionType
from coachwork.programs.identity import IDENTITY, Category, CoachState, Phase
from coachwork.testing.strategies._diary import Asked, asked
from coachwork.testing.strategies._texts import texts

_NEXT: Final = dict(zip(Phase, [*Phase][1:], strict=False))
_WHO: Final = "Who are you?"
_OFTEN: Final = {"combine_identities": 4, "nest_identity": 4, "archive_identity": 2}
"""How often actions are asked for in comparison, which need two identities or end one."""


def turns_of_identity(state: CoachState) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of what one reply asks for, or one click, that may well be possible."""
    coach, user = (_one(state, sender) for sender in (Sender.COACH, Sender.USER))
    return st.tuples(st.just(Sender.COACH), st.lists(coach, max_size=4)) | st.tuples(
        st.just(Sender.USER), user.map(lambda wish: [wish])
    )


def _one(state: CoachState, sender: Sender) -> st.SearchStrategy[Asked]:
    """Return a strategy of single actions that *sender* may do; at the end there is none."""
    allowed = IDENTITY.allowed(state, sender)
    if not allowed:
        return st.just(asked("set_metadata", name="x", value="y"))
    able = [one for one in allowed for _ in range(_OFTEN.get(one.name, 1))]
    return st.sampled_from(able).flatmap(lambda one: _form(one, state))


def _form(action: ActionType[CoachState, Any], state: CoachState) -> st.SearchStrategy[Asked]:
    """Return a strategy of the forms of *action* that may well be possible in *state*."""
    some = _options(state)
    names = [one.name for one in fields(action.parameters)]
    parameters = st.fixed_dictionaries({name: some.get(name, _words()) for name in names})
    return parameters.map(lambda given: asked(action.name, **given))


def _options(state: CoachState) -> dict[str, st.SearchStrategy[Any]]:
    """Return a strategy for what a parameter may be, by its name."""
    known = st.sampled_from([one.id for one in state.identities] or ["none"])
    living = st.sampled_from([one.name for one in state.living] or ["none"])
    said = st.sampled_from([one.text for one in state.asked_questions] or [_WHO])
    traits = st.sampled_from([*state.who_you_are, *state.who_you_want_to_be] or ["kind"])
    new = _words().map(lambda name: {"name": name})
    return {
        "identity": living | known,
        "other": living,
        "under": living,
        "question": said,
        "text": _words() | traits,
        "texts": st.lists(_words(), min_size=1, max_size=2),
        "category": st.sampled_from([category.value for category in Category]),
        "to": st.sampled_from([phase.value for phase in Phase]),
        "identities": st.lists(new, min_size=1, max_size=2),
        "value": st.none() | st.integers(0, 9) | _words(),
    }


@cache
def _words() -> st.SearchStrategy[str]:
    """Return a strategy of names and short texts."""
    return st.sampled_from(("Friend", "friend", "Maker", "Runner", "Reader")) | texts()


def way_on(state: CoachState) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of replies that do what is left to do in the phase of *state*.

    Mostly they lead to the next one, too.
    """
    step = asked("transition_phase", to=_NEXT[state.current_phase].value)
    with_step = _work(state).map(lambda work: (Sender.COACH, [*work, step]))
    without = _work(state).map(lambda work: (Sender.COACH, work))
    return with_step | with_step | with_step | without


def _work(state: CoachState) -> st.SearchStrategy[list[Asked]]:
    """Return a strategy of what is left to do in the phase of *state*."""
    match state.current_phase:
        case Phase.GET_TO_KNOW_YOU:
            answers = ("answer_question", "decline_question")
            return st.sampled_from(answers).map(
                lambda name: [asked("ask_question", text=_WHO), asked(name, question=_WHO)]
            )
        case Phase.IDENTITY_CREATION:
            return st.tuples(*(_settled(category) for category in state.open_categories)).map(list)
        case Phase.IDENTITY_REFINEMENT:
            told = {"statement": "I am."}
            living = [{"identity": one.id, **told} for one in state.living]
            return st.just([asked("refine_identity", **one) for one in living])
        case _:
            return st.just([asked("integrate_identity", identity=one.id) for one in state.living])


def _settled(category: Category) -> st.SearchStrategy[Asked]:
    """Return a strategy of what settles a category: an identity, or that it is left out."""
    name = f"Me and {category.value}"
    return st.sampled_from(
        (
            asked("skip_category", category=category.value),
            asked("create_identity", name=name, category=category.value, note="A thought."),
        )
    )
