// Follows k8s.io/apimachinery v0.37.2, pkg/api/resource (quantity.go, amount.go, suffix.go).
// Upstream keeps an int64 with a decimal scale, or a big decimal; so do we, with the digits of the
// latter as text: they are rare, and short.
#include "scalar/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace tally::scalar {

namespace {

constexpr std::int64_t kNano = -9;
constexpr std::string_view kInt64MaxDigits = "9223372036854775807";
constexpr std::size_t kDigitsMax = 4096;  // of a sum, aligned

// Enough for 20 digits of |int64|.
struct DigitBuffer {
  std::array<char, 24> bytes;
};

std::uint64_t magnitude(std::int64_t value) noexcept {
  return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                   : static_cast<std::uint64_t>(value);
}

std::string_view digits_of(std::uint64_t value, DigitBuffer& buffer) noexcept {
  char* end =
      std::to_chars(buffer.bytes.data(), buffer.bytes.data() + buffer.bytes.size(), value).ptr;
  return {buffer.bytes.data(), static_cast<std::size_t>(end - buffer.bytes.data())};
}

std::string_view without_leading_zeros(std::string_view digits) noexcept {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

// Unsigned decimal arithmetic on digit strings without leading zeros ("" is zero).

int compare_digits(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) {
    return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b) < 0 ? -1 : a == b ? 0 : 1;
}

std::string add_digits(std::string_view a, std::string_view b) {
  std::string sum(std::max(a.size(), b.size()) + 1, '0');
  int carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const int digit = (i < a.size() ? a[a.size() - 1 - i] - '0' : 0) +
                      (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) + carry;
    sum[sum.size() - 1 - i] = static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  return std::string(without_leading_zeros(sum));
}

// Precondition: a >= b.
std::string subtract_digits(std::string_view a, std::string_view b) {
  std::string difference(a);
  int borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    int digit = a[a.size() - 1 - i] - '0' - borrow - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    borrow = digit < 0 ? 1 : 0;
    digit += borrow * 10;
    difference[a.size() - 1 - i] = static_cast<char>('0' + digit);
  }
  return std::string(without_leading_zeros(difference));
}

// Precondition: factor <= 2^60, so that nine times it and a carry fit into 64 bits.
std::string multiply_digits(std::string_view digits, std::uint64_t factor) {
  std::string product(digits.size() + 20, '0');
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < product.size(); ++i) {
    carry += i < digits.size()
                 ? static_cast<std::uint64_t>(digits[digits.size() - 1 - i] - '0') * factor
                 : 0;
    product[product.size() - 1 - i] = static_cast<char>('0' + static_cast<int>(carry % 10));
    carry /= 10;
  }
  return std::string(without_leading_zeros(product));
}

// The quotient by 1024, or nothing if it leaves a remainder.
std::optional<std::string> divide_by_1024(std::string_view digits) {
  std::string quotient(digits);
  unsigned remainder = 0;
  for (char& digit : quotient) {
    remainder = remainder * 10 + static_cast<unsigned>(digit - '0');
    digit = static_cast<char>('0' + remainder / 1024);
    remainder %= 1024;
  }
  if (remainder != 0) {
    return std::nullopt;
  }
  return std::string(without_leading_zeros(quotient));
}

// What stands before the suffix, as upstream's parseQuantityString splits it.
struct Parts {
  bool positive = true;
  std::string_view written_number;  // with sign and zeros
  std::string_view integer;         // without leading zeros; "0" when empty
  std::string_view fraction;
  std::string_view suffix;
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_digit(text[at])) {
    ++at;
  }
  return at;
}

std::optional<Parts> split(std::string_view text) noexcept {
  Parts parts;
  std::size_t at = 0;
  if (text[0] == '-' || text[0] == '+') {
    parts.positive = text[0] == '+';
    at = 1;
  }
  at = std::min(text.find_first_not_of('0', at), text.size());
  const std::size_t integer_end = skip_digits(text, at);
  parts.integer = text.substr(at, integer_end - at);
  at = integer_end;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction_end = skip_digits(text, at + 1);
    parts.fraction = text.substr(at + 1, fraction_end - at - 1);
    at = fraction_end;
  }
  parts.written_number = text.substr(0, at);
  if (parts.integer.empty()) {
    parts.integer = "0";
  }
  parts.suffix = text.substr(at);
  // [eEinumkKMGTP]*[-+]?[0-9]*
  at = std::min(parts.suffix.find_first_not_of("eEinumkKMGTP"), parts.suffix.size());
  if (at < parts.suffix.size() && (parts.suffix[at] == '-' || parts.suffix[at] == '+')) {
    ++at;
  }
  if (skip_digits(parts.suffix, at) != parts.suffix.size()) {
    return std::nullopt;
  }
  return parts;
}

