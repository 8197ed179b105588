#pragma once
// What `tally finding` and `tally decision` share: where the store is, moments as people write
// them, texts that a terminal may show, and JSON.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "command_line.hpp"
#include "history/history.hpp"

namespace tally::app {

// For reading: --store, $TALLY_STORE, or the file in the state folder.
[[nodiscard]] Result<history::History> open_history(const HistoryFlags& flags);

struct Period {
  std::optional<std::int64_t> since_ms{};
  std::optional<std::int64_t> until_ms{};
};
[[nodiscard]] Result<Period> period_of(const HistoryFlags& flags);

// "2026-11-20 12:00:00" (UTC); for JSON RFC 3339 with milliseconds.
[[nodiscard]] std::string moment_text(std::int64_t time_ms);
[[nodiscard]] std::string moment_json(std::int64_t time_ms);

// Without control characters and not too long: what others wrote does not steer a terminal.
[[nodiscard]] std::string shown(std::string_view text);

// `"name":"text",`-wise: members with a comma before all but the first.
class JsonMembers {
 public:
  explicit JsonMembers(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string_view value);
  void raw(std::string_view name, std::string_view json);
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_first_ = true;
};

// Prints JSON as it is, or as YAML; the exit code.
[[nodiscard]] int print_json(const std::string& json, const std::string& output);

// Rows with columns of equal width, the last as long as it is.
[[nodiscard]] std::string columns(const std::vector<std::vector<std::string>>& rows);

// "tally: error", to standard error; 2.
int fail(const Error& error);

}  // namespace tally::app
