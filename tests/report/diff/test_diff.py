"""Comparisons as text, Markdown and JSON: the exact text of a small pair, whose numbers are worked out by hand.

old: conv 3→4 of 3×3: 4·27 = 108 weights, 4 biases; conv 4→4: 144 and 4. New: conv 3→8: 216 and 8; a batch norm of 8
channels: 8, 8, and 16 buffers; conv 8→4: 288 and 4. So weights 252 → 512, biases 8 → 20.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from archanalyzer.passes.analysis import Kind, Passes
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.comparing.comparing import compare
from archanalyzer.passes.comparing.comparison import Comparison, Moved
from archanalyzer.passes.facts import Amount
from archanalyzer.passes.parameters import parameters
from archanalyzer.passes.tensor_types import tensor_types
from archanalyzer.report.diff import as_json as diff_json
from archanalyzer.report.diff import as_markdown as diff_markdown
from archanalyzer.report.diff import as_text as diff_text
from archanalyzer.report.diff.as_json import plain
from archanalyzer.report.diff.words import after, apart, before, difference, percentage, ratio_data, value_text
from archanalyzer.report.view import Page
from archanalyzer.spec import parse_spec
from tests import graphs
from tests.passes.comparing.networks import CONV4, CONV8, chain, of_graphs, with_names

PASSES = Passes((tensor_types, parameters))
"""With few columns, so that a page of them can be written down."""
FIRST, FLAT = "name: first", "flatten\nname: flat"
OLD = chain(f"{CONV4}\n{FIRST}", "relu", CONV4, FLAT)
NEW = chain(f"{CONV8}\n{FIRST}", "relu", "batch_norm", CONV4, FLAT.replace("name: flat", "name: vector"))


def compared(old: str, new: str) -> Comparison:
    sides = (analyze(parse_spec(text, name=f"{name}.yaml"), PASSES) for text, name in ((old, "old"), (new, "new")))
    return compare(*sides)


def lines(old: str, new: str, *, every: bool = False, width: int = 80) -> list[str]:
    return diff_text.render(compared(old, new), Page(width), every=every).splitlines()


def test_a_page() -> None:
    assert lines(OLD, NEW) == [
        "net  old.yaml → new.yaml",
        "",
        "layers  1 changed, 1 added, 1 renamed; facts of 2 others moved",
        "",
        "totals",
        "",
        "total              before  after  difference         %",
        "──────────────────────────────────────────────────────",
        "layers                  4      5          +1   +25.0 %",
        "parameters            260    532        +272  +104.6 %",
        "trainable             260    532        +272  +104.6 %",
        "weight parameters     252    512        +260  +103.2 %",
        "bias parameters         8     20         +12  +150.0 %",
        "buffers                 0     16         +16",
        "",
        "changed layers",
        "",
        "layer                 before    after  difference         %",
        "───────────────────────────────────────────────────────────",
        "first",
        "  filters                  4        8",
        "  output               4×8×8    8×8×8",
        "  parameters             112      224        +112  +100.0 %",
        "  trainable              112      224        +112  +100.0 %",
        "  weight parameters      108      216        +108  +100.0 %",
        "  bias parameters          4        8          +4  +100.0 %",
        "  weights: weight    4×3×3×3  8×3×3×3",
        "  weights: bias            4        8",
        "",
        "added layers",
        "",
        "batch_norm  batch_norm; reads relu; output 8×8×8, parameters 16",
        "",
        "renamed",
        "",
        "before  after   what",
        "─────────────────────",
        "flat    vector  layer",
        "",
        "unchanged, but with facts that moved",
        "",
        "2 layers: output, parameters, trainable, weight parameters, weights; listed with",
        "--all",
    ]


def test_all_lists_what_follows() -> None:
    """Conv 4→4 becomes 8→4, which doubles its 144 weights, not its 4 biases."""
    page = lines(OLD, NEW, every=True)
    assert page[page.index("unchanged layers whose facts moved") + 4 :] == [
        "relu",
        "  output               4×8×8    8×8×8",
        "conv2d",
        "  parameters             148      292        +144   +97.3 %",
        "  trainable              148      292        +144   +97.3 %",
        "  weight parameters      144      288        +144  +100.0 %",
        "  weights: weight    4×4×3×3  4×8×3×3",
    ]


SMALL = """\
archspec: 1
name: net
inputs: {x: [2]}
layers:
  - dense: 3
    name: hidden
  - dense: 2
    name: out
