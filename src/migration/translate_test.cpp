#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"
#include "migration/proof.hpp"

namespace tally::migration {
namespace {

using document::Node;

// A classic policy with one rule about pods; what the rule says is JSON.
struct Bench {
  Bench() { kube::load_api_kinds(); }

  kube::Object policy(const std::string& json) {
    sources.push_back(document::Source::from_text("policy", json));
    const auto read = document::read_one(*sources.back(), arena);
    EXPECT_TRUE(read) << json;
    return *kube::object_from_node(*read, sources.back().get());
  }
  kube::Object rule(const std::string& rest, const std::string& match = kPods,
                    const std::string& spec = "") {
    return policy(fmt::format(
        R"({{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{{"name":"p"}},)"
        R"("spec":{{{}"rules":[{{"name":"r","match":{},{}}}]}}}})",
        spec, match, rest));
  }

  static constexpr const char* kPods = R"({"any":[{"resources":{"kinds":["Pod"]}}]})";
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
};

std::string at(const Node& node, std::initializer_list<std::string_view> path) {
  const Node* here = &node;
  for (const std::string_view step : path) {
    here = here->is_array() ? (here->size() == 0 ? nullptr : &here->items()[0]) : here->find(step);
    if (here == nullptr) {
      return "";
    }
  }
  if (here->is_string()) {
    return std::string(here->text());
  }
  std::string out;
  document::append_json(out, *here);
  return out;
}

std::string on_one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\n';
    if (!is_space || (!out.empty() && out.back() != ' ' && out.back() != '(')) {
      out += is_space ? ' ' : c;
    }
  }
  for (std::size_t i = out.find(" )"); i != std::string::npos; i = out.find(" )")) {
    out.erase(i, 1);
  }
  return out;
}

struct Row {
  const char* name;
  std::string rest;
  std::string expression;
  std::string match = Bench::kPods;
};

