"""The processes that compute one job on several devices: one for each device, the trainer's own the first."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import distributed

from retrain_trainers.command import exit_code_of, say
from retrain_trainers.errors import EXIT_MACHINE, EXIT_STOPPED

MEETING = ".devices"
# Nothing is ended by waiting too long: one process may save or load a large model meanwhile, and one that ended ends all.
PATIENCE = timedelta(days=7)
# In which the end of another process becomes known.
NEWS_SECONDS = 10
BUCKET_BYTES = 64 * 1024 * 1024

Row = TypeVar("Row")


@dataclass(frozen=True)
class Team:
    """One of the processes that compute a job, by its number; alone, it is all of them."""

    number: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        return self.number == 0

    def share(self, rows: Sequence[Row]) -> Sequence[Row]:
        """This process's rows; the shares of all are like the whole in order, and differ by one row at most."""
        start, end = (len(rows) * edge // self.size for edge in (self.number, self.number + 1))
        return rows[start:end]

    def add(self, tensors: Sequence[torch.Tensor]) -> None:
        """Makes each of some tensors of one type its sum over the processes, the same bits in every one."""
        if self.size == 1:
            return
        for bucket in _buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
            _exchanged(lambda flat=flat: distributed.all_reduce(flat))  # type: ignore[misc]
            for tensor, part in zip(bucket, flat.split([tensor.numel() for tensor in bucket]), strict=True):
                tensor.copy_(part.view_as(tensor))

    def gather(self, found: Any) -> list[Any]:
        """What each process found, by their numbers, for the first; nothing for the others."""
        if self.size == 1:
            return [found]
        everyones = [None] * self.size if self.first else None
        _exchanged(lambda: distributed.gather_object(found, everyones))
        return everyones or []


@contextmanager
def team_of(size: int, device: str, output: Path, beside: Callable[[Team], None]) -> Iterator[Team]:
    """Starts the other processes, which do `beside`, and is the first of them. Whichever ends before its time ends all, with its words."""
    if size == 1:
        yield Team()
        return
    meeting = output / MEETING
    shutil.rmtree(meeting, ignore_errors=True)
    meeting.mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    others = [
        spawn.Process(name=f"device {number} of {size}", target=_other, args=(beside, Team(number, size), device, meeting), daemon=True)
        for number in range(1, size)
    ]
    for other in others:
        other.start()
    done = threading.Event()
    watch = threading.Thread(target=_end_with, args=(others, done), name="devices", daemon=True)
    watch.start()
    try:
        team = Team(0, size)
        _join(team, device, meeting)
        yield team
        distributed.destroy_process_group()
        watch.join(NEWS_SECONDS)
    finally:
        done.set()
        for other in others:
            other.kill()
        watch.join(NEWS_SECONDS)
        shutil.rmtree(meeting, ignore_errors=True)


def _other(beside: Callable[[Team], None], team: Team, device: str, meeting: Path) -> None:
    """The life of a process that is not the first. Being told to end is for the first alone to hear, and its end is theirs."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_first, daemon=True).start()

    def work() -> None:
        _join(team, device, meeting)
        beside(team)
        distributed.destroy_process_group()

    sys.exit(exit_code_of(work))


def _join(team: Team, device: str, meeting: Path) -> None:
    # Spoken on this machine alone. (Windows names its interfaces otherwise, and has no need.)
    loopback = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)
    if loopback:
        os.environ |= {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback}
    store = distributed.FileStore(str(meeting / "store"), team.size)
    # Objects are gathered through gloo, whatever computes.
    backend = "gloo" if device == "cpu" else "cpu:gloo,cuda:nccl"
    if device != "cpu":
        torch.cuda.set_device(team.number)
    _exchanged(lambda: distributed.init_process_group(backend, store=store, rank=team.number, world_size=team.size, timeout=PATIENCE))


def _exchanged(exchange: Callable[[], object]) -> None:
    """Does what takes all processes. When it fails another has most likely ended, whose own words tell why: this one is then ended, too."""
    try:
        exchange()
    except RuntimeError:
        time.sleep(NEWS_SECONDS)
        raise


def _end_with(others: Sequence[BaseProcess], done: threading.Event) -> None:
    """Ends the first process when another ends otherwise than well; what that one said stays the last word."""
    waiting = list(others)
    while waiting:
        ready = wait([other.sentinel for other in waiting])
        ended = next(other for other in waiting if other.sentinel in ready)
        waiting.remove(ended)
        ended.join()
        code = ended.exitcode or 0
        if code != 0 and not done.is_set():
            for other in waiting:
                other.kill()
            if code < 0:
                name = signal.Signals(-code).name
                say(
                    {"error": f"The process of {ended.name} was ended by {name}.", "todo": "Was its memory enough? Run again."},
                    EXIT_MACHINE,
                )
            os._exit(EXIT_MACHINE if code < 0 else code)


def _end_with_first() -> None:
    first = multiprocessing.parent_process()
    assert first is not None
    first.join()
    os._exit(EXIT_STOPPED)


def _buckets(tensors: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Bounded, because what is exchanged exists twice meanwhile."""
    bucket: list[torch.Tensor] = []
    size = 0
    for tensor in tensors:
        if bucket and size + tensor.nbytes > BUCKET_BYTES:
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.nbytes
    yield bucket
