#include "document/internal/yaml_scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace tally::document {

namespace {

using Kind = YamlScalar::Kind;

YamlScalar null_scalar() {
  YamlScalar scalar;
  scalar.kind = Kind::Null;
  return scalar;
}

YamlScalar bool_scalar(bool value) {
  YamlScalar scalar;
  scalar.kind = Kind::Bool;
  scalar.boolean = value;
  return scalar;
}

YamlScalar float_scalar(double value) {
  YamlScalar scalar;
  scalar.kind = Kind::Float;
  scalar.number = value;
  return scalar;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

// resolve.go, resolveMapList. Longest entry: 5 bytes.
struct Word {
  std::string_view text;
  Kind kind;
  double number;  // of a Float; 1 or 0 for a Bool
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kWords = {
    Word{"true", Kind::Bool, 1},
    Word{"false", Kind::Bool, 0},
    Word{"null", Kind::Null, 0},
    Word{"~", Kind::Null, 0},
    Word{"yes", Kind::Bool, 1},
    Word{"no", Kind::Bool, 0},
    Word{"on", Kind::Bool, 1},
    Word{"off", Kind::Bool, 0},
    Word{"y", Kind::Bool, 1},
    Word{"n", Kind::Bool, 0},
    Word{"True", Kind::Bool, 1},
    Word{"TRUE", Kind::Bool, 1},
    Word{"False", Kind::Bool, 0},
    Word{"FALSE", Kind::Bool, 0},
    Word{"Yes", Kind::Bool, 1},
    Word{"YES", Kind::Bool, 1},
    Word{"No", Kind::Bool, 0},
    Word{"NO", Kind::Bool, 0},
    Word{"On", Kind::Bool, 1},
    Word{"ON", Kind::Bool, 1},
    Word{"Off", Kind::Bool, 0},
    Word{"OFF", Kind::Bool, 0},
    Word{"Y", Kind::Bool, 1},
    Word{"N", Kind::Bool, 0},
    Word{"Null", Kind::Null, 0},
    Word{"NULL", Kind::Null, 0},
    Word{".nan", Kind::Float, kNan},
    Word{".NaN", Kind::Float, kNan},
    Word{".NAN", Kind::Float, kNan},
    Word{".inf", Kind::Float, kInfinity},
    Word{".Inf", Kind::Float, kInfinity},
    Word{".INF", Kind::Float, kInfinity},
    Word{"+.inf", Kind::Float, kInfinity},
    Word{"+.Inf", Kind::Float, kInfinity},
    Word{"+.INF", Kind::Float, kInfinity},
    Word{"-.inf", Kind::Float, -kInfinity},
    Word{"-.Inf", Kind::Float, -kInfinity},
    Word{"-.INF", Kind::Float, -kInfinity},
};

std::optional<YamlScalar> find_word(std::string_view text) {
  if (text.size() > 5) {
    return std::nullopt;
  }
  for (const Word& word : kWords) {
    if (word.text == text) {
      return word.kind == Kind::Null   ? null_scalar()
             : word.kind == Kind::Bool ? bool_scalar(word.number != 0)
                                       : float_scalar(word.number);
    }
  }
  return std::nullopt;
}

// Digits of one base, nothing else; nothing when empty, malformed or above uint64.
std::optional<std::uint64_t> parse_magnitude(std::string_view digits, int base) {
  if (digits.empty() || digits.front() == '-' || digits.front() == '+') {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return error == std::errc{} && end == digits.data() + digits.size() ? std::optional(value)
                                                                      : std::nullopt;
}

enum class Sign : std::uint8_t { None, Plus, Minus };

// strconv.ParseInt, and where it overflows strconv.ParseUint (which takes no sign).
std::optional<YamlScalar> make_integer(std::uint64_t magnitude, Sign sign) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  YamlScalar scalar;
  scalar.kind = Kind::Integer;
  if (sign == Sign::Minus && magnitude <= kMax + 1) {
    scalar.integer = static_cast<std::int64_t>(std::uint64_t{0} - magnitude);
    return scalar;
  }
  if (sign != Sign::Minus && magnitude <= kMax) {
    scalar.integer = static_cast<std::int64_t>(magnitude);
    return scalar;
  }
  if (sign != Sign::None) {
    return std::nullopt;
  }
  scalar.kind = Kind::Unsigned;
  scalar.unsigned_ = magnitude;
  return scalar;
}

std::pair<Sign, std::string_view> take_sign(std::string_view text) {
  if (text.starts_with('-')) {
    return {Sign::Minus, text.substr(1)};
  }
  return text.starts_with('+') ? std::pair{Sign::Plus, text.substr(1)}
                               : std::pair{Sign::None, text};
}

// strconv.ParseInt(text, 0, 64), then strconv.ParseUint(text, 0, 64); the underscores are gone
// already.
std::optional<YamlScalar> parse_integer(std::string_view text) {
  auto [sign, digits] = take_sign(text);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char letter = static_cast<char>(digits[1] | 0x20);
    const bool prefixed = digits.size() > 2 && (letter == 'x' || letter == 'b' || letter == 'o');
    base = !prefixed ? 8 : letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    digits.remove_prefix(prefixed ? 2 : 1);
  }
  const auto magnitude = parse_magnitude(digits, base);
  return magnitude ? make_integer(*magnitude, sign) : std::nullopt;
}

// The fallback of resolve.go for "0b" and "-0b", which ParseInt of the rest lets bring a sign of
// its own.
std::optional<YamlScalar> parse_binary_fallback(std::string_view text) {
  if (!text.starts_with("0b")) {
    return std::nullopt;  // "-0b" + a sign is refused by ParseInt: "--1"
  }
  const auto [sign, digits] = take_sign(text.substr(2));
  const auto magnitude = parse_magnitude(digits, 2);
  return magnitude ? make_integer(*magnitude, sign) : std::nullopt;
}

// resolve.go, yamlStyleFloat: ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
bool yaml_style_float(std::string_view text) {
  std::string_view rest = take_sign(text).second;
  const auto take_digits = [&rest] {
    std::size_t count = 0;
    while (count < rest.size() && digit(rest[count])) {
      ++count;
    }
    rest.remove_prefix(count);
    return count;
  };
  const std::size_t whole = take_digits();
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (take_digits() == 0 && whole == 0) {
      return false;
    }
  } else if (whole == 0) {
    return false;
  }
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest = take_sign(rest.substr(1)).second;
    if (take_digits() == 0) {
      return false;
    }
  }
  return rest.empty();
}

