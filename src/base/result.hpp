#pragma once
// Errors as values. A fallible function returns Result<T>; TALLY_TRY propagates.
//
//   TALLY_TRY(auto value, parse(text));   // declares `value`, returns the error upwards
//   TALLY_CHECK(write(value));            // for Result<void>
//
// An Error says where, what was found and what was expected. Its text is product surface.

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace tally {

// Line and column count from 1; column counts characters (code points), as editors do. 0 means "not
// known".
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
  friend auto operator<=>(const Position&, const Position&) = default;
};

enum class ErrorKind : std::uint8_t {
  Content,      // what the user gave is wrong; the position says where
  Limit,        // the content exceeds a limit
  Environment,  // file, network or system refused
};

struct Error {
  ErrorKind kind = ErrorKind::Content;
  std::string message;  // one sentence without position: found, expected
  std::string file;     // empty: not known (yet); callers that know fill it in
  Position at;
  std::string hint;  // what to do about it; may be empty

  // "file:line:column: message" with the parts that are known.
  [[nodiscard]] std::string to_string() const;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] std::unexpected<Error> content_error(std::string message, Position at = {});
[[nodiscard]] std::unexpected<Error> limit_error(std::string message, Position at = {});
[[nodiscard]] std::unexpected<Error> environment_error(std::string message);

}  // namespace tally

#define TALLY_CONCAT_INNER(a, b) a##b
#define TALLY_CONCAT(a, b) TALLY_CONCAT_INNER(a, b)
#define TALLY_TRY_INNER(declaration, expression, temporary) \
  auto temporary = (expression);                            \
  if (!temporary) {                                         \
    return std::unexpected(std::move(temporary).error());   \
  }                                                         \
  declaration = std::move(*temporary)
#define TALLY_TRY(declaration, expression) \
  TALLY_TRY_INNER(declaration, expression, TALLY_CONCAT(tally_try_, __LINE__))
#define TALLY_CHECK(expression)                                 \
  do {                                                          \
    if (auto tally_checked = (expression); !tally_checked) {    \
      return std::unexpected(std::move(tally_checked).error()); \
    }                                                           \
  } while (false)
