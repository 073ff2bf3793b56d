"""A rule as a page and as an entry of a list."""

from __future__ import annotations

from archanalyzer.diagnostics import Diagnostic, Rule, Severity, Source, SourceFile
from archanalyzer.report.rule_page import as_list, page_of
from archanalyzer.report.view import Page

SHOWN = Rule(
    "odd-layer",
    "a layer is odd",
    "It is not even, which is what a reader of so long a reason as this one would have thought.",
    "layers: [odd]\n",
    "layers: [even]\n",
    severity=Severity.WARNING,
)
UNSHOWN = Rule("no-file", "there is no file", "Nothing can be read.", unshown="there is nothing to show")


def test_a_page() -> None:
    said = [Diagnostic(SHOWN, "found `odd`", Source(SourceFile("spec.yaml", SHOWN.bad), 1, 10, 13), "even it out")]
    assert page_of(SHOWN, said, Page(60)) == (
        "odd-layer: a layer is odd\n"
        "\n"
        "It is not even, which is what a reader of so long a reason\n"
        "as this one would have thought.\n"
        "\n"
        "A warning: it changes no exit code.\n"
        "\n"
        "At the end of the line that it points at, this silences it:\n"
        "\n"
        "    # archanalyzer: ignore[odd-layer]\n"
        "\n"
        "A spec that breaks it:\n"
        "\n"
        "    layers: [odd]\n"
        "\n"
        "What is said to that:\n"
        "\n"
        "    spec.yaml:1:10: warning[odd-layer]: found `odd`\n"
        "      1 | layers: [odd]\n"
        "        |          ^^^\n"
        "      hint: even it out\n"
        "\n"
        "The spec mended:\n"
        "\n"
        "    layers: [even]\n"
    )


def test_a_rule_that_is_not_shown_says_why() -> None:
    assert page_of(UNSHOWN, [], Page(80)) == (
        "no-file: there is no file\n"
        "\n"
        "Nothing can be read.\n"
        "\n"
        "An error: the spec, or a part of it, cannot be used; the exit code is 2.\n"
        "\n"
        "There is no example: there is nothing to show.\n"
    )


def test_a_list_keeps_its_columns() -> None:
    assert as_list([SHOWN, UNSHOWN], Page(80)) == (
        "odd-layer  warning  a layer is odd\nno-file    error    there is no file\n"
    )
    assert as_list([SHOWN], Page(20)) == "odd-layer  warning  a layer is odd\n", "no column is narrower than 20"
    assert as_list([SHOWN._replace(summary="a layer is odd, as are its neighbours")], Page(45)) == (
        "odd-layer  warning  a layer is odd, as are\n                    its neighbours\n"
    )
