"""Peaks against a simulation that holds real sets of buffers and frees each after its last use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Kept, Layer, View
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


class Draft:
    """A network as it grows: what its layers put out, and which of them nothing reads yet."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.shapes: dict[str, tuple[int, int]] = {"signal": (2, 8)}
        self.pooled: dict[str, tuple[int, int]] = {}  # max-pools, with the shape before them
        self.convolutions: dict[str, tuple[int, str]] = {}  # with the channels that they read, and their fields
        self.unread = {"signal"}

    def add(self, kind: str, reads: list[str], shape: tuple[int, int], fields: str = "", beside: str = "") -> str:
        name = f"l{len(self.shapes)}"
        self.text += f"  - {kind}: {fields}\n    from: [{', '.join(reads)}]\n    name: {name}\n{beside}"
        self.unread.difference_update(reads)
        self.unread.add(name)
        self.shapes[name] = shape
        return name

    def one_of(self, names: Iterable[str]) -> str:
        return self.draw(st.sampled_from(sorted(names)))

    def grow(self) -> None:
        kinds = (self.alone, self.convolution, self.pool, self.merge, self.join, self.crop, self.unpool)
        grow = self.draw(st.sampled_from(kinds))
        grow(self.one_of(self.shapes))

    def alone(self, x: str) -> None:
        kind = self.draw(st.sampled_from(["relu", "tanh", "silu", "identity", "dropout"]))
        self.add(kind, [x], self.shapes[x], "0.5" if kind == "dropout" else "")

    def convolution(self, x: str) -> None:
        channels, length = self.shapes[x]
        fitting = [name for name, (reads, _) in self.convolutions.items() if reads == channels]
        shares: bool = self.draw(st.booleans())
        if fitting and shares:
            other = self.one_of(fitting)
            filters = 2 if "filters: 2" in self.convolutions[other][1] else 3
            self.add("conv1d", [x], (filters, length), "", f"    share: {other}\n")
            return
        filters = self.draw(st.sampled_from([2, 3]))
        fields = f"{{filters: {filters}, kernel: 3, padding: same}}"
        frozen = "    frozen: true\n" if self.draw(st.booleans()) else ""
        self.convolutions[self.add("conv1d", [x], (filters, length), fields, frozen)] = (channels, fields)

    def pool(self, x: str) -> None:
        channels, length = self.shapes[x]
        if length > 1:
            self.pooled[self.add("max_pool1d", [x], (channels, length // 2), "2")] = (channels, length)

    def merge(self, x: str) -> None:
        same = [name for name, shape in self.shapes.items() if shape == self.shapes[x]]
        self.add(self.one_of(["add", "multiply"]), [x, self.one_of(same)], self.shapes[x])

    def join(self, x: str) -> None:
        same = [name for name, (_, length) in self.shapes.items() if length == self.shapes[x][1]]
        other = self.one_of(same)
        self.add("concat", [x, other], (self.shapes[x][0] + self.shapes[other][0], self.shapes[x][1]))

    def crop(self, x: str) -> None:
        reference = self.one_of(name for name, (_, length) in self.shapes.items() if length <= self.shapes[x][1])
        self.add("crop_like", [x, reference], (self.shapes[x][0], self.shapes[reference][1]))

    def unpool(self, x: str) -> None:
        if fitting := [pool for pool in self.pooled if self.shapes[pool] == self.shapes[x]]:
            pool = self.one_of(fitting)
            self.add("max_unpool1d", [x, pool], self.pooled[pool])


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Layers of all kinds that treat memory in a way of their own, each of which may be read again later."""
    draft = Draft(draw)
    for _ in range(draw(st.integers(1, 9))):
        draft.grow()
    if "signal" in draft.unread:
        draft.alone("signal")
    outputs = ", ".join(sorted(draft.unread))
    return f"archspec: 1\ninputs: {{signal: [2, 8]}}\noutputs: [{outputs}]\nlayers:\n{draft.text}"


class Simulation:
    """Runs a network's layers one by one, with sets of the buffers that live; whatever is needed no more is let go."""

    def __init__(self, facts: Facts, *views: View) -> None:
        self.graph, self.types, self.views = facts.graph, facts.result(TensorTypes), views
        self.most = 0
        self.live: set[int] = set()
        self.gradients: set[int] = set()
        self.extras: set[int] = set()
        self.reads = [layer.inputs[:1] if layer.op.name == "crop_like" else layer.inputs for layer in self.graph.layers]
        self.learns = [self.has_weights(layer) for layer in self.graph.layers]
        self.needs = [self.asks_for_a_gradient(layer.index) for layer in self.graph.layers]

    def has_weights(self, layer: Layer) -> bool:
        owner = layer if layer.shares is None else self.graph.layers[layer.shares]
        return layer.op.name == "conv1d" and not owner.frozen

    def asks_for_a_gradient(self, index: int) -> bool:
        """Whether it learns, or something that it was computed from, and whether an output is computed from it."""
        before, after = {index}, {index}
        for each in range(index, -1, -1):
            before.update(self.reads[each] if each in before else ())
        for each in range(index, len(self.reads)):
            after.update({each} if after & set(self.reads[each]) else ())
        return any(self.learns[each] for each in before) and bool(after & set(self.graph.outputs))

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
                buffers.update(map(self.buffer, self.reads[index]))
        return buffers

    def extras_for(self, forward: Sequence[int], backward: list[int]) -> set[int]:
        """The layers whose extras some forward and backward steps need: their own, or an unpooling that of its pool."""
        steps = [*forward, *backward]
        unpoolings = [self.graph.layers[index] for index in steps if self.graph.layers[index].op.name == "max_unpool1d"]
        kept_by = {*backward, *(source for layer in unpoolings for source in layer.inputs)}
        return {index for index in kept_by if self.buffer(index) == index}

    def note(self) -> None:
        held = [*self.live, *self.gradients]
        extra = [self.kept(index).extra_elements * ITEM + self.kept(index).extra_bytes for index in self.extras]
        self.most = max(self.most, sum(self.types.outputs[index].elements * ITEM for index in held) + sum(extra))

    def forward(self, backward: list[int]) -> None:
        for layer in self.graph.layers:
            self.live.add(self.buffer(layer.index))
            later = range(layer.index + 1, len(self.graph.layers))
            self.extras.update({layer.index} & self.extras_for(later, backward))
            self.note()
            self.extras &= self.extras_for(later, backward)
            needed = {self.buffer(source) for other in later for source in self.reads[other]}
            needed.update(map(self.buffer, self.graph.outputs), self.kept_for(backward))
            needed.update(index for index in self.graph.inputs if index > layer.index)
            self.live &= needed

    def backward(self, backward: list[int]) -> None:
        self.gradients.update(self.buffer(output) for output in self.graph.outputs if self.needs[output])
        self.note()
        while backward:
            self.live &= self.kept_for(backward)
            index = backward[0]
            sources = map(self.buffer, self.reads[index])
            self.gradients.update(source for source in sources if self.needs[source])
            self.note()
            self.extras &= self.extras_for([], backward[1:])
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


UNPOOLED = """archspec: 1
inputs: {{x: [1, 8, 8]}}
layers:
  - max_pool2d: 2
  - {}
    name: between
  - max_unpool2d:
    from: [between, max_pool2d]
"""


def test_an_unpooling_keeps_the_positions_of_its_pool_at_inference() -> None:
    facts = facts_of(UNPOOLED.format("relu:"))
    # While it runs: the pool's 16 numbers, those of the relu, its own 64, and 16 positions of 8 bytes.
    assert facts.total("peak_inference_bytes").amount.value == 4 * (16 + 16 + 64) + 8 * 16


def test_an_unpooling_keeps_the_positions_of_its_pool_until_its_backward_step() -> None:
    facts = facts_of(UNPOOLED.format("conv2d: {filters: 1, kernel: 3, padding: same}"))
    # At the loss: the output and its gradient, 64 each, the convolution's input, 16, and 16 positions of 8 bytes.
    assert facts.total("peak_training_bytes").amount.value == 4 * (64 + 64 + 16) + 8 * 16


CROPPED = """archspec: 1
inputs: {x: [1, 8]}
layers:
  - conv1d: {filters: 20, kernel: 1}
    name: reference
  - conv1d: {filters: 2, kernel: 1}
    from: x
    frozen: true
    name: frozen
  - crop_like:
    from: [frozen, reference]
"""


def test_what_is_read_for_its_shape_alone_is_let_go_and_learns_nothing() -> None:
    facts = facts_of(CROPPED)
    # At the step that fills the reference, it and the input live: 20·8 and 8 numbers. Nothing needs a gradient.
    assert facts.total("peak_inference_bytes").amount.value == 4 * (160 + 8)
    assert facts.total("peak_training_bytes").amount.value == 4 * (160 + 8)
    assert list(facts.values("training_macs")) == list(facts.values("macs"))
