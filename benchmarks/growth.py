"""How the time of an analysis grows with the network: the ratio between a network and one a tenth its size.

Reading, all facts, JSON and the table are timed together, without garbage collection, as the command runs. Linear
growth is 10; the goal is at most 12. Both sizes run in turn, in one process, and the best of each counts. Where a goal
is clearly missed, machines being noisy, the exit code is 1.

Receptive fields are related to all other facts: of a ResNet-152, they are to take at most as long as these together.

    python benchmarks/growth.py
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

from archanalyzer.graph import Graph
from archanalyzer.passes import built_in, standard_passes
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report import render
from archanalyzer.spec import parse_spec, read_spec

GOAL = 12
FIELDS_GOAL = 1
CLEARLY = 1.5
"""Times the goal: beyond that, it is no noise."""
HEAD = "archspec: 1\ninputs: {image: [4, 64, 64]}\n"


def chain(layers: int) -> str:
    """Convolutions and ReLUs in turn, each written out."""
    pair = "  - conv2d: {filters: 4, kernel: 3, padding: same}\n  - relu\n"
    return HEAD + "layers:\n" + pair * (layers // 2)


def repeated(layers: int) -> str:
    """The same chain as a repeated group."""
    pair = "      - conv2d: {filters: 4, kernel: 3, padding: same}\n      - relu\n"
    return f"{HEAD}layers:\n  - repeat: {layers // 2}\n    layers:\n{pair}"


def nested(blocks: int) -> str:
    """Blocks that use each other, one inside the next, as deep as there are."""
    text = [f"{HEAD}blocks:\n  block0:\n    layers: [relu]\n"]
    text += [f"  block{depth}:\n    layers: [block{depth - 1}]\n" for depth in range(1, blocks)]
    return "".join((*text, f"layers:\n  - block{blocks - 1}\n"))


def nested_with_layers(blocks: int) -> str:
    """As deep, with layers at every level. Their names alone, which say where they stand, grow with the square."""
    text = [f"{HEAD}blocks:\n  block0:\n    layers: [relu]\n"]
    text += [f"  block{depth}:\n    layers: [relu, block{depth - 1}, tanh]\n" for depth in range(1, blocks)]
    return "".join((*text, f"layers:\n  - block{blocks - 1}\n"))


def uses(blocks: int) -> str:
    """One block with a block in it, used over and over."""
    inner = "blocks:\n  inner:\n    layers: [relu, tanh]\n  outer:\n    layers: [inner, inner]\n"
    return HEAD + inner + "layers:\n" + "  - outer\n" * blocks


def ladder(depth: int) -> str:
    """Additions each of which reads all the way back: skips inside skips, as in a U-Net of that depth."""
    down = "".join(f"  - relu:\n    name: down{step}\n" for step in range(depth))
    up = "".join(f"  - add:\n    from: [previous, down{step}]\n" for step in reversed(range(depth)))
    return f"{HEAD}layers:\n{down}{up}"


CASES: tuple[tuple[str, Callable[[int], str], int], ...] = (
    ("chain, written out", chain, 100_000),
    ("chain, repeated", repeated, 100_000),
    ("blocks nested in blocks", nested, 1_000),
    ("blocks nested in blocks, with layers", nested_with_layers, 1_000),
    ("uses of nested blocks", uses, 1_000),
    ("ladder of skips", ladder, 500),
)


def seconds(text: str) -> float:
    """Time to read a spec, to compute every fact of it, and to write them as JSON and as a table."""
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    analyzed = analyze(parse_spec(text))
    for form in ("json", "table"):
        render(form, [analyzed])
    elapsed = time.perf_counter() - started
    gc.enable()
    assert not analyzed.diagnostics, analyzed.diagnostics[0]
    return elapsed


def resnet152() -> Graph:
    """The ResNet of the tests, with as many units as a ResNet-152 has."""
    spec = Path(__file__).parents[1] / "tests" / "passes" / "cases" / "resnet50_v1_slim.yaml"
    return read_spec(str(spec), settings={"units": "[3, 8, 36, 3]"}).graph


def fields_and_others(graph: Graph) -> tuple[float, float]:
    """Time for the receptive fields alone, once all else is known, and for all that."""
    facts = Facts(graph, standard_passes())
    gc.collect()
    gc.disable()
    started = time.perf_counter()
    for each in built_in():
        if each.produces is not ReceptiveFields:
            facts.result(each.produces)
    others = time.perf_counter()
    facts.result(ReceptiveFields)
    elapsed = time.perf_counter()
    gc.enable()
    return elapsed - others, others - started


def main() -> None:
    missed = []
    graph = resnet152()
    pairs = [fields_and_others(graph) for _ in range(20)]
    fields, others = (min(column) for column in zip(*pairs, strict=True))
    shown = f"fields in {fields:.4f} s, all other facts in {others:.4f} s"
    print(f"ResNet-152, {len(graph.layers)} layers: {shown}: {fields / others:.2f} (goal {FIELDS_GOAL})")
    if fields / others > CLEARLY * FIELDS_GOAL:
        missed.append("receptive fields")
    for name, make, size in CASES:
        small, large = make(size // 10), make(size)
        pairs = [(seconds(small), seconds(large)) for _ in range(3)]
        before, after = (min(column) for column in zip(*pairs, strict=True))
        ratio = after / before
        print(f"{name}: {size // 10:,} in {before:.3f} s, {size:,} in {after:.3f} s: {ratio:.1f} (goal {GOAL})")
        if ratio > CLEARLY * GOAL:
            missed.append(name)
    if missed:
        sys.exit(f"clearly missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
