"""Trying a network with inputs of other sizes, and why a few of them tell of all larger ones.

Taken for granted of a layer type: the extents it puts out are made of those it reads by sums, products, constants and
⌊x / s⌋, and it asks of its inputs that such numbers are equal, are no larger than others, or are divisible by
something. Nothing else is known of it here; it is asked for its output type again and again.

Along the sizes n + k·P, k = 0, 1, 2, …, which are a period P apart, an extent that grows by whole steps is a polynomial
in k, of degree 1; where several axes grow together and are multiplied with each other, as in flattening, of their
number; and of twice that where an axis meets itself transposed. ⌊x / s⌋ of such an x is one too if s divides what x
grows by; otherwise it comes off from each by 1 / s of a position or more every period. So what is tried are d + 2 such
sizes, one more than determine a polynomial of degree d, for every remainder by P, and once more one that is 4,099
periods further on. If all extents lie on polynomials, that far off too, and the same layer, or none, is the first that
does not fit, then for all larger k, unless strides multiply to some 4,000:

- extents go on so, layer by layer;
- what is equal stays equal, for polynomials that agree at d + 1 places are the same;
- what is divisible stays so, for a polynomial that is whole at d + 1 places in a row is whole at all of them;
- what is no larger than something else still is so far off.

So a size that is said to fit does. That one does not fit is as certain up to the last size tried; beyond, a layer that
does not fit what it reads, neither there nor far off, is taken not to fit in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice, pairwise
from math import comb
from typing import NamedTuple

from archanalyzer.graph import Graph, Layer, TensorType, Types, Weight
from archanalyzer.passes.size_sets import Sizes
from archanalyzer.passes.tensor_types import output_type

MOST_WORK = 1_000_000
"""To look up what a layer has answered before is 1 and 1 an input, to ask its op is 10: very roughly, microseconds."""
_ASKING, _RUNNING = 10, 20
_LEAST_TRIED = 64
_FAR = 4099
"""Periods from where sizes are tried to where what they let expect is confirmed. A prime: no stride divides it."""
_CANDIDATES = 4
"""Periods that may turn out not to be confirmed before more sizes are tried."""

Axis = tuple[int, int]
"""An axis of an input of the network: the input's index among the layers, and the axis, 0 being the channels."""
Shape = tuple[int, ...]


class OutOfWork(Exception):
    """There is too much to try."""


class Run(NamedTuple):
    """What came of one size: the shapes of all layers up to the first that does not fit; None where all do."""

    misfit: int | None
    shapes: tuple[Shape, ...]

    @property
    def fits(self) -> bool:
        return self.misfit is None


class Line(NamedTuple):
    """The sizes that fit for some axes that are all of one size, everything else held fixed.

    ``by_accident``: there is a largest such size only because two ways through the network, both of which grow with
    it, grow apart.
    """

    sizes: Sizes
    by_accident: bool