"""
PINNED = f"""\
{SMALL}weights:
  hidden: {{weight: [[1, -1], [0, 1], [2, 2]], bias: 0}}
  out: {{weight: he}}
data:
  inputs: {{x: [1, 2]}}
  targets: {{out: [0, 1]}}
training: {{loss: cross_entropy, rate: 0.1}}
"""
OTHERWISE_PINNED = f"""\
{SMALL}weights:
  hidden: {{weight: [[1, -1], [0, 4], [2, 5]], bias: [0, 0, 7]}}
  out: {{bias: 1}}
data:
  inputs: {{x: [[1, 2], [3, 4]]}}
  targets: {{out: [0, 1]}}
training: {{loss: cross_entropy, optimizer: adam, rate: 0.2, beta1: 0.5}}
"""


def test_one_number_is_told_itself() -> None:
    texts = [
        f"archspec: 1\ninputs: {{x: [1]}}\nlayers: [dense: 1]\nweights: {{dense: {{bias: {each}}}}}\n" for each in "01"
    ]
    assert lines(*texts)[-1] == "dense.bias  0 → 1"
    texts = [each.replace("bias: 0", "bias: [0]").replace("bias: 1", "bias: [1]") for each in texts]
    assert lines(*texts)[-1] == "dense.bias  0 → 1"


def test_what_is_pinned() -> None:
    assert lines(PINNED, OTHERWISE_PINNED)[2:] == [
        "layers   none changed",
        "running  5 pinned arrays and how to train differ",
        "",
        "training",
        "",
        "optimizer  sgd → adam",
        "rate       0.1 → 0.2",
        "beta1      none → 0.5",
        "",
        "pinned numbers",
        "",
        "hidden.weight  2 of 6 numbers differ",
        "hidden.bias    0 → 3 numbers; 1 of 3 numbers differs",
        "out.weight     removed (he)",
        "input x        2 numbers → 2×2 numbers",
        "out.bias       added (1)",
    ]


def test_what_is_pinned_in_markdown() -> None:
    text = diff_markdown.render(compared(PINNED, OTHERWISE_PINNED), every=False)
    assert "- layers: none changed\n- running: 5 pinned arrays and how to train differ\n" in text
    assert (
        "<details><summary>training</summary>\n\n- optimizer: sgd → adam\n- rate: 0.1 → 0.2\n- beta1: none → 0.5\n"
    ) in text
    assert "- hidden.weight: 2 of 6 numbers differ\n" in text
    one = diff_markdown.render(compared(PINNED, PINNED.replace("bias: 0", "bias: 2")), every=False)
    assert "- running: 1 pinned array differs\n" in one
    assert "- hidden.bias: 0 → 2\n" in one


def test_what_is_pinned_in_json() -> None:
    document = json.loads(diff_json.render(compared(PINNED, OTHERWISE_PINNED)))
    assert document["differs"] is True
    assert document["training"] == [
        {"field": "optimizer", "old": "sgd", "new": "adam"},
        {"field": "rate", "old": 0.1, "new": 0.2},
        {"field": "beta1", "old": None, "new": 0.5},
    ]
    weight, bias, removed, data, added = document["pinned"]
    hidden = {"layer": "hidden", "value": None, "shape": [3, 2]}
    assert weight == {
        "section": "weights",
        "array": "weight",
        "old": hidden,
        "new": hidden,
        "differing": 2,
        "numbers": 6,
    }
    assert bias["old"] == {"layer": "hidden", "value": 0, "shape": None}
    assert (removed["old"]["value"], removed["new"], removed["differing"]) == ("he", None, None)
    assert (data["section"], data["array"], data["new"]["shape"], data["numbers"]) == ("inputs", None, [2, 2], None)
    assert (added["old"], added["new"]) == (None, {"layer": "out", "value": 1, "shape": None})


def test_nothing_differs() -> None:
    assert lines(OLD, OLD) == ["net  old.yaml → new.yaml", "", "no difference"]
    assert diff_markdown.render(compared(OLD, OLD), every=False) == (
        "### net (old.yaml → new.yaml)\n\n<sub>no difference</sub>\n"
    )


def test_colours() -> None:
    text = diff_text.render(compared(OLD, NEW), Page(80, color=True), every=False)
    assert text.startswith("\x1b[1mnet\x1b[0m  \x1b[2mold.yaml → new.yaml\x1b[0m\n")


def test_markdown_has_totals_on_top_and_layers_folded_away() -> None:
    text = diff_markdown.render(compared(OLD, NEW), every=False)
    assert text.startswith(
        "### net (old.yaml → new.yaml)\n"
        "\n"
        "- totals: parameters 260 → 532 (+272, +104.6 %)\n"
        "- layers: 1 changed, 1 added, 1 renamed; facts of 2 others moved\n"
        "\n"
        "<details><summary>totals</summary>\n"
        "\n"
        "| total | before | after | difference | % |\n"
        "| :-- | --: | --: | --: | --: |\n"
        "| layers | 4 | 5 | +1 | +25.0 % |\n"
    )
    assert (
        "<details><summary>changed layers</summary>\n"
        "\n"
        "| layer | before | after | difference | % |\n"
        "| :-- | --: | --: | --: | --: |\n"
        "| **first** |  |  |  |  |\n"
        "| &emsp;filters | 4 | 8 |  |  |\n"
    ) in text
    assert text.count("<details>") == text.count("\n\n</details>\n") == 5


def test_markdown_without_a_total() -> None:
    text = diff_markdown.render(compared(OLD, OLD.replace("name: first", "name: front")), every=False)
    assert "- totals: none moved\n- layers: 1 renamed\n" in text


def test_names_cannot_mark_up() -> None:
    name = "<b>|*x*"
    old = graphs.small()
    names = [layer.name.replace("dense", name) for layer in old.layers]
    text = diff_markdown.render(of_graphs(old, with_names(old, names)), every=False)
    assert "| dense | \\<b\\>\\|\\*x\\* | layer |" in text
    assert name not in text


def test_many_are_cut_short() -> None:
    old = chain(*[CONV4] * 30)
    page = lines(old, chain(*[CONV8] * 30))
    assert "10 more layers, with --all" in page
    assert sum(line.startswith("conv2d") for line in page) == 20
    every = lines(old, chain(*[CONV8] * 30), every=True)
    assert sum(line.startswith("conv2d") for line in every) == 30


def test_layers_that_only_count_on_are_told_together() -> None:
    old, new = chain(CONV8, *[CONV4, "relu"] * 3), chain(CONV8, CONV8, *[CONV4, "relu"] * 3)
    page = lines(old, new)
    told = "3 with another number: conv2d_2 → conv2d_3 to conv2d_4 → conv2d_5; --all"
    assert page[page.index("renamed") + 2] == told
    assert "conv2d_3  conv2d_4  layer" in lines(old, new, every=True)


def test_blocks() -> None:
    """A stage of a convolution and a relu: 4 filters, then 8; and around what stood alone before."""
    above = "blocks:\n  stage: {layers: [{conv2d: {filters: 4, kernel: 1}}, relu]}\n"
    old = chain("stage", "flatten", above=above)
    page = lines(old, old.replace("filters: 4", "filters: 8"))
    assert page[page.index("blocks with changed layers") + 4 :][:3] == [
        "stage",
        "  output              4×8×8  8×8×8",
        "  parameters             16     32         +16  +100.0 %",
    ]
    alone = chain("conv2d: {filters: 4, kernel: 1}", "relu", "flatten")
    page = lines(alone, old)
    assert page[page.index("blocks regrouped") + 2] == "stage  put around 2 layers"
    page = lines(chain("flatten"), chain("stage", "flatten", above=above))
    assert page[page.index("added layers") + 2] == "stage  stage: 2 layers; reads image; output 4×8×8, parameters 16"


def test_wide_counts_are_rounded_to_fit() -> None:
    """10⁹·10⁹ + 10⁹ parameters take 25 columns, twice as many too; for 10⁵·10⁵ + 10⁵, with 14, there is room."""
    old = "archspec: 1\nname: net\ninputs: {x: [1000000000]}\nlayers:\n  - dense: 1000000000\n"
    new = old.replace("dense: 1", "dense: 2")
    assert any("1,000,000,001,000,000,000" in line for line in lines(old, new, width=200))
    rounded = lines(old, new)
    assert "parameters         1.00 E  2.00 E     +1.00 E  +100.0 %" in rounded
    assert "counts are rounded to fit: k, M, G, … stand for 10³, 10⁶, 10⁹, …; exact with" in rounded
    old = old.replace("1000000000", "100000")
    exact = lines(old, old.replace("dense: 1", "dense: 2"))
    assert "parameters         10,000,100,000  20,000,200,000  +10,000,100,000  +100.0 %" in exact
    assert not [line for line in exact if "rounded" in line]


def test_numbers_are_never_cut_and_texts_are() -> None:
    """The columns before and after have 16 columns each for texts."""
    bound = moved(Kind.COUNT, Amount(123_456_789_012, at_least=True), 5)
    comparison = compared(OLD, OLD)._replace(totals=(bound, moved(Kind.SHAPE, (1111, 2222, 3333, 4444), (1,))))
    page = diff_text.render(comparison, Page(80), every=False).splitlines()
    assert page[page.index("totals") + 4 :] == [
        "fact   ≥ 123,456,789,012      5",
        "fact    1111×222…33×4444      1",
    ]


def test_json() -> None:
    document = json.loads(diff_json.render(compared(OLD, NEW)))
    assert document["schema"] == 1
    assert document["differs"] is True
    assert (document["old"], document["new"]["path"]) == ({"name": "net", "path": "old.yaml"}, "new.yaml")
    assert {"fact": "parameters", "old": 260, "new": 532, "difference": 272, "ratio": 272 / 260} in document["totals"]
    (changed,) = document["changed"]
    assert changed["fields"] == [{"field": "filters", "old": 4, "new": 8}]
    assert (changed["old"], changed["new"], changed["op"], changed["reads"]) == ("first", "first", None, None)
    assert [each["new"] for each in document["followed"]] == ["relu", "conv2d"]
    (added,) = document["added"]
    assert (added["name"], added["block"], added["layers"][0]["inputs"]) == ("batch_norm", None, ["relu"])
    assert added["layers"][0]["parameters"] == 16
    assert document["renamed"] == [
        {"old": "flat", "new": "vector", "layers": 1, "is_block": False, "renumbered": False}
    ]


def test_json_of_blocks() -> None:
    """The first stage is changed, the second one reads more channels: 4·(3 + 1) and 4·(4 + 1) parameters grow."""
    above = (
        "blocks:\n  stage:\n    arguments: {filters: 4}\n    layers: [{conv2d: {filters: =filters, kernel: 1}}, relu]\n"
    )
    old = chain("stage: 4", "stage: 4", above=above)
    document = json.loads(diff_json.render(compared(old, chain("stage: 8", "stage: 4", above=above))))
    told = {each["new"]: (each["own"], each["facts"]) for each in document["blocks"]}
    assert {name: own for name, (own, _) in told.items()} == {"stage": True, "stage_2": False}
    parameters = {"fact": "parameters", "old": 20, "new": 36, "difference": 16, "ratio": 0.8}
    assert parameters in told["stage_2"][1]


def test_json_of_nothing() -> None:
    document = json.loads(diff_json.render(compared(OLD, OLD)))
    assert document.pop("differs") is False
    assert all(document[key] == [] for key in document.keys() - {"schema", "old", "new"})


def moved(kind: Kind, old: Any, new: Any) -> Moved:
    amounts = (each if isinstance(each, Amount) else Amount(each) for each in (old, new))
    return Moved("fact", "fact", kind, *amounts)


def field(size: int, name: str = "image", **more: Any) -> dict[str, Any]:
    return {"input": name, "axis": "width", "size": size, "min_size": size, "whole": False, "offset": 0, **more}


@pytest.mark.parametrize(
    ("fact", "texts"),
    [
        (moved(Kind.COUNT, 1_000_000, 1_000_001), ("1,000,000", "1,000,001", "+1", "< 0.1 %")),
        (moved(Kind.COUNT, 8, 4), ("8", "4", "−4", "−50.0 %")),
        (moved(Kind.COUNT, 0, 4), ("0", "4", "+4", "")),
        (moved(Kind.COUNT, None, 4), ("?", "4", "", "")),
        (moved(Kind.COUNT, Amount(3, at_least=True), 4), ("≥ 3", "4", "", "")),
        (moved(Kind.BYTES, 1024, 3072), ("1.0 KiB", "3.0 KiB", "+2.0 KiB", "+200.0 %")),
        (moved(Kind.SHAPE, (3, 4), (3, 5)), ("3×4", "3×5", "", "")),
        (moved(Kind.FRACTION, "1/2", 1), ("1/2", "1", "+1/2", "+100.0 %")),
        (moved(Kind.FIELD, [field(3)], [field(5)]), ("3", "5", "", "")),
        (moved(Kind.FIELD, [field(3)], [field(3, offset=-1)]), ("3", "3, other offset", "", "")),
        (moved(Kind.FIELD, [field(3)], [field(3, "left")]), ("image 3", "left 3", "", "")),
        (moved(Kind.FIELD, [field(3)], [field(3, whole=True)]), ("3", "all", "", "")),
        (moved(Kind.FIELD, [], [field(3)]), ("–", "3", "", "")),
        (moved(Kind.FIELD, None, [field(3)]), ("?", "3", "", "")),
    ],
)
def test_a_fact_in_words(fact: Moved, texts: tuple[str, ...]) -> None:
    assert (before(fact), after(fact), difference(fact), percentage(fact)) == texts


def test_named_shapes_are_told_apart() -> None:
    """Only those that differ, those that only one side has among them."""
    fact = moved(Kind.DATA, {"weight": [4, 3], "bias": [4]}, {"weight": [8, 3], "bias": [4], "slope": [1]})
    told = [(each.title, before(each), after(each)) for each in apart(fact)]
    assert told == [("fact: weight", "4×3", "8×3"), ("fact: slope", "–", "1")]
    text = moved(Kind.DATA, {"a": "x"}, {"a": "y"})
    assert apart(text) == [text]


@pytest.mark.parametrize(
    ("value", "text", "data"),
    [
        (3, "3", 3),
        (True, "true", True),
        (None, "none", None),
        ((3, 5), "3×5", [3, 5]),
        (((0, 1), (2, 0)), "[0×1, 2×0]", [[0, 1], [2, 0]]),
        ("same", "same", "same"),
        (0.5, "0.5", 0.5),
        (Fraction(1, 2), "1/2", "1/2"),
        (Fraction(4), "4", 4),
        (1j, "1j", "1j"),
    ],
)
def test_values_of_fields(value: Any, text: str, data: Any) -> None:
    assert (value_text(value), plain(value)) == (text, data)


def test_a_ratio_beyond_all_numbers_of_json_is_none() -> None:
    assert ratio_data(Fraction(10**400)) is None
