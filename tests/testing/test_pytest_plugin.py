"""The pytest plugin, in projects of its own, found by its entry point as it is when the package is installed."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

from tests.docs.fences import ROOT, fences
from tests.testing.projects import GOOD, PLAIN, write

pytest_plugins = ["pytester"]

FAILING = GOOD.replace("112", "111")
MISFIT = GOOD.replace("relu", "dense: 2")
NO_YAML = "archspec: 1\ninputs: [\n"
IDS = ["totals.parameters", "totals.macs", "conv2d.receptive_field"]


def collected(project: pytest.Pytester, *arguments: str) -> list[str]:
    """The node ids that a run would have."""
    result = project.runpytest_subprocess("--collect-only", "-q", *arguments)
    return [line for line in result.outlines if "::" in line]


def test_an_expectation_is_an_item(project: pytest.Pytester) -> None:
    write(project, good=GOOD)
    assert collected(project, "--archanalyzer") == [f"specs/good.yaml::{name}" for name in IDS]
    result = project.runpytest_subprocess("--archanalyzer", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["specs/good.yaml::conv2d.receptive_field PASSED*"])


def test_unless_asked_for_nothing_is_collected_and_nothing_imported(project: pytest.Pytester) -> None:
    write(project, good=GOOD)
    project.makeconftest(
        """
        import sys
        def pytest_unconfigure():
            parts = [name for name in sys.modules if name.partition(".")[0] == "archanalyzer"]
            heavy = [name for name in ("numpy", "networkx", "pydantic", "yaml", "click") if name in sys.modules]
            print("imported", *sorted(parts), *heavy)
        """
    )
    result = project.runpytest_subprocess()
    assert result.ret is pytest.ExitCode.NO_TESTS_COLLECTED
    modules = ["archanalyzer", "archanalyzer.testing", "archanalyzer.testing.pytest_plugin"]
    result.stdout.fnmatch_lines([" ".join(["imported", *modules])])


def test_numpy_and_networkx_are_not_imported_to_hold_facts(project: pytest.Pytester) -> None:
    write(project, good=GOOD)
    project.makeconftest(
        """
        import sys
        def pytest_unconfigure():
            print("imported", *[name for name in ("numpy", "networkx", "archanalyzer.spec") if name in sys.modules])
        """
    )
    project.runpytest_subprocess("--archanalyzer").stdout.fnmatch_lines(["imported archanalyzer.spec"])


@pytest.mark.parametrize(
    ("file", "setting", "files"),
    [
        ("pytest.ini", "[pytest]\narchanalyzer_specs = true\n", ["deep", "good", "more"]),
        ("pytest.ini", "[pytest]\narchanalyzer_specs = false\n", []),
        ("pytest.ini", "[pytest]\narchanalyzer_specs = ./**/deep.yaml other/*.yml\n", ["deep", "more"]),
        ("pyproject.toml", "[tool.pytest.ini_options]\narchanalyzer_specs = true\n", ["deep", "good", "more"]),
        ("pyproject.toml", '[tool.pytest.ini_options]\narchanalyzer_specs = ["specs/**/*.yaml"]\n', ["deep", "good"]),
        ("pyproject.toml", '[tool.pytest.ini_options]\narchanalyzer_specs = ["specs/*.yaml"]\n', ["good"]),
    ],
)
def test_it_is_asked_for_in_the_configuration(
    file: str, setting: str, files: list[str], project: pytest.Pytester
) -> None:
    (project.path / file).write_text(setting)
    for path in ("specs/good.yaml", "specs/a/b/deep.yaml", "other/more.yml"):
        (project.path / path).parent.mkdir(parents=True, exist_ok=True)
        (project.path / path).write_text(PLAIN)
    (project.path / "none.yaml").write_text("a: 1\n")
    assert sorted(Path(each.partition("::")[0]).stem for each in collected(project)) == files


def test_a_failure_shows_the_line_and_no_traceback(project: pytest.Pytester) -> None:
    write(project, failing=FAILING)
    result = project.runpytest_subprocess("--archanalyzer")
    result.assert_outcomes(passed=2, failed=1)
    text = result.stdout.str()
    assert (
        "specs/failing.yaml:7:24: failure[expectation-failed]: `totals.parameters`: expected 111, found 112 (1 more)\n"
        "  7 |   totals: {parameters: 111, macs: 3888}\n"
        "    |                        ^^^\n"
        "=" in text
    )
    assert "FAILED specs/failing.yaml::totals.parameters - expected 111, found 112 (1 more)\n" in text
    assert re.search(r"^_+ failing.yaml: totals.parameters _+$", text, re.MULTILINE)
    assert "Traceback" not in text
    assert ".py" not in text.partition("FAILURES")[2]


def test_a_failure_in_one_line_and_in_a_report_for_machines(project: pytest.Pytester) -> None:
    write(project, failing=FAILING)
    result = project.runpytest_subprocess("--archanalyzer", "--tb=line", "--junitxml=report.xml")
    result.stdout.fnmatch_lines(["*/specs/failing.yaml:7: expected 111, found 112 (1 more)"])
    report = (project.path / "report.xml").read_text()
    assert '<failure message="expected 111, found 112 (1 more)">specs/failing.yaml:7:24: failure' in report


def test_a_spec_that_cannot_be_used_is_one_failure(project: pytest.Pytester) -> None:
    write(project, misfit=MISFIT, text=NO_YAML, field=GOOD.replace("filters: 4", "filters: four"), good=GOOD)
    result = project.runpytest_subprocess("--archanalyzer", "-v")
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines([f"specs/{name}.yaml::sound FAILED*" for name in ("field", "misfit", "text")])
    result.stdout.fnmatch_lines(
        [
            "specs/field.yaml:4:23: error[[]invalid-field]: *",
            "specs/misfit.yaml:5:5: error[[]wrong-rank]: *",
            "specs/text.yaml:3:1: error[[]yaml-syntax]: *",
        ]
    )


def test_a_spec_that_expects_nothing_is_sound(project: pytest.Pytester) -> None:
    write(project, plain=PLAIN)
    assert collected(project, "--archanalyzer") == ["specs/plain.yaml::sound"]
    project.runpytest_subprocess("--archanalyzer").assert_outcomes(passed=1)


def test_a_spec_is_told_by_its_first_key(project: pytest.Pytester) -> None:
    specs = ["# a comment\narchspec: 1\n", "{archspec: 1}\n", '"archspec" : 1\n', "\ufeffarchspec: 1\n"]
    others = ["# archspec: 1\n", "a:\n  archspec: 1\n", "archspecs: 1\n", ""]
    write(project, **{f"{index}": text for index, text in enumerate((*specs, *others))})
    assert collected(project, "--archanalyzer") == [f"specs/{index}.yaml::sound" for index in range(len(specs))]


def test_what_a_pattern_names_is_meant_to_be_a_spec(project: pytest.Pytester) -> None:
    """Otherwise one whose version is misspelt would never be held, without a word."""
    write(project, bad=GOOD.replace("archspec", "archspc"))
    project.makeini("[pytest]\narchanalyzer_specs = specs/*.yaml\n")
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["specs/bad.yaml:1:1: error[[]unknown-key]: *"])


def test_that_there_is_no_such_layer_is_so_of_all_that_is_expected_of_it(project: pytest.Pytester) -> None:
    expected = "conv: {receptive_field: 3, macs: 3888}\n    relu: {macs: 0}"
    write(project, bad=GOOD.replace("conv2d: {receptive_field: 3}", expected))
    result = project.runpytest_subprocess("--archanalyzer", "-rA")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["FAILED specs/bad.yaml::conv.macs - there is no layer or block `conv`"])


def test_items_are_chosen_as_usual(project: pytest.Pytester) -> None:
    write(project, a=FAILING, b=GOOD)
    project.makepyfile("def test_python(): pass")
    assert collected(project, "--archanalyzer", "-k", "macs") == [f"specs/{x}.yaml::totals.macs" for x in "ab"]
    assert collected(project, "--archanalyzer", "specs/b.yaml::totals.macs") == ["specs/b.yaml::totals.macs"]
    project.runpytest_subprocess("--archanalyzer").assert_outcomes(passed=6, failed=1)
    project.runpytest_subprocess("--archanalyzer", "-x").assert_outcomes(failed=1)
    project.runpytest_subprocess("--archanalyzer", "--lf").assert_outcomes(failed=1)
    project.runpytest_subprocess("--archanalyzer", "--deselect", "specs/a.yaml").assert_outcomes(passed=4, deselected=3)


def test_a_spec_is_analyzed_once(project: pytest.Pytester) -> None:
    write(project, a=GOOD, b=FAILING)
    project.makeconftest(
        """
        from archanalyzer.passes import analyzing
        analyze, count = analyzing.analyze, []
        analyzing.analyze = lambda *given: count.append(1) or analyze(*given)
        def pytest_unconfigure():
            print("analyzed", len(count))
        """
    )
    project.runpytest_subprocess("--archanalyzer").stdout.fnmatch_lines(["analyzed 2"])


def test_a_snapshot_is_an_item_and_shows_what_differs(project: pytest.Pytester) -> None:
    write(project, net=f"{PLAIN}expect: {{snapshot: net.snapshot.txt}}\n")
    (project.path / "specs" / "net.snapshot.txt").write_text("network: nothing like it\n")
    assert collected(project, "--archanalyzer") == ["specs/net.yaml::snapshot"]
    result = project.runpytest_subprocess("--archanalyzer")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["specs/net.yaml:6:20: failure*", "  -network: nothing like it", '  +network: "net"'])


def test_what_is_expected_to_be_found_is_an_item(project: pytest.Pytester) -> None:
    write(project, net=f"{PLAIN}expect: {{diagnostics: {{gridding: some, unused-block: none}}}}\n")
    result = project.runpytest_subprocess("--archanalyzer", "-rA")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED specs/net.yaml::diagnostics.gridding - *"])


def test_a_failure_that_is_silenced_is_expected(project: pytest.Pytester) -> None:
    comment = "snapshot: none.snapshot.txt # archanalyzer: ignore[snapshot-differs]"
    write(project, net=f"{FAILING.replace('3888}', '3888} # archanalyzer: ignore[expectation-failed]')}  {comment}\n")
    result = project.runpytest_subprocess("--archanalyzer", "-rx")
    result.assert_outcomes(passed=2, xfailed=2)
    reason = "silenced by a comment: `totals.parameters`: expected 111, found 112 (1 more)"
    assert f"XFAIL specs/net.yaml::totals.parameters - {reason}"[:80] in result.stdout.str()


def test_plugins_of_archanalyzer_that_are_installed_are_used(
    project: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As commands do. 3·8·8 numbers come in, 4·6·6 are left: 192 / 144 = 4/3."""
    (tmp_path / "theirs-1.dist-info").mkdir()
    (tmp_path / "theirs-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    entries = "[archanalyzer.plugins]\ncompression = compression_ratio\nabsent = no.such.module\n"
    (tmp_path / "theirs-1.dist-info" / "entry_points.txt").write_text(entries)
    (tmp_path / "compression_ratio.py").write_text((ROOT / "plugins" / "compression_ratio.py").read_text())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("ARCHANALYZER_NO_PLUGINS", raising=False)
    write(project, net=f"{PLAIN}expect: {{totals: {{compression_ratio: 4/3}}}}\n")
    result = project.runpytest_subprocess("--archanalyzer", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["specs/net.yaml::plugins FAILED*", "specs/net.yaml::totals.compression_ratio PASSED*"])
    result.stdout.fnmatch_lines(["*no.such.module*"])


def test_the_plugin_can_be_left_out(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-p", "no:archanalyzer", "--archanalyzer")
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --archanalyzer"])


def test_the_page_shows_what_is_printed(project: pytest.Pytester) -> None:
    """But for the lines above the first item, and the last one, which tells the time."""
    blocks = fences((ROOT / "docs" / "ci.md").read_text(), "docs/ci.md")
    (project.path / "net.yaml").write_text(next(each.text for each in blocks if each.file_name == "net.yaml"))
    (shown,) = [each.text.splitlines() for each in blocks if each.text.startswith("$ pytest ")]
    result = project.runpytest_subprocess(*shown[0].split()[2:])
    first = next(number for number, line in enumerate(result.outlines) if "::" in line)
    assert result.outlines[first:-1] == shown[1:]


@pytest.mark.skipif(
    importlib.util.find_spec("xdist") is None, reason="runs items on several workers: needs pytest-xdist"
)
def test_several_workers(project: pytest.Pytester) -> None:
    write(project, a=FAILING, b=GOOD)
    result = project.runpytest_subprocess("--archanalyzer", "-n", "2")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["specs/a.yaml:7:24: failure[[]expectation-failed]: *"])
