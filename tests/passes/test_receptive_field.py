"""What is told of receptive fields, worked out by hand; random networks are in ``fields``."""

from __future__ import annotations

import pytest

from archanalyzer.passes.fields.walking import at_place, walk_back
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes
from tests import graphs
from tests.passes.fields.entries import Entry, entries_of, entry_of, facts_of, seen_by, some

# --- Windows


def test_all_that_is_told() -> None:
    (height, width) = entries_of("image: [3, 32, 16]", "  - conv2d: {filters: 1, kernel: [3, 5], padding: [1, 0]}\n")
    told = {"min_size": 3, "number": 3, "min_number": 3, "stride": 1, "offset": -1, "whole": False, "aligned": True}
    assert height == {"input": "image", "axis": "height", "size": 3, **told}
    assert some(width, "axis", "size", "offset") == ("width", 5, 0)


def test_a_kernel_shorter_than_its_stride_leaves_positions_that_see_nothing() -> None:
    """Up-sampled by 3 with a kernel of 2: every third position is zero. Positions are there, but see nothing."""
    entry = entry_of(64, "  - conv_transpose1d: {filters: 1, kernel: 2, stride: 3}\n")
    assert some(entry, "size", "min_size", "number", "min_number", "stride") == (1, 0, 1, 0, "1/3")


def test_a_stride_longer_than_the_kernel_leaves_holes() -> None:
    """Two positions, every third: those of two windows side by side are 0 1 3 4. Ten windows see 20 of 30."""
    strided = "  - conv1d: {filters: 1, kernel: 2, stride: 3}\n  - conv1d: {filters: 1, kernel: 2}\n"
    assert some(entry_of(30, strided), "size", "number", "stride") == (5, 4, 3)
    assert seen_by(30, strided, 0, 8) == [[0, 1, 3, 4], [24, 25, 27, 28]]
    pooled = entry_of(30, f"{strided}  - global_max_pool\n")
    assert some(pooled, "size", "number", "offset", "whole") == (29, 20, 0, False)