TEST(Translate, Validations) {
  const Row rows[] = {
      {"a label", R"("validate":{"message":"m","pattern":{"metadata":{"labels":{"app":"?*"}}}})",
       "has(object.metadata) && has(object.metadata.labels) && has(object.metadata.labels.app) && "
       "object.metadata.labels.app != ''"},
      {"a key that is no name", R"("validate":{"pattern":{"metadata":{"labels":{"a.b/c":"x"}}}})",
       "has(object.metadata) && has(object.metadata.labels) && 'a.b/c' in object.metadata.labels "
       "&& object.metadata.labels['a.b/c'] == 'x'"},
      {"every container",
       R"("validate":{"pattern":{"spec":{"containers":[{"image":"!*:latest"}]}}})",
       "object.spec.containers.all(container, has(container.image) && "
       "!container.image.endsWith(':latest'))"},
      {"if there", R"j("validate":{"pattern":{"spec":{"=(hostNetwork)":"false"}}})j",
       "!has(object.spec.hostNetwork) || object.spec.hostNetwork == false"},
      {"not there", R"j("validate":{"pattern":{"spec":{"X(hostPID)":"null"}}})j",
       "!has(object.spec.hostPID)"},
      {"a range",
       R"j("validate":{"pattern":{"spec":{"=(securityContext)":{"=(runAsUser)":"1000-2000"}}}})j",
       "!has(object.spec.securityContext) || !has(object.spec.securityContext.runAsUser) || "
       "object.spec.securityContext.runAsUser >= 1000 && object.spec.securityContext.runAsUser <= "
       "2000"},
      {"one of several", R"j("validate":{"pattern":{"spec":{"=(dnsPolicy)":"None | Default"}}})j",
       "!has(object.spec.dnsPolicy) || object.spec.dnsPolicy in ['None', 'Default']"},
      {"a condition on an element",
       R"j("validate":{"pattern":{"spec":{"containers":[{"(image)":"*:latest","imagePullPolicy":"Always"}]}}})j",
       "object.spec.containers.all(container, !(has(container.image) && "
       "container.image.endsWith(':latest')) || has(container.imagePullPolicy) && "
       "container.imagePullPolicy == 'Always')"},
      {"deny with a default",
       R"("validate":{"deny":{"conditions":{"any":[{"key":"{{ request.object.spec.dnsPolicy || '' }}","operator":"Equals","value":"None"}]}}})",
       "object.spec.?dnsPolicy.orValue('') != 'None'"},
      {"deny over a projection",
       R"("validate":{"deny":{"conditions":{"any":[{"key":"{{ request.object.spec.containers[].image }}","operator":"AnyIn","value":["a","b*"]}]}}})",
       "!object.spec.containers.exists(container, has(container.image) && (container.image == 'a' "
       "|| container.image.startsWith('b')))"},
      {"foreach",
       R"("validate":{"foreach":[{"list":"request.object.spec.containers","deny":{"conditions":{"any":[{"key":"{{ element.image }}","operator":"Equals","value":"a"}]}}}]})",
       "object.spec.containers.all(container, container.image != 'a')"},
      {"length",
       R"("validate":{"deny":{"conditions":{"any":[{"key":"{{ length(request.object.spec.containers) }}","operator":"GreaterThan","value":3}]}}})",
       "!(size(object.spec.containers) > 3)"},
      {"cel",
       R"j("validate":{"cel":{"expressions":[{"expression":"has(object.spec.nodeName)"}]}})j",
       "has(object.spec.nodeName)"},
  };
  for (const Row& row : rows) {
    Bench bench;
    const kube::Object policy = bench.rule(row.rest, row.match);
    const Translation made = translate(policy, bench.arena);
    ASSERT_TRUE(made.obstacles.empty()) << row.name << ": " << made.obstacles[0].message;
    ASSERT_EQ(made.policies.size(), 1U) << row.name;
    EXPECT_EQ(on_one_line(at(made.policies[0].policy, {"spec", "validations", "0", "expression"})),
              row.expression)
        << row.name;
    const Proof proof = prove(policy, made, {.objects = 1'500, .seed = 7, .with = {}, .kinds = {}});
    EXPECT_EQ(proof.differing, 0U) << row.name << "\n"
                                   << (proof.difference ? proof.difference->object : "");
    EXPECT_FALSE(proof.is_weak()) << row.name << ": " << proof.summary();
  }
}

struct Refused {
  const char* name;
  std::string rest;
  const char* message;  // a part of it
  std::string match = Bench::kPods;
  std::string spec = "";
};

TEST(Translate, RefusesWhatHasNoEquivalent) {
  const std::string deny = R"("validate":{"deny":{"conditions":{"any":[)";
  const std::string pattern = R"("validate":{"pattern":)";
  const std::string fine = R"j("validate":{"pattern":{"spec":{"X(hostPID)":"null"}}})j";
  const Refused rows[] = {
      {"roles", fine, "roles", R"({"any":[{"resources":{"kinds":["Pod"]},"roles":["a"]}]})"},
      {"cluster roles", fine, "clusterRoles",
       R"({"any":[{"resources":{"kinds":["Pod"]},"clusterRoles":["a"]}]})"},
      {"a subresource", fine, "subresource", R"({"any":[{"resources":{"kinds":["Pod/exec"]}}]})"},
      {"wildcards in a kind", fine, "wildcards in the kind",
       R"({"any":[{"resources":{"kinds":["*Set"]}}]})"},
      {"overrides", fine, "validationFailureActionOverrides", Bench::kPods,
       R"("validationFailureActionOverrides":[{"action":"Audit","namespaces":["a"]}],)"},
      {"pod security", R"("validate":{"podSecurity":{"level":"baseline","version":"latest"}})",
       "podSecurity"},
      {"assert", R"("validate":{"assert":{"spec":{}}})", "assert"},
      {"a variable in a pattern", pattern + R"({"metadata":{"name":"{{ request.namespace }}"}}})",
       "variables"},
      {"a duration", pattern + R"({"metadata":{"labels":{"ttl":"<30m10s"}}}})", "durations"},
      {"a fraction", pattern + R"({"spec":{"priority":1.5}}})", "fraction"},
      {"lists in a list", pattern + R"({"spec":{"containers":[[{"a":"b"}]]}}})", "lists in a list"},
      {"a function",
       deny +
           R"({"key":"{{ parse_yaml(request.object.metadata.name) }}","operator":"Equals","value":"a"}]}}})",
       "parse_yaml"},
      {"an index from the end",
       deny +
           R"({"key":"{{ request.object.spec.containers[-1].image }}","operator":"Equals","value":"a"}]}}})",
       "index"},
      {"a slice",
       deny +
           R"({"key":"{{ request.object.spec.containers[0:1].image }}","operator":"Equals","value":"a"}]}}})",
       "outside"},
      {"an old operator",
       deny +
           R"({"key":"{{ request.object.spec.priority }}","operator":"DurationGreaterThan","value":"1h"}]}}})",
       "DurationGreaterThan"},
      {"images",
       deny + R"({"key":"{{ images.containers.a.tag }}","operator":"Equals","value":"b"}]}}})",
       "images"},
      {"a call of the cluster",
       R"("context":[{"name":"n","apiCall":{"urlPath":"/api/v1/pods"}}],)" + deny +
           R"({"key":"{{ n }}","operator":"Equals","value":1}]}}})",
       "read from the cluster"},
      {"generate", R"("generate":{"apiVersion":"v1","kind":"ConfigMap","name":"a","data":{}})",
       "generate"},
      {"a place in a list",
       R"("mutate":{"patchesJson6902":"- {op: add, path: /spec/containers/0/image, value: b}"})",
       "a place in a list"},
      {"an operation that looks",
       R"("mutate":{"patchesJson6902":"- {op: test, path: /spec/nodeName, value: b}"})",
       "the operation \"test\""},
      {"a path of variables",
       R"("mutate":{"patchesJson6902":"- {op: add, path: '/spec/{{ request.name }}', value: b}"})",
       "path is not one of fields"},
      {"no path", R"("mutate":{"patchesJson6902":"- {op: add, value: b}"})",
       "path is not one of fields"},
      {"no value", R"("mutate":{"patchesJson6902":"- {op: add, path: /spec/nodeName}"})",
       "without a value"},
      {"no list of patches", R"("mutate":{"patchesJson6902":"{op: add"})",
       "no list of JSON patches"},
      {"deletion by null", R"("mutate":{"patchStrategicMerge":{"spec":{"nodeName":null}}})",
       "null"},
      {"a label of pods and templates",
       R"("mutate":{"patchStrategicMerge":{"metadata":{"labels":{"a":"b"}}}})", "templates"},
      {"some elements of a list",
       R"j("mutate":{"patchStrategicMerge":{"spec":{"containers":[{"(image)":"a*","imagePullPolicy":"Always"}]}}})j",
       "some elements"},
      {"a new list element",
       R"("mutate":{"patchStrategicMerge":{"spec":{"imagePullSecrets":[{"name":"a"}]}}})",
       "element"},
      {"parameters",
       R"("validate":{"cel":{"paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"paramRef":{"name":"a","parameterNotFoundAction":"Deny"},"expressions":[{"expression":"true"}]}})",
       "parameters"},
  };
  for (const Refused& row : rows) {
    Bench bench;
    const Translation made = translate(bench.rule(row.rest, row.match, row.spec), bench.arena);
    ASSERT_FALSE(made.obstacles.empty()) << row.name;
    EXPECT_NE(made.obstacles[0].message.find(row.message), std::string::npos)
        << row.name << ": " << made.obstacles[0].message;
    EXPECT_TRUE(made.policies.empty()) << row.name;
  }
}

