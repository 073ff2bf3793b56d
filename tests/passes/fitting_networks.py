"""Networks that fit at some sizes, and asking at which they do."""

from __future__ import annotations

from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.fitting import input_sizes
from archanalyzer.passes.tensor_types import tensor_types
from archanalyzer.spec import parse_spec

IMAGE = "archspec: 1\ninputs: {image: [3, %s]}\nlayers:\n"
SIGNAL = "archspec: 1\ninputs: {signal: [1, %s]}\nlayers:\n"


def told(text: str) -> list[str]:
    """What is said of the sizes at which a network fits."""
    graph = parse_spec(text).graph
    return [fit.text for fit in input_sizes(graph, tensor_types(graph))]


def hints(text: str) -> list[str | None]:
    return [diagnostic.hint for diagnostic in analyze(parse_spec(text)).diagnostics]


def hint(text: str) -> str:
    """What the only error says of the sizes at which the network would fit; empty where it says nothing of them."""
    (only,) = hints(text)
    return (only or "").partition("the network fits where ")[2]


def unet(skips: tuple[str, ...], padding: str) -> str:
    """The layers of a U-Net four levels deep, with up-convolutions: two convolutions of 3×3 on each level.

    ``skips`` say what becomes of what each level hands over, the deepest first: a layer in YAML, empty for none.
    """
    double = f"  - conv2d: {{filters: 2, kernel: 3, padding: {padding}}}\n    repeat: 2\n    name: %s\n"
    lines = ""
    for level in "abcd":
        lines += double % f"down_{level}" + "  - max_pool2d: 2\n"
    lines += double % "bottom"
    for level, skip in zip("dcba", skips, strict=True):
        lines += f"  - conv_transpose2d: {{filters: 2, kernel: 2, stride: 2}}\n    name: up_{level}\n"
        lines += f"  - {skip or 'identity:'}\n    from: down_{level}_2\n  - concat:\n    from: [previous, up_{level}]\n"
        lines += double % f"joined_{level}"
    return lines


SAME_UNET = unet(("", "", "", ""), "same")
VALID_UNET = unet(("crop: 4", "crop: 16", "crop: 40", "crop: 88"), "valid")
"""Ronneberger, Fischer & Brox 2015, figure 1: what it crops, 64 to 56, 136 to 104, 280 to 200 and 568 to 392."""
VGG = "".join("  - conv2d: {filters: 2, kernel: 3, padding: same}\n  - max_pool2d: 2\n" for _ in range(5))
