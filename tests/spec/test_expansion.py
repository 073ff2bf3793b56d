"""Blocks, groups, repeats, sharing and freezing: what they expand to."""

from __future__ import annotations

import pytest

from archanalyzer.spec import Limits, parse_spec
from tests.spec.specs import FLAT, IMAGE, names, said, shares, sound, totals

TOWER = """blocks:
  tower:
    arguments: {filters: null, depth: 1, kernel: =2 * depth + 1}
    layers:
      - conv2d: {filters: =filters, kernel: =kernel}
        repeat: =depth
      - relu
      - global_avg_pool
"""


def units(layers: str, more: str = "") -> list[int]:
    """The units of all dense layers."""
    graph = sound(f"{FLAT}{more}layers: {layers}\n")
    return [layer.op.model_dump()["units"] for layer in graph.layers if layer.op.name == "dense"]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[{dense: =i + 1, repeat: 3}]", [1, 2, 3]),
        ("[{dense: =k + 1, repeat: 3, counter: k}]", [1, 2, 3]),
        ("[{repeat: 2, layers: [{dense: =10 * i + 1, repeat: 2}]}]", [1, 11, 1, 11]),
        ('[{repeat: 2, counter: a, layers: [{dense: "=10 * a + b + 1", repeat: 2, counter: b}]}]', [1, 2, 11, 12]),
        ("[{repeat: 2, layers: [{dense: =i + 1}, {layers: [dense: =i + 5]}]}]", [1, 5, 2, 6]),
        ("[{dense: 3, repeat: 1}]", [3]),
    ],
)
def test_the_counter(layers: str, expected: list[int]) -> None:
    assert units(layers) == expected


def test_the_counter_is_gone_after_the_repeat_and_unknown_in_a_block() -> None:
    assert said(f"{FLAT}layers: [{{dense: 2, repeat: 2}}, dense: =i + 1]\n") == [
        "s:3:40 expression-name: `=i + 1`: there is no `i` here (there are no names here)"
    ]
    block = "blocks:\n  b: {layers: [dense: =i + 1]}\n"
    hint = "a block sees its own arguments and the variables: pass `i` on as an argument"
    assert said(f"{FLAT}{block}layers: [{{b: , repeat: 2}}]\n") == [
        f"s:4:23 expression-name: `=i + 1`: there is no `i` here ({hint}) <b 5>"
    ]


def test_what_is_given_to_a_block_sees_the_counter() -> None:
    block = "blocks:\n  b: {arguments: {n: null}, layers: [dense: =n]}\n"
    assert units("[{b: =i + 1, repeat: 3}]", block) == [1, 2, 3]


def test_arguments_go_before_variables_and_defaults_see_those_above() -> None:
    more = "variables: {a: 2, b: 3}\nblocks:\n  u: {arguments: {a: 10, c: =a + b}, layers: [dense: =a, dense: =c]}\n"
    assert units("[u, u: {a: 20}, u: {c: =a}]", more) == [10, 13, 20, 23, 10, 2]


def test_a_bare_value_is_the_one_argument_that_is_needed_or_the_only_one() -> None:
    needed = "blocks:\n  u: {arguments: {a: 1, b: null}, layers: [dense: =a, dense: =b]}\n"
    assert units("[u: 7]", needed) == [1, 7]
    only = "blocks:\n  u: {arguments: {a: 1}, layers: [dense: =a]}\n"
    assert units("[u: 7, u]", only) == [7, 1]
    several = "blocks:\n  u: {arguments: {a: 1, b: 2}, layers: [dense: =a, dense: =b]}\n"
    message = "the block `u` expects its arguments as a map, found a number"
    assert said(f"{FLAT}{several}layers: [u: 7]\n") == [f"s:5:13 invalid-field: {message} (arguments of `u`: `a`, `b`)"]


def test_all_arguments_that_are_wrong_are_told() -> None:
    block = "blocks:\n  u: {arguments: {a: null, b: null, c: =a, d: null}, layers: [dense: =a]}\n"
    assert said(f"{FLAT}{block}layers: [u: {{a: =1 // 0, b: =y}}]\n") == [
        "s:5:10 missing-field: the block `u` needs `d` (`u: {d: …}`)",
        "s:5:17 expression-divides-by-zero: `=1 // 0`: expected a divisor other than 0, found 0",
        "s:5:29 expression-name: `=y`: there is no `y` here (there are no names here)",
    ]


