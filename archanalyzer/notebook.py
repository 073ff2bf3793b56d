r"""The commands as functions whose answers show themselves in a notebook.

    >>> from archanalyzer import notebook
    >>> print(notebook.matrix("specs/homework/convolution.yaml", set={"inputs": 2, "outputs": 3}, flip=True))
    convolution  specs/homework/convolution.yaml
    convolution (network): o 1×2 → 1×3
    vec(output) = W·vec(input); W is 3×2, not zero in 3 of 6
    <BLANKLINE>
    ⎡  ·  · ⎤
    ⎢ h₁  · ⎥
    ⎣ h₂ h₁ ⎦

Each takes what its command takes on the command line: options as keywords, ``steps=2`` for ``--steps 2``, ``flip=True``
for ``--flip``, a map for what is written ``NAME=VALUE``, a tuple for ``3x32x32``. A spec is a path, or, with a line
break in it, YAML. In IPython, after ``%load_ext archanalyzer.notebook``, ``%archanalyzer matrix net.yaml`` does the
same.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

import click

from archanalyzer.cli import UNUSABLE, commands, main
from archanalyzer.report.html import text_as_html

SpecLike = str | PathLike[str]

_TEXTS = ("text", "table")
_ONCE = ("--format", "--output", "-o", "--save", "--update")
"""With these a command is run once: it has its format, or writes a file."""
MOST_SHOWN = 500_000
"""Characters of an answer that a notebook keeps in one format."""


class AskError(Exception):
    """A command could not answer; the message is what it told."""


class Answer:
    """What a command answers: a text, data, and what a notebook shows."""

    def __init__(self, command: str, options: Sequence[str] = (), operands: Sequence[SpecLike] = ()) -> None:
        """Asks at once; raises AskError where the command tells that the input, or an option, cannot be used."""
        self._asked = _Asked(command, tuple(options), tuple(operands))
        self._is_once = any(each.partition("=")[0] in _ONCE for each in options)
        self._formats = () if self._is_once else self._asked.formats()
        self._written: dict[str, str] = {}
        self.text: str = self._in(next((each for each in _TEXTS if each in self._formats), None))
        """The answer as a terminal shows it."""

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    @cached_property
    def data(self) -> Any:
        """The answer as the members of its JSON document, every number in full.

        Raises:
            AskError: the command writes no JSON, or not only to here.
        """
        if self._is_once:
            raise AskError("what is asked for in a format, or is to write a file, is asked once and not again as JSON")
        return json.loads(self._in("json"))

    def _in(self, format_name: str | None) -> str:
        key = format_name or ""
        if key not in self._written:
            self._written[key] = self._asked.answered(*(("--format", format_name) if format_name else ()))
        return self._written[key]

    def _offered(self, format_name: str) -> str | None:
        """The answer in a format; None where there is no such one, or it is too long, so that another is taken."""
        if format_name not in self._formats:
            return None
        try:
            text = self._in(format_name)
        except AskError:  # one form of the command has formats that another has not
            return None
        return text if len(text) <= MOST_SHOWN else None

    def _repr_markdown_(self) -> str | None:
        return self._offered("markdown")

    def _repr_latex_(self) -> str | None:
        return self._offered("latex")

    def _repr_svg_(self) -> str | None:
        return self._offered("svg")

    def _repr_html_(self) -> str | None:
        """The text as it stands, where there is nothing better to show; of one that is too long, its beginning."""
        if any(self._offered(each) is not None for each in ("markdown", "svg")):
            return None
        cut = "" if len(self.text) <= MOST_SHOWN else f"\n… {len(self.text) - MOST_SHOWN:,} more characters in `text`"
        return text_as_html(self.text[:MOST_SHOWN].rstrip() + cut).rstrip()


class Picture:
    """A picture that a command draws into a file."""

    def __init__(self, command: str, options: Sequence[str] = (), operands: Sequence[SpecLike] = ()) -> None:
        """Raises as ``Answer`` does."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "picture.svg")
            self.text = _Asked(command, tuple(options), tuple(operands)).answered("--draw", str(path))
            self._svg = path.read_text(encoding="utf-8")

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    def _repr_svg_(self) -> str:
        return self._svg


def report(spec: SpecLike, **options: Any) -> Answer:
    """``archanalyzer analyze``: layers, parameters, MACs, receptive fields. Raises as ``Answer`` does."""
    return _ask("analyze", [spec], options)


def check(*specs: SpecLike, **options: Any) -> Answer:
    """``archanalyzer check``: holds every ``expect:`` against the facts. Raises as ``Answer`` does."""
    return _ask("check", specs, options)


def explain(spec: SpecLike, what: str, layer: str | None = None, **options: Any) -> Answer:
    """``archanalyzer explain``: how a fact comes about. Raises as ``Answer`` does."""
    return _ask("explain", [spec, what, *_named(layer)], options)


def field(spec: SpecLike, layer: str | None = None, **options: Any) -> Answer:
    """``archanalyzer field``: what positions see of the input. Raises as ``Answer`` does."""
    return _ask("field", [spec, *_named(layer)], options)


