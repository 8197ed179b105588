#pragma once
// The questions that the history asks, as SQL with values: apart from asking them, so that tests
// can look at the plans.

#include <string>
#include <string_view>
#include <vector>

#include "history/history.hpp"
#include "store/sql.hpp"

namespace tally::history {

struct Question {
  store::SqlText sql;
  std::vector<store::Value> values{};  // views into the query
};

// Columns: id, first_ms, last_ms, occurrences, uid, latency_us, canonical.
[[nodiscard]] Question question(const DecisionQuery& query);
// Columns: fingerprint, engine, policy, rule, api_group, kind, namespace, name, container, pointer,
// severity, verdict, mode, found, allowed, message, remedy, first_seen_ms, last_seen_ms,
// changed_ms, resolved_ms.
[[nodiscard]] Question question(const FindingQuery& query);
// Columns: time_ms, policy, namespace, from_mode, to_mode, username, source.
[[nodiscard]] Question question(const History::ScopeQuery& query);

// What both dialects take: without NUL, in UTF-8 (U+FFFD instead).
[[nodiscard]] std::string storable(std::string_view text);
// The same for columns of indexes, whose rows are short in PostgreSQL: cut at 512 bytes.
[[nodiscard]] std::string storable_key(std::string_view text);

}  // namespace tally::history
