"""An error as a problem document, for any web service (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import ceil, isfinite
from typing import Final

from coachwork.errors import CoachworkError, ModelError, RefusedError
from coachwork.plain import JSON, to_json
from coachwork.texts import TEXTS, user_text

MEDIA_TYPE: Final = "application/problem+json"

_ACRONYMS: Final = frozenset({"LLM"})


def problem(
    error: BaseException, catalogue: Mapping[str, str] = TEXTS
) -> tuple[dict[str, JSON], int, dict[str, str]]:
    """Return the body, the status and the headers that tell a client about *error*.

    An error that is not this library's tells nothing but ``INTERNAL_ERROR``. The body never holds
    the idempotency key, any message text, or the sentence of an error that the operator or the
    developer has to deal with.

    Args:
        error: Any exception.
        catalogue: The texts for users, by code.

    Returns:
        The body as plain data (``type``, ``title``, ``status``, ``detail``, ``code``,
        ``retryable`` and the error's facts, with ``session_id`` and ``job_id`` where there are
        any), the HTTP status, and the headers, with ``Retry-After`` in whole seconds where the
        error names a pause. A fact that is no plain data is left out.
    """
    known = error if isinstance(error, CoachworkError) else CoachworkError("internal error")
    why = known.reason if isinstance(known, ModelError) else known.code
    body: dict[str, JSON] = {}
    # What the developer or the operator has to deal with is no business of a client.
    if isinstance(known, (RefusedError, ModelError)):
        body = dict(_plain(known.facts))
    # No fact, of an application's own error either, takes the place of a standard member.
    body |= {
        "type": f"urn:coachwork:error:{known.code.lower()}",
        "title": _title(known.code),
        "status": known.http_status,
        "detail": user_text(why, known.facts, catalogue),
        "code": known.code,
        "retryable": known.retryable,
    }
    for name, value in (("session_id", known.session), ("job_id", known.job)):
        if value is not None:
            body[name] = value
    headers = {"Content-Type": MEDIA_TYPE}
    if known.retry_after is not None and isfinite(known.retry_after):
        headers["Retry-After"] = str(max(0, ceil(known.retry_after)))
    return body, known.http_status, headers


def _plain(facts: Mapping[str, object]) -> Iterator[tuple[str, JSON]]:
    """Yield those *facts* that have a plain form."""
    for name, value in facts.items():
        # Whatever an application's own error holds, it must not hide the error.
        with suppress(Exception):
            yield name, to_json(value)


def _title(code: str) -> str:
    """Return *code* as people write it."""
    words = [word if word in _ACRONYMS else word.lower() for word in code.split("_")]
    title = " ".join(words)
    return title[:1].upper() + title[1:]
