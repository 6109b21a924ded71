"""What an application may supply: the same words in both colours, and values that show no text."""

from __future__ import annotations

import inspect
from inspect import iscoroutinefunction, signature
from typing import Any, Final, get_type_hints

import attrs
import pytest

from coachwork import ports
from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    LocalNotifier,
    Memory,
    ModelAgents,
    RecordedModel,
    ScriptedAgents,
    ScriptedModel,
    SQLite,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.messages import NO_USAGE
from coachwork.ports import (
    FINISHES,
    Admission,
    Answer,
    Ask,
    AsyncDispatcher,
    AsyncLanguageModel,
    AsyncNotifier,
    AsyncPorts,
    AsyncRepository,
    AsyncSubAgents,
    AsyncSummarizer,
    AsyncTemplateSource,
    Clock,
    CommitResult,
    Dispatcher,
    IdSource,
    LanguageModel,
    Notifier,
    Partial,
    Ports,
    Prompt,
    PromptRole,
    Query,
    Repository,
    SubAgents,
    Summarizer,
    TemplateRenderer,
    TemplateSource,
)
from coachwork.sessions import JobKind

PRIVATE: Final = "what nobody else shall read"

PAIRS: Final[tuple[tuple[type, type], ...]] = (
    (Repository, AsyncRepository),
    (LanguageModel, AsyncLanguageModel),
    (TemplateSource, AsyncTemplateSource),
    (Summarizer, AsyncSummarizer),
    (Notifier, AsyncNotifier),
    (Dispatcher, AsyncDispatcher),
    (SubAgents, AsyncSubAgents),
)
"""The ports that make somebody wait, in both colours."""

ONE_FORM: Final[tuple[type, ...]] = (Clock, IdSource, TemplateRenderer)
"""The ports that make nobody wait."""


def words_of(port: type) -> dict[str, Any]:
    """The public methods of a port, by name."""
    return {
        name: method
        for name, method in vars(port).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }


def name_of(port: object) -> str:
    """How a port, or a pair of them, is called in a report."""
    of = port[0] if isinstance(port, tuple) else port
    return getattr(of, "__name__", str(of))


def test_every_protocol_is_looked_at() -> None:
    """No protocol of the module is left out below."""
    protocols = {
        port for port in vars(ports).values() if getattr(port, "_is_protocol", False) is True
    } - {ports.Protocol}  # type: ignore[attr-defined]
    assert protocols == {port for pair in PAIRS for port in pair} | set(ONE_FORM)


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
def test_both_colours_have_the_same_words(pair: tuple[type, type]) -> None:
    """Names, parameters, defaults, types and answers are the same; only ``async`` differs."""
    blocking, waiting = map(words_of, pair)
    assert list(blocking) == list(waiting)
    for name, method in blocking.items():
        assert signature(method) == signature(waiting[name])
        assert get_type_hints(method) == get_type_hints(waiting[name])
        assert not iscoroutinefunction(method)
        assert iscoroutinefunction(waiting[name])


@pytest.mark.parametrize("port", ONE_FORM, ids=name_of)
def test_what_makes_nobody_wait_has_one_form(port: type) -> None:
    """Clock, ids and renderer are plain functions in either colour."""
    assert words_of(port)
    assert not any(map(iscoroutinefunction, words_of(port).values()))
    assert not hasattr(ports, f"Async{port.__name__}")


@pytest.mark.parametrize("port", [pair[0] for pair in PAIRS] + list(ONE_FORM), ids=name_of)
def test_who_writes_a_port_may_call_arguments_as_they_like(port: type) -> None:
    """Arguments that have no default are positional only, so an adapter names them freely."""
    for name, method in words_of(port).items():
        _, *given = signature(method).parameters.values()
        for parameter in given:
            assert parameter.kind in {
                inspect.Parameter.POSITIONAL_ONLY,
                inspect.Parameter.KEYWORD_ONLY,
            }, f"{port.__name__}.{name}({parameter.name})"


def test_the_sets_of_ports_are_the_same() -> None:
    """Either driver works with ports of the same names, in its own colour."""
    hints, async_hints = get_type_hints(Ports), get_type_hints(AsyncPorts)
    assert list(hints) == list(async_hints)
    for name, port in hints.items():
        if name == "admit":  # a function in either colour
            continue
        wanted: Any = port
        for one, other in PAIRS:
            wanted = other if port == one else other | None if port == one | None else wanted
        assert async_hints[name] == wanted, name
    for ports_of in (Ports, AsyncPorts):
        defaults = {one.name: one.default for one in attrs.fields(ports_of)}
        optional = {name for name, default in defaults.items() if default is None}
        assert optional == {"admit", "notifier", "dispatcher", "sink", "sub_agents"}
        assert all(defaults[name] is attrs.NOTHING for name in defaults.keys() - optional)


