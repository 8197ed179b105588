#pragma once
// Language: a set of texts over the letters that network-config-analyzer takes hosts and paths to
// be made of (letters, digits, and "_./-"), as its minimal automaton, so that equal sets compare
// equal (nca/CoreDS/MinDFA.py). Immutable; share freely.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tally::reachability::query {

class Language {
 public:
  static constexpr std::size_t kLetters = 66;

  // Every text.
  [[nodiscard]] static const Language& all();
  [[nodiscard]] static const Language& none();
  // Nothing: a letter outside of the alphabet.
  [[nodiscard]] static std::optional<Language> literal(std::string_view text);
  // Concatenation, alternatives, groups, classes, "." and the quantifiers * + ? {m,n}, anchored at
  // both ends. Nothing: not understood, or an automaton of more than kStatesMax states.
  [[nodiscard]] static std::optional<Language> regex(std::string_view pattern);
  static constexpr std::size_t kStatesMax = 512;

  // Of automata whose product is too big, the result is not exact: is_exact() is false for it and
  // for what is made of it.
  [[nodiscard]] Language unite(const Language& other) const;
  [[nodiscard]] Language intersect(const Language& other) const;
  [[nodiscard]] Language minus(const Language& other) const;

  [[nodiscard]] bool is_empty() const noexcept { return *this == none(); }
  [[nodiscard]] bool is_all() const noexcept { return *this == all(); }
  [[nodiscard]] bool is_exact() const noexcept { return is_exact_; }
  [[nodiscard]] bool contains(std::string_view text) const noexcept;
  // How it was made, with "*" for any text: "/api(/*)?", "/a, /b", "(a)-(b)".
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  // Equal for equal sets.
  [[nodiscard]] std::string key() const;

  friend bool operator==(const Language& a, const Language& b) noexcept {
    return a.next_ == b.next_ && a.accepts_ == b.accepts_;
  }

  [[nodiscard]] static std::optional<std::size_t> letter_of(char c) noexcept;

 private:
  friend class LanguageBuilder;
  using State = std::uint16_t;
  enum class Operation : std::uint8_t { Unite, Intersect, Minus };

  Language() = default;
  [[nodiscard]] Language combine(Operation operation, const Language& other) const;
  // Joins states that no text tells apart and numbers them as they are met from the start.
  void minimize();

  // Every state has a successor for every letter; state 0 is the start.
  std::vector<State> next_;
  std::vector<bool> accepts_;
  std::string text_;
  bool is_exact_ = true;
};

}  // namespace tally::reachability::query
