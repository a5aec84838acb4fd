"""Reading a part: the key column, the features as numbers, the target."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from retrain_trainers.contract import Part, Target
from retrain_trainers.errors import Refused

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """`features`: rows × features; `target`: codes into the classes, or numbers; empty when none was asked for."""

    keys: list[str]
    features: Floats
    target: Codes | Floats


def read_rows(part: Part, key: str, features: Sequence[str], task: str, target: Target | None) -> Rows:
    """Reads a CSV part whole: 8 bytes a cell. Raises `Refused` for the first cell that is not a finite number."""
    if part.format != "csv":
        raise Refused(f"{part.path.name}: format {part.format!r} is not supported.", "This trainer reads csv.")
    try:
        raw = part.path.open("rb")
    except OSError as error:
        raise Refused(f"{part.path}: cannot be read: {error.strerror}.") from None
    with raw:
        hashed = _Hashed(raw)
        text = io.TextIOWrapper(io.BufferedReader(hashed, 1 << 20), encoding="utf-8-sig", newline="")
        try:
            rows = _parse(csv.reader(text, strict=True), part, key, features, task, target)
        except UnicodeDecodeError as error:
            raise Refused(f"{part.path.name}: not UTF-8: {error.reason} at byte {error.start} of a block.") from None
        except csv.Error as error:
            raise Refused(f"{part.path.name}: not CSV: {error}.") from None
    found = hashed.digest.hexdigest()
    if part.sha256 is not None and found != part.sha256:
        raise Refused(f"{part.path.name}: expected the SHA-256 {part.sha256}, found {found}: the file was changed.")
    if part.rows is not None and len(rows.keys) != part.rows:
        raise Refused(f"{part.path.name}: expected {part.rows} rows, found {len(rows.keys)}.")
    return rows


def _parse(reader: Iterator[list[str]], part: Part, key: str, features: Sequence[str], task: str, target: Target | None) -> Rows:
    name = part.path.name
    header = next(reader, None)
    if header is None:
        raise Refused(f"{name}: empty; expected a header and rows.")
    wanted = [key, *features, *([target.column] if target else [])]
    missing = [column for column in wanted if column not in header]
    if missing:
        raise Refused(f"{name}: no column {', '.join(map(json.dumps, missing[:5]))}; found {', '.join(map(json.dumps, header[:20]))}.")
    repeated = [column for column in dict.fromkeys(wanted) if header.count(column) > 1]
    if repeated:
        raise Refused(f"{name}: column {json.dumps(repeated[0])} stands there twice.")

    key_at = header.index(key)
    at = [header.index(feature) for feature in features]
    target_at = header.index(target.column) if target else -1
    codes = {label: code for code, label in enumerate(target.classes)} if target else {}
    width = len(header)
    keys: list[str] = []
    cells = array("d")
    labels = array("d")
    for number, row in enumerate(reader, start=2):
        if len(row) != width:
            raise Refused(f"{name}, row {number}: expected {width} fields, found {len(row)}.")
        keys.append(row[key_at])
        try:
            cells.extend([float(row[i]) for i in at])
        except ValueError:
            raise _not_a_number(name, number, header, row, at) from None
        if target is None:
            continue
        cell = row[target_at]
        if task == "classification":
            if cell not in codes:
                raise Refused(
                    f"{name}, row {number}, column {json.dumps(target.column)}: expected one of "
                    f"{', '.join(map(json.dumps, target.classes))}, found {json.dumps(cell)}."
                )
            labels.append(codes[cell])
        else:
            try:
                labels.append(float(cell))
            except ValueError:
                raise _not_a_number(name, number, header, row, [target_at]) from None
    matrix = np.frombuffer(cells, dtype=np.float64).reshape(len(keys), len(at)) if cells else np.empty((len(keys), len(at)))
    numbers = np.frombuffer(labels, dtype=np.float64) if labels else np.empty(0)
    _must_be_finite(matrix, name, [header[i] for i in at])
    _must_be_finite(numbers.reshape(-1, 1), name, [header[target_at]])
    return Rows(keys, matrix, numbers.astype(np.int64) if task == "classification" else numbers)


def _not_a_number(name: str, number: int, header: list[str], row: list[str], at: list[int]) -> Refused:
    for i in at:
        try:
            float(row[i])
        except ValueError:
            found = "an empty cell" if row[i].strip() == "" else json.dumps(row[i][:80])
            return Refused(
                f"{name}, row {number}, column {json.dumps(header[i])}: expected a number, found {found}.",
                "Features must be complete numbers; preparation fills or encodes them.",
            )
    raise AssertionError("called for a row whose cells are all numbers")


def _must_be_finite(matrix: Floats, name: str, columns: list[str]) -> None:
    finite = np.isfinite(matrix)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise Refused(
            f"{name}, row {row + 2}, column {json.dumps(columns[column])}: expected a finite number, found {matrix[row, column]}."
        )


class _Hashed(io.RawIOBase):
    """Hashes what is read through it, so that the bytes that were checked are the bytes that were used."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.digest.update(chunk)
        return len(chunk)
