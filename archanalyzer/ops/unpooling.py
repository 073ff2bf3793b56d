"""Unpooling: every value goes back to where the max-pool it is paired with had found its maximum.

    y[c, p] = x[c, o] where the window of o had its maximum at p, 0 where no window had

The shape before the pool comes back exactly, with zeros between the maxima (Zeiler & Fergus 2014, "Visualizing and
Understanding Convolutional Networks", section 2.1). Where windows overlap and share a maximum, the last one's value
stays.
"""

from archanalyzer.diagnostics.rules.layers import SHAPES_DIFFER, UNPAIRED_UNPOOL
from archanalyzer.graph import (
    Arithmetic,
    Arity,
    Example,
    Kept,
    Misfit,
    Readings,
    TensorType,
    Trait,
    Types,
    Unpooling,
    Window,
)
from archanalyzer.ops.geometry import SpatialOp


class MaxUnpooling(SpatialOp):
    """Undoes a max-pool's change of shape.

    Inputs x (channels, *pooled) and the max-pool (channels, *pooled), whose positions alone are used → output
    (channels, *spatial), the shape before that pool.
    """

    arity = Arity(2, 2)
    reads_extras = True

    def output_type(self, inputs: Types) -> TensorType:
        self.spatial(inputs)
        x, pool = inputs
        unpooling = _require_unpooling(pool)
        if x.shape != pool.shape:
            raise Misfit(SHAPES_DIFFER, f"{x} is to be unpooled, but the max-pool it is paired with made {pool}")
        return TensorType((x.channels, *unpooling.extent))

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic()

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        readings = (Window(0), *_require_unpooling(inputs[1]).windows)
        return readings, readings

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()  # the positions are the max-pool's, which keeps them

    @property
    def traits(self) -> Trait:
        # Linear in x, but what the pool is given decides where x goes, and that jumps.
        return Trait.HOMOGENEOUS


def _require_unpooling(pool: TensorType) -> Unpooling:
    if pool.unpooled is None:
        raise Misfit(
            UNPAIRED_UNPOOL,
            f"the second input, {pool}, is not the output of a max-pool",
            hint="name the layer to unpool and the max-pool it belongs to: `from: [x, max_pool2d]`",
        )
    return pool.unpooled


def _example(name: str, x: tuple[int, ...], extent: tuple[int, ...]) -> Example:
    """An unpooling paired with a max-pool of kernel 2."""
    windows = tuple(Window(axis, upsampling=2, offset=-1, count=2) for axis in range(1, len(x)))
    pool = TensorType(x, Unpooling(extent, windows))
    return Example(f"{name}:\nfrom: [x, pool]", (TensorType(x), pool), "paired with a max-pool of kernel 2")


class MaxUnpool1d(MaxUnpooling):
    """Back through a max_pool1d. Inputs (channels, pooled) and that max-pool → output (channels, length)."""

    name = "max_unpool1d"
    axes = 1
    examples = (_example("max_unpool1d", (2, 3), (7,)),)


class MaxUnpool2d(MaxUnpooling):
    """Back through a max_pool2d. Inputs (channels, *pooled) and that max-pool → output (channels, height, width)."""

    name = "max_unpool2d"
    axes = 2
    examples = (_example("max_unpool2d", (2, 2, 3), (4, 7)),)


class MaxUnpool3d(MaxUnpooling):
    """Back through a max_pool3d.

    Inputs (channels, *pooled) and that max-pool → output (channels, depth, height, width).
    """

    name = "max_unpool3d"
    axes = 3
    examples = (_example("max_unpool3d", (2, 1, 2, 2), (2, 4, 5)),)


OPS = (MaxUnpool1d, MaxUnpool2d, MaxUnpool3d)