// strconv.ParseFloat of a decimal spelling: nothing above the largest double, zero below the
// smallest.
std::optional<YamlScalar> parse_float(std::string_view text) {
  const std::string_view unsigned_text = text.starts_with('+') ? text.substr(1) : text;
  double value = 0;
  const auto [end, error] =
      std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), value);
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(unsigned_text).c_str(), nullptr);
    return std::isinf(value) ? std::nullopt : std::optional(float_scalar(value));
  }
  if (error != std::errc{} || end != unsigned_text.data() + unsigned_text.size()) {
    return std::nullopt;
  }
  return float_scalar(value);
}

// strconv.ParseFloat takes underscores between digits (underscoreOK in strconv/atoi.go).
bool underscores_between_digits(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' &&
        (i == 0 || i + 1 == text.size() || !digit(text[i - 1]) || !digit(text[i + 1]))) {
      return false;
    }
  }
  return true;
}

std::string without_underscores(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  return plain;
}

std::optional<YamlScalar> resolve_digits(std::string_view text) {
  if (auto integer = parse_integer(text)) {
    return integer;
  }
  if (yaml_style_float(text)) {
    if (auto number = parse_float(text)) {
      return number;
    }
  }
  return parse_binary_fallback(text);
}

YamlScalar resolve_any(std::string_view text) {
  if (text.empty()) {
    return null_scalar();
  }
  if (always_text(text.front())) {
    return {};
  }
  if (const auto word = find_word(text)) {
    return *word;
  }
  if (text.front() == '.') {
    if (!underscores_between_digits(text)) {
      return {};
    }
    const std::string plain = without_underscores(text);
    return yaml_style_float(plain) ? parse_float(plain).value_or(YamlScalar{}) : YamlScalar{};
  }
  if (digit(text.front()) || text.front() == '-' || text.front() == '+') {
    if (text.find('_') == std::string_view::npos) {
      return resolve_digits(text).value_or(YamlScalar{});
    }
    return resolve_digits(without_underscores(text)).value_or(YamlScalar{});
  }
  return {};
}

