"""State machines as literal tables: what may happen to a value, and what it becomes.

Why a table
    Whatever survives a request (a session, a job, an identity, a plan) has a *state*, and in each
    state only some *events* can happen. Spread over methods, those rules hide in conditions; in one
    literal dict they can be read, drawn, checked and walked. The table is keyed by two string
    enums, state first, event second, and each place holds one `Row`: where it leads, how the next
    value is built, which guards must agree, and the names of the effects that follow.

What a step promises (brief, section 1)
    * It is pure: ``(value, event, now, given)`` in, an answer out. No clock, no chance, no I/O.
    * The answer is a value: `Moved` (the next value and the effects) or `Refused` (where, what, and
      why: impossible in this state, or refused by guards, with the reasons of *all* of them).
    * A refusal changes nothing, and costs next to nothing: no text is made and no other event is
      looked at until somebody asks for it.
    * The next value is in the state that the row names, or the step is an error.
    * A guard that raises is an error that names machine, event and guard. It is never a "yes": what
      is told to be available is available.

What is checked when a machine is made
    Every state has a row and is reachable, end states are exactly the states without events, every
    state can reach an end, every event is used, nothing is listed twice. All faults are named in
    one `MachineError`. One fault cannot be seen here: Python keeps only the last of two equal keys
    in a dict literal.

Guards see the value and the instant only, never what comes with the event, so that availability can
be told before anybody has made the event.
"""

from coachwork.machine._answers import UNREADABLE, Availability, Moved, Refused, Walk
from coachwork.machine._machine import Machine
from coachwork.machine._row import Edge, Guard, Reasons, Row
from coachwork.machine._walk import WALK_LIMIT

__all__ = [
    "UNREADABLE",
    "WALK_LIMIT",
    "Availability",
    "Edge",
    "Guard",
    "Machine",
    "Moved",
    "Reasons",
    "Refused",
    "Row",
    "Walk",
]
