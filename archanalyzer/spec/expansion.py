"""Blocks and repeats expanded: from the entries of a document to the layers of a graph.

Blocks nest as deep as a spec likes, so nothing here recurses: what would be a recursive call is a generator that
yields the generator it waits for, and ``_run`` keeps the stack.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeGuard

from archanalyzer import ops
from archanalyzer.diagnostics import BlockUse, Note
from archanalyzer.diagnostics.rules.language import (
    AMBIGUOUS_INPUT,
    DUPLICATE_NAME,
    EMPTY_BLOCK,
    INVALID_FIELD,
    INVALID_REPEAT,
    TOO_MANY_LAYERS,
)
from archanalyzer.diagnostics.rules.layers import WRONG_NUMBER_OF_INPUTS
from archanalyzer.graph import Block, Layer, Op
from archanalyzer.spec.arguments import BlockArguments
from archanalyzer.spec.document import BlockDefinition, Document
from archanalyzer.spec.entries import LayerEntry, cost_of
from archanalyzer.spec.evaluation import Evaluator, Names, ReportedError, found_value, listed
from archanalyzer.spec.fields import FieldReader
from archanalyzer.spec.hints import kind_hint
from archanalyzer.spec.limits import raised_by
from archanalyzer.spec.naming import Frame, Scope
from archanalyzer.spec.nodes import Node, ScalarNode
from archanalyzer.spec.references import READS, Unresolved
from archanalyzer.spec.scalars import Value, shown
from archanalyzer.spec.sharing import BlockUsed, Sharing, Unsound
from archanalyzer.spec.size import too_large
from archanalyzer.spec.written import is_constant, names_given

_Steps: TypeAlias = Generator[Any, Any, int]


_UNSOUND = Unsound()


_CHARACTERS_A_LAYER = 100
"""How long the names of all layers may be, on average over as many layers as there may be."""


class TooManyLayersError(ReportedError):
    """The limit of layers is reached."""


class Expansion:
    """The layers of a document, unsound ones included, in the order in which they are computed.

    Raises:
        TooManyLayersError: there would be more of them than the limit.
    """

    def __init__(self, document: Document, ev: Evaluator) -> None:
        self.layers: list[Layer] = []
        self.blocks: list[Block] = []
        self.outputs: dict[str, int] = {}
        """Full name of a layer or block → the layer whose output it is."""
        self.unresolved: list[Unresolved] = []
        self.opaque: set[str] = set() if document.inputs else {""}
        """Full names of blocks and groups that could not be expanded, so that nothing is known of what is in them."""
        self.left_out: set[str] = set()
        """Full names of what would be there, had it not been repeated 0 times."""
        self.unread: set[int] = set()
        """The layers that are given to a block which does not read them."""
        self.top = Frame(Scope(), document.variables, None)
        self._sharing = Sharing(self.layers, self.outputs, self.opaque, self._resolve, ev)
        self._constant: dict[LayerEntry, Op | None] = {}
        self._steps = self._characters = 0
        self._document = document
        self._unread = {name: block.unread for name, block in document.blocks.items()}
        self._ev = ev
        self._fields = FieldReader(ev)
        self._refuse_size()
        self._inputs()
        _run(self._entries(document.entries, self.top))

    def _refuse_size(self) -> None:
        """Refuses what is too large by what stands in the text alone, before any of it is expanded."""
        entry = too_large(self._document, self._ev.limits)
        if entry is not None:
            raise self._too_many(entry.repeat or entry.type or entry.source, None)

    def _too_many(self, node: Node, trail: BlockUse | None, message: str = "", hint: str = "") -> TooManyLayersError:
        message = message or f"the spec expands to more than {self._ev.limits.layers:,} layers"
        hint = f"{hint or 'a `repeat:` or nested blocks multiply'}; {raised_by('layers')}"
        self._ev.report(TOO_MANY_LAYERS, message, node, hint=hint, trail=trail)
        return TooManyLayersError(message)

    def _inputs(self) -> None:
        for each in self._document.inputs:
            op = _UNSOUND if each.shape is None else ops.get("input").model_validate({"shape": each.shape})
            self._append(Layer(len(self.layers), each.name.text, op, (), each.name.source))
            self.top.scope.places[each.name.text] = each.name
        self.top.above = 0 if len(self.layers) == 1 else None

    def _append(self, layer: Layer) -> int:
        self.layers.append(layer)
        self.outputs[layer.name] = layer.index
        return layer.index

    def _entries(self, entries: tuple[LayerEntry, ...], frame: Frame) -> _Steps:
        """Expands entries one after the other; the last one's output is theirs."""
        for entry in entries:
            self._count(entry, frame, entry.cost)
            if entry.type is not None and entry.repeat is None and entry.type.text not in self._document.blocks:
                frame.above = self._layer(entry, frame, frame.names, self._reads(entry, frame))
            else:
                frame.above = yield self._entry(entry, frame)
        return -1 if frame.above is None else frame.above

    def _count(self, entry: LayerEntry, frame: Frame, cost: int) -> None:
        """Bounds the work, that of repeating what has no layers included, and the memory that names take."""
        self._steps += cost
        limit = self._ev.limits.layers
        node, trail = entry.type or entry.source, frame.scope.trail
        if len(self.layers) > limit:
            raise self._too_many(node, trail)
        if self._steps > 2 * limit:
            message = f"the spec takes more than {2 * limit:,} steps to expand"
            hint = "repeats, nested blocks, arguments and long lists multiply"
            raise self._too_many(node, trail, message, hint)
        if self._characters > _CHARACTERS_A_LAYER * limit:
            message = f"the names of all layers are longer than {_CHARACTERS_A_LAYER * limit:,} characters together"
            raise self._too_many(node, trail, message, "the names of the blocks around a layer stand before its own")

    def _entry(self, entry: LayerEntry, frame: Frame) -> _Steps:
        """Expands one entry as often as it says; each turn but the first reads the one before."""
        reads = self._reads(entry, frame)
        try:
            turns = self._turns(entry, frame)
            if turns != 1 and len(reads) != 1:
                message = f"expected one input for what is repeated, found {len(reads)}"
                raise self._ev.report(INVALID_REPEAT, message, entry.source, trail=frame.scope.trail)
        except TooManyLayersError:
            raise
        except ReportedError:
            return self._unsound(entry, frame, reads)
        if turns == 0:
            self.left_out.update(frame.scope.prefix + name for name in names_given(entry))
        for turn in range(turns):
            names = frame.names if entry.repeat is None else frame.names.counting(entry.counter, turn)
            self._count(entry, frame, 1 if turn == 0 else entry.cost)
            reads = ((yield self._once(entry, frame, names, reads)),)
        return reads[0]

    def _turns(self, entry: LayerEntry, frame: Frame) -> int:
        if entry.repeat is None:
            return 1
        trail = frame.scope.trail
        turns = self._ev.value(entry.repeat, frame.names, trail)
        if not _is_count(turns):
            message = f"expected `repeat` as a whole number, 0 or more, found {found_value(entry.repeat, turns)}"
            hint = kind_hint(entry.repeat, turns, int, accepts=_is_count, names=frame.names)
            raise self._ev.report(INVALID_REPEAT, message, entry.repeat, hint=hint, trail=trail)
        if turns > self._ev.limits.layers:
            raise self._too_many(entry.repeat, trail)
        return turns

    def _once(self, entry: LayerEntry, frame: Frame, names: Names, reads: tuple[int, ...]) -> _Steps:
        output: int
        is_block = entry.type is not None and entry.type.text in self._document.blocks
        if not entry.sound and (entry.type is None or is_block):
            return self._unsound(entry, frame, reads)
        if entry.type is None:
            output = yield self._group(entry, frame, names, reads)
            return output
        if is_block:
            output = yield self._block(entry, frame, names, reads)
            return output
        return self._layer(entry, frame, names, reads)

    def _name(self, entry: LayerEntry, frame: Frame) -> str:
        """The full name of one more layer of ``entry``."""
        local, taken = frame.scope.name(entry)
        if taken is not None and entry.name is not None:
            self._ev.problems.add(
                DUPLICATE_NAME,
                f"{shown(entry.name.text)} is the name of another layer or input already",
                entry.name.source,
                hint="give one of them another name",
                trail=frame.scope.trail,
                notes=(Note("the other one stands here", taken.source),),
            )
        full = frame.scope.prefix + local
        self._characters += len(full)
        if entry.name is not None and frame.outer is not None:
            frame.aliases.setdefault(entry.name.text, full)
        return full

    def _reads(self, entry: LayerEntry, frame: Frame) -> tuple[int, ...]:
        """The layers that an entry reads; −1 for one that is not there, reported once all names are known."""
        if entry.reads:
            return tuple(-1 if name is None else self._resolve(name, frame) for name in entry.reads)
        if frame.above is not None:
            return (frame.above,)
        inputs = list(frame.scope.inputs) or [each.name.text for each in self._document.inputs]
        if inputs:
            message = f"the first layer must say which input it reads: {listed(inputs)}"
            hint = f"for example `from: {shown(inputs[0])[1:-1]}`"
            self._ev.report(AMBIGUOUS_INPUT, message, entry.type or entry.source, hint=hint, trail=frame.scope.trail)
        return (-1,)

    def _resolve(self, name: ScalarNode, frame: Frame, does: str = READS) -> int:
        written = name.text
        if written in frame.scope.inputs:
            return frame.scope.inputs[written]
        if written == "previous" and frame.above is not None:
            return frame.above
        full = frame.full_name(written)
        if full not in self.outputs:
            self.unresolved.append(Unresolved(name, frame, len(self.layers), does))
        return self.outputs.get(full, -1)

    def _layer(self, entry: LayerEntry, frame: Frame, names: Names, reads: tuple[int, ...]) -> int:
        """Adds one layer of a built-in type."""
        assert entry.type is not None  # noqa: S101 - groups go elsewhere
        scope = frame.scope
        full = self._name(entry, frame)
        shares: int | None = None
        try:
            op_type = self._op_type(entry)
            shares = self._sharing.of_layer(entry, frame, full, op_type)
            op = self._op(op_type, entry, names, scope, shares)
        except ReportedError:
            op, shares = _UNSOUND, None
        try:
            frozen = self._frozen(entry, frame, names)
        except ReportedError:
            op, frozen, shares = _UNSOUND, False, None
        if -1 in reads:
            op, reads = _UNSOUND, tuple(read for read in reads if read >= 0)
        source = entry.type.source
        return self._append(Layer(len(self.layers), full, op, reads, source, scope.trail, shares, frozen))

    def _op_type(self, entry: LayerEntry) -> type[Op]:
        """The declaration of an entry's type; a wrong one was reported when it was parsed.

        One that is right may have fields that it does not know; the others are still to be checked.
        """
        assert entry.type is not None  # noqa: S101
        known = entry.type.text in ops.names() and entry.type.text != "input"
        if not known or not (entry.sound or entry.fields):
            raise ReportedError(entry.type.text)
        return ops.get(entry.type.text)

    def _op(self, op_type: type[Op], entry: LayerEntry, names: Names, scope: Scope, shares: int | None) -> Op:
        if entry in self._constant:
            known = self._constant[entry]
            if known is None:
                raise ReportedError("fields")
            return known
        shared = None if shares is None else self.layers[shares].op
        if shared is None and is_constant(entry.fields):
            self._constant[entry] = None
        op = self._fields.op(op_type, entry, names, scope.trail, shared)
        if entry in self._constant:
            self._constant[entry] = op
        return op

    def _frozen(self, entry: LayerEntry, frame: Frame, names: Names) -> bool:
        if entry.frozen is None or frame.frozen:
            return frame.frozen
        value = self._ev.value(entry.frozen, names, frame.scope.trail)
        if not isinstance(value, bool):
            message = f"expected `frozen` as `true` or `false`, found {found_value(entry.frozen, value)}"
            hint = kind_hint(entry.frozen, value, bool, accepts=lambda frozen: frozen is not None, names=names)
            raise self._ev.report(INVALID_FIELD, message, entry.frozen, hint=hint, trail=frame.scope.trail)
        return value

    def _unsound(self, entry: LayerEntry, frame: Frame, reads: tuple[int, ...], full: str = "") -> int:
        """Stands in for an entry that cannot be expanded."""
        inputs = tuple(read for read in reads if read >= 0)
        full = full or self._name(entry, frame)
        self.opaque.add(full)
        source = (entry.type or entry.source).source
        return self._append(Layer(len(self.layers), full, _UNSOUND, inputs, source, frame.scope.trail))

    def _group(self, entry: LayerEntry, frame: Frame, names: Names, reads: tuple[int, ...]) -> _Steps:
        """One turn of a group: its layers stand in the scope around it, or, where it has a name, in one of its own."""
        output: int
        try:
            if len(reads) != 1:
                message = f"a group of layers takes 1 input, found {len(reads)}"
                hint = "a block can take several, which its `inputs:` name"
                raise self._ev.report(WRONG_NUMBER_OF_INPUTS, message, entry.source, hint=hint, trail=frame.scope.trail)
            frozen = self._frozen(entry, frame, names)
        except ReportedError:
            return self._unsound(entry, frame, reads)
        if reads[0] < 0:
            return self._unsound(entry, frame, reads)
        if entry.name is None:
            output = yield self._entries(entry.body, Frame(frame.scope, names, reads[0], frame, frozen))
            return output
        full = self._name(entry, frame)
        outer = frame.scope
        shared = None if outer.shared is None else outer.shared + full[len(outer.prefix) - 1 :]
        scope = Scope(f"{full}/", outer.inputs, outer.trail, shared)
        inner = Frame(scope, names, reads[0], frame, frozen)
        output = yield self._body(entry, full, entry.body, inner, entry.name.text)
        return output

    def _block(self, entry: LayerEntry, frame: Frame, names: Names, reads: tuple[int, ...]) -> _Steps:
        """One use of a block."""
        assert entry.type is not None  # noqa: S101
        block = self._document.blocks[entry.type.text]
        trail = BlockUse(block.name.text, entry.type.source, frame.scope.trail)
        full = self._name(entry, frame)
        self._count(entry, frame, cost_of(4 * len(block.arguments)))  # each may have a default to be reckoned
        try:
            shared = self._sharing.of_block(entry, frame, full)
            earlier = self._sharing.arguments(shared)
            given = BlockArguments(block, entry, frame.scope.trail)
            values, frozen, _ = self._ev.all(
                (
                    lambda: given.values(names, self._document.variables, earlier, self._ev),
                    lambda: self._frozen(entry, frame, names),
                    lambda: self._check_inputs(block, entry, reads, frame),
                ),
                lambda read: read(),
            )
        except ReportedError:
            return self._unsound(entry, frame, reads, full)
        self._sharing.uses[full] = BlockUsed(block.name.text, values.maps[0])
        inputs = dict(zip(block.inputs, reads, strict=True))
        for name in self._unread[block.name.text]:
            self.unread.add(inputs[name])
        scope = Scope(f"{full}/", inputs, trail, shared, places=dict(block.inputs))
        output: int
        inner = Frame(scope, values, reads[0] if len(reads) == 1 else None, frozen=frozen)
        output = yield self._body(entry, full, block.entries, inner, block.name.text)
        return output

    def _body(self, entry: LayerEntry, full: str, entries: tuple[LayerEntry, ...], frame: Frame, block: str) -> _Steps:
        """Expands what has a name of its own, and puts it on record as a block."""
        start, place = len(self.layers), len(self.blocks)
        source = entry.type.source if entry.type is not None else entry.source.source
        self.blocks.append(Block(full, block, start, start, None, source))
        output: int = yield self._entries(entries, frame)
        if len(self.layers) == start:
            trail = frame.outer.scope.trail if frame.outer else frame.scope.trail and frame.scope.trail.outer
            message = f"{shown(full)} has no layer in it"
            self._ev.report(EMPTY_BLOCK, message, entry.type or entry.source, trail=trail)
        self.blocks[place] = Block(full, block, start, len(self.layers), output, source)
        self.outputs[full] = output
        return output

    def _check_inputs(self, block: BlockDefinition, entry: LayerEntry, reads: tuple[int, ...], frame: Frame) -> None:
        if -1 in reads:
            raise ReportedError("inputs")
        if len(reads) != len(block.inputs):
            raise self._ev.report(
                WRONG_NUMBER_OF_INPUTS,
                f"the block {shown(block.name.text)} takes {len(block.inputs)} input"
                f"{'s' if len(block.inputs) > 1 else ''} ({listed(block.inputs)}), found {len(reads)}",
                entry.type or entry.source,
                hint="name them in `from:`, in this order" if len(block.inputs) > 1 else None,
                trail=frame.scope.trail,
            )


def _is_count(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


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
