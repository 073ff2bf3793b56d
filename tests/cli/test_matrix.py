"""``archanalyzer matrix``: what it prints, its files, and its exit codes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archanalyzer import compile as compiled
from archanalyzer.cli import main, matrix
from archanalyzer.executor import matrix_files

NET = """\
archspec: 1
name: net
inputs: {x: [1, 4]}
layers:
  - conv1d: {filters: 2, kernel: 3, padding: same}
    name: conv
  - relu
  - avg_pool1d: 2
    name: pool
  - flatten
  - dense: {units: 2, bias: false}
  - dense: 1
    name: last
weights:
  conv: {weight: [[[1, 2, 0.1]], [[0, -1, 4]]], bias: [0, 5]}
"""
# By hand: output position t of filter f sums h_f1·x_(t−1) + h_f2·x_t + h_f3·x_(t+1), where there are such.
CONV = """\
net  net.yaml
conv (conv1d): x 1×4 → 2×4
vec(output) = W·vec(input) + c; W is 8×4, not zero in 20 of 32

W                    c
⎡ h₁₂ h₁₃   ·   · ⎤  ⎡ b₁ ⎤
⎢ h₁₁ h₁₂ h₁₃   · ⎥  ⎢ b₁ ⎥
⎢   · h₁₁ h₁₂ h₁₃ ⎥  ⎢ b₁ ⎥
⎢   ·   · h₁₁ h₁₂ ⎥  ⎢ b₁ ⎥
⎢ ─────────────── ⎥  ⎢ ── ⎥
⎢ h₂₂ h₂₃   ·   · ⎥  ⎢ b₂ ⎥
⎢ h₂₁ h₂₂ h₂₃   · ⎥  ⎢ b₂ ⎥
⎢   · h₂₁ h₂₂ h₂₃ ⎥  ⎢ b₂ ⎥
⎣   ·   · h₂₁ h₂₂ ⎦  ⎣ b₂ ⎦
"""
NUMBERS = [
    [2, 0.1, 0, 0],
    [1, 2, 0.1, 0],
    [0, 1, 2, 0.1],
    [0, 0, 1, 2],
    [-1, 4, 0, 0],
    [0, -1, 4, 0],
    [0, 0, -1, 4],
    [0, 0, 0, -1],
]
OFFSET = [0, 0, 0, 0, 5, 5, 5, 5]


COMMAND = "matrix"


@pytest.fixture(autouse=True)
def folder(bare_folder: Path) -> Path:
    """A folder with a network."""
    (bare_folder / "net.yaml").write_text(NET)
    return bare_folder


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said of arguments that cannot be used; nothing else is printed."""
    assert main(["matrix", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err.strip().splitlines()[-1].removeprefix("Error: ")


# --- Text


def test_by_name(printed: Any) -> None:
    assert printed("net.yaml", "conv") == CONV


def test_flipped_the_first_weight_is_the_one_furthest_behind(printed: Any) -> None:
    lines = printed("net.yaml", "conv", "--flip").splitlines()
    assert lines[6] == "⎢ h₁₃ h₁₂ h₁₁   · ⎥  ⎢ b₁ ⎥"


def test_without_weights_in_fractions(printed: Any) -> None:
    assert printed("net.yaml", "pool").splitlines()[4:] == [
        "⎡ 1/2 1/2   ·   · │   ·   ·   ·   · ⎤",
        "⎢   ·   · 1/2 1/2 │   ·   ·   ·   · ⎥",
        "⎢ ────────────────┼──────────────── ⎥",
        "⎢   ·   ·   ·   · │ 1/2 1/2   ·   · ⎥",
        "⎣   ·   ·   ·   · │   ·   · 1/2 1/2 ⎦",
    ]


def test_in_numbers(printed: Any) -> None:
    lines = printed("net.yaml", "conv", "--numbers").splitlines()
    assert lines[4:7] == [
        "W                    c",
        "⎡   2 0.1   ·   · ⎤  ⎡ · ⎤",
        "⎢   1   2 0.1   · ⎥  ⎢ · ⎥",
    ]
    assert lines[-1] == "⎣   ·   ·   ·  -1 ⎦  ⎣ 5 ⎦"


def test_in_a_list(printed: Any) -> None:
    assert printed("net.yaml", "pool", "--sparse").splitlines()[4:] == [
        "row  column  entry",
        "  1       1    1/2",
        "  1       2    1/2",
        "  2       3    1/2",
        "  2       4    1/2",
        "  3       5    1/2",
        "  3       6    1/2",
        "  4       7    1/2",
        "  4       8    1/2",
    ]
    assert printed("net.yaml", "conv", "--sparse").splitlines()[-3:] == ["  6  b₂", "  7  b₂", "  8  b₂"]


def test_the_gradient(printed: Any) -> None:
    """By hand: ∂l/∂h_12 sums δ_1t·o_t, ∂l/∂h_11 those with δ one position later, ∂l/∂h_13 one position earlier."""
    lines = printed("net.yaml", "conv", "--gradient").splitlines()
    start = lines.index("∂l/∂h = E·vec(δ·oᵀ)")
    assert lines[start + 1 : start + 3] == [
        "δ = ∂l/∂vec(output), o = vec(input)",
        "E is 6×32: a row for each weight, a column for each entry of δ·oᵀ, row by row",
    ]
    assert lines[start + 4] == "h₁₁ ⎡ · · · · │ 1 · · · │ · 1 · · │ · · 1 · │ · · · · │ · · · · │ · · · · ⋯ ⎤"
    assert lines[-8:] == [
        "∂l/∂h₁₁ = δ₁₂·o₁ + δ₁₃·o₂ + δ₁₄·o₃",
        "∂l/∂h₁₂ = δ₁₁·o₁ + δ₁₂·o₂ + δ₁₃·o₃ + δ₁₄·o₄",
        "∂l/∂h₁₃ = δ₁₁·o₂ + δ₁₂·o₃ + δ₁₃·o₄",
        "∂l/∂h₂₁ = δ₂₂·o₁ + δ₂₃·o₂ + δ₂₄·o₃",
        "∂l/∂h₂₂ = δ₂₁·o₁ + δ₂₂·o₂ + δ₂₃·o₃ + δ₂₄·o₄",
        "∂l/∂h₂₃ = δ₂₁·o₂ + δ₂₂·o₃ + δ₂₃·o₄",
        "∂l/∂b₁ = δ₁₁ + δ₁₂ + δ₁₃ + δ₁₄",
        "∂l/∂b₂ = δ₂₁ + δ₂₂ + δ₂₃ + δ₂₄",
    ]


def test_what_is_large_is_cut_unless_all_is_asked_for(printed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    wide = ("net.yaml", "--input", "x=1x200", "conv")
    cut = printed(*wide).splitlines()
    assert max(map(len, cut[4:-1])) <= 40
    assert cut[-1] == "rows 1–40 of 400, columns 1–6 of 200; `--full` shows all, `--sparse` a list"
    assert cut[-2].count("⋮") == 7, "a column each, and one of c"
    whole = printed(*wide, "--full").splitlines()
    assert len(whole) == 4 + 1 + 400 + 1  # a head, the letters, the rows, a line between channels
    assert not any("⋯" in line or "⋮" in line for line in whole)


def test_several_layers_with_weights_are_shown_in_numbers(printed: Any) -> None:
    chain = (
        "archspec: 1\nname: net\ninputs: {x: [1]}\nlayers:\n  - dense: 1\n  - dense: 1\ntraining: {initializer: 2}\n"
    )
    Path("chain.yaml").write_text(chain)
    lines = printed("chain.yaml").splitlines()
    assert lines[1:4] == [
        "net (network): x 1 → 1",
        "vec(output) = W·vec(input); W is 1×1, not zero in 1 of 1",
        "in numbers, since several layers have weights: `dense`, `dense_2`",
    ]
    assert lines[-1] == "[ 4 ]"


def test_a_terminal_without_subscripts(monkeypatch: pytest.MonkeyPatch) -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", ascii_only)
    assert main(["matrix", "net.yaml", "conv"]) == 0
    ascii_only.seek(0)
    lines = ascii_only.read().splitlines()
    assert lines[5:10] == [
        "[ h12 h13   .   . ]  [ b1 ]",
        "[ h11 h12 h13   . ]  [ b1 ]",
        "[   . h11 h12 h13 ]  [ b1 ]",
        "[   .   . h11 h12 ]  [ b1 ]",
        "[ --------------- ]  [ -- ]",
    ]


def test_names_cannot_get_at_the_terminal(printed: Any) -> None:
    Path("bad.yaml").write_text('archspec: 1\nname: "a\\e[2J"\ninputs: {x: [1]}\nlayers: [identity]\n')
    for form in ("text", "json", "markdown", "latex"):
        assert "\x1b" not in printed("bad.yaml", "--format", form)
    Path("bad.yaml").write_text('archspec: 1\nname: "a\\e[2J"\ninputs: {x: [1]}\nlayers: [relu]\n')
    why = r"Error: no matrix does what `a\x1b[2J` does: `relu` in it is not affine"
    assert printed("bad.yaml", code=2, err=f"{why}\n") == ""


# --- Other formats


def dense_of(found: dict[str, Any], key: str = "values") -> list[list[Any]]:
    full: list[list[Any]] = [[0] * found["shape"][1] for _ in range(found["shape"][0])]
    for row, column, value in zip(found["rows"], found["columns"], found[key], strict=True):
        full[row][column] = value
    return full


def test_json_in_numbers(printed: Any) -> None:
    document = json.loads(printed("net.yaml", "conv", "--numbers", "--format", "json"))
    assert document["schema"] == 1
    assert document["part"] == {"name": "conv", "kind": "conv1d"}
    assert document["inputs"] == [{"name": "x", "shape": [1, 4]}]
    assert document["output"] == {"name": "conv", "shape": [2, 4]}
    assert dense_of(document["matrix"]) == NUMBERS
    no_names = {"entries": None, "factors": None, "weights": None}
    assert document["offset"] == {"values": OFFSET, **no_names}
    assert {key: document["matrix"][key] for key in no_names} == no_names
    assert (document["weights"], document["gradient"]) == (None, None)


def test_json_by_name(printed: Any) -> None:
    document = json.loads(printed("net.yaml", "conv", "--flip", "--gradient", "--format", "json"))
    assert document["matrix"]["values"] is None
    assert dense_of(document["matrix"], "entries")[1] == ["h₁₃", "h₁₂", "h₁₁", 0]
    assert dense_of(document["matrix"], "factors")[1] == [[1], [1], [1], 0]
    assert dense_of(document["matrix"], "weights")[1] == [[2], [1], [0], 0]  # h₁₃ is number 2 of `weights`
    assert document["offset"] == {
        "values": None,
        "entries": ["b₁"] * 4 + ["b₂"] * 4,
        "factors": [[1]] * 8,
        "weights": [[6]] * 4 + [[7]] * 4,
    }
    assert document["weights"][0] == {"name": "h₁₁", "array": "conv.weight", "index": [0, 0, 2]}
    assert document["weights"][2] == {"name": "h₁₃", "array": "conv.weight", "index": [0, 0, 0]}
    assert document["weights"][7] == document["weights"][-1] == {"name": "b₂", "array": "conv.bias", "index": [1]}
    e, c = (np.array(dense_of(document["gradient"][name])) for name in ("E", "C"))
    # Flipped, h₁₁ multiplies the position behind: its δ₁·o₂, δ₂·o₃, δ₃·o₄ are columns 2, 7 and 12, from 1.
    assert np.flatnonzero(e[0]).tolist() == [1, 6, 11]
    assert c.tolist() == [[0] * 8] * 6 + [[1] * 4 + [0] * 4, [0] * 4 + [1] * 4]


def test_json_of_fractions(printed: Any) -> None:
    document = json.loads(printed("net.yaml", "pool", "--format", "json"))
    assert document["matrix"]["values"] == [0.5] * 8
    assert document["matrix"]["entries"] == ["1/2"] * 8
    assert document["matrix"]["factors"] == [[0.5]] * 8
    assert document["matrix"]["weights"] == [[None]] * 8
    assert document["offset"] == {
        "values": [0] * 4,
        "entries": ["0"] * 4,
        "factors": [[]] * 4,
        "weights": [[]] * 4,
    }


def test_json_has_factors_in_full(printed: Any) -> None:
    """By hand, γ/√(var + ε)·(x − mean) + β: the factors are 1/√2 and −3/√2, of which the text has six digits."""
    Path("norm.yaml").write_text(
        "archspec: 1\ninputs: {x: [1, 1]}\nlayers: [{batch_norm: {epsilon: 0.5}}]\n"
        "weights:\n  batch_norm: {running_mean: 3, running_var: 1.5}\n"
    )
    document = json.loads(printed("norm.yaml", "--format", "json"))
    assert document["matrix"]["entries"] == ["0.707107·w"]
    assert document["matrix"]["factors"] == [[pytest.approx(2**-0.5, rel=1e-15)]]
    assert document["offset"]["entries"] == ["-2.12132·w + b"]
    assert document["offset"]["factors"] == [[pytest.approx(-3 * 2**-0.5, rel=1e-15), 1]]
    assert document["offset"]["weights"] == [[0, 1]]


def test_latex(printed: Any) -> None:
    lines = printed("net.yaml", "conv", "--format", "latex", "--gradient").splitlines()
    assert lines[:5] == [
        "% net  net.yaml",
        "% conv (conv1d): x 1×4 → 2×4",
        r"\[",
        r"W = \left[\begin{array}{cccc}",
        r"  h_{12} & h_{13} & \cdot & \cdot \\",
    ]
    assert lines[8] == r"  \hline"
    assert [line[:3] for line in lines if line[1:4] == " = "] == ["W =", "c =", "E =", "C ="]
    # Weight h₁₁ stands before x at the position before an output, which the first one has not; b₁ is added to all four.
    assert r"\partial l/\partial h = E\,vec(\delta\,o^T)" in lines
    products = [rf"\delta_{{1{position + 1}}}\,o_{{{position}}}" for position in (1, 2, 3)]
    assert rf"  \partial l/\partial h_{{11}} = {' + '.join(products)} \\" in lines
    alone = " + ".join(rf"\delta_{{1{position}}}" for position in (1, 2, 3, 4))
    assert rf"  \partial l/\partial b_{{1}} = {alone} \\" in lines
    assert r"\end{array}\right]" in lines
    cut = printed("net.yaml", "conv", "--input", "x=1x30", "--format", "latex")
    assert cut.count(r"\cdots \\") == 24
    assert r"% rows 1–24 of 60, columns 1–24 of 30; `--full` shows all, `--sparse` a list" in cut
    assert r"\cdots" not in printed("net.yaml", "conv", "--input", "x=1x30", "--format", "latex", "--full")


def test_markdown(printed: Any) -> None:
    lines = printed("net.yaml", "pool", "--format", "markdown").splitlines()
    assert lines == [
        "### `pool` of `net`",
        "",
        "`pool (avg_pool1d): relu 2×4 → 2×2`",
        "",
        "$$",
        r"W = \left[\begin{array}{cccc|cccc}",
        r"  \frac{1}{2} & \frac{1}{2} & \cdot & \cdot & \cdot & \cdot & \cdot & \cdot \\",
        r"  \cdot & \cdot & \frac{1}{2} & \frac{1}{2} & \cdot & \cdot & \cdot & \cdot \\",
        r"  \hline",
        r"  \cdot & \cdot & \cdot & \cdot & \frac{1}{2} & \frac{1}{2} & \cdot & \cdot \\",
        r"  \cdot & \cdot & \cdot & \cdot & \cdot & \cdot & \frac{1}{2} & \frac{1}{2} \\",
        r"\end{array}\right]",
        "$$",
    ]


# --- Files


def test_files_of_numbers(printed: Any) -> None:
    for name in ("w.npz", "w.npy", "w.csv", "w.mtx"):
        assert printed("net.yaml", "conv", "-o", name) == ""
    assert np.load("w.npz")["matrix"].tolist() == NUMBERS
    assert np.load("w.npz")["offset"].tolist() == OFFSET
    assert np.load("w.npy").tolist() == NUMBERS
    assert Path("w.csv").read_text().splitlines()[0] == "2,0.1,0,0"
    assert Path("w.mtx").read_text().splitlines()[1] == "8 4 17", "h_21, in three places, is 0"
    printed("net.yaml", "conv", "--sparse", "-o", "w.npz")
    assert np.load("w.npz")["format"].item() == b"csr"
    printed("net.yaml", "conv", "--gradient", "-o", "e.npy")
    assert np.load("e.npy").shape == (6, 32)
    assert np.flatnonzero(np.load("e.npy")[0]).tolist() == [4, 9, 14]
    printed("net.yaml", "conv", "-o", "w.txt")
    assert Path("w.txt").read_text() == CONV


def test_the_endings_are_those_that_are_written() -> None:
    assert matrix._DATA == matrix_files.ENDINGS


def test_weights_are_loaded_or_drawn_as_in_a_run(printed: Any) -> None:
    compiled("net.yaml", dtype="float64", seed=4).save("weights.npz")
    printed("net.yaml", "dense", "--load", "weights.npz", "-o", "loaded.npy")
    printed("net.yaml", "dense", "--seed", "4", "-o", "drawn.npy")
    expected = compiled("net.yaml", dtype="float64", seed=4).parameters["dense.weight"]
    np.testing.assert_array_equal(np.load("loaded.npy"), expected)
    np.testing.assert_array_equal(np.load("drawn.npy"), expected)
    printed("net.yaml", "dense", "--seed", "4", "--dtype", "float32", "-o", "rounded.npy")
    np.testing.assert_array_equal(np.load("rounded.npy"), expected.astype(np.float32))


def test_the_initializer_draws_what_is_not_pinned(printed: Any) -> None:
    printed("net.yaml", "dense", "--initializer", "he_normal", "--seed", "4", "-o", "drawn.npy")
    spec = NET + "training: {initializer: he_normal}\n"
    Path("said.yaml").write_text(spec)
    expected = compiled("said.yaml", dtype="float64", seed=4).parameters["dense.weight"]
    np.testing.assert_array_equal(np.load("drawn.npy"), expected)
    Path("other.yaml").write_text(NET + "training: {initializer: glorot}\n")
    printed("other.yaml", "dense", "--initializer", "he_normal", "--seed", "4", "-o", "over.npy")
    np.testing.assert_array_equal(np.load("over.npy"), expected)
    printed("net.yaml", "conv", "--initializer", "glorot", "-o", "pinned.npy")
    assert np.load("pinned.npy").tolist() == NUMBERS


# --- What cannot be used


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["relu"], "`relu` is not affine: no matrix does what it does"),
        ([], "no matrix does what `net` does: `relu` in it is not affine"),
        (["x"], "`x` computes nothing: what it puts out is an input"),
        (["pol"], "there is no layer or block `pol`; did you mean `pool`?"),
        (["pool", "--gradient"], "`pool` has no weights: there is no gradient by them"),
        (["pool", "--flip"], "there is no kernel whose numbers could be counted backwards"),
        (["dense", "--flip"], "there is no kernel whose numbers could be counted backwards"),
        (["conv", "--flip", "--numbers"], "`--flip` numbers the names of weights, or the rows of E with `--gradient`"),
        (["conv", "--dtype", "int8"], "weights are in float32 or float64, not in `--dtype int8`"),
        (["conv", "-o", "w.npz", "--format", "json"], "`--format json` does not go with a file that ends in `.npz`"),
        (["conv", "-o", "net.yaml"], "`net.yaml` is the spec itself"),
        (["conv", "-o", "no/w.npz"], "cannot write `no/w.npz`: No such file or directory"),
        (["conv", "--load", "no.npz"], "cannot read `no.npz`: No such file or directory"),
        (["conv", "--load", ""], "`--load` names no file"),
        (["conv", "--load", "w.npz", "-o", "w.npz"], "`--output` and `--load` name the same file, `w.npz`"),
        (
            ["conv", "--input", "x=1x30000"],
            "computing the matrix of `conv`, 60,000 rows and 30,000 columns, would take too long: try a smaller input",
        ),
        (["conv", "--limit", "memory=100"], None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_told(arguments: list[str], why: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "net.yaml", *arguments)
    assert said == why if why is not None else "allowed are 100: `--limit memory=N` allows more" in said
    assert sorted(path.name for path in Path().iterdir()) == ["net.yaml"]


def test_a_layer_without_macs_takes_its_time_too(capsys: pytest.CaptureFixture[str]) -> None:
    """20,001 sums of 20,000 numbers each are 4·10⁸ additions, for each of 20,001 rows."""
    Path("pool.yaml").write_text(
        "archspec: 1\ninputs: {x: [1, 40000]}\nlayers:\n  - avg_pool1d: {kernel: 20000, stride: 1}\n"
    )
    why = "computing the matrix of `pool`, 20,001 rows and 40,000 columns, would take too long: try a smaller input"
    assert refused(capsys, "pool.yaml") == why


def test_in_numbers_where_finding_names_takes_too_long(printed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A matrix of 30·28 rows is computed once; for each of 30·30·2 weights it is not."""
    Path("same.yaml").write_text(
        "archspec: 1\ninputs: {x: [30, 30]}\nlayers:\n  - conv1d: {filters: 30, kernel: 2, bias: false}\n"
        "  - avg_pool1d: {kernel: 2, stride: 1}\n"
    )
    why = "finding each of 1,800 weights among 756,000 entries would take too long"
    assert printed("same.yaml").splitlines()[3] == f"in numbers, since {why}"
    assert refused(capsys, "same.yaml", "--gradient") == f"there is no E of `same`: {why}"


def test_several_layers_with_weights_have_no_e(capsys: pytest.CaptureFixture[str]) -> None:
    Path("chain.yaml").write_text("archspec: 1\ninputs: {x: [1]}\nlayers:\n  - dense: 1\n  - dense: 1\n")
    why = "several layers have weights: `dense`, `dense_2`"
    assert refused(capsys, "chain.yaml", "--gradient") == f"there is no E of `chain`: {why}"
    assert refused(capsys, "chain.yaml", "--flip") == f"the weights of `chain` cannot be shown by name: {why}"


def test_a_spec_with_errors_is_told_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.yaml").write_text("archspec: 1\ninputs: {x: [1]}\nlayers: [conv1d]\n")
    assert main(["matrix", "broken.yaml", "-o", "w.npz"]) == 2
    assert "`w.npz` was not written" in capsys.readouterr().err
    assert not Path("w.npz").exists()


def test_overrides(printed: Any) -> None:
    Path("vary.yaml").write_text(
        "archspec: 1\nvariables: {n: 2}\ninputs: {x: [=n]}\nlayers:\n  - dense: {units: =n, bias: false}\n"
    )
    assert printed("vary.yaml", "--set", "n=1").splitlines()[-1] == "[ w ]"
    assert printed("vary.yaml", "--input", "x=1").splitlines()[-2:] == ["⎡ w₁ ⎤", "⎣ w₂ ⎦"]
