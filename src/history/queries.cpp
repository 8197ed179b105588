#include "history/internal/queries.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tally::history {

namespace {

using store::Sql;
using store::SqlText;
using store::Value;

constexpr Sql kPlaces[] = {"$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8"};

// Conditions behind each other, numbered as they come.
class Builder {
 public:
  explicit Builder(Sql select) : question_{.sql = SqlText(select)} {}

  // "column >= " and the value behind it.
  void where(Sql condition, Value value, Sql behind = "") {
    plain(condition);
    place(value);
    question_.sql += behind;
  }
  void plain(Sql condition) {
    question_.sql += is_first_ ? Sql(" WHERE ") : Sql(" AND ");
    is_first_ = false;
    question_.sql += condition;
  }
  void text(Sql condition, const std::string& value, Sql behind = "") {
    if (!value.empty()) {
      where(condition, std::string_view(value), behind);
    }
  }
  Question end(Sql order, std::uint32_t limit) {
    question_.sql += order;
    if (limit != 0) {
      question_.sql += " LIMIT ";
      place(static_cast<std::int64_t>(limit));
    }
    return std::move(question_);
  }

 private:
  void place(Value value) {
    question_.sql += kPlaces[question_.values.size()];
    question_.values.push_back(value);
  }
  Question question_;
  bool is_first_ = true;
};

}  // namespace

// The conditions of partial indexes (schema.hpp) stand here word for word: a plan uses such an
// index only then.
Question question(const DecisionQuery& query) {
  Builder builder(
      "SELECT id, first_ms, last_ms, occurrences, uid, latency_us, canonical FROM decisions");
  if (query.only_denied) {
    builder.plain("allowed = 0");
  }
  builder.text("namespace = ", query.name_space);
  builder.text("username = ", query.user);
  builder.text("kind = ", query.kind);
  builder.text("id IN (SELECT decision_id FROM decision_policies WHERE policy = ", query.policy,
               ")");
  if (query.since_ms) {
    builder.where("last_ms >= ", *query.since_ms);
  }
  if (query.until_ms) {
    builder.where("last_ms < ", *query.until_ms);
  }
  return builder.end(" ORDER BY last_ms DESC, id", query.limit);
}

Question question(const FindingQuery& query) {
  Builder builder(
      "SELECT fingerprint, engine, policy, rule, api_group, kind, namespace, name, container, "
      "pointer, severity, verdict, mode, found, allowed, message, remedy, first_seen_ms, "
      "last_seen_ms, changed_ms, resolved_ms FROM findings");
  if (query.state == FindingQuery::State::Open) {
    builder.plain("resolved_ms IS NULL");
  } else if (query.state == FindingQuery::State::Resolved) {
    builder.plain("resolved_ms IS NOT NULL");
  }
  builder.text("namespace = ", query.name_space);
  builder.text("policy = ", query.policy);
  if (query.severity_min) {
    builder.where("severity <= ", static_cast<std::int64_t>(*query.severity_min));
  }
  if (query.since_ms) {
    builder.where("changed_ms >= ", *query.since_ms);
  }
  if (query.until_ms) {
    builder.where("changed_ms < ", *query.until_ms);
  }
  return builder.end(" ORDER BY changed_ms DESC, fingerprint", query.limit);
}

Question question(const History::ScopeQuery& query) {
  Builder builder(
      "SELECT time_ms, policy, namespace, from_mode, to_mode, username, source FROM "
      "scope_changes");
  builder.text("policy IN ('', ", query.policy, ")");
  builder.text("namespace IN ('', ", query.name_space, ")");
  if (query.since_ms) {
    builder.where("time_ms >= ", *query.since_ms);
  }
  if (query.until_ms) {
    builder.where("time_ms < ", *query.until_ms);
  }
  return builder.end(" ORDER BY time_ms DESC, policy, namespace, to_mode", query.limit);
}

std::string storable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t bad = find_invalid_utf8(text).value_or(text.size());
    const std::size_t end = std::min(bad, text.find('\0'));
    out += text.substr(0, end);
    text.remove_prefix(std::min(end, text.size()));
    if (!text.empty()) {
      append_utf8(out, 0xfffd);
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string storable_key(std::string_view text) {
  constexpr std::size_t kKeyBytesMax = 512;
  std::string out = storable(text);
  if (out.size() > kKeyBytesMax) {
    std::size_t end = kKeyBytesMax;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) {
      --end;  // in the middle of a character
    }
    out.resize(end);
  }
  return out;
}

}  // namespace tally::history
