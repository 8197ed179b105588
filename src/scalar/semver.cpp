#include "scalar/semver.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "scalar/go_quote.hpp"

namespace tally::scalar {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) { return std::ranges::all_of(text, is_digit); }

bool is_identifier(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

std::unexpected<Error> refuse(std::string_view why, std::string_view what) {
  std::string message(why);
  message += ' ';
  append_go_quoted(message, what);
  return content_error(std::move(message));
}

// strconv.ParseUint of Go for a text of digits.
Result<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure != std::errc{}) {
    std::string message = "strconv.ParseUint: parsing ";
    append_go_quoted(message, digits);
    message += digits.empty() ? ": invalid syntax" : ": value out of range";
    return content_error(std::move(message));
  }
  return value;
}

struct PartNames {
  std::string_view invalid;
  std::string_view leading_zero;
};

Result<std::uint64_t> parse_part(std::string_view text, const PartNames& names) {
  if (!is_number(text)) {
    return refuse(names.invalid, text);
  }
  if (text.size() > 1 && text[0] == '0') {
    return refuse(names.leading_zero, text);
  }
  return parse_number(text);
}

// The parts of a text between dots, one after the other.
class Identifiers {
 public:
  explicit Identifiers(std::string_view text) : rest_(text), done_(false) {}
  bool next(std::string_view& identifier) {
    if (done_) {
      return false;
    }
    const std::size_t dot = rest_.find('.');
    identifier = rest_.substr(0, dot);
    done_ = dot == std::string_view::npos;
    rest_ = done_ ? std::string_view{} : rest_.substr(dot + 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool done_;
};

Result<void> check_prerelease(std::string_view text) {
  Identifiers identifiers(text);
  for (std::string_view identifier; identifiers.next(identifier);) {
    if (identifier.empty()) {
      return content_error("Prerelease is empty");
    }
    if (is_number(identifier)) {
      if (identifier.size() > 1 && identifier[0] == '0') {
        return refuse("Numeric PreRelease version must not contain leading zeroes", identifier);
      }
      TALLY_CHECK(parse_number(identifier));
    } else if (!is_identifier(identifier)) {
      return refuse("Invalid character(s) found in prerelease", identifier);
    }
  }
  return {};
}

Result<void> check_build(std::string_view text) {
  Identifiers identifiers(text);
  for (std::string_view identifier; identifiers.next(identifier);) {
    if (identifier.empty()) {
      return content_error("Build meta data is empty");
    }
    if (!is_identifier(identifier)) {
      return refuse("Invalid character(s) found in build meta data", identifier);
    }
  }
  return {};
}

int order_of(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

// Numbers stand below texts, and compare by value: without leading zeros the longer one is greater.
int compare_identifiers(std::string_view a, std::string_view b) {
  const bool a_is_number = is_number(a);
  if (a_is_number != is_number(b)) {
    return a_is_number ? -1 : 1;
  }
  if (a_is_number && a.size() != b.size()) {
    return a.size() < b.size() ? -1 : 1;
  }
  return order_of(a <=> b);
}

int compare_prereleases(std::string_view a, std::string_view b) {
  Identifiers as(a);
  Identifiers bs(b);
  while (true) {
    std::string_view x;
    std::string_view y;
    const bool has_x = as.next(x);
    const bool has_y = bs.next(y);
    if (!has_x || !has_y) {
      return has_x ? 1 : has_y ? -1 : 0;
    }
    if (const int order = compare_identifiers(x, y); order != 0) {
      return order;
    }
  }
}

}  // namespace

Result<Semver> Semver::parse(std::string_view text) {
  if (text.empty()) {
    return content_error("Version string empty");
  }
  const std::size_t first = text.find('.');
  const std::size_t second =
      first == std::string_view::npos ? std::string_view::npos : text.find('.', first + 1);
  if (second == std::string_view::npos) {
    return content_error("No Major.Minor.Patch elements found");
  }
  Semver version;
  TALLY_TRY(version.major_,
            parse_part(text.substr(0, first), {"Invalid character(s) found in major number",
                                               "Major number must not contain leading zeroes"}));
  TALLY_TRY(version.minor_, parse_part(text.substr(first + 1, second - first - 1),
                                       {"Invalid character(s) found in minor number",
                                        "Minor number must not contain leading zeroes"}));
  std::string_view patch = text.substr(second + 1);
  const std::size_t plus = patch.find('+');
  const std::string_view build =
      plus == std::string_view::npos ? std::string_view{} : patch.substr(plus + 1);
  const std::string_view before_build = patch.substr(0, plus);
  const std::size_t dash = before_build.find('-');
  const std::string_view prerelease =
      dash == std::string_view::npos ? std::string_view{} : before_build.substr(dash + 1);
  TALLY_TRY(version.patch_, parse_part(before_build.substr(0, dash),
                                       {"Invalid character(s) found in patch number",
                                        "Patch number must not contain leading zeroes"}));
  if (dash != std::string_view::npos) {
    TALLY_CHECK(check_prerelease(prerelease));
  }
  if (plus != std::string_view::npos) {
    TALLY_CHECK(check_build(build));
  }
  version.prerelease_ = prerelease;
  return version;
}

int Semver::compare(const Semver& other) const noexcept {
  if (major_ != other.major_) {
    return order_of(major_ <=> other.major_);
  }
  if (minor_ != other.minor_) {
    return order_of(minor_ <=> other.minor_);
  }
  if (patch_ != other.patch_) {
    return order_of(patch_ <=> other.patch_);
  }
  if (prerelease_.empty() || other.prerelease_.empty()) {
    return prerelease_.empty() ? (other.prerelease_.empty() ? 0 : 1) : -1;
  }
  return compare_prereleases(prerelease_, other.prerelease_);
}

Result<std::string> normalize_semver(std::string_view text) {
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  std::array<std::string, 3> parts;
  std::size_t count = 0;
  for (std::string_view rest = text;; ++count) {
    const std::size_t dot = count == 2 ? std::string_view::npos : rest.find('.');
    std::string_view part = rest.substr(0, dot);
    if (part.size() > 1) {
      part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
      parts[count] = part.empty() || !is_digit(part[0]) ? "0" : "";
    }
    parts[count] += part;
    if (dot == std::string_view::npos) {
      ++count;
      break;
    }
    rest.remove_prefix(dot + 1);
  }
  if (count < 3 && parts[count - 1].find_first_of("+-") != std::string::npos) {
    return content_error("short version cannot contain PreRelease/Build meta data");
  }
  for (; count < 3; ++count) {
    parts[count] = "0";
  }
  return parts[0] + "." + parts[1] + "." + parts[2];
}

}  // namespace tally::scalar
