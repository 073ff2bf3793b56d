"""Networks to run: at random, of layers that treat memory and gradients in ways of their own; and the specs."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from archanalyzer import loads
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.lowering import Lowering, make_kernels
from archanalyzer.executor.network import Network
from archanalyzer.executor.plan import Plan
from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.passes.training import Backward

SPECS = sorted((Path(__file__).parents[2] / "specs").rglob("*.yaml"))
assert SPECS

Shape = tuple[int, ...]


class Draft:
    """A network as it grows: what its layers put out, and which of them nothing reads yet."""

    def __init__(self, draw: st.DrawFn, inputs: dict[str, Shape]) -> None:
        self.draw = draw
        self.text = ""
        self.shapes = dict(inputs)
        self.unread = set(inputs)
        self.pooled: dict[str, Shape] = {}
        """Max-pools, with the shape before them."""
        self.learning: dict[str, tuple[str, Shape, Shape]] = {}
        """Layers with weights that may be shared: their type, and the shapes that they read and put out."""

    def add(self, kind: str, reads: list[str], shape: Shape, fields: str = "", beside: str = "") -> str:
        name = f"l{len(self.shapes)}"
        self.text += f"  - {kind}: {fields}\n    from: [{', '.join(reads)}]\n    name: {name}\n{beside}"
        self.unread.difference_update(reads)
        self.unread.add(name)
        self.shapes[name] = shape
        return name

    def one_of(self, names: Iterable[str]) -> str:
        return self.draw(st.sampled_from(sorted(names)))

    def grow(self) -> None:
        x = self.one_of(self.shapes)
        kinds = [self.alone, self.view, self.merge, self.join]
        kinds += [self.dense] if len(self.shapes[x]) == 1 else [self.convolution, self.pool, self.unpool, self.crop]
        self.draw(st.sampled_from(kinds))(x)

    def alone(self, x: str) -> None:
        fields = {"relu": "", "tanh": "", "silu": "", "dropout": "0.5", "batch_norm": "{epsilon: 0.1}"}
        kind = self.one_of(fields)
        self.add(kind, [x], self.shapes[x], fields[kind])

    def view(self, x: str) -> None:
        elements = prod(self.shapes[x])
        divisors = [n for n in range(1, elements + 1) if elements % n == 0]
        kind = self.one_of(("identity", "flatten", "reshape"))
        if kind == "reshape":
            channels = self.draw(st.sampled_from(divisors))
            self.add(kind, [x], (channels, elements // channels), f"{{shape: [{channels}, -1]}}")
        else:
            self.add(kind, [x], self.shapes[x] if kind == "identity" else (elements,))

    def convolution(self, x: str) -> None:
        length = self.shapes[x][1]
        filters = self.draw(st.sampled_from([2, 3]))
        self.learn("conv1d", x, (filters, length), f"{{filters: {filters}, kernel: 3, padding: same}}")

    def dense(self, x: str) -> None:
        units = self.draw(st.sampled_from([3, 8]))
        self.learn("dense", x, (units,), str(units))

    def learn(self, kind: str, x: str, shape: Shape, fields: str) -> None:
        """Adds a layer with weights: its own, frozen ones, or another's, at any length of what it reads."""
        channels = self.shapes[x][0]
        fitting = [n for n, (of, read, _) in self.learning.items() if of == kind and read[0] == channels]
        shares: bool = self.draw(st.booleans())
        if fitting and shares:
            other = self.one_of(fitting)
            self.add(kind, [x], (self.learning[other][2][0], *shape[1:]), "", f"    share: {other}\n")
            return
        frozen = "    frozen: true\n" if self.draw(st.booleans()) else ""
        self.learning[self.add(kind, [x], shape, fields, frozen)] = (kind, self.shapes[x], shape)

    def pool(self, x: str) -> None:
        channels, length = self.shapes[x]
        if length > 1:
            self.pooled[self.add("max_pool1d", [x], (channels, length // 2), "2")] = (channels, length)

    def unpool(self, x: str) -> None:
        if fitting := [pool for pool in self.pooled if self.shapes[pool] == self.shapes[x]]:
            pool = self.one_of(fitting)
            self.add("max_unpool1d", [x, pool], self.pooled[pool])

    def merge(self, x: str) -> None:
        """Also of a layer with itself."""
        same = [name for name, shape in self.shapes.items() if shape == self.shapes[x]]
        self.add(self.one_of(("add", "multiply")), [x, self.one_of(same)], self.shapes[x])

    def join(self, x: str) -> None:
        shape = self.shapes[x]
        other = self.one_of(name for name, each in self.shapes.items() if each[1:] == shape[1:] and each)
        if len(shape) == len(self.shapes[other]) and prod(shape) < 50:
            self.add("concat", [x, other], (shape[0] + self.shapes[other][0], *shape[1:]))

    def crop(self, x: str) -> None:
        """To the length of another layer, of which nothing else is read."""
        channels, length = self.shapes[x]
        shorter = [name for name, each in self.shapes.items() if len(each) == 2 and each[1] <= length]
        reference = self.one_of(shorter)
        self.add("crop_like", [x, reference], (channels, self.shapes[reference][1]))


@st.composite
def networks(draw: st.DrawFn, most: int = 9) -> str:
    """A spec with one or two inputs, all unread layers as outputs, and some of the others."""
    inputs: dict[str, Shape] = {"a": (2, 8), "b": (3,)} if draw(st.booleans()) else {"a": (2, 8)}
    draft = Draft(draw, inputs)
    for _ in range(draw(st.integers(1, most))):
        draft.grow()
    for name in sorted(draft.unread & set(inputs)):
        draft.alone(name)
    read = sorted(set(draft.shapes) - draft.unread - set(inputs))
    also = draw(st.lists(st.sampled_from(read), unique=True, max_size=2)) if read else []
    outputs = draw(st.permutations([*sorted(draft.unread), *also]))
    shapes = ", ".join(f"{name}: {list(shape)}" for name, shape in inputs.items())
    return f"archspec: 1\ninputs: {{{shapes}}}\noutputs: [{', '.join(outputs)}]\nlayers:\n{draft.text}"


def plan_of(graph: Graph, *, gradients: bool, keep: bool = False) -> Plan:
    """The plan of a network in its own dtype, without its weights."""
    facts = Facts(graph, standard_passes())
    types = facts.result(TensorTypes)
    needed = facts.result(Backward) if gradients else None
    return Lowering(types, make_kernels(types), np.dtype(graph.dtype), needed, keep=keep).plan()


def drawn_for(network: Network, layers: Iterable[int], batch: int, seed: int = 0) -> dict[str, Array]:
    """Arrays at random for inputs or outputs of a network, by name."""
    random = np.random.default_rng(seed)
    shapes = ((network.graph.layers[index].name, network.types.outputs[index].shape) for index in layers)
    return {name: random.standard_normal((batch, *shape)) for name, shape in shapes}


def network_of(text: str, *, dtype: str = "float64", seed: int = 0, input_gradients: bool = False) -> Network:
    """The network of a spec's text."""
    return Network(loads(text).graph, dtype=dtype, seed=seed, input_gradients=input_gradients)


def net(layers: str, inputs: str = "x: [2]", more: str = "", seed: int = 0) -> Network:
    """A network in double precision, that gives the gradients by its inputs too."""
    return network_of(f"archspec: 1\ninputs: {{{inputs}}}\n{more}layers:\n{layers}", seed=seed, input_gradients=True)
