"""Layers that look at nothing new, and feasible sizes of inputs: by hand, and as published.

Fields of chains by hand, as Araujo, Norris & Sim 2019 (Distill), equation 2, has it: a layer with a kernel of k adds
(k − 1) times the product of all strides before it.
"""

from __future__ import annotations

from archanalyzer.graph import Graph
from archanalyzer.passes.advice.productivity import Productivity
from tests import graphs
from tests.passes.advice.asking import Advice, advice, ask, spec
from tests.passes.advice.sizes import feasible, unproductive

# --- Known networks


def vgg16(size: int) -> Graph:
    layers = ""
    for stage, (filters, convolutions) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for number in range(1, convolutions + 1):
            layers += f"  - conv2d: {{filters: {filters}, kernel: 3, padding: 1}}\n    name: conv{stage}_{number}\n"
            layers += f"  - relu:\n    name: relu{stage}_{number}\n"
        layers += f"  - max_pool2d: 2\n    name: pool{stage}\n"
    return spec(f"{layers}  - flatten\n  - dense: 10\n", f"image: [3, {size}, {size}]")


def test_vgg16_on_images_of_32() -> None:
    """3, 5 | 6, 10, 14 | 16, 24, 32, 40 | 44, 60, 76, 92 | 100, 132, 164, 196, of the convolutions and pools in order.

    So conv3_3 reads what sees 32 of 32, which is not more than there is; conv4_1 is the first that does, behind a pool.
    """
    assert unproductive(vgg16(32)) == ["conv4_1", "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3"]
    assert feasible(vgg16(32)) == feasible(vgg16(224)) == {"image": ((164, 164), (196, 196))}
    assert unproductive(vgg16(164)) == []
    assert unproductive(vgg16(163)) == ["conv5_3"]


def test_what_is_said_of_vgg16() -> None:
    message = (
        "`conv4_1`, `conv4_2`, `conv4_3` and 3 more: what they read already sees 44×44 positions, at the first of "
        "them, more than the 32×32 of `image`"
    )
    hint = "leave them out, or down-sample less and later; at 164×164 or more, every window takes in something new"
    graph = vgg16(32)
    (found,) = ask(graph, Productivity).diagnostics
    assert found[:2] == (found.rule, message)
    assert (found.hint, found.source) == (hint, graph.layers[graph.index["conv4_1"]].source)


def test_what_is_said_of_one_layer() -> None:
    layers = "  - conv1d: {filters: 1, kernel: 9, padding: 4}\n  - conv1d: {filters: 1, kernel: 2}\n"
    message = "`conv1d_2`: what it reads already sees 9 positions, more than the 8 of `signal`"
    hint = "leave it out, or down-sample less and later; at 9 or more, every window takes in something new"
    assert advice(layers, "signal: [1, 8]") == [Advice("unproductive-layer", message, hint)]


def resnet18(size: int) -> Graph:
    """He et al. 2015 (arXiv:1512.03385), table 1: four stages of two blocks of two 3×3 convolutions."""
    build = graphs.Builder()
    build.input("image", 3, size, size)
    build.add("conv2d", name="stem", filters=64, kernel=7, stride=2, padding=3)
    last = build.add("max_pool2d", name="pool", kernel=3, stride=2, padding=1)
    for stage, filters in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            stride = 2 if stage > 1 and block == 0 else 1
            shortcut, name = last, f"layer{stage}.{block}"
            if stride > 1:
                shortcut = build.add(
                    "conv2d", name=f"{name}.shortcut", reads=(last,), filters=filters, kernel=1, stride=stride
                )
            first = build.add(
                "conv2d",
                name=f"{name}.conv1",
                reads=(last,),
                filters=filters,
                kernel=3,
                stride=stride,
                padding=1,
            )
            build.add("conv2d", name=f"{name}.conv2", reads=(first,), filters=filters, kernel=3, padding=1)
            last = build.add("add", name=f"{name}.add", reads=(len(build.layers) - 1, shortcut))
    build.add("global_avg_pool")
    build.add("dense", units=10)
    return build.graph()


