// Kyverno's functions over times (pkg/engine/jmespath/time.go, v1.19.1). Times are RFC 3339,
// durations those of Go; the clock is the host's.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/go_time.hpp"
#include "scalar/go_quote.hpp"
#include "scalar/time_text.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool read_time(Call& call, const Node& argument, GoTime& out, std::string_view layout = kRfc3339) {
  auto time = parse_go_time(layout, argument.text());
  if (!time) {
    return call.fail(std::move(time).error());
  }
  out = *time;
  return call.charge_steps(layout.size() + argument.text().size());
}

bool read_duration(Call& call, const Node& argument, std::int64_t& out) {
  const auto duration = scalar::parse_duration(argument.text());
  if (!duration) {
    return call.fail(go_duration_error(argument.text()));
  }
  out = *duration;
  return true;
}

bool read_clock(Call& call, std::string_view function, GoTime& out) {
  const auto now = call.host() == nullptr ? std::nullopt : call.host()->now();
  if (!now) {
    return call.fail_function(function, "there is no clock here");
  }
  out = {now->seconds, now->nanoseconds, now->zone_seconds};
  return true;
}

bool give_time(Call& call, const GoTime& time, Node& out) {
  return call.give_text(rfc3339_text(time), out);
}

bool apply_time_since(Call& call, Arguments arguments, Node& out) {
  const std::string_view layout = arguments[0].text().empty() ? kRfc3339 : arguments[0].text();
  GoTime start;
  GoTime end;
  if (!read_time(call, arguments[1], start, layout)) {
    return false;
  }
  const bool has_end = arguments[2].text().empty() ? read_clock(call, "time_since", end)
                                                   : read_time(call, arguments[2], end, layout);
  return has_end && call.give_text(go_duration_text(difference(end, start)), out);
}

bool apply_time_now(Call& call, Arguments /*arguments*/, Node& out) {
  GoTime now;
  return read_clock(call, "time_now", now) && give_time(call, now, out);
}

bool apply_time_now_utc(Call& call, Arguments /*arguments*/, Node& out) {
  GoTime now;
  if (!read_clock(call, "time_now_utc", now)) {
    return false;
  }
  now.zone_seconds = 0;
  return give_time(call, now, out);
}

bool apply_time_add(Call& call, Arguments arguments, Node& out) {
  GoTime time;
  std::int64_t duration = 0;
  return read_time(call, arguments[0], time) && read_duration(call, arguments[1], duration) &&
         give_time(call, add(time, duration), out);
}

// strconv.ParseInt(text, 10, 64).
bool read_integer(std::string_view text, std::int64_t& out, std::string& error) {
  std::string_view digits = text;
  digits.remove_prefix(digits.starts_with('+') && digits.size() > 1 && digits[1] != '-' ? 1 : 0);
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (failure == std::errc{} && end == digits.data() + digits.size()) {
    return true;
  }
  std::string quoted;
  scalar::append_go_quoted(quoted, text);
  error = fmt::format(
      "strconv.ParseInt: parsing {}: {}", quoted,
      failure == std::errc::result_out_of_range ? "value out of range" : "invalid syntax");
  return false;
}

// A layout that is an integer announces seconds since 1970.
bool apply_time_parse(Call& call, Arguments arguments, Node& out) {
  std::int64_t number = 0;
  std::string error;
  if (!read_integer(arguments[0].text(), number, error)) {
    GoTime time;
    return read_time(call, arguments[1], time, arguments[0].text()) && give_time(call, time, out);
  }
  if (!read_integer(arguments[1].text(), number, error)) {
    return call.fail(std::move(error));
  }
  constexpr std::int64_t kSecondsMax = std::int64_t{1} << 56U;  // beyond, years are no years
  if (number > kSecondsMax || number < -kSecondsMax) {
    return call.fail_function("time_parse", "epoch time out of range");
  }
  return give_time(call, {number, 0, 0}, out);
}

