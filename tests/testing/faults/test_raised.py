"""What a faulty port raises that no port raises of itself."""

from __future__ import annotations

from coachwork.testing.faults import CrashError, InjectedError, InterruptError


def test_what_runs_through_and_what_can_be_handled() -> None:
    """No ``except Exception`` holds up the end of a process, or an interruption."""
    for error in (CrashError, InterruptError):
        assert not issubclass(error, Exception)
        assert isinstance(error(), BaseException)
    assert issubclass(InjectedError, Exception)
