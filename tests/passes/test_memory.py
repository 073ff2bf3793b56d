"""Peaks against a simulation that holds real sets of buffers and frees each after its last use."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Kept, View
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.memory import Lifetime, Memory, peak
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.spec import parse_spec

ITEM = 4
FIELDS = {
    "dropout": "0.5",
    "conv1d": "{filters: 2, kernel: 3, padding: same}",
    "max_pool1d": "{kernel: 3, stride: 1, padding: same}",
}


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
        fields = {
            "dropout": "0.5",
            "conv1d": "{filters: 2, kernel: 3, padding: same}",
            "max_pool1d": "{kernel: 3, stride: 1, padding: same}",
        }
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


class Simulation:
    """Runs a network's layers one by one, with sets of the buffers that live; whatever is needed no more is let go."""

    def __init__(self, facts: Facts, *views: View) -> None:
        self.graph, self.types, self.views = facts.graph, facts.result(TensorTypes), views
        self.most = 0
        self.live: set[int] = set()
        self.gradients: set[int] = set()
        self.extras: set[int] = set()
        self.learns = [
            bool(layer.op.weights(self.types.inputs(layer))) and not layer.frozen for layer in self.graph.layers
        ]
        self.needs: list[bool] = []
        for layer in self.graph.layers:
            self.needs.append(self.learns[layer.index] or any(self.needs[source] for source in layer.inputs))

    def buffer(self, index: int) -> int:
        while self.graph.layers[index].op.view in self.views and self.graph.layers[index].inputs:
            index = self.graph.layers[index].inputs[0]
        return index

    def kept(self, index: int) -> Kept:
        layer = self.graph.layers[index]
        kept = layer.op.kept(self.types.inputs(layer), self.types.outputs[index])
        assert kept is not None
        return kept

    def kept_for(self, backward: list[int]) -> set[int]:
        """The buffers that some layers' backward steps read again."""
        buffers: set[int] = set()
        for index in backward:
            kept = self.kept(index)
            if kept.output:
                buffers.add(self.buffer(index))
            if kept.inputs and (self.learns[index] or not kept.inputs_for_weights_only):
                buffers.update(map(self.buffer, self.graph.layers[index].inputs))
        return buffers

    def note(self) -> None:
        held = [*self.live, *self.gradients]
        extra = [self.kept(index).extra_elements * ITEM + self.kept(index).extra_bytes for index in self.extras]
        self.most = max(self.most, sum(self.types.outputs[index].elements * ITEM for index in held) + sum(extra))

    def forward(self, backward: list[int]) -> None:
        for layer in self.graph.layers:
            self.live.add(self.buffer(layer.index))
            self.extras.update({layer.index} & set(backward))
            self.note()
            later = self.graph.layers[layer.index + 1 :]
            needed = {self.buffer(source) for other in later for source in other.inputs}
            needed.update(map(self.buffer, self.graph.outputs), self.kept_for(backward))
            needed.update(index for index in self.graph.inputs if index > layer.index)
            self.live &= needed

    def backward(self, backward: list[int]) -> None:
        self.gradients.update(self.buffer(output) for output in self.graph.outputs if self.needs[output])
        self.note()
        while backward:
            self.live &= self.kept_for(backward)
            index = backward[0]
            sources = map(self.buffer, self.graph.layers[index].inputs)
            self.gradients.update(source for source in sources if self.needs[source])
            self.note()
            self.extras.discard(index)
            if self.buffer(index) == index:
                self.gradients.discard(index)
            backward = backward[1:]

    def inference(self) -> int:
        self.forward([])
        return self.most

    def training(self) -> int:
        backward = [layer.index for layer in reversed(self.graph.layers) if self.needs[layer.index]]
        self.forward(backward)
        self.backward(backward)
        return self.most


@settings(max_examples=150, deadline=None)
@given(networks())
def test_peaks_equal_a_simulation(text: str) -> None:
    facts = facts_of(text)
    memory = facts.result(Memory)
    assert memory.peak_inference_bytes == Simulation(facts, View.ALWAYS, View.INFERENCE).inference()
    assert memory.peak_training_bytes == Simulation(facts, View.ALWAYS).training()


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
    viewed = facts_of(
        "archspec: 1\ninputs: {x: [4, 4]}\nlayers:\n  - relu\n  - flatten\n  - identity\n  - dropout: 0.5\n"
    )
    assert viewed.total("peak_inference_bytes").amount == plain.total("peak_inference_bytes").amount
