#pragma once
// Objects for a proof, made of a vocabulary. Deterministic: the same seed, the same objects.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "migration/internal/vocabulary.hpp"
#include "policy_cel/schema_type.hpp"

namespace tally::migration {

// A value that can be changed.
struct Tree {
  document::NodeKind kind = document::NodeKind::Null;
  bool boolean = false;
  std::string text{};  // of a string, or a number as written
  std::vector<std::pair<std::string, Tree>> members{};
  std::vector<Tree> items{};

  [[nodiscard]] Tree* find(std::string_view key);
  Tree& at(std::string_view key);  // made if it is not there; the tree becomes a map
  void erase(std::string_view key);
};
[[nodiscard]] Tree tree_of(const document::Node& node);
[[nodiscard]] Tree tree_of_json(std::string_view json);
[[nodiscard]] document::Node node_of(const Tree& tree, Arena& arena);

inline Tree text_tree(std::string_view text) {
  return {.kind = document::NodeKind::String, .text = std::string(text)};
}
inline Tree number_tree(std::string_view text) {
  return {.kind = document::NodeKind::Number, .text = std::string(text)};
}
inline Tree map_tree() { return {.kind = document::NodeKind::Object}; }
inline Tree list_tree() { return {.kind = document::NodeKind::Array}; }

// SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
class Chance {
 public:
  explicit Chance(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] std::uint64_t bits() noexcept;
  [[nodiscard]] std::size_t below(std::size_t count) noexcept {
    return count == 0 ? 0 : static_cast<std::size_t>(bits() % count);
  }
  [[nodiscard]] bool percent(std::size_t share) noexcept { return below(100) < share; }
  template <class List>
  [[nodiscard]] const auto& of(const List& list) noexcept {
    return list[below(list.size())];
  }

 private:
  std::uint64_t state_;
};

// What is known of the type of a place.
struct Typed {
  policy_cel::SchemaType type{};
  const kube::TypeRow* row = nullptr;  // of the API's own kinds

  [[nodiscard]] policy_cel::PlaceKind kind() const noexcept { return type.kind(); }
  [[nodiscard]] Typed below(std::string_view key) const;
  [[nodiscard]] Typed element() const;
  // What the schema asks for and no more; null where nothing is known.
  [[nodiscard]] Tree smallest_value() const;
};

class ObjectMaker {
 public:
  ObjectMaker(const Vocabulary& vocabulary, std::uint64_t seed, const kube::CustomKinds* kinds);

  // The next object that an API server would take.
  [[nodiscard]] Tree next();
  // An object that made something happen: others are made of it.
  void keep(const Tree& object);
  // Another state of the same object.
  [[nodiscard]] Tree changed(Tree object);
  [[nodiscard]] Chance& chance() noexcept { return chance_; }
  [[nodiscard]] bool is_valid(const Tree& object);

 private:
  struct Seed {
    Tree object;
    policy_cel::SchemaType type{};
    const kube::TypeRow* row = nullptr;
    bool is_pod = false;
    std::vector<std::string> to_template{};  // where its pod template is
    bool lacks_fields = false;               // the structure check asks for more than it has
  };
  void add_seed(const MatchedKind& kind);
  void add_controllers();
  void add(Tree object, const kube::ApiKind* row, std::vector<std::string> to_template);
  void mutate(Tree& object, const Seed& seed);
  void set_leaf(Tree& object, const Seed& seed);
  void fill(Tree& object, const Seed& seed);
  void remove_path(Tree& object, const Seed& seed);
  void disturb(Tree& object);
  void add_containers(Tree& object, const Seed& seed);
  [[nodiscard]] Tree value_for(const Read& read, const Typed& type);
  [[nodiscard]] static Typed typed(const Seed& seed) {
    return {.type = seed.type, .row = seed.row};
  }
  [[nodiscard]] Path path_in(const Read& read, const Seed& seed);
  [[nodiscard]] const Seed& seed_of(const Tree& object) const;

  const Vocabulary& vocabulary_;
  const kube::CustomKinds* kinds_;
  Chance chance_;
  std::vector<Seed> seeds_;
  std::vector<Tree> kept_;
  std::uint64_t count_ = 0;
  Arena arena_;
};

}  // namespace tally::migration
