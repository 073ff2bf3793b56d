"""``--plugin``: what a plugin adds is there, what is wrong with one is told, and everything else answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archanalyzer import ops, passes, report
from archanalyzer.cli import main
from tests.plugins.plugin_files import DEPTH, SHOUT, failing

SPEC = """\
archspec: 1
inputs: {x: [3]}
layers:
  - dense: 2
  - relu
expect:
  totals: {deepest: 2}
  layers: {dense: {depth: 1}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / f"plugin_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        return str(path)

    return write


def test_its_column_stands_in_the_table_and_in_json(
    spec: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = write(DEPTH)
    assert main(["analyze", spec, "--plugin", plugin]) == 0
    header = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("layer"))
    assert header.split() == ["layer", "type", "output", "parameters", "MACs", "field", "depth"]
    assert main(["analyze", "--plugin", plugin, spec, "--format", "json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["specs"]
    assert [layer["depth"] for layer in entry["layers"]] == [0, 1, 2]
    assert entry["totals"]["deepest"] == 2


def test_a_spec_can_expect_it(spec: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", spec, "--plugin", write(DEPTH)]) == 0
    assert main(["check", spec]) == 2
    assert "there is no such total" in capsys.readouterr().err


def test_nothing_stays_behind(spec: str, write: Callable[[str], str]) -> None:
    before = ops.names(), passes.asked(), report.formats()
    main(["analyze", spec, "--plugin", write(DEPTH), "--plugin", write(SHOUT)])
    assert (ops.names(), passes.asked(), report.formats()) == before


def test_its_format(spec: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    plugin = write(SHOUT)
    assert main(["analyze", spec, "--format", "shout", "--plugin", plugin]) == 0
    assert capsys.readouterr().out == "NET\n"
    assert main(["analyze", spec, "--format", "shoot", "--plugin", plugin]) == 2
    assert "there is no format `shoot`; did you mean `shout`?" in capsys.readouterr().err


def test_a_format_at_fault(spec: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    for body, told in (
        ("return 3", ": expected a text that UTF-8 can carry, found 3 (int)"),
        ("return 1 / 0", " raised ZeroDivisionError"),
    ):
        plugin = write(SHOUT.replace("    return ", f"    {body}\n    return "))
        assert main(["analyze", spec, "--format", "shout", "--plugin", plugin]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"format `shout` of plugin `shouting`{told}" in captured.err


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1 / 0\n", "plugin-not-imported"),
        ("raise GeneratorExit\n", "plugin-not-imported"),
        ("x = 1\n", "not-a-plugin"),
        ("plugin = 3\n", "not-a-plugin"),
        (DEPTH.replace("api=1", "api=99"), "plugin-version"),
        (DEPTH.replace('"depth",\n    columns', '"parameters",\n    columns'), "plugin-clash"),
        (DEPTH.replace("graph: Graph", "graph: Kind"), "plugin-need"),
        (failing("raise ValueError('no')"), "plugin-failed"),
        (failing("return 3"), "plugin-failed"),
    ],
)
def test_one_at_fault_is_told_once_and_everything_else_answers(
    text: str, rule: str, spec: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = write(SHOUT), write(text)
    assert main(["analyze", spec, "--plugin", bad, "--plugin", good]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("error[") == 1
    assert f"error[{rule}]: " in captured.err
    assert "Traceback" not in captured.err
    assert "parameters     8; 32 B as float32" in captured.out
    assert main(["analyze", spec, "--plugin", bad, "--plugin", good, "--format", "shout"]) == 2
    assert capsys.readouterr().out == "NET\n"


def test_one_at_fault_keeps_no_command_from_answering(
    spec: str, tmp_path: Path, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(failing("raise ValueError('no')"))
    out = tmp_path / "facts.csv"
    assert main(["analyze", spec, "--plugin", bad, "--format", "csv", "-o", str(out)]) == 2
    assert "relu" in out.read_text()
    plain = tmp_path / "plain.yaml"
    plain.write_text("archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\nexpect: {totals: {parameters: 8}}\n")
    for command, answer in (
        (["check", str(plain)], "ok "),
        (["run", str(plain)], "dense"),
        (["field", str(plain)], "dense"),
        (["diff", str(plain), str(plain)], "no difference"),
    ):
        capsys.readouterr()
        assert main([*command, "--plugin", bad]) == 2, command
        captured = capsys.readouterr()
        assert answer in captured.out, command
        assert "error[plugin-failed]" in captured.err, command


def test_a_module_is_no_folder_that_happens_to_lie_here(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "some_company").mkdir()
    (tmp_path / "some_company" / "evil.py").write_text("print('EVIL')\n" + DEPTH)
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", spec, "--plugin", "some_company"]) == 2
    captured = capsys.readouterr()
    assert "there is no module `some_company`" in captured.err
    assert "EVIL" not in captured.out
    assert main(["analyze", spec, "--plugin", "./some_company"]) == 0


def test_nothing_is_run_for_a_shell_that_completes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    for name, value in (("_ARCHANALYZER_COMPLETE", "bash_complete"), ("COMP_CWORD", "4")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMP_WORDS", f"archanalyzer analyze --plugin {evil} to")
    subprocess.run([sys.executable, "-m", "archanalyzer"], check=True, capture_output=True)
    assert not (tmp_path / "ran").exists()


def test_one_that_is_not_there(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", spec, "--plugin", "no.py"]) == 2
    captured = capsys.readouterr()
    assert "error[plugin-not-found]: there is no file `no.py`" in captured.err
    assert "parameters     8" in captured.out


def test_every_command_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("analyze", "check", "field", "run"):
        assert main([command, "--help"]) == 0
        assert "--plugin PLUGIN" in capsys.readouterr().out


BAD_KERNEL = """
from plugins.blur_pool import BlurPool2d, kernel as sound
from archanalyzer import Plugin


def kernel():
    class Bad(sound()):
        def forward(self, call):
            {body}

    return {result}


plugin = Plugin("bad_kernel", api=1, ops=(BlurPool2d,), kernels={{"blur_pool2d": kernel}})
"""


@pytest.mark.parametrize(
    ("body", "result", "told"),
    [
        ("raise KeyError('x')", "Bad", "raised KeyError: 'x'"),
        ("raise SystemExit(0)", "Bad", "raised SystemExit: 0"),
        ("pass", "3", ": expected a subclass of `Kernel` with the methods `forward` and `backward`, found 3 (int)"),
        ("pass", "1 / 0", "raised ZeroDivisionError: division by zero"),
        (
            "pass\n        def extras(self):\n            return 3",
            "Bad",
            ", extras: expected a tuple of `Extra`, each with a name of its own, found 3 (int)",
        ),
        (
            "pass\n        def __init__(self, *arguments):\n            pass",
            "Bad",
            ": expected an `__init__` that calls the one of `Kernel`, found <class",
        ),
        ("pass\n        forward = None", "Bad", ": expected a subclass of `Kernel` with the methods"),
        ("pass\n        backward = 3", "Bad", ": expected a subclass of `Kernel` with the methods"),
    ],
)
def test_a_kernel_at_fault_is_named(
    body: str, result: str, told: str, tmp_path: Path, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "blur.yaml"
    spec.write_text("archspec: 1\ninputs: {image: [2, 5, 6]}\nlayers:\n  - blur_pool2d\n")
    plugin = write(BAD_KERNEL.format(body=body, result=result))
    assert main(["run", str(spec), "--plugin", plugin]) == 2
    err = capsys.readouterr().err
    what = "error[plugin-failed]: kernel of `blur_pool2d` of plugin `bad_kernel`"
    assert f"{what}{told if told[0] in ':,' else f' {told}'}" in err
    assert "internal error" not in err


def test_a_name_that_is_empty_names_nothing(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evil.py").write_text("print('EVIL')\n" + DEPTH)
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", spec, "--plugin", ""]) == 2
    captured = capsys.readouterr()
    assert "the name of a plugin is empty" in captured.err
    assert "EVIL" not in captured.out


# --- What is told of plugins to programs, as to people


def told_to_programs(command: str, format_name: str, spec: str, *plugins: str) -> list[str]:
    return [command, spec, "--format", format_name, *(part for each in plugins for part in ("--plugin", each))]


@pytest.mark.parametrize("command", ["check", "analyze"])
def test_json_has_what_is_wrong_with_plugins_beside_the_specs(
    command: str, tmp_path: Path, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\nexpect: {totals: {parameters: 8}}\n")
    assert main(told_to_programs(command, "json", str(path), write(SHOUT))) == 0
    sound = json.loads(capsys.readouterr().out)
    assert list(sound) == ["schema", "specs"]
    broken = write("import json\n1 / 0\n")
    assert main(told_to_programs(command, "json", str(path), "no.py", broken)) == 2
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["schema", "specs", "diagnostics"]
    assert found["specs"] == sound["specs"]
    assert [(each["rule"], each["severity"], each["file"], each["line"]) for each in found["diagnostics"]] == [
        ("plugin-not-found", "error", None, None),
        ("plugin-not-imported", "error", broken, 2),
    ]
    assert found["diagnostics"][0]["message"] == "there is no file `no.py`"


def test_json_in_a_file_has_them_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "plain.yaml", tmp_path / "facts.json"
    path.write_text("archspec: 1\ninputs: {x: [3]}\nlayers: [relu]\n")
    assert main([*told_to_programs("analyze", "json", str(path), "no.py"), "-o", str(out)]) == 2
    assert [each["rule"] for each in json.loads(out.read_text())["diagnostics"]] == ["plugin-not-found"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        (None, "plugin-not-found", None),
        ("\n1 / 0\n", "plugin-not-imported", 2),
        ("x = 1\n", "not-a-plugin", 1),
        (DEPTH.replace("api=1", "api=99"), "plugin-version", None),
        (DEPTH.replace('"depth",\n    columns', '"parameters",\n    columns'), "plugin-clash", None),
        (DEPTH.replace("graph: Graph", "graph: Kind"), "plugin-need", None),
    ],
)
def test_github_and_sarif_have_them_too(
    text: str | None,
    rule: str,
    line: int | None,
    tmp_path: Path,
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\nexpect: {totals: {parameters: 9}}\n")
    plugin = "no.py" if text is None else write(text)
    assert main(told_to_programs("check", "github", str(path), plugin)) == 2
    first, second = capsys.readouterr().out.splitlines()
    place = f"file={plugin},line={line},col=1," if line else ""
    assert first.startswith(f"::error {place}title={rule}::")
    assert "title=expectation-failed" in second
    assert main(told_to_programs("check", "sarif", str(path), plugin)) == 2
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [each["ruleId"] for each in run["results"]] == [rule, "expectation-failed"]
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == [rule, "expectation-failed"]
    places = [each["physicalLocation"]["region"]["startLine"] for each in run["results"][0].get("locations", [])]
    assert places == ([line] if line else [])


@pytest.mark.parametrize("text", ["1 / 0\n", failing("raise ValueError('no')")])
def test_the_summary_of_check_says_that_a_plugin_is_at_fault(
    text: str, tmp_path: Path, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text("archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\nexpect: {totals: {parameters: 8}}\n")
    assert main(["check", str(path), "--plugin", write(text)]) == 2
    assert capsys.readouterr().out.splitlines()[-1] == "1 spec: 1 ok; a plugin is at fault"
    assert main(["check", str(path), "--plugin", write(SHOUT)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 spec: 1 ok"
