// k8s.io/apimachinery v0.36, pkg/api/resource: quantity.go (ParseQuantity, CanonicalizeBytes) and
// amount.go.
#include "jmespath/internal/quantity_decimal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <vector>

namespace tally::jmespath {

namespace {

constexpr std::int64_t kNanoScale = 9;
constexpr std::int64_t kScaleMax = 2048;
constexpr std::string_view kBinaryMax = "9223372036854775807";

std::string without_leading_zeros(std::string_view digits) {
  return std::string(digits.substr(std::min(digits.find_first_not_of('0'), digits.size())));
}

bool is_less(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string product(std::string_view a, std::string_view b) {
  std::vector<unsigned> cells(a.size() + b.size(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < b.size(); ++k) {
      cells[i + k + 1] += static_cast<unsigned>((a[i] - '0') * (b[k] - '0'));
    }
    // Each round adds at most 81 to a cell: carry before they could overflow.
    for (std::size_t c = cells.size() - 1; i % 1024 == 1023 && c > 0; --c) {
      cells[c - 1] += cells[c] / 10;
      cells[c] %= 10;
    }
  }
  for (std::size_t c = cells.size(); c-- > 1;) {
    cells[c - 1] += cells[c] / 10;
    cells[c] %= 10;
  }
  std::string out;
  for (const unsigned cell : cells) {
    out += static_cast<char>('0' + cell);
  }
  return without_leading_zeros(out);
}

std::string difference(std::string_view a, std::string_view b) {  // a >= b
  std::string out(a);
  int borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    int digit = a[a.size() - 1 - i] - '0' - borrow - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    borrow = digit < 0 ? 1 : 0;
    out[a.size() - 1 - i] = static_cast<char>('0' + digit + borrow * 10);
  }
  return without_leading_zeros(out);
}

struct Quotient {
  std::string digits;
  bool is_exact = true;
};

Quotient quotient(std::string_view a, std::string_view b) {
  Quotient out;
  std::string rest;
  for (const char digit : a) {
    rest += digit;
    rest = without_leading_zeros(rest);
    char times = '0';
    while (!is_less(rest, b)) {
      rest = difference(rest, b);
      ++times;
    }
    out.digits += times;
  }
  out.digits = without_leading_zeros(out.digits);
  out.is_exact = rest.empty();
  return out;
}

std::string power_of_two(int exponent) {
  std::string out = "1";
  for (; exponent >= 10; exponent -= 10) {
    out = product(out, "1024");
  }
  return out;
}

std::string increment(std::string digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  return "1" + digits;
}

// inf.Dec.Round(scale, RoundUp): away from zero.
void round_up(Decimal& value, std::int64_t scale) {
  if (value.scale <= scale) {
    value.digits.append(static_cast<std::size_t>(value.digits.empty() ? 0 : scale - value.scale),
                        '0');
  } else {
    const auto cut = static_cast<std::size_t>(value.scale - scale);
    const std::size_t kept = value.digits.size() - std::min(cut, value.digits.size());
    const bool is_inexact = value.digits.find_first_not_of('0', kept) != std::string::npos;
    value.digits.resize(kept);
    value.digits = is_inexact ? increment(value.digits) : value.digits;
  }
  value.scale = scale;
}

struct Suffix {
  bool is_binary = false;
  int exponent = 0;
};

std::optional<Suffix> read_suffix(std::string_view text) {
  constexpr std::string_view kDecimal = "num kMGTPE";  // -9, -6, ... 18
  if (text.empty()) {
    return Suffix{};
  }
  if (text.size() == 1 && kDecimal.find(text[0]) != std::string_view::npos && text[0] != ' ') {
    return Suffix{false, (static_cast<int>(kDecimal.find(text[0])) - 3) * 3};
  }
  if (text.size() == 2 && text[1] == 'i') {
    return Suffix{true, (static_cast<int>(std::string_view("KMGTPE").find(text[0])) + 1) * 10};
  }
  std::string_view number = text.substr(1);
  number.remove_prefix(number.starts_with('+') ? 1 : 0);
  int exponent = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), exponent);
  if (error != std::errc{} || std::abs(exponent) > kScaleMax) {
    return std::nullopt;
  }
  return Suffix{false, exponent};
}

}  // namespace

