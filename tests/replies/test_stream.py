"""What may be shown of an answer while the model still writes it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coachwork.plain import JSON
from coachwork.replies import MAX_REPLY_BYTES, MessageStream, Reply, parse_reply


def told(pieces: Iterable[str]) -> list[str]:
    """What is shown for each of the pieces, and at the end."""
    stream = MessageStream()
    return [*map(stream.feed, pieces), stream.finish()]


def shown(text: str, cuts: Sequence[int] = ()) -> str:
    """All that is shown of an answer that comes cut at these places; none means everywhere."""
    places = sorted({0, *(cut % (len(text) + 1) for cut in cuts), len(text)})
    pieces = [text[a:b] for a, b in pairwise(places)]
    return "".join(told(pieces if cuts else text))


def agrees(text: str, cuts: Sequence[int] = ()) -> bool:
    """Whether an answer is shown as the reply that it is; of none, no JSON is shown."""
    reply = parse_reply(text, None, "stop")
    if isinstance(reply, Reply):
        return shown(text, cuts) == reply.message
    return not set('{["`') & set(shown(text, cuts))


# --- strategies --------------------------------------------------------------------------------

CUTS: Final = st.lists(st.integers(0, 500), max_size=8)
CHARS: Final = st.one_of(
    st.sampled_from('"\\/{}[]:,`\b\f\n\r\t\x7f aé€\u200b\u2028\ufeff😀'),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
TEXTS: Final = st.one_of(
    st.text(CHARS, max_size=12),
    st.sampled_from(
        ["", "message", "messages", '{"message": "no"}', "```json\n{", '", "message":']
    ),
)


@st.composite
def quoted(draw: st.DrawFn, text: str) -> str:
    """A text as JSON, where each character may be written in any of the ways that JSON has."""
    ways = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
    parts = ['"']
    for at, char in enumerate(text):
        way = ways[at % len(ways)]
        if way == 0:
            units = char.encode("utf-16-be")
            parts += [f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2)]
        elif way == 1:
            parts.append(json.dumps(char)[1:-1].replace("/", "\\/"))
        else:
            parts.append(json.dumps(char, ensure_ascii=False)[1:-1])
    return "".join([*parts, '"'])


VALUES: Final[st.SearchStrategy[JSON]] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from([0.5, -1e300]), TEXTS),
    lambda values: st.one_of(
        st.lists(values, max_size=3),
        st.dictionaries(st.one_of(st.just("message"), TEXTS), values, max_size=3),
    ),
    max_leaves=6,
)


@st.composite
def objects(draw: st.DrawFn, message: st.SearchStrategy[str]) -> str:
    """An object with a message somewhere in it."""
    pairs = draw(
        st.lists(st.tuples(TEXTS.filter(lambda name: name != "message"), VALUES), max_size=3)
    )
    blank = draw(st.sampled_from(["", " ", "\r\n\t"]))
    members = [
        f"{draw(quoted(name))}{blank}:{blank}{json.dumps(value, ensure_ascii=bool(blank))}"
        for name, value in dict(pairs).items()
    ]
    name, said = draw(quoted("message")), draw(quoted(draw(message)))
    members.insert(draw(st.integers(0, len(members))), f"{blank}{name}:{said}")
    return "{" + f"{blank},{blank}".join(members) + blank + "}"


FENCES: Final = st.sampled_from(
    [
        ("", ""),
        ("\n\u00a0 ", "\t\r\n"),
        ("\ufeff", "\ufeff"),
        (" \ufeff\ufeff\n", " "),
        ("```\n", "\n```"),
        ("```json\n", "\n```\n"),
        (" ```JSON\r\n\r\n", "```  "),
        ("````JSon title=reply\n\x1c", "\n````"),
        ("``` j\u017fon ", "```"),
        ("```json\x0bmore\n", "```"),
        ("```", "```"),
    ]
)
"""What may stand around JSON that is the whole answer."""


# --- structured replies ------------------------------------------------------------------------


@settings(max_examples=60)
@given(body=objects(TEXTS), fence=FENCES, cuts=CUTS)
def test_of_json_the_decoded_message_is_shown(
    body: str, fence: tuple[str, str], cuts: list[int]
) -> None:
    """Whatever stands beside and within it, and however it is written, fenced, and cut."""
    text = fence[0] + body + fence[1]
    reply = parse_reply(text, None, "stop")
    if isinstance(reply, Reply):
        assert reply.structured
        assert shown(text, cuts) == reply.message
    else:
        assert shown(text, cuts) == ""


@settings(max_examples=60)
@given(body=objects(TEXTS), fence=FENCES, end=st.integers(0, 300), cuts=CUTS)
def test_of_json_that_breaks_off_the_beginning_is_shown(
    body: str, fence: tuple[str, str], end: int, cuts: list[int]
) -> None:
    """A stream that ends in the midst has shown a beginning of the message, and nothing else."""
    message: str = json.loads(body)["message"]
    assert message.startswith(shown(fence[0] + body[: 1 + end % len(body)], cuts))


def test_the_message_is_shown_as_it_comes() -> None:
    """Nothing that is readable waits for what follows it, but for a pair that is not complete."""
    assert told(
        ['{"is_final": false, "mess', 'age" : "He', "llo\\", "\\\\ud8", "3d\\", "ude0", "0! ", '"}']
    ) == ["", "He", "llo", "\\", "", "", "\U0001f600! ", "", ""]  # fmt: skip


def test_only_the_top_level_property_counts() -> None:
    """A message in a message's sibling, in a list or in a text is none."""
    inner = '{"message": "no", "x": [{"message": "no"}, "\\"message\\": \\"no\\""]}'
    assert shown(f'{{"a": {inner}, "b": [{inner}, [[]], 1e5, null], "message": "yes"}}') == "yes"
    assert shown(f'{{"message": {inner}}}') == ""
    assert shown(f'{{"message": null, "a": {inner}}}') == ""


