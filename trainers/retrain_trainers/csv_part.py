"""The rows of a CSV part, as text; digest and number of rows are those the job names."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from retrain_trainers.contract import Part
from retrain_trainers.errors import Refused

# A question with the schema of its database can be longer than the 128 KiB that the csv module allows by default.
FIELD_CHARACTERS_MAX = 16 * 1024 * 1024


def records(part: Part, wanted: Sequence[str]) -> Iterator[list[str]]:
    """The header, which has the wanted columns, then each row, as wide as the header. Raises `Refused`, at the end for a changed file."""
    if part.format != "csv":
        raise Refused(f"{part.path.name}: format {part.format!r} is not supported.", "This trainer reads csv.")
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    name, rows = part.path.name, 0
    try:
        raw = part.path.open("rb")
    except OSError as error:
        raise Refused(f"{part.path}: cannot be read: {error.strerror}.") from None
    with raw:
        hashed = _Hashed(raw)
        reader = csv.reader(io.TextIOWrapper(io.BufferedReader(hashed, 1 << 20), encoding="utf-8-sig", newline=""), strict=True)
        try:
            header = next(reader, None)
            _must_have(header, wanted, name)
            assert header is not None
            yield header
            for rows, row in enumerate(reader, start=1):
                if len(row) != len(header):
                    raise Refused(f"{name}, row {rows + 1}: expected {len(header)} fields, found {len(row)}.")
                yield row
        except UnicodeDecodeError as error:
            raise Refused(f"{name}: not UTF-8: {error.reason} at byte {error.start} of a block.") from None
        except csv.Error as error:
            raise Refused(f"{name}: not CSV: {error}.") from None
    found = hashed.digest.hexdigest()
    if part.sha256 is not None and found != part.sha256:
        raise Refused(f"{name}: expected the SHA-256 {part.sha256}, found {found}: the file was changed.")
    if part.rows is not None and rows != part.rows:
        raise Refused(f"{name}: expected {part.rows} rows, found {rows}.")


def _must_have(header: list[str] | None, wanted: Sequence[str], name: str) -> None:
    if header is None:
        raise Refused(f"{name}: empty; expected a header and rows.")
    missing = [column for column in wanted if column not in header]
    if missing:
        raise Refused(f"{name}: no column {', '.join(map(json.dumps, missing[:5]))}; found {', '.join(map(json.dumps, header[:20]))}.")
    repeated = [column for column in dict.fromkeys(wanted) if header.count(column) > 1]
    if repeated:
        raise Refused(f"{name}: column {json.dumps(repeated[0])} stands there twice.")


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
