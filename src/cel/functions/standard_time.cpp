// Parts of timestamps and durations: cel-spec doc/langdef.md, "Date and time functions".
#include "cel/functions/standard.hpp"
#include "cel/internal/timezone.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

enum class Part : std::uint8_t {
  Year,
  Month,
  DayOfYear,
  DayOfMonth,
  Date,
  DayOfWeek,
  Hours,
  Minutes,
  Seconds,
  Milliseconds
};

std::int64_t part_of(Part part, std::int64_t seconds, std::uint32_t nanoseconds) noexcept {
  std::int64_t days = seconds / 86400;
  std::int64_t of_day = seconds % 86400;
  if (of_day < 0) {
    of_day += 86400;
    --days;
  }
  const scalar::CivilDay civil = scalar::civil_from_days(days);
  switch (part) {
    case Part::Year:
      return civil.year;
    case Part::Month:
      return std::int64_t{civil.month} - 1;
    case Part::DayOfYear:
      return days - scalar::days_from_civil({civil.year, 1, 1});
    case Part::DayOfMonth:
      return std::int64_t{civil.day} - 1;
    case Part::Date:
      return civil.day;
    case Part::DayOfWeek:  // 1970-01-01 was a Thursday
      return ((days % 7) + 7 + 4) % 7;
    case Part::Hours:
      return of_day / 3600;
    case Part::Minutes:
      return of_day / 60 % 60;
    case Part::Seconds:
      return of_day % 60;
    case Part::Milliseconds:
      return nanoseconds / 1'000'000;
  }
  return 0;
}

template <Part kPart>
Value part_in_utc(EvalContext&, Args args) {
  return Value::integer(part_of(kPart, args[0].as_int(), args[0].nanoseconds()));
}

template <Part kPart>
Value part_in_zone(EvalContext& context, Args args) {
  std::int64_t offset = 0;
  const Value failed = zone_offset(context.arena, args[1].text(), args[0].as_int(), offset);
  return failed.is_error()
             ? failed
             : Value::integer(part_of(kPart, args[0].as_int() + offset, args[0].nanoseconds()));
}

template <std::int64_t kNanoseconds>
Value whole(EvalContext&, Args args) {
  return Value::integer(args[0].as_int() / kNanoseconds);
}

constexpr Overload kFullYear[] = {
    {.id = "timestamp_to_year",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Year>,
     .member = true},
    {.id = "timestamp_to_year_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Year>,
     .member = true},
};
constexpr Overload kMonth[] = {
    {.id = "timestamp_to_month",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Month>,
     .member = true},
    {.id = "timestamp_to_month_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Month>,
     .member = true},
};
constexpr Overload kDayOfYear[] = {
    {.id = "timestamp_to_day_of_year",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::DayOfYear>,
     .member = true},
    {.id = "timestamp_to_day_of_year_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::DayOfYear>,
     .member = true},
};
constexpr Overload kDayOfMonth[] = {
    {.id = "timestamp_to_day_of_month",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::DayOfMonth>,
     .member = true},
    {.id = "timestamp_to_day_of_month_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::DayOfMonth>,
     .member = true},
};
constexpr Overload kDate[] = {
    {.id = "timestamp_to_day_of_month_1_based",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Date>,
     .member = true},
    {.id = "timestamp_to_day_of_month_1_based_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Date>,
     .member = true},
};
constexpr Overload kDayOfWeek[] = {
    {.id = "timestamp_to_day_of_week",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::DayOfWeek>,
     .member = true},
    {.id = "timestamp_to_day_of_week_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::DayOfWeek>,
     .member = true},
};
constexpr Overload kHours[] = {
    {.id = "timestamp_to_hours",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Hours>,
     .member = true},
    {.id = "timestamp_to_hours_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Hours>,
     .member = true},
    {.id = "duration_to_hours",
     .signature = "(duration) -> int",
     .apply = whole<3'600'000'000'000>,
     .member = true},
};
constexpr Overload kMinutes[] = {
    {.id = "timestamp_to_minutes",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Minutes>,
     .member = true},
    {.id = "timestamp_to_minutes_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Minutes>,
     .member = true},
    {.id = "duration_to_minutes",
     .signature = "(duration) -> int",
     .apply = whole<60'000'000'000>,
     .member = true},
};
constexpr Overload kSeconds[] = {
    {.id = "timestamp_to_seconds",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Seconds>,
     .member = true},
    {.id = "timestamp_to_seconds_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Seconds>,
     .member = true},
    {.id = "duration_to_seconds",
     .signature = "(duration) -> int",
     .apply = whole<1'000'000'000>,
     .member = true},
};
constexpr Overload kMilliseconds[] = {
    {.id = "timestamp_to_milliseconds",
     .signature = "(timestamp) -> int",
     .apply = part_in_utc<Part::Milliseconds>,
     .member = true},
    {.id = "timestamp_to_milliseconds_with_tz",
     .signature = "(timestamp, string) -> int",
     .apply = part_in_zone<Part::Milliseconds>,
     .member = true},
    {.id = "duration_to_milliseconds",
     .signature = "(duration) -> int",
     .apply = whole<1'000'000>,
     .member = true},
};

constexpr Function kFunctions[] = {
    {.name = "getFullYear", .overloads = kFullYear, .summary = "The year of a timestamp."},
    {.name = "getMonth", .overloads = kMonth, .summary = "The month of a timestamp, from 0."},
    {.name = "getDayOfYear",
     .overloads = kDayOfYear,
     .summary = "The day of the year of a timestamp, from 0."},
    {.name = "getDayOfMonth",
     .overloads = kDayOfMonth,
     .summary = "The day of the month of a timestamp, from 0."},
    {.name = "getDate",
     .overloads = kDate,
     .summary = "The day of the month of a timestamp, from 1."},
    {.name = "getDayOfWeek",
     .overloads = kDayOfWeek,
     .summary = "The day of the week of a timestamp, Sunday is 0."},
    {.name = "getHours",
     .overloads = kHours,
     .summary = "The hour of a timestamp, or the whole hours of a duration."},
    {.name = "getMinutes",
     .overloads = kMinutes,
     .summary = "The minute of a timestamp, or the whole minutes of a duration."},
    {.name = "getSeconds",
     .overloads = kSeconds,
     .summary = "The second of a timestamp, or the whole seconds of a duration."},
    {.name = "getMilliseconds",
     .overloads = kMilliseconds,
     .summary = "The milliseconds of the second of a timestamp, or all of a duration."},
};

}  // namespace

std::span<const Function> standard_time_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
