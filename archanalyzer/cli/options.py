"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def overriding(dtype: str) -> Callable[[F], F]:
    """``--set``, ``--input`` and ``--dtype``, whose help is given: what the command line says in place of the spec."""

    def add(function: F) -> F:
        function = click.option("--dtype", metavar="TYPE", help=dtype)(function)
        function = click.option(
            "--input",
            "input_shapes",
            multiple=True,
            metavar="NAME=SHAPE",
            callback=_pairs,
            help="Give an input another shape: image=3x256x256.",
        )(function)
        return click.option(
            "--set", "settings", multiple=True, metavar="NAME=VALUE", callback=_pairs, help="Set a variable."
        )(function)

    return add


def format_option(*formats: str, help_text: str = "How to write it.") -> Callable[[F], F]:
    """``--format``: one of these, the first if not said."""
    return click.option(
        "--format",
        "format_name",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help=help_text,
    )


def _pairs(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"expected NAME=VALUE, found `{text}`")
        if name.strip() in pairs:
            raise click.BadParameter(f"`{name.strip()}` is given twice")
        pairs[name.strip()] = value.strip()
    return pairs


def refuse_overwriting(specs: tuple[str, ...], *outputs: str | None) -> None:
    """Refuses to write a result over a spec that is read.

    Raises:
        click.UsageError: one of ``outputs`` is one of ``specs``.
    """
    for output in outputs:
        if output is not None and any(_same_file(spec, output) for spec in specs):
            raise click.UsageError(f"`{output}` is the spec itself")


def _same_file(one: str, other: str) -> bool:
    return Path(one).exists() and Path(other).exists() and Path(one).samefile(other)
