#pragma once
// Two configurations with their connections, and what is said of both.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reachability/query/comparison.hpp"
#include "reachability/query/queries.hpp"

namespace tally::reachability::query {

using Part = PooledId Connections::*;

// Whether both have the same pods and services.
[[nodiscard]] bool is_comparable(const Config& a, const Config& b);
// Kinds and names of the policies, perhaps with what they say.
[[nodiscard]] std::set<std::string> policy_texts(const View& view, bool with_content);
// Equal texts mean the same where pods and namespaces have the same labels.
[[nodiscard]] bool have_same_policies(const View& a, const View& b);
[[nodiscard]] Answer different_topologies();
[[nodiscard]] bool are_equal(Comparison& comparison, const Matrix& a, const Matrix& b);

// A pair of configurations with their connections.
class Pair {
 public:
  Pair(const View& first, const View& second, const QueryOptions& options)
      : comparison_(*first.config, second.config, options.exclude_v6),
        first_(comparison_.evaluate(first, 0)),
        second_(comparison_.evaluate(second, 1)) {}

  // Whether what the one allows is among what the other does.
  bool contains(const Matrix& outer, Part outer_part, const Matrix& inner, Part inner_part) {
    return for_all([&](std::size_t at) {
      return comparison_.pool().minus(inner[at].*inner_part, outer[at].*outer_part) == kNone;
    });
  }
  bool intersect(const Matrix& a, Part a_part, const Matrix& b, Part b_part) {
    return !for_all([&](std::size_t at) {
      return comparison_.pool().intersect(a[at].*a_part, b[at].*b_part) == kNone;
    });
  }
  // What both allow, as all_allowed.
  Matrix intersection(Part first_part, Part second_part) {
    Matrix both(first_.size());
    for (std::size_t i = 0; i < both.size(); ++i) {
      both[i].all_allowed =
          comparison_.pool().intersect(first_[i].*first_part, second_[i].*second_part);
    }
    return both;
  }
  // The connections of `of` that `without` has not, as rows of equal sources, destinations and
  // connections.
  void add_rows(const Matrix& of, Part part, const Matrix* without, bool is_of_second,
                bool all_examples, std::vector<ConnectionsOf>& rows) {
    const std::vector<PeerClass>& classes = comparison_.classes();
    using Row = std::map<PooledId, std::vector<std::size_t>>;  // destinations by connections
    std::map<Row, std::vector<std::string>> sources;
    for (std::size_t s = 0; s < classes.size(); ++s) {
      Row row;
      for (std::size_t d = 0; d < classes.size(); ++d) {
        const std::size_t at = comparison_.at(s, d);
        PooledId connections = comparison_.is_pair(s, d) ? of[at].*part : kNone;
        if (without != nullptr) {
          connections = comparison_.pool().minus(connections, (*without)[at].all_allowed);
        }
        if (connections != kNone) {
          row[connections].push_back(d);
        }
      }
      if (!row.empty()) {
        auto& names = sources[row];
        names.insert(names.end(), classes[s].names.begin(), classes[s].names.end());
      }
    }
    for (auto& [row, names] : sources) {
      std::ranges::sort(names);
      for (const auto& [connections, destinations] : row) {
        ConnectionsOf one{.sources = names,
                          .destinations = {},
                          .connections = comparison_.pool().at(connections),
                          .is_of_second = is_of_second,
                          .text = to_nca_text(comparison_.pool(), connections),
                          .map_text = to_nca_map(comparison_.pool(), connections),
                          .example = to_nca_example(comparison_.pool(), connections)};
        for (const std::size_t d : destinations) {
          one.destinations.insert(one.destinations.end(), classes[d].names.begin(),
                                  classes[d].names.end());
        }
        std::ranges::sort(one.destinations);
        if (!all_examples) {
          one.sources.resize(1);
          one.destinations.resize(1);
          rows.push_back(std::move(one));
          return;
        }
        rows.push_back(std::move(one));
      }
    }
  }
  bool equal() {
    return for_all([&](std::size_t at) {
      return comparison_.pool().minus(first_[at].all_allowed, second_[at].all_allowed) == kNone &&
             comparison_.pool().minus(second_[at].all_allowed, first_[at].all_allowed) == kNone;
    });
  }
  Comparison& comparison() { return comparison_; }
  const Matrix& first() const { return first_; }
  const Matrix& second() const { return second_; }

 private:
  template <class Holds>
  bool for_all(const Holds& holds) {
    const std::size_t count = comparison_.classes().size();
    for (std::size_t s = 0; s < count; ++s) {
      for (std::size_t d = 0; d < count; ++d) {
        if (comparison_.is_pair(s, d) && !holds(comparison_.at(s, d))) {
          return false;
        }
      }
    }
    return true;
  }

  Comparison comparison_;
  Matrix first_;
  Matrix second_;
};

// "shop/web[Deployment] => shop/db[StatefulSet] : {protocols:TCP,dst_ports:5432}", sorted: the
// format txt_no_fw_rules (nca/FWRules/ConnectivityGraph.py). `connections`: of a pair of classes.
using ConnectionsOfPair = std::function<PooledId(std::size_t source, std::size_t destination)>;
[[nodiscard]] std::string map_lines(Comparison& comparison, const QueryOptions& options,
                                    bool with_itself, const ConnectionsOfPair& connections);

// A map in the format of the options: lines of pairs, or firewall rules. `header`: of its own line.
struct MapOptions {
  std::string_view config_name{};  // empty: no header
  std::string_view restriction{};  // "TCP", "non-TCP", or empty
  std::size_t side = 0;
  std::set<std::string> labels{};
  bool excludes_itself = false;
};
[[nodiscard]] std::string rules_map(Comparison& comparison, const QueryOptions& options,
                                    const MapOptions& map, const ConnectionsOfPair& connections);
[[nodiscard]] Answer ask_connectivity_map(Comparison& comparison, const View& view,
                                          const QueryOptions& options);

[[nodiscard]] Answer ask_semantic_diff(const View& first, const View& second,
                                       const QueryOptions& options);

}  // namespace tally::reachability::query
