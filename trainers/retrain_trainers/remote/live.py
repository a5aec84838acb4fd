"""What a job says while it runs, as growing numbers of small files: an object of a bucket cannot be appended to."""

from __future__ import annotations

import re
import threading
from collections import deque
from pathlib import Path

from retrain_trainers.remote.folder import Folder

LINE_CHARS_MAX = 4_000
LINES_MAX = 20_000
TAIL_LINES = 15
_NAME = re.compile(r"^(\d{3})-(\d{5})-(?:log\.txt|progress\.jsonl)$")


class Live:
    """Lines of the trainer and its progress, kept as `ATTEMPT-NUMBER-log.txt` and `…-progress.jsonl`."""

    def __init__(self, folder: Folder, progress: Path) -> None:
        self._folder = folder
        self._progress = progress
        self._offset = 0
        self._number = 0
        self._lines: list[str] = []
        self._taken = 0
        self._lock = threading.Lock()
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        earlier = [int(found[1]) for found in map(_NAME.match, (name.rpartition("/")[2] for name in folder.names("live"))) if found]
        self.attempt = max(earlier, default=0) + 1

    def add(self, line: str, of_errors: bool = False) -> None:
        text = line.rstrip("\r\n")[:LINE_CHARS_MAX]
        with self._lock:
            if of_errors:
                self.tail.append(text)
            self._taken += 1
            if self._taken <= LINES_MAX:
                self._lines.append(text)

    def flush(self) -> None:
        """What cannot be told now is told the next time."""
        with self._lock:
            count = len(self._lines)
            text = "".join(f"{line}\n" for line in self._lines)
        if text and self._write("log.txt", text):
            with self._lock:
                del self._lines[:count]
        progress, end = self._new_progress()
        if progress and self._write("progress.jsonl", progress):
            self._offset = end

    def _write(self, kind: str, text: str) -> bool:
        try:
            self._folder.write(f"live/{self.attempt:03}-{self._number + 1:05}-{kind}", text.encode("utf-8", errors="replace"))
        except OSError:
            return False
        self._number += 1
        return True

    def _new_progress(self) -> tuple[str, int]:
        """Whole lines that were added since the last look, and where they end."""
        try:
            with self._progress.open("rb") as file:
                file.seek(self._offset)
                found = file.read()
        except OSError:
            return "", self._offset
        end = found.rfind(b"\n") + 1
        return found[:end].decode("utf-8", errors="replace"), self._offset + end
