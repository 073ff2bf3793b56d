"""Networks built by hand, for tests of what comes behind the spec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from archanalyzer import ops
from archanalyzer.diagnostics import Diagnostic, Source, SourceFile
from archanalyzer.graph import Block, Expectation, Graph, Layer, Op, Spec, TensorType, Types
from archanalyzer.passes.analyzing import Analyzed, analyze

FILE = SourceFile("net.yaml", "\n".join(f"line {number}" for number in range(1, 200)))


def at(line: int, column: int = 1, end_column: int | None = None) -> Source:
    """A place in a made-up file."""
    return Source(FILE, line, column, end_column or column + 4)


class Mystery(Op):
    """An op that tells nothing but its type."""

    name = "mystery"

    def output_type(self, inputs: Types) -> TensorType:
        return inputs[0]


def op(name: str, **fields: Any) -> Op:
    """An op by its name in YAML."""
    return Mystery() if name == "mystery" else ops.get(name)(**fields)


@dataclass
class Builder:
    """Puts layers one behind the other, inside the blocks that are open; line numbers count the layers."""

    layers: list[Layer] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    path: tuple[str, ...] = ()

    def input(self, name: str, *shape: int) -> int:
        return self._append(name, op("input", shape=shape), ())

    def add(self, op_name: str, *, name: str | None = None, reads: tuple[int, ...] = (), **fields: Any) -> int:
        return self._append(name or op_name, op(op_name, **fields), reads or (len(self.layers) - 1,))

    def _append(self, name: str, made: Op, reads: tuple[int, ...]) -> int:
        index = len(self.layers)
        taken = {layer.name for layer in self.layers}
        path = "/".join((*self.path, name))
        number = 2
        while path in taken:
            path = "/".join((*self.path, f"{name}_{number}"))
            number += 1
        self.layers.append(Layer(index, path, made, reads, at(index + 1)))
        return index

    @contextmanager
    def block(self, kind: str, name: str | None = None) -> Iterator[None]:
        start, outside = len(self.layers), self.path
        self.path = (*outside, name or kind)
        yield
        stop = len(self.layers)
        self.blocks.append(Block("/".join(self.path), kind, start, stop, stop - 1, at(start + 1)))
        self.path = outside

    def graph(self, name: str = "net", *, outputs: tuple[int, ...] = (), description: str = "") -> Graph:
        return Graph(
            name,
            tuple(self.layers),
            outputs or (len(self.layers) - 1,),
            tuple(sorted(self.blocks, key=lambda block: (block.start, -block.stop))),
            description,
        )


def analyzed(
    graph: Graph,
    expectations: tuple[Expectation, ...] = (),
    diagnostics: tuple[Diagnostic, ...] = (),
    path: str = "net.yaml",
) -> Analyzed:
    """The facts of a network built by hand."""
    return analyze(Spec(path, graph, expectations, diagnostics=diagnostics))


def small() -> Graph:
    """Two convolutions in a block, and a dense layer: numbers small enough to work out by hand.

    image 3×8×8; conv 4 filters of 3×3: 4·(27 + 1) = 112 parameters, 27·4·36 = 3,888 MACs, 4×6×6; relu; conv 4 of 3×3:
    4·(36 + 1) = 148 parameters, 36·4·16 = 2,304 MACs, 4×4×4; flatten to 64; dense 2: 130 parameters, 128 MACs.
    """
    build = Builder()
    build.input("image", 3, 8, 8)
    with build.block("stage"):
        build.add("conv2d", filters=4, kernel=(3, 3))
        build.add("relu")
        build.add("conv2d", filters=4, kernel=(3, 3))
    build.add("flatten")
    build.add("dense", units=2)
    return build.graph("small")


def with_mystery() -> Graph:
    """A layer of which neither arithmetic nor readings are known, behind a convolution."""
    build = Builder()
    build.input("image", 3, 8, 8)
    build.add("conv2d", filters=4, kernel=(3, 3))
    build.add("mystery")
    return build.graph("hidden")


def repeated(copies: int = 3) -> Graph:
    """Alike blocks, each a dense layer and a relu; all see the whole vector, so that all rows are alike too."""
    build = Builder()
    build.input("features", 8)
    for number in range(1, copies + 1):
        with build.block("mlp", f"mlp_{number}" if number > 1 else "mlp"):
            build.add("dense", units=8)
            build.add("relu")
    build.add("dense", units=2, name="head")
    return build.graph("repeated")


def vgg16() -> Graph:
    """Simonyan & Zisserman 2014, configuration D."""
    build = Builder()
    build.input("image", 3, 224, 224)
    for number, (filters, convolutions) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        with build.block("stage", f"block{number}"):
            for _ in range(convolutions):
                build.add("conv2d", filters=filters, kernel=(3, 3), padding="same")
                build.add("relu")
            build.add("max_pool2d", kernel=(2, 2), stride=(2, 2))
    build.add("flatten")
    for units in (4096, 4096):
        build.add("dense", units=units)
        build.add("relu")
        build.add("dropout", rate=0.5)
    build.add("dense", units=1000)
    return build.graph("vgg16", description="Simonyan & Zisserman 2014, configuration D")
