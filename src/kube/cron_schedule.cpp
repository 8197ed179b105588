// github.com/robfig/cron v3.0.1, parser.go:
//
//   schedule = [ ("TZ=" | "CRON_TZ=") zone " " ] ( macro | "@every " duration | 5 fields )
//   field    = range { "," range }
//   range    = ( "*" | "?" | value [ "-" value ] ) [ "/" step ]
//   value    = number | name of a month or a day of the week, in any case
//
// The zone is not looked up: which zones exist depends on the machine. The API server refuses a
// zone in a new schedule anyway (validateScheduleFormat).
#include "kube/internal/cron_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/text.hpp"

namespace tally::kube::internal {

namespace {

struct Bounds {
  std::int64_t least;
  std::int64_t most;
  std::span<const std::string_view> names;  // of the values from `least` on
};

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<Bounds, 5> kFields{Bounds{0, 59, {}}, Bounds{0, 23, {}}, Bounds{1, 31, {}},
                                        Bounds{1, 12, kMonths}, Bounds{0, 6, kDays}};

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

// strings.Fields, for ASCII blanks.
std::vector<std::string_view> fields_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  std::vector<std::string_view> fields;
  for (auto at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    const auto end = std::min(text.find_first_of(kBlanks, at), text.size());
    fields.push_back(text.substr(at, end - at));
    at = end;
  }
  return fields;
}

// strconv.Atoi with mustParseInt's refusal of negative numbers.
std::optional<std::int64_t> number(std::string_view text, std::string& problem) {
  const bool minus = text.starts_with('-');
  const std::string_view digits = minus || text.starts_with('+') ? text.substr(1) : text;
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    problem =
        fmt::format("failed to parse int from {0}: strconv.Atoi: parsing \"{0}\": invalid syntax",
                    excerpt(text));
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : digits) {
    constexpr std::int64_t kMost = INT64_MAX / 10 - 1;
    if (value > kMost) {
      problem = fmt::format(
          "failed to parse int from {0}: strconv.Atoi: parsing \"{0}\": value out of range",
          excerpt(text));
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  if (minus && value > 0) {
    problem = fmt::format("negative number (-{}) not allowed: {}", value, excerpt(text));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> number_or_name(std::string_view text, const Bounds& bounds,
                                           std::string& problem) {
  const auto same = [text](std::string_view name) {
    return std::ranges::equal(text, name, {}, [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
  };
  const auto name = std::ranges::find_if(bounds.names, same);
  if (name != bounds.names.end()) {
    return bounds.least + (name - bounds.names.begin());
  }
  return number(text, problem);
}

// getRange
std::string range_problem(std::string_view text, const Bounds& bounds) {
  std::string problem;
  const auto with_step = split_at(text, '/');
  const auto ends = split_at(with_step[0], '-');
  std::int64_t begin = bounds.least;
  std::int64_t end = bounds.most;
  if (ends[0] != "*" && ends[0] != "?") {
    const auto first = number_or_name(ends[0], bounds, problem);
    if (!first) {
      return problem;
    }
    begin = *first;
    end = *first;
    if (ends.size() > 2) {
      return fmt::format("too many hyphens: {}", excerpt(text));
    }
    if (ends.size() == 2) {
      const auto last = number_or_name(ends[1], bounds, problem);
      if (!last) {
        return problem;
      }
      end = *last;
    }
  }
  std::int64_t step = 1;
  if (with_step.size() > 2) {
    return fmt::format("too many slashes: {}", excerpt(text));
  }
  if (with_step.size() == 2) {
    const auto found = number(with_step[1], problem);
    if (!found) {
      return problem;
    }
    step = *found;
    end = ends.size() == 1 ? bounds.most : end;  // "N/step" means "N-max/step"
  }
  if (begin < bounds.least) {
    return fmt::format("beginning of range ({}) below minimum ({}): {}", begin, bounds.least,
                       excerpt(text));
  }
  if (end > bounds.most) {
    return fmt::format("end of range ({}) above maximum ({}): {}", end, bounds.most, excerpt(text));
  }
  if (begin > end) {
    return fmt::format("beginning of range ({}) beyond end of range ({}): {}", begin, end,
                       excerpt(text));
  }
  if (step == 0) {
    return fmt::format("step of range should be a positive number: {}", excerpt(text));
  }
  return {};
}

// time.ParseDuration: "1h30m", "-1.5h", "0".
bool is_duration(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text == "0") {
    return true;
  }
  if (text.empty()) {
    return false;
  }
  constexpr std::array<std::string_view, 8> kUnits{"ns", "us", "\xC2\xB5s", "\xCE\xBCs",
                                                   "ms", "s",  "m",         "h"};
  while (!text.empty()) {
    const auto amount = text.substr(0, text.find_first_not_of("0123456789."));
    const auto digits = std::ranges::count_if(amount, [](char c) { return c != '.'; });
    if (digits == 0 || amount.size() - static_cast<std::size_t>(digits) > 1) {
      return false;
    }
    text.remove_prefix(amount.size());
    const auto unit = text.substr(0, text.find_first_of("0123456789."));
    if (std::ranges::find(kUnits, unit) == kUnits.end()) {
      return false;
    }
    text.remove_prefix(unit.size());
  }
  return true;
}

// parseDescriptor
std::string macro_problem(std::string_view text) {
  constexpr std::array<std::string_view, 7> kMacros{"@yearly", "@annually", "@monthly", "@weekly",
                                                    "@daily",  "@midnight", "@hourly"};
  if (std::ranges::find(kMacros, text) != kMacros.end()) {
    return {};
  }
  constexpr std::string_view kEvery = "@every ";
  if (!text.starts_with(kEvery)) {
    return fmt::format("unrecognized descriptor: {}", excerpt(text));
  }
  const std::string_view duration = text.substr(kEvery.size());
  return is_duration(duration)
             ? std::string{}
             : fmt::format("failed to parse duration {}: a duration such as 1h30m is expected",
                           excerpt(text));
}

}  // namespace

std::string cron_schedule_problem(std::string_view schedule) {
  std::string_view text = schedule;
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    const auto blank = text.find(' ');
    if (blank == std::string_view::npos) {
      return "invalid schedule format: a time zone and nothing behind it";
    }
    text = trim(text.substr(blank));
  }
  if (text.starts_with('@')) {
    return macro_problem(text);
  }
  const auto fields = fields_of(text);
  if (fields.size() != kFields.size()) {
    return fmt::format("expected exactly 5 fields, found {}: [{}]", fields.size(),
                       excerpt(fmt::format("{}", fmt::join(fields, " "))));
  }
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    for (const std::string_view range : split_at(fields[i], ',')) {
      if (range.empty()) {
        continue;  // strings.FieldsFunc drops them
      }
      if (std::string problem = range_problem(range, kFields[i]); !problem.empty()) {
        return problem;
      }
    }
  }
  return {};
}

}  // namespace tally::kube::internal
