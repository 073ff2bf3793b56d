"""Does a network keep what its spec's ``expect:`` says?

Numbers are compared exactly. What is not known, or known only as a lower bound, keeps no expectation but a bound that
holds for all that it may be. A receptive field may be given as one size for all axes (the largest, where positions
differ), a list with one an axis, ``all``, or a map of any of its parts: ``{size: 212, stride: 32}``; where a network
has several inputs, by input as well. Any number may be a bound; see ``archanalyzer.passes.expecting.bounds``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic, has_errors
from archanalyzer.diagnostics.ignoring import Ignore
from archanalyzer.diagnostics.ignoring import told as without_ignored
from archanalyzer.diagnostics.rules.expectations import EXPECTATION_FAILED, PRINTED_OTHERWISE, UNKNOWN_EXPECTATION
from archanalyzer.diagnostics.rules.ignoring import UNUSED_IGNORE
from archanalyzer.graph import Claim, Expectation, Topic, is_pattern
from archanalyzer.passes.analysis import Kind, Passes, Rollup
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.expecting.comparing import Change, Stuck, changed, differences, require_possible
from archanalyzer.passes.expecting.differing import shown
from archanalyzer.passes.expecting.faults import Fault, require_known
from archanalyzer.passes.expecting.findings import Findings, is_advice, wants_advice
from archanalyzer.passes.expecting.subjects import Subjects
from archanalyzer.passes.expecting.wording import expected_text, found_text, off_by
from archanalyzer.passes.facts import Amount, Facts


class Judged(NamedTuple):
    """One expectation, and what is to be said of it: nothing where it is kept.

    ``changes``: what to write in the place of parts of its value, so that it is kept. Where nothing does, ``stuck``
    says why. ``silenced`` is what would be said of it if no comment of the spec silenced that. ``remark``: of one that
    is kept, that it is printed elsewhere as another.
    """

    expectation: Expectation
    diagnostic: Diagnostic | None = None
    changes: tuple[Change, ...] = ()
    stuck: str = ""
    silenced: Diagnostic | None = None
    remark: Diagnostic | None = None


class Held(NamedTuple):
    """All expectations of a spec held against what there is.

    ``found``: what was found in the network, without what is expected to be found, and without advice, which is only
    looked for to hold expectations against it; and the figures that are printed elsewhere as others. ``diagnostics``:
    what is to be said of expectations. ``complete``: facts were those of the whole network; ``excused``: they were not,
    by errors that are all expected.
    """

    judged: tuple[Judged, ...]
    found: tuple[Diagnostic, ...]
    complete: bool
    excused: bool

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(each.diagnostic for each in self.judged if each.diagnostic)

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Of what was found, the figures that are printed elsewhere as others."""
        return tuple(each for each in self.found if each.rule is PRINTED_OTHERWISE)


def judge(analyzed: Analyzed) -> tuple[Diagnostic, ...]:
    """What is to be said of what a spec expects; of a network that is not sound, only what no network would keep."""
    held = hold(analyzed)
    return (*held.remarks, *held.diagnostics)


def hold(analyzed: Analyzed) -> Held:
    """Holds every expectation of a spec; a snapshot is left to who may read files.

    Facts of a network that is not sound are not compared. Where all that is wrong is expected to be found, so that
    nothing else would tell, expectations of such facts fail.
    """
    expectations, sound = analyzed.spec.expectations, analyzed.network_is_sound
    advised = _with_advice(analyzed) if sound and wants_advice(expectations) else analyzed
    findings = Findings(analyzed.spec.graph, advised.diagnostics)
    told = [_found(findings, each) for each in expectations if each.topic is Topic.DIAGNOSTICS]
    kept = {each.expectation.fact for each in told if not each.diagnostic}
    found = tuple(each for each in analyzed.diagnostics if each.rule.code not in kept)
    excused = not sound and not has_errors(found)
    if not sound:
        told = [_not_looked_for(each, excused=excused) for each in told]
    checker = _Checker(advised.facts, whole=sound, excused=excused)
    facts = [checker.check(each) for each in expectations if each.topic is Topic.FACT]
    judged, others = _without_silenced((*facts, *told), analyzed.spec.ignores, whole=sound)
    return Held(judged, (*found, *others), sound, excused)


def _without_silenced(
    judged: Sequence[Judged], ignores: Sequence[Ignore], *, whole: bool
) -> tuple[tuple[Judged, ...], tuple[Diagnostic, ...]]:
    """Expectations without what comments silence, and remarks, with warnings of comments that silence none."""
    found = [said for each in judged for said in (each.diagnostic, each.remark) if said]
    rules = (EXPECTATION_FAILED, PRINTED_OTHERWISE)
    left = without_ignored(found, ignores, lambda rule: rule in rules and whole)
    told = set(map(id, left))
    kept = tuple(
        each
        if each.diagnostic is None or id(each.diagnostic) in told
        else Judged(each.expectation, silenced=each.diagnostic)
        for each in judged
    )
    return kept, tuple(each for each in left if each.rule in (PRINTED_OTHERWISE, UNUSED_IGNORE))


