"""A plain model of a coach, told from the brief: what must come of everything that is asked of one.

It knows the rules of the brief's sections 3 to 5 and 7 by itself: no table, no workflow and no
record of the library is asked. A command is a *plan*, a generator: it yields `Asks` where the model
has to be asked, is sent the words of the model, and returns the `Tale` of what the caller is told,
or raises `Refusal`. What others do while the model thinks happens between the two.
"""

from coachwork.testing.stateful.oracle._oracle import Oracle
from coachwork.testing.stateful.oracle._plan import Asks, Plan, Refusal, Tale
from coachwork.testing.stateful.oracle._told import ANYTHING, Job, Said, Session, Told, Who

__all__ = [
    "ANYTHING",
    "Asks",
    "Job",
    "Oracle",
    "Plan",
    "Refusal",
    "Said",
    "Session",
    "Tale",
    "Told",
    "Who",
]
