"""The section `expect:` as it is read: keys, places, patterns, snapshots."""

from __future__ import annotations

import pytest

from archanalyzer.graph import Topic
from archanalyzer.spec import parse_spec
from archanalyzer.spec.expectations import is_snapshot_name
from tests.spec.specs import FLAT, said

DENSE = f"{FLAT}layers: [dense: 2, relu]\n"


def test_every_kind_of_expectation_is_read() -> None:
    text = (
        f"{DENSE}expect:\n"
        "  snapshot: net.snapshot.txt\n"
        "  diagnostics: {gridding: none, unused-block: [dense]}\n"
        "  layers: {dense: {macs: <= 8}}\n"
        "  totals: {macs: {at_most: 8}}\n"
    )
    found = [(each.topic, each.label, each.value) for each in parse_spec(text).expectations]
    assert found == [
        (Topic.FACT, "totals.macs", {"at_most": 8}),
        (Topic.FACT, "dense.macs", "<= 8"),
        (Topic.DIAGNOSTICS, "diagnostics.gridding", "none"),
        (Topic.DIAGNOSTICS, "diagnostics.unused-block", ["dense"]),
        (Topic.SNAPSHOT, "snapshot", "net.snapshot.txt"),
    ]


def test_each_part_of_a_value_has_its_place() -> None:
    text = f"{DENSE}expect:\n  layers:\n    dense:\n      output_shape:\n        - 1\n        -   {{at_most: 7}}\n"
    (expectation,) = parse_spec(text).expectations
    places = [expectation.at(path) for path in ((), (0,), (1,), (1, "at_most"), (5,))]
    assert [(place.line, place.column) for place in places] == [(8, 9), (8, 11), (9, 13), (9, 23), (8, 9)]


def test_a_part_of_what_an_expression_makes_stands_where_that_does() -> None:
    text = f"{DENSE}expect: {{layers: {{dense: {{output_shape: '=[1, 2]'}}}}}}\n"
    (expectation,) = parse_spec(text).expectations
    assert expectation.at((1,)) == expectation.source


@pytest.mark.parametrize("name", ["dense", "d*", "**", "**/relu", "*/"])
def test_names_that_there_are(name: str) -> None:
    (expectation,) = parse_spec(f"{DENSE}expect: {{layers: {{'{name}': {{macs: 1}}}}}}\n").expectations
    assert expectation.missing is None or name == "*/"


@pytest.mark.parametrize("name", ["x/*", "dens", "*/dense"])
def test_names_that_there_are_not(name: str) -> None:
    (expectation,) = parse_spec(f"{DENSE}expect: {{layers: {{'{name}': {{macs: 1}}}}}}\n").expectations
    assert expectation.missing is not None


def test_a_pattern_may_mean_what_an_error_hides() -> None:
    text = f"{FLAT}blocks: {{b: {{arguments: {{n: null}}, layers: [dense: =n]}}}}\nlayers: [b]\n"
    (expectation,) = parse_spec(f"{text}expect: {{layers: {{'x*': {{macs: 1}}}}}}\n").expectations
    assert expectation.missing is None


@pytest.mark.parametrize("name", ["net.snapshot.txt", "snapshots/net.snapshot.txt", "größe 2.snapshot.txt"])
def test_names_of_snapshots(name: str) -> None:
    assert is_snapshot_name(name)
    assert said(f"{DENSE}expect: {{snapshot: '{name}'}}\n") == []


@pytest.mark.parametrize(
    "name",
    [
        "../net.snapshot.txt",
        "a/../../net.snapshot.txt",
        "/etc/net.snapshot.txt",
        "C:net.snapshot.txt",
        "a\\net.snapshot.txt",
        "./net.snapshot.txt",
        ".git/net.snapshot.txt",
        ".snapshot.txt",
        "a//net.snapshot.txt",
        "net.txt",
        "setup.py",
        "net.snapshot.txt/",
        "a*.snapshot.txt",
    ],
)
def test_a_snapshot_stands_nowhere_else(name: str) -> None:
    (line,) = said(f"{DENSE}expect: {{snapshot: '{name}'}}\n")
    assert "impossible-expectation: `snapshot`: expected the name of a file beside the spec" in line


@pytest.mark.parametrize("value", ["[a.snapshot.txt]", "{a: b}", "7"])
def test_a_snapshot_is_a_name(value: str) -> None:
    (line,) = said(f"{DENSE}expect: {{snapshot: {value}}}\n")
    assert "impossible-expectation" in line
