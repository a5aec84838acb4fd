"""Reads cases from standard input (a JSON list of [kind, base64]) and writes what Python makes of each: rows, or null where it refuses."""
import base64
import csv
import io
import json
import sys

csv.field_size_limit(1 << 30)


def read_csv(raw):
    text = raw.decode("utf-8-sig")
    if "\0" in text:
        raise ValueError("NUL")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    rows = [row for row in rows if row or len(rows[0]) == 1]
    rows = [row or [""] for row in rows]
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("ragged")
    return rows


def refuse(text):
    raise ValueError(text)


def read_json(raw):
    value = json.loads(raw.decode("utf-8-sig"), parse_constant=refuse)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError("not a list of objects")
    for row in value:
        for key, cell in row.items():
            json.dumps([key, cell], ensure_ascii=False).encode("utf-8")
            if isinstance(cell, (dict, list)):
                raise ValueError("nested")
    return value


answers = []
for kind, packed in json.load(sys.stdin):
    raw = base64.b64decode(packed)
    try:
        answers.append(read_csv(raw) if kind == "csv" else read_json(raw))
    except (ValueError, csv.Error, RecursionError):
        answers.append(None)
json.dump(answers, sys.stdout)
