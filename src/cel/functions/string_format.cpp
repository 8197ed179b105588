#include "cel/internal/string_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "cel/type.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {

namespace {

constexpr unsigned kDepthMax = 500;  // as deep as documents may nest
// Digits of a double after the point are zero beyond this.
constexpr int kFractionDigitsMax = 1100;
constexpr int kPrecisionDefault = 6;
// cel-go limits the precision since version 5 of the library; without a limit "%.999999999f" is an
// attack.
constexpr int kPrecisionMax = 100;
constexpr int kPrecisionMaxLocale = 10'000;

struct Digits {
  std::array<char, 1600> bytes;  // 309 before the point, 1100 behind it
  std::size_t size = 0;
  [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), size}; }
};

Digits print(double value, std::chars_format form, int precision) {
  Digits digits;
  char* const end = std::to_chars(digits.bytes.data(), digits.bytes.data() + digits.bytes.size(),
                                  value, form, std::min(precision, kFractionDigitsMax))
                        .ptr;
  digits.size = static_cast<std::size_t>(end - digits.bytes.data());
  return digits;
}

std::size_t missing_zeros(int precision) {
  return precision > kFractionDigitsMax ? static_cast<std::size_t>(precision - kFractionDigitsMax)
                                        : 0;
}

// Go's %.Nf and %.Ne.
void append_fixed(TextBuilder& out, double value, int precision) {
  out.add(print(value, std::chars_format::fixed, precision).text());
  out.add_repeated('0', missing_zeros(precision));
}

void append_scientific(TextBuilder& out, double value, int precision) {
  const Digits digits = print(value, std::chars_format::scientific, precision);
  const std::size_t e = digits.text().find('e');
  out.add(digits.text().substr(0, e));
  out.add_repeated('0', missing_zeros(precision));
  out.add(digits.text().substr(e));
}

// strconv.FormatFloat(value, 'f', -1, 64)
void append_plain(TextBuilder& out, double value) {
  Digits digits;
  char* const end = std::to_chars(digits.bytes.data(), digits.bytes.data() + digits.bytes.size(),
                                  value, std::chars_format::fixed)
                        .ptr;
  digits.size = static_cast<std::size_t>(end - digits.bytes.data());
  out.add(digits.text());
}

// Thousands in groups of three, as en_US writes numbers.
void append_grouped(TextBuilder& out, std::string_view number) {
  const std::size_t point = std::min(number.find('.'), number.size());
  for (std::size_t i = 0; i < point; ++i) {
    if (i != 0 && (point - i) % 3 == 0) {
      out.add(',');
    }
    out.add(number[i]);
  }
  out.add(number.substr(point));
}

void append_superscript(TextBuilder& out, char c) {
  constexpr std::array<std::string_view, 10> kDigits{"\u2070", "\u00b9", "\u00b2", "\u00b3",
                                                     "\u2074", "\u2075", "\u2076", "\u2077",
                                                     "\u2078", "\u2079"};
  if (c == '-') {
    out.add("\u207b");
  } else if (c >= '0' && c <= '9') {
    out.add(kDigits[static_cast<std::size_t>(c - '0')]);
  }
}

// golang.org/x/text/message for en_US: "1,234.50", "1.5×10⁰³", "∞".
void append_in_locale(TextBuilder& out, double value, int precision, bool scientific) {
  if (std::isnan(value)) {
    out.add("NaN");
    return;
  }
  if (value < 0) {  // not the negative zero
    out.add('-');
  }
  value = std::fabs(value);
  if (std::isinf(value)) {
    out.add("\u221e");
    return;
  }
  if (!scientific) {
    append_grouped(out, print(value, std::chars_format::fixed, precision).text());
    out.add_repeated('0', missing_zeros(precision));
    return;
  }
  const Digits digits = print(value, std::chars_format::scientific, precision);
  const std::size_t e = digits.text().find('e');
  out.add(digits.text().substr(0, e));
  out.add_repeated('0', missing_zeros(precision));
  out.add("\u00d710");
  for (const char c : digits.text().substr(e + 1)) {
    append_superscript(out, c);
  }
}

