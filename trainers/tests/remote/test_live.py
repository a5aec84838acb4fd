"""What a job says goes to the store in growing numbers, whole lines only, and is not lost when the store is away for a while."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from retrain_trainers.remote import live as module
from retrain_trainers.remote.disk import DiskFolder
from retrain_trainers.remote.live import Live


class Away(DiskFolder):
    away = False

    def write(self, name: str, content: bytes) -> None:
        if self.away:
            raise OSError("away")
        super().write(name, content)


class Lines(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.store = Away(Path(temporary.name, "store"))
        self.progress = Path(temporary.name, "progress.jsonl")

    def said(self) -> dict[str, str]:
        return {name: (self.store.read(name) or b"").decode() for name in self.store.names("live")}

    def test_lines_and_progress_in_files_with_growing_numbers_each_line_once(self) -> None:
        live = Live(self.store, self.progress)
        live.add("one\n")
        live.flush()
        self.progress.write_text('{"step": 1}\n{"st')
        live.add("two\r\n")
        live.flush()
        with self.progress.open("a") as file:
            file.write('ep": 2}\n')
        live.flush()
        live.flush()
        self.assertEqual(
            self.said(),
            {
                "live/001-00001-log.txt": "one\n",
                "live/001-00002-log.txt": "two\n",
                "live/001-00003-progress.jsonl": '{"step": 1}\n',
                "live/001-00004-progress.jsonl": '{"step": 2}\n',
            },
        )

    def test_a_container_that_is_started_again_is_another_attempt(self) -> None:
        first = Live(self.store, self.progress)
        first.add("one")
        first.flush()
        second = Live(self.store, self.progress)
        self.assertEqual((first.attempt, second.attempt), (1, 2))

    def test_what_could_not_be_told_is_told_the_next_time(self) -> None:
        live = Live(self.store, self.progress)
        self.store.away = True
        live.add("one")
        self.progress.write_text('{"step": 1}\n')
        live.flush()
        self.store.away = False
        live.add("two")
        live.flush()
        self.assertEqual(self.said(), {"live/001-00001-log.txt": "one\ntwo\n", "live/001-00002-progress.jsonl": '{"step": 1}\n'})

    def test_a_flood_is_cut_lines_and_characters_and_the_last_errors_are_kept(self) -> None:
        live = Live(self.store, self.progress)
        live.add("x" * 100_000)
        for number in range(module.LINES_MAX + 5):
            live.add(f"line {number}", of_errors=True)
        live.flush()
        lines = self.said()["live/001-00001-log.txt"].splitlines()
        self.assertEqual((len(lines[0]), len(lines)), (module.LINE_CHARS_MAX, module.LINES_MAX))
        self.assertEqual((len(live.tail), live.tail[-1]), (module.TAIL_LINES, f"line {module.LINES_MAX + 4}"))


if __name__ == "__main__":
    unittest.main()
