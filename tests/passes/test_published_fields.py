"""Published receptive fields of the networks in `cases`, at other depths and lengths than those that their specs hold.

All figures are from the table that comes with the code of Araujo, Norris & Sim 2019, "Computing Receptive Fields of
Convolutional Neural Networks" (Distill): field, effective stride, and effective padding, which is −offset. It names the
length of the input, since TensorFlow's `SAME` pads 2 positions or 1, as the length before a stride is odd or even.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from archanalyzer.passes.analyzing import analyze
from archanalyzer.spec import read_spec

CASES = Path(__file__).parent / "cases"
UNITS = {
    "resnet_v1_50": "[3, 4, 6, 3]",
    "resnet_v1_101": "[3, 4, 23, 3]",
    "resnet_v1_152": "[3, 8, 36, 3]",
    "resnet_v1_200": "[3, 24, 36, 3]",
}
"""TF-Slim's units of each block, by depth."""


def field_of(spec: str, length: int, block: str, units: str | None = None) -> tuple[int, int, int]:
    """Field, stride and padding of what a layer or block puts out, which are the same on both axes."""
    settings = {} if units is None else {"units": units}
    shape = f"3x{length}x{length}"
    analyzed = analyze(read_spec(str(CASES / f"{spec}.yaml"), settings=settings, input_shapes={"image": shape}))
    assert not analyzed.diagnostics
    graph = analyzed.facts.graph
    outputs = graph.index | {each.name: each.output for each in graph.blocks if each.output is not None}
    height, width = analyzed.facts.values("receptive_field")[outputs[block]]
    figures = [(axis["size"], axis["stride"], -axis["offset"]) for axis in (height, width)]
    assert figures[0] == figures[1]
    return figures[0]


@pytest.mark.parametrize(
    ("network", "length", "block", "field", "stride", "padding"),
    [
        ("resnet_v1_101", 224, "block3", 835, 32, 415),
        ("resnet_v1_101", 224, "block4", 1027, 32, 511),
        ("resnet_v1_152", 224, "block2", 163, 16, 79),
        ("resnet_v1_152", 224, "block3", 1315, 32, 655),
        ("resnet_v1_152", 224, "block4", 1507, 32, 751),
        ("resnet_v1_200", 224, "block2", 419, 16, 207),
        ("resnet_v1_200", 224, "block3", 1571, 32, 783),
        ("resnet_v1_200", 224, "block4", 1763, 32, 879),
        ("resnet_v1_50", 321, "block1", 35, 8, 17),
        ("resnet_v1_50", 321, "block4", 483, 32, 241),
        ("resnet_v1_101", 321, "block4", 1027, 32, 513),
        ("resnet_v1_152", 321, "block4", 1507, 32, 753),
        ("resnet_v1_200", 321, "block4", 1763, 32, 881),
    ],
)
def test_residual_networks_of_all_depths(
    network: str, length: int, block: str, field: int, stride: int, padding: int
) -> None:
    assert field_of("resnet50_v1_slim", length, block, UNITS[network]) == (field, stride, padding)


@pytest.mark.parametrize(
    ("network", "block", "field", "stride", "padding"),
    [
        ("alexnet_v2", "pool5", 195, 32, 64),
        ("vgg16_slim", "stage5", 212, 32, 90),
        ("mobilenet_v1", "conv0", 3, 2, 1),
        ("mobilenet_v1", "conv6", 59, 16, 29),
        ("mobilenet_v1", "conv13", 315, 32, 157),
        ("inception_v2", "conv1a", 7, 2, 3),
        ("inception_v2", "pool3a", 27, 8, 13),
        ("inception_v2", "mixed4e", 379, 16, 189),
        ("inception_v2", "mixed5c", 699, 32, 349),
        ("inception_v3", "mixed7c", 1311, 32, 618),
        ("inception_resnet_v2", "conv7b", 3039, 32, 1482),
    ],
)
def test_images_of_321_by_321(network: str, block: str, field: int, stride: int, padding: int) -> None:
    assert field_of(network, 321, block) == (field, stride, padding)