def test_resnet18_on_images_of_32() -> None:
    """Around all convolutions lead ways on which no more is seen than behind the first pool: 7 + 2·2 = 11.

    So a first convolution of a block always reads 11, and a second one what sees 11 + 2·s, s being the product of the
    strides so far: 4 in the first stage, 19; 8 in the second one behind the first block, 27; 16, 43; 32, 75.
    """
    graph = resnet18(32)
    # layer3.0.conv1 stands before its stride, at 8: 11 + 2·8 = 27.
    assert unproductive(graph) == ["layer3.1.conv2", "layer4.0.conv2", "layer4.1.conv2"]
    # Seen at most: 11, 4 times 2·4, then 2·4 + 3·2·8, 2·8 + 3·2·16, 2·16 + 3·2·32: 11 + 32 + 56 + 112 + 224 = 435.
    assert feasible(graph) == {"image": ((75, 75), (435, 435))}
    assert unproductive(resnet18(75)) == []
    assert unproductive(resnet18(74)) == ["layer4.1.conv2"]


def test_figures_of_the_authors_toolbox() -> None:
    """Of rfa_toolbox, tests/test_graph/test_utils.py: 11 and 13; at most 13 and 25; at most 29 and 20."""
    six = "  - conv2d: {filters: 3, kernel: 3, padding: same}\n    repeat: 6\n  - softmax\n"
    assert feasible(spec(six)) == {"image": ((11, 11), (13, 13))}
    oblong = "  - conv2d: {filters: 3, kernel: [3, 5], padding: same}\n    repeat: 6\n"
    assert feasible(spec(oblong)) == {
        "image": ((11, 21), (13, 25))
    }  # what the last one reads, by hand: 1 + 5·2, 1 + 5·4
    branches = (
        "  - conv2d: {filters: 3, kernel: 3, padding: same}\n    repeat: 3\n    name: c\n"
        "  - conv2d: {filters: 3, kernel: [7, 12], padding: same}\n    name: tall\n"
        "  - conv2d: {filters: 3, kernel: [21, 4], padding: same}\n    from: c_3\n    name: wide\n"
        "  - concat:\n    from: [tall, wide]\n  - conv2d: {filters: 3, kernel: 3, padding: same}\n"
    )
    # The last one reads 7 + 6 = 13 positions at least along the height, 7 + 3 = 10 along the width.
    assert feasible(spec(branches)) == {"image": ((13, 10), (29, 20))}


STAGES = ((3, 1, 1), (3, 2, 2), (5, 2, 2), (3, 2, 3), (5, 1, 3), (5, 2, 4), (3, 1, 1))
"""Of EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946, table 1): kernel, stride, and how many blocks."""


def test_gates_are_no_ways_to_look_at_the_image() -> None:
    """EfficientNet-B0, whose gates see all of the image: 851 at most, says rfa_toolbox, leaving these out."""
    build = graphs.Builder()
    build.input("image", 3, 64, 64)
    last = build.add("conv2d", filters=8, kernel=3, stride=2, padding="same")
    for kernel, stride, blocks in STAGES:
        for block in range(blocks):
            strides = stride if block == 0 else 1
            seen = build.add(
                "conv2d", reads=(last,), filters=8, groups=8, kernel=kernel, stride=strides, padding="same"
            )
            build.add("global_avg_pool", keep_axes=True)
            gate = build.add("conv2d", filters=8, kernel=1)
            gated = build.add("multiply", reads=(seen, gate))
            last = build.add("add", reads=(gated, last)) if block else gated
    # The narrowest way leads through the first block of every stage: 3, 7, 11, 11 + 4·4 = 27, 27 + 2·8 = 43,
    # 43 + 4·16 = 107, 107 + 4·16 = 171, which the last stage reads.
    assert feasible(build.graph()) == {"image": ((171, 171), (851, 851))}


