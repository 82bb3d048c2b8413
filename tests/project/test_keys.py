"""Every key of a study file is described in both languages, and used by a study."""

from pathlib import Path

import yaml

from cx_value.study import schema, spec
from cx_value.study.document import read_document
from cx_value.study.schema import keys_of, kinds
from cx_value.study.sources import Kept

ROOT = Path(__file__).parents[2]
KEYS = {(model.__name__, key.name): key for model in kinds() for key in keys_of(model)}


def test_every_key_is_described_in_both_languages():
    # English by Field(description=…) or keys.yml, Chinese by keys.yml: beside the other keys.
    silent = {place: sorted({"en", "zh"} - set(key.said)) for place, key in KEYS.items()}
    assert {place: lack for place, lack in silent.items() if lack} == {}


def test_no_description_is_left_of_a_key_that_is_gone():
    words = yaml.safe_load(Path(schema.__file__).with_name("keys.yml").read_text(encoding="utf-8"))
    written = {(kind, name) for kind, keys in words.items() if kind != "*" for name in keys}
    assert written <= set(KEYS)


def keys_used(body, model=spec.Study):
    """Return the keys that a study file, read as plain YAML, makes use of: (kind, key)."""
    if not isinstance(body, dict):
        return set()
    known = {key.name: key for key in keys_of(model)}
    used = {(model.__name__, name) for name in body if name in known}
    for name, inner in body.items():
        kind = known[name].entries if name in known else None
        if kind is None or inner is None:
            continue
        plain = isinstance(inner, dict) and kind not in (*schema.BY_NAME, Kept)
        entries = [inner] if plain else inner.values() if isinstance(inner, dict) else inner
        for entry in entries if not isinstance(entries, str) else ():
            used |= keys_used(entry, kind)
    return used


def test_every_key_is_used_by_a_study():
    used = set()
    for path in [*ROOT.glob("data/*/*.yml"), ROOT / "tests/study/every_other_key.yml"]:
        used |= keys_used(read_document(path).content)
    assert set(KEYS) - used == set()
