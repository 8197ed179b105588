#include "kube/internal/structure_cases.hpp"

namespace tally::kube {
namespace {

constexpr const char* kDeployment = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, creationTimestamp: null}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      nodeSelector: null
      volumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}]
      containers:
      - name: main
        image: registry.example/web:1
        ports: [{containerPort: 8080, name: http}]
        env: [{name: A_B, value: "1"}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1, memory: 0.25Gi}}
        volumeMounts: [{name: data, mountPath: /data}]
status: {}
)";

TEST(Structure, AcceptsWhatTheServerAccepts) {
  expect_rows({
      {"deployment", kDeployment, {}},
      {"generateName",
       "{apiVersion: v1, kind: Pod, metadata: {generateName: x-}, spec: {containers: [{name: a, "
       "image: b}]}}",
       {}},
      {"headless service",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None}}",
       {}},
      {"names that are a segment of a path",
       "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.}, "
       "spec: {groupPriorityMinimum: 1, versionPriority: 1}}",
       {}},
      {"external name",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName, "
       "externalName: example.org}}",
       {}},
      {"expressions",
       "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {selector: "
       "{matchExpressions: [{key: app, operator: In, values: [x, z]}, {key: old, operator: "
       "DoesNotExist}]}, template: {metadata: {labels: {app: z}}, spec: {containers: [{name: a, "
       "image: b}]}}}}",
       {}},
      {"roles have path segment names",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "
       "'system:x_Y'}, rules: null}",
       {}},
      {"reviews have no name",
       "{apiVersion: authorization.k8s.io/v1, kind: SubjectAccessReview, spec: {user: a}}",
       {}},
      {"free form",
       "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: a}, revision: 1, data: "
       "{anything: [1, {goes: true}]}}",
       {}},
      {"custom resource",
       "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a}, spec: {what: ever}}",
       {}},
      {"kustomization",
       "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [a.yaml]}",
       {}},
      {"beta kind of a served group",
       "{apiVersion: resource.k8s.io/v1beta1, kind: ResourceClaim, metadata: {name: a}}",
       {}},
      {"secret",
       "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {k: YWJj, e: ''}, stringData: "
       "{x: z}}",
       {}},
      {"port may be a text",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, targetPort: "
       "http}]}}",
       {}},
      {"quantities",
       "{apiVersion: v1, kind: LimitRange, metadata: {name: a}, spec: {limits: [{type: Container, "
       "max: {cpu: 1e3, memory: '1.5'}}]}}",
       {}},
      {"controller of old",
       "{apiVersion: v1, kind: ReplicationController, metadata: {name: a}, spec: {template: "
       "{metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}}",
       {}},
  });
}

TEST(Structure, RefusesFields) {
  expect_rows({
      {"capitals",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, Image: b, "
       "image: c}]}}",
       {"unknown-field /spec/containers/0/Image: unknown field \"spec.containers[0].Image\": did "
        "you mean \"image\"?"}},
      {"typing error",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "imagePulPolicy: Always}]}}",
       {"unknown-field /spec/containers/0/imagePulPolicy: unknown field "
        "\"spec.containers[0].imagePulPolicy\": did you mean \"imagePullPolicy\"?"}},
      {"nothing near",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b}], "
       "qqqqqqqqqq: 1}}",
       {"unknown-field /spec/qqqqqqqqqq: unknown field \"spec.qqqqqqqqqq\""}},
      {"one level too high",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: "
       "{matchLabels: {a: b}}, containers: [], template: {metadata: {labels: {a: b}}, spec: "
       "{containers: [{name: a, image: b}]}}}}",
       {"misplaced-field /spec/containers: unknown field \"spec.containers\": it belongs at "
        "spec.template.spec.containers"}},
      {"one level too low",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: "
       "{matchLabels: {a: b}}, template: {replicas: 2, metadata: {labels: {a: b}}, spec: "
       "{containers: [{name: a, image: b}]}}}}",
       {"misplaced-field /spec/template/replicas: unknown field \"spec.template.replicas\": it "
        "belongs at spec.replicas"}},
      {"name at the top",
       "{apiVersion: v1, kind: ConfigMap, name: a}",
       {"misplaced-field /name: unknown field \"name\": it belongs at metadata.name",
        "required-field /metadata: metadata.name: Required value: name or generateName is "
        "required"}},
      {"container setting on the pod",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {securityContext: "
       "{allowPrivilegeEscalation: false}, containers: [{name: a, image: b}]}}",
       {"misplaced-field /spec/securityContext/allowPrivilegeEscalation: unknown field "
        "\"spec.securityContext.allowPrivilegeEscalation\": it belongs at "
        "spec.containers[].securityContext.allowPrivilegeEscalation"}},
      {"label outside labels",
       "{apiVersion: v1, kind: Namespace, metadata: {name: a}, pod-security.kubernetes.io/enforce: "
       "baseline}",
       {"misplaced-field /pod-security.kubernetes.io~1enforce: unknown field "
        "\"pod-security.kubernetes.io/enforce\": it belongs at metadata.labels"}},
      {"moved between versions",
       "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: "
       "{defaultBackend: {serviceName: x}}}",
       {"misplaced-field /spec/defaultBackend/serviceName: unknown field "
        "\"spec.defaultBackend.serviceName\": it belongs at spec.defaultBackend.service.name"}},
  });
}