struct Scale {
  QuantityFormat format = QuantityFormat::DecimalSi;
  std::int32_t exponent = 0;  // of ten, or of two
};

struct SuffixRow {
  std::string_view suffix;
  Scale scale;
};

constexpr std::array<SuffixRow, 16> kSuffixes{{
    {"n", {QuantityFormat::DecimalSi, -9}},
    {"u", {QuantityFormat::DecimalSi, -6}},
    {"m", {QuantityFormat::DecimalSi, -3}},
    {"", {QuantityFormat::DecimalSi, 0}},
    {"k", {QuantityFormat::DecimalSi, 3}},
    {"M", {QuantityFormat::DecimalSi, 6}},
    {"G", {QuantityFormat::DecimalSi, 9}},
    {"T", {QuantityFormat::DecimalSi, 12}},
    {"P", {QuantityFormat::DecimalSi, 15}},
    {"E", {QuantityFormat::DecimalSi, 18}},
    {"Ki", {QuantityFormat::BinarySi, 10}},
    {"Mi", {QuantityFormat::BinarySi, 20}},
    {"Gi", {QuantityFormat::BinarySi, 30}},
    {"Ti", {QuantityFormat::BinarySi, 40}},
    {"Pi", {QuantityFormat::BinarySi, 50}},
    {"Ei", {QuantityFormat::BinarySi, 60}},
}};

std::optional<Scale> interpret(std::string_view suffix) noexcept {
  for (const SuffixRow& row : kSuffixes) {
    if (row.suffix == suffix) {
      return row.scale;
    }
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) {
    return std::nullopt;
  }
  std::string_view digits = suffix.substr(1);
  if (digits[0] == '+') {
    digits.remove_prefix(1);
    if (digits.starts_with('-')) {
      return std::nullopt;
    }
  }
  std::int64_t exponent = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  // Upstream keeps the low 32 bits: 1e4294967296 is 1.
  return Scale{QuantityFormat::DecimalExponent,
               static_cast<std::int32_t>(static_cast<std::uint32_t>(exponent))};
}

// An exact decimal on the way to being a Quantity: digits * 10^exponent.
struct Decimal {
  std::string digits;
  std::int64_t exponent = 0;
};

// Away from zero to a multiple of 10^exponent.
void round_up(Decimal& decimal, std::int64_t exponent) {
  if (decimal.exponent >= exponent || decimal.digits.empty()) {
    return;
  }
  const auto dropped = static_cast<std::uint64_t>(exponent - decimal.exponent);
  decimal.exponent = exponent;
  if (dropped >= decimal.digits.size()) {
    decimal.digits = "1";
    return;
  }
  const std::size_t kept = decimal.digits.size() - static_cast<std::size_t>(dropped);
  const bool inexact = decimal.digits.find_first_not_of('0', kept) != std::string::npos;
  decimal.digits.resize(kept);
  if (inexact) {
    decimal.digits = add_digits(decimal.digits, "1");
  }
}

std::string_view suffix_text(QuantityFormat format, std::int64_t exponent) noexcept {
  for (const SuffixRow& row : kSuffixes) {
    if (row.scale.format == format && row.scale.exponent == exponent) {
      return row.suffix;
    }
  }
  return {};  // upstream prints no suffix for 10^21 and above, nor for 2^70: so do we
}

// "digits * 10^exponent" with the exponent a multiple of three, as large as possible.
std::string decimal_text(std::string digits, std::int64_t exponent, QuantityFormat format,
                         bool negative) {
  const std::size_t zeros = digits.size() - 1 - digits.find_last_not_of('0');
  digits.resize(digits.size() - zeros);
  exponent += static_cast<std::int64_t>(zeros);
  for (; exponent % 3 != 0; --exponent) {
    digits += '0';
  }
  const std::string_view sign = negative ? "-" : "";
  if (format == QuantityFormat::DecimalExponent) {
    return exponent == 0 ? fmt::format("{}{}", sign, digits)
                         : fmt::format("{}{}e{}", sign, digits, exponent);
  }
  return fmt::format("{}{}{}", sign, digits, suffix_text(QuantityFormat::DecimalSi, exponent));
}

