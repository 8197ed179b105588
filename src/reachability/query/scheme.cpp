#include "reachability/query/scheme.hpp"

#include <algorithm>
#include <array>

namespace tally::reachability::query {
namespace {

using document::Node;

struct KindName {
  QueryKind kind;
  std::string_view name;
};

constexpr std::array kKindNames{
    KindName{QueryKind::ConnectivityMap, "connectivityMap"},
    KindName{QueryKind::SemanticDiff, "semanticDiff"},
    KindName{QueryKind::Equivalence, "equivalence"},
    KindName{QueryKind::StrongEquivalence, "strongEquivalence"},
    KindName{QueryKind::Containment, "containment"},
    KindName{QueryKind::TwoWayContainment, "twoWayContainment"},
    KindName{QueryKind::Permits, "permits"},
    KindName{QueryKind::Forbids, "forbids"},
    KindName{QueryKind::Interferes, "interferes"},
    KindName{QueryKind::PairwiseInterferes, "pairwiseInterferes"},
    KindName{QueryKind::Redundancy, "redundancy"},
    KindName{QueryKind::Emptiness, "emptiness"},
    KindName{QueryKind::Vacuity, "vacuity"},
    KindName{QueryKind::Disjointness, "disjointness"},
    KindName{QueryKind::AllCaptured, "allCaptured"},
    KindName{QueryKind::Sanity, "sanity"},
};

// A text, or a list of texts.
Result<std::vector<std::string>> read_texts(const Node& node, std::string_view key) {
  std::vector<std::string> texts;
  if (node.is_string()) {
    texts.emplace_back(node.text());
    return texts;
  }
  for (const Node& item : node.items()) {
    if (!item.is_string() && !item.is_number()) {
      return content_error(std::string(key) + ": found a " +
                           std::string(document::kind_name(item.kind())) + ", expected a text");
    }
    texts.emplace_back(item.text());
  }
  return texts;
}

Result<ResourcePaths> read_paths(const Node& node) {
  ResourcePaths paths;
  const auto read = [&](std::string_view key,
                        std::optional<std::vector<std::string>>& into) -> Result<void> {
    const Node* value = node.find(key);
    if (value != nullptr && !value->is_null()) {
      TALLY_TRY(into, read_texts(*value, key));
    }
    return {};
  };
  TALLY_CHECK(read("namespaceList", paths.namespaces));
  TALLY_CHECK(read("podList", paths.pods));
  TALLY_CHECK(read("resourceList", paths.resources));
  TALLY_CHECK(read("networkPolicyList", paths.policies));
  return paths;
}

OutputOptions read_output(const Node* node) {
  OutputOptions options;
  if (node == nullptr) {
    return options;
  }
  for (const document::Member member : node->members()) {
    if (member.key == "outputFormat") {
      options.format = member.value.text();
    } else if (member.key == "fullExplanation") {
      options.is_full_explanation = member.value.boolean();
    } else if (member.key == "outputEndpoints") {
      options.by_deployments = member.value.text() != "pods";
    } else if (member.key == "excludeIPv6Range") {
      options.exclude_v6 = member.value.boolean();
    } else if (member.key == "fwRulesGroupByLabelSinglePod") {
      options.groups_single_pods = member.value.boolean();
    } else if (member.key == "fwRulesOverrideAllowedLabels" && !member.value.text().empty()) {
      std::string_view rest = member.value.text();
      options.labels.emplace();
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        options.labels->emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
  }
  return options;
}

Result<std::string> read_name(const Node& node, std::string_view what) {
  const Node* name = node.find("name");
  if (name == nullptr || name->text().empty()) {
    return content_error(std::string(what) + " without a name");
  }
  return std::string(name->text());
}

Result<QueryEntry> read_query(const Node& node) {
  QueryEntry query;
  TALLY_TRY(query.name, read_name(node, "a query"));
  for (const document::Member member : node.members()) {
    const Node& value = member.value;
    if (const auto kind = parse_query_kind(member.key)) {
      TALLY_TRY(auto configs, read_texts(value, member.key));
      query.asked.emplace_back(*kind, std::move(configs));
    } else if (member.key == "expected") {
      query.expected = value.integer();
    } else if (member.key == "expectedNotExecuted") {
      query.expected_not_executed = value.integer();
    } else if (member.key == "expectedOutput") {
      query.expected_output = value.text();
    } else if (member.key == "outputConfiguration") {
      query.output = read_output(&value);
    } else if (member.key != "name") {
      return content_error("query " + query.name + ": \"" + std::string(member.key) +
                           "\" is no kind of query");
    }
  }
  if (query.asked.empty()) {
    return content_error("query " + query.name + " asks nothing");
  }
  return query;
}

}  // namespace

std::string_view to_text(QueryKind kind) noexcept {
  const auto at = std::ranges::find(kKindNames, kind, &KindName::kind);
  return at == kKindNames.end() ? std::string_view{} : at->name;
}

std::optional<QueryKind> parse_query_kind(std::string_view name) noexcept {
  const auto at = std::ranges::find(kKindNames, name, &KindName::name);
  return at == kKindNames.end() ? std::nullopt : std::optional(at->kind);
}

Result<Scheme> read_scheme(const Node& root) {
  Scheme scheme;
  const Node* configs = root.find("networkConfigList");
  if (!root.is_object() || configs == nullptr || !configs->is_array()) {
    return content_error("a scheme needs a list networkConfigList");
  }
  TALLY_TRY(scheme.topology, read_paths(root));
  for (const Node& node : configs->items()) {
    ConfigEntry config;
    TALLY_TRY(config.name, read_name(node, "a configuration"));
    if (std::ranges::find(scheme.configs, config.name, &ConfigEntry::name) !=
        scheme.configs.end()) {
      return content_error("two configurations are named " + config.name);
    }
    TALLY_TRY(config.paths, read_paths(node));
    scheme.configs.push_back(std::move(config));
  }
  if (const Node* queries = root.find("queries"); queries != nullptr) {
    for (const Node& node : queries->items()) {
      TALLY_TRY(auto query, read_query(node));
      scheme.queries.push_back(std::move(query));
    }
  }
  return scheme;
}

}  // namespace tally::reachability::query
