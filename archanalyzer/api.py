"""The few functions with which a program uses the package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from archanalyzer.diagnostics import SpecError, has_errors
from archanalyzer.graph import Graph, Running, Spec
from archanalyzer.passes import asked
from archanalyzer.passes.analysis import Analysis, Passes
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.analyzing import analyze as analyze_spec
from archanalyzer.spec import parse_spec, read_spec
from archanalyzer.spec.text import STRING

if TYPE_CHECKING:
    from archanalyzer.executor.network import Network
    from archanalyzer.report.verdicts import Verdict

_NOTHING: Mapping[str, str] = MappingProxyType({})


def load(
    path: str | PathLike[str],
    *,
    settings: Mapping[str, str] = _NOTHING,
    input_shapes: Mapping[str, str] = _NOTHING,
    dtype: str | None = None,
) -> Spec:
    """The spec in a file.

    ``settings`` (variable → value), ``input_shapes`` (input → shape, such as ``3x256x256``) and ``dtype`` override what
    it says, as ``--set``, ``--input`` and ``--dtype`` do.

    Raises:
        SpecError: something is wrong with it; ``SpecError.diagnostics`` says what, all of it.
    """
    return _sound(read_spec(fspath(path), settings=settings, input_shapes=input_shapes, dtype=dtype))


def loads(
    text: str,
    *,
    settings: Mapping[str, str] = _NOTHING,
    input_shapes: Mapping[str, str] = _NOTHING,
    dtype: str | None = None,
) -> Spec:
    """As ``load``, of a text.

    Raises:
        SpecError: as ``load``.
    """
    return _sound(parse_spec(text, settings=settings, input_shapes=input_shapes, dtype=dtype))


class Report(Analyzed):
    """A spec with its facts, which shows itself in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from archanalyzer.report.html import as_html, parts_of

        return as_html(parts_of(self))


def analyze(spec: Spec | str | PathLike[str], *, passes: Iterable[Analysis[Any]] = ()) -> Report:
    """The facts of a spec, or of the one in a file; ``passes`` are asked beside the built-in ones.

    A pass is run when one of its facts is first asked for, or here, if it looks for something wrong. What one of
    ``passes`` raises is passed on as it is, to whoever asked: it is their own code. Only passes of plugins are guarded.

    Raises:
        SpecError: something is wrong with it, or a layer does not fit what it reads.
        PassError: ``passes`` do not fit together with the built-in ones.
    """
    analyzed = analyze_spec(spec if isinstance(spec, Spec) else load(spec), Passes((*asked(), *passes)))
    if analyzed.partial:
        raise SpecError(analyzed.diagnostics)
    return Report(*analyzed)


def check(
    path: str | PathLike[str] | None = None,
    *,
    text: str | None = None,
    settings: Mapping[str, str] = _NOTHING,
    input_shapes: Mapping[str, str] = _NOTHING,
    dtype: str | None = None,
    passes: Iterable[Analysis[Any]] = (),
) -> Verdict:
    """What comes of holding the spec in a file against what it expects, as ``archanalyzer check`` says it.

    With ``text``, that is the spec, and ``path``, if given, what it is called, and where a snapshot lies that it names.
    ``settings``, ``input_shapes`` and ``dtype`` are as in ``load``, ``passes`` as in ``analyze``. Nothing is raised for
    what is wrong with the spec: ``Verdict.outcome`` and ``Verdict.diagnostics`` tell.

    Raises:
        PassError: ``passes`` do not fit together with the built-in ones.
        TypeError: neither ``path`` nor ``text`` is given.
    """
    from archanalyzer.checking.checked import check as check_spec

    if path is None and text is None:
        raise TypeError("check() needs a path or a text")
    return check_spec(
        STRING if path is None else fspath(path),
        text=text,
        passes=Passes((*asked(), *passes)),
        settings=settings,
        input_shapes=input_shapes,
        dtype=dtype,
    ).verdict


def compile(  # noqa: A001 - what it is called everywhere
    source: Graph | Spec | str | PathLike[str],
    *,
    dtype: str | None = None,
    seed: int = 0,
    input_gradients: bool = False,
) -> Network:
    """A network that runs: a graph, a spec or the one in a file, lowered to NumPy; what the spec pins is set.

    It computes in ``dtype``, ``float32`` or ``float64``, by default the spec's, or ``float32`` where that is another.
    What is drawn at random follows from ``seed``. With ``input_gradients``, its backward step gives those too.

    Raises:
        SpecError: something is wrong with the spec, or a layer does not fit what it reads.
        ExecutorError: it cannot compute in that dtype.
    """
    from archanalyzer.executor.lowering import dtype_for
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.training import set_up

    running = Running()
    if isinstance(source, Graph):
        graph = source
    else:
        analyzed = analyze(source)
        graph, running = analyzed.graph, analyzed.spec.running
    network = Network(graph, dtype=dtype_for(graph, dtype), seed=seed, input_gradients=input_gradients)
    set_up(network, running)
    return network


def _sound(spec: Spec) -> Spec:
    if has_errors(spec.diagnostics):
        raise SpecError(spec.diagnostics)
    return spec
