"""JSON, CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import json
from contextlib import ExitStack
from io import StringIO
from typing import Any

import pytest

from archanalyzer.diagnostics import BlockUse, Diagnostic, Note
from archanalyzer.diagnostics.rules.layers import WRONG_RANK
from archanalyzer.graph import Graph
from archanalyzer.report import View, render
from tests import graphs


def document(*networks: Any) -> Any:
    return json.loads(render("json", [graphs.analyzed(each) for each in networks]))


def test_json_follows_the_contract() -> None:
    read = document(graphs.small())
    assert list(read) == ["schema", "specs"]
    assert read["schema"] == 1
    spec = read["specs"][0]
    assert (spec["name"], spec["path"], spec["outputs"], spec["partial"]) == ("small", "net.yaml", ["dense"], False)
    wanted = {"layers": 5, "filters": 8, "parameters": 390, "trainable_parameters": 390, "macs": 6320}
    assert wanted.items() <= spec["totals"].items()
    assert [layer["name"] for layer in spec["layers"]] == [
        "image", "stage/conv2d", "stage/relu", "stage/conv2d_2", "flatten", "dense",
    ]  # fmt: skip
    layer = spec["layers"][3]
    assert list(layer)[:3] == ["name", "op", "inputs"]
    wanted_of_layer = {
        "op": "conv2d",
        "inputs": ["stage/relu"],
        "output_shape": [4, 4, 4],
        "filters": 4,
        "parameters": 148,
        "weights": {"weight": [4, 4, 3, 3], "bias": [4]},
        "macs": 2304,
    }
    assert wanted_of_layer.items() <= layer.items()
    assert layer["receptive_field"][0].items() >= {"axis": "height", "size": 5, "min_size": 5, "stride": 1}.items()
    assert spec["diagnostics"] == []


def test_json_rolls_blocks_up() -> None:
    (block,) = document(graphs.small())["specs"][0]["blocks"]
    assert block.items() >= {"name": "stage", "block": "stage", "output": "stage/conv2d_2", "parameters": 260}.items()
    assert block["output_shape"] == [4, 4, 4]
    assert (block["start"], block["stop"]) == (1, 4)


def nested(depth: int) -> Graph:
    """Blocks with two layers each, one inside the next."""
    build = graphs.Builder()
    build.input("features", 4)
    with ExitStack() as stack:
        for _ in range(depth):
            stack.enter_context(build.block("b"))
            build.add("relu")
            build.add("tanh")
    return build.graph()


def test_json_grows_no_faster_than_the_names_in_it() -> None:
    """A name of d parts for each of d layers makes twice as deep a nest four times as long, and no more than that."""
    short, long = (len(render("json", [graphs.analyzed(nested(depth))])) for depth in (50, 100))
    assert long < 4 * short


def test_json_tells_what_is_not_known() -> None:
    spec = document(graphs.with_mystery())["specs"][0]
    assert spec["layers"][2]["macs"] is None
    assert spec["totals"]["macs"] == 3888
    assert {"macs", "flops", "peak_training_bytes"} <= set(spec["at_least"])
    assert "parameters" not in spec["at_least"]


def test_json_diagnostics_have_rule_place_and_hint() -> None:
    diagnostic = Diagnostic(
        WRONG_RANK,
        "expected another",
        graphs.at(12, 7, 13),
        "use another",
        BlockUse("stage", graphs.at(41, 5)),
        (Note("it reads this", graphs.at(4, 3)),),
    )
    analyzed = graphs.analyzed(graphs.small(), diagnostics=(diagnostic,))
    (entry,) = json.loads(render("json", [analyzed]))["specs"][0]["diagnostics"]
    assert entry == {
        "rule": "wrong-rank",
        "severity": "error",
        "message": "expected another",
        "file": "net.yaml",
        "line": 12,
        "column": 7,
        "end_column": 13,
        "hint": "use another",
        "trail": [{"block": "stage", "file": "net.yaml", "line": 41, "column": 5, "end_column": 9}],
        "notes": [{"text": "it reads this", "file": "net.yaml", "line": 4, "column": 3, "end_column": 7}],
    }


def test_json_has_one_layer_a_line_and_can_always_be_encoded() -> None:
    text = render("json", [graphs.analyzed(graphs.small(), path="net\udc80\x9b.yaml")])
    assert text.endswith("]}\n")
    assert sum(line.strip().startswith('{"name": ') for line in text.splitlines()) == 7
    assert json.loads(text.encode())["specs"][0]["path"] == "net\udc80\x9b.yaml"


def test_json_of_several_networks_and_of_none() -> None:
    assert [spec["name"] for spec in document(graphs.small(), graphs.repeated())["specs"]] == ["small", "repeated"]
    assert document() == {"schema": 1, "specs": []}


def test_csv_has_plain_values_and_a_record_a_layer() -> None:
    text = render("csv", [graphs.analyzed(graphs.small()), graphs.analyzed(graphs.repeated(1), path="=other.yaml")])
    assert text.count("\r\n") == text.count("\n") == 1 + 6 + 4
    records = list(csv.DictReader(StringIO(text)))
    layer = records[3]
    assert (layer["spec"], layer["name"], layer["output_shape"]) == ("net.yaml", "stage/conv2d_2", "4x4x4")
    assert (layer["macs"], layer["receptive_field"], layer["inputs"]) == ("2304", "5x5", "stage/relu")
    assert records[-1]["spec"] == "'=other.yaml", "a spreadsheet would take it for a formula"


def test_csv_keeps_the_fields_of_several_inputs_apart() -> None:
    build = graphs.Builder()
    left, right = build.input("left", 2, 8, 8), build.input("right", 2, 8, 8)
    convolved = build.add("conv2d", filters=2, kernel=(3, 5), padding="same", reads=(left,))
    build.add("add", reads=(convolved, right))
    text = render("csv", [graphs.analyzed(build.graph())], View(columns=("receptive_field",)))
    fields = [record["receptive_field"] for record in csv.DictReader(StringIO(text))]
    assert fields == ["left 1x1", "right 1x1", "left 3x5", "left 3x5; right 1x1"]


def test_csv_leaves_empty_what_is_not_known() -> None:
    text = render("csv", [graphs.analyzed(graphs.with_mystery())], View(columns=("macs", "receptive_field")))
    assert text.splitlines()[-1] == "net.yaml,mystery,,"


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [("table", "relu     yes", "softmax  no"), ("markdown", "| relu | yes |", "| softmax | no |"),
     ("latex", "relu & yes", "softmax & no"), ("csv", "relu,true", "softmax,false")],
)  # fmt: skip
def test_yes_and_no(name: str, yes: str, no: str) -> None:
    """Not as Python writes them: people read yes and no, data frames the words that JSON has."""
    build = graphs.Builder()
    build.input("x", 8)
    build.add("relu")
    build.add("softmax")
    text = render(name, [graphs.analyzed(build.graph())], View(columns=("homogeneous",)))
    assert yes in text
    assert no in text


def test_markdown_is_a_table_with_everything_escaped() -> None:
    build = graphs.Builder()
    build.input("a|b<c>`d`_e_f", 8)
    with build.block("mlp"):
        build.add("dense", units=2)
    text = render("markdown", [graphs.analyzed(build.graph("net*"))], View(columns=("type", "parameters")))
    assert text.startswith(
        "### net\\*\n"
        "\n"
        "| layer | type | parameters |\n"
        "| :-- | :-- | --: |\n"
        "| a\\|b\\<c\\>\\`d\\`\\_e_f | input | 0 |\n"
        "| **mlp** | mlp |  |\n"
        "| &emsp;dense | dense | 18 |\n"
        "| **total** |  | **18** |\n"
        "\n"
        "- parameters: 18; 72 B as float32\n"
    )


def test_latex_is_a_booktabs_tabular_with_everything_escaped() -> None:
    build = graphs.Builder()
    build.input("x_1%", 8)
    build.add("mystery", name="[a]\\b")
    text = render("latex", [graphs.analyzed(build.graph("net"))], View(columns=("type", "output_shape", "macs")))
    assert "% net; needs \\usepackage{booktabs}\n" in text
    assert text.endswith(
        "\\begin{tabular}{llrr}\n"
        "  \\toprule\n"
        "  {}layer & type & output & MACs \\\\\n"
        "  \\midrule\n"
        "  {}x\\_1\\% & input & 8 & 0 \\\\\n"
        "  {}[a]\\textbackslash{}b & mystery & 8 & ? \\\\\n"
        "  \\midrule\n"
        "  {}total &  &  & $\\geq$ 0 \\\\\n"
        "  \\bottomrule\n"
        "\\end{tabular}\n"
    )


@pytest.mark.parametrize("name", ["table", "json", "markdown", "csv", "latex"])
def test_a_network_without_layers_is_no_problem(name: str) -> None:
    from archanalyzer.graph import Graph

    assert render(name, [graphs.analyzed(Graph("nothing", (), ()))]).endswith("\n")
