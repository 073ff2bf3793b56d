"""Specs whose `expect:` comes from elsewhere: by hand, or from a published figure. To add a case, add a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import unmet
from archanalyzer.spec import read_spec

ROOT = Path(__file__).parents[2]
CASES = sorted([*(ROOT / "tests" / "passes" / "cases").glob("*.yaml"), *(ROOT / "specs").rglob("*.yaml")])


def test_cases_are_found() -> None:
    assert len(CASES) > 10


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_expectations_hold(path: Path) -> None:
    spec = read_spec(str(path))
    analyzed = analyze(spec)
    assert [str(diagnostic.message) for diagnostic in analyzed.diagnostics] == []
    assert spec.expectations
    assert [diagnostic.message for diagnostic in unmet(analyzed.facts, spec.expectations)] == []
