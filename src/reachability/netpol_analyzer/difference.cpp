#include "reachability/netpol_analyzer/difference.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reachability/netpol_analyzer/connection_list.hpp"
#include "reachability/netpol_analyzer/internal/difference_formats.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using scalar::AddressSet;
using scalar::ConnectionSet;

constexpr std::string_view kNone = "No Connections";

struct Pair {
  std::string source;
  std::string destination;
  friend auto operator<=>(const Pair&, const Pair&) = default;
};

// What one input allows: pairs of workloads, and for each workload the outside addresses.
struct Side {
  std::map<Pair, ConnectionSet> pairs;
  // "in" or "out" of a workload: blocks with what is allowed.
  struct Outside {
    std::string workload;
    bool is_source = false;  // the address is the source
    friend auto operator<=>(const Outside&, const Outside&) = default;
  };
  std::map<Outside, std::vector<std::pair<AddressSet, std::string>>> outside;
  std::set<std::string> workloads;
};

Side read(const ConnectionList& list) {
  Side side;
  for (const ListedPeer& peer : list.peers()) {
    if (!peer.block && !peer.is_ingress_controller) {
      side.workloads.insert(peer.text);
    }
  }
  for (const ListedConnection& line : list.connections()) {
    const ListedPeer& source = list.peers()[line.source];
    const ListedPeer& destination = list.peers()[line.destination];
    if (source.block) {
      side.outside[{.workload = destination.text, .is_source = true}].emplace_back(
          *source.block, list.text(line.connections));
    } else if (destination.block) {
      side.outside[{.workload = source.text, .is_source = false}].emplace_back(
          *destination.block, list.text(line.connections));
    } else {
      // Over all networks that both are in.
      ConnectionSet& set = side.pairs[{source.text, destination.text}];
      set = set.unite(list.set(line.connections));
    }
  }
  return side;
}

class Comparison {
 public:
  Comparison(const Side& before, const Side& after) : before_(before), after_(after) {}

  std::vector<DifferentPair> run() {
    std::set<Pair> pairs;
    std::set<Side::Outside> outside;
    for (const Side* side : {&before_, &after_}) {
      for (const auto& [pair, set] : side->pairs) {
        pairs.insert(pair);
      }
      for (const auto& [key, blocks] : side->outside) {
        outside.insert(key);
      }
    }
    for (const Pair& pair : pairs) {
      compare(pair);
    }
    for (const Side::Outside& key : outside) {
      compare(key);
    }
    return std::move(found_);
  }

 private:
  static std::string text_of(const Side& side, const Pair& pair) {
    const auto at = side.pairs.find(pair);
    return at == side.pairs.end() ? std::string() : connection_text(at->second);
  }

  void compare(const Pair& pair) {
    add(pair.source, pair.destination, text_of(before_, pair), text_of(after_, pair));
  }

  // Addresses with the same two answers are one set, however the policies cut the space.
  void compare(const Side::Outside& key) {
    std::map<std::pair<std::string, std::string>, AddressSet> by_answers;
    std::vector<AddressSet> cuts;
    for (const Side* side : {&before_, &after_}) {
      if (const auto at = side->outside.find(key); at != side->outside.end()) {
        for (const auto& [block, text] : at->second) {
          cuts.push_back(block);
        }
      }
    }
    for (const AddressSet& part : scalar::partition(cuts, false)) {
      const std::string first = answer(before_, key, part);
      const std::string second = answer(after_, key, part);
      if (!first.empty() || !second.empty()) {
        AddressSet& known = by_answers[{first, second}];
        known = known.unite(part);
      }
    }
    for (const auto& [answers, addresses] : by_answers) {
      for (const std::string& range : addresses.ranges()) {
        const std::string outside = range + "[External]";
        add(key.is_source ? outside : key.workload, key.is_source ? key.workload : outside,
            answers.first, answers.second);
      }
    }
  }

  static std::string answer(const Side& side, const Side::Outside& key, const AddressSet& part) {
    const auto at = side.outside.find(key);
    if (at == side.outside.end()) {
      return {};
    }
    for (const auto& [block, text] : at->second) {
      if (block.contains(part)) {
        return text;
      }
    }
    return {};
  }

  static bool is_outside(std::string_view peer) {
    return peer.ends_with("[External]") || peer == kIngressController;
  }

  void add(const std::string& source, const std::string& destination, const std::string& before,
           const std::string& after) {
    using Kind = DifferentPair::Kind;
    DifferentPair pair{.kind = before.empty()    ? Kind::Added
                               : after.empty()   ? Kind::Removed
                               : before == after ? Kind::Unchanged
                                                 : Kind::Changed,
                       .source = source,
                       .destination = destination,
                       .before = before.empty() ? std::string(kNone) : before,
                       .after = after.empty() ? std::string(kNone) : after,
                       .is_from_ingress = source == kIngressController};
    if (pair.kind == Kind::Added || pair.kind == Kind::Removed) {
      const Side& other = pair.kind == Kind::Added ? before_ : after_;
      pair.is_source_new_or_lost = !is_outside(source) && !other.workloads.contains(source);
      pair.is_destination_new_or_lost =
          !is_outside(destination) && !other.workloads.contains(destination);
    }
    found_.push_back(std::move(pair));
  }

  const Side& before_;
  const Side& after_;
  std::vector<DifferentPair> found_;
};

}  // namespace

Result<Difference> Difference::make(const kube::Snapshot& before, const kube::Snapshot& after,
                                    const Options& options) {
  Difference difference;
  difference.options_ = options;
  Options plain;
  plain.multiple_networks = options.multiple_networks;
  std::vector<Side> sides;
  for (const kube::Snapshot* snapshot : {&before, &after}) {
    TALLY_TRY(const ConnectionList list, ConnectionList::make(*snapshot, plain));
    sides.push_back(read(list));
    difference.warnings_.insert(difference.warnings_.end(), list.warnings().begin(),
                                list.warnings().end());
  }
  difference.pairs_ = Comparison(sides[0], sides[1]).run();
  return difference;
}

bool Difference::is_empty() const {
  return std::ranges::all_of(pairs_, [](const DifferentPair& pair) {
    return pair.kind == DifferentPair::Kind::Unchanged;
  });
}

std::string Difference::to_string() const {
  if (is_empty()) {
    return {};
  }
  switch (options_.format) {
    case Format::Csv:
      return difference_as_csv(pairs_);
    case Format::Markdown:
      return difference_as_markdown(pairs_);
    case Format::Dot:
      return difference_as_dot(pairs_);
    case Format::Text:
    case Format::Json:
      break;
  }
  return difference_as_text(pairs_);
}

}  // namespace tally::reachability::netpol_analyzer
