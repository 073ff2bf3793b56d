"""Whatever a spec may expect: it is judged as Python would, and what is to be written in its place holds."""

from __future__ import annotations

import operator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import Expectation
from archanalyzer.passes.expectations import hold
from archanalyzer.passes.expecting.comparing import Change, changed
from tests import graphs

SMALL = graphs.analyzed(graphs.small())
SIGNS = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}


def judged(subject: str | None, fact: str, value: Any) -> tuple[str, tuple[Change, ...]]:
    """The rule that an expectation of the small network breaks, empty where none, and what to change."""
    expectation = Expectation(subject, fact, value, graphs.at(7))
    (one,) = hold(SMALL._replace(spec=SMALL.spec._replace(expectations=(expectation,)))).judged
    return one.diagnostic.rule.code if one.diagnostic else "", one.changes


@given(st.sampled_from(sorted(SIGNS)), st.integers(0, 500), st.sampled_from([("", 1), ("k", 1000)]))
def test_a_verdict_is_that_of_python(sign: str, number: int, unit: tuple[str, int]) -> None:
    rule, _ = judged(None, "parameters", f"{sign} {number}{unit[0]}")
    assert rule == ("" if SIGNS[sign](390, number * unit[1]) else "expectation-failed")


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["_", "all", "none", "<= 4", "> 4", "1..5", "5..1", "4 ± 50%", "4 ± -1", "4k", "1/2", "1/0", "x", "<", "", "%"]
    ),
)
KEYS = st.sampled_from(
    [
        "size",
        "stride",
        "whole",
        "offset",
        "image",
        "at_most",
        "at_least",
        "about",
        "within",
        "slack",
        "weight",
        "bias",
        "x",
    ]
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)
SUBJECTS = st.sampled_from([None, "stage", "dense", "stage/conv2d", "**", "*/", "*/conv2d*", "x*"])
FACTS = st.sampled_from(
    [
        "parameters",
        "output_shape",
        "receptive_field",
        "receptive_field_stride",
        "receptive_field_offset",
        "weights",
        "macs",
        "x",
    ]
)


@given(SUBJECTS, FACTS, VALUES)
def test_whatever_is_expected_is_judged_and_what_is_to_be_written_holds(
    subject: str | None, fact: str, value: Any
) -> None:
    rule, found = judged(subject, fact, value)
    assert rule in {"", "expectation-failed", "impossible-expectation", "unknown-expectation"}
    assert not found or rule == "expectation-failed"
    if found:
        assert judged(subject, fact, changed(value, found)) == ("", ())
