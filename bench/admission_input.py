"""Input of the admission benches: AdmissionReviews of 4 KB and more, and policies of every kind that the webhook judges by.

All of it is made up here; the same numbers give the same bytes.
"""

import json


def pod(number):
    """A pod as an API server hands it to a webhook: defaults set, volumes and tokens injected, about 4 KB."""
    name = f"orders-{number % 40}-7d9c6b5f4-{number:05d}"
    container = lambda index: {
        "name": f"worker-{index}",
        "image": f"registry.example/orders/worker:{number % 7}.{index}.3",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--queue", f"orders-{number % 40}", "--region", "north"],
        "env": [{"name": f"SETTING_{k}", "value": f"value-{(number * 31 + k) % 997}"} for k in range(10)],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
                          "successThreshold": 1, "failureThreshold": 3},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
                           "successThreshold": 1, "failureThreshold": 3},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/orders", "readOnly": True},
                         {"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsNonRoot": True,
                            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": f"team-{number % 25}", "uid": f"00000000-0000-4000-8000-{number:012d}",
                     "labels": {"app.kubernetes.io/name": "orders", "team": f"team-{number % 25}", "tier": "backend",
                                "pod-template-hash": "7d9c6b5f4"},
                     "annotations": {"checksum/config": f"{number % 40:064d}"},
                     "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"orders-{number % 40}-7d9c6b5f4",
                                          "uid": "11111111-0000-4000-8000-000000000000", "controller": True,
                                          "blockOwnerDeletion": True}]},
        "spec": {"containers": [container(0), container(1)], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
                 "dnsPolicy": "ClusterFirst", "serviceAccountName": "orders", "serviceAccount": "orders",
                 "automountServiceAccountToken": False, "schedulerName": "default-scheduler", "priority": 0,
                 "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority",
                 "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                 "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                                 {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
                                  "tolerationSeconds": 300}],
                 "volumes": [{"name": "config", "configMap": {"name": "orders", "defaultMode": 420}},
                             {"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [
                                 {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                                 {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}]},
    }


def review(number):
    body = pod(number)
    if number % 10 == 0:  # one in ten breaks a rule
        body["spec"]["containers"][0]["securityContext"]["privileged"] = True
        del body["metadata"]["labels"]["team"]
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": f"22222222-0000-4000-8000-{number:012d}",
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "name": body["metadata"]["name"], "namespace": body["metadata"]["namespace"], "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller",
                     "groups": ["system:serviceaccounts", "system:authenticated"]},
        "object": body, "oldObject": None, "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}}


def write_reviews(path, count):
    with open(path, "w") as out:
        for number in range(count):
            out.write(json.dumps(review(number), separators=(",", ":")) + "\n")


def policy(number):
    """Half ValidatingAdmissionPolicies, a quarter classic Kyverno policies, a quarter Kyverno's CEL policies; all about pods."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
    checks = [
        ("object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || "
         "!c.securityContext.privileged)", "privileged containers"),
        ("object.spec.containers.all(c, c.image.startsWith('registry.example/'))", "registry"),
        ("object.spec.containers.all(c, has(c.resources.limits) && 'memory' in c.resources.limits)", "memory limits"),
        ("has(object.metadata.labels) && object.metadata.labels.exists(k, k == 'team')", "team"),
        ("!has(object.spec.hostNetwork) || !object.spec.hostNetwork", "host network"),
    ]
    expression, message = checks[number % len(checks)]
    validations = [{"expression": f"({expression}) || {number} < 0", "message": f"{message} ({number})"}]
    kind = number % 4
    if kind < 2:
        return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
                "metadata": {"name": f"vap-{number}"},
                "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": validations}}
    if kind == 2:
        return {"apiVersion": "policies.kyverno.io/v1", "kind": "ValidatingPolicy", "metadata": {"name": f"vpol-{number}"},
                "spec": {"matchConstraints": {"resourceRules": [rule]}, "validationActions": ["Deny"], "validations": validations}}
    patterns = [{"spec": {"containers": [{"image": "registry.example/*"}]}}, {"metadata": {"labels": {"team": "?*"}}},
                {"spec": {"=(hostNetwork)": False}}, {"spec": {"containers": [{"resources": {"limits": {"memory": "?*"}}}]}}]
    return {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": f"cpol-{number}"},
            "spec": {"validationFailureAction": "Enforce", "rules": [
                {"name": "rule", "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
                 "validate": {"message": f"pattern {number}", "pattern": patterns[number // 4 % len(patterns)]}}]}}


def write_policies(path, count, first=0):
    with open(path, "w") as out:
        for number in range(first, first + count):
            out.write("---\n" + json.dumps(policy(number)) + "\n")
