"""The kinds of records: a golden corpus, round trips, keys and facts."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.jobs import ErrorCode, Job, JobError, JobStatus, Lease, Settlement
from coachwork.records import (
    KINDS,
    Facts,
    Key,
    Kind,
    Record,
    account_key,
    audit_key,
    background_key,
    claim_key,
    job_key,
    message_key,
    progress_key,
    receipt_key,
    session_key,
    standing_key,
)
from coachwork.sessions import Session
from tests.specimens import GOLDEN, LATER, NOON, PENDING, TICK, VALUES

CORPUS: Final = sorted(Path(__file__).with_name("golden").glob("v*/*.json"))


def kind_of(name: str) -> Kind[Any]:
    """Return the kind that a golden document is of."""
    return KINDS[name.partition("-")[0]]


def parent_and_name(path: Path) -> str:
    """How a golden document is called in a report."""
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", CORPUS, ids=parent_and_name)
def test_what_was_stored_once_is_read_for_ever(path: Path) -> None:
    """A golden document is read as the value it was made from, and written back byte for byte.

    A document never changes and never goes. When the form of a kind changes, what is written
    today gets a folder of its own, and the documents of the older ones are read through upcasts.
    """
    body = path.read_text("ascii").removesuffix("\n")
    kind, value = kind_of(path.stem), GOLDEN[path.stem]
    read = kind.read(Record(kind.key(value), 3, kind.facts(value), body))
    assert read.value == value
    assert read.version == 3
    if path.parent.name == f"v{kind.schema}":
        assert kind.record(read.value, 3).body == body


def test_the_corpus_is_whole() -> None:
    """Every kind has golden documents of the form that is written today, and none is left over."""
    names = {(path.parent.name, path.stem) for path in CORPUS}
    assert {(f"v{kind_of(name).schema}", name) for name in GOLDEN} <= names
    assert {kind_of(name).name for _, name in names} == set(KINDS)
    assert set(VALUES) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_every_value_comes_back_exactly(name: str, data: st.DataObject) -> None:
    """Any text, any integer and any aware instant survives, in a body of ASCII."""
    kind: Kind[Any] = KINDS[name]
    value = data.draw(VALUES[name])
    record = kind.record(value, 2)
    assert record.body.isascii()
    assert json.loads(record.body)["schema"] == kind.schema
    assert record.key.kind == name
    assert record.key.tenant == getattr(value, "about", value).tenant
    read = kind.read(Record(Key.parse(record.key.text), 2, record.facts, record.body))
    assert read.value == value
    assert kind.record(read.value, 2) == record


def test_every_key_is_of_its_kind() -> None:
    """The functions that tell keys agree with the kinds, part by part."""
    assert session_key("t", "s") == Key("session", "t", ("s",))
    assert background_key("t", "s") == Key("background", "t", ("s",))
    assert message_key("t", "s", 7) == Key("message", "t", ("s", 7))
    assert job_key("t", "j") == Key("job", "t", ("j",))
    assert receipt_key("t", "u", "k") == Key("receipt", "t", ("u", "k"))
    assert claim_key("t", "x", "u") == Key("claim", "t", ("x", "u"))
    assert claim_key("t", "x", None) == Key("claim", "t", ("x",))
    assert account_key("t", "u") == Key("account", "t", ("u",))
    assert standing_key("t", "u", "x") == Key("standing", "t", ("u", "x"))
    progress = progress_key("t", "p", "u", "s", None)
    assert progress == Key("progress", "t", ("p", "u", "", "s"))
    assert progress_key("t", "p", "u", None, "x").parts == ("p", "u", "x", "")
    assert audit_key(progress, 7) == Key("audit", "t", ("p", "u", "", "s", 7))
    for name, kind in KINDS.items():
        assert kind.name == name


def test_no_user_is_the_tenant() -> None:
    """The tenant's claim on a topic is no user's, whatever the user is called."""
    for user in ("", "*", "None", "/", "#"):
        assert claim_key("t", "x", None).text != claim_key("t", "x", user).text


def test_facts_tell_what_views_ask() -> None:
    """The facts of each kind, from the value and nothing else."""
    facts = {name: kind_of(name).facts(value) for name, value in GOLDEN.items()}
    ended = GOLDEN["session-completed"]
    assert isinstance(ended, Session)
    assert facts["session-active"] == Facts(
        owner="ada",
        session="s-1",
        topic="core_values",
        status="active",
        at=NOON,
        expires=NOON.replace(day=17),
    )
    assert facts["session-completed"].expires is None
    assert facts["session-completed"].scenario == "trial"
    assert facts["background"] == Facts(owner="ada", session="s-1")
    assert facts["message-user"] == Facts(session="s-1", at=LATER)
    assert facts["message-coach"].scenario == "trial"
    assert facts["receipt"] == Facts(owner="ada", session="s-1", at=NOON)
    assert facts["receipt-without-session"] == Facts(owner="ada", at=NOON, scenario="trial")
    for claim in ("claim-of-user", "claim-of-tenant"):
        assert facts[claim] == Facts(owner="ada", session="s-1", topic="core_values")
    assert facts["account"] == Facts(owner="ada", status="open", at=NOON)
    assert facts["account-deleted"].expires == LATER
    assert facts["progress"] == Facts(owner="ada", status="START", at=NOON)
    assert facts["progress-of-session"] == Facts(
        owner="ada", session="s-1", status="OPEN", at=NOON, scenario="trial"
    )
    assert facts["audit"] == Facts(
        owner="ada",
        session="s-1",
        topic="core_values",
        status="coach",
        at=LATER,
        scenario="trial",
    )
    assert facts["standing"] == Facts(owner="ada", topic="core_values", at=LATER)
    assert facts["spending"] == Facts(owner="ada", session="s-1", at=LATER)


def test_a_job_is_due_for_a_worker_then_for_the_relay() -> None:
    """Nobody's is due at once, a held one when its lease ends, a settled one until it is told."""
    failed = JobError(ErrorCode.LLM_ERROR, "the language model failed")
    jobs: list[tuple[Job, datetime | None]] = [
        (PENDING, NOON),
        (evolve(PENDING, notify=True), NOON),
        (evolve(PENDING, status=JobStatus.PROCESSING, lease=Lease(1, LATER)), LATER),
    ]
    for status, settlement, error in (
        (JobStatus.COMPLETED, Settlement(), None),
        (JobStatus.FAILED, None, failed),
    ):
        settled = evolve(
            PENDING, status=status, settlement=settlement, error=error, updated_at=LATER
        )
        jobs += [
            (settled, None),
            (evolve(settled, notify=True), LATER),
            (evolve(settled, notify=True, delivered_at=LATER + TICK), None),
        ]
    for job, due in jobs:
        facts = KINDS["job"].facts(job)
        assert (facts.due, facts.status) == (due, job.status.value)
        assert (facts.owner, facts.session, facts.at) == ("ada", "s-1", NOON)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=20)
@given(data=st.data())
def test_facts_hold_no_text_of_a_person(name: str, data: st.DataObject) -> None:
    """What somebody said, was told or yielded is in no fact and in no key."""
    canary = "a secret of a person"
    value = data.draw(VALUES[name])
    texts = {"text": canary, "summary": canary, "context": {"a": canary}, "state": {"a": canary}}
    changed = evolve(value, **{k: v for k, v in texts.items() if hasattr(value, k)})
    record = KINDS[name].record(changed, 1)
    assert canary not in f"{record.facts}{record.key}"
    assert canary not in repr(changed)
