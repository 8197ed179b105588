#include "reachability/query/internal/pair.hpp"

#include <algorithm>

#include "document/json_writer.hpp"

namespace tally::reachability::query {
namespace {

std::set<std::string> labels_of(const Config& config) {
  std::set<std::string> texts;
  for (const ClusterPeer& peer : config.peers()) {
    std::string text = peer.name + " ";
    document::append_canonical_json(text, peer.endpoint.labels);
    document::append_canonical_json(text, peer.name_space->object->labels());
    texts.insert(std::move(text));
  }
  return texts;
}

}  // namespace

bool is_comparable(const Config& a, const Config& b) {
  std::set<std::string> names[2];
  for (const ClusterPeer& peer : a.peers()) {
    names[0].insert(peer.name);
  }
  for (const ClusterPeer& peer : b.peers()) {
    names[1].insert(peer.name);
  }
  return names[0] == names[1] && a.cluster().services() == b.cluster().services();
}

std::set<std::string> policy_texts(const View& view, bool with_content) {
  std::set<std::string> texts;
  for (std::size_t i = 0; i < view.config->policy_count(); ++i) {
    if (view.has(i)) {
      texts.insert(view.config->text_of(i, with_content));
    }
  }
  return texts;
}

// Equal texts mean the same where pods and namespaces have the same labels.
bool have_same_policies(const View& a, const View& b) {
  return policy_texts(a, true) == policy_texts(b, true) &&
         labels_of(*a.config) == labels_of(*b.config);
}

Answer different_topologies() {
  return {.was_executed = false,
          .text =
              "The two configurations have different network topologies and thus are not "
              "comparable."};
}

bool are_equal(Comparison& comparison, const Matrix& a, const Matrix& b) {
  const std::size_t count = comparison.classes().size();
  for (std::size_t s = 0; s < count; ++s) {
    for (std::size_t d = 0; d < count; ++d) {
      const std::size_t at = comparison.at(s, d);
      if (comparison.is_pair(s, d) && a[at].all_allowed != b[at].all_allowed &&
          (comparison.pool().minus(a[at].all_allowed, b[at].all_allowed) != kNone ||
           comparison.pool().minus(b[at].all_allowed, a[at].all_allowed) != kNone)) {
        return false;
      }
    }
  }
  return true;
}

std::string map_lines(Comparison& comparison, const QueryOptions& options, bool with_itself,
                      const ConnectionsOfPair& connections) {
  const std::vector<PeerClass>& classes = comparison.classes();
  const std::size_t count = classes.size();
  std::vector<std::vector<PooledId>> rows(count);
  for (std::size_t s = 0; s < count; ++s) {
    for (std::size_t d = 0; d < count; ++d) {
      rows[s].push_back(comparison.is_pair(s, d) ? connections(s, d) : kNone);
    }
  }
  // Blocks that have all in common are one, as are those that a source reaches alike.
  std::map<std::vector<PooledId>, scalar::AddressSet> sources;
  for (std::size_t s = 0; s < count; ++s) {
    if (classes[s].is_block) {
      scalar::AddressSet& all = sources[rows[s]];
      all = all.unite(classes[s].addresses);
    }
  }
  std::map<std::pair<std::string, std::string>, PooledId> edges;
  const auto add = [&](const std::string& from, const std::string& to, PooledId allowed) {
    if (allowed != kNone) {
      PooledId& into = edges[{from, to}];
      into = comparison.pool().unite(into, allowed);
    }
  };
  const auto names = [&](const PeerClass& one) -> const std::vector<std::string>& {
    return options.by_deployments ? one.workloads : one.names;
  };
  for (const auto& [row, addresses] : sources) {
    for (const std::string& range : addresses.ranges()) {
      for (std::size_t d = 0; d < count; ++d) {
        for (const std::string& to : names(classes[d])) {
          add(range, to, row[d]);
        }
      }
    }
  }
  for (std::size_t s = 0; s < count; ++s) {
    if (classes[s].is_block) {
      continue;
    }
    const std::vector<std::string>& from = names(classes[s]);
    std::map<PooledId, scalar::AddressSet> blocks;
    for (std::size_t d = 0; d < count; ++d) {
      if (classes[d].is_block) {
        scalar::AddressSet& all = blocks[rows[s][d]];
        all = all.unite(classes[d].addresses);
        continue;
      }
      const std::vector<std::string>& to = names(classes[d]);
      for (std::size_t i = 0; i < from.size(); ++i) {
        for (std::size_t j = 0; j < to.size(); ++j) {
          const bool is_itself = s == d && i == j;
          if (!is_itself && (with_itself || from[i] != to[j])) {
            add(from[i], to[j], rows[s][d]);
          }
        }
      }
    }
    for (const auto& [allowed, addresses] : blocks) {
      for (const std::string& range : addresses.ranges()) {
        for (const std::string& one : from) {
          add(one, range, allowed);
        }
      }
    }
  }
  std::string text;
  for (const auto& [ends, allowed] : edges) {
    text.append(ends.first).append(" => ").append(ends.second).append(" : ");
    text.append(to_nca_text(comparison.pool(), allowed, options.relevant)).append("\n");
  }
  return text;
}

}  // namespace tally::reachability::query
