"""Fields of layers: what is taken, and what is said of what is not."""

from __future__ import annotations

import pytest

from archanalyzer.spec import parse_spec
from tests.spec.specs import IMAGE, said, sound

FILTERS = "A whole number from 1: how many filters, which is how many output channels."


def test_equal_fields_are_one_op() -> None:
    layers = sound(
        f"{IMAGE}variables: {{n: 3}}\nlayers: [conv2d: {{filters: 3, kernel: 1}}, conv2d: {{filters: =n, kernel: 1}}]\n"
    ).layers
    assert layers[1].op is layers[2].op


def test_true_is_not_one() -> None:
    layers = "[conv2d: {filters: =n, kernel: 1, bias: =t}, conv2d: {filters: =t, kernel: 1}]"
    text = f"{IMAGE}variables: {{n: 1, t: true}}\nlayers: {layers}\n"
    (line,) = said(text)
    assert line.endswith(
        "`filters` of `conv2d`: expected a whole number from 1, found `true` "
        "(in place of a number, write `=1 if … else 0`)"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "{filters: 2, kernel: [3, x]}",
            ["s:3:39 invalid-field: `kernel` of `conv2d`: expected a whole number, found `x`"],
        ),
        (
            "{filters: 2, kernel: [0, x]}",
            [
                "s:3:36 invalid-field: `kernel` of `conv2d`: expected 1 or more, found `0`",
                "s:3:39 invalid-field: `kernel` of `conv2d`: expected a whole number, found `x`",
            ],
        ),
        (
            "{filters: 2, kernel: =1 / 2}",
            ["s:3:35 invalid-field: `kernel` of `conv2d`: expected a whole number from 1, or one an axis, found `0.5`"],
        ),
        (
            "{filters: 0, kernel: 0}",
            [
                "s:3:35 invalid-field: `kernel` of `conv2d`: expected a whole number from 1, or one an axis, found `0`",
                "s:3:24 invalid-field: `filters` of `conv2d`: expected a whole number from 1, found `0`",
            ],
        ),
        (
            "{kernel: 0}",
            [
                "s:3:23 invalid-field: `kernel` of `conv2d`: expected a whole number from 1, or one an axis, found `0`",
                f"s:3:10 missing-field: `conv2d` needs `filters` ({FILTERS})",
            ],
        ),
        (
            "{filtres: 3, kernel: 0}",
            [
                "s:3:19 unknown-field: `conv2d` has no field `filtres` (did you mean `filters`?)",
                "s:3:31 invalid-field: `kernel` of `conv2d`: expected a whole number from 1, or one an axis, found `0`",
            ],
        ),
        (
            "{filters: =1 // 0, kernel: =n}",
            [
                "s:3:28 expression-divides-by-zero: `=1 // 0`: expected a divisor other than 0, found 0",
                "s:3:45 expression-name: `=n`: there is no `n` here (there are no names here)",
            ],
        ),
    ],
)
def test_all_that_is_wrong_with_fields_is_told(fields: str, expected: list[str]) -> None:
    lines = said(f"{IMAGE}layers: [conv2d: {fields}]\n")
    assert [line.partition(" ")[2] for line in lines] == [line.partition(" ")[2] for line in expected]


def test_an_expression_in_a_list_is_told_at_its_item() -> None:
    (line,) = said(f'{IMAGE}layers: [conv2d: {{filters: 1, kernel: [1, "=1 // 0"]}}]\n')
    assert line.startswith("s:3:43 expression-divides-by-zero")


def test_a_wrong_field_is_told_once_however_often_it_is_repeated() -> None:
    assert len(said(f"{IMAGE}layers: [{{conv2d: {{filters: 0, kernel: 1}}, repeat: 1000}}]\n")) == 1
    assert len(said(f"{IMAGE}layers: [{{conv2d: {{filters: =i, kernel: 1}}, repeat: 3}}]\n")) == 1


def test_layers_after_a_wrong_one_are_still_read_and_those_before_it_analyzed() -> None:
    spec = parse_spec(f"{IMAGE}layers: [relu, conv2d: {{filters: 0, kernel: 1}}, tanh, {{relu: , from: x}}]\n")
    assert [layer.name for layer in spec.graph.layers] == ["x", "relu", "relu_2"]
    assert [layer.inputs for layer in spec.graph.layers] == [(), (0,), (0,)]
