#include "scalar/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace tally::scalar {

namespace {

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2099;
constexpr std::size_t kTextBytesMax = 1024;

struct Field {
  std::string_view name;
  unsigned min = 0;
  unsigned max = 0;
  std::span<const std::string_view> words = {};  // from `min` on; three letters or the whole word
};

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};
constexpr Field kSecond{.name = "second", .min = 0, .max = 59};
constexpr Field kMinute{.name = "minute", .min = 0, .max = 59};
constexpr Field kHour{.name = "hour", .min = 0, .max = 23};
constexpr Field kDay{.name = "day-of-month", .min = 1, .max = 31};
constexpr Field kMonth{.name = "month", .min = 1, .max = 12, .words = kMonths};
constexpr Field kWeekday{.name = "day-of-week", .min = 0, .max = 6, .words = kWeekdays};
constexpr Field kYear{.name = "year", .min = kFirstYear, .max = kLastYear};

// cronNormalizer replaces them wherever they stand; we take them as a whole.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kAliases{{
    {"@yearly", "0 0 0 1 1 * *"},
    {"@annually", "0 0 0 1 1 * *"},
    {"@monthly", "0 0 0 1 * * *"},
    {"@weekly", "0 0 0 * * 0 *"},
    {"@daily", "0 0 0 * * * *"},
    {"@hourly", "0 0 * * * * *"},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

