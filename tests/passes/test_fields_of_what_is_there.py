"""What fields say of the positions that there are, padding cut off, against sets of positions walked one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.axis_field import UNKNOWN, AxisField, RealReader
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.hulls import Hull, Interval, hull
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes, propagate_types
from archanalyzer.spec import parse_spec
from archanalyzer.testing import Positions, positions, readings_by_position

Seen = dict[tuple[int, ...], frozenset[tuple[int, tuple[int, ...]]]]
"""For every position of a layer, the positions of network inputs that it sees, each with the input's index."""

LARGEST = 300
"""Elements of one layer, at most."""


def walked(facts: Facts) -> list[Seen]:
    types = facts.result(TensorTypes)
    by_layer: list[Seen] = []
    for layer in facts.graph.layers:
        inputs, own = types.inputs(layer), layer.index
        if not inputs:
            by_layer.append({at: frozenset({(own, at)}) for at in positions(types.outputs[own])})
            continue
        sources = [by_layer[source] for source in layer.inputs]
        by_layer.append(
            {at: union(sources, readings_by_position(layer.op, inputs, at)) for at in positions(types.outputs[own])}
        )
    return by_layer


def union(sources: list[Seen], read: tuple[Positions, ...]) -> frozenset[tuple[int, tuple[int, ...]]]:
    pairs = zip(sources, read, strict=True)
    return frozenset().union(*(source[position] for source, each in pairs for position in each))


class Expected:
    """What a layer's positions see of one axis of one input."""

    def __init__(self, seen: Seen, field: AxisField) -> None:
        self.by_position = {
            at: hull_of(position[field.axis] for index, position in reached if index == field.input)
            for at, reached in seen.items()
        }

    @property
    def by_place(self) -> set[Hull]:
        """What the places see, each with all of its channels; of a flat layer, every feature is one."""
        by_place: dict[tuple[int, ...], Hull] = {}
        for at, each in self.by_position.items():
            place = at[1:] or at
            by_place[place] = hull(by_place.get(place), each)
        return set(by_place.values())

    def of(self, chosen: Callable[[tuple[int, ...]], bool] = lambda at: True) -> Hull:
        seen: Hull = None
        for at, each in self.by_position.items():
            seen = hull(seen, each) if chosen(at) else seen
        return seen


def hull_of(numbers: Iterable[int]) -> Hull:
    listed = list(numbers)
    return Interval(min(listed), max(listed) + 1) if listed else None


def check(text: str) -> None:
    analyzed = analyze(parse_spec(text))
    assert not analyzed.diagnostics, (text, analyzed.diagnostics[0].message)
    facts = analyzed.facts
    types, fields = facts.result(TensorTypes), facts.result(ReceptiveFields)
    for index, seen in enumerate(walked(facts)):
        of_layer, entries = fields.by_layer[index], fields.data()[index]
        assert of_layer is not None
        for field, entry in zip(of_layer, entries, strict=True):
            length = types.outputs[field.input].shape[field.axis]
            expected = Expected(seen, field)
            check_field(field, expected, types.outputs[index].shape, (text, index, field))
            if entry["whole"]:
                assert expected.by_place == {Interval(0, length)}, (text, index)


def check_field(field: AxisField, expected: Expected, shape: tuple[int, ...], told: object) -> None:
    if field.along is not None:
        check_moving(field, field.along, expected, shape[field.along], told)
    elif field.constant:
        assert expected.by_place == {field.intervals[0]}, told
    elif field.exact:
        longest = max(each.size if each else 0 for each in field.intervals)
        assert all(each is None or each.size <= longest for each in expected.by_position.values()), told
    else:
        bound = field.intervals[0]
        assert all(hull(each, bound) == bound for each in expected.by_place), told
    together = field.of_all(1 if field.along is None else shape[field.along])
    assert together is UNKNOWN or together == expected.of(), told


def check_moving(field: AxisField, along: int, expected: Expected, extent: int, told: object) -> None:
    assert field.margins is not None
    reader = RealReader(field, field.margins, extent)
    for position in range(extent):
        really = expected.of(lambda at, here=position: at[along] == here)  # type: ignore[misc]
        assert reader.of(range(position, position + 1)) == really, (told, position)
        assert really is None or hull(field.at(position), really) == field.at(position), (told, position)


# --- Networks


def fields(axes: int, **ranges: tuple[int, int]) -> st.SearchStrategy[str]:
    """Fields of a layer, each a whole number in its range, one an axis."""
    numbers = {name: st.lists(st.integers(*ends), min_size=axes, max_size=axes) for name, ends in ranges.items()}
    return st.fixed_dictionaries(numbers).map(
        lambda values: ", ".join(f"{key}: {each}" for key, each in values.items())
    )


def sides(axes: int, most: int) -> st.SearchStrategy[str]:
    pair = st.lists(st.integers(0, most), min_size=2, max_size=2)
    return st.lists(pair, min_size=axes, max_size=axes).map(str)


