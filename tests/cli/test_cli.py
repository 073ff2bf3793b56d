"""The command line as it is used: exit codes, what goes where, and what is not imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from archanalyzer.cli import analyze, main
from archanalyzer.report import FORMATS

ROOT = Path(__file__).parents[2]
GOOD = """\
archspec: 1
name: small
inputs: {image: [3, 8, 8]}
variables: {filters: 4}
layers:
  - conv2d: {filters: =filters, kernel: 3}
  - relu
expect:
  totals: {parameters: 112, macs: 3888}
  layers:
    conv2d: {receptive_field: 3}
"""
BAD = GOOD.replace("relu", "conv2d: {filters: 4, kernel: 9}")
FAILING = GOOD.replace("112", "111")
WARNED = GOOD.replace("layers:\n  - conv", "blocks: {unused: {layers: [relu]}}\nlayers:\n  - conv")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec of each kind, and no settings from outside."""
    for name, text in (("good", GOOD), ("bad", BAD), ("failing", FAILING), ("warned", WARNED)):
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "plain.yml").write_text(GOOD.partition("expect:")[0])
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARCHANALYZER_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "archanalyzer", *arguments],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **environment},
    )


def test_analyze_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "good.yaml"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("small  good.yaml\n\nlayer   type    output  parameters   MACs  field\n")
    assert "conv2d  conv2d   4×6×6         112  3,888      3\n" in out
    assert err == ""


def test_options_reach_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--set", "filters=8", "--input", "image=3x10x10", "--dtype", "float64", "--format", "json"]
    assert main(["analyze", "good.yaml", *options]) == 0
    (spec,) = json.loads(capsys.readouterr().out)["specs"]
    assert (spec["totals"]["parameters"], spec["dtype"]) == (224, "float64")
    assert spec["layers"][0]["output_shape"] == [3, 10, 10]


def test_standard_input() -> None:
    done = run("analyze", "-", "--format", "csv", "--columns", "macs", stdin=GOOD)
    assert done.stdout.splitlines()[1:] == ["<stdin>,image,0", "<stdin>,conv2d,3888", "<stdin>,relu,0"]


def test_every_format_can_be_asked_for() -> None:
    option = next(each for each in analyze.command.params if each.name == "format_name")
    assert isinstance(option, click.Option)
    assert f": {', '.join(FORMATS)}, or a plugin's." in str(option.help)
    for name in FORMATS:
        assert main(["analyze", "good.yaml", "--format", name]) == 0


def test_several_specs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "good.yaml", "plain.yml", "--format", "json"]) == 0
    assert [spec["path"] for spec in json.loads(capsys.readouterr().out)["specs"]] == ["good.yaml", "plain.yml"]


def test_an_error_shows_the_table_up_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "bad.yaml"]) == 2
    out, err = capsys.readouterr()
    assert "\nconv2d        conv2d   4×6×6" in out
    assert "conv2d_2" not in out
    assert "total so far" in out
    assert "\npartial: " in out
    assert err.startswith("bad.yaml:7:5: error[kernel-larger-than-input]: ")
    assert "  7 |   - conv2d: {filters: 4, kernel: 9}\n    |     ^^^^^^\n" in err


