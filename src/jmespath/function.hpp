#pragma once
// Records of the functions: name, signature, where they come from, what they do. The list, the
// checks of arguments and docs/jmespath.md come from them.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "document/node.hpp"

namespace tally::jmespath {

class Call;

// What a parameter accepts, as bits.
using Accepts = std::uint16_t;
inline constexpr Accepts kAnyValue = 1U << 0U;
inline constexpr Accepts kNumber = 1U << 1U;
inline constexpr Accepts kString = 1U << 2U;
inline constexpr Accepts kArray = 1U << 3U;
inline constexpr Accepts kObject = 1U << 4U;
inline constexpr Accepts kNumbers = 1U << 5U;
inline constexpr Accepts kStrings = 1U << 6U;
inline constexpr Accepts kExpression = 1U << 7U;
inline constexpr Accepts kBoolean = 1U << 8U;
inline constexpr Accepts kReversed = 1U << 15U;  // messages list the alternatives from the last

// "string|number".
[[nodiscard]] std::string accepts_text(Accepts accepts);

enum class Origin : std::uint8_t {
  Standard,     // of the specification: in both dialects
  Kyverno,      // Kyverno adds it; in KyvernoJson unless excepted
  KyvernoJson,  // of jmespath-community and kyverno-json, in that dialect only
};

struct Function {
  std::string_view name;
  Origin origin = Origin::Kyverno;
  std::span<const Accepts> parameters = {};
  bool is_variadic = false;   // the last parameter may be repeated
  std::uint8_t optional = 0;  // so many of the last parameters may be left out
  // Upstream registers it without parameters, which switches its checks off.
  bool takes_anything = false;
  Accepts returns = kAnyValue;
  bool may_return_null = false;
  // False: the call holds the error. The arguments fit the parameters.
  bool (*apply)(Call& call, std::span<const document::Node> arguments,
                document::Node& out) = nullptr;
  std::string_view summary;
  // True in Dialect::Kyverno, or in KyvernoJson for what only that has; may be empty.
  std::string_view example;
};

// In the order of the documentation: one span a family. `sum` is there twice: Kyverno replaces it.
[[nodiscard]] std::span<const std::span<const Function>> all_functions() noexcept;

// nullptr: unknown.
enum class Dialect : std::uint8_t;
[[nodiscard]] const Function* find_function(std::string_view name, Dialect dialect) noexcept;

}  // namespace tally::jmespath
