"""Valid specs changed at random: the loader and the JSON Schema refuse the same, as far as a schema can."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.diagnostics import Diagnostic, Severity, Source, SpecError
from archanalyzer.graph import Example
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import judge, unmet
from archanalyzer.spec import parse_spec
from archanalyzer.testing import Case
from tests.docs.fences import ROOT
from tests.spec.editing import accepted, as_an_editor, objections
from tests.spec.test_json_schema import EXAMPLES, EXPRESSIBLE
from tests.strategies import cases

WHOLE = """\
archspec: 1
name: whole
description: something of everything
variables: {n: 2, kinds: [a, [b]], flag: true}
dtype: float32
inputs: {x: [3, 16, 16], y: [=4, 2]}
outputs: [head, other]
blocks:
  unit:
    description: a convolution
    arguments: {filters: null, kernel: 3}
    inputs: [below]
    layers:
      - conv2d: {filters: =filters, kernel: =kernel, padding: same}
        from: below
      - relu
layers:
  - conv2d: {filters: 3, kernel: [3, 3], stride: 1, padding: [[1, 1], 1], bias: false}
    name: stem
    from: x
  - conv2d:
    share: stem
    from: stem
  - unit: 4
    repeat: =n
    counter: k
  - repeat: 2
    name: stage
    frozen: true
    layers:
      - unit: {filters: 4, kernel: 1}
      - dropout: 0.25
  - global_avg_pool
  - dense: 3
    name: head
  - flatten:
    from: y
    name: other
weights:
  head: {bias: [1, 2.5, =n], weight: he}
data:
  inputs: {y: [[1, 2], [3, 4], [5, 6], [7, 8]]}
  targets: {head: [0, 1, 0]}
training: {loss: cross_entropy, optimizer: adam, rate: 0.1, beta1: 0.5, initializer: 0.1}
expect:
  totals: {layers: 15}
  layers: {head: {output_shape: [3]}, stage: null}
"""
"""Every section and key, all that is in it used, so that the loader looks at all of it."""

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    1.5,
    -0.5,
    "text",
    "=1",
    "same",
    "he",
    [],
    [1],
    [1, 1],
    [1, 1, 1],
    [[1, 2]],
]
VALUES += [["text"], [None], {}, {"key": 1}, {"kernel": 1}, {"layers": ["relu"]}]
VALUES += [2**63 - 1, 2**63, -(2**63), "<= 5M", "10..20", "138M", "_", "all", "none", ["<= 3", "_"], {"at_most": 3}]
VALUES += [{"at_most": "5M", "slack": "10%"}, {"about": 2}, "net.snapshot.txt", "../net.snapshot.txt", ["x", "x"]]

BEYOND = {
    "what the arguments of a block are": "the block `",
    "beside a block, a second key that may be a block": "cannot stand beside a layer type|expected one layer type",
    "numbers of a list with each other": r"`(axes|shape|amount|output_padding)` of `",
    "one number an axis, which the input has": r"`(size|factor)` of `",
    "fields with each other": r"`(value|align_corners)` of `|either `|one of `|neither|both$",
    "lists of equal lengths": "in lists of equal lengths",
    "how many layers something reads": "for what is repeated",
    "no layer is left": "has no layer in it",
}
"""What diagnostics say that break such a rule in a way that no schema can see."""


OF_ONE_VALUE = re.compile(r": expected (?:a number|a bound|a list|`none`)|^`snapshot`: expected")
"""What is expected of a fact, or of the snapshot, is of no kind that it could be."""

NEVER_READ = re.compile(r"\$\.blocks\.\w+\.arguments\.")
"""A default that every use of a block gives another value for; the loader never looks at it, a schema does."""


@cache
def bases() -> list[dict[str, Any]]:
    """What is changed: each example of a layer type as a spec, and whole specs, which make up half."""
    examples = [as_a_spec(example, as_an_editor(example.yaml)) for _, example in EXAMPLES]
    texts = [WHOLE, *((ROOT / "specs" / name).read_text(encoding="utf-8") for name in ("toy.yaml", "unet.yaml"))]
    texts = [re.sub("(?<=[0-9])_(?=[0-9])", "", text) for text in texts]  # to an editor, 1_000 is a text
    return [*examples, *[as_an_editor(text) for text in texts] * (len(examples) // len(texts))]


def as_a_spec(example: Example, entry: Any) -> dict[str, Any]:
    """An entry alone in a spec, with the inputs of an example by the names that it reads them by."""
    names = entry.get("from", ["a"]) if isinstance(entry, dict) else ["a"]
    inputs = {name: list(each.shape) for name, each in zip(names, example.inputs, strict=True)}
    return {"archspec": 1, "inputs": inputs, "layers": [entry]}


def places(data: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in the data, the top left out."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*place, key)
        yield from places(value, (*place, key))


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A valid spec with one change: something taken away, put in place of something, or added."""
    data: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(bases())))
    *above, key = draw(st.sampled_from(list(places(data))))
    inside: Any = data
    for step in above:
        inside = inside[step]
    change = draw(st.sampled_from(("take away", "put", "put", "add")))
    value = copy.deepcopy(draw(st.sampled_from(VALUES)))
    if change == "take away":
        del inside[key]
    elif change == "put":
        inside[key] = value
    elif isinstance(inside, dict):
        inside[
            draw(st.sampled_from(("unknown", "kernel", "name", "repeat", "share", "relu", "layers", "momentum")))
        ] = value
    else:
        inside.insert(key, value)
    return data


