"""Mutants of the shipped workflows: each breaks one decision, and the explorer has to see it.

A mutant is a substitution in the source of a workflow. While it is in force the functions that are
there have the code that the changed source compiles to; so everybody who has imported them runs
the mutant. A substitution that does not fit the source any more is an error.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final
from unittest.mock import patch

from attrs import evolve, field, frozen

from coachwork.effects import Now
from coachwork.messages import Message, Role
from coachwork.records import RECEIPT, Stored, receipt_key
from coachwork.sessions import SESSION, Session, SessionEvent, SessionStatus
from coachwork.testing.explorer import Fault
from coachwork.workflows._ending import free_claims
from coachwork.workflows._store import load
from tests.explorations import ADA, BEN, PAST_EXPIRY, PAST_LEASE, TAKEN_AGAIN, Scope

_HELP: Final = {
    "evolve": evolve,
    "free_claims": free_claims,
    "load": load,
    "Message": Message,
    "Now": Now,
    "RECEIPT": RECEIPT,
    "receipt_key": receipt_key,
    "Role": Role,
    "Session": Session,
    "SESSION": SESSION,
    "SessionEvent": SessionEvent,
    "SessionStatus": SessionStatus,
    "Stored": Stored,
}
"""What the changed code may name besides what its module knows."""


@frozen
class Mutant:
    """One decision that is not kept.

    Attributes:
        tells: What is wrong, in words.
        changes: The changes: module, what stands there, and what is put in its place.
        scope: The small world in which it is seen.
    """

    tells: str
    changes: tuple[tuple[str, str, str], ...]
    scope: Scope = field(repr=False)

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Run the changed workflows until this is left."""
        by_module: dict[str, list[tuple[str, str]]] = {}
        for name, old, new in self.changes:
            by_module.setdefault(name, []).append((old, new))
        with ExitStack() as stack:
            for name, changes in by_module.items():
                stack.enter_context(mutated(f"coachwork.workflows.{name}", changes))
            yield


@contextmanager
def mutated(name: str, changes: list[tuple[str, str]]) -> Iterator[None]:
    """Put changes of the source of a module in force.

    Raises:
        ValueError: A change does not fit the source, or changes nothing.
    """
    module = importlib.import_module(name)
    path = Path(str(module.__file__))
    source = text = path.read_text("utf-8")
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{name}: not once there: {old!r}")
        text = text.replace(old, new)
    before, after = _codes(source, path), _codes(text, path)
    changed = [name for name, code in after.items() if code != before.get(name)]
    if not changed:
        raise ValueError(f"{name}: nothing is changed")
    missing = {name: value for name, value in _HELP.items() if name not in vars(module)}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(vars(module), missing))
        for place in changed:
            function = _function(module, place)
            stack.callback(setattr, function, "__code__", function.__code__)
            function.__code__ = after[place]
        yield


def _codes(source: str, path: Path) -> dict[str, CodeType]:
    """Return the code of all functions in *source*, by their qualified names."""
    found: dict[str, CodeType] = {}
    todo = [compile(source, str(path), "exec", dont_inherit=True)]
    while todo:
        for constant in todo.pop().co_consts:
            if isinstance(constant, CodeType):
                todo.append(constant)
                if "<" not in constant.co_qualname and constant.co_flags & 2:
                    # Where a line stands is of no account.
                    found[constant.co_qualname] = constant.replace(co_firstlineno=1)
    return found


def _function(module: ModuleType, place: str) -> FunctionType:
    """Return the function of that qualified name."""
    found: Any = module
    for part in place.split("."):
        found = getattr(found, part)
    assert isinstance(found, FunctionType)
    return found


_SMALL: Final = Scope(names=("start", "send", "cancel", "pause", "resume"), commands=2)

