"""A folder of the store, as the launcher needs it: the same verbs over a disk and over a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from retrain_trainers.remote.bucket import BucketFolder
from retrain_trainers.remote.disk import DiskFolder


class Folder(Protocol):
    """Names are relative, with `/`. What fails for good raises `OSError`."""

    def read(self, name: str) -> bytes | None:
        """None where there is no such file."""

    def write(self, name: str, content: bytes) -> None:
        """Whoever sees the file sees all of it."""

    def names(self, under: str = "") -> list[str]:
        """Of all files below `under`, sorted."""

    def fetch(self, name: str, to: Path) -> str:
        """Copies a file to this machine's disk; gives its SHA-256."""

    def put(self, source: Path, name: str) -> str:
        """Copies a file from this machine's disk; gives its SHA-256."""

    def remove(self, under: str) -> None:
        """All files below it; nothing where there are none."""


def folder_of(uri: str) -> Folder:
    """`gs://BUCKET/FOLDER`, or a folder of this machine as path or `file:` URI."""
    parts = urlsplit(uri)
    if parts.scheme == "gs":
        return BucketFolder(parts.netloc, parts.path)
    if parts.scheme in ("file", ""):
        return DiskFolder(Path(unquote(parts.path)))
    raise ValueError(f"{uri}: expected gs:// or file:")
