"""Which package imports which: the table of ``docs/architecture.md``, held against the files."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.fences import ROOT

PACKAGE = ROOT / "archanalyzer"
_ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| [^|]+ \|$", re.MULTILINE)
ALLOWED = {
    name: set(re.findall(r"`(\w+)`", allowed))
    for name, allowed in _ROW.findall((ROOT / "docs" / "architecture.md").read_text())
}


def on_disk() -> set[str]:
    """The packages and modules right below ``archanalyzer``."""
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return packages | {path.stem for path in PACKAGE.glob("*.py")}


def imported(text: str, module: str) -> Iterator[str]:
    """What of ``archanalyzer`` a module's text imports, at the top, in functions and for type checkers alike."""
    package = module.rpartition(".")[0]
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                yield from (_part(name.name) for name in names if _is_ours(name.name))
            case ast.ImportFrom(module=source, names=names, level=level):
                full = importlib.util.resolve_name("." * level + (source or ""), package)
                if full == "archanalyzer":
                    yield from (name.name if name.name in on_disk() else "__init__" for name in names)
                elif _is_ours(full):
                    yield _part(full)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "archanalyzer"


def _part(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def _files(part: str) -> list[Path]:
    single = PACKAGE / f"{part}.py"
    return [single] if single.exists() else sorted((PACKAGE / part).rglob("*.py"))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_the_table_names_what_is_there() -> None:
    assert set(ALLOWED) == on_disk()


def test_no_import_can_lead_back() -> None:
    """What a row names stands in a row above it."""
    above: set[str] = set()
    for part, allowed in ALLOWED.items():
        assert allowed <= above, part
        above.add(part)


@pytest.mark.parametrize("part", ALLOWED)
def test_a_package_imports_what_it_may(part: str) -> None:
    files = _files(part)
    assert files
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path.read_text(), _module(path))
        if name not in ALLOWED[part] | {part}
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("import archanalyzer.spec.text", {"spec"}),
        ("import archanalyzer", {"__init__"}),
        ("from archanalyzer import ops, load", {"ops", "__init__"}),
        ("from archanalyzer.graph import Op", {"graph"}),
        ("from . import facts\nfrom .. import cli\nfrom ..report import text", {"passes", "cli", "report"}),
        ("if TYPE_CHECKING:\n    from archanalyzer.cli import main", {"cli"}),
        ("def f():\n    import archanalyzer.api as api", {"api"}),
        ("import networkx\nfrom pathlib import Path", set()),
    ],
)
def test_imports_are_seen_wherever_they_stand(text: str, parts: set[str]) -> None:
    assert set(imported(text, "archanalyzer.passes.facts")) == parts
