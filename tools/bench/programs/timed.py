"""How the peers' programs report: seconds without imports, wall and processor time, and the peak memory of the process."""
import json
import resource
import sys
import time


class Clock:
    def __init__(self):
        self.start = time.perf_counter()
        self.cpu = time.process_time()

    def report(self, **found):
        seconds = time.perf_counter() - self.start
        cpu = time.process_time() - self.cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
        print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": peak, "found": found}, default=str))
