"""What a network is run on: inputs and targets from a spec, from a file, or drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.losses import Loss
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.network import Network
from archanalyzer.executor.weight_files import load, load_array
from archanalyzer.graph import Pinned, Running, shown_shape
from archanalyzer.passes.pinned import Fit, Layouts
from archanalyzer.recipe import LOSSES


class Data(NamedTuple):
    """Arrays by the names of the network's inputs and outputs, (batch, *shape); no targets where there are none.

    ``is_batch`` is false for a single sample that was given without a batch axis. ``origins`` say where the inputs and
    the targets came from.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    is_batch: bool
    origins: tuple[str, ...]

    @property
    def batch(self) -> int:
        """How many samples."""
        return len(next(iter(self.inputs.values())))


def gather(
    network: Network,
    running: Running,
    *,
    path: str | PathLike[str] | None = None,
    batch: int | None = None,
    draw_targets: bool = True,
) -> Data:
    """Inputs, and targets for the loss: of the file at ``path``, else of the spec, else drawn from the seed.

    ``batch`` is how many samples are drawn where none are given, 1 if not said. Without ``draw_targets`` there are
    targets only where some are given.

    Raises:
        ExecutorError: the file cannot be used, something does not fit, or it is a batch of another size.
    """
    inputs = [_Wanted(network, index) for index in network.graph.inputs]
    outputs = [_Wanted(network, index, network.loss) for index in network.graph.outputs]
    pinned = (*running.inputs.items(), *running.targets.items())
    given = {name: Given(np.asarray(each.value), "the spec") for name, each in pinned}
    if path is not None:
        given |= {name: Given(array, f"`{path}`") for name, array in read_file(path, network).items()}
    if not draw_targets and not any(each.name in given for each in outputs):
        outputs = []
    fitted = _fitted([*inputs, *outputs], given, batch)
    number = next((fit.number for fit in fitted.values()), batch or 1)
    is_batch = batch is not None or any(fit.batch is not None for fit in fitted.values())
    drawn = sum(prod(each.layouts.sample) for each in (*inputs, *outputs) if each.name not in given)
    size = 8 * drawn * number
    require_memory(size, f"the data of {number:,} sample{'s' if number > 1 else ''}", beside=network.held)
    network.beside["the data"] = size + sum(each.array.nbytes for each in given.values())
    arrays = {each: each.array(given, fitted, number) for each in (*inputs, *outputs)}
    origins: dict[str, dict[str, None]] = {}
    for each in arrays:
        origin = given[each.name].origin if each.name in given else f"seed {network.seed}"
        origins.setdefault(origin, {})[f"{each.what}s"] = None
    return Data(
        {each.name: arrays[each] for each in inputs},
        {each.name: arrays[each] for each in outputs},
        is_batch,
        tuple(f"{' and '.join(what)} from {origin}" for origin, what in origins.items()),
    )


class Given(NamedTuple):
    """An array that is given, and by whom."""

    array: Array
    origin: str


class _Wanted(NamedTuple):
    """An input or, where a loss is to be taken of it, an output: what array there is to be for it."""

    network: Network
    layer: int
    loss: Loss | None = None

    @property
    def name(self) -> str:
        return self.network.graph.layers[self.layer].name

    @property
    def what(self) -> str:
        return "input" if self.loss is None else "target"

    @property
    def layouts(self) -> Layouts:
        """The shapes that one sample may have."""
        takes_classes = self.loss is not None and LOSSES[self.loss.name].takes_classes
        return Layouts(self.network.types.outputs[self.layer].shape, takes_classes)

    def array(self, given: Mapping[str, Given], fitted: Mapping[str, Fit], number: int) -> Array:
        """The given array, with a batch axis, or one that is drawn."""
        if self.name not in fitted:
            return self.drawn(number)
        array = given[self.name].array
        return array if fitted[self.name].batch is not None else array[None]

    def drawn(self, number: int) -> Array:
        """An array drawn from the seed: an input from the normal distribution, a target as the loss takes it."""
        shape = (number, *self.layouts.sample)
        random = np.random.default_rng([self.network.seed, crc32(f"{self.what} {self.name}".encode())])
        return random.standard_normal(shape) if self.loss is None else self.loss.drawn(random, shape)


def _fitted(wanted: list[_Wanted], given: Mapping[str, Given], batch: int | None) -> dict[str, Fit]:
    """How the given arrays are laid out, which have to be equally many samples each."""
    fitted: dict[str, Fit] = {}
    for each in wanted:
        if each.name not in given:
            continue
        array, origin = given[each.name]
        fit = each.layouts.fit(array.shape, batch)
        if fit is None:
            found = f"{shown_shape(array.shape)}{_if_classes(each, array.shape)}"
            raise ExecutorError(f"{origin}: expected {each.what} `{each.name}` with {each.layouts}, found {found}")
        batch = fit.number if batch is None else batch
        if fit.number != batch:
            raise ExecutorError(
                f"{origin}: expected {batch:,} samples of {each.what} `{each.name}`, found {fit.number:,}"
            )
        fitted[each.name] = fit
    return fitted


def _if_classes(wanted: _Wanted, shape: tuple[int, ...]) -> str:
    """What else to say of a shape that only a loss which takes classes would take."""
    layouts = wanted.layouts
    if wanted.loss is None or layouts.takes_classes or not layouts._replace(takes_classes=True).fits(shape):
        return ""
    return f"; {' and '.join(f'`{name}`' for name, loss in LOSSES.items() if loss.takes_classes)} takes classes"


def read_file(path: str | PathLike[str], network: Network) -> dict[str, Array]:
    """The arrays of a ``.npz`` file by the names of inputs and outputs; that of a ``.npy`` file is the only input.

    Raises:
        ExecutorError: a name or a type does not fit.
        WeightFileError: it cannot be read.
    """
    names = [network.graph.layers[index].name for index in (*network.graph.inputs, *network.graph.outputs)]
    if Path(path).suffix == ".npy":
        if len(network.graph.inputs) != 1:
            number = len(network.graph.inputs)
            raise ExecutorError(f"`{path}` is one array, the network has {number} inputs: use a .npz file")
        return {names[0]: load_array(path)}
    arrays = load(path)
    for name in arrays:
        if name not in names:
            raise ExecutorError(f"`{path}`: there is no input or output `{name}`; {did_you_mean(name, names, 'names')}")
    return arrays


def pin(network: Network, weights: Mapping[str, Mapping[str, Pinned]]) -> None:
    """Sets the arrays that a spec pins: to numbers, to one number throughout, or to what an initializer draws."""
    for layer, arrays in weights.items():
        for own, pinned in arrays.items():
            name = network.parameter_name(layer, own)
            if isinstance(pinned.value, str):
                network.initialize(pinned.value, only=name)
            else:
                network.parameters[name] = np.broadcast_to(pinned.value, network.parameters[name].shape)
