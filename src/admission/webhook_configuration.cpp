#include "admission/webhook_configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "assessment/admission.hpp"
#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/kyverno_policies.hpp"
#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "policy_cel/match_resources.hpp"
#include "scalar/base64.hpp"

namespace tally::admission {

using document::Node;
using finding::Mode;
using policy_cel::OperationMask;

namespace {

constexpr std::array<std::string_view, 4> kOperations{"CREATE", "UPDATE", "DELETE", "CONNECT"};
constexpr OperationMask kCreateUpdate = 0x3;
constexpr std::uint32_t kTimeoutMax = 30;  // of the API

// What the cluster needs to stay alive and to be repaired, and what is written every second: not
// asked about by wildcards. A policy that names one of them by name gets it.
constexpr std::array<std::string_view, 14> kNeverByWildcard{"bindings",
                                                            "componentstatuses",
                                                            "endpoints",
                                                            "endpointslices",
                                                            "events",
                                                            "leases",
                                                            "localsubjectaccessreviews",
                                                            "nodes",
                                                            "selfsubjectaccessreviews",
                                                            "selfsubjectreviews",
                                                            "selfsubjectrulesreviews",
                                                            "subjectaccessreviews",
                                                            "tokenreviews",
                                                            "certificatesigningrequests"};

// One cell of what is asked: rules are cells put together.
struct Cell {
  std::string group;
  std::string version;
  std::string resource;  // "pods", "pods/exec", "*"
  std::string scope;     // "*", "Namespaced", "Cluster"
  auto operator<=>(const Cell&) const = default;
};

struct Asked {
  std::map<Cell, OperationMask> fail;
  std::map<Cell, OperationMask> ignore;
  std::uint32_t timeout_seconds = 1;
  // Of every policy, or empty as soon as one has none: whether any of them would look.
  std::vector<std::string> conditions;
  bool has_unconditional = false;

  void add(bool is_fail, Cell cell, OperationMask operations) {
    (is_fail ? fail : ignore)[std::move(cell)] |= operations;
  }
  // A request that waits for us anyway is asked once.
  void settle() {
    for (const auto& [cell, operations] : fail) {
      if (const auto found = ignore.find(cell); found != ignore.end()) {
        found->second &= static_cast<OperationMask>(~operations);
      }
    }
    std::erase_if(ignore, [](const auto& one) { return one.second == 0; });
  }
};

const Node* spec_of(const kube::Object& object) { return object.root.find("spec"); }

bool lets_failures_pass(const kube::Object& object) {
  const Node* spec = spec_of(object);
  const Node* policy = spec == nullptr ? nullptr : spec->find("failurePolicy");
  return policy != nullptr && policy->text() == "Ignore";
}

class Reader {
 public:
  Reader(const Programs& programs, std::span<const ServedResource> served)
      : programs_(programs), served_(served) {}

  void run() {
    own_controls();
    admission_policies();
    classic();
    cel_kinds();
    constraints();
    for (Asked* asked : {&validating, &mutating}) {
      asked->settle();
    }
  }

  Asked validating;
  Asked mutating;

 private:
  // Pod Security and hygiene: pods, and what makes them.
  void own_controls() {
    const input::Enforcement& enforcement = programs_.config().enforcement;
    const auto is_enforced = [](Mode mode) { return mode == Mode::Enforce; };
    const bool enforces =
        is_enforced(enforcement.mode) ||
        (enforcement.new_namespaces && is_enforced(enforcement.new_namespaces->mode)) ||
        std::ranges::any_of(enforcement.scopes,
                            [&](const auto& scope) { return is_enforced(scope.mode); });
    const bool waits = enforces && enforcement.on_doubt == input::OnDoubt::Deny;
    const bool templates_wait = waits && is_enforced(enforcement.pod_controllers);
    static constexpr std::array<std::tuple<std::string_view, std::string_view, bool>, 9> kOwn{{
        {"", "pods", true},
        {"", "pods/ephemeralcontainers", true},
        {"", "replicationcontrollers", false},
        {"apps", "deployments", false},
        {"apps", "replicasets", false},
        {"apps", "statefulsets", false},
        {"apps", "daemonsets", false},
        {"batch", "jobs", false},
        {"batch", "cronjobs", false},
    }};
    for (const auto& [group, resource, is_pod] : kOwn) {
      validating.add(is_pod ? waits : templates_wait,
                     {std::string(group), "v1", std::string(resource), "Namespaced"},
                     kCreateUpdate);
    }
    validating.has_unconditional = true;
  }

