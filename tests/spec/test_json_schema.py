"""The JSON Schema of the spec language: it accepts what the loader accepts, and refuses what a schema can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from archanalyzer import ops
from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.graph import Example
from tests.bad_input.test_hostile import HOSTILE
from tests.bad_input.test_unreadable import UNREADABLE
from tests.broken.test_broken import FILES, HEADER, expected
from tests.docs.examples import completed
from tests.docs.examples import found as found_in
from tests.docs.fences import ROOT, Fence, all_fences
from tests.spec.editing import accepted, as_an_editor, objections

SPECS = [*sorted((ROOT / "specs").rglob("*.yaml")), *sorted((ROOT / "tests" / "passes" / "cases").glob("*.yaml"))]
FENCES = all_fences("yaml", "yaml fragment")
TYPES = [name for name in ops.names() if name != "input"]
EXAMPLES = [(name, example) for name in TYPES for example in ops.get(name).examples]

# --- Which rules a schema can hold

_EXPRESSIBLE = (
    "unknown-key missing-key unknown-version wrong-kind not-a-layer unknown-field missing-field invalid-field "
    "invalid-name invalid-repeat empty-block hides-layer-type too-many-axes empty-file"
)
EXPRESSIBLE = frozenset(_EXPRESSIBLE.split())
"""Rules about what stands at one place: keys and fields that are unknown or missing, kinds and ranges of values."""

INEXPRESSIBLE: dict[str, str] = {
    "names refer to names elsewhere": "unknown-layer-type unknown-layer duplicate-name forward-reference cycle "
    "ambiguous-input unused-layer unused-block recursive-block shared-types-differ nothing-to-share unknown-override",
    "shapes follow from the layers above": "shared-weights-differ pinned-shape wrong-number-of-inputs wrong-rank "
    "kernel-larger-than-input channels-not-divisible window-in-padding padding-larger-than-input "
    "crop-larger-than-input shapes-differ elements-differ unpaired-unpool output-too-large",
    "facts are computed": "unknown-expectation impossible-expectation expectation-failed snapshot-differs not-updated "
    "printed-otherwise",
    "an expression is a text": "expression-syntax expression-name expression-type expression-divides-by-zero "
    "expression-not-real expression-too-large too-much-arithmetic expression-index",
    "what repeats and blocks come to": "too-many-layers too-many-fields",
    "comments are no data": "unused-ignore invalid-ignore",
    "it is about the text, before it is data": "file-not-found not-a-file file-not-readable "
    "file-too-large not-utf8 control-character yaml-syntax nesting-too-deep too-many-values alias-expansion "
    "alias-cycle unknown-alias duplicate-key key-not-text merge-key yaml-tag several-documents split-expression "
    "ambiguous-number number-too-large not-finite",
    "it is about plugins": "plugin-not-found plugin-not-imported not-a-plugin plugin-version plugin-clash plugin-need "
    "plugin-failed",
}

EXCEPTIONS: dict[str, str] = {
    "block-argument-misspelt": "the arguments of a block are the spec's own",
    "block-argument-wrong": "what an argument comes to",
    "block-arguments-beside": "the names of blocks are the spec's own",
    "block-in-block": "what an argument comes to",
    "data-batches": "as many samples of each input",
    "expression-result": "what an expression comes to",
    "field-axes": "the numbers in a list with each other",
    "field-scientific": "in JSON, 1e3 is a whole number",
    "version-as-a-float": "in JSON, 1.0 is a whole number",
    "layers-left-out": "`repeat: 0` leaves all layers out",
    "repeat-of-two-inputs": "how many layers it reads",
    "counter-from-zero": "what an expression comes to",
    "expression-half-of-an-odd-number": "what an expression comes to",
    "expression-in-the-repeat": "what an expression comes to",
    "expression-negative-padding": "what an expression comes to",
    "input-shape-from-a-list": "what an expression comes to",
    "variable-hidden-by-a-counter": "what an expression comes to",
    "variable-in-quotes": "what an expression comes to",
    "block-argument-null": "what an argument comes to",
    "block-arguments-by-position": "what an argument comes to",
    "block-default-of-another-kind": "what an argument comes to",
    "data-classes-from-one": "the classes that an output has",
    "data-fraction-of-a-class": "the classes that an output has",
    "field-permute-from-one": "the numbers in a list with each other",
    "repeat-of-a-block-with-two-inputs": "how many layers it reads",
    "yaml-float-with-nothing-behind": "in JSON, 64. is a whole number",
}
"""Specs that break such a rule in a way that no schema can see, and why."""


REFUSED_ANYHOW: dict[str, str] = {"outputs-twice": "a list of names each once, while names of layers are elsewhere"}
"""Specs that break another rule in a way that a schema can see for once, and why."""


def codes(path: Path) -> set[str]:
    """The rules that a broken spec breaks."""
    return {match[2] for line in expected(path) if (match := HEADER.match(line))}


def refused(text: str) -> bool:
    """Whether an editor refuses a text, by its parser or by the schema."""
    try:
        return not accepted(as_an_editor(text))
    except yaml.YAMLError:
        return True


def test_every_rule_is_judged() -> None:
    """A new rule goes into one of the tables above."""
    judged = [*EXPRESSIBLE, *(code for listed in INEXPRESSIBLE.values() for code in listed.split())]
    advice = {code for code, rule in all_rules().items() if rule.severity.value == "advice"}
    assert set(all_rules()) - advice <= set(judged)
    assert len(judged) == len(set(judged))


@pytest.mark.parametrize(
    "path", [each for each in FILES if not each.stem.startswith("yaml-alias")], ids=lambda p: p.stem
)
def test_a_broken_spec_is_refused_or_a_schema_cannot_tell(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.stem in EXCEPTIONS:
        assert codes(path) & EXPRESSIBLE
        assert not refused(text)
    elif codes(path) & EXPRESSIBLE or path.stem in REFUSED_ANYHOW:
        assert refused(text)
    elif codes(path) and not codes(path) & INEXACT:
        assert not refused(text), objections(as_an_editor(text))


INEXACT = frozenset({"impossible-expectation", *INEXPRESSIBLE["it is about the text, before it is data"].split()})
"""Rules whose breach an editor may find anyhow, by its parser or for what is left of the text."""


@pytest.mark.parametrize("code", [code for code, rule in all_rules().items() if rule.bad])
def test_the_examples_of_a_rule(code: str) -> None:
    rule = all_rules()[code]
    assert accepted(as_an_editor(rule.good)), objections(as_an_editor(rule.good))
    if code in EXPRESSIBLE:
        assert refused(rule.bad)
    elif code not in INEXACT:
        assert not refused(rule.bad)


@pytest.mark.parametrize("name", [name for name, (_, rule) in UNREADABLE.items() if rule in EXPRESSIBLE])
def test_bad_input_is_refused(name: str) -> None:
    assert refused(UNREADABLE[name][0].decode())


_TEXTS = ((name, text()) for name, (text, _) in HOSTILE.items())
SMALL = {name: text for name, text in _TEXTS if len(text) < 10_000 and "&" not in text}
"""Those that a validator is done with in time, which goes through all copies of what an alias names."""


@pytest.mark.parametrize("name", SMALL)
def test_hostile_input(name: str) -> None:
    """Refused where all that is wrong is such that a schema can tell; else there is no claim, but it gets to an end."""
    rules = HOSTILE[name][1]
    assert refused(SMALL[name]) or not rules or not rules <= EXPRESSIBLE


# --- What is right is accepted


def test_specs_are_found() -> None:
    assert len(SPECS) > 20
    assert len(FENCES) > 100
    assert len(EXAMPLES) > len(TYPES)
    assert len(SMALL) > 3
    assert {*EXCEPTIONS, *REFUSED_ANYHOW} <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_are_accepted(path: Path) -> None:
    assert objections(as_an_editor(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("fence", FENCES, ids=str)
def test_specs_in_pages_are_accepted(fence: Fence) -> None:
    """Those that are wrong on purpose make no claim, and may be no YAML."""
    if all(finding.severity != "error" for finding in found_in(fence)):
        assert objections(as_an_editor(completed(fence)[0])) == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda each: getattr(each, "yaml", each))
def test_examples_of_layer_types_are_accepted(name: str, example: Example) -> None:
    entry = example.yaml.replace("\n", "\n    ")
    assert objections(as_an_editor(f"archspec: 1\ninputs: {{x: [1]}}\nlayers:\n  - {entry}\n")) == []


# Each line is one entry of `layers:`. By hand, from docs/spec-language.md and docs/layers.md.
ACCEPTED = """\
{conv2d: {filters: 8, kernel: 3}}
{conv2d: {filters: =n, kernel: [3, =k]}}
{conv2d: {filters: 1_024, kernel: 3, stride: null}}
{conv2d: {filters: 8, kernel: [3, 5], padding: [[0, 1], 2]}}
{conv2d: {filters: 8, kernel: 3, padding: "=[p, [p, 0]]"}}
{conv2d: null, share: stem}
{conv2d: {kernel: 3}, share: 5}
{dropout: 0.5}
{dropout: =rate}
{dense: 0x10}
{max_pool2d: [2, 3]}
{max_pool2d: =k}
{pad: [1, [2, 3]]}
{relu: , name: größe, from: [previous, 3], repeat: =n, counter: k, frozen: true}
{relu: {}, name: 7}
{layers: [relu], repeat: 0, name: stage}
{layers: , frozen: =f}
my_block
12
{my_block: }
{my_block: 3}
{my_block: {filters: 3, kinds: [a, [b]]}, share: first}
{my_block: [1, 2]}
"""
REFUSED = """\
{conv2d: {filters: 8}}
{conv2d: {filters: null, kernel: 3}}
{conv2d: {filters: 8, kernel: 3, kernal: 3}}
{conv2d: {filters: 0, kernel: 3}}
{conv2d: {filters: 8, kernel: [3, 3, 3]}}
{conv2d: {filters: 8, kernel: 3, padding: [[1, 2, 3], 0]}}
{conv2d: {filters: 8, kernel: "3"}}
{conv2d: {filters: 8, kernel: 3, bias: 1}}
{conv2d: {filters: 8, kernel: 3, padding: full}}
{conv2d: {filters: true, kernel: 3}}
{conv2d: 8}
{conv2d: {filters: 8, filter: 3}, share: stem}
{conv2d: , frozen: true, share: stem}
{dropout: 1}
{dropout: half}
{max_pool2d: [2, 3, 4]}
{dense: }
{upsample: {}}
{relu: , tanh: }
{relu: , seed: 3}
{relu: , repeat: -1}
{relu: , repeat: true}
{relu: , counter: k}
{relu: , counter: if, repeat: 2}
{relu: , name: input}
{relu: , name: a/b}
{relu: , name: }
{relu: , from: []}
{relu: , from: {a: 1}}
{relu: , frozen: 1}
{relu: 3}
{layers: [relu], share: stem}
{layers: [relu], relu: }
{layers: relu}
{name: stem}
{my_block: {filters: {a: 1}}}
conv2d
upsample
{}
null
[relu]
"""


@pytest.mark.parametrize("entry", ACCEPTED.splitlines())
def test_entries_that_are_accepted(entry: str) -> None:
    assert objections(with_entry(entry)) == []


@pytest.mark.parametrize("entry", REFUSED.splitlines())
def test_entries_that_are_refused(entry: str) -> None:
    assert not accepted(with_entry(entry))


def with_entry(entry: str) -> Any:
    return {"archspec": 1, "inputs": {"x": [1]}, "layers": [as_an_editor(entry)]}
