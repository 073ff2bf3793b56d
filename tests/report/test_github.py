"""Annotations of GitHub: read back by the rules by which its runner reads them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.diagnostics import BlockUse, Diagnostic, Note, Rule, Severity, Source, SourceFile
from archanalyzer.report.github import as_commands

ERROR = Rule("some-error", "", "")
FILE = SourceFile("specs/a.yaml", "archspec: 1\n" * 20)
PLACE = Source(FILE, 12, 5, 11)


def test_a_command() -> None:
    assert as_commands([Diagnostic(ERROR, "there is no `a`", PLACE)]) == (
        "::error file=specs/a.yaml,line=12,col=5,title=some-error::there is no `a`\n"
    )


def test_all_that_is_said_stands_in_one_command() -> None:
    trail = BlockUse("stage", Source(FILE, 9, 5, 9))
    note = Note("it reads this", Source(FILE, 4, 3, 5))
    (line,) = as_commands([Diagnostic(ERROR, "100 % wrong", PLACE, "mend it", trail, (note,))]).splitlines()
    assert line.partition("some-error::")[2] == (
        "100 %25 wrong%0Anote: specs/a.yaml:4:3: it reads this%0Ain block `stage`, used at specs/a.yaml:9:5"
        "%0Ahint: mend it"
    )


@pytest.mark.parametrize(
    ("severity", "command"),
    [
        (Severity.ERROR, "error"),
        (Severity.FAILURE, "error"),
        (Severity.WARNING, "warning"),
        (Severity.ADVICE, "notice"),
    ],
)
def test_commands_by_severity(severity: Severity, command: str) -> None:
    assert as_commands([Diagnostic(Rule("a", "", "", severity=severity), "no")]) == f"::{command} title=a::no\n"


def test_what_is_said_several_times_of_a_place_is_told_once() -> None:
    found = [Diagnostic(ERROR, f"layer {number}", PLACE) for number in range(1201)]
    other = Diagnostic(ERROR, "another", Source(FILE, 13, 5, 11))
    first, second = as_commands([*found, other]).splitlines()
    assert first.endswith("::layer 0%0A… and 1,200 more at this place")
    assert second.endswith("::another")


def test_a_file_in_the_folder_is_named_from_there() -> None:
    inside = Source(SourceFile("/repo/specs/a.yaml", "x"), 1, 1, 2)
    outside = Source(SourceFile("/repository/a.yaml", "x"), 1, 1, 2)
    lines = as_commands([Diagnostic(ERROR, "no", inside), Diagnostic(ERROR, "no", outside)], "/repo").splitlines()
    assert [line.split(",")[0] for line in lines] == ["::error file=specs/a.yaml", "::error file=/repository/a.yaml"]


def read_back(line: str) -> tuple[str, dict[str, str], str]:
    """A command as actions/runner reads it (ActionCommand.cs): properties end at `::`, and each at a comma."""
    matched = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert matched
    command, listed, message = matched.groups()
    properties = {}
    for each in listed.split(","):
        name, _, value = each.partition("=")
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(code, character)
        properties[name] = value
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        message = message.replace(code, character)
    return command, properties, message


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2000, categories=["L", "N", "P", "S"]), min_size=1)


@given(PRINTABLE.filter(lambda text: "/" not in text and text not in {".", ".."}), PRINTABLE, PRINTABLE)
def test_what_is_read_back_is_what_was_said(name: str, message: str, hint: str) -> None:
    found = Diagnostic(ERROR, message, Source(SourceFile(name, "x"), 3, 4, 5), hint)
    (line,) = as_commands([found]).split("\n")[:-1]
    command, properties, text = read_back(line)
    assert command == "error"
    assert properties == {"file": name, "line": "3", "col": "4", "title": "some-error"}
    assert text == f"{message}\nhint: {hint}"


def test_nothing_in_a_text_begins_a_command_or_moves_the_cursor() -> None:
    name = "a\n::stop-commands::x\x1b"
    commands = as_commands([Diagnostic(ERROR, "b\r\n::set-env::\x1b[2J", Source(SourceFile(name, "x"), 1, 1, 2))])
    assert commands.count("\n") == 1
    assert commands.startswith("::error file=")
    assert "\x1b" not in commands
