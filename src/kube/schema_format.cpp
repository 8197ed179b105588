// After k8s.io/kube-openapi, pkg/validation/strfmt: default.go, date.go, time.go, duration.go,
// kubernetes-extensions.go; the functions that it borrows (net.ParseMAC, netutils.ParseIPSloppy,
// govalidator.IsBase64) are quoted at ours.
#include "kube/internal/schema_format.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "kube/internal/time_text.hpp"

namespace tally::kube::internal {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
bool all(std::string_view text, bool (*holds)(char)) { return std::ranges::all_of(text, holds); }

// A number of at most `most` without a sign; "007" is one.
bool is_number(std::string_view text, int most) {
  if (text.empty() || !all(text, &is_digit)) {
    return false;
  }
  int value = 0;
  for (const char c : text) {
    value = value * 10 + (c - '0');
    if (value > most) {
      return false;
    }
  }
  return true;
}

// k8s.io/utils/internal/third_party/forked/golang/net ParseIP: leading zeros are allowed.
bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3) || !is_number(text.substr(0, dot), 255)) {
      return false;
    }
    text.remove_prefix(part == 3 ? text.size() : dot + 1);
  }
  return true;
}

// parseIPv6 of the same file: groups of one to four digits, one ellipsis, perhaps an IPv4 address
// at the end; no zone.
bool is_ipv6(std::string_view text) {
  std::size_t groups = 0;
  bool ellipsis = text.starts_with("::");
  if (ellipsis) {
    text.remove_prefix(2);
    if (text.empty()) {
      return true;
    }
  }
  while (groups < 8) {
    const auto digits =
        std::min(static_cast<std::size_t>(std::ranges::find_if_not(text, &is_hex) - text.begin()),
                 text.size());
    if (digits < text.size() && text[digits] == '.') {
      return (ellipsis ? groups + 2 < 8 : groups == 6) && is_ipv4(text);
    }
    if (digits == 0 || digits > 4) {
      return false;
    }
    ++groups;
    text.remove_prefix(digits);
    if (text.empty()) {
      break;
    }
    if (text[0] != ':' || text.size() == 1) {
      return false;
    }
    text.remove_prefix(1);
    if (text[0] == ':') {
      if (ellipsis) {
        return false;
      }
      ellipsis = true;
      text.remove_prefix(1);
      if (text.empty()) {
        break;
      }
    }
  }
  return text.empty() && (ellipsis ? groups < 8 : groups == 8);
}

bool is_cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return false;
  }
  const std::string_view address = text.substr(0, slash);
  const std::string_view bits = text.substr(slash + 1);
  return (is_ipv4(address) && is_number(bits, 32)) || (is_ipv6(address) && is_number(bits, 128));
}

// net.ParseMAC: 6, 8 or 20 bytes as 00:00:..., 00-00-... or 0000.0000....
bool is_mac(std::string_view text) {
  if (text.size() < 14) {
    return false;
  }
  const char mark = text[2] == ':' || text[2] == '-' ? text[2] : text[4];
  const std::size_t digits = mark == '.' ? 4 : 2;
  if ((mark != ':' && mark != '-' && mark != '.') || (text.size() + 1) % (digits + 1) != 0) {
    return false;
  }
  const std::size_t bytes = (text.size() + 1) / (digits + 1) * digits / 2;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool at_mark = i % (digits + 1) == digits;
    if (at_mark ? text[i] != mark : !is_hex(text[i])) {
      return false;
    }
  }
  return bytes == 6 || bytes == 8 || bytes == 20;
}

// (?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?V[0-9a-f]{3}-?W[0-9a-f]{3}-?[0-9a-f]{12}$ with V the version and W
// one of 89ab; both free for `version` 0, W free for version 3.
bool is_uuid(std::string_view text, char version) {
  constexpr std::array<std::size_t, 5> kGroups{8, 4, 4, 4, 12};
  for (std::size_t group = 0; group < kGroups.size(); ++group) {
    if (group > 0 && text.starts_with('-')) {
      text.remove_prefix(1);
    }
    const std::string_view digits = text.substr(0, kGroups[group]);
    if (digits.size() != kGroups[group] || !all(digits, &is_hex) ||
        (group == 2 && version != 0 && digits[0] != version) ||
        (group == 3 && version > '3' && !std::string_view{"89ab"}.contains(lower(digits[0])))) {
      return false;
    }
    text.remove_prefix(digits.size());
  }
  return text.empty();
}

// govalidator.IsBase64:
// ^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$
bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) {
    return false;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return std::ranges::all_of(text.substr(0, text.size() - padding), [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '+' || c == '/';
  });
}

bool is_date(std::string_view text) {
  return text.size() == 10 &&
         time_problem(std::string(text) + "T00:00:00Z", TimeLayout::Rfc3339).empty();
}

