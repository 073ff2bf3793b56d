"""Reading specs: from YAML text to a graph, with everything that is wrong told at its place."""

from archanalyzer.spec.document import DTYPES
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits
from archanalyzer.spec.reading import parse_spec, read_spec

__all__ = ["DEFAULT_LIMITS", "DTYPES", "Limits", "parse_spec", "read_spec"]