// Reads up to `digits_max` digits; nothing without one. For the dates below.
std::optional<int> take_number(std::string_view& text, std::size_t digits_max) {
  int value = 0;
  std::size_t count = 0;
  while (count < digits_max && count < text.size() && digit(text[count])) {
    value = value * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return count == 0 ? std::nullopt : std::optional(value);
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

int days_in_month(int year, int month) {
  constexpr std::array kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// "Z" or "+07:00".
bool zone(std::string_view text) {
  if (text == "Z") {
    return true;
  }
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && digit(text[1]) &&
         digit(text[2]) && text[3] == ':' && digit(text[4]) && digit(text[5]) &&
         (text[1] - '0') * 10 + (text[2] - '0') <= 24 && text[4] < '6';
}

// resolve.go, parseTimestamp: "2006-1-2", "2006-1-2 15:4:5.9" and "2006-1-2T15:4:5.9Z07:00" (T or
// t).
bool timestamp(std::string_view text) {
  if (text.size() < 5 || !std::all_of(text.begin(), text.begin() + 4, digit) || text[4] != '-') {
    return false;
  }
  const int year = take_number(text, 4).value_or(0);
  const bool dashed = take(text, '-');
  const auto month = take_number(text, 2);
  if (!dashed || !month || *month < 1 || *month > 12 || !take(text, '-')) {
    return false;
  }
  const auto day = take_number(text, 2);
  if (!day || *day < 1 || *day > days_in_month(year, *month)) {
    return false;
  }
  if (text.empty()) {
    return true;
  }
  const bool spaced = take(text, ' ');
  if (!spaced && !take(text, 'T') && !take(text, 't')) {
    return false;
  }
  const auto hour = take_number(text, 2);
  const bool first_colon = take(text, ':');
  const auto minute = take_number(text, 2);
  const bool second_colon = take(text, ':');
  const auto second = take_number(text, 2);
  if (!hour || *hour > 23 || !first_colon || !minute || *minute > 59 || !second_colon || !second ||
      *second > 59) {
    return false;
  }
  if ((text.starts_with('.') || text.starts_with(',')) && text.size() > 1 && digit(text[1])) {
    text.remove_prefix(1);
    while (take_number(text, 9)) {
    }
  }
  return spaced ? text.empty() : zone(text);
}

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

std::string_view kind_word(Kind kind) {
  switch (kind) {
    case Kind::Null:
      return "null";
    case Kind::Bool:
      return "boolean";
    case Kind::Integer:
    case Kind::Unsigned:
      return "integer";
    case Kind::Float:
      return "number";
    case Kind::Text:
      return "text";
  }
  return "value";
}

// Shortest digits that read back as the same value, and the exponent of the first of them.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

template <class Number>
Decimal shortest(Number value) {
  std::array<char, 64> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
  Decimal decimal;
  decimal.negative = take(text, '-');
  const std::size_t e = text.find('e');
  for (const char c : text.substr(0, e)) {
    if (c != '.') {
      decimal.digits += c;
    }
  }
  std::string_view exponent = text.substr(e + 1);
  take(exponent, '+');
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.exponent);
  return decimal;
}

// strconv 'f' with precision -1.
std::string fixed(const Decimal& decimal) {
  std::string out = decimal.negative ? "-" : "";
  const auto count = static_cast<int>(decimal.digits.size());
  if (decimal.exponent < 0) {
    return out + "0." + std::string(static_cast<std::size_t>(-decimal.exponent - 1), '0') +
           decimal.digits;
  }
  if (const int zeros = decimal.exponent + 1 - count; zeros >= 0) {
    return out + decimal.digits + std::string(static_cast<std::size_t>(zeros), '0');
  }
  const auto whole = static_cast<std::size_t>(decimal.exponent + 1);
  return out + decimal.digits.substr(0, whole) + "." + decimal.digits.substr(whole);
}

// strconv 'e' with precision -1; the exponent has at least `exponent_digits` digits.
std::string scientific(const Decimal& decimal, int exponent_digits) {
  std::string out = decimal.negative ? "-" : "";
  out += decimal.digits[0];
  if (decimal.digits.size() > 1) {
    out += '.';
    out += decimal.digits.substr(1);
  }
  return out + fmt::format("e{}{:0{}}", decimal.exponent < 0 ? '-' : '+',
                           std::abs(decimal.exponent), exponent_digits);
}

// encoding/json, floatEncoder: as ES6, but exponents keep their plus sign.
std::string json_float(double value) {
  const double magnitude = std::abs(value);
  const Decimal decimal = shortest(value);
  return magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21) ? scientific(decimal, 1)
                                                                   : fixed(decimal);
}

// strconv.FormatFloat(value, 'g', -1, 32), with the names that sigs.k8s.io/yaml gives to what is
// not finite.
std::string key_float(double value) {
  const auto narrow = static_cast<float>(value);
  if (std::isnan(narrow)) {
    return ".nan";
  }
  if (std::isinf(narrow)) {
    return narrow < 0 ? "-.inf" : ".inf";
  }
  const Decimal decimal = shortest(narrow);
  return decimal.exponent < -4 || decimal.exponent >= 6 ? scientific(decimal, 2) : fixed(decimal);
}

std::string_view keep(std::string_view made, std::string_view text, Arena& arena) {
  return made == text ? text : arena.copy(made);
}

}  // namespace