  void add_rules(Asked& asked, bool is_fail, std::span<const policy_cel::ResourceRule> rules) {
    for (const policy_cel::ResourceRule& rule : rules) {
      const std::string_view scope = rule.scope == policy_cel::ResourceRule::Scope::All ? "*"
                                     : rule.scope == policy_cel::ResourceRule::Scope::Namespaced
                                         ? "Namespaced"
                                         : "Cluster";
      for (const std::string_view group : rule.groups) {
        for (const std::string_view version : rule.versions) {
          for (const auto& resource : rule.resources) {
            std::string name(resource.name);
            if (!resource.subresource.empty()) {
              name += fmt::format("/{}", resource.subresource);
            }
            add_resource(
                asked, is_fail,
                {std::string(group), std::string(version), std::move(name), std::string(scope)},
                rule.operations);
          }
        }
      }
    }
  }

  // "*" of resources becomes the resources that are served, without those that are never asked
  // about by a wildcard; without knowledge of the server it stays.
  void add_resource(Asked& asked, bool is_fail, const Cell& cell, OperationMask operations) {
    const bool is_wild = cell.resource == "*" || cell.resource == "*/*";
    if (!is_wild || served_.empty()) {
      asked.add(is_fail, cell, operations);
      return;
    }
    for (const ServedResource& resource : served_) {
      const bool fits =
          (cell.group == "*" || cell.group == resource.group) &&
          (cell.version == "*" || cell.version == resource.version) &&
          (cell.scope == "*" || (cell.scope == "Namespaced") == resource.is_namespaced);
      if (!fits || std::ranges::find(kNeverByWildcard, resource.plural) != kNeverByWildcard.end() ||
          resource.group == "admissionregistration.k8s.io") {
        continue;
      }
      asked.add(is_fail,
                {resource.group, resource.version, resource.plural,
                 resource.is_namespaced ? "Namespaced" : "Cluster"},
                operations);
      if (cell.resource == "*/*") {
        asked.add(is_fail,
                  {resource.group, resource.version, resource.plural + "/*",
                   resource.is_namespaced ? "Namespaced" : "Cluster"},
                  operations);
      }
    }
  }

  static void wait_for(Asked& asked, const Node* spec) {
    const Node* seconds = spec == nullptr ? nullptr : spec->find("webhookTimeoutSeconds");
    if (seconds == nullptr && spec != nullptr) {
      const Node* webhook = spec->find("webhookConfiguration");
      seconds = webhook == nullptr ? nullptr : webhook->find("timeoutSeconds");
    }
    const auto value = seconds == nullptr ? std::nullopt : seconds->integer();
    const std::int64_t wanted = std::clamp<std::int64_t>(value.value_or(10), 1, kTimeoutMax);
    asked.timeout_seconds = std::max(asked.timeout_seconds, static_cast<std::uint32_t>(wanted));
  }

  // Conditions of admission policies are the API server's own language; others know more functions.
  void take_conditions(Asked& asked, const Node* spec) {
    const Node* conditions = spec == nullptr ? nullptr : spec->find("matchConditions");
    if (conditions == nullptr || !conditions->is_array() || conditions->size() == 0) {
      asked.has_unconditional = true;
      return;
    }
    std::string all;
    for (const Node& condition : conditions->items()) {
      const Node* expression = condition.find("expression");
      if (expression == nullptr || !expression->is_string()) {
        asked.has_unconditional = true;
        return;
      }
      all += fmt::format("{}({})", all.empty() ? "" : " && ", expression->text());
    }
    asked.conditions.push_back(std::move(all));
  }

