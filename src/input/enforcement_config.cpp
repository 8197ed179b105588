#include <fmt/format.h>

#include <array>
#include <set>

#include "base/text.hpp"
#include "input/internal/selector_reader.hpp"
#include "input/internal/serve_reader.hpp"

namespace tally::input {

namespace {

using document::Member;
using document::Node;

constexpr std::size_t kScopesMax = 10'000;

Result<finding::Mode> read_mode(const Node& node, std::string_view key,
                                const StrictReader& reader) {
  static constexpr std::array<std::string_view, 3> kWords = {"audit", "warn", "enforce"};
  TALLY_TRY(const std::size_t word, reader.choice(node, key, kWords));
  return static_cast<finding::Mode>(word);
}

Result<OnDoubt> read_on_doubt(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 2> kWords = {"deny", "allow"};
  TALLY_TRY(const std::size_t word, reader.choice(node, "onDoubt", kWords));
  return static_cast<OnDoubt>(word);
}

Result<Enforcement::NewNamespaces> read_new_namespaces(const Node& node,
                                                       const StrictReader& reader) {
  static constexpr std::array<std::string_view, 2> kKeys = {"since", "mode"};
  TALLY_CHECK(reader.map(node, "enforcement.newNamespaces", kKeys));
  const Node* since = node.find("since");
  if (since == nullptr) {
    return std::unexpected(reader.error(node.offset(),
                                        "found newNamespaces without 'since', expected a day",
                                        "Namespaces that are older keep the mode of their scope."));
  }
  Enforcement::NewNamespaces fresh;
  TALLY_TRY(const std::string text, reader.text(*since, "since"));
  const auto day = finding::parse_day(text);
  if (!day) {
    return std::unexpected(reader.error(since->offset(), day.error().message));
  }
  fresh.since = *day;
  if (const Node* mode = node.find("mode"); mode != nullptr) {
    TALLY_TRY(fresh.mode, read_mode(*mode, "mode", reader));
  }
  return fresh;
}

Result<EnforcementScope> read_scope(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 6> kKeys = {"name",     "namespaces", "selector",
                                                            "policies", "mode",       "onDoubt"};
  TALLY_CHECK(reader.map(node, "a scope", kKeys));
  // Who raised a scope is recorded by its name; a scope of everything is `enforcement.mode`.
  for (const std::string_view key : {"name", "mode"}) {
    if (node.find(key) == nullptr) {
      return std::unexpected(
          reader.error(node.offset(), fmt::format("found a scope without '{}'", key)));
    }
  }
  if (node.find("namespaces") == nullptr && node.find("selector") == nullptr &&
      node.find("policies") == nullptr) {
    return std::unexpected(reader.error(node.offset(),
                                        "found a scope that names nothing, expected 'namespaces', "
                                        "'selector', 'policies' or more than one of them",
                                        "The mode of everything else is enforcement.mode."));
  }
  EnforcementScope scope;
  scope.at = reader.position(node.offset());
  for (const Member member : node.members()) {
    if (member.key == "name") {
      TALLY_TRY(scope.name, reader.text(member.value, "name"));
    } else if (member.key == "namespaces") {
      TALLY_TRY(scope.namespaces, reader.texts(member.value, "namespaces"));
    } else if (member.key == "selector") {
      TALLY_TRY(scope.selector, read_selector(member.value, reader));
    } else if (member.key == "policies") {
      TALLY_TRY(scope.policies, reader.texts(member.value, "policies"));
    } else if (member.key == "mode") {
      TALLY_TRY(scope.mode, read_mode(member.value, "mode", reader));
    } else if (member.key == "onDoubt") {
      TALLY_TRY(scope.on_doubt, read_on_doubt(member.value, reader));
    }
  }
  return scope;
}

Result<std::vector<EnforcementScope>> read_scopes(const Node& node, const StrictReader& reader) {
  TALLY_CHECK(reader.list(node, "scopes"));
  if (node.size() > kScopesMax) {
    return std::unexpected(
        reader.error(node.offset(),
                     fmt::format("found {} scopes, expected at most {}", node.size(), kScopesMax)));
  }
  std::vector<EnforcementScope> scopes;
  std::set<std::string, std::less<>> names;
  for (const Node& item : node.items()) {
    TALLY_TRY(EnforcementScope scope, read_scope(item, reader));
    if (!names.insert(scope.name).second) {
      return std::unexpected(reader.error(
          item.offset(), fmt::format("found the scope '{}' twice, expected each name once",
                                     excerpt(scope.name, 40))));
    }
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

}  // namespace

Result<Enforcement> read_enforcement(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 5> kKeys = {"mode", "podControllers", "onDoubt",
                                                            "newNamespaces", "scopes"};
  TALLY_CHECK(reader.map(node, "enforcement", kKeys));
  Enforcement enforcement;
  for (const Member member : node.members()) {
    if (member.key == "mode") {
      TALLY_TRY(enforcement.mode, read_mode(member.value, "mode", reader));
    } else if (member.key == "podControllers") {
      TALLY_TRY(enforcement.pod_controllers, read_mode(member.value, "podControllers", reader));
    } else if (member.key == "onDoubt") {
      TALLY_TRY(enforcement.on_doubt, read_on_doubt(member.value, reader));
    } else if (member.key == "newNamespaces") {
      TALLY_TRY(enforcement.new_namespaces, read_new_namespaces(member.value, reader));
    } else if (member.key == "scopes") {
      TALLY_TRY(enforcement.scopes, read_scopes(member.value, reader));
    }
  }
  return enforcement;
}

}  // namespace tally::input