YamlScalar resolve_plain(std::string_view text) noexcept { return resolve_any(text); }

std::expected<YamlScalar, std::string> resolve_tagged(std::string_view tag, std::string_view text) {
  if (tag.empty()) {
    return resolve_any(text);
  }
  if (!tag.starts_with(kTagPrefix)) {
    return YamlScalar{};
  }
  const std::string_view name = tag.substr(kTagPrefix.size());
  YamlScalar found = resolve_any(text);
  bool fits = false;
  if (name == "null") {
    fits = found.kind == Kind::Null;
  } else if (name == "bool") {
    fits = found.kind == Kind::Bool;
  } else if (name == "int") {
    fits = found.kind == Kind::Integer || found.kind == Kind::Unsigned;
  } else if (name == "float") {
    if (found.kind == Kind::Integer) {
      found = float_scalar(static_cast<double>(found.integer));
    }
    fits = found.kind == Kind::Float;
  } else if (name == "timestamp") {
    fits = timestamp(text);
    found = fits ? YamlScalar{} : found;
  } else {
    return YamlScalar{};  // !!str, !!binary and tags that nobody knows
  }
  if (!fits) {
    return std::unexpected(fmt::format("found the {} `{}` with the tag !!{}", kind_word(found.kind),
                                       excerpt(text), name));
  }
  return found;
}

std::optional<std::string> decode_binary(std::string_view base64) {
  // encoding/base64 StdEncoding: line breaks are skipped, padding is required, trailing bits are
  // not looked at.
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  int padding = 0;
  for (const char c : base64) {
    if (c == '\r' || c == '\n') {
      continue;
    }
    if (c == '=') {
      ++padding;
      if (padding > 2 || count + padding > 4 || count < 2) {
        return std::nullopt;
      }
      continue;
    }
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : digit(c)             ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0 || padding != 0) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    if (++count == 4) {
      bytes += static_cast<char>(bits >> 16U & 0xFFU);
      bytes += static_cast<char>(bits >> 8U & 0xFFU);
      bytes += static_cast<char>(bits & 0xFFU);
      bits = 0;
      count = 0;
    }
  }
  if (count != 0 && count + padding != 4) {
    return std::nullopt;
  }
  if (count == 2) {
    bytes += static_cast<char>(bits >> 4U & 0xFFU);
  } else if (count == 3) {
    bytes += static_cast<char>(bits >> 10U & 0xFFU);
    bytes += static_cast<char>(bits >> 2U & 0xFFU);
  }
  std::string out;
  std::string_view rest = bytes;
  while (const auto invalid = find_invalid_utf8(rest)) {
    out += rest.substr(0, *invalid);
    out += "\xEF\xBF\xBD";
    rest.remove_prefix(*invalid + 1);
  }
  return out.append(rest);
}

std::optional<Node> make_scalar(const YamlScalar& scalar, std::string_view text,
                                std::uint32_t offset, Arena& arena) {
  switch (scalar.kind) {
    case Kind::Null:
      return Node::make_null(offset);
    case Kind::Bool:
      return Node::make_bool(scalar.boolean, offset);
    case Kind::Text:
      return Node::make_string(text, offset);
    case Kind::Integer:
    case Kind::Unsigned: {
      std::array<char, 24> buffer{};
      char* const end = buffer.data() + buffer.size();
      const auto written = scalar.kind == Kind::Integer
                               ? std::to_chars(buffer.data(), end, scalar.integer)
                               : std::to_chars(buffer.data(), end, scalar.unsigned_);
      const std::string_view digits(buffer.data(),
                                    static_cast<std::size_t>(written.ptr - buffer.data()));
      return Node::make_number(keep(digits, text, arena), offset);
    }
    case Kind::Float:
      if (!std::isfinite(scalar.number)) {
        return std::nullopt;
      }
      return Node::make_number(keep(json_float(scalar.number), text, arena), offset);
  }
  return std::nullopt;
}

std::optional<std::string_view> key_text(const YamlScalar& scalar, std::string_view text,
                                         Arena& arena) {
  switch (scalar.kind) {
    case Kind::Text:
      return text;
    case Kind::Bool:
      return std::string_view(scalar.boolean ? "true" : "false") == text
                 ? text
                 : std::string_view(scalar.boolean ? "true" : "false");
    case Kind::Integer: {
      std::array<char, 24> buffer{};
      const auto written =
          std::to_chars(buffer.data(), buffer.data() + buffer.size(), scalar.integer);
      return keep({buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())}, text,
                  arena);
    }
    case Kind::Float:
      return keep(key_float(scalar.number), text, arena);
    case Kind::Null:
    case Kind::Unsigned:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tally::document