// IsDateTime: a date, `t` in either case, ^HH:MM:SS(.[0-9]+)?(z|[+-]HH:MM)$; the parts of the zone
// may be any digits, and any character may stand for the point.
bool is_date_time(std::string_view text) {
  const auto mark = text.find_first_of("tT");
  if (mark == std::string_view::npos || !is_date(text.substr(0, mark))) {
    return false;
  }
  std::string_view rest = text.substr(mark + 1);
  constexpr std::string_view kShape = "00:00:00";
  if (rest.size() <= kShape.size()) {
    return false;
  }
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == ':' ? rest[i] != ':' : !is_digit(rest[i])) {
      return false;
    }
  }
  if (rest.substr(0, 2) > "23" || rest.substr(3, 2) > "59" || rest.substr(6, 2) > "59") {
    return false;
  }
  rest.remove_prefix(kShape.size());
  const bool zulu = lower(rest.back()) == 'z';
  const std::size_t zone = zulu ? 1 : 6;
  if (rest.size() < zone) {
    return false;
  }
  const std::string_view fraction = rest.substr(0, rest.size() - zone);
  const std::string_view offset = rest.substr(rest.size() - zone);
  const bool offset_right =
      zulu || ((offset[0] == '+' || offset[0] == '-') && offset[3] == ':' &&
               all(offset.substr(1, 2), &is_digit) && all(offset.substr(4), &is_digit));
  return offset_right &&
         (fraction.empty() || (fraction.size() > 1 && all(fraction.substr(1), &is_digit)));
}

// ParseDuration: what Go's time.ParseDuration takes, or anything that holds a number and a unit
// ("2 weeks"): the units with letters behind them are prefixes.
bool is_duration(std::string_view text) {
  if (text == "0" || text == "+0" || text == "-0") {
    return true;
  }
  constexpr auto kUnits = std::to_array<std::string_view>(
      {"ns", "us", "\xC2\xB5s", "ms", "s", "m", "h", "hr", "d", "w", "wk"});
  constexpr auto kPrefixes = std::to_array<std::string_view>(
      {"nano", "micro", "milli", "sec", "min", "hour", "day", "week"});
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    while (at < text.size() && is_digit(text[at])) {
      ++at;
    }
    while (at < text.size() && std::string_view{" \t\n\f\r"}.contains(text[at])) {
      ++at;
    }
    std::string unit;
    while (at < text.size() &&
           ((lower(text[at]) >= 'a' && lower(text[at]) <= 'z') ||
            text.substr(at).starts_with("\xC2\xB5") || (text[at] == '\xB5' && !unit.empty()))) {
      unit += lower(text[at++]);
    }
    if (std::ranges::find(kUnits, unit) != kUnits.end() ||
        std::ranges::any_of(kPrefixes,
                            [&unit](std::string_view p) { return unit.starts_with(p); })) {
      return true;
    }
  }
  return false;
}

// ^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$
bool is_hex_color(std::string_view text) {
  text.remove_prefix(text.starts_with('#') ? 1 : 0);
  return (text.size() == 3 || text.size() == 6) && all(text, &is_hex);
}

// [a-z0-9]([-a-z0-9]*[a-z0-9])?
bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(
             text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

bool is_long_name(std::string_view text) {
  if (text.size() > 253) {
    return false;
  }
  for (;;) {
    const auto dot = text.find('.');
    if (!is_name(text.substr(0, dot))) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool has_format(std::string_view text, SchemaFormat format) {
  switch (format) {
    case SchemaFormat::None:
    case SchemaFormat::Int32:
    case SchemaFormat::Int64:
    case SchemaFormat::Float:
      return true;
    case SchemaFormat::DateTime:
      return is_date_time(text);
    case SchemaFormat::Date:
      return is_date(text);
    case SchemaFormat::Duration:
      return is_duration(text);
    case SchemaFormat::Byte:
      return is_base64(text);
    case SchemaFormat::Ipv4:
      return is_ipv4(text) || (is_ipv6(text) && text.contains('.'));
    case SchemaFormat::Ipv6:
      return is_ipv6(text);
    case SchemaFormat::Cidr:
      return is_cidr(text);
    case SchemaFormat::Mac:
      return is_mac(text);
    case SchemaFormat::Uuid:
      return is_uuid(text, 0);
    case SchemaFormat::Uuid3:
      return is_uuid(text, '3');
    case SchemaFormat::Uuid4:
      return is_uuid(text, '4');
    case SchemaFormat::Uuid5:
      return is_uuid(text, '5');
    case SchemaFormat::HexColor:
      return is_hex_color(text);
    case SchemaFormat::ShortName:
      return text.size() <= 63 && is_name(text);
    case SchemaFormat::LongName:
      return is_long_name(text);
  }
  return true;
}

std::string_view format_name(SchemaFormat format) noexcept {
  switch (format) {
    case SchemaFormat::None:
      return {};
    case SchemaFormat::Int32:
      return "int32";
    case SchemaFormat::Int64:
      return "int64";
    case SchemaFormat::Float:
      return "float";
    case SchemaFormat::DateTime:
      return "date-time";
    case SchemaFormat::Date:
      return "date";
    case SchemaFormat::Duration:
      return "duration";
    case SchemaFormat::Byte:
      return "byte";
    case SchemaFormat::Ipv4:
      return "ipv4";
    case SchemaFormat::Ipv6:
      return "ipv6";
    case SchemaFormat::Cidr:
      return "cidr";
    case SchemaFormat::Mac:
      return "mac";
    case SchemaFormat::Uuid:
      return "uuid";
    case SchemaFormat::Uuid3:
      return "uuid3";
    case SchemaFormat::Uuid4:
      return "uuid4";
    case SchemaFormat::Uuid5:
      return "uuid5";
    case SchemaFormat::HexColor:
      return "hexcolor";
    case SchemaFormat::ShortName:
      return "k8s-short-name";
    case SchemaFormat::LongName:
      return "k8s-long-name";
  }
  return {};
}

}  // namespace tally::kube::internal