TEST(Structure, RefusesTypesAndValues) {
  expect_rows({
      {"number for text",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {port: 8080}}",
       {"wrong-type /data/port: data[port]: found the number 8080, expected a string: write "
        "\"8080\""}},
      {"boolean for text",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {sure: yes}}",
       {"wrong-type /data/sure: data[sure]: found the boolean true, expected a string: quote the "
        "text"}},
      {"text for number",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: '80'}]}}",
       {"wrong-type /spec/ports/0/port: spec.ports[0].port: found the string \"80\", expected an "
        "integer (32 bits)"}},
      {"fraction",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80.5}]}}",
       {"wrong-type /spec/ports/0/port: spec.ports[0].port: found the number 80.5"}},
      {"out of 32 bits",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 99999999999}]}}",
       {"wrong-type /spec/ports/0/port: spec.ports[0].port: found the number 99999999999, expected "
        "an integer (32 bits)"}},
      {"map for list",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: {name: a, image: b}}}",
       {"wrong-type /spec/containers: spec.containers: found a map, expected a list"}},
      {"list for map",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: []}",
       {"wrong-type /spec: spec: found a list, expected a map"}},
      {"secrets are not printed",
       "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {pin: 4711}, data: {k: "
       "'%%'}}",
       {"invalid-value /data/k: data[k]: illegal base64 data: encode the value",
        "wrong-type /stringData/pin: stringData[pin]: found a number, expected a string: quote the "
        "value"}},
      {"environment values are not printed",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "env: [{name: A, value: 1}]}]}}",
       {"wrong-type /spec/containers/0/env/0/value: spec.containers[0].env[0].value: found a "
        "number, expected a string: quote the value"}},
      {"enum",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "imagePullPolicy: always}]}}",
       {"unsupported-value /spec/containers/0/imagePullPolicy: spec.containers[0].imagePullPolicy: "
        "Unsupported value: \"always\": supported values: \"Always\", \"IfNotPresent\", \"Never\"; "
        "did you mean \"Always\"?"}},
      {"quantity",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "resources: {limits: {memory: 1 GB}}}]}}",
       {"invalid-quantity /spec/containers/0/resources/limits/memory: "
        "spec.containers[0].resources.limits[memory]: found \"1 GB\": quantities must match"}},
      {"request above limit",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "resources: {requests: {cpu: 1.5}, limits: {cpu: 1200m}}}]}}",
       {"request-above-limit /spec/containers/0/resources/requests/cpu: "
        "spec.containers[0].resources.requests: Invalid value: \"1.5\": must be less than or equal "
        "to cpu limit of 1200m"}},
      {"negative",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "resources: {limits: {cpu: -1}}}]}}",
       {"invalid-quantity /spec/containers/0/resources/limits/cpu: "
        "spec.containers[0].resources.limits.cpu: Invalid value: -1: must be greater than or equal "
        "to 0"}},
      {"port",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "ports: [{containerPort: 70000, name: A}]}]}}",
       {"invalid-port /spec/containers/0/ports/0/containerPort: "
        "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and "
        "65535, inclusive",
        "invalid-port /spec/containers/0/ports/0/name: spec.containers[0].ports[0].name: Invalid "
        "value: \"A\": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"}},
      {"volume",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, "
       "volumeMounts: [{name: data, mountPath: /}]}]}}",
       {"reference-not-found /spec/containers/0/volumeMounts/0/name: "
        "spec.containers[0].volumeMounts[0].name: Not found: \"data\""}},
      {"same container name",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {initContainers: [{name: a, image: "
       "b}], containers: [{name: a, image: b}]}}",
       {"duplicate-name /spec/initContainers/0/name: spec.initContainers[0].name: Duplicate value: "
        "\"a\""}},
      {"schedule",
       "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: every day, "
       "jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "
       "b}]}}}}}}",
       {"invalid-value /spec/schedule: spec.schedule: Invalid value: \"every day\": expected "
        "exactly 5 fields"}},
      {"restart policy",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: "
       "{matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, "
       "containers: [{name: a, image: b}]}}}}",
       {"unsupported-value /spec/template/spec/restartPolicy: spec.template.spec.restartPolicy: "
        "Unsupported value: \"Never\": supported values: \"Always\""}},
      {"role reference",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}, "
       "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}, subjects: [{kind: "
       "Robot, name: r}]}",
       {"unsupported-value /roleRef/kind: roleRef.kind: Unsupported value: \"Role\": supported "
        "values: \"ClusterRole\"",
        "unsupported-value /subjects/0/kind: subjects[0].kind: Unsupported value: \"Robot\""}},
      {"selector operator",
       "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
       "{podSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}, {key: a, operator: "
       "Exists, values: [b]}]}}}",
       {"invalid-value /spec/podSelector/matchExpressions/0/operator: "
        "spec.podSelector.matchExpressions[0].operator: Invalid value: \"Is\": not a valid "
        "selector operator",
        "invalid-value /spec/podSelector/matchExpressions/1/values: "
        "spec.podSelector.matchExpressions[1].values: Forbidden: may not be specified"}},
  });
}

