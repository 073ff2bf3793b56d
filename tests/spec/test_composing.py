"""Composing: the nodes and their places, and every way in which a text is no YAML for us."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.diagnostics import Problems, SourceFile, SpecError
from archanalyzer.spec import composing
from archanalyzer.spec.composing import compose
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode

# Endings of messages that would not fit their lines.
TWICE = "expected each key once, found `a` a second time"
BLOCKS = "put what is common into a block with arguments"
INDENTATION = "give the key the indentation of the other keys of its map, or add a `:` that is missing above"
KEYS = "all keys of a map have the same indentation"
MAP = " | x:1:1: the map begins here"
ITEMS = "all items of a list have the same indentation"

Composed = tuple[Node | None, list[str]]


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def _each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "_LOADER", getattr(yaml, request.param))


def composed(text: str, limits: Limits = DEFAULT_LIMITS) -> Composed:
    """The root, and what was found wrong: one line each, notes after it."""
    problems = Problems()
    root = compose(SourceFile("x", text), limits, problems)
    found = []
    for diagnostic in problems.diagnostics:
        notes = [f" | {note.source}: {note.text}" for note in diagnostic.notes]
        found.append(str(SpecError([diagnostic])) + "".join(notes))
    return root, found


def sound(text: str) -> Node:
    root, found = composed(text)
    assert found == []
    assert root is not None
    return root


def plain(node: Node) -> Any:
    """A node as Python's own lists, dicts and texts."""
    if isinstance(node, MappingNode):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    assert isinstance(node, ScalarNode)
    return node.text


def at(text: str, *path: str | int) -> Node:
    node = sound(text)
    for step in path:
        if isinstance(node, MappingNode):
            node = node.entries[str(step)].value
        else:
            assert isinstance(node, SequenceNode)
            node = node.items[int(step)]
    return node


def covered(node: Node) -> str:
    """What stands at the node's source."""
    _, line, column, end_column = node.source
    return node.file.line(line)[column - 1 : end_column - 1]


SPEC = """\
name: net   # a comment
layers:  # another
  - conv2d: {filters: 64,
             kernel: 3}   # a third
  - relu
  - dense: {units: "ten"}  # a fourth
    name: &anchor last
  - - nested: list
  - # nothing
  - |
    a text
  - []
"""


@pytest.mark.usefixtures("_each_loader")
class TestPlaces:
    @pytest.mark.parametrize(
        ("path", "place", "text"),
        [
            ((), "x:1:1", "name: net"),
            (("name",), "x:1:7", "net"),
            (("layers",), "x:3:3", "- conv2d: {filters: 64,"),
            (("layers", 0), "x:3:5", "conv2d: {filters: 64,"),
            (("layers", 0, "conv2d"), "x:3:13", "{filters: 64,"),
            (("layers", 0, "conv2d", "kernel"), "x:4:22", "3"),
            (("layers", 1), "x:5:5", "relu"),
            (("layers", 2), "x:6:5", 'dense: {units: "ten"}'),
            (("layers", 2, "dense", "units"), "x:6:20", '"ten"'),
            (("layers", 2, "name"), "x:7:19", "last"),
            (("layers", 3), "x:8:5", "- nested: list"),
            (("layers", 4), "x:9:4", ""),
            (("layers", 5), "x:10:5", "|"),
            (("layers", 6), "x:12:5", "[]"),
        ],
    )
    def test_a_node_knows_its_place(self, path: tuple[str | int, ...], place: str, text: str) -> None:
        node = at(SPEC, *path)
        assert (str(node.source), covered(node)) == (place, text)

    @pytest.mark.parametrize(("path", "text"), [(("name",), "net"), (("layers", 2, "name"), "last"),
                                                (("layers", 2, "dense", "units"), '"ten"')])  # fmt: skip
    def test_offsets_are_those_to_splice_at(self, path: tuple[str | int, ...], text: str) -> None:
        node = at(SPEC, *path)
        assert SPEC[node.start : node.end] == text

    @pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"])
    def test_every_line_break_counts(self, line_break: str) -> None:
        node = at(f"a: 1{line_break}{line_break}b: x", "b")
        assert (str(node.source), covered(node)) == ("x:3:4", "x")

    def test_columns_count_characters(self) -> None:
        node = at('"größe 𝔸": {é: x}', "größe 𝔸", "é")
        assert (str(node.source), covered(node)) == ("x:1:16", "x")

    def test_an_anchor_on_a_line_of_its_own(self) -> None:
        assert str(at("a: &b\n  x", "a").source) == "x:2:3"

    def test_a_block_whose_first_value_begins_below(self) -> None:
        assert covered(at("a:  # comment\n  b: 1")) == "a:"
        assert covered(at("? a\n: 1")) == "? a"
        assert covered(at("-\n  - 1")) == "-"


