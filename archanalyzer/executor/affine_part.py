"""A part of a network as a network of its own, where it is affine: a layer, a block, or the whole.

What is computed before it becomes its inputs, under the names of the layers that compute it. Nothing in it learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.initializers import initialize
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.matrix_work import Budget, work_of
from archanalyzer.executor.network import Network
from archanalyzer.executor.weight_files import assign
from archanalyzer.graph import Graph, Layer, Role, Running, Trait, Weight
from archanalyzer.ops.input import Input
from archanalyzer.passes.tensor_types import TensorTypes, tensor_types
from archanalyzer.recipe import DEFAULT_INITIALIZER


class Owned(NamedTuple):
    """An array of the part: what it is, its numbers, and its name in the whole network."""

    weight: Weight
    array: Array
    name: str

    @property
    def owner(self) -> str:
        """The layer that owns it."""
        return self.name.rpartition(".")[0]


class AffinePart:
    """A part of a network with one output, every layer of which is affine; it computes in float64.

    ``name`` is that of the layer, the block or the network, ``kind`` its type, ``block`` or ``network``. ``inputs`` and
    ``output`` are names and shapes; of an input of which the type alone matters, there is nothing to tell.
    """

    def __init__(self, types: TensorTypes, name: str | None = None) -> None:
        """The part of that name, by default the whole network; its weights are zeros until they are set.

        Raises:
            ExecutorError: there is no such layer or block, it has no output of its own or several, it is not affine, or
                its matrix takes too long to compute.
        """
        self._whole = types.graph
        inside, output = self._layers(name)
        self.owners: dict[int, int] = {}
        """By the layer that owns weights in the whole network, the layer that owns them here."""
        graph = self._cut(types, inside, output)
        self._require_affine(graph, name)
        own = tensor_types(graph)
        sources = {source for by_layer in own.sources() for source in by_layer}
        read = [index for index in graph.inputs if index in sources]
        self.inputs = tuple((graph.layers[index].name, own.outputs[index].shape) for index in read)
        self.output = (graph.layers[-1].name, own.outputs[-1].shape)
        self.work = work_of(own, *self.shape)
        Budget().take(self.work.at_least, self.computing)  # making the kernels alone may take long
        # Drawing costs time, and all weights are set afterwards.
        self.network = Network(graph, dtype="float64", input_gradients=True, initializer=0.0)
        self.arrays = tuple(self._owned())

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of its output, and of its inputs together."""
        return prod(self.output[1]), sum(prod(shape) for _, shape in self.inputs)

    @property
    def computing(self) -> str:
        """What takes long of a large one, in words."""
        rows, columns = self.shape
        return f"computing the matrix of `{self.name}`, {rows:,} rows and {columns:,} columns,"

    def _layers(self, name: str | None) -> tuple[range, int]:
        """The layers among which the part is, and the one whose output is its own."""
        whole = self._whole
        blocks = {block.name: block for block in whole.blocks}
        if name is None:
            self.name, self.kind = whole.name, "network"
            if len(whole.outputs) != 1:
                outputs = ", ".join(f"`{whole.layers[index].name}`" for index in whole.outputs)
                raise ExecutorError(f"expected one output, found {outputs or 'none'}: name a layer or a block")
            return range(len(whole.layers)), whole.outputs[0]
        self.name = name
        if name in whole.index:
            index = whole.index[name]
            self.kind = whole.layers[index].op.name
            return range(index, index + 1), index
        if name not in blocks:
            hint = did_you_mean(name, (*whole.index, *blocks), "layers")
            raise ExecutorError(f"there is no layer or block `{name}`; {hint}")
        self.kind, block = "block", blocks[name]
        if block.output is None or block.output not in range(block.start, block.stop):
            raise ExecutorError(f"`{name}` computes nothing that is its output")
        return range(block.start, block.stop), block.output

    def _cut(self, types: TensorTypes, inside: range, output: int) -> Graph:
        """The layers inside on which the output depends, and inputs in place of what they read from outside."""
        whole = self._whole
        needed = {output}
        for index in reversed(inside):
            if index in needed:
                needed.update(whole.layers[index].inputs)
        kept = sorted(needed)
        moved = {old: new for new, old in enumerate(kept)}
        layers = []
        for new, old in enumerate(kept):
            layer = whole.layers[old]
            if old in inside and layer.inputs:
                self._require_readable(layer, inside)
                owner = self.owners.setdefault(old if layer.shares is None else layer.shares, new)
                inputs = tuple(moved[source] for source in layer.inputs)
                shares = None if owner == new else owner
                layers.append(replace(layer, index=new, inputs=inputs, shares=shares, trail=None, frozen=True))
            else:
                layers.append(Layer(new, layer.name, Input(shape=types.outputs[old].shape), (), layer.source))
        return Graph(self.name, tuple(layers), (len(layers) - 1,))

    def _require_readable(self, layer: Layer, inside: range) -> None:
        """Kept positions of a layer outside are not there."""
        if layer.op.reads_extras and any(source not in inside for source in layer.inputs):
            raise ExecutorError(f"`{layer.name}` reads positions that a layer outside of `{self.name}` has kept")

    def _require_affine(self, graph: Graph, name: str | None) -> None:
        if not graph.layers[-1].inputs:
            raise ExecutorError(f"`{self.name}` computes nothing: what it puts out is an input")
        bent = next((each for each in graph.layers if each.inputs and Trait.AFFINE not in each.op.traits), None)
        if bent is None:
            return
        type_ = "" if bent.name == bent.op.name else f" ({bent.op.name})"
        if bent.name == name:
            raise ExecutorError(f"`{name}`{type_} is not affine: no matrix does what it does")
        raise ExecutorError(f"no matrix does what `{self.name}` does: `{bent.name}`{type_} in it is not affine")

    # --- Weights

    def _owned(self) -> list[Owned]:
        found = []
        for old, new in self.owners.items():
            layer = self.network.graph.layers[new]
            for weight in layer.op.weights(self.network.types.inputs(layer)):
                array = self.network.parameters[f"{layer.name}.{weight.name}"]
                found.append(Owned(weight, array, f"{self._whole.layers[old].name}.{weight.name}"))
        return found

    def arrays_of(self, role: Role) -> tuple[Owned, ...]:
        """Those that are there for the same."""
        return tuple(each for each in self.arrays if each.weight.role is role)

    def set_weights(self, running: Running, *, seed: int = 0, dtype: str = "float64") -> None:
        """Gives the arrays the numbers with which the whole network begins: those that are pinned, or drawn.

        Of ``dtype`` float32, the numbers are rounded, as those of a network that computes in it.
        """
        pinned: Mapping[str, ArrayLike | str] = {
            f"{self._owner_name(layer)}.{own}": each.value
            for layer, arrays in running.weights.items()
            for own, each in arrays.items()
        }
        drawn_by = DEFAULT_INITIALIZER if running.initializer is None else running.initializer
        for weight, array, name in self.arrays:
            value = pinned.get(name, drawn_by)
            if isinstance(value, str) or name not in pinned:
                initialize(weight, array, name, seed, value)  # type: ignore[arg-type] # a name or a number
            else:
                array[...] = np.broadcast_to(value, array.shape)
            array[...] = array.astype(dtype)

    def _owner_name(self, layer: str) -> str:
        shares = self._whole.layers[self._whole.index[layer]].shares
        return layer if shares is None else self._whole.layers[shares].name

    def load(self, loaded: Mapping[str, Array], path: str) -> None:
        """Gives the arrays the numbers of a file of the whole network's weights.

        Raises:
            WeightFileError: some are missing, or of another shape.
        """
        wanted = {name: array for _, array, name in self.arrays}
        assign(wanted, {name: array for name, array in loaded.items() if name in wanted}, path)
