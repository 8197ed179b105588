#include "cel/internal/timezone.hpp"

#include <algorithm>
#include <charconv>

#include "scalar/time_text.hpp"

namespace tally::cel {
namespace {

// --- TZif, RFC 8536 section 3

std::int64_t big_endian(std::string_view data, std::size_t at, std::size_t bytes) noexcept {
  if (at + bytes > data.size()) {
    return 0;
  }
  std::uint64_t out = (static_cast<unsigned char>(data[at]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    out = out << 8U | static_cast<unsigned char>(data[at + i]);
  }
  return static_cast<std::int64_t>(out);
}

// RFC 8536 section 3.3: a POSIX TZ string, "CET-1CEST,M3.5.0,M10.5.0/3", says what holds after the
// last transition.
class Footer {
 public:
  explicit Footer(std::string_view text) : text_(text) {}

  bool offset_at(std::int64_t seconds, std::int64_t& offset) {
    std::int64_t standard = 0;
    if (!take_name() || !take_time(standard)) {
      return false;
    }
    standard = -standard;  // POSIX counts west
    if (text_.empty()) {
      offset = standard;
      return true;
    }
    std::int64_t daylight = 0;
    if (!take_name()) {
      return false;
    }
    if (!text_.empty() && text_[0] != ',') {
      if (!take_time(daylight)) {
        return false;
      }
      daylight = -daylight;
    } else {
      daylight = standard + 3600;
    }
    const std::int64_t local_day = floor_day(seconds + standard);
    const std::int64_t year = scalar::civil_from_days(local_day).year;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    if (!take_rule(year, begin) || !take_rule(year, end)) {
      return false;
    }
    begin -= standard;
    end -= daylight;
    const bool summer =
        begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
    offset = summer ? daylight : standard;
    return true;
  }

 private:
  static std::int64_t floor_day(std::int64_t seconds) noexcept {
    return seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
  }

  bool take(char c) {
    if (text_.empty() || text_[0] != c) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  bool take_number(std::int64_t& out) {
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
    if (error != std::errc{}) {
      return false;
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }

  // std, dst: letters, or anything between < and >.
  bool take_name() {
    if (take('<')) {
      const std::size_t end = text_.find('>');
      if (end == std::string_view::npos) {
        return false;
      }
      text_.remove_prefix(end + 1);
      return true;
    }
    std::size_t size = 0;
    while (size < text_.size() && ((text_[size] >= 'A' && text_[size] <= 'Z') ||
                                   (text_[size] >= 'a' && text_[size] <= 'z'))) {
      ++size;
    }
    text_.remove_prefix(size);
    return size > 0;
  }

  // [+-]hh[:mm[:ss]]
  bool take_time(std::int64_t& out) {
    const bool negative = take('-');
    if (!negative) {
      static_cast<void>(take('+'));
    }
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    if (!take_number(hours) || (take(':') && !take_number(minutes)) ||
        (take(':') && !take_number(seconds))) {
      return false;
    }
    out = hours * 3600 + minutes * 60 + seconds;
    out = negative ? -out : out;
    return true;
  }

  // ,Mm.w.d[/time]  ,Jn[/time]  ,n[/time]: local seconds since 1970 of the change in `year`.
  bool take_rule(std::int64_t year, std::int64_t& out) {
    if (!take(',')) {
      return false;
    }
    std::int64_t day = 0;
    if (take('M')) {
      std::int64_t month = 0;
      std::int64_t week = 0;
      std::int64_t weekday = 0;
      if (!take_number(month) || !take('.') || !take_number(week) || !take('.') ||
          !take_number(weekday) || month < 1 || month > 12) {
        return false;
      }
      const std::int64_t first = scalar::days_from_civil({year, static_cast<unsigned>(month), 1});
      const std::int64_t first_weekday = ((first % 7) + 7 + 4) % 7;
      day = first + (weekday - first_weekday + 7) % 7 + (week - 1) * 7;
      const std::int64_t next =
          month == 12 ? scalar::days_from_civil({year + 1, 1, 1})
                      : scalar::days_from_civil({year, static_cast<unsigned>(month) + 1, 1});
      while (day >= next) {  // week 5 is the last one
        day -= 7;
      }
    } else if (take('J')) {  // 1 to 365, February 29 is never counted
      std::int64_t n = 0;
      if (!take_number(n)) {
        return false;
      }
      const std::int64_t march =
          scalar::days_from_civil({year, 3, 1}) - scalar::days_from_civil({year, 1, 1});
      day = scalar::days_from_civil({year, 1, 1}) + n - 1 + (march == 60 && n >= 60 ? 1 : 0);
    } else {
      std::int64_t n = 0;
      if (!take_number(n)) {
        return false;
      }
      day = scalar::days_from_civil({year, 1, 1}) + n;
    }
    std::int64_t time = 7200;
    if (take('/') && !take_time(time)) {
      return false;
    }
    out = day * 86400 + time;
    return true;
  }

  std::string_view text_;
};

bool offset_in(std::string_view data, std::int64_t seconds, std::int64_t& offset) {
  constexpr std::size_t kHeaderBytes = 44;
  if (data.size() < kHeaderBytes || !data.starts_with("TZif")) {
    return false;
  }
  const auto count = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<std::uint32_t>(big_endian(data, at, 4)));
  };
  const std::size_t is_ut = count(20);
  const std::size_t is_standard = count(24);
  const std::size_t leaps = count(28);
  const std::size_t transitions = count(32);
  const std::size_t types = count(36);
  const std::size_t characters = count(40);
  const std::size_t times_at = kHeaderBytes;
  const std::size_t indexes_at = times_at + transitions * 8;
  const std::size_t types_at = indexes_at + transitions;
  const std::size_t footer_at =
      types_at + types * 6 + characters + leaps * 12 + is_standard + is_ut;
  if (footer_at > data.size() || types == 0) {
    return false;
  }
  // The last transition that is not after the moment.
  std::size_t low = 0;
  std::size_t high = transitions;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (big_endian(data, times_at + middle * 8, 8) <= seconds) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  std::string_view footer = data.substr(footer_at);
  if (footer.size() >= 2 && footer.front() == '\n' && footer.back() == '\n') {
    footer = footer.substr(1, footer.size() - 2);
    if (low == transitions && !footer.empty()) {
      return Footer(footer).offset_at(seconds, offset);
    }
  }
  const std::size_t type = low == 0 ? 0 : static_cast<unsigned char>(data[indexes_at + low - 1]);
  if (type >= types) {
    return false;
  }
  offset = big_endian(data, types_at + type * 6, 4);
  return true;
}

Value bad_zone(Arena& arena, std::string_view zone) {
  return make_error(arena, ErrorCode::InvalidArgument, {"unknown time zone ", zone});
}

// "+02:00", "-23:59", "02:00"; cel-go common/stdlib/standard.go, inTimeZone.
Value fixed_offset(Arena& arena, std::string_view zone, std::size_t colon, std::int64_t& offset) {
  const auto number = [](std::string_view text, std::int64_t& out) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
      text.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
  };
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (!number(zone.substr(0, colon), hours) || !number(zone.substr(colon + 1), minutes)) {
    return bad_zone(arena, zone);
  }
  if (hours < -23 || hours > 23) {
    return make_error(arena, ErrorCode::InvalidArgument,
                      {"timezone offset hours out of range [-23, 23]: ", zone});
  }
  if (minutes < 0 || minutes > 59) {
    return make_error(arena, ErrorCode::InvalidArgument,
                      {"timezone offset minutes out of range [0, 59]: ", zone});
  }
  offset = (hours * 60 + (zone[0] == '-' ? -minutes : minutes)) * 60;
  return Value::null();
}

}  // namespace

Value zone_offset(Arena& arena, std::string_view zone, std::int64_t seconds, std::int64_t& offset) {
  offset = 0;
  if (const std::size_t colon = zone.find(':'); colon != std::string_view::npos) {
    return fixed_offset(arena, zone, colon, offset);
  }
  if (zone.empty() || zone == "UTC") {
    return Value::null();
  }
  const auto zones = embedded_zones();
  const auto found = std::ranges::lower_bound(zones, zone, {}, &EmbeddedZone::name);
  if (found == zones.end() || found->name != zone) {
    return zones.empty() ? make_error(arena, ErrorCode::InvalidArgument,
                                      {"unknown time zone ", zone,
                                       ": this program was built without time zone data"})
                         : bad_zone(arena, zone);
  }
  return offset_in(found->data, seconds, offset) ? Value::null() : bad_zone(arena, zone);
}

}  // namespace tally::cel
