"""The loop: batches in an order that follows from the seed, AdamW, a linear schedule, early stopping, checkpoints.

Every process of a team runs it over its share of each batch; what they add up keeps their weights the same, so that only the first
saves or says anything.
"""

from __future__ import annotations

import math
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from retrain_trainers.errors import EXIT_STOPPED, Refused
from retrain_trainers.outputs import Progress
from retrain_trainers.text_to_sql.batches import Example, padded
from retrain_trainers.text_to_sql.checkpoint import Course, Learner, resume, save_checkpoint
from retrain_trainers.text_to_sql.team import Team

REPORTS = 200


@dataclass(frozen=True)
class Plan:
    """`batch` is the rows of a batch on each device. `patience` 0: all epochs are run, and no row is held."""

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
    pad: int


@dataclass(frozen=True)
class Learned:
    course: Course
    rows: int
    held: int


def learn(model: Any, examples: Sequence[Example], plan: Plan, team: Team, output: Path, job: str, progress: Progress | None) -> Learned:
    """Trains the model's trainable weights in place. On SIGTERM it saves a checkpoint and ends the process; the same job then goes on.

    Every step has a seed of its own, so that going on gives the same weights as never having stopped.
    """
    held, learned = _parts(examples, plan)
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    optimizer = torch.optim.AdamW(_groups(weights, plan.weight_decay), lr=plan.learning_rate)
    per_epoch = len(_steps(learned, plan, team, 0))
    total = per_epoch * plan.epochs
    learner = Learner(weights, optimizer, {})
    course = resume(output, job, learner)
    warmup = min(plan.warmup, total // 10)
    every = max(1, total // REPORTS)

    with _stop_noted(team.first) as stop_asked:
        for epoch in range(len(course.train_loss), plan.epochs):
            for batches in _steps(learned, plan, team, epoch)[course.step - epoch * per_epoch :]:
                torch.manual_seed(_mixed(plan.seed, course.step, team.number))
                rate = plan.learning_rate * step_share(course.step, warmup, total)
                loss = _step(model, optimizer, batches, rate, plan, team)
                course.step += 1
                if not math.isfinite(loss):
                    what = f"The loss is {loss} at step {course.step} of {total}."
                    raise Refused(what, f"Try a smaller learning_rate than {plan.learning_rate}.")
                course.running.append(loss)
                if progress and course.step % every == 0:
                    progress.report(0.98 * course.step / total, {"loss": loss})
                stop = stop_asked()
                if team.first and (stop or course.step % plan.save_steps == 0):
                    save_checkpoint(output, job, course, learner)
                if stop:
                    os._exit(EXIT_STOPPED)  # Taking the libraries down takes longer than a trainer is given.
            course.train_loss.append(sum(course.running) / max(1, len(course.running)))
            course.running = []
            if plan.patience and _ends_here(model, held, course, learner, plan, team):
                break
    if learner.best:
        with torch.no_grad():
            for name, weight in learner.best.items():
                weights[name].copy_(weight)
    return Learned(course, len(learned), len(held))


def _parts(examples: Sequence[Example], plan: Plan) -> tuple[list[Example], list[Example]]:
    """Rows held for early stopping, and rows learned from."""
    if not plan.patience:
        return [], list(examples)
    count = min(max(1, round(len(examples) * plan.held_share)), len(examples) - 1)
    chosen = set(random.Random(_mixed(plan.seed, -1)).sample(range(len(examples)), count))
    return [e for i, e in enumerate(examples) if i in chosen], [e for i, e in enumerate(examples) if i not in chosen]


def _steps(examples: Sequence[Example], plan: Plan, team: Team, epoch: int) -> list[list[list[Example]]]:
    """The steps of an epoch: each some batches of all devices, whose rows are in an order of this epoch."""
    order = list(examples)
    random.Random(_mixed(plan.seed, -2 - epoch)).shuffle(order)
    batches = _batches(order, plan, team)
    return [batches[i : i + plan.accumulation] for i in range(0, len(batches), plan.accumulation)]


def _batches(examples: list[Example], plan: Plan, team: Team) -> list[list[Example]]:
    size = plan.batch * team.size
    return [examples[i : i + size] for i in range(0, len(examples), size)]


def _groups(weights: dict[str, Any], decay: float) -> list[dict[str, Any]]:
    """Norms and embeddings are not decayed: of embeddings often only new rows learn, and the others must stay."""
    kept = [weight for name, weight in weights.items() if weight.ndim < 2 or "shared" in name or "embed" in name or "lm_head" in name]
    rest = [weight for weight in weights.values() if all(weight is not one for one in kept)]
    return [{"params": rest, "weight_decay": decay}, {"params": kept, "weight_decay": 0.0}]


def _step(model: Any, optimizer: torch.optim.Optimizer, batches: list[list[Example]], rate: float, plan: Plan, team: Team) -> float:
    """Follows the gradient of the mean loss over the tokens of all batches, however they are cut and dealt."""
    model.train()
    weights = [weight for part in optimizer.param_groups for weight in part["params"]]
    device, tokens = weights[0].device, sum(_tokens(batch) for batch in batches)
    total = torch.zeros((), device=device)
    for mine in filter(None, map(team.share, batches)):
        loss = _loss(model, mine, plan, device) * (_tokens(mine) / tokens)
        loss.backward()
        total += loss.detach()
    for weight in weights:
        # A process may have had no row.
        weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
    team.add([*(weight.grad for weight in weights), total])
    torch.nn.utils.clip_grad_norm_(weights, plan.longest_gradient)
    for part in optimizer.param_groups:
        part["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(total)


def _loss(model: Any, batch: Sequence[Example], plan: Plan, device: torch.device) -> torch.Tensor:
    """The mean over the batch's tokens."""
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=plan.bf16):
        found: torch.Tensor = model(**padded(batch, device, plan.pad)).loss
    return found.float()


def _tokens(batch: Sequence[Example]) -> int:
    return sum(len(example.target) for example in batch)


def _ends_here(model: Any, held: list[Example], course: Course, learner: Learner, plan: Plan, team: Team) -> bool:
    """Notes the loss on the held rows and keeps the best epoch's weights; tells whether patience is at its end."""
    model.eval()
    device = next(model.parameters()).device
    total = torch.zeros((), dtype=torch.float64, device=device)
    with torch.no_grad():
        for mine in filter(None, map(team.share, _batches(held, plan, team))):
            total += _loss(model, mine, plan, device).double() * _tokens(mine)
    team.add([total])
    loss = float(total) / _tokens(held)
    course.held_loss.append(loss)
    epoch = len(course.held_loss)
    if loss <= min(course.held_loss):
        course.best_epoch = epoch
        learner.best.update({name: weight.detach().clone() for name, weight in learner.weights.items()})
    return epoch - course.best_epoch >= plan.patience


def step_share(step: int, warmup: int, total: int) -> float:
    """Of the largest step: up in a line, then down to 0."""
    return (step + 1) / warmup if step < warmup else (total - step) / max(1, total - warmup)


def _mixed(seed: int, *numbers: int) -> int:
    return random.Random("/".join(map(str, (seed, *numbers)))).getrandbits(62)


@contextmanager
def _stop_noted(first: bool) -> Iterator[Callable[[], bool]]:
    """While it lasts, SIGTERM to the first process is noted instead of ending it at once."""
    asked: list[int] = []
    if not first:
        yield lambda: False
        return
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGTERM, before)
