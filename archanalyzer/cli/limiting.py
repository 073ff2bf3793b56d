"""``--limit``, which every command that reads a spec has: how much it may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archanalyzer.spec.limits import Limits

_META = f"{__name__}.limits"
_MEMORY = "memory"
_HELP = (
    "Allow a spec more, or less: layers, nodes, nesting, file_bytes, expression_characters, list_items, arithmetic, "
    "number, or memory, the bytes of all arrays of a run, scratch space left out. N may end in k, M, G, Ki, Mi, Gi."
)


def with_limits(command: click.Command) -> click.Command:
    """The command, with the option ``--limit``, if it reads specs."""
    if not any(parameter.name == "limits" for parameter in command.params):
        option = click.Option(
            ["--limit", "limits"],
            multiple=True,
            metavar="NAME=N",
            help=_HELP,
            expose_value=False,
            callback=_set,
        )
        command.params.append(option)
    return command


def chosen_limits() -> Limits:
    """The limits of the command that is running."""
    from archanalyzer.spec.limits import DEFAULT_LIMITS

    context = click.get_current_context(silent=True)
    limits: Limits = DEFAULT_LIMITS if context is None else context.meta.get(_META, DEFAULT_LIMITS)
    return limits


def _set(context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> None:
    if not given:
        return
    from archanalyzer.spec.limits import DEFAULT_LIMITS, read_limit

    limits = DEFAULT_LIMITS
    for text in given:
        try:
            name, number = read_limit(text)
            if name == _MEMORY:
                _limit_memory(context, number)
            else:
                limits = limits.changed(name, number, others=(_MEMORY,))
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    context.meta[_META] = limits


def _limit_memory(context: click.Context, size: int) -> None:
    from archanalyzer.executor import machine  # imports no NumPy

    before = machine.limit_memory(size)
    context.find_root().call_on_close(lambda: machine.limit_memory(before))
