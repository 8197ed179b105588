// Check: a rule that one of the Pod Security Standards' controls says the same of.
//   by the fields that it reads, in a pattern, a condition or an expression; rules that use
//   validate.podSecurity do so already
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
#include "pod_security/pod_security.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kyverno/internal/nodes.hpp"
#include "kyverno/lint/internal/policy_view.hpp"
#include "pattern/anchor.hpp"

namespace tally::kyverno::lint {

using document::Node;

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "pod-security-says-the-same",
    .title = "A Pod Security check examines this",
    .description =
        "The API server has this control built in, for all containers, at the level of the pod "
        "as well, and kept up to date with Kubernetes. The rule may be stricter than it; if it "
        "is not meant to be, one policy less has to be kept.",
    .remedy =
        "Label the namespace with the level, or use validate.podSecurity with this control; "
        "`tally explain` describes the check.",
    .severity = finding::Severity::Info,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

struct Field {
  std::string_view path;   // as it stands in texts without `?`, `[]` and anchors
  std::string_view check;  // of pod_security
};
constexpr auto kFields = std::to_array<Field>({
    {"securityContext.privileged", "privileged"},
    {"spec.hostNetwork", "hostNamespaces"},
    {"spec.hostPID", "hostNamespaces"},
    {"spec.hostIPC", "hostNamespaces"},
    {"volumes.X(hostPath)", "hostPathVolumes"},
    {"ports.hostPort", "hostPorts"},
    {"securityContext.allowPrivilegeEscalation", "allowPrivilegeEscalation"},
    {"securityContext.capabilities.drop", "capabilities_restricted"},
    {"securityContext.capabilities.add", "capabilities_baseline"},
    {"securityContext.runAsNonRoot", "runAsNonRoot"},
    {"securityContext.runAsUser", "runAsUser"},
    {"securityContext.seccompProfile", "seccompProfile_restricted"},
    {"securityContext.procMount", "procMount"},
    {"securityContext.seLinuxOptions", "seLinuxOptions"},
    {"securityContext.sysctls", "sysctls"},
    {"windowsOptions.hostProcess", "windowsHostProcess"},
});

// Paths of a pattern, a line each, without indices and anchors; X() stays.
void append_paths(const Node& node, const std::string& path, std::size_t depth, std::string& out) {
  if (depth > 64) {
    return;
  }
  for (const document::Member member : node.members()) {
    const auto anchor = pattern::parse_anchor(member.key);
    // An element that is chosen by a field is not judged by it.
    if (anchor && anchor->kind == pattern::AnchorKind::Condition) {
      continue;
    }
    const bool is_absent = anchor && anchor->kind == pattern::AnchorKind::Negation;
    const std::string below =
        path + (is_absent ? fmt::format(".X({})", anchor->key)
                          : fmt::format(".{}", anchor ? anchor->key : member.key));
    out.append(below).append("\n");
    append_paths(member.value, below, depth + 1, out);
  }
  if (node.is_array()) {
    for (const Node& item : node.items()) {
      append_paths(item, path, depth + 1, out);
    }
  }
}

std::string plain(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') {
      const std::size_t close = text.find(']', i);
      // [] and [*] and [0]; other brackets stay.
      if (close != std::string_view::npos && close - i <= 2) {
        i = close;
        continue;
      }
    }
    if (text[i] != '?') {
      out += text[i];
    }
  }
  return out;
}

void judge(const PolicyView& policy, const RuleView* rule, Place place, const std::string& texts,
           Report& report) {
  std::vector<std::string> named;
  for (const Field& field : kFields) {
    if (!has_word(texts, field.path)) {
      continue;
    }
    for (const finding::Check* check : pod_security::all_checks()) {
      std::string name = fmt::format("`{}` ({})", check->id, check->policy);
      if (check->id == field.check && std::ranges::find(named, name) == named.end()) {
        named.push_back(std::move(name));
      }
    }
  }
  if (!named.empty()) {
    report.add(
        kRecord, policy, rule, std::move(place),
        fmt::format("the Pod Security {} {} {} the same field{}",
                    named.size() == 1 ? "check" : "checks", fmt::join(named, ", "),
                    named.size() == 1 ? "examines" : "examine", named.size() == 1 ? "" : "s"));
  }
}

void run(const PolicyView& policy, Report& report) {
  for (const RuleView& rule : policy.rules) {
    if (rule.validate == nullptr || !is_about_pods(rule) ||
        rule.validate->find("podSecurity") != nullptr) {
      continue;
    }
    std::string texts;
    for (const PatternView& pattern : patterns_of(rule)) {
      append_paths(*pattern.node, "", 0, texts);
    }
    for (const std::string_view field : {"deny", "foreach", "cel"}) {
      if (const Node* part = rule.validate->find(field); part != nullptr) {
        texts += plain(texts_below(*part));
      }
    }
    judge(policy, &rule, member_place(*rule.node, rule.pointer, "validate"), texts, report);
  }
  const std::string_view kind = policy.object->ref.kind;
  const bool is_validating = kind == "ValidatingPolicy" || kind == "NamespacedValidatingPolicy" ||
                             kind == "ValidatingAdmissionPolicy";
  if (is_validating && policy.spec != nullptr) {
    std::string texts;
    for (const ExpressionView& expression : policy.expressions) {
      texts += plain(squeezed(expression.text)) + "\n";
    }
    judge(policy, nullptr, member_place(*policy.spec, "/spec", "validations"), texts, report);
  }
}

}  // namespace

extern const LintCheck kPodSecurity;
constinit const LintCheck kPodSecurity{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
