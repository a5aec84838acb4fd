"""Small jobs of questions and SQL, and a base of the kind that people bring: SentencePiece's tokens without `<`."""

from __future__ import annotations

import csv
import hashlib
import json
import string
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import T5Config, T5ForConditionalGeneration

from retrain_trainers.contract import Job, read_job
from retrain_trainers.text_to_sql.fit import fit
from retrain_trainers.text_to_sql.predict import predict
from tests.small_jobs import Case

# One second of training; enough to see that something is learned, not to be right.
SMALL = {
    "scratch_num_train_epochs": 2,
    "num_train_epochs": 2,
    "scratch_d_model": 16,
    "scratch_d_ff": 32,
    "scratch_num_layers": 1,
    "scratch_num_heads": 2,
    "scratch_vocab_size": 400,
    "max_target_length": 48,
    "learning_rate": 0.01,
    "lora_r": 4,
}


class SqlCase(Case):
    def pairs(self, rows: int = 40, sql: str = "SELECT name FROM t WHERE a = {i}") -> None:
        """Writes train.csv and predict.csv."""
        for name, columns in (("train", ["id", "input_text", "sql"]), ("predict", ["id", "input_text"])):
            with (self.folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(columns)
                writer.writerows([f"q{i}", f"which names have a of {i % 7}?", sql.format(i=i % 7)][: len(columns)] for i in range(rows))

    def sql_job(self, verb: Any, parameters: dict[str, Any] | None = None, **changes: Any) -> Job:
        content = {
            "contract": 1,
            "task": "text-to-sql",
            "algorithm": "t5",
            "parameters": {**SMALL, **(parameters or {})} if verb == "fit" else parameters or {},
            "seed": 3,
            "key": "id",
            "target": {"column": "sql"},
            "features": [],
            "parts": {"train": {"path": "train.csv"}, "predict": {"path": "predict.csv"}},
            "model": "output/model",
            "output": "output",
            **changes,
        }
        path = self.folder / f"{verb}.json"
        path.write_text(json.dumps(content))
        return read_job(path, verb)

    def fitted(self, parameters: dict[str, Any] | None = None, output: str = "output", **changes: Any) -> dict[str, Any]:
        fit(self.sql_job("fit", parameters, output=output, **changes))
        found = json.loads((self.folder / output / "fit.json").read_text())
        assert isinstance(found, dict)
        return found

    def predicted(self, model: str = "output/model", parameters: dict[str, Any] | None = None) -> list[list[str]]:
        predict(self.sql_job("predict", parameters, model=model))
        header, rows = self.predictions()
        self.assertEqual(["id", "predicted", "cut"], header)
        return rows

    def bytes_of(self, output: str = "output") -> dict[str, str]:
        folder = self.folder / output / "model"
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def foreign_base(self, spare: int = 0, dropout: float = 0.1) -> Path:
        """A model folder of transformers alone. `spare`: rows of embeddings beyond the tokens, which T5 has."""
        folder = self.folder / "base"
        folder.mkdir()
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        words = ["SELECT name FROM t WHERE a = 0123456789 > >= which names have of ? ( ) * , . ", string.ascii_letters] * 5
        special = ["<pad>", "</s>", "<unk>"]
        tokenizer.train_from_iterator(
            words, trainers.UnigramTrainer(vocab_size=80, special_tokens=special, unk_token="<unk>", show_progress=False)
        )
        tokenizer.save(str(folder / "tokenizer.json"))
        torch.manual_seed(1)
        size = tokenizer.get_vocab_size() + spare
        shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "dropout_rate": dropout}
        T5ForConditionalGeneration(T5Config(vocab_size=size, decoder_start_token_id=0, **shape)).save_pretrained(str(folder))
        return folder