TEST(Translate, ConstraintsAndSettings) {
  Bench bench;
  const Translation made = translate(
      bench.rule(R"("exclude":{"any":[{"resources":{"namespaces":["kube-*","a"]}}]},)"
                 R"("validate":{"message":"no {{ request.object.metadata.name }}","deny":{}})",
                 R"({"any":[{"resources":{"kinds":["apps/v1/Deployment","CronJob"],)"
                 R"("operations":["UPDATE"]}}]})",
                 R"("validationFailureAction":"enforce","background":false,)"),
      bench.arena);
  ASSERT_EQ(made.policies.size(), 1U);
  const Node& policy = made.policies[0].policy;
  EXPECT_EQ(at(policy, {"kind"}), "ValidatingPolicy");
  EXPECT_EQ(at(policy, {"spec", "validationActions"}), R"(["Deny"])");
  EXPECT_EQ(at(policy, {"spec", "evaluation"}), R"({"background":{"enabled":false}})");
  EXPECT_EQ(at(policy, {"spec", "matchConstraints", "resourceRules"}),
            R"([{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["UPDATE"],)"
            R"("resources":["deployments"]},{"apiGroups":["batch"],"apiVersions":["v1"],)"
            R"("operations":["UPDATE"],"resources":["cronjobs"]}])");
  EXPECT_EQ(at(policy, {"spec", "matchConditions", "0", "expression"}),
            "!(request.namespace == 'a' || request.namespace.startsWith('kube-'))");
  EXPECT_EQ(at(policy, {"spec", "validations", "0", "messageExpression"}),
            "'no ' + object.metadata.name");
}

