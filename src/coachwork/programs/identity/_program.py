"""The identity program: its catalogue of actions, and where each is allowed."""

from __future__ import annotations

from typing import Final

from coachwork.programs import ActionType, Moment, Program
from coachwork.programs.identity._actions_categories import (
    FocusCategory,
    SkipCategory,
    UnskipCategory,
    focus_category,
    skip_category,
    unskip_category,
)
from coachwork.programs.identity._actions_identities import (
    AcceptIdentity,
    ArchiveIdentity,
    CreateIdentities,
    CreateIdentity,
    IntegrateIdentity,
    NoteIdentity,
    ProposeIdentity,
    RefineIdentity,
    RenameIdentity,
    SelectIdentity,
    accept_identity,
    archive_identity,
    create_identities,
    create_identity,
    integrate_identity,
    note_identity,
    propose_identity,
    refine_identity,
    rename_identity,
    select_identity,
)
from coachwork.programs.identity._actions_joining import (
    CombineIdentities,
    NestIdentity,
    combine_identities,
    nest_identity,
)
from coachwork.programs.identity._actions_person import (
    AddWhoYouAre,
    AddWhoYouWantToBe,
    RemoveWhoYouAre,
    RemoveWhoYouWantToBe,
    SetMetadata,
    add_who_you_are,
    add_who_you_want_to_be,
    remove_who_you_are,
    remove_who_you_want_to_be,
    set_metadata,
)
from coachwork.programs.identity._actions_phases import TransitionPhase, transition_phase
from coachwork.programs.identity._actions_questions import (
    AnswerQuestion,
    AskQuestion,
    DeclineQuestion,
    answer_question,
    ask_question,
    decline_question,
)
from coachwork.programs.identity._phases import PHASES
from coachwork.programs.identity._state import CoachState, Phase
from coachwork.programs.identity._telling import told_state

_KNOWING: Final = frozenset({Phase.GET_TO_KNOW_YOU})
_CREATION: Final = frozenset({Phase.IDENTITY_CREATION})
_REFINEMENT: Final = frozenset({Phase.IDENTITY_REFINEMENT})
_INTEGRATION: Final = frozenset({Phase.INTEGRATION})

_CHOICE: Final = _KNOWING | _CREATION
"""Where categories are chosen."""

_JOINING: Final = _CREATION | _REFINEMENT
"""Where identities are joined."""

_WORK: Final = _REFINEMENT | _INTEGRATION
"""Where one identity after the other is worked on."""

_IDENTITIES: Final = _CREATION | _REFINEMENT | _INTEGRATION
"""Where there are identities to change."""


def _begin(moment: Moment) -> CoachState:
    return CoachState(id=moment.new_id(), updated_at=moment.now)


IDENTITY: Final = Program(
    id="identity",
    version=1,
    state=CoachState,
    begin=_begin,
    phases=PHASES,
    prompt=told_state,
    actions=(
        ActionType(AskQuestion, ask_question, _KNOWING, "coach"),
        ActionType(AnswerQuestion, answer_question, _KNOWING),
        ActionType(DeclineQuestion, decline_question, _KNOWING),
        ActionType(AddWhoYouAre, add_who_you_are),
        ActionType(RemoveWhoYouAre, remove_who_you_are),
        ActionType(AddWhoYouWantToBe, add_who_you_want_to_be),
        ActionType(RemoveWhoYouWantToBe, remove_who_you_want_to_be),
        ActionType(FocusCategory, focus_category, _CHOICE),
        ActionType(SkipCategory, skip_category, _CHOICE),
        ActionType(UnskipCategory, unskip_category, _CHOICE),
        ActionType(CreateIdentity, create_identity, _CREATION),
        ActionType(CreateIdentities, create_identities, _CREATION),
        ActionType(ProposeIdentity, propose_identity, _CREATION, "coach"),
        ActionType(AcceptIdentity, accept_identity, _CREATION),
        ActionType(SelectIdentity, select_identity, _WORK),
        ActionType(RefineIdentity, refine_identity, _REFINEMENT),
        ActionType(IntegrateIdentity, integrate_identity, _INTEGRATION),
        ActionType(RenameIdentity, rename_identity, _IDENTITIES),
        ActionType(NoteIdentity, note_identity, _IDENTITIES),
        ActionType(CombineIdentities, combine_identities, _JOINING),
        ActionType(NestIdentity, nest_identity, _JOINING),
        ActionType(ArchiveIdentity, archive_identity, _IDENTITIES),
        ActionType(SetMetadata, set_metadata),
        ActionType(TransitionPhase, transition_phase),
    ),
)
"""Identity coaching: from getting to know somebody to identities that they live by."""
