"""Folders of the store as this machine sees them, and whole copies between them and its own disk."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_CHUNK = 1 << 20


class Changed(Exception):
    """A file is not what its digest says."""


def local(uri: str) -> Path:
    """`gs://BUCKET/PATH` lies under `/gcs`, where Vertex AI mounts buckets; a `file:` folder is where it says."""
    parts = urlsplit(uri)
    if parts.scheme == "gs":
        return Path("/gcs") / parts.netloc / parts.path.lstrip("/")
    if parts.scheme in ("file", ""):
        return Path(unquote(parts.path))
    raise ValueError(f"{uri}: expected gs:// or file:")


def copy_in(index: Mapping[str, str], source: Path, to: Path) -> None:
    """Copies the files that `index` names by their digests; raises `Changed` when one is not what it was."""
    for name, expected in index.items():
        found = copy(source / name, to / name)
        if found != expected:
            raise Changed(f"{name}: expected SHA-256 {expected}, found {found}.")


def copy_out(source: Path, to: Path, leave: frozenset[str]) -> list[dict[str, Any]]:
    """Copies all plain files but those under the names in `leave`; gives name, digest and size of each."""
    index = []
    for path in sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(source)
        if name.parts[0] in leave or name.parts[0].startswith("."):
            continue
        index.append({"path": name.as_posix(), "sha256": copy(path, to / name), "bytes": path.stat().st_size})
    return index


def copy(source: Path, to: Path) -> str:
    """Gives the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    to.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, to.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
    return digest.hexdigest()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, ensure_ascii=False))


def write_whole(path: Path, text: str) -> None:
    """Under another name first: whoever sees the file sees all of it, on a mounted bucket as on a disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", errors="replace")
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


class Checkpoint:
    """What a trainer keeps in `output/checkpoint` to go on from, kept in the store as well: the newest, whole."""

    def __init__(self, here: Path, there: Path) -> None:
        self._here = here
        self._there = there
        self._kept: tuple[tuple[str, int, int], ...] = ()

    def restore(self) -> bool:
        latest = read_json(self._there / "latest.json")
        if latest is None:
            return False
        try:
            copy_in(latest["files"], self._there / latest["folder"], self._here)
        except (Changed, OSError, KeyError, TypeError):
            shutil.rmtree(self._here, ignore_errors=True)
            return False
        self._kept = self._state()
        return True

    def keep(self) -> None:
        """Copies it when it changed. The pointer goes last; one that changes meanwhile is copied the next time."""
        state = self._state()
        if not state or state == self._kept:
            return
        before = read_json(self._there / "latest.json") or {}
        folder = "b" if before.get("folder") == "a" else "a"
        try:
            shutil.rmtree(self._there / folder, ignore_errors=True)
            files = copy_out(self._here, self._there / folder, frozenset())
        except FileNotFoundError:
            return
        if self._state() != state:
            return
        write_json(self._there / "latest.json", {"folder": folder, "files": {file["path"]: file["sha256"] for file in files}})
        self._kept = state

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        try:
            for path in sorted(self._here.rglob("*")):
                if path.is_file():
                    stat = path.stat()
                    found.append((path.relative_to(self._here).as_posix(), stat.st_size, stat.st_mtime_ns))
        except OSError:
            return ()
        return tuple(found)
