"""``archanalyzer completion``: what a shell reads to complete commands, options and names; and what it is told."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")
_FILES = frozenset({"SPEC", "SPECS", "PATH", "FILE", "OLD", "NEW", "PLUGIN"})
"""What parameters call what they take, in their help, where that is a file."""


@click.command("completion", short_help="What a shell reads to complete commands, options and names.")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print what SHELL reads to complete commands, options, files, and the names of layer types and passes.

    \b
    eval "$(archanalyzer completion bash)"            # in ~/.bashrc
    eval "$(archanalyzer completion zsh)"             # in ~/.zshrc
    archanalyzer completion fish > ~/.config/fish/completions/archanalyzer.fish
    """  # noqa: D301 - click reads the control character
    from click.shell_completion import ShellComplete, get_completion_class

    from archanalyzer.cli import COMPLETING, commands
    from archanalyzer.cli.output import emit

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click has these three
    # Of bash, click would first run one to see its version.
    emit(ShellComplete.source(found(commands, {}, "archanalyzer", COMPLETING)) + "\n")
    return 0


def with_files(command: click.Command) -> click.Command:
    """A command whose parameters that take files are completed as such."""
    for parameter in command.params:
        words = (parameter.metavar or "").replace("...", "").strip("[]").split()
        if parameter.type is click.STRING and _FILES.intersection(words):
            parameter.type = click.Path()
    return command
