#include "cluster_state/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "cluster_state/internal/kept.hpp"
#include "cluster_state/internal/leases.hpp"
#include "cluster_state/internal/pool.hpp"
#include "document/read_json.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::cluster_state {

using document::Node;

namespace {

// What snapshots show, which may outlive the State. Pool and sources are changed by State only.
struct Store {
  explicit Store(std::uint64_t hash_seed) : pool(hash_seed) {}
  Pool pool;
  std::vector<std::shared_ptr<const document::Source>> sources;
  Leases leases;
};

// A snapshot with what it needs.
struct Shown {
  std::shared_ptr<Store> store;
  std::uint64_t number = 0;
  std::shared_ptr<const kube::Snapshot> snapshot{};

  Shown(std::shared_ptr<Store> of, std::uint64_t lease) : store(std::move(of)), number(lease) {}
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;
  ~Shown() {
    snapshot.reset();
    store->leases.end(number);
  }
};

// A tree that is no longer part of the state, and the last snapshot that may show it.
struct Parked {
  std::uint64_t snapshot = 0;
  Node root;
};

// An object that is there. Its texts, those of the identity included, are in the pool.
struct Slot {
  kube::Object object;
  std::uint32_t list = 0;  // of its kind, in which it was put last
};

struct Kind {
  std::uint32_t number = 0;
  std::string group{};
  std::string kind{};
  const document::Source* source = nullptr;
  bool whole_status = false;
  std::uint64_t version = 0;
  std::uint32_t list = 0;
  // A text exists once: the views stay right when an object of the same name takes the place.
  std::map<Identity, std::uint32_t> slots{};
  std::deque<Parked> parked{};  // the oldest first
};

using Objects = std::map<Identity, std::uint32_t>;

constexpr std::size_t kReadingBytesKept = std::size_t{1} << 20U;

}  // namespace

struct State::Parts {
  Options options;
  std::shared_ptr<Store> store;
  std::map<KindName, std::unique_ptr<Kind>> kinds;  // the names are those of the Kind
  std::deque<Slot> slots;
  std::vector<std::uint32_t> free_slots;
  kube::Object before;  // of the last change
  Arena reading;        // of put_json
  std::uint64_t version = 0;

  explicit Parts(Options given)
      : options(std::move(given)), store(std::make_shared<Store>(options.hash_seed)) {}

  [[nodiscard]] Kind& kind_of(const Resource& resource) {
    auto found = kinds.find({resource.group, resource.kind});
    if (found == kinds.end()) {
      auto made = std::make_unique<Kind>();
      made->number = static_cast<std::uint32_t>(kinds.size());
      made->group = resource.group;
      made->kind = resource.kind;
      made->whole_status = std::ranges::any_of(options.whole_status, [&](const auto& name) {
        return name.first == resource.group && name.second == resource.kind;
      });
      const KindName name{.group = made->group, .kind = made->kind};
      found = kinds.emplace(name, std::move(made)).first;
    }
    Kind& kind = *found->second;
    const std::string name =
        fmt::format("cluster:{}/{}", api_version_of(resource), resource.plural);
    if (kind.source == nullptr || kind.source->name() != name) {
      kind.source =
          store->sources.emplace_back(document::Source::from_text(name, std::string_view{})).get();
    }
    return kind;
  }
  [[nodiscard]] Kind* find_kind(KindName name) const {
    const auto found = kinds.find(name);
    return found == kinds.end() ? nullptr : found->second.get();
  }

  void collect(Kind& kind) {
    if (kind.parked.empty()) {
      return;
    }
    const std::uint64_t oldest = store->leases.oldest(kind.number);
    while (!kind.parked.empty() && kind.parked.front().snapshot < oldest) {
      store->pool.release(kind.parked.front().root);
      kind.parked.pop_front();
    }
  }
  // The object lives until the next collect() at least.
  void park(Kind& kind, const kube::Object& object) {
    before = object;
    kind.parked.push_back({.snapshot = store->leases.last(), .root = object.root});
  }

  [[nodiscard]] std::size_t objects() const noexcept { return slots.size() - free_slots.size(); }

  [[nodiscard]] Change changed(Kind& kind, ChangeKind what, std::uint32_t slot) {
    if (what != ChangeKind::Unchanged) {
      ++kind.version;
      ++version;
    }
    const bool has_before = what == ChangeKind::Modified || what == ChangeKind::Removed;
    return {.kind = what,
            .slot = slot,
            .now = what == ChangeKind::Removed ? nullptr : &slots[slot].object,
            .before = has_before ? &before : nullptr};
  }

