"""Names: given ones, numbered ones, and those of blocks, groups and repeated layers."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.spec import parse_spec
from tests.spec.specs import FLAT, names, reads, said, sound


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[relu, relu, tanh, relu]", "relu relu_2 tanh relu_3"),
        ("[{relu: , name: a}, relu, {relu: , name: b}, relu]", "a relu b relu_2"),
        ("[{relu: , name: act1}, relu, tanh, relu]", "act1 act2 tanh act3"),
        ("[relu, {relu: , name: act7}, relu]", "relu act7 act8"),
        ("[{relu: , name: a9}, {relu: , name: a10}, relu]", "a9 a10 a11"),
        ("[{relu: , name: a.1}, relu]", "a.1 a.2"),
        ("[{relu: , name: a1b2}, relu]", "a1b2 a1b3"),
        ("[{relu: , name: 7}, relu]", "7 relu"),
        ("[{relu: , name: relu_2}, relu]", "relu_2 relu_3"),
        ("[relu, {tanh: , name: relu_2}, relu]", "relu relu_2 relu_3"),
        ("[{relu: , name: a, repeat: 3}]", "a a_2 a_3"),
        ("[{relu: , name: act5, repeat: 3}]", "act5 act6 act7"),
        ("[{relu: , repeat: 3}, relu]", "relu relu_2 relu_3 relu_4"),
        ("[{relu: , repeat: 0}, tanh]", "tanh"),
        ("[{layers: [relu, tanh], repeat: 2}]", "relu tanh relu_2 tanh_2"),
        ("[{layers: [relu], repeat: 2, name: g}, relu]", "g/relu g_2/relu relu"),
        ("[{layers: [relu], repeat: 3, name: stage4}]", "stage4/relu stage5/relu stage6/relu"),
        ("[{layers: [{layers: [relu, relu], name: in}], name: out}]", "out/in/relu out/in/relu_2"),
        ("[{layers: [{relu: , name: a}], repeat: 2}, {tanh: , from: a_2}]", "a a_2 tanh"),
    ],
)
def test_layers(layers: str, expected: str) -> None:
    assert names(sound(f"{FLAT}layers: {layers}\n")) == expected.split()


GIVEN = ["a1", "a01", "a2", "a02", "a4", "a05", "a6", "b2", "b03", "relu_0", "relu_3"]


@given(st.lists(st.sampled_from(["", "", "", *GIVEN])))
def test_numbers_go_on_to_the_next_free_one(wanted: list[str]) -> None:
    entries, expected = [], list[str]()
    stem, number = "relu_", 0
    for name in wanted:
        if name in expected:
            continue
        entries.append(f"{{relu: , name: {name}}}" if name else "relu")
        if numbered := re.fullmatch(r"(\D+)(\d+)", name):
            stem, number = numbered[1], int(numbered[2])
            expected.append(name)
            continue
        numbers = itertools.count(number + 1)
        number = next(each for each in numbers if called(stem, each) not in expected)
        expected.append(called(stem, number))
    assert names(sound(f"{FLAT}layers: [{', '.join([*entries, 'tanh'])}]\n")) == [*expected, "tanh"]


def called(stem: str, number: int) -> str:
    return "relu" if (stem, number) == ("relu_", 1) else f"{stem}{number}"


def test_blocks_are_numbered_as_layers_are_and_number_their_own() -> None:
    text = f"{FLAT}blocks:\n  unit: {{layers: [relu, relu]}}\nlayers: [unit, unit, {{unit: , name: last1}}, unit]\n"
    assert names(sound(text)) == [
        f"{unit}/{layer}" for unit in ("unit", "unit_2", "last1", "last2") for layer in ("relu", "relu_2")
    ]


def test_a_block_records_what_it_was_made_of() -> None:
    graph = sound(
        f"{FLAT}blocks:\n  in: {{layers: [relu]}}\n  out: {{layers: [in, tanh]}}\nlayers: [tanh, {{out: , name: o}}]\n"
    )
    recorded = [(each.name, each.block, each.start, each.stop, each.output) for each in graph.blocks]
    assert recorded == [("o", "out", 2, 4, 3), ("o/in", "in", 2, 3, 2)]


def test_a_name_in_a_repeated_group_means_the_layer_of_the_same_turn() -> None:
    text = f"""{FLAT}layers:
  - repeat: 2
    layers:
      - dense: 4
        name: body
      - relu
      - add:
        from: [body, previous]