bool add_integer(TextBuilder& out, const Value& value, int base, bool upper) {
  std::array<char, 72> digits{};
  char* const begin = digits.data();
  char* const end = digits.data() + digits.size();
  char* last = nullptr;
  if (value.is(ValueKind::Int)) {
    last = std::to_chars(begin, end, value.as_int(), base).ptr;
  } else if (value.is(ValueKind::Uint)) {
    last = std::to_chars(begin, end, value.as_uint(), base).ptr;
  } else {
    return false;
  }
  if (upper) {
    std::transform(begin, last, begin, [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  }
  out.add(std::string_view{begin, static_cast<std::size_t>(last - begin)});
  return true;
}

void add_hex_bytes(TextBuilder& out, std::string_view octets, bool upper) {
  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  for (const char c : octets) {
    const auto byte = static_cast<unsigned char>(c);
    out.add(digits[byte >> 4U]);
    out.add(digits[byte & 15U]);
  }
}

class Formatter {
 public:
  Formatter(EvalContext& context, FormatRules rules) noexcept
      : context_(context), rules_(rules), out_(context.arena) {}

  Value run(std::string_view format, const Value& list);

 private:
  struct Entry {
    std::string_view key;
    std::string_view value;
    std::size_t index;
  };

  // Each returns false with problem_ set.
  bool clause(char verb, int precision, const Value& value);
  bool text(TextBuilder& out, const Value& value, unsigned depth);
  bool literal(TextBuilder& out, const Value& value, unsigned depth);
  bool list(TextBuilder& out, const Value& value, unsigned depth);
  bool map(TextBuilder& out, const Value& value, unsigned depth);
  bool number(double value, int precision, bool scientific);
  bool floating(const Value& value, int precision, bool scientific);
  bool binary(const Value& value);

  bool refuse(std::initializer_list<std::string_view> parts) {
    problem_ = context_.arena.concat(parts);
    return false;
  }
  bool wrong_type(std::string_view older, std::string_view specified, const Value& value) {
    return refuse(
        {rules_ == FormatRules::Locale ? older : specified, ", was given ", type_name(value)});
  }

  EvalContext& context_;
  FormatRules rules_;
  TextBuilder out_;
  std::string_view problem_;
};

bool Formatter::list(TextBuilder& out, const Value& value, unsigned depth) {
  out.add('[');
  const std::size_t size = list_size(value);
  for (std::size_t i = 0; i < size; ++i) {
    if (i != 0) {
      out.add(", ");
    }
    const Value item = list_at(context_.arena, value, i);
    if (!(rules_ == FormatRules::Locale ? literal(out, item, depth + 1)
                                        : text(out, item, depth + 1))) {
      return false;
    }
  }
  out.add(']');
  return true;
}

// Entries in the order of their printed keys.
bool Formatter::map(TextBuilder& out, const Value& value, unsigned depth) {
  const std::size_t size = map_size(value);
  Entry* const entries = context_.arena.allocate_array<Entry>(size);
  for (std::size_t i = 0; i < size; ++i) {
    const Value key = map_key_at(context_.arena, value, i);
    const Value held = map_value_at(context_.arena, value, i);
    TextBuilder key_text(context_.arena);
    TextBuilder held_text(context_.arena);
    if (rules_ == FormatRules::Locale) {
      if (!key.is(ValueKind::String) && !key.is(ValueKind::Bool) && !key.is(ValueKind::Int) &&
          !key.is(ValueKind::Uint)) {
        return refuse({"no formatting function for map key of type ", type_name(key)});
      }
      if (!literal(key_text, key, depth + 1) || !literal(held_text, held, depth + 1)) {
        return false;
      }
    } else if (!text(key_text, key, depth + 1) || !text(held_text, held, depth + 1)) {
      return false;
    }
    entries[i] = {.key = key_text.text(), .value = held_text.text(), .index = i};
  }
  std::sort(entries, entries + size, [](const Entry& a, const Entry& b) {
    const int order = a.key.compare(b.key);
    return order != 0 ? order < 0 : a.index < b.index;
  });
  out.add('{');
  for (std::size_t i = 0; i < size; ++i) {
    out.add(i == 0 ? "" : ", ");
    out.add(entries[i].key);
    out.add(rules_ == FormatRules::Locale ? ":" : ": ");
    out.add(entries[i].value);
  }
  out.add('}');
  return true;
}

// What stands inside a list or map under the older rules: nearly a CEL literal.
bool Formatter::literal(TextBuilder& out, const Value& value, unsigned depth) {
  switch (value.kind()) {
    case ValueKind::String:
      out.add(quoted(context_.arena, value.text()));
      return true;
    case ValueKind::Bytes:
      if (find_invalid_utf8(value.text())) {
        return text(out, value, depth);
      }
      out.add('b');
      out.add(quoted(context_.arena, value.text()));
      return true;
    case ValueKind::Timestamp:
      out.add("timestamp(\"");
      (void)text(out, value, depth);
      out.add("\")");
      return true;
    case ValueKind::Duration:
      out.add("duration(\"");
      (void)text(out, value, depth);
      out.add("\")");
      return true;
    case ValueKind::Double:
      if (std::isnan(value.as_double())) {
        out.add("\"NaN\"");
      } else if (std::isinf(value.as_double())) {
        out.add(value.as_double() < 0 ? "\"-Inf\"" : "\"+Inf\"");
      } else {
        append_fixed(out, value.as_double(), kPrecisionDefault);
      }
      return true;
    case ValueKind::Optional:
    case ValueKind::Opaque:
      return refuse({"no formatting function for ", type_name(value)});
    default:
      return text(out, value, depth);
  }
}

// %s
bool Formatter::text(TextBuilder& out, const Value& value, unsigned depth) {
  if (depth > kDepthMax) {
    return refuse({"value is nested too deeply"});
  }
  switch (value.kind()) {
    case ValueKind::Null:
      out.add("null");
      return true;
    case ValueKind::Bool:
      out.add(value.as_bool() ? "true" : "false");
      return true;
    case ValueKind::Int:
    case ValueKind::Uint:
      return add_integer(out, value, 10, false);
    case ValueKind::Double:
      if (rules_ == FormatRules::Locale) {
        out.add(double_text(context_.arena, value.as_double()));
        return true;
      }
      if (std::isnan(value.as_double())) {
        out.add("NaN");
      } else if (std::isinf(value.as_double())) {
        out.add(value.as_double() < 0 ? "-Infinity" : "Infinity");
      } else {
        append_plain(out, value.as_double());
      }
      return true;
    case ValueKind::String:
      out.add(value.text());
      return true;
    case ValueKind::Bytes:
      if (rules_ == FormatRules::Locale && find_invalid_utf8(value.text())) {
        return refuse(
            {"could not convert argument \"invalid UTF-8 in bytes, cannot convert to "
             "string\" to string"});
      }
      out.add(valid_utf8(context_.arena, value.text()));
      return true;
    case ValueKind::Timestamp:
      out.add(
          scalar::timestamp_text({.seconds = value.as_int(), .nanoseconds = value.nanoseconds()})
              .text());
      return true;
    case ValueKind::Duration:
      out.add(scalar::duration_text(value.as_int()).text());
      return true;
    case ValueKind::Type:
      out.add(value.as_type()->name);
      return true;
    case ValueKind::List:
      return list(out, value, depth);
    case ValueKind::Map:
      return map(out, value, depth);
    default:
      return refuse(
          {"string clause can only be used on strings, bools, bytes, ints, doubles, "
           "maps, lists, types, durations, and timestamps, was given ",
           type_name(value)});
  }
}

bool Formatter::number(double value, int precision, bool scientific) {
  if (rules_ == FormatRules::Locale) {
    append_in_locale(out_, value, precision, scientific);
  } else if (std::isnan(value)) {
    out_.add("NaN");
  } else if (std::isinf(value)) {
    out_.add(value < 0 ? "-Infinity" : "Infinity");
  } else if (scientific) {
    append_scientific(out_, value, precision);
  } else {
    append_fixed(out_, value, precision);
  }
  return true;
}

// %f and %e
bool Formatter::floating(const Value& value, int precision, bool scientific) {
  if (value.is(ValueKind::Double)) {
    return number(value.as_double(), precision, scientific);
  }
  if (rules_ == FormatRules::Specified) {
    if (value.is(ValueKind::Int)) {
      return number(static_cast<double>(value.as_int()), precision, scientific);
    }
    if (value.is(ValueKind::Uint)) {
      return number(static_cast<double>(value.as_uint()), precision, scientific);
    }
  } else if (value.is(ValueKind::String)) {
    if (value.text() == "NaN") {
      return number(std::nan(""), precision, scientific);
    }
    if (value.text() == "Infinity") {
      return number(HUGE_VAL, precision, scientific);
    }
    if (value.text() == "-Infinity") {
      return number(-HUGE_VAL, precision, scientific);
    }
  }
  return scientific
             ? wrong_type("scientific clause can only be used on doubles",
                          "scientific clause can only be used on ints, uints, and doubles", value)
             : wrong_type("fixed-point clause can only be used on doubles",
                          "fixed-point clause can only be used on ints, uints, and doubles", value);
}

bool Formatter::binary(const Value& value) {
  if (value.is(ValueKind::Bool)) {
    out_.add(value.as_bool() ? '1' : '0');
    return true;
  }
  return add_integer(out_, value, 2, false) ||
         wrong_type("only integers and bools can be formatted as binary",
                    "only ints, uints, and bools can be formatted as binary", value);
}

bool Formatter::clause(char verb, int precision, const Value& value) {
  switch (verb) {
    case 's':
      return text(out_, value, 0);
    case 'd':
      if (rules_ == FormatRules::Specified && value.is(ValueKind::Double)) {
        return text(out_, value, 0);
      }
      return add_integer(out_, value, 10, false) ||
             wrong_type("decimal clause can only be used on integers",
                        "decimal clause can only be used on ints, uints, and doubles", value);
    case 'f':
    case 'e':
      return floating(value, precision, verb == 'e');
    case 'b':
      return binary(value);
    case 'x':
    case 'X':
      if (value.is(ValueKind::String) || value.is(ValueKind::Bytes)) {
        add_hex_bytes(out_, value.text(), verb == 'X');
        return true;
      }
      return add_integer(out_, value, 16, verb == 'X') ||
             wrong_type("only integers, byte buffers, and strings can be formatted as hex",
                        "only ints, uints, bytes, and strings can be formatted as hex", value);
    default:
      return add_integer(out_, value, 8, false) ||
             wrong_type("octal clause can only be used on integers",
                        "octal clause can only be used on ints and uints", value);
  }
}

struct Clause {
  std::size_t size = 0;  // behind the percent sign
  char verb = 0;
  int precision = kPrecisionDefault;
  std::string_view problem;
};

// Precondition: `text` is not empty.
Clause parse_clause(Arena& arena, std::string_view text, int precision_max) {
  Clause clause;
  if (text[0] == '.') {
    std::size_t i = 1;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
      ++i;
    }
    if (i == text.size()) {
      clause.problem = "error while parsing precision: could not find end of precision specifier";
      return clause;
    }
    const std::string_view digits = text.substr(1, i - 1);
    std::int64_t precision = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), precision);
    if (failure != std::errc{}) {
      clause.problem = arena.concat(
          {"error while parsing precision: error while converting precision to integer: "
           "strconv.Atoi: parsing ",
           quoted(arena, digits), digits.empty() ? ": invalid syntax" : ": value out of range"});
      return clause;
    }
    if (precision > precision_max) {
      clause.problem = arena.concat(
          {"error while parsing precision: precision ", decimal(arena, precision),
           " exceeds maximum allowed precision ", decimal(arena, std::int64_t{precision_max})});
      return clause;
    }
    clause.precision = static_cast<int>(precision);
    clause.size = i;
  }
  clause.verb = text[clause.size++];
  if (std::string_view("sdfebxXo").find(clause.verb) == std::string_view::npos) {
    // cel-go takes one byte for a character here.
    TextBuilder character(arena);
    character.add(static_cast<char32_t>(static_cast<unsigned char>(clause.verb)));
    clause.problem = arena.concat({"unrecognized formatting clause \"", character.text(), "\""});
  }
  return clause;
}