def alone(axes: int) -> st.SearchStrategy[str]:
    """A layer with one input, over so many spatial axes."""
    some = sides(axes, 3)
    return st.one_of(
        st.tuples(fields(axes, kernel=(1, 4), stride=(1, 3), dilation=(1, 3)), some).map(
            lambda each: f"conv{axes}d: {{filters: 1, {each[0]}, padding: {each[1]}}}"
        ),
        fields(axes, kernel=(2, 3), stride=(1, 3), padding=(0, 1)).map(f"avg_pool{axes}d: {{{{{{}}}}}}".format),
        fields(axes, kernel=(1, 3), stride=(1, 3)).map(f"conv_transpose{axes}d: {{{{filters: 1, {{}}}}}}".format),
        fields(axes, factor=(1, 3)).map("upsample: {{{}}}".format),
        fields(axes, size=(1, 9)).map("upsample: {{{}, mode: linear}}".format),
        fields(axes, size=(1, 5)).map(f"adaptive_avg_pool{axes}d: {{{{{{}}}}}}".format),
        some.map("pad: {}".format),
        some.map("pad: {{amount: {}, mode: reflect}}".format),
        some.map("pad: {{amount: {}, mode: circular}}".format),
        some.map("crop: {}".format),
        some.map("crop: {}".format),
        st.sampled_from(["global_avg_pool: {keep_axes: true}", "softmax: 1", "relu:"]),
    )


ENDS = ["flatten: ", "global_max_pool: ", "reshape: {shape: [-1, 1]}", "dense: 2"]


class Draft:
    """A spec as it grows: layers that do not fit are taken back."""

    def __init__(self, *shape: int) -> None:
        self.head = f"archspec: 1\ninputs: {{signal: {list(shape)}}}\n"
        self.text = ""
        self.shapes: dict[str, tuple[int, ...]] = {"signal": shape}

    def spec(self) -> str:
        layers = parse_spec(f"{self.head}layers:\n{self.text}").graph.layers
        read = {source for layer in layers for source in layer.inputs}
        unread = ", ".join(layer.name for layer in layers if layer.index not in read)
        return f"{self.head}outputs: [{unread}]\nlayers:\n{self.text}"

    def add(self, layer: str, reads: list[str]) -> None:
        name = f"l{len(self.shapes)}"
        text = f"{self.text}  - {layer}\n    from: [{', '.join(reads)}]\n    name: {name}\n"
        last = propagate_types(parse_spec(f"{self.head}layers:\n{text}").graph).outputs[-1]
        if last is not None and last.elements <= LARGEST:
            self.text, self.shapes[name] = text, last.shape


@st.composite
def chains(draw: st.DrawFn) -> str:
    """Layers over two axes, one behind the other."""
    draft = Draft(1, draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    for layer in draw(st.lists(alone(2), min_size=1, max_size=5)):
        draft.add(layer, [list(draft.shapes)[-1]])
    for layer in draw(st.lists(st.sampled_from(ENDS), max_size=2)):
        draft.add(layer, [list(draft.shapes)[-1]])
    draft.add("relu:", [list(draft.shapes)[-1]])
    return draft.spec()


@st.composite
def branching(draw: st.DrawFn) -> str:
    """Layers over one axis, with merges of what goes together."""
    draft = Draft(1, draw(st.integers(1, 12)))
    for layer in draw(st.lists(st.one_of(alone(1), alone(1), MERGES, st.sampled_from(ENDS)), min_size=1, max_size=7)):
        names = sorted(draft.shapes)
        others = [draw(st.sampled_from(names))] if layer.partition(":")[0] in {"add", "multiply", "concat"} else []
        draft.add(layer, [list(draft.shapes)[-1] if others else draw(st.sampled_from(names)), *others])
    draft.add("relu:", [list(draft.shapes)[-1]])
    return draft.spec()


MERGES = st.sampled_from(["add:", "multiply:", "concat: {axis: 1}", "concat:"])


@settings(max_examples=100, deadline=None)
@given(chains())
def test_chains_over_two_axes(text: str) -> None:
    check(text)


@settings(max_examples=150, deadline=None)
@given(branching())
def test_networks_over_one_axis(text: str) -> None:
    check(text)


# --- By hand


def last_entry(shape: list[int], layers: str) -> dict[str, object]:
    facts = analyze(parse_spec(f"archspec: 1\ninputs: {{signal: {shape}}}\nlayers: [{layers}]\n")).facts
    (entry,) = facts.values("receptive_field")[-1]
    assert isinstance(entry, dict)
    return entry


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
    entry = last_entry([1, length], layers)
    assert (entry["size"], entry["min_size"], entry["offset"]) == (size, size, offset)
    assert entry["whole"] is (size == length)


def test_a_gate_beside_padding_is_not_seen_from_everywhere() -> None:
    entry = last_entry([1, 8], "{global_avg_pool: {keep_axes: true}}, {pad: [[0, 2]]}")
    assert (entry["size"], entry["min_size"], entry["whole"]) == (8, 0, False)


def test_where_margins_cost_too_much_a_bound_is_told_and_called_one() -> None:
    """Behind a window this wide, 1,000,000 positions at each end see something else than the others do."""
    convolution = "{conv1d: {filters: 1, kernel: 2000001, padding: 1000000}}"
    entry = last_entry([1, 5_000_000], f"{convolution}, global_avg_pool")
    assert (entry["size"], entry["exact"], entry["whole"]) == (5_000_000, False, False)
