#pragma once
// What a classic policy and its translation look at: objects for the proof are made of it.

#include "migration/internal/match.hpp"
#include "migration/internal/reads.hpp"

namespace tally::migration {

struct Vocabulary {
  std::vector<MatchedKind> kinds;
  std::vector<std::string> namespaces;
  std::vector<std::string> names;
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> values;  // JSON texts, of expressions
  std::vector<std::string> keys;
  Reads reads;
  bool is_extended = false;  // to pod controllers
  bool is_every_kind = false;

  void add(const Matching& matching);
  // Paths, keys and texts of a CEL expression, as far as they can be told by looking at its words.
  void scan(std::string_view cel);
  // The same of a variable, which other expressions name.
  void scan_variable(std::string_view name, std::string_view cel);

 private:
  std::vector<std::pair<std::string, Path>> bound_;
  Path last_;
};

}  // namespace tally::migration
