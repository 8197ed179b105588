// Rule: a policy selects a workload.
// Examined: the subject of every policy, of any dialect. High if the policy's namespace has no
// workload but one that sounds like it has: the policy stands in the wrong place and protects
// nothing. Medium if the namespace has workloads and none is selected; info if the input holds none
// of that namespace: then nobody can say.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "policy-selects-nothing",
    .title = "The policy protects nothing",
    .description =
        "A NetworkPolicy governs pods of its own namespace whose labels its podSelector asks "
        "for: the labels of the pod, which for a Deployment are those of its template. A policy "
        "that selects no pod is accepted and does nothing, and the workload that it was written "
        "for stays open.",
    .remedy =
        "Put the policy into the namespace of the workload, and select labels that the pod "
        "template carries.",
    .severity = finding::Severity::High,
    .controls = kIsolation,
    .references = kPolicyReference};

// "payments" and "payments-restricted", "shop" and "shop-prod".
bool sounds_like(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) {
    std::swap(a, b);
  }
  if (a == b || a.size() < 3) {
    return false;
  }
  const std::size_t at = b.find(a);
  if (at != std::string_view::npos) {
    const bool begins = at == 0 || b[at - 1] == '-';
    const bool ends = at + a.size() == b.size() || b[at + a.size()] == '-';
    return begins && ends;
  }
  return nearest(a, std::array{b}).has_value();
}

// "payments" and "payment-services": worth a word only if something else fits as well.
bool resembles(std::string_view a, std::string_view b) {
  a = a.substr(0, a.find('-'));
  b = b.substr(0, b.find('-'));
  return std::min(a.size(), b.size()) >= 4 && (a.starts_with(b) || b.starts_with(a));
}

// Keys that the selector asks for and the pods of a workload do not have.
std::string missing_labels(const scalar::LabelSelector& selector, const topology::Endpoint& pod) {
  std::vector<std::string> keys;
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    if (!requirement.matches(pod.label(requirement.key))) {
      const auto value = pod.label(requirement.key);
      keys.push_back(value ? fmt::format("{} is {}", requirement.key, quoted(*value))
                           : fmt::format("has no label {}", quoted(requirement.key)));
    }
  }
  return listed(keys);
}

// The distance between names is asked for where they are few: it is quadratic.
constexpr std::size_t kNamespacesMax = 500;

// Workloads of namespaces that sound like another one, found once for each.
class LikeNamed {
 public:
  explicit LikeNamed(const View& view) : view_(view) {
    const auto workloads = view.world().workloads();
    for (std::uint32_t i = 0; i < workloads.size(); ++i) {
      by_namespace_[workloads[i].name_space].push_back(i);
    }
  }

  // One of another namespace that was probably meant.
  std::optional<std::uint32_t> find(const PlainPolicy& policy) {
    const std::string_view own = policy.object->ref.name_space;
    const auto [at, is_new] = found_.try_emplace(own);
    if (is_new && by_namespace_.size() <= kNamespacesMax) {
      for (const auto& [name, workloads] : by_namespace_) {
        if (name != own && (sounds_like(name, own) || resembles(name, own))) {
          at->second.insert(at->second.end(), workloads.begin(), workloads.end());
        }
      }
    }
    std::optional<std::uint32_t> best;
    int best_score = 0;
    for (const std::uint32_t i : at->second) {
      const Workload& workload = view_.world().workloads()[i];
      const int score = score_of(policy, workload);
      if (score > best_score && (score > 1 || sounds_like(workload.name_space, own))) {
        best_score = score;
        best = i;
      }
    }
    return best;
  }

 private:
  [[nodiscard]] int score_of(const PlainPolicy& policy, const Workload& workload) const {
    const topology::Endpoint& pod = view_.topology().endpoints()[workload.endpoints.front()];
    if (!policy.subject || policy.subject->is_empty()) {
      return 1;
    }
    const bool is_match =
        policy.subject->matches([&](std::string_view key) { return pod.label(key); });
    const bool is_named = std::ranges::any_of(
        policy.subject->requirements(), [&](const scalar::LabelRequirement& requirement) {
          return std::ranges::find(requirement.values, workload.name) != requirement.values.end();
        });
    return 1 + (is_match ? 4 : 0) + (is_named ? 2 : 0);
  }

  const View& view_;
  std::map<std::string_view, std::vector<std::uint32_t>> by_namespace_;
  std::map<std::string_view, std::vector<std::uint32_t>> found_;
};

Place place_of_subject(const PlainPolicy& policy) {
  const document::Node* spec = policy.object->root.find("spec");
  return policy.subject_node != nullptr
             ? Place{"/spec/podSelector", policy.subject_node->offset()}
             : Place{"/spec", spec != nullptr ? spec->offset() : policy.object->root.offset()};
}

