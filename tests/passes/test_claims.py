"""Figures as printed elsewhere, beside the right ones: told, and no failure.

The network: a 3×3 convolution of 3 channels into 4 has 3·3·3·4 weights and 4 biases, 112; its output is 6×6.
"""

from __future__ import annotations

import pytest

from archanalyzer.diagnostics import Diagnostic, Severity, SpecError
from archanalyzer.diagnostics.rules.expectations import (
    EXPECTATION_FAILED,
    IMPOSSIBLE_EXPECTATION,
    PRINTED_OTHERWISE,
    UNKNOWN_EXPECTATION,
)
from archanalyzer.diagnostics.rules.ignoring import UNUSED_IGNORE
from archanalyzer.diagnostics.rules.language import UNKNOWN_KEY
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import Held, hold
from archanalyzer.spec import parse_spec

SPEC = """\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 3}
  - conv2d: {filters: 4, kernel: 3}
expect:
"""


def held(expected: str) -> Held:
    return hold(analyze(parse_spec(SPEC + expected)))


def remarks(expected: str) -> list[Diagnostic]:
    found = held(expected)
    assert not found.diagnostics
    assert all(each.rule is PRINTED_OTHERWISE for each in found.found)
    return list(found.found)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "parameters: {value: 112, printed: 108, source: page 7}",
            "`conv2d.parameters` is 112, as computed; printed as 108, off by -4 (page 7)",
        ),
        (
            "parameters: {printed: 1_112, value: <= 112, source: page 7, note: a typing error}",
            "`conv2d.parameters` is 112, as computed; printed as 1,112, off by +1,000 (page 7): a typing error",
        ),
        (
            "output_shape: {value: [4, 6, 6], printed: [4, 8, 8], source: page 7}",
            "`conv2d.output_shape` is [4, 6, 6], as computed; printed as [4, 8, 8] (page 7)",
        ),
        (
            "receptive_field: {value: 3, printed: 5, source: page 7}",
            "`conv2d.receptive_field` is 3, as computed; printed as 5 (page 7)",
        ),
    ],
)
def test_what_is_printed_otherwise_is_told(entry: str, said: str) -> None:
    (remark,) = remarks(f"  layers: {{conv2d: {{{entry}}}}}")
    assert remark.message == said
    assert remark.severity is Severity.NOTE
    assert remark.source is not None
    assert remark.source.line == 7
    assert SPEC.count("\n") == 6
    column = f"  layers: {{conv2d: {{{entry}}}}}".index("printed: ") + len("printed: ") + 1
    assert remark.source.column == column


def test_a_printed_figure_that_is_right_is_not_told() -> None:
    assert remarks("  totals: {filters: {value: 8, printed: 8, source: page 7}}") == []


def test_of_an_expectation_that_fails_only_that_is_told() -> None:
    found = held("  totals: {filters: {value: 9, printed: 7, source: page 7}}")
    assert [each.rule for each in found.diagnostics] == [EXPECTATION_FAILED]
    assert found.found == ()
    (judged,) = found.judged
    assert [(change.path, change.value) for change in judged.changes] == [((), 8)]
    assert judged.expectation.within == ("value",)


def test_layers_meant_by_a_pattern_are_told_once() -> None:
    (remark,) = remarks('  layers: {"conv2d*": {filters: {value: 4, printed: 5, source: page 7}}}')
    assert remark.message == "`conv2d*.filters` is 4, as computed; printed as 5, off by +1 (page 7)"


def test_a_comment_silences_it() -> None:
    entry = "  totals: {filters: {value: 8, printed: 7, source: page 7}} # archanalyzer: ignore[printed-otherwise]\n"
    assert remarks(entry) == []
    (unused,) = held(entry.replace("printed: 7", "printed: 8")).found
    assert unused.rule is UNUSED_IGNORE


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{printed: 7, source: a}", "expected `value` with a printed figure, found `printed`, `source`"),
        ("{value: 8, printed: 7}", "expected `source` with a printed figure, found `value`, `printed`"),
        ("{value: 8, printed: , source: a}", "expected `printed` with a printed figure, found `value`, `source`"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(entry: str, message: str) -> None:
    spec = parse_spec(SPEC + f"  totals: {{filters: {entry}}}")
    (found,) = spec.diagnostics
    assert (found.rule, found.message) == (IMPOSSIBLE_EXPECTATION, message)
    assert spec.expectations == ()


def test_another_key_is_refused() -> None:
    (found,) = parse_spec(SPEC + "  totals: {filters: {value: 8, printed: 7, source: a, notes: b}}").diagnostics
    assert found.rule is UNKNOWN_KEY
    assert found.hint == "did you mean `note`?"


def test_a_figure_that_no_network_has_is_refused() -> None:
    (found,) = held("  totals: {filters: {value: 8, printed: many, source: a}}").diagnostics
    assert found.rule is IMPOSSIBLE_EXPECTATION
    assert found.message.startswith("`totals.filters`: `printed`: expected a number")


def test_a_fact_that_there_is_not_is_refused() -> None:
    (found,) = held("  totals: {filter: {value: 8, printed: 7, source: a}}").diagnostics
    assert found.rule is UNKNOWN_EXPECTATION


def test_a_printed_figure_needs_a_line_of_text_as_its_source() -> None:
    with pytest.raises(SpecError):
        raise SpecError(parse_spec(SPEC + "  totals: {filters: {value: 8, printed: 7, source: [a]}}").diagnostics)
