"""The promises of a language model: all adapters that ship keep them, over real sockets, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from ssl import create_default_context
from typing import Final

import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from coachwork.adapters import RecordedModel, ScriptedModel, in_threads
from coachwork.adapters.openai import AsyncOpenAIModel, OpenAIModel
from coachwork.errors import LLMError, ValidationError
from coachwork.ports import Answer, Ask
from coachwork.testing.conformance import Capability, ConformanceError, Verdict
from coachwork.testing.conformance.model import (
    Provocations,
    _deadlines,
    _streams,
    check_async_model,
    check_model,
    model_suite,
)
from tests.openai_server import (
    KEY,
    Asked,
    Hangs,
    Server,
    Step,
    Streams,
    piece,
    refuses,
    says,
    serving,
    streamed,
)
from tests.providers import Adapter, AsyncAdapter, Provider, report_on

SAID: Final = '{"message": "What else?", "is_final": false}'


class Provoked:
    """A server that speaks OpenAI's protocol, and how it can be provoked."""

    def __init__(self) -> None:
        """Answer well."""
        self.step = self.well
        self.finish = "stop"
        self.text = SAID

    def play(self, asked: Asked) -> Step:
        """Do what it is to do now."""
        return self.step(asked)

    def well(self, asked: Asked) -> Step:
        """Answer as a good model does."""
        if asked.body.get("stream"):
            return streamed(self.text, self.finish)
        return says(self.text, self.finish)

    def refuse(self, asked: Asked) -> Step:
        """Refuse, and repeat what was asked."""
        return refuses(500, f"{KEY}: {asked.body}")

    def stall(self, asked: Asked) -> Step:
        """Begin a stream, and fall silent; an answer that comes whole does not come at all."""
        begun = [piece("What ")]
        return Streams(pieces=begun, done=False, then="silence") if _is_streamed(asked) else Hangs()

    def drop(self, asked: Asked) -> Step:
        """Break off."""
        if _is_streamed(asked):
            return Streams(pieces=[piece("What ")], done=False, then="drop")
        whole = says(SAID)
        return type(whole)(body=whole.body[:20], length=len(whole.body))

    @contextmanager
    def doing(self, **changed: object) -> Generator[None]:
        """Do something else for as long as the block lasts."""
        before = {name: getattr(self, name) for name in changed}
        vars(self).update(changed)
        yield
        vars(self).update(before)

    def provocations(self, server: Server) -> Provocations:
        """How it can be provoked."""
        return Provocations(
            requests=lambda: [f"{asked.path} {asked.body}" for asked in server.asked],
            says=lambda text: self.doing(text=text),
            stops=lambda finish: self.doing(finish=finish),
            refuses=lambda: self.doing(step=self.refuse),
            pauses=lambda seconds: self.doing(
                step=lambda _asked: refuses(429, retry_after=f"{seconds:g}")
            ),
            breaks=lambda: self.doing(step=self.drop),
            hangs=lambda: self.doing(step=lambda _asked: Hangs()),
            stalls=lambda: self.doing(step=self.stall),
            secrets=[KEY],
        )


def _is_streamed(asked: Asked) -> bool:
    return bool(asked.body.get("stream"))


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is on this machine, whatever stands between it and others, and answers soon."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(_deadlines, "TIMEOUT", 0.1)
    monkeypatch.setattr(_streams, "AFTER", 0.01)


def test_the_openai_adapter_keeps_them() -> None:
    """All of them, over HTTP, blocking."""
    provoked = Provoked()
    with serving(provoked.play) as server:
        model = OpenAIModel("small", base_url=server.url, api_key=KEY)
        report = check_model(lambda: nullcontext(model), provoked.provocations(server))
        model.close()
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


