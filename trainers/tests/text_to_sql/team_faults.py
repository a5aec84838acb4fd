"""What may go wrong in the second process of a team. A program: `python team_faults.py FAULT FOLDER`."""

import multiprocessing
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import torch

from retrain_trainers.command import exit_code_of
from retrain_trainers.errors import Refused
from retrain_trainers.text_to_sql.team import Team, team_of


def fails(_: Team) -> None:
    raise RuntimeError("no such tensor")


def refuses(_: Team) -> None:
    raise Refused("It is not to be.", "Try another.")


def waits(team: Team) -> None:
    """The first one fails."""
    team.add([torch.zeros(1)])


def sleeps(_: Team) -> None:
    """It exchanges nothing, and so would never hear that the first has gone."""
    threading.Event().wait()


class FailsToStart:
    def __call__(self, _: Team) -> None: ...

    def __setstate__(self, _: object) -> None:
        assert multiprocessing.current_process().name == "MainProcess", "not in the second process"

    def __getstate__(self) -> object:
        return 1


FAULTS: dict[str, Callable[[Team], None]] = {
    "fails": fails,
    "refuses": refuses,
    "first-fails": waits,
    "sleeps": sleeps,
    "fails-to-start": FailsToStart(),
}


def first(fault: str, folder: Path) -> None:
    with team_of(2, "cpu", folder, FAULTS[fault]) as team:
        if fault == "first-fails":
            raise Refused("The first will not.")
        if fault == "sleeps":
            (folder / "joined").touch()
            threading.Event().wait()
        team.add([torch.zeros(1)])


if __name__ == "__main__":
    sys.exit(exit_code_of(lambda: first(sys.argv[1], Path(sys.argv[2]))))
