"""What an affine map may cost: what is counted is never less than what is taken, and too much is refused beforehand."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator

import pytest

from archanalyzer.executor import map_costs
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.linearizing import Linearized, linearize
from archanalyzer.executor.machine import limit_memory
from archanalyzer.executor.map_costs import MOST_FORMED_IN_ALL
from archanalyzer.executor.network import Network
from tests.executor.networks import drawn_for, net
from tests.executor.test_linearizing import UNET, VGG


@pytest.fixture(autouse=True)
def nothing_allowed() -> Iterator[None]:
    """No limit before a test, nor after it."""
    limit_memory(None)
    yield
    limit_memory(None)


def shared(times: int) -> str:
    """A dense layer of 128 units, so many times, with ReLUs between."""
    again = "".join(f"  - relu:\n    name: r{i}\n  - dense:\n    share: d\n    name: d{i}\n" for i in range(times - 1))
    return f"  - dense: 128\n    name: d\n{again}"


def map_of(network: Network) -> Linearized:
    """The map around an input at random."""
    return linearize(network, drawn_for(network, network.graph.inputs, 1))


# --- Memory

NETWORKS = {
    "dense": ("  - dense: 300\n  - relu\n  - dense: 300\n", "x: [200]"),
    "formed": (shared(24), "x: [128]"),
    "VGG-like": (VGG, "x: [2, 12, 12]"),
    "U-Net-like": (UNET, "x: [2, 12, 12]"),
    "maximum": ("  - max_pool2d: 2\n  - add:\n    from: [max_pool2d, max_pool2d]\n", "x: [2, 20, 20]"),
    "elementwise": ("  - relu\n  - leaky_relu\n", "x: [600]"),
    "added": ("  - add:\n    from: [x, x, x, x]\n", "x: [400]"),
    "wide": ("  - dense: 60000\n  - relu\n  - dense: 2\n", "x: [3]"),
    "many inputs, one output": ("  - dense: 4\n  - dense: 65536\n    name: wide\n  - dense: 1\n", "x: [1]"),
}
SLACK = 2**19
"""Bytes that are no arrays: what Python itself makes anew in the first run."""


def peak_of(name: str, allowed: int) -> int | None:
    """The most bytes that a network and its map take where so many are allowed; None where it is refused."""
    limit_memory(None)
    network = net(*NETWORKS[name])  # what reading a spec takes is no array
    limit_memory(allowed)
    tracemalloc.start()
    try:
        map_of(network)
        return tracemalloc.get_traced_memory()[1] + network.parameters.trainable.flat.nbytes
    except ExecutorError as error:
        if f"allowed are {allowed:,}: `--limit memory=N` allows more" not in str(error):
            raise
        return None
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NETWORKS)
def test_no_more_is_taken_than_is_allowed(name: str) -> None:
    """From 128 MiB on it is allowed half as much, until it is refused."""
    peaks: dict[int, int] = {}
    allowed = 2**27
    while (peak := peak_of(name, allowed)) is not None:
        peaks[allowed] = peak
        allowed //= 2
    assert len(peaks) > 2
    assert all(each <= 1.1 * bound + SLACK for bound, each in peaks.items()), peaks


def refusal(network: Network, allowed: int) -> str:
    """What is said where so many bytes are allowed; empty where it is done."""
    limit_memory(allowed)
    try:
        assert map_of(network).holds
    except ExecutorError as error:
        return str(error)
    return ""


def test_the_gradients_by_the_weights_leave_no_room_for_more_samples_at_once() -> None:
    """They are 800,000 bytes, of 2,000·50 weights. What is refused is what cannot be, never a piece of some samples."""
    layers, inputs = "  - dense: {units: 50, bias: false}\n", "x: [2000]"
    found = [refusal(net(layers, inputs), allowed) for allowed in range(40_000_000, 32_000_000, -500_000)]
    assert {"", "the maps by 2,000 input elements"} == {each.partition(" need")[0] for each in found}


def test_a_network_has_nothing_more_beside_it_afterwards() -> None:
    network = net("  - dense: 2\n")
    before = dict(network.beside)
    map_of(network)
    assert network.beside == before


def test_what_is_too_large_is_refused_before_it_is_made() -> None:
    """Rows of 4,096 + 3 numbers for 4,096 · (1 + 8) elements at once, and for the output's once more.

    Two numbers for each of the 32,768 elements of the output come on top, its value and its c, and 8 + 8 weights.
    """
    limit_memory(2**28)
    needed = 8 * ((4096 * 9 + 32768) * 4099 + 2 * 32768 + 16)
    with pytest.raises(ExecutorError, match=f"the maps by 4,096 input elements need {needed:,} bytes"):
        map_of(net("  - conv2d: {filters: 8, kernel: 1}\n", "x: [1, 64, 64]"))


def test_matrices_are_formed_up_to_a_total() -> None:
    """2¹⁸ numbers are those of 16 matrices of 128 by 128."""
    assert MOST_FORMED_IN_ALL == 2**18
    found = map_of(net(shared(20), "x: [128]"))
    formed = [layer.factors[0].value is not None for layer in found.layers if layer.factors[0].symbol == "W"]
    assert formed == [True] * 16 + [False] * 4
    assert found.holds


def test_a_long_row_is_not_formed() -> None:
    """Of its 65,536 columns, each would take a step of the layer."""
    found = map_of(net("  - dense: 65536\n  - dense: 1\n    name: last\n", "x: [1]"))
    assert [layer.factors[0].value is None for layer in found.layers] == [True, True]


# --- Work


@pytest.mark.parametrize(
    ("layers", "inputs", "size"),
    [
        (
            "  - conv2d: {filters: 64, kernel: 3, padding: same}\n",
            "[3, 64, 64]",
            "12,288 input elements and of 262,144",
        ),
        ("  - max_pool2d: 2\n", "[16, 64, 64]", "65,536 input elements and of 16,384"),
        ("  - dense: 200000\n", "[1]", "1 input element and of 200,000"),
    ],
)
def test_what_takes_too_long_is_refused(layers: str, inputs: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would take many minutes: 10¹² bytes at least, of planes for each row, and as many products."""
    monkeypatch.setattr(map_costs, "require_memory", lambda *_, **__: None)
    network = net(layers, f"x: {inputs}")
    message = f"the maps by {size} output elements would take too long to compute: try a smaller input"
    with pytest.raises(ExecutorError, match=f"^{re.escape(message)}$"):
        linearize(network, {})