def test_the_async_openai_adapter_keeps_them() -> None:
    """All of them, over HTTP, awaited."""
    provoked = Provoked()
    secure = create_default_context()
    with serving(provoked.play) as server:

        @asynccontextmanager
        async def make() -> AsyncGenerator[AsyncOpenAIModel]:
            async with (
                DefaultAsyncHttpxClient(verify=secure) as http,  # it takes long to make one
                AsyncOpenAI(base_url=server.url, api_key=KEY, http_client=http) as client,
            ):
                yield AsyncOpenAIModel("small", client=client)

        report = check_model(make, provoked.provocations(server))
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


class Script:
    """A script that can be provoked, since nobody but it is asked."""

    def __init__(self) -> None:
        """Answer well."""
        self.model = ScriptedModel(self.say)
        self.says: str | Answer | Exception = SAID

    def say(self, ask: Ask) -> str | Answer | Exception:
        """Say it, to who listens too."""
        if isinstance(self.says, str) and ask.sink is not None:
            ask.sink(self.says)
        return self.says

    @contextmanager
    def saying(self, says: str | Answer | Exception) -> Generator[None]:
        """Say something else for as long as the block lasts."""
        self.says = says
        yield
        self.says = SAID

    @property
    def provocations(self) -> Provocations:
        """How it can be provoked."""
        return Provocations(
            requests=lambda: [
                f"{a.model} {[p.text for p in a.messages]}" for a in self.model.asked
            ],
            says=self.saying,
            stops=lambda finish: self.saying(Answer(text="What", finish=finish)),
            refuses=lambda: self.saying(LLMError("no")),
            pauses=lambda seconds: self.saying(LLMError("no", retry_after=seconds)),
            breaks=lambda: self.saying(LLMError("no")),
        )


@pytest.mark.parametrize("colour", ["blocking", "async"])
def test_the_scripted_model_keeps_them(colour: str) -> None:
    """All but those about time, which no script knows."""
    script = Script()
    report = check_model(lambda: nullcontext(script.model), script.provocations)
    if colour == "async":
        report = check_model(lambda: nullcontext(script.model.for_async()), script.provocations)
    assert not report.broken
    assert report.lacking == (Capability.SILENCE, Capability.STALLS)


def test_a_recording_keeps_them() -> None:
    """As far as it can be seen: it streams nothing, and cannot be provoked."""
    recording = RecordedModel({1: "What else?"})
    lacks = [Capability.STREAMING]
    check_model(lambda: nullcontext(recording), lacks=lacks)
    check_model(lambda: nullcontext(recording.for_async()), lacks=lacks)
    check_model(lambda: nullcontext(in_threads(recording, threads=2)), lacks=lacks)


def test_an_adapter_that_keeps_them() -> None:
    """The one that the mutants are made of, in both colours, and in a running loop."""
    for make in (Adapter, AsyncAdapter):
        assert {o.verdict for o in report_on(make)().outcomes} == {Verdict.KEPT}
    provider = Provider()

    async def main() -> None:
        await check_async_model(lambda: nullcontext(AsyncAdapter(provider)), provider.provocations)

    asyncio.run(main())


def test_what_is_wrong_is_told_in_a_running_loop() -> None:
    """As anywhere."""

    class Empty(AsyncAdapter):
        def answer(self, text: str) -> object:
            return {"text": text}

    with pytest.raises(ConformanceError) as error:
        asyncio.run(check_async_model(lambda: nullcontext(Empty(Provider()))))
    assert "M01 broken" in str(error.value)


def test_what_cannot_be_provoked_is_not_checked() -> None:
    """And the report says what is not known by that."""
    report = check_model(lambda: nullcontext(Adapter(Provider())))
    assert [o.promise.number for o in report.outcomes if o.verdict is Verdict.LACKING] == [
        "M08", "M09", *(f"M{n}" for n in range(15, 18)), *(f"M{n}" for n in range(21, 30)),
    ]  # fmt: skip
    assert "one that does not blocks its session" in str(report)


def test_a_model_cannot_lack_what_it_is_for() -> None:
    """What it can lack, it may say."""
    with pytest.raises(ValidationError, match="lacks"):
        check_model(lambda: nullcontext(Adapter(Provider())), lacks=[Capability.PROCESSES])
    assert len(model_suite().promises) == 29
