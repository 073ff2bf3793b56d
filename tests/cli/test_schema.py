"""``archanalyzer schema``: what it prints is a schema that editors can use."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from archanalyzer.cli import main
from archanalyzer.passes import standard_passes
from tests.docs.fences import ROOT
from tests.spec.editing import as_an_editor

VGG16 = as_an_editor((ROOT / "specs" / "vgg16.yaml").read_text(encoding="utf-8"))


def test_it_accepts_a_spec_and_refuses_a_misspelt_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    schema = json.loads(out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(VGG16)
    assert not validator.is_valid({**VGG16, "layer": []})


def test_it_offers_the_facts_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    expect = json.loads(capsys.readouterr().out)["properties"]["expect"]["properties"]
    passes = standard_passes()
    assert expect["totals"]["properties"].keys() == passes.total_owner.keys()
    layer = expect["layers"]["additionalProperties"]["properties"]
    assert layer.keys() == passes.column_owner.keys()
    assert all(fact["description"] for fact in layer.values())


def test_it_is_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "archspec.schema.json"
    assert main(["schema", "-o", str(path)]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["schema"]) == 0
    assert path.read_text(encoding="utf-8") == capsys.readouterr().out


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "-o", str(tmp_path / "no" / "where.json")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_layer_type_of_a_plugin_is_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = tmp_path / "halving.py"
    plugin.write_text(PLUGIN)
    assert main(["schema", "--plugin", str(plugin)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    validator = jsonschema.Draft202012Validator(json.loads(out))
    spec = {"archspec": 1, "inputs": {"x": [4]}}
    assert validator.is_valid({**spec, "layers": [{"halve": {"times": 2}}]})
    assert not validator.is_valid({**spec, "layers": [{"halve": {"times": 0}}]})


PLUGIN = '''\
"""Halves a flat input."""

from typing import Annotated

from annotated_types import Ge
from pydantic import Field

from archanalyzer.graph import Example, Op, TensorType
from archanalyzer.plugins import Plugin


class Halve(Op):
    """The first half of the features."""

    name = "halve"
    examples = (Example("halve: {times: 1}", (TensorType((4,)),)),)
    times: Annotated[int, Ge(1)] = Field(description="A whole number from 1: how often.")

    def output_type(self, inputs):
        return TensorType((inputs[0].shape[0] // 2**self.times,))


plugin = Plugin("halving", 1, ops=(Halve,))
'''
