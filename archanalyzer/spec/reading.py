"""From a file to a spec: text, nodes, sections, layers, graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePath
from types import MappingProxyType

from archanalyzer.diagnostics import Problems, Source, SourceFile, SpecError
from archanalyzer.diagnostics.rules.language import DUPLICATE_NAME, EMPTY_BLOCK, UNKNOWN_LAYER, UNUSED_LAYER
from archanalyzer.diagnostics.rules.text import EMPTY_FILE
from archanalyzer.graph import Graph, Layer, Spec
from archanalyzer.spec.composing import compose
from archanalyzer.spec.document import Document, Overrides, read_document
from archanalyzer.spec.evaluation import Evaluator, ReportedError, is_nothing
from archanalyzer.spec.expansion import Expansion
from archanalyzer.spec.expectations import read_expectations
from archanalyzer.spec.extras import read_running
from archanalyzer.spec.ignoring import read_ignores
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits
from archanalyzer.spec.references import as_list, part_of, report_unresolved
from archanalyzer.spec.scalars import shown
from archanalyzer.spec.sharing import Unsound
from archanalyzer.spec.text import read, source_from_string

_NOTHING: Mapping[str, str] = MappingProxyType({})


def read_spec(
    path: str,
    *,
    settings: Mapping[str, str] = _NOTHING,
    input_shapes: Mapping[str, str] = _NOTHING,
    dtype: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Spec:
    """The spec in the file at ``path``, or on standard input where that is ``-``.

    ``settings`` (variable → value) and ``input_shapes`` (input → shape, ``3x256x256``) override what the spec says, as
    typed on a command line. Whatever is wrong is in ``Spec.diagnostics``; the graph then holds the layers that are
    sound.

    Raises:
        SpecError: nothing of the spec could be read: there is no such file, or it is no YAML.
    """
    file = read(path, limits)
    return _spec(file, file.name, Overrides(settings, input_shapes, dtype), limits)


def parse_spec(
    text: str,
    *,
    name: str = "<string>",
    settings: Mapping[str, str] = _NOTHING,
    input_shapes: Mapping[str, str] = _NOTHING,
    dtype: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Spec:
    """As ``read_spec``, from a text; ``name`` stands for the file in diagnostics."""
    return _spec(source_from_string(text, name), name, Overrides(settings, input_shapes, dtype), limits)


def _spec(file: SourceFile, path: str, overrides: Overrides, limits: Limits) -> Spec:
    problems = Problems()
    ev = Evaluator.of(problems, limits)
    root = compose(file, limits, problems)
    if root is not None and is_nothing(root):
        problems.add(EMPTY_FILE, "expected a spec, found nothing", Source(file, 1, 1, 1))
        root = None
    if root is None:
        raise SpecError(problems.diagnostics)
    ignores = read_ignores(file, problems)
    try:
        document = read_document(root, PurePath(file.name).stem.strip("<>"), overrides, ev)
        expansion = Expansion(document, ev)
    except ReportedError:
        raise SpecError(problems.diagnostics) from None
    report_unresolved(
        expansion.unresolved, expansion.layers, expansion.outputs, expansion.opaque, expansion.left_out, ev
    )
    if len(expansion.layers) == len(document.inputs) and not problems.has_errors:
        hint = "`repeat: 0` leaves a layer out"
        ev.report(EMPTY_BLOCK, "`layers:` has no layer in it", document.sections["layers"], hint=hint)
    outputs = _outputs(document, expansion, ev)
    whole = Graph(
        name=document.name,
        layers=tuple(expansion.layers),
        outputs=outputs,
        blocks=tuple(expansion.blocks),
        description=document.description,
        dtype=document.dtype,
    )
    if not problems.has_errors:
        _report_unused(whole, document, expansion.unread, ev)
    network_is_sound = not problems.has_errors
    sound = _sound(expansion.layers)
    return Spec(
        path=path,
        graph=whole if len(sound) == len(whole.layers) else whole.part(sound),
        expectations=read_expectations(document, expansion.outputs, expansion.opaque, ev),
        running=read_running(document, whole, expansion.opaque, ev),
        diagnostics=problems.diagnostics,
        network_is_sound=network_is_sound,
        ignores=ignores,
    )


def _outputs(document: Document, expansion: Expansion, ev: Evaluator) -> tuple[int, ...]:
    """The layers that ``outputs:`` names, by default the last one."""
    if not document.outputs:
        return (len(expansion.layers) - 1,) if expansion.layers else ()
    outputs: dict[int, None] = {}
    named: dict[str, int] = {}
    for name in document.outputs:
        named[name.text] = named.get(name.text, 0) + 1
        if named[name.text] > 1:
            if named[name.text] == 2:
                ev.report(DUPLICATE_NAME, f"{shown(name.text)} is named as an output already", name)
        elif name.text in expansion.outputs:
            outputs[expansion.outputs[name.text]] = None
        elif part_of(name.text, expansion.opaque) is None:
            hint = as_list(name.text) or ev.similar(name.text, expansion.outputs, "layers")
            ev.report(UNKNOWN_LAYER, f"there is no layer {shown(name.text)}", name, hint=hint)
    return tuple(outputs)


def _report_unused(graph: Graph, document: Document, unread: Collection[int], ev: Evaluator) -> None:
    """Reports the layers that nobody reads and that are no outputs: from any useless layer one leads to such a one.

    Of those that are given to a block which does not read them, ``unread``, the block is told.
    """
    for block in document.blocks.values():
        for name in block.unread:
            message = f"nothing reads the input {shown(name)} of the block {shown(block.name.text)}"
            ev.report(UNUSED_LAYER, message, block.inputs[name], hint="read it with `from:`, or take it out")
    read = {source for layer in graph.layers for source in layer.inputs}.union(graph.outputs, unread)
    for layer in graph.layers:
        if layer.index not in read:
            what = f"input `{layer.name}`" if not layer.inputs else f"output of `{layer.name}`"
            hint = "read it with `from:`" + (", or name it in `outputs:`" if layer.inputs else ", or take it out")
            ev.problems.add(UNUSED_LAYER, f"nothing reads the {what}", layer.source, hint=hint, trail=layer.trail)


def _sound(layers: Sequence[Layer]) -> list[int]:
    """The layers that can be analyzed: sound ones that read sound ones."""
    sound: list[int] = []
    known = [False] * len(layers)
    for layer in layers:
        if not isinstance(layer.op, Unsound) and all(known[source] for source in layer.inputs):
            known[layer.index] = True
            sound.append(layer.index)
    return sound
