#include "net/internal/field_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace tally::net {

namespace {

using Kind = FieldFault::Kind;
using Checked = std::expected<void, FieldFault>;

std::unexpected<FieldFault> fault(std::string text, Kind kind = Kind::Malformed) {
  return std::unexpected(FieldFault{kind, std::move(text)});
}

Checked read_length(std::string_view value, FieldSection& section) {
  if (section.length) {
    return fault("Content-Length stands twice");
  }
  std::uint64_t length = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (problem != std::errc{} || end != value.data() + value.size()) {
    return fault(fmt::format("Content-Length is '{}'", excerpt(value)));
  }
  section.length = length;
  return {};
}

Checked read_coding(std::string_view value, FieldSection& section) {
  if (section.is_chunked) {
    return fault("Transfer-Encoding stands twice");
  }
  if (!equal_names(value, "chunked")) {
    return fault(fmt::format("Transfer-Encoding is '{}'", excerpt(value)), Kind::UnknownCoding);
  }
  section.is_chunked = true;
  return {};
}

// RFC 9112 section 5: field-name ":" OWS field-value OWS
Checked read_field(std::string_view line, FieldSection& section) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return fault("a header line is folded");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fault(fmt::format("the header line '{}' names no field", excerpt(line)));
  }
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) {
    value.remove_prefix(1);
  }
  while (!value.empty() && blank(value.back())) {
    value.remove_suffix(1);
  }
  if (std::ranges::any_of(value, [](char c) {
        return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
      })) {
    return fault(fmt::format("the header field {} holds a control character", name));
  }
  if (equal_names(name, "content-length")) {
    TALLY_CHECK(read_length(value, section));
  } else if (equal_names(name, "transfer-encoding")) {
    TALLY_CHECK(read_coding(value, section));
  }
  section.headers.push_back({std::string(name), std::string(value)});
  return {};
}

}  // namespace

std::expected<std::string_view, FieldFault> next_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos ||
      line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return fault("a header line holds a bare CR, LF or NUL");
  }
  text.remove_prefix(end + 2);
  return line;
}

std::expected<FieldSection, FieldFault> read_fields(std::string_view text,
                                                    std::uint32_t fields_max) {
  FieldSection section;
  while (true) {
    TALLY_TRY(const std::string_view line, next_line(text));
    if (line.empty()) {
      break;
    }
    TALLY_CHECK(read_field(line, section));
    if (section.headers.size() > fields_max) {
      return fault(fmt::format("the header has more than {} fields", fields_max), Kind::TooMany);
    }
  }
  if (section.is_chunked && section.length) {
    return fault("both Transfer-Encoding and Content-Length are given");
  }
  return section;
}

}  // namespace tally::net
