"""`check` at work: what is expected to be found, what is updated, and snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archanalyzer.cli import main

NET = """\
archspec: 1
inputs: {x: [4]}
layers:
  - dense: 2
"""
WRONG = f"""\
{NET}expect: # by hand: 4·2 + 2 parameters
  totals:
    parameters: 9   # one fewer
    macs: <= 1_000
    flops: "< 10"
  layers:
    dense: {{output_shape: [3]}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARCHANALYZER_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def check(text: str | None, *options: str, name: str = "net.yaml") -> int:
    """The exit code of checking a text as a file; None where the file is there."""
    if text is not None:
        Path(name).write_text(text)
    return main(["check", name, *options])


# --- What is expected to be found


def test_an_error_that_is_expected_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    text = "archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers: [dense: 10]\n"
    assert check(text) == 2
    capsys.readouterr()
    assert check(f"{text}expect: {{diagnostics: {{wrong-rank: [dense]}}}}\n") == 0
    assert capsys.readouterr() == ("ok net.yaml: 1 expectation holds\n1 spec: 1 ok\n", "")


def test_an_error_beside_an_expected_one_is_one() -> None:
    text = "archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers:\n  - dense: 10\n  - relu:\n    nane: x\n"
    assert check(f"{text}expect: {{diagnostics: {{wrong-rank: some}}}}\n") == 2
    assert check(f"{text}expect: {{diagnostics: {{wrong-rank: some, unknown-key: some}}}}\n") == 0


@pytest.mark.parametrize("wanted", ["none", "2", "[image]"])
def test_an_error_that_is_expected_otherwise_stays_one(wanted: str) -> None:
    text = "archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers: [dense: 10]\n"
    assert check(f"{text}expect: {{diagnostics: {{wrong-rank: {wanted}}}}}\n") == 2


def test_an_expected_error_that_is_not_found_fails() -> None:
    assert check(f"{NET}expect: {{diagnostics: {{wrong-rank: some}}}}\n") == 1


def test_facts_of_a_network_with_errors_hold_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    text = "archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers: [dense: 10]\n"
    assert check(f"{text}expect: {{totals: {{parameters: _}}, diagnostics: {{wrong-rank: 1}}}}\n") == 1
    assert '`totals.parameters`: expected "_", found a network with errors' in capsys.readouterr().out


def test_advice_on_a_network_with_errors_is_not_known() -> None:
    text = "archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers: [dense: 10]\n"
    assert check(f"{text}expect: {{diagnostics: {{wrong-rank: 1, gridding: none}}}}\n") == 1
    assert check(f"{text}expect: {{diagnostics: {{wrong-rank: 1, gridin: none}}}}\n") == 2


def test_a_warning_that_is_expected_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{NET}blocks: {{unused: {{layers: [relu]}}}}\n"
    assert check(text) == 0
    assert "unused-block" in capsys.readouterr().err
    assert check(f"{text}expect: {{diagnostics: {{unused-block: 1}}}}\n") == 0
    assert capsys.readouterr().err == ""
    assert check(f"{text}expect: {{diagnostics: {{unused-block: none}}}}\n") == 1


def test_advice_is_looked_for_and_only_what_fails_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = "archspec: 1\ninputs: {x: [1, 7]}\nlayers:\n  - max_pool1d: {kernel: 2, stride: 2}\n"
    assert check(f"{text}expect: {{diagnostics: {{dropped-by-a-stride: [max_pool1d]}}}}\n") == 0
    assert check(f"{text}expect: {{diagnostics: {{dropped-by-a-stride: none}}}}\n") == 1
    out, err = capsys.readouterr()
    assert "`diagnostics.dropped-by-a-stride`: expected none, found 1, at `max_pool1d`" in out
    assert err == "", "advice itself is told by `field`"


def test_of_layers_at_one_place_those_count_that_are_named() -> None:
    text = (
        "archspec: 1\ninputs: {x: [1, 6]}\nlayers:\n  - max_pool1d: {kernel: 2, stride: 2}\n    repeat: 2\n"  # 6, 3, 1
    )
    assert check(f"{text}expect: {{diagnostics: {{dropped-by-a-stride: [max_pool1d_2]}}}}\n") == 0
    assert check(f"{text}expect: {{diagnostics: {{dropped-by-a-stride: [max_pool1d, max_pool1d_2]}}}}\n") == 1


# --- Updates


def test_values_that_fail_are_rewritten_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(WRONG, "--update") == 0
    assert Path("net.yaml").read_text() == (
        WRONG.replace("9   #", "10   #").replace('"< 10"', '"< 19"').replace("[3]", "[2]")
    )  # 8 MACs are 16 FLOPs, and the bias 2 more
    assert capsys.readouterr().out == ("updated net.yaml: 3 of 4 expectations are rewritten\n1 spec: 1 updated\n")
    before = Path("net.yaml").stat().st_mtime_ns
    assert check(None, "--update") == 0
    assert Path("net.yaml").stat().st_mtime_ns == before, "what holds is not written again"
    assert capsys.readouterr().out == "ok net.yaml: 4 expectations hold\n1 spec: 1 ok\n"


def test_a_dry_run_shows_a_diff_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(WRONG, "--update", "--dry-run") == 1
    assert Path("net.yaml").read_text() == WRONG
    out = capsys.readouterr().out
    assert "--- a/net.yaml\n+++ b/net.yaml\n" in out
    assert "-    parameters: 9   # one fewer\n+    parameters: 10   # one fewer\n" in out


def test_what_cannot_be_updated_is_told_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{NET}expect: {{totals: {{parameters: 9, macs: =3 * 3}}}}\n"
    assert check(text, "--update") == 1
    assert Path("net.yaml").read_text() == text.replace("parameters: 9", "parameters: 10")
    out = capsys.readouterr().out
    assert "failed net.yaml: 1 of 2 expectations fails; 1 of 2 expectations is rewritten\n" in out
    assert "failure[not-updated]: `totals.macs` stays as it is: its value comes from an expression\n" in out


def test_a_spec_with_errors_is_left_alone() -> None:
    text = f"{NET}  - conv2d: 3\nexpect: {{totals: {{parameters: 9}}}}\n"
    assert check(text, "--update") == 2
    assert Path("net.yaml").read_text() == text


def test_what_was_found_may_be_updated_too() -> None:
    text = (
        f"{NET}blocks: {{unused: {{layers: [relu]}}}}\nexpect: {{diagnostics: {{unused-block: none, gridding: 3}}}}\n"
    )
    assert check(text, "--update") == 0
    assert Path("net.yaml").read_text() == text.replace("none", "some").replace("gridding: 3", "gridding: 0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dry-run"], "`--dry-run` goes with `--update`"),
        (["--dry-run", "--update", "--format", "json"], "`--dry-run` shows a diff, which is no JSON"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(NET, *options) == 2
    assert message in capsys.readouterr().err
    assert main(["check", "-", "--update"]) == 2


def test_json_tells_what_was_updated(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(WRONG, "--update", "--format", "json") == 0
    (spec,) = json.loads(capsys.readouterr().out)["specs"]
    assert (spec["outcome"], spec["updated"], spec["unmet"], spec["difference"]) == ("updated", 3, 0, [])


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """A spec whose expectations are wrong, in pieces: what must stay, and the values between."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    filler = st.text(st.sampled_from("x:#-\t {}[]\"'äé漢😀&*"), max_size=8)
    number = draw(st.integers(20, 9_999))
    value = st.sampled_from(
        [
            f"{number}",
            f"{number:_}",
            f'">= {number}"',
            "<= 1",
            f"{number}..{number + 5}",
            f"{number} ± 1%",
            "5k",
            f"{{at_most: {number}, slack: 10%}}",
            "{less_than: 3}",
            "{about: 1M, within: 2}",
        ]
    )
    shape = st.sampled_from(["[3]", "['> 2']", "[2, 2]", "[{at_most: 1}]"])
    head = f"# {draw(filler)}{end}{NET.replace(chr(10), end)}expect:{end}  totals:{end}"
    pieces = [f"{head}    parameters: ", f" # {draw(filler)}{end}    macs:   ", ""]
    values = [draw(value), draw(value), draw(shape)]
    pieces[2] = f"{end}  layers:{end}    dense:{end}      output_shape: "
    pieces.append(draw(st.sampled_from(["", end, f"\t# {draw(filler)}{end}{end}"])))
    if draw(st.booleans()):
        pieces[0] = f"\ufeff{pieces[0]}"
    return [piece.encode() for piece in pieces], [each.encode() for each in values]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layouts())
def test_an_update_holds_is_all_and_leaves_the_rest(folder: Path, layout: tuple[list[bytes], list[bytes]]) -> None:
    pieces, values = layout
    path = folder / "net.yaml"
    path.write_bytes(b"".join(each for pair in zip(pieces, [*values, b""], strict=True) for each in pair))
    assert main(["check", str(path)]) == 1
    assert main(["check", str(path), "--update"]) == 0
    updated = path.read_bytes()
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--update"]) == 0
    assert path.read_bytes() == updated
    at = 0
    for piece in pieces:
        assert updated.find(piece, at) >= at
        assert at or updated.startswith(piece)
        at = updated.find(piece, at) + len(piece)
    assert updated.endswith(pieces[-1])
    kept = len(updated) - sum(map(len, pieces))
    assert kept <= sum(map(len, values)) + 40, "nothing but values stands between the pieces"


# --- Snapshots


SNAP = f"{NET}expect: {{snapshot: net.snapshot.txt}}\n"


def test_a_snapshot_is_written_compared_and_written_anew(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(SNAP) == 1
    assert "failure[snapshot-differs]: `snapshot`: there is no file `net.snapshot.txt` yet" in capsys.readouterr().out
    assert not Path("net.snapshot.txt").exists()
    assert check(None, "--update") == 0
    assert check(None) == 0
    old = Path("net.snapshot.txt").read_text()
    assert "total parameters: 10\n" in old
    capsys.readouterr()
    assert check(SNAP.replace("dense: 2", "dense: 3")) == 1
    out = capsys.readouterr().out
    assert "  --- net.snapshot.txt\n  +++ what is found\n" in out
    assert "  -total parameters: 10\n" in out
    assert "  +total parameters: 15\n" in out  # 4·3 + 3
    assert len(out.splitlines()) < 60
    assert check(None, "--update") == 0
    assert check(None) == 0


def test_a_dry_run_shows_what_would_become_of_a_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(SNAP, "--update", "--dry-run") == 1
    assert "--- a/net.snapshot.txt\n+++ b/net.snapshot.txt\n" in capsys.readouterr().out
    assert not Path("net.snapshot.txt").exists()


def test_a_snapshot_lies_beside_its_spec_wherever_check_runs(folder: Path) -> None:
    (folder / "deeper").mkdir()
    assert check(SNAP, "--update", name="deeper/net.yaml") == 0
    assert (folder / "deeper" / "net.snapshot.txt").exists()


def test_a_snapshot_does_not_follow_a_link_out_of_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs").mkdir()
    (folder / "secret.txt").write_text("secret")
    (folder / "specs" / "net.snapshot.txt").symlink_to(folder / "secret.txt")
    assert check(SNAP, "--update", name="specs/net.yaml") == 2
    out, err = capsys.readouterr()
    assert "does not lie in the folder that the spec stands in" in err
    assert "secret" not in out
    assert (folder / "secret.txt").read_text() == "secret"


def test_a_snapshot_that_is_no_file_is_told_and_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.snapshot.txt").mkdir()
    assert check(SNAP, "--update") == 1
    assert "`net.snapshot.txt`: expected a file, found a folder" in capsys.readouterr().out


def test_a_spec_on_standard_input_has_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SNAP.encode())))
    assert main(["check", "-"]) == 2
