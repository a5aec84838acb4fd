"""How the peers' programs report: seconds without imports, and the peak memory of the process."""
import json
import resource
import sys
import time


class Clock:
    def __init__(self):
        self.start = time.perf_counter()

    def report(self, **found):
        seconds = time.perf_counter() - self.start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
        print(json.dumps({"seconds": seconds, "mb": peak, "found": found}, default=str))
