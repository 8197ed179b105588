#pragma once
// The tables of the history. docs/history.md says what they mean; a version that has been released
// is never changed: a new one is added behind it.
//
// Times are milliseconds since 1970, flags 0 and 1. Text columns that are compared by order
// (prefixes of ids) are bytewise in PostgreSQL, as in SQLite.

#include "store/migration.hpp"

namespace tally::history {

inline constexpr store::Migration kMigrations[] = {
    {.version = 1,
     .sql = R"(
CREATE TABLE decisions (
  id TEXT NOT NULL PRIMARY KEY,
  first_ms BIGINT NOT NULL,
  last_ms BIGINT NOT NULL,
  occurrences BIGINT NOT NULL,
  uid TEXT NOT NULL,
  latency_us BIGINT NOT NULL,
  operation TEXT NOT NULL,
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  username TEXT NOT NULL,
  allowed BIGINT NOT NULL,
  mode TEXT NOT NULL,
  dry_run BIGINT NOT NULL,
  routine BIGINT NOT NULL,
  message TEXT NOT NULL,
  policy_digest TEXT NOT NULL,
  canonical TEXT NOT NULL,
  request TEXT NOT NULL);
CREATE INDEX decisions_last ON decisions (last_ms);
CREATE INDEX decisions_denied ON decisions (last_ms) WHERE allowed = 0;
CREATE INDEX decisions_routine ON decisions (last_ms) WHERE routine = 1;
CREATE INDEX decisions_namespace ON decisions (namespace, last_ms);
CREATE INDEX decisions_username ON decisions (username, last_ms);
CREATE INDEX decisions_kind ON decisions (kind, last_ms);
CREATE INDEX decisions_uid ON decisions (uid);

CREATE TABLE decision_policies (
  policy TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  PRIMARY KEY (policy, decision_id),
  FOREIGN KEY (decision_id) REFERENCES decisions (id) ON DELETE CASCADE);
CREATE INDEX decision_policies_decision ON decision_policies (decision_id);

CREATE TABLE findings (
  fingerprint TEXT NOT NULL PRIMARY KEY,
  engine TEXT NOT NULL,
  policy TEXT NOT NULL,
  rule TEXT NOT NULL,
  api_group TEXT NOT NULL,
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  container TEXT NOT NULL,
  pointer TEXT NOT NULL,
  severity BIGINT NOT NULL,
  verdict TEXT NOT NULL,
  mode TEXT NOT NULL,
  found TEXT NOT NULL,
  allowed TEXT NOT NULL,
  message TEXT NOT NULL,
  remedy TEXT NOT NULL,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  resolved_ms BIGINT);
CREATE INDEX findings_subject ON findings (namespace, name, kind, api_group);
CREATE INDEX findings_changed ON findings (changed_ms);
CREATE INDEX findings_open ON findings (changed_ms) WHERE resolved_ms IS NULL;
CREATE INDEX findings_namespace ON findings (namespace, changed_ms);
CREATE INDEX findings_policy ON findings (policy, changed_ms);
CREATE INDEX findings_resolved ON findings (resolved_ms) WHERE resolved_ms IS NOT NULL;

CREATE TABLE finding_changes (
  fingerprint TEXT NOT NULL,
  step BIGINT NOT NULL,
  time_ms BIGINT NOT NULL,
  what TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  PRIMARY KEY (fingerprint, step),
  FOREIGN KEY (fingerprint) REFERENCES findings (fingerprint) ON DELETE CASCADE);

CREATE TABLE policies (
  kind TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source TEXT NOT NULL,
  loaded BIGINT NOT NULL,
  why TEXT NOT NULL,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  PRIMARY KEY (kind, namespace, name, digest));
CREATE INDEX policies_last_seen ON policies (last_seen_ms);

CREATE TABLE scope_changes (
  time_ms BIGINT NOT NULL,
  policy TEXT NOT NULL,
  namespace TEXT NOT NULL,
  from_mode TEXT NOT NULL,
  to_mode TEXT NOT NULL,
  username TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (time_ms, policy, namespace, to_mode));
)",
     .postgresql = R"(
ALTER TABLE decision_policies DROP CONSTRAINT decision_policies_decision_id_fkey;
ALTER TABLE decisions ALTER COLUMN id TYPE TEXT COLLATE "C";
ALTER TABLE decision_policies ALTER COLUMN decision_id TYPE TEXT COLLATE "C";
ALTER TABLE decision_policies ADD FOREIGN KEY (decision_id) REFERENCES decisions (id)
  ON DELETE CASCADE;
)"},
};

}  // namespace tally::history