def _not_looked_for(judged: Judged, *, excused: bool) -> Judged:
    """Of a network with errors, what is to be said of advice, which was not looked for: as of facts."""
    expectation = judged.expectation
    at_fault = judged.diagnostic and judged.diagnostic.rule is not EXPECTATION_FAILED
    if at_fault or not is_advice(expectation):
        return judged
    if not excused:
        return Judged(expectation)
    return _unknown(expectation)


def _unknown(expectation: Expectation) -> Judged:
    """That a network has errors, and so is not known to be as expected."""
    stuck = "what is true of a network with errors is not known"
    return _failed(expectation, f"expected {shown(expectation.value)}, found a network with errors", (), stuck)


def _with_advice(analyzed: Analyzed) -> Analyzed:
    """The same spec analyzed by the passes that give advice as well."""
    from archanalyzer.passes.advice import advisory

    asked = analyzed.facts.passes.all
    names = {one.name for one in asked}
    return analyze(analyzed.spec, Passes((*asked, *(one for one in advisory() if one.name not in names))))


def unmet(facts: Facts, expectations: Iterable[Expectation], *, whole: bool = True) -> tuple[Diagnostic, ...]:
    """A diagnostic for every expectation that the facts do not keep, or that is about nothing that there is.

    Where the facts are not those of the ``whole`` network, they are not compared. Expectations of what is found are
    not held: facts do not tell.
    """
    checker = _Checker(facts, whole=whole)
    judged = (checker.check(expectation) for expectation in expectations if expectation.topic is Topic.FACT)
    return tuple(each.diagnostic for each in judged if each.diagnostic)


def _found(findings: Findings, expectation: Expectation) -> Judged:
    try:
        findings.require_possible(expectation)
        changes, stuck = _apart(list(findings.differences(expectation)))
    except Fault as fault:
        return _at_fault(expectation, fault)
    if not changes and not stuck:
        return Judged(expectation)
    expected = findings.expected_text(expectation)
    return _failed(expectation, f"expected {expected}, found {findings.found_text(expectation)}", changes, stuck)


def _apart(found: Sequence[Change | Stuck]) -> tuple[tuple[Change, ...], str]:
    """The changes, unless something keeps them from mending all."""
    stuck = next((each.reason for each in found if isinstance(each, Stuck)), "")
    return () if stuck else tuple(each for each in found if isinstance(each, Change)), stuck


def _failed(expectation: Expectation, message: str, changes: tuple[Change, ...], stuck: str) -> Judged:
    text = f"`{expectation.label}`: {message}"
    return Judged(expectation, Diagnostic(EXPECTATION_FAILED, text, expectation.source), changes, stuck)


def _require_possible_claim(claim: Claim, kind: Kind) -> None:
    """Raises Fault where no network would have the figure that is printed."""
    try:
        require_possible(claim.printed, kind, _shown_or_nothing(claim.printed))
    except Fault as fault:
        raise Fault(fault.rule, f"`printed`: {fault.message}", place=claim.source, hint=fault.hint) from None


def _printed_otherwise(expectation: Expectation, amounts: Sequence[Amount], kind: Kind) -> Diagnostic | None:
    """That what is as expected is printed elsewhere as another; None where it is not."""
    claim = expectation.claim
    others = [each for each in amounts if claim and any(differences(claim.printed, each, kind))]
    if claim is None or not others:
        return None
    computed = f"`{expectation.label}` is {found_text(expectation.value, others[0], kind)}, as computed"
    printed = f"printed as {expected_text(claim.printed, kind)}{off_by(others[0].value, claim.printed)}"
    note = f": {claim.note}" if claim.note else ""
    return Diagnostic(PRINTED_OTHERWISE, f"{computed}; {printed} ({claim.origin}){note}", claim.source)


def _at_fault(expectation: Expectation, fault: Fault) -> Judged:
    place = fault.place or expectation.at(fault.path)
    return Judged(expectation, Diagnostic(fault.rule, f"`{expectation.label}`: {fault.message}", place, fault.hint))


