#include "kube_client/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "document/read.hpp"

namespace tally::kube_client {
namespace {

using document::Node;

constexpr std::string_view kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

std::string text_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value != nullptr && value->is_string() ? std::string(value->text()) : std::string();
}

std::span<const Node> items_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value != nullptr && value->is_array() ? value->items() : std::span<const Node>{};
}

bool can_be_listed(const Node& resource) {
  return std::ranges::any_of(items_of(resource, "verbs"),
                             [](const Node& verb) { return verb.text() == "list"; });
}

// Asks, keeps what was read, and collects.
class Discovery {
 public:
  explicit Discovery(ApiClient& client) : client_(client) {}

  Result<Discovered> run() {
    for (const std::string_view root : {"/api", "/apis"}) {
      auto answer = read(root, kAggregated);
      if (!answer) {
        return std::unexpected(std::move(answer).error().error);
      }
      if (text_of(*answer, "kind") == "APIGroupDiscoveryList") {
        for (const Node& group : items_of(*answer, "items")) {
          take_group(group);
        }
      } else {
        ask_groups(*answer, root);
      }
    }
    std::ranges::sort(out_.resources, {}, [](const Resource& resource) {
      return std::tie(resource.group, resource.kind, resource.plural);
    });
    return std::move(out_);
  }

 private:
  std::expected<Node, Refusal> read(std::string_view path, std::string_view accept) {
    TALLY_TRY(std::string body, client_.get(path, accept));
    sources_.push_back(document::Source::from_text(std::string(path), body));
    auto node = document::read_one(*sources_.back(), arena_);
    if (!node) {
      return std::unexpected(Refusal{.status = 200, .error = std::move(node).error()});
    }
    return *node;
  }

  void add(Resource resource) {
    // Of the versions of a group the first that has it: that is the one it prefers.
    if (seen_.emplace(resource.group, resource.kind).second) {
      out_.resources.push_back(std::move(resource));
    }
  }

  void take_group(const Node& group) {
    const Node* metadata = group.find("metadata");
    const std::string name = metadata == nullptr ? std::string() : text_of(*metadata, "name");
    for (const Node& version : items_of(group, "versions")) {
      if (text_of(version, "freshness") == "Stale" && items_of(version, "resources").empty()) {
        out_.problems.push_back(environment_error(fmt::format("the server of {}/{} does not answer",
                                                              name, text_of(version, "version")))
                                    .error());
      }
      for (const Node& resource : items_of(version, "resources")) {
        const Node* kind = resource.find("responseKind");
        if (kind != nullptr && can_be_listed(resource)) {
          add({.group = name,
               .version = text_of(version, "version"),
               .plural = text_of(resource, "resource"),
               .kind = text_of(*kind, "kind"),
               .is_namespaced = text_of(resource, "scope") != "Cluster"});
        }
      }
    }
  }

  // The older way: a list of versions, each with a list of its own.
  void ask_groups(const Node& answer, std::string_view root) {
    if (root == "/api") {
      for (const Node& version : items_of(answer, "versions")) {
        ask_version("", std::string(version.text()));
      }
      return;
    }
    for (const Node& group : items_of(answer, "groups")) {
      const std::string name = text_of(group, "name");
      const Node* preferred = group.find("preferredVersion");
      std::vector<std::string> versions;
      if (preferred != nullptr) {
        versions.push_back(text_of(*preferred, "version"));
      }
      for (const Node& version : items_of(group, "versions")) {
        versions.push_back(text_of(version, "version"));
      }
      std::set<std::string> asked;
      for (const std::string& version : versions) {
        if (!version.empty() && asked.insert(version).second) {
          ask_version(name, version);
        }
      }
    }
  }

  void ask_version(const std::string& group, const std::string& version) {
    const std::string path =
        group.empty() ? "/api/" + version : fmt::format("/apis/{}/{}", group, version);
    auto list = read(path, "application/json");
    if (!list) {
      out_.problems.push_back(std::move(list).error().error);
      return;
    }
    for (const Node& resource : items_of(*list, "resources")) {
      const Node* namespaced = resource.find("namespaced");
      std::string plural = text_of(resource, "name");
      if (plural.find('/') == std::string::npos && can_be_listed(resource)) {
        add({.group = group,
             .version = version,
             .plural = std::move(plural),
             .kind = text_of(resource, "kind"),
             .is_namespaced = namespaced != nullptr && namespaced->boolean()});
      }
    }
  }

  ApiClient& client_;
  Arena arena_;
  std::vector<std::shared_ptr<const document::Source>> sources_;
  std::set<std::pair<std::string, std::string>> seen_;  // group, kind
  Discovered out_;
};

}  // namespace

std::string Resource::path() const {
  return group.empty() ? fmt::format("/api/{}/{}", version, plural)
                       : fmt::format("/apis/{}/{}/{}", group, version, plural);
}

Result<Discovered> discover(ApiClient& client) { return Discovery(client).run(); }

std::string reading_role(std::string_view name, const std::vector<Resource>& resources) {
  std::map<std::string, std::set<std::string>> by_group;
  for (const Resource& resource : resources) {
    by_group[resource.group].insert(resource.plural);
  }
  std::string out = fmt::format(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: "
      "{}\nrules:\n",
      name);
  for (const auto& [group, plurals] : by_group) {
    out += fmt::format("- apiGroups: [\"{}\"]\n  resources:\n", group);
    for (const std::string& plural : plurals) {
      out += fmt::format("  - {}\n", plural);
    }
    out += "  verbs: [\"list\"]\n";
  }
  return out;
}

}  // namespace tally::kube_client
