// Identities are found through one open-addressing table that is built with the snapshot; the other
// indexes are runs of sorted (hash, key, position) entries, built on first use. Keys are never
// copied: an entry's key is read from its object again.
#include "kube/snapshot.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <mutex>
#include <numeric>

#include "base/parallel.hpp"
#include "kube/api_kinds.hpp"

namespace tally::kube {

namespace {

using document::Name;
using document::Node;

const Name kOwnerReferences{"ownerReferences"};
const Name kKind{"kind"};
const Name kName{"name"};

constexpr std::uint32_t kNone = 0xFFFFFFFF;

using Key = std::array<std::string_view, 3>;

std::uint64_t mix(std::uint64_t seed, std::string_view text) noexcept {
  const std::uint64_t hash = std::hash<std::string_view>{}(text) + text.size();
  return (seed ^ hash) * 0x9E3779B97F4A7C15ULL ^ std::rotl(seed, 23);
}

std::uint64_t hash_key(const Key& key) noexcept { return mix(mix(mix(1, key[0]), key[1]), key[2]); }

std::string_view text_at(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

std::uint64_t hash_identity(std::string_view group, std::string_view kind,
                            std::string_view name_space, std::string_view name) noexcept {
  return mix(hash_key({group, kind, name_space}), name);
}

// Positions grouped by a key of up to three texts.
class Grouping {
 public:
  // key(position, part) -> Key; an object may have several keys (parts).
  using KeyOf = std::function<Key(std::uint32_t position, std::uint32_t part)>;

  void add(std::uint32_t position, std::uint32_t part, const Key& key) {
    entries_.push_back({hash_key(key), position, part});
  }

  void finish(const KeyOf& key_of) {
    std::sort(entries_.begin(), entries_.end(), [&key_of](const Entry& a, const Entry& b) {
      if (a.hash != b.hash) {
        return a.hash < b.hash;
      }
      const Key left = key_of(a.position, a.part);
      const Key right = key_of(b.position, b.part);
      return left != right ? left < right : a.position < b.position;
    });
    positions_.reserve(entries_.size());
    for (const Entry& entry : entries_) {
      const bool same = !runs_.empty() && runs_.back().hash == entry.hash &&
                        key_of(runs_.back().first.position, runs_.back().first.part) ==
                            key_of(entry.position, entry.part);
      if (!same) {
        runs_.push_back({entry.hash, entry, static_cast<std::uint32_t>(positions_.size()), 0});
      }
      if (!same || positions_.back() != entry.position) {
        positions_.push_back(entry.position);
      }
      runs_.back().end = static_cast<std::uint32_t>(positions_.size());
    }
    entries_ = {};
  }

  [[nodiscard]] std::span<const std::uint32_t> find(const Key& key, const KeyOf& key_of) const {
    const std::uint64_t hash = hash_key(key);
    auto at =
        std::lower_bound(runs_.begin(), runs_.end(), hash,
                         [](const Run& run, std::uint64_t wanted) { return run.hash < wanted; });
    for (; at != runs_.end() && at->hash == hash; ++at) {
      if (key_of(at->first.position, at->first.part) == key) {
        return std::span{positions_}.subspan(at->begin, at->end - at->begin);
      }
    }
    return {};
  }

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t position;
    std::uint32_t part;
  };
  struct Run {
    std::uint64_t hash;
    Entry first;
    std::uint32_t begin;
    std::uint32_t end;
  };
  std::vector<Entry> entries_;
  std::vector<Run> runs_;
  std::vector<std::uint32_t> positions_;
};

struct LazyGrouping {
  std::once_flag built;
  Grouping grouping;
};

}  // namespace

struct Snapshot::Index {
  std::vector<Object> objects;
  std::vector<std::uint32_t> shadowed;
  std::vector<std::uint32_t> standing;  // positions, in the order of the input
  // Open addressing: position of the standing object, or kNone; with some bits of its hash, so that
  // most strangers are told apart without a look at the object.
  struct Slot {
    std::uint32_t position = kNone;
    std::uint32_t tag = 0;
  };
  std::vector<Slot> slots;