class _Checker:
    def __init__(self, facts: Facts, *, whole: bool, excused: bool = False) -> None:
        self.facts = facts
        self.whole = whole
        self.excused = excused
        self.subjects = Subjects(facts.graph)
        self._told: set[str | None] = set()

    def check(self, expectation: Expectation) -> Judged:
        try:
            subjects = self._subjects(expectation)
            if subjects is None:
                return Judged(expectation, self._no_subject(expectation))
            if expectation.fact is None:
                return Judged(expectation) if subjects or not self.excused else _unknown(expectation)
            return self._check(expectation, expectation.fact, subjects)
        except Fault as fault:
            return _at_fault(expectation, fault)

    def _subjects(self, expectation: Expectation) -> tuple[str | None, ...] | None:
        """What an expectation is about, as far as that is known; None where there is no such thing.

        What an error keeps from being known, such as a layer in a block that is wrong, may be there.
        """
        subject = expectation.subject
        meant: tuple[str | None, ...] = (None,) if subject is None else self.subjects.meant(subject)
        if meant or (expectation.missing is None and not self.whole):
            return meant
        return None

    def _no_subject(self, expectation: Expectation) -> Diagnostic | None:
        """That there is no such layer, told once."""
        subject = expectation.subject
        if subject is None or subject in self._told:
            return None
        self._told.add(subject)
        place = expectation.subject_source or expectation.source
        hint, message = expectation.missing, f"there is no layer or block `{subject}`"
        if is_pattern(subject):
            message = f"no layer or block has a name like `{subject}`"
        if is_pattern(subject) or hint is None:
            hint = self.subjects.hint(subject)
        return Diagnostic(UNKNOWN_EXPECTATION, message, place, hint or None)

    def _check(self, expectation: Expectation, fact: str, subjects: tuple[str | None, ...]) -> Judged:
        kind = self._kind(subjects[0] if subjects else expectation.subject, fact, expectation)
        require_possible(expectation.value, kind, _shown_or_nothing(expectation.value))
        if expectation.claim:
            _require_possible_claim(expectation.claim, kind)
        if self.excused:
            return _unknown(expectation)
        if not self.whole:
            return Judged(expectation)
        if is_pattern(expectation.subject or ""):
            self.subjects.count(len(subjects))
        amounts = [self._amount(subject, fact) for subject in subjects]
        wrong = [
            (subject, amount, apart)
            for subject, amount in zip(subjects, amounts, strict=True)
            if any(apart := _apart(list(differences(expectation.value, amount, kind))))
        ]
        if not wrong:
            return Judged(expectation, remark=_printed_otherwise(expectation, amounts, kind))
        subject, amount, (changes, stuck) = wrong[0]
        expected = expected_text(expectation.value, kind)
        message = f"expected {expected}, found {found_text(expectation.value, amount, kind)}"
        if is_pattern(expectation.subject or ""):
            others = f", and another value in {len(wrong) - 1:,} more of {len(subjects):,}" if len(wrong) > 1 else ""
            message += f" in `{subject}`{others}"
            changes, stuck = _mending_all(expectation.value, amounts, kind)
        return _failed(expectation, message, changes, stuck)

    def _kind(self, subject: str | None, fact: str, expectation: Expectation) -> Kind:
        """What kind of value a fact has.

        Raises:
            Fault: there is no such fact.
        """
        place = expectation.fact_source
        if subject is None:
            require_known(fact, tuple(self.facts.passes.total_owner), "there is no such total", "totals", place)
            return self.facts.total(fact).kind
        known, what = tuple(self.facts.columns), "a layer"
        if subject in self.subjects.blocks:
            columns = self.facts.columns.items()
            known = tuple(name for name, column in columns if column.rollup is not Rollup.NONE)
            what = "a block"
        require_known(fact, known, f"there is no such fact about {what}", "facts", place)
        return self.facts.columns[fact].kind

    def _amount(self, subject: str | None, fact: str) -> Amount:
        if subject is None:
            return self.facts.total(fact).amount
        if subject in self.subjects.blocks:
            return self.facts.block_value(self.subjects.blocks[subject], fact)
        return Amount(self.facts.values(fact)[self.subjects.layers[subject]])


def _mending_all(value: Any, amounts: Sequence[Amount], kind: Kind) -> tuple[tuple[Change, ...], str]:
    """What to write so that all of several amounts keep one value.

    Mending it for one after the other widens a bound until all keep it; what is no bound is kept by all only where
    they are alike.
    """
    made: dict[Any, Change] = {}
    for amount in amounts:
        changes, stuck = _apart(list(differences(value, amount, kind)))
        if stuck:
            return (), stuck
        value = changed(value, changes)
        made.update({(change.path, change.number): change for change in changes})
    if any(any(_apart(list(differences(value, amount, kind)))) for amount in amounts):
        return (), "the layers that it means differ in this"
    return tuple(made.values()), ""


def _shown_or_nothing(value: Any) -> str:
    return "nothing" if value is None else shown(value)
