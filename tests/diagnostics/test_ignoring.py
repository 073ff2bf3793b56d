"""What comments silence, and which comments silence nothing."""

from __future__ import annotations

import pytest

from archanalyzer.diagnostics import BlockUse, Diagnostic, Rule, Severity, Source, SourceFile
from archanalyzer.diagnostics.ignoring import Ignore, told
from archanalyzer.passes.advice import advising_passes
from archanalyzer.passes.analyzing import analyze
from archanalyzer.spec import parse_spec

FILE = SourceFile("spec.yaml", "\n" * 20)
WARNING = Rule("some-warning", "", "", severity=Severity.WARNING)
ADVICE = Rule("some-advice", "", "", severity=Severity.ADVICE)
ERROR = Rule("some-error", "", "")


def every(_rule: Rule) -> bool:
    return True


def none(_rule: Rule) -> bool:
    return False


def at(line: int, file: SourceFile = FILE) -> Source:
    return Source(file, line, 1, 2)


def ignore(rule: Rule, line: int | None) -> Ignore:
    return Ignore(rule, line, at(line or 20))


def found(rule: Rule, line: int, *uses: int, file: SourceFile = FILE) -> Diagnostic:
    """A diagnostic at a line, in a block used at the lines ``uses``, innermost first."""
    trail = None
    for use in reversed(uses):
        trail = BlockUse("stage", at(use), trail)
    return Diagnostic(rule, "something", at(line, file), trail=trail)


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, int]]:
    return [(each.rule.code, each.source.line) for each in diagnostics if each.source]


@pytest.mark.parametrize("line", [3, 7, 9])
def test_a_diagnostic_is_silenced_at_its_line_and_at_the_uses_of_its_blocks(line: int) -> None:
    assert told([found(WARNING, 3, 7, 9)], [ignore(WARNING, line)], every) == ()


def test_several_comments_may_silence_one_diagnostic() -> None:
    assert told([found(WARNING, 3, 7)], [ignore(WARNING, 3), ignore(WARNING, 7)], every) == ()


@pytest.mark.parametrize("other", [ignore(WARNING, 4), ignore(ADVICE, 3), ignore(WARNING, None)])
def test_another_line_or_rule_silences_nothing(other: Ignore) -> None:
    assert codes(told([found(WARNING, 3)], [other], every)) == [
        ("some-warning", 3),
        ("unused-ignore", other.source.line),
    ]


def test_another_file_has_other_lines() -> None:
    """What is wrong with a value of the command line stands in line 1 of that."""
    elsewhere = found(WARNING, 3, file=SourceFile("--set x", "y"))
    assert told([elsewhere], [ignore(WARNING, 3)], none)[0] is elsewhere


def test_a_diagnostic_without_a_place_is_told() -> None:
    nowhere = Diagnostic(WARNING, "something")
    assert told([nowhere], [ignore(WARNING, 3)], none) == (nowhere,)


def test_an_error_is_never_silenced() -> None:
    assert codes(told([found(ERROR, 3)], [ignore(ERROR, 3)], every)) == [("some-error", 3)]


def test_where_there_are_errors_no_comment_is_known_to_be_unused() -> None:
    assert codes(told([found(ERROR, 3)], [ignore(WARNING, 4)], every)) == [("some-error", 3)]


def test_what_was_not_asked_is_not_known_to_be_unused() -> None:
    comments = [ignore(WARNING, 3), ignore(ADVICE, 4)]
    assert codes(told([], comments, lambda rule: rule is WARNING)) == [("unused-ignore", 3)]
    assert codes(told([], comments, every)) == [("unused-ignore", 3), ("unused-ignore", 4)]


# Dilations of 2 and 2 leave gaps between the taps: the rule's own example.
NETWORK = """\
archspec: 1
inputs: {image: [3, 32, 32]}
blocks:
  dilated:
    layers:
      - conv2d: {filters: 4, kernel: 3, dilation: 2, padding: 2}
      - conv2d: {filters: 4, kernel: 3, dilation: 2, padding: 2}
  spare:
    layers: [relu]
layers:
  - dilated
"""
COMMENT = " # archanalyzer: ignore[gridding]"


def with_comment(line: int, comment: str = COMMENT) -> str:
    lines = NETWORK.splitlines()
    lines[line - 1] += comment
    return "\n".join(lines)


def said(text: str, *, advice: bool) -> list[tuple[str, int]]:
    return sorted(codes(analyze(parse_spec(text), advising_passes() if advice else None).diagnostics))


def test_without_comments_all_is_told() -> None:
    assert said(NETWORK, advice=True) == [("gridding", 7), ("unused-block", 8)]


@pytest.mark.parametrize("line", [7, 11])
def test_advice_inside_of_a_block_is_silenced_there_and_at_the_use(line: int) -> None:
    assert said(with_comment(line), advice=True) == [("unused-block", 8)]


def test_an_unused_comment_on_advice_is_told_where_advice_was_asked() -> None:
    text = with_comment(6)
    assert said(text, advice=True) == [("gridding", 7), ("unused-block", 8), ("unused-ignore", 6)]
    assert said(text, advice=False) == [("unused-block", 8)]


def test_a_warning_is_silenced() -> None:
    assert said(with_comment(8, " # archanalyzer: ignore[unused-block]"), advice=False) == []