  [[nodiscard]] Result<Change> put(Kind& kind, const Resource& resource, const Node& object);
  [[nodiscard]] Change put_root(Kind& kind, const Node& root);
  Change remove(Kind& kind, Objects::iterator at);
  [[nodiscard]] std::shared_ptr<const kube::Snapshot> snapshot(std::span<Kind* const> shown,
                                                               const kube::CustomKinds* custom);
};

Result<Change> State::Parts::put(Kind& kind, const Resource& resource, const Node& object) {
  collect(kind);
  const auto fail = [&kind](Error error) {
    error.file = kind.source->name();
    return std::unexpected(std::move(error));
  };
  const auto identity = identify(resource, object);
  if (!identity) {
    return fail(identity.error());
  }
  const auto at = kind.slots.find(*identity);
  if (at != kind.slots.end()) {
    slots[at->second].list = kind.list;  // it exists, whatever it says
  }
  auto fits = check_size(object, options.object_bytes_max);
  if (fits && at == kind.slots.end() && objects() >= options.objects_max) {
    fits = limit_error(fmt::format("there are {} objects already", options.objects_max));
  }
  if (!fits) {
    fits.error().message = fmt::format("{}{}{}: {}", excerpt(identity->name_space),
                                       identity->name_space.empty() ? "" : "/",
                                       excerpt(identity->name), fits.error().message);
    return fail(std::move(fits).error());
  }
  return put_root(kind, keep_object(store->pool, resource, object, kind.whole_status));
}

Change State::Parts::put_root(Kind& kind, const Node& root) {
  const auto object = kube::object_from_node(root, kind.source);
  TALLY_ASSERT(object.has_value());  // identify() has seen to it
  const Identity identity{.name_space = object->ref.name_space, .name = object->ref.name};
  const auto [at, is_new] = kind.slots.try_emplace(identity, 0);
  if (!is_new) {
    Slot& slot = slots[at->second];
    if (slot.object.root.items().data() == root.items().data()) {
      store->pool.release(root);
      return changed(kind, ChangeKind::Unchanged, at->second);
    }
    park(kind, slot.object);
    slot.object = *object;
    return changed(kind, ChangeKind::Modified, at->second);
  }
  if (free_slots.empty()) {
    at->second = static_cast<std::uint32_t>(slots.size());
    slots.emplace_back();
  } else {
    at->second = free_slots.back();
    free_slots.pop_back();
  }
  slots[at->second] = {.object = *object, .list = kind.list};
  return changed(kind, ChangeKind::Added, at->second);
}

Change State::Parts::remove(Kind& kind, Objects::iterator at) {
  const std::uint32_t slot = at->second;
  kind.slots.erase(at);
  park(kind, slots[slot].object);
  slots[slot] = {};
  free_slots.push_back(slot);
  return changed(kind, ChangeKind::Removed, slot);
}

std::shared_ptr<const kube::Snapshot> State::Parts::snapshot(std::span<Kind* const> shown,
                                                             const kube::CustomKinds* custom) {
  std::vector<std::uint32_t> numbers;
  std::vector<kube::Object> objects;
  std::size_t count = 0;
  for (const Kind* kind : shown) {
    numbers.push_back(kind->number);
    count += kind->slots.size();
  }
  objects.reserve(count);
  for (const Kind* kind : shown) {
    for (const auto& [identity, slot] : kind->slots) {
      objects.push_back(slots[slot].object);
    }
  }
  if (custom != nullptr) {
    custom->resolve(objects);
  }
  std::ranges::sort(numbers);
  auto made = std::make_shared<Shown>(store, store->leases.begin(std::move(numbers)));
  // Namespaces are complete: an API server has said them.
  made->snapshot = kube::Snapshot::create(std::move(objects), std::string_view{});
  const kube::Snapshot* snapshot = made->snapshot.get();
  return {std::move(made), snapshot};
}

State::State(Options options) {
  kube::load_api_kinds();  // interns the names of fields, so that readers give them symbols
  parts_ = std::make_unique<Parts>(std::move(options));
}

State::~State() = default;

Result<Change> State::put(const Resource& resource, const Node& object) {
  return parts_->put(parts_->kind_of(resource), resource, object);
}

