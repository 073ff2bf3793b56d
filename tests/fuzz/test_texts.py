"""Whatever the text, it is read, or told what is wrong with it and where; all that is found can be shown."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archanalyzer.diagnostics import Diagnostic, SpecError
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import unmet
from archanalyzer.report import Page, render
from archanalyzer.report.diagnostics import as_data, as_text
from archanalyzer.report.view import View
from archanalyzer.spec import parse_spec
from tests.fuzz.texts import SPECS, TEXTS, Mutations


def everything_said_of(text: str) -> Iterator[Diagnostic]:
    """What is found in reading, analyzing and checking a text, after all of it has been rendered in every form."""
    try:
        spec = parse_spec(text)
    except SpecError as error:
        yield from error.diagnostics
        return
    analyzed = analyze(spec)
    yield from analyzed.diagnostics
    if not analyzed.partial:
        assert len(analyzed.graph.layers) == len(spec.graph.layers)
        assert analyzed.graph.outputs
        yield from unmet(analyzed.facts, spec.expectations)
    for form in ("table", "json", "markdown", "csv", "latex"):
        if analyzed.graph.layers or form == "json":
            assert render(form, [analyzed], View(), Page(80, color=False))


def is_told_well(text: str) -> None:
    """Reads, analyzes and renders a text; whatever is wrong with it must be said with its place."""
    diagnostics = tuple(everything_said_of(text))
    for each in diagnostics:
        assert each.source is not None
        assert 1 <= each.source.line <= len(each.source.file.lines)
        assert each.source.column >= 1
        assert each.message
        assert len(each.message) < 1000
    as_text(diagnostics)
    json.dumps([as_data(each) for each in diagnostics])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
def test_a_changed_spec_is_read_or_told(text: str, seed: int) -> None:
    is_told_well(Mutations(random.Random(seed)).mutated(text))  # noqa: S311 - hypothesis shrinks the seed


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_a_spec_put_together_at_random_is_read_or_told(text: str) -> None:
    is_told_well(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_told(text: str) -> None:
    is_told_well(text)
