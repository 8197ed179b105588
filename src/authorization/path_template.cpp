// Path templates of AuthorizationPolicy. Envoy turns a template into a regular expression over the
// whole path (source/extensions/path/uri_template_lib/uri_template_internal.cc):
//
//   "{*}" -> [literal]+      "{**}" -> [literal/]*      else the segment itself
//   literal = A-Z a-z 0-9 - . _ ~ % ! $ & ' ( ) + , ; : @ =
//
// There is at most one "{**}" and no operator behind it, so matching from both ends is exact.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "authorization/string_match.hpp"

namespace tally::authorization {

namespace {

constexpr std::string_view kOne = "{*}";
constexpr std::string_view kAny = "{**}";

bool is_literal(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-._~%!$&'()+,;:@="}.find(c) != std::string_view::npos;
}

bool is_literal_run(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), is_literal);
}

// Matches the segments of `pattern` (each behind a slash) at the front of `path`; moves both on.
// Stops at "{**}".
bool match_front(std::string_view& pattern, std::string_view& path) noexcept {
  while (!pattern.empty()) {
    const std::size_t end = pattern.find('/', 1);
    const std::string_view segment = pattern.substr(0, end);  // with its slash
    if (segment.substr(1) == kAny) {
      return true;
    }
    if (segment.substr(1) == kOne) {
      if (!path.starts_with('/')) {
        return false;
      }
      const std::size_t stop = std::min(path.find('/', 1), path.size());
      if (stop == 1 || !is_literal_run(path.substr(1, stop - 1))) {
        return false;
      }
      path.remove_prefix(stop);
    } else {
      if (!path.starts_with(segment)) {
        return false;
      }
      path.remove_prefix(segment.size());
      // A literal segment ends where the pattern says, or the path goes on with a slash.
      if (!path.empty() && path.front() != '/') {
        return false;
      }
    }
    pattern.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

bool is_path_template(std::string_view value) noexcept {
  return value.find(kOne) != std::string_view::npos || value.find(kAny) != std::string_view::npos;
}

bool matches_path_template(std::string_view value, std::string_view path) noexcept {
  if (!value.starts_with('/')) {
    return false;  // Envoy refuses such a template
  }
  std::string_view pattern = value;
  if (!match_front(pattern, path)) {
    return false;
  }
  if (pattern.empty()) {
    return path.empty();
  }
  // pattern = "/{**}" rest; the path needs the slash and then whatever, then exactly `rest`, which
  // holds no operator.
  if (!path.starts_with('/')) {
    return false;
  }
  path.remove_prefix(1);
  const std::string_view rest = pattern.substr(1 + kAny.size());
  if (!path.ends_with(rest)) {
    return false;
  }
  path.remove_suffix(rest.size());
  return std::all_of(path.begin(), path.end(), [](char c) { return c == '/' || is_literal(c); });
}

std::string envoy_path_template(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    if (value.starts_with(kOne)) {
      out += '*';
      value.remove_prefix(kOne.size());
    } else if (value.starts_with(kAny)) {
      out += "**";
      value.remove_prefix(kAny.size());
    } else {
      out += value.front();
      value.remove_prefix(1);
    }
  }
  return out;
}

std::string path_template_problem(std::string_view field, std::string_view value) {
  const bool has_template = is_path_template(value);
  std::string_view path = value;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
  }
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  bool was_any = false;
  std::string_view rest = path;
  for (bool more = true; more;) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    more = slash != std::string_view::npos;
    rest = more ? rest.substr(slash + 1) : std::string_view{};
    if (segment == kOne || segment == kAny) {
      if (was_any) {
        return fmt::format(
            "invalid or unsupported path {}, found in {}. {{**}} is not the last operator", path,
            field);
      }
      was_any = segment == kAny;
      continue;
    }
    if (segment.find_first_of("{}") != std::string_view::npos) {
      return fmt::format(
          "invalid or unsupported path {}, found in {}. Contains '{{' or '}}' beyond a supported "
          "path template",
          path, field);
    }
    if (has_template && (segment.empty() || !is_literal_run(segment))) {
      return fmt::format(
          "invalid or unsupported path {}, found in {}. Contains segment {} with invalid string "
          "literal",
          path, field, segment);
    }
  }
  return {};
}

}  // namespace tally::authorization
