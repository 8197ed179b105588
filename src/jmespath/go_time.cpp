#include "jmespath/internal/go_time.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "scalar/go_quote.hpp"
#include "scalar/time_text.hpp"

namespace tally::jmespath {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDaySeconds = 86'400;
__extension__ using Wide = __int128;

Wide since_year_one(const GoTime& time) {
  return (Wide{time.seconds} - scalar::kTimestampSecondsMin) * kSecond + time.nanoseconds;
}

GoTime from_year_one(Wide nanoseconds, std::int32_t zone) {
  Wide seconds = nanoseconds / kSecond;
  Wide rest = nanoseconds % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  return {static_cast<std::int64_t>(seconds) + scalar::kTimestampSecondsMin,
          static_cast<std::uint32_t>(rest), zone};
}

}  // namespace

std::string rfc3339_text(const GoTime& time) {
  const std::int64_t local = time.seconds + time.zone_seconds;
  const std::int64_t of_day = ((local % kDaySeconds) + kDaySeconds) % kDaySeconds;
  const scalar::CivilDay day = scalar::civil_from_days((local - of_day) / kDaySeconds);
  std::string out = fmt::format("{}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", day.year < 0 ? "-" : "",
                                day.year < 0 ? -day.year : day.year, day.month, day.day,
                                of_day / 3600, of_day / 60 % 60, of_day % 60);
  if (time.zone_seconds == 0) {
    return out + "Z";
  }
  const std::int32_t minutes = time.zone_seconds / 60;
  return out + fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                           std::abs(minutes) % 60);
}

std::int64_t difference(const GoTime& a, const GoTime& b) noexcept {
  const Wide nanoseconds = since_year_one(a) - since_year_one(b);
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  return nanoseconds > kMax   ? kMax
         : nanoseconds < kMin ? kMin
                              : static_cast<std::int64_t>(nanoseconds);
}

GoTime add(const GoTime& time, std::int64_t nanoseconds) noexcept {
  return from_year_one(since_year_one(time) + nanoseconds, time.zone_seconds);
}

GoTime truncate(const GoTime& time, std::int64_t nanoseconds) noexcept {
  if (nanoseconds <= 0) {
    return time;
  }
  const Wide since = since_year_one(time);
  const Wide rest = ((since % nanoseconds) + nanoseconds) % nanoseconds;
  return from_year_one(since - rest, time.zone_seconds);
}

std::string go_duration_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) {
    return "0s";
  }
  const std::string sign = nanoseconds < 0 ? "-" : "";
  const std::uint64_t size = nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                             : static_cast<std::uint64_t>(nanoseconds);
  const auto with_fraction = [](std::uint64_t whole, std::uint64_t rest, int places) {
    std::string out = fmt::format("{}", whole);
    if (rest != 0) {
      out += fmt::format(".{:0{}}", rest, places);
      out.erase(out.find_last_not_of('0') + 1);
    }
    return out;
  };
  if (size < 1000) {
    return sign + fmt::format("{}ns", size);
  }
  if (size < 1'000'000) {
    return sign + with_fraction(size / 1000, size % 1000, 3) + "\xC2\xB5s";
  }
  if (size < kSecond) {
    return sign + with_fraction(size / 1'000'000, size % 1'000'000, 6) + "ms";
  }
  const std::uint64_t seconds = size / kSecond;
  std::string out = sign;
  if (seconds >= 3600) {
    out += fmt::format("{}h", seconds / 3600);
  }
  if (seconds >= 60) {
    out += fmt::format("{}m", seconds / 60 % 60);
  }
  return out + with_fraction(seconds % 60, size % kSecond, 9) + "s";
}

std::string go_duration_error(std::string_view text) {
  std::string quoted;
  scalar::append_go_quoted(quoted, text);
  std::size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  // The first unit that is missing or unknown, if the numbers are well-formed.
  while (at < text.size()) {
    const std::size_t number = at;
    at = std::min(text.find_first_not_of("0123456789.", at), text.size());
    if (number == at || text.substr(number, at - number) == ".") {
      break;
    }
    const std::size_t unit = at;
    at = std::min(text.find_first_of("0123456789.", at), text.size());
    const std::string_view name = text.substr(unit, at - unit);
    if (name.empty()) {
      return "time: missing unit in duration " + quoted;
    }
    constexpr std::array<std::string_view, 8> kUnits{"ns", "us", "\xC2\xB5s", "\xCE\xBCs",
                                                     "ms", "s",  "m",         "h"};
    bool known = false;
    for (const std::string_view one : kUnits) {
      known = known || one == name;
    }
    if (!known) {
      std::string quoted_name;
      scalar::append_go_quoted(quoted_name, name);
      return "time: unknown unit " + quoted_name + " in duration " + quoted;
    }
  }
  return "time: invalid duration " + quoted;
}

}  // namespace tally::jmespath
