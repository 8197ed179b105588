#pragma once
// What Kyverno's validating policies answer to HTTP and Envoy requests (github.com/kyverno/
// kyverno-authz v0.4, pkg/cel/libs/authz): envoy.Allowed(), envoy.Denied(), http.Allowed(),
// http.Denied() build such answers, Response() finishes them.

#include <cstdint>
#include <span>
#include <string_view>

#include "cel/value.hpp"

namespace tally::cel {

inline constexpr std::string_view kEnvoyAnswerType = "envoy.service.auth.v3.CheckResponse";
inline constexpr std::string_view kHttpAnswerType = "http.CheckResponse";

struct AnswerHeader {
  std::string_view key;
  std::string_view value;
  bool keeps_empty = false;
};

// Views of the evaluation that made it.
struct AuthorizationAnswer {
  bool is_allowed = false;
  std::int64_t code = 0;          // HTTP status of a denial by Envoy
  std::string_view reason = {};   // of a denial over HTTP
  std::string_view body = {};     // of a denial by Envoy
  std::string_view message = {};  // WithMessage()
  Value metadata = {};            // WithMetadata(); null: none
  // Set on the request that goes on, or on the answer to a denied one.
  std::span<const AnswerHeader> headers = {};
  std::span<const AnswerHeader> response_headers = {};
  std::span<const std::string_view> headers_removed = {};
  std::span<const AnswerHeader> query_parameters = {};
  std::span<const std::string_view> query_parameters_removed = {};
};

// Null: the value is no finished answer.
[[nodiscard]] const AuthorizationAnswer* authorization_answer(const Value& value) noexcept;

}  // namespace tally::cel
