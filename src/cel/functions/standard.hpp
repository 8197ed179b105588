#pragma once
// The functions of cel-spec, in four families. Lookups that operators of the evaluator share.

#include <span>

#include "cel/function.hpp"

namespace tally::cel {

[[nodiscard]] std::span<const Function> standard_arithmetic_functions() noexcept;
[[nodiscard]] std::span<const Function> standard_conversion_functions() noexcept;
[[nodiscard]] std::span<const Function> standard_logic_functions() noexcept;
[[nodiscard]] std::span<const Function> standard_text_functions() noexcept;
[[nodiscard]] std::span<const Function> standard_time_functions() noexcept;
[[nodiscard]] std::span<const Function> optional_functions() noexcept;

// What has() and `.?` say of a value that can have no fields: cel-go's
// EnableErrorOnBadPresenceTest, which cel-spec's suite demands and Kubernetes has off.
enum class BadPresence : std::uint8_t { Absent, Error };

// `container[key]` and `container.field`; an Error when there is none (cel-go
// interpreter/attributes.go, refQualify). Optionals are looked through: the result is optional.
[[nodiscard]] Value index_value(Arena& arena, const Value& container, const Value& key,
                                BadPresence bad = BadPresence::Absent);

// `container[?key]` and `container.?field`: an optional.
[[nodiscard]] Value optional_index_value(Arena& arena, const Value& container, const Value& key,
                                         BadPresence bad = BadPresence::Absent);

// has(container.field)
[[nodiscard]] Value has_field(Arena& arena, const Value& container, std::string_view field,
                              BadPresence bad = BadPresence::Absent);

// How the profile `spec` computes an overload when the conformance suite of cel-spec differs from
// cel-go; null for all others.
[[nodiscard]] Apply spec_variant(std::string_view overload) noexcept;

// `item in container`
[[nodiscard]] Value contains_value(Arena& arena, const Value& item, const Value& container);

}  // namespace tally::cel
