"""The affine map of a network as JSON: what it may come to."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.linearizing import Linearized, linearize
from archanalyzer.executor.machine import limit_memory
from archanalyzer.report.linearize_json import render, require_room
from tests.executor.networks import drawn_for, net


@pytest.fixture(autouse=True)
def nothing_allowed() -> Iterator[None]:
    """No limit before a test, nor after it."""
    limit_memory(None)
    yield
    limit_memory(None)


def dense() -> Linearized:
    """A map with 200·250 numbers in A, as many in W, 250 in each of b, c and f(x), and 200 in x."""
    network = net("  - dense: 250\n", "x: [200]")
    return linearize(network, drawn_for(network, network.graph.inputs, 1))


NUMBERS = 2 * 200 * 250 + 3 * 250 + 200


def test_no_more_memory_is_taken_than_is_counted() -> None:
    """200 bytes a number: as little as makes it pass, it takes no more."""
    found = dense()
    held = 8 * NUMBERS
    limit_memory(200 * NUMBERS + held)
    tracemalloc.start()
    try:
        text = render(found, {}, "net", "net.yaml")
        assert text.encode()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 100 * NUMBERS < peak < 200 * NUMBERS
    assert len(json.loads(text)["maps"][0]["A"]) == 250


def test_what_does_not_fit_is_refused() -> None:
    found = dense()
    limit_memory(208 * NUMBERS - 1)
    with pytest.raises(ExecutorError, match=f"^the {NUMBERS:,} numbers as JSON need {200 * NUMBERS:,} bytes"):
        render(found, {}, "net", "net.yaml")


def test_what_does_not_fit_is_refused_before_it_is_computed() -> None:
    """The same numbers, beside what the network holds."""
    network = net("  - dense: 250\n", "x: [200]")
    needed = 200 * NUMBERS + sum(network.held.values())
    limit_memory(needed - 1)
    with pytest.raises(ExecutorError, match=f"^the {NUMBERS:,} numbers as JSON need {200 * NUMBERS:,} bytes"):
        require_room(network)
    limit_memory(needed)
    require_room(network)


def test_what_would_take_too_long_is_refused_before_it_is_computed() -> None:
    """4,200 outputs by as many inputs; and as many in each of x, c, f(x), the slopes and the layer's c."""
    message = (
        r"^JSON of 17,661,000 numbers would take too long, at most 16,777,216 are written: `--save` writes A and c"
    )
    with pytest.raises(ExecutorError, match=message):
        require_room(net("  - relu\n", "x: [4200]"))
