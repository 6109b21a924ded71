"""Server-sent events, cut out of bytes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters.openai._sse import Events


@pytest.mark.parametrize(
    "sent, events",
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data:a\r\n\r\n", [b"a"]),
        (b"data: a\ndata:  b\n\n", [b"a\n b"]),
        (b": a comment\n\nevent: ping\n\nid: 1\nretry: 2\ndata: a\n\n", [b"a"]),
        (b"\n\n\n", []),
        (b"data\n\n", [b""]),
        (b"data: open", []),
        (b"data: open\n", []),
        (b"<html>\n\n</html>\n\n", []),
    ],
)
def test_events_are_cut_out(sent: bytes, events: list[bytes]) -> None:
    """What an ended stream leaves open is none, and neither are comments."""
    assert Events().take(sent) == events


@given(st.lists(st.integers(0, 40)))
def test_it_does_not_matter_how_the_bytes_arrive(cuts: list[int]) -> None:
    """The same events come out of any pieces."""
    sent = b': hi\r\ndata: {"a"\ndata: :1}\n\ndata: [DONE]\n\n'
    edges = [0, *sorted(cuts), len(sent)]
    events = Events()
    found = [
        event for start, end in itertools.pairwise(edges) for event in events.take(sent[start:end])
    ]
    assert found == [b'{"a"\n:1}', b"[DONE]"]
