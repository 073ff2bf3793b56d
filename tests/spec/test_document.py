"""The sections of a spec, and what the command line says over them."""

from __future__ import annotations

import pytest

from archanalyzer import SpecError, loads
from archanalyzer.spec import DTYPES, parse_spec
from archanalyzer.spec.limits import Limits
from tests.spec.specs import FLAT, IMAGE, names, said, sound

WIDTH = (
    "archspec: 1\nvariables: {width: 8, depth: 2, double: =2 * width}\ninputs: {x: [4]}\nlayers:\n  - dense: =double\n"
)


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n...\n", "null", "~", "--- ~\n", "&a\n", "--- # null\n"])
def test_a_file_that_says_nothing(text: str) -> None:
    assert said(text) == ["s:1:1 empty-file: expected a spec, found nothing"]


def test_a_text_without_a_word_is_something() -> None:
    assert said('""') == ["s:1:1 wrong-kind: expected a spec as a map, found text"]


def units(**overrides: object) -> int:
    value = sound(WIDTH, **overrides).layers[1].op.model_dump()["units"]
    assert isinstance(value, int)
    return value


def test_variables_see_those_above_and_can_be_set() -> None:
    assert units() == 16
    assert units(settings={"width": "5"}) == 10
    assert units(settings={"double": "3"}) == 3
    assert units(settings={"width": "=3 + 4"}) == 14
    assert units(settings={"width": "[1, 2]", "double": "=width[1]"}) == 2


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"widht": "3"}, "--set:1:1 unknown-override: the spec has no `widht` in `variables:` (did you mean `width`?)"),
        (
            {"width": "=1 // 0"},
            "--set width:1:1 expression-divides-by-zero: `=1 // 0`: expected a divisor other than 0",
        ),
        ({"width": "{a: 1}"}, "--set width:1:1 wrong-kind: expected a value or a list, found a map"),
        ({"width": "[1"}, "--set width:1:3 yaml-syntax: expected `,` or `]`, found the end of the file"),
        ({"width": ""}, "--set width:1:1 unknown-override: expected a value, found nothing"),
        ({"width": "~"}, "--set width:1:1 unknown-override: expected a value, found nothing"),
        ({"width": "*a"}, "--set width:1:1 unknown-alias: there is no anchor `&a` above"),
        ({"width": "many"}, "s:2:41 expression-type: `=2 * width`: expected a number for `*`, found text `many`"),
        ({"width": "\0"}, "--set width:1:1 control-character: expected text, found the control character U+0000"),
        ({"double": "2.5"}, "s:5:12 invalid-field: `units` of `dense`: expected a whole number from 1, found `2.5`"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, str], expected: str) -> None:
    (line,) = said(WIDTH, settings=settings)
    assert line.startswith(expected)


def test_without_variables_nothing_can_be_set() -> None:
    assert said(f"{FLAT}layers: [relu]\n", settings={"a": "1"}) == [
        "--set:1:1 unknown-override: the spec has no `a` in `variables:` (there are no variables here)"
    ]


@pytest.mark.parametrize(
    ("text", "shape"),
    [("3x16x16", (3, 16, 16)), ("3×16×16", (3, 16, 16)), ("3,4,5", (3, 4, 5)), ("7", (7,)), (" 3 x 4 ", (3, 4))],
)
def test_an_input_can_have_another_shape(text: str, shape: tuple[int, ...]) -> None:
    graph = sound(f"{IMAGE}layers: [relu]\n", input_shapes={"x": text})
    assert graph.layers[0].op.model_dump()["shape"] == shape


def test_a_shape_is_shown_as_it_was_typed() -> None:
    with pytest.raises(SpecError) as caught:
        loads(f"{IMAGE}layers: [relu]\n", input_shapes={"x": "3×16×"})
    (found,) = caught.value.diagnostics
    assert found.source is not None
    assert found.source.file.text == "3×16×"


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"y": "3x4"}, "--input:1:1 unknown-override: the spec has no `y` in `inputs:` (inputs: `x`)"),
        (
            {"x": "3xa"},
            "--input x:1:3 invalid-field: expected the shape of `x` as a list of whole numbers from 1, found `a`",
        ),
        (
            {"x": "0x4"},
            "--input x:1:1 invalid-field: expected the shape of `x` as a list of whole numbers from 1, found `0`",
        ),
        (
            {"x": ""},
            "--input x:1:1 invalid-field: expected the shape of `x` as a list of whole numbers from 1, found nothing",
        ),
        (
            {"x": "3x16x"},
            "--input x:1:6 invalid-field: expected the shape of `x` as a list of whole numbers from 1, found nothing",
        ),
        (
            {"x": "3]"},
            "--input x:1:1 invalid-field: expected the shape of `x` as a list of whole numbers from 1, found `3]`",
        ),
        ({"x": "3 x 012"}, "--input x:1:5 ambiguous-number: expected a number without leading zeros, found `012`"),
    ],
)
def test_shapes_that_cannot_be(shapes: dict[str, str], expected: str) -> None:
    (line,) = said(f"{IMAGE}layers: [relu]\n", input_shapes=shapes)
    assert line.startswith(expected)