def test_an_error_in_json_is_on_both_streams(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "bad.yaml", "missing.yaml", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    bad, missing = json.loads(out)["specs"]
    assert (bad["partial"], bad["diagnostics"][0]["rule"]) == (True, "kernel-larger-than-input")
    assert (missing["name"], missing["layers"]) == ("missing", [])
    assert [line.split(":")[0] for line in err.splitlines() if "error[" in line] == ["bad.yaml", "missing.yaml"]


def test_a_warning_is_told_and_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "warned.yaml"]) == 0
    assert "warning[unused-block]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyse", "good.yaml"], "there is no command `analyse`; did you mean `analyze`?"),
        (["analyze"], "Missing argument 'SPEC...'"),
        (["analyze", "good.yaml", "--columns", "mac"], "there is no column `mac`; did you mean `macs`?"),
        (["analyze", "good.yaml", "--columns", ","], "expected the names of columns"),
        (["analyze", "good.yaml", "--sort", "mac"], "there is no column `mac` to sort by; did you mean `macs`?"),
        (["analyze", "good.yaml", "--top", "0"], "Invalid value for '--top'"),
        (["analyze", "good.yaml", "--top", "3", "--depth", "1"], "they do not go with `--depth`"),
        (["analyze", "good.yaml", "--format", "json", "--top", "3"], "JSON always holds every layer"),
        (["analyze", "good.yaml", "--set", "filters"], "expected NAME=VALUE, found `filters`"),
        (["analyze", "good.yaml", "--set", "filters=4", "--set", "filters=5"], "`filters` is given twice"),
        (["analyze", "good.yaml", "--input", "image=3x4x4", "--input", "image=3x5x5"], "`image` is given twice"),
        (["analyze", "good.yaml", "--input", "image=3x16x"], "--input image:1:6: error[invalid-field]"),
        (["analyze", "good.yaml", "--sort", ""], "there is no column `` to sort by"),
        (["analyze", "good.yaml", "--columns", "shaer,inptus"], "`inptus`; did you mean `inputs`?"),
        (["analyze", "good.yaml", "-o", "./good.yaml"], "`./good.yaml` is the spec itself"),
        (["analyze", ""], "error[file-not-found]: expected the path of a file, found an empty one"),
        (["check", ""], "error[file-not-found]: expected the path of a file, found an empty one"),
        (["analyze", "-", "-"], "can be read only once"),
        (["check", "."], ""),
        (["check", "empty"], "there is no *.yaml or *.yml below `empty`"),
    ],
)
def test_input_that_cannot_be_used(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "empty").mkdir()
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["analyze", "check"])
def test_a_closed_standard_output_is_told(command: str) -> None:
    for closed, told in ((">&-", "Error: cannot write the output: standard output is closed\n"), (">&- 2>&-", "")):
        shell = f"{sys.executable} -m archanalyzer {command} good.yaml {closed}"
        done = subprocess.run(["sh", "-c", shell], capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (2, told)


def test_with_a_closed_standard_output_a_file_is_written(folder: Path) -> None:
    shell = f"{sys.executable} -m archanalyzer analyze good.yaml -o out.txt >&-"
    assert subprocess.run(["sh", "-c", shell], check=False).returncode == 0
    assert (folder / "out.txt").read_text().startswith("small")


def test_what_does_not_fit_into_memory_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("archanalyzer.checking.reading.read_spec", fill)
    assert main(["analyze", "good.yaml"]) == 2
    told = "archanalyzer: out of memory: what is asked for is too large for this machine\n"
    assert capsys.readouterr() == ("", told)


def test_an_interruption_while_the_program_is_loaded_leaves_no_traceback(folder: Path) -> None:
    (folder / "click.py").write_text("raise KeyboardInterrupt\n")
    done = run("analyze", "good.yaml", PYTHONPATH=os.pathsep.join([str(folder), str(ROOT)]))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("command", ["analyze", "check"])
def test_standard_input_has_one_name(command: str) -> None:
    done = run(command, "-", stdin=BAD)
    assert "<stdin>:7:5: error" in done.stderr
    for name in (" -:", "`-`", "stdin:", "error -"):
        assert name not in (done.stdout + done.stderr).replace("<stdin>", "")


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "archanalyzer 0.1.0\n"
    for arguments in (["--help"], ["analyze", "-h"], ["check", "-h"]):
        assert main(arguments) == 0
        assert "  archanalyzer " in capsys.readouterr().out, "examples keep their lines"


def test_check_tells_what_came_of_each_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "good.yaml", "failing.yaml", "plain.yml"]) == 1
    out, err = capsys.readouterr()
    assert out == (
        "ok good.yaml: 3 expectations hold\n"
        "failed failing.yaml: 1 of 3 expectations fails\n"
        "failing.yaml:9:24: failure[expectation-failed]: `totals.parameters`: expected 111, found 112 (1 more)\n"
        "  9 |   totals: {parameters: 111, macs: 3888}\n"
        "    |                        ^^^\n"
        "none plain.yml: has no `expect:`\n"
        "3 specs: 1 ok, 1 failed, 1 without `expect:`\n"
    )
    assert err == ""


def test_check_walks_folders_and_takes_each_file_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deeper" / ".hidden").mkdir(parents=True)
    (folder / "deeper" / "more.yml").write_text(GOOD)
    (folder / "deeper" / ".hidden" / "not.yaml").write_text("no spec")
    assert main(["check", ".", "good.yaml", "--format", "json"]) == 2
    outcomes = {spec["path"]: spec["outcome"] for spec in json.loads(capsys.readouterr().out)["specs"]}
    assert outcomes == {
        "bad.yaml": "error",
        "failing.yaml": "failed",
        "good.yaml": "ok",
        "plain.yml": "none",
        "warned.yaml": "ok",
        "deeper/more.yml": "ok",
    }


def test_check_of_an_unknown_fact_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "good.yaml").write_text(GOOD.replace("macs:", "mac:"))
    assert main(["check", "good.yaml"]) == 2
    assert "error[unknown-expectation]: `totals.mac`" in capsys.readouterr().err


