"""What the commands that run a network have in common: data and weights, and what is told when running goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archanalyzer.recipe import INITIALIZERS, LOSSES

if TYPE_CHECKING:
    from archanalyzer.executor.network import Network
    from archanalyzer.graph import Running
    from archanalyzer.passes.analyzing import Analyzed

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, dict[str, Any]] = {
    "data": {
        "metavar": "FILE",
        "help": "Inputs, and targets where they count, by name, .npz, or the only input, .npy.",
    },
    "batch": {"type": click.IntRange(min=1), "metavar": "N", "help": "Draw N samples where none are given."},
    "seed": {
        "type": click.IntRange(min=0),
        "default": 0,
        "metavar": "N",
        "help": "For all that is drawn at random.",
    },
    "load": {"metavar": "FILE", "help": "Read the weights from FILE, .safetensors or .npz."},
    "loss": {"type": click.Choice(list(LOSSES)), "help": "What to make small, in place of what the spec says."},
    "initializer": {"type": click.Choice(list(INITIALIZERS)), "help": "What draws weights that are not pinned."},
}


def options_of_running(*names: str) -> Callable[[F], F]:
    """The options of these names: ``data``, ``batch``, ``seed``, ``load``, ``loss``, ``initializer``."""

    def add(function: F) -> F:
        for name in reversed(names):
            function = click.option(f"--{name}", **_OPTIONS[name])(function)
        return function

    return add


data_and_weights = options_of_running(*_OPTIONS)
"""All of them."""


@contextmanager
def told() -> Iterator[None]:
    """Tells what goes wrong in running: a reason and the exit code, never a traceback."""
    try:
        yield
    except _errors() as error:
        from archanalyzer.report.text import escape  # names of networks, and of arrays in files

        raise click.ClickException("\n".join(map(escape, str(error).split("\n")))) from None
    except MemoryError:
        raise click.ClickException("the arrays do not fit into memory: try a smaller batch or smaller inputs") from None


def _errors() -> tuple[type[Exception], ...]:
    """What goes wrong in running; asked for when something does, since NumPy takes time to import."""
    from archanalyzer.executor.errors import ExecutorError, NonFiniteError
    from archanalyzer.executor.weight_files import WeightFileError

    return ExecutorError, NonFiniteError, WeightFileError


def refuse_misnamed_files(files: Mapping[str, str | None]) -> None:
    """Refuses files, by their options, that have no name, or one for two of them: one would overwrite the other.

    Only weights may be saved to where they were loaded from, and data and weights may be read from one file.

    Raises:
        click.UsageError: a file is one of these.
    """
    for option, file in files.items():
        if file == "" and option != "--output":
            raise click.UsageError(f"`{option}` names no file")
    for one, other in combinations(files, 2):
        first, second = files[one], files[other]
        if {one, other} in ({"--load", "--save"}, {"--load", "--data"}) or not first or not second:
            continue
        if os.path.realpath(first) == os.path.realpath(second):
            raise click.UsageError(f"`{one}` and `{other}` name the same file, `{first}`")


def refuse_unwritable(*outputs: str | None) -> None:
    """Tells before the work, not after it, that there is no place for what comes of it."""
    from archanalyzer.cli.output import NotWritten, is_file
    from archanalyzer.files import require_writable

    for output in outputs:
        try:
            if output is not None and is_file(output):
                require_writable(output)
        except OSError as error:
            raise NotWritten(f"cannot write `{output}`: {error.strerror}") from None


def prepared(analyzed: Analyzed, chosen: Running, *, dtype: str | None, seed: int, load: str | None) -> Network:
    """The network of a spec, with the weights, the loss and the optimizer that the spec or ``chosen`` says.

    Raises:
        ExecutorError: something of it cannot be used.
        WeightFileError: the file ``load`` cannot.
    """
    from archanalyzer.executor.lowering import dtype_for
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.training import set_up

    network = Network(analyzed.graph, dtype=dtype_for(analyzed.graph, dtype), seed=seed)
    set_up(network, analyzed.spec.running, chosen)
    if load is not None:
        network.load(load)
    return network
