"""What a trainer keeps in `output/checkpoint` to go on from, kept in the store as well: the newest, whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from retrain_trainers.remote.copies import Changed, copy_in, copy_out, read_json, write_json
from retrain_trainers.remote.folder import Folder


class Checkpoint:
    """Two folders of the store in turn, `a` and `b`; `latest.json` says which is whole."""

    def __init__(self, here: Path, there: Folder) -> None:
        self._here = here
        self._there = there
        self._kept: tuple[tuple[str, int, int], ...] = ()

    def restore(self) -> bool:
        """Brings it back; False where there is none, or none that is whole. `OSError` where that cannot be known: hours may lie there."""
        latest = read_json(self._there, "latest.json")
        if latest is None:
            return False
        try:
            copy_in(latest["files"], self._there, self._here, f"{latest['folder']}/")
        except (Changed, FileNotFoundError, KeyError, TypeError):
            shutil.rmtree(self._here, ignore_errors=True)
            return False
        self._kept = self._state()
        return True

    def keep(self) -> None:
        """Copies it when it changed. The pointer goes last; one that changes meanwhile, or cannot be copied, is copied the next time."""
        state = self._state()
        if not state or state == self._kept:
            return
        try:
            before = read_json(self._there, "latest.json") or {}
            folder = "b" if before.get("folder") == "a" else "a"
            self._there.remove(folder)
            files = copy_out(self._here, self._there, f"{folder}/")
            if self._state() != state:
                return
            write_json(self._there, "latest.json", {"folder": folder, "files": {file["path"]: file["sha256"] for file in files}})
        except OSError:
            return
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
