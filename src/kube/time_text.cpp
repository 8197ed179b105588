// Go 1.26, src/time/format.go, parse() for two layouts:
//
//   2006-01-02T15:04:05Z07:00          a fraction of any length may follow the seconds
//   2006-01-02T15:04:05.000000Z07:00   a fraction of six digits must
//
// What makes it differ from RFC 3339 section 5.6: `T` and `Z` are capitals, the hour may have one
// digit, a comma may stand for the point of a fraction, and a leap second is out of range.
#include "kube/internal/time_text.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/text.hpp"

namespace tally::kube::internal {

namespace {

constexpr std::string_view kRfc3339 = "2006-01-02T15:04:05Z07:00";
constexpr std::string_view kRfc3339Micro = "2006-01-02T15:04:05.000000Z07:00";

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

int days_in(int year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

class TimeParser {
 public:
  TimeParser(std::string_view text, TimeLayout layout)
      : text_(text), rest_(text), micro_(layout == TimeLayout::Rfc3339Micro) {}

  std::string problem() {
    if (!date() || !time() || !fraction() || !zone()) {
      return std::move(problem_);
    }
    if (!rest_.empty()) {
      return fmt::format("{}: extra text: \"{}\"", start(false), excerpt(rest_));
    }
    if (day_ < 1 || day_ > days_in(year_, month_)) {
      return out_of_range("day");
    }
    return {};
  }

 private:
  [[nodiscard]] std::string start(bool with_layout) const {
    return with_layout ? fmt::format("parsing time \"{}\" as \"{}\"", excerpt(text_),
                                     micro_ ? kRfc3339Micro : kRfc3339)
                       : fmt::format("parsing time \"{}\"", excerpt(text_));
  }
  [[nodiscard]] std::string out_of_range(std::string_view what) const {
    return fmt::format("{}: {} out of range", start(false), what);
  }
  bool fail(std::string_view element) {
    problem_ =
        fmt::format("{}: cannot parse \"{}\" as \"{}\"", start(true), excerpt(rest_), element);
    return false;
  }
  bool fail_range(std::string_view what) {
    problem_ = out_of_range(what);
    return false;
  }

  // Exactly `digits` digits.
  std::optional<int> take(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(rest_, i)) {
        return std::nullopt;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool literal(std::string_view text) {
    if (!rest_.starts_with(text)) {
      return fail(text);
    }
    rest_.remove_prefix(text.size());
    return true;
  }

  bool date() {
    const auto year = take(4);
    if (!year) {
      return fail("2006");
    }
    year_ = *year;
    if (!literal("-")) {
      return false;
    }
    const auto month = take(2);
    if (!month) {
      return fail("01");
    }
    month_ = *month;
    if (month_ < 1 || month_ > 12) {
      return fail_range("month");
    }
    if (!literal("-")) {
      return false;
    }
    const auto day = take(2);
    if (!day) {
      return fail("02");
    }
    day_ = *day;
    return literal("T");
  }

  bool time() {
    const auto hour = take(is_digit(rest_, 1) ? 2 : 1);
    if (!hour) {
      return fail("15");
    }
    if (*hour > 23) {
      return fail_range("hour");
    }
    if (!literal(":")) {
      return false;
    }
    const auto minute = take(2);
    if (!minute) {
      return fail("04");
    }
    if (*minute > 59) {
      return fail_range("minute");
    }
    if (!literal(":")) {
      return false;
    }
    const auto second = take(2);
    if (!second) {
      return fail("05");
    }
    return *second > 59 ? fail_range("second") : true;
  }

  bool fraction() {
    const bool point = rest_.starts_with('.') || rest_.starts_with(',');
    std::size_t digits = 0;
    while (point && is_digit(rest_, 1 + digits)) {
      ++digits;
    }
    if (!micro_) {
      rest_.remove_prefix(digits > 0 ? 1 + digits : 0);
      return true;
    }
    constexpr std::size_t kDigits = 6;
    if (!point || digits < kDigits) {
      return fail(".000000");
    }
    rest_.remove_prefix(1 + kDigits);
    return true;
  }

  bool zone() {
    if (rest_.starts_with('Z')) {
      rest_.remove_prefix(1);
      return true;
    }
    const bool sign = rest_.starts_with('+') || rest_.starts_with('-');
    if (!sign || rest_.size() < 6 || rest_[3] != ':' || !is_digit(rest_, 1) ||
        !is_digit(rest_, 2) || !is_digit(rest_, 4) || !is_digit(rest_, 5)) {
      return fail("Z07:00");
    }
    const int hours = (rest_[1] - '0') * 10 + (rest_[2] - '0');
    const int minutes = (rest_[4] - '0') * 10 + (rest_[5] - '0');
    if (hours > 24) {
      return fail_range("time zone offset hour");
    }
    if (minutes > 60) {
      return fail_range("time zone offset minute");
    }
    rest_.remove_prefix(6);
    return true;
  }

  std::string_view text_;
  std::string_view rest_;
  bool micro_;
  int year_ = 0;
  int month_ = 1;
  int day_ = 1;
  std::string problem_;
};

}  // namespace

std::string time_problem(std::string_view text, TimeLayout layout) {
  return TimeParser(text, layout).problem();
}

}  // namespace tally::kube::internal
