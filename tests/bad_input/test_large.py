"""Specs that are large and nothing else: they are analyzed, within the bounds that hostile ones are refused in."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.bad_input.running import FLAT, HEAD, blocks, many, run

LARGE: dict[str, Callable[[], str]] = {
    "a chain of 20,000 layers by name": lambda: (
        HEAD
        + "layers:\n"
        + many(20_000, lambda i: f"  - relu:\n    name: r{i}\n    from: {f'r{i - 1}' if i else 'x'}\n")
    ),
    "5,000 inputs": lambda: (
        "archspec: 1\ninputs:\n"
        + many(5000, lambda i: f"  x{i}: [3]\n")
        + f"layers:\n  - concat:\n    from: [{', '.join(f'x{i}' for i in range(5000))}]\n"
    ),
    "a chain of 5,000 shares": lambda: (
        f"{FLAT}layers:\n  - dense: 1\n    name: d0\n"
        + many(5000, lambda i: f"  - dense:\n    share: d{i}\n    name: d{i + 1}\n")
    ),
    "a chain of 2,000 shared blocks": lambda: (
        f"{FLAT}blocks: {{b: {{layers: [dense: 1]}}}}\nlayers:\n  - b:\n    name: d0\n"
        + many(2000, lambda i: f"  - b:\n    share: d{i}\n    name: d{i + 1}\n")
    ),
    "numbers that go on from among 70,000 taken ones": lambda: (
        f"{HEAD}layers:\n  - relu:\n    name: x1\n  - layers: [relu]\n    repeat: 70000\n"
        + many(998, lambda i: f"  - relu:\n    name: x0{i + 2}\n  - relu\n")
    ),
    "a pool whose taps lie far apart": lambda: (
        "archspec: 1\ninputs: {x: [1, 100000000]}\nlayers:\n"
        "  - max_pool1d: {kernel: 2, stride: 1, padding: 99999999, dilation: 100000000}\n"
    ),
    "blocks 200 deep": lambda: blocks(200, "relu", "%"),
    "10,000 outputs": lambda: (
        f"{HEAD}outputs: [{', '.join(f'r{i}' for i in range(10_000))}]\nlayers:\n"
        + many(10_000, lambda i: f"  - relu:\n    name: r{i}\n")
    ),
    "a name of 1 MB for the network": lambda: f"{HEAD}name: {'a' * 10**6}\nlayers: [relu]\n",
    "5 MB of empty lines": lambda: HEAD + "layers: [relu]\n" + "\n" * 5_000_000,
    "CRLF": lambda: (HEAD + "layers:\n  - relu\n").replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_is_only_large_is_analyzed(name: str) -> None:
    done = run("analyze", "-", "--format", "csv", "--columns", "macs,activations", stdin=LARGE[name]().encode())
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_output_named_10_000_times_is_told_once() -> None:
    text = f"{HEAD}outputs: [{'relu, ' * 10_000}]\nlayers: [relu]\n"
    done = run("analyze", "-", stdin=text.encode())
    assert done.returncode == 2
    assert done.stderr.count(b"duplicate-name") == 1


WIDE: dict[str, str] = {
    "a reflecting border and wide kernels": "  - pad: {amount: 1, mode: reflect}\n"
    "  - conv1d: {filters: 1, kernel: 2001, padding: same}\n    repeat: 4\n",
    "wide kernels of taps far apart": "  - pad: {amount: 1, mode: circular}\n"
    "  - conv1d: {filters: 1, kernel: 1001, dilation: 5, padding: same}\n    repeat: 4\n",
    "a kernel far wider than the input": "  - conv1d: {filters: 1, kernel: 2000001, padding: same}\n    repeat: 4\n",
}


@pytest.mark.parametrize("name", WIDE)
def test_fields_are_found_whatever_the_kernels(name: str) -> None:
    text = f"archspec: 1\ninputs: {{x: [1, 20000]}}\nlayers:\n{WIDE[name]}  - global_avg_pool\n"
    done = run("analyze", "-", "--format", "csv", "--columns", "receptive_field", stdin=text.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b",global_avg_pool,20000\r\n")


SIGNAL = "archspec: 1\ninputs: {x: [1, 64]}\nlayers:\n"
DEEP: dict[str, tuple[str, int, int]] = {
    # Each of 10,000 windows of three adds a position on either side.
    "a chain of 10,000 convolutions": (
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    repeat: 10000\n",
        20_001,
        20_001,
    ),
    # One more at scales of 2 to 2³⁰ adds 1/2 + 1/4 + … < 1 on either side: position 0 sees −1 and 0, and 1 sees 1 too.
    "a ladder of 30 up-samplings": (
        "  - repeat: 30\n    layers:\n      - upsample: 2\n      - conv1d: {filters: 1, kernel: 3, padding: same}\n",
        3,
        2,
    ),
    # Four more for each window of three that lie two apart, two more for each pool, which fills the holes.
    "200 dilated convolutions and pools": (
        many(
            200,
            lambda i: (
                "  - conv1d: {filters: 1, kernel: 3, dilation: 2, padding: same}\n"
                "  - max_pool1d: {kernel: 3, stride: 1, padding: 1}\n"
            ),
        ),
        200 * 6 + 1,
        200 * 6 + 1,
    ),
    # The way through all 500 convolutions; every other one sees a part of what it does.
    "500 blocks each of which reads all before it": (
        "  - relu:\n    name: all0\n"
        + many(
            500,
            lambda i: (
                f"  - conv1d: {{filters: 1, kernel: 3, padding: same}}\n    from: all{i}\n    name: new{i}\n"
                f"  - concat:\n    from: [all{i}, new{i}]\n    name: all{i + 1}\n"
            ),
        ),
        1001,
        1001,
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_fields_of_deep_networks(name: str) -> None:
    layers, size, min_size = DEEP[name]
    done = run("analyze", "-", "--format", "json", stdin=f"{SIGNAL}{layers}".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    (spec,) = json.loads(done.stdout)["specs"]
    (field,) = spec["layers"][-1]["receptive_field"]
    assert (field["size"], field["min_size"], field["number"], field["min_number"]) == (size, min_size, size, min_size)
    assert "exact" not in field


def test_fields_of_very_many_channels() -> None:
    """Parts of the channels are told apart by where they begin, however many there are."""
    text = "archspec: 1\ninputs: {x: [3, 8], y: [1000000000000, 8]}\nlayers:\n  - concat:\n    from: [x, y, x]\n"
    done = run("analyze", "-", "--format", "json", stdin=f"{text}  - conv1d: {{filters: 2, kernel: 3}}\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    (spec,) = json.loads(done.stdout)["specs"]
    assert [(each["input"], each["size"]) for each in spec["layers"][-1]["receptive_field"]] == [("x", 3), ("y", 3)]


def test_sizes_beyond_64_bits_are_counted_exactly() -> None:
    n = 10**17
    text = f"archspec: 1\ninputs: {{x: [{n}, 8, 8]}}\nlayers:\n  - conv2d: {{filters: {n}, kernel: 3}}\n  - flatten\n"
    done = run("analyze", "-", "--format", "json", stdin=f"{text}  - dense: {n}\n".encode())
    (spec,) = json.loads(done.stdout)["specs"]
    assert done.returncode == 0
    assert spec["totals"]["parameters"] == (9 * n * n + n) + (36 * n * n + n)
    assert spec["totals"]["macs"] == 36 * n * 9 * n + 36 * n * n