TEST(Translate, AutogenFollowsTheAnnotation) {
  Bench bench;
  const auto made = [&](const char* controllers) {
    const Translation out = translate(
        bench.policy(fmt::format(
            R"({{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{{"name":"p",)"
            R"("annotations":{{"pod-policies.kyverno.io/autogen-controllers":"{}"}}}},)"
            R"("spec":{{"rules":[{{"name":"r","match":{},"validate":{{"deny":{{}}}}}}]}}}})",
            controllers, Bench::kPods)),
        bench.arena);
    return at(out.policies[0].policy, {"spec", "autogen", "podControllers", "controllers"});
  };
  EXPECT_EQ(made("none"), "[]");
  EXPECT_EQ(made("Deployment,Job"), R"(["deployments","jobs"])");
  EXPECT_EQ(made("all"), "");  // without the field, all of them
}

TEST(Translate, RulesWithOneMatchShareAPolicy) {
  Bench bench;
  const auto rules = [&](const char* second) {
    return translate(
        bench.policy(fmt::format(
            R"({{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{{"name":"p"}},)"
            R"("spec":{{"rules":[{{"name":"a","match":{0},"validate":{{"deny":{{}}}}}},)"
            R"({{"name":"b","match":{1},"validate":{{"deny":{{}}}}}}]}}}})",
            Bench::kPods, second)),
        bench.arena);
  };
  const Translation one = rules(Bench::kPods);
  ASSERT_EQ(one.policies.size(), 1U);
  EXPECT_EQ(at(one.policies[0].policy, {"metadata", "name"}), "p");
  EXPECT_EQ(one.policies[0].rules, (std::vector<std::string>{"a", "b"}));
  const Translation two = rules(R"({"any":[{"resources":{"kinds":["Service"]}}]})");
  ASSERT_EQ(two.policies.size(), 2U);
  EXPECT_EQ(at(two.policies[0].policy, {"metadata", "name"}), "p-a");
  EXPECT_EQ(at(two.policies[1].policy, {"metadata", "name"}), "p-b");
}

TEST(Translate, Mutations) {
  const Row rows[] = {
      {"a field", R"("mutate":{"patchStrategicMerge":{"spec":{"priority":5}}})",
       "Object{spec: Object.spec{priority: 5}}"},
      {"a label, if there is none",
       R"j("mutate":{"patchStrategicMerge":{"metadata":{"labels":{"+(a.b/c)":"x"}}}})j",
       "Object{metadata: Object.metadata{labels: {?'a.b/c': "
       "object.metadata.?labels[?'a.b/c'].hasValue() ? optional.none() : optional.of('x')}}}",
       R"({"any":[{"resources":{"kinds":["Service"]}}]})"},
      {"every container",
       R"j("mutate":{"patchStrategicMerge":{"spec":{"containers":[{"(name)":"*","imagePullPolicy":"Always"}]}}})j",
       "Object{spec: Object.spec{containers: object.spec.containers.map(container, "
       "Object.spec.containers{name: container.name, imagePullPolicy: 'Always'})}}"},
  };
  for (const Row& row : rows) {
    Bench bench;
    const kube::Object policy = bench.rule(row.rest, row.match);
    const Translation made = translate(policy, bench.arena);
    ASSERT_TRUE(made.obstacles.empty()) << row.name << ": " << made.obstacles[0].message;
    EXPECT_EQ(
        at(made.policies[0].policy, {"spec", "mutations", "0", "applyConfiguration", "expression"}),
        row.expression)
        << row.name;
    const Proof proof = prove(policy, made, {.objects = 600, .seed = 3, .with = {}, .kinds = {}});
    EXPECT_EQ(proof.differing, 0U) << row.name << "\n"
                                   << (proof.difference ? proof.difference->object : "");
  }
}

