#include "reachability/query/language.hpp"

#include <map>
#include <unordered_map>
#include <utility>

namespace tally::reachability::query {
namespace {

constexpr std::string_view kAlphabet =
    "-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
static_assert(kAlphabet.size() == Language::kLetters);

}  // namespace

std::optional<std::size_t> Language::letter_of(char c) noexcept {
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(at);
}

const Language& Language::all() {
  static const Language made = [] {
    Language language;
    language.next_.assign(kLetters, 0);
    language.accepts_ = {true};
    language.text_ = "*";
    return language;
  }();
  return made;
}

const Language& Language::none() {
  static const Language made = [] {
    Language language;
    language.next_.assign(kLetters, 0);
    language.accepts_ = {false};
    return language;
  }();
  return made;
}

std::optional<Language> Language::literal(std::string_view text) {
  if (text.size() + 2 > kStatesMax) {
    return std::nullopt;
  }
  Language language;
  const auto sink = static_cast<State>(text.size() + 1);
  language.next_.assign((text.size() + 2) * kLetters, sink);
  language.accepts_.assign(text.size() + 2, false);
  language.accepts_[text.size()] = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = letter_of(text[i]);
    if (!letter) {
      return std::nullopt;
    }
    language.next_[i * kLetters + *letter] = static_cast<State>(i + 1);
  }
  language.text_ = text;
  language.minimize();
  return language;
}

bool Language::contains(std::string_view text) const noexcept {
  std::size_t state = 0;
  for (const char c : text) {
    const auto letter = letter_of(c);
    if (!letter) {
      return false;
    }
    state = next_[state * kLetters + *letter];
  }
  return accepts_[state];
}

std::string Language::key() const {
  std::string key;
  key.reserve(next_.size() * 2 + accepts_.size());
  for (const State state : next_) {
    key += static_cast<char>(state & 0xFFU);
    key += static_cast<char>(state >> 8U);
  }
  for (const bool accepts : accepts_) {
    key += accepts ? '1' : '0';
  }
  return key;
}

// Moore: states are split by acceptance, then by the blocks of their successors, until nothing
// splits.
void Language::minimize() {
  const std::size_t count = accepts_.size();
  std::vector<State> block(count);
  for (std::size_t s = 0; s < count; ++s) {
    block[s] = accepts_[s] ? 1 : 0;
  }
  for (std::size_t blocks = 0;;) {
    std::map<std::vector<State>, State> found;
    std::vector<State> refined(count);
    for (std::size_t s = 0; s < count; ++s) {
      std::vector<State> signature{block[s]};
      for (std::size_t letter = 0; letter < kLetters; ++letter) {
        signature.push_back(block[next_[s * kLetters + letter]]);
      }
      refined[s] =
          found.try_emplace(std::move(signature), static_cast<State>(found.size())).first->second;
    }
    block = std::move(refined);
    if (found.size() == blocks) {
      break;
    }
    blocks = found.size();
  }
  std::vector<std::size_t> order{0};  // a state of each block, as the blocks are met
  std::unordered_map<State, State> number{{block[0], 0}};
  std::vector<State> next;
  std::vector<bool> accepts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t state = order[i];
    accepts.push_back(accepts_[state]);
    for (std::size_t letter = 0; letter < kLetters; ++letter) {
      const std::size_t to = next_[state * kLetters + letter];
      const auto [at, is_new] = number.try_emplace(block[to], static_cast<State>(order.size()));
      if (is_new) {
        order.push_back(to);
      }
      next.push_back(at->second);
    }
  }
  next_ = std::move(next);
  accepts_ = std::move(accepts);
}

Language Language::combine(Operation operation, const Language& other) const {
  Language result;
  std::map<std::pair<State, State>, State> number{{{0, 0}, 0}};
  std::vector<std::pair<State, State>> order{{0, 0}};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto [left, right] = order[i];
    const bool a = accepts_[left];
    const bool b = other.accepts_[right];
    result.accepts_.push_back(operation == Operation::Unite       ? a || b
                              : operation == Operation::Intersect ? a && b
                                                                  : a && !b);
    for (std::size_t letter = 0; letter < kLetters; ++letter) {
      const std::pair<State, State> to{next_[left * kLetters + letter],
                                       other.next_[right * kLetters + letter]};
      const auto [at, is_new] = number.try_emplace(to, static_cast<State>(order.size()));
      if (is_new) {
        order.push_back(to);
      }
      result.next_.push_back(at->second);
    }
    if (order.size() > kStatesMax) {
      result = *this;
      result.is_exact_ = false;
      return result;
    }
  }
  result.minimize();
  result.is_exact_ = is_exact_ && other.is_exact_;
  result.text_ =
      result == *this   ? text_
      : result == other ? other.text_
      : result.is_all() ? all().text_
      : operation == Operation::Unite
          ? text_ + ", " + other.text_
          : "(" + text_ + (operation == Operation::Intersect ? ")&(" : ")-(") + other.text_ + ")";
  return result;
}

Language Language::unite(const Language& other) const { return combine(Operation::Unite, other); }
Language Language::intersect(const Language& other) const {
  return combine(Operation::Intersect, other);
}
Language Language::minus(const Language& other) const { return combine(Operation::Minus, other); }

}  // namespace tally::reachability::query
