"""The loop: batches in an order that follows from the seed, AdamW, a linear schedule, early stopping, checkpoints."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from retrain_trainers.outputs import Progress
from retrain_trainers.text_to_sql.batches import Example, padded
from retrain_trainers.text_to_sql.checkpoint import Course, Learner, resume, save_checkpoint

EXIT_STOPPED = 143
REPORTS = 200


@dataclass(frozen=True)
class Plan:
    """`patience` 0: all epochs are run, and no row is held."""

    epochs: int
    batch: int
    accumulation: int
    learning_rate: float
    warmup: int
    weight_decay: float
    longest_gradient: float
    patience: int
    held_share: float
    save_steps: int
    seed: int
    bf16: bool


@dataclass(frozen=True)
class Learned:
    course: Course
    steps: int
    rows: int
    held: int


def learn(model: Any, examples: Sequence[Example], plan: Plan, output: Path, job: str, progress: Progress) -> Learned:
    """Trains the model's trainable weights in place. On SIGTERM it saves a checkpoint and ends the process; the same job then goes on.

    Every step has a seed of its own, so that going on gives the same weights as never having stopped.
    """
    device = next(model.parameters()).device
    held, learned = _parts(examples, plan)
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    optimizer = torch.optim.AdamW(_groups(weights, plan.weight_decay), lr=plan.learning_rate)
    batches_per_epoch = -(-len(learned) // plan.batch)
    per_epoch = -(-batches_per_epoch // plan.accumulation)
    total = per_epoch * plan.epochs
    learner = Learner(weights, optimizer, {})
    course = resume(output, job, learner)
    warmup = min(plan.warmup, total // 10)
    every = max(1, total // REPORTS)

    with _stop_asked() as stop_asked:
        for epoch in range(len(course.train_loss), plan.epochs):
            groups = _steps(learned, plan, epoch)
            for group in groups[course.step - epoch * per_epoch :]:
                torch.manual_seed(_mixed(plan.seed, course.step))
                rate = plan.learning_rate * _share(course.step, warmup, total)
                course.running.append(_step(model, optimizer, group, rate, plan, device))
                course.step += 1
                if course.step % every == 0:
                    progress.report(0.98 * course.step / total, {"loss": course.running[-1]})
                if stop_asked() or course.step % plan.save_steps == 0:
                    save_checkpoint(output, job, course, learner)
                if stop_asked():
                    os._exit(EXIT_STOPPED)  # Taking the libraries down takes longer than a trainer is given.
            course.train_loss.append(sum(course.running) / max(1, len(course.running)))
            course.running = []
            if plan.patience and _ends_here(model, held, course, learner, plan, device):
                break
    if learner.best:
        with torch.no_grad():
            for name, weight in learner.best.items():
                weights[name].copy_(weight)
    return Learned(course, total, len(learned), len(held))


def _parts(examples: Sequence[Example], plan: Plan) -> tuple[list[Example], list[Example]]:
    """Rows held for early stopping, and rows learned from."""
    if not plan.patience:
        return [], list(examples)
    count = min(max(1, round(len(examples) * plan.held_share)), len(examples) - 1)
    chosen = set(random.Random(_mixed(plan.seed, -1)).sample(range(len(examples)), count))
    return [e for i, e in enumerate(examples) if i in chosen], [e for i, e in enumerate(examples) if i not in chosen]


def _steps(examples: Sequence[Example], plan: Plan, epoch: int) -> list[list[list[Example]]]:
    """The steps of an epoch: each some batches, whose rows are in an order of this epoch."""
    order = list(examples)
    random.Random(_mixed(plan.seed, -2 - epoch)).shuffle(order)
    batches = [order[i : i + plan.batch] for i in range(0, len(order), plan.batch)]
    return [batches[i : i + plan.accumulation] for i in range(0, len(batches), plan.accumulation)]


def _groups(weights: dict[str, Any], decay: float) -> list[dict[str, Any]]:
    """Norms and embeddings are not decayed: of embeddings often only new rows learn, and the others must stay."""
    kept = [weight for name, weight in weights.items() if weight.ndim < 2 or "shared" in name or "embed" in name or "lm_head" in name]
    rest = [weight for weight in weights.values() if all(weight is not one for one in kept)]
    return [{"params": rest, "weight_decay": decay}, {"params": kept, "weight_decay": 0.0}]


def _step(model: Any, optimizer: torch.optim.Optimizer, group: list[list[Example]], rate: float, plan: Plan, device: torch.device) -> float:
    model.train()
    total = 0.0
    for batch in group:
        loss = _loss(model, batch, plan, device) / len(group)
        loss.backward()
        total += float(loss.detach())
    weights = [weight for part in optimizer.param_groups for weight in part["params"]]
    torch.nn.utils.clip_grad_norm_(weights, plan.longest_gradient)
    for part in optimizer.param_groups:
        part["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total


def _loss(model: Any, batch: Sequence[Example], plan: Plan, device: torch.device) -> torch.Tensor:
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=plan.bf16):
        found: torch.Tensor = model(**padded(batch, device)).loss
    return found


def _ends_here(model: Any, held: list[Example], course: Course, learner: Learner, plan: Plan, device: torch.device) -> bool:
    """Notes the loss on the held rows and keeps the best epoch's weights; tells whether patience is at its end."""
    model.eval()
    total = tokens = 0.0
    with torch.no_grad():
        for i in range(0, len(held), plan.batch):
            batch = held[i : i + plan.batch]
            count = sum(len(example.target) for example in batch)
            total += float(_loss(model, batch, plan, device)) * count
            tokens += count
    course.held_loss.append(total / tokens)
    epoch = len(course.held_loss)
    if total / tokens <= min(course.held_loss):
        course.best_epoch = epoch
        learner.best.update({name: weight.detach().clone() for name, weight in learner.weights.items()})
    return epoch - course.best_epoch >= plan.patience


def _share(step: int, warmup: int, total: int) -> float:
    """Of the largest step: up in a line, then down to 0."""
    return (step + 1) / warmup if step < warmup else (total - step) / max(1, total - warmup)


def _mixed(seed: int, number: int) -> int:
    return random.Random(f"{seed}/{number}").getrandbits(62)


@contextmanager
def _stop_asked() -> Iterator[Any]:
    """While it lasts SIGTERM is noted instead of ending the process at once."""
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGTERM, before)
