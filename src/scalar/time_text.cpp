#include "scalar/time_text.hpp"

#include <array>
#include <charconv>

namespace tally::scalar {

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
std::int64_t days_from_civil(const CivilDay& civil) noexcept {
  const std::int64_t y = civil.year - (civil.month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t month = civil.month;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + civil.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

CivilDay civil_from_days(std::int64_t days) noexcept {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<unsigned>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month =
      static_cast<unsigned>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Reads exactly `count` digits at `at`.
bool read_digits(std::string_view text, std::size_t at, std::size_t count, int& out) noexcept {
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || !is_digit(text[i])) {
      return false;
    }
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

unsigned days_in_month(std::int64_t year, unsigned month) noexcept {
  constexpr std::array<unsigned, 13> kDays{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month];
}

void append_padded(TimeText& out, std::int64_t number, std::size_t width) noexcept {
  std::array<char, 20> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  for (std::size_t i = size; i < width; ++i) {
    out.add('0');
  }
  for (std::size_t i = 0; i < size; ++i) {
    out.add(digits[i]);
  }
}

}  // namespace

std::optional<TimestampParts> parse_timestamp(std::string_view text) noexcept {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool fixed =
      text.size() >= 20 && read_digits(text, 0, 4, year) && text[4] == '-' &&
      read_digits(text, 5, 2, month) && text[7] == '-' && read_digits(text, 8, 2, day) &&
      (text[10] == 'T' || text[10] == 't') && read_digits(text, 11, 2, hour) && text[13] == ':' &&
      read_digits(text, 14, 2, minute) && text[16] == ':' && read_digits(text, 17, 2, second);
  if (!fixed || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 ||
      static_cast<unsigned>(day) > days_in_month(year, static_cast<unsigned>(month))) {
    return std::nullopt;
  }
  std::size_t at = 19;
  std::uint32_t nanoseconds = 0;
  if (text[at] == '.') {
    std::size_t digits = 0;
    for (++at; at < text.size() && is_digit(text[at]); ++at, ++digits) {
      if (digits < 9) {  // finer than a nanosecond is cut off
        nanoseconds = nanoseconds * 10 + static_cast<std::uint32_t>(text[at] - '0');
      }
    }
    if (digits == 0) {
      return std::nullopt;
    }
    for (; digits < 9; ++digits) {
      nanoseconds *= 10;
    }
  }
  std::int64_t zone_seconds = 0;
  if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    zone_seconds = 0;
  } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    int zone_hours = 0;
    int zone_minutes = 0;
    if (!read_digits(text, at + 1, 2, zone_hours) || !read_digits(text, at + 4, 2, zone_minutes) ||
        zone_hours > 23 || zone_minutes > 59) {
      return std::nullopt;
    }
    zone_seconds = (zone_hours * 60 + zone_minutes) * std::int64_t{60};
    if (text[at] == '-') {
      zone_seconds = -zone_seconds;
    }
  } else {
    return std::nullopt;
  }
  const std::int64_t days =
      days_from_civil({year, static_cast<unsigned>(month), static_cast<unsigned>(day)});
  const std::int64_t seconds =
      days * 86400 + hour * std::int64_t{3600} + minute * std::int64_t{60} + second - zone_seconds;
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) {
    return std::nullopt;
  }
  return TimestampParts{seconds, nanoseconds};
}