def test_a_message_that_shows_nothing_is_not_shown() -> None:
    """A blank one is no reply, so its beginning waits for something visible."""
    assert shown('{"message": " \\u200b"}') == ""
    assert told(['{"message": " ', "\\u200b", "a"]) == ["", "", " \u200ba", ""]
    assert told([" ", "\u200b", " ", "b"]) == ["", "", "", " \u200b b", ""]
    assert shown(" \u200b\n") == ""


@pytest.mark.parametrize(
    "text",
    [
        '{message: "no"}',
        '{"message" "no"}',
        '{"a": 1; "message": "no"}',
        '{"a": 1}, "message": "no"}',
        '{"a": ], "message": "no"}',
        '{"a": [1, "message": "no"}',
        '{"a\nb": 1, "message": "no"}',
        '{"a\\x": 1, "message": "no"}',
        '{"\\ud83d": 1, "message": "no"}',
        '{"a": "\\ude00", "message": "no"}',
        '{"a": "\\u0000", "message": "no"}',
        '{"a": "\\u00g0", "message": "no"}',
        '{"a": "\\ud83d\\n", "message": "no"}',
        '{"a": "\\ud83d\\u0041", "message": "no"}',
        '{"a": "\\ud83d\\ud83d", "message": "no"}',
        '{\u00a0"message": "no"}',
        '{}, "message": "no"}',
        '[{"message": "no"}]',
        '[ {"message": "no"}',
        '["message", "no"',
        '["a", {"message": "no"}]',
        '```json\n["a", "b"]',
        "```\n{",
        "{",
        "",
    ],
)
def test_nothing_is_shown_of_what_is_no_reply(text: str) -> None:
    """JSON that breaks before its message, or holds none, is not shown at all."""
    assert not isinstance(parse_reply(text, None, "stop"), Reply)
    assert shown(text) == shown(text, [len(text)]) == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"message": "yes',
        '{"message": "yes\\',
        '{"message": "yes\\u12',
        '{"message": "yes\\q no"}',
        '{"message": "yes\nno"}',
        '{"message": "yes\\ud83d no"}',
        '{"message": "yes\\u0000no"}',
        '{"message": "yes", "message": "no"}',
        '{"message": "yes"} {"message": "no"}',
        '{"message": "yes", "is_final": "no"}',
        '```json\n{"message": "yes"}\n``` no',
    ],
)
def test_what_was_shown_before_an_answer_broke_is_its_message(text: str) -> None:
    """Of a message that breaks, or whose answer does, the decoded beginning is shown."""
    assert not isinstance(parse_reply(text, None, "stop"), Reply)
    assert shown(text) == "yes"


# --- text --------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(
    text=st.one_of(
        TEXTS,
        st.lists(TEXTS, max_size=3).map(json.dumps),
        st.text(st.sampled_from('`{}[]"jJsSoO\u017fnN \n\r\t\x0b\ufeff\u00a0:,\\u0a'), max_size=14),
    ),
    fence=FENCES,
    cuts=CUTS,
)
@example(text="x" * 300, fence=("```js\n", "\n```"), cuts=[])
def test_text_is_shown_as_it_is(text: str, fence: tuple[str, str], cuts: list[int]) -> None:
    """Text keeps its blanks and fences, and so does prose in brackets."""
    assert agrees(text, cuts)
    assert agrees(fence[0] + text + fence[1], cuts)


