// Admission at the size of a cluster: sixteen policies that forbid what the Pod Security Standards
// forbid, over pods; a thousand policies of which few concern the request; loading them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "admission_policy/policy_set.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace {

using namespace tally;

constexpr std::string_view kRules[] = {
    "!object.spec.?hostNetwork.orValue(false)",
    "!object.spec.?hostPID.orValue(false)",
    "!object.spec.?hostIPC.orValue(false)",
    "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
    "object.spec.containers.all(c, c.?securityContext.?allowPrivilegeEscalation.orValue(true) == "
    "false)",
    "object.spec.containers.all(c, c.?securityContext.?capabilities.?drop.orValue([]).exists(d, d "
    "== 'ALL'))",
    "object.spec.containers.all(c, c.?securityContext.?capabilities.?add.orValue([]).all(a, a in "
    "['NET_BIND_SERVICE']))",
    "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath))",
    "object.spec.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
    "object.spec.?securityContext.?runAsNonRoot.orValue(false) || object.spec.containers.all(c, "
    "c.?securityContext.?runAsNonRoot.orValue(false))",
    "object.spec.containers.all(c, c.?securityContext.?runAsUser.orValue(1) != 0)",
    "object.spec.?securityContext.?seccompProfile.?type.orValue('RuntimeDefault') in "
    "['RuntimeDefault', 'Localhost']",
    "object.spec.containers.all(c, c.?securityContext.?procMount.orValue('Default') == 'Default')",
    "object.spec.containers.all(c, c.image.startsWith('registry.bank.example/'))",
    "object.spec.containers.all(c, has(c.resources) && has(c.resources.limits) && 'memory' in "
    "c.resources.limits)",
    "object.spec.?securityContext.?sysctls.orValue([]).all(s, s.name in "
    "['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range'])",
};

std::string policy(std::string_view name, std::string_view group, std::string_view resource,
                   std::string_view expression) {
  return fmt::format(
      "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: "
      "{{name: {0}}}\n"
      "spec:\n  failurePolicy: Fail\n  matchConstraints:\n    resourceRules:\n    - {{apiGroups: "
      "[\"{1}\"], apiVersions: "
      "[v1], operations: [CREATE, UPDATE], resources: [{2}]}}\n  validations:\n  - expression: "
      "\"{3}\"\n---\n"
      "apiVersion: admissionregistration.k8s.io/v1\nkind: "
      "ValidatingAdmissionPolicyBinding\nmetadata: {{name: {0}}}\n"
      "spec: {{policyName: {0}, validationActions: [Deny]}}\n---\n",
      name, group, resource, expression);
}

std::string pod(int i) {
  return fmt::format(
      "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{0}, namespace: shop, labels: {{app: "
      "a{0}}}}}\nspec:\n"
      "  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}\n  "
      "containers:\n"
      "  - name: main\n    image: registry.bank.example/a:{0}\n    ports: [{{containerPort: "
      "8080}}]\n"
      "    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}\n"
      "    resources: {{limits: {{cpu: 500m, memory: 256Mi}}}}\n"
      "  - name: side\n    image: registry.bank.example/b:{0}\n"
      "    securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}\n"
      "    resources: {{limits: {{memory: 64Mi}}}}\n---\n",
      i);
}

struct Objects {
  explicit Objects(const std::string& yaml) : source(document::Source::from_text("bench", yaml)) {
    kube::load_api_kinds();
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const auto& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, {}, documents, errors);
    }
    std::vector<kube::NotAnObject> rejected;
    for (const auto& one : documents) {
      kube::append_objects(one, *source, objects, rejected);
    }
  }
  Arena arena;
  std::shared_ptr<const document::Source> source;
  std::vector<kube::Object> objects;
};

std::string sixteen() {
  std::string yaml;
  for (std::size_t i = 0; i < std::size(kRules); ++i) {
    yaml += policy(fmt::format("rule-{}", i), "", "pods", kRules[i]);
  }
  return yaml;
}

void admit_all(benchmark::State& state, const std::string& policies,
               admission_policy::Defaults defaults) {
  Objects given(policies);
  std::string yaml;
  for (int i = 0; i < 1000; ++i) {
    yaml += pod(i);
  }
  Objects pods(yaml);
  admission_policy::PolicyInputs inputs;
  inputs.given = given.objects;
  const auto loaded = admission_policy::PolicySet::load(inputs);
  if (!loaded.problems.empty()) {
    state.SkipWithError(loaded.problems.front().message.c_str());
    return;
  }
  admission_policy::Scratch scratch;
  Arena names;
  std::vector<kube::Review> reviews;
  for (const kube::Object& object : pods.objects) {
    reviews.push_back(kube::Review::from_file_object(object, "default", names));
  }
  admission_policy::AdmitOptions options;
  options.defaults = defaults;
  std::size_t denied = 0;
  for (auto _ : state) {
    for (const kube::Review& review : reviews) {
      denied += loaded.set.admit(review, scratch, options).is_allowed ? 0U : 1U;
    }
  }
  if (denied != 0) {
    state.SkipWithError("a pod was denied");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(reviews.size()));
}

void sixteen_policies(benchmark::State& state) {
  admit_all(state, sixteen(), admission_policy::Defaults::AsIs);
}
BENCHMARK(sixteen_policies);

void sixteen_policies_with_defaults(benchmark::State& state) {
  admit_all(state, sixteen(), admission_policy::Defaults::Apply);
}
BENCHMARK(sixteen_policies_with_defaults);

// A thousand policies of other resources beside them: the index passes them over.
void sixteen_of_a_thousand(benchmark::State& state) {
  std::string yaml = sixteen();
  for (int i = 0; i < 984; ++i) {
    yaml += policy(fmt::format("other-{}", i), "apps", i % 2 == 0 ? "deployments" : "statefulsets",
                   fmt::format("object.spec.replicas != {}", i));
  }
  admit_all(state, yaml, admission_policy::Defaults::AsIs);
}
BENCHMARK(sixteen_of_a_thousand);

void load_a_thousand(benchmark::State& state) {
  std::string yaml;
  for (int i = 0; i < 1000; ++i) {
    yaml += policy(fmt::format("other-{}", i), "apps", "deployments",
                   fmt::format("object.spec.replicas != {}", i));
  }
  Objects given(yaml);
  admission_policy::PolicyInputs inputs;
  inputs.given = given.objects;
  for (auto _ : state) {
    auto loaded = admission_policy::PolicySet::load(inputs);
    benchmark::DoNotOptimize(loaded);
  }
}
BENCHMARK(load_a_thousand)->Unit(benchmark::kMillisecond);

}  // namespace
