"""Fields behind what gives positions new numbers: flat, reshaped and permuted outputs."""

from __future__ import annotations

from archanalyzer.passes.receptive_field import ReceptiveFields
from tests.passes.fields.entries import entries_of, entry_of, facts_of, some


def test_flattened_positions_keep_the_size_of_their_field() -> None:
    layers = "  - conv1d: {filters: 2, kernel: 9}\n  - flatten\n  - dense: 1\n"
    assert entry_of(64, layers, "flatten")["size"] == 9
    assert some(entry_of(64, layers), "size", "whole") == (64, True)


def test_features_of_one_input_see_nothing_of_another() -> None:
    """Four features, of which the middle two are y's; channels as far apart as the first and the last are no matter."""
    for between in (2, 5_000_000):
        flat = "  - concat:\n    from: [x, y, x]\n  - flatten\n"
        of_x, of_y = entries_of(f"x: [1, 1], y: [{between}, 1]", flat)
        assert some(of_x, "input", "size", "min_size", "offset", "whole") == ("x", 1, 0, 0, False)
        assert some(of_y, "input", "size", "min_size", "offset", "whole") == ("y", 1, 0, None, False)
        for entry in entries_of(f"x: [1, 1], y: [{between}, 1]", f"{flat}  - dense: 2\n"):
            assert some(entry, "size", "min_size", "offset", "whole") == (1, 1, 0, True)


def test_tokens_see_their_patch() -> None:
    """Patches of 4×4 of an image of 8×8, in rows, as a vision transformer has them; then tokens by features."""
    layers = (
        "  - conv2d: {filters: 5, kernel: 4, stride: 4}\n  - reshape: {shape: [5, 4]}\n    name: tokens\n"
        "  - permute: {axes: [1, 0]}\n"
    )
    facts = facts_of("image: [3, 8, 8]", layers)
    for layer in (-2, -1):
        (field,) = facts.result(ReceptiveFields).by_layer[layer] or ()
        rows, columns = ([along.field.real(token).start for token in range(4)] for along in field.axes)
        assert [rows, columns] == [[0, 0, 4, 4], [0, 4, 0, 4]]
        height, width = facts.values("receptive_field")[layer]
        # Two tokens on it is four rows down. Along a row it is four columns, but at its end the columns begin anew.
        assert some(height, "size", "min_size", "stride", "offset", "whole") == (4, 4, 2, 0, False)
        assert some(width, "size", "min_size", "stride", "offset", "whole") == (4, 4, None, 0, False)


def test_behind_the_last_token_there_is_no_first_one() -> None:
    """Tokens of one place each, 4 rows of 7; two side by side lie in one row or in two that follow each other."""
    height, width = entries_of(
        "x: [1, 4, 7]", "  - reshape: {shape: [1, 28]}\n  - conv1d: {filters: 1, kernel: 2, padding: same}\n"
    )
    assert some(height, "size", "min_size", "stride") == (2, 1, "1/7")
    assert some(width, "size", "min_size", "number", "min_number", "stride") == (7, 2, 2, 2, None)


def test_channels_put_between_positions_double_the_size() -> None:
    """A sub-pixel convolution (Shi et al. 2016, arXiv:1609.05158), of four channels a place: row o shows row o // 2.

    Of three rows side by side two are of one row, so that a last window of three reads two rows, which see four.
    """
    layers = (
        "  - conv2d: {filters: 16, kernel: 3, padding: same}\n  - reshape: {shape: [4, 2, 2, 6, 6]}\n"
        "  - permute: {axes: [0, 3, 1, 4, 2]}\n  - reshape: {shape: [4, 12, 12]}\n    name: shuffled\n"
        "  - conv2d: {filters: 3, kernel: 3, padding: same}\n"
    )
    for entry in entries_of("image: [3, 6, 6]", layers, "shuffled"):
        assert some(entry, "size", "min_size", "stride", "offset") == (3, 3, "1/2", -1)
    for entry in entries_of("image: [3, 6, 6]", layers):
        assert some(entry, "size", "min_size", "stride", "offset") == (4, 4, "1/2", -2)


def test_rows_that_see_nothing_are_left_out_where_rows_become_channels() -> None:
    """Four rows of three windows, numbered from 0, of which the first row sees padding alone.

    Row r sees rows 2·r − 2 and 2·r − 1, column c columns 2·c − 1 to 2·c + 1. Reshaped, row 0 is windows 0, 4 and 8, row
    1 is 1, 5 and 9, and so on. Window 4 lies in row 1, column 1; 8 in row 2, column 2; 0, 1 and 2 see nothing.
    """
    layers = (
        "  - conv2d: {filters: 1, kernel: [2, 3], stride: 2, padding: [[2, 0], [1, 0]]}\n"
        "  - reshape: {shape: [3, 4, 1]}\n"
    )
    (field,) = facts_of("x: [1, 7, 7]", layers).result(ReceptiveFields).by_layer[-1] or ()
    rows, columns = ([list(along.field.real(o).each()) for o in range(4)] for along in field.axes)
    assert rows == [[0, 1, 2, 3], [0, 1, 4, 5], [2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]
    assert columns == [[1, 2, 3, 4, 5], [0, 1, 3, 4, 5], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]


def test_channels_that_became_an_axis_may_show_padding_alone() -> None:
    """One channel as a row, with zeros before and behind it; of three rows, a window reads the first and the last."""
    layers = (
        "  - permute: {axes: [1, 0, 2]}\n  - pad: [[1, 1], [0, 0]]\n"
        "  - max_pool2d: {kernel: [2, 1], stride: 1, dilation: [2, 1]}\n"
    )
    (field,) = facts_of("x: [1, 2, 3]", layers).result(ReceptiveFields).by_layer[-1] or ()
    for along in field.axes:
        assert not any(along.field.real(position).size for position in range(along.field.positions))
