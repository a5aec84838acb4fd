"""What a trainer leaves behind: progress while it works, then files that are complete or not there."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRESS_PAUSE_SECONDS = 0.1


def json_bytes(value: object) -> bytes:
    """JSON with sorted keys; a number that is not finite is a fault of the trainer, never written."""
    return (json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False, indent=1) + "\n").encode()


def write_atomic(path: Path, content: bytes) -> None:
    """Writes beside `path` and renames, so that a killed trainer leaves no half of it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


@contextmanager
def partial_folder(path: Path) -> Iterator[Path]:
    """A fresh folder that becomes `path` when the block ends well; `path` is whole whenever it is there."""
    partial, before = (path.with_name(f".{path.name}.{kind}") for kind in ("partial", "before"))
    for left in (partial, before):
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    if path.exists():
        path.replace(before)
    partial.replace(path)
    shutil.rmtree(before, ignore_errors=True)


class Progress:
    """Lines of `progress.jsonl`. Safe to call from several threads; the share never goes back."""

    def __init__(self, output: Path) -> None:
        output.mkdir(parents=True, exist_ok=True)
        self._file = (output / "progress.jsonl").open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self._step = 0
        self._share = 0.0
        self._written = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def report(self, share: float, metrics: Mapping[str, float] | None = None) -> None:
        """`share` 0…1 of the whole job. Steps without metrics that follow too closely are left out."""
        with self._lock:
            self._share = max(self._share, min(1.0, share))
            now = time.monotonic()
            if not metrics and self._share < 1 and now - self._written < PROGRESS_PAUSE_SECONDS:
                return
            self._written = now
            self._step += 1
            line: dict[str, Any] = {"step": self._step, "done": round(self._share, 4)}
            if metrics:
                line["metrics"] = dict(metrics)
            self._file.write(json.dumps(line, allow_nan=False) + "\n")
            self._file.flush()


class Shares:
    """Adds the shares of pieces that run side by side to the share of the whole."""

    def __init__(self, progress: Progress, pieces: int) -> None:
        self._progress = progress
        self._done = [0.0] * pieces

    def tick(self, piece: int, share: float, metrics: Mapping[str, float] | None = None) -> None:
        self._done[piece] = share
        self._progress.report(sum(self._done) / len(self._done), metrics)
