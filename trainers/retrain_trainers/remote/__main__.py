"""`python -m retrain_trainers.remote --input URI --output URI --verb fit|predict --seconds N [--threads N] -- TRAINER …`

Copies the job's folder in, runs the trainer's verb, and copies out: what it says as it grows, its checkpoint when it changes,
and at the end its output, then `result.json`. A trainer that failed leaves `failure.json`. Vertex AI starts a container that
ended with an error again, in its place: a job that has ended is not run twice, and one that was killed goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

from retrain_trainers.errors import EXIT_MACHINE
from retrain_trainers.remote.checkpoint import Checkpoint
from retrain_trainers.remote.copies import Changed, copy_in, copy_out, read_json, write_json
from retrain_trainers.remote.folder import Folder, folder_of
from retrain_trainers.remote.live import Live

#: From being told to end: for the trainer, and for all of it.
STOP_SECONDS = 20.0
END_SECONDS = 120.0
EXIT_STOPPED = 143
CHECKPOINT = "checkpoint"


def main(arguments: list[str]) -> int:
    options, command = _options(arguments)
    try:
        source, base = folder_of(options.input), folder_of(options.output)
        if read_json(base, "result.json") is not None:
            return 0
        failure = read_json(base, "failure.json")
        if failure is not None and not failure.get("mayHeal"):
            return int(failure.get("exitCode") or 1)
        with tempfile.TemporaryDirectory(prefix="retrain-job-") as work:
            return _run(options, command, source, base, Path(work))
    except OSError as error:
        # The store itself: there is no other place to say it than the service's own log.
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return EXIT_MACHINE


def _run(options: argparse.Namespace, command: list[str], source: Folder, base: Folder, folder: Path) -> int:
    started = time.monotonic()
    index = read_json(source, "index.json")
    if index is None:
        raise FileNotFoundError(f"{options.input}/index.json is not there: the job has no inputs.")
    job = dict(index["job"])
    output = folder / job["output"]
    output.mkdir(parents=True)
    live = Live(base, output / "progress.jsonl")
    live.add(f"attempt {live.attempt}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    live.flush()
    checkpoint = Checkpoint(output / CHECKPOINT, folder_of(os.environ.get("AIP_CHECKPOINT_DIR") or f"{options.output}/checkpoints"))
    try:
        copy_in(index["files"], source, folder)
        if checkpoint.restore():
            live.add("goes on from the checkpoint of an earlier attempt")
    except (Changed, OSError) as error:
        return _fail(base, live, EXIT_MACHINE, f"The job's inputs could not be copied in: {error}")
    job["threads"] = options.threads or os.cpu_count() or 1
    job["seconds_left"] = options.seconds
    (folder / "job.json").write_text(json.dumps(job, ensure_ascii=False, indent=2), encoding="utf-8")

    try:
        trainer = subprocess.Popen(
            [*command, options.verb, str(folder / "job.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # As on one's own machine: what it says is heard when it says it.
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    except OSError as error:
        return _fail(base, live, 2, json.dumps({"error": f"The trainer could not be started: {error}"}))
    stopped = threading.Event()
    told = False

    def told_to_end(*_: Any) -> None:
        nonlocal told
        if not told:
            told = True
            # At once, whatever is being copied.
            trainer.terminate()
            # The event is set over there: the wait this interrupts may hold its lock.
            threading.Thread(target=_end_in_time, args=(trainer, stopped), daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told_to_end)
    readers = [_reader(trainer.stdout, live, False), _reader(trainer.stderr, live, True)]
    timed_out = False
    while trainer.poll() is None:
        timed_out = time.monotonic() - started > options.seconds
        if timed_out:
            _stop(trainer)
        if told or timed_out:
            break
        live.flush()
        checkpoint.keep()
        _wait(trainer, stopped, options.interval)
    code = trainer.wait()
    for reader in readers:
        reader.join(timeout=5)
    live.flush()
    checkpoint.keep()

    if timed_out:
        return _fail(base, live, 1, "", timedOut=True)
    if told and code != 0:
        return EXIT_STOPPED
    if code != 0:
        return _fail(base, live, code, "")
    files = copy_out(output, base, "output/", frozenset({CHECKPOINT}))
    write_json(base, "result.json", {"attempt": live.attempt, "seconds": round(time.monotonic() - started, 3), "files": files})
    return 0


def _fail(base: Folder, live: Live, code: int, line: str, **more: Any) -> int:
    """Notes why. A signal and the machine's failures may heal when the job is started again; what the trainer refuses does not."""
    if line:
        live.add(line, of_errors=True)
    live.flush()
    killed = {"signal": signal.Signals(-code).name} if code < 0 else {}
    write_json(
        base,
        "failure.json",
        {"attempt": live.attempt, "exitCode": code, "tail": list(live.tail), "mayHeal": code < 0 or code == EXIT_MACHINE, **killed, **more},
    )
    return 128 - code if code < 0 else code


def _reader(stream: IO[bytes] | None, live: Live, of_errors: bool) -> threading.Thread:
    # The service's own log shows it as well.
    log = sys.stderr if of_errors else sys.stdout

    def read() -> None:
        for line in stream or ():
            text = line.decode("utf-8", errors="replace")
            live.add(text, of_errors)
            log.write(text)
            log.flush()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _stop(trainer: subprocess.Popen[bytes]) -> None:
    trainer.terminate()
    _end(trainer)


def _end(trainer: subprocess.Popen[bytes]) -> None:
    """One that was told to end and does not is killed."""
    try:
        trainer.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        trainer.kill()
        trainer.wait()


def _end_in_time(trainer: subprocess.Popen[bytes], stopped: threading.Event) -> None:
    """Whoever told us to end does not wait for ever: a copy that hangs is left."""
    stopped.set()
    ends = time.monotonic() + END_SECONDS
    _end(trainer)
    time.sleep(max(0.0, ends - time.monotonic()))
    os._exit(EXIT_STOPPED)


def _wait(trainer: subprocess.Popen[bytes], stopped: threading.Event, seconds: float) -> None:
    """Until there is something to do: the interval is over, the trainer has ended, or we are told to end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and trainer.poll() is None and not stopped.wait(min(0.2, seconds)):
        pass


def _options(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    split = arguments.index("--")
    parser = argparse.ArgumentParser(prog="retrain_trainers.remote")
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--verb", required=True, choices=("fit", "predict"))
    parser.add_argument("--seconds", required=True, type=float)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--interval", type=float, default=10.0)
    options = parser.parse_args(arguments[:split])
    command = arguments[split + 1 :]
    return options, [sys.executable, *command[1:]] if command[0] == "python" else command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