def test_sizes_count_nodes_and_what_aliases_repeat() -> None:
    assert at("a").size == 1
    assert at("[]").size == 1
    assert at("a: [1, 2]").size == 5
    assert at("a: &x [1, 2]\nb: [*x, *x]").size == 1 + 4 + 1 + 7


def test_an_alias_is_the_node_that_it_names() -> None:
    root = sound("a: &x [1]\nb: *x")
    assert isinstance(root, MappingNode)
    assert root.entries["a"].value is root.entries["b"].value


def test_an_anchor_is_the_last_of_its_name() -> None:
    assert plain(sound("[&x 1, *x, &x 2, *x]")) == ["1", "1", "2", "2"]


def test_quotes_and_style_are_kept() -> None:
    root = sound("- plain\n- 'single'\n- \"double\"\n- |\n  literal\n- {}\n-\n  a: 1\n")
    assert isinstance(root, SequenceNode)
    assert [node.plain for node in root.items if isinstance(node, ScalarNode)] == [True, False, False, False]
    assert [node.flow for node in root.items if isinstance(node, MappingNode)] == [True, False]


def test_a_directive_of_yaml_1_1_is_fine() -> None:
    assert plain(sound("%YAML 1.1\n---\na: 1\n...\n")) == {"a": "1"}


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: 1\n---\nb: [",
            ["x:2:1: error[several-documents]: expected one document, found a second (put it in a file of its own)"],
        ),
        (
            "a: 1\nb: 2\n'a': 3\na: 4",
            [
                f"x:3:1: error[duplicate-key]: {TWICE} | x:1:1: first given here",
                f"x:4:1: error[duplicate-key]: {TWICE} | x:1:1: first given here",
            ],
        ),
        ("{~: 1}", ["x:1:2: error[key-not-text]: expected a name as key, found nothing"]),
        ("? [a, b]\n: 1", ["x:1:3: error[key-not-text]: expected a name as key, found a list"]),
        ("{{a}}", ["x:1:2: error[key-not-text]: expected a name as key, found a map"]),
        (
            "a: &b {c: 1}\nd: {<<: *b}",
            [
                f"x:2:5: error[merge-key]: expected a name as key, found the merge key `<<` ({BLOCKS})",
            ],
        ),
        (
            "a: !!int 1\nb: !foo {}\nc: &d !!python/object:x []\ne: !!str 1",
            [
                "x:1:4: error[yaml-tag]: expected no tag, found `!!int` (leave it out)",
                "x:2:4: error[yaml-tag]: expected no tag, found `!foo` (leave it out)",
                "x:3:4: error[yaml-tag]: expected no tag, found `!!python/object:x` (leave it out)",
                "x:4:4: error[yaml-tag]: expected no tag, found `!!str` (leave it out and put the text in quotes)",
            ],
        ),
        (
            "a: &node [1, *node]",
            ["x:1:14: error[alias-cycle]: `*node` stands inside `&node`, which would contain itself"],
        ),
        (
            "a: &node 1\nb: *nodes",
            ["x:2:4: error[unknown-alias]: there is no anchor `&nodes` above (did you mean `node`?)"],
        ),
    ],
)
def test_what_a_spec_may_not_hold(text: str, expected: list[str]) -> None:
    assert composed(text)[1] == expected


def test_an_entry_that_cannot_be_used_is_left_out() -> None:
    root, found = composed("a: 1\na: 2\nnull: 3\n[b]: {c: 4}\nd: 5")
    assert root is not None
    assert (plain(root), len(found)) == ({"a": "1", "d": "5"}, 3)


