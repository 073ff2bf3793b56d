"""The example plugins: what they add is in no way less than what is built in."""

from __future__ import annotations

import pytest

import archanalyzer
from archanalyzer.passes import built_in
from archanalyzer.passes.analysis import Passes
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.expectations import unmet
from archanalyzer.passes.facts import Facts
from archanalyzer.report import View, render
from plugins.compression_ratio import Compression, compression_ratio
from tests.docs.fences import ROOT

AUTOENCODER = """\
archspec: 1
inputs: {x: [784]}
layers:
  - dense: 64
    name: encoder
  - relu
  - dense: 3
    name: code
  - dense: 784
expect:
  totals: {compression_ratio: 784/3}
  layers:
    encoder: {compression: 12.25}
    dense: {compression: 1}
"""


@pytest.fixture
def analyzed() -> Analyzed:
    return archanalyzer.analyze(archanalyzer.loads(AUTOENCODER), passes=[compression_ratio])


def test_its_column_and_total_are_facts_like_any(analyzed: Analyzed) -> None:
    assert analyzed.facts.values("compression") == ["1", "49/4", "49/4", "784/3", "1"]
    assert analyzed.facts.total("compression_ratio").amount.value == "784/3"


def test_a_spec_can_expect_them(analyzed: Analyzed) -> None:
    assert unmet(analyzed.facts, analyzed.spec.expectations) == ()


@pytest.mark.parametrize("format_name", ["table", "markdown", "csv", "latex"])
def test_reports_show_them(analyzed: Analyzed, format_name: str) -> None:
    assert "784/3" in render(format_name, [analyzed], View(columns=("type", "compression")))


def test_json_has_them(analyzed: Analyzed) -> None:
    document = render("json", [analyzed])
    assert '"compression_ratio": "784/3"' in document
    assert '"compression": "49/4"' in document


def test_it_stands_beside_the_built_in_ones() -> None:
    graph = archanalyzer.loads(AUTOENCODER).graph
    facts = Facts(graph, Passes((*built_in(), compression_ratio)))
    assert facts.result(Compression).by_layer[3] * 3 == 784


def test_every_plugin_is_named_in_the_readme() -> None:
    readme = (ROOT / "plugins" / "README.md").read_text()
    for plugin in (ROOT / "plugins").glob("*.py"):
        assert f"]({plugin.name})" in readme


def test_two_inputs_count_together() -> None:
    spec = archanalyzer.loads("archspec: 1\ninputs: {a: [4], b: [4]}\nlayers:\n  - add:\n    from: [a, b]\n")
    assert archanalyzer.analyze(spec, passes=[compression_ratio]).facts.values("compression") == ["2", "2", "2"]