# --- Axes and inputs apart


def test_a_kernel_counts_along_the_axes_on_which_it_is_wide() -> None:
    """Where 9 positions of a width of 8 are seen, a kernel of 1×3 takes in nothing new; one of 3×3 does, above it."""
    wide = "  - conv2d: {filters: 3, kernel: [1, 9], padding: same}\n"
    flat = "  - conv2d: {filters: 3, kernel: [1, 3], padding: same}\n    name: flat\n"
    square = "  - conv2d: {filters: 3, kernel: 3, padding: same}\n    name: square\n"
    graph = spec(wide + flat + square, "image: [3, 32, 8]")
    assert unproductive(graph) == ["flat"]
    assert feasible(graph) == {"image": ((1, 11), (3, 13))}
    message = "`flat`: what it reads already sees 32×9 positions, more than the 32×8 of `image`"
    assert [each.message for each in ask(graph, Productivity).diagnostics] == [message]


def test_an_input_of_one_position_is_no_image() -> None:
    generator = (
        "  - conv_transpose2d: {filters: 4, kernel: 4}\n"
        "  - conv_transpose2d: {filters: 4, kernel: 4, stride: 2, padding: 1}\n    repeat: 3\n"
        "  - conv2d: {filters: 3, kernel: 3, padding: 1}\n"
    )
    graph = spec(generator, "noise: [100, 1, 1]")
    assert (unproductive(graph), feasible(graph)) == ([], {})


def test_one_position_along_one_axis_is_of_no_matter() -> None:
    graph = spec("  - conv2d: {filters: 1, kernel: 3, padding: same}\n    repeat: 3\n", "strip: [1, 1, 4]")
    assert unproductive(graph) == ["conv2d_3"]  # reads 5 of 4
    assert feasible(graph) == {"strip": ((5, 5), (7, 7))}


def test_a_layer_that_takes_in_something_of_another_input_is_of_use() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 9, padding: same}\n    from: left\n    name: l\n"
        "  - concat:\n    from: [l, right]\n  - conv1d: {filters: 1, kernel: 3, padding: same}\n    name: both\n"
        "  - conv1d: {filters: 1, kernel: 7, padding: same}\n    name: wide\n"
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    name: last\n"
    )
    graph = spec(layers, "left: [1, 8], right: [1, 8]")
    # Of `right`, these three read 1, 3 and 9 positions; of `left`, 9, 11 and 17.
    assert unproductive(graph) == ["last"]
    assert feasible(graph) == {"left": ((17,), (19,)), "right": ((9,), (11,))}


def test_pools_are_not_layers_that_learn() -> None:
    graph = spec("  - max_pool1d: {kernel: 3, stride: 1, padding: same}\n    repeat: 9\n", "signal: [1, 4]")
    assert (unproductive(graph), feasible(graph)) == ([], {})


def test_a_layer_that_shares_its_weights_looks_with_them() -> None:
    """Five times the same kernel of 3, of which the last two read 7 and 9 of 6 positions."""
    layers = "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    name: first\n"
    layers += "".join(
        f"  - conv1d: {{filters: 1, kernel: 3, padding: same}}\n    share: first\n    name: again{each}\n"
        for each in range(4)
    )
    assert unproductive(spec(layers, "signal: [1, 6]")) == ["again2", "again3"]


def test_behind_a_pool_to_a_given_size_no_more_is_seen_than_there_is() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 9, padding: same}\n  - adaptive_avg_pool1d: 5\n"
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    repeat: 5\n"
    )
    graph = spec(layers, "signal: [1, 12]")
    assert (unproductive(graph), feasible(graph)) == ([], {"signal": ((1,), (9,))})


