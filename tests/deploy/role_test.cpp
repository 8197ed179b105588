// The ClusterRole of the installation lets the audit read what it reads, and nothing else that
// matters: kube_client/selection.hpp and content/api/ say what that is.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "kube/api_kinds.hpp"
#include "kube/recognised.hpp"
#include "kube_client/selection.hpp"

namespace tally {
namespace {

using document::Node;
using Words = std::vector<std::string>;

struct Rule {
  Words groups;
  Words resources;
  Words names;
  Words verbs;
};

bool holds(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

Words words_of(const Node& rule, std::string_view key) {
  Words words;
  if (const Node* list = rule.find(key); list != nullptr) {
    for (const Node& item : list->items()) {
      words.emplace_back(item.text());
    }
  }
  return words;
}

// The rules of the object of that kind in deploy/install/manifests.yaml.
std::vector<Rule> rules_of(std::string_view kind) {
  std::ifstream file(std::string(TALLY_SOURCE_DIR) + "/deploy/install/manifests.yaml");
  std::stringstream all;
  all << file.rdbuf();
  std::string text = all.str();
  std::vector<Rule> rules;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n---\n", begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    begin = end + 5;
    if (!part.contains("\nkind: " + std::string(kind) + "\n")) {
      continue;
    }
    Arena arena;
    const auto source = document::Source::from_text("manifests.yaml", part);
    const auto root = document::read_one(*source, arena);
    EXPECT_TRUE(root) << part;
    const Node* list = root ? root->find("rules") : nullptr;
    EXPECT_NE(list, nullptr) << part;
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const Node& rule = list->items()[i];
      rules.push_back({.groups = words_of(rule, "apiGroups"),
                       .resources = words_of(rule, "resources"),
                       .names = words_of(rule, "resourceNames"),
                       .verbs = words_of(rule, "verbs")});
    }
  }
  return rules;
}

bool may(const std::vector<Rule>& rules, std::string_view verb, std::string_view group,
         std::string_view resource) {
  return std::ranges::any_of(rules, [&](const Rule& rule) {
    return rule.names.empty() && holds(rule.verbs, verb) && holds(rule.groups, group) &&
           (holds(rule.resources, resource) || holds(rule.resources, "*"));
  });
}

// Resources that answer questions and hold no objects.
bool can_be_listed(const kube::ApiKind& kind) {
  return kind.kind != "Binding" && !kind.kind.ends_with("Review");
}

// A kind that is a plural itself ("SecurityContextConstraints") stays as it is.
std::string plural_of(std::string_view kind) {
  std::string plural = kube::guess_plural(kind);
  return plural.ends_with("ses") && kind.ends_with("ts") ? plural.substr(0, plural.size() - 2)
                                                         : plural;
}

TEST(ClusterRole, ReadsBuiltInKinds) {
  const auto rules = rules_of("ClusterRole");
  ASSERT_FALSE(rules.empty());
  std::size_t count = 0;
  for (const kube::ApiKind& kind : kube::api_kinds()) {
    const kube_client::Resource resource{.group = std::string(kind.group),
                                         .version = std::string(kind.version),
                                         .plural = std::string(kind.plural),
                                         .kind = std::string(kind.kind)};
    if (!can_be_listed(kind) || !kube_client::is_read(resource)) {
      continue;
    }
    ++count;
    for (const char* verb : {"get", "list", "watch"}) {
      EXPECT_TRUE(may(rules, verb, kind.group, kind.plural)) << verb << " " << resource.path();
    }
  }
  EXPECT_GT(count, 40U);
}

TEST(ClusterRole, ReadsRecognisedKinds) {
  // Of these groups it reads the kinds that it writes.
  static constexpr std::array<std::string_view, 2> kReports = {"wgpolicyk8s.io", "openreports.io"};
  const auto rules = rules_of("ClusterRole");
  std::size_t count = 0;
  for (const kube::RecognisedKind& kind : kube::recognised_kinds()) {
    if (kind.scope == kube::RecognisedScope::File || kind.group.contains('*') ||
        std::ranges::find(kReports, kind.group) != kReports.end()) {
      continue;
    }
    ++count;
    const bool is_wild = kind.kind.contains('*');
    const std::string plural = is_wild ? "*" : plural_of(kind.kind);
    const bool is_read =
        is_wild && kube::is_builtin_group(kind.group)
            ? true  // ReadsBuiltInKinds has each of them
            : may(rules, "list", kind.group, plural) && may(rules, "watch", kind.group, plural);
    EXPECT_TRUE(is_read) << kind.group << " " << kind.kind;
  }
  EXPECT_GT(count, 20U);
}

TEST(ClusterRole, GrantsNothingElse) {
  const std::set<std::string> own = {"wgpolicyk8s.io", "openreports.io", "tallystick.dev"};
  for (const Rule& rule : rules_of("ClusterRole")) {
    EXPECT_FALSE(holds(rule.groups, "*"));
    EXPECT_FALSE(holds(rule.verbs, "*"));
    for (const char* verb : {"bind", "escalate", "impersonate", "deletecollection", "approve"}) {
      EXPECT_FALSE(holds(rule.verbs, verb)) << verb;
    }
    for (const std::string& resource : rule.resources) {
      EXPECT_FALSE(resource.contains('/')) << resource << ": a subresource";
      EXPECT_NE(resource, "secrets");
      const bool is_read_only = std::ranges::all_of(rule.verbs, [](const std::string& verb) {
        return verb == "get" || verb == "list" || verb == "watch";
      });
      if (is_read_only) {
        continue;
      }
      for (const std::string& group : rule.groups) {
        const bool is_event = resource == "events" && rule.verbs == Words{"create", "patch"};
        const bool is_webhook = group == "admissionregistration.k8s.io" &&
                                resource.ends_with("webhookconfigurations") &&
                                (rule.names == Words{"tally"} || rule.verbs == Words{"create"});
        EXPECT_TRUE(is_event || is_webhook || own.contains(group)) << group << " " << resource;
      }
    }
  }
}

TEST(Role, IsOfItsOwnSecretAndLease) {
  const auto rules = rules_of("Role");
  ASSERT_EQ(rules.size(), 2U);
  for (const Rule& rule : rules) {
    EXPECT_EQ(rule.names.size(), 1U);
    EXPECT_FALSE(holds(rule.verbs, "create"));
    EXPECT_FALSE(holds(rule.verbs, "delete"));
  }
  EXPECT_EQ(rules[0].names, Words{"tally-certificates"});
  EXPECT_EQ(rules[1].names, Words{"tally"});
}

}  // namespace
}  // namespace tally
