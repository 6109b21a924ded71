"""What always holds of stored records (brief, section 10, invariants 1 to 9 and 11).

One room of predicates, for unit tests, properties, faults, races and audits on every engine.
`violations` judges a state, `step_violations` what one commit made of another state, and `judged` a
commit by what it touches alone. Each violation begins with the invariant's number and names the
kind and id concerned; no text of anybody is in it.

What records alone cannot tell is left to those who see more: that a refused call left nothing
(5), how often the model was asked (6), that it was ``resume`` that took PAUSED to ACTIVE (7).
"""

from coachwork.testing._invariants._alone import alone, name_of
from coachwork.testing._invariants._judge import judged, step_violations
from coachwork.testing._invariants._snapshot import snapshot
from coachwork.testing._invariants._state import violations
from coachwork.testing._invariants._step import Change, Step, UnknownRecordError, read

__all__ = [
    "Change",
    "Step",
    "UnknownRecordError",
    "alone",
    "judged",
    "name_of",
    "read",
    "snapshot",
    "step_violations",
    "violations",
]
