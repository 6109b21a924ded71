"""What is sent: roles, their order, the shape that is asked for, and what the call is known by."""

from __future__ import annotations

import itertools
import json
from typing import Any, Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters.openai._options import OPENING, InstructionRole, Options
from coachwork.adapters.openai._request import TOLD, Form, build_request
from coachwork.jobs import JobKind
from coachwork.ports import Ask, Prompt, PromptRole
from tests.openai_asks import CONFIDED, HELLO, RESUME, SCHEMA, SYSTEM, USER, ask

PLAIN: Final = Options(model="small")
FULL: Final = Form("json_schema")


def lines(asked: Ask, options: Options = PLAIN, form: Form = FULL) -> list[tuple[str, str]]:
    """The messages of a request, as roles and texts."""
    sent: list[Any] = list(build_request(asked, options, form).messages)
    return [(message["role"], message["content"]) for message in sent]


def test_a_conversation_is_sent_by_turns() -> None:
    """An instruction is one more message of the user, and one message with the user's own."""
    assert lines(ask(SYSTEM, USER, HELLO, USER, RESUME)) == [
        ("system", "Be kind."),
        ("user", CONFIDED),
        ("assistant", "Hello!"),
        ("user", f"{CONFIDED}\n\nWelcome them back."),
    ]


def test_neighbours_stay_apart_where_that_is_wished_for() -> None:
    """Nothing is merged then."""
    options = Options(model="small", merge=False)
    assert [role for role, _ in lines(ask(SYSTEM, USER, RESUME), options)] == [
        "system",
        "user",
        "user",
    ]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_instructions_may_be_spoken_by_another(role: InstructionRole) -> None:
    """They stand apart from what the user wrote, where they stood."""
    options = Options(model="small", instruction_role=role)
    assert lines(ask(SYSTEM, USER, RESUME), options)[-1] == (role, "Welcome them back.")


@pytest.mark.parametrize(
    "messages, roles",
    [
        ((SYSTEM, HELLO, USER), ["system", "user", "assistant", "user"]),
        ((HELLO, USER), ["user", "assistant", "user"]),
        ((SYSTEM,), ["system", "user"]),
        ((SYSTEM, RESUME), ["system", "user"]),
    ],
)
def test_the_user_is_the_first_to_speak(messages: tuple[Prompt, ...], roles: list[str]) -> None:
    """Where the coach was, or nobody has yet, a short word stands in the user's place."""
    sent = lines(ask(*messages))
    assert [role for role, _ in sent] == roles
    assert (("user", OPENING) in sent) == (messages[-1] is not RESUME)


def test_the_first_word_may_be_another_or_none() -> None:
    """It may be in the person's language."""
    other = Options(model="small", opening="(Das Gespr\u00e4ch beginnt.)")
    assert lines(ask(SYSTEM, HELLO), other)[1] == ("user", "(Das Gespr\u00e4ch beginnt.)")
    none = Options(model="small", opening=None)
    assert [role for role, _ in lines(ask(SYSTEM, HELLO), none)] == ["system", "assistant"]


@given(
    st.lists(st.tuples(st.sampled_from(PromptRole), st.text()), max_size=8),
    st.sampled_from(["json_schema", "none"]),
)
def test_any_conversation_becomes_one_by_turns(
    parts: list[tuple[PromptRole, str]], schema: Literal["json_schema", "none"]
) -> None:
    """No role follows itself, every text is there in its order, and the user begins."""
    talk = [part for part in parts if part[0] is not PromptRole.SYSTEM]
    asked = ask(SYSTEM, *(Prompt(role, text) for role, text in talk))
    sent = lines(asked, PLAIN, Form(schema))
    roles = [role for role, _ in sent]
    assert all(one != next_one for one, next_one in itertools.pairwise(roles))
    assert roles[:2] == ["system", "user"]
    together = "\n\n".join(text for _, text in sent[1:])
    told = "\n\n".join(text for _, text in talk)
    assert together in (told, "\n\n".join([OPENING, *(text for _, text in talk)]))


def test_the_schema_goes_with_the_request() -> None:
    """It is not strict: a reply may leave parts out. It is not told in words then."""
    sent = build_request(ask(purpose=JobKind.WELCOME_BACK), PLAIN, FULL)
    assert sent.body == {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "welcome_back", "schema": SCHEMA, "strict": False},
        }
    }
    assert TOLD not in str(sent.messages)


@pytest.mark.parametrize(
    "form, asked_for",
    [(Form("json_object"), {"response_format": {"type": "json_object"}}), (Form("none"), {})],
)
def test_a_lesser_server_is_told_the_schema_in_words(
    form: Form, asked_for: dict[str, object]
) -> None:
    """It stands at the end of the system prompt, which is made where there is none."""
    assert build_request(ask(), PLAIN, form).body == asked_for
    words = TOLD + json.dumps(SCHEMA)
    assert lines(ask(SYSTEM, USER), PLAIN, form)[0] == ("system", f"Be kind.\n\n{words}")
    assert lines(ask(USER), PLAIN, form)[0] == ("system", words)


def test_what_is_told_in_words_can_be_chosen() -> None:
    """Always, for small models; or never, where the templates tell it."""
    always, never = Options(model="s", tell_schema=True), Options(model="s", tell_schema=False)
    assert TOLD in lines(ask(), always, FULL)[0][1]
    assert lines(ask(), never, Form("none"))[0] == ("system", "Be kind.")


@pytest.mark.parametrize("form", [FULL, Form("json_object"), Form("none")])
def test_without_a_schema_nothing_is_said_of_one(form: Form) -> None:
    """Neither in the request nor in words."""
    sent = build_request(ask(schema={}), Options(model="small", tell_schema=True), form)
    assert sent.body == {}
    assert TOLD not in str(sent.messages)


def test_a_stream_is_asked_for_where_somebody_listens() -> None:
    """With what it costs at its end, where the server can tell."""
    asked = ask(schema={}, sink=print)
    counted = {"stream": True, "stream_options": {"include_usage": True}}
    assert build_request(asked, PLAIN, FULL).body == counted
    assert build_request(asked, PLAIN, Form("none", counts=False)).body == {"stream": True}


def test_options_go_with_the_request() -> None:
    """So does the model that the topic names."""
    options = Options(model="small", temperature=0, extra_body={"seed": 4})
    sent = build_request(ask(schema={}, model="large"), options, FULL)
    assert sent.body == {"temperature": 0, "seed": 4}
    assert sent.model == "large"
    assert build_request(ask(), options, FULL).model == "small"


def test_the_call_is_known_by_its_job() -> None:
    """And by purpose and attempt, since a job may ask more than once."""
    sent = build_request(ask(purpose=JobKind.EXTRACTION), PLAIN, FULL)
    assert sent.headers == {"X-Client-Request-Id": "job-1.extraction.2"}


@pytest.mark.parametrize("job", ["j\u00f6b", "j\nb", "j" * 600])
def test_an_id_that_fits_no_header_is_left_out(job: str) -> None:
    """Ids are the application's."""
    assert build_request(ask(job=job), PLAIN, FULL).headers == {}


def test_a_request_shows_no_text() -> None:
    """It may stand in a report of what was going on."""
    assert CONFIDED not in repr(build_request(ask(), PLAIN, FULL))


def test_a_form_grows_less_to_an_end() -> None:
    """From the schema to JSON, from JSON to nothing."""
    lesser = FULL.without_schema()
    assert lesser == Form("json_object")
    assert lesser is not None
    assert lesser.without_schema() == Form("none")
    assert Form("none").without_schema() is None
