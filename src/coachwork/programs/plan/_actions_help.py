"""Actions of help with an answer: guiding questions, other words, proposals to choose from.

None of them moves the step, and while help is wanted no answer is judged.
"""

from __future__ import annotations

from attrs import evolve, field, frozen

from coachwork.actions import Component
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.plan._actions_assessment import use_button
from coachwork.programs.plan._keeping import about_another, replaced
from coachwork.programs.plan._state import CoachingPlan, HelpKind
from coachwork.programs.plan._steps import Step
from coachwork.programs.plan._texts import MAX_AT_ONCE, MAX_PROPOSAL, MAX_QUESTION, MAX_RESPONSE
from coachwork.programs.texts import optional_text_of, text_of, texts_of

Answer = Done[CoachingPlan] | Refusal


@frozen
class AskForHelp:
    """Wish for help with the answer to the current step.

    Attributes:
        kind: What would help: guiding questions, other words for a draft, or proposals.
        draft: What there is of an answer; left out, the one that is kept.
    """

    kind: HelpKind
    draft: str = field(default="", validator=optional_text_of(MAX_RESPONSE), repr=False)


def ask_for_help(plan: CoachingPlan, given: AskForHelp, moment: Moment) -> Answer:
    """Keep the wish, and the draft as the answer so far."""
    draft = given.draft or plan.current.response
    if given.kind is HelpKind.REFORMULATION and not draft:
        return Refusal("there is no draft yet to find other words for")
    wished = evolve(plan, help_wanted=given.kind)
    after = _with_draft(wished, given.draft, moment) if given.draft else wished
    return Done(after, f"wished for {given.kind.replace('_', ' ')} on {plan.current_step}")


@frozen
class WithdrawHelp:
    """Wish for no help any more; the next answer is judged as any other."""


def withdraw_help(plan: CoachingPlan, _given: WithdrawHelp, _moment: Moment) -> Answer:
    """Let the wish go; a draft that came with it stays."""
    if plan.help_wanted is None:
        return Refusal("no help is wanted")
    wish = plan.help_wanted.replace("_", " ")
    after = evolve(plan, help_wanted=None)
    return Done(after, f"wished no more for {wish} on {plan.current_step}")


@frozen
class GiveGuidingQuestions:
    """Give questions that lead the person to an answer of their own.

    Attributes:
        step: The step that it is about.
        questions: The questions, from easy ones on.
    """

    step: Step
    questions: tuple[str, ...] = field(
        validator=texts_of(MAX_QUESTION, most_texts=MAX_AT_ONCE), repr=False
    )


def give_guiding_questions(
    plan: CoachingPlan, given: GiveGuidingQuestions, _moment: Moment
) -> Answer:
    """Show them; the step stays where it is."""
    if (other := about_another(plan, given.step)) is not None:
        return other
    shown = Component(
        kind="guiding_questions",
        data={"step": plan.current_step.value, "questions": [*given.questions]},
    )
    after = _helped(plan, HelpKind.GUIDING_QUESTIONS)
    return Done(after, f"gave {len(given.questions)} guiding questions", shown)


@frozen
class GiveReformulation:
    """Give the person's draft in better words, without adding to what it says.

    Attributes:
        step: The step that it is about.
        text: The draft in better words.
    """

    step: Step
    text: str = field(validator=text_of(MAX_RESPONSE), repr=False)


def give_reformulation(plan: CoachingPlan, given: GiveReformulation, _moment: Moment) -> Answer:
    """Show them, with a button to make them the answer."""
    if (other := about_another(plan, given.step)) is not None:
        return other
    step = evolve(plan.current, reformulation=given.text)
    shown = Component(
        kind="reformulation",
        data={"step": step.step.value, "draft": step.response, "text": given.text},
        buttons=(use_button("Use these words", step, given.text),),
    )
    after = _helped(replaced(plan, step), HelpKind.REFORMULATION)
    return Done(after, "gave other words for the draft", shown)


@frozen
class GiveProposals:
    """Give whole answers for the person to choose from, which differ from each other.

    Attributes:
        step: The step that it is about.
        proposals: The answers, each as the person could say it.
    """

    step: Step
    proposals: tuple[str, ...] = field(
        validator=texts_of(MAX_PROPOSAL, most_texts=MAX_AT_ONCE), repr=False
    )


def give_proposals(plan: CoachingPlan, given: GiveProposals, _moment: Moment) -> Answer:
    """Show them, each with a button to choose it."""
    if (other := about_another(plan, given.step)) is not None:
        return other
    step = plan.current
    shown = Component(
        kind="proposals",
        data={"step": step.step.value, "proposals": [*given.proposals]},
        buttons=tuple(
            use_button(f"Choose {number}", step, text)
            for number, text in enumerate(given.proposals, 1)
        ),
    )
    after = _helped(plan, HelpKind.PROPOSALS)
    return Done(after, f"gave {len(given.proposals)} proposals", shown)


@frozen
class UseText:
    """Take a proposal or other words as the answer to the current step; it is judged next.

    Attributes:
        step: The step for which the text was given; another one is not changed by it.
        text: The text.
    """

    step: Step
    text: str = field(validator=text_of(MAX_RESPONSE), repr=False)


def use_text(plan: CoachingPlan, given: UseText, moment: Moment) -> Answer:
    """Make it the answer so far; whatever help was wanted is wanted no more."""
    if (other := about_another(plan, given.step)) is not None:
        return other
    after = evolve(_with_draft(plan, given.text, moment), help_wanted=None)
    return Done(after, f"took a text as the answer to {given.step}")


def _with_draft(plan: CoachingPlan, text: str, moment: Moment) -> CoachingPlan:
    current = plan.current
    message = moment.message or current.message
    return replaced(plan, evolve(current, response=text, message=message))


def _helped(plan: CoachingPlan, kind: HelpKind) -> CoachingPlan:
    """Return *plan* where help of that *kind* was given; another wish is still open."""
    return evolve(plan, help_wanted=None) if plan.help_wanted is kind else plan