MUTANTS: Final[dict[str, Mutant]] = {
    "no version check": Mutant(
        "pause writes over whatever has come since it read (last write wins)",
        (
            (
                "_changing",
                "ops.append(SESSION_RECORD.update(session, paused))",
                (
                    "ops.append(SESSION_RECORD.update((yield from load_session(setup, caller, "
                    "session_id))[0], paused))"
                ),
            ),
        ),
        Scope(names=("start", "send", "pause"), commands=3),
    ),
    "no lease token": Mutant(
        "a reply is settled without comparing the lease's token",
        (
            (
                "_settling",
                "if not is_mine(held.job.value, token):",
                "if held.job.value.lease is None:",
            ),
        ),
        Scope(names=("start", "process"), commands=2, faults=1, instants=PAST_LEASE),
    ),
    "no busy check": Mutant(
        "a second turn is accepted while one is in flight",
        (("_accepting", "if seconds is not None:", "if False:"),),
        Scope(names=("start", "send"), commands=2),
    ),
    "status written back": Mutant(
        "the reply writes back the status that the session had when it was asked for",
        (
            (
                "_settling",
                (
                    "after = SESSION.move(session, SessionEvent.REPLY, now, "
                    "Spoken(job.usage, pending)).value"
                ),
                (
                    "after = evolve(SESSION.move(session, SessionEvent.REPLY, now, "
                    "Spoken(job.usage, pending)).value, status=SessionStatus.ACTIVE)"
                ),
            ),
        ),
        Scope(names=("start", "pause"), commands=2),
    ),
    "cancel forgets the turn": Mutant(
        "a session is cancelled without settling its job in flight",
        (
            (
                "_changing",
                "job = yield from load_job(session.value)\n        ended =",
                "job = None\n        ended =",
            ),
        ),
        Scope(names=("start", "cancel"), commands=2),
    ),
    "start forgets the old session": Mutant(
        "a start takes the claim and leaves the session before it live",
        (("_claiming", "for holding in holdings:", "for holding in ():"),),
        Scope(names=("start",), commands=2),
    ),
    "no owner check": Mutant(
        "it is not asked whose session it is",
        (("_store", "if stored.value.about.user != caller.user:", "if False:"),),
        Scope(names=("start", "pause"), callers=(ADA, BEN), commands=2),
    ),
    "receipt overwritten": Mutant(
        "the receipt is not put there only if there is none",
        (
            (
                "_send",
                "RECEIPT.insert(call.receipt(session_id, call.job, now)),",
                (
                    "RECEIPT.insert(call.receipt(session_id, call.job, now)) "
                    "if (was := (yield from load(RECEIPT, receipt_key(call.caller.tenant, "
                    "call.caller.user, call.key)))) is None else "
                    "RECEIPT.update(was, call.receipt(session_id, call.job, now)),"
                ),
            ),
        ),
        Scope(
            names=("start", "send"),
            topics=2,
            greets=False,
            commands=3,
            faults=1,
            kinds=frozenset({Fault.OTHER_TARGET}),
        ),
    ),
    "receipt read first": Mutant(
        "the receipt is the first thing that is read before a refusal, not the last",
        (
            (
                "_accepting",
                (
                    "    session, now = yield from load_session(setup, call.caller, session_id)\n"
                    "    check_topic(session.value, topic)\n"
                    "    account"
                ),
                (
                    "    receipt = yield from read_receipt(call)\n"
                    "    session, now = yield from load_session(setup, call.caller, session_id)\n"
                    "    check_topic(session.value, topic)\n"
                    "    account"
                ),
            ),
            (
                "_accepting",
                "    receipt = yield from read_receipt(call)\n    return Found",
                "    return Found",
            ),
        ),
        Scope(names=("start", "send"), commands=2, faults=1),
    ),
    "start reads its receipt first": Mutant(
        "a start reads its receipt before it looks who holds the topic",
        (
            (
                "_start",
                (
                    "        account = yield from load(ACCOUNT, account_key(caller.tenant, "
                    "caller.user))\n"
                ),
                (
                    "        receipt = yield from read_receipt(call)\n"
                    "        account = yield from load(ACCOUNT, account_key(caller.tenant, "
                    "caller.user))\n"
                ),
            ),
            (
                "_start",
                "        receipt = yield from read_receipt(call)\n        if receipt",
                "        if receipt",
            ),
        ),
        Scope(
            names=("start", "cancel"),
            callers=(ADA, BEN),
            exclusive=True,
            greets=False,
            commands=3,
            faults=1,
            kinds=frozenset({Fault.RETRY}),
        ),
    ),
    "late reply kept": Mutant(
        "a reply that comes after its job was closed is put into the log all the same",
        (
            (
                "_settling",
                "            yield from _came_late(held, token, outcome, now)\n",
                (
                    "            late = held.session.value\n"
                    "            if isinstance(outcome, Said) and "
                    "held.job.value.error is not None:\n"
                    "                yield from tries.commit([\n"
                    "                    SESSION_RECORD.update(held.session, evolve(late, "
                    "messages=late.messages + 1)),\n"
                    "                    MESSAGE.insert(Message(tenant=late.about.tenant, "
                    "user=late.about.user, session=late.about.id, sequence=late.messages + 1, "
                    "role=Role.COACH, text=outcome.text, at=now, job=held.job.value.id)),\n"
                    "                ])\n"
                ),
            ),
        ),
        Scope(names=("start", "cancel"), commands=2),
    ),
    "expired session left open": Mutant(
        "the claim of an expired session is taken over without closing that session",
        (
            (
                "_claiming",
                "if session is None or session.value.about.id in ended:",
                "if session is None or session.value.is_expired((yield from Now())):",
            ),
        ),
        Scope(names=("start",), commands=2, faults=1, instants=PAST_EXPIRY),
    ),
    "pause while extracting": Mutant(
        "a session is paused while its result is extracted",
        (
            (
                "_changing",
                "if job is not None and is_completing(job) and seconds is not None:",
                "if False:",
            ),
            (
                "_changing",
                "if job is not None and job.value.kind is JobKind.EXTRACTION:",
                "if False:",
            ),
        ),
        Scope(names=("start", "send", "complete", "pause"), commands=4, greets=False, result=True),
    ),
    "asked without a claim": Mutant(
        "a worker asks the model without having taken the job",
        (
            (
                "_processing",
                "taken = yield from take_safely(setup, tries, held, now)",
                "taken = held",
            ),
        ),
        Scope(names=("start", "submit", "process"), commands=3, greets=False),
    ),
    "asked before it is accepted": Mutant(
        "the model is asked first, and the message accepted then",
        (
            (
                "_send",
                (
                    "    held = yield from _accept(setup, declared, call, session_id, text)\n"
                    "    held = yield from see_to(setup, declared, call, held)\n"
                    "    return (yield from _turn"
                ),
                (
                    "    effects = __import__('coachwork.effects', fromlist=['AskModel'])\n"
                    "    ports = __import__('coachwork.ports', fromlist=['Ask'])\n"
                    "    ask = ports.Ask(messages=(), schema={}, purpose=JobKind.REPLY, "
                    "model=None, timeout=1.0, session=session_id, job=call.job, turn=1)\n"
                    "    yield from effects.AskModel(ask, call.caller.tenant, call.caller.user)\n"
                    "    held = yield from _accept(setup, declared, call, session_id, text)\n"
                    "    held = yield from see_to(setup, declared, call, held)\n"
                    "    return (yield from _turn"
                ),
            ),
        ),
        Scope(names=("start", "send"), commands=2),
    ),
    "worker ignores the lease": Mutant(
        "a worker takes a job that somebody holds",
        (("_processing", "if held.job.value.is_held(now):", "if False:"),),
        Scope(names=("start", "process"), commands=2),
    ),
    "retry ignores the lease": Mutant(
        "the same call again takes the job from the first one, which still works on it",
        (("_continuing", "if job.lease is not None and job.is_held(now):", "if False:"),),
        Scope(names=("start",), commands=1, faults=1),
    ),
    "message un-pauses": Mutant(
        "a message to a paused session resumes it",
        (
            (
                "_send",
                'raise not_active(session.value, "send to", now)',
                (
                    "session = Stored(SESSION.move(session.value, SessionEvent.RESUME, now, "
                    "None).value, session.version); found = evolve(found, session=session)"
                ),
            ),
        ),
        Scope(names=("start", "pause", "send"), commands=3, greets=False),
    ),
    "pause frees the topic": Mutant(
        "pausing a session frees its claim",
        (
            (
                "_changing",
                "ops.append(SESSION_RECORD.update(session, paused))",
                (
                    "ops += [SESSION_RECORD.update(session, paused), "
                    "*(yield from free_claims(session.value))]"
                ),
            ),
        ),
        Scope(names=("start", "pause"), commands=2),
    ),
    "completion keeps the topic": Mutant(
        "completing a session does not free its claim",
        (
            (
                "_ending",
                "if SessionEffect.FREE_CLAIMS in moved.effects:",
                (
                    "if SessionEffect.FREE_CLAIMS in moved.effects and "
                    "moved.value.status.value != 'completed':"
                ),
            ),
        ),
        Scope(names=("start", "complete"), commands=2),
    ),
    "standing not noted": Mutant(
        "completing a topic is not counted",
        (
            (
                "_ending",
                "if SessionEffect.NOTE_STANDING in moved.effects and not is_tried:",
                "if False:",
            ),
        ),
        Scope(names=("start", "complete"), commands=2),
    ),
    "expiry not checked": Mutant(
        "an expired session is found as if the engine had swept it away in time",
        (
            (
                "_store",
                "if stored is None or stored.value.is_expired(now):",
                "if stored is None:",
            ),
        ),
        Scope(names=("start", "pause"), commands=2, faults=1, instants=PAST_EXPIRY),
    ),
    "lost answer taken for done": Mutant(
        "a commit whose answer is lost counts as done",
        (("_store", "self._unknown = unknown\n            return False", "return True"),),
        Scope(names=("start",), commands=1, faults=1),
    ),
    "own receipt not looked for": Mutant(
        "after a lost answer it is not asked whether the call was accepted",
        (
            (
                "_send",
                "if found.receipt is not None and found.receipt.job is not None:",
                "if False:",
            ),
        ),
        Scope(names=("start", "send"), commands=2, faults=1),
    ),
    "no receipt": Mutant(
        "a start leaves no receipt of its key",
        (
            (
                "_start",
                (
                    "        RECEIPT.insert(call.receipt(about.id, None if job is None else "
                    "job.id, now)),\n"
                ),
                "",
            ),
        ),
        Scope(names=("start",), commands=1),
    ),
    "fingerprint not compared": Mutant(
        "the same key is taken for the same call, whatever it asks for",
        (("_jobs", "if stored.value.fingerprint != call.fingerprint:", "if False:"),),
        Scope(
            names=("start", "send"),
            topics=2,
            greets=False,
            commands=3,
            faults=1,
            kinds=frozenset({Fault.OTHER_TARGET}),
        ),
    ),
    "displaced job left open": Mutant(
        "a message displaces a job whose lease ran out without settling it",
        (("_jobs", "return freed, close_ops(job, closed(job, code, now))", "return freed, []"),),
        Scope(names=("start", "send"), commands=2, faults=1, instants=PAST_LEASE),
    ),
    "another's lease given up": Mutant(
        "who fails gives up whatever lease the job has",
        (
            (
                "_settling",
                "if lease is None or lease.token != token or until not in {None, lease.until}:",
                "if lease is None:",
            ),
        ),
        Scope(
            names=("start", "process"),
            commands=2,
            faults=2,
            kinds=frozenset({Fault.CLOCK, Fault.UNAVAILABLE}),
            instants=PAST_LEASE,
        ),
    ),
    "asked again after a conflict": Mutant(
        "when others were faster the model is asked once more",
        (
            (
                "_settling",
                "            return new\n        held = yield from reread(held)\n",
                "            return new\n        return None\n",
            ),
            (
                "_answering",
                "            held = yield from reread(held)\n    except GeneratorExit",
                (
                    "            held = yield from reread(held)\n"
                    "            outcome = yield from _first_answer(setup, topic, held)\n"
                    "    except GeneratorExit"
                ),
            ),
        ),
        Scope(names=("start", "pause"), commands=2),
    ),
    "account not checked": Mutant(
        "a session is started though its user's data is deleted at the same moment",
        (
            (
                "_start",
                "ops += [op, *_opening(call, session, job, terms.context, now)]",
                (
                    "ops += [*([op] if account.version == 1 and op.__class__.__name__ == 'Insert' "
                    "else []), *_opening(call, session, job, terms.context, now)]"
                ),
            ),
        ),
        Scope(names=("start", "delete"), commands=3, greets=False),
    ),
    "resume forgets the job": Mutant(
        "a resume opens a new job over the one in flight",
        (("_resume", "if found.in_flight is not None:", "if False:"),),
        Scope(names=("start", "resume"), commands=2),
    ),
    "complete ignores the turn": Mutant(
        "a session is completed while a turn is in flight",
        (
            (
                "_complete",
                "room = yield from make_room(setup, topic, call, tries, found)",
                "room = session.value, []",
            ),
        ),
        Scope(names=("start", "complete"), commands=2),
    ),
    "live session swept away": Mutant(
        "a sweep deletes an expired session without closing it first",
        (
            ("_purging", "closed = yield from close_expired(setup, session)", "closed = False"),
            (
                "_purging",
                (
                    "if stored is None or stored.value.status in LIVE or not "
                    "stored.value.is_expired(now):\n        return None"
                ),
                "if stored is None or not stored.value.is_expired(now):\n        return None",
            ),
        ),
        Scope(names=("start", "purge"), commands=2, faults=1, instants=PAST_EXPIRY),
    ),
    "expired session answered": Mutant(
        "a reply is put into a session that has expired meanwhile",
        (
            (
                "_settling",
                "    if session.value.is_expired(now):\n        ended =",
                "    if False:\n        ended =",
            ),
        ),
        Scope(names=("start",), commands=1, faults=1, instants=PAST_EXPIRY),
    ),
    "freed claim taken for the old one": Mutant(
        "a claim whose session has ended is not read again",
        (("_claiming", "if again == claim:", "if True:"),),
        Scope(names=("start", "cancel"), commands=4),
    ),
    "completed by its twin and refused": Mutant(
        "a completion is refused as busy though its twin has completed the session",
        (
            (
                "_complete",
                (
                    "        if found.receipt is not None:  # it was completed under this key "
                    "since it was read\n            continue\n"
                ),
                "",
            ),
        ),
        Scope(names=("start", "complete"), commands=2, faults=1),
    ),
    "others' conflict ignored": Mutant(
        "another user's live session on an exclusive topic is not respected",
        (
            (
                "_start",
                (
                    "if other is not None and not (terms.take_over and may_take_over(topic, other, "
                    "now)):"
                ),
                "if False:",
            ),
        ),
        Scope(names=("start",), callers=(ADA, BEN), exclusive=True, commands=2),
    ),
    "claim put without looking": Mutant(
        "a start checks that the topic is free, and takes it whatever has happened since",
        (
            (
                "_claiming",
                (
                    "ops: list[Op] = [\n"
                    "        CLAIM.insert(claim) if old.claim is None else "
                    "CLAIM.update(old.claim, claim)\n"
                    "        for old, claim in new\n"
                    "    ]\n"
                ),
                (
                    "ops = []\n"
                    "    for old, claim in new:\n"
                    "        was = yield from load(CLAIM, CLAIM.key(claim))\n"
                    "        ops.append(CLAIM.insert(claim) if was is None else "
                    "CLAIM.update(was, claim))\n"
                ),
            ),
        ),
        Scope(names=("start", "cancel"), commands=4, greets=False),
    ),
    "click applied again": Mutant(
        "a click leaves no receipt, and so the same call again is another one",
        (
            (
                "_acting",
                (
                    "            RECEIPT.insert(call.receipt(session_id, None, now, "
                    "audit=AUDIT.key(audit).text)),\n"
                ),
                "",
            ),
        ),
        Scope(names=("start", "act"), commands=2, program=True),
    ),
    "own click not looked for": Mutant(
        "a click does not look for its own receipt, but writes it anew",
        (
            (
                "_acting",
                "        receipt = yield from read_receipt(call)\n",
                "        receipt = None\n",
            ),
            (
                "_acting",
                (
                    "RECEIPT.insert(call.receipt(session_id, None, now, "
                    "audit=AUDIT.key(audit).text)),"
                ),
                (
                    "RECEIPT.insert(call.receipt(session_id, None, now, "
                    "audit=AUDIT.key(audit).text)) "
                    "if (was := (yield from load(RECEIPT, receipt_key(call.caller.tenant, "
                    "call.caller.user, call.key)))) is None else RECEIPT.update(was, "
                    "call.receipt(session_id, None, now, audit=AUDIT.key(audit).text)),"
                ),
            ),
        ),
        Scope(names=("start", "act"), commands=2, faults=1, program=True),
    ),
    "click without its audit": Mutant(
        "what a click changes is written, and what was done is not",
        (("_acting", "            *written.ops,\n", "            written.ops[0],\n"),),
        Scope(names=("start", "act"), commands=2, program=True),
    ),
    "reply without its audit": Mutant(
        "what a reply changes is written, and what was done is not",
        (("_settling", "ops += written.ops", "ops += written.ops[:1]"),),
        Scope(names=("start",), commands=1, program=True),
    ),
    "reply without its state": Mutant(
        "what was done is written with the reply, and what it changes is not",
        (("_settling", "ops += written.ops", "ops += written.ops[1:]"),),
        Scope(names=("start",), commands=1, program=True),
    ),
    "no version check of a state": Mutant(
        "actions are written over whatever has become of the state since it was read",
        (
            (
                "_program",
                "    op = Insert(record) if underway.version is None else Update(record)\n",
                (
                    "    op = Insert(record)\n"
                    "    if underway.version is not None:\n"
                    "        was = yield from load(PROGRESS, PROGRESS.key(progress))\n"
                    "        audit = evolve(audit, number=was.value.audits + 1)\n"
                    "        after = evolve(after, audits=audit.number)\n"
                    "        op = PROGRESS.update(was, after)\n"
                ),
            ),
        ),
        Scope(names=("start", "act"), topics=2, commands=3, program=True),
    ),
    "actions of a dropped reply": Mutant(
        "a reply comes too late, and its actions are carried out all the same",
        (
            (
                "_settling",
                "            yield from _came_late(held, token, outcome, now)\n",
                (
                    "            if not isinstance(outcome, Failed):\n"
                    "                written = yield from carried(topic, held, outcome, now)\n"
                    "                if written is not None:\n"
                    "                    yield from tries.commit(list(written.ops))\n"
                    "            yield from _came_late(held, token, outcome, now)\n"
                ),
            ),
        ),
        Scope(names=("start", "cancel"), commands=2, program=True),
    ),
    "coach at the user's buttons": Mutant(
        "what the coach asks for is judged as if the user had clicked",
        (("_settling", "            Sender.COACH,\n", "            Sender.USER,\n"),),
        Scope(names=("start",), commands=1, program=True),
    ),
    "an agent's answer beside the state": Mutant(
        "what an agent has answered is recorded, and not taken",
        (
            (
                "_agents",
                (
                    "        written = yield from _written(underway, run.about, heard, now)\n"
                    "        ops: list[Op] = [*written.ops, ACCOUNT.check(account)]\n"
                ),
                (
                    "        written = yield from _written(underway, run.about, heard, now)\n"
                    "        ops: list[Op] = [*written.ops[1:], ACCOUNT.check(account)]\n"
                ),
            ),
        ),
        Scope(names=("start", "run_agent"), commands=2, greets=False, agents=True),
    ),
    "an agent asked before it is begun": Mutant(
        "whether it was begun is not looked at: who was too late asks, too",
        (
            (
                "_agents",
                (
                    "        if (yield from _committed(tries, ops, written.audit)):\n"
                    "            if gives_up:"
                ),
                (
                    "        if (yield from _committed(tries, ops, written.audit)) or True:\n"
                    "            if gives_up:"
                ),
            ),
        ),
        Scope(names=("start", "run_agent"), commands=3, greets=False, agents=True),
    ),
    "an agent's answer to who is gone": Mutant(
        "what an agent has answered is written although the user's data is being deleted",
        (
            (
                "_agents",
                (
                    "        written = yield from _written(underway, run.about, heard, now)\n"
                    "        ops: list[Op] = [*written.ops, ACCOUNT.check(account)]\n"
                ),
                (
                    "        written = yield from _written(underway, run.about, heard, now)\n"
                    "        ops: list[Op] = [*written.ops]\n"
                ),
            ),
        ),
        Scope(names=("start", "run_agent", "delete"), commands=3, greets=False, agents=True),
    ),
    "what an engine left is let be": Mutant(
        "a start takes the claim of a session that an engine deleted, and nothing with it",
        (
            (
                "_claiming",
                "for holding in holdings if holding.left is not None)",
                "for holding in holdings if False)",
            ),
        ),
        TAKEN_AGAIN,
    ),
}
"""The mutants by name."""
