"""Predicting: the same each time, in the order of the rows, with what was cut and what failed counted."""

import contextlib
import io
import json
from collections.abc import Sequence
from unittest import mock

from sql_jobs import SqlCase

from retrain_trainers.text_to_sql.batches import Example
from retrain_trainers.text_to_sql.predict import Writer, Written


class Predicting(SqlCase):
    def setUp(self) -> None:
        super().setUp()
        self.pairs()
        self.fitted({"max_target_length": 24})

    def test_rows_come_in_their_order_whatever_the_size_of_a_batch(self) -> None:
        for beams in (1, 3):
            one, many = (self.predicted(parameters={"num_beams": beams, "per_device_eval_batch_size": size}) for size in (1, 16))
            self.assertEqual([f"q{i}" for i in range(40)], [row[0] for row in one])
            self.assertEqual(one, many)

    def test_outputs_that_were_cut_are_counted(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            rows = self.predicted(parameters={"max_target_length": 8})
        cut = [row for row in rows if row[2] == "1"]
        self.assertGreater(len(cut), 0)
        self.assertIn(f"{len(cut)} of 40 outputs were cut at 8 tokens", said.getvalue())
        last = json.loads((self.folder / "output" / "progress.jsonl").read_text().splitlines()[-1])
        self.assertEqual(len(cut), last["metrics"]["cut_outputs"])

    def test_a_row_that_fails_has_no_sql_and_more_than_one_in_a_hundred_ends_it(self) -> None:
        lines = [f"r{i},{'the bad one' if i == 70 else 'a question'}" for i in range(100)]
        (self.folder / "predict.csv").write_text("\n".join(["id,input_text", *lines, ""]))
        write, failing = Writer.write, ["the bad one"]

        def fails_at_some(writer: Writer, batch: Sequence[Example]) -> list[Written]:
            if any(writer.vocabulary.decode(example.source) in failing for example in batch):
                raise ValueError("no such tensor")
            return write(writer, batch)

        with mock.patch.object(Writer, "write", fails_at_some):
            rows = self.predicted(parameters={"max_target_length": 8})
            self.assertEqual(["r70", "", "0"], rows[70])
            last = json.loads((self.folder / "output" / "progress.jsonl").read_text().splitlines()[-1])
            self.assertEqual(1, last["metrics"]["failed"])
            failing.append("a question")
            with self.assertRaises(RuntimeError) as caught:
                self.predicted(parameters={"max_target_length": 8})
        self.assertIn("failed for 100 of 100 rows", str(caught.exception))
        self.assertIn("ValueError: no such tensor", str(caught.exception))

    def test_a_changed_model_is_refused(self) -> None:
        file = self.folder / "output" / "model" / "model.safetensors"
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with self.refused("model.safetensors", "was changed"):
            self.predicted()