// Nothing in the policy's own namespace.
void in_empty_namespace(View& view, LikeNamed& like_named, const PlainPolicy& policy,
                        Reporter& reporter) {
  const std::string_view own = policy.object->ref.name_space;
  const auto near = like_named.find(policy);
  const std::string found =
      policy.subject_node != nullptr && policy.subject && !policy.subject->is_empty()
          ? policy.subject->to_string()
          : std::string("every pod");
  if (!near) {
    reporter.add(kCheck, finding::Severity::Info, *policy.object, place_of_subject(policy),
                 {.found = found,
                  .allowed = "a selector that matches a pod",
                  .message = fmt::format("no workload of namespace {} is in the input: whether "
                                         "the policy selects anything is not known",
                                         own),
                  .remedy = "Judge the policy together with the workloads of its namespace."});
    return;
  }
  const Workload& workload = view.world().workloads()[*near];
  const topology::Endpoint& pod = view.topology().endpoints()[workload.endpoints.front()];
  std::string labels = policy.subject ? missing_labels(*policy.subject, pod) : std::string();
  if (!labels.empty()) {
    labels = fmt::format(", and its pod template {}", labels);
  }
  reporter.add(
      kCheck, finding::Severity::High, *policy.object, place_of_subject(policy),
      {.found = fmt::format("namespace {}, {}", own, found),
       .allowed = fmt::format("namespace {}, labels of its pods", workload.name_space),
       .message = fmt::format("the policy protects nothing: it lives in namespace {}, where the "
                              "input has no workload; {} {} is in namespace {}{}",
                              own, workload.kind, workload.name, workload.name_space, labels)});
}

void judge_plain(View& view, LikeNamed& like_named, const PlainPolicy& policy, Reporter& reporter) {
  if (!policy.policy || !policy.subject || !view.selected(*policy.policy).is_nobody()) {
    return;
  }
  const std::string_view own = policy.object->ref.name_space;
  if (!view.has_workloads(own)) {
    in_empty_namespace(view, like_named, policy, reporter);
    return;
  }
  const auto& topology = view.topology();
  const auto range = topology.endpoints_in(*topology.find_namespace(own));
  std::vector<std::string> elsewhere;
  for (const std::uint32_t pod : view.pods_with(*policy.subject)) {
    const topology::Endpoint& endpoint = topology.endpoints()[pod];
    if (pod >= range.begin && pod < range.end) {
      return;  // on its node's network: another check says so
    }
    elsewhere.push_back(
        fmt::format("{}/{}", topology.name_space_of(endpoint).name, endpoint.workload_name));
  }
  std::string message =
      fmt::format("the policy protects nothing: none of the {} of namespace {} carries {}",
                  counted(range.end - range.begin, "workload"), own, policy.subject->to_string());
  if (!elsewhere.empty()) {
    message += fmt::format("; {} of another namespace does", listed(elsewhere, 2));
  } else if (range.end - range.begin == 1) {
    const topology::Endpoint& only = topology.endpoints()[range.begin];
    message += fmt::format("; {} {}", only.workload_name, missing_labels(*policy.subject, only));
  }
  reporter.add(kCheck, finding::Severity::Medium, *policy.object, place_of_subject(policy),
               {.found = policy.subject->to_string(),
                .allowed = "labels that a pod of the namespace carries",
                .message = std::move(message)});
}

void examine(View& view, Reporter& reporter) {
  LikeNamed like_named(view);
  for (const PlainPolicy& policy : view.plain()) {
    judge_plain(view, like_named, policy, reporter);
  }
  // The other dialects: one object may be several policies.
  const auto policies = view.policies().policies();
  const kube::Object* last = nullptr;
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    const kube::Object& object = *policies[i].object;
    const bool is_plain =
        object.ref.kind == "NetworkPolicy" &&
        (object.ref.group == "networking.k8s.io" || object.ref.group == "extensions");
    if (is_plain || &object == last || !view.selected(i).is_nobody()) {
      continue;
    }
    last = &object;
    const bool is_known = object.ref.name_space.empty() ? !view.world().workloads().empty()
                                                        : view.has_workloads(object.ref.name_space);
    const document::Node* spec = object.root.find("spec");
    reporter.add(
        kCheck, is_known ? finding::Severity::Medium : finding::Severity::Info, object,
        {"/spec", spec != nullptr ? spec->offset() : object.root.offset()},
        {.found = "no workload",
         .allowed = "a selector that matches a workload",
         .message = is_known ? "the policy selects no workload of the input"
                             : "the input holds no workload that the policy could select"});
  }
}

}  // namespace

Row policy_selects_nothing_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