  void admission_policies() {
    const auto* admission = programs_.engines().admission;
    if (admission == nullptr) {
      return;
    }
    const auto entries = admission->policies().entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool is_mutating = entries[i].kind == admission_policy::PolicyKind::Mutating;
      Asked& asked = is_mutating ? mutating : validating;
      const auto rules = admission->policies().rules(i);
      const bool is_fail = !lets_failures_pass(*entries[i].object);
      if (rules.empty()) {
        add_resource(asked, is_fail, {"*", "*", "*", "*"}, policy_cel::kEveryOperation);
      }
      add_rules(asked, is_fail, rules);
      wait_for(asked, nullptr);
      take_conditions(asked, spec_of(*entries[i].object));
    }
  }

  static OperationMask mask_of(const std::vector<std::string_view>& names,
                               OperationMask otherwise) {
    OperationMask mask = 0;
    for (std::size_t i = 0; i < kOperations.size(); ++i) {
      if (std::ranges::find(names, kOperations[i]) != names.end()) {
        mask |= static_cast<OperationMask>(1U << i);
      }
    }
    return mask == 0 ? otherwise : mask;
  }

  // Resources of the kinds that a pattern of Kyverno names.
  void add_kinds(Asked& asked, bool is_fail, const kyverno::KindPattern& pattern,
                 OperationMask operations) {
    const bool is_wild = pattern.kind == "*";
    for (const ServedResource& resource : served_) {
      const bool fits =
          wildcard_match(pattern.kind, resource.kind) &&
          wildcard_match(pattern.group.empty() ? "*" : pattern.group, resource.group) &&
          wildcard_match(pattern.version.empty() ? "*" : pattern.version, resource.version);
      const bool is_kept =
          is_wild && std::ranges::find(kNeverByWildcard, resource.plural) != kNeverByWildcard.end();
      if (!fits || is_kept) {
        continue;
      }
      const std::string scope = resource.is_namespaced ? "Namespaced" : "Cluster";
      const std::string_view sub = pattern.subresource;
      std::string name = resource.plural;
      if (!sub.empty()) {
        name += fmt::format("/{}", sub);
      }
      asked.add(is_fail, {resource.group, resource.version, name, scope}, operations);
      // Kyverno matches ephemeral containers with their pods (pkg/utils/match, CheckKind).
      if (sub.empty() && resource.group.empty() && resource.plural == "pods") {
        asked.add(is_fail, {"", resource.version, "pods/ephemeralcontainers", scope}, operations);
      }
    }
  }

  void classic() {
    const auto* kyverno = programs_.engines().kyverno;
    if (kyverno == nullptr) {
      return;
    }
    using kyverno::Phase;
    const kyverno::PolicySet& set = kyverno->classic();
    for (std::uint32_t i = 0; i < set.policies().size(); ++i) {
      const kyverno::PolicyRecord& policy = set.policies()[i];
      const bool can_deny = std::ranges::any_of(policy.rules, [](const auto& rule) {
        return rule.is_enforced || rule.type != kyverno::RuleType::Validation;
      });
      const bool is_fail = can_deny && !lets_failures_pass(*policy.object);
      bool speaks = false;
      for (const Phase phase : {Phase::Mutate, Phase::VerifyImages, Phase::Validate}) {
        for (const kyverno::KindPattern& pattern : set.matched_kinds(i, phase)) {
          speaks = true;
          // pkg/controllers/webhook/controller.go: what a rule that names no operation is asked.
          if (phase != Phase::Validate) {
            add_kinds(mutating, is_fail, pattern, mask_of(pattern.operations, kCreateUpdate));
          }
          if (phase != Phase::Mutate) {
            add_kinds(
                validating, is_fail, pattern,
                mask_of(pattern.operations,
                        phase == Phase::Validate ? policy_cel::kEveryOperation : kCreateUpdate));
          }
        }
      }
      if (speaks) {
        for (Asked* asked : {&validating, &mutating}) {
          wait_for(*asked, spec_of(*policy.object));
          asked->has_unconditional = true;
        }
      }
    }
  }

