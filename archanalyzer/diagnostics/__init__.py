"""Everything that can be wrong, as data."""

from archanalyzer.diagnostics.diagnostic import Diagnostic, Note, Rule, Severity, SpecError, has_errors
from archanalyzer.diagnostics.problems import Problems, did_you_mean
from archanalyzer.diagnostics.source import BlockUse, Source, SourceFile
from archanalyzer.diagnostics.words import enumerated

__all__ = [
    "BlockUse",
    "Diagnostic",
    "Note",
    "Problems",
    "Rule",
    "Severity",
    "Source",
    "SourceFile",
    "SpecError",
    "did_you_mean",
    "enumerated",
    "has_errors",
]