TimeText timestamp_text(const TimestampParts& time) noexcept {
  std::int64_t days = time.seconds / 86400;
  std::int64_t of_day = time.seconds % 86400;
  if (of_day < 0) {
    of_day += 86400;
    --days;
  }
  const CivilDay civil = civil_from_days(days);
  TimeText out;
  append_padded(out, civil.year, 4);
  out.add('-');
  append_padded(out, civil.month, 2);
  out.add('-');
  append_padded(out, civil.day, 2);
  out.add('T');
  append_padded(out, of_day / 3600, 2);
  out.add(':');
  append_padded(out, of_day / 60 % 60, 2);
  out.add(':');
  append_padded(out, of_day % 60, 2);
  if (time.nanoseconds != 0) {
    out.add('.');
    append_padded(out, time.nanoseconds, 9);
    while (out.bytes[out.size - 1] == '0') {
      --out.size;
    }
  }
  out.add('Z');
  return out;
}

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// The unit at the front of `text`, which is cut off; 0 when there is none.
std::uint64_t take_unit(std::string_view& text) noexcept {
  struct Unit {
    std::string_view name;
    std::uint64_t nanoseconds;
  };
  constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                        {"us", 1000},
                                        {"\xC2\xB5s", 1000},  // U+00B5, micro sign
                                        {"\xCE\xBCs", 1000},  // U+03BC, Greek letter mu
                                        {"ms", 1'000'000},
                                        {"s", kNanosecondsPerSecond},
                                        {"m", 60 * kNanosecondsPerSecond},
                                        {"h", 3600 * kNanosecondsPerSecond}}};
  std::size_t size = 0;
  while (size < text.size() && text[size] != '.' && !is_digit(text[size])) {
    ++size;
  }
  for (const Unit& unit : kUnits) {
    if (text.substr(0, size) == unit.name) {
      text.remove_prefix(size);
      return unit.nanoseconds;
    }
  }
  return 0;
}

}  // namespace

// Go, time.ParseDuration: [-+]?([0-9]*(\.[0-9]*)?[a-z]+)+
std::optional<std::int64_t> parse_duration(std::string_view text) noexcept {
  constexpr std::uint64_t kMagnitudeMax = std::uint64_t{1} << 63U;
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") {
    return 0;
  }
  if (text.empty()) {
    return std::nullopt;
  }
  std::uint64_t total = 0;
  while (!text.empty()) {
    std::uint64_t whole = 0;
    bool any = false;
    while (!text.empty() && is_digit(text[0])) {
      if (whole > kMagnitudeMax / 10) {
        return std::nullopt;
      }
      whole = whole * 10 + static_cast<std::uint64_t>(text[0] - '0');
      if (whole > kMagnitudeMax) {
        return std::nullopt;
      }
      any = true;
      text.remove_prefix(1);
    }
    std::uint64_t fraction = 0;
    double scale = 1;
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      bool full = false;
      while (!text.empty() && is_digit(text[0])) {
        const auto digit = static_cast<std::uint64_t>(text[0] - '0');
        any = true;
        text.remove_prefix(1);
        full = full || fraction > (kMagnitudeMax - 1) / 10 ||
               fraction * 10 + digit > kMagnitudeMax;  // further digits are cut off
        if (!full) {
          fraction = fraction * 10 + digit;
          scale *= 10;
        }
      }
    }
    const std::uint64_t unit = any ? take_unit(text) : 0;
    if (unit == 0 || whole > kMagnitudeMax / unit) {
      return std::nullopt;
    }
    whole *= unit;
    if (fraction > 0) {
      whole += static_cast<std::uint64_t>(static_cast<double>(fraction) *
                                          (static_cast<double>(unit) / scale));
    }
    if (whole > kMagnitudeMax || total + whole > kMagnitudeMax) {
      return std::nullopt;
    }
    total += whole;
  }
  if (negative) {
    return static_cast<std::int64_t>(-total);
  }
  if (total >= kMagnitudeMax) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(total);
}

TimeText duration_text(std::int64_t nanoseconds) noexcept {
  const std::int64_t whole = nanoseconds / 1'000'000'000;
  const double seconds =
      static_cast<double>(whole) + static_cast<double>(nanoseconds % 1'000'000'000) / 1e9;
  TimeText out;
  char* const end = std::to_chars(out.bytes.data(), out.bytes.data() + out.bytes.size() - 1,
                                  seconds, std::chars_format::fixed)
                        .ptr;
  out.size = static_cast<std::size_t>(end - out.bytes.data());
  out.add('s');
  return out;
}

}  // namespace tally::scalar
