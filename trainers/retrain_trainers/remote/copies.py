"""Whole copies between a folder of the store and this machine's disk, and documents of a few lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retrain_trainers.remote.folder import Folder


class Changed(Exception):
    """A file is not what its digest says."""


def copy_in(index: Mapping[str, str], source: Folder, to: Path, under: str = "") -> None:
    """Copies the files that `index` names by their digests; raises `Changed` when one is not what it was."""
    for name, expected in index.items():
        found = source.fetch(f"{under}{name}", to / name)
        if found != expected:
            raise Changed(f"{name}: expected SHA-256 {expected}, found {found}.")


def copy_out(source: Path, to: Folder, under: str, leave: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Copies all plain files but those under the names in `leave`; gives name, digest and size of each."""
    index = []
    for path in sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(source)
        if name.parts[0] in leave or name.parts[0].startswith("."):
            continue
        index.append({"path": name.as_posix(), "sha256": to.put(path, f"{under}{name.as_posix()}"), "bytes": path.stat().st_size})
    return index


def read_json(folder: Folder, name: str) -> dict[str, Any] | None:
    """None where there is none, and for one that is no JSON object."""
    try:
        content = json.loads(folder.read(name) or b"null")
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def write_json(folder: Folder, name: str, content: Mapping[str, Any]) -> None:
    folder.write(name, json.dumps(content, ensure_ascii=False).encode("utf-8", errors="replace"))
