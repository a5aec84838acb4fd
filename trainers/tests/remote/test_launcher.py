"""A job from its folder to its result, with trainers of a few lines."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

TRAINERS = Path(__file__).resolve().parents[2]

GOOD = """
import json, pathlib, sys
job = json.loads(pathlib.Path(sys.argv[2]).read_text())
folder = pathlib.Path(sys.argv[2]).parent
output = folder / job["output"]
(output / "model").mkdir()
(output / "model" / "seen.json").write_text(json.dumps({"verb": sys.argv[1], "part": (folder / "parts/train.csv").read_text(), **job}))
pathlib.Path(COUNT).open("a").write("x")
"""


class Launcher(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.base = self.folder / "base"
        self.count = self.folder / "count"
        part = "a,b\n"
        (self.folder / "input/parts").mkdir(parents=True)
        (self.folder / "input/parts/train.csv").write_text(part)
        index = {"job": {"output": "fitted", "seed": 7}, "files": {"parts/train.csv": hashlib.sha256(part.encode()).hexdigest()}}
        (self.folder / "input/index.json").write_text(json.dumps(index))

    def start(self, trainer: str, seconds: float = 60, change: str = "") -> subprocess.Popen[str]:
        """`change`: what is made different in the launcher before it starts."""
        program = self.folder / "trainer.py"
        program.write_text(trainer.replace("COUNT", repr(str(self.count))))
        arguments = ["--input", str(self.folder / "input"), "--output", self.base.as_uri(), "--verb", "fit"]
        times = ["--seconds", str(seconds), "--interval", "0.05", "--threads", "3"]
        begin = f"{change}\nimport sys\nfrom retrain_trainers.remote import __main__ as launcher\nsys.exit(launcher.main(sys.argv[1:]))"
        how = ["-c", begin] if change else ["-m", "retrain_trainers.remote"]
        command = [sys.executable, *how, *arguments, *times, "--", "python", str(program)]
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        env = {**inherited, "PYTHONPATH": str(TRAINERS)}
        process = subprocess.Popen(command, cwd=TRAINERS, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def ends(self, trainer: str, seconds: float = 60) -> tuple[int, str]:
        process = self.start(trainer, seconds)
        said = process.communicate(timeout=120)[1]
        return process.returncode, said

    def left(self, name: str) -> Any:
        path = self.base / name
        return json.loads(path.read_text()) if path.exists() else None

    def runs(self) -> int:
        return len(self.count.read_text()) if self.count.exists() else 0

    def test_the_trainer_sees_its_job_its_output_goes_out_and_the_result_says_what_it_is(self) -> None:
        self.assertEqual(self.ends(GOOD), (0, ""))
        seen = self.left("output/model/seen.json")
        self.assertEqual((seen["verb"], seen["part"], seen["seed"], seen["threads"], seen["seconds_left"]), ("fit", "a,b\n", 7, 3, 60.0))
        result = self.left("result.json")
        digest = hashlib.sha256((self.base / "output/model/seen.json").read_bytes()).hexdigest()
        self.assertEqual([(file["path"], file["sha256"]) for file in result["files"]], [("model/seen.json", digest)])

    def test_what_the_trainer_says_is_heard_while_it_runs(self) -> None:
        waits = """
import pathlib, sys, time
print("begun")
for _ in range(400):
    if pathlib.Path(COUNT).exists():
        sys.exit(0)
    time.sleep(0.05)
