"""What the JSON Schema says of ``expect:``, against what the passes could be expected to find."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.diagnostics import Severity
from archanalyzer.graph.quantities import taken_apart
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import judge
from archanalyzer.spec import parse_spec
from archanalyzer.spec.expectations import is_snapshot_name
from tests.spec.editing import accepted, as_an_editor, objections

PLACES = {
    "count": ("totals", "parameters"),
    "bytes": ("totals", "parameter_bytes"),
    "shape": ("layers", "conv2d", "output_shape"),
    "fraction": ("layers", "conv2d", "receptive_field_stride"),
    "field": ("layers", "conv2d", "receptive_field"),
    "data": ("layers", "conv2d", "weights"),
    "rule": ("diagnostics", "unused-layer"),
}
"""A fact of each kind, and a rule."""

# By hand, from docs/spec-language.md: what can be written of a fact, and of which kinds of facts.
WRITTEN: list[tuple[str, str]] = [
    ("12", "count bytes fraction field rule"),
    ("1_000", "count bytes fraction field rule"),
    ("-1.5", "count bytes fraction field"),
    ("138M", "count bytes fraction field"),
    ("1.5Ki", "count bytes fraction field"),
    ("1/2", "fraction"),
    ("-0.25", "count bytes fraction field"),
    ("'0.25'", "fraction"),
    ("_", "count bytes shape fraction field"),
    ("all", "field"),
    ("none", "rule"),
    ("some", "rule"),
    ("null", ""),
    ("true", ""),
    ("many", ""),
    ("<= 5M", "count bytes fraction field rule"),
    ("< 7", "count bytes fraction field rule"),
    ("'>= 1/2'", "count bytes fraction field rule"),
    ("'>7'", "count bytes fraction field rule"),
    ("10..20", "count bytes fraction field rule"),
    ("1_0 .. 2_0", "count bytes fraction field rule"),
    ("1.5 ± 0.1", "count bytes fraction field rule"),
    ("138M +- 1%", "count bytes fraction field rule"),
    ("<= many", ""),
    ("<= 5m", ""),
    ("'5 <'", ""),
    ("5..", ""),
    ("10%", ""),
    ("± 3", ""),
    ("'<= [3, 3]'", ""),
    ("[]", "shape fraction field rule"),
    ("[1, 2]", "shape fraction field"),
    ("['<= 3', _, 5]", "shape fraction field"),
    ("[{at_most: 3}, 138M]", "shape fraction field"),
    ("[1/2, null]", "fraction"),
    ("[null]", "fraction"),
    ("[true]", ""),
    ("[[1, 2]]", ""),
    ("[conv2d]", "rule"),
    ("{at_most: 3}", "count bytes fraction field rule"),
    ("{at_least: 1/2, less_than: '8'}", "count bytes fraction field rule"),
    ("{more_than: 0x10}", "count bytes fraction field rule"),
    ("{about: 138M, within: 1%}", "count bytes fraction field rule"),
    ("{about: 3, within: 0.5}", "count bytes fraction field rule"),
    ("{at_most: 5M, slack: 10%}", "count bytes fraction field rule"),
    ("{at_least: 5M, slack: 100k}", "count bytes fraction field rule"),
    ("{}", "field"),
    ("{at_mots: 3}", "field"),
    ("{about: 3}", "field"),
    ("{slack: 3}", "field"),
    ("{at_most: many}", "field"),
    ("{at_most: 3, less_than: 4}", "field"),
    ("{less_than: 5, slack: 1}", "field"),
    ("{at_most: 9, at_least: 1, slack: 1}", "field"),
    ("{about: 3, within: 1, at_most: 7}", "field"),
    ("{at_most: [3, 3]}", "field"),
    ("{size: 3, stride: '<= 2'}", "field"),
    ("{value: 12, printed: 13, source: page 7}", "count bytes fraction field rule"),
    ("{value: 12, printed: 13, source: page 7, note: a slip}", "count bytes fraction field rule"),
    ("{value: [1], printed: [2], source: 7}", "shape fraction field"),
    ("{value: 12, printed: 13}", "field"),
    ("{value: many, printed: 13, source: page 7}", "field"),
]
CASES = [(kind, value, kind in of) for value, of in WRITTEN for kind in PLACES if kind != "data"]


def spec_with(place: tuple[str, ...], value: str) -> str:
    expect = f"{{{place[-1]}: {value}}}"
    for key in reversed(place[:-1]):
        expect = f"{{{key}: {expect}}}"
    network = (
        "archspec: 1\nvariables: {n: 3}\ninputs: {image: [3, 8, 8]}\nlayers:\n  - conv2d: {filters: 4, kernel: 3}\n"
    )
    return f"{network}expect: {expect}\n"


@pytest.mark.parametrize(("kind", "value", "possible"), CASES)
def test_what_a_fact_can_be_is_accepted_and_nothing_else(kind: str, value: str, possible: bool) -> None:
    data = as_an_editor(spec_with(PLACES[kind], value))
    assert accepted(data) == possible, objections(data)


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("value", ["=n", "=[n, n]"])
def test_what_an_expression_comes_to_is_not_asked(kind: str, value: str) -> None:
    assert objections(as_an_editor(spec_with(PLACES[kind], f"'{value}'"))) == []


@pytest.mark.parametrize("value", ["[=n, 2]", "{at_most: =n}", "{value: =n, printed: 4, source: page 7}"])
def test_expressions_inside(value: str) -> None:
    assert objections(as_an_editor(spec_with(PLACES["field"], value))) == []


@pytest.mark.parametrize(("kind", "value", "possible"), CASES)
def test_the_passes_say_the_same(kind: str, value: str, possible: bool) -> None:
    """But of a map for a field, which may be one of inputs of any names: of that, a schema knows nothing."""
    found = errors(spec_with(PLACES[kind], value))
    if kind == "field" and value.startswith("{"):
        assert possible
    else:
        assert (found == []) == possible, found


def errors(text: str) -> list[str]:
    spec = parse_spec(text)
    found = (*spec.diagnostics, *judge(analyze(spec)))
    return [each.message for each in found if each.severity is Severity.ERROR]


@pytest.mark.parametrize("value", ["{weight: [4, 3, 3, 3], bias: [4]}", "text", "null", "[[1]]"])
def test_of_plain_data_nothing_is_said(value: str) -> None:
    assert objections(as_an_editor(spec_with(PLACES["data"], value))) == []


PIECES = ("<=", ">", " ", "..", "±", "+-", "%", "5", "_0", ".5", "/2", "k", "Ki", "-", "+", "_", "1", "e3", "=")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
def test_texts_of_quantities_and_bounds(text: str) -> None:
    """The patterns are those by which expectations are read; zero below a fraction's line is left to the loader."""
    apart, form = taken_apart(text), ""
    if apart is not None:
        form = apart.form
    plain = yaml.safe_dump(text, default_style="'")
    in_bound = as_an_editor(spec_with(PLACES["count"], f"{{at_most: {plain}}}"))
    if text.startswith("="):
        return
    if accepted(in_bound) != (form == "number"):
        assert accepted(in_bound), "what editors read as texts, such as 1_0, is taken for numbers"
        assert "_" in text
    of_count = as_an_editor(spec_with(PLACES["count"], plain))
    is_bound = form in ("compared", "range", "about")
    if text != "_" and "_" not in text:
        assert accepted(of_count) == (is_bound or (form == "number" and text[-1].isalpha()))