def test_output_replaces_the_file_and_keeps_its_permissions(folder: Path) -> None:
    target = folder / "facts.json"
    target.write_text("old")
    target.chmod(0o640)
    assert main(["analyze", "good.yaml", "--format", "json", "-o", "facts.json"]) == 0
    assert json.loads(target.read_text())["schema"] == 1
    assert target.stat().st_mode & 0o777 == 0o640


def test_output_follows_a_link(folder: Path) -> None:
    (folder / "link.json").symlink_to("facts.json")
    assert main(["analyze", "good.yaml", "--format", "json", "-o", "link.json"]) == 0
    assert (folder / "link.json").is_symlink()
    assert json.loads((folder / "facts.json").read_text())["schema"] == 1


def test_output_with_errors_leaves_the_old_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "facts.json").write_text("old")
    assert main(["analyze", "bad.yaml", "--format", "json", "-o", "facts.json"]) == 2
    assert (folder / "facts.json").read_text() == "old"
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("`facts.json` was not written\n")


def test_output_interrupted_leaves_the_old_file_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    (folder / "facts.json").write_text("old")
    before = sorted(folder.iterdir())
    monkeypatch.setattr("os.fsync", interrupt)
    assert main(["analyze", "good.yaml", "--format", "json", "-o", "facts.json"]) == 130
    assert (folder / "facts.json").read_text() == "old"
    assert sorted(folder.iterdir()) == before


def test_output_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "good.yaml", "-o", "no/such/folder.txt"]) == 2
    assert "cannot write `no/such/folder.txt`: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ],
)
def test_colour(environment: dict[str, str], *, colored: bool) -> None:
    done = run("analyze", "bad.yaml", **environment)
    assert ("\x1b[" in done.stdout, "\x1b[" in done.stderr) == (colored, colored)


def test_columns_set_the_width() -> None:
    note = "1 MAC = one multiply–accumulate, bias excluded; batch 1; see docs/counting.md\n"
    assert note in run("analyze", "good.yaml").stdout
    assert note in run("analyze", "good.yaml", COLUMNS="200").stdout
    assert note not in run("analyze", "good.yaml", COLUMNS="60").stdout


def test_a_stream_that_knows_only_ascii() -> None:
    done = run("analyze", "good.yaml", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "conv2d  conv2d   4x6x6         112  3,888      3\n" in done.stdout
    assert json.loads(run("analyze", "good.yaml", "--format", "json", PYTHONIOENCODING="ascii").stdout)


@pytest.mark.parametrize("format_name", ["table", "json", "markdown", "csv", "latex"])
def test_the_same_bytes_whatever_the_hash_seed(format_name: str) -> None:
    outputs = {run("analyze", "good.yaml", "--format", format_name, PYTHONHASHSEED=seed).stdout for seed in "12"}
    assert len(outputs) == 1


def test_a_reader_who_stops_reading_is_no_error() -> None:
    script = f"{sys.executable} -m archanalyzer analyze good.yaml good.yaml | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout in {"141\n", "0\n"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full, which Linux has")
def test_output_to_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "archanalyzer", "analyze", "good.yaml"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: cannot write the output: No space left on device\n")


def test_an_internal_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import archanalyzer.checking.reading

    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("first\nsecond \x1b")

    monkeypatch.setattr(archanalyzer.checking.reading, "read_spec", fail)
    assert main(["analyze", "good.yaml"]) == 2
    assert capsys.readouterr().err == (
        "archanalyzer: internal error, please report it: RuntimeError: 'first\\nsecond \\x1b' "
        "(ARCHANALYZER_TRACEBACK=1 shows where)\n"
    )
    monkeypatch.setenv("ARCHANALYZER_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        main(["analyze", "good.yaml"])


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["analyze", "good.yaml", "--format", "json"], {"numpy", "networkx", "rich"}),
        (["analyze", "good.yaml", "--format", "markdown"], {"numpy", "networkx", "rich"}),
        (["check", "good.yaml"], {"numpy", "networkx", "rich"}),
        (["analyze", "good.yaml"], {"numpy", "networkx"}),
        (["--help"], {"pydantic", "yaml", "numpy", "networkx", "rich"}),
    ],
)
def test_what_is_not_needed_is_not_imported(arguments: list[str], unwanted: set[str]) -> None:
    script = (
        "import sys; from archanalyzer.cli import main; code = main(sys.argv[1:]); "
        "print('modules', *sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0
    imported = set(done.stderr.split("modules ")[1].split())
    assert imported & unwanted == set()


def test_plugins_of_pydantic_are_not_run() -> None:
    show = "print(os.environ['PYDANTIC_DISABLE_PLUGINS'])"
    script = f"import os; from archanalyzer.cli import main; main(['--version']); {show}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "true"
