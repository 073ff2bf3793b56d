"""Which plugins there are, and how their code is imported."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.guarding import code_place, place_of, printing_aside, raised, remember_code
from archanalyzer.diagnostics.rules.plugins import NOT_A_PLUGIN, PLUGIN_NOT_FOUND, PLUGIN_NOT_IMPORTED

_NOT_CODE = (".yaml", ".yml", ".json")
_FORMS = "expected a FILE.py, a ./folder, a module's name, or a pyproject.toml"
GROUP = "archanalyzer.plugins"
"""The entry-point group: each entry names a module, or a ``Plugin`` in one."""
ATTRIBUTE = "plugin"
"""What a module calls its plugin."""
WITHOUT = "ARCHANALYZER_NO_PLUGINS"
"""The environment variable that keeps installed plugins out, unless it is empty or 0."""


class Found(NamedTuple):
    """Something that may be a plugin; ``origin`` says in words where it is from."""

    origin: str
    value: Any


def installed() -> Iterator[Found | Diagnostic]:
    """The plugins of installed packages, by the names of their entries."""
    if os.environ.get(WITHOUT, "") not in ("", "0") or not _some_installed():
        return
    from importlib.metadata import distributions

    for distribution in distributions(path=_installation_folders()):
        try:
            entries = [(each.name, each.value) for each in distribution.entry_points.select(group=GROUP)]
            package = f"{distribution.metadata['Name']} {distribution.version}" if entries else ""
        except Exception as error:  # a package that is damaged in whatever way is not ours to mend
            yield _not_imported(f"the entry points of `{getattr(distribution, '_path', distribution)}`", error)
            continue
        for name, value in entries:
            module, _, attribute = value.partition(":")
            yield _of_module(f"`{name}` of {package}", module.strip(), attribute.strip() or ATTRIBUTE)


def named(name: str, _within: tuple[Path, ...] = ()) -> Iterator[Found | Diagnostic]:
    """The plugins in a Python file, in the files of a folder, in a module, or those that a ``pyproject.toml`` names.

    A name without a separator or an ending is a module's, whatever lies in the current folder; that is ``./name``.
    """
    path = Path(name)
    if not name.strip():
        yield _not_found("the name of a plugin is empty", "is it a variable that has no value?")
    elif name.endswith(_NOT_CODE):
        hint = f"{_FORMS}; a spec stands without `--plugin`"
        yield Diagnostic(NOT_A_PLUGIN, f"`{name}` is named as a plugin, and is no Python code", hint=hint)
    elif all(part.isidentifier() for part in name.split(".")) and not name.endswith((".py", ".toml")):
        yield _of_module(f"`{name}`", name, ATTRIBUTE)
    elif name.endswith(".toml"):
        yield from _in_project(path, _within)
    elif path.is_dir():
        files = [path / "__init__.py"] if (path / "__init__.py").is_file() else sorted(path.glob("[!_]*.py"))
        if not files:
            yield _not_found(f"there is no Python file in the folder `{name}`", "name a file, or a folder with some")
        yield from map(_in_file, files)
    elif name.endswith(".py"):
        yield _in_file(path)
    elif path.is_file():
        yield Diagnostic(NOT_A_PLUGIN, f"`{name}` is named as a plugin, and its name does not end in .py", hint=_FORMS)
    else:
        yield _not_found(f"there is no file or folder `{name}`", _FORMS)


# --- Where installed ones may be


def _installation_folders() -> list[str]:
    """Where packages are imported from, but not the current folder: to stand somewhere names no plugin."""
    try:
        here = os.getcwd()  # noqa: PTH109
    except OSError:  # the current folder has been deleted
        here = ""
    return [folder for folder in sys.path if folder not in ("", here) and Path(folder).is_dir()]


def _some_installed() -> bool:
    """Whether any package has an entry for us: to ask the library takes ten times as long, at every start."""
    wanted = f"[{GROUP}]".encode()
    for folder in _installation_folders():
        for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt"):
            for entries in Path(folder).glob(pattern):
                with suppress(OSError):  # a damaged package
                    if wanted in entries.read_bytes():
                        return True
    return False


# --- Named ones


def _in_project(path: Path, within: tuple[Path, ...]) -> Iterator[Found | Diagnostic]:
    """Those that the table ``[tool.archanalyzer]`` names; paths are taken from the file's own folder.

    ``within``: the files that name this one, the outermost first.
    """
    import tomllib

    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield _not_found(f"there is no file `{path}`")
        return
    except (OSError, ValueError) as error:
        yield Diagnostic(NOT_A_PLUGIN, f"`{path}` cannot be read: {error}")
        return
    here = path.resolve()
    if here in within:
        chain = " → ".join(f"`{each.name}`" for each in (*within[within.index(here) :], here))
        yield Diagnostic(NOT_A_PLUGIN, f"`{path}` names itself: {chain}", hint="leave it out of its `plugins`")
        return
    names = table
    for key in ("tool", "archanalyzer", "plugins"):
        names = names.get(key) if isinstance(names, dict) else None
    if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
        hint = 'it reads: `plugins = ["plugins/roofline.py", "some.module"]`'
        yield Diagnostic(NOT_A_PLUGIN, f"`{path}`: expected a list `plugins` in [tool.archanalyzer]", hint=hint)
        return
    for name in names:
        is_path = "/" in name or "\\" in name or name.endswith((".py", ".toml"))
        full = os.path.join(path.parent, name) if is_path else name  # noqa: PTH118 - keeps `./`
        yield from named(full, (*within, here))


def _in_file(path: Path) -> Found | Diagnostic:
    """The plugin in a file. Its module's name is made of the path, so that it hides no other."""
    import hashlib

    origin = f"`{path}`"
    if not path.is_file():
        return _not_found(f"there is no file `{path}`")
    resolved = path.resolve()
    name = f"archanalyzer_plugin_{hashlib.sha256(os.fsencode(resolved)).hexdigest()[:16]}"
    try:
        with printing_aside():
            module = sys.modules[name] if name in sys.modules else _executed(name, resolved)
            return _its_plugin(origin, module, ATTRIBUTE)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        sys.modules.pop(name, None)
        return _not_imported(origin, error)


