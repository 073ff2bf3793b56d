"""Fields against brute force: which input positions are reached is followed one position at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Graph, IrregularWindow, Readings, TensorType, WholeAxis, Window
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.hulls import Interval
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes, propagate_types
from archanalyzer.spec import parse_spec
from tests import graphs

HEAD = "archspec: 1\ninputs: {signal: [1, 64]}\n"


def facts_of(text: str) -> Facts:
    analyzed = analyze(parse_spec(text))
    assert not analyzed.diagnostics, analyzed.diagnostics[0].message
    return analyzed.facts


def reached(graph: Graph, types: tuple[TensorType, ...], layer: int, position: int) -> set[int]:
    """The input positions that one position of a layer sees on an endless input, by walking back every single way."""
    seen: set[int] = set()
    front = {(layer, position)}
    while front:
        at, position = front.pop()
        if not graph.layers[at].inputs:
            seen.add(position)
            continue
        op = graph.layers[at].op
        inputs = tuple(types[source] for source in graph.layers[at].inputs)
        readings = op.readings(inputs, types[at])
        assert readings is not None
        for source, reading, tensor in zip(graph.layers[at].inputs, readings, inputs, strict=True):
            front.update((source, read) for read in read_from(reading, position, tensor))
    return seen


def read_from(readings: Readings, position: int, tensor: TensorType) -> Iterator[int]:
    match readings[1]:
        case Window() as window:
            for k in range(window.count):
                quotient, rest = divmod(position * window.stride + window.offset + k * window.step, window.upsampling)
                if rest == 0:
                    yield quotient
        case IrregularWindow() as window:
            yield from window.reads(position)
        case WholeAxis():
            yield from range(tensor.spatial[0])
        case other:
            pytest.fail(f"the generator makes no layer that reads by {other}")


@st.composite
def networks(draw: st.DrawFn) -> str:
    """A network over one axis: convolutions, pools, up-samplings, and merges of what has the same length."""
    text = ""
    lengths = {"signal": 64}
    above = "signal"
    for number in range(draw(st.integers(1, 6))):
        name = f"l{number}"
        same = [other for other, length in lengths.items() if length == lengths[above] and other != above]
        merges: bool = draw(st.booleans())
        kinds = ["conv", "pool", "up"] if lengths[above] <= 100 else ["conv", "pool"]
        kind = "add" if same and merges else draw(st.sampled_from(kinds))
        if kind == "add":
            text += f"  - add:\n    from: [{above}, {draw(st.sampled_from(same))}]\n    name: {name}\n"
        else:
            text += f"  - {draw({'conv': CONVOLUTIONS, 'pool': POOLS, 'up': UPSAMPLINGS}[kind])}\n"
            text += f"    from: {above}\n    name: {name}\n"
        length = measured(text)
        if length is None:
            return f"{HEAD}layers:\n  - relu\n"
        lengths[name] = length
        above = name
    return f"{HEAD}outputs: [{', '.join(unread(text))}]\nlayers:\n{text}"


def fields(**ranges: tuple[int, int]) -> st.SearchStrategy[str]:
    """Fields of a layer, each a whole number in its range."""
    numbers = {name: st.integers(least, most) for name, (least, most) in ranges.items()}
    return st.fixed_dictionaries(numbers).map(
        lambda values: ", ".join(f"{key}: {value}" for key, value in values.items())
    )


CONVOLUTIONS = fields(kernel=(1, 4), stride=(1, 3), padding=(0, 2), dilation=(1, 3)).map(
    "conv1d: {{filters: 1, {}}}".format
)
POOLS = fields(kernel=(3, 5), stride=(1, 3), padding=(0, 1)).map("avg_pool1d: {{{}}}".format)
UPSAMPLINGS = st.one_of(
    fields(kernel=(1, 4), stride=(1, 3)).map("conv_transpose1d: {{filters: 1, {}}}".format),
    fields(factor=(1, 3)).map("upsample: {{{}}}".format),
    fields(factor=(1, 3)).map("upsample: {{{}, mode: linear}}".format),
)


def unread(text: str) -> list[str]:
    spec = parse_spec(f"{HEAD}layers:\n{text}")
    read = {source for layer in spec.graph.layers for source in layer.inputs}
    return [layer.name for layer in spec.graph.layers if layer.index not in read]


def measured(text: str) -> int | None:
    """The length of the last layer's output; None where it does not fit what it reads."""
    spec = parse_spec(f"{HEAD}layers:\n{text}")
    last = propagate_types(spec.graph).outputs[-1]
    return None if last is None else last.spatial[0]


