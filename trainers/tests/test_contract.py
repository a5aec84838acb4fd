"""Jobs that are wrong are refused with the place and what was expected."""

import json
import subprocess
import sys
import time
from pathlib import Path

from retrain_trainers.text_to_sql.trainer import TextToSqlTrainer
from tests.small_jobs import Case

PACKAGE = Path(__file__).parent.parent


class BadJobs(Case):
    def test_fields_of_the_wrong_kind(self) -> None:
        for changes, words in (
            ({"contract": 2}, ("contract", "expected 1", "found 2")),
            ({"features": "a"}, ("features", "list of texts")),
            ({"features": ["a", "a"]}, ("features", "without repetition")),
            ({"seed": -1}, ("seed", "found -1")),
            ({"seed": True}, ("seed", "found true")),
            ({"threads": 0}, ("threads",)),
            ({"device": "tpu"}, ("device", "cpu, gpu")),
            ({"parts": {"train": {}}}, ("parts.train.path", "found nothing")),
            ({"search": {"method": "grid"}}, ("search.method", "none, random")),
            ({"search": {"folds": 1}}, ("search.folds", "at least 2")),
            ({"target": {"column": "y", "classes": ["x"], "positive": "z"}}, ("target.positive", "'z'")),
            ({"output": ""}, ("output", "a text")),
        ):
            with self.subTest(changes=changes), self.refused(*words):
                self.job("fit", "logistic_regression", **changes)

    def test_numbers_that_json_does_not_have(self) -> None:
        path = self.folder / "job.json"
        path.write_text('{"contract": 1, "parameters": {"C": NaN}}')
        from retrain_trainers.contract import read_job

        with self.refused("NaN"):
            read_job(path, "fit")

    def test_a_missing_job_file(self) -> None:
        from retrain_trainers.contract import read_job

        with self.refused("no such job file"):
            read_job(self.folder / "none.json", "fit")


class Command(Case):
    def run_trainer(self, *arguments: str, close: bool = False) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "retrain_trainers.tabular", *arguments],
            cwd=PACKAGE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_describe_prints_one_json_object(self) -> None:
        out, _ = self.run_trainer("describe").communicate()
        described = json.loads(out)
        self.assertEqual([1, "tabular"], [described["contract"], described["name"]])
        for algorithm in described["algorithms"]:
            for name, schema in algorithm["parameters"]["properties"].items():
                self.assertIn("default", schema, name)
                self.assertIn("description", schema, name)
            self.assertLessEqual(set(algorithm["search"]), set(algorithm["parameters"]["properties"]))

    def test_a_refused_job_ends_with_2_and_one_json_line(self) -> None:
        process = self.run_trainer("fit", str(self.folder / "none.json"))
        assert process.stdin is not None and process.stderr is not None and process.stdout is not None
        self.assertEqual(2, process.wait(60))
        self.assertIn("no such job file", json.loads(process.stderr.read())["error"])
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

    def test_it_ends_when_its_input_closes(self) -> None:
        self.table(rows=4000)
        (self.folder / "job.json").write_text(
            json.dumps(self.content("random_forest", parameters={"n_estimators": 5000}, search={"method": "none", "folds": 0}))
        )
        process = self.run_trainer("fit", str(self.folder / "job.json"))
        assert process.stdin is not None and process.stderr is not None and process.stdout is not None
        progress = self.folder / "output" / "progress.jsonl"
        for _ in range(600):
            if progress.exists() and progress.read_text():
                break
            time.sleep(0.05)
        self.assertIsNone(process.poll())
        process.stdin.close()
        self.assertEqual(143, process.wait(5))
        self.assertFalse((self.folder / "output" / "fit.json").exists())
        self.assertFalse((self.folder / "output" / "model").exists())
        process.stdout.close()
        process.stderr.close()


class Page(Case):
    def test_it_shows_the_parameters_of_text_to_sql(self) -> None:
        page = (PACKAGE.parent / "docs" / "trainers.md").read_text(encoding="utf-8")
        [algorithm] = TextToSqlTrainer().describe()["algorithms"]
        for name, schema in algorithm["parameters"]["properties"].items():
            self.assertIn(f"\n| `{name}` | `{json.dumps(schema['default'])}` | {schema['description']} |\n", page)
