"""A network as a graph: layers, and which reads which."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from archanalyzer.diagnostics import BlockUse, Source
from archanalyzer.graph.op import Op

if TYPE_CHECKING:
    import networkx


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


class Block(NamedTuple):
    """One use of a block: its path, the block's own name, and the layers from ``start`` up to ``stop`` inside it.

    ``output`` is the layer whose output is the block's; None in a part of a network that does not reach so far.
    """

    name: str
    block: str
    start: int
    stop: int
    output: int | None
    source: Source


@dataclass(frozen=True)
class Graph:
    """A network: its layers in topological order, inputs included.

    Passes walk ``layers`` from front to back: everything that a layer reads stands before it, and ``Layer.inputs``
    says where. Questions of graph theory go to ``network``, the same graph as NetworkX sees it.
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
    def inputs(self) -> tuple[int, ...]:
        """The layers through which data comes in."""
        return tuple(layer.index for layer in self.layers if not layer.inputs)

    @cached_property
    def network(self) -> networkx.MultiDiGraph[str]:
        """The graph in NetworkX: a node a layer, by name, with the ``Layer`` in its attribute ``layer``.

        An edge runs from a layer to one that reads it; its key is the place in ``from``. Frozen, and built when first
        asked for: to import NetworkX takes longer than to analyze most networks.
        """
        import networkx

        network: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(name=self.name)
        network.add_nodes_from((layer.name, {"layer": layer}) for layer in self.layers)
        for layer in self.layers:
            for slot, source in enumerate(layer.inputs):
                network.add_edge(self.layers[source].name, layer.name, key=slot)
        frozen: networkx.MultiDiGraph[str] = networkx.freeze(network)
        return frozen

    def part(self, keep: Sequence[int]) -> Graph:
        """The graph of some of its layers, given ascending; for each of them, all that it reads must be among them."""
        moved = {old: new for new, old in enumerate(keep)}
        layers = tuple(
            replace(
                self.layers[old],
                index=new,
                inputs=tuple(moved[source] for source in self.layers[old].inputs),
                shares=_moved(moved, self.layers[old].shares),
            )
            for new, old in enumerate(keep)
        )
        blocks = []
        for block in self.blocks:
            start, stop = bisect_left(keep, block.start), bisect_left(keep, block.stop)
            if start < stop:
                output = _moved(moved, block.output)
                blocks.append(block._replace(start=start, stop=stop, output=output))
        outputs = tuple(moved[output] for output in self.outputs if output in moved)
        return replace(self, layers=layers, blocks=tuple(blocks), outputs=outputs)


def _moved(moved: dict[int, int], index: int | None) -> int | None:
    return None if index is None else moved.get(index)