def errors(data: Any) -> list[Diagnostic]:
    """What the loader finds wrong, and what no network could be expected to be."""
    try:
        spec = parse_spec(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
        found = (*spec.diagnostics, *(judge(analyze(spec)) if spec.expectations else ()))
    except SpecError as error:
        found = error.diagnostics
    return [each for each in found if each.severity is Severity.ERROR]


def a_schema_can_tell(diagnostic: Diagnostic) -> bool:
    if _is_expression(diagnostic.source):
        return False
    if diagnostic.rule.code == "impossible-expectation":
        return OF_ONE_VALUE.search(diagnostic.message) is not None
    if diagnostic.rule.code not in EXPRESSIBLE:
        return False
    return not any(re.search(words, diagnostic.message) for words in BEYOND.values())


def _is_expression(source: Source | None) -> bool:
    """What an expression comes to, only the loader knows."""
    return source is not None and source.file.line(source.line)[source.column - 1 :].lstrip("'\"").startswith("=")


def test_what_is_changed_is_valid() -> None:
    different = {id(data): data for data in bases()}.values()
    assert [data for data in different if not accepted(data) or errors(data)] == []
    analyzed = analyze(parse_spec(WHOLE))
    assert (*analyzed.diagnostics, *unmet(analyzed.facts, analyzed.spec.expectations)) == ()
    entries = [entry for data in different for entry in data["layers"]]
    named = {name for entry in entries for name in (entry if isinstance(entry, dict) else (entry,))}
    assert named >= set(ops.names()) - {"input"}


@settings(max_examples=200, deadline=None)
@given(changed())
def test_the_loader_and_the_schema_refuse_the_same(data: dict[str, Any]) -> None:
    refuse_the_same(data)


def refuse_the_same(data: dict[str, Any]) -> None:
    """Holds what the schema says of data against what the loader says."""
    found = errors(data)
    if accepted(data):
        told = [each for each in found if a_schema_can_tell(each)]
        if None in (data.get("variables") or {}).values():  # a field that comes to nothing is a field left out
            told = [each for each in told if each.rule.code != "missing-field"]
        assert [each.message for each in told] == []
    else:
        assert found or all(map(NEVER_READ.match, objections(data))), objections(data)


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda each: getattr(each, "yaml", each))
def test_every_field_left_out_or_left_empty(name: str, example: Example) -> None:
    entry = as_an_editor(example.yaml)
    fields = entry[name] if isinstance(entry, dict) and isinstance(entry[name], dict) else {}
    for field in fields:
        others = {each: value for each, value in fields.items() if each != field}
        for left in (others, {**others, field: None}, {**others, f"{field}_": fields[field]}):
            refuse_the_same(as_a_spec(example, {**entry, name: left}))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([name for name in ops.names() if name != "input"]).flatmap(cases))
def test_fields_that_a_layer_type_takes_are_accepted(case: Case) -> None:
    fields = as_lists(case.op.model_dump(exclude_unset=True))
    data = {"archspec": 1, "inputs": {"x": [1]}, "layers": [{case.op.name: fields}]}
    assert objections(data) == []


def as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_lists(each) for name, each in value.items()}
    return list(map(as_lists, value)) if isinstance(value, tuple) else value
