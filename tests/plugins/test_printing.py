"""What plugins print, and what of them is printed: it spoils no output, and stands under their names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archanalyzer.cli import main
from tests.docs.fences import ROOT
from tests.plugins.plugin_files import DEPTH, SHOUT


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text("archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\n")
    return str(path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / f"plugin_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        return str(path)

    return write


LOUD = '''
print("LOADED")
from pydantic import Field, field_validator

from archanalyzer.plugins import Column, Diagnostic, Example, Graph, Kernel, Op, Plugin, Rule, Severity, TensorType
from archanalyzer.plugins import Arithmetic, Kept, Trait, Window, analysis, aligned_axes

NOISY = Rule("noisy", "it is loud", why="One hears it.", severity=Severity.WARNING)


class Loud(list):
    pass


class Twice(Op):
    """Twice its input."""

    name = "twice"
    examples = (Example("twice", (TensorType((2,)),)),)
    by: int = Field(2, description="A whole number.")

    @field_validator("by")
    @classmethod
    def _by(cls, value):
        print("VALIDATED")
        return value

    def output_type(self, inputs):
        print("TYPE")
        return inputs[0]

    def weights(self, inputs):
        print("WEIGHTS")
        return ()

    def arithmetic(self, inputs, output):
        print("ARITHMETIC")
        return Arithmetic()

    def readings(self, inputs, output):
        print("READINGS")
        return (aligned_axes(len(output.shape)),)

    def kept(self, inputs, output):
        print("KEPT")
        return Kept()

    @property
    def traits(self):
        print("TRAITS")
        return Trait.LINEAR


class TwiceKernel(Kernel[Twice]):
    def __init__(self, *arguments):
        print("MADE")
        super().__init__(*arguments)

    def forward(self, call):
        print("FORWARD")
        call.output[...] = self.op.by * call.x


def kernel():
    print("GIVEN")
    return TwiceKernel


def values(result):
    print("VALUES")
    return list(result)


def warn(result):
    print("WARNED")
    return (Diagnostic(NOISY, "loud"),)


@analysis("loud", columns=[Column("loudness", "loudness", "How loud.", values)], diagnostics=warn)
def loud(graph: Graph) -> Loud:
    print("RUN")
    return Loud(range(len(graph.layers)))


def render(analyzed, view, page):
    print("RENDERED")
    return "quiet\\n"


plugin = Plugin(
    "loud", api=1, passes=[loud], ops=[Twice], kernels={"twice": kernel}, rules=[NOISY], formats={"loudly": render}
)
'''


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (
            ["analyze", "--format", "json"],
            "LOADED VALIDATED TYPE WEIGHTS ARITHMETIC READINGS KEPT TRAITS RUN VALUES WARNED",
        ),
        (["analyze", "--format", "loudly"], "LOADED RENDERED"),
        (["check", "--format", "json"], "LOADED TYPE RUN VALUES WARNED"),
        (["check", "--format", "sarif"], "LOADED TYPE RUN VALUES WARNED"),
        (["run", "--format", "json"], "LOADED GIVEN MADE FORWARD"),
        (["field", "--format", "json"], "LOADED READINGS"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_it_prints_goes_to_standard_error(
    command: list[str], printed: str, tmp_path: Path, write: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\n  - twice: {by: 2}\nexpect: {totals: {loudness: 3}}\n"
    )
    main([command[0], str(spec), "--plugin", write(LOUD), *command[1:]])
    captured = capfd.readouterr()
    assert set(printed.split()) <= set(captured.err.split())
    if "loudly" in command:
        assert captured.out == "quiet\n"
    else:
        assert json.loads(captured.out)


HUGE = """
from archanalyzer.plugins import Column, Graph, Kind, Plugin, Rollup, analysis


class Huge(list):
    pass


@analysis(
    "huge",
    columns=[
        Column("huge", "huge", "Huge.", list, shown=True),
        Column("huge_bytes", "bytes", "Huge.", list, Kind.BYTES, shown=True),
        Column("huge_data", "data", "Huge.", list, Kind.DATA, Rollup.NONE, shown=True),
    ],
)
def huge(graph: Graph) -> Huge:
    return Huge([{number}] * len(graph.layers))


plugin = Plugin("huge", api=1, passes=[huge])
"""


@pytest.mark.parametrize("format_name", ["table", "json", "markdown", "csv", "latex"])
def test_numbers_of_any_size_are_written_or_refused(
    format_name: str, tmp_path: Path, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("archspec: 1\ninputs: {x: [3]}\nlayers:\n  - repeat: 2\n    layers: [relu]\n")
    command = ["analyze", str(spec), "--format", format_name, "--plugin"]
    assert main([*command, write(HUGE.replace("{number}", "10**400"))]) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, write(HUGE.replace("{number}", "10**5000"))]) == 2
    err = capsys.readouterr().err
    assert err.count("error[plugin-failed]: pass `huge` of plugin `huge`, column `huge") == 1
    assert "found a number too long to be shown (int)" in err


def test_texts_that_cannot_be_encoded(
    spec: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A lone surrogate, from a format, in what it raises, and in what a pass tells."""
    told = {
        "return '\\ud800'": "expected a text that UTF-8 can carry, found '\\ud800' (str)",
        "raise ValueError('\\ud800')": "raised ValueError: \\ud800",
    }
    for body, message in told.items():
        plugin = write(SHOUT.replace("    return ", f"    {body}\n    return "))
        assert main(["analyze", spec, "--format", "shout", "--plugin", plugin]) == 2
        assert (
            f"format `shout` of plugin `shouting`{'' if 'raised' in message else ':'} {message}"
            in capsys.readouterr().err
        )
    plugin = write(DEPTH.replace('"Layers from an input."', '"\\ud800"'))
    assert main(["analyze", spec, "--plugin", plugin]) == 2
    assert "pass `depth`, column `depth`, `help`: expected a text, found '\\ud800' (str)" in capsys.readouterr().err


def test_layer_types_stand_under_the_name_of_their_plugin(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(ROOT / "plugins" / "blur_pool.py")
    assert main(["ops", "--plugin", path]) == 0
    heading, line, *_ = capsys.readouterr().out.split("\n\n")[-1].splitlines()
    assert heading == "Plugin blur_pool"
    assert line.split()[0] == "blur_pool2d"
    assert main(["ops", "blur_pool2d", "--plugin", path]) == 0
    out = capsys.readouterr().out
    assert "From the plugin `blur_pool`." in out
    assert "\nPlugin blur_pool\n\nA layer type from outside: `blur_pool2d`" in out
    assert main(["ops", "blur_pool2d", "--format", "json", "--plugin", path]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["ops"]
    assert (entry["family"], entry["plugin"]) == ("Plugin blur_pool", "blur_pool")
