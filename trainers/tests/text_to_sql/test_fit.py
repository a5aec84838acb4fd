"""Fitting: same job, same bytes; from nothing, from a base, with LoRA; stopped and gone on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import torch
from peft import LoraConfig
from safetensors.torch import load_file
from sql_jobs import SMALL, SqlCase
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, T5Config, T5ForConditionalGeneration

from retrain_trainers.text_to_sql import models
from retrain_trainers.text_to_sql.learning import step_share
from retrain_trainers.text_to_sql.parameters import T5

PACKAGE = Path(__file__).parent.parent.parent


class FromNothing(SqlCase):
    def test_the_same_job_gives_the_same_bytes_and_another_seed_does_not(self) -> None:
        self.pairs()
        self.fitted(output="one", threads=1)
        self.fitted(output="two", threads=2)
        self.fitted(output="three", seed=4)
        self.assertEqual(self.bytes_of("one"), self.bytes_of("two"))
        self.assertNotEqual(self.bytes_of("one")["model.safetensors"], self.bytes_of("three")["model.safetensors"])

    def test_the_report_tells_how_learning_went(self) -> None:
        self.pairs()
        report = self.fitted()
        learning = report["learning"]
        self.assertEqual([2, 10, 40], [learning["epochs"], learning["steps"], learning["rows"]])
        self.assertEqual(learning["parameters"], learning["trainable"])
        losses = [entry["metrics"]["train_loss"] for entry in report["history"]]
        self.assertLess(losses[1], losses[0])
        self.assertEqual([1, 2], [entry["step"] for entry in report["history"]])
        self.assertEqual(["full", "{input_text}"], [report["parameters"]["tuning"], report["parameters"]["template"]])
        steps = [json.loads(line) for line in (self.folder / "output" / "progress.jsonl").read_text().splitlines()]
        self.assertEqual(1, steps[-1]["done"])
        self.assertIn("loss", steps[0]["metrics"])

    def test_a_model_holds_nothing_that_runs_code_and_loads_with_transformers(self) -> None:
        self.pairs()
        self.fitted()
        folder = self.folder / "output" / "model"
        self.assertEqual({".json", ".safetensors"}, {path.suffix for path in folder.rglob("*") if path.is_file()})
        self.assertFalse((self.folder / "output" / "checkpoint").exists())
        model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
        self.assertEqual(model.config.vocab_size, len(tokenizer))
        self.assertEqual("SELECT a <= 'é'\n", tokenizer.decode(tokenizer.encode("SELECT a <= 'é'\n")))

    def test_early_stopping_keeps_the_best_epoch(self) -> None:
        self.pairs()
        changes = {"early_stopping_share": 0.25, "scratch_num_train_epochs": 60, "scratch_learning_rate": 0.1}
        report = self.fitted({**changes, "early_stopping_patience": 2})
        learning = report["learning"]
        losses = [entry["metrics"]["held_loss"] for entry in report["history"]]
        self.assertEqual([30, 10], [learning["rows"], learning["held_rows"]])
        self.assertEqual(learning["best_epoch"] + 2, learning["epochs"])
        self.assertEqual(min(losses), losses[learning["best_epoch"] - 1])
        # The weights of the best epoch, which fewer epochs of the same schedule do not change: one that waits longer keeps the same.
        longer = self.fitted({**changes, "early_stopping_patience": 3}, output="longer")["learning"]
        if longer["best_epoch"] == learning["best_epoch"]:
            weights = [load_file(self.folder / name / "model" / "model.safetensors") for name in ("output", "longer")]
            self.assertTrue(all(torch.equal(weight, weights[1][name]) for name, weight in weights[0].items()))

    def test_what_is_refused(self) -> None:
        self.pairs()
        for parameters, changes, words in (
            ({"tuning": "lora"}, {}, ("lora needs a base", "fetch-model")),
            ({"template": "{question} {schema}"}, {}, ("train.csv", "{question}", '"input_text"')),
            ({"template": "no column"}, {}, ("a column in braces",)),
            ({"scratch_num_heads": 3}, {}, ("3 heads", "16")),
            ({"fp16": True}, {}, ("fp16", "no such parameter")),
            ({}, {"search": {"method": "random"}}, ("search.method", "none")),
            ({}, {"task": "classification"}, ("classification", "text-to-sql")),
        ):
            with self.subTest(parameters=parameters, changes=changes), self.refused(*words):
                self.fitted(parameters, **changes)
        self.pairs(sql="")
        with self.refused("train.csv, row 2", "expected SQL"):
            self.fitted()

    def test_a_loss_that_is_no_number_ends_the_training_with_what_to_do(self) -> None:
        self.pairs()
        with self.refused("The loss is nan at step", "smaller learning_rate than 1e+30"):
            self.fitted({"scratch_learning_rate": 1e30, "scratch_num_train_epochs": 20})

    def test_what_is_cut_is_counted(self) -> None:
        self.pairs(sql="SELECT name FROM t WHERE a = 1 AND a = 2 AND a = {i}")
        warnings = self.fitted({"max_source_length": 8, "max_target_length": 8})["warnings"]
        self.assertEqual(
            [
                "40 of 40 rows have more than 8 tokens of SQL; the rest was cut off (max_target_length).",
            ],
            [warning for warning in warnings if "SQL" in warning],
        )


class FromABase(SqlCase):
    def test_lora_on_our_own_model(self) -> None:
        self.pairs()
        self.fitted({"template": "Q: {input_text}"}, output="first")
        base = "first/model"
        report = self.fitted(base=base)
        self.assertEqual(["lora", "Q: {input_text}"], [report["parameters"]["tuning"], report["parameters"]["template"]])
        # q and v of 3 attention blocks, each 16 wide: 2 matrices of 16 × 4.
        self.assertEqual(3 * 2 * 2 * 16 * 4, report["learning"]["trainable"])
        before, after = (load_file(self.folder / name / "model" / "model.safetensors") for name in ("first", "output"))
        changed = {name for name, weight in after.items() if not torch.equal(weight, before[name])}
        self.assertEqual({name for name in after if name.endswith((".q.weight", ".v.weight"))}, changed)
        self.assertEqual(self.folder / "first" / "model", self.folder / base)
        self.assertIsNotNone(json.loads((self.folder / "output" / "model" / "index.json").read_text())["base"])

    def test_an_adapter_kept_apart_writes_what_the_merged_model_writes(self) -> None:
        self.pairs()
        self.fitted(output="first")
        self.fitted({"save_model": "merged"}, output="merged", base="first/model")
        self.fitted({"save_model": "adapter"}, output="apart", base="first/model")
        self.assertTrue((self.folder / "apart" / "model" / "adapter" / "adapter_model.safetensors").exists())
        self.assertEqual(
            self.bytes_of("first")["model.safetensors"], self.bytes_of("apart")["base/model.safetensors"], "the base is as it was"
        )
        self.assertEqual(self.predicted("merged/model"), self.predicted("apart/model"))
        self.fitted(output="next", base="apart/model")

    def test_tokens_that_the_base_lacks_are_added_and_learned(self) -> None:
        for spare in (0, 8):
            with self.subTest(spare=spare):
                self.pairs(sql="SELECT name FROM t WHERE a < {i} AND a <= 3")
                base = self.foreign_base(spare)
                report = self.fitted(base="base", output=f"spare-{spare}")
                self.assertEqual([2, []], [report["learning"]["new_tokens"], report["warnings"]])
                before = load_file(base / "model.safetensors")["shared.weight"]
                after = load_file(self.folder / f"spare-{spare}" / "model" / "model.safetensors")["shared.weight"]
                old = len(before) - spare
                self.assertTrue(torch.equal(before[:old], after[:old]), "old tokens stay")
                self.assertTrue((after[old : old + 2] != 0).all())
                if spare:
                    self.assertFalse(torch.equal(before[old : old + 2], after[old : old + 2]), "new tokens learn")
                    self.assertTrue(torch.equal(before[old + 2 :], after[old + 2 :]))
                self.predicted(f"spare-{spare}/model")
                shutil.rmtree(base)

    def test_rows_whose_sql_the_base_cannot_write_are_named(self) -> None:
        self.pairs(rows=12, sql="SELECT {{ ~ FROM t WHERE a = {i}")
        self.foreign_base()
        [warning] = self.fitted(base="base")["warnings"]
        self.assertIn('The SQL of 12 of 12 rows does not survive the model\'s tokens and cannot be learned: "q0", "q1"', warning)
        self.assertIn("and 2 more", warning)

    def test_bases_that_are_refused(self) -> None:
        self.pairs()
        folder = self.folder / "base"
        folder.mkdir()
        (folder / "pytorch_model.bin").write_bytes(b"pickle")
        with self.refused("*.safetensors", "pytorch_model.bin", "convert"):
            self.fitted(base="base")
        (folder / "index.json").write_text(json.dumps({"contract": 1, "trainer": "tabular"}))
        with self.refused("text-to-sql trainer"):
            self.fitted(base="base")
        self.fitted(output="first")
        (self.folder / "first" / "model" / "config.json").write_text("{}")
        with self.refused("config.json", "was changed"):
            self.fitted(base="first/model")

    def test_t5_large_with_rank_16_trains_4_718_592_weights(self) -> None:
        with torch.device("meta"):
            large = T5ForConditionalGeneration(
                T5Config(d_model=1024, d_kv=64, d_ff=4096, num_layers=24, num_decoder_layers=24, num_heads=16)
            )
            wrapped = models.with_lora(large, T5.complete({}), [])
        self.assertEqual(4_718_592, models.trainable_count(wrapped))
        config = wrapped.peft_config["default"]
        assert isinstance(config, LoraConfig)
        self.assertEqual((16, 32, 0.1, {"q", "v"}), (config.r, config.lora_alpha, config.lora_dropout, set(config.target_modules or [])))


class Stopped(SqlCase):
    def test_a_fit_that_is_stopped_goes_on_to_the_same_bytes(self) -> None:
        self.pairs()
        many = {"scratch_num_train_epochs": 40, "early_stopping_patience": 50, "early_stopping_share": 0.2}
        whole = self.fitted(many, output="whole")["learning"]
        job = self.sql_job("fit", many)
        process = self.start()
        progress = self.folder / "output" / "progress.jsonl"
        for _ in range(1200):
            if progress.exists() and len(progress.read_text().splitlines()) > 20:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(143, process.wait(120))
        self.assertFalse((self.folder / "output" / "fit.json").exists())
        state = json.loads((self.folder / "output" / "checkpoint" / "state.json").read_text())
        self.assertGreater(state["step"], 0)
        self.assertEqual(job.output, self.folder / "output")
        process = self.start()
        self.assertEqual(0, process.wait(120))
        self.assertEqual(self.bytes_of("whole"), self.bytes_of())
        report = json.loads((self.folder / "output" / "fit.json").read_text())
        self.assertEqual(whole, report["learning"])
        first = json.loads(progress.read_text().splitlines()[0])
        self.assertGreater(first["done"], 0.9 * state["step"] / whole["steps"], "it did not begin anew")

    def test_another_job_does_not_go_on_from_it(self) -> None:
        self.pairs()
        checkpoint = self.folder / "output" / "checkpoint"
        checkpoint.mkdir(parents=True)
        (checkpoint / "state.json").write_text(json.dumps({"job": "another", "step": 5}))
        self.assertEqual(10, self.fitted()["learning"]["steps"])

    def start(self) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
        process = subprocess.Popen(
            [sys.executable, "-m", "retrain_trainers.text_to_sql", "fit", str(self.folder / "fit.json")],
            stdin=subprocess.PIPE,
            env=environment,
        )
        assert process.stdin is not None
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.kill)
        return process


class Parameters(unittest.TestCase):
    def test_they_are_called_as_in_the_reference_system(self) -> None:
        found = T5.complete({})
        wanted = {
            "num_train_epochs": 3,
            "per_device_train_batch_size": 8,
            "per_device_eval_batch_size": 8,
            "learning_rate": 5e-5,
            "warmup_steps": 500,
            "weight_decay": 0.01,
            "max_grad_norm": 1.0,
            "save_steps": 1000,
            "lora_r": 16,
            "lora_alpha": 32,
            "lora_dropout": 0.1,
            "lora_target_modules": ["q", "v"],
            "save_model": "merged",
            "max_source_length": 512,
            "max_target_length": 256,
            "num_beams": 1,
        }
        self.assertEqual(wanted, {name: found[name] for name in wanted})
        self.assertLessEqual(set(SMALL), set(found))

    def test_a_step_grows_in_a_line_and_falls_in_a_line_to_nothing(self) -> None:
        self.assertEqual([0.5, 1.0, 1.0, 0.75, 0.5, 0.25], [step_share(step, 2, 6) for step in range(6)])
        self.assertEqual([1.0, 0.5], [step_share(step, 0, 2) for step in range(2)])
