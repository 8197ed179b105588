"""Validates report files; see `validate`. Prints one line a file and ends with 1 if one is wrong."""

import argparse
import json
import os
import pathlib
import sys
import xml.etree.ElementTree

import jsonschema
import yaml
from referencing import Registry, Resource

FORMATS = jsonschema.FormatChecker(["date", "uri", "uri-reference"])


def problems_of(validator, document):
    for error in sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path))):
        yield f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"


class Schemas:
    def __init__(self, root, sarif_schema):
        folder = root / "docs" / "schema"
        finding = json.loads((folder / "finding.v1.json").read_text())
        assessment = json.loads((folder / "assessment.v1.json").read_text())
        for schema in (finding, assessment):
            jsonschema.Draft202012Validator.check_schema(schema)
        registry = Registry().with_resources([(schema["$id"], Resource.from_contents(schema)) for schema in (finding, assessment)])
        self.assessment = jsonschema.Draft202012Validator(assessment, registry=registry, format_checker=FORMATS)
        sarif = json.loads(sarif_schema.read_text())
        self.sarif = jsonschema.validators.validator_for(sarif)(sarif, format_checker=FORMATS)
        self.crds = dict(self.read_crds(root))

    @staticmethod
    def read_crds(root):
        corpus = pathlib.Path(os.environ.get("TALLY_CORPUS", root.parent / "shared" / "corpus"))
        for path in sorted((corpus / "compliance" / "reports" / "openreports").glob("openreports.io_*.yaml")):
            crd = yaml.safe_load(path.read_text())
            schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            yield crd["spec"]["names"]["kind"], jsonschema.Draft202012Validator(closed(schema))


def closed(schema):
    """The same schema, refusing what a server would prune silently."""
    if isinstance(schema, dict):
        schema = {key: closed(value) for key, value in schema.items() if key != "format"}
        if "properties" in schema and schema.get("type") == "object" and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        schema = [closed(value) for value in schema]
    return schema


def check_results(results):
    for number, result in enumerate(results):
        if not result["message"]["text"]:
            yield f"result {number}: no message"
        if len(result["partialFingerprints"]["tallystick/v1"]) != 64:
            yield f"result {number}: no fingerprint"


def check_sarif(schemas, text):
    document = json.loads(text)
    yield from problems_of(schemas.sarif, document)
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        yield from check_results(run["results"])
        for number, result in enumerate(run["results"]):
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                yield f"result {number}: ruleIndex and ruleId disagree"


def check_summary(document):
    counting = [f for f in document["findings"] if f["verdict"] in ("fail", "error", "unknown") and f["exception"] is None]
    summary = document["summary"]
    if summary["findings"] != len(counting) or sum(summary["bySeverity"].values()) != len(counting):
        yield f"summary: {summary['findings']} findings, {len(counting)} are listed"


def check_json(schemas, text):
    document = json.loads(text)
    yield from problems_of(schemas.assessment, document)
    yield from check_summary(document)


def check_yaml(schemas, text):
    document = yaml.safe_load(text)
    yield from problems_of(schemas.assessment, document)


def check_reports(schemas, text):
    for document in yaml.safe_load_all(text):
        kind = document["kind"].replace("PolicyReport", "Report")
        if kind in schemas.crds:
            yield from problems_of(schemas.crds[kind], document)
        counted = sum(document["summary"].values())
        if counted != len(document["results"]):
            yield f"{kind}: the summary counts {counted} results of {len(document['results'])}"


def check_xml(_, text):
    root = xml.etree.ElementTree.fromstring(text)
    for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"), ("tests", "testcase")):
        found = sum(1 for _ in root.iter(element))
        if int(root.get(attribute)) != found:
            yield f"{attribute}={root.get(attribute)}, {found} <{element}> in the file"


CHECKS = [
    (".sarif.json", check_sarif),
    (".sarif", check_sarif),
    (".json", check_json),
    (".policyreport.yaml", check_reports),
    (".openreports.yaml", check_reports),
    (".yaml", check_yaml),
    (".xml", check_xml),
]


def same_in_yaml_and_json(path):
    """The YAML form must read as the JSON form does, texts as texts, for a YAML 1.1 reader."""
    other = path.with_name(path.name.removesuffix(".yaml") + ".json")
    if other.exists() and yaml.safe_load(path.read_text(encoding="utf-8")) != json.loads(other.read_text()):
        yield f"differs from {other.name}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--sarif-schema", type=pathlib.Path, required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    schemas = Schemas(arguments.root, arguments.sarif_schema)
    wrong = 0
    for path in arguments.files:
        check = next((check for ending, check in CHECKS if path.name.endswith(ending)), None)
        problems = ["no check for this ending"] if check is None else list(check(schemas, path.read_text(encoding="utf-8")))
        if check is check_yaml:
            problems += same_in_yaml_and_json(path)
        wrong += bool(problems)
        print(f"{'WRONG' if problems else 'valid'}  {path.name}")
        for problem in problems[:20]:
            print(f"       {problem}")
    print(f"report validation: {len(arguments.files) - wrong} valid, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
