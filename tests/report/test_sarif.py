"""SARIF: what the standard (SARIF 2.1.0, OASIS) asks of a log, held against ours without its schema file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archanalyzer.diagnostics import BlockUse, Diagnostic, Note, Rule, Severity, Source, SourceFile, SpecError
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import judge
from archanalyzer.report.sarif import as_sarif
from archanalyzer.spec import read_spec

BROKEN = sorted((Path(__file__).parents[1] / "broken").glob("*.yaml"))
ERROR = Rule("some-error", "it is wrong", "It cannot be right.", bad="a: 1\n", good="a: 2\n")
FAILURE = Rule("some-failure", "it is not so", "It should be.", severity=Severity.FAILURE)
WARNING = Rule("some-warning", "it is odd", "It looks wrong.", severity=Severity.WARNING)
ADVICE = Rule("some-advice", "it may be better", "One would like to know.", severity=Severity.ADVICE)
FILE = SourceFile("specs/a b.yaml", "archspec: 1\n" * 20)

# The properties of each object that we write, by the section that defines it; those that it must have come first.
PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    "log (3.13)": ({"version", "runs"}, {"$schema"}),
    "run (3.14)": ({"tool"}, {"results", "columnKind"}),
    "tool (3.18)": ({"driver"}, set()),
    "toolComponent (3.19)": ({"name"}, {"version", "rules"}),
    "reportingDescriptor (3.49)": ({"id"}, {"shortDescription", "fullDescription", "help", "defaultConfiguration"}),
    "multiformatMessageString (3.12)": ({"text"}, {"markdown"}),
    "reportingConfiguration (3.50)": (set(), {"level"}),
    "result (3.27)": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "relatedLocations"}),
    "message (3.11)": ({"text"}, set()),
    "location (3.28)": (set(), {"physicalLocation", "message"}),
    "physicalLocation (3.29)": ({"artifactLocation"}, {"region"}),
    "artifactLocation (3.4)": ({"uri"}, set()),
    "region (3.30)": ({"startLine"}, {"startColumn", "endColumn"}),
}
KINDS = {
    "runs": "run (3.14)",
    "tool": "tool (3.18)",
    "driver": "toolComponent (3.19)",
    "rules": "reportingDescriptor (3.49)",
    "shortDescription": "multiformatMessageString (3.12)",
    "fullDescription": "multiformatMessageString (3.12)",
    "help": "multiformatMessageString (3.12)",
    "defaultConfiguration": "reportingConfiguration (3.50)",
    "results": "result (3.27)",
    "message": "message (3.11)",
    "locations": "location (3.28)",
    "relatedLocations": "location (3.28)",
    "physicalLocation": "physicalLocation (3.29)",
    "artifactLocation": "artifactLocation (3.4)",
    "region": "region (3.30)",
}
LEVELS = {"none", "note", "warning", "error"}
# RFC 3986: characters that need no encoding in a path, or are percent-encoded; no scheme before it.
RELATIVE = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=@/]|%[0-9A-F]{2})+")


def faults(value: Any, kind: str = "log (3.13)", at: str = "") -> Iterator[str]:
    """What is wrong with an object by the sections of the standard that define it and what is in it."""
    needed, allowed = PROPERTIES[kind]
    yield from (f"{at}: {kind} needs {name}" for name in needed - value.keys())
    for name, child in value.items():
        if name not in needed | allowed:
            yield f"{at}: {kind} has no {name}"
        elif name in KINDS:
            for number, each in enumerate(child if isinstance(child, list) else [child]):
                yield from faults(each, KINDS[name], f"{at}/{name}[{number}]")
        elif name in {"text", "name", "id", "markdown"} and not child:
            yield f"{at}: {name} is empty"
    yield from _faults_of_values(value, at)
    if kind.startswith("region"):
        yield from _faults_of_a_region(value, at)


def _faults_of_values(value: dict[str, Any], at: str) -> Iterator[str]:
    for name in ("rules", "locations", "relatedLocations"):
        written = [json.dumps(each) for each in value.get(name, ())]
        if len(set(written)) < len(written):
            yield f"{at}: the elements of {name} are not unique"
    if value.get("level", "none") not in LEVELS:
        yield f"{at}: there is no level {value['level']}"
    if not RELATIVE.fullmatch(value.get("uri", "a")):
        yield f"{at}: {value['uri']} is no relative reference"


def _faults_of_a_region(region: dict[str, Any], at: str) -> Iterator[str]:
    """All count from 1; the end column is that behind the last character (3.30.5 to 3.30.8)."""
    if not all(isinstance(number, int) and number >= 1 for number in region.values()):
        yield f"{at}: {region} does not count from 1"
    if region.get("endColumn", 10**9) < region.get("startColumn", 1):
        yield f"{at}: {region} ends before it starts"


def log_of(*diagnostics: Diagnostic, folder: str = "") -> dict[str, Any]:
    """The log, checked."""
    log: dict[str, Any] = json.loads(as_sarif(diagnostics, folder))
    assert list(faults(log)) == []
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:  # section 3.27.6: both name the same rule
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    return log


def result_of(diagnostic: Diagnostic, folder: str = "") -> dict[str, Any]:
    (result,) = log_of(diagnostic, folder=folder)["runs"][0]["results"]
    return dict(result)


def test_the_checks_find_what_is_wrong() -> None:
    region = {"startLine": 0, "startColumn": 5, "endColumn": 4}
    location = {"physicalLocation": {"artifactLocation": {"uri": "C:/a b"}, "region": region}}
    rules = [{"id": "a"}, {"id": "a"}]
    run = {"tool": {"driver": {"rules": rules}}, "results": [{"level": "bad", "locations": [location]}], "x": 1}
    assert len(list(faults({"runs": [run]}))) == 9


def test_nothing_found_is_a_run_with_no_results() -> None:
    (run,) = log_of()["runs"]
    assert run["results"] == []
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result() -> None:
    trail = BlockUse("stage", Source(FILE, 9, 5, 9))
    note = Note("it reads this", Source(FILE, 4, 3, 5))
    diagnostic = Diagnostic(ERROR, "there is no é", Source(FILE, 12, 5, 11), "did you mean e?", trail, (note, note))
    assert result_of(diagnostic) == {
        "ruleId": "some-error",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "there is no é\nhint: did you mean e?"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "specs/a%20b.yaml"},
                    "region": {"startLine": 12, "startColumn": 5, "endColumn": 11},
                }
            }
        ],
        "relatedLocations": [
            {
                "message": {"text": "it reads this"},
                "physicalLocation": {
                    "artifactLocation": {"uri": "specs/a%20b.yaml"},
                    "region": {"startLine": 4, "startColumn": 3, "endColumn": 5},
                },
            },
            {
                "message": {"text": "in block `stage`, used here"},
                "physicalLocation": {
                    "artifactLocation": {"uri": "specs/a%20b.yaml"},
                    "region": {"startLine": 9, "startColumn": 5, "endColumn": 9},
                },
            },
        ],
    }


def test_it_can_always_be_encoded_and_shown() -> None:
    """As all other JSON: what a terminal obeys is escaped, so is what has no encoding, and the rest stays readable."""
    text = as_sarif([Diagnostic(ERROR, "é \x9b \udcff", Source(SourceFile("\udcff.yaml", "x"), 1, 1, 2))])
    text.encode()
    assert "é \\u009b \\udcff" in text
    assert json.loads(text)["runs"][0]["results"][0]["message"]["text"] == "é \x9b \udcff"
    assert text.startswith('{\n  "$schema": "https://')


def test_rules_stand_once_with_their_help() -> None:
    found = [Diagnostic(rule, "no", Source(FILE, 1, 1, 2)) for rule in (WARNING, ERROR, WARNING)]
    (run,) = log_of(*found)["runs"]
    warning, error = run["tool"]["driver"]["rules"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 0]
    assert warning["help"]["text"] == "It is odd.\n\nIt looks wrong."
    assert error["shortDescription"] == {"text": "It is wrong."}
    assert error["help"]["text"] == (
        "It is wrong.\n\nIt cannot be right.\n\nA spec that breaks it:\n\na: 1\n\nThe spec mended:\n\na: 2"
    )
    assert "```yaml\na: 1\n```" in error["help"]["markdown"]
    assert error["defaultConfiguration"] == {"level": "error"}


@pytest.mark.parametrize(
    ("rule", "level"), [(ERROR, "error"), (FAILURE, "error"), (WARNING, "warning"), (ADVICE, "note")]
)
def test_levels(rule: Rule, level: str) -> None:
    assert result_of(Diagnostic(rule, "no"))["level"] == level


def test_without_a_place_or_without_a_text() -> None:
    assert "locations" not in result_of(Diagnostic(ERROR, "no"))
    (location,) = result_of(Diagnostic(ERROR, "no", Source(SourceFile("a.yaml", ""), 1, 1, 1)))["locations"]
    assert location == {"physicalLocation": {"artifactLocation": {"uri": "a.yaml"}}}


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("/repo/specs/a.yaml", "specs/a.yaml"),
        ("./specs/../a.yaml", "a.yaml"),
        ("../a.yaml", "../a.yaml"),
        ("a:b#c?d%20.yaml", "a%3Ab%23c%3Fd%2520.yaml"),
        ("é.yaml", "%C3%A9.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_names_of_files(name: str, uri: str) -> None:
    (location,) = result_of(Diagnostic(ERROR, "no", Source(SourceFile(name, "x"), 1, 1, 2)), "/repo")["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_file_that_is_elsewhere_has_its_whole_path() -> None:
    log = json.loads(as_sarif([Diagnostic(ERROR, "no", Source(SourceFile("/else/a.yaml", "x"), 1, 1, 2))], "/repo"))
    (location,) = log["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "file:///else/a.yaml"


def test_whatever_is_wrong_with_any_spec() -> None:
    found: list[Diagnostic] = []
    for path in BROKEN:
        try:
            analyzed = analyze(read_spec(str(path)))
            found += [*analyzed.diagnostics, *judge(analyzed)]
        except SpecError as error:
            found += error.diagnostics
    assert len({each.rule.code for each in found}) > 50
    log_of(*found, folder=str(Path(__file__).parents[2]))