sys.exit("nobody has heard it")
"""
        process = self.start(waits)
        assert process.stdout is not None
        self.assertEqual(process.stdout.readline(), "begun\n")
        self.count.touch()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)

    def test_a_job_that_has_ended_is_not_run_again(self) -> None:
        self.ends(GOOD)
        self.assertEqual(self.ends(GOOD)[0], 0)
        self.assertEqual(self.runs(), 1)

    def test_what_a_trainer_refuses_it_refuses_once(self) -> None:
        refuses = "import pathlib, sys\npathlib.Path(COUNT).open('a').write('x')\nsys.stderr.write('no\\n')\nsys.exit(2)"
        self.assertEqual([self.ends(refuses)[0], self.ends(refuses)[0]], [2, 2])
        self.assertEqual(self.runs(), 1)
        failure = self.left("failure.json")
        self.assertEqual((failure["exitCode"], failure["mayHeal"], failure["tail"]), (2, False, ["no"]))

    def test_one_that_was_killed_runs_again(self) -> None:
        killed = "import os, pathlib, signal\npathlib.Path(COUNT).open('a').write('x')\nos.kill(os.getpid(), signal.SIGKILL)"
        self.assertEqual(self.ends(killed)[0], 137)
        self.assertEqual((self.left("failure.json")["mayHeal"], self.left("failure.json")["signal"]), (True, "SIGKILL"))
        self.assertEqual(self.ends(GOOD)[0], 0)
        self.assertEqual(self.runs(), 2)

    def test_past_its_time_it_is_stopped_and_that_is_said(self) -> None:
        self.assertEqual(self.ends("import time\ntime.sleep(60)", seconds=0.5)[0], 1)
        self.assertTrue(self.left("failure.json")["timedOut"])

    def test_inputs_that_are_not_what_they_were_are_the_machines_fault(self) -> None:
        (self.folder / "input/parts/train.csv").write_text("other")
        self.assertEqual(self.ends(GOOD)[0], 3)
        self.assertIn("expected SHA-256", self.left("failure.json")["tail"][0])
        self.assertEqual(self.runs(), 0)

    def test_without_inputs_it_says_so_and_leaves_nothing(self) -> None:
        (self.folder / "input/index.json").unlink()
        code, said = self.ends(GOOD)
        self.assertEqual(code, 3)
        self.assertIn("index.json is not there", said)
        self.assertIsNone(self.left("failure.json"))

    def test_told_to_end_it_ends_the_trainer_keeps_its_checkpoint_and_goes_on_from_it(self) -> None:
        keeps = """
import json, pathlib, sys, time
job = json.loads(pathlib.Path(sys.argv[2]).read_text())
output = pathlib.Path(sys.argv[2]).parent / job["output"]
state = output / "checkpoint" / "state"
if state.exists():
    (output / "went-on").write_text(state.read_text())
    sys.exit(0)
state.parent.mkdir()
state.write_text("half")
time.sleep(60)
"""
        process = self.start(keeps)
        latest = self.base / "checkpoints/latest.json"
        for _ in range(600):
            if latest.exists():
                break
            time.sleep(0.05)
        process.terminate()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)
        self.assertIsNone(self.left("failure.json"))
        self.assertEqual(self.ends(keeps)[0], 0)
        self.assertEqual((self.base / "output/went-on").read_text(), "half")
        self.assertNotIn("checkpoint", [file["path"].split("/")[0] for file in self.left("result.json")["files"]])

    def test_told_to_end_while_it_copies_it_tells_the_trainer_at_once(self) -> None:
        hears = """
import pathlib, signal, sys, time
def heard(*_):
    pathlib.Path(COUNT).touch()
    sys.exit(143)
signal.signal(signal.SIGTERM, heard)
(pathlib.Path(sys.argv[2]).parent / "fitted/checkpoint").mkdir()
(pathlib.Path(sys.argv[2]).parent / "fitted/checkpoint/state").write_text("half")
time.sleep(60)
"""
        process = self.start(hears, change=self.hanging())
        self.wait_for("copies")
        process.terminate()
        self.wait_for("count")
        self.assertIsNone(process.poll(), "it still copies")
        process.kill()
        process.communicate(timeout=60)

    def test_told_to_end_it_ends_in_time_whatever_hangs(self) -> None:
        deaf = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(pathlib.Path(sys.argv[2]).parent / "fitted/checkpoint").mkdir()
(pathlib.Path(sys.argv[2]).parent / "fitted/checkpoint/state").write_text("half")
pathlib.Path(COUNT).write_text(str(os.getpid()))
time.sleep(600)
"""
        times = "from retrain_trainers.remote import __main__ as launcher\nlauncher.STOP_SECONDS, launcher.END_SECONDS = 0.5, 2\n"
        process = self.start(deaf, change=times + self.hanging())
        self.wait_for("copies")
        process.terminate()
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143)
        with self.assertRaises(ProcessLookupError):
            os.kill(int(self.count.read_text()), 0)

    def hanging(self) -> str:
        """A copy of the checkpoint that never comes to its end."""
        begun = repr(str(self.folder / "copies"))
        copy = f"def copy_out(*_):\n    pathlib.Path({begun}).touch()\n    time.sleep(600)"
        return f"import pathlib, time\nfrom retrain_trainers.remote import checkpoint\n{copy}\ncheckpoint.copy_out = copy_out"

    def wait_for(self, name: str) -> None:
        for _ in range(600):
            if (self.folder / name).exists():
                return
            time.sleep(0.05)
        self.fail(f"{name} did not come")


if __name__ == "__main__":
    unittest.main()
