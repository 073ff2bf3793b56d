"""``archanalyzer matrix``: what a linear layer multiplies its input with, written out."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting
from archanalyzer.cli.running import options_of_running, refuse_misnamed_files, refuse_unwritable, told

if TYPE_CHECKING:
    from archanalyzer.executor.matrix_answer import MatrixAnswer
    from archanalyzer.passes.analyzing import Analyzed

_DATA = (".csv", ".mtx", ".npy", ".npz")
"""``ENDINGS`` of ``executor.matrix_files``, which takes NumPy to import; a test holds that they are equal."""
_DTYPES = ("float32", "float64")
_LEAST_WIDTH = 40


@click.command(
    "matrix",
    short_help="A linear layer as a matrix.",
    epilog="Of a network that is linear as a whole, LAYER can be left out. Exit codes: 0 fine; 2 the input could not "
    "be used.",
)
@click.argument("spec", metavar="SPEC")
@click.argument("layer", required=False, metavar="[LAYER]")
@click.option("--numbers", is_flag=True, help="Show the numbers that the weights have, not the weights' names.")
@click.option("--gradient", is_flag=True, help="Show E too, by which ∂l/∂(weights) = E·vec(δ·oᵀ).")
@click.option("--flip", is_flag=True, help="Number the weights of a kernel backwards, as a true convolution does.")
@click.option("--sparse", is_flag=True, help="List row, column and entry of what is not zero; CSR in a .npz.")
@click.option("--full", is_flag=True, help="Show all of the matrix, however large.")
@format_option("text", "json", "markdown", "latex")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write to FILE, whole or not at all; to .npz, .npy, .csv or .mtx, the numbers, of E with --gradient.",
)
@options_of_running("seed", "load", "initializer")
@overriding(dtype="Type of the weights' numbers, float64 if not said, or float32; the matrix is in float64.")
def command(spec: str, **options: Any) -> int:
    """The matrix of LAYER in SPEC (`-` reads standard input), with which vec(output) = W·vec(input) + c; vec has the
    last axis the fastest. LAYER is a layer or a block of layers that are all linear, but for what they add.

    \b
    archanalyzer matrix net.yaml conv1d
    archanalyzer matrix net.yaml conv1d --gradient --flip
    archanalyzer matrix net.yaml upsample --sparse
    archanalyzer matrix net.yaml conv2d --numbers --load net.safetensors -o conv2d.npz
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver
    from archanalyzer.cli.reading import read_and_analyze, tell

    chosen = _Options(**options)
    _refuse_misuse(spec, chosen)
    analyzed = read_and_analyze(spec, settings=chosen.settings, input_shapes=chosen.input_shapes)
    if tell([analyzed], chosen.output):
        return 2
    with told():
        refuse_unwritable(chosen.output)
        answer = _answer(analyzed, chosen)
        if chosen.writes_data:
            _write_data(answer, chosen)
        else:
            deliver(_text(answer, chosen), chosen.output, exact=chosen.format_name != "text")
    return 0


class _Options(NamedTuple):
    """The options, by the names that click gives them; None where not given."""

    layer: str | None
    numbers: bool
    gradient: bool
    flip: bool
    sparse: bool
    full: bool
    format_name: str
    output: str | None
    load: str | None
    seed: int
    initializer: str | None
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None

    @property
    def writes_data(self) -> bool:
        """Whether the numbers go to a file of numbers."""
        return self.output is not None and PurePath(self.output).suffix.lower() in _DATA


def _refuse_misuse(spec: str, options: _Options) -> None:
    refuse_overwriting((spec,), options.output)
    refuse_misnamed_files({"--output": options.output, "--load": options.load})
    if options.dtype not in {None, *_DTYPES}:
        raise click.UsageError(f"weights are in {' or '.join(_DTYPES)}, not in `--dtype {options.dtype}`")
    if options.flip and (options.numbers or options.writes_data) and not options.gradient:
        raise click.UsageError("`--flip` numbers the names of weights, or the rows of E with `--gradient`")
    source = click.get_current_context().get_parameter_source("format_name")
    if options.writes_data and source is ParameterSource.COMMANDLINE:
        ending = PurePath(options.output or "").suffix
        raise click.UsageError(f"`--format {options.format_name}` does not go with a file that ends in `{ending}`")


def _answer(analyzed: Analyzed, options: _Options) -> MatrixAnswer:
    from archanalyzer.executor.affine_part import AffinePart
    from archanalyzer.executor.matrix_answer import Asked, answered
    from archanalyzer.executor.weight_files import load
    from archanalyzer.passes.tensor_types import TensorTypes

    loaded = load(options.load) if options.load is not None else None
    part = AffinePart(analyzed.facts.result(TensorTypes), options.layer)
    running = analyzed.spec.running
    if options.initializer is not None:
        running = running._replace(initializer=options.initializer)
    part.set_weights(running, seed=options.seed, dtype=options.dtype or "float64")
    if loaded is not None:
        part.load(loaded, options.load or "")
    asked = Asked(not options.numbers and not options.writes_data, options.gradient, options.flip)
    return answered(part, asked, analyzed.graph.name, analyzed.spec.path)


def _write_data(answer: MatrixAnswer, options: _Options) -> None:
    from archanalyzer.cli.output import NotWritten
    from archanalyzer.executor.matrix_files import writer_of
    from archanalyzer.files import write_whole

    is_gradient = options.gradient and answer.terms is not None
    matrix = answer.terms.parts if is_gradient and answer.terms is not None else answer.matrix
    offset = answer.offset if not is_gradient and answer.has_offset else None
    path = options.output or ""
    content = writer_of(path, matrix, offset, is_sparse=options.sparse)
    try:
        write_whole(path, content)
    except OSError as error:
        raise NotWritten(f"cannot write `{path}`: {error.strerror or error}") from None


def _text(answer: MatrixAnswer, options: _Options) -> str:
    from archanalyzer.cli.output import is_file, page
    from archanalyzer.report.matrix import as_json as matrix_json
    from archanalyzer.report.matrix import as_markup as matrix_markup
    from archanalyzer.report.matrix import as_text as matrix_text
    from archanalyzer.report.matrix.words import ASCII, UNICODE

    if options.format_name == "json":
        return matrix_json.render(answer)
    if options.format_name in {"latex", "markdown"}:
        as_markup = matrix_markup.as_latex if options.format_name == "latex" else matrix_markup.as_markdown
        return as_markup(answer, is_whole=options.full)
    encoding = "utf-8" if is_file(options.output) else (getattr(sys.stdout, "encoding", None) or "utf-8")
    width = None if options.full else max(page(sys.stdout).width, _LEAST_WIDTH)
    return matrix_text.render(answer, UNICODE if _carries(encoding) else ASCII, width, lists=options.sparse)


def _carries(encoding: str) -> bool:
    """Whether brackets and subscripts can be written."""
    try:
        "⎡⎥₁⋯ᵀδ".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