std::string binary_text(std::string digits, bool negative) {
  std::int64_t exponent = 0;
  for (auto quotient = divide_by_1024(digits); quotient; quotient = divide_by_1024(digits)) {
    digits = std::move(*quotient);
    exponent += 10;
  }
  return fmt::format("{}{}{}", negative ? "-" : "", digits,
                     suffix_text(QuantityFormat::BinarySi, exponent));
}

}  // namespace

std::optional<Quantity> Quantity::try_parse(std::string_view text) {
  if (text.empty() || text.size() > kQuantityBytesMax) {
    return std::nullopt;
  }
  const auto parts = split(text);
  if (!parts) {
    return std::nullopt;
  }
  const auto scale = interpret(parts->suffix);
  if (!scale) {
    return std::nullopt;
  }
  Quantity quantity;
  quantity.format_ = scale->format;
  const bool binary = scale->format == QuantityFormat::BinarySi;
  const std::size_t digit_count = parts->integer.size() + parts->fraction.size();
  const std::int64_t exponent =
      (binary ? 0 : scale->exponent) - static_cast<std::int64_t>(parts->fraction.size());

  // Upstream's fast path: it alone accepts a number without digits, and keeps the written text.
  const bool fast =
      binary ? parts->fraction.empty() &&
                   14 - static_cast<int>(digit_count) -
                           static_cast<int>(static_cast<float>(scale->exponent) * 3 / 10) >=
                       0
             : digit_count <= 18 && exponent >= kNano;
  if (fast) {
    std::int64_t value = 0;
    for (const std::string_view run : {parts->integer, parts->fraction}) {
      for (const char c : run) {
        value = value * 10 + (c - '0');
      }
    }
    std::int64_t product = 0;
    const std::int64_t factor = binary ? std::int64_t{1} << scale->exponent : 1;
    if (!__builtin_mul_overflow(value, factor, &product)) {
      quantity.value_ = parts->positive ? product : -product;
      quantity.exponent_ = exponent;
      const bool zero_tail = digit_count >= 3 && value % 1000 == 0;
      const bool canonical =
          binary ? (value & 7) != 0 : exponent % 3 == 0 && !zero_tail && parts->integer[0] != '0';
      if (canonical) {
        quantity.written_ = text;
      }
      return quantity;
    }
  }

  if (parts->written_number.find_first_of("0123456789") == std::string_view::npos) {
    return std::nullopt;
  }
  // A binary quantity with a fraction ("0.25Gi") is common: in 64 bits where it fits, exactly as
  // below.
  if (binary && digit_count <= 18 && exponent >= kNano) {
    std::int64_t value = 0;
    std::int64_t one = 1;
    for (const char c : parts->integer) {
      value = value * 10 + (c - '0');
    }
    for (const char c : parts->fraction) {
      value = value * 10 + (c - '0');
      one *= 10;
    }
    std::int64_t product = 0;
    if (!__builtin_mul_overflow(value, std::int64_t{1} << scale->exponent, &product)) {
      quantity.value_ = parts->positive ? product : -product;
      quantity.exponent_ = exponent;
      quantity.format_ =
          product != 0 && product < one ? QuantityFormat::DecimalSi : quantity.format_;
      return quantity;
    }
  }
  std::string joined(parts->integer);
  joined += parts->fraction;
  Decimal decimal{.digits = std::string(without_leading_zeros(joined)), .exponent = exponent};
  if (binary) {
    decimal.digits = multiply_digits(decimal.digits, std::uint64_t{1} << scale->exponent);
  }
  round_up(decimal, kNano);
  if (binary && !decimal.digits.empty()) {
    // decimal.exponent is not positive here: the integer part is what stands above it.
    const auto below = static_cast<std::size_t>(-decimal.exponent);
    const std::size_t above = decimal.digits.size() > below ? decimal.digits.size() - below : 0;
    const std::string_view whole = std::string_view{decimal.digits}.substr(0, above);
    const bool fraction_left = decimal.digits.find_first_not_of('0', above) != std::string::npos;
    const int order = compare_digits(whole, kInt64MaxDigits);
    if (order > 0 || (order == 0 && fraction_left)) {
      decimal = {.digits = std::string(kInt64MaxDigits), .exponent = 0};
    } else if (above == 0) {
      quantity.format_ = QuantityFormat::DecimalSi;
    }
  }
  quantity.exponent_ = decimal.exponent;
  if (decimal.digits.size() <= 18) {
    std::from_chars(decimal.digits.data(), decimal.digits.data() + decimal.digits.size(),
                    quantity.value_);
    quantity.value_ = parts->positive ? quantity.value_ : -quantity.value_;
  } else {
    quantity.value_ = parts->positive ? 1 : -1;
    quantity.digits_ = std::move(decimal.digits);
  }
  return quantity;
}

