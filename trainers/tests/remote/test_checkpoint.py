"""The newest checkpoint that is whole is in the store, whatever happens while it is copied."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from retrain_trainers.remote.checkpoint import Checkpoint
from retrain_trainers.remote.copies import read_json
from retrain_trainers.remote.disk import DiskFolder


class Failing(DiskFolder):
    """Takes so many files, then none."""

    takes = 1_000
    writes: Path | None = None
    silent = False

    def fetch(self, name: str, to: Path) -> str:
        if self.silent:
            raise OSError("away")
        return super().fetch(name, to)

    def put(self, source: Path, name: str) -> str:
        self.takes -= 1
        if self.takes < 0:
            raise OSError("away")
        if self.writes is not None:
            self.writes.write_text("changed meanwhile")
        return super().put(source, name)


class Checkpoints(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.here = Path(temporary.name, "here")
        self.here.mkdir()
        self.there = Failing(Path(temporary.name, "there"))

    def state(self, text: str, other: str = "o") -> None:
        (self.here / "state").write_text(text)
        (self.here / "other").write_text(other)

    def restored(self) -> str | None:
        to = self.here.parent / "again"
        return (to / "state").read_text() if Checkpoint(to, self.there).restore() else None

    def test_nothing_is_there_before_the_first(self) -> None:
        Checkpoint(self.here, self.there).keep()
        self.assertEqual(self.there.names(), [])
        self.assertIsNone(self.restored())

    def test_the_newest_is_given_back_and_the_one_before_stays_until_it_is_whole(self) -> None:
        checkpoint = Checkpoint(self.here, self.there)
        self.state("one")
        checkpoint.keep()
        self.assertEqual(self.restored(), "one")
        self.state("two, longer")
        checkpoint.keep()
        self.assertEqual(self.restored(), "two, longer")
        self.assertEqual((read_json(self.there, "latest.json") or {})["folder"], "b")

    def test_the_same_is_not_copied_twice(self) -> None:
        checkpoint = Checkpoint(self.here, self.there)
        self.state("one")
        checkpoint.keep()
        self.there.takes = 0
        checkpoint.keep()
        self.assertEqual((read_json(self.there, "latest.json") or {})["folder"], "a")

    def test_a_store_that_fails_in_the_middle_leaves_the_one_before_and_it_is_tried_again(self) -> None:
        checkpoint = Checkpoint(self.here, self.there)
        self.state("one")
        checkpoint.keep()
        self.state("two, longer")
        self.there.takes = 1
        checkpoint.keep()
        self.assertEqual(self.restored(), "one")
        self.there.takes = 9
        checkpoint.keep()
        self.assertEqual(self.restored(), "two, longer")

    def test_one_that_the_trainer_writes_while_it_is_copied_is_not_the_newest_yet(self) -> None:
        checkpoint = Checkpoint(self.here, self.there)
        self.state("one")
        checkpoint.keep()
        self.state("two, longer")
        self.there.writes = self.here / "other"
        checkpoint.keep()
        self.assertEqual(self.restored(), "one")
        self.there.writes = None
        checkpoint.keep()
        self.assertEqual(self.restored(), "two, longer")

    def test_one_that_was_damaged_is_not_gone_on_from(self) -> None:
        self.state("one")
        Checkpoint(self.here, self.there).keep()
        self.there.write("a/state", b"eno")
        self.assertIsNone(self.restored())
        self.assertFalse((self.here.parent / "again").exists())

    def test_a_store_that_does_not_answer_is_no_reason_to_begin_anew(self) -> None:
        self.state("one")
        Checkpoint(self.here, self.there).keep()
        self.there.silent = True
        with self.assertRaisesRegex(OSError, "away"):
            self.restored()
        self.there.silent = False
        self.assertEqual(self.restored(), "one")


if __name__ == "__main__":
    unittest.main()
