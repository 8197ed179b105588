#include "trace_kyverno_cel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "seen_expressions.hpp"

namespace tally::app {

namespace {

using document::Node;
using kyverno_cel::Policy;
using kyverno_cel::PolicyKind;
using kyverno_cel::Verdict;

// An expression of a policy and where it stands.
struct Written {
  std::string place;  // "validations[0].messageExpression", "variables[team]"
  std::string_view text;
};

bool is_expression(std::string_view key) {
  static constexpr std::array<std::string_view, 5> kKeys{"expression", "messageExpression",
                                                         "valueExpression", "object", "http"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}

// Everything below `node` that is an expression, in the order of the text.
void collect(const Node& node, const std::string& place, std::vector<Written>& out) {
  if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Node& item = node.items()[i];
      const Node* name = item.find("name");
      const bool is_named = name != nullptr && name->is_string() && !name->text().empty();
      collect(item, fmt::format("{}[{}]", place, is_named ? name->text() : fmt::to_string(i)), out);
    }
    return;
  }
  for (const document::Member member : node.members()) {
    if (member.value.is_string() && is_expression(member.key)) {
      out.push_back(
          {.place = member.key == "expression" ? place : fmt::format("{}.{}", place, member.key),
           .text = member.value.text()});
    } else if (member.value.size() > 0) {
      collect(member.value,
              place.empty() || place.ends_with(' ') ? fmt::format("{}{}", place, member.key)
                                                    : fmt::format("{}.{}", place, member.key),
              out);
    }
  }
}

std::vector<Written> written_in(const Policy& policy, std::span<const kube::Object> exceptions) {
  std::vector<Written> out;
  if (const Node* spec = policy.object->root.find("spec"); spec != nullptr) {
    collect(*spec, {}, out);
  }
  for (const kube::Object& exception : exceptions) {
    const Node* spec = exception.root.find("spec");
    if (kyverno_cel::is_exception(exception) && spec != nullptr) {
      collect(*spec, fmt::format("PolicyException {}: ", exception.ref.name), out);
    }
  }
  return out;
}

class PolicyTrace {
 public:
  PolicyTrace(const kyverno_cel::PolicySet& policies, const CelTraceOptions& options)
      : policies_(policies), options_(options) {}

  void ask(std::uint32_t index, const kyverno_cel::Request& request, kube::Review& review,
           KyvernoTrace& out) {
    const Policy& policy = policies_.policies()[index];
    SeenExpressions seen(options_.style);
    kyverno_cel::Request watched = request;
    watched.review = review;
    watched.watcher = &seen;
    const kyverno_cel::Response response = policies_.judge(index, watched, scratch_);
    if (response.verdict == Verdict::None) {
      if (options_.is_verbose) {
        out.text += fmt::format("  {} {}: its match constraints are not about this object\n\n",
                                policy.kind_name, policy.name);
      }
      return;
    }
    out.is_asked = true;
    const bool is_validating =
        policy.kind == PolicyKind::Validating || policy.kind == PolicyKind::ImageValidating;
    const bool is_open = response.verdict == Verdict::Error || response.verdict == Verdict::Unknown;
    const bool is_fail = is_validating && response.verdict == Verdict::Fail;
    out.is_denied = out.is_denied || (is_fail && policy.is_denied) ||
                    (response.verdict == Verdict::Error && !policy.ignores_failures);
    out.is_unknown = out.is_unknown || response.verdict == Verdict::Unknown;
    head(policy, response, out.text);
    if (is_fail || is_open || options_.is_verbose || response.verdict == Verdict::Skip) {
      way(policy, options_.exceptions, seen, out.text);
    }
    if (response.is_changed) {
      review.object = document::deep_copy(arena_, response.object);
      out.is_changed = true;
    }
    out.text += "\n";
  }

 private:
  static void head(const Policy& policy, const kyverno_cel::Response& response, std::string& text) {
    std::string_view verdict = kyverno_cel::to_text(response.verdict);
    if (policy.kind == PolicyKind::Deleting) {
      verdict = response.verdict == Verdict::Pass   ? "would delete the object"
                : response.verdict == Verdict::Fail ? "keeps the object"
                                                    : verdict;
    }
    text += fmt::format(
        "  {} {}{}{}: {}\n", policy.kind_name, policy.name,
        response.autogen.empty() ? "" : ", made for controllers: ", response.autogen, verdict);
    if (!response.message.empty()) {
      text += fmt::format("  {}\n", response.message);
    }
    if (!response.pointer.empty() && policy.object->source != nullptr) {
      const Position at = policy.object->source->position(response.offset);
      text += fmt::format("  {}:{}:{} {}\n", policy.object->source->name(), at.line, at.column,
                          response.pointer);
    }
    for (const kube::Object* exception : response.exceptions) {
      text += fmt::format("  PolicyException {}{}{} speaks of it\n", exception->ref.name_space,
                          exception->ref.name_space.empty() ? "" : "/", exception->ref.name);
    }
    if (response.is_changed) {
      text += "  it changes the object\n";
    }
    for (const Node& made : response.generated) {
      const Node* metadata = made.find("metadata");
      const auto text_of = [](const Node* of, std::string_view key) {
        const Node* found = of == nullptr ? nullptr : of->find(key);
        return found == nullptr ? std::string_view{} : found->text();
      };
      text += fmt::format("  it makes {} {}\n", text_of(&made, "kind"), text_of(metadata, "name"));
    }
  }

  // What was evaluated, in that order, then what was not.
  static void way(const Policy& policy, std::span<const kube::Object> exceptions,
                  const SeenExpressions& seen, std::string& text) {
    const std::vector<Written> written = written_in(policy, exceptions);
    for (const std::string& expression : seen.order()) {
      const auto found = std::ranges::find(written, expression, &Written::text);
      const SeenExpressions::One& one = *seen.find(expression);
      text += fmt::format("\n    {} = {}\n",
                          found == written.end() ? "rewritten for this kind" : found->place,
                          one.result.size() > 60 ? one.result.substr(0, 60) + "..." : one.result);
      text += indented(one.trace);
    }
    const bool is_rewritten = std::ranges::none_of(
        written, [&](const Written& one) { return seen.find(one.text) != nullptr; });
    for (const Written& one : written) {
      if (!is_rewritten && seen.find(one.text) == nullptr &&
          !one.place.starts_with("PolicyException")) {
        text += fmt::format("\n    {}: not reached\n", one.place);
      }
    }
  }

  const kyverno_cel::PolicySet& policies_;
  const CelTraceOptions& options_;
  kyverno_cel::Scratch scratch_;
  Arena arena_;
};

}  // namespace

KyvernoTrace trace_kyverno_cel(const kyverno_cel::PolicySet& policies, const kube::Review& review,
                               const kube::Snapshot& snapshot, const cel::Host& host,
                               const CelTraceOptions& options) {
  KyvernoTrace out;
  PolicyTrace trace(policies, options);
  kube::Review now = review;
  const kyverno_cel::Request request{
      .review = {}, .payload = {}, .snapshot = &snapshot, .host = &host};
  // What changes the object comes first, as in a cluster.
  for (const bool is_mutating : {true, false}) {
    for (std::uint32_t i = 0; i < policies.policies().size(); ++i) {
      const Policy& policy = policies.policies()[i];
      if (policy.mode == kyverno_cel::Mode::Kubernetes &&
          (policy.kind == PolicyKind::Mutating) == is_mutating) {
        trace.ask(i, request, now, out);
      }
    }
  }
  return out;
}

}  // namespace tally::app