TEST(Structure, RefusesWhatIsMissing) {
  expect_rows({
      {"selector, labels and image",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: "
       "{containers: [{name: a}]}}}}",
       {"required-field /spec/selector: spec.selector: Required value",
        "required-field /spec/template/spec/containers/0/image: "
        "spec.template.spec.containers[0].image: Required value",
        "selector-mismatch /spec/template/metadata/labels: spec.template.metadata.labels: Invalid "
        "value: `selector` does not match template `labels`"}},
      {"spec",
       "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}}",
       {"required-field /spec/selector: spec.selector: Required value",
        "required-field /spec/template: spec.template: Required value"}},
      {"null counts as missing",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: null}}",
       {"required-field /spec/containers: spec.containers: Required value"}},
      {"no container",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}",
       {"required-field /spec/containers: spec.containers: Required value"}},
      {"container name",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{image: b}]}}",
       {"required-field /spec/containers/0/name: spec.containers[0].name: Required value"}},
      {"mismatch",
       "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a}, spec: {selector: "
       "{matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: "
       "a, image: b}]}}}}",
       {"selector-mismatch /spec/template/metadata/labels: spec.template.metadata.labels: Invalid "
        "value: `selector` does not match template `labels`: found 1 labels"}},
      {"empty selector",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {}, "
       "template: {metadata: {labels: {a: c}}, spec: {containers: [{name: a, image: b}]}}}}",
       {"invalid-value /spec/selector: spec.selector: Invalid value: {}: empty selector is invalid "
        "for deployment"}},
      {"job restart policy",
       "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: "
       "{containers: [{name: a, image: b}]}}}}",
       {"required-field /spec/template/spec/restartPolicy: spec.template.spec.restartPolicy: "
        "Required value: valid values: \"OnFailure\", \"Never\""}},
      {"service ports",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {a: b}}}",
       {"required-field /spec/ports: spec.ports: Required value"}},
      {"names of several ports",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 1, name: a}, "
       "{port: 2}]}}",
       {"required-field /spec/ports/1/name: spec.ports[1].name: Required value"}},
      {"rbac rule",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: "
       "[{verbs: []}]}",
       {"required-field /rules/0/apiGroups: rules[0].apiGroups: Required value: resource rules "
        "must supply at least one api group",
        "required-field /rules/0/resources: rules[0].resources: Required value",
        "required-field /rules/0/verbs: rules[0].verbs: Required value: verbs must contain at "
        "least one value"}},
      {"subject namespace",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, "
       "roleRef: {kind: Role, name: x}, subjects: [{kind: ServiceAccount, name: r}]}",
       {"required-field /subjects/0/namespace: subjects[0].namespace: Required value"}},
      {"metadata of a custom resource",
       "{apiVersion: example.org/v1, kind: Thing, name: a}",
       {"required-field /metadata: metadata.name: Required value: name or generateName is "
        "required; found name \"a\" at the top: it belongs under metadata"}},
  });
}

