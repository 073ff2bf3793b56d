"""What flows forward and backward through a network, in the notation of a textbook's exercise.

Layers with weights are numbered l = 1, 2, …; g is what they put out, W·o + b, and o what becomes of it by the
activation, and by whatever else stands before the next layer with weights. Back come δ = ∂ℓ/∂g and ε = ∂ℓ/∂o, through
the transposes of the weights and through Λ, the diagonal of the activation's derivatives; where nothing before a layer
learns, nothing is passed on to there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from archanalyzer.graph import Graph, Layer, Pinned, Role, Running, Trait, shown_shape
from archanalyzer.passes.drawing_roles import is_activation
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.passes.training import Backward


class Part(Enum):
    """What a layer is in the flow."""

    INPUT = "input"
    WEIGHTS = "weights"
    ACTIVATION = "activation"
    OTHER = "other"


class Letter(Enum):
    """What a signal is: a net input, an output, or what comes in where that is not an output yet."""

    NET = "g"
    OUTPUT = "o"
    INPUT = "x"


class Signal(NamedTuple):
    """What a layer puts out. ``number`` is None where no number says which it is, so that the layer's name must.

    ``is_output``: of a net input, whether it is the output as well, as nothing but layers with weights follows.
    """

    letter: Letter
    number: int | None
    is_output: bool = False


class Stage(NamedTuple):
    """A layer in the flow.

    ``number``: l, of a layer with weights, and of the first activation behind one. ``weights_of``: the number of the
    layer whose weights it uses, mostly its own. ``is_affine``: of weights, whether the layer is W·o + b. ``is_matrix``:
    whether the array W is that matrix, one row an output; else the matrix is made of the array, as of a kernel.
    ``has_bias``, ``bias_is_each``: whether there is one, and one for each number that is put out. ``shape``: of what is
    put out. ``sources``: the layers whose numbers it reads. ``signal``: None where a later stage's has a name instead.

    ``arrives``: the error by its output is needed; ``passes``: it is passed on to those that it reads; ``learns``.
    """

    layer: Layer
    part: Part
    number: int | None
    weights_of: int | None
    is_affine: bool
    is_matrix: bool
    has_bias: bool
    bias_is_each: bool
    shape: tuple[int, ...]
    sources: tuple[int, ...]
    signal: Signal | None
    arrives: bool
    passes: bool
    learns: bool


class Flow(NamedTuple):
    """The layers as stages, in the graph's order, and the outputs, at which the loss compares them with targets."""

    graph: Graph
    stages: tuple[Stage, ...]
    outputs: tuple[int, ...]
    loss: str | None

    @property
    def is_chain(self) -> bool:
        """Whether each stage reads the one before it."""
        inner = all(stage.sources == ((at - 1,) if at else ()) for at, stage in enumerate(self.stages))
        return inner and self.outputs == (len(self.stages) - 1,)


class NotDiagonal(LookupError):
    """A network cannot be drawn as separate chains; the message says why."""


def signal_flow(facts: Facts, running: Running) -> Flow:
    """The flow of a network that is sound."""
    graph, types = facts.graph, facts.result(TensorTypes)
    weights, back = facts.result(Parameters).used, facts.result(Backward)
    sources = types.sources()
    numbers: dict[int, int] = {}
    for layer in graph.layers:
        if _has_own_weights(layer, bool(weights[layer.index])):
            numbers[layer.index] = len(numbers) + 1
    runs = _Runs(graph, sources, numbers)
    stages = []
    for layer in graph.layers:
        at = layer.index
        arrays = {each.role: each for each in weights[at]}
        weight, bias = arrays.get(Role.WEIGHT), arrays.get(Role.BIAS)
        output = types.outputs[at].elements
        shape = (output, sum(types.outputs[source].elements for source in sources[at]))
        owner = at if layer.shares is None else layer.shares
        stages.append(
            Stage(
                layer,
                _part(layer, at in numbers),
                numbers.get(at, runs.activation(at)),
                numbers.get(owner),
                _is_affine(layer) and Role.BUFFER not in arrays,
                weight is not None and weight.shape == shape,
                bias is not None,
                bias is not None and bias.elements == output,
                types.outputs[at].shape,
                sources[at],
                runs.signal(at),
                back.needed[at],
                back.by_input[at] > 0,
                back.by_weight[at],
            )
        )
    return Flow(graph, tuple(stages), graph.outputs, running.loss)


def _has_own_weights(layer: Layer, has_weights: bool) -> bool:
    """Whether a layer is numbered: it has weights, and is more than an activation with a slope that is learned."""
    return has_weights and not is_activation(layer.op)


