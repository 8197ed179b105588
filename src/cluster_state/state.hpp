#pragma once
// State: every watched object of a cluster, compact, as it changes.
//
//   State state({.hash_seed = random});
//   state.begin_list(pods);                              // Reflector: list_begins
//   state.put_items(pods, page, on_change, on_problem);  // page
//   state.end_list(pods, on_change);                     // list_complete: what was not named is
//   gone state.put(pods, event.object);                       // changed auto snapshot =
//   state.snapshot();                    // for any thread, for as long as it likes
//
// What is kept of an object: everything but what only API servers need, and what changes without
// the object being another one: managedFields, resourceVersion, generation, selfLink, kubectl's
// last-applied-configuration, and of the status what kept_status.hpp lists. apiVersion and kind,
// which items of a list leave out, come first.
//
// How: equal texts and equal lists and maps exist once, found by hash when an object comes in and
// counted by their users (internal/pool.hpp). The pods of a ReplicaSet share nearly everything.
// What an object no longer uses is kept until no snapshot is left that may show it: a snapshot of
// some kinds keeps nothing of the others.
//
// Errors leave the state as it was. They name resource, namespace and name, and never a value.
// Threads: calls to State come one at a time; snapshots may be read, copied and dropped by any
// thread at any time, also after the State is gone.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "kube/object.hpp"
#include "kube/snapshot.hpp"

namespace tally::kube {
class CustomKinds;  // api_kinds.hpp
}

namespace tally::cluster_state {

struct KindName {
  std::string_view group{};  // "" for the core
  std::string_view kind{};
  friend bool operator==(const KindName&, const KindName&) = default;
  friend auto operator<=>(const KindName&, const KindName&) = default;
};

// What is listed and watched. One version of a kind at a time.
struct Resource {
  std::string_view group{};
  std::string_view version{};
  std::string_view kind{};
  std::string_view plural{};  // for the name of the source: "cluster:apps/v1/deployments"
};

struct ObjectKey {
  std::string_view group{};
  std::string_view kind{};
  std::string_view name_space{};  // empty: cluster-scoped
  std::string_view name{};
};

enum class ChangeKind : std::uint8_t {
  Unchanged,  // equal in all that is kept
  Added,
  Modified,
  Removed,
};

// The objects live until the next call that changes the state (longer: in a snapshot).
struct Change {
  ChangeKind kind = ChangeKind::Unchanged;
  // Of this object as long as it exists; small numbers, used again after Removed.
  std::uint32_t slot = 0;
  const kube::Object* now = nullptr;     // null: Removed
  const kube::Object* before = nullptr;  // of Modified and Removed
};

struct Options {
  std::size_t object_bytes_max = std::size_t{8} << 20U;  // kept, before sharing
  std::size_t objects_max = 5'000'000;
  // Kinds whose whole status is kept, because a policy reads it.
  std::vector<std::pair<std::string, std::string>> whole_status{};  // group, kind
  // Random: who creates objects must not be able to choose texts of one hash.
  std::uint64_t hash_seed = 0;
};

struct Memory {
  std::size_t objects = 0;
  std::size_t texts = 0;
  std::size_t blocks = 0;         // lists and maps
  std::size_t blocks_shared = 0;  // with more than one user
  std::size_t bytes = 0;          // of texts, blocks, tables and identities, parked ones included
  std::size_t parked = 0;         // former objects that a snapshot may show
};

class State {
 public:
  // For Unchanged too. Callbacks do not change the state.
  using OnChange = std::function<void(const Change&)>;
  // An object that cannot be kept; the one of that name that was there stays.
  using OnProblem = std::function<void(const Error&)>;

  explicit State(Options options);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Added, Modified or Unchanged. The node need not outlive the call. An error: no map, another
  // apiVersion or kind, no name, over a limit.
  [[nodiscard]] Result<Change> put(const Resource& resource, const document::Node& object);
  [[nodiscard]] Result<Change> put_json(const Resource& resource, std::string_view json);

  // Removed, or Unchanged with slot 0 and no objects: there was none.
  Change remove(const ObjectKey& key);

  // A new list of the resource, in pages. A list that breaks off and begins anew removes nothing.
  void begin_list(const Resource& resource);
  // The objects of a page. What a callback is given lives until it returns.
  void put_items(const Resource& resource, std::span<const document::Node> items,
                 const OnChange& on_change, const OnProblem& on_problem);
  // Removes the objects that were not put since begin_list().
  void end_list(const Resource& resource, const OnChange& on_change);
  // The resource is no longer watched.
  void drop(KindName kind, const OnChange& on_change);

  // At this moment; by group, kind, namespace, name. Copies one kube::Object for each object and
  // makes the table of identities: linear in the kinds that are asked for.
  // `custom`: rows for objects of kinds that CRDs add; it must outlive the snapshot; may be null.
  [[nodiscard]] std::shared_ptr<const kube::Snapshot> snapshot(
      const kube::CustomKinds* custom = nullptr);
  // Of these kinds only. Kinds that are not held are passed over.
  [[nodiscard]] std::shared_ptr<const kube::Snapshot> snapshot(
      std::span<const KindName> kinds, const kube::CustomKinds* custom = nullptr);

  // Null: there is none. Lives as the objects of a Change do.
  [[nodiscard]] const kube::Object* find(const ObjectKey& key) const;

  // Grow with every Added, Modified and Removed; 0: none yet.
  [[nodiscard]] std::uint64_t version() const noexcept;
  [[nodiscard]] std::uint64_t version(KindName kind) const;

  // From now on the whole status of a kind is kept. False: it was before. Objects that are there
  // get it when they are put again: list the resource anew.
  bool keep_status(KindName kind);

  // Frees what no snapshot shows any more. Every call that changes the state does so for its kind.
  void collect();
  // Walks all blocks.
  [[nodiscard]] Memory memory() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tally::cluster_state
