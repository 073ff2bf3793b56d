"""How far types reach, and how large they may be."""

from __future__ import annotations

import pytest

from archanalyzer.passes.tensor_types import propagate_types
from archanalyzer.spec import parse_spec


@pytest.mark.parametrize(
    ("length", "sound"),
    [
        (3037000499, True),  # the largest length whose square is below 2**63
        (3037000500, False),
    ],
)
def test_outputs_are_at_most_as_large_as_64_bits_can_number(length: int, sound: bool) -> None:
    text = f"archspec: 1\ninputs: {{x: [1, 8, 8]}}\nlayers:\n  - upsample: {{size: {length}}}\n"
    typing = propagate_types(parse_spec(text).graph)
    assert [diagnostic.rule.code for diagnostic in typing.diagnostics] == ([] if sound else ["output-too-large"])


def test_an_input_is_held_to_the_same() -> None:
    typing = propagate_types(parse_spec(f"archspec: 1\ninputs: {{x: [{2**62}, 2]}}\nlayers: [relu]\n").graph)
    assert [diagnostic.rule.code for diagnostic in typing.diagnostics] == ["output-too-large"]


def test_what_depends_on_a_layer_that_is_too_large_is_left_out_and_not_told() -> None:
    text = "archspec: 1\ninputs: {x: [3, 8]}\nlayers:\n  - upsample: 9223372036854775807\n    repeat: 300\n  - relu\n"
    typing = propagate_types(parse_spec(text).graph)
    assert typing.known == (0,)
    (diagnostic,) = typing.diagnostics
    assert diagnostic.message == (
        "`upsample` (upsample): expected an output of at most 9,223,372,036,854,775,807 elements, "
        "found 3×73786976294838206456"
    )
