"""Runs of the program within bounds of time and memory, and the texts that they are given."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = "archspec: 1\ninputs: {x: [3, 8, 8]}\n"
FLAT = "archspec: 1\ninputs: {x: [1]}\n"
SECONDS, BYTES = 10, 2 * 2**30
"""What a run may take; every case here takes a second or two, and some 100 MB."""


def _within_bounds() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def run(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "archanalyzer", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=_within_bounds,
        timeout=60,
    )


def rules(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The rules of the diagnostics on standard error, after what is true of every bad input has been checked."""
    err = done.stderr.decode()
    assert done.returncode == 2, err[:1000]
    assert "Traceback" not in err
    assert "internal error" not in err
    assert len(err) < 40_000
    return re.findall(r"^(?:\S.*?: )?(?:error|warning)\[([\w-]+)\]: ", err, re.MULTILINE)


def blocks(number: int, first: str, inner: str) -> str:
    """Blocks each of which uses the one before: ``inner`` with its name in place of ``%``."""
    lines = (f"  b{depth}: {{layers: [{inner.replace('%', f'b{depth - 1}')}]}}\n" for depth in range(1, number))
    return f"{HEAD}blocks:\n  b0: {{layers: [{first}]}}\n{''.join(lines)}layers: [b{number - 1}]\n"


def many(number: int, line: Callable[[int], str]) -> str:
    return "".join(line(index) for index in range(number))
