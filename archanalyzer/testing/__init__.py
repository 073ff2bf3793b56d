"""The generic checks of a layer type, for ours and for a plugin's alike.

@pytest.mark.parametrize("check", checks_for(MyOp, MyKernel), ids=str)
def test_my_op(check):
    check()

For tests by hand, ``run_forward`` and ``run_backward`` call a kernel as the plan does, on arrays that are given.
"""

from archanalyzer.testing.calling import input_gradients, run_backward, run_forward
from archanalyzer.testing.cases import Case, case_named, case_of, cases_for, types_of
from archanalyzer.testing.checks import Check, checks_for, checks_of_case
from archanalyzer.testing.readings import Positions, positions, readings_by_position

__all__ = [
    "Case",
    "Check",
    "Positions",
    "case_named",
    "case_of",
    "cases_for",
    "checks_for",
    "checks_of_case",
    "input_gradients",
    "positions",
    "readings_by_position",
    "run_backward",
    "run_forward",
    "types_of",
]
