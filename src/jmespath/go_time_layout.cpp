// time.Parse (Go 1.26, src/time/format.go): a layout is the reference time
// "Mon Jan 2 15:04:05 -0700 MST 2006", written in some way.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "jmespath/internal/go_time.hpp"
#include "scalar/time_text.hpp"

namespace tally::jmespath {

namespace {

enum class Element : std::uint8_t {
  None,
  LongMonth,
  Month,
  NumberMonth,
  ZeroMonth,
  LongWeekDay,
  WeekDay,
  Day,
  UnderDay,
  ZeroDay,
  UnderYearDay,
  ZeroYearDay,
  Hour,
  Hour12,
  ZeroHour12,
  Minute,
  ZeroMinute,
  Second,
  ZeroSecond,
  LongYear,
  Year,
  UpperPm,
  LowerPm,
  ZoneName,
  Zone,             // a number: how it is written stands in the text of the element
  FractionFixed,    // ".000"
  FractionVariable  // ".999"
};

struct Written {
  std::string_view text;
  Element element;
};

// Longer texts before their beginnings.
constexpr auto kElements = std::to_array<Written>({
    {"January", Element::LongMonth},
    {"Jan", Element::Month},
    {"Monday", Element::LongWeekDay},
    {"Mon", Element::WeekDay},
    {"MST", Element::ZoneName},
    {"002", Element::ZeroYearDay},
    {"01", Element::ZeroMonth},
    {"02", Element::ZeroDay},
    {"03", Element::ZeroHour12},
    {"04", Element::ZeroMinute},
    {"05", Element::ZeroSecond},
    {"06", Element::Year},
    {"15", Element::Hour},
    {"1", Element::NumberMonth},
    {"2006", Element::LongYear},
    {"2", Element::Day},
    {"__2", Element::UnderYearDay},
    {"_2", Element::UnderDay},
    {"3", Element::Hour12},
    {"4", Element::Minute},
    {"5", Element::Second},
    {"PM", Element::UpperPm},
    {"pm", Element::LowerPm},
    {"-07:00:00", Element::Zone},
    {"-07:00", Element::Zone},
    {"-070000", Element::Zone},
    {"-0700", Element::Zone},
    {"-07", Element::Zone},
    {"Z07:00:00", Element::Zone},
    {"Z07:00", Element::Zone},
    {"Z070000", Element::Zone},
    {"Z0700", Element::Zone},
    {"Z07", Element::Zone},
});

constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Chunk {
  std::string_view prefix;
  std::string_view text;  // of the element
  Element element = Element::None;
  std::string_view suffix;
};

Chunk next_chunk(std::string_view layout) {
  for (std::size_t at = 0; at < layout.size(); ++at) {
    const std::string_view rest = layout.substr(at);
    const auto chunk = [&](std::size_t size, Element element) {
      return Chunk{layout.substr(0, at), rest.substr(0, size), element, rest.substr(size)};
    };
    if ((rest[0] == '.' || rest[0] == ',') && rest.size() > 1 &&
        (rest[1] == '0' || rest[1] == '9')) {
      const std::size_t end = std::min(rest.find_first_not_of(rest[1], 1), rest.size());
      if (end == rest.size() || !is_digit(rest[end])) {
        return chunk(end, rest[1] == '0' ? Element::FractionFixed : Element::FractionVariable);
      }
    }
    // "_2006" is an underscore and a year.
    if (rest.starts_with("_2006")) {
      ++at;
      return Chunk{layout.substr(0, at), layout.substr(at, 4), Element::LongYear,
                   layout.substr(at + 4)};
    }
    for (const Written& one : kElements) {
      if (!rest.starts_with(one.text)) {
        continue;
      }
      // A word goes on: "Janet" is no month.
      const bool is_word = one.element == Element::Month;
      if (is_word && rest.size() > 3 && rest[3] >= 'a' && rest[3] <= 'z') {
        continue;
      }
      return chunk(one.text.size(), one.element);
    }
  }
  return {layout, {}, Element::None, {}};
}

// The package has a quote of its own: all that is no printable ASCII is hexadecimal.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x80) {
      out += fmt::format("\\x{:02x}", byte);
      continue;
    }
    out += c == '"' || c == '\\' ? "\\" : "";
    out += c;
  }
  return out + "\"";
}

enum class Read : std::uint8_t { Ok, Bad, OutOfRange };

