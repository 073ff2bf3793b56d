"""Which gradients a training step asks for, and what they count."""

from __future__ import annotations

from archanalyzer.graph import Arithmetic, Arity, Graph, Layer, Op, TensorType, Types, count
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.training import Backward
from archanalyzer.spec import parse_spec
from tests.graphs import Builder, analyzed, at


class DotProduct(Op):
    """Σ x·y of two flat inputs: one MAC an element, of two numbers that both may have been computed."""

    name = "dot_product"
    arity = Arity(2, 2)

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType((1,))

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        return Arithmetic(macs=(count("products", elements=inputs[0].elements),))


def product(*, of_two_that_learn: bool) -> Graph:
    build = Builder()
    x = build.input("x", 5)
    left = build.add("dense", units=3, reads=(x,))
    right = build.add("dense", units=3, reads=(x,)) if of_two_that_learn else build.input("y", 3)
    build.layers.append(Layer(3, "product", DotProduct(), (left, right), at(4)))
    return build.graph()


def test_a_product_of_two_inputs_has_a_gradient_by_each_that_leads_to_something_that_learns() -> None:
    for of_two, by_input in ((True, 3 + 3), (False, 3)):
        facts = analyzed(product(of_two_that_learn=of_two)).facts
        assert facts.values("input_gradient_macs")[-1] == by_input
        assert facts.values("training_macs")[-1] == 3 + by_input


def visits(text: str) -> list[str]:
    """The layers that the backward step visits."""
    spec = parse_spec(text)
    facts: Facts = analyzed(spec.graph).facts
    return [layer.name for layer in facts.graph.layers if facts.result(Backward).visits(layer.index)]


HEAD = "archspec: 1\ninputs: {x: [1, 8]}\nlayers:\n"
CROPPED = "  - crop_like:\n    from: [{}, {}]\n"
CONVOLUTION = "  - conv1d: {filters: 1, kernel: 3}\n"


def test_no_gradient_flows_to_what_is_read_for_its_shape_alone() -> None:
    assert visits(HEAD + CONVOLUTION + CROPPED.format("x", "conv1d")) == []
    assert visits(HEAD + CONVOLUTION + "  - relu\n" + CROPPED.format("conv1d", "relu")) == ["conv1d", "crop_like"]


def test_where_the_end_of_a_network_is_missing_gradients_arrive_at_what_is_left_of_it() -> None:
    spec = parse_spec(HEAD + CONVOLUTION + "  - relu\n  - dense: 2\n")
    found = analyzed(spec.graph)
    assert found.partial
    assert found.facts.total("weight_gradient_macs").amount.value == 18  # 3 weights at 6 positions
