#pragma once
// Context: the JSON that variables are read from, as Kyverno builds it (Kyverno 1.19
// pkg/engine/context): `request`, `element`, `images`, `target` and what the entries of a policy's
// `context` add. Entries are loaded when an expression first names them; a checkpoint is taken per
// rule and per turn of a foreach and given back at its end.
//
// Threads: one Context per thread. Everything lives in the arena that begin() was given.

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "jmespath/host.hpp"
#include "kyverno/internal/expressions.hpp"
#include "kyverno/internal/nodes.hpp"
#include "kyverno/observer.hpp"
#include "kyverno/world.hpp"

namespace tally::kyverno::internal {

// Why a variable or an entry has no value.
struct Failure {
  std::string message{};
  // Something of the world was not given.
  bool is_world_missing = false;
};

[[nodiscard]] inline std::unexpected<Failure> failed(std::string message) {
  return std::unexpected(Failure{.message = std::move(message)});
}

template <class T>
using Outcome = std::expected<T, Failure>;

// Bytes that entries may bring into one context (DefaultMaxContextSize of
// pkg/engine/context/context.go).
inline constexpr std::size_t kContextBytesMax = 2 * 1024 * 1024;
// Entries that load one another, one inside the other.
inline constexpr std::uint32_t kLoadDepthMax = 64;
// Of one policy and one request: turns of all foreach, nested ones included, and bytes of all texts
// that substitution makes. Upstream knows no such limits.
inline constexpr std::size_t kTurnsMax = 1'000'000;
inline constexpr std::size_t kSubstitutedBytesTotalMax = 256U * 1024 * 1024;
// Expressions that variables have put together, held at a time, and bytes of their texts.
inline constexpr std::size_t kOwnExpressionsMax = 20'000;
inline constexpr std::size_t kOwnExpressionBytesMax = 8U * 1024 * 1024;

class Context {
 public:
  Context() = default;

  // A new request: empty. `shared` are the expressions of the loaded policies.
  void begin(Arena& arena, const Expressions& shared, Expressions& own, const World* world,
             std::string_view policy_namespace);

  [[nodiscard]] Arena& arena() noexcept { return *arena_; }
  // Null: nobody looks on. begin() forgets it.
  void set_observer(Observer* observer) noexcept { observer_ = observer; }
  [[nodiscard]] Observer* observer() const noexcept { return observer_; }
  [[nodiscard]] const World* world() const noexcept { return world_; }
  [[nodiscard]] std::string_view policy_namespace() const noexcept { return policy_namespace_; }

  // Merged into what stands at the path.
  void add(std::span<const std::string_view> path, const document::Node& value);
  // Replaces what stands at the path; Null removes it.
  void replace(std::span<const std::string_view> path, const document::Node& value);
  // The same under a dotted name, of which a part in double quotes may hold dots.
  void add_named(std::string_view dotted, const document::Node& value);
  void add_element(const document::Node& element, std::int64_t index, std::uint32_t nesting);

  // `context` of a policy, a rule, a foreach: an entry is loaded when it is first named.
  void add_entries(const document::Node& entries);
  // `images` of this object, loaded when they are first named.
  void add_images_of(const document::Node& object, const document::Node& extractors);

  // The value of an expression.
  [[nodiscard]] Outcome<document::Node> query(std::string_view expression);
  // "CREATE", ...; "" if there is none.
  [[nodiscard]] std::string_view operation() const noexcept;
  [[nodiscard]] bool has_target() const noexcept { return parts_.find("target") != nullptr; }

  void checkpoint();
  void restore();  // back to the last checkpoint, which is given up
  void reset();    // back to the last checkpoint, which stays

  // Work that is limited: false if there was too much of it. From then on nothing can be decided,
  // whatever was said before: exhausted() says why, and is empty otherwise.
  [[nodiscard]] bool spend_turns(std::size_t turns);
  [[nodiscard]] bool spend_bytes(std::size_t bytes);
  void give_up(std::string_view why) { exhausted_ = exhausted_.empty() ? why : exhausted_; }
  [[nodiscard]] std::string_view exhausted() const noexcept { return exhausted_; }

  // An expression over any value, not the context. `before`: what stands before the reason if it
  // fails.
  [[nodiscard]] Outcome<document::Node> search(std::string_view expression,
                                               const document::Node& input,
                                               std::string_view before = {});

 private:
  struct Loader {
    std::string_view name{};
    document::Node entry{};  // of `context`; for images the object
    document::Node extractors{};
    std::uint32_t level = 0;
    bool is_images = false;
    bool is_matched = false;
    bool is_loaded = false;
    // What the world gave: asked once, however often the entry is loaded again.
    bool is_given = false;
    document::Node given{};
  };
  // context_entries.cpp
  Outcome<void> load_matching(std::string_view expression);
  Outcome<void> load(std::size_t loader);
  Outcome<document::Node> load_variable(const document::Node& entry);
  // context_world.cpp
  Outcome<document::Node> load_config_map(Loader& loader);
  Outcome<document::Node> load_api_call(Loader& loader);
  Outcome<document::Node> load_global(Loader& loader);
  Outcome<document::Node> load_image_data(Loader& loader);
  // Keeps what the world gave and counts its bytes.
  Outcome<document::Node> keep(Loader& loader, const document::Node& given);
  Outcome<document::Node> apply_path(const document::Node& of, const document::Node& data,
                                     std::string_view name);
  void after_reset(bool is_restore);
  [[nodiscard]] const document::Node& root();
  [[nodiscard]] std::uint32_t level() const noexcept {
    return static_cast<std::uint32_t>(saved_.size());
  }

  Arena* arena_ = nullptr;
  const Expressions* shared_ = nullptr;
  Expressions* own_ = nullptr;
  const World* world_ = nullptr;
  Observer* observer_ = nullptr;
  std::string_view policy_namespace_;
  ObjectParts parts_;
  document::Node root_;
  bool is_root_stale_ = true;
  std::vector<ObjectParts> saved_;
  std::vector<Loader> loaders_;
  // While a loader works it sees the loaders before it only.
  std::size_t loaders_visible_ = SIZE_MAX;
  std::uint32_t level_visible_ = UINT32_MAX;
  std::uint32_t load_depth_ = 0;
  std::size_t turns_ = 0;
  std::size_t substituted_bytes_ = 0;
  std::size_t given_bytes_ = 0;
  std::string_view exhausted_;
};

}  // namespace tally::kyverno::internal
