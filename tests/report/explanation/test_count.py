"""Counts written out: every printed equation is right by itself, and comes to the fact that the passes tell."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Block, Graph, Layer
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.explaining.counts import count_explained, layer_explained
from archanalyzer.passes.explaining.products import EXPLAINED
from archanalyzer.report.explanation.count import Explained, as_parts, notes
from archanalyzer.report.explanation.page import written
from archanalyzer.report.view import Page
from archanalyzer.spec import parse_spec, read_spec
from tests import graphs, strategies
from tests.passes.fields import random_networks
from tests.report.explanation.printed_arithmetic import equations, latex_value_of, printed, value_of

ROOT = Path(__file__).parents[3]
SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "tests" / "passes" / "cases").glob("*.yaml")])


@cache
def of_spec(path: Path) -> Analyzed:
    return analyze(read_spec(str(path)))


def held(analyzed: Analyzed, explained: Explained, value: int) -> None:
    """Asserts that each equation that is printed is right, and that the last of each section comes to ``value``."""
    assert explained.value == value
    for tables in (False, True):
        texts = list(printed(as_parts(analyzed, explained, tables=tables)))
        pairs = list(equations(texts)) if not tables else [*zip(texts[1::3], texts[2::3], strict=True)]
        assert bool(pairs) == bool(texts)
        assert [left for left, right in pairs if value_of(left) != value_of(right)] == []
    document = json.loads(written("json", analyzed, explained, Page()))
    assert value_of(document["expression"]) == document["value"] == value
    for part in (*document.get("parts", ()), *document["sum"]):
        assert value_of(part["expression"]) == part["value"]
    assert sum(part["value"] for part in document["sum"]) == value
    if "parts" in document:
        assert sum(part["value"] for part in document["parts"]) == value
    latex = written("latex", analyzed, explained, Page())
    assert latex_equations(latex) == []
    assert balanced(latex)


def latex_equations(latex: str) -> list[str]:
    """The equations in LaTeX that are wrong; lines of a sum that goes on are joined."""
    joined = latex.replace(" \\\\\n  &\\qquad {} + ", " + ")
    lines = re.findall(r"^  .*?&\\quad (.*?)(?: \\\\)?$", joined, re.MULTILINE)
    assert lines or r"\[ 0 \]" in latex
    return [
        line for line in lines if latex_value_of(line.rpartition(" = ")[0]) != latex_value_of(line.rpartition(" = ")[2])
    ]


def balanced(latex: str) -> bool:
    """Whether braces and environments close."""
    text = "\n".join(line for line in latex.splitlines() if not line.startswith("%"))
    braces = re.sub(r"\\[{}]", "", text)
    return braces.count("{") == braces.count("}") and text.count(r"\begin") == text.count(r"\end")


def all_held(analyzed: Analyzed, every: int = 1) -> None:
    """The same of each fact, of the network, of each of its blocks and of every so many of its layers."""
    facts = analyzed.facts
    for what in EXPLAINED:
        held(analyzed, count_explained(facts, what), facts.total(what).amount.value)
        for index, block in list(enumerate(facts.graph.blocks))[::every]:
            held(analyzed, count_explained(facts, what, index), facts.block_value(block, what).value)
        for index in range(0, len(facts.graph.layers), every):
            held(analyzed, layer_explained(facts, what, index), facts.values(what)[index] or 0)


def test_specs_are_found() -> None:
    assert len(SPECS) > 20


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_is_printed_of_the_specs_is_right(path: Path) -> None:
    analyzed = of_spec(path)
    all_held(analyzed, every=1 + len(analyzed.graph.layers) // 4)


@pytest.mark.parametrize("name", sorted(strategies.covered()))
@settings(max_examples=5)
@given(data=st.data())
def test_what_is_printed_of_any_layer_is_right(name: str, data: st.DataObject) -> None:
    case = data.draw(strategies.cases(name))
    inputs = [
        Layer(index, f"x{index}", graphs.op("input", shape=each.shape), (), graphs.at(1))
        for index, each in enumerate(case.inputs)
    ]
    if any(each.unpooled for each in case.inputs):
        return  # an unpooling goes with its pool; the specs have some
    layer = Layer(len(inputs), "layer", case.op, tuple(range(len(inputs))), graphs.at(2))
    all_held(graphs.analyzed(Graph("net", (*inputs, layer), (layer.index,))))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_printed_of_networks_at_random_is_right(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    graph = random_networks.network(seed, random.randint(1, 3))
    all_held(graphs.analyzed(replace(graph, blocks=tuple(blocks(random, 0, len(graph.layers), "")))))


def blocks(random: Random, start: int, stop: int, inside: str) -> list[Block]:
    """Blocks in blocks over some of the layers."""
    found = []
    while start < stop:
        end = random.randint(start + 1, stop)
        if end - start < stop - start and random.random() < 0.7:
            name = f"{inside}b{start}"
            found += [Block(name, "b", start, end, end - 1, graphs.at(1)), *blocks(random, start, end, f"{name}/")]
        start = end
    return found


# --- By hand


def text(what: str, layers: str, inputs: str = "image: [3, 8, 8]", more: str = "") -> str:
    """What is printed of a network, without its first lines."""
    spec = parse_spec(f"archspec: 1\ninputs: {{{inputs}}}\n{more}layers:\n{layers}", name="net.yaml")
    analyzed = analyze(spec)
    assert not analyzed.partial
    page = written("text", analyzed, count_explained(analyzed.facts, what), Page())
    return page.partition("\n\n")[2]


CONVS = "  - repeat: 2\n    layers:\n      - conv2d: {filters: 4, kernel: 3, padding: same}\n"


def test_alike_layers_in_a_row_are_told_once() -> None:
    layers = f"{CONVS}  - flatten\n  - dense: 10\n  - dense: 10\n  - dense: 10\n"
    assert text("parameters", layers) == (
        "parameters\n\n"
        "conv2d               9 × 3×4 + 4 = 112\n"
        "conv2d_2             9 × 4×4 + 4 = 148\n"
        "dense                256×10 + 10 = 2,570\n"
        "dense_2 and dense_3  10×10×2 + 10×2 = 220\n"
        "total                112 + 148 + 2,570 + 220 = 3,050\n\n"
        "all together\n\n"
        "weights  9 × (3×4 + 4×4) = 252\n"
        "         256×10 + 10×10×2 = 2,760\n"
        "biases   4×2 + 10×3 = 38\n"
        "total    252 + 2,760 + 38 = 3,050\n\n"
        "weights: kernel height × kernel width × (channels of each filter × filters)\n"
        "biases: channels\n"
        "biases: features\n"
        "weights: inputs × outputs\n"
        "a last factor counts terms that are alike: 64×2 is 64 + 64\n"
    )


def test_positions_and_kernel_are_taken_out() -> None:
    """8·8 positions of the padded convolutions, 9 products for each pair of channels; 4·8·8 = 256 features."""
    layers = f"{CONVS}  - flatten\n  - dense: 10\n"
    assert text("macs", layers).startswith(
        "MACs\n\n"
        "conv2d    8×8 × 9 × 3×4 = 6,912\n"
        "conv2d_2  8×8 × 9 × 4×4 = 9,216\n"
        "dense     256×10 = 2,560\n"
        "total     6,912 + 9,216 + 2,560 = 18,688\n\n"
        "all together\n\n"
        "products of weight and input  8×8 × 9 × (3×4 + 4×4) = 16,128\n"
        "                              256×10 = 2,560\n"
    )


def test_a_training_step_is_three_times_the_forward_step_but_for_the_first_layer() -> None:
    """Nothing learns before the first layer, so its input gets no gradient: twice; the second layer, three times."""
    found = text("training_macs", "  - dense: 4\n  - dense: 5\n", "x: [3]")
    assert "dense    2 × 3×4 = 24\ndense_2  3 × 4×5 = 60\n" in found
    assert "products of weight and input: forward and gradients × (input features × units)\n" in found


def test_an_operation_of_a_mac_counts_twice() -> None:
    found = text("flops", "  - dense: 4\n  - relu\n", "x: [3]")
    assert "dense  2 × 3×4 + 4 = 28\nrelu   4 = 4\n" in found


def test_copies_of_a_block_are_one_line() -> None:
    blocks = "blocks:\n  two:\n    layers:\n      - dense: 8\n      - relu\n      - dense: {units: 8, bias: false}\n"
    found = text("parameters", "  - two\n  - two\n  - two\n", "x: [8]", blocks)
    # Each has 8·8 + 8 and 8·8.
    assert found.startswith("parameters\n\ntwo to two_3  8×8×6 + 8×3 = 408\n\nweights")


def test_shared_and_frozen_weights_are_told_of() -> None:
    layers = (
        "  - dense: 4\n    name: a\n  - dense:\n    share: a\n    name: b\n"
        "  - dense: 4\n    frozen: true\n    name: c\n"
    )
    found = text("parameters", layers, "x: [4]")
    assert found.startswith("parameters\n\na and c  4×4×2 + 4×2 = 40\n\n")
    assert "shared weights count once: b uses those of a\nfrozen, counted all the same: c\n" in found
    learning = text("trainable_parameters", layers, "x: [4]")
    assert "a  4×4 + 4 = 20\n" in learning
    assert "frozen, not counted: c\n" in learning


def test_what_is_not_known_makes_a_lower_bound() -> None:
    analyzed = graphs.analyzed(graphs.with_mystery())
    explained = count_explained(analyzed.facts, "macs")
    assert list(notes(explained))[-1] == "only a lower bound: it is not known what is computed by mystery"
    assert json.loads(written("json", analyzed, explained, Page()))["at_least"] is True
    assert analyzed.facts.total("macs").amount == (explained.value, True)


def test_nothing_to_count() -> None:
    assert text("parameters", "  - relu\n") == "parameters\n\nthere are none: nothing of it is counted\n"


# --- One layer


def of_layer(what: str, layer: str, inputs: str) -> str:
    analyzed = analyze(parse_spec(f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{layer}", name="net.yaml"))
    explained = layer_explained(analyzed.facts, what, len(analyzed.graph.layers) - 1)
    return written("text", analyzed, explained, Page(width=120)).partition("\n\n")[2]


GROUPED = "  - conv2d: {filters: 8, kernel: [3, 2], groups: 4, stride: 2}\n"


def test_the_arrays_of_a_layer_with_names() -> None:
    """A filter of 4 groups sees 4 / 4 = 1 of 4 channels: 3·2·1·8 = 48 weights, and 8 biases."""
    assert of_layer("parameters", GROUPED, "image: [4, 7, 6]") == (
        "parameters of conv2d (conv2d), 4×7×6 → 8×3×3\n\n"
        "weight 8×1×3×2  3 (kernel height) × 2 (kernel width) × 1 (channels of each filter) × 8 (filters) = 48\n"
        "bias 8          8 (channels) = 8\n"
        "total           48 + 8 = 56\n\n"
        "in short\n\n"
        "  6 × 1×8 + 8 = 56\n"
    )


def test_the_macs_of_a_layer_are_positions_times_the_weights_that_each_uses() -> None:
    """(7 − 3) / 2 + 1 = 3 and (6 − 2) / 2 + 1 = 3 positions, each with the 48 weights."""
    assert "3×3 × 6 × 1×8 = 432\n" in of_layer("macs", GROUPED, "image: [4, 7, 6]")


def test_the_names_of_factors_in_latex() -> None:
    analyzed = analyze(parse_spec("archspec: 1\ninputs: {x: [3]}\nlayers: [dense: 5]\n", name="net.yaml"))
    assert written("latex", analyzed, layer_explained(analyzed.facts, "parameters", 1), Page()).startswith(
        "\\noindent net: parameters of dense (dense), 3 $\\to$ 5\n"
        "\\begin{align*}\n"
        r"  \text{weight 5$\times$3}&\quad "
        r"\underbrace{3}_{\text{inputs}} \times \underbrace{5}_{\text{outputs}} = 15 \\"
        "\n"
        r"  \text{bias 5}&\quad \underbrace{5}_{\text{features}} = 5 \\"
        "\n"
        r"  \text{total}&\quad 15 + 5 = 20"
        "\n\\end{align*}\n"
    )


def test_the_scale_of_a_normalization_has_the_axes_of_its_output() -> None:
    found = of_layer("parameters", "  - layer_norm\n", "image: [3, 4, 2]")
    assert "weight 3×4×2  3 (channels) × 4 (height) × 2 (width) = 24\n" in found


def test_markdown_has_a_table() -> None:
    analyzed = of_spec(ROOT / "specs" / "homework" / "vgg_parameters.yaml")
    found = written("markdown", analyzed, count_explained(analyzed.facts, "parameters"), Page())
    assert "| of | counted | value |\n| :-- | :-- | --: |\n| block1 | 9 × (3×64 + 64×64) | 38,592 |\n" in found


def test_long_sums_put_together_what_is_alike() -> None:
    """Pairs of layers 4 → 5 → 4, thirteen times: 26 terms are two."""
    layers = (
        "  - repeat: 13\n    layers:\n      - dense: {units: 5, bias: false}\n      - dense: {units: 4, bias: false}\n"
    )
    found = text("parameters", layers, "x: [4]")
    assert "weights  4×5×13 + 5×4×13 = 520\n" in found


def test_control_characters_of_a_name_do_not_get_through() -> None:
    analyzed = graphs.analyzed(graphs.small())
    layers = tuple(replace(layer, name=f"\x1b[2J{layer.name}") for layer in analyzed.graph.layers)
    analyzed = graphs.analyzed(replace(graphs.small(), layers=layers, name="\x1b{x}"))
    for name in ("text", "markdown", "latex", "json"):
        assert "\x1b" not in written(name, analyzed, count_explained(analyzed.facts, "flops"), Page())
