"""An error as a problem document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf, nan

import pytest

from coachwork.errors import (
    CoachworkError,
    CorruptRecordError,
    LLMError,
    LLMTimeoutError,
    MaxTurnsReachedError,
    MisuseError,
    RefusedError,
    SessionBusyError,
    SessionConflictError,
    SessionNotActiveError,
    SessionNotFoundError,
    StoreUnavailableError,
    TemplateError,
    ValidationError,
)
from coachwork.problems import MEDIA_TYPE, problem
from coachwork.texts import TEXTS

STANDARD = {"type", "title", "status", "detail", "code", "retryable"}


def test_a_refusal_as_a_document() -> None:
    """A client gets type, title, status, a text for people, the code, and the error's facts."""
    body, status, headers = problem(ValidationError("text", "text that is not blank"))
    assert (status, headers) == (422, {"Content-Type": MEDIA_TYPE})
    assert body == {
        "type": "urn:coachwork:error:validation",
        "title": "Validation",
        "status": 422,
        "detail": "Something in your request does not look right. Please check text: it should be "
        "text that is not blank.",
        "code": "VALIDATION",
        "retryable": False,
        "field": "text",
        "expected": "text that is not blank",
    }


@pytest.mark.parametrize(
    "error",
    [
        SessionNotFoundError(),
        SessionNotActiveError("send to", "paused", ("resume",)),
        SessionBusyError(retry_after=2.0),
        LLMError(),
        StoreUnavailableError(),
        TemplateError({"system": ("x",)}),
        ValueError(),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_document_is_one_of_rfc_9457(error: BaseException) -> None:
    """Whatever the error: JSON, a status that is the response's, and texts where texts belong."""
    body, status, headers = problem(error)
    assert json.loads(json.dumps(body)) == body
    assert body["status"] == status
    assert {name for name in STANDARD if isinstance(body[name], str)} == STANDARD - {
        "status",
        "retryable",
    }
    assert headers["Content-Type"] == "application/problem+json"


def test_the_status_of_a_session_is_not_the_status_of_the_response() -> None:
    """A session that is not active is told as such, beside the number that clients look for."""
    body, status, _ = problem(SessionNotActiveError("send to", "paused", ("resume", "cancel")))
    assert (status, body["status"]) == (400, 400)
    assert (body["session_status"], body["allowed"]) == ("paused", ["resume", "cancel"])
    assert body["detail"] == ("This is not possible with the conversation right now. It is paused.")


def test_an_application_cannot_overwrite_what_clients_rely_on() -> None:
    """Facts of an error of an application's own stand beside the standard members."""

    class QuotaReachedError(RefusedError):
        """Enough for today."""

        code = "QUOTA_REACHED"
        http_status = 429

        @property
        def facts(self) -> Mapping[str, object]:
            """Facts that are called like standard members, and one that is not."""
            return {"status": "gold", "code": 7, "session_id": "x", "used": 20}

    error = QuotaReachedError("enough").about(session="s-1")
    body, status, _ = problem(error, {"QUOTA_REACHED": "You used {used}."})
    assert (status, body["status"], body["code"]) == (429, 429, "QUOTA_REACHED")
    assert (body["session_id"], body["used"]) == ("s-1", 20)
    assert body["detail"] == "You used 20."


def test_what_is_no_plain_data_is_left_out() -> None:
    """A fact of an application's own error that has no plain form never hides the error."""

    class QuotaReachedError(RefusedError):
        """Enough for today."""

        code = "QUOTA_REACHED"

        @property
        def facts(self) -> Mapping[str, object]:
            """Facts of which one is plain data."""
            return {"limit": object(), "since": nan, "used": 20}

    body, status, _ = problem(QuotaReachedError("enough"))
    assert (status, body["code"], body["used"]) == (409, "QUOTA_REACHED", 20)
    assert not {"limit", "since"} & body.keys()


@pytest.mark.parametrize(
    "error, title",
    [
        (LLMError(), "LLM error"),
        (LLMTimeoutError(), "LLM timeout"),
        (MaxTurnsReachedError(2), "Max turns reached"),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)
def test_a_title_is_read_by_people(error: CoachworkError, title: str) -> None:
    """The title is the code as people write it, acronyms too."""
    assert problem(error)[0]["title"] == title


def test_ids_are_told_and_keys_are_not() -> None:
    """The client learns which session and job are concerned; the key is in no document."""
    body, _, headers = problem(LLMError().about(session="s-1", job="j-1", key="secret-key"))
    assert (body["session_id"], body["job_id"]) == ("s-1", "j-1")
    assert "secret-key" not in json.dumps([body, headers])
    assert not {"session_id", "job_id"} & problem(LLMError())[0].keys()


@pytest.mark.parametrize(
    "pause, header",
    [(0.0, "0"), (0.1, "1"), (7.0, "7"), (12.5, "13"), (-3.0, "0"), (10**9, "1000000000")],
)
def test_a_pause_is_told_in_whole_seconds(pause: float, header: str) -> None:
    """Retry-After never tells a client to come too early."""
    assert problem(LLMError(retry_after=pause))[2]["Retry-After"] == header


@pytest.mark.parametrize(
    "error",
    [
        SessionNotFoundError(),
        SessionBusyError(retry_after=None),
        RefusedError("never", retry_after=inf),
        RefusedError("sometime", retry_after=nan),
    ],
    ids=["none", "unknown", "infinite", "no number"],
)
def test_no_pause_is_told_where_none_is_known(error: CoachworkError) -> None:
    """Where no pause is known, or it is no number of seconds, the header is left out."""
    assert "Retry-After" not in problem(error)[2]


@pytest.mark.parametrize(
    "error", [KeyError("text of a person"), MisuseError("the clock is late"), ZeroDivisionError()]
)
def test_what_the_developer_has_to_mend_tells_the_client_nothing(error: Exception) -> None:
    """An internal error is the same to a client whatever it was: come back in half a minute."""
    body, status, headers = problem(error)
    assert body == {
        "type": "urn:coachwork:error:internal_error",
        "title": "Internal error",
        "status": 500,
        "detail": TEXTS["INTERNAL_ERROR"],
        "code": "INTERNAL_ERROR",
        "retryable": True,
    }
    assert (status, headers["Retry-After"]) == (500, "30")


@pytest.mark.parametrize(
    "error",
    [
        CorruptRecordError("session", "ledger.secret", "is missing"),
        TemplateError({"secret": ("secret has no value",)}, topic="secret"),
        StoreUnavailableError("secret is locked"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_operator_has_to_mend_shows_no_detail(error: CoachworkError) -> None:
    """Kinds, fields, paths and topics are for the log; the client learns code and pause."""
    body, _, headers = problem(error)
    assert body.keys() == STANDARD
    assert "secret" not in json.dumps([body, headers])


def test_a_failed_model_tells_why_in_words() -> None:
    """The text is that of the reason, the code that of the family."""
    body, status, _ = problem(LLMError("x", reason="CONTENT_FILTER"))
    assert (status, body["code"], body["reason"]) == (502, "LLM_ERROR", "CONTENT_FILTER")
    assert body["detail"] == TEXTS["CONTENT_FILTER"]
    late, status, _ = problem(LLMTimeoutError())
    assert (status, late["code"], late["detail"]) == (504, "LLM_TIMEOUT", TEXTS["LLM_TIMEOUT"])


def test_a_conflict_names_the_other_user_only_where_it_may() -> None:
    """The other user's id is in the document exactly where the error carries it."""
    assert problem(SessionConflictError("grace"))[0]["conflict_user_id"] == "grace"
    assert "conflict_user_id" not in problem(SessionConflictError())[0]


def test_an_application_brings_its_own_texts() -> None:
    """The catalogue is replaceable; a code it lacks gets the general text."""
    german = {"MAX_TURNS_REACHED": "{max_turns} Fragen sind genug."}
    assert problem(MaxTurnsReachedError(2), german)[0]["detail"] == "2 Fragen sind genug."
    assert problem(SessionNotFoundError(), german)[0]["detail"] == TEXTS["INTERNAL_ERROR"]