def test_what_is_not_known_is_not_told() -> None:
    build = graphs.Builder()
    build.input("signal", 1, 4)
    for _ in range(4):
        build.add("conv1d", filters=1, kernel=3, padding="same")
    build.add("mystery")
    build.add("conv1d", filters=1, kernel=3, padding="same")
    graph = build.graph()
    assert unproductive(graph) == ["conv1d_3", "conv1d_4"]  # which read 5 and 7 of 4
    assert feasible(graph) == {}
    assert ask(graph, Productivity).diagnostics[0].hint == "leave them out, or down-sample less and later"


def test_behind_a_dense_layer_nothing_moves() -> None:
    layers = (
        "  - conv1d: {filters: 2, kernel: 3}\n  - flatten\n  - dense: 8\n  - reshape: {shape: [1, 8]}\n"
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    repeat: 9\n"
    )
    graph = spec(layers, "signal: [1, 12]")
    assert (unproductive(graph), feasible(graph)) == ([], {"signal": ((3,), (3,))})  # 3 is the least that fits


def test_axes_may_change_places() -> None:
    """What is the height becomes the width, of which 7 of 6 positions are seen."""
    layers = (
        "  - conv2d: {filters: 3, kernel: [7, 1], padding: same}\n  - permute: {axes: [0, 2, 1]}\n"
        "  - conv2d: {filters: 3, kernel: [1, 3], padding: same}\n    name: on_width\n"
        "  - conv2d: {filters: 3, kernel: [3, 1], padding: same}\n    name: on_height\n"
    )
    graph = spec(layers, "image: [3, 6, 32]")
    assert unproductive(graph) == ["on_width"]
    assert feasible(graph) == {"image": ((7, 1), (9, 3))}


def test_the_way_with_the_smaller_stride_may_become_the_narrower_one() -> None:
    """Through the pool 4 positions are seen, 4 apart; beside it 6, one apart. Behind a kernel of 3 that is 12 and 8."""
    layers = (
        "  - max_pool1d: 4\n    name: pool\n  - conv1d: {filters: 1, kernel: 6}\n    from: signal\n"
        "  - crop: {size: 8}\n  - concat:\n    from: [pool, previous]\n"
        "  - conv1d: {filters: 1, kernel: 3}\n    repeat: 2\n"
    )
    assert feasible(spec(layers, "signal: [1, 32]")) == {"signal": ((8,), (20,))}


def test_ways_at_many_paces() -> None:
    """Pools of 4 to 64, at strides of as much, beside kernels of 6 and 100, at a stride of 1.

    Behind two kernels of 3, the narrowest way is not the one that was so before, 4 + 2·2·4 = 20, but 6 + 2·2 = 10, of
    which the second one reads 8. Nor is the widest one that of 100 positions, then 104, but 64 + 2·2·64 = 320.
    """
    build = graphs.Builder()
    build.input("signal", 1, 640)
    ways = []
    for size in (4, 8, 16, 32, 64):
        build.add("max_pool1d", reads=(0,), kernel=size)
        ways.append(build.add("crop", size=10))
    for kernel in (6, 100):
        build.add("conv1d", reads=(0,), filters=1, kernel=kernel)
        ways.append(build.add("crop", size=10))
    build.add("add", reads=tuple(ways))
    build.add("conv1d", filters=1, kernel=3)
    build.add("conv1d", filters=1, kernel=3)
    assert feasible(build.graph()) == {"signal": ((8,), (320,))}


def test_two_ways_with_little_in_common() -> None:
    """One at a stride of 8, of which 8 positions are seen, and one of 7 at a stride of 1, that stays the narrower."""
    layers = (
        "  - max_pool1d: 8\n  - crop: {size: 4}\n    name: far\n  - conv1d: {filters: 1, kernel: 7}\n    from: signal\n"
        "  - crop: {size: 4}\n    name: near\n  - add:\n    from: [far, near]\n"
        "  - conv1d: {filters: 1, kernel: 2}\n    repeat: 3\n"
    )
    # What the last kernel reads: 7 + 2, or 8 + 2·8. For 4 windows of 8, there must be 32.
    assert feasible(spec(layers, "signal: [1, 64]")) == {"signal": ((32,), (32,))}
