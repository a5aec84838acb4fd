"""Golden values for test/pipeline/ticks.test.ts, from two cron libraries.

Requirements: Python 3.11, cronsim==2.8 croniter==7.0.0 tzdata==2026.6
Run: python tools/golden/ticks.py   (writes test/pipeline/golden/ticks.json)
In UTC both libraries must agree, and neither is believed alone. Over a change of the clocks only cronsim's rules, those of Debian's cron, are GitHub's.
"""
import json
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

LINES = [
    "17 4 * * 1",
    "*/20 * * * *",
    "5/25 3,15 * * *",
    "0 0 29 2 *",
    "30 2 31 * *",
    "0 12 13 * FRI",
    "0 6 1-7 * *",
    "15 22 * JAN-MAR,DEC SUN-TUE",
    "0 */7 */10 * *",
    "59 23 31 12 *",
]
UTC_FROM = ["2024-02-28T23:59", "2026-11-21T19:30", "2027-12-31T23:59"]
CHANGES = {
    "Europe/Berlin": ["2026-03-28T00:40", "2026-10-24T00:40"],
    "America/New_York": ["2026-03-07T09:00", "2026-10-31T09:00"],
    "Australia/Lord_Howe": ["2026-04-04T00:00", "2026-10-03T00:00"],
    "Africa/Cairo": ["2026-04-23T00:00", "2026-10-29T00:00"],
    "Asia/Kolkata": ["2026-03-28T00:40"],
}
AROUND = ["30 2 * * *", "0 0 * * *", "30 0 * * *", "30 1 * * *", "10 1-3 * * *", "25 * * * *", "*/30 * * * *", "45 */2 * * *", "20 0-4/2 * * 0,6"]
COUNT = 12


def utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ")


def after(line: str, start: datetime) -> list[str]:
    return [utc(tick) for tick in islice(CronSim(line, start), COUNT)]


def before(line: str, start: datetime) -> list[str]:
    return [utc(tick) for tick in islice(CronSim(line, start, reverse=True), COUNT)]


def main() -> None:
    found = []
    for line in LINES:
        for text in UTC_FROM:
            start = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
            ticks = after(line, start)
            walk = croniter(line, start, max_years_between_matches=50)
            assert ticks == [utc(walk.get_next(datetime)) for _ in ticks], (line, text)
            found.append({"cron": line, "timezone": "UTC", "from": utc(start), "after": ticks, "before": before(line, start)})
    for zone, starts in CHANGES.items():
        for text in starts:
            for line in AROUND:
                start = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
                found.append({"cron": line, "timezone": zone, "from": utc(start), "after": after(line, start)})
    path = Path(__file__).parents[2] / "test" / "pipeline" / "golden" / "ticks.json"
    cases = ",\n".join(json.dumps(case) for case in found)
    path.write_text('{"source": "cronsim 2.8 (BSD), croniter 7.0.0 (MIT)", "cases": [\n' + cases + "\n]}\n")
    print(len(found), "cases")


main()
