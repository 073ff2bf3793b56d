"""What is given to the pytest plugin: plugins of archanalyzer, limits, and patterns that match nothing."""

from __future__ import annotations

import pytest

from tests.docs.fences import ROOT
from tests.testing.projects import GOOD, PLAIN, write

pytest_plugins = ["pytester"]

PROJECT_WITH_A_PLUGIN = {
    "ini": ("[pytest]\narchanalyzer_plugins = ./extra/compression_ratio.py\n", []),
    "option": ("[pytest]\n", ["--archanalyzer-plugin", "extra/compression_ratio.py"]),
    "toml": ("[pytest]\narchanalyzer_plugins = extra/pyproject.toml\n", []),
}


@pytest.mark.parametrize(("ini", "options"), PROJECT_WITH_A_PLUGIN.values(), ids=list(PROJECT_WITH_A_PLUGIN))
def test_plugins_of_archanalyzer_are_named(ini: str, options: list[str], project: pytest.Pytester) -> None:
    """Those of the configuration by paths from its folder. 3·8·8 numbers come in, 4·6·6 are left: 192 / 144 = 4/3."""
    write(project, net=f"{PLAIN}expect: {{totals: {{compression_ratio: 4/3}}}}\n")
    project.makeini(ini)
    (project.path / "extra").mkdir()
    text = (ROOT / "plugins" / "compression_ratio.py").read_text()
    (project.path / "extra" / "compression_ratio.py").write_text(text)
    (project.path / "extra" / "pyproject.toml").write_text(
        '[tool.archanalyzer]\nplugins = ["./compression_ratio.py"]\n'
    )
    project.runpytest_subprocess("--archanalyzer", *options).assert_outcomes(passed=1)
    without = project.runpytest_subprocess("--archanalyzer", "-o", "archanalyzer_plugins=")
    without.assert_outcomes(failed=1)


def test_a_plugin_that_is_not_there_fails(project: pytest.Pytester) -> None:
    write(project, net=GOOD)
    result = project.runpytest_subprocess("--archanalyzer", "--archanalyzer-plugin", "no_such.py", "-rf")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED specs/net.yaml::plugins - there is no file `no_such.py`"])


def test_a_pass_of_a_plugin_that_fails_is_a_failure_of_its_own(project: pytest.Pytester) -> None:
    write(project, net=GOOD)
    text = (ROOT / "plugins" / "compression_ratio.py").read_text()
    (project.path / "failing.py").write_text(
        text.replace("    incoming = ", "    raise RuntimeError('no')\n    incoming = ")
    )
    result = project.runpytest_subprocess("--archanalyzer", "--archanalyzer-plugin", "failing.py", "-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["specs/net.yaml::plugins FAILED*", "specs/net.yaml::totals.parameters PASSED*"])
    result.stdout.fnmatch_lines(["*RuntimeError: no*"])


def test_limits_are_changed(project: pytest.Pytester) -> None:
    """The spec has two layers beside its input."""
    write(project, net=GOOD)
    for options in (["--archanalyzer-limit", "layers=1"], ["-o", "archanalyzer_limits=nodes=1M layers=1"]):
        result = project.runpytest_subprocess("--archanalyzer", *options)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*error[[]too-many-layers]*"])
    limits = ["-o", "archanalyzer_limits=layers=1", "--archanalyzer-limit", "layers=2"]
    project.runpytest_subprocess("--archanalyzer", *limits).assert_outcomes(passed=3)
    result = project.runpytest_subprocess("--archanalyzer", "--archanalyzer-limit", "layer=2")
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: archanalyzer: there is no limit `layer`; did you mean `layers`?"])


def test_a_pattern_that_matches_nothing_is_warned_of(project: pytest.Pytester) -> None:
    write(project, net=GOOD)
    project.makeini("[pytest]\narchanalyzer_specs = true specs/*.yaml spec/*.yaml\n")
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=3, warnings=1)
    message = "archanalyzer_specs: no *.yaml or *.yml file matches `spec/*.yaml`"
    assert f"PytestConfigWarning: {message}\n" in result.stdout.str()
    project.runpytest_subprocess("specs/net.yaml").assert_outcomes(passed=3, warnings=0)
    project.runpytest_subprocess("-W", "ignore::pytest.PytestConfigWarning").assert_outcomes(passed=3, warnings=0)
    result = project.runpytest_subprocess("-W", "error")
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}\n" in result.stderr.str()


def test_where_pytest_chooses_the_folders_patterns_are_held_to_them(project: pytest.Pytester) -> None:
    write(project, net=GOOD)
    (project.path / "tests").mkdir()
    project.makeini("[pytest]\ntestpaths = tests\narchanalyzer_specs = specs/*.yaml\n")
    project.runpytest_subprocess().assert_outcomes(warnings=1)
    project.runpytest_subprocess("tests").assert_outcomes(warnings=0)
