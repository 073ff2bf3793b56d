"""All passes that give advice together: on known networks, on odd graphs, and on thousands at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.advice import advising_passes, advisory
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.spec import parse_spec, read_spec
from tests import graphs
from tests.passes.advice.asking import advice_on
from tests.passes.fields.random_networks import network, text

ROOT = Path(__file__).parents[3]
SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "tests" / "passes" / "cases").glob("*.yaml")])
KNOWN = {
    # 224 of what was made for 227: the first convolution and all pools leave one row over; the image loses five.
    "alexnet_v2": ["dropped-by-a-stride"] * 4 + ["unseen-positions"],
    # Two convolutions with a dilation of 2.
    "dilated_convolutions": ["gridding"],
    # The last 3×3 convolution reads 251 of 224.
    "mobilenet_v1": ["unproductive-layer"],
}
"""What is said of networks of which something is said; of all others, nothing is."""


def test_specs_are_found() -> None:
    assert {path.stem for path in SPECS} > {*KNOWN, "resnet50", "inception_v3", "unet", "vgg16"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_is_said_of_known_networks(path: Path) -> None:
    assert [each.rule for each in advice_on(read_spec(str(path)).graph)] == KNOWN.get(path.stem, [])


def asked(graph: Graph) -> int:
    """Asks for all that the passes have to say, and gives how many have been asked."""
    facts = Facts(graph, advising_passes())
    for one in advisory():
        result = facts.result(one.produces)
        assert isinstance(one.diagnostics(result), tuple)
        for total in one.totals:
            facts.total(total.name)
    return len(advisory())


NETWORKS = {1: 600, 2: 600, 3: 150}
BATCHES = [(axes, first) for axes, number in NETWORKS.items() for first in range(0, number, 150)]


@pytest.mark.parametrize(("axes", "first"), BATCHES)
def test_advice_on_any_network(axes: int, first: int) -> None:
    """No pass fails, whatever the network; every diagnostic has a place, and no doubled space or missing word."""
    said = 0
    for seed in range(first, first + 150):
        graph = network(seed, axes)
        assert asked(graph) == len(advisory())
        for each in advice_on(graph):
            told = (each.message, each.hint, *each.notes)
            assert all("  " not in line and "``" not in line and line == line.strip() for line in told), text(graph)
            said += 1
    assert said > 50


def odd_graphs() -> dict[str, Graph]:
    flat, lonely, two = graphs.Builder(), graphs.Builder(), graphs.Builder()
    flat.input("features", 8)
    flat.add("dense", units=2)
    lonely.input("image", 3, 8, 8)
    two.input("image", 3, 8, 8)
    two.input("features", 8)
    two.add("conv2d", reads=(0,), filters=2, kernel=3, stride=2)
    two.add("dense", reads=(1,), units=2)
    return {
        "nothing": Graph("nothing", (), ()),
        "an input alone": lonely.graph(),
        "flat": flat.graph(),
        "an image and features": two.graph(outputs=(2, 3)),
        "without outputs": two.graph().part((0, 1, 2)),
        "unknown readings": graphs.with_mystery(),
        "alike blocks": graphs.repeated(),
    }


@pytest.mark.parametrize("name", odd_graphs())
def test_odd_graphs(name: str) -> None:
    assert asked(odd_graphs()[name]) == len(advisory())


def test_layers_on_constants() -> None:
    """A convolution of what does not move any more, and of a single position."""
    build = graphs.Builder()
    build.input("image", 3, 8, 8)
    build.add("global_avg_pool", keep_axes=True)
    build.add("conv2d", filters=3, kernel=3, padding="same")
    build.add("conv_transpose2d", filters=3, kernel=3, stride=2)
    build.add("conv2d", filters=3, kernel=3, stride=2)
    assert advice_on(build.graph()) == []


def test_what_is_left_of_an_unsound_network() -> None:
    """Of the layers up to the one that doesn't fit."""
    layers = (
        "  - conv2d: {filters: 3, kernel: 7, padding: same}\n  - max_pool2d: 2\n  - flatten\n"
        "  - conv2d: {filters: 3, kernel: 3}\n"
    )
    found = analyze(parse_spec(f"archspec: 1\ninputs: {{image: [3, 15, 15]}}\nlayers:\n{layers}"), advising_passes())
    assert [each.rule.code for each in found.diagnostics] == ["wrong-rank", "dropped-by-a-stride"]
