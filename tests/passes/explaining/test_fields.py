"""Receptive fields worked out: they come to what the pass tells, and every step follows from the one before."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.explaining.fields import AxisExplained, field_explained
from archanalyzer.passes.explaining.walked import Read
from archanalyzer.passes.fields.positions import interval
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.spec import parse_spec, read_spec
from tests import graphs
from tests.passes.fields import random_networks

ROOT = Path(__file__).parents[3]
SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "tests" / "passes" / "cases").glob("*.yaml")])


def fields_of(graph: Graph) -> ReceptiveFields:
    return graphs.analyzed(graph).facts.result(ReceptiveFields)


def explained(fields: ReceptiveFields, layer: int) -> tuple[AxisExplained, ...]:
    """What is explained of a layer, each axis held against what the pass tells of it."""
    found = field_explained(fields, layer).axes
    told = fields.told[layer]
    assert (found is None) == (told is None)
    seen = {(each.input, axis) for each in found or () for axis in each.axes}
    assert seen == {(each.input, each.axis) for each in told or ()}
    for each in found or ():
        agrees(each, patchy=any(part.input == each.input and part.patchy for part in fields.places[layer] or ()))
        follows(each, fields)
    return found or ()


def agrees(each: AxisExplained, *, patchy: bool) -> None:
    """By the rule, every position sees as much; counted back, the least and the most are those that the pass tells.

    Where the field is ``patchy``, a place sees less, or nothing, that along another axis reads nothing but padding; and
    where axes are taken apart, what is seen along one depends on the position along others.
    """
    if each.steps is None:
        sizes = [back.walked.seen.size for back in each.back]
        assert each.told.whole == (not sizes)
        taken_apart = any(read.window is None for back in each.back for read in back.walked.reads)
        if sizes and each.told.exact and not patchy and not taken_apart:
            assert (min(sizes), max(sizes)) == (each.told.min_size, each.told.size)
    elif not any(step.everything for step in each.steps):
        size = each.steps[-1].seen.size if each.steps else 1
        assert (each.told.min_size, each.told.size) == (size, size)
        jump = each.steps[-1].seen.jump if each.steps else 1
        assert jump is None or each.told.stride in {None, jump}
    else:
        assert each.told.whole or dict(each.lengths)


def follows(each: AxisExplained, fields: ReceptiveFields) -> None:
    """Each step begins with what the layers that it reads see, or asks for what those behind it read."""
    before = {each.input: (1, 1)}
    for step in each.steps or ():
        for way in step.deciding:
            assert (way.before.size, way.before.jump) == before[way.source]
            if way.kernel is not None and way.before.jump is not None:
                reach = 1 + (way.kernel.taps - 1) * way.kernel.dilation
                assert way.seen.size == way.before.size + (reach - 1) * way.before.jump
                assert way.seen.jump == way.before.jump * way.kernel.stride
        before[step.layer] = (step.seen.size, step.seen.jump or 0)
        is_one_position = step.seen.jump is None
        if is_one_position:
            before[step.layer] = (step.seen.size, None)  # type: ignore[assignment]
    permutes = any(layer.op.name == "permute" for layer in fields.graph.layers)
    for back in each.back:
        asked: dict[int, list[Read]] = {}
        for read in back.walked.reads:
            assert read.source in fields.graph.layers[read.layer].inputs
            readers = asked.get(read.layer, ())
            simple = not permutes and read.asked.size and all(other.window is not None for other in readers)
            if readers and simple:
                ends = min(other.read.start for other in readers), max(other.read.stop for other in readers)
                assert (read.asked.start, read.asked.stop) == ends
            asked.setdefault(read.source, []).append(read)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_specs(path: Path) -> None:
    fields = analyze(read_spec(str(path))).facts.result(ReceptiveFields)
    layers = len(fields.graph.layers)
    for layer in (*range(0, layers, 1 + layers // 12), *fields.graph.outputs):
        explained(fields, layer)


@pytest.mark.parametrize("seed", range(40))
def test_networks_at_random(seed: int) -> None:
    graph = random_networks.network(seed, Random(seed).randint(1, 2))  # noqa: S311
    fields = fields_of(graph)
    for layer in range(len(graph.layers)):
        explained(fields, layer)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_by_the_rule_wherever_nothing_is_up_sampled(path: Path) -> None:
    fields = analyze(read_spec(str(path))).facts.result(ReceptiveFields)
    resizing = {"upsample", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}
    resized = [layer.index for layer in fields.graph.layers if layer.op.name in resizing]
    last = resized[0] - 1 if resized else len(fields.graph.layers) - 1
    assert all(each.steps is not None for each in explained(fields, last))
    if resized:
        assert all(each.steps is None for each in explained(fields, resized[0]))


@pytest.mark.parametrize("seed", range(400, 440))
def test_most_networks_at_random_go_one_way_or_the_other(seed: int) -> None:
    """By the rule, or else at least one way back; or everything is seen, which there is no way to tell of."""
    fields = fields_of(random_networks.network(seed, 2))
    for each in explained(fields, len(fields.graph.layers) - 1):
        assert (each.steps is not None) + bool(each.back) + (each.told.whole and each.steps is None) == 1


# --- By hand


def net(layers: str, inputs: str = "image: [1, 32]") -> ReceptiveFields:
    text = f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{layers}"
    return analyze(parse_spec(text)).facts.result(ReceptiveFields)


def only(fields: ReceptiveFields) -> AxisExplained:
    (each,) = explained(fields, len(fields.graph.layers) - 1)
    return each


def test_the_rule_by_hand() -> None:
    """r: 1, 1 + 2·1 = 3, 3 + 1·1 = 4, with stride 2 then 4 + 2·2·2 = 12 for three taps 2 apart; j: 1, 1, 2, 2."""
    fields = net(
        "  - conv1d: {filters: 1, kernel: 3}\n  - max_pool1d: 2\n  - conv1d: {filters: 1, kernel: 3, dilation: 2}\n"
    )
    steps = only(fields).steps or ()
    assert [(step.seen.size, step.seen.jump) for step in steps] == [(3, 1), (4, 2), (12, 2)]


def test_the_larger_of_two_ways_decides() -> None:
    fields = net(
        "  - conv1d: {filters: 1, kernel: 3, padding: 1}\n    name: small\n"
        "  - conv1d: {filters: 1, kernel: 7, padding: 3}\n    from: image\n    name: large\n"
        "  - add:\n    from: [small, large]\n"
    )
    steps = only(fields).steps or ()
    names = [fields.graph.layers[step.layer].name for step in steps]
    assert names == ["large", "add"]
    assert [(way.seen.size, way.decides) for way in steps[-1].ways] == [(3, False), (7, True)]


def test_two_ways_that_reach_further_at_one_end_each_decide_together() -> None:
    """One sees the 3 positions up to its own, −2 to 0, the other from its own on, 0 to 3: together −2 to 3."""
    fields = net(
        "  - conv1d: {filters: 1, kernel: 3, padding: [[2, 0]]}\n    name: past\n"
        "  - conv1d: {filters: 1, kernel: 4, padding: [[0, 3]]}\n    from: image\n    name: future\n"
        "  - add:\n    from: [past, future]\n"
    )
    step = (only(fields).steps or ())[-1]
    assert (step.seen.start, step.seen.size) == (-2, 6)
    assert [way.decides for way in step.ways] == [True, True]


def test_an_up_sampling_is_counted_back_from_the_least_and_the_most() -> None:
    """Three positions in a row of an up-sampling by 2 are of two or, never here, of more: 2k and 2k + 1 are one.

    Position o of the convolution reads o to o + 2: two if o is even (2k, 2k + 1, 2k + 2), and if odd (2k + 1, 2k + 2,
    2k + 3) two as well; four in a row are of two if the first is even, of three if it is odd.
    """
    three = only(net("  - upsample: 2\n  - conv1d: {filters: 1, kernel: 3}\n"))
    assert (three.steps, three.classes, [back.walked.seen.size for back in three.back]) == (None, (), [2])
    four = only(net("  - upsample: 2\n  - conv1d: {filters: 1, kernel: 4}\n"))
    assert [(one.size, one.modulus, one.positions) for one in four.classes] == [
        (2, 2, (interval(0, 1),)),
        (3, 2, (interval(1, 2),)),
    ]
    assert [(back.start or 0) % 2 for back in four.back] == [0, 1]
    assert [back.walked.seen.size for back in four.back] == [2, 3]


def test_what_reads_everything_ends_the_steps() -> None:
    each = only(net("  - conv1d: {filters: 1, kernel: 3}\n  - flatten\n  - dense: 4\n"))
    assert [step.everything for step in each.steps or ()] == [False, False, True]
    assert dict(each.lengths) == {3: 32}


def test_what_is_not_known() -> None:
    fields = fields_of(graphs.with_mystery())
    assert field_explained(fields, 2).axes is None
