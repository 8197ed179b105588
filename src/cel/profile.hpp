#pragma once
// Which CEL a host speaks: libraries and their versions, by the release that brought them. A
// function outside the profile is a compile error that says since which version it exists.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cel/function.hpp"

namespace tally::cel {

enum class Dialect : std::uint8_t { Spec, Kubernetes, Kyverno, Gatekeeper, Crd };

struct Profile {
  Dialect dialect = Dialect::Spec;
  std::uint16_t minor =
      36;                   // Kubernetes, Crd, Gatekeeper: the 1.NN release whose environment it is
  bool namespaced = false;  // Kyverno: of a policy that lives in a namespace

  friend bool operator==(const Profile&, const Profile&) = default;
};

// "spec", "kubernetes", "kubernetes:1.31", "crd:1.33", "kyverno", "kyverno:namespaced",
// "gatekeeper".
[[nodiscard]] Result<Profile> parse_profile(std::string_view text);
[[nodiscard]] std::string to_string(const Profile& profile);

// Whether a function (or a macro of a library) is part of the profile.
[[nodiscard]] bool provides(const Profile& profile, Library library,
                            std::uint8_t library_version) noexcept;

// "since Kubernetes 1.32", "only in the profiles spec and kyverno": for the message of a function
// that a profile does not have.
[[nodiscard]] std::string where_provided(Library library, std::uint8_t library_version);

struct Traits {
  bool or_value_on_plain = false;  // Kyverno: x.orValue(y) is x when x is no optional
  bool heterogeneous_equality =
      true;  // == of different types is false (Kubernetes too); off: a type error
  // cel-go's ValidateHomogeneousAggregateLiterals (Kubernetes has it on): lists and maps of one
  // type, except in format().
  bool homogeneous_literals = false;
  bool default_utc = true;      // timestamp parts without a zone are in UTC
  bool protobuf_names = false;  // google.protobuf.* as types and in struct literals
  bool numeric_comparisons_across_types = true;  // 1 < 2.0 passes the checker
  bool escaped_identifiers = true;               // a.`b-c`
  // [x, null] has the type of x if that takes null (cel-spec's type_deduction cases); cel-go says
  // null.
  bool null_joins_nullable = false;
  // duration('x'), timestamp('x'), s.matches('[') and '%d'.format(['a']) are refused when they are
  // compiled.
  bool literals_validated = false;
  // x.optMap(v, e) evaluates x twice, as cel-go up to 0.26 does (the cost depends on it).
  bool optional_macros_repeat_target = false;
};
[[nodiscard]] Traits traits_of(const Profile& profile) noexcept;

}  // namespace tally::cel