@pytest.mark.parametrize(
    ("dilations", "size", "number"),
    [
        # Wang et al. 2018 (arXiv:1702.08502), figure 2: a grid, of −6, −4, …, 6; and one without holes.
        ((2, 2, 2), 13, 7),
        ((1, 2, 3), 13, 13),
        # Their two examples in section 3.2: −3 … 3 and the same 5 further on each side, or 9, which leaves two and two.
        ((1, 2, 5), 17, 17),
        ((1, 2, 9), 25, 21),
        # Yu & Koltun 2016 (arXiv:1511.07122), figure 1: 15 without a hole; and twice the dilations.
        ((1, 2, 4), 15, 15),
        ((2, 4, 8), 29, 15),
    ],
)
def test_dilated_convolutions(dilations: tuple[int, ...], size: int, number: int) -> None:
    layers = "".join(f"  - conv1d: {{filters: 1, kernel: 3, dilation: {each}, padding: same}}\n" for each in dilations)
    entry = entry_of(64, layers)
    assert some(entry, "size", "min_size", "number", "min_number") == (size, size, number, number)
    assert entry["offset"] == -(size // 2)


@pytest.mark.parametrize("depth", [3, 8, 30])
def test_a_ladder_of_upsamplings_has_the_period_of_their_product(depth: int) -> None:
    layers = "  - upsample: 2\n" * depth + "  - conv1d: {filters: 1, kernel: 2}\n"
    assert some(entry_of(4, layers), "size", "min_size", "stride") == (2, 1, f"1/{2**depth}")


# --- All positions, or all of some


def test_a_global_pool_sees_the_whole_axis_and_no_more() -> None:
    entry = entry_of(64, "  - conv1d: {filters: 1, kernel: 9, padding: 4}\n  - global_avg_pool\n")
    assert some(entry, "size", "whole", "stride") == (64, True, None)


@pytest.mark.parametrize(
    "padded",
    [
        "  - pad: 1\n",  # of which two positions see nothing
        "  - conv1d: {filters: 1, kernel: 2, dilation: 2, padding: same}\n",
        "  - conv_transpose1d: {filters: 1, kernel: 1, stride: 2}\n",
    ],
)
@pytest.mark.parametrize("last", ["  - global_avg_pool\n", "  - flatten\n  - dense: 1\n"])
@pytest.mark.parametrize("length", [8, 5000])
def test_positions_that_see_nothing_take_nothing_from_the_whole(padded: str, last: str, length: int) -> None:
    entry = entry_of(length, padded + last)
    assert some(entry, "size", "min_size", "number", "min_number", "whole") == (*(length,) * 4, True)


def test_an_odd_size_padded_up_to_a_skip_is_seen_whole() -> None:
    """9 positions are pooled to 4 and up-sampled to 8; one of padding makes them go with the skip again."""
    layers = (
        "  - max_pool2d: 2\n  - upsample: 2\n  - pad: [[0, 1], [0, 1]]\n  - concat:\n    from: [previous, image]\n"
        "  - conv2d: {filters: 1, kernel: 3, padding: same}\n    name: out\n  - global_avg_pool\n"
    )
    # By hand: position o sees o − 1 to o + 1 of the skip, and of the pool the pairs of these: four positions from
    # o − 1 on if that is even, else four from o − 2 on.
    for entry in entries_of("image: [1, 9, 9]", layers, "out"):
        assert some(entry, "size", "min_size", "offset", "whole") == (4, 4, -2, False)
    assert all(entry["whole"] and entry["size"] == 9 for entry in entries_of("image: [1, 9, 9]", layers))


@pytest.mark.parametrize(
    ("length", "layers", "size", "offset"),
    [
        # A crop leaves positions 3 and 4; what is padded around them shows nothing.
        (8, "{crop: [[3, 3]]}, {pad: 3}, global_max_pool", 2, 3),
        (8, "{crop: [[3, 3]]}, {conv1d: {filters: 1, kernel: 3, padding: 1}}, global_avg_pool", 2, 3),
        # Three windows of two see six positions; the pool lets the seventh fall.
        (7, "{max_pool1d: 2}, {conv1d: {filters: 1, kernel: 3, padding: 1}}, flatten, {dense: 3}", 6, 0),
        # Only padding is left.
        (8, "{pad: [[3, 0]]}, {crop: [[0, 8]]}, global_avg_pool", 0, None),
        # What is left are a position of padding and one that sees positions 0 to 2.
        (8, "{conv1d: {filters: 1, kernel: 3}}, {pad: [[2, 0]]}, {crop: [[1, 5]]}, flatten, {dense: 1}", 3, 0),
        # Nothing of what is there is lost on the way.
        (8, "{conv1d: {filters: 1, kernel: 3, padding: 1}}, global_avg_pool", 8, 0),
    ],
)
def test_what_all_positions_see(length: int, layers: str, size: int, offset: int | None) -> None:
    entry = entry_of(length, f"  [{layers}]\n")
    assert some(entry, "size", "min_size", "number", "min_number", "offset") == (*(size,) * 4, offset)
    assert entry["whole"] is (size == length)


def test_behind_a_gate_all_see_all() -> None:
    """Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507): every position is multiplied by what all say."""
    layers = (
        "  - conv2d: {filters: 8, kernel: 3, padding: same}\n    name: features\n"
        "  - global_avg_pool: {keep_axes: true}\n  - conv2d: {filters: 2, kernel: 1}\n  - relu\n"
        "  - conv2d: {filters: 8, kernel: 1}\n  - sigmoid\n    name: gate\n  - multiply:\n    from: [features, gate]\n"
        "  - conv2d: {filters: 4, kernel: 3, padding: same}\n"
    )
    layers = layers.replace("  - sigmoid\n", "  - sigmoid:\n")
    for entry in entries_of("image: [3, 16, 16]", layers):
        assert some(entry, "size", "min_size", "number", "stride", "whole") == (16, 16, 16, None, True)


def test_a_gate_beside_padding_is_not_seen_from_everywhere() -> None:
    """On an endless input there is no padding; of the one that there is, two positions at the end see nothing."""
    facts = facts_of("x: [1, 8]", "  - global_avg_pool: {keep_axes: true}\n  - pad: [[0, 2]]\n")
    entry = facts.values("receptive_field")[-1][0]
    assert (entry["size"], entry["min_size"], entry["whole"]) == (8, 8, False)
    (field,) = facts.result(ReceptiveFields).places[-1] or ()
    assert [field.axes[0].field.real(o).size for o in range(3)] == [8, 0, 0]


# --- Several ways


def test_paths_of_different_strides_are_told_position_by_position() -> None:
    entry = entry_of(
        64,
        "  - conv1d: {filters: 1, kernel: 1, stride: 2}\n    name: fast\n"
        "  - conv1d: {filters: 1, kernel: 33}\n    from: signal\n    name: slow\n  - add:\n    from: [fast, slow]\n",
    )
    # By hand: position o sees 2·o through one path, and o to o + 32 through the other; at 31, that is 31 to 63.
    assert some(entry, "size", "min_size", "stride", "aligned") == (33, 33, None, False)


def test_pieces_joined_end_to_end_keep_their_own_fields() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 5}\n    name: wide\n"
        "  - conv1d: {filters: 1, kernel: 1, stride: 16}\n    from: signal\n    name: narrow\n"
        "  - concat: {axis: 1}\n    from: [wide, narrow]\n"
    )
    # By hand: 60 positions see five each, then four see one each, at 0, 16, 32, 48.
    assert seen_by(64, layers, 0, 59, 60, 63) == [[*range(5)], [*range(59, 64)], [0], [48]]
    assert some(entry_of(64, layers), "size", "min_size", "stride") == (5, 1, None)


