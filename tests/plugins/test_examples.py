"""The example plugins: their figures against those that one works out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import archanalyzer
from archanalyzer import Plugin
from archanalyzer.cli import main
from archanalyzer.executor.network import Network
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.plugins import admitted
from archanalyzer.testing import checks_for
from archanalyzer.testing.checks import Check
from plugins import blur_pool, compression_ratio, energy, quantized, roofline
from tests.docs.fences import ROOT

EXAMPLES = sorted((ROOT / "plugins").glob("*.py"))
DENSE = """\
archspec: 1
inputs: {x: [1000]}
layers:
  - dense: {units: 100, bias: false}
  - relu
"""


def analyzed(plugin: Plugin, text: str = DENSE) -> Analyzed:
    with admitted(plugin):
        found = analyze(archanalyzer.loads(text))
        assert found.diagnostics == ()
        return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_is_short_and_named_in_the_readme(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 110
    assert f"]({path.name})" in (ROOT / "plugins" / "README.md").read_text()


def test_all_of_them_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(ROOT / "specs" / "vgg16.yaml"), "--plugin", str(ROOT / "plugins")]) == 0
    assert capsys.readouterr().err == ""


# --- Roofline


def test_roofline_by_hand() -> None:
    """100,000 MACs are 200,000 operations; moved are 1,000 + 100,000 + 100 numbers of 4 bytes.

    The ReLU takes 100 operations, for which it moves 200 numbers. On a device of 1 GFLOP/s and 0.1 GB/s, operations
    take 200 µs, their numbers 4,044 µs; of the ReLU 0.1 and 8.
    """
    device = roofline.Device("slow", flops_per_second=1e9, bytes_per_second=1e8)
    facts = analyzed(roofline.plugin_for(device)).facts
    assert facts.values("intensity") == [None, pytest.approx(200_000 / 404_400), pytest.approx(100 / 800)]
    assert facts.values("roofline_us") == [0, pytest.approx(4044), pytest.approx(8)]
    assert facts.values("bound") == [None, "memory", "memory"]
    assert facts.total("roofline_us").amount.value == pytest.approx(4052)
    assert facts.total("ridge").amount.value == pytest.approx(10)


def test_above_the_ridge_a_layer_computes() -> None:
    """As intensive as the ridge is not waiting; a convolution's weights are read once for all positions."""
    text = (
        "archspec: 1\ninputs: {image: [64, 56, 56]}\n"
        "layers:\n  - conv2d: {filters: 64, kernel: 3, padding: 1, bias: false}\n"
    )
    facts = analyzed(roofline.plugin, text).facts
    flops, moved = 2 * 64 * 56 * 56 * 64 * 9, 4 * (2 * 64 * 56 * 56 + 64 * 64 * 9)
    assert facts.values("intensity")[1] == pytest.approx(flops / moved)
    assert facts.values("bound")[1] == "compute"
    assert facts.values("roofline_us")[1] == pytest.approx(flops / 19.5e12 * 1e6)


# --- Energy


def test_energy_by_hand() -> None:
    """100,000 MACs of 4.6 pJ and 100 comparisons of 0.9; 404,400 and 800 bytes of 162.5 pJ."""
    facts = analyzed(energy.plugin).facts
    assert facts.values("energy_compute") == [0, pytest.approx(460_000), pytest.approx(90)]
    assert facts.values("energy_memory") == [0, pytest.approx(404_400 * 162.5), pytest.approx(800 * 162.5)]
    assert facts.total("energy").amount.value == pytest.approx(460_090 + 405_200 * 162.5)


def test_half_precision_takes_less_and_others_are_not_known() -> None:
    half = analyzed(energy.plugin, f"{DENSE}dtype: float16\n").facts
    assert half.values("energy_compute")[1] == pytest.approx(100_000 * 1.5)
    other = analyzed(energy.plugin, f"{DENSE}dtype: bfloat16\n").facts
    assert other.values("energy_compute")[1] is None
    assert other.total("energy").amount.at_least


# --- Quantized


def test_quantized_by_hand() -> None:
    """10,000 weights of 4 bits and 10 biases of 32; MACs of 4 × 8 bits."""
    text = DENSE.replace("{units: 100, bias: false}", "10")
    facts = analyzed(quantized.plugin_for(weight_bits=4, activation_bits=8), text).facts
    assert facts.values("quantized_bits") == [0, 40_320, 0]
    assert facts.total("quantized_bytes").amount.value == 5_040
    assert facts.values("bit_operations") == [0, 320_000, 0]
    assert facts.total("times_smaller").amount.value == pytest.approx(40_040 / 5_040)


@pytest.mark.parametrize("widths", [(0, 8), (8, 0), (-1, 8)])
def test_widths_that_are_none(widths: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected widths from 1"):
        quantized.plugin_for(weight_bits=widths[0], activation_bits=widths[1])


# --- Blur pool


@pytest.mark.parametrize("check", checks_for(blur_pool.BlurPool2d, blur_pool.kernel()), ids=str)
def test_blur_pool_passes_every_check_of_a_layer_type(check: Check) -> None:
    check()


def test_blur_pool_against_the_sum_as_written() -> None:
    text = "archspec: 1\ninputs: {image: [2, 5, 6]}\nlayers:\n  - blur_pool2d\n"
    image = np.random.default_rng(0).normal(size=(1, 2, 5, 6))
    with admitted(blur_pool.plugin):
        network = Network(archanalyzer.loads(text).graph, dtype="float64")
        (found,) = network.forward({"image": image}).values()
    padded = np.pad(image[0], ((0, 0), (1, 1), (1, 1)))
    taps = np.outer([1, 2, 1], [1, 2, 1]) / 16
    expected = [
        [[(padded[c, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] * taps).sum() for j in range(3)] for i in range(3)]
        for c in range(2)
    ]
    np.testing.assert_allclose(found[0], expected, rtol=1e-12)


def test_a_layer_type_without_a_kernel_says_so_when_it_is_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("archspec: 1\ninputs: {image: [2, 5, 6]}\nlayers:\n  - blur_pool2d\n")
    plugin = tmp_path / "bare.py"
    plugin.write_text(
        "from archanalyzer import Plugin\nfrom plugins.blur_pool import BlurPool2d\n"
        'plugin = Plugin("bare", api=1, ops=(BlurPool2d,))\n'
    )
    assert main(["run", str(spec), "--plugin", str(plugin)]) == 2
    assert "there is no kernel of `blur_pool2d`" in capsys.readouterr().err


def test_compression_is_a_plugin() -> None:
    assert analyzed(compression_ratio.plugin).facts.total("compression_ratio").amount.value == "10"
