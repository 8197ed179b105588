#include "telemetry/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#include "base/assert.hpp"
#include "telemetry/internal/log_line.hpp"

namespace tally::telemetry {

namespace {

// Messages are fixed texts, so that a table of this size is never full; if it is, what does not
// fit shares one window.
constexpr std::size_t kWindowsMax = 512;
constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warning", "error"};

// One message in one second.
struct Window {
  std::uint32_t written = 0;
  std::uint64_t suppressed = 0;
  LogLevel level = LogLevel::Info;
};

}  // namespace

std::string_view name_of(LogLevel level) noexcept {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
  const auto found = std::ranges::find(kLevelNames, text);
  return found == kLevelNames.end()
             ? std::nullopt
             : std::optional(static_cast<LogLevel>(found - kLevelNames.begin()));
}

struct Log::State {
  LogOptions options;
  std::atomic<LogLevel> level;
  std::atomic<std::uint64_t> lost = 0;
  std::mutex mutex;
  std::uint64_t unsaid = 0;  // of the lost lines
  bool is_torn = false;      // the last line was written in part
  std::map<std::string, Window, std::less<>> windows;
  std::int64_t second = 0;

  explicit State(LogOptions given) : options(std::move(given)), level(options.level) {}

  // Whether the descriptor takes a line now. A pipe whose reader is gone does not.
  [[nodiscard]] bool is_writable() const {
    pollfd entry{options.descriptor, POLLOUT, 0};
    const int timeout = options.pressure == LogPressure::Wait ? -1 : 0;
    int ready = 0;
    do {
      ready = ::poll(&entry, 1, timeout);
    } while (ready < 0 && errno == EINTR);
    return ready == 1 && (entry.revents & POLLOUT) != 0 && (entry.revents & POLLERR) == 0;
  }

  // One write(2), unless the system takes less.
  bool put(std::string_view line) {
    std::string ended;
    if (is_torn) {
      ended.append("\n").append(line);
      line = ended;
    }
    bool is_begun = false;
    while (!line.empty()) {
      const bool is_taken = is_writable();
      const ssize_t count = is_taken ? ::write(options.descriptor, line.data(), line.size()) : -1;
      const bool is_over = !is_taken || options.pressure == LogPressure::Drop;
      if (count < 0 && is_taken && (errno == EINTR || (errno == EAGAIN && !is_over))) {
        continue;
      }
      if (count < 0) {
        is_torn = is_torn || is_begun;
        lost.fetch_add(1, std::memory_order_relaxed);
        ++unsaid;
        return false;
      }
      is_begun = true;
      line.remove_prefix(static_cast<std::size_t>(count));
    }
    is_torn = false;
    return true;
  }

  void emit(const internal::LogEvent& event) {
    if (unsaid != 0) {
      const LogField count("count", std::exchange(unsaid, 0));
      const std::uint64_t said = std::get<std::uint64_t>(count.value);
      if (!put(internal::log_line({.time_ns = event.time_ns,
                                   .level = LogLevel::Warning,
                                   .message = "lines were lost",
                                   .fields = std::span(&count, 1)},
                                  options.format, options.limits))) {
        // The line about them is none of them.
        lost.fetch_sub(1, std::memory_order_relaxed);
        unsaid = said;
      }
    }
    put(internal::log_line(event, options.format, options.limits));
  }

  // Says what was suppressed in the seconds before, and forgets them.
  void close_windows(std::int64_t now_ns) {
    for (const auto& [message, window] : windows) {
      if (window.suppressed == 0) {
        continue;
      }
      const std::array fields{
          LogField("of", message.empty() ? std::string_view("other messages") : message),
          LogField("count", window.suppressed)};
      emit({.time_ns = now_ns, .level = window.level, .message = "suppressed", .fields = fields});
    }
    windows.clear();
  }

  // Whether one more line of that message may be written in this second.
  bool admits(std::string_view message, LogLevel of_level) {
    if (options.limits.rate == 0) {
      return true;
    }
    auto window = windows.find(message);
    if (window == windows.end()) {
      const bool fits = windows.size() < kWindowsMax;
      window = windows.try_emplace(fits ? std::string(message) : std::string()).first;
    }
    window->second.level = std::max(window->second.level, of_level);
    if (window->second.written < options.limits.rate) {
      ++window->second.written;
      return true;
    }
    ++window->second.suppressed;
    return false;
  }
};

Log::Log(LogOptions options) : state_(std::make_unique<State>(std::move(options))) {
  TALLY_ASSERT(state_->options.clock != nullptr);
}

Log::~Log() { flush(); }

bool Log::is_on(LogLevel level) const noexcept {
  return level >= state_->level.load(std::memory_order_relaxed);
}

void Log::set_level(LogLevel level) noexcept {
  state_->level.store(level, std::memory_order_relaxed);
}

std::uint64_t Log::lost() const noexcept { return state_->lost.load(std::memory_order_relaxed); }

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields,
                std::string_view request_id) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (!is_on(level)) {
    return;
  }
  const std::int64_t now = state_->options.clock();
  const std::scoped_lock lock(state_->mutex);
  // Not "later": a clock that was set back begins a second too.
  if (now / kSecond != state_->second) {
    state_->close_windows(now);
    state_->second = now / kSecond;
  }
  if (state_->admits(message, level)) {
    state_->emit({.time_ns = now,
                  .level = level,
                  .message = message,
                  .fields = fields,
                  .request_id = request_id});
  }
}

void Log::flush() {
  const std::int64_t now = state_->options.clock();
  const std::scoped_lock lock(state_->mutex);
  state_->close_windows(now);
}

}  // namespace tally::telemetry
