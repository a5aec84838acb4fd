"""Predicting: the model writes SQL for each row, likest tokens first, several rows at once, the same every time."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from retrain_trainers.contract import Job
from retrain_trainers.errors import Refused
from retrain_trainers.outputs import Progress, write_atomic
from retrain_trainers.text_to_sql import models
from retrain_trainers.text_to_sql.batches import Example, encode, padded
from retrain_trainers.text_to_sql.device import computes_in_bf16, device_count, device_of
from retrain_trainers.text_to_sql.pairs import Pairs, read_pairs
from retrain_trainers.text_to_sql.parameters import T5, parameters_of
from retrain_trainers.text_to_sql.team import Team, team_of
from retrain_trainers.text_to_sql.vocabulary import Vocabulary, read_vocabulary

FAILED_SHARE_MAX = 0.01


@dataclass(frozen=True)
class Written:
    sql: str
    """Whether it ends because it was as long as it may be."""
    cut: bool = False
    """What went wrong in writing it."""
    error: str | None = None


@dataclass(frozen=True)
class Request:
    """What is to be predicted, read and checked."""

    model: Path
    index: dict[str, Any]
    parameters: dict[str, Any]
    pairs: Pairs


def predict(job: Job) -> None:
    request = _read(job)
    parameters, pairs = request.parameters, request.pairs
    # GPUs that trained a model say nothing of the processes a CPU has the memory for.
    asked = job.parameters.get("devices") if job.device == "cpu" else parameters["devices"]
    devices = min(device_count(job.device, asked, exactly=False), max(1, _batch_count(request)))
    with team_of(devices, job.device, job.output, partial(_write_beside, job)) as team, Progress(job.output) as progress:
        written, cut_inputs = _write(job, request, team, progress)
        cut, failed = sum(one.cut for one in written), sum(one.error is not None for one in written)
        progress.report(1.0, {"rows": len(written), "cut_outputs": cut, "cut_inputs": cut_inputs, "failed": failed})
    _tell(written, cut, failed, cut_inputs, parameters)
    rows = [[key, one.sql, int(one.cut)] for key, one in zip(pairs.keys, written, strict=True)]
    write_atomic(job.output / "predictions.csv", _as_csv([job.key, "predicted", "cut"], rows))


def _write_beside(job: Job, team: Team) -> None:
    """What the other processes of a team do; the first one writes to files."""
    _write(job, _read(job), team, None)


def _read(job: Job) -> Request:
    if job.model is None:
        raise Refused("job.json: model: expected the path of a model's folder, found nothing.")
    parameters_of(job)
    index = models.read_index(job.model)
    # Those the model was made with; what a predict job says beside them decides how it writes.
    parameters = {**T5.complete({}), **index["parameters"], **job.parameters}
    return Request(job.model, index, parameters, read_pairs(job.part("predict"), job.key, index["template"], None))


def _batch_count(request: Request) -> int:
    return -(-len(request.pairs.keys) // int(request.parameters["per_device_eval_batch_size"]))


def _write(job: Job, request: Request, team: Team, progress: Progress | None) -> tuple[list[Written], int]:
    """For the first process of a team: SQL for each row, and how many questions were cut."""
    weights = models.weights_folder(request.model, request.index["saved"])
    vocabulary = read_vocabulary(weights, models.config_of(weights))
    device = device_of(job.device, team.number)
    model = models.load_model(request.model, request.index["saved"]).to(device).eval()
    writer = Writer(model, vocabulary, request.parameters, device)
    encoded = encode(vocabulary, request.pairs.prompts, [], (request.parameters["max_source_length"], 0))
    return _in_batches(writer, encoded.examples, request.parameters["per_device_eval_batch_size"], team, progress), encoded.cut_sources


class Writer:
    """Writes SQL for some rows at once."""

    def __init__(self, model: Any, vocabulary: Vocabulary, parameters: dict[str, Any], device: torch.device) -> None:
        self.model, self.vocabulary, self.device = model, vocabulary, device
        self.longest = int(parameters["max_target_length"])
        self.bf16 = computes_in_bf16(parameters["precision"], device)
        # The model's own, because where settings given with a call are like their defaults it is those of the model that count.
        model.generation_config = models.settings_of(model, vocabulary, parameters)

    def write(self, batch: Sequence[Example]) -> list[Written]:
        with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            found = self.model.generate(**padded(batch, self.device, self.vocabulary.pad))
        return [self._read(ids[1:]) for ids in found.tolist()]

    def _read(self, ids: list[int]) -> Written:
        """What stands before the end sign."""
        ended = self.vocabulary.end in ids
        own = ids[: ids.index(self.vocabulary.end)] if ended else ids
        return Written(self.vocabulary.decode(own), cut=not ended and len(ids) >= self.longest)


def _in_batches(writer: Writer, examples: Sequence[Example], size: int, team: Team, progress: Progress | None) -> list[Written]:
    """Rows of like length share a batch, the same ones whatever the number of devices; the results come in the order of the rows."""
    order = sorted(range(len(examples)), key=lambda row: (len(examples[row].source), row))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    # Dealt in turn, because longer ones take longer.
    mine = batches[team.number :: team.size]
    found: dict[int, Written] = {}
    for done, rows in enumerate(mine, start=1):
        found.update(zip(rows, _forgiving(writer, [examples[row] for row in rows]), strict=True))
        if progress:
            progress.report(0.99 * done / len(mine))
    everyones = {row: one for part in team.gather(found) for row, one in part.items()}
    return [everyones[row] for row in sorted(everyones)]


def _forgiving(writer: Writer, batch: Sequence[Example]) -> list[Written]:
    """A batch that fails is tried row by row; a row that fails has no SQL, and is counted."""
    try:
        return writer.write(batch)
    except Exception as error:
        if len(batch) == 1:
            return [Written("", error=f"{type(error).__name__}: {str(error)[:300]}")]
    return [one for example in batch for one in _forgiving(writer, [example])]


def _tell(written: Sequence[Written], cut: int, failed: int, cut_inputs: int, parameters: dict[str, Any]) -> None:
    """Says what was counted. Raises when too many rows failed for the figures to mean anything."""
    for count, text in (
        (cut, f"outputs were cut at {parameters['max_target_length']} tokens (max_target_length)"),
        (cut_inputs, f"questions were cut at {parameters['max_source_length']} tokens (max_source_length)"),
        (failed, "rows failed and have no SQL"),
    ):
        if count:
            sys.stdout.write(f"{count} of {len(written)} {text}.\n")
    if failed > FAILED_SHARE_MAX * len(written):
        first = next(one.error for one in written if one.error)
        raise RuntimeError(f"Writing SQL failed for {failed} of {len(written)} rows, more than {FAILED_SHARE_MAX:.0%}; the first: {first}")


def _as_csv(header: list[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
