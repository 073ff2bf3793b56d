"""Peaks against a simulation that holds real sets of buffers and frees each after its last use."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Graph, View
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.memory import Lifetime, Memory, peak
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.spec import parse_spec

ITEM = 4


def facts_of(text: str) -> Facts:
    analyzed = analyze(parse_spec(text))
    assert not analyzed.diagnostics, analyzed.diagnostics[0].message
    return analyzed.facts


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 100)), max_size=12))
def test_peak_is_the_most_that_lives_at_one_step(spans: list[tuple[int, int, int]]) -> None:
    lifetimes = [Lifetime(min(a, b), max(a, b), size) for a, b, size in spans]
    steps = [sum(each.size for each in lifetimes if each.first <= step <= each.last) for step in range(21)]
    assert peak(lifetimes) == max(steps)


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Layers that keep all lengths, with skips, views, frozen layers, and any of them read again later."""
    text = "archspec: 1\ninputs: {signal: [2, 8]}\noutputs: [{}]\nlayers:\n"
    names, unread = ["signal"], {"signal"}
    for number in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["relu", "tanh", "identity", "dropout", "conv1d", "add", "max_pool1d"]))
        reads = [draw(st.sampled_from(names)) for _ in range(2 if kind == "add" else 1)]
        fields = {"dropout": "0.5", "conv1d": "{filters: 2, kernel: 3, padding: same}", "max_pool1d": "{kernel: 3, stride: 1, padding: same}"}
        text += f"  - {kind}: {fields.get(kind, '')}\n    from: [{', '.join(reads)}]\n    name: l{number}\n"
        if kind == "conv1d" and draw(st.booleans()):
            text += "    frozen: true\n"
        unread.difference_update(reads)
        names.append(f"l{number}")
        unread.add(f"l{number}")
    if "signal" in unread:
        text += "  - relu:\n    from: signal\n    name: last\n"
        unread.symmetric_difference_update({"signal", "last"})
    return text.replace("{}", ", ".join(sorted(unread)), 1)


def buffer_of(graph: Graph, index: int, views: set[View]) -> int:
    while graph.layers[index].op.view in views and graph.layers[index].inputs:
        index = graph.layers[index].inputs[0]
    return index


def simulated_inference(graph: Graph, size: list[int]) -> int:
    """Runs the layers one by one; after each, whatever no later layer reads and is no output is let go."""
    views = {View.ALWAYS, View.INFERENCE}
    live: set[int] = set()
    most = 0
    for layer in graph.layers:
        live.add(buffer_of(graph, layer.index, views))
        most = max(most, sum(size[index] for index in live))
        needed = {buffer_of(graph, source, views) for later in graph.layers[layer.index + 1 :] for source in later.inputs}
        needed.update(buffer_of(graph, output, views) for output in graph.outputs)
        needed.update(index for index in graph.inputs if index > layer.index)
        live &= needed
    return most


def simulated_training(facts: Facts, size: list[int]) -> int:
    """The same with a backward step: forward buffers stay while a layer that still has to step back needs them."""
    graph, types = facts.graph, facts.result(TensorTypes)
    views = {View.ALWAYS}
    needs: list[bool] = []
    for layer in graph.layers:
        learns = bool(layer.op.weights(types.inputs(layer))) and not layer.frozen
        needs.append(learns or any(needs[source] for source in layer.inputs))

    def root(index: int) -> int:
        return buffer_of(graph, index, views)

    def kept_for(index: int) -> set[int]:
        layer = graph.layers[index]
        kept = layer.op.kept(types.inputs(layer), types.outputs[index])
        assert kept is not None
        learns = bool(layer.op.weights(types.inputs(layer))) and not layer.frozen
        wanted = {root(index)} if kept.output else set()
        if kept.inputs and (learns or not kept.inputs_for_weights_only):
            wanted.update(root(source) for source in layer.inputs)
        return wanted

    def extra(index: int) -> int:
        layer = graph.layers[index]
        kept = layer.op.kept(types.inputs(layer), types.outputs[index])
        assert kept is not None
        return kept.extra_elements * ITEM + kept.extra_bytes

    backward = [layer.index for layer in reversed(graph.layers) if needs[layer.index]]
    live, extras, gradients = set(), set(), set()
    most = 0

    def note() -> None:
        nonlocal most
        held = sum(size[index] for index in live) + sum(size[index] for index in gradients)
        most = max(most, held + sum(extra(index) for index in extras))

    for layer in graph.layers:
        live.add(root(layer.index))
        if needs[layer.index]:
            extras.add(layer.index)
        note()
        later = {root(source) for other in graph.layers[layer.index + 1 :] for source in other.inputs}
        later.update(root(output) for output in graph.outputs)
        later.update(*(kept_for(index) for index in backward))
        later.update(index for index in graph.inputs if index > layer.index)
        live &= later
    gradients.update(root(output) for output in graph.outputs if needs[root(output)])
    note()
    live &= set().union(*(kept_for(index) for index in backward))
    for place, index in enumerate(backward):
        gradients.update(root(source) for source in graph.layers[index].inputs if needs[root(source)])
        note()
        extras.discard(index)
        if root(index) == index:
            gradients.discard(index)
        live &= set().union(*(kept_for(other) for other in backward[place + 1 :]))
    return most


@settings(max_examples=150, deadline=None)
@given(networks())
def test_peaks_equal_a_simulation(text: str) -> None:
    facts = facts_of(text)
    memory = facts.result(Memory)
    size = [tensor.elements * ITEM for tensor in facts.result(TensorTypes).outputs]
    assert memory.peak_inference_bytes == simulated_inference(facts.graph, size)
    assert memory.peak_training_bytes == simulated_training(facts, size)


def test_a_chain_holds_two_neighbours_at_inference() -> None:
    facts = facts_of("archspec: 1\ninputs: {x: [100]}\nlayers:\n  - dense: 10\n  - relu\n  - dense: 50\n")
    assert facts.total("peak_inference_bytes").amount.value == 4 * (100 + 10)


def test_the_dtype_sets_the_bytes() -> None:
    text = "archspec: 1\ndtype: {}\ninputs: {{x: [100]}}\nlayers:\n  - dense: 10\n"
    for dtype, item in (("float64", 8), ("float32", 4), ("float16", 2), ("bfloat16", 2), ("int8", 1)):
        facts = facts_of(text.format(dtype))
        assert facts.total("parameter_bytes").amount.value == 1010 * item
        assert facts.total("activation_bytes").amount.value == 110 * item


def test_views_take_no_memory() -> None:
    plain = facts_of("archspec: 1\ninputs: {x: [4, 4]}\nlayers:\n  - relu\n")
    viewed = facts_of("archspec: 1\ninputs: {x: [4, 4]}\nlayers:\n  - relu\n  - flatten\n  - identity\n  - dropout: 0.5\n")
    assert viewed.total("peak_inference_bytes").amount == plain.total("peak_inference_bytes").amount
