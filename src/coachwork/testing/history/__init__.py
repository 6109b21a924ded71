"""A history checker: what was called and answered, and whether a correct store could answer so.

`recorded` stands before a repository and writes down its calls in a `History`, in the order of real
time; `history_violations` judges it.
"""

from coachwork.testing.history._call import Call, Method, Outcome
from coachwork.testing.history._history import History
from coachwork.testing.history._judge import history_violations
from coachwork.testing.history._recorded import recorded

__all__ = ["Call", "History", "Method", "Outcome", "history_violations", "recorded"]
