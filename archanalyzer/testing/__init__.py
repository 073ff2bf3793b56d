"""The generic checks of a layer type, for ours and for a plugin's alike.

@pytest.mark.parametrize("check", checks_for(MyOp), ids=str)
def test_my_op(check):
    check()
"""

from archanalyzer.testing.cases import Case, case_named, case_of, cases_for, types_of
from archanalyzer.testing.checks import Check, checks_for
from archanalyzer.testing.readings import Positions, positions, readings_by_position

__all__ = [
    "Case",
    "Check",
    "Positions",
    "case_named",
    "case_of",
    "cases_for",
    "checks_for",
    "positions",
    "readings_by_position",
    "types_of",
]