class TimeReader {
 public:
  TimeReader(std::string_view layout, std::string_view text)
      : layout_(layout), whole_(text), rest_(text) {}

  std::expected<GoTime, std::string> run() {
    std::string_view layout = layout_;
    while (true) {
      const Chunk chunk = next_chunk(layout);
      if (!skip(chunk.prefix)) {
        return cannot_parse(rest_, chunk.prefix);
      }
      if (chunk.element == Element::None) {
        if (!rest_.empty()) {
          return std::unexpected(
              fmt::format("parsing time {}: extra text: {}", quoted(whole_), quoted(rest_)));
        }
        break;
      }
      layout = chunk.suffix;
      const std::string_view before = rest_;
      out_of_range_ = {};
      const Read read = read_element(chunk);
      if (!out_of_range_.empty()) {
        return range_error(out_of_range_);
      }
      if (read == Read::Bad) {
        return cannot_parse(before, chunk.text);
      }
    }
    return finish();
  }

 private:
  using Result = std::expected<GoTime, std::string>;

  [[nodiscard]] Result cannot_parse(std::string_view at, std::string_view element) const {
    return std::unexpected(fmt::format("parsing time {} as {}: cannot parse {} as {}",
                                       quoted(whole_), quoted(layout_), quoted(at),
                                       quoted(element)));
  }
  [[nodiscard]] Result range_error(std::string_view what) const {
    return std::unexpected(fmt::format("parsing time {}: {} out of range", quoted(whole_), what));
  }
  Read out_of_range(std::string_view what) {
    out_of_range_ = what;
    return Read::OutOfRange;
  }

  // A blank of the layout stands for any number of blanks.
  bool skip(std::string_view prefix) {
    while (!prefix.empty()) {
      if (prefix[0] == ' ') {
        if (!rest_.empty() && rest_[0] != ' ') {
          return false;
        }
        prefix.remove_prefix(std::min(prefix.find_first_not_of(' '), prefix.size()));
        rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
        continue;
      }
      if (rest_.empty() || rest_[0] != prefix[0]) {
        return false;
      }
      prefix.remove_prefix(1);
      rest_.remove_prefix(1);
    }
    return true;
  }

  Read number(std::size_t least, std::size_t most, int& out) {
    std::size_t count = 0;
    out = 0;
    while (count < most && count < rest_.size() && is_digit(rest_[count])) {
      out = out * 10 + (rest_[count++] - '0');
    }
    if (count < least) {
      return Read::Bad;
    }
    rest_.remove_prefix(count);
    return Read::Ok;
  }
  // One digit or two; two where the layout shows two.
  Read two_digits(bool fixed, int& out) { return number(fixed ? 2 : 1, 2, out); }
  Read ranged(bool fixed, int low, int high, std::string_view what, int& out) {
    const Read read = two_digits(fixed, out);
    return read == Read::Ok && (out < low || out > high) ? out_of_range(what) : read;
  }

