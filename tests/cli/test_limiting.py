"""``--limit``: each bound on what a spec may ask for, met, named, and raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from archanalyzer.cli import main
from archanalyzer.executor import machine
from archanalyzer.spec import Limits

HEAD = "archspec: 1\ninputs: {x: [3]}\n"
MET: dict[str, tuple[str, int, int]] = {
    # a spec, a limit that it passes, and one that it keeps
    "file_bytes": (f"{HEAD}layers: [relu]\n# {'x' * 1000}\n", 1000, 2000),
    "nesting": (f"{HEAD}layers: [relu]\nvariables: {{a: [[[1]]]}}\n", 4, 5),
    "nodes": (f"{HEAD}layers: [{', '.join(['relu'] * 50)}]\n", 50, 70),
    "layers": (f"{HEAD}layers:\n  - repeat: 100\n    layers: [relu]\n", 99, 400),
    "expression_characters": (f"{HEAD}variables: {{n: =1{' + 1' * 20}}}\nlayers: [relu]\n", 80, 90),
    "number": (f"{HEAD}layers:\n  - dense: 1001\n", 1000, 1001),
    "list_items": (f"{HEAD}variables: {{a: [1, 2, 3], n: '=a[0]'}}\nlayers:\n  - dense: =n\n", 2, 3),
    "arithmetic": (f"{HEAD}variables: {{n: =1{' + 1' * 20}}}\nlayers:\n  - dense: =n\n", 60, 2000),
}


@pytest.mark.parametrize("name", MET)
def test_each_limit_is_met_named_and_raised(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, passed, kept = MET[name]
    spec = tmp_path / "net.yaml"
    spec.write_text(text)
    assert main(["analyze", str(spec), "--limit", f"{name}={passed}"]) == 2
    err = capsys.readouterr().err
    assert "error[" in err
    assert f"`--limit {name}=N` allows more" in err or name == "number"  # more than 64 bits is hardly meant
    assert main(["analyze", str(spec), "--limit", f"{name}={kept}"]) == 0


@pytest.mark.parametrize("name", MET)
def test_what_a_limit_can_be_raised_to_can_be_read(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(MET[name][0])
    assert main(["analyze", str(spec), "--limit", f"{name}={10**40}"]) == 2
    message = " ".join(capsys.readouterr().err.split())
    most = message.partition("can be at most ")[2].partition(", found")[0].replace(",", "")
    assert main(["analyze", str(spec), "--limit", f"{name}={most}"]) == 0


def test_as_deep_as_it_can_be_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "net.yaml"
    for levels, code in ((70, 0), (200, 2)):
        layers = "[{layers: " * (levels // 2) + "[relu]" + "}]" * (levels // 2)
        spec.write_text(f"{HEAD}layers: {layers}\n")
        assert main(["analyze", str(spec), "--limit", "nesting=150"]) == code
        assert "internal error" not in capsys.readouterr().err


def test_every_limit_is_here() -> None:
    assert set(MET) == set(Limits._fields)


def test_memory_is_refused_before_it_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(f"{HEAD}layers:\n  - dense: 1000\n")
    assert main(["run", str(spec), "--limit", "memory=1Ki"]) == 2
    assert "allowed are 1,024: `--limit memory=N` allows more" in capsys.readouterr().err
    assert main(["run", str(spec), "--limit", "memory=1Mi"]) == 0
    assert machine.limit_memory(None) is None


def test_memory_is_that_of_all_arrays_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """4 bytes each for 1000·3 + 1000 parameters are not beyond 20,000, nor are the arrays, but both together are.

    The arrays are x and y, 12 and 4,000 bytes in whole cache lines of 64, and each once more at the ends; the data, x
    in 8 bytes each. A training step has as many gradients as parameters.
    """
    spec = tmp_path / "net.yaml"
    spec.write_text(f"{HEAD}layers:\n  - dense: 1000\n")
    assert main(["run", str(spec), "--limit", "memory=20k"]) == 2
    message = " ".join(capsys.readouterr().err.split())
    arrays, data = 64 + 4032 + 12 + 4000, 3 * 8
    assert (
        f"the arrays of 1 sample need {arrays:,} bytes beside 16,000 of the parameters and {data} of the data: "
        f"{arrays + 16_000 + data:,} in all, allowed are 20,000"
    ) in message
    assert main(["run", str(spec), "--limit", "memory=30k"]) == 0
    capsys.readouterr()
    assert main(["run", str(spec), "--steps", "1", "--limit", "memory=30k"]) == 2
    assert "16,000 of the parameters, 16,000 of their gradients" in " ".join(capsys.readouterr().err.split())


def test_what_is_allowed_may_not_be_more_than_the_machine_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """3·10⁸ weights and 10⁸ biases of 4 bytes are 1.6·10⁹ bytes, 1.5 GiB, more than the GiB of this machine."""
    monkeypatch.setattr(machine, "_memory", lambda: 2**30)
    spec = tmp_path / "net.yaml"
    spec.write_text(f"{HEAD}layers:\n  - dense: 100000000\n")
    assert main(["run", str(spec), "--limit", "memory=100G"]) == 2
    assert "the parameters need 1.5 GiB, the machine has 1.0 GiB" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["layers", "layers=", "layers=0", "layers=-3", "layers=x", "layers=1.5", "layers=<3"])
def test_what_is_no_number(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "net.yaml", "--limit", value]) == 2
    assert f"expected NAME=N with a whole number from 1, such as `layers=1M`, found `{value}`" in " ".join(
        capsys.readouterr().err.split()
    )


def test_what_is_no_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "net.yaml", "--limit", "layer=3"]) == 2
    assert "there is no limit `layer`; did you mean `layers`?" in capsys.readouterr().err
