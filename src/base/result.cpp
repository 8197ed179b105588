#include "base/result.hpp"

#include <fmt/format.h>

namespace tally {

std::string Error::to_string() const {
  std::string text;
  if (!file.empty()) {
    text += file;
    text += ':';
  }
  if (at.line != 0) {
    text += file.empty() ? fmt::format("line {}, column {}: ", at.line, at.column)
                         : fmt::format("{}:{}: ", at.line, at.column);
  } else if (!file.empty()) {
    text += ' ';
  }
  text += message;
  return text;
}

std::unexpected<Error> content_error(std::string message, Position at) {
  return std::unexpected(Error{
      .kind = ErrorKind::Content, .message = std::move(message), .file = {}, .at = at, .hint = {}});
}

std::unexpected<Error> limit_error(std::string message, Position at) {
  return std::unexpected(Error{
      .kind = ErrorKind::Limit, .message = std::move(message), .file = {}, .at = at, .hint = {}});
}

std::unexpected<Error> environment_error(std::string message) {
  return std::unexpected(Error{.kind = ErrorKind::Environment,
                               .message = std::move(message),
                               .file = {},
                               .at = {},
                               .hint = {}});
}

}  // namespace tally
