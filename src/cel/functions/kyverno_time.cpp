// Kyverno's libraries `time` and `random` (github.com/kyverno/sdk, extensions/cel/libs). Clock and
// chance are the host's.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/host.hpp"
#include "cel/internal/library.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {

namespace {

constexpr std::int64_t kSecondsOfDay = 86'400;
constexpr std::int64_t kNanosecondsOfSecond = 1'000'000'000;

Value now(EvalContext& context, std::span<const Value> /*args*/) {
  return context.host == nullptr ? not_provided(context.arena, "now", "time.now")
                                 : context.host->ask(context.arena, "now", "time.now", {});
}

Value random_text(EvalContext& context, std::span<const Value> args) {
  if (context.host == nullptr) {
    return not_provided(context.arena, "random", "random");
  }
  const std::array pattern{args.empty() ? Value::string("[0-9a-z]{8}") : args[0]};
  return context.host->ask(context.arena, "random", "random", pattern);
}

// time.Time.Truncate of Go: down to a multiple of the duration since the year 1.
Value truncate(EvalContext& context, std::span<const Value> args) {
  const std::int64_t step = args[1].as_int();
  if (step <= 0) {
    return args[0];
  }
  __extension__ using Wide = __int128;
  const Wide since =
      (Wide{args[0].as_int()} - scalar::kTimestampSecondsMin) * kNanosecondsOfSecond +
      args[0].nanoseconds();
  if (since < 0) {
    return invalid(context, {"timestamp before the year 1"});
  }
  const Wide truncated = since - since % step;
  return Value::timestamp(
      static_cast<std::int64_t>(truncated / kNanosecondsOfSecond) + scalar::kTimestampSecondsMin,
      static_cast<std::uint32_t>(truncated % kNanosecondsOfSecond));
}

// "minute hour day month weekday", in UTC.
Value to_cron(EvalContext& context, std::span<const Value> args) {
  const std::int64_t seconds = args[0].as_int();
  std::int64_t days = seconds / kSecondsOfDay;
  std::int64_t rest = seconds % kSecondsOfDay;
  if (rest < 0) {
    --days;
    rest += kSecondsOfDay;
  }
  const scalar::CivilDay day = scalar::civil_from_days(days);
  const std::int64_t weekday = ((days + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  TextBuilder out(context.arena);
  const std::array fields{rest / 60 % 60, rest / 3600, std::int64_t{day.day},
                          std::int64_t{day.month}, weekday};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) {
      out.add(' ');
    }
    out.add(decimal(context.arena, fields[i]));
  }
  return out.finish();
}

constexpr auto kNow = std::to_array<Overload>({
    {.id = "time_now", .signature = "() -> timestamp", .apply = now},
});
constexpr auto kTruncate = std::to_array<Overload>({
    {.id = "time_truncate", .signature = "(timestamp, duration) -> timestamp", .apply = truncate},
});
constexpr auto kToCron = std::to_array<Overload>({
    {.id = "time_to_cron", .signature = "(timestamp) -> string", .apply = to_cron},
});
constexpr auto kRandom = std::to_array<Overload>({
    {.id = "random_string_prefixed", .signature = "(string) -> string", .apply = random_text},
    {.id = "random_string_default_expr_prefixed",
     .signature = "() -> string",
     .apply = random_text},
});
constexpr auto kPlainRandom = std::to_array<Overload>({
    {.id = "random_string_non_prefixed", .signature = "(string) -> string", .apply = random_text},
    {.id = "random_string_default_expr_non_prefixed",
     .signature = "() -> string",
     .apply = random_text},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "time.now",
     .library = Library::KyvernoTime,
     .overloads = kNow,
     .summary = "The time of the evaluation, as the host knows it.\n"
                "time.now() > timestamp('2020-01-01T00:00:00Z')"},
    {.name = "time.truncate",
     .library = Library::KyvernoTime,
     .overloads = kTruncate,
     .summary =
         "A time rounded down to a multiple of a duration.\n"
         "time.truncate(timestamp('2024-05-01T10:42:00Z'), duration('1h')).getMinutes() == 0"},
    {.name = "time.toCron",
     .library = Library::KyvernoTime,
     .overloads = kToCron,
     .summary = "A time as a line of cron, in UTC.\n"
                "time.toCron(timestamp('2024-05-01T10:42:00Z')) == '42 10 1 5 3'"},
    {.name = "random.random",
     .library = Library::KyvernoRandom,
     .overloads = kRandom,
     .summary = "A random text that matches a pattern; eight letters and digits without one.\n"
                "random.random('[a-z]{4}').size() == 4"},
    {.name = "random",
     .library = Library::KyvernoRandom,
     .overloads = kPlainRandom,
     .summary = "The older name of random.random().\nrandom().size() == 8"},
});

}  // namespace

std::span<const Function> kyverno_time_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
