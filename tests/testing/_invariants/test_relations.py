"""What holds between two records; whole states and commits hold each of them against much more."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from coachwork.jobs import Job, JobKind, Settlement
from coachwork.messages import Message
from coachwork.records import claim_key
from coachwork.sessions import Session
from coachwork.testing._invariants._relations import (
    answers,
    ends_in_time,
    fault_of_background,
    fault_of_claim,
    fault_of_message,
    fault_of_receipt,
    live_keys,
    noted_before,
    owner_of,
    repeats,
    says,
)
from tests.damage import (
    ANSWERED,
    FAILED_JOB,
    GREETING,
    OPEN_JOB,
    ROOM_SESSION,
    SESSION,
    damaged,
    values,
)

STORED = values(damaged())


def of(name: str) -> Any:  # noqa: ANN401 - the name tells the type
    """Return a healthy value."""
    return STORED[name][0]


TALKING: Session = of(f"session {SESSION}")
ROOMS: Session = of(f"session {ROOM_SESSION}")
ANSWER: Job = of(f"job {ANSWERED}")
SAID: Message = of(f"message {SESSION} 2")


def test_healthy_records_fit() -> None:
    """Each of the relations holds of what the workflows wrote."""
    assert live_keys(TALKING) == [claim_key("acme", "talk", "ada")]
    assert live_keys(ROOMS) == [claim_key("acme", "room", "ada"), claim_key("acme", "room", None)]
    assert fault_of_claim(STORED["claim talk"][0], TALKING) is None
    assert fault_of_message(SAID, TALKING) is None
    assert fault_of_receipt(STORED["receipt k6"][0], TALKING, lambda _: ANSWER) is None
    assert fault_of_background(STORED[f"background {SESSION}"][0], TALKING) is None
    assert answers(ANSWER, SAID)
    assert says(ANSWER, [3])
    assert ends_in_time(ANSWER, TALKING)


def test_what_does_not_fit_is_told() -> None:
    """Each of the relations is refused where the other record is missing or another one."""
    assert fault_of_claim(STORED["claim talk"][0], None) is not None
    assert fault_of_claim(STORED["claim talk"][0], ROOMS) is not None
    assert fault_of_message(SAID, None) is not None
    assert fault_of_message(evolve(SAID, user="ben"), TALKING) is not None
    assert fault_of_receipt(STORED["receipt k6"][0], None, lambda _: ANSWER) is not None
    assert fault_of_receipt(STORED["receipt k6"][0], TALKING, lambda _: None) is not None
    nowhere = evolve(STORED["receipt k6"][0], session=None, job=None)
    assert fault_of_receipt(nowhere, None, lambda _: None) is not None
    assert fault_of_receipt(evolve(nowhere, scenario="trial"), None, lambda _: None) is None
    assert fault_of_background(None, TALKING) is not None
    assert not answers(ANSWER, None)
    assert not answers(evolve(ANSWER, kind=JobKind.GREETING), SAID)
    assert not says(ANSWER, [])
    assert not says(FAILED_JOB(ANSWER), [3])
    final = evolve(ANSWER, settlement=Settlement(reply=3, final=True))
    assert not ends_in_time(final, TALKING)


def test_only_what_failed_is_repeated() -> None:
    """And only for the same message of the same session."""
    failed = FAILED_JOB(ANSWER)
    again = evolve(ANSWER, id="again", retry_of=ANSWERED)
    assert repeats(again, failed)
    assert not repeats(again, ANSWER)
    assert not repeats(again, None)
    assert not repeats(again, evolve(failed, message=4))


def test_the_job_before_is_found_past_those_that_nobody_hears_of() -> None:
    """A chain that leads in a ring, or nowhere, ends the search."""
    jobs: dict[str, Job] = {name: of(f"job {name}") for name in (GREETING, ANSWERED, OPEN_JOB)}
    greeting, last = jobs[GREETING], jobs[OPEN_JOB]

    def before(greeting: Job) -> Job | None:
        stored = {**jobs, GREETING: greeting}
        return noted_before(last, lambda key: stored.get(str(key.parts[0])))

    assert before(greeting) is None
    noted = evolve(greeting, notify=True)
    assert before(noted) == noted
    assert before(evolve(greeting, follows=OPEN_JOB)) is None
    assert noted_before(last, lambda _: None) is None


@pytest.mark.parametrize(
    "name, what",
    [
        (f"session {SESSION}", f"session {SESSION}"),
        (f"job {ANSWERED}", f"job {ANSWERED}"),
        (f"background {SESSION}", f"background {SESSION}"),
        ("receipt k6", f"receipt of session {SESSION}"),
        ("claim talk", "claim talk"),
        ("standing room", "standing room"),
    ],
)
def test_what_a_user_owns(name: str, what: str) -> None:
    """Everything but messages and the account itself."""
    assert owner_of(of(name)) == (what, "acme", "ada")
    assert owner_of(SAID) is owner_of(of("account")) is None
