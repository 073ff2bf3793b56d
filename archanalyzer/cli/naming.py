"""Commands that list what there is, or explain one by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def known(name: str, names: Sequence[str], what: str, several: str) -> str:
    """``name``, if it is one of ``names``; ``what`` and ``several`` are what one and more of them are called.

    Raises:
        click.UsageError: it is not; the message says what may have been meant.
    """
    if name in names:
        return name
    from archanalyzer.diagnostics import did_you_mean

    raise click.UsageError(f"there is no {what} `{name[:80]}`; {did_you_mean(name, list(names), several)}")


def completing(
    names: Callable[[], dict[str, str]],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Completes a name; ``names`` gives each with what a shell shows beside it."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(name, help=text) for name, text in names().items() if name.startswith(incomplete)]

    return complete
