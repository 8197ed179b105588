#include "telemetry/trace.hpp"

#include <algorithm>
#include <span>

namespace tally::telemetry {

namespace {

constexpr std::size_t kTextBytes = 55;  // of version 00

// HEXDIGLC of section 3.2.1: lower case only.
int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

std::string hex_of(std::span<const std::uint8_t> octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t octet : octets) {
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0xFU];
  }
  return out;
}

bool is_zero(std::span<const std::uint8_t> octets) noexcept {
  return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < kTextBytes || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceParent out;
  if (!read_hex(text, version) || !read_hex(text.substr(3), out.trace) ||
      !read_hex(text.substr(36), out.span) || !read_hex(text.substr(53), flags)) {
    return std::nullopt;
  }
  // Section 3.2.2.1: version ff is invalid. Version 00 ends here; a later one may go on behind
  // another dash.
  const bool ends_well = text.size() == kTextBytes || (version[0] != 0 && text[kTextBytes] == '-');
  if (version[0] == 0xFF || !ends_well || is_zero(out.trace) || is_zero(out.span)) {
    return std::nullopt;
  }
  out.is_sampled = (flags[0] & 1U) != 0;
  return out;
}

std::string to_text(const TraceId& id) { return hex_of(id); }
std::string to_text(const SpanId& id) { return hex_of(id); }

std::string to_text(const TraceParent& parent) {
  return "00-" + to_text(parent.trace) + "-" + to_text(parent.span) +
         (parent.is_sampled ? "-01" : "-00");
}

}  // namespace tally::telemetry
