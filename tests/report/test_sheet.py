"""Which rows and columns there are, and that the rows add up to the totals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Amount
from archanalyzer.report.cells import BLANK, cell
from archanalyzer.report.columns import SheetError
from archanalyzer.report.sheet import Row, RowKind, Sheet, build_sheet
from archanalyzer.report.view import View
from archanalyzer.spec import parse_spec
from tests import graphs


def outline(sheet: Sheet) -> list[str]:
    """The rows, one a line: indentation, label, copies, and the cells that are not blank."""
    return [
        "  " * row.indent + " ".join([row.label, *([f"×{row.copies}"] if row.copies > 1 else []), *_values(row)])
        for row in sheet.rows
    ]


def _values(row: Row) -> list[str]:
    return [str(value.value if isinstance(value, Amount) else value) for value in row.cells if value is not BLANK]


COUNTS = View(columns=("type", "parameters", "macs"))


def test_all_blocks_are_unfolded_under_headings_without_numbers() -> None:
    assert outline(build_sheet(graphs.analyzed(graphs.small()), COUNTS)) == [
        "image input 0 0",
        "stage stage",
        "  conv2d conv2d 112 3888",
        "  relu relu 0 0",
        "  conv2d_2 conv2d 148 2304",
        "flatten flatten 0 0",
        "dense dense 130 128",
    ]


def test_a_folded_block_is_the_sum_of_its_layers() -> None:
    view = View(columns=("type", "parameters", "macs", "output_shape"), depth=0)
    assert outline(build_sheet(graphs.analyzed(graphs.small()), view)) == [
        "image input 0 0 [3, 8, 8]",
        "stage stage 260 6192 [4, 4, 4]",
        "flatten flatten 0 0 [64]",
        "dense dense 130 128 [2]",
    ]


def test_alike_blocks_are_one_row_with_the_sum_of_all() -> None:
    analyzed = graphs.analyzed(graphs.repeated(3))
    assert outline(build_sheet(analyzed, COUNTS)) == [
        "features input 0 0",
        "mlp ×3 mlp",
        "  dense ×3 dense 216 192",
        "  relu ×3 relu 0 0",
        "head dense 18 16",
    ]
    folded = View(COUNTS.columns, depth=0)
    assert outline(build_sheet(analyzed, folded)) == ["features input 0 0", "mlp ×3 mlp 216 192", "head dense 18 16"]


def labels_of(layers: str, inputs: str = "{left: [8], right: [8]}") -> list[str]:
    """The rows of a spec with all that it takes to be alike; copies behind their labels."""
    analyzed = analyze(parse_spec(f"archspec: 1\ninputs: {inputs}\nlayers:\n{layers}"))
    assert [each.message for each in analyzed.diagnostics] == []
    return [row.label + (f" ×{row.copies}" if row.copies > 1 else "") for row in build_sheet(analyzed, COUNTS).rows]


def test_layers_that_read_different_layers_stay_apart() -> None:
    heads = "  - dense: 4\n    from: left\n  - dense: 4\n    from: left\n  - dense: 4\n    from: right\n"
    join = "  - concat:\n    from: [dense, dense_2, dense_3]\n"
    assert labels_of(heads + join) == ["left", "right", "dense", "dense_2", "dense_3", "concat"]
    named = "  - dense: 4\n    from: left\n    name: query\n  - dense: 4\n    from: left\n    name: key\n"
    named += "  - dense: 4\n    from: right\n    name: value\n  - concat:\n    from: [query, key, value]\n"
    assert labels_of(named) == ["left", "right", "query", "key", "value", "concat"]


def test_towers_side_by_side_stay_apart() -> None:
    tower = "  - tower:\n    from: {}\n"
    blocks = "  - concat:\n    from: [tower, tower_2]\nblocks:\n  tower: {layers: [{dense: 4}, relu]}\n"
    labels = labels_of(tower.format("left") + tower.format("right") + blocks)
    assert labels == ["left", "right", "tower", "dense", "relu", "tower_2", "dense", "relu", "concat"]


def test_layers_with_names_of_their_own_keep_them() -> None:
    names = "".join(f"  - relu:\n    name: {name}\n" for name in ("true", "1.50", "'null'"))
    assert labels_of(names, "{x: [4]}") == ["x", "true", "1.50", "null"]


def test_copies_of_one_entry_are_one_row_whatever_they_are_called() -> None:
    entry = "  - relu:\n    name: act\n    repeat: 3\n  - tanh\n  - tanh\n  - tanh:\n    name: tanh_4\n"
    assert labels_of(entry, "{x: [4]}") == ["x", "act ×3", "tanh ×2", "tanh_4"]
    groups = "  - name: stage\n    repeat: 3\n    layers: [{dense: 4}, relu]\n"
    assert labels_of(groups, "{x: [4]}") == ["x", "stage ×3", "dense ×3", "relu ×3"]


def test_blocks_with_other_names_in_them_stay_apart() -> None:
    layers = "  - b: 0\n  - b: 1\nblocks:\n  b:\n    arguments: {t: null}\n    layers:\n"
    one = "      - relu:\n        name: {}\n        repeat: {}\n"
    text = layers + one.format("one", "=t") + one.format("other", "=1 - t")
    assert labels_of(text, "{x: [4]}") == ["x", "b", "other", "b_2", "one"]


def test_fields_may_grow_from_copy_to_copy() -> None:
    build = graphs.Builder()
    build.input("image", 3, 8, 8)
    build.add("conv2d", filters=3, kernel=(3, 3), padding="same")
    build.add("conv2d", filters=3, kernel=(3, 3), padding="same")
    (_, convolutions) = build_sheet(graphs.analyzed(build.graph())).rows
    assert convolutions.copies == 2
    assert cell(convolutions.cells[-1], Kind.FIELD) == "3…5"


def test_layers_whose_other_values_differ_stay_apart() -> None:
    build = graphs.Builder()
    build.input("image", 3, 8, 8)
    build.add("conv2d", filters=3, kernel=(3, 3))
    build.add("conv2d", filters=3, kernel=(3, 3))
    analyzed = graphs.analyzed(build.graph())
    assert [row.copies for row in build_sheet(analyzed).rows] == [1, 1, 1], "their outputs differ"
    assert [row.copies for row in build_sheet(analyzed, View(("type", "parameters"))).rows] == [1, 2]


def test_blocks_unfold_level_by_level() -> None:
    build = graphs.Builder()
    build.input("features", 4)
    with build.block("outer"):
        build.add("dense", units=4)
        with build.block("inner"):
            build.add("relu")
        build.add("dense", units=3)
    analyzed = graphs.analyzed(build.graph())
    labels = [[row.label for row in build_sheet(analyzed, View(depth=depth)).rows] for depth in (0, 1, 2)]
    assert labels == [
        ["features", "outer"],
        ["features", "outer", "dense", "inner", "dense_2"],
        ["features", "outer", "dense", "inner", "relu", "dense_2"],
    ]


def test_a_block_without_layers_is_not_shown() -> None:
    build = graphs.Builder()
    build.input("features", 4)
    with build.block("nothing"):
        pass
    build.add("relu")
    with build.block("nothing", "at_the_end"):
        pass
    analyzed = graphs.analyzed(build.graph())
    assert [row.label for row in build_sheet(analyzed, View(depth=0)).rows] == ["features", "relu"]


def test_without_folding_every_layer_has_a_row_and_its_whole_name() -> None:
    sheet = build_sheet(graphs.analyzed(graphs.repeated(2)), COUNTS, fold=False)
    assert [row.name for row in sheet.rows] == [
        "features",
        "mlp/dense",
        "mlp/relu",
        "mlp_2/dense",
        "mlp_2/relu",
        "head",
    ]


def test_sorting_lists_layers_largest_first_and_sums_up_the_rest() -> None:
    view = View(columns=("macs", "share", "inputs"), sort="macs", top=2)
    assert outline(build_sheet(graphs.analyzed(graphs.small()), view)) == [
        f"stage/conv2d 3888 {3888 / 6320} image",
        f"stage/conv2d_2 2304 {2304 / 6320} stage/relu",
        f"… and 4 more 128 {128 / 6320}",
    ]


@pytest.mark.parametrize(
    ("column", "first"),
    [
        ("name", "dense"),
        ("type", "stage/conv2d"),
        ("output_shape", "image"),
        ("receptive_field", "dense"),
        ("receptive_field_stride", "image"),
        ("activation_bytes", "image"),
    ],
)
def test_sorting_by_any_kind_of_column(column: str, first: str) -> None:
    assert build_sheet(graphs.analyzed(graphs.small()), View(sort=column)).rows[0].name == first


def test_what_is_not_known_is_sorted_last_and_makes_the_total_a_lower_bound() -> None:
    sheet = build_sheet(graphs.analyzed(graphs.with_mystery()), View(columns=("macs", "share"), sort="macs"))
    assert [row.cells for row in sheet.rows] == [(3888, None), (0, None), (None, None)]
    assert sheet.totals == (Amount(3888, at_least=True), None)


def test_fields_that_are_all_of_the_input_come_first() -> None:
    sheet = build_sheet(graphs.analyzed(graphs.small()), View(("receptive_field",), sort="receptive_field"))
    assert [row.label for row in sheet.rows] == [
        *("dense", "stage/conv2d_2", "flatten", "stage/conv2d", "stage/relu", "image")
    ]


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (View(columns=("mac",)), "there is no column `mac`; did you mean `macs`?"),
        (
            View(columns=("shaer", "macs", "inptus")),
            "there is no column `shaer`; did you mean `share`?\nthere is no column `inptus`; did you mean `inputs`?",
        ),
        (View(columns=("field",)), "there is no column `field`; did you mean `receptive_field`?"),
        (View(sort="paramters"), "there is no column `paramters` to sort by; did you mean `parameters`"),
        (View(sort="weights"), "`weights` cannot be sorted by: it is neither a number nor a name"),
    ],
)
def test_misspelt_columns_are_refused(view: View, message: str) -> None:
    with pytest.raises(SheetError) as refused:
        build_sheet(graphs.analyzed(graphs.small()), view)
    assert str(refused.value).startswith(message)


layer_names = st.sampled_from(["conv2d", "relu", "mystery"])
chains = st.recursive(layer_names, lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=12)


def chain_of(parts: list[object]) -> Graph:
    """A chain in which every nested list is a block; one of the same content has the same type."""
    build = graphs.Builder()
    build.input("image", 2, 6, 6)

    def append(part: object) -> None:
        if isinstance(part, list):
            with build.block(str(part), f"at{len(build.layers)}"):
                for inner in part:
                    append(inner)
        elif part == "conv2d":
            build.add("conv2d", filters=2, kernel=(3, 3), padding="same")
        else:
            build.add(str(part))

    for part in parts:
        append(part)
    return build.graph()


views = st.one_of(
    st.builds(lambda depth: View(depth=depth), st.one_of(st.none(), st.integers(0, 3))),
    st.builds(lambda top, sort: View(top=top, sort=sort), st.integers(1, 9), st.sampled_from(["macs", "parameters"])),
)


@given(st.lists(chains, min_size=1, max_size=6), views, st.booleans())
def test_rows_add_up_to_the_totals_always(parts: list[object], view: View, fold: bool) -> None:
    analyzed = graphs.analyzed(chain_of(parts))
    columns = ("parameters", "macs", "flops", "activation_bytes")
    sheet = build_sheet(analyzed, View(columns, view.depth, view.sort, view.top), fold=fold)
    for at, total in enumerate(sheet.totals):
        cells = [row.cells[at] for row in sheet.rows if row.kind is not RowKind.HEADING]
        amounts = [cell if isinstance(cell, Amount) else Amount(cell or 0, cell is None) for cell in cells]
        assert sum(amount.value for amount in amounts) == total.value
        assert any(amount.at_least for amount in amounts) == total.at_least
    layers = [row for row in sheet.rows if row.kind is RowKind.LAYER]
    if view.depth is None and view.top is None:
        assert sum(row.copies for row in layers) == len(analyzed.graph.layers)
