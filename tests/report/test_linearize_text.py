"""The affine map of a network as text: what is said of large arrays, of pieces, and of checks."""

from __future__ import annotations

import numpy as np

from archanalyzer.executor.linearizing import Factor, LayerMap, Linearized
from archanalyzer.executor.local_map import Kink
from archanalyzer.executor.map_checks import Check
from archanalyzer.report.linearize_text import render, render_no

IDENTITY = np.eye(2)


def text(*layers: LayerMap, why: str = "", checks: tuple[Check, ...] = ()) -> str:
    """The report of a map of two elements."""
    two = np.array([1.0, -2])
    checks = checks or (Check("A = J(x)", 0, holds=True),)
    found = Linearized({"x": two}, {"y": two}, {("y", "x"): IDENTITY}, {"y": two}, layers, checks, why)
    return render(found, ["1 sample", "seed 0"], "net\x1b", "net.yaml", 80)


def layer(diagonal: list[float], kink: Kink | None = None) -> LayerMap:
    value = np.array(diagonal)
    return LayerMap("act", (Factor("x", "Λ", value.shape, value),), np.zeros(2), bends=True, kink=kink)


def test_the_whole() -> None:
    assert text(layer([1, 0.25])) == (
        "net\\x1b  net.yaml\n"
        "1 sample; seed 0\n"
        "piecewise linear; homogeneous: the map holds at a·x for every a > 0\n"
        "\n"
        "around\n"
        "  x  o  [ 1, -2]\n"
        "\n"
        "layer by layer\n"
        "  act  Λ  [   1, 0.25]\n"
        "\n"
        "y = A·x + c\n"
        "  A     [[1, 0],\n"
        "         [0, 1]]\n"
        "  c     [ 1, -2]\n"
        "  f(x)  [ 1, -2]\n"
        "\n"
        "pieces\n"
        "  act  slope 1 at 1 element, 0.25 at 1\n"
        "\n"
        "checks\n"
        "  A = J(x)  largest difference 0\n"
    )


def test_matrices_that_say_little() -> None:
    same = Factor("a", "A", (2, 2), IDENTITY)
    large = Factor("b", "A", (3000, 2000), None)
    out = text(LayerMap("add", (same, large), np.array([0.0, 3]), bends=False, kink=None))
    assert "  add  A·a  2×2, the identity\n       A·b  3000×2000, not formed\n       c    [0, 3]\n" in out
    assert "pieces" not in out


def test_slopes() -> None:
    assert "  act  slope 1 at 3 elements, 0 at 2\n" in text(layer([0, 1, 1, 0, 1]))
    assert "  act  slopes from 1 to 5 at 5 elements\n" in text(layer([1, 2, 3, 4, 5]))


def test_kinks() -> None:
    out = text(layer([1, 0], Kink((1,), (0.0,), bends=True)))
    assert (
        "  act  slope 1 at 1 element, 0 at 1; at a kink in element 1, slope 0 taken;\n"
        "       its output bends there\n" in out
    )
    many = text(layer([1, 0], Kink(tuple(range(12)), None, bends=False)))
    assert "at a kink in elements 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more;\n" in many
    assert "with the slopes taken, nothing changes there\n" in many


def test_checks() -> None:
    checks = Check("A = J(x)", 0.5, holds=False), Check("f(x) = J(x)·x", 2, holds=False, expected=False)
    out = text(layer([1, 1]), why="`d\x07` adds a bias", checks=checks)
    assert "piecewise linear; not homogeneous: `d\\x07` adds a bias\n" in out
    assert out.endswith(
        "  A = J(x)       largest difference 0.5, more than rounding makes\n"
        "  f(x) = J(x)·x  largest difference 2; need not hold: `d\\x07` adds a bias\n"
    )


def test_no() -> None:
    assert render_no("it is not: `a\x1b` is not", "n", "p") == "n  p\nit is not: `a\\x1b` is not\n"
