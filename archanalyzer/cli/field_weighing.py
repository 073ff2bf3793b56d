"""What ``archanalyzer field`` counts and measures: paths, and weights of effective fields; imports NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from math import log10, prod
from pathlib import PurePath
from time import monotonic
from typing import Any, NamedTuple

import click
import numpy as np

from archanalyzer.cli.output import NotWritten
from archanalyzer.executor.data import gather
from archanalyzer.executor.effective_field import Gradients, Measured, Sampling, measured
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.lowering import dtype_for
from archanalyzer.executor.network import Network
from archanalyzer.executor.weight_files import load
from archanalyzer.files import write_whole
from archanalyzer.graph import Running, Spec
from archanalyzer.passes.fields.by_hand import ByHand
from archanalyzer.passes.fields.paths import (
    bits_of_counts,
    chain_variances,
    count_paths,
    reached,
    size_at,
    uniform_weights,
)
from archanalyzer.passes.fields.reading_back import Places, first_place_axis
from archanalyzer.passes.fields.walking import along
from archanalyzer.report.field.pictures import pictures, subtitle, title
from archanalyzer.report.field.weights import Effective
from archanalyzer.report.text import plural

_MOST_PLACES = 1 << 22
"""Of one layer on the way, at most, for which numbers are kept."""
_PATIENCE = 0.5
"""Seconds; what is not done by then shows how far it is."""
_MOST_WORK = 1 << 34
"""Positions times the 30-bit digits of their counts, on the whole way: a few minutes."""
_DIGIT = 30
"""Bits: a digit of Python's whole numbers."""


def counts(way: ByHand) -> Mapping[int, Places]:
    """The paths from the place to each position of the inputs.

    Raises:
        click.ClickException: there are too many positions on the way, or too many paths.
    """
    places = _places(way)
    bits = bits_of_counts(way.graph, way.types, way.layer)
    work = sum(number * bits.get(index, 0) / _DIGIT for index, number in places.items())
    if work > _MOST_WORK:
        digits = max(bits.values()) * log10(2)
        raise click.ClickException(
            f"there are too many paths: counting them would take too long, from up to {max(places.values()):,} "
            f"positions of {len(places):,} layers, in numbers of up to {digits:,.0f} digits"
        )
    layers = iter(range(len(places)))
    with _watched("counting", len(places)) as tell:
        by_input = count_paths(
            way.graph, way.types, way.layer, way.place, watch=lambda _: tell(next(layers, 0))
        ).by_input
        tell(len(places))
    return by_input


def seen(way: ByHand) -> Mapping[int, Places]:
    """Which positions of the inputs there are paths to.

    Raises:
        click.ClickException: there are too many positions on the way.
    """
    _places(way)
    return reached(way.graph, way.types, way.layer, way.place)


def _places(way: ByHand) -> dict[int, int]:
    """How many positions of each layer on the way are kept.

    Raises:
        click.ClickException: they are too many.
    """
    found = {}
    for index in way.layers:
        shape, region = way.types.outputs[index].shape, way.asked(index).real
        found[index] = prod(along(region, axis).size for axis in range(first_place_axis(shape), len(shape)))
        if found[index] > _MOST_PLACES:
            name = way.graph.layers[index].name
            raise click.ClickException(
                f"expected at most {_MOST_PLACES:,} positions of a layer to count from, "
                f"found {found[index]:,} of `{name}`"
            )
    return found


