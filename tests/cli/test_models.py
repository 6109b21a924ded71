"""Who answers (`coachwork.cli._models` and `coachwork.cli._choice`)."""

from __future__ import annotations

import sys

import pytest

from coachwork.cli._chat_coach import Listener
from coachwork.cli._choice import Choice
from coachwork.cli._models import KEY, Candid, model_of, settings_of, tell_reason
from coachwork.errors import LLMError, ModelError, ValidationError
from coachwork.ports import Answer, Ask
from tests.openai_asks import ask
from tests.openai_server import KEY as SECRET
from tests.openai_server import says, serving

NAME = "openai:small"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name no server and no key."""
    monkeypatch.delenv(KEY, raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def test_without_a_name_the_listening_coach_answers() -> None:
    """It needs no server, and takes none."""
    assert isinstance(model_of(Choice()), Listener)
    with pytest.raises(ValidationError) as refused:
        model_of(Choice(base_url="http://127.0.0.1/v1"))
    assert str(refused.value) == "--base-url: expected a --model openai:NAME beside it"


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is there is used; the server may be named by the environment too."""
    with serving(says("Hello")) as server:
        model_of(Choice(name=NAME, base_url=server.url)).complete(ask())
        monkeypatch.setenv(KEY, SECRET)
        model_of(Choice(name=NAME, base_url=server.url)).complete(ask())
        monkeypatch.delenv(KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model_of(Choice(name=NAME)).complete(ask())
    keys = [asked.headers["authorization"] for asked in server.asked]
    assert keys[1] == f"Bearer {SECRET}"
    assert SECRET not in keys[0] + keys[2]
    assert {body["model"] for body in server.bodies} == {"small"}


@pytest.mark.parametrize("think", [0.0, 5.0])
def test_a_language_model_takes_the_time_that_it_takes(think: float) -> None:
    """Who tells it how long to think is told that nobody would listen."""
    with pytest.raises(ValidationError) as refused:
        model_of(Choice(name=NAME, base_url="http://127.0.0.1/v1", think=think))
    assert str(refused.value) == (
        "--think: expected no --model beside it; it is for the listening coach"
    )


@pytest.mark.parametrize(
    "base_url,key,told",
    [
        (None, "", f"{KEY}: expected the key in this variable of the environment, or --base-url"),
        (None, "a\nb", f"{KEY}: expected visible ASCII characters"),
        ("localhost", SECRET, "--base-url: expected an address that begins with http"),
    ],
)
def test_what_is_missing_is_told_in_the_words_of_the_command(
    base_url: str | None, key: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the option or the variable; a key stands in no error."""
    monkeypatch.setenv(KEY, key)
    with pytest.raises(ValidationError) as refused:
        model_of(Choice(name=NAME, base_url=base_url))
    assert str(refused.value).startswith(told)
    assert SECRET not in str(refused.value)


def test_without_the_extra_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program tells which extra it is."""
    for name in list(sys.modules):
        if name.startswith("coachwork.adapters.openai"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ModuleNotFoundError) as missing:
        model_of(Choice(name=NAME, base_url="http://127.0.0.1/v1"))
    assert missing.value.name == "openai"


class Failing:
    """A model that always fails."""

    def complete(self, _ask: Ask, /) -> Answer:
        """Fail."""
        raise LLMError("the provider answered 401", reason="LLM_ERROR")


def test_a_model_says_why_it_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """The error itself goes on; an answer is nothing to tell of."""
    failed: list[tuple[str, str]] = []

    def note(job: str, error: ModelError) -> None:
        failed.append((job, str(error)))
        tell_reason(job, error)

    assert Candid(Listener(), note).complete(ask()).text
    with pytest.raises(LLMError):
        Candid(Failing(), note).complete(ask(job="j-7"))
    assert failed == [("j-7", "the provider answered 401")]
    assert capsys.readouterr().err == "coachwork: LLM_ERROR: the provider answered 401 (job j-7)\n"


def test_nobody_waits_long_for_what_was_left_behind() -> None:
    """What is left to a worker is left to it; a language model may take its time."""
    quick = settings_of(Choice(), jobs=False)
    slow = settings_of(Choice(think=2.0), jobs=False)
    large = settings_of(Choice(name=NAME), jobs=True)
    assert quick.lease < slow.lease < large.lease
    assert quick.unclaimed < slow.model_timeout < large.unclaimed
