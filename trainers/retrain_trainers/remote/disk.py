"""A folder of this machine's disk."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

_CHUNK = 1 << 20


class DiskFolder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(content)
        partial.replace(path)

    def names(self, under: str = "") -> list[str]:
        return sorted(path.relative_to(self._path).as_posix() for path in (self._path / under).rglob("*") if path.is_file())

    def fetch(self, name: str, to: Path) -> str:
        return _copy(self._path / name, to)

    def put(self, source: Path, name: str) -> str:
        return _copy(source, self._path / name)

    def remove(self, under: str) -> None:
        shutil.rmtree(self._path / under, ignore_errors=True)


def _copy(source: Path, to: Path) -> str:
    digest = hashlib.sha256()
    to.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, to.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
    return digest.hexdigest()
