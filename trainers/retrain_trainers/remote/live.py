"""What a job says while it runs, as growing numbers of small files: an object of a bucket cannot be appended to."""

from __future__ import annotations

import re
import threading
from collections import deque
from pathlib import Path

from retrain_trainers.remote.folders import write_whole

LINE_CHARS_MAX = 4_000
LINES_MAX = 20_000
TAIL_LINES = 15
_NAME = re.compile(r"^(\d{3})-(\d{5})-(?:log\.txt|progress\.jsonl)$")


class Live:
    """Lines of the trainer and its progress, kept as `ATTEMPT-NUMBER-log.txt` and `…-progress.jsonl`."""

    def __init__(self, folder: Path, progress: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._progress = progress
        self._offset = 0
        self._number = 0
        self._lines: list[str] = []
        self._taken = 0
        self._lock = threading.Lock()
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        earlier = [int(found[1]) for found in map(_NAME.match, (path.name for path in folder.iterdir())) if found]
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
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            self._write("log.txt", "\n".join(lines) + "\n")
        progress = self._new_progress()
        if progress:
            self._write("progress.jsonl", progress)

    def _write(self, kind: str, text: str) -> None:
        self._number += 1
        write_whole(self._folder / f"{self.attempt:03}-{self._number:05}-{kind}", text)

    def _new_progress(self) -> str:
        """Whole lines that were added since the last look."""
        try:
            with self._progress.open("rb") as file:
                file.seek(self._offset)
                found = file.read()
        except OSError:
            return ""
        end = found.rfind(b"\n") + 1
        self._offset += end
        return found[:end].decode("utf-8", errors="replace")
