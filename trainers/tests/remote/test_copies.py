"""Files go by digest, names stay below the folder, and nothing hidden travels."""

from __future__ import annotations

import hashlib
import tempfile
import unittest
from pathlib import Path

from retrain_trainers.remote.copies import Changed, copy_in, copy_out, read_json, write_json
from retrain_trainers.remote.disk import DiskFolder
from retrain_trainers.remote.folder import folder_of


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Copies(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def written(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def test_what_is_not_its_digest_is_not_copied_in_as_if_it_were(self) -> None:
        self.written("store/parts/train.csv", "a,b\n")
        store = DiskFolder(self.folder / "store")
        copy_in({"parts/train.csv": sha256("a,b\n")}, store, self.folder / "work")
        self.assertEqual((self.folder / "work/parts/train.csv").read_text(), "a,b\n")
        with self.assertRaisesRegex(Changed, "parts/train.csv: expected SHA-256"):
            copy_in({"parts/train.csv": sha256("a;b\n")}, store, self.folder / "other")

    def test_plain_files_go_out_with_digest_and_size_links_and_hidden_ones_stay(self) -> None:
        self.written("work/model/weights", "wwww")
        self.written("work/.cache/secret", "s")
        self.written("work/checkpoint/state", "c")
        (self.folder / "work/model/link").symlink_to("/etc/hostname")
        index = copy_out(self.folder / "work", DiskFolder(self.folder / "store"), "output/", frozenset({"checkpoint"}))
        self.assertEqual(index, [{"path": "model/weights", "sha256": sha256("wwww"), "bytes": 4}])
        self.assertEqual(DiskFolder(self.folder / "store").names(), ["output/model/weights"])

    def test_a_document_that_is_none_is_as_good_as_absent(self) -> None:
        store = DiskFolder(self.folder)
        self.assertIsNone(read_json(store, "result.json"))
        self.written("result.json", "{half")
        self.assertIsNone(read_json(store, "result.json"))
        self.written("result.json", "[1]")
        self.assertIsNone(read_json(store, "result.json"))
        write_json(store, "result.json", {"text": "\udcff ü"})
        self.assertEqual(read_json(store, "result.json"), {"text": "? ü"})

    def test_a_uri_says_where_a_folder_lies(self) -> None:
        self.written("with space/x", "1")
        self.assertEqual(folder_of(f"file://{self.folder}/with%20space").names(), ["x"])
        with self.assertRaisesRegex(ValueError, "expected gs:// or file:"):
            folder_of("s3://bucket/folder")


if __name__ == "__main__":
    unittest.main()