def test_quoted_keys_are_text() -> None:
    assert plain(sound("{'<<': 1, 'null': 2, '': 3}")) == {"<<": "1", "null": "2", "": "3"}


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a:\n\tb: 1", "2:1", "expected spaces, found a tab (indent with spaces)"),
        ("a: b: c", "1:5", "expected one `:` on this line, found a second (put a text with `: ` in it in quotes)"),
        (
            "a: 1\n  b: 2",
            "2:4",
            f"expected the value above to go on, found the key `b` ({INDENTATION})",
        ),
        ("a: @x", "1:4", "expected a value, found `@`, which begins no value (put the text in quotes)"),
        ("a: `x`", "1:4", "expected a value, found a backquote, which begins no value (put the text in quotes)"),
        ("a: %x", "1:4", "expected a value, found `%`, which begins no value (put the text in quotes)"),
        ("a: - b", "1:4", "expected a value, found a list item (begin the list on the next line, or write it in `[]`)"),
        ("a: }", "1:4", "expected a value, found `}`"),
        ("a: {b: 1\nc: 2", "2:2", "expected `,` or `}`, found `:` | x:1:4: the map begins here"),
        ("a: {b: 1", "1:9", "expected `,` or `}`, found the end of the file | x:1:4: the map begins here"),
        ("a: [1, 2}", "1:9", "expected `,` or `]`, found `}` | x:1:4: the list begins here"),
        ("a: [1, 2]]", "1:10", "expected the end of the line, found `]`"),
        ("a: 'it's'", "1:8", "expected the end of the line, found `s'` (in single quotes, write `''` for a quote)"),
        ("a: 'b", "1:4", "this quote is never closed"),
        ("a:\n  b: 1\n c: 2", "3:2", f"expected a key of the map above, found `c:` ({KEYS}){MAP}"),
        ("- a\nb: 1", "2:1", f"expected a `-` of the list above, found `b:` ({ITEMS}) | x:1:1: the list begins here"),
        ("a: 1\n'b' 2", "2:1", "expected a `:` after the key, found `'b' 2`"),
        ("a: *", "1:4", "expected a name of letters and digits after `*` (put a text that begins like this in quotes)"),
        ("a: |x", "1:5", "expected a line break, found `x` (put a text that begins with `|` or `>` in quotes)"),
        ("  a: 1\nb: 2", "2:1", "expected the end of the file, found `b:` (check the indentation of this line)"),
        ("{a: 1} b", "1:8", "expected the end of the file, found `b`"),
    ],
)  # fmt: skip
def test_syntax_errors_in_plain_words(text: str, place: str, message: str) -> None:
    root, found = composed(text)
    assert (root, found) == (None, [f"x:{place}: error[yaml-syntax]: {message}"])


def test_an_escape_that_there_is_not() -> None:
    hint = r"write `\\` for a backslash, or use single quotes"
    assert composed(r'a: "\d"')[1] == [f"x:1:5: error[yaml-syntax]: this is no escape that YAML knows ({hint})"]


def test_what_was_wrong_before_a_syntax_error_is_told_too() -> None:
    _, found = composed("a: 1\na: 2\nb: }")
    assert [line.split(":")[1] for line in found] == ["2", "3"]


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize(
    ("text", "place", "expression", "at_character", "hint"),
    [
        ("{k: =max(a, 2), m: 3}", "1:5", "=max(a, 2)", ",", 'k: "=max(a, 2)"'),
        ("{k: =max(a, b, min(2, 3)), m: 3}", "1:5", "=max(a, b, min(2, 3))", ",", 'k: "=max(a, b, min(2, 3))"'),
        ("k: [=min(a, b), 3]", "1:5", "=min(a, b)", ",", '"=min(a, b)"'),
        ("{k: =sizes[0]}", "1:5", "=sizes[0]", "[", 'k: "=sizes[0]"'),
        ("[=[1, 2][i], 3]", "1:2", "=[1, 2][i]", "[", '"=[1, 2][i]"'),
        ("{k: =max(a, [1]), m: 3}", "1:5", "=max(a, [1])", ",", 'k: "=max(a, [1])"'),
        ("{k: =mode == 'x,y'}", "1:5", "=mode == 'x,y'", ",", "k: \"=mode == 'x,y'\""),
        ("{k: =f(a,\n  2)}", "1:5", "=f(a, 2)", ",", 'k: "=f(a, 2)"'),
        ("{k: =max(a, 2}", "1:5", "=max(a, 2", ",", 'k: "=max(a, 2"'),
        ("[{k: =max(a, \"b\")}]", "1:6", '=max(a, "b")', ",", "k: '=max(a, \"b\")'"),
    ],
)  # fmt: skip
def test_expressions_that_yaml_splits(text: str, place: str, expression: str, at_character: str, hint: str) -> None:
    assert composed(text)[1] == [
        f"x:{place}: error[split-expression]: YAML splits `{expression}` at the `{at_character}` (write `{hint}`)"
    ]


def test_a_split_expression_is_read_as_it_was_meant() -> None:
    root, _ = composed("{k: =max(a, 2), m: [=min(a, b), &x 3, *x], n: =a + 1}")
    assert root is not None
    assert plain(root) == {"k": "=max(a, 2)", "m": ["=min(a, b)", "3", "3"], "n": "=a + 1"}


