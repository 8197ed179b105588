#!/usr/bin/env python3
"""Writes the table of API kinds (content/api/*.tsv) from what an API server says of itself.

    generate.py --core discovery-core.json --apis discovery-apis.json --schemas schemas.json \\
                --version 1.36 --output content/api/v1.36.tsv

Inputs: aggregated discovery v2 of /api and /apis, and the structural schemas of /openapi/v3 as one JSON
object {schema name: schema}. The output is text, one fact a line, sorted, so that the difference between
two releases can be read. src/kube/api_kinds.cpp reads it; its top explains the columns.
"""

import argparse
import json
import sys

PREFIXES = ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s.apimachinery.pkg.",
            "io.k8s.apiextensions-apiserver.pkg.apis.", "io.k8s.kube-aggregator.pkg.apis.", "io.k8s.")

# Types whose schema says less than their decoder: name -> our word for them.
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microtime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "object",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": "object",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "object",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus": "object",
}

# OpenAPI calls a field required when its Go type has no omitempty. Where the zero value is a valid one, the server
# accepts the absence; here "required" means that it refuses the object.
ZERO_ACCEPTED = {
    ("HTTPHeader", "value"), ("Sysctl", "value"), ("ISCSIVolumeSource", "lun"), ("ISCSIPersistentVolumeSource", "lun"),
    ("SleepAction", "seconds"), ("CustomResourceDefinitionVersion", "served"),
    ("CustomResourceDefinitionVersion", "storage"), ("ControllerRevision", "revision"), ("LinuxContainerUser", "uid"),
    ("LinuxContainerUser", "gid"), ("ResourcePool", "generation"), ("Event", "metadata"), ("Event", "eventTime"),
    ("CSINodeSpec", "drivers"), ("SelfSubjectRulesReview", "spec"), ("TokenReviewSpec", "token"),
    ("DeviceClass", "spec"), ("ResourceClaim", "spec"), ("ResourceClaimTemplate", "spec"),
    ("ResourceClaimTemplateSpec", "spec"), ("CSIDriver", "spec"), ("WebhookConversion", "conversionReviewVersions"),
    ("EventSeries", "count"), ("EventSeries", "lastObservedTime"), ("CSIStorageCapacity", "storageClassName"),
    ("QuobyteVolumeSource", "registry"), ("ScaleIOVolumeSource", "secretRef"),
    ("ScaleIOPersistentVolumeSource", "secretRef"), ("RBDVolumeSource", "image"),
    ("HorizontalPodAutoscaler", "spec"), ("IPAddressSpec", "parentRef"), ("LimitRangeItem", "type"),
}


def fail(message):
    sys.exit(f"generate.py: {message}")


def short(name):
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


def reference(schema):
    """The schema name behind {"$ref"} or {"allOf": [{"$ref"}]}, or None."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return reference(schema["allOf"][0])
    return None


def type_text(schema):
    name = reference(schema)
    if name is not None:
        return SPECIAL.get(name, short(name))
    kind = schema.get("type")
    if kind == "array":
        return "[]" + type_text(schema["items"])
    if kind == "object":
        return "{}" + type_text(schema["additionalProperties"]) if "additionalProperties" in schema else "object"
    if kind == "string":
        values = [value for value in schema.get("enum", []) if value != ""]
        if values:
            return "enum(" + "|".join(sorted(values)) + ")"
        return "byte" if schema.get("format") == "byte" else "string"
    if kind == "integer":
        return schema.get("format", "int64")
    if kind == "number":
        return "number"
    if kind == "boolean":
        return "bool"
    fail(f"unexpected schema {json.dumps(schema)[:200]}")


def is_observed(name):
    """Types that only status holds: what they require is the controllers' affair."""
    last = name.rsplit(".", 1)[1]
    return last.endswith("Status") or last == "NodeSystemInfo" or \
        (last.endswith("Condition") and last != "MatchCondition")


def field_line(owner, name, schema, required):
    last = owner.rsplit(".", 1)[1]
    needed = name in required and not is_observed(owner) and (last, name) not in ZERO_ACCEPTED \
        and not last.endswith("List")
    keys = ",".join(schema.get("x-kubernetes-list-map-keys", []))
    if not keys and schema.get("type") == "array":
        merge_key = schema.get("x-kubernetes-patch-merge-key", "")
        keys = merge_key if reference(schema["items"]) is not None else ""
    listing = {"map": "map", "set": "set", "atomic": "atomic"}.get(schema.get("x-kubernetes-list-type"), "-")
    columns = ["F", name, type_text(schema), "required" if needed else "-", listing, keys or "-"]
    while columns[-1] == "-":
        columns.pop()
    return "\t".join(columns)


def discovered(document):
    for group in document["items"]:
        for version in group["versions"]:
            for resource in version["resources"]:
                yield group["metadata"].get("name", ""), version["version"], resource


def kinds(documents, schemas):
    by_gvk = {}
    for name, schema in schemas.items():
        gvks = schema.get("x-kubernetes-group-version-kind", [])
        if len(gvks) == 1:  # DeleteOptions and WatchEvent have one of every group
            by_gvk[(gvks[0]["group"], gvks[0]["version"], gvks[0]["kind"])] = name
    lines = []
    for document in documents:
        for group, version, resource in discovered(document):
            kind = resource["responseKind"]["kind"]
            name = by_gvk.get((group, version, kind))
            if name is None:
                fail(f"no schema for {group}/{version} {kind}")
            subresources = sorted(entry["subresource"] for entry in resource.get("subresources", []))
            lines.append("\t".join(["K", group or "-", version, kind, resource["resource"],
                                    "N" if resource["scope"] == "Namespaced" else "C",
                                    ",".join(subresources) or "-", ",".join(resource.get("shortNames", [])) or "-",
                                    short(name)]))
    return sorted(set(lines)), {line.split("\t")[-1] for line in lines}


def reachable(schemas, roots):
    """Only types that a kind's object can hold: lists, options and discovery documents are left out."""
    by_short = {short(name): name for name in schemas}
    found, queue = set(), [by_short[root] for root in roots]
    while queue:
        name = queue.pop()
        if name in found or name in SPECIAL:
            continue
        found.add(name)
        for schema in schemas[name].get("properties", {}).values():
            while schema.get("type") in ("array", "object"):
                schema = schema.get("items") or schema.get("additionalProperties") or {}
            target = reference(schema)
            if target is not None:
                queue.append(target)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("core", "apis", "schemas", "version", "output"):
        parser.add_argument(f"--{option}", required=True)
    arguments = parser.parse_args()
    documents = []
    for path in (arguments.core, arguments.apis):
        with open(path, encoding="utf-8") as file:
            documents.append(json.load(file))
    with open(arguments.schemas, encoding="utf-8") as file:
        schemas = json.load(file)

    lines = [f"# Kubernetes {arguments.version}. Written by tools/api_table/generate.py: do not edit.", f"V\t{arguments.version}"]
    kind_lines, roots = kinds(documents, schemas)
    lines += kind_lines
    for name in reachable(schemas, roots):
        schema = schemas[name]
        lines.append(f"T\t{short(name)}")
        required = schema.get("required", [])
        lines += [field_line(name, field, schema["properties"][field], required)
                  for field in sorted(schema.get("properties", {}))]
    with open(arguments.output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