Value Formatter::run(std::string_view format, const Value& list) {
  const std::size_t count = list_size(list);
  std::size_t used = 0;
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      const std::size_t next = std::min(format.find('%', i), format.size());
      out_.add(format.substr(i, next - i));
      i = next;
      continue;
    }
    if (i + 1 < format.size() && format[i + 1] == '%') {
      out_.add('%');
      i += 2;
      continue;
    }
    if (used >= count) {
      return invalid(context_,
                     {"index ", decimal(context_.arena, std::uint64_t{used}), " out of range"});
    }
    if (i + 1 >= format.size()) {
      return invalid(context_, {"unexpected end of string"});
    }
    const Clause parsed =
        parse_clause(context_.arena, format.substr(i + 1),
                     rules_ == FormatRules::Locale ? kPrecisionMaxLocale : kPrecisionMax);
    if (!parsed.problem.empty()) {
      return invalid(context_, {"could not parse formatting clause: ", parsed.problem});
    }
    const Value value = list_at(context_.arena, list, used);
    if (value.is_outcome()) {
      return value;
    }
    if (!clause(parsed.verb, parsed.precision, value)) {
      return invalid(context_, {"error during formatting: ", problem_});
    }
    i += 1 + parsed.size;
    ++used;
  }
  return out_.finish();
}

}  // namespace

Value format_string(EvalContext& context, std::string_view format, const Value& list,
                    FormatRules rules) {
  return Formatter(context, rules).run(format, list);
}

}  // namespace tally::cel
