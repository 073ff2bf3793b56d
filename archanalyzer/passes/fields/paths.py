"""How much a place of a layer depends on each place of the input: paths counted, and weights that are all alike.

A place is a spatial position with all its channels; of a flat layer, a feature. It reads a place of an input of its
layer where, as the op's readings say, some channel of the one reads some channel of the other: channels are not told
apart. A path is a chain of such readings, from a place of a layer to a place of a network input. So each tap of a
kernel that meets a position is one path, a convolution's and a pool's alike; what lies in padding is none. The paths
through all inputs of a merge add up, as do those through both inputs of an unpooling; an input of which the type alone
matters has none. Features that were channels of one place make as many paths to it. Where each layer has one channel,
the paths are the gradient of the network with all weights 1, an interpolation's too, and sums in place of maxima, means
and products.

Effective receptive fields are those of Luo, Li, Urtasun & Zemel 2016, "Understanding the Effective Receptive Field in
Deep Convolutional Neural Networks".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, gamma, log, log2, pi, prod, sqrt
from typing import NamedTuple

import numpy as np

from archanalyzer.graph import (
    Graph,
    IrregularWindow,
    Layer,
    NoPosition,
    Reading,
    Readings,
    Rearranged,
    WholeAxis,
    Window,
)
from archanalyzer.passes.fields.reading_back import Array, Place, Places, Reader, added, first_place_axis
from archanalyzer.passes.tensor_types import TensorTypes

DEFAULT_THRESHOLD = 0.0455
"""Of the largest weight: 1 − 95.45 %, the share outside of two standard deviations (Luo et al. 2016, section 3.1)."""

_FAR = 500
"""Binary orders of magnitude that sums of weights may be away from 1, before they are brought back."""


class PathCounts(NamedTuple):
    """The number of paths from a place of a layer to the places of the network inputs, by the inputs' index.

    Exact: 64-bit integers where all are sure to fit, else Python's own. What no path leads to is left out.
    """

    layer: int
    place: Place
    by_input: dict[int, Places]

    @property
    def total(self) -> int:
        """All paths."""
        return sum(int(each.numbers.sum()) for each in self.by_input.values())


class UniformWeights(NamedTuple):
    """The share of the places of the network inputs in a place of a layer, by the inputs' index; 1 in all."""

    layer: int
    place: Place
    by_input: dict[int, Places]


def count_paths(
    graph: Graph, types: TensorTypes, layer: int, place: Place, *, watch: Callable[[int], None] | None = None
) -> PathCounts:
    """Counts the paths from a place of a layer: a position along each spatial axis, or of a flat layer, the feature.

    ``watch`` is called with the index of each layer on the way, the last first, before its numbers are computed.

    Raises:
        LookupError: it is not known what some layer on the way reads.
        ValueError: the layer has no such place.
    """
    one = np.ones((1,) * len(place), np.int64)
    return PathCounts(layer, place, _walk(graph, types, layer, Places(place, one), mean=False, watch=watch))


def reached(graph: Graph, types: TensorTypes, layer: int, place: Place) -> dict[int, Places]:
    """Which places of the network inputs some path leads to, by the inputs' index; far quicker than how many paths.

    Raises:
        LookupError: it is not known what some layer on the way reads.
        ValueError: the layer has no such place.
    """
    return _walk(graph, types, layer, Places(place, np.ones((1,) * len(place), bool)), mean=False)


def bits_of_counts(graph: Graph, types: TensorTypes, layer: int) -> dict[int, float]:
    """About how many bits the counts of paths to the places of each layer have, by the layers that one depends on.

    The logarithm of all paths, as if no tap met padding: one place's are fewer, but in deep networks not by many bits.

    Raises:
        LookupError: it is not known what some layer on the way reads.
    """
    found = {layer: 0.0}
    for index in range(layer, -1, -1):
        one = graph.layers[index]
        if index not in found or not one.inputs:
            continue
        for source, readings in zip(one.inputs, _stated(one, types), strict=True):
            if any(isinstance(each, NoPosition) for each in readings):
                continue
            shape, output = types.outputs[source].shape, types.outputs[index].shape
            first = first_place_axis(shape)
            taps = (_most_taps(*each, output) for each in zip(readings[first:], shape[first:], strict=True))
            more = found[index] + sum(map(log2, taps))
            less, more = sorted((found.get(source, 0.0), more)) if source in found else (-_FAR, more)
            found[source] = more + log2(1 + 2.0 ** max(less - more, -_FAR))
    return found