  template <std::size_t N>
  Read name(const std::array<std::string_view, N>& names, bool is_long, int& out) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view wanted = is_long ? names[i] : names[i].substr(0, 3);
      const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
      if (rest_.size() >= wanted.size() &&
          std::ranges::equal(rest_.substr(0, wanted.size()), wanted, same)) {
        out = static_cast<int>(i);
        rest_.remove_prefix(wanted.size());
        return Read::Ok;
      }
    }
    return Read::Bad;
  }

  void skip_underscore_blank() {
    if (rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
    }
  }

  // Digits behind "." or ",". Precondition: rest_ begins with it and `count` digits.
  void fraction(std::size_t count) {
    nanoseconds_ = 0;
    for (std::size_t i = 0; i < 9; ++i) {
      nanoseconds_ =
          nanoseconds_ * 10 + (i < count ? static_cast<std::uint32_t>(rest_[1 + i] - '0') : 0U);
    }
    rest_.remove_prefix(count + 1);
  }
  [[nodiscard]] std::size_t fraction_digits() const {
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',')) {
      return 0;
    }
    std::size_t count = 0;
    while (1 + count < rest_.size() && is_digit(rest_[1 + count])) {
      ++count;
    }
    return count;
  }

  Read seconds(const Chunk& chunk, bool fixed) {
    const Read read = ranged(fixed, 0, 59, "second", second_);
    // A fraction may follow that the layout does not show.
    if (read == Read::Ok && fraction_digits() > 0) {
      const Chunk next = next_chunk(chunk.suffix);
      const bool shown = next.prefix.empty() && (next.element == Element::FractionFixed ||
                                                 next.element == Element::FractionVariable);
      if (!shown) {
        fraction(fraction_digits());
      }
    }
    return read;
  }

  Read zone(std::string_view written) {
    if (written[0] == 'Z' && rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      zone_ = 0;
      has_zone_ = true;
      return Read::Ok;
    }
    const bool colons = written.find(':') != std::string_view::npos;
    const std::size_t parts = written.size() <= 3 ? 1 : written.size() <= 6 ? 2 : 3;
    if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-')) {
      return Read::Bad;
    }
    const bool is_negative = rest_[0] == '-';
    const std::string_view before = rest_;
    rest_.remove_prefix(1);
    std::array<int, 3> values{};
    for (std::size_t i = 0; i < parts; ++i) {
      if (i > 0 && colons) {
        if (!rest_.starts_with(':')) {
          rest_ = before;
          return Read::Bad;
        }
        rest_.remove_prefix(1);
      }
      if (number(2, 2, values[i]) != Read::Ok) {
        rest_ = before;
        return Read::Bad;
      }
    }
    if (values[0] > 24) {
      return out_of_range("time zone offset hour");
    }
    if (values[1] > 60) {
      return out_of_range("time zone offset minute");
    }
    if (values[2] > 60) {
      return out_of_range("time zone offset second");
    }
    zone_ = (values[0] * 60 + values[1]) * 60 + values[2];
    zone_ = is_negative ? -zone_ : zone_;
    has_zone_ = true;
    return Read::Ok;
  }

  // parseTimeZone: three to five capital letters, or GMT and an offset, or an offset of hours.
  Read zone_name() {
    if (rest_.starts_with("ChST") || rest_.starts_with("MeST")) {
      rest_.remove_prefix(4);
      return Read::Ok;
    }
    const auto hours = [this](std::size_t at) -> std::size_t {  // bytes of a signed number
      if (at >= rest_.size() || (rest_[at] != '+' && rest_[at] != '-')) {
        return 0;
      }
      int value = 0;
      std::size_t end = at + 1;
      while (end < rest_.size() && is_digit(rest_[end]) && value < 1000) {
        value = value * 10 + (rest_[end++] - '0');
      }
      if (end == at + 1 || value > 23) {
        return 0;
      }
      zone_name_offset_ = (rest_[at] == '-' ? -value : value) * 3600;
      return end - at;
    };
    if (rest_.starts_with("GMT")) {
      const std::size_t size = rest_.size() == 3 ? 0 : hours(3);
      is_gmt_ = size > 0;
      rest_.remove_prefix(3 + size);
      return Read::Ok;
    }
    if (const std::size_t size = hours(0); size > 0) {
      rest_.remove_prefix(size);
      return Read::Ok;
    }
    std::size_t letters = 0;
    while (letters < 6 && letters < rest_.size() && rest_[letters] >= 'A' &&
           rest_[letters] <= 'Z') {
      ++letters;
    }
    const bool ok = letters == 3 || (letters == 5 && rest_[4] == 'T') ||
                    (letters == 4 && (rest_[3] == 'T' || rest_.starts_with("WITA")));
    if (!ok) {
      return Read::Bad;
    }
    rest_.remove_prefix(letters);
    return Read::Ok;
  }

  Read read_element(const Chunk& chunk) {
    int ignored = 0;
    switch (chunk.element) {
      case Element::None:
        return Read::Ok;
      case Element::Year: {
        const Read read = number(2, 2, year_);
        year_ += year_ >= 69 ? 1900 : 2000;
        return read;
      }
      case Element::LongYear:
        return number(4, 4, year_);
      case Element::Month:
      case Element::LongMonth: {
        const Read read = name(kMonths, chunk.element == Element::LongMonth, month_);
        ++month_;
        return read;
      }
      case Element::NumberMonth:
      case Element::ZeroMonth:
        return ranged(chunk.element == Element::ZeroMonth, 1, 12, "month", month_);
      case Element::WeekDay:
      case Element::LongWeekDay:
        return name(kDays, chunk.element == Element::LongWeekDay, ignored);
      case Element::UnderDay:
        skip_underscore_blank();
        return two_digits(false, day_);
      case Element::Day:
      case Element::ZeroDay:
        return two_digits(chunk.element == Element::ZeroDay, day_);
      case Element::UnderYearDay:
        skip_underscore_blank();
        skip_underscore_blank();
        return number(1, 3, year_day_);
      case Element::ZeroYearDay:
        return number(3, 3, year_day_);
      case Element::Hour:
        return ranged(false, 0, 23, "hour", hour_);
      case Element::Hour12:
      case Element::ZeroHour12:
        return ranged(chunk.element == Element::ZeroHour12, 0, 12, "hour", hour_);
      case Element::Minute:
      case Element::ZeroMinute:
        return ranged(chunk.element == Element::ZeroMinute, 0, 59, "minute", minute_);
      case Element::Second:
      case Element::ZeroSecond:
        return seconds(chunk, chunk.element == Element::ZeroSecond);
      case Element::UpperPm:
      case Element::LowerPm: {
        const bool upper = chunk.element == Element::UpperPm;
        is_pm_ = rest_.starts_with(upper ? "PM" : "pm");
        is_am_ = rest_.starts_with(upper ? "AM" : "am");
        if (!is_pm_ && !is_am_) {
          return Read::Bad;
        }
        rest_.remove_prefix(2);
        return Read::Ok;
      }
      case Element::Zone:
        return zone(chunk.text);
      case Element::ZoneName:
        if (rest_.starts_with("UTC")) {
          rest_.remove_prefix(3);
          zone_ = 0;
          has_zone_ = true;
          return Read::Ok;
        }
        return zone_name();
      case Element::FractionFixed: {
        const std::size_t digits = chunk.text.size() - 1;
        if (fraction_digits() < digits) {
          return Read::Bad;
        }
        fraction(digits);
        return Read::Ok;
      }
      case Element::FractionVariable:
        if (fraction_digits() > 0) {
          fraction(fraction_digits());
        }
        return Read::Ok;
    }
    return Read::Bad;
  }

  [[nodiscard]] static bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  }
  [[nodiscard]] static int days_in(int month, int year) {
    constexpr std::array kLengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : kLengths[static_cast<std::size_t>(month - 1)];
  }

  Result finish() {
    if (is_pm_ && hour_ < 12) {
      hour_ += 12;
    } else if (is_am_ && hour_ == 12) {
      hour_ = 0;
    }
    if (year_day_ >= 0) {
      if (year_day_ < 1 || year_day_ > (is_leap(year_) ? 366 : 365)) {
        return range_error("day-of-year");
      }
      int month = 1;
      int day = year_day_;
      for (; day > days_in(month, year_); ++month) {
        day -= days_in(month, year_);
      }
      if (month_ >= 0 && month_ != month) {
        return std::unexpected(
            fmt::format("parsing time {}: day-of-year does not match month", quoted(whole_)));
      }
      if (day_ >= 0 && day_ != day) {
        return std::unexpected(
            fmt::format("parsing time {}: day-of-year does not match day", quoted(whole_)));
      }
      month_ = month;
      day_ = day;
    }
    month_ = month_ < 0 ? 1 : month_;
    day_ = day_ < 0 ? 1 : day_;
    if (day_ < 1 || day_ > days_in(month_, year_)) {
      return range_error("day");
    }
    GoTime time;
    time.seconds = scalar::days_from_civil(
                       {year_, static_cast<unsigned>(month_), static_cast<unsigned>(day_)}) *
                       86'400 +
                   hour_ * std::int64_t{3600} + minute_ * std::int64_t{60} + second_;
    time.nanoseconds = nanoseconds_;
    // A name alone says nothing of its distance, but "GMT+3" does: then the time stays as written.
    time.zone_seconds = has_zone_ ? zone_ : is_gmt_ ? zone_name_offset_ : 0;
    time.seconds -= time.zone_seconds;
    return time;
  }

  std::string_view layout_;
  std::string_view whole_;
  std::string_view rest_;
  std::string_view out_of_range_;
  int year_ = 0;
  int month_ = -1;
  int day_ = -1;
  int year_day_ = -1;
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  std::uint32_t nanoseconds_ = 0;
  int zone_ = 0;
  int zone_name_offset_ = 0;
  bool has_zone_ = false;
  bool is_gmt_ = false;
  bool is_pm_ = false;
  bool is_am_ = false;
};

}  // namespace

std::expected<GoTime, std::string> parse_go_time(std::string_view layout, std::string_view text) {
  return TimeReader(layout, text).run();
}

}  // namespace tally::jmespath
