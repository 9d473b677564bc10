#!/usr/bin/env python3
"""Makes tests/fixtures/schemas/ocsf-1.6.0.json: JSON Schemas of the event classes that `report ocsf` writes.

    git clone https://github.com/ocsf/ocsf-schema && git -C ocsf-schema checkout 1.6.0
    scripts/ocsf-schema.py ocsf-schema > tests/fixtures/schemas/ocsf-1.6.0.json

Classes, objects, types, enumerations and requirements are the published ones, put together as the schema server does:
inheritance and profiles resolved, nothing allowed that is not in the schema. Texts are left out, and so are attributes
whose objects we never write: an event with one of those is refused too.
"""

import json
import pathlib
import sys

CLASSES = ["findings/detection_finding", "findings/compliance_finding", "remediation/remediation_activity"]
# Only the profile that our events declare.
PROFILES = {"cloud"}
OBJECTS = {
    "account", "actor", "analytic", "api", "cloud", "compliance", "evidences", "finding_info", "metadata",
    "network_endpoint", "object", "product", "remediation", "request", "resource_details", "service", "session", "user",
}
SCALARS = {
    "boolean_t": {"type": "boolean"}, "float_t": {"type": "number"}, "integer_t": {"type": "integer"},
    "long_t": {"type": "integer"}, "timestamp_t": {"type": "integer"}, "string_t": {"type": "string"}, "json_t": {},
}


def read(root, path):
    return json.loads((root / path).read_text())


def merged(root, folder, name):
    """A class or object with what it inherits."""
    here = read(root, f"{folder}/{name}.json")
    base = here.get("extends")
    attributes = {}
    if base:
        where = "events" if folder == "events" else "objects"
        parent = base if where == "objects" else next(
            str(path.relative_to(root / "events"))[:-5] for path in (root / "events").rglob("*.json") if path.stem == base)
        up = merged(root, where, parent)
        attributes = {key: dict(value) for key, value in up["attributes"].items()}
        here = {**up, **here}
    own = read(root, f"{folder}/{name}.json").get("attributes", {})
    for key in own.get("$include", []):
        profile = read(root, key)
        if profile.get("name") in PROFILES:
            for attribute, value in profile["attributes"].items():
                attributes.setdefault(attribute, {}).update(value)
    for attribute, value in own.items():
        if attribute == "$include" or value.get("profile") not in (None, *PROFILES):
            continue
        enum = {**attributes.get(attribute, {}).get("enum", {}), **value.get("enum", {})}
        attributes.setdefault(attribute, {}).update(value)
        if enum:
            attributes[attribute]["enum"] = enum
    return {**here, "attributes": attributes}


def scalar(types, name):
    if name in SCALARS:
        return dict(SCALARS[name])
    kind = types[name]
    schema = scalar(types, kind.get("type", "string_t"))
    if "regex" in kind and name != "datetime_t":
        schema["pattern"] = kind["regex"]
    if "max_len" in kind:
        schema["maxLength"] = kind["max_len"]
    if "range" in kind:
        schema["minimum"], schema["maximum"] = kind["range"]
    return schema


def body(dictionary, one):
    types = dictionary["types"]["attributes"]
    properties, required = {}, []
    for name, use in sorted(one["attributes"].items()):
        entry = {**dictionary["attributes"][name], **use}
        kind = entry["type"]
        if kind in types or kind in SCALARS:
            schema = scalar(types, kind)
        elif kind in OBJECTS:
            schema = {"$ref": f"#/$defs/{kind}"}
        elif entry.get("requirement") == "required":
            raise SystemExit(f"{one['name']}.{name} is required and {kind} is not among the objects")
        else:
            continue
        values = {**dictionary["attributes"][name].get("enum", {}), **use.get("enum", {})}
        if values:
            numbers = schema.get("type") == "integer"
            schema["enum"] = sorted(int(value) if numbers else value for value in values)
        properties[name] = {"type": "array", "items": schema} if entry.get("is_array") else schema
        if entry.get("requirement") == "required":
            required.append(name)
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if one.get("name") == "object":
        return {"type": "object"}
    rules = one.get("constraints", {})
    if "at_least_one" in rules:
        schema["anyOf"] = [{"required": [name]} for name in rules["at_least_one"]]
    if "just_one" in rules:
        schema["oneOf"] = [{"required": [name]} for name in rules["just_one"]]
    return schema


def main():
    root = pathlib.Path(sys.argv[1])
    dictionary, categories = read(root, "dictionary.json"), read(root, "categories.json")["attributes"]
    definitions = {name: body(dictionary, merged(root, "objects", name)) for name in sorted(OBJECTS)}
    for path in CLASSES:
        one = merged(root, "events", path)
        schema = body(dictionary, one)
        category = categories[one["category"]]["uid"]
        uid = category * 1000 + one["uid"]
        schema["properties"]["category_uid"]["enum"] = [category]
        schema["properties"]["class_uid"]["enum"] = [uid]
        activities = schema["properties"]["activity_id"]["enum"]
        schema["properties"]["type_uid"]["enum"] = [uid * 100 + activity for activity in activities]
        definitions[one["name"]] = schema
    print(json.dumps({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"OCSF {read(root, 'version.json')['version']}, (c) OCSF a Series of LF Projects, LLC, Apache-2.0; made by scripts/ocsf-schema.py",
        "$defs": definitions,
    }, separators=(",", ":"), sort_keys=True))


main()