def test_a_block_with_no_layer_in_this_use_is_an_error_and_a_group_none() -> None:
    block = "blocks:\n  u: {arguments: {n: 0}, layers: [{relu: , repeat: =n}]}\n"
    assert said(f"{FLAT}{block}layers: [u: 1, u]\n") == ["s:5:16 empty-block: `u_2` has no layer in it"]
    assert names(sound(f"{FLAT}layers: [tanh, {{layers: [{{relu: , repeat: 0}}]}}, tanh]\n")) == ["tanh", "tanh_2"]


# --- Sharing ---------------------------------------------------------------------------------------------------------


def test_a_layer_shares_fields_and_weights_and_chains_lead_to_the_first() -> None:
    layers = "[{dense: {units: 4, bias: false}, name: a}, {dense: , share: a, name: b}, {dense: , share: b, name: c}]"
    text = f"{FLAT}layers: {layers}\n"
    assert shares(sound(text)) == {"b": "a", "c": "a"}
    assert totals(parse_spec(text), "parameters", "macs") == {"parameters": 16, "macs": 48}


def test_a_field_that_is_given_goes_before_the_shared_one() -> None:
    text = f"{FLAT}layers: [{{dense: 4, name: a}}, {{dense: {{bias: false}}, share: a}}]\n"
    (line,) = said(text)
    assert "shared-weights-differ: `dense` needs weight 4×4, `a` has weight 4×4, bias 4" in line


@pytest.mark.parametrize("depth", [1, 3])
def test_two_towers_share_layer_by_layer(depth: int) -> None:
    text = f"""archspec: 1
inputs: {{left: [3, 16, 16], right: [3, 16, 16]}}
{TOWER}layers:
  - tower: {{filters: 3, depth: {depth}, kernel: 3}}
    name: one
    from: left
  - tower:
    name: two
    from: right
    share: one
  - add:
    from: [one, two]
"""
    numbered = ["conv2d", *(f"conv2d_{turn}" for turn in range(2, depth + 1))]
    assert shares(sound(text)) == {f"two/{name}": f"one/{name}" for name in numbered}
    found = totals(parse_spec(text), "parameters", "filters", "convolutions", "macs")
    positions = [(16 - 2 * turn) ** 2 for turn in range(1, depth + 1)]
    assert found == {
        "parameters": 84 * depth,
        "filters": 3 * depth,
        "convolutions": depth,
        "macs": 2 * 81 * sum(positions),
    }


def test_sharing_reaches_nested_blocks_and_named_groups() -> None:
    text = f"""{FLAT}blocks:
  inner: {{layers: [dense: 4]}}
  outer: {{layers: [inner, {{name: g, layers: [dense: 4, inner]}}]}}
layers:
  - outer:
    name: a
  - outer:
    name: b
    share: a
"""
    inside = ["inner/dense", "g/dense", "g/inner/dense"]
    assert shares(sound(text)) == {f"b/{name}": f"a/{name}" for name in inside}


def test_null_beside_share_means_the_default_and_not_the_other_one_s_value() -> None:
    conv = "{conv2d: {filters: 3, kernel: 3, stride: 2}, name: a}"
    for field, stride in (("", 2), ("{stride: null}", 1), ("{stride: 3}", 3)):
        graph = sound(f"archspec: 1\ninputs: {{x: [3, 16, 16]}}\nlayers: [{conv}, {{conv2d: {field}, share: a}}]\n")
        assert graph.layers[-1].op.model_dump()["stride"] == (stride, stride)


def test_null_for_an_argument_beside_share_means_the_default() -> None:
    block = "blocks:\n  b: {arguments: {n: 1}, layers: [dense: 4, {relu: , repeat: =n}]}\n"
    for argument, relus in (("", 3), ("{n: null}", 1), ("{n: 2}", 2)):
        graph = sound(f"{FLAT}{block}layers: [{{b: 3, name: p}}, {{b: {argument}, share: p}}]\n")
        assert sum(layer.name.startswith("b/relu") for layer in graph.layers) == relus


def test_null_for_an_argument_that_must_be_given_is_missing_beside_share_too() -> None:
    block = "blocks:\n  b: {arguments: {n: null, m: 1}, layers: [dense: =n]}\n"
    (line,) = said(f"{FLAT}{block}layers: [{{b: {{n: 4}}, name: p}}, {{b: {{n: null}}, share: p}}]\n")
    assert "missing-field: the block `b` needs `n`" in line


