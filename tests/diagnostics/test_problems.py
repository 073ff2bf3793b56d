"""Hints for misspelt names."""

from __future__ import annotations

import pytest

from archanalyzer.diagnostics import did_you_mean

FACTS = ("receptive_field", "receptive_field_stride", "macs", "flops", "parameters")


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("paramters", FACTS, "did you mean `parameters`?"),
        ("field", FACTS, "did you mean `receptive_field` or `receptive_field_stride`?"),
        ("MACS", FACTS, "did you mean `macs`?"),
        ("adn", ("add", "concat"), "did you mean `add`?"),
        ("relu", ("stage/relu", "stage/tanh"), "did you mean `stage/relu`?"),
        ("activation", ("kernel", "dilation", "bias"), "fields: `kernel`, `dilation`, `bias`"),
        ("x", (), "there are no fields here"),
    ],
)
def test_names_that_are_alike_or_else_all(name: str, known: tuple[str, ...], hint: str) -> None:
    assert did_you_mean(name, known, "fields") == hint


def test_of_many_names_the_most_similar_come_first() -> None:
    known = [*(f"x{number:03}" for number in range(20)), "wide_pool"]
    hint = did_you_mean("widepath", known, "names")
    assert hint.startswith("names: `wide_pool`, `x000`, ")
    assert hint.endswith(", …")
    assert hint.count("`") == 2 * 16
