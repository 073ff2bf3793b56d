"""Positions that nobody looks at: by hand, by sliding windows, and where the executor's gradients are zero."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import numpy as np
import pytest

from archanalyzer.graph import Graph, Window
from archanalyzer.passes.advice.reach import Reach, left_over
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import tensor_types
from tests import graphs
from tests.passes.advice.asking import Advice, advice, advice_on, ask, rules, spec
from tests.passes.fields.brute_force import reached
from tests.passes.fields.random_networks import network, text

# --- What a stride lets fall


def test_what_is_said_of_dropped_positions() -> None:
    """AlexNet's kernel of 11 at stride 4 fits 54 times into 224, over 223 positions, and 55 times into 227."""
    layers = "  - conv2d: {filters: 3, kernel: 3, padding: same}\n  - conv2d: {filters: 4, kernel: 11, stride: 4}\n"
    message = "`conv2d_2` (conv2d) never reads the last position along the height and width of 3×224×224"
    hint = (
        "pad the end, or choose sizes of which nothing is left over: of what it reads, a height and width of 223 or 227"
    )
    assert advice(layers, "image: [3, 224, 224]") == [Advice("dropped-by-a-stride", message, hint)]


FOUR_TIMES = """\
  - max_pool1d: {kernel: 3, stride: 4, padding: 1}
  - conv1d: {filters: 1, kernel: 3, stride: 2, padding: 1}
    name: down
  - upsample: 2
  - add:
    from: [upsample, max_pool1d]
"""


def test_of_an_input_those_sizes_are_named_at_which_the_network_fits() -> None:
    """Windows of 3 at stride 4, from -1 on, end at 1, 5, 9, … 29: nothing is left over of 31 (the last window then
    reads up to 29, and 30 lies between it and the next), and of 33, the next one reads 31 and 32.

    The pool has 8 outputs for 29 to 32, and 9 for 33, which half of them, rounded up, and doubled do not match.
    """
    found = [each.hint for each in advice(FOUR_TIMES, "signal: [1, 32]") if each.rule == "dropped-by-a-stride"]
    assert found == ["pad the end, or choose sizes of which nothing is left over: here a length of 31"]


def test_axes_that_lose_more_and_less() -> None:
    """One window of 3 reads 3 of 4 rows, and two windows of 4 read 8 of 11 columns."""
    layers = "  - conv2d: {filters: 3, kernel: 7, padding: same}\n  - max_pool2d: [3, 4]\n"
    message = (
        "`max_pool2d` (max_pool2d) never reads the last position along the height and the last 3 positions along the "
        "width of 3×4×11"
    )
    hint = (
        "pad the end, or choose sizes of which nothing is left over: of what it reads, a height of 3 or 6 and a width "
        "of 8 or 12"
    )
    assert advice(layers, "image: [3, 4, 11]") == [Advice("dropped-by-a-stride", message, hint)]


def test_one_axis_alone() -> None:
    layers = "  - conv3d: {filters: 3, kernel: 3, padding: same}\n  - avg_pool3d: 2\n"
    (found,) = advice(layers, "volume: [1, 4, 5, 6]")
    assert found.message == "`avg_pool3d` (avg_pool3d) never reads the last position along the height of 3×4×5×6"


@pytest.mark.parametrize("shortcut", ["{filters: 3, kernel: 1, stride: 2}", "{filters: 3, kernel: 1, stride: [2, 1]}"])
@pytest.mark.parametrize("size", [15, 16])
def test_what_lies_between_windows_is_not_dropped(shortcut: str, size: int) -> None:
    """A residual network's strided shortcut leaves out every other row, at the end as well; another way reads them."""
    stride = "2" if "[" not in shortcut else "[2, 1]"
    layers = (
        f"  - conv2d: {{filters: 3, kernel: 3, stride: {stride}, padding: 1}}\n    name: main\n"
        f"  - conv2d: {shortcut}\n    from: image\n  - add:\n    from: [main, previous]\n"
    )
    assert rules(layers, f"image: [3, {size}, {size}]") == []


def test_crops_are_made_on_purpose() -> None:
    layers = "  - conv2d: {filters: 3, kernel: 3, padding: same}\n  - crop: {amount: [[0, 3], [1, 2]]}\n"
    assert rules(layers) == ["unseen-positions"]


@pytest.mark.parametrize(
    "mended", ["{kernel: 2, ceil_mode: true}", "{kernel: 2, padding: same}", "{kernel: 3, stride: 2}"]
)
def test_what_mends_it(mended: str) -> None:
    layers = "  - conv1d: {filters: 3, kernel: 5, padding: same}\n  - max_pool1d: "
    assert rules(f"{layers}2\n", "signal: [1, 15]") == ["dropped-by-a-stride"]
    assert rules(f"{layers}{mended}\n", "signal: [1, 15]") == []