Result<Quantity> Quantity::parse(std::string_view text) {
  if (text.size() > kQuantityBytesMax) {
    return limit_error(fmt::format("a quantity has at most {} characters, found {}",
                                   kQuantityBytesMax, text.size()));
  }
  if (auto quantity = try_parse(text)) {
    return std::move(*quantity);
  }
  const auto parts = text.empty() ? std::nullopt : split(text);
  if (!parts) {
    return content_error(
        "quantities must match the regular expression "
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  if (!interpret(parts->suffix)) {
    return content_error("unable to parse quantity's suffix");
  }
  return content_error("unable to parse numeric part of quantity");
}

Quantity Quantity::from_integer(std::int64_t value, QuantityFormat format) {
  Quantity quantity;
  quantity.value_ = value;
  quantity.format_ = format;
  return quantity;
}

int Quantity::sign() const noexcept { return value_ < 0 ? -1 : value_ == 0 ? 0 : 1; }

int Quantity::compare(const Quantity& other) const {
  if (sign() != other.sign()) {
    return sign() < other.sign() ? -1 : 1;
  }
  if (digits_.empty() && other.digits_.empty() && (exponent_ == other.exponent_ || value_ == 0)) {
    return value_ < other.value_ ? -1 : value_ == other.value_ ? 0 : 1;
  }
  DigitBuffer left_buffer;
  DigitBuffer right_buffer;
  const std::string_view left =
      digits_.empty() ? digits_of(magnitude(value_), left_buffer) : std::string_view{digits_};
  const std::string_view right = other.digits_.empty()
                                     ? digits_of(magnitude(other.value_), right_buffer)
                                     : std::string_view{other.digits_};
  const auto left_order = static_cast<std::int64_t>(left.size()) + exponent_;
  const auto right_order = static_cast<std::int64_t>(right.size()) + other.exponent_;
  if (left_order != right_order) {
    return left_order < right_order ? -sign() : sign();
  }
  const std::size_t shared = std::min(left.size(), right.size());
  if (const int order = left.substr(0, shared).compare(right.substr(0, shared)); order != 0) {
    return order < 0 ? -sign() : sign();
  }
  const bool left_more = left.find_first_not_of('0', shared) != std::string_view::npos;
  const bool right_more = right.find_first_not_of('0', shared) != std::string_view::npos;
  return left_more == right_more ? 0 : left_more ? sign() : -sign();
}

Quantity Quantity::negated() const {
  Quantity result = *this;
  result.value_ = -result.value_;
  result.written_.clear();
  return result;
}

std::optional<Quantity> Quantity::subtract(const Quantity& other) const {
  return add(other.negated());
}

std::optional<Quantity> Quantity::add(const Quantity& other) const {
  Quantity sum = *this;
  sum.written_.clear();
  if (sign() == 0) {
    sum = other;
    sum.written_.clear();
    return sum;
  }
  if (other.sign() == 0) {
    return sum;
  }
  if (digits_.empty() && other.digits_.empty() && exponent_ == other.exponent_ &&
      !__builtin_add_overflow(value_, other.value_, &sum.value_)) {
    return sum;
  }
  const std::int64_t exponent = std::min(exponent_, other.exponent_);
  const auto aligned = [exponent](const Quantity& quantity) -> std::optional<std::string> {
    DigitBuffer buffer;
    std::string digits(quantity.digits_.empty() ? digits_of(magnitude(quantity.value_), buffer)
                                                : std::string_view{quantity.digits_});
    const auto zeros = static_cast<std::uint64_t>(quantity.exponent_ - exponent);
    if (zeros > kDigitsMax || digits.size() + zeros > kDigitsMax) {
      return std::nullopt;
    }
    digits.append(static_cast<std::size_t>(zeros), '0');
    return digits;
  };
  const auto left = aligned(*this);
  const auto right = aligned(other);
  if (!left || !right) {
    return std::nullopt;
  }
  const int order = compare_digits(*left, *right);
  const int sum_sign = sign() == other.sign() || order > 0 ? sign() : order == 0 ? 0 : other.sign();
  std::string digits = sign() == other.sign() ? add_digits(*left, *right)
                       : order >= 0           ? subtract_digits(*left, *right)
                                              : subtract_digits(*right, *left);
  sum.exponent_ = exponent;
  sum.digits_.clear();
  sum.value_ = sum_sign;
  if (digits.size() <= 18) {
    sum.value_ = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), sum.value_);
    sum.value_ *= sum_sign;
  } else {
    sum.digits_ = std::move(digits);
  }
  return sum;
}