"""
    read = reads(sound(text))
    assert (read["add"], read["add_2"]) == (["body", "relu"], ["body_2", "relu_2"])


def test_a_path_in_a_repeated_named_group_means_the_one_of_the_same_turn() -> None:
    text = f"""{FLAT}layers:
  - repeat: 2
    layers:
      - layers: [relu, tanh]
        name: g
      - add:
        from: [g/relu, previous]
"""
    read = reads(sound(text))
    assert (read["add"], read["add_2"]) == (["g/relu", "g/tanh"], ["g_2/relu", "g_2/tanh"])


def test_a_name_from_before_a_group_is_seen_in_it_and_those_of_the_group_after_it() -> None:
    text = f"""{FLAT}layers:
  - relu:
    name: a
  - layers:
      - tanh:
        name: b
      - add:
        from: [a, b]
  - add:
    from: [b, previous]
"""
    read = reads(sound(text))
    assert (read["add"], read["add_2"]) == (["a", "b"], ["b", "add"])


def test_names_that_continue_a_number_are_bounded() -> None:
    digits = "9" * 50
    assert names(sound(f"{FLAT}layers: [{{relu: , name: a{digits}}}, relu]\n")) == [f"a{digits}", "relu"]


@pytest.mark.parametrize("name", ["a", "A-1", "a.b", "_", "größe", "層", "0", "a" * 100])
def test_names_that_can_be(name: str) -> None:
    assert names(sound(f"{FLAT}layers: [{{relu: , name: {name}}}]\n")) == [name]


@pytest.mark.parametrize("name", ["a/b", "-a", ".a", "a b", "'a:b'", "''", "input", "previous", "a" * 101, "{a: b}"])
def test_names_that_cannot_be(name: str) -> None:
    (line,) = said(f"{FLAT}layers: [{{relu: , name: {name}}}]\n")
    assert line.startswith(("s:3:25 invalid-name: ", "s:3:25 wrong-kind: "))


def test_names_are_unique_in_each_use_of_a_block() -> None:
    text = f"{FLAT}blocks:\n  b: {{layers: [{{relu: , name: a}}]}}\nlayers: [b, b, {{relu: , name: a}}]\n"
    assert names(sound(text)) == ["b/a", "b_2/a", "a"]
    assert said(text.replace("[{relu: , name: a}]", "[{relu: , name: a}, {tanh: , name: a}]")) == [
        "s:4:50 duplicate-name: `a` is the name of another layer or input already (give one of them another name) <b 5>"
    ]


def test_the_network_is_called_by_its_name_or_its_file() -> None:
    text = f"{FLAT}layers: [relu]\n"
    assert parse_spec(f"{text}name: 3.10\n", name="a/b.yaml").graph.name == "3.10"
    assert parse_spec(text, name="a/b.yaml").graph.name == "b"
    assert parse_spec(text).graph.name == "string"


def test_a_layer_in_a_block_does_not_take_the_name_of_an_input() -> None:
    block = "blocks:\n  b: {inputs: [relu, y], layers: [{relu: , from: relu}, {add: , from: [previous, y]}]}\n"
    graph = sound(f"{FLAT}{block}layers: [{{b: , from: [x, x]}}]\n")
    assert reads(graph) == {"b/relu_2": ["x"], "b/add": ["b/relu_2", "x"]}