def dropped(length: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]) -> int:
    """Positions behind the last of the windows that slide from the start of the padding and end before its end.

    As many as lie between the end of a window and the start of the next are left out of any input.
    """
    ends, start = [-1], -padding[0]
    while start + (kernel - 1) * dilation < length + padding[1]:
        ends.append(start + (kernel - 1) * dilation)
        start += stride
    behind = set(range(ends[-1] + 1, length))
    between = set(range(ends[-1] + 1, start))  # up to where the next window would start
    return len(behind - between)


def last_positions(graph: Graph) -> int:
    """How many positions are said to be dropped by the only layer that is said to drop any."""
    found = [each for each in advice_on(graph) if each.rule == "dropped-by-a-stride"]
    if not found:
        return 0
    (number,) = re.findall(r"never reads the last (?:(\d+) )?position", found[0].message)
    return int(number or 1)


def fields_at_random(random: Random) -> dict[str, Any]:
    return {
        "kernel": random.randint(1, 5),
        "stride": random.randint(1, 5),
        "dilation": random.choice((1, 1, 1, 2, 3)),
        "padding": (random.randint(0, 2), random.randint(0, 2)),
    }


def sliding(length: int, fields: dict[str, Any]) -> Graph:
    """A convolution with such fields, behind another layer: what comes in at the end is then read at some place."""
    build = graphs.Builder()
    build.input("signal", 1, length)
    build.add("relu")
    build.add("conv1d", filters=1, **{**fields, "padding": (fields["padding"],)})
    return build.graph()


def test_dropped_positions_against_sliding_windows() -> None:
    random, some_dropped, sizes = Random(0), 0, 0  # noqa: S311
    for _ in range(1500):
        fields, length = fields_at_random(random), random.randint(1, 14)
        try:
            graph = sliding(length, fields)
            tensor_types(graph)
        except ValueError:  # the kernel is larger than the padded input
            continue
        expected = dropped(length, **fields)
        assert last_positions(graph) == expected, (length, fields)
        some_dropped += expected > 0
        for found in advice_on(graph):
            for each in re.findall(r"a length of (.*)$", found.hint):
                for size in map(int, each.split(" or ")):
                    assert dropped(size, **fields) == 0, (size, fields)
                    sizes += 1
    assert some_dropped > 100
    assert sizes > some_dropped


# --- What no output sees


def test_what_is_said_of_unseen_positions() -> None:
    layers = "  - conv2d: {filters: 4, kernel: 1, stride: 2}\n"
    message = (
        "no output sees positions 1, 3, 5 and 4 more along the height and positions 1 and 3 along the width of `image`"
    )
    hint = "let windows reach them: pad the ends, choose another size, or a stride up to the extent of the kernel"
    assert advice(layers, "image: [3, 15, 5]") == [Advice("unseen-positions", message, hint)]


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ("  - crop: {amount: [[0, 1]]}\n", "the last position"),
        ("  - crop: {amount: [[0, 4]]}\n", "the last 4 positions"),
        ("  - crop: {amount: [[1, 0]]}\n", "the first position"),
        ("  - crop: {amount: [[3, 0]]}\n", "the first 3 positions"),
        ("  - crop: {amount: [[1, 3]]}\n", "positions 0 and 9 to 11"),
        ("  - conv1d: {filters: 1, kernel: 2, dilation: 6, stride: 9}\n", "positions 1 to 5 and 7 to 11"),
        ("  - conv1d: {filters: 1, kernel: 3, stride: 4}\n", "positions 3, 7 and 11"),
        ("  - conv1d: {filters: 1, kernel: 11, dilation: 1}\n  - crop: {amount: [[0, 1]]}\n", "the last position"),
        ("  - conv1d: {filters: 1, kernel: 2, dilation: 2, stride: 10}\n", "positions 1 and 3 to 11"),
    ],
)
def test_how_unseen_positions_are_told(layers: str, told: str) -> None:
    message = f"no output sees {told} along the length of `signal`"
    assert [each.message for each in advice(layers, "signal: [1, 12]") if each.rule == "unseen-positions"] == [message]


def test_a_window_that_moves_by_single_positions_is_a_crop() -> None:
    assert left_over(Window(1, count=2), 12, 5) == 0  # the last one reads 4 and 5
    assert left_over(Window(1, stride=2, count=2), 12, 5) == 2  # 8 and 9


def test_several_strides_that_let_positions_fall_only_together() -> None:
    """Each window of 2 or 3 leaves nothing out that lies between; of 16, 3 positions at the end are left over at last.

    7 windows of 3 at stride 2 read 15 of 16, and of these 7, 3 windows of 2 read 6: up to 2·5 + 2 = 12.
    """
    layers = "  - conv1d: {filters: 1, kernel: 3, stride: 2}\n  - max_pool1d: 2\n"
    told = [each.message for each in advice(layers, "signal: [1, 16]")]
    assert told == [
        "`conv1d` (conv1d) never reads the last position along the length of 1×16",
        "`max_pool1d` (max_pool1d) never reads the last position along the length of 1×7",
        "no output sees the last 3 positions along the length of `signal`",
    ]


