#!/usr/bin/env python3
"""What is installed is what the chart says, what tally itself finds nothing wrong with, and what tally can read.

  tests/deploy/manifests.py TALLY

Needs no helm; where helm is ($HELM or on the PATH) the chart is rendered, too. YAML is read by `tally jp`.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/tally"
TALLY = ""
HELM = os.environ.get("HELM") or shutil.which("helm")

# What `tally serve` exposes at /metrics: name -> labels.
METRICS = {
    "tally_admission_requests_total": {"operation", "verdict"},
    "tally_admission_duration_seconds": {"step"},
    "tally_admission_in_flight": set(),
    "tally_policy_verdicts_total": {"engine", "policy", "verdict"},
    "tally_policy_duration_seconds": {"engine"},
    "tally_policies_loaded": {"state"},
    "tally_policy_reload_total": {"result"},
    "tally_watch_lag_seconds": {"resource"},
    "tally_watch_errors_total": {"resource"},
    "tally_audit_queue_length": set(),
    "tally_audit_objects": set(),
    "tally_audit_findings": {"severity"},
    "tally_store_queue_length": set(),
    "tally_store_dropped_total": set(),
    "tally_certificate_expiry_seconds": {"certificate"},
    "tally_leader": set(),
    "tally_workloads": {"meets"},
    "tally_privileged_workload_ratio": set(),
    "process_resident_memory_bytes": set(),
    "process_cpu_seconds_total": set(),
}


def tally(*arguments, text=""):
    done = subprocess.run([TALLY, *arguments], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def from_yaml(text):
    code, out, error = tally("jp", "@", "--with", "-", text=text)
    if code != 0:
        raise ValueError(error)
    return json.loads(out)


def documents(text):
    parts = [part for part in re.split(r"^---\n", text, flags=re.MULTILINE) if part.strip()]
    return {(d["kind"], d["metadata"]["name"]): d for d in map(from_yaml, parts)}


def install(*arguments):
    code, out, error = tally("install", "--dry-run", *arguments)
    if code != 0:
        raise ValueError(error)
    return out


# Only digits: in quotes wherever it stands, as tools/install_manifests has it.
NAMESPACE = "1234"


def render(*settings):
    arguments = [HELM, "template", "tally", str(CHART), "--namespace", NAMESPACE, "--kube-version", "1.36.0"]
    for setting in settings:
        arguments += ["--set", setting]
    return subprocess.run(arguments, capture_output=True, text=True)


class Install(unittest.TestCase):
    def test_written_from_the_chart_as_it_is(self):
        done = subprocess.run([ROOT / "tools/install_manifests", "--digest"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_nothing_is_wrong_with_it(self):
        for arguments in ([], ["--namespace", "security", "--replicas", "3", "--set-store", "postgresql://t:p@db.bank:6432/t"]):
            text = install(*arguments)
            for judged in (["assess", "--fail-on", "low", "-"], ["assess", "--pod-security", "restricted", "-"]):
                code, out, error = tally(*judged, text=text)
                self.assertEqual(code, 0, f"{arguments} {judged}\n{out}{error}")

    def test_what_is_wrong_would_be_seen(self):
        text = install()
        for good, bad in (("runAsNonRoot: true", "runAsNonRoot: false"), ("type: RuntimeDefault", "type: Unconfined"),
                          ("drop: [ALL]", "drop: []"), ("[Ingress, Egress]", "[Egress]"), ("limits:", "requests2:"),
                          ("- {port: 53, protocol: TCP}", "- {port: 54, protocol: TCP}")):
            self.assertIn(good, text)
            code, _, _ = tally("assess", "--fail-on", "low", "-", text=text.replace(good, bad))
            self.assertNotEqual(code, 0, bad)

    def test_what_was_chosen(self):
        plain = documents(install())
        chosen = documents(install("--namespace", NAMESPACE, "--image", "r.bank:5000/tally@sha256:" + "a" * 64, "--replicas", "5",
                                   "--set-store", "postgres://u:p%40@ss@db:6432/t?sslmode=verify-full"))
        self.assertEqual({d["metadata"].get("namespace", NAMESPACE) for d in chosen.values()}, {NAMESPACE})
        self.assertEqual(chosen["Namespace", NAMESPACE]["metadata"]["name"], NAMESPACE)
        spec = chosen["Deployment", "tally"]["spec"]
        self.assertEqual(spec["replicas"], 5)
        self.assertEqual(spec["template"]["spec"]["containers"][0]["image"], "r.bank:5000/tally@sha256:" + "a" * 64)
        self.assertEqual(chosen["Secret", "tally-store"]["stringData"]["url"], "postgres://u:p%40@ss@db:6432/t?sslmode=verify-full")
        self.assertEqual(chosen["NetworkPolicy", "tally-store"]["spec"]["egress"][0]["ports"], [{"port": 6432, "protocol": "TCP"}])
        subjects = [s for d in chosen.values() for s in d.get("subjects", [])]
        self.assertEqual({s["namespace"] for s in subjects}, {NAMESPACE})
        self.assertNotIn(("Secret", "tally-store"), plain)
        self.assertEqual(set(chosen) - set(plain), {("Namespace", NAMESPACE), ("Secret", "tally-store"), ("NetworkPolicy", "tally-store")})

    def test_its_configuration_is_read(self):
        found = documents(install("--namespace", "security"))["ConfigMap", "tally"]["data"]["tally.yaml"]
        read = from_yaml(found)
        self.assertEqual(read["serve"]["namespace"], "security")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "tally.yaml"
            pod = pathlib.Path(folder) / "pod.yaml"
            pod.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
            for text, expected in ((found, 0), (found.replace("listen:", "lisen:"), 2)):
                file.write_text(text)
                code, _, error = tally("assess", "--config", str(file), str(pod))
                self.assertEqual(code, expected, error)

    def test_ports_and_names_agree(self):
        all_of_it = documents(install())
        serve = from_yaml(all_of_it["ConfigMap", "tally"]["data"]["tally.yaml"])["serve"]
        container = all_of_it["Deployment", "tally"]["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        self.assertTrue(serve["listen"].endswith(f":{ports['webhook']}"))
        self.assertTrue(serve["listenHealth"].endswith(f":{ports['health']}"))
        self.assertIn(("Service", serve["service"]), all_of_it)
        self.assertIn(("Lease", serve["lease"]), all_of_it)
        self.assertEqual({p["targetPort"] for p in all_of_it["Service", "tally"]["spec"]["ports"]}, set(ports))
        self.assertIn(serve["state"], [mount["mountPath"] for mount in container["volumeMounts"]])
        ingress = all_of_it["NetworkPolicy", "tally"]["spec"]["ingress"]
        self.assertEqual([p["port"] for rule in ingress for p in rule["ports"]], [ports["webhook"]])


class Chart(unittest.TestCase):
    def test_its_version_is_that_of_the_program(self):
        chart = from_yaml((CHART / "Chart.yaml").read_text())
        self.assertEqual(f"tally {chart['appVersion']}\n", tally("version")[1])

    def test_the_schema_knows_the_keys_of_the_configuration(self):
        ours = json.loads((CHART / "values.schema.json").read_text())["properties"]["config"]["properties"]
        real = json.loads((ROOT / "docs/schema/tally.v1alpha1.json").read_text())["properties"]
        not_of_serving = {"apiVersion", "kind", "failOn", "exclude", "defaultNamespace"}
        set_by_the_chart = {"listen", "listenHealth", "namespace", "service", "state", "store", "policies", "certificates",
                            "clientAuthority", "lease"}
        self.assertEqual(set(ours), set(real) - not_of_serving)
        self.assertEqual(set(ours["serve"]["properties"]), set(real["serve"]["properties"]) - set_by_the_chart)
        self.assertEqual(set(ours["enforcement"]["properties"]), set(real["enforcement"]["properties"]))

    def test_the_schema_knows_the_values(self):
        def compare(values, schema, path):
            self.assertEqual(set(values) - set(schema["properties"]), set(), path)
            for key, value in values.items():
                inner = schema["properties"][key]
                if isinstance(value, dict) and "properties" in inner:
                    self.assertIs(inner["additionalProperties"], False, f"{path}.{key}")
                    compare(value, inner, f"{path}.{key}")
        compare(from_yaml((CHART / "values.yaml").read_text()), json.loads((CHART / "values.schema.json").read_text()), "")

    def test_reports_and_exceptions_fit_their_definitions(self):
        definitions = [str(path) for path in sorted((CHART / "crd").glob("*.yaml"))]
        with tempfile.TemporaryDirectory() as folder:
            reports = str(pathlib.Path(folder) / "reports.yaml")
            tally("assess", str(ROOT / "examples/bank"), "-o", f"policyreport={reports}")
            code, out, error = tally("assess", "--fail-on", "low", *definitions, reports)
            self.assertEqual(code, 0, out + error)
            exception = pathlib.Path(folder) / "exception.yaml"
            good = ("apiVersion: tallystick.dev/v1alpha1\nkind: Exception\nmetadata: {name: ex-7}\nspec: {owner: a, reason: b, "
                    "match: {rules: [x], labels: {a: b}}, expires: \"2027-03-31\"}\n")
            for text, expected in ((good, 0), (good.replace("reason: b, ", ""), 2)):
                exception.write_text(text)
                pod = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
                code, out, error = tally("assess", "--exceptions", str(exception), "-", text=pod)
                self.assertEqual(code, expected, out + error)

    @unittest.skipIf(HELM is None, "helm is not here")
    def test_install_prints_what_helm_renders(self):
        done = subprocess.run([ROOT / "tools/install_manifests", "--check"], capture_output=True, text=True,
                              env={**os.environ, "HELM": HELM})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(documents(render("namespace.create=true").stdout), documents(install("--namespace", NAMESPACE)))

    @unittest.skipIf(HELM is None, "helm is not here")
    def test_values_that_helm_takes(self):
        everything = ["store.secret=pg", "crds.policyReports=true", "certificates.secret=tls", "clientAuthority.configMap=ca",
                      r"policies.a\.yaml=kind: X", "config.serve.traces.endpoint=http://o:4318", "config.enforcement.mode=warn",
                      "state.claim=disk", "listenAddress=[::]", "networkPolicy.metricsNamespace=monitoring",
                      "networkPolicy.apiServer.from[0].ipBlock.cidr=10.0.0.1/32", "monitoring.rules=true",
                      "monitoring.dashboard=true", "monitoring.labels.team=a", "image.digest=sha256:" + "b" * 64]
        for settings in ([], ["disruptionBudget.create=false", "networkPolicy.create=false", "crds.exceptions=false"], everything):
            done = render(*settings)
            self.assertEqual(done.returncode, 0, done.stderr)
            code, out, error = tally("assess", "--fail-on", "high", "-", text=done.stdout)
            self.assertEqual(code, 0, f"{settings}\n{out}{error}")
        rendered = documents(done.stdout)
        read = from_yaml(rendered["ConfigMap", "tally"]["data"]["tally.yaml"])
        self.assertEqual(read["serve"]["listen"], "[::]:8443")
        self.assertEqual(read["serve"]["policies"], ["/etc/tally-policies"])
        self.assertEqual(read["enforcement"], {"mode": "warn"})
        self.assertEqual(rendered["PrometheusRule", "tally"]["spec"], from_yaml((ROOT / "deploy/prometheus/rules.yaml").read_text()))
        self.assertEqual(json.loads(rendered["ConfigMap", "tally-dashboard"]["data"]["tally.json"]),
                         json.loads((ROOT / "deploy/grafana/tally.json").read_text()))
        volumes = {v["name"] for v in rendered["Deployment", "tally"]["spec"]["template"]["spec"]["volumes"]}
        self.assertEqual(volumes, {"config", "state", "policies", "certificates", "client-authority"})

    @unittest.skipIf(HELM is None, "helm is not here")
    def test_values_that_helm_refuses(self):
        for setting in ("replicas=0", "replicas=two", "imag.tag=1", "store.url=mysql://x", "config.serve.listen=x",
                        "config.serve.webhookTimeoutSeconds=31", "config.enforcement.mode=block", "seccompProfile.type=Unconfined",
                        "networkPolicy.dns.namespace=A", "policies.readme=text", "image.digest=sha256:1", "listenAddress=localhost",
                        "resources.limits.cpu=fast", "networkPolicy.apiServer.ports[0]=0", "store.url=postgres://a,store.secret=b"):
            done = render(setting)
            self.assertNotEqual(done.returncode, 0, setting)
            self.assertIn("schema", done.stderr, setting)


class Monitoring(unittest.TestCase):
    def check_expression(self, expression, where):
        names = set(re.findall(r"\b(?:tally|process)_\w+", expression))
        self.assertTrue(names, where)
        for name in names:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertTrue(base in METRICS, f"{where}: {name} is no metric of ours")
            self.assertEqual(base != name, "duration_seconds" in base, f"{where}: {name}")
        labels = {label for name in names for label in METRICS[re.sub(r"_(bucket|sum|count)$", "", name)]} | {"le", "job", "instance"}
        used = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expression)
        for group in re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", expression):
            used += re.split(r"\s*,\s*", group.strip())
        self.assertEqual(set(used) - labels, set(), where)
        for opening, closing in ("()", "{}", "[]"):
            self.assertEqual(expression.count(opening), expression.count(closing), where)
        for counter in re.findall(r"(\w+_total)\b", expression):
            self.assertRegex(expression, rf"(?:rate|increase)\({counter}", where)

    def test_alert_rules(self):
        groups = from_yaml((ROOT / "deploy/prometheus/rules.yaml").read_text())["groups"]
        seen = set()
        for rule in (rule for group in groups for rule in group["rules"]):
            name = rule["alert"]
            self.assertNotIn(name, seen)
            seen.add(name)
            self.assertEqual(set(rule) - {"alert", "expr", "for", "labels", "annotations"}, set(), name)
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"), name)
            self.assertEqual(set(rule["annotations"]), {"summary", "description"}, name)
            self.assertRegex(rule.get("for", "1m"), r"^[0-9]+[mh]$", name)
            self.check_expression(rule["expr"], name)
            by = {label for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in re.split(r"\s*,\s*", group)}
            for label in re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])):
                self.assertIn(label, by, f"{name}: the expression drops {label}")
        self.assertGreater(len(seen), 10)

    def test_the_dashboard(self):
        dashboard = json.loads((ROOT / "deploy/grafana/tally.json").read_text())
        panels = dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        shown = set()
        for panel in panels:
            for target in panel.get("targets", []):
                self.check_expression(target["expr"], panel["title"])
                shown |= set(re.findall(r"\b(?:tally|process)_\w+", target["expr"]))
        shown = {re.sub(r"_bucket$", "", name) for name in shown}
        self.assertEqual(set(METRICS) - shown, set(), "not shown")

    def test_an_expression_that_is_wrong_would_be_seen(self):
        for expression in ("tally_leaders", "sum(rate(tally_admission_requests_total{verdit=\"denied\"}[5m]))",
                           "sum by (user) (tally_leader)", "sum(tally_store_dropped_total)", "max(tally_leader",
                           "rate(tally_admission_duration_seconds[5m])", "1 > 2"):
            with self.assertRaises(AssertionError, msg=expression):
                self.check_expression(expression, expression)


if __name__ == "__main__":
    TALLY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    if HELM is None:
        print("manifests: helm was not found (HELM names it): the chart itself is NOT rendered", file=sys.stderr)
    unittest.main()