@contextmanager
def _watched(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A function to tell how many are done; if it takes its time and somebody is watching, a bar shows it."""
    began = monotonic()
    with ExitStack() as stack:
        bar: Any = None  # click names no type for it

        def tell(done: int) -> None:
            nonlocal bar
            if bar is None and monotonic() - began > _PATIENCE and sys.stderr.isatty():
                bar = stack.enter_context(click.progressbar(length=length, label=label, file=sys.stderr))
            if bar is not None:
                bar.update(done - bar.pos)

        yield tell


def uniform(way: ByHand, paths: Mapping[int, Places], threshold: float) -> Effective:
    """The effective field for uniform weights, computed."""
    found = uniform_weights(way.graph, way.types, way.layer, way.place).by_input
    return _effective(way, paths, "uniform; computed, not sampled", threshold, found, found)


class Measuring(NamedTuple):
    """How to measure: with given weights or random ones, how often, and of how many inputs each time.

    Given are those of the file ``load``, and those that the spec pins; what neither gives is drawn.
    """

    is_given: bool
    load: str | None
    seeds: int
    samples: int


def measure(spec: Spec, way: ByHand, paths: Mapping[int, Places], threshold: float, how: Measuring) -> Effective:
    """The effective field measured, for random or given weights.

    Raises:
        click.ClickException: no weights are given.
        ExecutorError: it cannot be run.
        NonFiniteError: NaN or infinity came up.
        WeightFileError: the file of weights cannot be read, or does not fit.
    """
    pinned = spec.running if how.is_given else Running(initializer=spec.running.initializer)
    if how.is_given and how.load is None and not pinned.weights:
        raise click.ClickException("no weights are given: pin them in the spec, or name a file with `--load`")
    weights = {} if how.load is None else load(how.load)
    found = _with_progress(spec._replace(running=pinned), way, weights, how)
    seen = {index: each for index, each in found.by_input.items() if each.magnitude.any()}
    origin = f"{'given' if how.is_given else 'random'}; mean gradients of {plural(found.samples, 'sample')}"
    magnitudes = {index: _in_box(each.magnitude) for index, each in seen.items()}
    squares = {index: _in_box(each.square) for index, each in seen.items()}
    return _effective(way, paths, origin, threshold, magnitudes, squares)


def _effective(
    way: ByHand,
    paths: Mapping[int, Places],
    origin: str,
    threshold: float,
    weights: Mapping[int, Places],
    squares: Mapping[int, Places],
) -> Effective:
    theoretical = {index: size_at(each.numbers, 0) for index, each in paths.items()}
    formula = chain_variances(way.graph, way.types, way.layer) or None
    return Effective(origin, threshold, weights, squares, theoretical, formula)


def _in_box(numbers: Array) -> Places:
    return Places((0,) * numbers.ndim, numbers)


def _pinned_inputs(spec: Spec) -> Mapping[str, Array] | None:
    """The inputs that the spec pins, where it pins any; one that it doesn't is drawn."""
    if not spec.running.inputs:
        return None
    graph = spec.graph
    alone = replace(graph.part(graph.inputs), outputs=tuple(range(len(graph.inputs))))
    network = Network(alone, dtype=dtype_for(graph))
    return gather(network, Running(inputs=spec.running.inputs), draw_targets=False).inputs


def _with_progress(spec: Spec, way: ByHand, weights: Mapping[str, Array], how: Measuring) -> Measured:
    """Seed by seed."""
    inputs = _pinned_inputs(spec)
    parts: list[Measured] = []

    with _watched("measuring", how.seeds) as tell:
        for seed in range(how.seeds):
            sampling = Sampling((seed,), how.samples)
            parts.append(measured(spec, way.layer, way.place, weights=weights, inputs=inputs, sampling=sampling))
            tell(len(parts))
    return _together(parts)


def _together(parts: Sequence[Measured]) -> Measured:
    """The means of runs over equally many samples each."""
    means = {
        index: Gradients(
            np.mean([part.by_input[index].magnitude for part in parts], axis=0),
            np.mean([part.by_input[index].square for part in parts], axis=0),
        )
        for index in parts[0].by_input
    }
    return parts[0]._replace(samples=sum(part.samples for part in parts), by_input=means)


def draw(way: ByHand, paths: Mapping[int, Places], effective: Effective | None, path: str, *, log: bool) -> None:
    """Draws the field into a file, whole or not at all, in the format that its ending says.

    Raises:
        click.ClickException: there is nothing to draw, or the file cannot be written.
    """
    shown = pictures(way, paths, effective)
    if not shown:
        raise click.ClickException("there is nothing to draw: no input has any weight")
    from archanalyzer.report.field import drawing as field_drawing  # matplotlib takes its time

    file_format = PurePath(path).suffix.removeprefix(".").lower()
    content = field_drawing.draw(shown, title(way), subtitle(way, paths, effective), file_format, log=log)
    try:
        write_whole(path, content)
    except OSError as error:
        raise NotWritten(f"cannot write `{path}`: {error.strerror or error}") from None
