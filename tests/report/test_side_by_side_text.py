"""Two optimizers side by side, as text."""

from __future__ import annotations

from archanalyzer.report.side_by_side_text import render
from tests.executor.test_side_by_side import LINE, pair_of, run


def test_by_hand() -> None:
    """With c = ½·w², w = 1 and η = β = ½: w = ½, ¼, ⅛ and ½, 0, −¼, so c = ½·w² before and after each step."""
    both = run(pair_of(LINE, "sgd", "momentum", rate=0.5, momentum=0.5), 3)
    assert render(both, "net", "net.yaml", 80).splitlines() == [
        "net  net.yaml",
        "1 sample; inputs and targets from the spec; loss half_squared_error;",
        "sgd with rate 0.5; momentum with rate 0.5, momentum 0.5; float64; seed 0",
        "",
        "step  loss of sgd  loss of momentum  largest difference",
        "───────────────────────────────────────────────────────",
        "   1          0.5               0.5                   0",
        "   2        0.125             0.125                0.25",
        "   3      0.03125                 0               0.375",
        "",
        "after 3 steps: loss 0.0078125 and 0.03125",
        "over all steps, parameters up to 0.5 differ by at most 0.375",
    ]


def test_the_trace_has_both() -> None:
    both = run(pair_of(LINE, "momentum", "momentum_unrolled", rate=0.5, momentum=0.5), 2, trace=True)
    shown = render(both, "net", "net.yaml", 80).splitlines()
    heads = [line for line in shown if line.startswith(("start", "step"))]
    assert heads == [
        "start",
        "step 1  momentum  loss 0.5",
        "step 1  momentum_unrolled  loss 0.5",
        "step 2  momentum  loss 0.125",
        "step 2  momentum_unrolled  loss 0.125",
        "step  loss of momentum  loss of momentum_unrolled  largest difference",
    ]
    # g = 1, then ½: V = −½, then −¼ − ¼; S = 1, then ½ + ½.
    kept = [line.split() for line in shown if "V(W)" in line or "S(W)" in line]
    assert [" ".join(line[-2:]) for line in kept] == ["V(W) [[-0.5]]", "S(W) [[1]]"] * 2


def test_standing_still_is_told_of_each() -> None:
    text = LINE.replace("x: [1]}, targets: {dense: [0]}", "x: [0]}, targets: {dense: [1]}")
    shown = render(run(pair_of(text, "sgd", "momentum", rate=0.5), 2), "net", "net.yaml", 80).splitlines()
    still = "training stands still at step 1: all gradients are zero, and the loss is 0.5"
    assert [line for line in shown if "still" in line] == [f"sgd: {still}", f"momentum: {still}"]


def test_many_steps_are_shown_at_some() -> None:
    shown = render(run(pair_of(LINE, "sgd", "momentum", rate=0.5), 30), "net", "net.yaml", 80).splitlines()
    assert "20 of 30 steps; JSON has them all" in shown


def test_of_a_run_that_failed_there_are_the_steps_before() -> None:
    """With w of size 1e80 after a step and 1e160 after two, c = ½·w² is beyond all floats."""
    shown = render(run(pair_of(LINE, "sgd", "momentum", rate=1e80), 9), "net", "net.yaml", 80).splitlines()
    assert [line.split()[0] for line in shown[6:8]] == ["1", "2"]
    assert [line.split(" ")[0] for line in shown[8:]] == ["", "over"]
