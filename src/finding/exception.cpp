#include "finding/exception.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "base/text.hpp"
#include "finding/finding.hpp"

namespace tally::finding {

Result<Day> parse_day(std::string_view text) {
  const auto fail = [&] {
    return content_error(
        fmt::format("found '{}', expected a date such as 2026-03-31", excerpt(text)));
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
    return fail();
  }
  int value = 0;
  std::array<int, 3> parts{};
  std::size_t part = 0;
  for (const char c : text) {
    if (c == '-') {
      parts.at(part++) = value;
      value = 0;
      if (part > 2) {
        return fail();
      }
    } else if (c >= '0' && c <= '9') {
      value = value * 10 + (c - '0');
    } else {
      return fail();
    }
  }
  parts[2] = value;
  const std::chrono::year_month_day date{std::chrono::year{parts[0]},
                                         std::chrono::month{static_cast<unsigned>(parts[1])},
                                         std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (part != 2 || !date.ok()) {
    return fail();
  }
  return static_cast<Day>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::string day_to_text(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return wildcard_match(pattern, text);
         });
}

const document::Name kMetadata{"metadata"};
const document::Name kLabels{"labels"};

bool labels_match(const std::vector<std::pair<std::string, std::string>>& wanted,
                  const document::Node& root) {
  if (wanted.empty()) {
    return true;
  }
  const document::Node* metadata = root.find(kMetadata);
  const document::Node* labels = metadata == nullptr ? nullptr : metadata->find(kLabels);
  if (labels == nullptr) {
    return false;
  }
  return std::ranges::all_of(wanted, [&](const auto& pair) {
    const document::Node* value = labels->find(pair.first);
    return value != nullptr && value->is_string() && wildcard_match(pair.second, value->text());
  });
}

}  // namespace

bool names_rule(const std::vector<std::string>& patterns, const Check& check) {
  const std::string with_policy = fmt::format("{}/{}", check.policy, check.id);
  const std::string with_engine = fmt::format("{}/{}", check.engine, check.id);
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return wildcard_match(pattern, check.id) || wildcard_match(pattern, with_policy) ||
           wildcard_match(pattern, with_engine);
  });
}

bool matches(const Exception& exception, const Finding& finding, Day today,
             std::string_view user) {
  const bool expired = exception.expires != 0 && today > exception.expires;
  // A waiver for users speaks of requests; a file has no user.
  const bool is_for_others = !exception.match.users.empty() &&
                             (user.empty() || !any_matches(exception.match.users, user));
  if (expired || finding.check == nullptr || finding.subject == nullptr || is_for_others) {
    return false;
  }
  const scalar::ObjectRef& ref = finding.subject->ref;
  return any_matches(exception.match.kinds, ref.kind) &&
         any_matches(exception.match.namespaces, ref.name_space) &&
         any_matches(exception.match.names, ref.name) &&
         (exception.match.rules.empty() || names_rule(exception.match.rules, *finding.check)) &&
         labels_match(exception.match.labels, finding.subject->root);
}

}  // namespace tally::finding
