"""Makes test/tables/fixtures/*.parquet and what pyarrow reads in them (expected.json).

Needs: pip install pyarrow==26.0.1 numpy==2.4.6   Run: python3 tools/golden/tables.py
"""
import datetime as dt
import decimal
import json
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path(__file__).parents[2] / "test" / "tables" / "fixtures"
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(20261121)
ROWS = 400


def some(values, share=0.2):
    return [None if rng.random() < share else value for value in values]


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
moments = [EPOCH + dt.timedelta(milliseconds=int(ms)) for ms in rng.integers(-(10**12), 2 * 10**12, ROWS)]
words = ["", "a", "bé", "😀 long text that is not short", "x,y", "42"]

table = pa.table(
    {
        "i32": pa.array(some(rng.integers(-(2**31), 2**31, ROWS).tolist()), pa.int32()),
        "i64": pa.array(rng.integers(-(2**53), 2**53, ROWS), pa.int64()),
        "u8": pa.array(some(rng.integers(0, 256, ROWS).tolist()), pa.uint8()),
        "u32": pa.array(rng.integers(0, 2**32, ROWS), pa.uint32()),
        "few": pa.array(some(rng.integers(0, 5, ROWS).tolist()), pa.int64()),
        "f32": pa.array(some(rng.normal(size=ROWS).astype(np.float32).tolist()), pa.float32()),
        "f64": pa.array(some((rng.normal(size=ROWS) * 10.0 ** rng.integers(-300, 300, ROWS)).tolist()), pa.float64()),
        "inf": pa.array(some([float("inf"), float("-inf")] * (ROWS // 2)), pa.float64()),
        "flag": pa.array(some((rng.random(ROWS) < 0.5).tolist()), pa.bool_()),
        "word": pa.array(some([words[i] for i in rng.integers(0, len(words), ROWS)]), pa.string()),
        "key": pa.array([f"key-{i}-{'é' * (i % 3)}" for i in range(ROWS)], pa.string()),
        "day": pa.array(some([moment.date() for moment in moments]), pa.date32()),
        "ms": pa.array(some(moments), pa.timestamp("ms", "UTC")),
        "us": pa.array(some([moment + dt.timedelta(microseconds=250) for moment in moments]), pa.timestamp("us", "UTC")),
        "ns": pa.array(some(moments), pa.timestamp("ns")),
        "price": pa.array(some([decimal.Decimal(int(n)) / 100 for n in rng.integers(-(10**9), 10**9, ROWS)]), pa.decimal128(12, 2)),
        "none": pa.array([None] * ROWS, pa.float64()),
        "half": pa.array(some(rng.normal(size=ROWS).astype(np.float16)), pa.float16()),
    }
)


def cell(value):
    if isinstance(value, (dt.datetime, dt.date)):
        if not isinstance(value, dt.datetime):
            value = dt.datetime(value.year, value.month, value.day, tzinfo=dt.timezone.utc)
        if value.tzinfo is None:
            value = value.replace(tzinfo=dt.timezone.utc)
        return (value - EPOCH) / dt.timedelta(microseconds=1) / 1000
    if isinstance(value, (decimal.Decimal, np.floating)):
        return float(value)
    if isinstance(value, float) and np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def plain(column):
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz))
    return [cell(value) for value in column.to_pylist()]


for codec in ["none", "snappy", "gzip", "zstd"]:
    pq.write_table(table, OUT / f"{codec}.parquet", compression=codec, row_group_size=150, data_page_size=512, write_statistics=codec != "none")
pq.write_table(table, OUT / "v2-plain.parquet", compression="zstd", data_page_version="2.0", use_dictionary=False, row_group_size=250, data_page_size=700)
pq.write_table(
    table.select(["i32", "i64", "f64", "f32", "word", "key", "ms", "half"]),
    OUT / "encodings.parquet",
    compression="snappy",
    use_dictionary=False,
    data_page_version="2.0",
    column_encoding={
        "i32": "DELTA_BINARY_PACKED",
        "i64": "DELTA_BINARY_PACKED",
        "f64": "BYTE_STREAM_SPLIT",
        "f32": "BYTE_STREAM_SPLIT",
        "half": "BYTE_STREAM_SPLIT",
        "word": "DELTA_LENGTH_BYTE_ARRAY",
        "key": "DELTA_BYTE_ARRAY",
        "ms": "DELTA_BINARY_PACKED",
    },
)
pq.write_table(table.select(["ns", "key"]), OUT / "int96.parquet", use_deprecated_int96_timestamps=True)
pq.write_table(pa.table({"id": [1, 2], "tags": [["a"], []], "pair": [{"x": 1}, None]}), OUT / "nested.parquet")
pq.write_table(pa.table({"id": pa.array([1, None, 2**53 + 1, 7], pa.int64())}), OUT / "large.parquet")
pq.write_table(pa.table({"id": pa.array([], pa.int64())}), OUT / "empty.parquet")

expected = {name: plain(table[name]) for name in table.column_names}
(OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, allow_nan=False) + "\n")