Result<Change> State::put_json(const Resource& resource, std::string_view json) {
  Kind& kind = parts_->kind_of(resource);
  if (json.size() > parts_->options.object_bytes_max) {
    auto error = limit_error(fmt::format("found an object of {} bytes, expected {} at most",
                                         json.size(), parts_->options.object_bytes_max));
    error.error().file = kind.source->name();
    return error;
  }
  const auto source = document::Source::from_text(kind.source->name(), json);
  if (parts_->reading.bytes_reserved() > kReadingBytesKept) {
    parts_->reading = Arena{};
  }
  parts_->reading.reset();
  TALLY_TRY(const Node object, document::read_one_json(*source, parts_->reading));
  return parts_->put(kind, resource, object);
}

Change State::remove(const ObjectKey& key) {
  Kind* kind = parts_->find_kind({key.group, key.kind});
  if (kind == nullptr) {
    return {};
  }
  parts_->collect(*kind);
  const auto at = kind->slots.find({key.name_space, key.name});
  return at == kind->slots.end() ? Change{} : parts_->remove(*kind, at);
}

void State::begin_list(const Resource& resource) { ++parts_->kind_of(resource).list; }

void State::put_items(const Resource& resource, std::span<const Node> items,
                      const OnChange& on_change, const OnProblem& on_problem) {
  Kind& kind = parts_->kind_of(resource);
  for (const Node& item : items) {
    if (const auto change = parts_->put(kind, resource, item)) {
      on_change(*change);
    } else {
      on_problem(change.error());
    }
  }
}

void State::end_list(const Resource& resource, const OnChange& on_change) {
  Kind& kind = parts_->kind_of(resource);
  for (auto at = kind.slots.begin(); at != kind.slots.end();) {
    const auto next = std::next(at);
    if (parts_->slots[at->second].list != kind.list) {
      parts_->collect(kind);
      on_change(parts_->remove(kind, at));
    }
    at = next;
  }
}

void State::drop(KindName name, const OnChange& on_change) {
  Kind* kind = parts_->find_kind(name);
  while (kind != nullptr && !kind->slots.empty()) {
    parts_->collect(*kind);
    on_change(parts_->remove(*kind, kind->slots.begin()));
  }
}

std::shared_ptr<const kube::Snapshot> State::snapshot(const kube::CustomKinds* custom) {
  collect();
  std::vector<Kind*> shown;
  for (const auto& [name, kind] : parts_->kinds) {
    shown.push_back(kind.get());
  }
  return parts_->snapshot(shown, custom);
}

std::shared_ptr<const kube::Snapshot> State::snapshot(std::span<const KindName> kinds,
                                                      const kube::CustomKinds* custom) {
  const std::set<KindName> wanted(kinds.begin(), kinds.end());
  std::vector<Kind*> shown;
  for (const KindName name : wanted) {
    if (Kind* kind = parts_->find_kind(name)) {
      shown.push_back(kind);
    }
  }
  return parts_->snapshot(shown, custom);
}

const kube::Object* State::find(const ObjectKey& key) const {
  const Kind* kind = parts_->find_kind({key.group, key.kind});
  if (kind == nullptr) {
    return nullptr;
  }
  const auto at = kind->slots.find({key.name_space, key.name});
  return at == kind->slots.end() ? nullptr : &parts_->slots[at->second].object;
}

std::uint64_t State::version() const noexcept { return parts_->version; }

std::uint64_t State::version(KindName name) const {
  const Kind* kind = parts_->find_kind(name);
  return kind == nullptr ? 0 : kind->version;
}

bool State::keep_status(KindName name) {
  auto& kept = parts_->options.whole_status;
  const std::pair<std::string, std::string> added(name.group, name.kind);
  if (std::ranges::find(kept, added) != kept.end()) {
    return false;
  }
  kept.push_back(added);
  if (Kind* kind = parts_->find_kind(name)) {
    kind->whole_status = true;
  }
  return true;
}

void State::collect() {
  for (const auto& [name, kind] : parts_->kinds) {
    parts_->collect(*kind);
  }
}

Memory State::memory() const {
  const Pool::Usage usage = parts_->store->pool.usage();
  constexpr std::size_t kTreeNodeBytes = 32;  // of std::map, besides its value
  Memory memory{.objects = parts_->objects(),
                .texts = usage.texts,
                .blocks = usage.blocks,
                .blocks_shared = usage.blocks_shared,
                .bytes = usage.bytes + parts_->slots.size() * sizeof(Slot) +
                         parts_->objects() * (sizeof(Objects::value_type) + kTreeNodeBytes),
                .parked = 0};
  for (const auto& [name, kind] : parts_->kinds) {
    memory.parked += kind->parked.size();
  }
  return memory;
}

}  // namespace tally::cluster_state
