"""What may be typed (`coachwork.cli._arguments`)."""

from __future__ import annotations

import shlex

import pytest

from coachwork.cli._arguments import TENANT, TOPIC, USER, WIDTH, parser, worker_command

COMMANDS = (
    ["demo"],
    ["chat"],
    ["worker"],
    ["jobs"],
    ["jobs", "list"],
    ["jobs", "show"],
    ["jobs", "retry"],
    ["timeline"],
    ["replay"],
    ["diagram"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_has_its_help(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells the options, without the hidden ones, in lines that a terminal has room for."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: coachwork {' '.join(command)}")
    assert max(map(len, out.splitlines())) <= WIDTH
    for hidden in ("--resume", "--acknowledge"):
        assert hidden not in out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_examples_can_be_typed(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each example of a help is one that the program takes."""
    with pytest.raises(SystemExit):
        parser().parse_args([*command, "--help"])
    _, _, below = capsys.readouterr().out.partition("examples:\n")
    for line in below.splitlines():
        program, *arguments = shlex.split(line.partition("  (")[0].strip())
        assert program == "coachwork"
        options = parser().parse_args(arguments)
        assert options.command == command[0]


@pytest.mark.parametrize(
    "arguments,sentence",
    [
        (["dance"], "invalid choice: 'dance'"),
        (["diagram", "cat"], "invalid choice: 'cat'"),
        (["diagram", "--format", "png"], "invalid choice: 'png'"),
        (["replay"], "the following arguments are required: PATH"),
        (["replay", "x", "--limit", "0"], "argument --limit: expected a whole number from 1 on"),
        (["replay", "x", "--limit", "-1"], "expected a whole number from 1 on"),
        (["replay", "x", "--limit", "9" * 5000], "expected a whole number from 1 on"),
        (["replay", "x", "--limit", "two\nlines"], "expected a whole number from 1 on"),
        (["replay", "x", "--synchronous", "OFF"], "invalid choice: 'OFF'"),
        (["worker", "--data", "x"], "unrecognized arguments: --data x"),
        (["chat", "--model", "small"], "argument --model: expected openai:NAME"),
        (["chat", "--model", "openai: "], "argument --model: expected openai:NAME"),
        (["chat", "--api-key", "x"], "unrecognized arguments: --api-key x"),
        (["chat", "--think", "-1"], "argument --think: expected seconds from 0 to 3600"),
        (["chat", "--think", "nan"], "argument --think: expected seconds from 0 to 3600"),
        (["chat", "--think", "long"], "argument --think: expected seconds from 0 to 3600"),
        (["worker", "--concurrency", "0"], "argument --concurrency: expected a whole number"),
        (["jobs"], "the following arguments are required: ACTION"),
        (["jobs", "list", "--status", "lost"], "invalid choice: 'lost'"),
        (["jobs", "show"], "the following arguments are required: ID"),
    ],
)
def test_a_mistake_in_the_arguments_gets_one_line(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2, and the line tells where to look."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("coachwork: USAGE: ")
    assert sentence in err
    assert err.endswith(" --help\n")
    assert err.count("\n") == 1


def test_what_is_left_out_is_as_the_help_tells() -> None:
    """The same file and topic for all; a language model only where one is named."""
    chat = parser().parse_args(["chat"])
    worker = parser().parse_args(["worker"])
    assert chat.database == worker.database == parser().parse_args(["jobs", "list"]).database
    assert (chat.topic, worker.topic) == (TOPIC, None)
    assert (chat.model, chat.think, chat.jobs, chat.works) == (None, None, False, True)
    assert chat.user == USER
    assert parser().parse_args(["jobs", "list"]).tenant is None
    assert parser().parse_args(["jobs", "show", "x"]).tenant == TENANT
    assert parser().parse_args(["chat", "--model", "openai:a:b"]).model == "openai:a:b"
    assert parser().parse_args(["chat", "--think", "0.5"]).think == 0.5


@pytest.mark.parametrize("database,topic", [("a.db", TOPIC), ("my file.db", "it's"), ("-", "a;b")])
def test_a_worker_command_can_be_copied(database: str, topic: str) -> None:
    """The shell reads it as it was meant."""
    program, *arguments = shlex.split(worker_command(database, topic))
    assert program == "coachwork"
    options = parser().parse_args(arguments)
    assert options.database == database
    assert (options.topic or [TOPIC]) == [topic]
