"""Every key of a study file described once, for its JSON Schema and its reference page."""

from __future__ import annotations

import json
import typing
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cx_value.study import spec
from cx_value.study.explain import NAMED
from cx_value.study.indicators import Grade, Theme
from cx_value.study.segments import Need

#: Keys that a file may use for others: model → key → its type in words of JSON Schema.
SHORT_KEYS: dict[type[BaseModel], dict[str, dict[str, Any]]] = {
    spec.Study: {"scale": {"$ref": "#/$defs/Scale"}},
    spec.Construct: {"scale": {"$ref": "#/$defs/Scale"}, "missing_codes": {"type": "array"}},
    spec.Hypothesis: {"path": {"type": "string"}},
    spec.Moderation: {"path": {"type": "string"}},
    spec.Claim: {"number": {"type": "number"}},
}
#: Keys that no file holds.
_HIDDEN = {(spec.Study, "folder")}
#: Entries that stand under their name.
BY_NAME = (*NAMED.values(), spec.Item, Grade, Theme, Need)
_PHRASE = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"en": {"type": "string"}, "zh": {"type": "string"}}},
    ]
}
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: where it stands, what it means in each language, and what it is by default."""

    model: type[BaseModel]
    name: str
    said: dict[str, str]
    default: Any = None
    required: bool = False
    allowed: tuple[Any, ...] = ()
    entries: type[BaseModel] | None = None


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, dict[str, str]]]:
    path = Path(__file__).with_name("keys.yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def describe(model: type[BaseModel], name: str, in_code: str | None = None) -> dict[str, str]:
    """Return what a key means, by language; a language that is not there is left out.

    >>> describe(spec.Options, "seed")["zh"]
    '随机种子；相同种子得到相同报告。'
    """
    own = _words().get(model.__name__, {}).get(name, {})
    said = {**_words()["*"].get(name, {}), **({"en": in_code} if in_code else {}), **own}
    return {lang: said[lang] for lang in LANGUAGES if said.get(lang)}


def keys_of(model: type[BaseModel]) -> list[Key]:
    """Return the keys that entries of one kind may have, in the order they are declared."""
    found = []
    for field, known in model.model_fields.items():
        name = known.alias or field
        if (model, name) in _HIDDEN or (name == "name" and model in BY_NAME):
            continue
        default = known.default if known.default is not PydanticUndefined else None
        found.append(
            Key(
                model=model, name=name, said=describe(model, name, known.description),
                default=default, required=known.is_required() and name not in ("label", "scale"),
                allowed=_choices(known.annotation),
                entries=next(iter(_models(known.annotation)), None),
            )
        )  # fmt: skip
    found += [Key(model=model, name=name, said=describe(model, name))
              for name in SHORT_KEYS.get(model, {})]  # fmt: skip
    return found


def kinds() -> list[type[BaseModel]]:
    """Return every kind of entry of a study file, the study itself first."""
    found: dict[type[BaseModel], None] = {}

    def visit(model: type[BaseModel]) -> None:
        if model in found:
            return
        found[model] = None
        for known in model.model_fields.values():
            for below in _models(known.annotation):
                visit(below)

    visit(spec.Study)
    return list(found)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the words a key may have, where there is a list of them."""
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    return tuple(choice for part in typing.get_args(annotation) for choice in _choices(part))


def json_schema(lang: str = "en") -> dict[str, Any]:
    """Return the JSON Schema of a study file, for editors that complete and explain keys.

    It describes files in their short forms too; what fits it is still judged by
    :func:`cx_value.study.check_study`.

    >>> json_schema()["properties"]["options"]["$ref"]
    '#/$defs/Options'
    """
    known = {model.__name__: _object(model, lang) for model in kinds()}
    study = known.pop("Study")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "study.yml",
        **study,
        "$defs": {**known, "Phrase": _PHRASE},
    }


def _object(model: type[BaseModel], lang: str) -> dict[str, Any]:
    made = _made()
    plain = made if model is spec.Study else made["$defs"][model.__name__]
    properties = {}
    for key in keys_of(model):
        told = plain["properties"].get(key.name) or SHORT_KEYS[model][key.name]
        properties[key.name] = {
            **_shape(key, told), "description": key.said.get(lang, key.said.get("en", "")),
        }  # fmt: skip
    return {"type": "object", "additionalProperties": False, "properties": properties}


@lru_cache(maxsize=1)
def _made() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a default that is a phrase has no JSON of its own
        return spec.Study.model_json_schema(by_alias=True, mode="validation")


def _shape(key: Key, told: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of a key's value as a file may write it, short forms included."""
    told = {k: v for k, v in told.items() if k not in ("title", "description", "default")}
    if not told:
        return {"$ref": "#/$defs/Phrase"}
    entries = key.entries
    if entries in BY_NAME:
        body = {"$ref": f"#/$defs/{entries.__name__}"}
        named = {"type": "object", "additionalProperties": {"anyOf": [body, *_SHORT]}}
        return {"anyOf": [named, {"type": ["array", "string", "null"]}]}
    if "properties" in told or "$ref" in told:
        return told
    if key.name in ("column", *_BY_POSITION):
        return {"type": ["string", "integer", "null"]}
    if key.name in ("values", "labels", "cutoffs", "where"):
        return {"type": ["object", "null"]}
    if key.name in ("paths", "include"):
        return {"type": ["array", "string"], "items": {"type": "string"}}
    return told


_SHORT = [{"type": ["string", "array", "number", "null"]}, {"$ref": "#/$defs/Phrase"}]
_BY_POSITION = ("id", "weight", "cluster", "strata", "wave", "duration")


def write_schema(path: Path, lang: str = "en") -> Path:
    """Write the JSON Schema to a file."""
    words = json.dumps(json_schema(lang), ensure_ascii=False, indent=1, default=str)
    path.write_text(words + "\n", encoding="utf-8")
    return path
