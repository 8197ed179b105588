#pragma once
// Log: one line an event, as JSON for machines or as text for a terminal.
//
//   {"time":"2026-11-22T00:39:06.123456Z","level":"info","message":"policy loaded",
//    "request_id":"r-1","policy":"require-team","rules":3}
//
//   log.info("policy loaded", {{"policy", name}, {"rules", 3}}, request_id);
//
// The message is a fixed text: what varies stands in fields. Values may be hostile: JSON escapes
// them, text quotes them, bytes that are no UTF-8 become U+FFFD, so that one event is always one
// line and no terminal obeys it. Values and lines are cut to a length ("…", "truncated":true).
// A line is one write(2). With the default limit it is at most PIPE_BUF bytes: lines of several
// processes on one pipe do not mix, and a full pipe can be seen before it blocks.
//
// Of one message `rate` lines a second are written, then nothing of it until the second is over
// and a line "suppressed" has said how many there were. A line that the descriptor does not take
// is counted in lost() and said in the next line that it takes. Secrets do not compile.
//
// Threads: all functions by all threads. Time comes from the clock that is given.

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/secret_bytes.hpp"

namespace tally::telemetry {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };
// "debug", "info", "warning", "error"
[[nodiscard]] std::string_view name_of(LogLevel level) noexcept;
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

// Views: a field lives as long as the call.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const char* text)
      : name(field_name), value(std::string_view(text)) {}
  LogField(std::string_view field_name, const std::string& text)
      : name(field_name), value(std::string_view(text)) {}
  template <std::integral T>
  LogField(std::string_view field_name, T number) : name(field_name) {
    if constexpr (std::same_as<T, bool>) {
      value = number;
    } else if constexpr (std::signed_integral<T>) {
      value = static_cast<std::int64_t>(number);
    } else {
      value = static_cast<std::uint64_t>(number);
    }
  }
  LogField(std::string_view field_name, double number) : name(field_name), value(number) {}
  LogField(std::string_view, const crypto::SecretBytes&) = delete;

  std::string_view name;
  Value value;
};
using LogFields = std::initializer_list<LogField>;

enum class LogFormat : std::uint8_t { Json, Text };
// What a line does while the descriptor takes nothing: a server must not wait for who reads it.
enum class LogPressure : std::uint8_t { Drop, Wait };

struct LogLimits {
  std::size_t value_bytes = 1024;
  std::size_t line_bytes = 4096;  // with the newline; at least 256
  std::uint32_t rate = 20;        // lines a second of one message; 0: no limit
};

struct LogOptions {
  int descriptor = 2;  // not closed
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Json;
  LogPressure pressure = LogPressure::Drop;
  // Nanoseconds since 1970.
  std::function<std::int64_t()> clock;
  LogLimits limits{};
};

class Log {
 public:
  explicit Log(LogOptions options);  // precondition: a clock
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();  // flushes

  void write(LogLevel level, std::string_view message, std::span<const LogField> fields = {},
             std::string_view request_id = {});
  void debug(std::string_view message, LogFields fields = {}, std::string_view request_id = {}) {
    write(LogLevel::Debug, message, std::span(fields.begin(), fields.size()), request_id);
  }
  void info(std::string_view message, LogFields fields = {}, std::string_view request_id = {}) {
    write(LogLevel::Info, message, std::span(fields.begin(), fields.size()), request_id);
  }
  void warning(std::string_view message, LogFields fields = {}, std::string_view request_id = {}) {
    write(LogLevel::Warning, message, std::span(fields.begin(), fields.size()), request_id);
  }
  void error(std::string_view message, LogFields fields = {}, std::string_view request_id = {}) {
    write(LogLevel::Error, message, std::span(fields.begin(), fields.size()), request_id);
  }

  // Whether a line of that level is wanted, for callers to whom its fields are expensive.
  [[nodiscard]] bool is_on(LogLevel level) const noexcept;
  void set_level(LogLevel level) noexcept;
  // Says now how many lines were suppressed.
  void flush();
  // Lines that the descriptor did not take.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::telemetry
