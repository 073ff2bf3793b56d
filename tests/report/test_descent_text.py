"""The loss along the negative gradient, as text."""

from __future__ import annotations

import archanalyzer
from archanalyzer.executor.data import gather
from archanalyzer.executor.descending import descend
from archanalyzer.executor.training import set_up
from archanalyzer.graph import Running
from archanalyzer.report.descent_text import render
from tests.executor.test_descending import LINE


def lines(text: str, rates: tuple[float, ...], *, dtype: str = "float64", loss: str | None = None) -> list[str]:
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype=dtype)
    set_up(network, spec.running, Running(loss=loss))
    found = descend(network, gather(network, spec.running), rates)
    return render(found, "net\x1b", "net.yaml", 80).splitlines()


def test_a_parabola() -> None:
    """With c = ½·w² and w = 1: c(1 − γ) − c(1) = −γ + ½·γ²."""
    assert lines(LINE, (4, 1, 0.5)) == [
        "net\\x1b  net.yaml",
        "1 sample; inputs and targets from the spec; loss half_squared_error; float64;",
        "seed 0",
        "",
        "loss 0.5; ‖∇‖² 1",
        "",
        "  γ   loss  predicted  true change  quotient",
        "────────────────────────────────────────────",
        "  4    4.5         -4            4        -1",
        "  1      0         -1         -0.5       0.5",
        "0.5  0.125       -0.5       -0.375      0.75",
        "",
        "largest γ seen to descend: 1",
    ]


def test_what_the_table_leaves_open() -> None:
    """At γ = 1e200, c = ½·1e400; in float32, 1 − 1e-9 is 1."""
    shown = lines(LINE, (1e200, 4, 1e-9), dtype="float64")
    assert shown[8] == "1e+200  infinity    -1e+200            –         –"
    assert shown[11:] == [
        "γ = 1e+200: infinity first appears in the loss of `dense`",
        "",
        "largest γ seen to descend: 1e-09",
    ]
    assert lines(LINE, (4, 1e-9), dtype="float32")[8:] == [
        "    4   4.5         -4            4        -1",
        "1e-09   0.5     -1e-09            0         –",
        "– a change so small that its quotient is lost in rounding;",
        "numbers of float32 are 1.2e-07 of their size apart",
        "",
        "none of these γ is seen to descend; `--from` and `--factor` try others;",
        "`--dtype float64` tells smaller changes",
    ]
    assert lines(LINE, (4,))[-1] == "none of these γ is seen to descend; `--from` and `--factor` try others"


def test_outputs_that_the_loss_does_not_take() -> None:
    """From o = ½ with target 1, ∂c/∂o = −1/o = −2, and o − γ·(−2) is 2½."""
    text = LINE.replace("[[1]]", "[[0.5]]").replace("[0]}", "[1]}")
    shown = lines(text, (1,), loss="binary_cross_entropy")
    assert shown[8] == "1  undefined         -4            –         –"
    assert shown[9] == "γ = 1: binary_cross_entropy of `dense`: expected outputs from 0 to 1, found 2.5 in sample 0"


def test_a_critical_point() -> None:
    assert lines(LINE.replace("[[1]]", "[[0]]"), (1,))[4:] == [
        "loss 0; all gradients are zero: there is no γ that descends",
        "a critical point: the loss would have no output changed",
    ]
