"""The command line. One command a file, imported when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence

import click

from archanalyzer.cli.limiting import with_limits
from archanalyzer.cli.plugging import told_of_plugin, with_plugins

_COMMANDS = (
    "analyze",
    "check",
    "completion",
    "descent",
    "diff",
    "draw",
    "explain",
    "field",
    "linearize",
    "matrix",
    "ops",
    "passes",
    "run",
    "schema",
)
_WITHOUT_SPECS = ("completion", "ops", "passes", "schema")

UNUSABLE = 2
"""Exit code: the input could not be used. 0 is fine, 1 means that the answer is no."""
_INTERRUPTED = 130
COMPLETING = "_ARCHANALYZER_COMPLETE"
"""The environment variable by which a shell asks how to complete a line; click answers before any command runs."""


class _Commands(click.Group):
    """Commands by the names of their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        command = with_plugins(command if cmd_name in _WITHOUT_SPECS else with_limits(command))
        return _completed(command) if COMPLETING in os.environ else command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            from archanalyzer.diagnostics import did_you_mean

            raise click.UsageError(f"there is no command `{name}`; {did_you_mean(name, _COMMANDS, 'commands')}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine; 1 the answer is no; 2 the input could not be used.",
)
@click.version_option(package_name="archanalyzer", message="archanalyzer %(version)s")
def commands() -> None:
    """Describe a neural network in YAML; ask anything that can be known of it without training, exactly.

    \b
    archanalyzer analyze vgg16.yaml           layers, parameters, MACs, receptive fields
    archanalyzer check specs/                 holds every `expect:` against the facts
    archanalyzer descent net.yaml             what the loss does along the negative gradient
    archanalyzer diff old.yaml new.yaml       what changed, in layers and facts
    archanalyzer draw unet.yaml -o unet.svg   the network as a picture, or what flows forward and back
    archanalyzer explain wrong-rank           what a rule says, and how to mend what breaks it
    archanalyzer explain vgg16.yaml macs      how a fact comes about, written out as by hand
    archanalyzer field vgg16.yaml block5      what a layer's positions see of the input
    archanalyzer linearize toy.yaml           the affine map A·x + c that a network is around an input
    archanalyzer matrix net.yaml conv1d       the banded matrix that a linear layer is
    archanalyzer ops conv2d                   what a layer type declares: fields, weights, examples
    archanalyzer passes memory                what a pass needs, and the facts that come from it
    archanalyzer run toy.yaml --steps 2       forward, backward, training steps
    archanalyzer schema -o FILE               the spec language as a JSON Schema, for editors
    archanalyzer completion bash              what a shell reads to complete all of these
    """  # noqa: D301 - click reads the control character


def _completed(command: click.Command) -> click.Command:
    """The command, with parameters that take files completed as such."""
    from archanalyzer.cli.completion import with_files

    return with_files(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code; no exception gets out."""
    collecting = gc.isenabled()
    gc.disable()  # a twentieth of a short run's time; what a run leaves behind, its end takes along
    try:
        return _run(arguments)
    finally:
        if collecting:
            gc.enable()


def _run(arguments: Sequence[str] | None) -> int:
    # Plugins of pydantic would run foreign code at import, and at every model that is built.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = commands.main(arguments, prog_name="archanalyzer", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except MemoryError:
        click.echo("archanalyzer: out of memory: what is asked for is too large for this machine", err=True)
        return UNUSABLE
    except (Exception, SystemExit) as error:  # a traceback is for us, not for who runs the command
        if not told_of_plugin(error):
            if isinstance(error, SystemExit) or os.environ.get("ARCHANALYZER_TRACEBACK"):
                raise
            _report(error)
        return UNUSABLE
    return code if isinstance(code, int) else 0


def _report(error: Exception) -> None:
    what = f"{type(error).__name__}: {str(error)[:500]!a}"  # on one line, whatever it says
    message = f"archanalyzer: internal error, please report it: {what} (ARCHANALYZER_TRACEBACK=1 shows where)"
    click.echo(message, err=True)