def test_every_short_answer_is_shown_as_it_is_read() -> None:
    """All answers made of up to three of these, whether they are text, JSON, or neither."""
    parts = ["```", "`", "json", "{", "[", '"', "\n", "\r", " ", "\ufeff", '{"message":"a"}', "b"]
    for size in range(4):
        for chosen in product(parts, repeat=size):
            text = "".join(chosen)
            assert agrees(text), text
            assert agrees(text, [len(chosen[0]) if chosen else 0, 4]), text


@pytest.mark.parametrize(
    "pieces, expected",
    [
        (["Hel", "lo"], ["Hel", "lo", ""]),
        (["\n", "Hello ", " ", "\n"], ["", "\nHello ", " ", "\n", ""]),
        (["`", "`a`", "`"], ["", "``a`", "`", ""]),
        (["```", "py", "thon\n"], ["", "```py", "thon\n", ""]),
        (["```js", "\nx"], ["", "```js\nx", ""]),
        (["```jsonc", "\n{"], ["```jsonc", "\n{", ""]),
        (["```json ", "lines\n", "\n", "no"], ["", "", "", "```json lines\n\nno", ""]),
        (["```\r", "x"], ["", "```\rx", ""]),
        (["```", "json", "\n"], ["", "", "", "```json\n"]),
        (["[", " ", "1] "], ["", "", "[ 1] ", ""]),
        (["[", '"sighs"', "] "], ["", "", "", '["sighs"] ']),
        (["```\n[", '"a"', "]", "```"], ["", "", "", "", '```\n["a"]```']),
        (['"', "{"], ['"', "{", ""]),
        (["See: ", '{"message": "x"}'], ["See: ", '{"message": "x"}', ""]),
        (["\ufeff\ufeff \ufeff", "{"], ["", "\ufeff\ufeff \ufeff{", ""]),
        (["", "", "a"], ["", "", "a", ""]),
    ],
)
def test_text_waits_only_until_it_is_known_to_be_text(
    pieces: list[str], expected: list[str]
) -> None:
    """A fence waits for its language and what it holds, a list for what it begins with."""
    assert told(pieces) == expected


# --- bounds ------------------------------------------------------------------------------------


def test_after_too_much_nothing_is_shown() -> None:
    """An answer that is too long is no reply; the longest one is shown whole."""
    most = "\u20ac" * (MAX_REPLY_BYTES // 3) + "a"
    assert len(most.encode()) == MAX_REPLY_BYTES
    assert shown(most) == most
    assert told([most, "b", "c"]) == [most, "", "", ""]
    assert told(["a" * (MAX_REPLY_BYTES + 1), "b"]) == ["", "", ""]
    assert told(['{"message": "a', "b" * MAX_REPLY_BYTES, 'c"}']) == ["a", "", "", ""]


@pytest.mark.parametrize("char", ["\0", "\ud83d"])
def test_what_cannot_be_kept_ends_it(char: str) -> None:
    """NUL and lone surrogates make an answer none, wherever they stand."""
    assert told(["a", f"b{char}", "c"]) == ["a", "", "", ""]
    assert told(['{"message": "a', char, 'c"}']) == ["a", "", "", ""]
    assert told(["```", char]) == ["", "", ""]


def test_the_end_is_the_end() -> None:
    """After `finish` nothing more is shown."""
    stream = MessageStream()
    assert stream.feed("[") == ""
    assert stream.finish() == "["
    assert stream.feed("a") == stream.finish() == ""


@pytest.mark.parametrize(
    "text",
    [
        "a" * MAX_REPLY_BYTES,
        "\u200b" * (MAX_REPLY_BYTES // 3),
        "```json " + "a" * (MAX_REPLY_BYTES - 8),
        '["' + "a" * (MAX_REPLY_BYTES - 2),
        '{"message":"' + "\\u200b" * (MAX_REPLY_BYTES // 6 - 2),
        '{"message":"' + "\\ud83d\\ude00" * (MAX_REPLY_BYTES // 12 - 1),
        '{"' + "a" * (MAX_REPLY_BYTES - 2),
        '{"a":' + "[" * (MAX_REPLY_BYTES - 5),
    ],
    ids=["text", "blank", "fence", "list", "blank-message", "pairs", "name", "deep"],
)
def test_long_answers_take_no_time(text: str) -> None:
    """The longest ones take milliseconds, piece by piece; a square of steps would take minutes."""
    begun = time.process_time()
    shown(text)
    assert time.process_time() - begun < 3
