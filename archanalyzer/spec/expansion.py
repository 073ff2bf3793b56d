"""Blocks and repeats expanded: from the entries of a document to the layers of a graph.

Blocks nest as deep as a spec likes, so nothing here recurses: what would be a recursive call is a generator that
yields the generator it waits for, and ``_run`` keeps the stack.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from typing import Any, TypeAlias

from archanalyzer import ops
from archanalyzer.diagnostics import BlockUse, Note, Rule
from archanalyzer.diagnostics.rules.language import (
    AMBIGUOUS_INPUT,
    DUPLICATE_NAME,
    EMPTY_BLOCK,
    INVALID_FIELD,
    INVALID_REPEAT,
    NOTHING_TO_SHARE,
    SHARED_TYPES_DIFFER,
    TOO_MANY_LAYERS,
)
from archanalyzer.diagnostics.rules.layers import WRONG_NUMBER_OF_INPUTS
from archanalyzer.graph import Block, Layer, Op, TensorType, Types
from archanalyzer.spec.arguments import BlockArguments
from archanalyzer.spec.document import BlockDefinition, Document
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.evaluation import Evaluator, ReportedError
from archanalyzer.spec.fields import FieldReader
from archanalyzer.spec.naming import Frame, Scope
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.references import Unresolved
from archanalyzer.spec.scalars import Value, value_kind

_Steps: TypeAlias = Generator[Any, Any, int]


class Unsound(Op):
    """Stands where a layer is whose fields, type or inputs are wrong, so that what is below it can still be read."""

    name = "unsound"

    def output_type(self, inputs: Types) -> TensorType:
        raise NotImplementedError


_UNSOUND = Unsound()


class TooManyLayersError(ReportedError):
    """The limit of layers is reached."""


class Expansion:
    """The layers of a document, unsound ones included, in the order in which they are computed."""

    def __init__(self, document: Document, ev: Evaluator) -> None:
        self.layers: list[Layer] = []
        self.blocks: list[Block] = []
        self.outputs: dict[str, int] = {}
        """Full name of a layer or block → the layer whose output it is."""
        self.unresolved: list[Unresolved] = []
        self.top = Frame(Scope(), document.variables, None)
        self._arguments: dict[str, dict[str, Value]] = {}
        self._constant: dict[LayerEntry, Op] = {}
        self._steps = 0
        self._document = document
        self._ev = ev
        self._fields = FieldReader(ev)
        self._inputs()
        with suppress(TooManyLayersError):
            _run(self._entries(document.entries, self.top))

    def _inputs(self) -> None:
        for each in self._document.inputs:
            op = ops.get("input").model_validate({"shape": each.shape})
            self._append(Layer(len(self.layers), each.name, op, (), each.source))
            self.top.scope.places[each.name] = self._document.sections["inputs"]
        self.top.above = 0 if len(self.layers) == 1 else None

    def _append(self, layer: Layer) -> int:
        self.layers.append(layer)
        self.outputs[layer.name] = layer.index
        return layer.index

    def _entries(self, entries: tuple[LayerEntry, ...], frame: Frame) -> _Steps:
        """Expands entries one after the other; the last one's output is theirs."""
        for entry in entries:
            self._count(entry)
            if entry.type is not None and entry.repeat is None and entry.type.text not in self._document.blocks:
                frame.above = self._layer(entry, frame, frame.names, self._reads(entry, frame))
            else:
                frame.above = yield self._entry(entry, frame)
        return -1 if frame.above is None else frame.above

    def _count(self, entry: LayerEntry) -> None:
        """Bounds the work, that of repeating what has no layers included."""
        self._steps += 1
        limit = self._ev.limits.layers
        if len(self.layers) > limit or self._steps > 2 * limit:
            self._ev.report(
                TOO_MANY_LAYERS,
                f"the spec expands to more than {limit:,} layers",
                entry.source,
                hint="a `repeat:` or nested blocks multiply; is one of them too large?",
            )
            raise TooManyLayersError(limit)

    def _entry(self, entry: LayerEntry, frame: Frame) -> _Steps:
        """Expands one entry as often as it says; each turn but the first reads the one before."""
        reads = self._reads(entry, frame)
        try:
            turns = self._turns(entry, frame)
        except ReportedError:
            return self._unsound(entry, frame, reads)
        if turns == 0 and len(reads) != 1:
            return self._unsound(entry, frame, reads)
        if turns > 1 and len(reads) > 1:
            message = f"expected one input for what is repeated, found {len(reads)}"
            self._ev.report(INVALID_REPEAT, message, entry.source, trail=frame.scope.trail)
        for turn in range(turns):
            names = frame.names if entry.repeat is None else {**frame.names, entry.counter: turn}
            self._count(entry)
            reads = ((yield self._once(entry, frame, names, reads)),)
        return reads[0]

    def _turns(self, entry: LayerEntry, frame: Frame) -> int:
        if entry.repeat is None:
            return 1
        trail = frame.scope.trail
        turns = self._ev.value(entry.repeat, frame.names, trail)
        if isinstance(turns, bool) or not isinstance(turns, int) or turns < 0:
            found = value_kind(turns) if not isinstance(turns, int | float) else f"`{turns}`"
            message = f"expected `repeat` as a whole number, 0 or more, found {found}"
            raise self._ev.report(INVALID_REPEAT, message, entry.repeat, trail=trail)
        return turns

    def _once(self, entry: LayerEntry, frame: Frame, names: Any, reads: tuple[int, ...]) -> _Steps:
        output: int
        if entry.type is None:
            output = yield self._group(entry, frame, names, reads)
            return output
        if entry.type.text in self._document.blocks:
            output = yield self._block(entry, frame, names, reads)
            return output
        return self._layer(entry, frame, names, reads)

    def _name(self, entry: LayerEntry, frame: Frame) -> str:
        """The full name of one more layer of ``entry``."""
        local, taken = frame.scope.name(entry)
        if taken is not None and entry.name is not None:
            self._ev.problems.add(
                DUPLICATE_NAME,
                f"`{entry.name.text}` is the name of another layer already",
                entry.name.source,
                hint="give one of them another name",
                trail=frame.scope.trail,
                notes=(Note("the other one stands here", taken.source),),
            )
        full = frame.scope.prefix + local
        if entry.name is not None and frame.outer is not None:
            frame.aliases.setdefault(entry.name.text, full)
        return full

    def _reads(self, entry: LayerEntry, frame: Frame) -> tuple[int, ...]:
        """The layers that an entry reads; −1 for one that is not there, reported once all names are known."""
        if entry.reads:
            return tuple(self._resolve(name, frame) for name in entry.reads)
        if frame.above is not None:
            return (frame.above,)
        inputs = list(frame.scope.inputs) or [each.name for each in self._document.inputs]
        if inputs:
            names = ", ".join(f"`{name}`" for name in inputs)
            self._ev.report(
                AMBIGUOUS_INPUT,
                f"the first layer must say which input it reads: {names}",
                entry.source,
                hint=f"for example `from: {inputs[0]}`",
                trail=frame.scope.trail,
            )
        return (-1,)

    def _resolve(self, name: ScalarNode, frame: Frame) -> int:
        written = name.text
        if written in frame.scope.inputs:
            return frame.scope.inputs[written]
        if written == "previous" and frame.above is not None:
            return frame.above
        full = frame.full_name(written)
        if full not in self.outputs:
            self.unresolved.append(Unresolved(name, frame, len(self.layers)))
        return self.outputs.get(full, -1)

    def _layer(self, entry: LayerEntry, frame: Frame, names: Any, reads: tuple[int, ...]) -> int:
        """Adds one layer of a built-in type."""
        assert entry.type is not None  # noqa: S101 - groups go elsewhere
        scope = frame.scope
        full = self._name(entry, frame)
        shares: int | None = None
        try:
            op_type = self._op_type(entry)
            shares = self._shares(entry, frame, full, op_type)
            op = self._op(op_type, entry, names, scope, shares)
            frozen = self._frozen(entry, frame)
        except ReportedError:
            op, frozen = _UNSOUND, False
        if -1 in reads:
            op, reads = _UNSOUND, tuple(read for read in reads if read >= 0)
        source = entry.type.source
        return self._append(Layer(len(self.layers), full, op, reads, source, scope.trail, shares, frozen))

    def _op_type(self, entry: LayerEntry) -> type[Op]:
        """The declaration of an entry's type; an unknown one was reported when it was parsed."""
        assert entry.type is not None  # noqa: S101
        if entry.type.text not in ops.names() or entry.type.text == "input":
            raise ReportedError(entry.type.text)
        return ops.get(entry.type.text)

    def _op(self, op_type: type[Op], entry: LayerEntry, names: Any, scope: Scope, shares: int | None) -> Op:
        if entry in self._constant:
            return self._constant[entry]
        shared = None if shares is None else self.layers[shares].op
        op = self._fields.op(op_type, entry, names, scope.trail, shared)
        if shared is None and _is_constant(entry.fields):
            self._constant[entry] = op
        return op

    def _shares(self, entry: LayerEntry, frame: Frame, full: str, op_type: type[Op]) -> int | None:
        """The layer whose weights a layer uses: the one that it names, or its counterpart in a block that is shared.

        Raises:
            ReportedError: there is none, or it is of another type.
        """
        owns = op_type.weights is not Op.weights
        if entry.share is not None:
            target = self._resolve(entry.share, frame)
            place: Node = entry.share
        elif frame.scope.shared is not None and owns:
            counterpart = frame.scope.shared + full[len(frame.scope.prefix) - 1 :]
            target, place = self.outputs.get(counterpart, -1), entry.type or entry.source
            if target < 0:
                self._refuse_share(
                    SHARED_TYPES_DIFFER, f"`{counterpart}`, whose weights to share, is not there", place, frame
                )
        else:
            return None
        if target < 0 or isinstance(self.layers[target].op, Unsound):
            raise ReportedError("share")
        owner = self.layers[target]
        if not owns:
            self._refuse_share(NOTHING_TO_SHARE, f"`{op_type.name}` has no weights that it could share", place, frame)
        if type(owner.op) is not op_type:
            message = f"expected a `{op_type.name}` to share with, found `{owner.name}`, a `{owner.op.name}`"
            self._refuse_share(SHARED_TYPES_DIFFER, message, place, frame)
        return owner.index if owner.shares is None else owner.shares

    def _refuse_share(self, rule: Rule, message: str, place: Node, frame: Frame) -> None:
        raise self._ev.report(rule, message, place, trail=frame.scope.trail)

    def _frozen(self, entry: LayerEntry, frame: Frame) -> bool:
        if entry.frozen is None or frame.scope.frozen:
            return frame.scope.frozen
        value = self._ev.value(entry.frozen, frame.names, frame.scope.trail)
        if not isinstance(value, bool):
            message = f"expected `frozen` as `true` or `false`, found {value_kind(value)}"
            raise self._ev.report(INVALID_FIELD, message, entry.frozen, trail=frame.scope.trail)
        return value

    def _unsound(self, entry: LayerEntry, frame: Frame, reads: tuple[int, ...]) -> int:
        """Stands in for an entry that cannot be expanded."""
        inputs = tuple(read for read in reads if read >= 0)
        full = self._name(entry, frame)
        return self._append(Layer(len(self.layers), full, _UNSOUND, inputs, entry.source.source, frame.scope.trail))

    def _group(self, entry: LayerEntry, frame: Frame, names: Any, reads: tuple[int, ...]) -> _Steps:
        """One turn of a group: its layers stand in the scope around it, or, where it has a name, in one of its own."""
        output: int
        if len(reads) != 1 or reads[0] < 0:
            return self._unsound(entry, frame, reads)
        if entry.name is None:
            output = yield self._entries(entry.body, Frame(frame.scope, names, reads[0], frame))
            return output
        full = self._name(entry, frame)
        outer = frame.scope
        shared = None if outer.shared is None else outer.shared + full[len(outer.prefix) - 1 :]
        scope = Scope(f"{full}/", outer.inputs, outer.trail, shared, outer.frozen)
        output = yield self._body(entry, full, entry.body, Frame(scope, names, reads[0], frame), entry.name.text)
        return output

    def _block(self, entry: LayerEntry, frame: Frame, names: Any, reads: tuple[int, ...]) -> _Steps:
        """One use of a block."""
        assert entry.type is not None  # noqa: S101
        block = self._document.blocks[entry.type.text]
        trail = BlockUse(block.name.text, entry.type.source, frame.scope.trail)
        full = self._name(entry, frame)
        try:
            shared = self._shared_block(entry, frame, full)
            earlier = {} if shared is None else self._arguments[shared]
            given = BlockArguments(block, entry, frame.scope.trail)
            arguments = given.values(names, self._document.variables, earlier, self._ev)
            frozen = self._frozen(entry, frame)
            self._check_inputs(block, entry, reads, frame)
        except ReportedError:
            known = tuple(read for read in reads if read >= 0)
            source, outer = entry.type.source, frame.scope.trail
            return self._append(Layer(len(self.layers), full, _UNSOUND, known, source, outer))
        self._arguments[full] = arguments
        inputs = dict(zip(block.inputs, reads, strict=True))
        scope = Scope(f"{full}/", inputs, trail, shared, frozen)
        values = {**self._document.variables, **arguments}
        output: int
        inner = Frame(scope, values, reads[0] if len(reads) == 1 else None)
        output = yield self._body(entry, full, block.entries, inner, block.name.text)
        return output

    def _body(self, entry: LayerEntry, full: str, entries: tuple[LayerEntry, ...], frame: Frame, block: str) -> _Steps:
        """Expands what has a name of its own, and puts it on record as a block."""
        start, place = len(self.layers), len(self.blocks)
        source = entry.type.source if entry.type is not None else entry.source.source
        self.blocks.append(Block(full, block, start, start, None, source))
        output: int = yield self._entries(entries, frame)
        if len(self.layers) == start:
            self._ev.report(EMPTY_BLOCK, f"`{full}` has no layer in it", entry.source, trail=frame.scope.trail)
        self.blocks[place] = Block(full, block, start, len(self.layers), output, source)
        self.outputs[full] = output
        return output

    def _shared_block(self, entry: LayerEntry, frame: Frame, full: str) -> str | None:
        """The full name of the block use whose weights this use shares."""
        outer = frame.scope
        if entry.share is None:
            return None if outer.shared is None else outer.shared + full[len(outer.prefix) - 1 :]
        target = frame.full_name(entry.share.text)
        if target in self._arguments:
            return target
        if target not in self.outputs:
            self._resolve(entry.share, frame)
            raise ReportedError("share")
        message = f"expected a use of `{entry.type.text if entry.type else ''}` to share with, found `{target}`"
        raise self._ev.report(SHARED_TYPES_DIFFER, message, entry.share, trail=outer.trail)

    def _check_inputs(self, block: BlockDefinition, entry: LayerEntry, reads: tuple[int, ...], frame: Frame) -> None:
        if -1 in reads:
            raise ReportedError("inputs")
        if len(reads) != len(block.inputs):
            raise self._ev.report(
                WRONG_NUMBER_OF_INPUTS,
                f"the block `{block.name.text}` takes {len(block.inputs)} ({', '.join(block.inputs)}), "
                f"found {len(reads)}",
                entry.type or entry.source,
                hint="name them in `from:`, in this order",
                trail=frame.scope.trail,
            )


def _is_constant(node: Node | None) -> bool:
    """Whether a layer's fields are the same wherever it is expanded, because no expression stands in them."""
    if isinstance(node, ScalarNode):
        return not node.text.startswith("=")
    if isinstance(node, MappingNode):
        return all(_is_constant(entry.value) for entry in node.entries.values())
    return not isinstance(node, SequenceNode) or all(_is_constant(item) for item in node.items)


def _run(steps: _Steps) -> int:
    """Runs a generator that yields generators to wait for, as deep as they go."""
    stack, answer = [steps], None
    while True:
        try:
            stack.append(stack[-1].send(answer))
            answer = None
        except StopIteration as done:
            stack.pop()
            answer = done.value
            if not stack:
                return int(done.value)
