#pragma once
// `match` and `exclude` as matchConstraints and matchConditions.
//
// Kinds, operations and selectors become constraints, which the API server looks at before it asks;
// names, namespaces with wildcards, annotations and users become conditions.

#include <string>
#include <vector>

#include "kube/api_kinds.hpp"
#include "migration/internal/cel_text.hpp"
#include "migration/internal/reads.hpp"
#include "migration/internal/refusal.hpp"

namespace tally::migration {

struct Condition {
  std::string name;
  Cel cel;
};

struct MatchedKind {
  std::string group;    // "*": any
  std::string version;  // "*": any
  std::string kind;
  std::string plural;
  const kube::ApiKind* row = nullptr;  // null: not known
};

struct Matching {
  document::Node constraints;
  std::vector<Condition> conditions;
  std::vector<MatchedKind> kinds;
  std::vector<std::string> operations;  // empty: not said
  std::vector<std::string> users;       // that filters name, wildcards filled
  std::vector<std::string> groups;
  std::vector<std::string> namespaces;
  std::vector<std::string> names;
  Reads labels;  // and annotations: paths into the object
  bool is_every_kind = false;
  bool is_about_pods = false;  // and nothing else

  // The same requests: the constraints and conditions, as one text.
  [[nodiscard]] std::string to_text() const;
};

struct MatchOptions {
  const kube::CustomKinds* kinds = nullptr;  // may be null
  bool is_extended = false;                  // autogen applies the rule to pod controllers
};

[[nodiscard]] Outcome<Matching> translate_match(const document::Node& rule, Arena& arena,
                                                const MatchOptions& options);

}  // namespace tally::migration
