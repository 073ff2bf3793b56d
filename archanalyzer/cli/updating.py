"""``check --update``: rewrites the values of failing expectations, and nothing else of a spec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from archanalyzer.checking.snapshots import Compared
from archanalyzer.cli.output import NotWritten
from archanalyzer.diagnostics import Diagnostic, SpecError
from archanalyzer.diagnostics.rules.expectations import EXPECTATION_FAILED, NOT_UPDATED
from archanalyzer.files import write_whole
from archanalyzer.graph import Expectation, PartPath, Topic
from archanalyzer.passes.expectations import Held, Judged
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits
from archanalyzer.spec.rewriting import Edit, rewrite
from archanalyzer.spec.text import bytes_of_file, decoded


class Update(NamedTuple):
    """What is to be written for one spec: the text before and after, the snapshot, and why not the rest."""

    path: str
    old: str
    new: str
    snapshot: Compared
    updated: int
    refused: tuple[Diagnostic, ...]
    limits: Limits = DEFAULT_LIMITS

    def write(self) -> None:
        """Writes the snapshot, whose folder is made, and then the spec, each whole or not at all.

        Where the snapshot cannot be written, the spec stays as it is, and so goes on failing.

        Raises:
            NotWritten: the system refuses, or the spec is no longer the one that was read.
        """
        mark = b""
        if self.new != self.old:
            mark, text = _read(self.path, self.limits)
            if text != self.old:
                raise NotWritten(f"cannot update `{self.path}`: it has changed meanwhile")
        if self.snapshot.path is not None and self.snapshot.report is not None:
            _write(self.snapshot.path, self.snapshot.report.encode())
        if self.new != self.old:
            _write(self.path, mark + self.new.encode())

    def difference(self) -> str:
        """A diff of what would be written."""
        from archanalyzer.report.snapshot import text_difference

        texts = [text_difference(self.old, self.new, self.path)] if self.new != self.old else []
        path, report = self.snapshot.path, self.snapshot.report
        if path is not None and report is not None:
            old = _read(path, self.limits)[1] if self.snapshot.difference else ""
            name = str(Path(self.path).parent / self.snapshot.name)
            texts.append(text_difference(old, report, name))
        return "".join(texts)


def update_of(path: str, held: Held, snapshot: Compared, limits: Limits = DEFAULT_LIMITS) -> Update:
    """What is to be written so that the failing expectations of the spec at ``path`` hold."""
    failing = _failing(held)
    mendable = [each for each in failing if each.changes]
    refused = [_refused(each.expectation, each.stuck) for each in failing if not each.changes]
    old = failing[0].expectation.source.file.text if failing else ""
    done = rewrite(old, [_edits(each) for each in mendable], limits)
    refused += [_refused(mendable[index].expectation, reason) for index, reason in done.refused.items()]
    updated = len(mendable) - len(done.refused) + (snapshot.report is not None)
    return Update(path, old, done.text, snapshot, updated, tuple(refused), limits)


def left_alone(held: Held, snapshot: Compared, reason: str) -> tuple[Diagnostic, ...]:
    """That none of the failing expectations of a spec are updated, and why; nothing where none fail."""
    failing = [each.diagnostic for each in _failing(held)]
    failing += [snapshot.diagnostic] if snapshot.report is not None else []
    places = [each.source for each in failing if each is not None]
    return (Diagnostic(NOT_UPDATED, reason, places[0]),) if places else ()


def _failing(held: Held) -> list[Judged]:
    return [each for each in held.judged if each.diagnostic and each.diagnostic.rule is EXPECTATION_FAILED]


def _edits(judged: Judged) -> Sequence[Edit]:
    base = _address(judged.expectation)
    return [Edit((*base, *change.path), change.value, change.number) for change in judged.changes]


def _address(expectation: Expectation) -> PartPath:
    """Where the value of an expectation stands in a spec."""
    fact = expectation.fact or ""
    if expectation.topic is Topic.DIAGNOSTICS:
        return "expect", "diagnostics", fact
    if expectation.subject is None:
        return "expect", "totals", fact, *expectation.within
    return "expect", "layers", expectation.subject, fact, *expectation.within


def _refused(expectation: Expectation, reason: str) -> Diagnostic:
    return Diagnostic(NOT_UPDATED, f"`{expectation.label}` stays as it is: {reason}", expectation.source)


def _read(path: str | Path, limits: Limits) -> tuple[bytes, str]:
    """The byte order mark of a file, if it has one, and its text, line breaks as they are."""
    try:
        data = bytes_of_file(str(path), limits)
        text = decoded(data, str(path), limits)
    except SpecError as error:
        raise NotWritten(f"cannot update `{path}`: {error.diagnostics[0].message}") from None
    return data[: len(data) - len(text.encode())], text


def _write(path: str | Path, data: bytes) -> None:
    """Writes a file and, where it is not there, its folder."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise NotWritten(f"cannot write `{path}`: {error.strerror or error}") from None
