#include "telemetry/internal/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "document/json_writer.hpp"
#include "telemetry/internal/utf8.hpp"

namespace tally::telemetry::internal {

namespace {

constexpr std::size_t kLineBytesMin = 256;
constexpr std::string_view kCut = "…";

std::string time_text(std::int64_t time_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(time_ns)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<microseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

// The code point that starts at `at` in well-formed text, if it has to be escaped; with its bytes.
std::pair<std::uint32_t, std::size_t> unseen(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  if (byte(0) == 0x7F) {
    return {0x7F, 1};
  }
  if (byte(0) == 0xC2 && byte(1) < 0xA0) {
    return {byte(1), 2};
  }
  if (byte(0) == 0xE2) {
    const std::uint32_t point = 0x2000U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    if (point == 0x200E || point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
        (point >= 0x2066 && point <= 0x2069)) {
      return {point, 3};
    }
  }
  return {0, 1};
}

// Whether a terminal shows the text as it is. (JSON lets DEL stand.)
bool is_plain(std::string_view text) {
  return document::is_plain_json_text(text) && text.find('\x7F') == std::string_view::npos;
}

// Quoted, cut so that the quoted text has at most `quoted_max` bytes (at least 8).
void append_quoted_cut(std::string& out, std::string_view text, std::size_t bytes_max,
                       std::size_t quoted_max) {
  std::string_view kept = cut_at_character(text, bytes_max);
  while (true) {
    std::string quoted;
    append_quoted(quoted, kept);
    const std::size_t mark = kept.size() < text.size() ? kCut.size() : 0;
    if (quoted.size() + mark <= quoted_max) {
      if (mark != 0) {
        quoted.insert(quoted.size() - 1, kCut);
      }
      out += quoted;
      return;
    }
    // What is left over shrinks in proportion, and by one byte at least.
    const std::size_t room = quoted_max - kCut.size();
    kept = cut_at_character(kept, std::min(kept.size() * room / quoted.size(), kept.size() - 1));
  }
}

void append_value(std::string& out, const LogField::Value& value, LogFormat format,
                  std::size_t bytes_max, std::size_t room) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    const bool is_bare = format == LogFormat::Text && !text->empty() &&
                         text->size() <= std::min(bytes_max, room) && is_plain(*text) &&
                         text->find_first_of(" =") == std::string_view::npos;
    if (is_bare) {
      out += *text;
    } else {
      append_quoted_cut(out, *text, bytes_max, room);
    }
  } else if (const auto* number = std::get_if<double>(&value)) {
    // JSON has no word for what is no number.
    const bool is_quoted = !std::isfinite(*number) && format == LogFormat::Json;
    out += is_quoted ? fmt::format("\"{}\"", *number) : fmt::format("{}", *number);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    out += fmt::format("{}", *whole);
  } else {
    out += fmt::format("{}", std::get<std::uint64_t>(value));
  }
}

// A name that is ours already would stand twice in the object.
std::string field_name(std::string_view name, std::size_t room) {
  constexpr std::array<std::string_view, 5> kOwn{"time", "level", "message", "request_id",
                                                 "truncated"};
  std::string out(cut_at_character(name, room));
  if (std::ranges::find(kOwn, name) != kOwn.end()) {
    out += '_';
  }
  return out;
}

std::string head_of(const LogEvent& event, LogFormat format, std::size_t line_bytes) {
  std::string out;
  if (format == LogFormat::Json) {
    out = fmt::format(R"({{"time":"{}","level":"{}","message":)", time_text(event.time_ns),
                      name_of(event.level));
    append_quoted_cut(out, event.message, line_bytes, line_bytes / 3);
    if (!event.request_id.empty()) {
      out += R"(,"request_id":)";
      append_quoted_cut(out, event.request_id, line_bytes, line_bytes / 6);
    }
    return out;
  }
  out = fmt::format("{} {:<7} ", time_text(event.time_ns), name_of(event.level));
  if (is_plain(event.message) && event.message.size() <= line_bytes / 3) {
    out += event.message;
  } else {
    append_quoted_cut(out, event.message, line_bytes, line_bytes / 3);
  }
  if (!event.request_id.empty()) {
    out += " request_id=";
    append_value(out, event.request_id, format, line_bytes, line_bytes / 6);
  }
  return out;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  std::string json;
  document::append_json_string(json, text);
  for (std::size_t at = 0; at < json.size();) {
    const auto [point, bytes] = unseen(json, at);
    if (point != 0) {
      out += fmt::format("\\u{:04x}", point);
    } else {
      out += json[at];
    }
    at += bytes;
  }
}

std::string log_line(const LogEvent& event, LogFormat format, const LogLimits& limits) {
  constexpr std::size_t kNumberBytesMax = 32;
  const bool is_json = format == LogFormat::Json;
  const std::string_view end = is_json ? "}\n" : "\n";
  const std::string_view cut_end = is_json ? ",\"truncated\":true}\n" : " truncated=true\n";
  const std::size_t line_bytes = std::max(limits.line_bytes, kLineBytesMin);
  std::string out = head_of(event, format, line_bytes);
  for (const LogField& field : event.fields) {
    const std::string name = field_name(field.name, line_bytes / 6);
    std::string text;
    if (is_json) {
      text += ',';
      append_quoted(text, name);
      text += ':';
    } else {
      // Names are ours; one that is not stands in quotes.
      text += ' ';
      append_value(text, std::string_view(name), format, line_bytes, line_bytes);
      text += '=';
    }
    const std::size_t used = out.size() + text.size() + cut_end.size();
    if (used + kNumberBytesMax > line_bytes) {
      return out += cut_end;
    }
    append_value(text, field.value, format, limits.value_bytes, line_bytes - used);
    out += text;
  }
  return out += end;
}

}  // namespace tally::telemetry::internal