TEST(Translate, JsonPatches) {
  const std::string services = R"({"any":[{"resources":{"kinds":["Service"]}}]})";
  const Row rows[] = {
      {"what may not be there is made",
       R"("mutate":{"patchesJson6902":"- {op: add, path: /metadata/labels/a~1b, value: x}\n- {op: add, path: /metadata/labels/c, value: 'of {{ request.object.metadata.name }}'}"})",
       "(has(object.metadata) ? [] : [JSONPatch{op: 'add', path: '/metadata', value: {}}]) + "
       "(has(object.metadata) && has(object.metadata.labels) ? [] : [JSONPatch{op: 'add', path: "
       "'/metadata/labels', value: {}}]) + [JSONPatch{op: 'add', path: '/metadata/labels/a~1b', "
       "value: 'x'}] + [JSONPatch{op: 'add', path: '/metadata/labels/c', value: 'of ' + "
       "object.metadata.name}]",
       services},
      {"what is not there is not removed",
       R"("mutate":{"patchesJson6902":"- {op: remove, path: /spec/externalName}"})",
       "(has(object.spec.externalName) ? [JSONPatch{op: 'remove', path: '/spec/externalName'}] : "
       "[])",
       services},
      {"what is not there is not replaced",
       R"("mutate":{"patchesJson6902":"- {op: replace, path: /spec/clusterIP, value: None}"})",
       "([object.spec.clusterIP].size() == 1 ? [JSONPatch{op: 'replace', path: "
       "'/spec/clusterIP', value: 'None'}] : [])",
       services},
      {"the end of a list, and mixed types",
       R"("mutate":{"patchesJson6902":"- {op: add, path: /spec/tolerations/-, value: {key: night, tolerationSeconds: 5}}"})",
       "(has(object.spec.tolerations) ? [] : [JSONPatch{op: 'add', path: '/spec/tolerations', "
       "value: []}]) + [JSONPatch{op: 'add', path: '/spec/tolerations/-', value: {'key': "
       "dyn('night'), 'tolerationSeconds': dyn(5)}}]"},
  };
  for (const Row& row : rows) {
    Bench bench;
    const kube::Object policy = bench.rule(row.rest, row.match);
    const Translation made = translate(policy, bench.arena);
    ASSERT_TRUE(made.obstacles.empty()) << row.name << ": " << made.obstacles[0].message;
    EXPECT_EQ(at(made.policies[0].policy, {"spec", "mutations", "0", "jsonPatch", "expression"}),
              row.expression)
        << row.name;
    const Proof proof = prove(policy, made, {.objects = 600, .seed = 3, .with = {}, .kinds = {}});
    EXPECT_EQ(proof.differing, 0U) << row.name << "\n"
                                   << (proof.difference ? proof.difference->object : "");
  }
}

TEST(Prove, FindsTheObjectOnWhichTwoPoliciesDiffer) {
  Bench bench;
  const auto rule = [&](const char* pattern) {
    return bench.rule(fmt::format(R"("validate":{{"pattern":{{"spec":{}}}}})", pattern));
  };
  // The classic policy looks at priorities from 10, the "translation" from 11.
  const kube::Object policy = rule(R"j({"=(priority)":"<10","=(nodeName)":"a*"})j");
  const kube::Object other = rule(R"j({"=(priority)":"<11","=(nodeName)":"a*"})j");
  const Translation wrong = translate(other, bench.arena);
  const Proof proof = prove(policy, wrong, {.objects = 3'000, .seed = 1, .with = {}, .kinds = {}});
  ASSERT_TRUE(proof.difference);
  EXPECT_EQ(proof.difference->classic.decision, Decision::Denied);
  EXPECT_EQ(proof.difference->translated.decision, Decision::Allowed);
  EXPECT_NE(proof.difference->object.find("priority: 10"), std::string::npos);
  EXPECT_EQ(proof.difference->object.find("nodeName"), std::string::npos)
      << proof.difference->object;
  EXPECT_EQ(proof.difference->object.find("labels"), std::string::npos);
}

TEST(Prove, TheSameSeedMakesTheSameObjects) {
  Bench bench;
  const kube::Object policy =
      bench.rule(R"("validate":{"pattern":{"spec":{"containers":[{"image":"a* | b*"}]}}})");
  const Translation made = translate(policy, bench.arena);
  const auto summary = [&](std::uint64_t seed) {
    return prove(policy, made, {.objects = 500, .seed = seed, .with = {}, .kinds = {}}).summary();
  };
  EXPECT_EQ(summary(4), summary(4));
  EXPECT_NE(summary(4), summary(5));
}

TEST(Prove, SaysWhenItSawOneSideOnly) {
  Bench bench;
  const kube::Object policy = bench.rule(R"("validate":{"deny":{}})");
  const Proof proof = prove(policy, translate(policy, bench.arena),
                            {.objects = 50, .seed = 1, .with = {}, .kinds = {}});
  EXPECT_TRUE(proof.is_weak());
  EXPECT_NE(proof.summary().find("a weak proof"), std::string::npos);
}

}  // namespace
}  // namespace tally::migration
