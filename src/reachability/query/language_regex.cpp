// Regular expressions of hosts and paths: a parser, whose automaton with silent steps becomes a
// Language by the construction of subsets.
//
//   alternatives = sequence { "|" sequence } ;
//   sequence     = { atom [ "*" | "+" | "?" | "{" m [ "," [ n ] ] "}" ] } ;
//   atom         = "(" [ "?:" ] alternatives ")" | "[" class "]" | "." | "\" letter | letter ;
#include <algorithm>
#include <bitset>
#include <map>
#include <set>
#include <utility>

#include "reachability/query/language.hpp"

namespace tally::reachability::query {

class LanguageBuilder {
 public:
  explicit LanguageBuilder(std::string_view pattern) : pattern_(pattern) {}

  std::optional<Language> build() {
    Part whole = alternatives(0);
    if (has_failed_ || at_ != pattern_.size()) {
      return std::nullopt;
    }
    return determinize(whole);
  }

 private:
  using Letters = std::bitset<Language::kLetters>;
  static constexpr std::size_t kNodesMax = 2048;
  static constexpr int kDepthMax = 32;
  static constexpr std::size_t kRepeatsMax = 64;

  struct Node {
    Letters letters;  // to `next`
    std::size_t next = 0;
    std::vector<std::size_t> silent;
  };
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::size_t node() {
    if (nodes_.size() >= kNodesMax) {
      has_failed_ = true;
      return 0;
    }
    nodes_.emplace_back();
    return nodes_.size() - 1;
  }
  Part fail() {
    has_failed_ = true;
    at_ = pattern_.size();
    return {};
  }
  void join(std::size_t from, std::size_t to) {
    if (!nodes_.empty()) {
      nodes_[from].silent.push_back(to);
    }
  }
  bool is_at(char c) const { return at_ < pattern_.size() && pattern_[at_] == c; }

  Part alternatives(int depth) {
    if (depth > kDepthMax) {
      return fail();
    }
    Part all{.begin = node(), .end = node()};
    for (;;) {
      const Part one = sequence(depth);
      if (has_failed_) {
        return {};
      }
      join(all.begin, one.begin);
      join(one.end, all.end);
      if (!is_at('|')) {
        return all;
      }
      ++at_;
    }
  }

  Part sequence(int depth) {
    Part all;
    all.begin = all.end = node();
    while (!has_failed_ && at_ < pattern_.size() && !is_at('|') && !is_at(')')) {
      const std::size_t from = at_;
      const Part one = atom(depth);
      const std::size_t to = at_;
      append(all, quantified(one, from, to, depth));
    }
    return all;
  }

  void append(Part& all, const Part& one) {
    join(all.end, one.begin);
    all.end = one.end;
  }

  // The atom again, as it stands between `from` and `to`.
  Part again(std::size_t from, std::size_t to, int depth) {
    const std::size_t here = std::exchange(at_, from);
    const Part one = atom(depth);
    if (at_ != to) {
      return fail();
    }
    at_ = here;
    return one;
  }

  Part optional_part(const Part& one) {
    const Part all{.begin = node(), .end = node()};
    join(all.begin, one.begin);
    join(one.end, all.end);
    join(all.begin, all.end);
    return all;
  }
  Part repeated(const Part& one) {
    const Part all{.begin = node(), .end = node()};
    join(all.begin, one.begin);
    join(one.end, one.begin);
    join(one.end, all.end);
    return all;
  }

  Part quantified(const Part& one, std::size_t from, std::size_t to, int depth) {
    if (has_failed_ || at_ >= pattern_.size()) {
      return one;
    }
    switch (pattern_[at_]) {
      case '*':
        ++at_;
        return optional_part(repeated(one));
      case '+':
        ++at_;
        return repeated(one);
      case '?':
        ++at_;
        return optional_part(one);
      case '{':
        return counted(one, from, to, depth);
      default:
        return one;
    }
  }

  std::optional<std::size_t> number() {
    std::optional<std::size_t> value;
    while (at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '9') {
      value = value.value_or(0) * 10 + static_cast<std::size_t>(pattern_[at_++] - '0');
      if (*value > kRepeatsMax) {
        has_failed_ = true;
        return std::nullopt;
      }
    }
    return value;
  }

  Part counted(const Part& first, std::size_t from, std::size_t to, int depth) {
    ++at_;
    const auto least = number();
    std::optional<std::size_t> most = least;
    bool is_open = false;
    if (is_at(',')) {
      ++at_;
      most = number();
      is_open = !most;
    }
    if (has_failed_ || !least || !is_at('}') || (most && *most < *least)) {
      return fail();
    }
    ++at_;
    Part all;
    all.begin = all.end = node();
    bool is_first = true;
    const auto one = [&] {
      return std::exchange(is_first, false) ? first : again(from, to, depth);
    };
    for (std::size_t i = 0; i < *least && !has_failed_; ++i) {
      append(all, one());
    }
    if (is_open) {
      append(all, optional_part(repeated(one())));
    }
    for (std::size_t i = *least; !is_open && i < *most && !has_failed_; ++i) {
      append(all, optional_part(one()));
    }
    return all;
  }

