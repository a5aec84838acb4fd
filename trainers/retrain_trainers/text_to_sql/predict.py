"""Predicting: the model writes SQL for each row, likest tokens first, several rows at once, the same every time."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig

from retrain_trainers.contract import Job
from retrain_trainers.errors import Refused
from retrain_trainers.outputs import Progress, write_atomic
from retrain_trainers.text_to_sql import models
from retrain_trainers.text_to_sql.batches import Example, encode, padded
from retrain_trainers.text_to_sql.device import computes_in_bf16, device_of
from retrain_trainers.text_to_sql.pairs import read_pairs
from retrain_trainers.text_to_sql.parameters import T5, parameters_of
from retrain_trainers.text_to_sql.vocabulary import Vocabulary, read_vocabulary

FAILED_SHARE_MAX = 0.01


@dataclass(frozen=True)
class Written:
    sql: str
    """Whether it ends because it was as long as it may be."""
    cut: bool = False
    """What went wrong in writing it."""
    error: str | None = None


def predict(job: Job) -> None:
    if job.model is None:
        raise Refused("job.json: model: expected the path of a model's folder, found nothing.")
    index = models.read_index(job.model)
    # Those the model was made with; what a predict job says beside them decides how it writes.
    parameters = {**T5.complete({}), **index["parameters"], **job.parameters}
    parameters_of(job)
    weights = models.weights_folder(job.model, index["saved"])
    config = models.config_of(weights)
    vocabulary = read_vocabulary(weights, config)
    pairs = read_pairs(job.part("predict"), job.key, index["template"], None)
    device = device_of(job.device)
    model = models.load_model(job.model, index["saved"]).to(device).eval()
    writer = Writer(model, vocabulary, parameters, device)
    encoded = encode(vocabulary, pairs.prompts, [], (parameters["max_source_length"], 0))
    with Progress(job.output) as progress:
        written = _in_batches(writer, encoded.examples, parameters["per_device_eval_batch_size"], progress)
        cut, failed = sum(one.cut for one in written), sum(one.error is not None for one in written)
        progress.report(1.0, {"rows": len(written), "cut_outputs": cut, "cut_inputs": encoded.cut_sources, "failed": failed})
    _tell(written, cut, failed, encoded.cut_sources, parameters)
    rows = [[key, one.sql, int(one.cut)] for key, one in zip(pairs.keys, written, strict=True)]
    write_atomic(job.output / "predictions.csv", _as_csv([job.key, "predicted", "cut"], rows))


class Writer:
    """Writes SQL for some rows at once. Nothing is drawn by chance, and nothing of a base's own generation settings is used."""

    def __init__(self, model: Any, vocabulary: Vocabulary, parameters: dict[str, Any], device: torch.device) -> None:
        self.model, self.vocabulary, self.device = model, vocabulary, device
        self.longest = int(parameters["max_target_length"])
        self.bf16 = computes_in_bf16(parameters["precision"], device)
        start = model.config.decoder_start_token_id
        self.settings = GenerationConfig(
            max_new_tokens=self.longest,
            num_beams=parameters["num_beams"],
            do_sample=False,
            pad_token_id=vocabulary.pad,
            eos_token_id=vocabulary.end,
            decoder_start_token_id=vocabulary.pad if start is None else start,
        )

    def write(self, batch: Sequence[Example]) -> list[Written]:
        with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            found = self.model.generate(**padded(batch, self.device, self.vocabulary.pad), generation_config=self.settings)
        return [self._read(ids[1:]) for ids in found.tolist()]

    def _read(self, ids: list[int]) -> Written:
        """What stands before the end sign."""
        ended = self.vocabulary.end in ids
        own = ids[: ids.index(self.vocabulary.end)] if ended else ids
        return Written(self.vocabulary.decode(own), cut=not ended and len(ids) >= self.longest)


def _in_batches(writer: Writer, examples: Sequence[Example], size: int, progress: Progress) -> list[Written]:
    """Rows of like length share a batch; the results come in the order of the rows."""
    order = sorted(range(len(examples)), key=lambda row: (len(examples[row].source), row))
    found: dict[int, Written] = {}
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        found.update(zip(rows, _forgiving(writer, [examples[row] for row in rows]), strict=True))
        progress.report(0.99 * len(found) / len(order))
    return [found[row] for row in range(len(examples))]


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
