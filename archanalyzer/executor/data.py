"""What a network is run on: inputs and targets from a spec, from a file, or drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import NamedTuple
from zipfile import BadZipFile
from zlib import crc32

import numpy as np

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.arrays import shown
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.losses import Loss
from archanalyzer.executor.network import Network
from archanalyzer.graph import Pinned, Running
from archanalyzer.graph.training import LOSSES
from archanalyzer.passes.pinned import Fit, Layouts


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
    loss: Loss | None,
    running: Running,
    *,
    path: str | PathLike[str] | None = None,
    batch: int | None = None,
) -> Data:
    """Inputs and, for a ``loss``, targets: of the file at ``path``, else of the spec, else drawn from the seed.

    ``batch`` is how many samples there are to be where none are given: 1 if not said.

    Raises:
        ExecutorError: the file cannot be used, something does not fit, or it is a batch of another size.
    """
    wanted = [_Wanted(network, index) for index in network.graph.inputs]
    if loss is not None:
        wanted += [_Wanted(network, index, loss) for index in network.graph.outputs]
    given = {
        name: (np.asarray(each.value), "the spec") for name, each in (*running.inputs.items(), *running.targets.items())
    }
    if path is not None:
        read = read_file(path, network)
        given |= {name: (array, f"`{fspath(path)}`") for name, array in read.items()}
    fitted = _fitted(wanted, given, batch)
    sizes = [fit.number for fit in fitted.values()]
    number = sizes[0] if sizes else batch or 1
    origins: dict[str, None] = {}
    arrays: list[dict[str, Array]] = [{}, {}]
    for each in wanted:
        section = arrays[each.loss is not None]
        if each.name in fitted:
            array, origin = given[each.name]
            section[each.name] = array if fitted[each.name].batch is not None else array[None]
        else:
            section[each.name], origin = each.drawn(number), f"seed {network.seed}"
        origins[f"{each.what}s from {origin}"] = None
    is_batch = batch is not None or any(fit.batch is not None for fit in fitted.values())
    return Data(arrays[0], arrays[1], is_batch, tuple(origins))


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

    def drawn(self, number: int) -> Array:
        """An array drawn from the seed: an input from the normal distribution, a target as the loss takes it."""
        shape = (number, *self.layouts.sample)
        random = np.random.default_rng([self.network.seed, crc32(f"{self.what} {self.name}".encode())])
        return random.standard_normal(shape) if self.loss is None else self.loss.drawn(random, shape)


def _fitted(wanted: list[_Wanted], given: Mapping[str, tuple[Array, str]], batch: int | None) -> dict[str, Fit]:
    """How the given arrays are laid out, which have to be equally many samples each."""
    fitted: dict[str, Fit] = {}
    for each in wanted:
        if each.name not in given:
            continue
        array, origin = given[each.name]
        fit = each.layouts.fit(array.shape, batch)
        if fit is None:
            raise ExecutorError(
                f"{origin}: expected {each.what} `{each.name}` with {each.layouts}, found {shown(array.shape)}"
            )
        batch = fit.number if batch is None else batch
        if fit.number != batch:
            raise ExecutorError(
                f"{origin}: expected {batch:,} samples of {each.what} `{each.name}`, found {fit.number:,}"
            )
        fitted[each.name] = fit
    return fitted


def read_file(path: str | PathLike[str], network: Network) -> dict[str, Array]:
    """The arrays of a ``.npz`` file by the names of inputs and outputs; that of a ``.npy`` file is the only input.

    Raises:
        ExecutorError: it is no such file, or holds something else.
    """
    name = fspath(path)
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = {"": loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except OSError as error:
        raise ExecutorError(f"cannot read `{name}`: {error.strerror or 'it is no .npy or .npz file'}") from None
    except (ValueError, EOFError, BadZipFile, KeyError) as error:
        raise ExecutorError(f"cannot read `{name}`: expected numbers in a .npy or .npz file ({error})") from None
    names = [network.graph.layers[index].name for index in (*network.graph.inputs, *network.graph.outputs)]
    if "" in arrays:
        if len(network.graph.inputs) != 1:
            raise ExecutorError(
                f"`{name}` is one array, the network has {len(network.graph.inputs)} inputs: use a .npz file"
            )
        arrays = {names[0]: arrays[""]}
    for key, array in arrays.items():
        if key not in names:
            raise ExecutorError(f"`{name}`: there is no input or output `{key}`; {did_you_mean(key, names, 'names')}")
        if array.dtype.kind not in "fiub":
            raise ExecutorError(f"`{name}`: expected `{key}` as real numbers, found {array.dtype}")
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
