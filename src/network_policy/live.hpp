#pragma once
// Live: what may pass between the pods of a cluster, kept true while its objects change one by one.
//
//   Live live(snapshot, {});
//   live.put(object);                             // new, or other than before
//   live.between({"shop", "web-0"}, {"shop", "db-0"});
//
// The cluster as it was is analysed once. What changed since stands beside it: a pair of pods that
// no change touches is answered from the tables; any other from the few policies that select one of
// the two, read anew. So a change costs what the changed object costs, and the answer is that of a
// new analysis. When much has changed, or an object that many policies read (a Tier, a network
// set), a new Live is due: put() and remove() say so.
//
// Threads: one at a time. The texts of objects must outlive it.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "network_policy/analyser.hpp"
#include "network_policy/pair.hpp"

namespace tally::network_policy {

class Live {
 public:
  enum class Outcome : std::uint8_t { Taken, NeedsRebuild };
  struct Pod {
    std::string_view name_space;
    std::string_view name;
  };
  struct Answer {
    scalar::ConnectionSet allowed;
    scalar::ConnectionSet unknown;
  };

  Live(std::shared_ptr<const kube::Snapshot> snapshot, const LoadOptions& options);

  // Objects that network policy does not ask for are taken and change nothing. After NeedsRebuild
  // answers are those of before.
  [[nodiscard]] Outcome put(const kube::Object& object);
  [[nodiscard]] Outcome remove(const scalar::ObjectRef& ref);

  // Nothing: one of them is not there.
  [[nodiscard]] std::optional<Answer> between(Pod source, Pod destination);

  // Pods and policies that are not as they were.
  [[nodiscard]] std::size_t change_count() const noexcept {
    return pods_.size() + policies_.size();
  }

 private:
  // Objects read apart from the cluster; the rest points into them.
  struct Part {
    std::shared_ptr<const kube::Snapshot> snapshot;
    std::optional<topology::Topology> topology;
    std::optional<PolicySet> policies;
  };
  struct ChangedPod {
    std::shared_ptr<const Part> part;              // null: it is gone
    const topology::Endpoint* endpoint = nullptr;  // in the part's topology
  };
  struct ChangedPolicy {
    std::vector<std::uint32_t> before;  // positions in base_policies_
    const kube::Object* now = nullptr;  // null: it is gone
    std::unique_ptr<const Part> part;   // of `now`
  };
  // One side of a question.
  struct Side {
    const topology::Topology* topology = nullptr;
    const topology::Endpoint* endpoint = nullptr;
    bool is_changed = false;
  };

  [[nodiscard]] Outcome change_pod(const scalar::ObjectRef& ref, const kube::Object* now);
  [[nodiscard]] Outcome change_namespace(const scalar::ObjectRef& ref, const kube::Object* now);
  [[nodiscard]] Outcome change_policy(const scalar::ObjectRef& ref, const kube::Object* now);
  [[nodiscard]] Outcome change(const scalar::ObjectRef& ref, const kube::Object* now);
  [[nodiscard]] const kube::Object* current_namespace(std::string_view name) const;
  [[nodiscard]] std::optional<Side> find(Pod pod) const;
  [[nodiscard]] Match selects(const PolicySet& set, const Policy& policy, const Side& side) const;
  [[nodiscard]] bool is_touched(const Side& side) const;
  void add_governing(const Side& side, std::vector<const kube::Object*>& objects) const;
  [[nodiscard]] const PolicySet& policies_of(std::vector<const kube::Object*> objects);
  // Policies, and what they read besides.
  [[nodiscard]] std::unique_ptr<Part> read_policies(
      const std::vector<const kube::Object*>& objects) const;

  std::shared_ptr<const kube::Snapshot> base_;
  LoadOptions options_;
  topology::Topology base_topology_;
  PolicySet base_policies_;
  Analyser analyser_;
  std::unordered_map<std::string, std::uint32_t> base_pods_;  // positions of endpoints
  // Policies that select within one namespace only, by it; the others under "".
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> base_policies_in_;
  std::unordered_map<const kube::Object*, std::vector<std::uint32_t>> base_policies_of_;
  std::vector<const kube::Object*> context_;  // what policies of Cilium and Calico read besides
  bool has_context_ = false;                  // there are such policies

  std::deque<kube::Object> objects_;  // that came later; addresses stay
  std::unordered_map<std::string, ChangedPod> pods_;
  std::map<std::string, const kube::Object*, std::less<>> namespaces_;  // null: it is gone
  std::map<std::string, ChangedPolicy> policies_;
  std::unordered_map<std::string, std::unique_ptr<const Part>> sets_;  // by the objects in them
};

}  // namespace tally::network_policy