  Part letters(const Letters& set) {
    const Part one{.begin = node(), .end = node()};
    if (!has_failed_) {
      nodes_[one.begin].letters = set;
      nodes_[one.begin].next = one.end;
    }
    return one;
  }

  Part atom(int depth) {
    const char c = pattern_[at_++];
    switch (c) {
      case '(': {
        if (pattern_.substr(at_).starts_with("?:")) {
          at_ += 2;
        }
        const Part inner = alternatives(depth + 1);
        if (has_failed_ || !is_at(')')) {
          return fail();
        }
        ++at_;
        return inner;
      }
      case '[':
        return letter_class();
      case '.':
        return letters(Letters().set());
      case '\\': {
        const auto set = escaped();
        return set ? letters(*set) : fail();
      }
      default: {
        const auto letter = Language::letter_of(c);
        return letter ? letters(Letters().set(*letter)) : fail();
      }
    }
  }

  // Behind a backslash.
  std::optional<Letters> escaped() {
    if (at_ >= pattern_.size()) {
      return std::nullopt;
    }
    const char c = pattern_[at_++];
    Letters set;
    if (c == 'w' || c == 'd') {
      for (const char one :
           std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")) {
        if (c == 'w' || (one >= '0' && one <= '9')) {
          set.set(*Language::letter_of(one));
        }
      }
      return set;
    }
    const auto letter = Language::letter_of(c);
    const bool is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter && !is_name ? std::optional(set.set(*letter)) : std::nullopt;
  }

  Part letter_class() {
    Letters set;
    const bool is_negative = is_at('^');
    at_ += is_negative ? 1 : 0;
    bool is_first = true;
    while (at_ < pattern_.size() && (is_first || !is_at(']'))) {
      is_first = false;
      const char c = pattern_[at_++];
      if (c == '\\') {
        const auto some = escaped();
        if (!some) {
          return fail();
        }
        set |= *some;
        continue;
      }
      char last = c;
      if (is_at('-') && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']') {
        last = pattern_[at_ + 1];
        at_ += 2;
      }
      for (int one = c; one <= last; ++one) {
        if (const auto letter = Language::letter_of(static_cast<char>(one))) {
          set.set(*letter);
        }
      }
    }
    if (!is_at(']')) {
      return fail();
    }
    ++at_;
    return letters(is_negative ? ~set : set);
  }

  using Subset = std::set<std::size_t>;

  Subset closure(Subset subset) const {
    std::vector<std::size_t> open(subset.begin(), subset.end());
    while (!open.empty()) {
      const std::size_t one = open.back();
      open.pop_back();
      for (const std::size_t to : nodes_[one].silent) {
        if (subset.insert(to).second) {
          open.push_back(to);
        }
      }
    }
    return subset;
  }

  std::optional<Language> determinize(const Part& whole) const {
    Language language;
    std::map<Subset, Language::State> number;
    std::vector<Subset> order{closure({whole.begin})};
    number.emplace(order.front(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      language.accepts_.push_back(order[i].contains(whole.end));
      for (std::size_t letter = 0; letter < Language::kLetters; ++letter) {
        Subset to;
        for (const std::size_t one : order[i]) {
          if (nodes_[one].letters[letter]) {
            to.insert(nodes_[one].next);
          }
        }
        to = closure(std::move(to));
        const auto [at, is_new] =
            number.try_emplace(to, static_cast<Language::State>(order.size()));
        if (is_new) {
          order.push_back(std::move(to));
        }
        language.next_.push_back(at->second);
      }
      if (order.size() > Language::kStatesMax) {
        return std::nullopt;
      }
    }
    language.minimize();
    return language;
  }

 public:
  // "[.]" as ".", and the class of the whole alphabet as nothing before its star.
  static std::string shown(std::string_view pattern) {
    std::string text(pattern);
    for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>(".*", "*"),
                                   std::pair<std::string_view, std::string_view>("[.]", ".")}) {
      for (std::size_t at = text.find(from); at != std::string::npos;
           at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
      }
    }
    return text;
  }
  static void name(Language& language, std::string text) { language.text_ = std::move(text); }

 private:
  std::string_view pattern_;
  std::size_t at_ = 0;
  std::vector<Node> nodes_;
  bool has_failed_ = false;
};

std::optional<Language> Language::regex(std::string_view pattern) {
  auto language = LanguageBuilder(pattern).build();
  if (language) {
    LanguageBuilder::name(*language, LanguageBuilder::shown(pattern));
  }
  return language;
}

}  // namespace tally::reachability::query
