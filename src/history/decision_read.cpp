// The canonical JSON of a decision, back into the value.
#include <fmt/format.h>

#include <limits>

#include "history/decision.hpp"
#include "history/internal/names.hpp"

namespace tally::history {

namespace {

using document::Node;

// Reads the members of one object; the first that is wrong is the error.
class Reader {
 public:
  Reader(const Node& object, std::string where) : object_(object), where_(std::move(where)) {}

  void text(std::string_view name, std::string& out) {
    if (const Node* node = find(name); node != nullptr) {
      if (node->is_string()) {
        out = node->text();
      } else {
        refuse(name, *node, "a string");
      }
    }
  }
  void texts(std::string_view name, std::vector<std::string>& out) {
    const Node* node = find(name);
    if (node == nullptr) {
      return;
    }
    if (!node->is_array()) {
      return refuse(name, *node, "a list of strings");
    }
    for (const Node& item : node->items()) {
      if (!item.is_string()) {
        return refuse(name, item, "a list of strings");
      }
      out.emplace_back(item.text());
    }
  }
  void flag(std::string_view name, bool& out) {
    if (const Node* node = find(name); node != nullptr) {
      if (node->is_bool()) {
        out = node->boolean();
      } else {
        refuse(name, *node, "true or false");
      }
    }
  }
  void code(std::string_view name, std::uint16_t& out) {
    if (const Node* node = find(name); node != nullptr) {
      const auto value = node->integer();
      if (value && *value >= 0 && *value <= std::numeric_limits<std::uint16_t>::max()) {
        out = static_cast<std::uint16_t>(*value);
      } else {
        refuse(name, *node, "an HTTP status");
      }
    }
  }
  // One of the words of an enumeration.
  template <class Enum, std::size_t N>
  void word(std::string_view name, const Enum (&all)[N], Enum& out) {
    const Node* node = find(name);
    if (node == nullptr) {
      return;
    }
    if (const auto value = named(all, node->text())) {
      out = *value;
    } else {
      refuse(name, *node, "one of its words");
    }
  }

  [[nodiscard]] const Node* find(std::string_view name) const { return object_.find(name); }
  void refuse(std::string_view name, const Node& found, std::string_view expected) {
    if (!problem_) {
      problem_ = content_error(fmt::format("decision {}/{}: {} was found; expected {}", where_,
                                           name, kind_name(found.kind()), expected))
                     .error();
    }
  }
  [[nodiscard]] Result<void> done() const {
    if (problem_) {
      return std::unexpected(*problem_);
    }
    return {};
  }

 private:
  Node object_;
  std::string where_;
  std::optional<Error> problem_;
};

Result<DecisionFinding> read_finding(const Node& node, std::size_t index) {
  Reader reader(node, fmt::format("/findings/{}", index));
  DecisionFinding out;
  reader.text("allowed", out.allowed);
  reader.text("container", out.container);
  reader.text("engine", out.engine);
  reader.text("exception", out.exception);
  reader.text("exceptionOwner", out.exception_owner);
  reader.text("exceptionReason", out.exception_reason);
  reader.text("fingerprint", out.fingerprint);
  reader.text("found", out.found);
  reader.text("message", out.message);
  reader.word("mode", kModes, out.mode);
  reader.text("pointer", out.pointer);
  reader.text("policy", out.policy);
  reader.text("remedy", out.remedy);
  reader.text("rule", out.rule);
  reader.word("severity", kSeverities, out.severity);
  reader.word("verdict", kVerdicts, out.verdict);
  TALLY_CHECK(reader.done());
  return out;
}

}  // namespace

Result<Decision> read_decision(const Node& canonical) {
  if (!canonical.is_object()) {
    return content_error(
        fmt::format("a decision is a {}; expected a map", document::kind_name(canonical.kind())));
  }
  Reader reader(canonical, "");
  Decision out;
  reader.flag("allowed", out.is_allowed);
  reader.code("code", out.code);
  reader.flag("dryRun", out.is_dry_run);
  reader.texts("errors", out.errors);
  reader.text("group", out.group);
  reader.texts("groups", out.groups);
  reader.text("kind", out.kind);
  reader.text("message", out.message);
  reader.word("mode", kModes, out.mode);
  reader.text("name", out.name);
  reader.text("namespace", out.name_space);
  reader.text("objectDigest", out.object_digest);
  reader.text("operation", out.operation);
  reader.text("patch", out.patch);
  reader.text("policyDigest", out.policy_digest);
  reader.text("resource", out.resource);
  reader.text("subresource", out.subresource);
  reader.text("user", out.user);
  reader.text("version", out.version);
  reader.texts("warnings", out.warnings);
  if (const Node* findings = reader.find("findings"); findings != nullptr) {
    if (!findings->is_array()) {
      reader.refuse("findings", *findings, "a list");
    }
    for (std::size_t i = 0; findings->is_array() && i < findings->size(); ++i) {
      const Node& item = findings->items()[i];
      if (!item.is_object()) {
        reader.refuse("findings", item, "a list of maps");
        break;
      }
      TALLY_TRY(auto finding, read_finding(item, i));
      out.findings.push_back(std::move(finding));
    }
  }
  TALLY_CHECK(reader.done());
  return out;
}

}  // namespace tally::history