std::optional<Decimal> to_decimal(std::string_view quantity) {
  Decimal out;
  if (quantity.starts_with('-') || quantity.starts_with('+')) {
    out.is_negative = quantity[0] == '-';
    quantity.remove_prefix(1);
  }
  const std::size_t suffix_at =
      std::min(quantity.find_first_not_of("0123456789."), quantity.size());
  const auto suffix = read_suffix(quantity.substr(suffix_at));
  if (!suffix) {
    return std::nullopt;
  }
  const std::string_view number = quantity.substr(0, suffix_at);
  const std::size_t point = std::min(number.find('.'), number.size());
  std::string whole = without_leading_zeros(number.substr(0, point));
  whole = whole.empty() ? "0" : whole;
  const std::string_view fraction = point == number.size() ? "" : number.substr(point + 1);
  out.digits = without_leading_zeros(whole + std::string(fraction));
  const auto fraction_size = static_cast<std::int64_t>(fraction.size());
  const std::int64_t written = static_cast<std::int64_t>(whole.size()) + fraction_size;
  out.scale = fraction_size - (suffix->is_binary ? 0 : suffix->exponent);
  if (suffix->is_binary) {
    out.digits = out.digits.empty() ? "" : product(out.digits, power_of_two(suffix->exponent));
  }
  // Upstream's fast path keeps the scale as written; the other one makes it nano.
  const bool is_fast =
      suffix->is_binary
          ? fraction.empty() &&
                15 - static_cast<std::int64_t>(whole.size()) - suffix->exponent * 3 / 10 - 1 >= 0
          : written <= 18 && out.scale <= kNanoScale;
  if (!is_fast && !out.digits.empty()) {
    round_up(out, kNanoScale);
    const std::string whole_part =
        out.digits.substr(0, out.digits.size() - std::min<std::size_t>(9, out.digits.size()));
    if (suffix->is_binary && !is_less(whole_part, kBinaryMax)) {
      out.digits = kBinaryMax;
      out.scale = 0;
    }
  }
  return out;
}

double approximate_double(const Decimal& value) {
  double base = 0;
  std::from_chars(value.digits.data(), value.digits.data() + value.digits.size(), base);
  base = value.is_negative ? -base : base;
  if (value.scale == 0) {
    return base;
  }
  // math.Pow10: the nearest double, 0 below 1e-323 and infinite above 1e308.
  const std::string power = "1e" + std::to_string(-value.scale);
  double factor = value.scale < 0 ? std::numeric_limits<double>::infinity() : 0;
  std::from_chars(power.data(), power.data() + power.size(), factor);
  return base * factor;
}

Decimal multiply(const Decimal& a, const Decimal& b) {
  Decimal out;
  out.digits = product(a.digits, b.digits);
  out.is_negative = a.is_negative != b.is_negative && !out.digits.empty();
  out.scale = a.scale + b.scale;
  return out;
}

std::optional<Decimal> divide(const Decimal& a, const Decimal& b) {
  Decimal out;
  out.scale = std::max(a.scale, b.scale);
  const std::int64_t shift = out.scale - a.scale + b.scale;
  if (std::abs(shift) > 2 * kScaleMax) {
    return std::nullopt;
  }
  std::string dividend = a.digits;
  std::string divisor = b.digits;
  (shift < 0 ? divisor : dividend).append(static_cast<std::size_t>(std::abs(shift)), '0');
  out.digits = quotient(without_leading_zeros(dividend), divisor).digits;
  out.is_negative = a.is_negative != b.is_negative && !out.digits.empty();
  return out;
}

std::string quantity_text(const Decimal& value, scalar::QuantityFormat format) {
  using enum scalar::QuantityFormat;
  if (value.digits.empty()) {
    return "0";
  }
  std::string out = value.is_negative ? "-" : "";
  if (format == BinarySi) {
    // Whole numbers from 1024 on are shown in binary.
    Decimal whole = value;
    round_up(whole, 0);
    const auto behind = static_cast<std::size_t>(std::max<std::int64_t>(value.scale, 0));
    const bool is_whole =
        behind < value.digits.size() &&
        value.digits.find_first_not_of('0', value.digits.size() - behind) == std::string::npos;
    if (is_whole && !is_less(whole.digits, "1024")) {
      int exponent = 0;
      for (Quotient next = quotient(whole.digits, "1024"); next.is_exact;
           next = quotient(whole.digits, "1024")) {
        whole.digits = next.digits;
        ++exponent;
      }
      constexpr std::array<std::string_view, 7> kBinary{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
      out += whole.digits;
      // Beyond the table upstream prints no suffix at all.
      return out + std::string(exponent < 7 ? kBinary[static_cast<std::size_t>(exponent)] : "");
    }
    format = DecimalSi;
  }
  std::string digits = value.digits;
  std::int64_t exponent = -value.scale;
  while (digits.size() > 1 && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  for (; exponent % 3 != 0; --exponent) {
    digits += '0';
  }
  out += digits;
  if (format == DecimalExponent) {
    return exponent == 0 ? out : out + "e" + std::to_string(exponent);
  }
  constexpr std::array<std::string_view, 10> kDecimal{"n", "u", "m", "",  "k",
                                                      "M", "G", "T", "P", "E"};
  const std::int64_t which = exponent / 3 + 3;
  return out +
         std::string(which >= 0 && which < 10 ? kDecimal[static_cast<std::size_t>(which)] : "");
}

}  // namespace tally::jmespath
