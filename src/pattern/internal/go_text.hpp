#pragma once
// Values as Go's fmt prints them: in upstream's messages, and where conditions compare as text.

#include <cstddef>
#include <string>
#include <string_view>

#include "document/node.hpp"
#include "pattern/number_reading.hpp"

namespace tally::pattern {

// %T of the value: "map[string]interface {}", "int64", "<nil>".
[[nodiscard]] std::string_view go_type_name(const document::Node& node) noexcept;

// %v of the value: "map[a:1 b:[x <nil>]]". Stops when `out` has bytes_max bytes or the value is
// nested deeper than 500 levels; then it gives false.
bool append_go_text(std::string& out, const document::Node& node, NumberReading reading,
                    std::size_t bytes_max);

// RFC 6901, section 3: "/" and the key with `~` and `/` escaped.
void append_pointer_step(std::string& out, std::string_view key);

}  // namespace tally::pattern