ENDS = "  - crop: [[0, 12]]\n    name: first\n  - crop: [[12, 0]]\n    from: signal\n    name: last\n"


def test_a_gap_between_two_ways_stays_one() -> None:
    """The first four of 16 positions are added to the last four; a crop of what is left sees none in between."""
    added = f"{ENDS}  - add:\n    from: [first, last]\n  - crop: 1\n"
    assert seen_by(16, added, 0, 1) == [[1, 13], [2, 14]]
    assert some(entry_of(16, added), "size", "number", "offset") == (13, 2, 1)
    pooled = f"{added}  - global_avg_pool\n"
    assert seen_by(16, pooled, 0) == [[1, 2, 13, 14]]
    assert some(entry_of(16, pooled), "size", "number", "offset", "whole") == (14, 4, 1, False)


def test_of_pieces_joined_end_to_end_a_crop_leaves_its_part() -> None:
    layers = f"{ENDS}  - concat: {{axis: 1}}\n    from: [first, last]\n  - crop: 2\n  - global_avg_pool\n"
    assert seen_by(16, layers, 0) == [[2, 3, 12, 13]]
    assert some(entry_of(16, layers), "size", "number", "offset", "whole") == (12, 4, 2, False)


def test_channels_side_by_side_are_pooled_each_for_itself() -> None:
    """A feature of the one and a feature of the other; a dense layer sees both, and nothing in between."""
    pooled = f"{ENDS}  - concat:\n    from: [first, last]\n  - global_avg_pool\n"
    parts = facts_of("signal: [1, 16]", pooled).result(ReceptiveFields).by_layer[-1] or ()
    assert [list(part.axes[0].field.real(0).each()) for part in parts] == [[*range(4)], [*range(12, 16)]]
    assert some(entry_of(16, pooled), "size", "number", "offset", "whole") == (4, 4, 0, False)
    dense = f"{pooled}  - dense: 3\n"
    assert seen_by(16, dense, 0) == [[*range(4), *range(12, 16)]]
    assert some(entry_of(16, dense), "size", "min_size", "number", "min_number") == (16, 16, 8, 8)


def test_a_group_that_reads_two_parts_sees_both() -> None:
    """Channel 0 sees one position, 1 to 3 see three each; two groups of two channels read 0 and 1, 2 and 3."""
    layers = (
        "  - conv1d: {filters: 3, kernel: 3, padding: same}\n    name: wide\n  - concat:\n    from: [signal, wide]\n"
        "  - conv1d: {filters: 2, kernel: 1, groups: 2}\n  - flatten\n"
    )
    assert some(entry_of(4, layers), "size", "min_size", "number", "min_number") == (3, 3, 3, 3)


@pytest.mark.parametrize("narrow", [(8, 6, 3), (8, 6, 8), (3, 6, 8)])
def test_sums_of_parts_that_overlap_otherwise_each_time(narrow: tuple[int, ...]) -> None:
    """Three sums of ten channels; in each of them, so many see one position, and all behind them see three."""
    joined = "".join(
        f"  - conv1d: {{filters: {first}, kernel: 1}}\n    from: signal\n    name: narrow{number}\n"
        f"  - conv1d: {{filters: {10 - first}, kernel: 3, padding: same}}\n    from: signal\n    name: wide{number}\n"
        f"  - concat:\n    from: [narrow{number}, wide{number}]\n    name: joined{number}\n"
        for number, first in enumerate(narrow)
    )
    layers = f"{joined}  - add:\n    from: [joined0, joined1, joined2]\n"
    parts = facts_of("signal: [1, 5]", layers).result(ReceptiveFields).by_layer[-1] or ()
    seen = {channel: part.axes[0].field.at(0).number for part in parts for channel in part.channels.each()}
    assert sum(part.channels.number for part in parts) == 10  # they do not overlap
    assert [seen[channel] for channel in range(10)] == [1] * min(narrow) + [3] * (10 - min(narrow))


