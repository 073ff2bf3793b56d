"""Limits as they are given, by name and number; that each is kept is held by ``tests/cli/test_limiting.py``."""

from __future__ import annotations

import pytest

from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits, read_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("layers=3", ("layers", 3)),
        ("layers = 1M", ("layers", 1_000_000)),
        ("file_bytes=2Ki", ("file_bytes", 2048)),
        ("nodes=1_000", ("nodes", 1000)),
        ("layers=1.5k", ("layers", 1500)),
    ],
)
def test_a_limit_is_read(text: str, limit: tuple[str, int]) -> None:
    assert read_limit(text) == limit


@pytest.mark.parametrize("text", ["", "layers", "layers=", "layers=0", "layers=-3", "layers=x", "layers=1.5", "=<3"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected NAME=N with a whole number from 1"):
        read_limit(text)


def test_one_is_changed_and_the_others_stay() -> None:
    assert DEFAULT_LIMITS.changed("layers", 7) == Limits(layers=7)
    assert Limits(layers=7).changed("nodes", 8) == Limits(layers=7, nodes=8)


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="there is no limit `layer`; did you mean `layers`"):
        DEFAULT_LIMITS.changed("layer", 3)
    with pytest.raises(ValueError, match="did you mean `memory`"):
        DEFAULT_LIMITS.changed("memry", 3, others=["memory"])


@pytest.mark.parametrize("name", Limits._fields)
def test_none_can_be_raised_beyond_what_can_be_read(name: str) -> None:
    with pytest.raises(ValueError, match=f"`{name}` can be at most "):
        DEFAULT_LIMITS.changed(name, 2**127 + 1)
