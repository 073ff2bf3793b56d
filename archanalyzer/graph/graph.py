"""A network as a graph: layers, and which reads which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from archanalyzer.diagnostics import BlockUse, Source
from archanalyzer.graph.op import Op


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the expanded network.

    ``index`` is its place in ``Graph.layers``; ``inputs`` are the indices of the layers it reads, in the order of
    ``from``. ``shares`` is the index of the layer whose weights it uses instead of its own.
    """

    index: int
    name: str
    op: Op
    inputs: tuple[int, ...]
    source: Source
    trail: BlockUse | None = None
    shares: int | None = None
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One use of a block: its path, the block's own name, and the layers from ``start`` up to ``stop`` in it."""

    name: str
    block: str
    start: int
    stop: int
    output: int
    source: Source


@dataclass(frozen=True)
class Graph:
    """A network: its layers in topological order, inputs included.

    Passes walk ``layers`` from front to back (everything that a layer reads stands before it) and look at a layer's
    ``inputs``. Questions of graph theory go to ``network``, the same graph as NetworkX sees it.
    """

    name: str
    layers: tuple[Layer, ...]
    outputs: tuple[int, ...]
    blocks: tuple[Block, ...] = ()
    description: str = ""
    dtype: str = "float32"

    @cached_property
    def index(self) -> dict[str, int]:
        """Layer name → index."""
        return {layer.name: layer.index for layer in self.layers}

    @cached_property
    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each layer, the layers that read it, once for each time they do."""
        readers: list[list[int]] = [[] for _ in self.layers]
        for layer in self.layers:
            for source in layer.inputs:
                readers[source].append(layer.index)
        return tuple(map(tuple, readers))

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The layers through which data comes in."""
        return tuple(layer.index for layer in self.layers if layer.op.arity.most == 0)
