"""The sizes that errors name, at which a network would fit; and where they name none."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from archanalyzer.diagnostics.rules.layers import SHAPES_DIFFER
from archanalyzer.graph import Layer, Misfit, Op, TensorType, Types
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.fitting import input_sizes
from archanalyzer.passes.tensor_types import propagate_types, tensor_types
from archanalyzer.spec import parse_spec
from tests import graphs
from tests.graphs import Builder
from tests.passes.fitting_networks import IMAGE, SAME_UNET, SIGNAL, VALID_UNET, VGG, hint, hints

ROOT = Path(__file__).parents[2]
APART = """\
  - conv2d: {filters: 3, kernel: 3}
  - max_pool2d: 2
    from: image
  - concat:
    from: [conv2d, max_pool2d]
"""


class Moody(Op):
    """Divides by zero where its input has a single position."""

    name = "moody"

    def output_type(self, inputs: Types) -> TensorType:
        length = inputs[0].shape[1]
        return TensorType((length // (length - 1), length))


class Picky(Op):
    """Takes multiples of 8, either square or with one side of 8."""

    name = "picky"

    def output_type(self, inputs: Types) -> TensorType:
        _, height, width = inputs[0].shape
        if height % 8 or width % 8 or (height != width and 8 not in (height, width)):
            raise Misfit(SHAPES_DIFFER, f"{height}×{width} is not to its taste")
        return inputs[0]


@pytest.mark.parametrize(
    ("size", "layers", "said"),
    [
        ("100, 100", SAME_UNET, "height and width are multiples of 16; the nearest are 96×96 and 112×112"),
        ("100, 64", SAME_UNET, "height and width are multiples of 16; the nearest are 96×64 and 112×64"),
        ("100, 50", SAME_UNET, "height and width are multiples of 16; the nearest are 96×48 and 112×64"),
        ("8, 8", SAME_UNET, "height and width are multiples of 16; the nearest is 16×16"),
        ("512, 512", VALID_UNET, "height and width are 16·k + 12, from 188; the nearest are 508×508 and 524×524"),
        ("256, 256", VGG + "  - reshape: {shape: [98]}\n", "height and width are 224 to 255; the nearest is 255×255"),
        ("31, 64", VGG, "height and width are 32 or more"),
        (
            "200, 200",
            "  - upsample: {size: 224}\n  - concat:\n    from: [image, upsample]\n",
            "height and width are 224",
        ),
        ("64, 64", "  - crop: {size: 500}\n", "height and width are 500 or more"),
        (
            "32, 48",
            "  - permute: {axes: [0, 2, 1]}\n  - concat:\n    from: [image, permute]\n",
            "height and width are equal",
        ),
        ("70, 70", "  - max_pool2d: 10\n  - reshape: {shape: [189]}\n", "the height is 90 to 99; the nearest is 90×70"),
    ],
)
def test_where_a_network_would_fit(size: str, layers: str, said: str) -> None:
    # The last: 189 = 3·9·7, and no square; the others as above.
    assert hint(IMAGE % size + layers) == said
    (only,) = analyze(parse_spec(IMAGE % size + layers)).diagnostics
    assert len(re.findall("the network fits where", only.hint or "")) == 1


def test_the_nearest_sizes_fit_and_none_in_between_does() -> None:
    shapes = re.findall(r"(\d+)×(\d+)", hint(IMAGE % "512, 512" + VALID_UNET))
    below, above = (int(height) for height, _ in shapes)
    texts = {size: IMAGE % f"{size}, {size}" + VALID_UNET for size in range(below, above + 1)}
    fitting = [size for size, text in texts.items() if not propagate_types(parse_spec(text).graph).diagnostics]
    assert fitting == [below, above]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            "{image: [3, 33, 48], depth: [1, 33, 48]}",
            "height and width are even and the same for `image` and `depth`; the nearest are 32×48 and 34×48",
        ),
        (
            "{image: [3, 32, 32], depth: [1, 30, 30]}",
            "height and width are even and the same for `image` and `depth`; the nearest are 30×30 and 32×32",
        ),
    ],
)
def test_inputs_that_would_have_to_be_of_one_size(inputs: str, said: str) -> None:
    layers = """\
layers:
  - max_pool2d: 2
    from: image
  - upsample: 2
  - concat:
    from: [upsample, depth]
  - concat:
    from: [previous, image]
