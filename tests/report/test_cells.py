"""How single values are written."""

from __future__ import annotations

from typing import Any

import pytest

from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.facts import Amount
from archanalyzer.report.cells import BLANK, Form, Look, cell, field_text


def axis(size: int, *, least: int | None = None, whole: bool = False, of: str = "image", **more: Any) -> dict[str, Any]:
    return {"input": of, "size": size, "min_size": size if least is None else least, "whole": whole, **more}


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (138357544, Kind.COUNT, "138,357,544"),
        (0, Kind.COUNT, "0"),
        (None, Kind.COUNT, "?"),
        (BLANK, Kind.COUNT, ""),
        (Amount(1234), Kind.COUNT, "1,234"),
        (Amount(1234, at_least=True), Kind.COUNT, "≥ 1,234"),
        (Amount(None), Kind.COUNT, "?"),
        (0, Kind.BYTES, "0 B"),
        (1023, Kind.BYTES, "1,023 B"),
        (1024, Kind.BYTES, "1.0 KiB"),
        (1024 * 1024 - 1, Kind.BYTES, "1.0 MiB"),
        (553430176, Kind.BYTES, "527.8 MiB"),
        (1024 * 1024 - 51, Kind.BYTES, "1.0 MiB"),
        (1024 * 1024 - 52, Kind.BYTES, "1,023.9 KiB"),
        (2**80, Kind.BYTES, "1,048,576.0 EiB"),
        (10**400, Kind.BYTES, f"{10**400 // 2**60:,}.0 EiB"),
        ([64, 224, 224], Kind.SHAPE, "64×224×224"),
        ([], Kind.SHAPE, "–"),
        (2, Kind.FRACTION, "2"),
        ("1/2", Kind.FRACTION, "1/2"),
        (["1/2", 1, None], Kind.FRACTION, "1/2×1×–"),
        (None, Kind.FRACTION, "–"),
        ({"weight": [64, 3, 3, 3], "bias": [64]}, Kind.DATA, "weight 64×3×3×3, bias 64"),
        ({}, Kind.DATA, "–"),
        (True, Kind.DATA, "yes"),
        (Amount(False), Kind.DATA, "no"),
        (None, Kind.DATA, "?"),
        ({"a": True}, Kind.DATA, '{"a": true}'),
        ("a\x1b[31mb", Look.TEXT, "a\\x1b[31mb"),
        (0.12345, Look.SHARE, "12.3 %"),
    ],
)
def test_cell(value: Any, form: Form, text: str) -> None:
    assert cell(value, form) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (999_499, "999 k"),
        (999_501, "1.00 M"),
        (138_357_544, "138 M"),
        (Amount(15_470_264_320, at_least=True), "≥ 15.5 G"),
        (2**63, "9.22 E"),
        (10**21, "1.00e21"),
        (None, "?"),
        (BLANK, ""),
    ],
)
def test_rounded_counts(value: Any, text: str) -> None:
    assert cell(value, Kind.COUNT, rounded=True) == text


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([axis(212), axis(212)], "212"),
        ([axis(196), axis(212)], "196×212"),
        ([axis(204, least=188), axis(204, least=188)], "188–204"),
        ([axis(224, whole=True), axis(224, whole=True)], "all"),
        ([axis(3), axis(224, whole=True)], "3×all"),
        ([axis(50, least=0, exact=False)], "≤ 50"),
        ([], "–"),
    ],
)
def test_field(entries: list[dict[str, Any]], text: str) -> None:
    assert field_text(entries) == text


def test_fields_of_several_inputs_carry_their_names() -> None:
    entries = [axis(3, of="left"), axis(3, of="left"), axis(5, of="right"), axis(7, of="right")]
    assert field_text(entries, several_inputs=True) == "left 3, right 5×7"
