#include "reachability/query/run_scheme.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace tally::reachability::query {
namespace {

using Documents = std::vector<LoadedDocument>;

class Runner {
 public:
  Runner(const Scheme& scheme, const ReadDocuments& read) : scheme_(scheme), read_(read) {
    const auto global = cluster_of(scheme.topology);
    if (global) {
      global_ = *global;
    }
  }

  QueryResult run(const QueryEntry& query) {
    QueryResult result{.name = query.name};
    const QueryOptions options{.exclude_v6 = query.output.exclude_v6,
                               .by_deployments = query.output.by_deployments,
                               .with_map = query.output.format == "txt_no_fw_rules",
                               .with_all_examples = query.output.is_full_explanation,
                               .format = query.output.format,
                               .query_name = query.name,
                               .groups_single_pods = query.output.groups_single_pods,
                               .labels = query.output.labels};
    std::vector<PrintedAnswer> printed;
    for (const auto& [kind, names] : query.asked) {
      result.kinds.push_back(kind);
      if (auto done = run_kind(kind, names, options, printed, result); !done) {
        result.error = done.error().message;
      }
    }
    for (PrintedAnswer& answer : printed) {
      answer.query = query.name;
    }
    result.output = print_answers(printed, query.output.format);
    // No number means that nothing is to be found, unless the whole text is given.
    result.expected = query.expected;
    result.expected_output = query.expected_output;
    if (!result.expected && result.expected_output.empty()) {
      result.expected = 0;
    }
    result.is_as_expected =
        result.error.empty() && (!result.expected || result.number == *result.expected) &&
        (!query.expected_not_executed || result.not_executed == *query.expected_not_executed);
    return result;
  }

 private:
  Result<Documents> documents(const std::optional<std::vector<std::string>>& paths) {
    Documents all;
    if (!paths) {
      return all;
    }
    for (const std::string& path : *paths) {
      auto& known = files_[path];
      if (!known) {
        known = read_(path);
      }
      if (!*known) {
        return std::unexpected(known->error());
      }
      all.insert(all.end(), (*known)->begin(), (*known)->end());
    }
    return all;
  }

  // nca/NetworkConfig/ResourcesHandler.py: lists of their own go before the common one; what a
  // configuration has not, it takes from the scheme.
  Result<std::shared_ptr<const Cluster>> cluster_of(const ResourcePaths& paths) {
    if (!paths.namespaces && !paths.pods && !paths.resources) {
      return global_;
    }
    TALLY_TRY(const Documents namespaces,
              documents(paths.namespaces ? paths.namespaces : paths.resources));
    TALLY_TRY(const Documents pods, documents(paths.pods ? paths.pods : paths.resources));
    auto own = std::make_shared<const Cluster>(namespaces, pods);
    const bool has_peers = !own->peers().empty();
    const bool has_namespaces = own->namespace_count() > 0;
    if (has_peers || (paths.pods && (paths.namespaces || has_namespaces))) {
      return own;
    }
    if (has_namespaces && global_ != nullptr) {
      TALLY_TRY(
          const Documents common_pods,
          documents(scheme_.topology.pods ? scheme_.topology.pods : scheme_.topology.resources));
      return std::make_shared<const Cluster>(namespaces, common_pods);
    }
    if (paths.pods && global_ != nullptr) {
      TALLY_TRY(const Documents common,
                documents(scheme_.topology.namespaces ? scheme_.topology.namespaces
                                                      : scheme_.topology.resources));
      return std::make_shared<const Cluster>(common, pods);
    }
    return global_ != nullptr ? global_ : own;
  }

  Result<const Config*> config(const std::string& name) {
    const auto known = configs_.find(name);
    if (known != configs_.end()) {
      return known->second.get();
    }
    const auto entry = std::ranges::find(scheme_.configs, name, &ConfigEntry::name);
    if (entry == scheme_.configs.end()) {
      return content_error("no configuration is named " + name);
    }
    TALLY_TRY(auto cluster, cluster_of(entry->paths));
    if (cluster == nullptr) {
      cluster = std::make_shared<const Cluster>(Documents(), Documents());
    }
    TALLY_TRY(Documents policies,
              documents(entry->paths.policies ? entry->paths.policies : entry->paths.resources));
    auto made = std::make_unique<Config>(name, cluster, policies);
    if (const AddedPods added = made->lacks(); added.any()) {
      made =
          std::make_unique<Config>(name,
                                   std::make_shared<const Cluster>(cluster->namespace_documents(),
                                                                   cluster->pod_documents(), added),
                                   std::move(policies));
    }
    return configs_.emplace(name, std::move(made)).first->second.get();
  }

  Result<View> view(const std::string& name) {
    const std::size_t slash = name.find('/');
    TALLY_TRY(const Config* found, config(name.substr(0, slash)));
    return slash == std::string::npos ? Result<View>(view_of(*found))
                                      : select(*found, std::string_view(name).substr(slash + 1));
  }

  static void add(Answer answer, std::vector<std::string> names,
                  std::vector<PrintedAnswer>& printed, QueryResult& result) {
    printed.push_back({.query = {},
                       .configs = std::move(names),
                       .number = answer.number,
                       .was_executed = answer.was_executed,
                       .text = answer.text,
                       .explanations = std::move(answer.explanations),
                       .map = std::move(answer.map)});
    result.number += answer.number;
    result.not_executed += answer.was_executed ? 0 : 1;
    result.texts.push_back(answer.text);
  }

  Result<void> run_kind(QueryKind kind, const std::vector<std::string>& names,
                        const QueryOptions& options, std::vector<PrintedAnswer>& printed,
                        QueryResult& result) {
    std::vector<View> views;
    for (const std::string& name : names) {
      TALLY_TRY(auto one, view(name));
      views.push_back(std::move(one));
    }
    const QueryShape shape = shape_of(kind);
    if (shape == QueryShape::Each) {
      for (const View& one : views) {
        add(ask(kind, one, options), {one.name}, printed, result);
      }
      return {};
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
      for (std::size_t j = 0; j < views.size(); ++j) {
        const bool is_asked = shape == QueryShape::VersusBase ? j == 0 && i > 0
                              : shape == QueryShape::EachPair ? i < j
                                                              : names[i] != names[j];
        if (is_asked) {
          add(ask(kind, views[i], views[j], options), {views[i].name, views[j].name}, printed,
              result);
        }
      }
    }
    return {};
  }

  const Scheme& scheme_;
  const ReadDocuments& read_;
  std::map<std::string, std::optional<Result<Documents>>> files_;
  std::shared_ptr<const Cluster> global_;
  std::map<std::string, std::unique_ptr<Config>> configs_;
};

}  // namespace

std::vector<QueryResult> run_scheme(const Scheme& scheme, const ReadDocuments& read) {
  Runner runner(scheme, read);
  std::vector<QueryResult> results;
  results.reserve(scheme.queries.size());
  for (const QueryEntry& query : scheme.queries) {
    results.push_back(runner.run(query));
  }
  return results;
}

}  // namespace tally::reachability::query
