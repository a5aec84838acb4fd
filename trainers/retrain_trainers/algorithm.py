"""An algorithm as data: its parameters as JSON Schema with defaults, checked when they are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retrain_trainers.errors import Refused

Schema = dict[str, Any]


@dataclass(frozen=True)
class Algorithm:
    name: str
    summary: str
    tasks: tuple[str, ...]
    parameters: Mapping[str, Schema]
    space: Mapping[str, Schema] = field(default_factory=dict)
    importance: str = ""

    def schema(self) -> Schema:
        return {"type": "object", "description": self.summary, "additionalProperties": False, "properties": dict(self.parameters)}

    def complete(self, given: Mapping[str, Any], where: str = "parameters") -> dict[str, Any]:
        """The given parameters with the defaults of those left out; raises `Refused` for one that does not fit its schema."""
        for name, value in given.items():
            if name not in self.parameters:
                raise Refused(f"{where}.{name}: {self.name} has no such parameter; it has {', '.join(self.parameters) or 'none'}.")
            _check(value, self.parameters[name], f"{where}.{name}")
        return {name: given.get(name, schema["default"]) for name, schema in self.parameters.items()}


def _check(value: Any, schema: Schema, where: str) -> None:
    if "enum" in schema:
        if value not in schema["enum"]:
            raise Refused(f"job.json: {where}: expected one of {json.dumps(schema['enum'])}, found {json.dumps(value)}.")
        return
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None and "null" in types:
        return
    if types[0] == "string":
        if not isinstance(value, str) or not value:
            raise Refused(f"job.json: {where}: expected a text, found {json.dumps(value)}.")
        return
    if types[0] == "array":
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
            raise Refused(f"job.json: {where}: expected a list of texts, found {json.dumps(value)}.")
        return
    if types[0] == "boolean":
        if not isinstance(value, bool):
            raise Refused(f"job.json: {where}: expected true or false, found {json.dumps(value)}.")
        return
    fits = isinstance(value, int) or (isinstance(value, float) and types[0] == "number")
    if isinstance(value, bool) or not fits:
        raise Refused(f"job.json: {where}: expected {' or '.join(types)}, found {json.dumps(value)}.")
    broken = [
        bound
        for bound, holds in (
            ("minimum", value >= schema.get("minimum", value)),
            ("exclusiveMinimum", "exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"]),
            ("maximum", value <= schema.get("maximum", value)),
        )
        if not holds
    ]
    if broken:
        raise Refused(f"job.json: {where}: expected a value with {broken[0]} {schema[broken[0]]}, found {json.dumps(value)}.")


def integer(default: int | None, description: str, *, minimum: int, maximum: int | None = None) -> Schema:
    schema: Schema = {"type": ["integer", "null"] if default is None else "integer", "minimum": minimum}
    if maximum is not None:
        schema["maximum"] = maximum
    return {**schema, "default": default, "description": description}


def number(default: float, description: str, **bounds: float) -> Schema:
    return {"type": "number", **bounds, "default": default, "description": description}


def flag(default: bool, description: str) -> Schema:
    return {"type": "boolean", "default": default, "description": description}


def text(default: str | None, description: str) -> Schema:
    return {"type": ["string", "null"] if default is None else "string", "default": default, "description": description}


def texts(default: list[str], description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "default": default, "description": description}


def choice(default: str, allowed: list[str], description: str) -> Schema:
    return {"enum": allowed, "default": default, "description": description}
