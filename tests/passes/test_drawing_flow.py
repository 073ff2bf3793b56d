"""What a layer is in the flow of a network, of graphs built by hand; its symbols are tested where they are written."""

from __future__ import annotations

import pytest

from archanalyzer.graph import Graph, Running
from archanalyzer.passes.drawing_flow import Flow, Letter, NotDiagonal, Part, Signal, signal_flow, units
from archanalyzer.passes.drawing_roles import is_activation
from tests import graphs
from tests.graphs import Builder, op


def flow_of(graph: Graph) -> Flow:
    return signal_flow(graphs.analyzed(graph).facts, Running(loss="half_squared_error"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("relu", True), ("sigmoid", True), ("prelu", True), ("identity", False), ("softmax", False), ("flatten", False)],
)
def test_an_activation_works_element_by_element_and_bends(name: str, expected: bool) -> None:
    """The identity is affine; softmax takes all of a line together."""
    assert is_activation(op(name)) is expected


def test_parts_and_numbers() -> None:
    flow = flow_of(graphs.small())  # image, conv2d, relu, conv2d, flatten, dense
    assert [stage.part for stage in flow.stages] == [
        Part.INPUT,
        Part.WEIGHTS,
        Part.ACTIVATION,
        Part.WEIGHTS,
        Part.OTHER,
        Part.WEIGHTS,
    ]
    assert [stage.number for stage in flow.stages] == [None, 1, 1, 2, None, 3]
    assert [stage.signal for stage in flow.stages] == [
        Signal(Letter.OUTPUT, 0),
        Signal(Letter.NET, 1),
        Signal(Letter.OUTPUT, 1),
        Signal(Letter.NET, 2),
        Signal(Letter.OUTPUT, 2),
        Signal(Letter.NET, 3, is_output=True),
    ]
    assert flow.is_chain
    assert flow.loss == "half_squared_error"


def test_only_a_dense_layers_array_is_its_matrix() -> None:
    """A convolution's 4·3·3·3 numbers are fewer than those of the matrix from 3·8·8 to 4·6·6."""
    stages = flow_of(graphs.small()).stages
    assert [stage.is_matrix for stage in stages] == [False, False, False, False, False, True]
    assert [stage.bias_is_each for stage in stages] == [False, False, False, False, False, True]
    assert [stage.has_bias for stage in stages] == [False, True, False, True, False, True]


def test_the_way_back_ends_before_the_first_layer_that_learns() -> None:
    stages = flow_of(graphs.small()).stages
    assert [stage.arrives for stage in stages] == [False, True, True, True, True, True]
    assert [stage.passes for stage in stages] == [False, False, True, True, True, True]
    assert [stage.learns for stage in stages] == [False, True, False, True, False, True]


def test_what_is_not_known_of_a_layer_claims_nothing() -> None:
    build = Builder()
    build.input("x", 2)
    build.add("dense", units=2)
    build.add("mystery")
    stage = flow_of(build.graph()).stages[2]
    assert (stage.part, stage.is_affine, stage.arrives, stage.passes) == (Part.OTHER, False, True, True)
    with pytest.raises(NotDiagonal, match="element by element"):
        units(flow_of(build.graph()))


def test_a_second_activation_has_no_number() -> None:
    build = Builder()
    build.input("x", 2)
    build.add("dense", units=2)
    build.add("relu")
    build.add("tanh")
    stages = flow_of(build.graph()).stages
    assert [stage.number for stage in stages] == [None, 1, 1, None]
    assert [stage.signal for stage in stages[2:]] == [None, Signal(Letter.OUTPUT, 1)]


def test_what_comes_in_is_no_output_until_the_first_weights_read_it() -> None:
    build = Builder()
    build.input("x", 1, 2)
    build.add("flatten")
    build.add("dense", units=2)
    stages = flow_of(build.graph()).stages
    assert [stage.signal for stage in stages[:2]] == [Signal(Letter.INPUT, 0), Signal(Letter.OUTPUT, 0)]


def test_a_layer_whose_output_is_the_networks_ends_its_run() -> None:
    """Of dense, relu, relu, both activations being outputs, the first is o¹; what follows is named by its layer."""
    build = Builder()
    build.input("x", 2)
    build.add("dense", units=2)
    first = build.add("relu")
    second = build.add("relu")
    flow = flow_of(build.graph(outputs=(first, second)))
    assert [stage.signal for stage in flow.stages[2:]] == [Signal(Letter.OUTPUT, 1), Signal(Letter.OUTPUT, None)]
    assert not flow.is_chain


def test_two_that_read_the_same_input_make_no_chain() -> None:
    build = Builder()
    x = build.input("x", 2)
    a = build.add("dense", units=2)
    b = build.add("dense", units=2, reads=(x,))
    build.add("add", reads=(a, b))
    flow = flow_of(build.graph())
    assert not flow.is_chain
    assert [stage.sources for stage in flow.stages] == [(), (0,), (0,), (1, 2)]


def test_an_input_alone() -> None:
    build = Builder()
    build.input("x", 3)
    flow = flow_of(build.graph())
    assert (flow.is_chain, units(flow)) == (True, 3)
