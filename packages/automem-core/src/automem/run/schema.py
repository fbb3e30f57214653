"""The JSON schema of a configuration file, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

import msgspec

from automem.models.roles import SECTIONS
from automem.records.config import RunConfig

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """The schema of the file as it is written: free keys stand beside the fields of a section."""
    schema = msgspec.json.schema(RunConfig)
    sections: dict[str, Any] = schema["$defs"]
    for section in sections.values():
        section["additionalProperties"] = False
    environment, role = sections["EnvironmentSection"], sections["RoleSection"]
    for section in (environment, role):
        del section["properties"]["options"]
        section["additionalProperties"] = True
    del role["properties"]["sampling"]
    role["properties"].update(sections.pop("Sampling")["properties"])
    scaffold = sections["ScaffoldSection"]["properties"]
    scaffold["from"] = scaffold.pop("source")
    roles = sections["RunConfig"]["properties"]["roles"]
    roles["propertyNames"] = {"enum": list(SECTIONS)}
    return {"$schema": _SCHEMA, "title": "AutoMem configuration", **schema}
