"""Explanations in the formats that there are: text, Markdown, LaTeX, JSON."""

from __future__ import annotations

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.explaining.fields import FieldExplained
from archanalyzer.report.explanation import count as explanation_count
from archanalyzer.report.explanation import field as explanation_field
from archanalyzer.report.explanation.count import Explained
from archanalyzer.report.json_text import document
from archanalyzer.report.parts import as_markdown, as_text
from archanalyzer.report.view import Page

FORMATS = ("text", "markdown", "latex", "json")


def written(format_name: str, analyzed: Analyzed, explained: Explained | FieldExplained, page: Page) -> str:
    """An explanation in one of ``FORMATS``, ending with a line break."""
    if isinstance(explained, FieldExplained):
        return _field(format_name, analyzed, explained, page)
    match format_name:
        case "json":
            return document(explanation_count.as_data(analyzed, explained))
        case "latex":
            from archanalyzer.report.explanation.as_latex import count_as_latex

            return count_as_latex(analyzed, explained)
        case "markdown":
            return as_markdown(explanation_count.as_parts(analyzed, explained, tables=True))
    return as_text(explanation_count.as_parts(analyzed, explained, tables=False), page)


def _field(format_name: str, analyzed: Analyzed, explained: FieldExplained, page: Page) -> str:
    match format_name:
        case "json":
            from archanalyzer.report.explanation.field_json import field_as_data

            return document(field_as_data(analyzed, explained))
        case "latex":
            from archanalyzer.report.explanation.as_latex import parts_as_latex

            return parts_as_latex(explanation_field.as_parts(analyzed, explained))
        case "markdown":
            return as_markdown(explanation_field.as_parts(analyzed, explained))
    return as_text(explanation_field.as_parts(analyzed, explained), page)
