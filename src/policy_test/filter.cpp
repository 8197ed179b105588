#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "policy_test/run.hpp"

namespace tally::policy_test {

std::string_view to_text(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::Pass:
      return "pass";
    case Outcome::Fail:
      return "fail";
    case Outcome::NoRule:
      return "no rule responded";
    case Outcome::NotCompared:
      return "not compared";
    case Outcome::Unknown:
      return "unknown";
    case Outcome::Skipped:
      return "skipped";
  }
  return "";
}

Result<Filter> Filter::parse(std::string_view text) {
  Filter filter;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view term = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = term.find('=');
    if (equals == std::string_view::npos || term.find('=', equals + 1) != std::string_view::npos) {
      return content_error(fmt::format("a filter is KEY=PATTERN, found '{}'", excerpt(term)));
    }
    const std::string_view key = trim(term.substr(0, equals));
    const std::string value(trim(term.substr(equals + 1)));
    if (key == "policy") {
      filter.policy = value;
    } else if (key == "rule") {
      filter.rule = value;
    } else if (key == "resource") {
      filter.resource = value;
    } else if (key == "result") {
      filter.result = value;
    } else {
      return content_error(
          fmt::format("a filter names policy, rule, resource or result, found '{}'", excerpt(key)));
    }
  }
  return filter;
}

}  // namespace tally::policy_test