std::optional<std::int64_t> Quantity::as_integer() const {
  DigitBuffer buffer;
  std::string digits(digits_.empty() ? digits_of(magnitude(value_), buffer)
                                     : std::string_view{digits_});
  if (value_ == 0) {
    return 0;
  }
  if (exponent_ > 19 ||
      (exponent_ < 0 && static_cast<std::uint64_t>(-exponent_) >= digits.size())) {
    return std::nullopt;
  }
  if (exponent_ >= 0) {
    digits.append(static_cast<std::size_t>(exponent_), '0');
  } else {
    const std::size_t whole = digits.size() - static_cast<std::size_t>(-exponent_);
    if (digits.find_first_not_of('0', whole) != std::string::npos) {
      return std::nullopt;
    }
    digits.resize(whole);
  }
  if (value_ < 0) {
    digits.insert(0, "-");
  }
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  return error == std::errc{} ? std::optional{result} : std::nullopt;
}

std::optional<std::int64_t> Quantity::as_milli() const {
  if (value_ == 0) {
    return 0;
  }
  DigitBuffer buffer;
  Decimal decimal{.digits = std::string(digits_.empty() ? digits_of(magnitude(value_), buffer)
                                                        : std::string_view{digits_}),
                  .exponent = exponent_ + 3};
  round_up(decimal, 0);
  if (decimal.exponent > 19) {
    return std::nullopt;
  }
  Quantity milli;
  milli.value_ = sign();
  milli.digits_ = std::move(decimal.digits);
  milli.exponent_ = decimal.exponent;
  return milli.as_integer();
}

double Quantity::as_approximate_double() const {
  double base = static_cast<double>(value_);
  if (!digits_.empty()) {
    base = 0;
    std::from_chars(digits_.data(), digits_.data() + digits_.size(), base);
    base = value_ < 0 ? -base : base;
  }
  // math.Pow10 of Go is 0 below 1e-323 and infinite above 1e308.
  return exponent_ == 0 ? base
         : exponent_ < -323
             ? base * 0
             : base * std::pow(10.0, static_cast<double>(std::min<std::int64_t>(exponent_, 400)));
}

std::string Quantity::to_string() const {
  if (!written_.empty()) {
    return written_;
  }
  if (sign() == 0) {
    return "0";
  }
  DigitBuffer buffer;
  std::string digits(digits_.empty() ? digits_of(magnitude(value_), buffer)
                                     : std::string_view{digits_});
  const bool negative = sign() < 0;
  if (format_ != QuantityFormat::BinarySi) {
    return decimal_text(std::move(digits), exponent_, format_, negative);
  }
  // Binary notation holds integers of at least 1024 only; the rest is shown in decimal rather than
  // rounded.
  Decimal whole{.digits = digits, .exponent = exponent_};
  if (exponent_ < 0) {
    const auto below = static_cast<std::size_t>(-exponent_);
    if (below >= digits.size() ||
        digits.find_first_not_of('0', digits.size() - below) != std::string::npos) {
      return decimal_text(std::move(digits), exponent_, QuantityFormat::DecimalSi, negative);
    }
    whole.digits.resize(digits.size() - below);
  } else if (static_cast<std::uint64_t>(exponent_) + digits.size() > kDigitsMax) {
    return decimal_text(std::move(digits), exponent_, QuantityFormat::DecimalSi, negative);
  } else {
    whole.digits.append(static_cast<std::size_t>(exponent_), '0');
  }
  if (compare_digits(whole.digits, "1024") < 0) {
    return decimal_text(std::move(digits), exponent_, QuantityFormat::DecimalSi, negative);
  }
  return binary_text(std::move(whole.digits), negative);
}

}  // namespace tally::scalar
