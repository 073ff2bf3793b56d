from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