@pytest.mark.parametrize(
    "text", ["k: =max(a, 2)", "k: =a[0]", "{k: =a + 1, m: =(a)}", "{k: '=max(a, 2)'}", "[=a # ,\n]"]
)
def test_expressions_that_yaml_leaves_whole(text: str) -> None:
    sound(text)


class TestHostileTexts:
    OF_LIBYAML = "error[nesting-too-deep]: expected at most 64 levels of maps and lists in each other, found more"
    TOO_DEEP = f"{OF_LIBYAML} (`--limit nesting=N` allows more, if the spec is meant so)"
    MEANT_SO = "(`--limit nodes=N` allows more, if the spec is meant so)"

    @pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, "{a: " * 100_000])
    def test_brackets_by_the_thousand(self, text: str) -> None:
        root, found = composed(text)
        width = 4 if text[0] == "{" else 1
        at_our_limit = [f"x:1:{64 * width + 1}: {self.TOO_DEEP}"]
        at_the_limit_of_libyaml = [f"x:1:{1000 * width + 1}: {self.OF_LIBYAML}"]
        assert root is None
        assert found in (at_our_limit, at_the_limit_of_libyaml)

    def test_indentation_by_the_thousand(self) -> None:
        text = "".join(f"{' ' * level}a:\n" for level in range(10_000))
        assert composed(text) == (None, [f"x:65:65: {self.TOO_DEEP}"])

    def test_lists_on_one_line_by_the_thousand(self) -> None:
        assert composed("- " * 10_000) == (None, [f"x:1:129: {self.TOO_DEEP}"])

    def test_as_many_levels_as_there_may_be(self) -> None:
        assert composed("[" * 64 + "]" * 64)[1] == []

    def test_aliases_do_not_nest_deeper_than_brackets(self) -> None:
        chain = "".join(f"- &a{level + 1} [[*a{level}]]\n" for level in range(40))
        assert composed("- &a0 [1]\n" + chain) == (None, [f"x:33:10: {self.TOO_DEEP}"])

    def test_aliases_that_double_at_every_line(self) -> None:
        lines = "".join(f"- &a{level + 1} [*a{level}, *a{level}]\n" for level in range(60))
        root, found = composed("- &a0 [1]\n" + lines)
        assert root is None
        message = "expected at most 2,000,000 values with aliases expanded, found more"
        assert found == [f"x:20:9: error[alias-expansion]: {message} {self.MEANT_SO}"]

    def test_problems_by_the_thousand_take_no_longer_each(self) -> None:
        most = 5_000
        assert len(composed("[" + ", ".join(f"*a{i}" for i in range(most)) + "]")[1]) == most
        assert len(composed("{" + ", ".join(["a: 1"] * most) + "} \n")[1]) == most - 1
        assert len(composed("[" + ", ".join(["=f(a, b)"] * most) + "]")[1]) == most
        assert len(composed("[" + ",".join(["=f("] * most) + "]")[1]) == most // 125

    def test_as_many_values_as_there_may_be(self) -> None:
        assert composed("[1, 2]", Limits(nodes=3))[1] == []
        assert composed("[1, 2, 3]", Limits(nodes=3)) == (
            None,
            [f"x:1:8: error[too-many-values]: expected at most 3 values, found more {self.MEANT_SO}"],
        )

    def test_a_text_that_was_never_checked(self) -> None:
        assert "error[yaml-syntax]: this is not YAML" in composed("a: \0")[1][0]
        assert "error[yaml-syntax]: this is not YAML" in composed("a: \ud800")[1][0]

    @given(
        st.text(alphabet=st.sampled_from("ab01:,-?#&*!|>'\"%@`{}[]=()<~. \n\t\\"), max_size=60) | st.text(max_size=60)
    )
    def test_any_text_is_composed_or_refused(self, text: str) -> None:
        root, found = composed(text)
        assert root is not None or found
        assert gc.isenabled()


SCALARS = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff", exclude_categories=["C"]))
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(SCALARS, inner), max_leaves=20)


@given(DOCUMENTS, st.sampled_from([True, False, None]))
def test_documents_come_out_as_they_went_in(document: Any, flow: bool | None) -> None:
    text = yaml.safe_dump(document, default_flow_style=flow, default_style='"', allow_unicode=True)
    text = text.replace("!!map ", "").replace("!!seq ", "")
    assert plain(sound(text)) == document
    assert yaml.safe_load(text) == document