def test_a_reference_to_crop_by_adds_nothing_to_the_field() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 5}\n    name: wide\n"
        "  - conv1d: {filters: 1, kernel: 3}\n    from: signal\n    name: long\n"
        "  - crop_like:\n    from: [long, wide]\n"
    )
    assert some(entry_of(64, layers), "size", "offset") == (3, 1)


def test_inputs_of_different_sizes_have_fields_of_their_own() -> None:
    """A pool by two makes x as long as y; a window of three then sees six of the one and three of the other."""
    layers = (
        "  - max_pool1d: 2\n    from: x\n    name: half\n  - concat:\n    from: [half, y]\n    name: joined\n"
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n"
    )
    of_x, of_y = entries_of("x: [1, 8], y: [2, 4]", layers)
    assert some(of_x, "input", "size", "stride", "offset") == ("x", 6, 2, -2)
    assert some(of_y, "input", "size", "stride", "offset") == ("y", 3, 1, -1)
    of_x, of_y = entries_of("x: [1, 8], y: [2, 4]", layers, "joined")
    assert some(of_x, "size", "offset") == (2, 0)
    assert some(of_y, "size", "offset") == (1, 0)  # though its channels are not the first ones


def test_rows_between_which_zeros_are_set_see_less() -> None:
    """Every other row of the sum sees three columns; the rows between see one, which x shows them, and no others.

    Rows that lie alike along the width are told together; a single place is walked back.
    """
    layers = (
        "  - conv_transpose2d: {filters: 1, kernel: [1, 3], stride: [2, 1], padding: [0, 1], output_padding: [1, 0]}\n"
        "  - add:\n    from: [previous, x]\n"
    )
    _, width = entries_of("x: [1, 1, 5]", layers)
    assert some(width, "size", "min_size") == (3, 3)
    facts = facts_of("x: [1, 1, 5]", layers)
    types = facts.result(TensorTypes)
    assert types.outputs[-1].shape == (1, 2, 5)
    seen = [walk_back(facts.graph, types, 2, at_place((1, 2, 5), (row, 2))).along(0, 2).number for row in (0, 1)]
    assert seen == [3, 1]


# --- Ways that are aligned


def residual(length: int, kernel: int, padding: object, skip: str) -> Entry:
    """A strided convolution beside a skip that is thinned out: the first block of a stage of a residual network."""
    return entry_of(
        length,
        f"  - conv1d: {{filters: 1, kernel: {kernel}, stride: 2, padding: {padding}}}\n    name: body\n"
        f"  - {skip}\n    from: signal\n    name: skip\n  - add:\n    from: [body, skip]\n",
    )


THINNED = "conv1d: {filters: 1, kernel: 1, stride: 2}"


def test_symmetric_padding_aligns_a_strided_skip_and_same_padding_need_not() -> None:
    """A kernel of 3 at stride 2 pads one position before, and the centre of output o is 2·o, as it is of the skip.

    TensorFlow's `SAME` pads (⌈n/2⌉ − 1)·2 + 3 − n positions in all, the odd one behind: of an even length there is one,
    and the centre is 2·o + 1; of an odd length two, one before. Araujo, Norris & Sim 2019 (Distill) show it of ResNets.
    """
    assert residual(224, 3, 1, THINNED)["aligned"] is True
    assert residual(225, 3, 1, THINNED)["aligned"] is True
    assert some(residual(224, 3, "same", THINNED), "size", "offset", "aligned") == (3, 0, False)
    assert some(residual(225, 3, "same", THINNED), "size", "offset", "aligned") == (3, -1, True)


def test_an_even_kernel_is_not_aligned_with_a_skip() -> None:
    layers = "  - conv1d: {filters: 1, kernel: 4, padding: same}\n  - add:\n    from: [previous, signal]\n"
    assert entry_of(16, layers)["aligned"] is False
    assert entry_of(16, f"{layers}  - conv1d: {{filters: 1, kernel: 3}}\n")["aligned"] is False


# --- Unknown


def test_unknown_readings_make_the_field_unknown_not_wrong() -> None:
    build = graphs.Builder()
    known = build.input("signal", 1, 64)
    unknown = build.add("mystery")
    build.add("conv1d", filters=1, kernel=(3,))
    build.add("add", reads=(known, unknown))
    build.add("relu", reads=(known,))
    found = graphs.analyzed(build.graph(outputs=(2, 3, 4))).facts.values("receptive_field")
    assert [fields is None for fields in found] == [False, True, True, True, False]
