"""Sharing weights: whose weights a layer or a block uses instead of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, NoReturn

from archanalyzer.diagnostics import Rule
from archanalyzer.diagnostics.rules.language import NOTHING_TO_SHARE, SHARED_TYPES_DIFFER
from archanalyzer.graph import Layer, Op, TensorType, Types
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.evaluation import Evaluator, ReportedError
from archanalyzer.spec.naming import Frame
from archanalyzer.spec.nodes import Node, ScalarNode
from archanalyzer.spec.references import SHARES, part_of
from archanalyzer.spec.scalars import Value, shown


class Unsound(Op):
    """Stands where a layer is whose fields, type or inputs are wrong, so that what is below it can still be read."""

    name = "unsound"

    def output_type(self, inputs: Types) -> TensorType:
        raise NotImplementedError


class BlockUsed(NamedTuple):
    """A use of a block: which one, and the arguments that it was given."""

    block: str
    arguments: Mapping[str, Value]


class Sharing:
    """Looks up what ``share:`` names, among the layers and uses of blocks so far.

    ``outputs``: full name → layer; ``opaque``: full names of what could not be expanded; ``resolve``: the layer that a
    reference means, which it notes where there is none.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        outputs: Mapping[str, int],
        opaque: Collection[str],
        resolve: Callable[[ScalarNode, Frame, str], int],
        ev: Evaluator,
    ) -> None:
        self.uses: dict[str, BlockUsed] = {}
        self._layers = layers
        self._outputs = outputs
        self._opaque = opaque
        self._resolve = resolve
        self._ev = ev

    def arguments(self, use: str | None) -> Mapping[str, Value]:
        return {} if use is None else self.uses[use].arguments

    def of_layer(self, entry: LayerEntry, frame: Frame, full: str, op_type: type[Op]) -> int | None:
        """The layer whose weights a layer uses: the one that it names, or its counterpart in a block that is shared.

        Raises:
            ReportedError: there is none, or it is of another type.
        """
        owns = op_type.weights is not Op.weights
        if entry.share is not None:
            target = self._resolve(entry.share, frame, SHARES)
            place: Node = entry.share
        elif frame.scope.shared is not None and owns:
            counterpart = frame.scope.shared + full[len(frame.scope.prefix) - 1 :]
            target, place = self._outputs.get(counterpart, -1), entry.type or entry.source
            if target < 0 and part_of(counterpart, self._opaque) is None:
                message = f"there is no {shown(counterpart)}, whose weights to share"
                hint = "two uses of a block share weights layer by layer: both need the same layers"
                self._refuse_share(SHARED_TYPES_DIFFER, message, place, frame, hint)
        else:
            return None
        if target < 0 or isinstance(self._layers[target].op, Unsound):
            raise ReportedError("share")
        owner = self._layers[target]
        if not owns:
            self._refuse_share(NOTHING_TO_SHARE, f"`{op_type.name}` has no weights that it could share", place, frame)
        if type(owner.op) is not op_type:
            message = f"`{op_type.name}` cannot share the weights of {shown(owner.name)}, which is `{owner.op.name}`"
            self._refuse_share(SHARED_TYPES_DIFFER, message, place, frame)
        return owner.index if owner.shares is None else owner.shares

    def _refuse_share(self, rule: Rule, message: str, place: Node, frame: Frame, hint: str | None = None) -> NoReturn:
        raise self._ev.report(rule, message, place, hint=hint, trail=frame.scope.trail)

    def of_block(self, entry: LayerEntry, frame: Frame, full: str) -> str | None:
        """The full name of the block use whose weights this use shares."""
        outer = frame.scope
        type_ = entry.type.text if entry.type else ""
        if entry.share is None:
            target = None if outer.shared is None else outer.shared + full[len(outer.prefix) - 1 :]
            return target if target in self.uses else None
        target = frame.full_name(entry.share.text)
        if target in self.uses and self.uses[target].block == type_:
            return target
        if target not in self._outputs:
            self._resolve(entry.share, frame, SHARES)
            raise ReportedError("share")
        if part_of(target, self._opaque) is not None:
            raise ReportedError("share")
        message = f"expected another use of the block `{type_}` to share with, found {shown(target)}"
        raise self._ev.report(SHARED_TYPES_DIFFER, message, entry.share, trail=outer.trail)