  mutable LazyGrouping kinds;
  mutable LazyGrouping spaces;
  mutable LazyGrouping labels;
  mutable LazyGrouping owners;
  mutable std::once_flag namespaces_built;
  mutable std::vector<std::string_view> namespaces;

  // The slot of an identity: where it is, or the free one where it would be.
  [[nodiscard]] std::size_t slot_of(std::uint64_t hash, std::string_view group,
                                    std::string_view kind, std::string_view name_space,
                                    std::string_view name) const {
    const std::size_t mask = slots.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots[at];
      if (slot.position == kNone) {
        return at;
      }
      if (slot.tag != tag_of(hash)) {
        continue;
      }
      const scalar::ObjectRef& ref = objects[slot.position].ref;
      if (ref.name == name && ref.kind == kind && ref.name_space == name_space &&
          ref.group == group) {
        return at;
      }
    }
  }

  static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32U);
  }

  void index_identities(unsigned threads) {
    // The hashes first, by all threads: they read the names, which are far from here.
    constexpr std::size_t kRun = 1024;
    std::vector<std::uint64_t> hashes(objects.size());
    parallel_for((objects.size() + kRun - 1) / kRun, threads, [&](std::size_t run, unsigned) {
      const std::size_t end = std::min(objects.size(), (run + 1) * kRun);
      for (std::size_t i = run * kRun; i < end; ++i) {
        const scalar::ObjectRef& ref = objects[i].ref;
        hashes[i] = hash_identity(ref.group, ref.kind, ref.name_space, ref.name);
      }
    });
    slots.assign(std::bit_ceil(objects.size() * 2 + 1), Slot{});
    std::vector<bool> hidden(objects.size(), false);
    for (std::uint32_t i = 0; i < objects.size(); ++i) {
      const scalar::ObjectRef& ref = objects[i].ref;
      if (ref.name.empty()) {
        continue;  // generateName: every such object is one of its own
      }
      Slot& slot = slots[slot_of(hashes[i], ref.group, ref.kind, ref.name_space, ref.name)];
      if (slot.position != kNone) {
        hidden[slot.position] = true;
      }
      slot = {.position = i, .tag = tag_of(hashes[i])};
    }
    for (std::uint32_t i = 0; i < objects.size(); ++i) {
      (hidden[i] ? shadowed : standing).push_back(i);
    }
  }

  [[nodiscard]] Key kind_key(std::uint32_t position) const {
    const scalar::ObjectRef& ref = objects[position].ref;
    return {ref.group, ref.kind, {}};
  }
  [[nodiscard]] Key space_key(std::uint32_t position) const {
    return {objects[position].ref.name_space, {}, {}};
  }
  [[nodiscard]] Key label_key(std::uint32_t position, std::uint32_t part) const {
    const Node found = objects[position].labels();
    return {found.key(part), found.items()[part].text(), {}};
  }
  [[nodiscard]] Key owner_key(std::uint32_t position, std::uint32_t part) const {
    const Node& reference = objects[position].metadata.find(kOwnerReferences)->items()[part];
    return {text_at(reference, kKind), objects[position].ref.name_space, text_at(reference, kName)};
  }
};

Snapshot::Snapshot(std::unique_ptr<Index> index) noexcept : index_(std::move(index)) {}
Snapshot::~Snapshot() = default;

std::shared_ptr<const Snapshot> Snapshot::create(std::vector<Object> objects,
                                                 std::string_view default_namespace,
                                                 unsigned threads) {
  auto index = std::make_unique<Index>();
  index->objects = std::move(objects);
  for (Object& object : index->objects) {
    if (object.ref.name_space.empty() && is_namespaced(object)) {
      object.ref.name_space = default_namespace;
    }
  }
  index->index_identities(threads);
  // The constructor is private: make_shared cannot reach it.
  return std::shared_ptr<const Snapshot>(new Snapshot(std::move(index)));
}

