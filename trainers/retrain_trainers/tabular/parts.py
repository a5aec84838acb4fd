"""Reading a part: the key column, the features as numbers, the target."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrain_trainers.contract import Part, Target
from retrain_trainers.csv_part import records
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
    name = part.path.name
    reader = records(part, [key, *features, *([target.column] if target else [])])
    header = next(reader)
    key_at = header.index(key)
    at = [header.index(feature) for feature in features]
    target_at = header.index(target.column) if target else -1
    codes = {label: code for code, label in enumerate(target.classes)} if target else {}
    keys: list[str] = []
    cells = array("d")
    labels = array("d")
    for number, row in enumerate(reader, start=2):
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