bool apply_time_to_cron(Call& call, Arguments arguments, Node& out) {
  GoTime time;
  if (!read_time(call, arguments[0], time)) {
    return false;
  }
  const std::int64_t local = time.seconds + time.zone_seconds;
  const std::int64_t of_day = ((local % 86'400) + 86'400) % 86'400;
  const std::int64_t days = (local - of_day) / 86'400;
  const scalar::CivilDay day = scalar::civil_from_days(days);
  return call.give_text(fmt::format("{} {} {} {} {}", of_day / 60 % 60, of_day / 3600, day.day,
                                    day.month, ((days + 4) % 7 + 7) % 7),
                        out);
}

bool apply_time_utc(Call& call, Arguments arguments, Node& out) {
  GoTime time;
  if (!read_time(call, arguments[0], time)) {
    return false;
  }
  time.zone_seconds = 0;
  return give_time(call, time, out);
}

bool apply_time_diff(Call& call, Arguments arguments, Node& out) {
  GoTime start;
  GoTime end;
  return read_time(call, arguments[0], start) && read_time(call, arguments[1], end) &&
         call.give_text(go_duration_text(difference(end, start)), out);
}

bool apply_time_before(Call& call, Arguments arguments, Node& out) {
  GoTime a;
  GoTime b;
  return read_time(call, arguments[0], a) && read_time(call, arguments[1], b) &&
         call.give_bool(a < b, out);
}

bool apply_time_after(Call& call, Arguments arguments, Node& out) {
  GoTime a;
  GoTime b;
  return read_time(call, arguments[0], a) && read_time(call, arguments[1], b) &&
         call.give_bool(a > b, out);
}

bool apply_time_between(Call& call, Arguments arguments, Node& out) {
  GoTime time;
  GoTime start;
  GoTime end;
  return read_time(call, arguments[0], time) && read_time(call, arguments[1], start) &&
         read_time(call, arguments[2], end) && call.give_bool(time > start && time < end, out);
}

bool apply_time_truncate(Call& call, Arguments arguments, Node& out) {
  GoTime time;
  std::int64_t duration = 0;
  return read_time(call, arguments[0], time) && read_duration(call, arguments[1], duration) &&
         give_time(call, truncate(time, duration), out);
}

constexpr std::array kOneText{kString};
constexpr std::array kTwoTexts{kString, kString};
constexpr std::array kThreeTexts{kString, kString, kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "time_add",
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_time_add,
     .summary = "A time and a duration later.",
     .example = "time_add('2023-01-12T12:37:56-05:00', '6h') == '2023-01-12T18:37:56-05:00'"},
    {.name = "time_after",
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_time_after,
     .summary = "Whether the first time is after the second.",
     .example = "time_after('2023-01-13T00:00:00Z', '2023-01-12T00:00:00Z')"},
    {.name = "time_before",
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_time_before,
     .summary = "Whether the first time is before the second.",
     .example = "time_before('2023-01-12T00:00:00Z', '2023-01-13T00:00:00Z')"},
    {.name = "time_between",
     .parameters = kThreeTexts,
     .returns = kBoolean,
     .apply = apply_time_between,
     .summary = "Whether the first time is between the others, both excluded.",
     .example = "time_between('2023-01-12T12:00:00Z', '2023-01-12T00:00:00Z', "
                "'2023-01-13T00:00:00Z')"},
    {.name = "time_diff",
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_time_diff,
     .summary = "The duration from the first time to the second.",
     .example = "time_diff('2023-01-12T00:00:00Z', '2023-01-12T01:30:00Z') == '1h30m0s'"},
    {.name = "time_now",
     .takes_anything = true,
     .returns = kString,
     .apply = apply_time_now,
     .summary = "The time, in the local zone.",
     .example = ""},
    {.name = "time_now_utc",
     .takes_anything = true,
     .returns = kString,
     .apply = apply_time_now_utc,
     .summary = "The time, in UTC.",
     .example = ""},
    {.name = "time_parse",
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_time_parse,
     .summary = "The time that a text writes in a layout of Go, or in seconds since 1970 when the "
                "layout is a number.",
     .example = "time_parse('Jan 2, 2006', 'Mar 4, 2023') == '2023-03-04T00:00:00Z'"},
    {.name = "time_since",
     .parameters = kThreeTexts,
     .returns = kString,
     .apply = apply_time_since,
     .summary = "The duration from the second argument to the third, or to now if that is empty, "
                "in a layout of Go; an empty layout is RFC 3339.",
     .example = "time_since('', '2023-01-12T00:00:00Z', '2023-01-12T00:00:01Z') == '1s'"},
    {.name = "time_to_cron",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_time_to_cron,
     .summary = "A time as a line of cron.",
     .example = "time_to_cron('2023-02-02T15:04:00Z') == '4 15 2 2 4'"},
    {.name = "time_truncate",
     .parameters = kTwoTexts,
     .returns = kString,
     .apply = apply_time_truncate,
     .summary = "A time rounded down to a multiple of a duration.",
     .example = "time_truncate('2023-01-12T17:37:00Z', '1h') == '2023-01-12T17:00:00Z'"},
    {.name = "time_utc",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_time_utc,
     .summary = "A time in UTC.",
     .example = "time_utc('2023-01-12T12:00:00+02:00') == '2023-01-12T10:00:00Z'"},
});

}  // namespace

std::span<const Function> kyverno_time_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
