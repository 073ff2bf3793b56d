"""``--plugin``, which every command has, and what is told of plugins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Diagnostic
    from archanalyzer.plugins.finding import Found

_UNUSABLE = 2
_AT_FAULT = f"{__name__}.at_fault"
_TOLD = f"{__name__}.told"
_HELP = "Use a plugin: a FILE.py, a folder of them, a module, or a pyproject.toml whose [tool.archanalyzer] names some."


def with_plugins(command: click.Command) -> click.Command:
    """The command, with the option ``--plugin``; installed plugins are there without it.

    Plugins are admitted before anything else that is given is looked at: formats may be theirs. What is wrong with them
    is told, the command answers all the same, and its exit code says that something could not be used.
    """
    if any(parameter.name == "plugins" for parameter in command.params):
        return command
    option = click.Option(
        ["--plugin", "plugins"],
        multiple=True,
        metavar="PLUGIN",
        help=_HELP,
        is_eager=True,
        expose_value=False,
        callback=_admit,
    )
    command.params.append(option)
    answer = command.callback
    assert answer is not None  # noqa: S101 - commands are functions

    @wraps(answer)
    def callback(*arguments: Any, **options: Any) -> int:
        code = answer(*arguments, **options) or 0
        return max(code, _UNUSABLE) if click.get_current_context().meta.get(_AT_FAULT) else code

    command.callback = callback
    return command


def _admit(context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> None:
    if context.resilient_parsing:  # a shell asks what may stand here: nothing is run for that
        return
    found = list(_found(names))
    if not found:
        return
    from archanalyzer.cli.output import emit, page
    from archanalyzer.plugins.admitting import Admitted
    from archanalyzer.report.diagnostics import as_text

    admitted = Admitted()
    context.find_root().call_on_close(admitted.dismiss)  # closed even where the options are wrong
    admitted.admit(found)
    emit(as_text(admitted.diagnostics, page(sys.stderr)), err=True)
    if admitted.diagnostics:
        context.meta[_AT_FAULT] = True
        context.meta[_TOLD] = tuple(admitted.diagnostics)


def plugin_is_at_fault() -> None:
    """Makes the exit code of the command that is running say that something could not be used."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_AT_FAULT] = True


def a_plugin_is_at_fault() -> bool:
    """Whether any plugin is at fault so far, for the command that is running."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_AT_FAULT))


def plugins_refused() -> tuple[Diagnostic, ...]:
    """What is wrong with the plugins that the command that is running cannot use: of no spec, but of the command."""
    context = click.get_current_context(silent=True)
    refused: tuple[Diagnostic, ...] = () if context is None else context.meta.get(_TOLD, ())
    return refused


def with_plugins_refused(document: str) -> str:
    """A JSON document of specs with one more member, ``diagnostics``, where plugins cannot be used; else as it is."""
    refused = plugins_refused()
    if not refused:
        return document
    from archanalyzer.report.diagnostics import as_data
    from archanalyzer.report.json_text import members

    (member,) = members({"diagnostics": [as_data(each) for each in refused]}, "")
    return f"{document.rstrip().removesuffix('}')}, {member}}}\n"


def told_of_plugin(error: BaseException) -> bool:
    """Tells of an error that a plugin has made, wherever it came out; False where none has."""
    if "archanalyzer.plugins.admitting" not in sys.modules:
        return False
    from archanalyzer.cli.output import emit, page
    from archanalyzer.plugins.admitting import fault_of_plugin
    from archanalyzer.report.diagnostics import as_text

    fault = fault_of_plugin(error)
    if fault is not None:
        emit(as_text([fault], page(sys.stderr)), err=True)
    return fault is not None


def _found(names: tuple[str, ...]) -> Iterator[Found | Diagnostic]:
    from archanalyzer.plugins.finding import installed, named

    yield from installed()
    for name in names:
        yield from named(name)
