#pragma once
// Policies from text, for tests.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/policy_set.hpp"
#include "authorization/testing/policy_text.hpp"
#include "base/arena.hpp"
#include "document/source.hpp"
#include "kube/snapshot.hpp"

namespace tally::authorization::testing {

class World {
 public:
  // YAML documents, one object each.
  explicit World(std::string_view yaml, MeshSettings settings = {});

  [[nodiscard]] const PolicySet& set() const { return loaded_->set; }
  [[nodiscard]] const std::vector<Problem>& problems() const { return loaded_->problems; }
  // Those that the API server does not refuse.
  [[nodiscard]] std::vector<kube::Object> objects() const;
  // A map of labels in flow style: "{app: web}".
  [[nodiscard]] document::Node labels(std::string_view yaml);

 private:
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
  std::deque<std::shared_ptr<const document::Source>> sources_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace tally::authorization::testing