SUPPLIED: Final[tuple[tuple[type, type], ...]] = (
    (Repository, Memory),
    (Repository, SQLite),
    (LanguageModel, ScriptedModel),
    (LanguageModel, RecordedModel),
    (Clock, SystemClock),
    (IdSource, TimeOrderedIds),
    (TemplateSource, TopicTemplates),
    (TemplateRenderer, BuiltinRenderer),
    (Summarizer, ExtractiveSummarizer),
    (Notifier, LocalNotifier),
    (SubAgents, ModelAgents),
    (SubAgents, ScriptedAgents),
)


@pytest.mark.parametrize("port, adapter", SUPPLIED, ids=name_of)
def test_what_comes_with_the_library_has_the_words_of_its_port(port: type, adapter: type) -> None:
    """Each adapter takes exactly the parameters that its port tells."""
    for name, method in words_of(port).items():
        assert signature(getattr(adapter, name)) == signature(method)


@pytest.mark.parametrize(
    "public",
    [
        value
        for name, value in vars(ports).items()
        if getattr(value, "__module__", None) == ports.__name__
        and not name.startswith("_")
        and isinstance(value, type)
    ],
    ids=name_of,
)
def test_obligations_are_told(public: type) -> None:
    """Everything public says what it is, and every method what it owes."""
    assert public.__doc__
    for name, method in words_of(public).items():
        assert inspect.getdoc(method), f"{public.__name__}.{name}"


# --- values ----------------------------------------------------------------------------------

ASK: Final = Ask(
    messages=(Prompt(PromptRole.SYSTEM, PRIVATE), Prompt(PromptRole.USER, PRIVATE)),
    schema={"title": PRIVATE},
    purpose=JobKind.REPLY,
    model="large",
    timeout=300.0,
    session="s-1",
    job="j-1",
    turn=1,
)
ANSWER: Final = Answer(text=PRIVATE, data={"message": PRIVATE}, request_id="r-1")
ADMISSION: Final = Admission(
    command="send", tenant="acme", user="ada", topic="talk", session="s-1", text=PRIVATE
)
PARTIAL: Final = Partial(
    tenant="acme", user="ada", session="s-1", job="j-1", attempt=1, sequence=1, text=PRIVATE
)


@pytest.mark.parametrize("value", [ASK, ASK.messages[0], ANSWER, ADMISSION, PARTIAL], ids=name_of)
def test_values_show_no_text(value: attrs.AttrsInstance) -> None:
    """What a log or a traceback shows of them are ids, roles and figures."""
    assert PRIVATE in str(attrs.asdict(value))
    assert PRIVATE not in repr(value)


@pytest.mark.parametrize("value", [ASK, ANSWER, ADMISSION, PARTIAL, Query(kind="job")], ids=name_of)
def test_values_do_not_change(value: attrs.AttrsInstance) -> None:
    """A port cannot change what it was asked."""
    first = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, first, None)


def test_who_listens_is_no_part_of_the_question() -> None:
    """Two asks are alike whoever listens, and none shows a function; the first attempt is one."""
    heard: list[str] = []
    assert (ASK.attempt, ASK.sink) == (1, None)
    listened = attrs.evolve(ASK, sink=heard.append)
    assert listened == ASK
    assert repr(listened) == repr(ASK)
    assert attrs.evolve(ASK, attempt=2) != ASK


def test_an_answer_may_be_empty() -> None:
    """What a provider does not tell has a default that claims nothing."""
    assert Answer() == Answer(text=None, data=None, finish="stop", usage=NO_USAGE, request_id=None)


def test_a_query_asks_for_a_page() -> None:
    """A query without conditions asks for a hundred of a kind at most, the oldest first."""
    query = Query(kind="session")
    assert (query.limit, query.newest_first, query.status, query.after) == (100, False, (), None)


def test_words_are_stable() -> None:
    """What adapters compare with are these words."""
    assert [result.value for result in CommitResult] == ["done", "conflict"]
    assert [role.value for role in PromptRole] == ["system", "user", "coach", "instruction"]
    assert FINISHES == ("stop", "length", "content_filter", "error")


def test_a_command_is_admitted_without_its_text() -> None:
    """A start has no session and no text yet."""
    admission = Admission(command="start", tenant="t", user="u", topic="talk", session=None)
    assert (admission.session, admission.text) == (None, None)