NAMES = st.text(st.sampled_from('ab./\\:*?"<>| \x00\x7f\x85é'), max_size=8)


@settings(max_examples=400, deadline=None)
@given(NAMES, st.sampled_from(["", ".snapshot.txt", ".snapshot.txt/", ".snapshot.tx", "xsnapshot.txt"]))
def test_names_of_snapshots(begin: str, end: str) -> None:
    """A name that Windows, or a hidden folder, would spoil is refused by both."""
    spec: Any = {"archspec": 1, "inputs": {"x": [1]}, "layers": ["relu"], "expect": {"snapshot": begin + end}}
    assert accepted(spec) == is_snapshot_name(begin + end)


def test_an_output_named_twice_is_refused() -> None:
    spec: Any = {"archspec": 1, "inputs": {"x": [1]}, "layers": ["relu", "tanh"], "outputs": ["relu", "tanh"]}
    assert accepted(spec)
    assert not accepted({**spec, "outputs": ["relu", "tanh", "relu"]})


@pytest.mark.parametrize(("number", "fits"), [(2**63 - 1, True), (2**63, False), (10**30, False)])
def test_whole_numbers_are_of_63_bits(number: int, fits: bool) -> None:
    """9,223,372,036,854,775,807 is the largest one that the loader reads."""
    text = f"archspec: 1\ninputs: {{x: [1]}}\nlayers:\n  - dense: {number}\n"
    assert accepted(as_an_editor(text)) == fits
    assert all("expected an integer" not in each for each in _said(text)) == fits


def _said(text: str) -> list[str]:
    return [each.message for each in parse_spec(text).diagnostics]
