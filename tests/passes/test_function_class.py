"""What kind of function a network is; and that a layer type of ours lacks a property where it does not claim it.

That the properties that are claimed hold, the generic checks of every layer type show.
"""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer import loads, ops
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import Graph, Trait
from archanalyzer.passes import standard_passes
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.spec import parse_spec
from archanalyzer.testing.cases import Case, cases_for
from archanalyzer.testing.points import Point, draw_point
from tests.executor.networks import net
from tests.graphs import Builder, Mystery

CASES = [case for name in ops.names() if name != "input" for case in cases_for(ops.get(name))]


# --- A no is as exact as a yes


def lacking(trait: Trait) -> list[Case]:
    """The examples of all layer types that do not claim a trait; of unpoolings, see below."""
    found = [case for case in CASES if trait not in case.op.traits and not case.op.reads_extras]
    assert found
    return found


def values(case: Case, point: Point, *inputs: Array) -> Array:
    return point.with_inputs(*inputs).forward(case).output


def drawn(case: Case, scale: float = 3.0) -> Point:
    """A few samples, spread wide enough to reach all pieces of an activation; weights and biases at random."""
    point = draw_point(case, 20, np.random.default_rng(0))
    return point.with_inputs(*(scale * x for x in point.inputs))


@pytest.mark.parametrize("case", lacking(Trait.HOMOGENEOUS), ids=str)
def test_what_does_not_claim_to_be_homogeneous_is_not(case: Case) -> None:
    point = drawn(case)
    expected = 2 * values(case, point, *point.inputs)
    found = values(case, point, *(2 * x for x in point.inputs))
    assert np.abs(found - expected).max() > 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("case", lacking(Trait.AFFINE), ids=str)
def test_what_does_not_claim_to_be_affine_is_not(case: Case) -> None:
    """The value in the middle between two points is not the mean of theirs."""
    point = drawn(case)
    ends = point.inputs, tuple(x[::-1] for x in point.inputs)
    expected = sum(values(case, point, *end) for end in ends) / 2
    found = values(case, point, *((x + z) / 2 for x, z in zip(*ends, strict=True)))
    assert np.abs(found - expected).max() > 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("case", lacking(Trait.PIECEWISE_LINEAR), ids=str)
def test_what_does_not_claim_to_be_piecewise_linear_bends_everywhere(case: Case) -> None:
    """Of 400 places along a way, an output bends at more than a quarter; with a few pieces it would at a few."""
    point = drawn(case)
    start, stop = (tuple(x[index : index + 1] for x in point.inputs) for index in (0, 1))
    point = point.samples(np.zeros(400, int))

    def along(t: Array) -> Array:
        moved = [x + t.reshape(-1, *(1,) * (x.ndim - 1)) * (z - x) for x, z in zip(start, stop, strict=True)]
        return values(case, point, *moved).reshape(400, -1)

    places = np.linspace(0, 1, 400)
    before, here, after = (along(places + step) for step in (-1e-3, 0, 1e-3))
    bends = np.abs(after - 2 * here + before) > 1e-10 * np.abs(here).max()
    assert bends.mean(axis=0).max() > 0.25


def test_an_unpooling_jumps() -> None:
    """It claims neither to be affine nor to be piecewise linear: where a maximum moves on, its value does at once."""
    claimed = {op.traits for op in (case.op for case in CASES) if op.reads_extras}
    assert claimed == {Trait.HOMOGENEOUS}
    network = net("  - max_pool1d: 2\n  - max_unpool1d:\n    from: [max_pool1d, max_pool1d]\n", "x: [1, 2]")
    before, after = (network.forward(np.array([[x]])).tolist() for x in ([1, 1 - 1e-9], [1 - 1e-9, 1]))
    assert (before, after) == ([[[1, 0]]], [[[0, 1]]])


# --- Networks


def facts_of(graph: Graph) -> Facts:
    return Facts(graph, standard_passes())


