"""The command line of a trainer: `describe`, `fit job.json`, `predict job.json`."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Protocol

from retrain_trainers.contract import VERBS, Job, Verb, read_job
from retrain_trainers.errors import EXIT_MACHINE, EXIT_REFUSED, EXIT_STOPPED, Refused


class Trainer(Protocol):
    def describe(self) -> dict[str, Any]: ...
    def fit(self, job: Job) -> None: ...
    def predict(self, job: Job) -> None: ...


def run(trainer: Trainer, arguments: list[str]) -> int:
    """Does what the arguments say and returns the exit code."""
    return exit_code_of(lambda: _do(trainer, arguments))


def _do(trainer: Trainer, arguments: list[str]) -> None:
    if arguments == ["describe"]:
        json.dump(trainer.describe(), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    if len(arguments) != 2 or arguments[0] not in VERBS:
        raise Refused(f"Expected `describe`, `fit JOB` or `predict JOB`, found {' '.join(arguments) or 'nothing'}.")
    verb: Verb = "fit" if arguments[0] == "fit" else "predict"
    end_with_standard_input()
    job = read_job(Path(arguments[1]), verb)
    if verb == "fit":
        trainer.fit(job)
    else:
        trainer.predict(job)


def exit_code_of(work: Callable[[], None]) -> int:
    """What work ends with, and its last words on standard error. An unknown error is not caught: its trace is the message."""
    try:
        work()
        return 0
    except Refused as refused:
        return say({"error": refused.error, "todo": refused.todo}, EXIT_REFUSED)
    except MemoryError:
        return say({"error": "Out of memory.", "todo": "Use a machine with more memory, or fewer threads."}, EXIT_MACHINE)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EIO):
            return say({"error": str(error), "todo": "Free some space, then run again."}, EXIT_MACHINE)
        raise


def end_with_standard_input() -> None:
    """Ends this process when its standard input closes: whoever started it is gone, and nobody would read the result."""

    def watch() -> NoReturn:
        try:
            while os.read(0, 4096):
                pass
        finally:
            os._exit(EXIT_STOPPED)

    threading.Thread(target=watch, name="standard-input", daemon=True).start()


def say(message: dict[str, str], code: int) -> int:
    """The last line on standard error, and the exit code that goes with it."""
    sys.stderr.write(json.dumps({key: value for key, value in message.items() if value}, ensure_ascii=False) + "\n")
    sys.stderr.flush()
    return code