def _most_taps(reading: Reading, extent: int, output: Place) -> int:
    """How many positions of an axis of this extent one place reads; of irregular windows, that in the middle."""
    match reading:
        case Window():
            return max(1, min(-(-reading.count // reading.upsampling), extent))
        case IrregularWindow():
            return max(1, len(reading.reads(output[reading.axis] // 2)))
        case WholeAxis():
            return extent
    return 1


def uniform_weights(graph: Graph, types: TensorTypes, layer: int, place: Place) -> UniformWeights:
    """The effective receptive field of a place where weights are uniform (Luo et al. 2016, section 2.1).

    Not sampled: exact but for rounding, in double precision. Each place is the mean of what it reads of an input: of n
    taps, each weighs 1 / n, and the share of those that meet padding is lost. n is the number of positions that the
    place would read of an endless input: behind a transposed stride, that isn't the kernel's extent. A place is the
    mean of its channels as well: an input that only some of them read, as in a concatenation, has their share. Several
    inputs that all channels read are added, each weighing 1, since the gradient of a sum by each term is 1. In the end
    all is divided by its sum.

    For a chain, that is the number of paths, divided by its sum. Where branches meet, it isn't: a kernel's nine paths
    count for nine times the one of a shortcut, whereas a mean, or weights drawn for a variance that stays, does not
    grow with the number of its taps.

    Raises:
        LookupError: it is not known what some layer on the way reads.
        ValueError: the layer has no such place.
    """
    found = _walk(graph, types, layer, Places(place, np.ones((1,) * len(place))), mean=True)
    total = sum(float(each.numbers.sum()) for each in found.values())
    shares = {index: each._replace(numbers=each.numbers / total) for index, each in found.items()}
    return UniformWeights(layer, place, shares)


def _walk(
    graph: Graph,
    types: TensorTypes,
    layer: int,
    one: Places,
    *,
    mean: bool,
    watch: Callable[[int], None] | None = None,
) -> dict[int, Places]:
    """The numbers of the network inputs, walking back from ``one`` place, which has a 1."""
    place, shape = one.start, types.outputs[layer].shape
    extents = shape[first_place_axis(shape) :]
    if len(place) != len(extents) or not all(0 <= at < extent for at, extent in zip(place, extents, strict=True)):
        raise ValueError(f"expected a place of `{graph.layers[layer].name}`, within {extents}, found {place}")
    waiting = {layer: [one]}
    found: dict[int, Places] = {}
    for index in range(layer, -1, -1):
        if index not in waiting:
            continue
        if watch is not None:
            watch(index)
        here = added(waiting.pop(index))
        if mean and not 2.0**-_FAR < here.numbers.sum() < 2.0**_FAR:
            here = _brought_back(here, waiting, found)
        reader = graph.layers[index]
        if not reader.inputs:
            found[index] = here
            continue
        for source, readings in zip(reader.inputs, _stated(reader, types), strict=True):
            read = Reader(readings, types.outputs[source].shape, types.outputs[index].shape, here, mean=mean).read()
            if read is not None:
                waiting.setdefault(source, []).append(read)
    trimmed = {index: each.trimmed() for index, each in sorted(found.items())}
    return {index: each for index, each in trimmed.items() if each is not None}


def _stated(layer: Layer, types: TensorTypes) -> tuple[Readings, ...]:
    readings = layer.op.readings(types.inputs(layer), types.outputs[layer.index])
    if readings is None or any(isinstance(each, Rearranged) and each.reads is None for by in readings for each in by):
        raise LookupError(f"it is not known what `{layer.name}` ({layer.op.name}) reads")
    return readings


def _brought_back(here: Places, waiting: dict[int, list[Places]], found: dict[int, Places]) -> Places:
    """Divides all there is by one power of two, so that its largest sum is near 1: shares alone matter.

    Each sum of two branches may double the weights, and each layer may lose most of them to padding.
    """
    parts = [here, *found.values(), *(each for parts in waiting.values() for each in parts)]
    _, exponent = np.frexp(max(each.numbers.sum() for each in parts))
    for index, parts in waiting.items():
        waiting[index] = [each._replace(numbers=np.ldexp(each.numbers, -exponent)) for each in parts]
    for index, each in found.items():
        found[index] = each._replace(numbers=np.ldexp(each.numbers, -exponent))
    return here._replace(numbers=np.ldexp(here.numbers, -exponent))


# --- How far the weights reach


class Size(NamedTuple):
    """How many places weigh at least ``threshold`` times the largest weight, and more than nothing.

    ``extents``: along each axis, from the first to the last such place, both counted.
    """

    threshold: float
    places: int
    extents: tuple[int, ...]


def size_at(weights: Array, threshold: float = DEFAULT_THRESHOLD) -> Size:
    """The size of an effective receptive field; at threshold 0, that of the theoretical one, as far as it lies inside.

    Luo et al. 2016, section 3.1, measure over two axes the square root of the number of positions above 1 − 95.45 % of
    the centre's weight. Here, the largest weight stands for the centre's, since the field of a place need not have one.
    ``weights`` are numbers from 0, one a place: counted, computed or measured. Any weight that is too small for double
    precision counts as 0; path counts never are.
    """
    largest = weights.max(initial=0)
    least = threshold * largest if weights.dtype.kind == "f" else ceil(Fraction(str(threshold)) * int(largest))
    reached = np.asarray((weights >= least) & (weights > 0), bool)
    box = Places((0,) * reached.ndim, reached).trimmed()
    extents = (0,) * reached.ndim if box is None else box.numbers.shape
    return Size(threshold, int(reached.sum()), extents)


def variances(weights: Array) -> tuple[float, ...]:
    """Along each axis, the variance of the position, where ``weights``, divided by their sum, are its distribution."""
    found = []
    for axis in range(weights.ndim):
        along = weights.sum(axis=tuple(other for other in range(weights.ndim) if other != axis))
        shares = np.asarray(along / along.sum(), float)
        positions = np.arange(len(shares))
        found.append(float(shares @ (positions - shares @ positions) ** 2))
    return tuple(found)


def chain_variances(graph: Graph, types: TensorTypes, layer: int) -> tuple[Fraction, ...] | None:
    """Along each spatial axis of the network input, the variance of the uniform weights where no border is near.

    Exact, for a chain of layers that read windows: the offset of a path is the sum of one uniform tap for each layer.
    n taps, d apart, have the variance d²·(n² − 1) / 12; behind layers with strides whose product is s, it counts s²
    times. Convolutions of kernel k without stride have n·(k² − 1) / 12 after n layers (Luo et al. 2016, section 2.3).
    None where layers merge, read a whole axis, or have transposed strides.
    """
    shape, one = types.outputs[layer].shape, graph.layers[layer]
    spread = {axis: Fraction(0) for axis in range(first_place_axis(shape), len(shape))}
    while one.inputs:
        stated = zip(one.inputs, _stated(one, types), strict=True)
        read = [pair for pair in stated if not any(isinstance(each, NoPosition) for each in pair[1])]
        if len(read) != 1:
            return None
        ((source, readings),) = read
        first, below = first_place_axis(types.outputs[source].shape), dict[int, Fraction]()
        for axis, window in enumerate(readings[first:], start=first):
            if not isinstance(window, Window) or window.upsampling != 1 or window.axis not in spread:
                return None
            tap = Fraction(window.step**2 * (window.count**2 - 1), 12)
            below[axis] = spread[window.axis] * window.stride**2 + tap
        spread, one = below, graph.layers[source]
    return tuple(spread.values())


class Gaussian(NamedTuple):
    """How far a Gaussian reaches, to compare a ``Size`` with: over how many places, and how far along each axis.

    ``within_two``: along each axis, from two standard deviations before the mean to two behind it, 95.45 % of it.
    """

    places: float
    extents: tuple[float, ...]
    within_two: tuple[float, ...]


def gaussian_of(along: Sequence[Fraction | float], threshold: float = DEFAULT_THRESHOLD) -> Gaussian | None:
    """What ``size_at`` comes to of a Gaussian with these variances, the limit of deep chains (Luo et al., section 2.3).

    Over d axes, it is at least ``threshold`` t times its maximum where Σ x²/σ² ≤ −2·ln t, in an ellipsoid of the volume
    π^(d/2) / Γ(d/2 + 1) · Π σ · (−2·ln t)^(d/2). At 4.55 %, that is up to 2.49 σ from the centre, not 2 σ, where it is
    13.5 %: the paper takes for its threshold the share outside of two standard deviations. Along an axis without
    variance, it is one place. None at threshold 0, which it nowhere falls below, and where no axis has a variance.
    """
    deviations = [sqrt(each) for each in along]
    spread = [each for each in deviations if each]
    if not spread or threshold <= 0:
        return None
    axes, reach = len(spread), sqrt(max(-2 * log(threshold), 0))  # no −0 at threshold 1
    places = pi ** (axes / 2) / gamma(axes / 2 + 1) * prod(spread) * reach**axes
    extents = tuple(2 * each * reach if each else 1.0 for each in deviations)
    return Gaussian(places, extents, tuple(4 * each for each in deviations))
