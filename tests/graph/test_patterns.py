"""Patterns of names, against a match by hand that tries every way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import name_pattern

PARTS = st.text("ab*", min_size=1, max_size=4)
PATTERNS = st.lists(PARTS | st.just("**"), min_size=1, max_size=5).map("/".join)
NAMES = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join)


def fits_part(pattern: str, part: str) -> bool:
    if not pattern:
        return not part
    if pattern[0] == "*":
        return fits_part(pattern[1:], part) or (part != "" and fits_part(pattern, part[1:]))
    return part[:1] == pattern[0] and fits_part(pattern[1:], part[1:])


def fits(pattern: list[str], name: list[str]) -> bool:
    """By the definition: ``**`` is any number of parts; but a name has at least one part below ``a/**``."""
    if not pattern:
        return not name
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(name)
        return fits(pattern[1:], name) or (bool(name) and fits(pattern, name[1:]))
    return bool(name) and fits_part(pattern[0], name[0]) and fits(pattern[1:], name[1:])


@given(PATTERNS, NAMES)
def test_a_pattern_fits_what_its_definition_says(pattern: str, name: str) -> None:
    assert bool(name_pattern(pattern).match(name)) == fits(pattern.split("/"), name.split("/"))


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("block*/conv2d", ["block1/conv2d"], ["block1/x/conv2d", "block1/conv2d_2", "xblock1/conv2d"]),
        ("**/relu", ["relu", "a/b/relu"], ["a/prelu", "relu/a"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["a", "ab"]),
        ("*", ["relu"], ["a/relu"]),
        ("conv.2*", ["conv.2d"], ["conv_2d"]),
    ],
)
def test_some_patterns(pattern: str, fitting: list[str], others: list[str]) -> None:
    matches = name_pattern(pattern).match
    assert all(map(matches, fitting))
    assert not any(map(matches, others))


def test_no_pattern_takes_for_ever() -> None:
    pattern = name_pattern("/".join(["**", "*a" * 40 + "c"] * 10))  # backtracking would try 2 to the 400 ways
    assert pattern.match("/".join(["a" * 200] * 40)) is None