def total(text: str, name: str, inputs: str = "x: [4, 8]") -> object:
    graph = loads(f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{text}").graph
    return facts_of(graph).total(name).amount.value


@pytest.mark.parametrize(
    ("layers", "homogeneous", "piecewise_linear"),
    [
        ("  - conv1d: {filters: 2, kernel: 3, bias: false}\n  - relu\n  - max_pool1d: 2\n", "", ""),
        ("  - conv1d: {filters: 2, kernel: 3}\n  - relu\n", "`conv1d` adds a bias", ""),
        ("  - batch_norm: {affine: false}\n  - relu\n", "`batch_norm` adds a constant", ""),
        ("  - pad: {amount: 1, value: 2}\n", "`pad` adds a constant", ""),
        ("  - relu6\n  - sigmoid\n", "`relu6` is not", "`sigmoid` is not"),
        ("  - flatten\n  - dense: 2\n    name: d\n  - softmax\n", "`d` adds a bias", "`softmax` is not"),
        ("  - relu:\n    name: r\n  - multiply:\n    from: [r, x]\n", "`multiply` is not", "`multiply` is not"),
        ("  - tanh\n  - relu:\n    from: x\n  - add:\n    from: [relu, tanh]\n", "`tanh` is not", "`tanh` is not"),
        # The type of tanh alone matters.
        (
            "  - tanh\n  - crop_like:\n    from: [x, tanh]\n  - concat:\n    from: [crop_like, x]\n",
            "",
            "",
        ),
    ],
)
def test_the_first_layer_at_fault_is_named(layers: str, homogeneous: str, piecewise_linear: str) -> None:
    for name, why in (("homogeneous", homogeneous), ("piecewise_linear", piecewise_linear)):
        assert total(layers, f"why_not_{name}") == why
        assert total(layers, name) is (not why)


def test_all_outputs_count() -> None:
    layers = "  - relu\n  - tanh:\n    from: x\n"
    graph = loads(f"archspec: 1\ninputs: {{x: [4]}}\noutputs: [relu, tanh]\nlayers:\n{layers}").graph
    assert facts_of(graph).values("homogeneous") == [True, True, False]
    assert facts_of(graph).total("homogeneous").amount.value is False


def test_by_layer() -> None:
    graph = loads("archspec: 1\ninputs: {x: [4]}\nlayers: [relu, dense: 3, relu, tanh, relu]\n").graph
    facts = facts_of(graph)
    assert facts.values("homogeneous") == [True, True, False, False, False, False]
    assert facts.values("layer_homogeneous") == [True, True, False, True, False, True]
    assert facts.values("piecewise_linear") == [True, True, True, True, False, False]
    assert facts.values("layer_piecewise_linear") == [True, True, True, True, False, True]
    assert facts.values("why_not_piecewise_linear") == ["", "", "", "", "`tanh` is not", "`tanh` is not"]
    assert facts.values("why_not_homogeneous")[5] == "`dense` adds a bias"


def of_a_plugin(traits: Trait) -> type[Mystery]:
    """A layer type from elsewhere, which says what it says and no more."""
    return type("Foreign", (Mystery,), {"plugin": "their", "traits": property(lambda _: traits)})


@pytest.mark.parametrize(
    ("traits", "answer", "why"),
    [(Trait.NONE, None, "`mystery` does not say"), (Trait.HOMOGENEOUS, True, "")],
)
def test_what_a_plugin_does_not_say_is_not_known(traits: Trait, answer: bool | None, why: str) -> None:
    build = Builder()
    build.input("x", 4)
    build.add("mystery")
    layer = build.layers[-1]
    build.layers[-1] = type(layer)(layer.index, layer.name, of_a_plugin(traits)(), layer.inputs, layer.source)
    build.add("relu")
    facts = facts_of(build.graph())
    assert facts.total("homogeneous").amount.value is answer
    assert facts.values("homogeneous") == [True, answer, answer]
    assert facts.total("why_not_homogeneous").amount.value == why


def test_a_layer_that_certainly_is_not_goes_before_one_that_does_not_say() -> None:
    build = Builder()
    build.input("x", 4)
    build.add("mystery")
    layer = build.layers[-1]
    build.layers[-1] = type(layer)(layer.index, layer.name, of_a_plugin(Trait.NONE)(), layer.inputs, layer.source)
    build.add("tanh")
    facts = facts_of(build.graph())
    assert facts.values("piecewise_linear") == [True, None, False]
    assert facts.total("why_not_piecewise_linear").amount.value == "`tanh` is not"


@pytest.mark.parametrize("scale", [0.01, 3.0])
def test_a_network_that_is_homogeneous_scales_and_one_that_is_not_does_not(scale: float) -> None:
    """Over random weights, biases too, by the executor."""
    convolution, dense = "  - conv1d: {{filters: 3, kernel: 3, bias: {0}}}\n", "  - dense: {{units: 2, bias: {0}}}\n"
    layers = f"{convolution}  - leaky_relu\n  - flatten\n{dense}"
    for bias, is_homogeneous in (("false", True), ("true", False)):
        network = net(layers.format(bias), "x: [2, 6]")
        random = np.random.default_rng(1)
        for array in network.parameters.values():
            array[...] = random.standard_normal(array.shape)
        x = random.standard_normal((1, 2, 6))
        scaled = np.allclose(network.forward(scale * x), scale * network.forward(x), rtol=1e-9)
        assert scaled is is_homogeneous
        assert facts_of(network.graph).total("homogeneous").amount.value is is_homogeneous


def test_of_a_very_long_name_the_end_is_told() -> None:
    """A reason stands at each layer behind the one at fault, whose name tells all blocks around it."""
    blocks = "".join(f"  b{depth}: {{layers: [{f'b{depth - 1}' if depth else 'tanh'}]}}\n" for depth in range(60))
    spec = parse_spec(f"archspec: 1\ninputs: {{x: [2]}}\nblocks:\n{blocks}layers: [b59]\n")
    name = spec.graph.layers[-1].name
    assert len(name) > 120
    reason = analyze(spec).facts.total("why_not_homogeneous").amount.value
    assert reason == f"`...{name[-117:]}` is not"