def test_another_output_may_see_it() -> None:
    layers = "  - crop: {amount: [[0, 4]]}\n    name: a\n  - crop: {amount: [[4, 0]]}\n    from: signal\n    name: b\n"
    graph = spec(layers + "outputs: [a, b]\n", "signal: [1, 12]")
    assert ask(graph, Reach).unseen == {}
    layers = layers.replace("[[0, 4]]", "[[0, 9]]")
    graph = spec(layers + "outputs: [a, b]\n", "signal: [1, 12]")
    assert [list(each.each()) for each in ask(graph, Reach).unseen.values()] == [[3]]


def test_where_it_is_not_known_what_is_read_nothing_is_unseen() -> None:
    build = graphs.Builder()
    build.input("signal", 1, 12)
    build.add("crop", amount=3)
    build.add("mystery")
    assert ask(build.graph(), Reach).unseen == {}
    assert ask(build.graph(outputs=(1,)), Reach).unseen != {}


def test_one_of_two_outputs_of_which_nothing_is_known() -> None:
    build = graphs.Builder()
    build.input("signal", 1, 12)
    build.add("crop", amount=3)
    build.add("mystery", reads=(0,))
    assert ask(build.graph(outputs=(1, 2)), Reach).unseen == {}


def test_where_positions_are_too_many_to_be_told_apart() -> None:
    """What they see between them is known all the same.

    Position p of the sum sees p − 6 and p − 4 of the 20,000, where there are such; of positions 20 to 19,979, that is
    14 to 19,975 in all.
    """
    build = graphs.Builder()
    build.input("signal", 1, 20_000)
    build.add("pad", amount=((6, 4),))
    build.add("pad", reads=(0,), amount=((4, 6),))
    build.add("add", reads=(1, 2))
    build.add("crop", amount=((20, 30),))
    graph = build.graph()
    places = ask(graph, ReceptiveFields).places[4]
    assert places is not None
    assert not places[0].axes[0].field.exact
    told = [each.message for each in advice_on(graph) if each.rule == "unseen-positions"]
    assert told == ["no output sees positions 0 to 13 and 19976 to 19999 along the length of `signal`"]


def test_an_input_that_no_output_sees() -> None:
    """The type of it alone matters."""
    layers = "  - crop_like:\n    from: [large, small]\n    name: c\n"
    graph = spec(layers, "large: [1, 12], small: [1, 10]")
    assert {index: list(missing.each()) for (index, _), missing in ask(graph, Reach).unseen.items()} == {0: [0, 11]}


NETWORKS = {1: 300, 2: 300, 3: 60}


def unseen_by_gradients(graph: Graph) -> dict[tuple[int, int], list[int]]:
    """By input and axis, the positions by which no output has a gradient; of an input that none sees, nothing."""
    seen: dict[int, Any] = {}
    types = tensor_types(graph).outputs
    for output in graph.outputs:
        for index, reach in reached(graph, output).items():
            here = reach.reshape(-1, *types[index].spatial).any(axis=0)
            seen[index] = here | seen.get(index, False)
    unseen = {}
    for index, positions in seen.items():
        for axis in range(positions.ndim):
            others = tuple(each for each in range(positions.ndim) if each != axis)
            missing = np.flatnonzero(~positions.any(axis=others)).tolist()
            if missing and positions.any():
                unseen[index, axis + 1] = missing
    return unseen


BATCHES = [(axes, first) for axes, number in NETWORKS.items() for first in range(0, number, 60)]


@pytest.mark.parametrize(("axes", "first"), BATCHES)
def test_unseen_positions_are_where_all_gradients_are_zero(axes: int, first: int) -> None:
    some = 0
    for seed in range(first, first + 60):
        graph = network(seed, axes)
        expected = unseen_by_gradients(graph)
        found = {axis: list(missing.each()) for axis, missing in ask(graph, Reach).unseen.items()}
        assert found == expected, text(graph)
        some += bool(expected)
    assert some > 3


def test_other_extents_are_asked_of_the_layer_itself() -> None:
    """A pool with padding of 1: of 8 positions, windows of 3 at stride 4 read -1 to 1 and 3 to 5; one more would do."""
    build = graphs.Builder()
    build.input("signal", 1, 8)
    build.add("relu")
    build.add("max_pool1d", kernel=3, stride=4, padding=1)
    (found, _) = advice_on(build.graph())
    assert found.message == "`max_pool1d` (max_pool1d) never reads the last position along the length of 1×8"
    assert found.hint.endswith(": of what it reads, a length of 7 or 9")
