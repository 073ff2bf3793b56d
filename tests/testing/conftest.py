"""A project for tests of the pytest plugin; their modules ask for ``pytester`` themselves, as pytest wants it."""

from __future__ import annotations

import os
import tomllib

import pytest

from tests.docs.fences import ROOT


@pytest.fixture
def project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> pytest.Pytester:
    """An empty project, in an environment where the package is installed with the entry points that it declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    site = tmp_path_factory.mktemp("site")
    info = site / "installed-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    lines = [f"{name} = {module}\n" for name, module in declared.items()]
    (info / "entry_points.txt").write_text("[pytest11]\n" + "".join(lines))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]), prepend=os.pathsep)
    for name in ("PYTEST_ADDOPTS", "COLUMNS", "CI", "FORCE_COLOR", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.delenv(name, raising=False)
    return pytester
