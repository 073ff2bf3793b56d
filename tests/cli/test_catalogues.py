"""``archanalyzer ops`` and ``archanalyzer passes``: lists, pages, JSON, wrong names."""

from __future__ import annotations

import json

import pytest

from archanalyzer import ops
from archanalyzer.cli import main
from archanalyzer.passes import built_in
from archanalyzer.passes.advice import advisory

TYPES = [name for name in ops.names() if name != "input"]
PASSES = [one.name for one in (*built_in(), *advisory())]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return str(out)


def test_layer_types_are_listed_by_family(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed(capsys, "ops").splitlines()
    assert lines[:2] == ["Convolution", "  conv1d               Convolution over a length."]
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == TYPES
    assert max(map(len, lines)) <= 80


def test_all_about_a_layer_type(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand from the declaration, which docs/architecture.md shows; its first example has 10·12 weights."""
    monkeypatch.setenv("COLUMNS", "80")
    assert printed(capsys, "ops", "dense").startswith(
        """\
dense

Every unit sums all input features, each with its own weight.

Input (features) → output (units). Weights: `weight` (units, features), `bias`
(units).

Takes 1 input. A bare value stands for `units`.

Fields
  field  default
  units  needed   A whole number from 1: how many outputs.
  bias   true     true or false: whether each unit adds a bias.

Examples: above each, the shapes that it reads and puts out, and its arrays

    # 12 → 10; weight 10×12, bias 10
    - dense: 10

    # 6 → 4; weight 4×6; without bias
    - dense: {units: 4, bias: false}

Dense
"""
    )


def test_what_several_layer_types_have_in_common_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "ops", "conv2d")
    assert "Slides filters over the input" in page
    assert "    y[f, o] = bias[f] + Σ_c Σ_k" in page
    assert "No fields." in printed(capsys, "ops", "relu")


@pytest.mark.parametrize("name", TYPES)
def test_every_layer_type_has_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "ops", name)
    assert page.startswith(f"{name}\n\n")
    assert all(f"  {field} " in page for field in ops.get(name).model_fields)
    assert page.count("    # ") == len(ops.get(name).examples)


def test_layer_types_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(printed(capsys, "ops", "--format", "json"))
    assert listed["schema"] == 1
    assert [each["name"] for each in listed["ops"]] == TYPES
    (dense,) = json.loads(printed(capsys, "ops", "dense", "--format", "json"))["ops"]
    assert dense == next(each for each in listed["ops"] if each["name"] == "dense")
    assert (dense["family"], dense["scalar_field"], dense["plugin"]) == ("Dense", "units", None)
    assert dense["inputs"] == {"least": 1, "most": 1}
    units, bias = dense["fields"]
    assert units == {
        "name": "units",
        "needed": True,
        "default": None,
        "help": "A whole number from 1: how many outputs.",
        "values": [{"type": "integer", "minimum": 1}],
    }
    assert (bias["needed"], bias["default"]) == (False, True)
    assert dense["examples"][0] == {
        "yaml": "dense: 10",
        "shows": "",
        "input_shapes": [[12]],
        "output_shape": [10],
        "weights": [
            {"name": "weight", "shape": [10, 12], "role": "weight"},
            {"name": "bias", "shape": [10], "role": "bias"},
        ],
    }


def test_what_may_be_written_for_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    (conv2d,) = json.loads(printed(capsys, "ops", "conv2d", "--format", "json"))["ops"]
    kernel = next(field for field in conv2d["fields"] if field["name"] == "kernel")
    one = {"type": "integer", "minimum": 1}
    assert kernel["values"] == [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 2}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ops", "cnov2d"), "there is no layer type `cnov2d`; did you mean `conv2d`?"),
        (("ops", "input"), "there is no layer type `input`"),
        (("passes", "memry"), "there is no pass `memry`; did you mean `memory`?"),
        (("passes", "macs", "--format", "json"), "there is no pass `macs`; passes: "),
    ],
)
def test_a_wrong_name(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in " ".join(err.split())


def test_passes_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed(capsys, "passes").splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == PASSES
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("one", [*built_in(), *advisory()], ids=lambda one: one.name)
def test_every_pass_has_a_page(one: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = one.name  # type: ignore[attr-defined]
    page = printed(capsys, "passes", name)
    assert page.startswith(f"{name}\n\n")
    facts = [fact.name for fact in (*one.columns, *one.totals)]  # type: ignore[attr-defined]
    assert all(f"  {fact} " in page for fact in facts)
    assert "\nNeeds: " in page


def test_passes_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(printed(capsys, "passes", "--format", "json"))
    assert [each["name"] for each in listed["passes"]] == PASSES
    (memory,) = json.loads(printed(capsys, "passes", "memory", "--format", "json"))["passes"]
    assert memory in listed["passes"]
    assert memory["needs"] == ["graph", "shapes", "parameters", "backward"]  # its arguments, in their order
    column = next(each for each in memory["columns"] if each["name"] == "activation_bytes")
    assert column == {
        "name": "activation_bytes",
        "title": "activation bytes",
        "kind": "bytes",
        "help": "Bytes of the layer's output, one sample.",
        "of_a_block": "sum",
    }
    assert "peak_inference_bytes" in [each["name"] for each in memory["totals"]]
