#pragma once
// Whether a rule matches a request, in three values: what nobody knows stays unknown until an
// answer does not depend on it.

#include <algorithm>
#include <span>
#include <string_view>

#include "authorization/internal/program.hpp"
#include "authorization/request.hpp"

namespace tally::authorization {

// In this order "and" is the smaller, "or" the greater.
enum class Answer : std::uint8_t { No, Unknown, Yes };

[[nodiscard]] constexpr Answer negation(Answer answer) noexcept {
  return static_cast<Answer>(2 - static_cast<int>(answer));
}

// A request as the rules see it.
struct View {
  const Request* request = nullptr;
  std::optional<std::string_view> principal;  // empty where the port takes plaintext only
  std::optional<std::string_view> path;       // normalised, with its query
  Token token = Token::Absent;
  // Where the address of the peer is not known: it is in one of these. Empty: anywhere.
  std::span<const scalar::Cidr> source_blocks;
  // Claims that are lists although they are written as one text.
  std::span<const std::string_view> space_delimited;
};

[[nodiscard]] Answer evaluate(const Program& program, const Condition& condition, const View& view);

// All of a run of conditions: of an entry of `from` or `to`, or of `when`. `missing` gets the
// attributes that are unknown.
[[nodiscard]] Answer evaluate_all(const Program& program, Span conditions, const View& view,
                                  AttributeMask& missing);

// `missing` gets the attributes that make the answer unknown.
[[nodiscard]] Answer evaluate(const Program& program, const Rule& rule, Action action,
                              const View& view, AttributeMask& missing);

// Whether the control plane gives the rule to the proxy at all: HTTP rules of an ALLOW policy do
// not exist on a TCP port.
[[nodiscard]] bool exists(const Rule& rule, Action action, bool is_http) noexcept;

}  // namespace tally::authorization
