"""Several devices, here as processes on a CPU: what one device would do, shared; whatever ends one ends all."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import psutil
import torch
from safetensors.torch import load_file
from sql_jobs import SqlCase

from retrain_trainers.text_to_sql import device
from retrain_trainers.text_to_sql.batches import Example
from retrain_trainers.text_to_sql.predict import Written, _in_batches
from retrain_trainers.text_to_sql.team import BUCKET_BYTES, Team, _buckets, team_of

FOLDER = Path(__file__).parent
PACKAGE = FOLDER.parent.parent
# Chance differs between devices; without it they are comparable.
CERTAIN = {"scratch_dropout": 0.0, "lora_dropout": 0.0}
MANY = {"scratch_num_train_epochs": 400, "devices": 2}


class Shares(unittest.TestCase):
    def test_a_batch_is_dealt_in_order_and_evenly(self) -> None:
        for rows, size, wanted in ((6, 2, [3, 3]), (5, 2, [2, 3]), (1, 2, [0, 1]), (0, 2, [0, 0]), (16, 3, [5, 5, 6])):
            shares = [Team(number, size).share(range(rows)) for number in range(size)]
            self.assertEqual(wanted, [len(share) for share in shares])
            self.assertEqual(list(range(rows)), [row for share in shares for row in share])

    def test_what_is_exchanged_at_once_is_bounded(self) -> None:
        third = torch.empty(BUCKET_BYTES // 12)
        self.assertEqual([3, 1], [len(bucket) for bucket in _buckets([third] * 4)])


class TwoDevices(SqlCase):
    def weights(self, output: str) -> dict[str, torch.Tensor]:
        return load_file(self.folder / output / "model" / "model.safetensors")

    def assert_close(self, one: str, other: str) -> None:
        weights, others = self.weights(one), self.weights(other)
        self.assertEqual(set(weights), set(others))
        for name, weight in weights.items():
            torch.testing.assert_close(others[name], weight, rtol=1e-4, atol=1e-5, msg=name)

    def test_they_learn_what_one_with_twice_the_batch_learns(self) -> None:
        # 33 rows are learned from: of the last batch the first device gets none, the second one. 4 are held.
        self.pairs(rows=37)
        changes = {**CERTAIN, "early_stopping_patience": 1, "early_stopping_share": 0.1}
        one = self.fitted({**changes, "per_device_train_batch_size": 8}, output="one")
        two = self.fitted({**changes, "per_device_train_batch_size": 4, "devices": 2}, output="two")
        slow = self.fitted({**changes, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}, output="slow")
        self.assertEqual([1, 2, 1], [report["learning"].pop("devices") for report in (one, two, slow)])
        for other in (two, slow):
            self.assertEqual(one["learning"], other["learning"])
            for epoch, same in zip(one["history"], other["history"], strict=True):
                self.assertEqual(epoch["metrics"].keys(), same["metrics"].keys())
                for name, value in epoch["metrics"].items():
                    self.assertAlmostEqual(value, same["metrics"][name], places=4)
        self.assert_close("one", "two")
        self.assert_close("one", "slow")

    def test_lora_and_new_tokens(self) -> None:
        self.pairs(sql="SELECT name FROM t WHERE a < {i}")
        self.foreign_base(spare=4, dropout=0.0)
        self.fitted({**CERTAIN, "per_device_train_batch_size": 8}, output="one", base="base")
        report = self.fitted({**CERTAIN, "per_device_train_batch_size": 4, "devices": 2}, output="two", base="base")
        self.assertEqual(["lora", 1], [report["parameters"]["tuning"], report["learning"]["new_tokens"]])
        self.assert_close("one", "two")

    def test_the_same_job_gives_the_same_bytes_with_chance_in_it(self) -> None:
        self.pairs()
        for output in ("one", "two"):
            self.fitted({"devices": 2}, output=output)
        self.assertEqual(self.bytes_of("one"), self.bytes_of("two"))
        self.assertFalse((self.folder / "one" / ".devices").exists())
        steps = [json.loads(line)["step"] for line in (self.folder / "one" / "progress.jsonl").read_text().splitlines()]
        self.assertEqual(list(range(1, len(steps) + 1)), steps, "one process says how far it is")

    def test_predictions_are_those_of_one_device(self) -> None:
        self.pairs(rows=37)
        self.fitted()
        one, three = (self.predicted(parameters={"per_device_eval_batch_size": 4, "devices": devices}) for devices in (1, 3))
        self.assertEqual(37, len(one))
        self.assertEqual(one, three)

    def test_a_processor_gets_no_process_for_each_gpu_that_trained(self) -> None:
        self.pairs()
        self.fitted({"devices": 2})
        sizes: list[int] = []

        def counted(size: int, *rest: Any) -> Any:
            sizes.append(size)
            return team_of(size, *rest)

        with mock.patch("retrain_trainers.text_to_sql.predict.team_of", counted):
            self.predicted()
            self.predicted(parameters={"devices": 2})
        self.assertEqual([1, 2], sizes)


class Failing(SqlCase):
    """Whichever process fails, all end at once, and what it said stands last."""

    def test_the_second(self) -> None:
        for fault, code, word in (
            ("fails", 1, "RuntimeError: no such tensor"),
            ("refuses", 2, {"error": "It is not to be.", "todo": "Try another."}),
            ("fails-to-start", 1, "AssertionError: not in the second process"),
            ("first-fails", 2, {"error": "The first will not."}),
        ):
            with self.subTest(fault):
                ended = subprocess.run(
                    [sys.executable, "-W", "ignore", str(FOLDER / "team_faults.py"), fault, str(self.folder)],
                    env={**os.environ, "PYTHONPATH": str(PACKAGE)},
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
                last = ended.stderr.splitlines()[-1]
                self.assertEqual((code, word), (ended.returncode, last if isinstance(word, str) else json.loads(last)))

    def test_the_first_is_killed_while_the_second_is_busy(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(FOLDER / "team_faults.py"), "sleeps", str(self.folder)],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for _ in range(2400):
            if (self.folder / "joined").exists():
                break
            self.assertIsNone(process.poll())
            time.sleep(0.05)
        for other in psutil.Process(process.pid).children():
            self.addCleanup(_ended, other)
        process.kill()
        # Ends when nobody holds the other side any more.
        process.communicate(timeout=60)


def _ended(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


class Dealt(unittest.TestCase):
    def test_rows_come_in_their_order_from_all_devices(self) -> None:
        class Echo:
            def write(self, batch: Sequence[Example]) -> list[Written]:
                return [Written(str(example.source[0])) for example in batch]

        parts: list[Any] = []

        class Gathering(Team):
            def gather(self, found: Any) -> list[Any]:
                parts.append(found)
                return parts if self.first else []

        examples = [Example([row] * (row % 5 + 1), []) for row in range(37)]
        for number in (2, 1, 0):
            written = _in_batches(Echo(), examples, 4, Gathering(number, 3), None)
        self.assertEqual([13, 12, 12], [len(part) for part in parts[::-1]])
        self.assertEqual([str(row) for row in range(37)], [one.sql for one in written])


class Counted(SqlCase):
    def test_devices_are_those_asked_for_or_all_there_are(self) -> None:
        with mock.patch("torch.cuda.is_available", lambda: True), mock.patch("torch.cuda.device_count", lambda: 2):
            self.assertEqual(
                [2, 1, 2, 2], [device.device_count("gpu", n, exactly) for n, exactly in ((None, True), (1, True), (2, True), (4, False))]
            )
            with self.refused("parameters.devices", "expected 4 GPUs, found 2"):
                device.device_count("gpu", 4)
        with self.refused("expected a GPU", "device: cpu"):
            device.device_count("gpu", None)
        self.assertEqual([1, 3], [device.device_count("cpu", n) for n in (None, 3)])


class Ending(SqlCase):
    """The trainer as it is started; its processes found as the children it has."""

    def setUp(self) -> None:
        super().setUp()
        self.pairs()
        self.progress = self.folder / "output" / "progress.jsonl"

    def start(self, **job: Any) -> "subprocess.Popen[str]":
        self.sql_job("fit", {**MANY, **job})
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "retrain_trainers.text_to_sql", "fit", str(self.folder / "fit.json")],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            text=True,
            start_new_session=True,
        )
        assert process.stdin is not None and process.stderr is not None
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def learning(self, process: "subprocess.Popen[str]") -> int:
        """Waits until both learn; the process of the second device."""
        for _ in range(2400):
            if self.progress.exists() and len(self.progress.read_text().splitlines()) > 5:
                break
            self.assertIsNone(process.poll())
            time.sleep(0.05)
        [other] = (child.pid for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline()))
        return other

    def ended(self, process: "subprocess.Popen[str]", other: int) -> tuple[int, str]:
        code = process.wait(60)
        assert process.stderr is not None
        said = process.stderr.read()
        for _ in range(100):
            if not psutil.pid_exists(other):
                break
            time.sleep(0.05)
        self.assertFalse(psutil.pid_exists(other), "the second process is gone")
        self.assertFalse((self.folder / "output" / "fit.json").exists())
        self.assertFalse((self.folder / "output" / "model").exists())
        return code, said

    def test_one_that_is_killed_ends_all_and_is_named(self) -> None:
        process = self.start()
        other = self.learning(process)
        os.kill(other, signal.SIGKILL)
        code, said = self.ended(process, other)
        self.assertEqual(3, code)
        self.assertIn("device 1 of 2 was ended by SIGKILL", json.loads(said.splitlines()[-1])["error"])

    def test_all_end_when_the_input_closes(self) -> None:
        process = self.start()
        other = self.learning(process)
        assert process.stdin is not None
        process.stdin.close()
        self.assertEqual(143, self.ended(process, other)[0])

    def test_all_end_when_the_first_is_killed(self) -> None:
        process = self.start()
        other = self.learning(process)
        process.kill()
        self.assertEqual(-signal.SIGKILL, self.ended(process, other)[0])

    def test_all_are_told_to_end_and_go_on_to_the_same_bytes(self) -> None:
        few = {"scratch_num_train_epochs": 40}
        whole = self.fitted({**MANY, **few}, output="whole")["learning"]
        process = self.start(**few)
        other = self.learning(process)
        os.killpg(process.pid, signal.SIGTERM)
        code, said = self.ended(process, other)
        self.assertEqual((143, ""), (code, said))
        state = json.loads((self.folder / "output" / "checkpoint" / "state.json").read_text())
        self.assertGreater(state["step"], 0)
        self.assertEqual(0, self.start(**few).wait(120))
        self.assertEqual(self.bytes_of("whole"), self.bytes_of())
        self.assertEqual(whole, json.loads((self.folder / "output" / "fit.json").read_text())["learning"])
        first = json.loads(self.progress.read_text().splitlines()[0])
        self.assertGreater(first["done"], 0.9 * state["step"] / whole["steps"], "it did not begin anew")