  void cel_kinds() {
    const auto* kyverno = programs_.engines().kyverno;
    if (kyverno == nullptr) {
      return;
    }
    using kyverno_cel::PolicyKind;
    const auto policies = kyverno->cel().policies();
    for (std::uint32_t i = 0; i < policies.size(); ++i) {
      const kyverno_cel::Policy& policy = policies[i];
      const bool speaks =
          policy.runs_on_admission && policy.mode == kyverno_cel::Mode::Kubernetes &&
          policy.kind != PolicyKind::Deleting && policy.kind != PolicyKind::Generating;
      if (!speaks) {
        continue;
      }
      Asked& asked = policy.kind == PolicyKind::Mutating ? mutating : validating;
      const bool can_deny = policy.kind == PolicyKind::Mutating || policy.is_denied;
      add_rules(asked, can_deny && !policy.ignores_failures, kyverno->cel().rules(i));
      wait_for(asked, spec_of(*policy.object));
      asked.has_unconditional = true;
    }
  }

  // github.com/open-policy-agent/gatekeeper pkg/mutation/match: spec.match.kinds of constraints.
  void constraints() {
    const auto* gatekeeper = programs_.engines().gatekeeper;
    if (gatekeeper == nullptr) {
      return;
    }
    for (const gatekeeper::Constraint& constraint : gatekeeper->set().constraints()) {
      if (constraint.engine == gatekeeper::Engine::RegoOnly) {
        continue;
      }
      const bool is_fail = constraint.enforcement == gatekeeper::Enforcement::Deny;
      const Node* spec = spec_of(*constraint.object);
      const Node* match = spec == nullptr ? nullptr : spec->find("match");
      const Node* kinds = match == nullptr ? nullptr : match->find("kinds");
      if (kinds == nullptr || !kinds->is_array() || kinds->size() == 0) {
        add_resource(validating, is_fail, {"*", "*", "*", "*"}, kCreateUpdate);
      } else {
        for (const Node& one : kinds->items()) {
          add_constraint_kinds(is_fail, one);
        }
      }
      wait_for(validating, nullptr);
      validating.has_unconditional = true;
    }
  }

  void add_constraint_kinds(bool is_fail, const Node& one) {
    const Node* groups = one.find("apiGroups");
    const Node* kinds = one.find("kinds");
    const auto has = [](const Node* list, std::string_view text) {
      return list == nullptr || list->size() == 0 ||
             std::ranges::any_of(list->items(), [&](const Node& item) {
               return item.text() == "*" || item.text() == text;
             });
    };
    for (const ServedResource& resource : served_) {
      if (has(groups, resource.group) && has(kinds, resource.kind) &&
          std::ranges::find(kNeverByWildcard, resource.plural) == kNeverByWildcard.end()) {
        validating.add(is_fail,
                       {resource.group, resource.version, resource.plural,
                        resource.is_namespaced ? "Namespaced" : "Cluster"},
                       kCreateUpdate);
      }
    }
  }

  const Programs& programs_;
  std::span<const ServedResource> served_;
};

std::string quoted(std::string_view text) {
  std::string out;
  document::append_json_string(out, text);
  return out;
}

template <class Texts>
std::string list_of(const Texts& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    out += (out.size() == 1 ? "" : ",") + quoted(text);
  }
  return out + "]";
}

// Cells of equal group, version, operations and scope are one rule.
std::string rules_of(const std::map<Cell, OperationMask>& cells) {
  using Key = std::tuple<std::string, std::string, OperationMask, std::string>;
  std::map<Key, std::set<std::string>> rules;
  for (const auto& [cell, operations] : cells) {
    rules[{cell.group, cell.version, operations, cell.scope}].insert(cell.resource);
  }
  std::string out = "[";
  for (const auto& [key, resources] : rules) {
    const auto& [group, version, operations, scope] = key;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < kOperations.size(); ++i) {
      if ((operations >> i & 1U) != 0) {
        names.push_back(kOperations[i]);
      }
    }
    out += fmt::format(
        R"({}{{"apiGroups":[{}],"apiVersions":[{}],"operations":{},"resources":{},"scope":{}}})",
        out.size() == 1 ? "" : ",", quoted(group), quoted(version), list_of(names),
        list_of(resources), quoted(scope));
  }
  return out + "]";
}

