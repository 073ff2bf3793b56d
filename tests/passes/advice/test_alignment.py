"""Ways that meet and look at different places: by hand, and by the centres of all paths, one by one."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.advice.alignment import Alignment
from tests.passes.advice.asking import Advice, Draft, advice, ask, rules, spec

CROPPED = """\
  - conv2d: {filters: 3, kernel: 3}
  - crop: {amount: [[%d, %d], [1, 1]]}
    from: image
  - add:
    from: [conv2d, crop]
"""


def test_what_is_said_of_ways_that_differ() -> None:
    message = "`add` (add) joins ways with different centres along the height of `image`"
    hint = "shift what comes through `crop` by 1 position: crop so many more at its start and fewer at its end"
    notes = "through conv2d: stride 1, centre 1 at position 0", "through crop: stride 1, centre 0 at position 0"
    assert advice(CROPPED % (0, 2)) == [Advice("misaligned-ways", message, hint, notes)]
    assert advice(CROPPED % (1, 1)) == []
    (found,) = advice(CROPPED.replace("[1, 1]", "[2, 0]") % (2, 0))
    assert found.message == "`add` (add) joins ways with different centres along the height and width of `image`"
    assert found.hint.startswith("shift what comes through `conv2d` by 1 position: ")


def test_half_a_position() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 2}\n  - crop: {amount: [[0, 1]]}\n    from: signal\n"
        "  - add:\n    from: [conv1d, crop]\n"
    )
    (found,) = advice(layers, "signal: [1, 16]")
    assert found.notes[0] == "through conv1d: stride 1, centre 0.5 at position 0"
    mend = "kernels that are all odd or all even have equal centres where both ends are padded alike"
    assert found.hint == f"no crop mends 0.5 positions: {mend}"


def test_positions_of_a_layer_are_meant_not_pixels() -> None:
    """Behind a stride of 4, padding of one position more lays the centre 4 pixels before."""
    layers = (
        "  - max_pool1d: 4\n  - conv1d: {filters: 1, kernel: 3, padding: [[2, 0]]}\n  - add:\n"
        "    from: [conv1d, max_pool1d]\n"
    )
    (found,) = advice(layers, "signal: [1, 32]")
    assert found.notes == (
        "through conv1d: stride 4, centre -2.5 at position 0",
        "through max_pool1d: stride 4, centre 1.5 at position 0",
    )
    assert found.hint.startswith("shift what comes through `conv1d` by 1 position: ")


def test_different_strides() -> None:
    layers = (
        "  - max_pool1d: 4\n  - crop: {amount: [[12, 12]]}\n    from: signal\n  - concat:\n"
        "    from: [max_pool1d, crop]\n"
    )
    message = "`concat` (concat) joins ways with different strides along the length of `signal`"
    hint = "down-sample the one or up-sample the other, so that they move on alike before they meet"
    notes = "through max_pool1d: stride 4, centre 1.5 at position 0", "through crop: stride 1, centre 12 at position 0"
    assert advice(layers, "signal: [1, 32]") == [Advice("misaligned-ways", message, hint, notes)]


def test_it_is_told_where_it_first_comes_about() -> None:
    build = Draft(32)
    last = 0
    for _ in range(4):
        last = build.grow(
            "add", build.grow("conv1d", last, filters=1, kernel=3), build.grow("crop", last, amount=((0, 2),))
        )
    build.grow("add", last, build.grow("relu", last))
    assert ask(build.graph(), Alignment).layers == (3,)


def test_inputs_are_compared_each_with_itself() -> None:
    """That what is seen of `left` lies elsewhere than what is seen of `right` says nothing."""
    layers = (
        "  - crop: {amount: [[0, 3]]}\n    from: left\n    name: l\n  - crop: {amount: [[3, 0]]}\n    from: right\n"
        "    name: r\n  - add:\n    from: [l, r]\n"
    )
    inputs = "left: [1, 16], right: [1, 16]"
    assert "misaligned-ways" not in rules(layers, inputs)
    layers += "  - crop: {amount: [[1, 2]]}\n    from: right\n  - concat:\n    from: [add, previous]\n"
    (found,) = [each for each in advice(layers, inputs) if each.rule == "misaligned-ways"]
    assert found.message == "`concat` (concat) joins ways with different centres along the length of `right`"


UP = "  - max_pool1d: 2\n    name: down\n%s    name: up\n  - concat:\n    from: [up, signal]\n"


@pytest.mark.parametrize(
    ("up", "apart"),
    [
        # A pool of 2 is centred on 2·i + 0.5. Output 0 and 1 both see pool 0: 0.5, and 0.5 less 1.
        ("  - upsample: 2\n", 0),
        ("  - conv_transpose1d: {filters: 1, kernel: 2, stride: 2}\n", 0),
        # Output 0 sees pools -1 and 0, centred on -0.5; output 1 sees 0 and 1, on 1.5, less 1: 0 on average.
        ("  - conv_transpose1d: {filters: 1, kernel: 4, stride: 2, padding: 1}\n", 0),
        ("  - upsample: {factor: 2, mode: linear}\n", 0),
        # Output 0 sees pool 0, centred on 0.5; output 1 sees 0 and 1, on 1.5, less 1: 0.5 on average.
        ("  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1}\n", Fraction(1, 2)),
        # Output 0 sees pools -1 and 0, on -0.5; output 1 sees pool 0, on 0.5 less 1: -0.5 on average.
        ("  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, padding: [[0, 1]]}\n", Fraction(-1, 2)),
    ],
)
def test_ways_up_and_skips(up: str, apart: Fraction) -> None:
    found = [each for each in advice(UP % up, "signal: [1, 32]") if each.rule == "misaligned-ways"]
    told = [
        (
            f"through up: stride 1, centre {float(apart):g} at position 0",
            "through signal: stride 1, centre 0 at position 0",
        )
    ]
    assert [each.notes for each in found] == (told if apart else [])


@pytest.mark.parametrize(
    "layers",
    [
        "  - adaptive_avg_pool1d: 3\n  - upsample: {size: 32}\n",  # moves by no one stride
        "  - global_avg_pool: {keep_axes: true}\n",  # sees everything
        "  - flatten\n  - dense: 32\n  - reshape: {shape: [1, 32]}\n",
    ],
)
def test_what_has_no_centre_is_not_compared(layers: str) -> None:
    merged = f"{layers}    name: other\n  - add:\n    from: [signal, other]\n"
    assert rules(merged, "signal: [1, 32]") == []


def test_behind_what_has_no_centre_others_are_compared() -> None:
    layers = (
        "  - adaptive_avg_pool1d: 3\n  - upsample: {size: 32}\n  - add:\n    from: [signal, upsample]\n"
        "  - conv1d: {filters: 1, kernel: 3}\n    from: signal\n  - crop: {amount: [[2, 0]]}\n    from: signal\n"
        "  - add:\n    from: [conv1d, crop]\n    name: differing\n  - crop: 1\n    from: add\n    name: c\n"
        "  - add:\n    from: [differing, c]\n"
    )
    graph = spec(layers, "signal: [1, 32]")
    assert [graph.layers[index].name for index in ask(graph, Alignment).layers] == ["differing"]


def test_a_layer_of_which_it_is_not_known_what_it_reads() -> None:
    build = Draft(16)
    build.grow("conv1d", 0, filters=1, kernel=3)
    build.grow("mystery", 1)
    build.grow("add", 2, build.grow("crop", 0, amount=((0, 2),)))
    assert ask(build.graph(), Alignment).layers == ()


# --- All paths, one by one

Centres = frozenset[tuple[int, Fraction]]
"""Of all paths to a layer, the stride and the centre of what position 0 sees."""


def moved(graph: Graph, layer: int, stride: int, centre: Fraction) -> tuple[int, Fraction]:
    """A path, and what becomes of it in a layer: position 0 reads around a place that lies so many positions on."""
    fields = graph.layers[layer].op.model_dump()
    match graph.layers[layer].op.name:
        case "conv1d" | "max_pool1d":
            (kernel,), (own,), (dilation,) = fields["kernel"], fields["stride"], fields.get("dilation", (1,))
            ((before, _),) = fields["padding"]
            return stride * own, centre + (Fraction((kernel - 1) * dilation, 2) - before) * stride
        case "crop":
            return stride, centre + fields["amount"][0][0] * stride
        case "pad":
            return stride, centre - fields["amount"][0][0] * stride
    return stride, centre


def misaligned(graph: Graph) -> list[int]:
    """The layers with paths of different strides or centres, behind none of which that is so already."""
    paths: list[Centres] = []
    differing: list[int] = []
    for layer in graph.layers:
        if not layer.inputs:
            paths.append(frozenset({(1, Fraction(0))}))
            continue
        paths.append(frozenset(moved(graph, layer.index, *each) for source in layer.inputs for each in paths[source]))
        if len(paths[-1]) > 1 and all(len(paths[source]) == 1 for source in layer.inputs):
            differing.append(layer.index)
    return differing


def grown(seed: int) -> Graph:
    """Some convolutions, pools, crops and pads, and sums of what happens to be equally long."""
    random, build = Random(seed), Draft(24)  # noqa: S311
    for _ in range(random.randint(3, 14)):
        reads = random.randrange(len(build.layers))
        length, sides = build.lengths[reads], (random.randint(0, 2), random.randint(0, 2))
        others = [index for index, other in enumerate(build.lengths) if other == length and index != reads]
        match random.choice(("conv", "pool", "crop", "pad", "add", "add", "add")):
            case "conv" if length > 6:
                kernel, stride, dilation = random.randint(1, 3), random.choice((1, 1, 1, 2)), random.choice((1, 1, 2))
                fields = {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": (sides,)}
                build.grow("conv1d", reads, filters=1, **fields)
            case "pool" if length > 6:
                build.grow(
                    "max_pool1d", reads, kernel=random.randint(2, 3), stride=random.choice((1, 2)), padding=((0, 0),)
                )
            case "crop" if length > 6:
                build.grow("crop", reads, amount=(sides,))
            case "pad" if length < 30:
                build.grow("pad", reads, amount=(sides,))
            case "add" if others:
                build.grow("add", reads, random.choice(others))
    read = {source for layer in build.layers for source in layer.inputs}
    return build.graph(outputs=tuple(layer.index for layer in build.layers if layer.index not in read))


def test_misaligned_ways_against_all_paths() -> None:
    some, none = 0, 0
    for seed in range(1000):
        graph = grown(seed)
        expected = misaligned(graph)
        assert list(ask(graph, Alignment).layers) == expected, seed
        some += len(expected)
        none += not expected and any(len(layer.inputs) > 1 for layer in graph.layers)
    assert some > 200
    assert none > 30
