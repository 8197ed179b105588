// The texts are those of k8s.io/apimachinery v0.37.2, pkg/util/validation/validation.go and
// pkg/api/validate/content.
#include "scalar/name_syntax.hpp"

#include <algorithm>
#include <array>

namespace tally::scalar {

namespace {

constexpr std::uint8_t kLower = 1;
constexpr std::uint8_t kUpper = 2;
constexpr std::uint8_t kDigit = 4;
constexpr std::uint8_t kDash = 8;
constexpr std::uint8_t kUnderscore = 16;
constexpr std::uint8_t kDot = 32;

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned char c = 'a'; c <= 'z'; ++c) {
    classes[c] = kLower;
  }
  for (unsigned char c = 'A'; c <= 'Z'; ++c) {
    classes[c] = kUpper;
  }
  for (unsigned char c = '0'; c <= '9'; ++c) {
    classes[c] = kDigit;
  }
  classes['-'] = kDash;
  classes['_'] = kUnderscore;
  classes['.'] = kDot;
  return classes;
}();

bool is_in(char c, std::uint8_t wanted) noexcept {
  return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

bool all_in(std::string_view text, std::uint8_t wanted) noexcept {
  std::uint8_t outside = 0;
  for (const char c : text) {
    outside |=
        static_cast<std::uint8_t>((kClasses[static_cast<unsigned char>(c)] & wanted) == 0 ? 1 : 0);
  }
  return outside == 0;
}

constexpr std::uint8_t kLowerAlphanumeric = kLower | kDigit;
constexpr std::uint8_t kAlphanumeric = kLower | kUpper | kDigit;

bool is_dns_label(std::string_view text) noexcept {
  return !text.empty() && is_in(text.front(), kLowerAlphanumeric) &&
         is_in(text.back(), kLowerAlphanumeric) && all_in(text, kLowerAlphanumeric | kDash);
}

bool is_dns_subdomain(std::string_view text) noexcept {
  for (;;) {
    const auto dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

bool is_label_name(std::string_view text) noexcept {
  return !text.empty() && is_in(text.front(), kAlphanumeric) && is_in(text.back(), kAlphanumeric) &&
         all_in(text, kAlphanumeric | kDash | kUnderscore | kDot);
}

constexpr std::string_view kAtMost63 = "must be no more than 63 characters";
constexpr std::string_view kAtMost253 = "must be no more than 253 characters";
constexpr std::string_view kLabelName =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kPrefixPart =
    "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

constexpr std::string_view kSubdomain = kPrefixPart.substr(std::string_view{"prefix part "}.size());

}  // namespace

std::string_view dns1123_label_problem(std::string_view text) noexcept {
  if (text.size() > 63) {
    return kAtMost63;
  }
  return is_dns_label(text) ? std::string_view{}
                            : "a lowercase RFC 1123 label must consist of lower case alphanumeric "
                              "characters or '-', and must start and "
                              "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
                              "regex used for validation is "
                              "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

std::string_view dns1123_subdomain_problem(std::string_view text) noexcept {
  if (text.size() > 253) {
    return kAtMost253;
  }
  return is_dns_subdomain(text) ? std::string_view{} : kSubdomain;
}

std::string_view dns1035_label_problem(std::string_view text) noexcept {
  if (text.size() > 63) {
    return kAtMost63;
  }
  return is_dns_label(text) && is_in(text.front(), kLower)
             ? std::string_view{}
             : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
               "with an alphabetic "
               "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
               "regex used for "
               "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

std::string_view path_segment_problem(std::string_view text) noexcept {
  if (text == ".") {
    return "may not be '.'";
  }
  if (text == "..") {
    return "may not be '..'";
  }
  if (text.contains('/')) {
    return "may not contain '/'";
  }
  return text.contains('%') ? "may not contain '%'" : std::string_view{};
}

std::string_view label_key_problem(std::string_view text) noexcept {
  std::string_view name = text;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.contains('/')) {
      return "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must "
             "start and end with an "
             "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
             "validation is "
             "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix "
             "and '/' "
             "(e.g. 'example.com/MyName')";
    }
    if (prefix.empty()) {
      return "prefix part must be non-empty";
    }
    if (prefix.size() > 253) {
      return "prefix part must be no more than 253 characters";
    }
    if (!is_dns_subdomain(prefix)) {
      return kPrefixPart;
    }
  }
  if (name.empty()) {
    return "name part must be non-empty";
  }
  if (name.size() > 63) {
    return "name part must be no more than 63 characters";
  }
  return is_label_name(name) ? std::string_view{} : kLabelName;
}

std::string_view label_value_problem(std::string_view text) noexcept {
  if (text.size() > 63) {
    return kAtMost63;
  }
  return text.empty() || is_label_name(text)
             ? std::string_view{}
             : "a valid label must be an empty string or consist of alphanumeric characters, '-', "
               "'_' or '.', and must "
               "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
               "'12345', regex used "
               "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

std::string_view port_name_problem(std::string_view text) noexcept {
  if (text.size() > 15) {
    return "must be no more than 15 characters";
  }
  if (text.empty() || !all_in(text, kLowerAlphanumeric | kDash)) {
    return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  }
  if (std::none_of(text.begin(), text.end(), [](char c) { return is_in(c, kLower); })) {
    return "must contain at least one letter (a-z)";
  }
  if (text.contains("--")) {
    return "must not contain consecutive hyphens";
  }
  return text.front() == '-' || text.back() == '-' ? "must not begin or end with a hyphen"
                                                   : std::string_view{};
}

std::string_view env_name_problem(std::string_view text) noexcept {
  if (text.empty()) {
    return "environment variable name must be non-empty";
  }
  const bool printable = std::all_of(text.begin(), text.end(),
                                     [](char c) { return c >= ' ' && c <= '~' && c != '='; });
  return printable ? std::string_view{}
                   : "a valid environment variable name must consist only of printable ASCII "
                     "characters other than '='";
}

std::string_view config_key_problem(std::string_view text) noexcept {
  if (text.size() > 253) {
    return kAtMost253;
  }
  if (text.empty() || !all_in(text, kAlphanumeric | kDash | kUnderscore | kDot)) {
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
           "'key.name',  or "
           "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  }
  if (text == ".") {
    return "must not be '.'";
  }
  if (text == "..") {
    return "must not be '..'";
  }
  return text.starts_with("..") ? "must not start with '..'" : std::string_view{};
}

std::string_view port_number_problem(std::int64_t port) noexcept {
  return port >= 1 && port <= 65535 ? std::string_view{} : "must be between 1 and 65535, inclusive";
}

}  // namespace tally::scalar