def _is_affine(layer: Layer) -> bool:
    """Whether a layer is W·o + b in training too; what norms a batch works on each element, and is not."""
    traits = layer.op.traits
    return Trait.AFFINE in traits and Trait.ELEMENTWISE not in traits and len(layer.inputs) == 1


def _part(layer: Layer, is_numbered: bool) -> Part:
    if not layer.inputs:
        return Part.INPUT
    if is_numbered:
        return Part.WEIGHTS
    return Part.ACTIVATION if is_activation(layer.op) else Part.OTHER


class _Runs:
    """Layers without weights follow on what they read, as long as they alone read it: such a run has one number."""

    def __init__(self, graph: Graph, sources: tuple[tuple[int, ...], ...], numbers: dict[int, int]) -> None:
        self.graph, self.numbers = graph, numbers
        readers: dict[int, int] = {}
        for each in sources:
            for source in each:
                readers[source] = readers.get(source, 0) + 1
        self.first = list(range(len(sources)))
        self.ends = [True] * len(sources)
        self._activated: dict[int, int] = {}
        for at, read in enumerate(sources):
            follows = at not in numbers and len(read) == 1 and readers[read[0]] == 1 and read[0] not in graph.outputs
            if follows:
                self.first[at] = self.first[read[0]]
                self.ends[read[0]] = False
            if is_activation(graph.layers[at].op):
                self._activated.setdefault(self.first[at], at)

    def activation(self, at: int) -> int | None:
        """The number of an activation: that of the layer with weights whose net input it is the first to take."""
        first = self.first[at]
        return self.numbers.get(first) if self._activated.get(first) == at != first else None

    def signal(self, at: int) -> Signal | None:
        """What a layer puts out is named at both ends of its run."""
        first = self.first[at]
        if at in self.numbers:
            return Signal(Letter.NET, self.numbers[at], self.ends[at])
        if first in self.graph.inputs:
            number = 0 if len(self.graph.inputs) == 1 else None
            return Signal(Letter.OUTPUT, number) if self.ends[at] else self._input(at)
        return Signal(Letter.OUTPUT, self.numbers.get(first)) if self.ends[at] else None

    def _input(self, at: int) -> Signal | None:
        if at not in self.graph.inputs:
            return None
        return Signal(Letter.INPUT, 0 if len(self.graph.inputs) == 1 else None)


def is_pinned_diagonal(flow: Flow, running: Running) -> bool:
    """Whether the spec pins the weights of every layer that has some, as numbers, with nothing beside the diagonal."""
    try:
        units(flow)
    except NotDiagonal:
        return False
    weighted = [stage.layer for stage in flow.stages if stage.part is Part.WEIGHTS]
    arrays = (running.weights.get(flow.graph.layers[_owner(layer)].name) for layer in weighted)
    return bool(weighted) and all(each is not None and _is_diagonal(each) for each in arrays)


def _owner(layer: Layer) -> int:
    return layer.index if layer.shares is None else layer.shares


def _is_diagonal(arrays: Mapping[str, Pinned]) -> bool:
    """Whether a matrix is among the arrays, and all of them that are have zeros beside the diagonal."""
    matrices = [pinned.value for pinned in arrays.values() if _is_matrix(pinned.value)]
    return bool(matrices) and all(
        not value or row == column
        for matrix in matrices
        for row, values in enumerate(matrix)
        for column, value in enumerate(values)
    )


def _is_matrix(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)


def units(flow: Flow) -> int:
    """How many chains a network falls into if the weights of its layers have nothing beside the diagonal.

    Raises:
        NotDiagonal: it is not a chain of square dense layers and of layers that work element by element.
    """
    if not flow.is_chain:
        raise NotDiagonal("expected a chain, in which each layer reads the one before it")
    width = flow.stages[0].shape
    for stage in flow.stages:
        name = stage.layer.name
        if len(stage.shape) != 1 or stage.shape != width:
            shapes = f"{shown_shape(stage.shape)} behind {shown_shape(width)}"
            raise NotDiagonal(f"expected flat layers that are equally wide, found `{name}`, {shapes}")
        if stage.part is Part.WEIGHTS and not (stage.is_affine and stage.is_matrix):
            raise NotDiagonal(f"expected dense layers, found `{name}`, whose weights are no matrix of units by inputs")
        elementwise = Trait.ELEMENTWISE in stage.layer.op.traits
        if stage.part in {Part.ACTIVATION, Part.OTHER} and not elementwise:
            raise NotDiagonal(f"expected layers that work element by element beside the dense ones, found `{name}`")
    return width[0]
