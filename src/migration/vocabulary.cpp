#include "migration/internal/vocabulary.hpp"

#include <algorithm>

#include "document/json_writer.hpp"

namespace tally::migration {

namespace {

bool is_word(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

template <class T>
void add_new(std::vector<T>& to, const std::vector<T>& from) {
  for (const T& one : from) {
    if (std::ranges::find(to, one) == to.end()) {
      to.push_back(one);
    }
  }
}

}  // namespace

void Vocabulary::add(const Matching& matching) {
  for (const MatchedKind& kind : matching.kinds) {
    const auto is_same = [&](const MatchedKind& other) {
      return other.group == kind.group && other.version == kind.version && other.kind == kind.kind;
    };
    if (std::ranges::none_of(kinds, is_same)) {
      kinds.push_back(kind);
    }
  }
  is_every_kind = is_every_kind || matching.is_every_kind;
  add_new(namespaces, matching.namespaces);
  add_new(names, matching.names);
  add_new(users, matching.users);
  add_new(groups, matching.groups);
  for (const Read& read : matching.labels.all()) {
    reads.add(read.path, read.values);
  }
}

void Vocabulary::scan_variable(std::string_view name, std::string_view cel) {
  const std::size_t before = reads.all().size();
  scan(cel);
  // The longest that is new, or the whole object.
  Path path;
  for (std::size_t i = before; i < reads.all().size(); ++i) {
    path = reads.all()[i].path.size() > path.size() ? reads.all()[i].path : path;
  }
  if (path.empty() && !last_.empty()) {
    path = last_;
  }
  if (!path.empty()) {
    if (path.back().ends_with("Containers")) {
      path.back() = "containers";
    }
    bound_.insert(bound_.begin(), {"variables." + std::string(name), path});
  }
}

void Vocabulary::scan(std::string_view cel) {
  constexpr std::size_t kBytesMax = 20'000;
  cel = cel.substr(0, kBytesMax);
  Path path;  // of the chain that is being read
  bool is_chain = false;
  Path last;  // of the chain before
  std::size_t i = 0;
  const auto leave = [&] {
    if (is_chain && !path.empty()) {
      reads.add(path);
      last = path;
    }
    is_chain = false;
  };
  while (i < cel.size()) {
    const char c = cel[i];
    if (c == '\'' || c == '"') {
      const std::size_t end = std::min(cel.find(c, i + 1), cel.size());
      const std::string_view text = cel.substr(i + 1, end - i - 1);
      std::string json;
      document::append_json_string(json, text);
      const bool is_key = i > 0 && cel[i - 1] == '[' ? is_chain : i > 1 && cel[i - 1] == '?';
      if (is_key && is_chain) {
        path.emplace_back(text);
      } else {
        leave();
        if (std::ranges::find(values, json) == values.end()) {
          values.push_back(json);
        }
        if (!last.empty()) {
          reads.add(last, document::Node::make_string(text, 0));
        }
      }
      i = end + 1;
      continue;
    }
    if (c >= '0' && c <= '9') {
      std::size_t end = i;
      while (end < cel.size() && cel[end] >= '0' && cel[end] <= '9') {
        ++end;
      }
      leave();
      const auto number = document::Node::make_number(cel.substr(i, end - i), 0);
      if (end - i < 12) {
        add_new(values, variants_of(number));
        reads.add(last, number);
      }
      i = end;
      continue;
    }
    if (!is_word(c)) {
      if (c != '.' && c != '?' && c != '[' && c != ']') {
        leave();
      }
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < cel.size() && is_word(cel[end])) {
      ++end;
    }
    const std::string word(cel.substr(i, end - i));
    const bool is_call = end < cel.size() && cel[end] == '(';
    const bool is_below = i > 0 && (cel[i - 1] == '.' || cel[i - 1] == '?');
    if (is_below && is_chain && !is_call) {
      path.push_back(word);
      keys.push_back(word);
    } else if (is_below && is_call) {
      // A macro names the elements.
      const bool is_macro = word == "all" || word == "exists" || word == "map" ||
                            word == "filter" || word == "exists_one";
      Path of = is_chain ? path : last;
      leave();
      if (is_macro && !of.empty()) {
        std::size_t begin = end + 1;
        while (begin < cel.size() && !is_word(cel[begin])) {
          ++begin;
        }
        std::size_t stop = begin;
        while (stop < cel.size() && is_word(cel[stop])) {
          ++stop;
        }
        if (of.back().ends_with("Containers")) {
          of.back() = "containers";  // of a sum of lists, the last was read
        }
        of.emplace_back(kEveryElement);
        bound_.insert(bound_.begin(), {std::string(cel.substr(begin, stop - begin)), of});
        end = stop;
      } else if (word == "orValue" || word == "orvalue") {
        last = of;
        is_chain = true;  // goes on behind it: x.orValue([]).all(...)
        path = of;
        const std::size_t close = cel.find(')', end);
        end = close == std::string_view::npos ? cel.size() : close + 1;
      }
    } else {
      leave();
      std::string name = word;
      if (word == "variables" && end < cel.size() && cel[end] == '.') {
        std::size_t stop = end + 1;
        while (stop < cel.size() && is_word(cel[stop])) {
          ++stop;
        }
        name = std::string(cel.substr(i, stop - i));
        end = stop;
      }
      const auto found = std::ranges::find(bound_, name, &std::pair<std::string, Path>::first);
      if (word == "object" || found != bound_.end()) {
        path = word == "object" ? Path{} : found->second;
        is_chain = true;
      } else if (word == "true" || word == "false") {
        reads.add(last, {"true", "false"});
      }
    }
    i = end;
  }
  leave();
  last_ = last;
}

}  // namespace tally::migration
