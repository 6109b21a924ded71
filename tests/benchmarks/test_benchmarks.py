"""The benchmarks run, with sizes too small to tell anything but that they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import (
    bench_actions,
    bench_audit,
    bench_cache,
    bench_event_loop,
    bench_history,
    bench_import,
    bench_jobs,
    bench_machine,
    bench_memory,
    bench_turn,
)


def test_machine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contender that is installed does the same steps."""
    monkeypatch.setattr(bench_machine, "BLOCK", 0.0001)
    monkeypatch.setattr(bench_machine, "PAIRS", 2)
    bench_machine.main()
    assert "Bytes per session value" in capsys.readouterr().out


def test_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both write the same rows, at every length; a turn writes about as much at any of them."""
    told = bench_turn.report(tmp_path, lengths=(10, 30), turns=2)
    for figures in (one for level in told.values() for one in level.values()):
        assert len(figures.ours) == len(figures.raw) == 2
        assert 0 < figures.our_bytes <= 2 * figures.raw_bytes
    assert "Where it goes" in capsys.readouterr().out


def test_actions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every action of every turn is applied."""
    figures = bench_actions.measured(tmp_path, length=10, identities=20, turns=2)
    assert len(figures.without) == len(figures.with_actions) == 2
    bench_actions.report(figures)
    assert "ratio" in capsys.readouterr().out


def test_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hot session value that shares what others share takes no more than 100 bytes."""
    measured = bench_memory.report(tmp_path, values=500, sessions=2)
    assert next(iter(measured.values())) <= 100
    assert "a turn" in capsys.readouterr().out


def test_import(capsys: pytest.CaptureFixture[str]) -> None:
    """Each way of importing is measured over attrs and cattrs."""
    ways = bench_import.WAYS[:2]
    assert list(bench_import.report(runs=1, ways=ways)) == list(ways)
    assert "What costs most" in capsys.readouterr().out


def test_event_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every callback and every round of the loop is timed, and the watchdog is woken."""
    measured = bench_event_loop.report(tmp_path, sessions=3, turns=2, seconds=0.05)
    assert len(measured.walls) == len(measured.cpus) == len(measured.names) > len(measured.late)
    assert len(measured.rounds) > len(measured.late) > 0
    assert any(name.endswith("AsyncWorker._answer") for name in measured.names)
    assert "took longest" in capsys.readouterr().out


def test_jobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both write the same rows, by several processes side by side."""
    told = bench_jobs.report(tmp_path, workers=(2,), rounds=2, jobs=2, profiled=2)
    assert [len(figures.ours) for figures in told.values()] == [2, 2]
    assert all(figures.jobs == 4 and figures.ratio > 0 for figures in told.values())
    assert "What costs most" in capsys.readouterr().out


def test_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every commit of the audited side is judged, and none needs a read of the audit's own."""
    told = bench_audit.report(tmp_path, lengths=(10,), turns=4)
    assert [len(figures.plain) for figures in told.values()] == [4, 4]
    for figures in told.values():
        done = figures.done
        assert (done.commits, done.reads, done.unjudged, done.violations) == (8, 0, 0, 0)
        assert figures.ratio > 0
    assert "SQLite FULL" in capsys.readouterr().out


def test_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file shows two messages of each log, however many are asked for."""
    told = bench_cache.report(tmp_path, lengths=(60,), rounds=3)
    assert len(told) == len(bench_cache.DEEDS)
    for (_, name), figures in told.items():
        assert len(figures.plain) == len(figures.cached) == 3
        assert figures.ratio > 0
        assert figures.shown[1] == (0 if "nothing" in name else 2)
    assert "in units of SQLite alone" in capsys.readouterr().out


def test_history(capsys: pytest.CaptureFixture[str]) -> None:
    """What the threads did is a history that a correct store could give."""
    told = bench_history.report(rounds=(2,), turns=2)
    assert all(figures.calls > 50 for figures in told.values())
    assert "calls a second" in capsys.readouterr().out