def test_a_chain_of_shared_blocks_leads_to_the_first() -> None:
    block = "blocks:\n  b: {layers: [dense: 4]}\n"
    layers = "[{b: , name: p}, {b: , name: q, share: p}, {b: , name: r, share: q}]"
    assert shares(sound(f"{FLAT}{block}layers: {layers}\n")) == {"q/dense": "p/dense", "r/dense": "p/dense"}


def test_a_repeat_that_shares_shares_each_time() -> None:
    layers = "[{dense: 4, name: a}, {dense: , share: a, repeat: 2}]"
    assert shares(sound(f"{FLAT}layers: {layers}\n")) == {"dense": "a", "dense_2": "a"}


# --- Freezing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("[{dense: 4, frozen: true}, dense: 4]", ["dense"]),
        ("[{dense: 4, frozen: false}]", []),
        ("[{u: , frozen: true}, u]", ["u/dense", "u/dense_2"]),
        ("[{layers: [u, dense: 4], frozen: true}, dense: 4]", ["u/dense", "u/dense_2", "dense"]),
        ("[{layers: [dense: 4], frozen: true, name: g}, dense: 4]", ["g/dense"]),
        ("[{layers: [{dense: 4, frozen: false}], frozen: true}]", ["dense"]),
        ("[{dense: 4, frozen: =i < 2, repeat: 3}]", ["dense", "dense_2"]),
        ("[{layers: [dense: 4], frozen: =i < 1, repeat: 2}]", ["dense"]),
        ("[{dense: 4, frozen: =n == 1}]", ["dense"]),
    ],
)
def test_what_is_frozen(layers: str, expected: list[str]) -> None:
    more = "variables: {n: 1}\nblocks:\n  u: {layers: [dense: 4, dense: 4]}\n"
    spec = parse_spec(f"{FLAT}{more}layers: {layers}\n")
    assert [layer.name for layer in spec.graph.layers if layer.frozen] == expected


# --- Limits ----------------------------------------------------------------------------------------------------------

SMALL = Limits(layers=100)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("layers: [{relu: , repeat: 101}]\n", "3:27"),
        ("layers: [relu, {repeat: 11, layers: [{relu: , repeat: 10}]}]\n", "3:25"),
        ("variables: {n: 101}\nlayers: [{relu: , repeat: =n}]\n", "4:27"),
        ("variables: {n: 60}\nlayers: [{relu: , repeat: =n}, {relu: , repeat: =n}]\n", "4:33"),
        ("blocks: {b: {layers: [{relu: , repeat: 60}]}}\nlayers: [b, b]\n", "4:13"),
        ("blocks: {b: {layers: [{relu: , repeat: 101}]}}\nlayers: [b, b]\n", "3:40"),
        ("layers: [{repeat: 100, layers: [{layers: []}]}]\n", "3:19"),
    ],
)
def test_where_a_spec_gets_too_large(text: str, place: str) -> None:
    lines = said(f"{IMAGE}{text}", limits=SMALL)
    assert [line.split()[:2] for line in lines] == [[f"s:{place}", "too-many-layers:"]]


def test_as_many_layers_as_the_limit() -> None:
    graph = parse_spec(f"{IMAGE}layers: [{{relu: , repeat: 99}}]\n", limits=SMALL).graph
    assert len(graph.layers) == 100


def test_long_lists_and_many_arguments_count_as_work() -> None:
    ones = ", ".join("1" * 400)
    text = f"{IMAGE}variables: {{n: 90}}\nlayers: [{{reshape: {{shape: [{ones}, 192]}}, repeat: =n}}]\n"
    assert "too-many-layers: the spec takes more than 200 steps to expand" in said(text, limits=SMALL)[0]
    arguments = ", ".join(f"a{number}: 1" for number in range(100))
    text = f"{IMAGE}blocks: {{b: {{arguments: {{{arguments}}}, layers: [relu]}}}}\nlayers: [b, b, b, b]\n"
    assert "too-many-layers: the spec takes more than 200 steps to expand" in said(text, limits=SMALL)[0]


def test_names_are_bounded_in_all() -> None:
    name = "a" * 100
    deep = f"{{name: {name}, layers: [" * 10 + "{relu: , repeat: =n}" + "]}" * 10
    (line,) = said(f"{IMAGE}variables: {{n: 60}}\nlayers: [{deep}]\n", limits=SMALL)
    assert "too-many-layers: the names of all layers are longer than 10,000 characters together" in line
