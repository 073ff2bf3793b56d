"""One spec held against what it expects: the verdict, whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from archanalyzer.checking.checked import check
from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Kind, Total, analysis
from archanalyzer.plugins import Plugin
from archanalyzer.plugins.admitting import admitted
from archanalyzer.report.verdicts import Outcome
from archanalyzer.spec import Limits

NET = "archspec: 1\ninputs: {x: [4]}\nlayers:\n  - dense: 2\n"  # 4·2 + 2 = 10 parameters


class Broken(NamedTuple):
    value: int


@analysis("broken", totals=[Total("broken", "broken", "What cannot be told.", Broken._asdict, Kind.COUNT)])
def broken(graph: Graph) -> Broken:
    """Fails, whatever the network."""
    raise RuntimeError("no such thing")


@pytest.fixture
def at_fault() -> Iterator[None]:
    """A plugin whose only pass fails."""
    with admitted(Plugin("failing", 1, passes=(broken,))) as found:
        assert not found.diagnostics
        yield


@pytest.mark.parametrize(
    ("text", "outcome", "unmet"),
    [
        (NET, Outcome.NONE, 0),
        (f"{NET}expect: {{totals: {{parameters: 10}}}}\n", Outcome.OK, 0),
        (f"{NET}expect: {{totals: {{parameters: 9, macs: 8}}}}\n", Outcome.FAILED, 1),
        (f"{NET}expect: {{totals: {{parametres: 9}}}}\n", Outcome.ERROR, 1),
        (f"{NET}  - conv2d: {{filters: 2, kernel: 3}}\n", Outcome.ERROR, 0),
        ("archspec: [", Outcome.ERROR, 0),
        ("archspec: 1\0", Outcome.ERROR, 0),
    ],
)
def test_a_text_and_a_file_have_the_same_verdict(text: str, outcome: Outcome, unmet: int, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    of_text, of_file = check(str(path), text=text).verdict, check(str(path)).verdict
    assert (of_text.outcome, of_text.unmet) == (outcome, unmet)
    assert of_text == of_file


def test_a_file_that_is_not_there_is_a_verdict_too(tmp_path: Path) -> None:
    verdict = check(str(tmp_path / "no.yaml")).verdict
    assert verdict.outcome is Outcome.ERROR
    assert [each.rule.code for each in verdict.diagnostics] == ["file-not-found"]


def test_limits_hold_for_the_spec_and_its_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(f"{NET}expect: {{snapshot: net.snapshot.txt}}\n")
    (tmp_path / "net.snapshot.txt").write_text("x" * 500)
    (diagnostic,) = check(str(path), limits=Limits(file_bytes=400)).verdict.diagnostics
    assert diagnostic.message == "`snapshot`: `net.snapshot.txt`: expected at most 400 bytes, found more"
    assert check(str(path), limits=Limits(file_bytes=50)).verdict.outcome is Outcome.ERROR


def test_a_fault_of_a_plugin_is_told_and_keeps_no_spec_from_being_used(at_fault: None) -> None:
    checked = check("net.yaml", text=f"{NET}expect: {{totals: {{parameters: 10}}}}\n")
    assert checked.verdict.outcome is Outcome.OK
    assert [each.rule.code for each in checked.verdict.diagnostics] == ["plugin-failed"]
    assert (checked.errors, checked.analyzed.partial) == ((), False)


def test_what_a_plugin_at_fault_should_tell_keeps_no_expectation(at_fault: None) -> None:
    checked = check("net.yaml", text=f"{NET}expect: {{totals: {{broken: 1}}}}\n")
    assert checked.verdict.outcome is Outcome.FAILED


def test_an_error_beside_a_fault_is_one(at_fault: None) -> None:
    checked = check("net.yaml", text=f"{NET}  - conv2d: {{filters: 2, kernel: 3}}\n")
    assert checked.verdict.outcome is Outcome.ERROR
    assert [each.rule.code for each in checked.errors] == ["wrong-rank"]
    assert checked.analyzed.partial
