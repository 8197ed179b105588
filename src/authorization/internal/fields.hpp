#pragma once
// Reading fields of objects that may hold anything.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "scalar/ip_address.hpp"

namespace tally::authorization {

// The value under a key; null for "not there" and for null.
[[nodiscard]] const document::Node* field(const document::Node& object,
                                          std::string_view key) noexcept;
// A text; empty when it is none.
[[nodiscard]] std::string_view text_field(const document::Node& object,
                                          std::string_view key) noexcept;
// The texts of a list.
[[nodiscard]] std::vector<std::string_view> texts_field(const document::Node& object,
                                                        std::string_view key);

// Of an object's spec; a Null node if there is none.
[[nodiscard]] const document::Node& spec_of(const document::Node& root) noexcept;

// Go's strconv.ParseBool.
[[nodiscard]] bool is_true_word(std::string_view word) noexcept;

// "80": strconv.ParseUint(v, 10, 32) up to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text) noexcept;

// "1.2.3.4" or "1.2.0.0/16", as net/netip reads them.
[[nodiscard]] Result<scalar::Cidr> parse_address_block(std::string_view text);

}  // namespace tally::authorization