def test_a_text_of_several_lines_is_told_on_one() -> None:
    graph = sound(f"{FLAT}name: |\n  a\n  net\ndescription: |\n  first\n\n    second\n  third\nlayers: [relu]\n")
    assert (graph.name, graph.description) == ("a net", "first second third")


def test_the_type_of_the_numbers() -> None:
    text = f"{FLAT}dtype: int8\nlayers: [relu]\n"
    assert sound(text).dtype == "int8"
    assert sound(text, dtype="bfloat16").dtype == "bfloat16"
    assert sound(f"{FLAT}layers: [relu]\n").dtype == DTYPES[0]
    assert said(text, dtype="float23") == [
        "--dtype:1:1 invalid-field: expected a dtype, found `float23` (did you mean `float32` or `float64`?)"
    ]


def test_shapes_are_numbers_lists_or_expressions() -> None:
    text = (
        'archspec: 1\nvariables: {n: 4}\ninputs: {a: 3, b: =n, c: [=n, 2], d: "=[n, n]"}\nlayers: [{relu: , from: a}]\n'
    )
    layers = parse_spec(f"{text}outputs: [a, b, c, d, relu]\n").graph.layers
    assert [layer.op.model_dump()["shape"] for layer in layers[:4]] == [(3,), (4,), (4, 2), (4, 4)]


def test_axes_are_bounded() -> None:
    def text(axes: int, layers: str) -> str:
        return f"archspec: 1\ninputs: {{x: [{', '.join('1' * axes)}]}}\nlayers: [{layers}]\n"

    assert len(sound(text(8, "relu")).layers[0].op.model_dump()["shape"]) == 8
    assert said(text(9, "relu")) == ["s:2:13 too-many-axes: expected at most 8 axes for `x`, found 9"]
    ones = ", ".join("1" * 1000)
    assert said(text(1, f"reshape: {{shape: [{ones}]}}")) == [
        "s:3:10 too-many-axes: `reshape` (reshape): expected an output of at most 8 axes, found 1,000"
    ]


def test_blocks_may_be_used_before_they_are_defined() -> None:
    blocks = "blocks:\n  a: {layers: [b, b]}\n  b: {layers: [relu]}\n"
    assert names(sound(f"{FLAT}{blocks}layers: [a]\n")) == ["a/b/relu", "a/b_2/relu"]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ("{a: {layers: [a]}}", ["`a` → `a`"]),
        ("{a: {layers: [b]}, b: {layers: [a]}}", ["`a` → `b` → `a`"]),
        ("{a: {layers: [b]}, b: {layers: [c]}, c: {layers: [b]}}", ["`b` → `c` → `b`"]),
        ("{a: {layers: [b, c]}, b: {layers: [a]}, c: {layers: [a]}}", ["`a` → `b` → `a`"]),
        ("{a: {layers: [a, b]}, b: {layers: [b]}}", ["`a` → `a`", "`b` → `b`"]),
    ],
)
def test_blocks_that_use_themselves(blocks: str, expected: list[str]) -> None:
    lines = said(f"{FLAT}blocks: {blocks}\nlayers: [a]\n")
    assert [line.partition(": a block uses itself: ")[2] for line in lines] == expected


def test_the_middle_of_a_long_circle_is_left_out() -> None:
    blocks = "".join(f"  b{at}: {{layers: [b{(at + 1) % 50}]}}\n" for at in range(50))
    (line,) = said(f"{FLAT}blocks:\n{blocks}layers: [b0]\n")
    assert "`b4` → `b5` → … 40 more … → `b46` → `b47`" in line


def test_a_list_that_an_alias_repeats_is_read_once_and_used_twice() -> None:
    text = f"{FLAT}blocks:\n  a: {{layers: &body [relu, tanh]}}\n  b: {{layers: *body}}\nlayers: [a, b]\n"
    assert names(sound(text)) == ["a/relu", "a/tanh", "b/relu", "b/tanh"]


def test_hints_end_where_comparing_names_would_take_long() -> None:
    lines = said(f"{FLAT}layers: [{', '.join(['reul'] * 1000)}]\n", limits=Limits())
    assert lines[0].endswith("(did you mean `relu`?)")
    assert lines[-1].endswith("no layer type or block `reul`")


def test_variables_in_a_circle_and_one_that_is_set_from_outside() -> None:
    text = f"{FLAT}variables: {{a: =b // 2, b: =a * 2}}\nlayers: [relu]\n"
    message = "s:3:16 expression-name: `=b // 2`: `b` has no value yet"
    assert said(text) == [f"{message} (no order will do, for each needs the next: `a` → `b` → `a`)"]
    assert said(text, settings={"a": "4"}) == []
    assert said(text, settings={"b": "4"}) == [f"{message} (a value sees those above it; move what it needs up)"]


def test_a_block_of_which_each_input_is_read_by_a_group() -> None:
    block = "blocks:\n  b: {inputs: [y, z], layers: [{layers: [{add: , from: [y, z]}], from: y}]}\n"
    assert said(f"{FLAT}{block}layers: [{{b: , from: [x, x]}}]\n") == []
