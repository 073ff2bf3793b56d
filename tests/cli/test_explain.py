"""``archanalyzer explain``: every rule has a page, and what it prints is what the tool says."""

from __future__ import annotations

import json

import pytest

from archanalyzer.cli import main
from archanalyzer.diagnostics import Severity
from archanalyzer.diagnostics.rules import all_rules

RULES = all_rules()


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{code}: ")
    assert err == ""
    shown = RULES[code]
    # What is printed names the rule as a message does: `error[wrong-rank]`.
    assert (f"{shown.severity.value}[{code}]: " in out) == (not shown.unshown)
    assert (f"# archanalyzer: ignore[{code}]\n\n" in out) == (
        shown.severity is not Severity.ERROR and code not in {"unused-ignore", "invalid-ignore"}
    )


def test_what_is_said_to_the_bad_example_is_computed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RULES["unused-block"]._replace(bad=RULES["unused-block"].bad.replace("stage", "other_name"))
    monkeypatch.setattr("archanalyzer.diagnostics.rules.all_rules", lambda: {other.code: other})
    assert main(["explain", "unused-block"]) == 0
    assert "warning[unused-block]: nothing uses the block `other_name`" in capsys.readouterr().out


def test_a_rule_may_be_named_as_a_message_does(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("wrong-rank", "error[wrong-rank]", "[wrong-rank]"):
        assert main(["explain", name]) == 0
        assert capsys.readouterr().out.startswith("wrong-rank: ")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "gridding", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (entry,) = document["rules"]
    rule = RULES["gridding"]
    assert document["schema"] == 1
    assert (entry["rule"], entry["severity"], entry["can_be_silenced"]) == ("gridding", "advice", True)
    assert (entry["bad"], entry["good"], entry["unshown"]) == (rule.bad, rule.good, None)
    assert [each["rule"] for each in entry["diagnostics"]] == ["gridding"]


def test_the_list_has_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--list"]) == 0
    heads = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert heads == [[rule.code, rule.severity.value] for rule in RULES.values()]
    assert main(["explain", "--list", "--format", "json"]) == 0
    assert [each["rule"] for each in json.loads(capsys.readouterr().out)["rules"]] == list(RULES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wrong-ranc"], "there is no rule `wrong-ranc`; did you mean `wrong-rank`"),
        ([], "expected one rule, found none; `archanalyzer explain --list` lists them"),
        (["cycle", "wrong-rank"], "expected one rule, found 2"),
        (["cycle", "--list"], "`--list` lists all rules; it does not go with one"),
        (["cycle", "--format", "yaml"], "'yaml' is not one of"),
    ],
)
def test_what_cannot_be_explained(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *arguments]) == 2
    assert message in capsys.readouterr().err