std::string client_config(const WebhookTarget& target, std::string_view path) {
  const std::string bundle =
      target.ca_bundle.empty()
          ? ""
          : fmt::format(R"(,"caBundle":{})", quoted(scalar::encode_base64(target.ca_bundle)));
  if (!target.url.empty()) {
    return fmt::format(R"({{"url":{}{}}})", quoted(target.url + std::string(path)), bundle);
  }
  return fmt::format(R"({{"service":{{"namespace":{},"name":{},"port":443,"path":{}}}{}}})",
                     quoted(target.name_space), quoted(target.service), quoted(path), bundle);
}

std::string conditions_of(const Asked& asked, const WebhookTarget& target) {
  std::string out = "[";
  if (!target.own_user.empty()) {
    out += fmt::format(R"({{"name":"not-tally-itself","expression":{}}})",
                       quoted(fmt::format("request.userInfo.username != '{}'", target.own_user)));
  }
  if (!asked.has_unconditional && !asked.conditions.empty()) {
    std::string any;
    for (const std::string& condition : asked.conditions) {
      any += fmt::format("{}({})", any.empty() ? "" : " || ", condition);
    }
    out += fmt::format(R"({}{{"name":"some-policy-would-look","expression":{}}})",
                       out.size() == 1 ? "" : ",", quoted(any));
  }
  return out + "]";
}

struct WebhookKind {
  std::string_view kind;
  std::string_view word;  // "validate"
  bool is_mutating = false;
};

std::string configuration(const WebhookKind& kind, const Asked& asked,
                          const WebhookTarget& target) {
  if (asked.fail.empty() && asked.ignore.empty()) {
    return {};
  }
  std::string out = fmt::format(
      R"({{"apiVersion":"admissionregistration.k8s.io/v1","kind":"{}","metadata":{{"name":"{}",)"
      R"("labels":{{"app.kubernetes.io/name":"tally","app.kubernetes.io/managed-by":"tally"}}}},"webhooks":[)",
      kind.kind, kConfigurationName);
  const std::uint32_t timeout = std::min(asked.timeout_seconds, target.timeout_seconds_max);
  bool is_first = true;
  for (const bool is_fail : {true, false}) {
    const auto& cells = is_fail ? asked.fail : asked.ignore;
    if (cells.empty()) {
      continue;
    }
    const std::string_view policy = is_fail ? "Fail" : "Ignore";
    out += fmt::format(
        R"({}{{"name":"{}.{}.tallystick.dev","admissionReviewVersions":["v1"],)"
        R"("sideEffects":"NoneOnDryRun","matchPolicy":"Equivalent","timeoutSeconds":{},)"
        R"("failurePolicy":"{}","clientConfig":{},"rules":{},"matchConditions":{},)"
        R"("namespaceSelector":{{"matchExpressions":[{{"key":"kubernetes.io/metadata.name",)"
        R"("operator":"NotIn","values":{}}}]}},"objectSelector":{{}}{}}})",
        is_first ? "" : ",", is_fail ? "fail" : "ignore", kind.word, timeout, policy,
        client_config(target, fmt::format("/{}", kind.word)), rules_of(cells),
        conditions_of(asked, target), list_of(target.exempt_namespaces),
        kind.is_mutating ? R"(,"reinvocationPolicy":"IfNeeded")" : "");
    is_first = false;
  }
  out += "]}";
  return out;
}

}  // namespace

WebhookConfigurations webhook_configurations(const Programs& programs,
                                             std::span<const ServedResource> served,
                                             const WebhookTarget& target) {
  Reader reader(programs, served);
  reader.run();
  return {.validating = configuration(
              {.kind = "ValidatingWebhookConfiguration", .word = "validate", .is_mutating = false},
              reader.validating, target),
          .mutating = configuration(
              {.kind = "MutatingWebhookConfiguration", .word = "mutate", .is_mutating = true},
              reader.mutating, target)};
}

}  // namespace tally::admission
