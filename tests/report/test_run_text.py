"""What came of running, as text."""

from __future__ import annotations

from typing import Any

import numpy as np

import archanalyzer
from archanalyzer.executor.data import gather
from archanalyzer.executor.training import Run, Training, set_up
from archanalyzer.graph import Running
from archanalyzer.report.run_text import render, render_plan

LINE = """\
archspec: 1
inputs: {x: [1]}
layers: [dense: {units: 1, bias: false}]
weights: {dense: {weight: [[1]]}}
data: {inputs: {x: [1]}, targets: {dense: [0]}}
"""


def run_of(text: str, *, steps: int = 0, trace: bool = False, batch: int | None = None, **chosen: Any) -> Run:
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype="float64")
    set_up(network, spec.running, Running(**chosen))
    data = gather(network, spec.running, batch=batch, draw_targets=steps > 0)
    training = Training(network, data)
    return training.run(training.steps(steps, trace=trace), trace=trace)


def lines(run: Run, width: int = 80) -> list[str]:
    return render(run, "net", "net.yaml", width).splitlines()


def test_a_long_run_is_shown_at_some_steps() -> None:
    """With c = ½·w², rate ½ and w = 1 at first, w is halved by every step: c = ½·4^(1 − step)."""
    shown = lines(run_of(LINE, steps=100, settings={"rate": 0.5}))
    assert shown[4:10] == [
        "step         loss  gradient norm",
        "────────────────────────────────",
        "   1          0.5              1",
        "   6  0.000488281        0.03125",
        "  11  4.76837e-07    0.000976562",
        "  17  1.16415e-10    1.52588e-05",
    ]
    assert shown[25].split()[0] == "100"
    assert shown[26] == "20 of 100 steps; JSON has them all"


def test_a_large_array_is_summed_up() -> None:
    run = run_of("archspec: 1\ninputs: {x: [2, 100]}\nlayers: [relu]\n", trace=True)
    x = run.arrays[0].value
    assert lines(run)[4] == (f"  x     o   2×100; from {x.min():.6g} to {x.max():.6g}; mean {x.mean():.6g}; 0.0 % zero")
    assert lines(run)[5].startswith("  relu  o   2×100; from 0 to ")


def test_zero_has_no_sign() -> None:
    text = "archspec: 1\ninputs: {x: [2]}\nlayers: [leaky_relu: 0.0]\ndata: {inputs: {x: [-1, 2]}}\n"
    run = run_of(text)
    assert np.signbit(run.outputs["leaky_relu"]).tolist() == [[True, False]]
    assert lines(run)[-1] == "leaky_relu  2  [0, 2]"


def test_gradients_that_cancel_out() -> None:
    text = LINE.replace("{x: [1]}, targets: {dense: [0]}", "{x: [[1], [1]]}, targets: {dense: [[0], [2]]}")
    told = lines(run_of(text, steps=2, settings={"rate": 1}))
    assert "training stands still at step 1: all gradients are zero, and the loss is 0.5" in told
    assert "a critical point: what errors are multiplied with is zero, or the products cancel out" in told
    assert not any(line.startswith("dead") for line in told)


def test_many_dead_units_are_cut_short() -> None:
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 30, relu]\nweights: {dense: {weight: 0, bias: -1}}\n"
    text += "data: {inputs: {x: [1]}, targets: {relu: [" + "1, " * 29 + "1]}}\n"
    told = lines(run_of(text, steps=1, settings={"rate": 1}))
    assert "dead in relu: 30 of 30 units (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … and 20 more)" in told


def test_conditions_are_broken_between_them() -> None:
    assert lines(run_of(LINE, steps=1, settings={"rate": 0.5}), width=40)[1:5] == [
        "1 sample;",
        "inputs and targets from the spec;",
        "loss half_squared_error;",
        "sgd with rate 0.5; float64; seed 0",
    ]


def test_the_plan() -> None:
    text = "archspec: 1\ninputs: {x: [2, 8]}\nlayers: [max_pool1d: 2, flatten, dense: 2]\n"
    assert render_plan(archanalyzer.compile(archanalyzer.loads(text)).plan(gradients=False), "net", "net.yaml") == (
        "net  net.yaml\n"
        "plan, forward: 3 steps, 4 buffers\n"
        "a sample needs 128 B, of which 96 B live at once\n"
        "\n"
        "step           layer       kernel            reads  fills\n"
        "─────────────────────────────────────────────────────────\n"
        "0     feed     x                                    b0\n"
        "1     forward  max_pool1d  max_pool1d plain  b0     b1 b2\n"
        "2     forward  dense       dense matmul      b1     b3\n"
        "\n"
        "buffer  of          what       shape  type     bytes  steps  at\n"
        "────────────────────────────────────────────────────────────────────\n"
        "b0      x           output     2×8    float32  64     0–1    0\n"
        "b1      max_pool1d  output     2×4    float32  32     1–2    64\n"
        "b2      max_pool1d  positions  2×4    int64    64     1–1    scratch\n"
        "b3      dense       output     2      float32  8      2–2    0\n"
    )
