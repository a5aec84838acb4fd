"""A folder that a trainer writes is the one before or the new one, whole, whenever the trainer is killed."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from retrain_trainers import outputs


class Killed(BaseException):
    pass


def killed_in_the_middle(folder: Path, ignore_errors: bool) -> None:
    """Removes one file of a folder, as far as a process comes that is killed then."""
    files = sorted(folder.glob("*"))
    if files:
        files[0].unlink()
        raise Killed


class Folders(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name, "checkpoint")

    def write(self, text: str) -> None:
        with outputs.partial_folder(self.path) as folder:
            for name in ("a", "b"):
                (folder / name).write_text(text)

    def found(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in self.path.iterdir()}

    def test_one_that_takes_the_place_of_another_is_never_in_pieces(self) -> None:
        self.write("one")
        with mock.patch.object(outputs.shutil, "rmtree", killed_in_the_middle), self.assertRaises(Killed):
            self.write("two")
        self.assertEqual(self.found(), {"a": "two", "b": "two"})
        self.write("three")
        self.assertEqual(self.found(), {"a": "three", "b": "three"})
        self.assertEqual([file.name for file in self.path.parent.iterdir()], ["checkpoint"])


if __name__ == "__main__":
    unittest.main()