std::optional<unsigned> digits(std::string_view text, std::size_t digits_max) {
  if (text.empty() || text.size() > digits_max) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

std::optional<unsigned> value_of(const Field& field, std::string_view text) {
  const bool is_year = field.min == kYear.min;
  if (const auto number = digits(text, is_year ? 4 : 2); number) {
    const bool is_sunday = &field == &kWeekday && *number == 7;
    if (is_sunday) {
      return 0;
    }
    return *number >= field.min && *number <= field.max ? number : std::nullopt;
  }
  for (std::size_t i = 0; i < field.words.size(); ++i) {
    if (text == field.words[i] || text == field.words[i].substr(0, 3)) {
      return field.min + static_cast<unsigned>(i);
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) {
      return out;
    }
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// A run of values, or "*".
struct Entry {
  unsigned first = 0;
  unsigned last = 0;
  unsigned step = 1;
  bool is_all = false;
};

}  // namespace

class CronParser {
 public:
  CronParser(Cron& out, Cron::Syntax syntax) : out_(out), syntax_(syntax) {}

  Result<void> parse(std::string_view text) {
    if (text.size() > kTextBytesMax) {
      return content_error("the schedule is too long");
    }
    const std::string normal = lower(text);
    std::vector<std::string_view> fields = split(normal, " \t\r\n\f\v");
    bool is_alias = false;
    if (fields.size() == 1) {
      for (const auto& [alias, meaning] : kAliases) {
        if (fields[0] == alias) {
          fields = split(meaning, " ");
          is_alias = true;
          break;
        }
      }
    }
    if (fields.size() < 5) {
      return content_error("missing field(s)");
    }
    if (syntax_ == Cron::Syntax::Standard && !is_alias && fields.size() != 5) {
      return content_error(fmt::format("expected exactly 5 fields, found {}", fields.size()));
    }
    std::size_t at = 0;
    if (fields.size() >= 7) {
      TALLY_CHECK(read(kSecond, fields[at++], out_.seconds_));
    }
    TALLY_CHECK(read(kMinute, fields[at++], out_.minutes_));
    TALLY_CHECK(read(kHour, fields[at++], out_.hours_));
    TALLY_CHECK(read_days(fields[at++]));
    TALLY_CHECK(read(kMonth, fields[at++], out_.months_));
    TALLY_CHECK(read_weekdays(fields[at++]));
    return read_years(at < fields.size() ? fields[at] : std::string_view("*"));
  }

 private:
  // Nothing: it is none of these.
  Result<std::optional<Entry>> entry_of(const Field& field, std::string_view text) const {
    Entry entry{.first = field.min, .last = field.max};
    const std::size_t slash = text.find('/');
    const std::string_view range = text.substr(0, slash);
    const bool has_step = slash != std::string_view::npos;
    if (range == "*" || (range == "?" && !has_step)) {
      entry.is_all = !has_step;
    } else if (const auto value = value_of(field, range); value) {
      entry.first = *value;
      entry.last = has_step ? field.max : *value;
    } else {
      const std::size_t dash = range.find('-');
      if (dash == std::string_view::npos) {
        return std::nullopt;
      }
      const auto first = value_of(field, range.substr(0, dash));
      const auto last = value_of(field, range.substr(dash + 1));
      if (!first || !last) {
        return std::nullopt;
      }
      entry.first = *first;
      entry.last = *last;
      if (entry.last < entry.first && !has_step) {
        return content_error(fmt::format("invalid interval {} (normalized to {}-{})", text,
                                         entry.first, entry.last));
      }
    }
    if (has_step) {
      const std::string_view step = text.substr(slash + 1);
      if (step.empty() || step.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
      }
      entry.step = digits(step, 4).value_or(0);
      if (entry.step < 1 || entry.step > field.max) {
        return content_error(fmt::format("invalid interval {}", text));
      }
    }
    if (&field == &kWeekday && syntax_ == Cron::Syntax::Standard &&
        text.find('7') != std::string_view::npos) {
      return std::nullopt;
    }
    return entry;
  }

  static std::unexpected<Error> fail(const Field& field, std::string_view entry) {
    return content_error(fmt::format("syntax error in {} field: '{}'", field.name, entry));
  }

  template <class Bits>
  static void add(const Entry& entry, Bits& into) {
    for (unsigned value = entry.first; value <= entry.last; value += entry.step) {
      into = static_cast<Bits>(into | Bits{1} << value);
    }
  }

  template <class Bits>
  Result<void> read(const Field& field, std::string_view text, Bits& into) {
    into = 0;
    const std::vector<std::string_view> entries = split(text, ",");
    if (entries.empty()) {
      return content_error(fmt::format("{} field: missing directive", field.name));
    }
    for (const std::string_view entry : entries) {
      TALLY_TRY(const std::optional<Entry> read, entry_of(field, entry));
      if (!read) {
        return fail(field, entry);
      }
      add(*read, into);
    }
    return into != 0 ? Result<void>{} : Result<void>(fail(field, text));
  }

  Result<void> read_years(std::string_view text) {
    for (const std::string_view entry : split(text, ",")) {
      TALLY_TRY(const std::optional<Entry> read, entry_of(kYear, entry));
      if (!read) {
        return fail(kYear, entry);
      }
      for (unsigned year = read->first; year <= read->last; year += read->step) {
        const unsigned bit = year - kFirstYear;
        out_.years_[bit / 64] |= std::uint64_t{1} << (bit % 64);
      }
    }
    return {};
  }

  Result<void> read_days(std::string_view text) {
    out_.restricts_days_ = true;
    const std::vector<std::string_view> entries = split(text, ",");
    if (entries.empty()) {
      return content_error("day-of-month field: missing directive");
    }
    for (const std::string_view entry : entries) {
      TALLY_TRY(const std::optional<Entry> read, entry_of(kDay, entry));
      if (read) {
        add(*read, out_.days_);
        out_.restricts_days_ = out_.restricts_days_ && !read->is_all;
        continue;
      }
      const bool is_extended = syntax_ == Cron::Syntax::Extended;
      const auto day =
          entry.ends_with('w') ? value_of(kDay, entry.substr(0, entry.size() - 1)) : std::nullopt;
      if (is_extended && entry == "l") {
        out_.has_last_day_ = true;
      } else if (is_extended && entry == "lw") {
        out_.has_last_workday_ = true;
      } else if (is_extended && day) {
        out_.workdays_ |= 1U << *day;
      } else {
        return fail(kDay, entry);
      }
    }
    return {};
  }

  Result<void> read_weekdays(std::string_view text) {
    out_.restricts_weekdays_ = true;
    const std::vector<std::string_view> entries = split(text, ",");
    if (entries.empty()) {
      return content_error("day-of-week field: missing directive");
    }
    for (const std::string_view entry : entries) {
      TALLY_TRY(const std::optional<Entry> read, entry_of(kWeekday, entry));
      if (read) {
        add(*read, out_.weekdays_);
        out_.restricts_weekdays_ = out_.restricts_weekdays_ && !read->is_all;
        continue;
      }
      const bool is_extended = syntax_ == Cron::Syntax::Extended;
      const std::size_t hash = entry.find('#');
      if (is_extended && entry.ends_with('l')) {
        if (const auto day = value_of(kWeekday, entry.substr(0, entry.size() - 1)); day) {
          out_.last_weekdays_ = static_cast<std::uint8_t>(out_.last_weekdays_ | 1U << *day);
          continue;
        }
      } else if (is_extended && hash != std::string_view::npos) {
        const auto day = value_of(kWeekday, entry.substr(0, hash));
        const auto week = digits(entry.substr(hash + 1), 1);
        if (day && week && *week >= 1 && *week <= 5) {
          out_.nth_weekdays_ |= std::uint64_t{1} << ((*week - 1) * 7 + *day);
          continue;
        }
      }
      return fail(kWeekday, entry);
    }
    return {};
  }

  Cron& out_;
  Cron::Syntax syntax_;
};

Result<Cron> Cron::parse(std::string_view text, Syntax syntax) {
  Cron out;
  TALLY_CHECK(CronParser(out, syntax).parse(text));
  return out;
}

namespace {

using std::chrono::sys_days;

unsigned last_day_of(int year, unsigned month) {
  return static_cast<unsigned>(
      (std::chrono::year(year) / std::chrono::month(month) / std::chrono::last).day());
}
unsigned weekday_of(int year, unsigned month, unsigned day) {
  return std::chrono::weekday(
             sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)))
      .c_encoding();
}

// workdayOfMonth: the nearest one, never in another month.
unsigned workday(int year, unsigned month, unsigned day, unsigned last) {
  switch (weekday_of(year, month, day)) {
    case 6:
      return day > 1 ? day - 1 : day + 2;
    case 0:
      return day < last ? day + 1 : day - 2;
    default:
      return day;
  }
}

}  // namespace

