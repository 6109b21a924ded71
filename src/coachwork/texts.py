"""What to tell the person, for every code of an error or of a failed job.

The catalogue is plain: an application replaces it whole, or takes `TEXTS` and puts its own
sentences over it. A ``{name}`` gap is filled from the facts of the error; a sentence whose gap has
no fact is left out, so each text should say what matters in a sentence without gaps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Errors of a call (`coachwork.errors`).
        "VALIDATION": "Something in your request does not look right. Please check {field}: it "
        "should be {expected}.",
        "SESSION_NOT_FOUND": "We could not find this conversation. It may have expired; you can "
        "start a new one at any time.",
        "SESSION_ACCESS_DENIED": "This conversation belongs to somebody else.",
        "SESSION_NOT_ACTIVE": "This is not possible with the conversation right now. It is "
        "{session_status}.",
        "SESSION_BUSY": "Your coach is still answering. Please wait a moment and try again.",
        "SESSION_CONFLICT": "Somebody else of your organisation is working on this topic. Please "
        "try again later, or ask them to finish or pause.",
        "MAX_TURNS_REACHED": "You have used all turns of this conversation. You can still complete "
        "it. It had {max_turns} turns.",
        "TOPIC_NOT_FOUND": "This topic does not exist here. Please choose another one.",
        "JOB_NOT_FOUND": "We could not find this answer any more. Please look at the conversation.",
        "JOB_NOT_RETRYABLE": "This cannot be tried again. Please send a new message.",
        "ACTION_REFUSED": "This cannot be done now.",
        "IDEMPOTENCY_KEY_REUSED": "This request was sent before with other content, so nothing "
        "was changed. Please send it again.",
        "LLM_TIMEOUT": "Your coach took too long to answer. Your message is kept; please try "
        "again.",
        "LLM_ERROR": "Your coach could not answer just now. Your message is kept; please try again "
        "in a moment.",
        "STORE_UNAVAILABLE": "We cannot reach our records just now, so nothing was changed. Please "
        "try again in a moment.",
        "OUTCOME_UNKNOWN": "We do not know yet whether this went through. Please try again; it "
        "will not be done twice.",
        "VERSION_CONFLICT": "This conversation was changed somewhere else at the same moment. "
        "Please try again.",
        "CORRUPT_RECORD": "This conversation cannot be read at the moment. Our team has to look at "
        "it; nothing is lost.",
        "UNSUPPORTED_SCHEMA": "This conversation was saved by a newer version of the service. "
        "Please try again later.",
        "TEMPLATE_ERROR": "This topic is not set up correctly. Our team has to mend it; nothing "
        "is lost.",
        "INTERNAL_ERROR": "Something went wrong on our side. Please try again in a moment.",
        # Why a job failed (brief, section 5); LLM_TIMEOUT and LLM_ERROR stand above.
        "EMPTY_REPLY": "Your coach gave an empty answer. Your message is kept; please try again.",
        "BAD_REPLY": "Your coach gave an answer that we could not use. Your message is kept; "
        "please try again.",
        "LENGTH": "Your coach's answer became too long and was cut off. Your message is kept; "
        "please try again, perhaps with a shorter question.",
        "CONTENT_FILTER": "Your coach's answer was held back by a content filter. Your message is "
        "kept; please try to put it in other words.",
        "LEASE_EXPIRED": "The answer was interrupted. Your message is kept; please try again.",
        "ATTEMPTS_EXHAUSTED": "Your coach could not answer after several tries. Your message is "
        "kept; please try again later.",
        "SESSION_CANCELLED": "The conversation was cancelled before the answer came.",
        "SESSION_REPLACED": "A new conversation was started before the answer came.",
        "SESSION_EXPIRED": "The conversation expired before the answer came. You can start a new "
        "one at any time.",
        "JOB_CANCELLED": "The answer was cancelled.",
        "JOB_EXPIRED": "The answer did not come in time. Please say it once more.",
    }
)
"""A short, friendly English text for every code."""

_NO_FACTS: Final[Mapping[str, object]] = MappingProxyType({})
# Patterns are compiled when they are first used: importing this library is to be quick.
_GAP: Final = r"\{(\w+)\}"
_SENTENCE_END: Final = r"(?<=[.!?])\s+"


def user_text(
    code: str, facts: Mapping[str, object] = _NO_FACTS, catalogue: Mapping[str, str] = TEXTS
) -> str:
    """Return what to tell the person.

    Args:
        code: The code of an error or of a failed job.
        facts: What is known about it (`coachwork.errors.CoachworkError.facts`).
        catalogue: The texts, by code.

    Returns:
        The text of the code without the sentences that cannot be filled; where there is none, or
        nothing of it is left, that of ``INTERNAL_ERROR``.
    """
    last = TEXTS["INTERNAL_ERROR"]
    texts = (catalogue.get(code, ""), catalogue.get("INTERNAL_ERROR", last), last)
    return next(filter(None, (_filled(text, facts) for text in texts)), last)


def _filled(text: str, facts: Mapping[str, object]) -> str:
    known = {name: fact for name, fact in facts.items() if fact is not None}
    if not known.keys() >= set(re.findall(_GAP, text)):
        sentences = re.split(_SENTENCE_END, text)
        text = " ".join(s for s in sentences if known.keys() >= set(re.findall(_GAP, s)))
    # One pass, so that no fact is read for gaps.
    return re.sub(_GAP, lambda gap: str(known[gap[1]]), text)
