from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import networkx
import pytest

import archanalyzer

VGG16 = Path(__file__).parent.parent / "specs" / "vgg16.yaml"
TEXT = "archspec: 1\nvariables: {units: 3}\ninputs: {x: [4]}\nlayers:\n  - dense: =units\n  - relu\n"


def test_every_public_name_is_there_and_no_other() -> None:
    for name in archanalyzer.__all__:
        assert getattr(archanalyzer, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        archanalyzer.nothing  # noqa: B018


def test_a_file_is_analyzed_by_path() -> None:
    assert archanalyzer.analyze(VGG16).facts.total("parameters").amount.value == 138_357_544


def test_overrides() -> None:
    spec = archanalyzer.loads(TEXT, settings={"units": "5"}, input_shapes={"x": "7"}, dtype="float64")
    facts = archanalyzer.analyze(spec).facts
    assert facts.total("weight_parameters").amount.value == 35
    assert facts.total("parameter_bytes").amount.value == 8 * 40


def test_the_graph_is_there_for_networkx() -> None:
    graph = archanalyzer.loads(TEXT).graph
    assert isinstance(graph.network, networkx.MultiDiGraph)
    assert list(networkx.topological_sort(graph.network)) == [layer.name for layer in graph.layers]
    assert graph.network.nodes["dense"]["layer"] is graph.layers[1]


def test_one_layer_read_twice_has_two_edges() -> None:
    graph = archanalyzer.loads("archspec: 1\ninputs: {x: [4]}\nlayers:\n  - add:\n    from: [x, x]\n").graph
    assert sorted(graph.network.edges(keys=True)) == [("x", "add", 0), ("x", "add", 1)]


def test_errors_are_raised_with_all_their_diagnostics() -> None:
    with pytest.raises(archanalyzer.SpecError, match=r"<string>:4:5: error\[unknown-layer-type\]") as error:
        archanalyzer.loads("archspec: 1\ninputs: {x: [4]}\nlayers:\n  - rleu\n  - tahn\n")
    assert [diagnostic.rule.code for diagnostic in error.value.diagnostics] == ["unknown-layer-type"] * 2


def test_layers_that_do_not_fit_are_errors_too() -> None:
    spec = archanalyzer.loads("archspec: 1\ninputs: {x: [4]}\nlayers:\n  - conv2d: {filters: 1, kernel: 1}\n")
    with pytest.raises(archanalyzer.SpecError, match="wrong-rank"):
        archanalyzer.analyze(spec)


def test_an_import_costs_nothing_that_is_not_used() -> None:
    heavy = "{'numpy', 'networkx', 'rich', 'pydantic', 'yaml', 'click'}"
    code = f"import sys, archanalyzer; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_a_spec_is_checked_by_path_or_as_a_text() -> None:
    verdict = archanalyzer.check(VGG16)
    assert (verdict.outcome, verdict.unmet, verdict.name) == (archanalyzer.Outcome.OK, 0, "vgg16")
    verdict = archanalyzer.check(text=f"{TEXT}expect: {{totals: {{parameters: 15}}}}\n")  # 4·3 + 3
    assert (verdict.outcome, verdict.path) == (archanalyzer.Outcome.OK, "<string>")
    verdict = archanalyzer.check(
        "net.yaml", text=f"{TEXT}expect: {{totals: {{weight_parameters: 35}}}}\n", settings={"units": "5"}
    )
    assert (verdict.outcome, verdict.path) == (archanalyzer.Outcome.FAILED, "net.yaml")  # 4·5 = 20
    assert verdict.diagnostics[0].message == "`totals.weight_parameters`: expected 35, found 20 (15 fewer)"


def test_a_check_raises_nothing_for_what_is_wrong_with_a_spec() -> None:
    verdict = archanalyzer.check(text="archspec: 1\ninputs: {x: [4]}\nlayers:\n  - rleu\n")
    assert verdict.outcome is archanalyzer.Outcome.ERROR
    assert [each.rule.code for each in verdict.diagnostics] == ["unknown-layer-type"]
    assert archanalyzer.check("no/such.yaml").outcome is archanalyzer.Outcome.ERROR
    with pytest.raises(TypeError, match="needs a path or a text"):
        archanalyzer.check()


class Layers(NamedTuple):
    number: int


@archanalyzer.analysis(
    "numbering", totals=[archanalyzer.Total("numbered", "numbered", "How many there are.", lambda found: found.number)]
)
def numbering(graph: archanalyzer.Graph) -> Layers:
    """Numbers the layers; of two, it cannot."""
    if len(graph.layers) == 2:
        raise ZeroDivisionError("two of them")
    return Layers(len(graph.layers))


def test_expectations_of_own_passes_are_held() -> None:
    text = f"{TEXT}expect: {{totals: {{numbered: 3}}}}\n"  # the input, dense, relu
    assert archanalyzer.check(text=text, passes=[numbering]).outcome is archanalyzer.Outcome.OK
    assert archanalyzer.check(text=text).outcome is archanalyzer.Outcome.ERROR


def test_what_an_own_pass_raises_is_passed_on_to_who_asks_for_its_facts() -> None:
    spec = archanalyzer.loads(TEXT.replace("  - relu\n", ""))
    facts = archanalyzer.analyze(spec, passes=[numbering]).facts
    assert facts.total("parameters").amount.value == 15
    with pytest.raises(ZeroDivisionError, match="two of them"):
        facts.total("numbered")