// calculateActualDaysOfMonth
std::uint32_t Cron::days_of(int year, unsigned month) const noexcept {
  const unsigned last = last_day_of(year, month);
  std::uint32_t out = 0;
  for (unsigned day = 1; day <= last; ++day) {
    const unsigned weekday = weekday_of(year, month, day);
    bool is_hit = !restricts_days_ && !restricts_weekdays_;
    if (restricts_days_) {
      is_hit = is_hit || (days_ >> day & 1U) != 0 || (has_last_day_ && day == last) ||
               (has_last_workday_ && day == workday(year, month, last, last));
      for (unsigned near = 1; near <= last && !is_hit; ++near) {
        is_hit = (workdays_ >> near & 1U) != 0 && workday(year, month, near, last) == day;
      }
    }
    if (restricts_weekdays_) {
      const unsigned nth = (day - 1) / 7 * 7 + weekday;
      is_hit = is_hit || (weekdays_ >> weekday & 1U) != 0 || (nth_weekdays_ >> nth & 1U) != 0 ||
               (day + 7 > last && (last_weekdays_ >> weekday & 1U) != 0);
    }
    out |= is_hit ? 1U << day : 0U;
  }
  return out;
}

std::optional<std::int64_t> Cron::next(std::int64_t now_seconds) const {
  constexpr std::int64_t kDaySeconds = 86'400;
  const auto now = std::chrono::sys_seconds(std::chrono::seconds(now_seconds + 1));
  const sys_days today = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(today);
  const std::int64_t in_day = (now - today).count();
  const int this_year = std::max(static_cast<int>(date.year()), kFirstYear);
  // The first second of the day that is hit at or after `from`.
  const auto second_at = [&](std::int64_t from) -> std::optional<std::int64_t> {
    for (std::int64_t hour = from / 3600; hour < 24; ++hour) {
      if ((hours_ >> hour & 1U) == 0) {
        continue;
      }
      for (std::int64_t minute = 0; minute < 60; ++minute) {
        const std::int64_t begin = hour * 3600 + minute * 60;
        if ((minutes_ >> minute & 1U) == 0 || begin + 59 < from) {
          continue;
        }
        const std::uint64_t left = seconds_ & ~std::uint64_t{0}
                                                  << std::max<std::int64_t>(0, from - begin);
        if (left != 0) {
          return begin + std::countr_zero(left);
        }
      }
    }
    return std::nullopt;
  };
  for (int year = this_year; year <= kLastYear; ++year) {
    const auto bit = static_cast<unsigned>(year - kFirstYear);
    if ((years_[bit / 64] >> (bit % 64) & 1U) == 0) {
      continue;
    }
    for (unsigned month = 1; month <= 12; ++month) {
      const sys_days first(std::chrono::year(year) / std::chrono::month(month) /
                           std::chrono::day(1));
      const bool is_over = first + std::chrono::days(last_day_of(year, month)) <= today;
      if (is_over || (months_ >> month & 1U) == 0) {
        continue;
      }
      const std::uint32_t days = days_of(year, month);
      for (unsigned day = 1; day <= 31; ++day) {
        const sys_days here = first + std::chrono::days(day - 1);
        if ((days >> day & 1U) == 0 || here < today) {
          continue;
        }
        if (const auto second = second_at(here == today ? in_day : 0); second) {
          return here.time_since_epoch().count() * kDaySeconds + *second;
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace tally::scalar