def _executed(name: str, path: Path) -> ModuleType:
    """A file as a module. Nothing is written beside it."""
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise ImportError(f"`{path}` is no Python file")
    module = importlib.util.module_from_spec(spec)
    remember_code(str(path), whole_folder=inside is not None)
    sys.modules[name] = module  # a package imports its own parts by this name
    spec.loader.exec_module(module)
    return module


def _of_module(origin: str, module: str, attribute: str) -> Found | Diagnostic:
    try:
        with printing_aside():
            _remember_module(module)
            return _its_plugin(origin, importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            return _not_found(f"there is no module `{module}`, of which the plugin {origin} is", "is it installed?")
        return _not_imported(origin, error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _not_imported(origin, error)


def _remember_module(name: str) -> None:
    """Remembers where the code of a module lies, before it is run; whether it can be found, its import tells."""
    with suppress(ImportError, AttributeError, ValueError):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            remember_code(spec.origin, whole_folder=bool(spec.parent))


def _its_plugin(origin: str, module: ModuleType, attribute: str) -> Found | Diagnostic:
    value: Any = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            hint = f"a plugin's module has one: `{ATTRIBUTE} = Plugin(...)`"
            place = code_place(module.__file__) if module.__file__ else None
            return Diagnostic(NOT_A_PLUGIN, f"{origin}: there is no `{attribute}` in it", place, hint)
        value = getattr(value, part)
    return Found(origin, value)


# --- What is told


def _not_found(message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(PLUGIN_NOT_FOUND, message, hint=hint)


def _not_imported(origin: str, error: BaseException) -> Diagnostic:
    return Diagnostic(PLUGIN_NOT_IMPORTED, f"{origin} cannot be imported: {raised(error)}", place_of(error))
