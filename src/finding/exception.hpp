#pragma once
// Exception: one waiver noun for every engine. Foreign waivers (Pod Security exemptions,
// PolicyExceptions, excluded namespaces) are read into it. An expired one accepts nothing and is
// itself a finding; every use is counted.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace tally::finding {

struct Check;
struct Finding;

// Days since 1970-01-01 (UTC). Exceptions expire at the end of their day.
using Day = std::int32_t;

struct ExceptionMatch {
  // Wildcards `*` and `?` are allowed in each; an empty list matches everything.
  std::vector<std::string> rules;  // "rule", "policy/rule" or "engine/rule"
  std::vector<std::string> kinds;
  std::vector<std::string> namespaces;
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::string>>
      labels;                      // all must be equal (values may be wildcards)
  std::vector<std::string> users;  // for reviews; an exception with users never matches a file
};

struct Exception {
  std::string id;
  std::string owner;
  std::string reason;
  std::string ticket;
  ExceptionMatch match;
  Day expires = 0;   // 0: never
  std::string file;  // where it is written
  Position at;
};

// "2026-03-31" (a calendar date that exists) as Day.
[[nodiscard]] Result<Day> parse_day(std::string_view text);
[[nodiscard]] std::string day_to_text(Day day);

// Whether one of the patterns names the rule: "rule", "policy/rule", "engine/rule"; wildcards.
[[nodiscard]] bool names_rule(const std::vector<std::string>& patterns, const Check& check);

// Does the exception speak of this finding on this day? Labels are those of the subject's metadata.
// `user`: who asks, of a request; empty: nobody known.
[[nodiscard]] bool matches(const Exception& exception, const Finding& finding, Day today,
                           std::string_view user = {});

}  // namespace tally::finding
