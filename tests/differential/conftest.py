"""What several files need; and at the end of a run, how many cases of ONNX's operators apply, passed, are left out.

That is told from what ``test_kernels_against_onnx.py`` records of its tests.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest


@pytest.fixture(scope="module")
def double_precision() -> Iterable[None]:
    """PyTorch makes numbers of 64 bits where it is not told otherwise."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed: Counter[str] = Counter()
    applying: Counter[str] = Counter()
    left_out: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, value in report.user_properties:
                if name == "onnx case":
                    passed[value] += outcome == "passed"
                elif name == "onnx case found":
                    operator, reason = value
                    applying[operator] += reason is None
                    left_out[operator].update([reason] if reason else [])
    if not applying:
        return
    terminalreporter.section("cases of ONNX's operators")
    terminalreporter.write_line(f"{'operator':24}{'apply':>6}{'passed':>8}{'left out':>10}")
    for operator in sorted(applying):
        reasons = left_out[operator]
        counts = f"{applying[operator]:6}{passed[operator]:8}{reasons.total():10}"
        told = "; ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"{operator:24}{counts}  {told}".rstrip())
    total = sum(reasons.total() for reasons in left_out.values())
    terminalreporter.write_line(f"{'all':24}{applying.total():6}{passed.total():8}{total:10}")
