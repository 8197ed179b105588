#include "network_policy/class_pairs.hpp"

#include <algorithm>

namespace tally::network_policy {
namespace {

bool is_denied(const PooledAnswer& answer) {
  return answer.allowed == kNone && answer.unknown == kNone;
}

bool is_closed(const DirectionTable& table) {
  return is_denied(table.usual[0]) && is_denied(table.usual[1]);
}

// Who may send to a class at all: where egress is closed or ingress is, only what is singled out.
class Sources {
 public:
  explicit Sources(const Analyser& analyser)
      : analyser_(analyser), singled_out_(analyser.class_count()) {
    for (ClassId id = 0; id < analyser.class_count(); ++id) {
      const DirectionTable& egress = analyser.table(id, Direction::Egress);
      if (!is_closed(egress)) {
        open_.push_back(id);
        continue;
      }
      for (const DirectionTable::Part& part : egress.parts) {
        for (const ClassId other : part.classes) {
          singled_out_[other].push_back(id);
        }
      }
    }
  }

  [[nodiscard]] std::vector<ClassId> of(ClassId destination) const {
    const DirectionTable& ingress = analyser_.table(destination, Direction::Ingress);
    std::vector<ClassId> sources;
    if (is_closed(ingress)) {
      for (const DirectionTable::Part& part : ingress.parts) {
        sources.insert(sources.end(), part.classes.begin(), part.classes.end());
      }
    } else {
      sources = open_;
      sources.insert(sources.end(), singled_out_[destination].begin(),
                     singled_out_[destination].end());
    }
    std::ranges::sort(sources);
    return sources;
  }

 private:
  const Analyser& analyser_;
  std::vector<ClassId> open_;
  std::vector<std::vector<ClassId>> singled_out_;  // by destination
};

}  // namespace

std::vector<ClassPair> list_class_pairs(Analyser& analyser) {
  const Sources sources(analyser);
  std::vector<ClassPair> pairs;
  for (ClassId destination = 0; destination < analyser.class_count(); ++destination) {
    for (const ClassId source : sources.of(destination)) {
      const PooledAnswer answer = analyser.between_classes(source, destination);
      if (!is_denied(answer)) {
        pairs.push_back({.source = source, .destination = destination, .answer = answer});
      }
    }
  }
  return pairs;
}

}  // namespace tally::network_policy
