"""``--limit``, which every command that reads a spec has: how much it may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archanalyzer.spec.limits import Limits

_META = f"{__name__}.limits"
_MOST = {"nesting": 150, "number": 2**127, "file_bytes": 2**30}
_MOST_OF_OTHERS = 2**48
_HELP = (
    "Allow a spec more, or less: layers, nodes, nesting, file_bytes, expression_characters, list_items, arithmetic, "
    "number, or memory, the bytes that running takes. N may end in k, M, G, Ki, Mi, Gi."
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
    from archanalyzer.diagnostics import did_you_mean
    from archanalyzer.spec.limits import DEFAULT_LIMITS

    limits = DEFAULT_LIMITS
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        number = _number(text, value)
        if name == "memory":
            _limit_memory(context, number)
        elif name in limits._fields:
            limits = limits._replace(**{name: _within(name, number)})
        else:
            known = (*limits._fields, "memory")
            raise click.BadParameter(f"there is no limit `{name}`; {did_you_mean(name, known, 'limits')}")
    context.meta[_META] = limits


def _number(text: str, value: str) -> int:
    from archanalyzer.graph.quantities import taken_apart

    quantity = taken_apart(value)
    if quantity is None or quantity.form != "number" or quantity.numbers[0].denominator > 1 or quantity.numbers[0] < 1:
        raise click.BadParameter(f"expected NAME=N with a whole number from 1, such as `layers=1M`, found `{text}`")
    return int(quantity.numbers[0])


def _within(name: str, number: int) -> int:
    """What a limit may be raised to: what reading takes a level for a level ends where Python's own calls do."""
    most = _MOST.get(name, _MOST_OF_OTHERS)
    if number > most:
        raise click.BadParameter(f"`{name}` can be at most {most:,}, found {number:,}")
    return number


def _limit_memory(context: click.Context, size: int) -> None:
    from archanalyzer.executor import machine  # imports no NumPy

    before = machine.limit_memory(size)
    context.find_root().call_on_close(lambda: machine.limit_memory(before))
