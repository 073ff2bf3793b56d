"""Several inputs made into one: concat lays them side by side, add and multiply join them element by element.

Elementwise merging takes inputs with equally many axes; an extent of 1 goes with any other and is repeated
(broadcasting), as when a channel's gate multiplies all its positions.
"""

from itertools import accumulate

from pydantic import Field

from archanalyzer.diagnostics import enumerated
from archanalyzer.diagnostics.rules.layers import SHAPES_DIFFER
from archanalyzer.graph import (
    Arithmetic,
    Arity,
    Example,
    IrregularWindow,
    Kept,
    Misfit,
    Op,
    Readings,
    TensorType,
    Trait,
    Types,
    WholeAxis,
    Window,
    aligned_axes,
)
from archanalyzer.ops.counting import for_each
from archanalyzer.ops.geometry import NonNegative, require_axis


class Concat(Op):
    """The inputs one behind the other along ``axis``, equally long along all others.

    Inputs (channels₁, *spatial), (channels₂, *spatial), … → output (channels₁ + channels₂ + …, *spatial).
    """

    name = "concat"
    arity = Arity(2, None)
    examples = (
        Example("concat:\nfrom: [a, b]", (TensorType((2, 3, 4)), TensorType((3, 3, 4)))),
        Example(
            "concat: {axis: 1}\nfrom: [a, b, c]",
            (TensorType((2, 3)), TensorType((2, 1)), TensorType((2, 2))),
            "along the length",
        ),
    )

    axis: NonNegative = Field(0, description="A whole number from 0: the axis, 0 being the channels.")

    def output_type(self, inputs: Types) -> TensorType:
        require_axis(inputs[0], self.axis)
        first = inputs[0].shape
        others = {(shape[: self.axis], shape[self.axis + 1 :]) for shape in (tensor.shape for tensor in inputs)}
        if len(others) > 1 or any(len(tensor.shape) != len(first) for tensor in inputs):
            axis = inputs[0].axis_names[self.axis]
            shown = enumerated(map(str, inputs))
            raise Misfit(
                SHAPES_DIFFER,
                f"the inputs, {shown}, differ in more than the {axis} along which they are joined",
                hint=self._differing(inputs),
            )
        joined = sum(tensor.shape[self.axis] for tensor in inputs)
        return TensorType((*first[: self.axis], joined, *first[self.axis + 1 :]))

    def _differing(self, inputs: Types) -> str:
        """A hint for inputs that cannot be joined along the axis."""
        shapes = [tensor.shape for tensor in inputs]
        if len(set(map(len, shapes))) > 1:
            return "they need equally many axes"
        if self.axis > 0 and len({shape[1:] for shape in shapes}) == 1:
            return "axis 0 is the channels: the batch is not counted"
        return "crop, pad or resize them to one extent first"

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic()

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        aligned = aligned_axes(len(output.shape))
        ends = accumulate(tensor.shape[self.axis] for tensor in inputs)
        return tuple(
            (*aligned[: self.axis], _piece(self.axis, end - tensor.shape[self.axis], end), *aligned[self.axis + 1 :])
            for tensor, end in zip(inputs, ends, strict=True)
        )

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


def _piece(axis: int, start: int, stop: int) -> IrregularWindow:
    """The output positions from ``start`` to ``stop`` read an input, one position each; the others do not."""
    only = range(start, stop)
    return IrregularWindow(axis, lambda o: range(o - start, o - start + 1) if o in only else range(0), only=only)


class Merging(Op):
    """Joins two or more inputs element by element.

    Inputs of equally many axes, each extent equal or 1 → output with the larger extent on each axis.
    """

    arity = Arity(2, None)

    def output_type(self, inputs: Types) -> TensorType:
        shapes = tuple(tensor.shape for tensor in inputs)
        if len(set(map(len, shapes))) == 1:
            extents = [set(along) - {1} for along in zip(*shapes, strict=True)]
            if all(len(along) <= 1 for along in extents):
                return TensorType(tuple(max(along, default=1) for along in extents))
        raise Misfit(
            SHAPES_DIFFER,
            f"the inputs, {enumerated(map(str, inputs))}, do not go together",
            hint="they need equally many axes, and on each the same extent, or 1",
        )

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        return tuple(
            tuple(
                WholeAxis() if extent < output.shape[axis] else Window(axis) for axis, extent in enumerate(tensor.shape)
            )
            for tensor in inputs
        )


def _repeated(inputs: Types, output: TensorType) -> int:
    """How many of the inputs are repeated to fill the output, so that their gradients are sums."""
    return sum(tensor.shape != output.shape for tensor in inputs)


class Add(Merging):
    """The sum of all inputs, element by element: y = x₁ + x₂ + …"""

    name = "add"
    examples = (
        Example("add:\nfrom: [a, b]", (TensorType((2, 3, 4)), TensorType((2, 3, 4)))),
        Example(
            "add:\nfrom: [a, b, c]",
            (TensorType((2, 3, 4)), TensorType((2, 1, 1)), TensorType((1, 3, 4))),
            "broadcasting",
        ),
    )

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        backward = for_each(output, "output", {"additions": _repeated(inputs, output)})
        forward = for_each(output, "output", {"additions": len(inputs) - 1})
        return Arithmetic(operations=forward, input_gradient_operations=backward)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


class Multiply(Merging):
    """The product of all inputs, element by element: y = x₁ · x₂ · …"""

    name = "multiply"
    examples = (
        Example("multiply:\nfrom: [a, b]", (TensorType((2, 3, 4)), TensorType((2, 3, 4)))),
        Example(
            "multiply:\nfrom: [x, gate]", (TensorType((2, 3, 4)), TensorType((2, 1, 1))), "a gate for each channel"
        ),
    )

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        others = len(inputs) - 1
        backward = {"multiplications": len(inputs) * others, "additions": _repeated(inputs, output)}
        return Arithmetic(
            operations=for_each(output, "output", {"multiplications": others}),
            input_gradient_operations=for_each(output, "output", backward),
        )

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(inputs=True)


OPS = (Concat, Add, Multiply)