class Trials:
    """A network, tried with inputs of any size. What a layer says to equal inputs is asked once.

    A size fits where every layer goes with what it reads, and layers that share weights need them in equal shapes.
    """

    def __init__(self, graph: Graph, given: Mapping[int, TensorType], work: int | None = None) -> None:
        """``given`` are the types of the network's inputs, by their indices; ``work`` is ``MOST_WORK`` if not said."""
        self.graph = graph
        self.given = given
        self._work = MOST_WORK if work is None else work
        self._reads = list(accumulate((len(layer.inputs) for layer in graph.layers), initial=0))
        self._outputs: dict[tuple[int, Types], TensorType | None] = {}
        self._weights: dict[tuple[int, Types], tuple[Weight, ...]] = {}

    def size(self, axis: Axis) -> int:
        """The size that is given."""
        return self.given[axis[0]].shape[axis[1]]

    def run(self, sizes: Mapping[Axis, int]) -> Run:
        """What comes of these sizes, all others as they are given.

        Raises:
            OutOfWork: all work is used up.
        """
        outputs: list[TensorType] = []
        for layer in self.graph.layers:
            inputs = tuple([outputs[source] for source in layer.inputs])
            output = self._output(layer, inputs) if layer.inputs else self._input(layer.index, sizes)
            if output is None or not self._shares_well(layer, outputs):
                return self._told(layer.index, outputs)
            outputs.append(output)
        return self._told(None, outputs)

    def _told(self, misfit: int | None, outputs: list[TensorType]) -> Run:
        self._use(_RUNNING + len(outputs) + self._reads[len(outputs)])
        return Run(misfit, tuple([output.shape for output in outputs]))

    def _use(self, work: int) -> None:
        self._work -= work
        if self._work < 0:
            raise OutOfWork

    def _input(self, index: int, sizes: Mapping[Axis, int]) -> TensorType:
        shape = self.given[index].shape
        return TensorType(tuple([sizes.get((index, axis), extent) for axis, extent in enumerate(shape)]))

    def _output(self, layer: Layer, inputs: Types) -> TensorType | None:
        key = (id(layer.op), inputs)
        if key not in self._outputs:
            self._use(_ASKING)
            try:
                self._outputs[key] = output_type(layer.op, inputs)
            except Exception:  # not a Misfit alone: an op that was never meant for such a size may fail in any way
                self._outputs[key] = None
        return self._outputs[key]

    def _shares_well(self, layer: Layer, outputs: Sequence[TensorType]) -> bool:
        """Whether the weights that a layer shares are such as it needs."""
        if layer.shares is None:
            return True
        owner = self.graph.layers[layer.shares]
        return self._weights_of(layer, outputs) == self._weights_of(owner, outputs)

    def _weights_of(self, layer: Layer, outputs: Sequence[TensorType]) -> tuple[Weight, ...]:
        inputs = tuple(outputs[source] for source in layer.inputs)
        key = (id(layer.op), inputs)
        if key not in self._weights:
            self._use(_ASKING)
            self._weights[key] = layer.op.weights(inputs)
        return self._weights[key]

    def line(self, axes: Sequence[Axis], fixed: Mapping[Axis, int]) -> Line:
        """Which sizes fit for ``axes``, all of one size; others are as in ``fixed``, or as given.

        Every size is tried up to twice the given one, as far as there is time, and on until what comes of them goes on
        regularly, as explained at the top of this file.

        Raises:
            OutOfWork: nothing is found with the work that is left.
        """
        given = max(fixed.get(axis, self.size(axis)) for axis in axes)
        given = max(given, *(self.size(axis) for axis in axes))
        inputs = [index for index, _ in axes]
        number = max(map(inputs.count, inputs))
        affordable = MOST_WORK // (20 * len(self.graph.layers))
        tried = max(_LEAST_TRIED, min(2 * given, affordable))
        runs: list[Run] = []
        while True:
            runs += [self._at(n, axes, fixed) for n in range(len(runs) + 1, tried + 1)]
            for degree in (number, 2 * number):
                for period in islice(_periods(runs, degree), _CANDIDATES):
                    if self._goes_on(runs, degree, period, axes, fixed):
                        start = _start(runs, degree, period)
                        sizes = Sizes.of([run.fits for run in runs], start, period)
                        return Line(sizes, self._parts_ways(runs, period))
            tried *= 2

    def _at(self, n: int, axes: Sequence[Axis], fixed: Mapping[Axis, int]) -> Run:
        return self.run({**fixed, **dict.fromkeys(axes, n)})

    def _goes_on(
        self, runs: Sequence[Run], degree: int, period: int, axes: Sequence[Axis], fixed: Mapping[Axis, int]
    ) -> bool:
        """Whether far off, for every remainder by the period, there comes what the last sizes tried let expect."""
        first = len(runs) - (degree + 1) * period
        for n in range(first + 1, first + period + 1):
            seen = runs[n - 1 :: period]
            far = self._at(n + _FAR * period, axes, fixed)
            if far.misfit != seen[0].misfit:
                return False
            for shape, *shapes in set(zip(far.shapes, *(run.shapes for run in seen), strict=True)):
                if shape != tuple(_continued(along) for along in zip(*shapes, strict=True)):
                    return False
        return True

    def _parts_ways(self, runs: Sequence[Run], period: int) -> bool:
        """Whether the layer that does not fit the largest size tried reads several layers that grow with it."""
        before, last = runs[-1 - period], runs[-1]
        if last.misfit is None:
            return False
        sources = set(self.graph.layers[last.misfit].inputs)
        return sum(before.shapes[source] != last.shapes[source] for source in sources) > 1


def _periods(runs: Sequence[Run], degree: int) -> Iterator[int]:
    """The periods with which what was tried last goes on regularly, ascending."""
    for period in range(1, len(runs) // (degree + 2) + 1):
        top = len(runs) - (degree + 1) * period
        if all(_regular(runs, n, degree, period) for n in range(top, top - period, -1)):
            yield period


def _start(runs: Sequence[Run], degree: int, period: int) -> int:
    """The smallest size from which on what was tried goes on regularly."""
    start = len(runs) - (degree + 2) * period + 1
    while start > 1 and _regular(runs, start - 1, degree, period):
        start -= 1
    return start


def _regular(runs: Sequence[Run], n: int, degree: int, period: int) -> bool:
    """Whether sizes a period apart, from n on, fare alike, all extents on polynomials of that degree."""
    seen = runs[n - 1 : n + (degree + 1) * period : period]
    if any(run.misfit != seen[0].misfit for run in seen):
        return False
    for shapes in set(zip(*(run.shapes for run in seen), strict=True)):  # many layers are of one shape
        if all(shape == shapes[0] for shape in shapes):
            continue
        if any(len(shape) != len(shapes[0]) for shape in shapes):
            return False
        if any(len(set(along)) > 1 and _differences(along)[-1] for along in zip(*shapes, strict=True)):
            return False
    return True


def _differences(values: Sequence[int]) -> list[int]:
    """The first of the values, of their differences, of the differences of these, and so on."""
    firsts = []
    while values:
        firsts.append(values[0])
        values = [after - before for before, after in pairwise(values)]
    return firsts


def _continued(values: Sequence[int]) -> int:
    """What the polynomial through these values comes to, as far behind the first as the far size is (Newton's form)."""
    return sum(comb(_FAR, place) * difference for place, difference in enumerate(_differences(values)))
