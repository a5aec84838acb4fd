"""Rows as tokens, and some of them padded into one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from retrain_trainers.text_to_sql.vocabulary import Vocabulary

# What the loss leaves out.
IGNORED = -100


@dataclass(frozen=True)
class Example:
    source: list[int]
    target: list[int]


@dataclass(frozen=True)
class Encoded:
    examples: list[Example]
    cut_sources: int
    cut_targets: int


def encode(vocabulary: Vocabulary, prompts: Sequence[str], sql: Sequence[str], longest: tuple[int, int]) -> Encoded:
    sources = [vocabulary.encode(text, longest[0]) for text in prompts]
    targets = [vocabulary.encode(text, longest[1]) for text in sql] if sql else [([], False)] * len(sources)
    return Encoded(
        [Example(source, target) for (source, _), (target, _) in zip(sources, targets, strict=True)],
        sum(cut for _, cut in sources),
        sum(cut for _, cut in targets),
    )


def padded(batch: Sequence[Example], device: torch.device, pad: int) -> dict[str, Any]:
    """Input, attention mask and, where there are targets, labels; as wide as the longest row."""
    found = {
        "input_ids": _matrix([example.source for example in batch], pad).to(device),
        "attention_mask": _matrix([[1] * len(example.source) for example in batch], 0).to(device),
    }
    if batch[0].target:
        found["labels"] = _matrix([example.target for example in batch], IGNORED).to(device)
    return found


def _matrix(rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    width = max(len(row) for row in rows)
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows], dtype=torch.long)
