"""Reading a part: keys, what the model reads of each row, and the SQL that is expected."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from retrain_trainers.contract import Part, Target
from retrain_trainers.csv_part import records
from retrain_trainers.errors import Refused

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Pairs:
    """`sql` is empty when no target was asked for."""

    keys: list[str]
    prompts: list[str]
    sql: list[str]

    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.keys, self.prompts, self.sql]).encode()).hexdigest()


def read_pairs(part: Part, key: str, template: str, target: Target | None) -> Pairs:
    """Fills the template from each row. Raises `Refused` for a template that names no column of the part."""
    names = PLACEHOLDER.findall(template)
    if not names:
        raise Refused(f"parameters.template: expected a column in braces, as in {{question}}, found {template!r}.")
    reader = records(part, [key, *([target.column] if target else [])])
    header = next(reader)
    missing = [name for name in names if name not in header]
    if missing:
        raise Refused(
            f"{part.path.name}: the template reads {{{missing[0]}}}, but the columns are {', '.join(map(json.dumps, header[:20]))}.",
            'Set the parameter template, e.g. "Question: {question} Schema: {schema}".',
        )
    at = {name: header.index(name) for name in names}
    key_at, target_at = header.index(key), header.index(target.column) if target else -1
    pairs = Pairs([], [], [])
    for row in reader:
        pairs.keys.append(row[key_at])
        pairs.prompts.append(PLACEHOLDER.sub(lambda found, row=row: row[at[found[1]]], template))  # type: ignore[misc]
        if target:
            pairs.sql.append(row[target_at])
    return pairs