def field_picture(spec: SpecLike, layer: str, **options: Any) -> Picture:
    """``archanalyzer field --draw``: the same as a picture; needs matplotlib. Raises as ``Answer`` does."""
    return Picture("field", _options("field", options), [spec, layer])


def trace(spec: SpecLike, **options: Any) -> Answer:
    """``archanalyzer run --trace``: every array of a run. Raises as ``Answer`` does."""
    return _ask("run", [spec], {"trace": True, **options})


def run(spec: SpecLike, **options: Any) -> Answer:
    """``archanalyzer run``: forward, backward and training steps. Raises as ``Answer`` does."""
    return _ask("run", [spec], options)


def descent(spec: SpecLike, **options: Any) -> Answer:
    """``archanalyzer descent``: the true change of the loss beside the predicted. Raises as ``Answer`` does."""
    return _ask("descent", [spec], options)


def linearize(spec: SpecLike, **options: Any) -> Answer:
    """``archanalyzer linearize``: the affine map that a network is around an input. Raises as ``Answer`` does."""
    return _ask("linearize", [spec], options)


def matrix(spec: SpecLike, layer: str | None = None, **options: Any) -> Answer:
    """``archanalyzer matrix``: a linear layer as the matrix that it is. Raises as ``Answer`` does."""
    return _ask("matrix", [spec, *_named(layer)], options)


def draw(spec: SpecLike, **options: Any) -> Answer:
    """``archanalyzer draw``: the network as a picture. Raises as ``Answer`` does."""
    return _ask("draw", [spec], options)


def diff(old: SpecLike, new: SpecLike, **options: Any) -> Answer:
    """``archanalyzer diff``: what changed between two specs. Raises as ``Answer`` does."""
    return _ask("diff", [old, new], options)


def load_ipython_extension(shell: Any) -> None:
    """Makes ``%archanalyzer`` known to IPython, which calls this for ``%load_ext archanalyzer.notebook``."""

    def archanalyzer(line: str) -> Answer:
        try:
            command, *arguments = shlex.split(line) or [""]
        except ValueError as error:
            raise AskError(f"{line}: {error}") from None
        return Answer(command, arguments)

    shell.register_magic_function(archanalyzer, "line")


class _Asked(NamedTuple):
    """A command as it is called; of the operands, one may be YAML, which the command then reads as ``-``."""

    command: str
    options: tuple[str, ...]
    operands: tuple[SpecLike, ...]

    def formats(self) -> tuple[str, ...]:
        """The formats that the command writes, as it completes them for a shell."""
        context = click.Context(commands)
        found = commands.get_command(context, self.command)
        option = next((each for each in found.params if each.name == "format_name"), None) if found else None
        return tuple(each.value for each in option.shell_complete(context, "")) if option else ()

    def answered(self, *more: str) -> str:
        """What the command, with more options, writes to standard output.

        Raises:
            AskError: the input, or an option, cannot be used; with what it writes to standard error.
        """
        texts = [each for each in self.operands if _is_yaml(each)]
        if len(texts) > 1:
            raise AskError("one spec can be given as YAML; name the files of the others")
        operands = ["-" if _is_yaml(each) else fspath(each) for each in self.operands]
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err), _reading("".join(map(str, texts))), _without_colors():
            code = main([self.command, *self.options, *more, *(["--", *operands] if operands else [])])
        for stream in (out, err):
            stream.seek(0)
        if code == UNUSABLE:
            raise AskError((err.read() or out.read()).strip())
        return out.read()


def _ask(command: str, operands: Sequence[SpecLike], options: Mapping[str, Any]) -> Answer:
    return Answer(command, _options(command, options), operands)


def _named(layer: str | None) -> list[str]:
    return [] if layer is None else [layer]


def _is_yaml(spec: SpecLike) -> bool:
    return isinstance(spec, str) and "\n" in spec


def _options(command: str, given: Mapping[str, Any]) -> list[str]:
    """``from_=2`` is ``--from 2``, since ``from`` is a word of Python's; ``diagonal=False`` is ``--no-diagonal``."""
    found = commands.get_command(click.Context(commands), command)
    negative = {option for each in found.params for option in each.secondary_opts} if found else set()
    named = ((name.strip("_").replace("_", "-"), value) for name, value in given.items())
    return [argument for name, value in named for argument in _option(name, value, negative)]


def _option(name: str, value: Any, negative: Collection[str]) -> Iterator[str]:
    if value is True:
        yield f"--{name}"
    elif value is False:
        yield from {f"--no-{name}"}.intersection(negative)
    elif isinstance(value, Mapping):
        yield from (f"--{name}={key}={_written(each)}" for key, each in value.items())
    elif isinstance(value, list):
        yield from (f"--{name}={_written(each)}" for each in value)
    elif value is not None:
        yield f"--{name}={_written(value)}"


def _written(value: Any) -> str:
    """A shape or a place, a tuple, as ``3x32x32``; anything else as Python writes it."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


@contextmanager
def _reading(text: str) -> Iterator[None]:
    """Has standard input hold a text."""
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


@contextmanager
def _without_colors() -> Iterator[None]:
    """A notebook's kernel asks for colours, which are no text."""
    before = os.environ.get("NO_COLOR")
    os.environ["NO_COLOR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["NO_COLOR"]
        else:
            os.environ["NO_COLOR"] = before
