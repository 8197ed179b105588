#pragma once
// What both protocols do to an answer before it is sent.

#include <cstdint>
#include <string>
#include <string_view>

#include "net/server.hpp"

namespace tally::net {

// One line of text, as the server's own answers are.
[[nodiscard]] ServerResponse own_answer(unsigned status, std::string_view text);
// Without the fields that are the server's. What cannot be sent (a status out of range, a field
// that would break the header) becomes a 500.
[[nodiscard]] ServerResponse checked_answer(ServerResponse response);
// RFC 9110 section 6.4.1
[[nodiscard]] bool allows_body(unsigned status) noexcept;
[[nodiscard]] std::string_view phrase_of(unsigned status) noexcept;

void count(ServerObserver* observer, Refusal refusal) noexcept;
// Of an answer of the server's own.
[[nodiscard]] Refusal refusal_of_status(unsigned status) noexcept;

// Path and query of a target.
void set_target(ServerRequest& request, std::string_view target);

}  // namespace tally::net