std::span<const Object> Snapshot::objects() const noexcept { return index_->objects; }

std::span<const std::uint32_t> Snapshot::shadowed() const noexcept { return index_->shadowed; }

const Object* Snapshot::find(std::string_view group, std::string_view kind,
                             std::string_view name_space, std::string_view name) const {
  const std::uint64_t hash = hash_identity(group, kind, name_space, name);
  const std::uint32_t position =
      index_->slots[index_->slot_of(hash, group, kind, name_space, name)].position;
  return position == kNone ? nullptr : &index_->objects[position];
}

std::span<const std::uint32_t> Snapshot::by_kind(std::string_view group,
                                                 std::string_view kind) const {
  const Index& index = *index_;
  const auto key_of = [&index](std::uint32_t position, std::uint32_t) {
    return index.kind_key(position);
  };
  std::call_once(index.kinds.built, [&] {
    for (const std::uint32_t position : index.standing) {
      index.kinds.grouping.add(position, 0, index.kind_key(position));
    }
    index.kinds.grouping.finish(key_of);
  });
  return index.kinds.grouping.find({group, kind, {}}, key_of);
}

std::span<const std::uint32_t> Snapshot::by_namespace(std::string_view name_space) const {
  const Index& index = *index_;
  const auto key_of = [&index](std::uint32_t position, std::uint32_t) {
    return index.space_key(position);
  };
  std::call_once(index.spaces.built, [&] {
    for (const std::uint32_t position : index.standing) {
      index.spaces.grouping.add(position, 0, index.space_key(position));
    }
    index.spaces.grouping.finish(key_of);
  });
  return index.spaces.grouping.find({name_space, {}, {}}, key_of);
}

std::span<const std::uint32_t> Snapshot::by_label(std::string_view key,
                                                  std::string_view value) const {
  const Index& index = *index_;
  const auto key_of = [&index](std::uint32_t position, std::uint32_t part) {
    return index.label_key(position, part);
  };
  std::call_once(index.labels.built, [&] {
    for (const std::uint32_t position : index.standing) {
      const Node found = index.objects[position].labels();
      for (std::uint32_t part = 0; part < found.size(); ++part) {
        if (found.items()[part].is_string()) {
          index.labels.grouping.add(position, part, index.label_key(position, part));
        }
      }
    }
    index.labels.grouping.finish(key_of);
  });
  return index.labels.grouping.find({key, value, {}}, key_of);
}

std::span<const std::uint32_t> Snapshot::by_owner(std::string_view kind,
                                                  std::string_view name_space,
                                                  std::string_view name) const {
  const Index& index = *index_;
  const auto key_of = [&index](std::uint32_t position, std::uint32_t part) {
    return index.owner_key(position, part);
  };
  std::call_once(index.owners.built, [&] {
    for (const std::uint32_t position : index.standing) {
      const Node* references = index.objects[position].metadata.find(kOwnerReferences);
      const std::size_t count =
          references != nullptr && references->is_array() ? references->size() : 0;
      for (std::uint32_t part = 0; part < count; ++part) {
        index.owners.grouping.add(position, part, index.owner_key(position, part));
      }
    }
    index.owners.grouping.finish(key_of);
  });
  return index.owners.grouping.find({kind, name_space, name}, key_of);
}

std::span<const std::string_view> Snapshot::namespaces() const {
  const Index& index = *index_;
  std::call_once(index.namespaces_built, [&index] {
    std::vector<std::string_view>& names = index.namespaces;
    for (const std::uint32_t position : index.standing) {
      const scalar::ObjectRef& ref = index.objects[position].ref;
      const bool defines = ref.kind == "Namespace" && ref.group.empty();
      const std::string_view name = defines ? ref.name : ref.name_space;
      // Neighbours mostly share a namespace: skip the cheap duplicates before the sort.
      if (!name.empty() && (names.empty() || names.back() != name)) {
        names.push_back(name);
      }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  });
  return index.namespaces;
}

}  // namespace tally::kube