TEST(Structure, RefusesNamesLabelsAndVersions) {
  expect_rows({
      {"object name",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: Not_A_Name}}",
       {"invalid-name /metadata/name: metadata.name: Invalid value: \"Not_A_Name\": a lowercase "
        "RFC 1123 subdomain"}},
      {"namespace is a label",
       "{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}",
       {"invalid-name /metadata/name: metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 "
        "label"}},
      {"container name",
       "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: A, image: "
       "b}]}}",
       {"invalid-name /spec/containers/0/name: spec.containers[0].name: Invalid value: \"A\": a "
        "lowercase RFC 1123 label"}},
      {"label value",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {team: a b}}}",
       {"invalid-label /metadata/labels/team: metadata.labels: Invalid value: \"a b\": a valid "
        "label must be"}},
      {"label key",
       "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a, labels: {-x: b}, "
       "annotations: {'a/b/c': d}}}",
       {"invalid-label /metadata/annotations/a~1b~1c: metadata.annotations: Invalid value: "
        "\"a/b/c\": a valid label key",
        "invalid-label /metadata/labels/-x: metadata.labels: Invalid value: \"-x\": name part must "
        "consist of"}},
      {"removed",
       "{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}}",
       {"removed-api /apiVersion: no matches for kind \"Deployment\" in version "
        "\"extensions/v1beta1\": Kubernetes 1.16 removed it; use apps/v1"}},
      {"removed kind",
       "{apiVersion: policy/v1beta1, kind: PodSecurityPolicy, metadata: {name: a}}",
       {"removed-api /apiVersion: no matches for kind \"PodSecurityPolicy\" in version "
        "\"policy/v1beta1\": Kubernetes 1.25 removed it; use Pod Security Standards"}},
      {"wrong group",
       "{apiVersion: v1, kind: Deployment, metadata: {name: a}}",
       {"unknown-kind /apiVersion: no matches for kind \"Deployment\" in version \"v1\": expected "
        "apiVersion apps/v1"}},
      {"wrong kind",
       "{apiVersion: apps/v1, kind: Deploymnt, metadata: {name: a}}",
       {"unknown-kind /kind: no matches for kind \"Deploymnt\" in version \"apps/v1\": expected "
        "kind Deployment"}},
  });
}

TEST(Structure, KnowsPositionsFoundAndExpected) {
  const Checked result = check(
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n  - prt: 80\n    "
      "port: x\n");
  ASSERT_EQ(result.problems.size(), 2U) << result.lines().size();
  EXPECT_EQ(result.source->position(result.problems[0].offset), (Position{7, 5}));
  EXPECT_EQ(result.problems[0].found, "prt");
  EXPECT_EQ(result.problems[0].expected, "\"port\"");
  EXPECT_EQ(result.source->position(result.problems[1].offset), (Position{8, 11}));
  EXPECT_EQ(result.problems[1].found, "the string \"x\"");
}

TEST(Structure, StopsAtTheLimit) {
  const auto with_unknown = [](std::size_t count) {
    std::string text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}";
    for (std::size_t i = 0; i < count; ++i) {
      text += ", zzzzzzzz" + std::to_string(i) + ": 1";
    }
    return check(text + "}").problems;
  };
  EXPECT_EQ(with_unknown(kStructureProblemsMax).size(), kStructureProblemsMax);
  const auto problems = with_unknown(kStructureProblemsMax + 1);
  ASSERT_EQ(problems.size(), kStructureProblemsMax + 1);
  EXPECT_EQ(problems.back().kind, StructureProblemKind::TooManyProblems);
}

TEST(Structure, ListsManyDuplicatesWithoutComparingPairs) {
  std::string text = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [";
  for (int i = 0; i < 20'000; ++i) {
    text += "{name: c" + std::to_string(i == 19'999 ? 7 : i) + ", image: b}, ";
  }
  const auto lines = check(text + "]}}").lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("duplicate-name /spec/containers/19999/name")) << lines[0];
}

TEST(Structure, ChecksAreListedInOrder) {
  const auto checks = structure_checks();
  for (std::size_t i = 0; i < checks.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(checks[i].kind), i);
    EXPECT_FALSE(checks[i].id.empty());
    EXPECT_TRUE(checks[i].description.ends_with('.')) << checks[i].id;
    EXPECT_TRUE(checks[i].remedy.ends_with('.')) << checks[i].id;
  }
  EXPECT_EQ(checks.size(), static_cast<std::size_t>(StructureProblemKind::TooManyProblems) + 1);
}

}  // namespace
}  // namespace tally::kube
