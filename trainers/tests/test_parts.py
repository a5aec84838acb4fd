"""Parts that are wrong are refused with row and column."""

from pathlib import Path
from typing import Any

import numpy as np

from retrain_trainers.contract import Part, Target
from retrain_trainers.tabular.parts import read_rows
from tests.small_jobs import Case

TARGET = Target("y", ("no", "yes"))


class Parts(Case):
    def read(self, text: str | bytes, task: str = "classification", **part: Any) -> Any:
        path = Path(self.folder / "part.csv")
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_rows(Part(path, "csv", part.get("sha256"), part.get("rows")), "id", ["a", "b"], task, TARGET)

    def test_columns_in_any_order_quotes_and_a_byte_order_mark(self) -> None:
        rows = self.read('\ufeffy,b,"id",a\r\nyes,1e-3,"k,""1""",2\r\nno,-4,k2,.5\r\n')
        self.assertEqual(['k,"1"', "k2"], rows.keys)
        np.testing.assert_array_equal([[2, 0.001], [0.5, -4]], rows.features)
        np.testing.assert_array_equal([1, 0], rows.target)

    def test_regression_reads_numbers(self) -> None:
        np.testing.assert_array_equal([1.5], self.read("id,a,b,y\nk,1,2,1.5\n", "regression").target)

    def test_cells_that_are_no_numbers(self) -> None:
        for cell, found in (
            ("", "an empty cell"),
            (" ", "an empty cell"),
            ("x", '"x"'),
            ("nan", "finite number, found nan"),
            ("-inf", "-inf"),
        ):
            with self.subTest(cell=cell), self.refused('row 3, column "b"', found):
                self.read(f"id,a,b,y\nk1,1,2,yes\nk2,1,{cell},no\n")

    def test_a_class_that_is_none(self) -> None:
        with self.refused('row 2, column "y"', '"no", "yes"', '"maybe"'):
            self.read("id,a,b,y\nk,1,2,maybe\n")

    def test_a_regression_target_that_is_empty(self) -> None:
        with self.refused('row 2, column "y"', "an empty cell"):
            self.read("id,a,b,y\nk,1,2,\n", "regression")

    def test_the_form_of_the_file(self) -> None:
        for text, words in (
            ("", ("empty",)),
            ("id,a,y\n", ('no column "b"',)),
            ("id,a,b,b,y\n", ('"b" stands there twice',)),
            ("id,a,b,y\nk,1,2\n", ("row 2", "expected 4 fields, found 3")),
            (b"id,a,b,y\n\xff,1,2,no\n", ("not UTF-8",)),
            ('id,a,b,y\n"k"x,1,2,no\n', ("not CSV",)),
        ):
            with self.subTest(text=text), self.refused(*words):
                self.read(text)

    def test_a_digest_or_row_count_that_differs(self) -> None:
        with self.refused("SHA-256", "changed"):
            self.read("id,a,b,y\nk,1,2,no\n", sha256="0" * 64)
        with self.refused("expected 2 rows, found 1"):
            self.read("id,a,b,y\nk,1,2,no\n", rows=2)