@settings(max_examples=150, deadline=None)
@given(networks())
def test_fields_equal_brute_force(text: str) -> None:
    """Fields that repeat, and those told position by position of what repeats: behind these, ends are continued."""
    facts = facts_of(text)
    types = facts.result(TensorTypes).outputs
    fields = [field for (field,) in (each or () for each in facts.result(ReceptiveFields).by_layer)]
    for layer, field in zip(facts.graph.layers, fields, strict=True):
        if field.along is None or not all(fields[source].periodic for source in layer.inputs):
            continue
        for position in range(types[layer.index].spatial[0]):
            seen = reached(facts.graph, types, layer.index, position)
            expected = Interval(min(seen), max(seen) + 1) if seen else None
            assert field.at(position) == expected, (text, layer.index, position)


def field_of(text: str, layer: str) -> dict[str, object]:
    facts = facts_of(text)
    (entry,) = facts.values("receptive_field")[facts.graph.index[layer]]
    assert isinstance(entry, dict)
    return entry


def test_a_kernel_shorter_than_its_stride_leaves_positions_that_see_nothing() -> None:
    entry = field_of(f"{HEAD}layers:\n  - conv_transpose1d: {{filters: 1, kernel: 2, stride: 3}}\n", "conv_transpose1d")
    assert (entry["size"], entry["min_size"], entry["stride"]) == (1, 0, "1/3")


def test_a_global_pool_sees_the_whole_axis_and_no_more() -> None:
    text = f"{HEAD}layers:\n  - conv1d: {{filters: 1, kernel: 9, padding: 4}}\n  - global_avg_pool\n"
    entry = field_of(text, "global_avg_pool")
    assert (entry["size"], entry["whole"], entry["stride"]) == (64, True, None)


def test_flattened_positions_keep_the_size_of_their_field() -> None:
    text = f"{HEAD}layers:\n  - conv1d: {{filters: 2, kernel: 9}}\n  - flatten\n  - dense: 1\n"
    assert field_of(text, "flatten")["size"] == 9
    assert field_of(text, "dense")["size"] == 64


def test_paths_of_different_strides_are_told_position_by_position() -> None:
    text = (
        f"{HEAD}layers:\n  - conv1d: {{filters: 1, kernel: 1, stride: 2}}\n    name: fast\n"
        "  - conv1d: {filters: 1, kernel: 33}\n    from: signal\n    name: slow\n  - add:\n    from: [fast, slow]\n"
    )
    entry = field_of(text, "add")
    # By hand: position o sees 2·o through one path, and o to o + 32 through the other; at 31, that is 31 to 63.
    assert (entry["size"], entry["min_size"], entry["stride"]) == (33, 33, None)


def test_pieces_joined_end_to_end_keep_their_own_fields() -> None:
    text = (
        f"{HEAD}layers:\n  - conv1d: {{filters: 1, kernel: 5}}\n    name: wide\n"
        "  - conv1d: {filters: 1, kernel: 1, stride: 16}\n    from: signal\n    name: narrow\n"
        "  - concat: {axis: 1}\n    from: [wide, narrow]\n"
    )
    facts = facts_of(text)
    (field,) = facts.result(ReceptiveFields).by_layer[-1] or ()
    # By hand: 60 positions see five each, then four see one each, at 0, 16, 32, 48.
    assert [field.at(position) for position in (0, 59, 60, 63)] == [(0, 5), (59, 64), (0, 1), (48, 49)]


def test_a_reference_to_crop_by_adds_nothing_to_the_field() -> None:
    text = (
        f"{HEAD}layers:\n  - conv1d: {{filters: 1, kernel: 5}}\n    name: wide\n"
        "  - conv1d: {filters: 1, kernel: 3}\n    from: signal\n    name: long\n"
        "  - crop_like:\n    from: [long, wide]\n"
    )
    assert (field_of(text, "crop_like")["size"], field_of(text, "crop_like")["offset"]) == (3, 1)


def test_unknown_readings_make_the_field_unknown_not_wrong() -> None:
    build = graphs.Builder()
    known = build.input("signal", 1, 64)
    unknown = build.add("mystery")
    build.add("conv1d", filters=1, kernel=(3,))
    build.add("add", reads=(known, unknown))
    build.add("relu", reads=(known,))
    found = graphs.analyzed(build.graph(outputs=(2, 3, 4))).facts.values("receptive_field")
    assert [fields is None for fields in found] == [False, True, True, True, False]


@pytest.mark.parametrize("depth", [3, 8])
def test_a_ladder_of_upsamplings_has_the_period_of_their_product(depth: int) -> None:
    text = "archspec: 1\ninputs: {signal: [1, 4]}\nlayers:\n" + "  - upsample: 2\n" * depth
    text += "  - conv1d: {filters: 1, kernel: 2}\n"
    entry = field_of(text, "conv1d")
    assert (entry["size"], entry["min_size"], entry["stride"]) == (2, 1, f"1/{2**depth}")
