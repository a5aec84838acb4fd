"""Fitting: read the pairs, take or make a model, let it learn, write the model and what was found."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import torch

from retrain_trainers import CONTRACT, __version__
from retrain_trainers.contract import Job
from retrain_trainers.errors import Refused
from retrain_trainers.outputs import Progress, json_bytes, partial_folder, write_atomic
from retrain_trainers.text_to_sql import models
from retrain_trainers.text_to_sql.batches import encode
from retrain_trainers.text_to_sql.checkpoint import FOLDER as CHECKPOINT
from retrain_trainers.text_to_sql.device import computes_in_bf16, device_of
from retrain_trainers.text_to_sql.learning import Learned, Plan, learn
from retrain_trainers.text_to_sql.pairs import Pairs, read_pairs
from retrain_trainers.text_to_sql.parameters import T5, TEMPLATE, parameters_of, scratch_aware
from retrain_trainers.text_to_sql.vocabulary import Vocabulary, add_comparisons, learn_vocabulary, lost_in_tokens, read_vocabulary

LIBRARIES = ("torch", "transformers", "peft", "tokenizers", "safetensors")
TOO_FEW = 2


def fit(job: Job) -> None:
    started = time.monotonic()
    parameters = parameters_of(job)
    if job.target is None:
        raise Refused("job.json: target: expected an object, found nothing.")
    base = models.read_base(job.base) if job.base is not None else None
    parameters["template"] = parameters["template"] or (base.template if base else None) or TEMPLATE
    parameters["tuning"] = _tuning(parameters["tuning"], base is None)
    pairs = read_pairs(job.part("train"), job.key, parameters["template"], job.target)
    _must_be_learnable(pairs, job.part("train").path.name)

    device = device_of(job.device)
    torch.manual_seed(job.seed)
    vocabulary, model, new_tokens = _start(base, parameters, pairs)
    longest = (parameters["max_source_length"], parameters["max_target_length"])
    encoded = encode(vocabulary, pairs.prompts, pairs.sql, longest)
    warnings = _warnings(vocabulary, pairs, (encoded.cut_sources, encoded.cut_targets), longest)
    total = sum(weight.numel() for weight in model.parameters())
    if parameters["tuning"] == "lora":
        model = models.with_lora(model, parameters, new_tokens)
    trainable = models.trainable_count(model)
    model.to(device)

    digest = _digest([models.files_of(base.folder)]) if base else None
    name = _digest([parameters, job.seed, job.device, pairs.digest(), digest, libraries(), __version__])
    plan = _plan(parameters, base is None, job, device)
    with Progress(job.output) as progress:
        learned = learn(model, encoded.examples, plan, job.output, name, progress)
        model.to("cpu")
        _save(job, model, vocabulary, parameters, digest)
        progress.report(1.0, {"loss": learned.course.train_loss[-1]})
    report = {
        "contract": CONTRACT,
        "algorithm": job.algorithm,
        "parameters": parameters,
        "trials": [],
        "importances": [],
        "rows": len(pairs.keys),
        "seconds": round(time.monotonic() - started, 3),
        "library": libraries(),
        "warnings": warnings,
        "history": _history(learned),
        "learning": _course(learned, total, trainable, new_tokens),
    }
    write_atomic(job.output / "fit.json", json_bytes(report))
    shutil.rmtree(job.output / CHECKPOINT, ignore_errors=True)


def _start(base: models.Base | None, parameters: Mapping[str, Any], pairs: Pairs) -> tuple[Vocabulary, Any, list[int]]:
    """Vocabulary and model to begin with, and the tokens that the base did not have."""
    if base is None:
        vocabulary = learn_vocabulary([*pairs.prompts, *pairs.sql], parameters["scratch_vocab_size"])
        return vocabulary, models.new_model(parameters, vocabulary), []
    saved = base.index["saved"] if base.index else None
    weights = models.weights_folder(base.folder, saved)
    vocabulary = read_vocabulary(weights, models.config_of(weights))
    model = models.load_model(base.folder, saved)
    new_tokens = add_comparisons(vocabulary, pairs.sql)
    models.make_room(model, vocabulary)
    return vocabulary, model, new_tokens


def _tuning(asked: str, scratch: bool) -> str:
    if asked == "lora" and scratch:
        raise Refused(
            "parameters.tuning: lora needs a base to stand beside, and the job has none.", "Use auto, or give fetch-model an initial model."
        )
    return asked if asked != "auto" else "full" if scratch else "lora"


def _must_be_learnable(pairs: Pairs, name: str) -> None:
    if len(pairs.keys) < TOO_FEW:
        raise Refused(f"The train part has {len(pairs.keys)} rows; expected at least {TOO_FEW}.")
    empty = next((row for row, sql in enumerate(pairs.sql) if not sql.strip()), None)
    if empty is not None:
        raise Refused(f"{name}, row {empty + 2}: expected SQL to learn, found none.", "Drop such rows, or write their SQL.")


def _warnings(vocabulary: Vocabulary, pairs: Pairs, cut: tuple[int, int], longest: tuple[int, int]) -> list[str]:
    lost = lost_in_tokens(vocabulary, pairs.keys, pairs.sql)
    counted = zip(cut, ("question", "SQL"), longest, ("max_source_length", "max_target_length"), strict=True)
    return [
        *([lost] if lost else []),
        *(
            f"{rows} of {len(pairs.keys)} rows have more than {tokens} tokens of {what}; the rest was cut off ({name})."
            for rows, what, tokens, name in counted
            if rows
        ),
    ]


def _plan(parameters: Mapping[str, Any], scratch: bool, job: Job, device: torch.device) -> Plan:
    return Plan(
        epochs=scratch_aware(parameters, "num_train_epochs", scratch),
        batch=parameters["per_device_train_batch_size"],
        accumulation=parameters["gradient_accumulation_steps"],
        learning_rate=scratch_aware(parameters, "learning_rate", scratch),
        warmup=parameters["warmup_steps"],
        weight_decay=parameters["weight_decay"],
        longest_gradient=parameters["max_grad_norm"],
        patience=parameters["early_stopping_patience"],
        held_share=parameters["early_stopping_share"],
        save_steps=parameters["save_steps"],
        seed=job.seed,
        bf16=computes_in_bf16(parameters["precision"], device),
    )


def _save(job: Job, model: Any, vocabulary: Vocabulary, parameters: dict[str, Any], base: str | None) -> None:
    with partial_folder(job.output / "model") as folder:
        saved = models.save_model(model, vocabulary, folder, parameters["save_model"], parameters["max_source_length"])
        index = {
            "contract": CONTRACT,
            "trainer": models.TRAINER,
            "version": __version__,
            "algorithm": T5.name,
            "task": job.task,
            "template": parameters["template"],
            "parameters": parameters,
            "saved": saved,
            "base": base,
            "files": models.files_of(folder),
            "library": libraries(),
        }
        write_atomic(folder / models.INDEX, json_bytes(index))


def _history(learned: Learned) -> list[dict[str, Any]]:
    """An entry an epoch: there is no cross-validation, so this tells how learning went instead."""
    found = []
    for epoch, loss in enumerate(learned.course.train_loss):
        held = learned.course.held_loss[epoch : epoch + 1]
        found.append({"step": epoch + 1, "metrics": {"train_loss": loss, **({"held_loss": held[0]} if held else {})}})
    return found


def _course(learned: Learned, total: int, trainable: int, new_tokens: list[int]) -> dict[str, Any]:
    """Of `fit.json`, what the contract has no place for."""
    found: dict[str, Any] = {
        "parameters": total,
        "trainable": trainable,
        "new_tokens": len(new_tokens),
        "rows": learned.rows,
        "steps": learned.course.step,
        "epochs": len(learned.course.train_loss),
    }
    return {**found, "held_rows": learned.held, "best_epoch": learned.course.best_epoch} if learned.held else found


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}
