// Decisions: written by their ids, read back from their canonical JSON.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "document/read.hpp"
#include "history/history.hpp"
#include "history/internal/queries.hpp"
#include "store/database.hpp"

namespace tally::history {

namespace {

using store::Row;
using store::Sql;
using store::Value;

constexpr Sql kRecord =
    "INSERT INTO decisions (id, first_ms, last_ms, occurrences, uid, latency_us, operation, kind, "
    "namespace, name, username, allowed, mode, dry_run, routine, message, policy_digest, "
    "canonical, request) VALUES ($1, $2, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
    "$14, $15, $16, $17) ON CONFLICT (id) DO UPDATE SET occurrences = decisions.occurrences + 1, "
    "first_ms = CASE WHEN excluded.first_ms < decisions.first_ms THEN excluded.first_ms ELSE "
    "decisions.first_ms END, last_ms = CASE WHEN excluded.last_ms > decisions.last_ms THEN "
    "excluded.last_ms ELSE decisions.last_ms END, uid = excluded.uid, latency_us = "
    "excluded.latency_us, request = CASE WHEN excluded.request = '' THEN decisions.request ELSE "
    "excluded.request END";
constexpr Sql kRecordPolicy =
    "INSERT INTO decision_policies (policy, decision_id) VALUES ($1, $2) ON CONFLICT (policy, "
    "decision_id) DO NOTHING";

struct Named {
  const Decision* decision = nullptr;
  std::string canonical;
  std::string id;
};

std::int64_t flag(bool value) { return value ? 1 : 0; }

Result<void> insert(store::Database& database, const Named& named) {
  const Decision& decision = *named.decision;
  const std::string uid = storable_key(decision.uid);
  const std::string operation = storable_key(decision.operation);
  const std::string kind = storable_key(decision.kind);
  const std::string name_space = storable_key(decision.name_space);
  const std::string name = storable_key(decision.name);
  const std::string user = storable_key(decision.user);
  const std::string message = storable(decision.message);
  const std::string policy_digest = storable_key(decision.policy_digest);
  const std::string request = storable(decision.request);
  const std::array<Value, 17> values{named.id,
                                     decision.time_ms,
                                     uid,
                                     static_cast<std::int64_t>(decision.latency_us),
                                     operation,
                                     kind,
                                     name_space,
                                     name,
                                     user,
                                     flag(decision.is_allowed),
                                     to_text(decision.mode),
                                     flag(decision.is_dry_run),
                                     flag(is_routine(decision)),
                                     message,
                                     policy_digest,
                                     named.canonical,
                                     request};
  TALLY_TRY(const auto changed, database.execute(kRecord, values));
  static_cast<void>(changed);
  std::set<std::string_view> policies;
  for (const DecisionFinding& finding : decision.findings) {
    if (finding.verdict != finding::Verdict::Pass && finding.verdict != finding::Verdict::Skip) {
      policies.insert(finding.policy);
    }
  }
  for (const std::string_view policy : policies) {
    const std::string text = storable_key(policy);
    const std::array<Value, 2> pair{text, named.id};
    TALLY_TRY(const auto added, database.execute(kRecordPolicy, pair));
    static_cast<void>(added);
  }
  return {};
}

KeptDecision read_row(const Row& row) {
  KeptDecision kept{.id = std::string(row.text(0)),
                    .first_ms = row.integer(1),
                    .occurrences = static_cast<std::uint64_t>(row.integer(3)),
                    .canonical = std::string(row.text(6))};
  Arena arena;
  const auto source = document::Source::from_text(kept.id, kept.canonical);
  if (const auto root = document::read_one(*source, arena)) {
    if (auto decision = read_decision(*root)) {
      kept.decision = std::move(*decision);
    }
  }
  // A text that cannot be read any more has another digest, too.
  kept.is_intact = decision_id(kept.canonical) == kept.id;
  kept.decision.time_ms = row.integer(2);
  kept.decision.uid = row.text(4);
  kept.decision.latency_us = static_cast<std::uint64_t>(row.integer(5));
  return kept;
}

}  // namespace

// In the order of their ids: several replicas that write the same rows wait for each other instead
// of locking each other out.
Result<void> History::record(std::span<const Decision> decisions) {
  std::vector<Named> named;
  named.reserve(decisions.size());
  for (const Decision& decision : decisions) {
    std::string canonical = canonical_json(decision);
    std::string id = decision_id(canonical);
    named.push_back({&decision, std::move(canonical), std::move(id)});
  }
  std::ranges::sort(named, {}, [](const Named& one) {
    return std::pair(std::string_view(one.id), one.decision);
  });
  return database_->transact([&]() -> Result<void> {
    for (const Named& one : named) {
      TALLY_CHECK(insert(*database_, one));
    }
    return {};
  });
}

Result<void> History::decisions(const DecisionQuery& query, const Each<KeptDecision>& each) {
  const Question asked = question(query);
  return database_->query(asked.sql, asked.values,
                          [&](const Row& row) { return each(read_row(row)); });
}

Result<std::optional<KeptDecision>> History::decision(std::string_view id) {
  constexpr std::string_view kPrefix = "d-";
  constexpr std::size_t kCandidatesMax = 4;
  std::vector<KeptDecision> found;
  const auto take = [&](const Row& row) {
    found.push_back(read_row(row));
    found.back().decision.request = row.text(7);
    return true;
  };
  const std::string text = storable(id);
  if (!text.starts_with(kPrefix)) {
    const std::array<Value, 1> values{text};
    TALLY_CHECK(database_->query(
        "SELECT id, first_ms, last_ms, occurrences, uid, latency_us, canonical, request FROM "
        "decisions WHERE uid = $1 ORDER BY last_ms DESC LIMIT 1",
        values, take));
  } else {
    // "~" is behind every character of an id.
    const std::string end = text + "~";
    const std::array<Value, 2> values{text, end};
    TALLY_CHECK(database_->query(
        "SELECT id, first_ms, last_ms, occurrences, uid, latency_us, canonical, request FROM "
        "decisions WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 4",
        values, take));
  }
  if (found.empty()) {
    return std::nullopt;
  }
  if (found.size() > 1 && found.front().id != text) {
    std::string candidates;
    for (const KeptDecision& one : found) {
      candidates += (candidates.empty() ? "" : ", ") + one.id;
    }
    return content_error(fmt::format(
        "{} decisions have an id that begins with {}: {}",
        found.size() < kCandidatesMax ? fmt::format("{}", found.size()) : std::string("several"),
        excerpt(text), candidates));
  }
  return std::move(found.front());
}

}  // namespace tally::history
