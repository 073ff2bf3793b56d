"""Diagnostics as SARIF 2.1.0, which code scanning and editors read.

The standard is OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; the sections named below are
its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from archanalyzer.diagnostics import Diagnostic, Note, Rule, Severity, Source
from archanalyzer.report.github import named_from
from archanalyzer.report.json_text import dump

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# A result has no other level (section 3.27.10); what is no problem is a note.
_LEVELS = {
    Severity.ERROR: "error",
    Severity.FAILURE: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "note",
    Severity.NOTE: "note",
}


def as_sarif(diagnostics: Iterable[Diagnostic], folder: str = "") -> str:
    """A log of one run; files in ``folder``, the root of the repository, are named from there.

    It has a result for each diagnostic, and the rules that these name.
    """
    diagnostics = list(diagnostics)
    rules = {each.rule.code: each.rule for each in diagnostics}
    places = {code: index for index, code in enumerate(rules)}
    driver = {
        "name": "archanalyzer",
        "version": version("archanalyzer"),
        "rules": [_rule(rule) for rule in rules.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, places[each.rule.code], folder) for each in diagnostics],
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    """A reporting descriptor (section 3.49)."""
    return {
        "id": rule.code,
        "shortDescription": {"text": _sentence(rule.summary)},
        "fullDescription": {"text": rule.why},
        "help": {"text": _help(rule, ""), "markdown": _help(rule, "```")},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def _help(rule: Rule, fence: str) -> str:
    parts = [_sentence(rule.summary), rule.why]
    for title, spec in (("A spec that breaks it:", rule.bad), ("The spec mended:", rule.good)):
        parts.extend([title, f"{fence}yaml\n{spec}{fence}" if fence else spec.rstrip()] if spec else [])
    return "\n\n".join(parts)


def _result(diagnostic: Diagnostic, rule_index: int, folder: str) -> dict[str, Any]:
    """A result (section 3.27)."""
    hint = f"\nhint: {diagnostic.hint}" if diagnostic.hint else ""
    result: dict[str, Any] = {
        "ruleId": diagnostic.rule.code,
        "ruleIndex": rule_index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": f"{diagnostic.message}{hint}"},
    }
    if diagnostic.source:
        result["locations"] = [{"physicalLocation": _place(diagnostic.source, folder)}]
    related = list(_related(diagnostic, folder))
    return {**result, "relatedLocations": related} if related else result


def _related(diagnostic: Diagnostic, folder: str) -> Iterator[dict[str, Any]]:
    """The places of notes and of the uses of blocks, each once (section 3.27.22)."""
    uses = diagnostic.trail.outwards() if diagnostic.trail else []
    notes = [*diagnostic.notes, *(Note(f"in block `{use.block}`, used here", use.source) for use in uses)]
    for note in dict.fromkeys(notes):
        yield {"message": {"text": note.text}, "physicalLocation": _place(note.source, folder)}


def _place(source: Source, folder: str) -> dict[str, Any]:
    """A physical location (section 3.29); of a file that could not be read, there is no region."""
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(source.file.name, folder)}}
    if source.file.text:
        # Both count from 1, and the end column is exclusive in both (section 3.30).
        region = {"startLine": source.line, "startColumn": source.column, "endColumn": source.end_column}
        place["region"] = region
    return place


def _uri(name: str, folder: str) -> str:
    """Percent-encoded (RFC 3986), colons too, which could end a scheme; relative but for an absolute path elsewhere."""
    name = named_from(folder, name)
    uri = quote(name.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{uri}" if PurePath(name).is_absolute() else uri
