"""Holds dashboards against Grafana's own schema, as its foundation SDK has it: what is read into the SDK's types and written
again must hold everything that was there. Prints what got lost or changed, as a JSON list of places by file."""

import enum
import json
import sys
import typing
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.cog.runtime import panelcfg_config
from grafana_foundation_sdk.models import dashboard

# What Grafana itself writes and the SDK has no name for.
UNNAMED = (".annotations.list[0].useValueForTime", ".annotations.list[0].titleFormat", ".annotations.list[0].expr")


def lost(before, after, place=""):
    """The places of `before` that `after` does not hold, or holds otherwise."""
    if place in UNNAMED:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                if f"{place}.{key}" not in UNNAMED:
                    yield f"{place}.{key} is unknown"
            else:
                yield from lost(value, after[key], f"{place}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{place}[{number}]")
    elif before != after:
        yield f"{place} is {before!r}, and was read as {after!r}"


def wrong_words(value, place=""):
    """The places of texts that are none of the words which the schema knows there."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from wrong_words(one, f"{place}[{number}]")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from wrong_words(one, f"{place}.{key}")
    elif hasattr(value, "to_json"):
        hints = typing.get_type_hints(type(value))
        for name, one in vars(value).items():
            words = [hint for hint in [hints.get(name), *typing.get_args(hints.get(name))] if is_enum(hint)]
            if words and isinstance(one, str) and all(one not in [word.value for word in hint] for hint in words):
                yield f"{place}.{name} is {one!r}"
            yield from wrong_words(one, f"{place}.{name}")


def is_enum(hint):
    return isinstance(hint, type) and issubclass(hint, enum.Enum)


def mistakes(path):
    text = json.loads(path.read_text())
    read = dashboard.Dashboard.from_json(text)
    yield from lost(text, json.loads(json.dumps(read, cls=JSONEncoder)))
    yield from wrong_words(read)
    for panel in text["panels"]:
        if panel["type"] != "row" and panelcfg_config(panel["type"]) is None:
            yield f"there is no panel {panel['type']!r}"


register_default_plugins()
print(json.dumps({path.name: list(mistakes(path)) for path in sorted(Path(sys.argv[1]).glob("*.json"))}))
