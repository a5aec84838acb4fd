"""Fitting: read the pairs, take or make a model, let it learn, write the model and what was found."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import torch

from retrain_trainers import CONTRACT, __version__
from retrain_trainers.contract import Job
from retrain_trainers.errors import Refused
from retrain_trainers.outputs import Progress, json_bytes, partial_folder, write_atomic
from retrain_trainers.text_to_sql import models
from retrain_trainers.text_to_sql.batches import Encoded, encode
from retrain_trainers.text_to_sql.checkpoint import FOLDER as CHECKPOINT
from retrain_trainers.text_to_sql.device import computes_in_bf16, device_count, device_of
from retrain_trainers.text_to_sql.learning import Learned, Plan, learn
from retrain_trainers.text_to_sql.pairs import Pairs, read_pairs
from retrain_trainers.text_to_sql.parameters import T5, TEMPLATE, parameters_of, scratch_aware
from retrain_trainers.text_to_sql.team import Team, team_of
from retrain_trainers.text_to_sql.vocabulary import Vocabulary, add_comparisons, learn_vocabulary, lost_in_tokens, read_vocabulary

LIBRARIES = ("torch", "transformers", "peft", "tokenizers", "safetensors")
TOO_FEW = 2


@dataclass(frozen=True)
class Material:
    """What a fit is made of, read and checked."""

    parameters: dict[str, Any]
    base: models.Base | None
    pairs: Pairs


@dataclass(frozen=True)
class Start:
    """What learning begins with. `total` counts the weights, LoRA's left out."""

    model: Any
    vocabulary: Vocabulary
    encoded: Encoded
    new_tokens: list[int]
    total: int


def fit(job: Job) -> None:
    started = time.monotonic()
    material = _read(job)
    parameters, pairs = material.parameters, material.pairs
    devices = device_count(job.device, parameters["devices"])
    base = _digest([models.files_of(material.base.folder)]) if material.base else None
    name = _digest([parameters, devices, job.seed, job.device, pairs.digest(), base, libraries(), __version__])
    with team_of(devices, job.device, job.output, partial(_learn_beside, job, name)) as team, Progress(job.output) as progress:
        start = _start(material, job.seed)
        trainable = models.trainable_count(start.model)
        learned = _learn(job, name, material, start, team, progress)
        start.model.to("cpu")
        _save(job, start, parameters, base)
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
        "warnings": _warnings(start, pairs, parameters),
        "history": _history(learned),
        "learning": {"devices": devices, "parameters": start.total, "trainable": trainable, "new_tokens": len(start.new_tokens)}
        | _course(learned),
    }
    write_atomic(job.output / "fit.json", json_bytes(report))
    shutil.rmtree(job.output / CHECKPOINT, ignore_errors=True)


def _learn_beside(job: Job, name: str, team: Team) -> None:
    """What the other processes of a team do; the first one writes."""
    material = _read(job)
    _learn(job, name, material, _start(material, job.seed), team, None)


def _read(job: Job) -> Material:
    parameters = parameters_of(job)
    if job.target is None:
        raise Refused("job.json: target: expected an object, found nothing.")
    base = models.read_base(job.base) if job.base is not None else None
    parameters["template"] = parameters["template"] or (base.template if base else None) or TEMPLATE
    parameters["tuning"] = _tuning(parameters["tuning"], base is None)
    pairs = read_pairs(job.part("train"), job.key, parameters["template"], job.target)
    _must_be_learnable(pairs, job.part("train").path.name)
    return Material(parameters, base, pairs)


def _start(material: Material, seed: int) -> Start:
    """The same in every process: what is drawn by chance follows from the seed."""
    parameters, pairs = material.parameters, material.pairs
    torch.manual_seed(seed)
    vocabulary, model, new_tokens = _take(material.base, parameters, pairs)
    encoded = encode(vocabulary, pairs.prompts, pairs.sql, (parameters["max_source_length"], parameters["max_target_length"]))
    total = sum(weight.numel() for weight in model.parameters())
    if parameters["tuning"] == "lora":
        model = models.with_lora(model, parameters, new_tokens)
    return Start(model, vocabulary, encoded, new_tokens, total)


def _learn(job: Job, name: str, material: Material, start: Start, team: Team, progress: Progress | None) -> Learned:
    device = device_of(job.device, team.number)
    plan = _plan(material, start.vocabulary, job.seed, device)
    try:
        return learn(start.model.to(device), start.encoded.examples, plan, team, job.output, name, progress)
    except torch.cuda.OutOfMemoryError as error:
        raise Refused(
            f"A step needs more memory than the GPU has: {str(error)[:300]}",
            "Halve per_device_train_batch_size and double gradient_accumulation_steps: the steps stay what they are.",
        ) from None


def _take(base: models.Base | None, parameters: Mapping[str, Any], pairs: Pairs) -> tuple[Vocabulary, Any, list[int]]:
    """Vocabulary and model to begin with, and the tokens that the base did not have."""
    if base is None:
        vocabulary = learn_vocabulary([*pairs.prompts, *pairs.sql], parameters["scratch_vocab_size"])
        return vocabulary, models.new_model(parameters, vocabulary), []
    saved = base.index["saved"] if base.index else None
    weights = models.weights_folder(base.folder, saved)
    config = models.config_of(weights)
    models.must_have_positions(config, parameters, base.folder.name)
    vocabulary = read_vocabulary(weights, config)
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


def _warnings(start: Start, pairs: Pairs, parameters: Mapping[str, Any]) -> list[str]:
    lost = lost_in_tokens(start.vocabulary, pairs.keys, pairs.sql)
    found = [lost] if lost else []
    for rows, what, name in (
        (start.encoded.cut_sources, "question", "max_source_length"),
        (start.encoded.cut_targets, "SQL", "max_target_length"),
    ):
        if rows:
            found.append(
                f"{rows} of {len(pairs.keys)} rows have more than {parameters[name]} tokens of {what}; the rest was cut off ({name})."
            )
    return found


def _plan(material: Material, vocabulary: Vocabulary, seed: int, device: torch.device) -> Plan:
    parameters, scratch = material.parameters, material.base is None
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
        seed=seed,
        bf16=computes_in_bf16(parameters["precision"], device),
        pad=vocabulary.pad,
    )


def _save(job: Job, start: Start, parameters: dict[str, Any], base: str | None) -> None:
    with partial_folder(job.output / "model") as folder:
        saved = models.save_model(start.model, start.vocabulary, folder, parameters)
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


def _course(learned: Learned) -> dict[str, Any]:
    """Of `fit.json`, what the contract has no place for."""
    found = {"rows": learned.rows, "steps": learned.course.step, "epochs": len(learned.course.train_loss)}
    return {**found, "held_rows": learned.held, "best_epoch": learned.course.best_epoch} if learned.held else found


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def libraries() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}
