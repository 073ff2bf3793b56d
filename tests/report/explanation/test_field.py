"""How receptive fields are explained: every printed equation is right, and the U-Net's are those of the textbook."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.explaining.fields import field_explained
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report.explanation.field import as_parts
from archanalyzer.report.explanation.page import written
from archanalyzer.report.parts import Grid
from archanalyzer.report.view import Page
from archanalyzer.spec import parse_spec, read_spec
from tests import graphs
from tests.passes.fields import random_networks
from tests.report.explanation.printed_arithmetic import equations, printed, value_of

ROOT = Path(__file__).parents[3]
SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "tests" / "passes" / "cases").glob("*.yaml")])


def held(analyzed: Analyzed, layer: int) -> int:
    """How many equations are printed of a layer's field, having asserted that each is right."""
    explained = field_explained(analyzed.facts.result(ReceptiveFields), layer)
    pairs = list(equations(printed(as_parts(analyzed, explained))))
    assert [left for left, right in pairs if value_of(left) != value_of(right)] == []
    document = json.loads(written("json", analyzed, explained, Page()))
    assert document["schema"] == 1
    for name in ("text", "markdown", "latex"):
        assert written(name, analyzed, explained, Page()).endswith("\n")
    return len(pairs)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_is_printed_of_the_specs_is_right(path: Path) -> None:
    analyzed = analyze(read_spec(str(path)))
    layers = range(0, len(analyzed.graph.layers), 1 + len(analyzed.graph.layers) // 8)
    has_fields = any(len(each) > 1 for each in analyzed.facts.values("output_shape"))
    assert bool(sum(held(analyzed, layer) for layer in (*layers, *analyzed.graph.outputs))) == has_fields


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_what_is_printed_of_networks_at_random_is_right(seed: int) -> None:
    analyzed = graphs.analyzed(random_networks.network(seed, Random(seed).randint(1, 3)))  # noqa: S311
    for layer in range(len(analyzed.graph.layers)):
        held(analyzed, layer)


# --- By hand


def text(layers: str, inputs: str = "image: [1, 32]", format_name: str = "text") -> str:
    """What is printed of the last layer, without the network's name."""
    analyzed = analyze(parse_spec(f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{layers}", name="net.yaml"))
    explained = field_explained(analyzed.facts.result(ReceptiveFields), len(analyzed.graph.layers) - 1)
    return written(format_name, analyzed, explained, Page()).partition("\n\n")[2]


def test_the_rule_with_the_numbers_put_in() -> None:
    layers = (
        "  - repeat: 2\n    layers:\n      - conv1d: {filters: 1, kernel: 3}\n      - relu\n"
        "  - max_pool1d: 2\n  - conv1d: {filters: 1, kernel: 3, dilation: 2}\n"
    )
    assert text(layers) == (
        "receptive field of conv1d_3 (conv1d), 1×10\n\n"
        "image, length\n\n"
        "layer                k  s                    r        j\n"
        "───────────────────────────────────────────────────────\n"
        "image                                        1        1\n"
        "conv1d and conv1d_2  3  1  1 + 2·(3 − 1)·1 = 5  1·1 = 1\n"
        "max_pool1d           2  2    5 + (2 − 1)·1 = 6  1·2 = 2\n"
        "conv1d_3             5  1   6 + (5 − 1)·2 = 14  2·1 = 2\n\n"
        "r ← r + (k − 1)·j, j ← j·s\n"
        "k of conv1d_3: 3 taps, 2 apart: (3 − 1)·2 + 1 = 5\n"
    )


def squeezed(layers: str) -> str:
    """The same, every gap of one blank."""
    return re.sub(" +", " ", text(layers))


def test_where_ways_meet() -> None:
    branches = (
        "  - conv1d: {filters: 1, kernel: %s, padding: [[%s]]}\n    name: one\n"
        "  - conv1d: {filters: 1, kernel: %s, padding: [[%s]]}\n    from: image\n    name: other\n"
        "  - add:\n    from: [one, other]\n"
    )
    larger = squeezed(branches % (3, "1, 1", 7, "3, 3"))
    assert "add other max(3, 7) = 7 1\n" in larger
    assert "max: of the ways that meet, the one that decides, under `reads`, covers what the" in larger
    both = squeezed(branches % (3, "2, 0", 4, "0, 3"))
    # −2 to 0 and 0 to 3.
    assert "add one and other 3 − (−2) + 1 = 6 1\n" in both
    assert "add: the interval around two ways, for position 0: −2 to 0 through one and 0 to\n3 through other" in both


def test_what_sees_everything() -> None:
    found = squeezed("  - conv1d: {filters: 1, kernel: 3}\n  - global_avg_pool\n  - dense: 3\n")
    assert "global_avg_pool all all 32\n" in found
    assert "global_avg_pool reads all of conv1d, and sees all that this does\n" in found


def test_an_up_sampling_tells_the_least_and_the_most() -> None:
    """Four in a row of an up-sampling by 2 are of two or, from an odd one on, of three."""
    found = squeezed("  - upsample: 2\n  - conv1d: {filters: 1, kernel: 4}\n")
    assert "field 2–3 positions\n2 at positions 0 modulo 2\n3 at positions 1 modulo 2\n" in found
    assert "the least: 2, counted back from position 30\n" in found
    assert "conv1d 30 30–33 1 + (4 − 1) = 4\n" in found
    assert "upsample 30–33 15–16 ⌊33/2⌋ − ⌈(30 − 1)/2⌉ + 1 = 2\n" in found
    assert "the most: 3, counted back from position 31\n" in found
    assert "they part at upsample: 4 positions from 30 on read 2, as many from 31 on read 3\n" in found


def test_what_is_not_known_or_is_not_there() -> None:
    analyzed = graphs.analyzed(graphs.with_mystery())
    explained = field_explained(analyzed.facts.result(ReceptiveFields), 2)
    assert written("text", analyzed, explained, Page()).endswith("it is not known what `mystery` sees\n")
    assert json.loads(written("json", analyzed, explained, Page()))["axes"] is None
    assert text("  - dense: 2\n", "x: [3]").endswith("it sees no input that has an axis beside its channels\n")


# --- Formats


def test_the_table_of_the_textbook() -> None:
    """Walking back from one position: so many outputs and inputs each block has; the other eight have 280 → 296."""
    analyzed = analyze(read_spec(str(ROOT / "specs" / "homework" / "unet.yaml")))
    fields = analyzed.facts.result(ReceptiveFields)
    parts = list(as_parts(analyzed, field_explained(fields, fields.graph.outputs[0])))
    counts = []
    for grid in (part for part in parts if isinstance(part, Grid)):
        cells = [row.cells for row in grid.rows if "conv2d" in row.cells[0]]
        counts.append([(int(value_of(cell[-1].split(" + ")[0])), int(cell[-1].split(" = ")[1])) for cell in cells])
    # Block 9 to block 5, and on to block 1: as the spec says by hand.
    assert counts == [
        [(1, 5), (3, 9), (5, 11), (6, 12), (6, 12), (24, 30), (60, 66), (132, 138), (276, 280)],
        [(1, 5), (3, 9), (5, 11), (6, 12), (7, 13), (26, 32), (64, 70), (140, 146), (292, 296)],
    ]


def test_latex_has_tables() -> None:
    found = text("  - conv1d: {filters: 1, kernel: 3}\n", format_name="latex")
    assert "\\begin{tabular}{lrrrr}\n  \\toprule\n  {}layer & k & s & r & j \\\\\n" in found
    assert "  {}conv1d & 3 & 1 & 1 + (3 $-$ 1)$\\cdot$1 = 3 & 1$\\cdot$1 = 1 \\\\\n" in found
    assert found.count("\\begin{") == found.count("\\end{") == 1


def test_json() -> None:
    layers = "layers: [{max_pool1d: {kernel: 3, stride: 2}}]"
    analyzed = analyze(parse_spec(f"archspec: 1\ninputs: {{image: [1, 9]}}\n{layers}\n"))
    explained = field_explained(analyzed.facts.result(ReceptiveFields), 1)
    (axis,) = json.loads(written("json", analyzed, explained, Page()))["axes"]
    assert (axis["input"], axis["axes"], axis["size"], axis["by_rule"]) == ("image", ["length"], 3, True)
    (step,) = axis["steps"]
    assert (step["layer"], step["size"], step["jump"]) == ("max_pool1d", 3, 2)
    assert step["ways"][0]["reach"] == 3