"""
    assert hint(f"archspec: 1\ninputs: {inputs}\n{layers}") == said


def test_an_input_that_is_wrong_beside_one_that_is_half_as_large() -> None:
    text = """\
archspec: 1
inputs: {low: [3, 32, 32], high: [3, 65, 65]}
layers:
  - upsample: 2
    from: low
  - concat:
    from: [upsample, high]
"""
    assert hint(text) == "height and width of `high` are 64"


def test_an_input_that_may_not_be_shorter_than_another() -> None:
    text = """\
archspec: 1
inputs: {left: [3, 60], right: [3, 64]}
layers:
  - crop_like:
    from: [left, right]
"""
    assert hint(text) == "the length of `left` is 64 or more"


def test_a_layer_that_was_never_meant_for_some_sizes() -> None:
    graph = Builder()
    graph.input("signal", 1, 8)
    graph.layers.append(Layer(1, "moody", Moody(), (0,), graphs.at(2)))
    graph.add("conv1d", filters=1, kernel=9)
    (diagnostic,) = graphs.analyzed(graph.graph()).diagnostics
    assert (diagnostic.hint or "").endswith("the network fits where the length is 9 or more")


def test_a_hint_that_is_there_comes_first() -> None:
    assert hints(IMAGE % "31, 31" + VGG) == [
        "use a smaller kernel, more padding or a larger input; the network fits where height and width are 32 or more"
    ]


@pytest.mark.parametrize(
    ("size", "layers"),
    [
        # Channels that do not go together, and ones that do not divide into groups, behind a network for some sizes.
        (100, SAME_UNET + "  - add:\n    from: [previous, image]\n"),
        (64, SAME_UNET + "  - conv2d: {filters: 3, kernel: 1, groups: 3}\n"),
        # A rank that is wrong.
        (8, "  - dense: 10\n"),
        # Nothing but a single position, which goes with everything: n − 2 with n at n = 3.
        (8, "  - conv2d: {filters: 3, kernel: 3}\n  - add:\n    from: [image, conv2d]\n"),
        # Two ways that grow apart: n − 2 and ⌊n / 2⌋ are 2 and 2 at n = 4, 1 and 1 at n = 3.
        (8, APART),
        # Another number of elements, 3·h·w, which 5 divides where it divides one of h and w.
        (8, "  - reshape: {shape: [5, -1]}\n"),
        # 224 to 255 would fit, which is another network.
        (64, VGG + "  - reshape: {shape: [98]}\n"),
    ],
)
def test_no_size_is_named_where_it_is_not_the_size_that_is_wrong(size: int, layers: str) -> None:
    assert hint(IMAGE % f"{size}, {size}" + layers) == ""


def test_no_size_is_named_where_something_else_is_wrong_too() -> None:
    found = hints(IMAGE % "100, 100" + SAME_UNET + "  - dense: 10\n    from: image\noutputs: [joined_a_2, dense]\n")
    assert len(found) == 2
    assert not any("fits where" in (each or "") for each in found)


def test_no_size_is_named_where_axes_depend_on_each_other() -> None:
    # Around 8×8, all multiples of 8 fit, and so do all such squares; most of them do not go with each other.
    build = Builder()
    build.input("image", 1, 8, 8)
    build.layers.append(Layer(1, "picky", Picky(), (0,), graphs.at(2)))
    graph = build.graph()
    fits = input_sizes(graph, tensor_types(graph))
    assert [fit.text for fit in fits] == ["height: multiples of 8", "width: multiples of 8"]
    build.layers[0] = Layer(0, "image", graphs.op("input", shape=(1, 7, 6)), (), graphs.at(1))
    assert [each.hint for each in graphs.analyzed(build.graph()).diagnostics] == [None]


def test_nothing_is_tried_where_no_size_can_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("archanalyzer.passes.fitting.Trials")
    assert len(hints(IMAGE % "8, 8" + "  - dense: 10\n")) == 1


def test_no_size_is_named_where_there_is_too_much_to_try() -> None:
    text = SIGNAL % "64" + "  - conv1d: {filters: 1, kernel: 3}\n    repeat: 3_000\n"
    assert hints(text) == ["use a smaller kernel, more padding or a larger input"]


def test_a_network_that_fits_costs_nothing() -> None:
    code = (
        "import sys; from archanalyzer import analyze; analyze('specs/vgg16.yaml');"
        "sys.exit('archanalyzer.passes.fitting' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
