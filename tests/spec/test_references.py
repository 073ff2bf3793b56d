"""What a layer reads, and what is said of references to nothing, downwards and in circles."""

from __future__ import annotations

import pytest

from tests.spec.specs import FLAT, IMAGE, reads, said, sound

UNIT = "blocks:\n  unit:\n    layers: [relu, tanh]\n"
JOIN = "blocks:\n  join:\n    inputs: [a, b]\n    layers:\n      - add:\n        from: [b, a]\n"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[relu, tanh]", {"relu": ["x"], "tanh": ["relu"]}),
        ("[relu, {add: , from: [x, previous]}]", {"relu": ["x"], "add": ["x", "relu"]}),
        ("[{add: , from: [x, x]}]", {"add": ["x", "x"]}),
        ("[{relu: , from: previous}]", {"relu": ["x"]}),
        ("[{unit: , name: u}, {add: , from: [u, u/relu]}]", {"u/relu": ["x"], "u/tanh": ["u/relu"]}),
        ("[{layers: [relu, relu], from: x}]", {"relu": ["x"], "relu_2": ["relu"]}),
        ("[relu, {add: , from: [relu, x], repeat: 1}]", {"relu": ["x"], "add": ["relu", "x"]}),
        ("[relu, {tanh: , from: x, repeat: 0}, {add: , from: [relu, previous]}]", {"add": ["relu", "x"]}),
    ],
)
def test_what_is_read(layers: str, expected: dict[str, list[str]]) -> None:
    blocks = UNIT if "unit" in layers else ""
    read = reads(sound(f"{FLAT}{blocks}layers: {layers}\n"))
    assert {name: read[name] for name in expected} == expected


def test_the_inputs_of_a_block_are_given_in_their_order() -> None:
    text = f"{FLAT}{JOIN}layers:\n  - relu\n  - join:\n    from: [x, relu]\n"
    assert reads(sound(text))["join/add"] == ["relu", "x"]


def test_input_is_what_a_block_is_given_and_what_its_groups_see() -> None:
    text = f"""{FLAT}blocks:
  skip:
    layers:
      - tanh
      - name: g
        layers:
          - relu
          - add:
            from: [input, previous]
layers: [relu, skip]
"""
    assert reads(sound(text))["skip/g/add"] == ["relu", "skip/g/relu"]


def test_an_input_of_the_network_may_be_called_input() -> None:
    assert reads(sound("archspec: 1\ninputs: {input: [4]}\nlayers: [{relu: , from: input}]\n")) == {"relu": ["input"]}


def test_outputs_are_layers_or_blocks_each_once() -> None:
    """A block and its last layer are two names for one output."""
    text = f"{FLAT}{UNIT}outputs: [relu, unit, unit/tanh]\nlayers: [relu, unit]\n"
    graph = sound(text)
    assert [graph.layers[output].name for output in graph.outputs] == ["relu", "unit/tanh"]


def test_an_output_named_again_is_told_once() -> None:
    """By hand: `outputs: [` is 10 characters long, `relu, ` is 6."""
    text = f"{FLAT}outputs: [relu, tanh, relu, relu, tanh]\nlayers: [relu, tanh]\n"
    assert said(text) == [
        "s:3:23 duplicate-name: `relu` is named as an output already",
        "s:3:35 duplicate-name: `tanh` is named as an output already",
    ]


def test_an_output_that_is_not_there_is_told_once_too() -> None:
    text = f"{FLAT}outputs: [none, relu, none]\nlayers: [relu]\n"
    assert [line.partition(" ")[2].partition(":")[0] for line in said(text)] == ["unknown-layer", "duplicate-name"]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            "[{relu: , from: y}]",
            "s:3:25 unknown-layer: there is no layer `y` here (names to be seen here: `x`)",
        ),
        (
            "[{relu: , from: a, name: b}, {relu: , name: a, from: x}, {add: , from: [a, b]}]",
            "s:3:25 forward-reference: `b` reads `a`, which stands further down (move `a` above `b`)",
        ),
        (
            "[{relu: , from: b, name: a}, {tanh: , name: b}]",
            "s:3:25 cycle: layers read each other in a circle: `a` → `b` → `a`",
        ),
        ("[{relu: , from: a, name: a}]", "s:3:25 cycle: `a` reads itself"),
        (
            "[{layers: [{relu: , from: b, name: a}], repeat: 3}, {tanh: , name: b}]",
            "s:3:35 cycle: layers read each other in a circle: `a_3` → `b` → `a_3`",
        ),
    ],
)
def test_what_is_said_of_wrong_references(layers: str, expected: str) -> None:
    assert said(f"{FLAT}layers: {layers}\n") == [expected]


def test_a_circle_through_blocks_is_told_once_at_the_reference_downwards() -> None:
    layers = "layers:\n  - join:\n    from: [x, later]\n  - relu\n  - join:\n    from: [x, relu]\n    name: later\n"
    circle = "layers read each other in a circle: `join` → `relu` → `later/add` → `join`"
    assert said(f"{FLAT}{JOIN}{layers}") == [f"s:11:15 cycle: {circle}"]


def test_blocks_that_read_what_is_in_the_other_stand_in_a_circle() -> None:
    layers = "layers:\n  - join:\n    from: [x, q/add]\n    name: p\n  - join:\n    from: [x, p/add]\n    name: q\n"
    assert said(f"{FLAT}{JOIN}{layers}") == ["s:11:15 cycle: layers read each other in a circle: `p` → `q` → `p`"]


def test_a_block_that_reads_what_is_in_itself() -> None:
    layers = "layers:\n  - unit:\n    name: u\n    from: u/relu\n"
    assert said(f"{FLAT}{UNIT}{layers}") == ["s:9:11 cycle: `u` reads itself"]


def test_two_independent_circles_are_both_told() -> None:
    layers = "[{relu: , from: a, name: a}, {tanh: , from: b, name: b}]"
    assert [line.split()[1] for line in said(f"{FLAT}layers: {layers}\n")] == ["cycle:", "cycle:"]


def test_what_follows_from_another_error_is_not_told() -> None:
    text = f"""{IMAGE}{UNIT}layers:
  - unit: {{depth: 3}}
    name: u
  - conv2d: {{filters: 3, kernel: 3, padding: smae}}
    name: c
  - add:
    from: [u/relu, c]
    name: sum
  - flatten
  - dense: 10
outputs: [u/tanh, sum, dense]
weights:
  u/dense: {{weight: 1}}
  c: {{weight: 1}}
"""
    assert [line.split()[1] for line in said(text)] == ["unknown-field:", "invalid-field:"]


def test_a_reference_in_a_block_is_told_once() -> None:
    text = f"{FLAT}blocks:\n  b: {{layers: [{{relu: , from: y}}]}}\nlayers: [b, b, b]\n"
    assert said(text) == ["s:4:31 unknown-layer: there is no layer `y` here (names to be seen here: `input`) <b 5>"]


def test_unused_layers_are_told_where_nothing_else_is_wrong() -> None:
    text = f"{FLAT}layers: [relu, {{tanh: , from: x}}]\n"
    hint = "read it with `from:`, or name it in `outputs:`"
    assert said(text) == [f"s:3:10 unused-layer: nothing reads the output of `relu` ({hint})"]
    assert said(text.replace("tanh", "tahn")) == [
        "s:3:17 unknown-layer-type: there is no layer type or block `tahn` (did you mean `tanh`?)"
    ]
