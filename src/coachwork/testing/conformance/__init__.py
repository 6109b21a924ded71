"""The conformance kit: does an adapter keep what the workflows rest on?

A port has a `Suite` of promises, each with a number, a sentence, why it matters, where it is
promised, and a check. A check is a workflow over the effects of `coachwork.effects`, so that the
drivers that ship run it against blocking and against async adapters alike. This is how one is
written::

    PORT = Port(name="Clock", field="clock", method="now")

    @promise(
        "C01",
        why="Ages and deadlines cannot be computed from a time without a zone.",
        where="coachwork.ports.Clock.now",
    )
    def the_time_is_aware(_trial: Trial) -> Workflow[None]:
        "The time is an aware datetime."             # the first paragraph is what is promised
        now = yield from Now()
        expect("now()", now.utcoffset() is not None, True)

    CLOCK = Suite(port=PORT, promises=(the_time_is_aware, ...))

    def check_clock(make: Callable[[], AbstractContextManager[Clock]]) -> Report:
        return check(CLOCK, make, Terms.of(CLOCK))

* The number stays for ever; a new promise gets the next one. The name is that of the function.
* ``yield from answers(effect, expected)`` asks and compares, types included; `expect` compares;
  `fails` wants an error; ``raise PromiseBrokenError(operation, expected, found)`` tells anything
  else in words. There is no ``assert``: checks work under ``-O``, and a report is made of words.
* How an effect or a value reads in a report is registered with `in_words`.
* What an adapter raises and a check lets pass is reported with type and place, as that check's.
* A check uses no more than it needs, so that a broken promise is told by its own check alone.
* A check leaves what it wrote and meets what others wrote: all it does is under ``trial.tenant``,
  an id that nobody has had.
* `AtOnce` races workflows in threads or tasks, `Elsewhere` in processes. They `Meet` on their way,
  at a `Meeting` or a `ProcessMeeting`. `CancelAfter` cancels a task, `Wait` lets time pass.
* A promise with ``then=`` has a second check, for which the adapter is ended and made again.
* ``needs=Capability.X`` is for what an adapter may lack; a new one is added to `Capability`, with
  what an application loses without it.
* A port that has only one form, or whose checks want to know more of the application, gets it by
  a function that makes the suite.

Each port has its own `check_...` functions; `coachwork.testing.for_pytest` gives a test for each
promise.
"""

from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._colours import HungError
from coachwork.testing.conformance._expecting import PromiseBrokenError, answers, expect, fails
from coachwork.testing.conformance._processes import Elsewhere, ProcessMeeting
from coachwork.testing.conformance._promise import (
    DEADLINE,
    CheckWorkflow,
    Make,
    Port,
    Promise,
    Suite,
    Terms,
    Trial,
    promise,
    promises_in,
)
from coachwork.testing.conformance._report import ConformanceError, Outcome, Report, Verdict
from coachwork.testing.conformance._running import (
    check,
    check_async,
    checked_make,
    hold,
    hold_async,
)
from coachwork.testing.conformance._together import (
    AtOnce,
    CancelAfter,
    Meet,
    Meeting,
    MeetingPlace,
    Wait,
)
from coachwork.testing.conformance._watching import AdapterRaisedError
from coachwork.testing.conformance._words import in_words

__all__ = [
    "DEADLINE",
    "AdapterRaisedError",
    "AtOnce",
    "CancelAfter",
    "Capability",
    "CheckWorkflow",
    "ConformanceError",
    "Elsewhere",
    "HungError",
    "Make",
    "Meet",
    "Meeting",
    "MeetingPlace",
    "Outcome",
    "Port",
    "ProcessMeeting",
    "Promise",
    "PromiseBrokenError",
    "Report",
    "Suite",
    "Terms",
    "Trial",
    "Verdict",
    "Wait",
    "answers",
    "check",
    "check_async",
    "checked_make",
    "expect",
    "fails",
    "hold",
    "hold_async",
    "in_words",
    "promise",
    "promises_in",
]
