// semver_compare: ranges of versions as github.com/blang/semver v4 (range.go) reads them.
//
//   range      = conjunction { "||" conjunction }
//   conjunction = comparison { " " comparison }
//   comparison = [ "=" | "==" | "!" | "!=" | ">" | ">=" | "<" | "<=" ] version
//
// A version may end in ".x".
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <vector>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "scalar/go_quote.hpp"
#include "scalar/semver.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

std::string quoted(std::string_view text) {
  std::string out;
  scalar::append_go_quoted(out, text);
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Pieces between blanks; a blank behind an operator belongs to it. As upstream, a piece of one
// character is lost.
std::vector<std::string> split_range(std::string_view text) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view piece) {
    std::string part;
    for (const char c : piece) {
      part += c == ' ' ? std::string{} : std::string(1, c);
    }
    parts.push_back(std::move(part));
  };
  std::size_t begin = 0;
  char last = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' && last != '>' && last != '<' && last != '=') {
      if (begin + 1 < i) {
        add(text.substr(begin, i - begin));
      }
      begin = i + 1;
    } else if (text[i] != ' ') {
      last = text[i];
    }
  }
  if (begin + 1 < text.size()) {
    add(text.substr(begin));
  }
  return parts;
}

struct Comparison {
  std::string op;
  std::string version;
};

std::expected<Comparison, std::string> split_comparison(std::string_view part) {
  std::size_t at = 0;
  while (at < part.size() && !is_digit(part[at])) {
    ++at;
  }
  if (at == part.size()) {
    return std::unexpected("Could not get version from string: " + quoted(part));
  }
  return Comparison{std::string(part.substr(0, at)), std::string(part.substr(at))};
}

std::vector<std::string> split_dots(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos;
       dot = text.find('.', begin)) {
    parts.emplace_back(text.substr(begin, dot - begin));
    begin = dot + 1;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

void replace_first(std::string& text, std::string_view what, std::string_view with) {
  if (const std::size_t at = text.find(what); at != std::string::npos) {
    text.replace(at, what.size(), with);
  }
}

// The version with the given part one higher; empty if that part is no number.
std::string incremented(std::string_view version, std::size_t part) {
  auto parts = split_dots(version);
  std::int64_t number = 0;
  if (part >= parts.size()) {
    return {};
  }
  const std::string& text = parts[part];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return {};
  }
  parts[part] = std::to_string(number + 1);
  std::string out;
  for (const std::string& one : parts) {
    out += out.empty() ? "" : ".";
    out += one;
  }
  return out;
}

// What a wildcard stands for: one or two plain comparisons.
std::expected<void, std::string> expand(const std::string& part, std::vector<std::string>& out) {
  if (part.find('x') == std::string::npos) {
    out.push_back(part);
    return {};
  }
  auto comparison = split_comparison(part);
  if (!comparison) {
    return std::unexpected(std::move(comparison).error());
  }
  const std::vector<std::string> parts = split_dots(comparison->version);
  const std::size_t wildcard = parts.back() == "x" ? parts.size() : 0;
  std::string flat = comparison->version;
  replace_first(flat, ".x.x", ".x");
  replace_first(flat, ".x", ".0");
  if (split_dots(flat).size() == 2) {
    flat += ".0";
  }
  const std::string& op = comparison->op;
  std::string result_op;
  bool is_next = false;
  if (op == ">") {
    result_op = ">=";
    is_next = true;
  } else if (op == ">=" || op == "<") {
    result_op = op;
  } else if (op == "<=") {
    result_op = "<";
    is_next = true;
  } else if (op.empty() || op == "=" || op == "==") {
    out.push_back(">=" + flat);
    result_op = "<";
    is_next = true;
  } else if (op == "!=" || op == "!") {
    out.push_back("<" + flat);
    result_op = ">=";
    is_next = true;
  }
  const std::string version = !is_next        ? flat
                              : wildcard == 3 ? incremented(flat, 1)
                              : wildcard == 2 ? incremented(flat, 0)
                                              : "";
  out.push_back(result_op + version);
  return {};
}

std::expected<bool, std::string> holds(const scalar::Semver& version, const std::string& part) {
  const auto comparison = split_comparison(part);
  if (!comparison) {
    return std::unexpected(comparison.error());
  }
  const std::string& op = comparison->op;
  constexpr std::array<std::string_view, 9> kOperators{
      "", "=", "==", "!", "!=", ">", ">=", "<", "<="};
  bool known = false;
  for (const std::string_view one : kOperators) {
    known = known || one == op;
  }
  if (!known) {
    return std::unexpected(
        fmt::format("Could not parse Range {}: Could not parse comparator {} in {}", quoted(part),
                    quoted(op), quoted(part)));
  }
  const auto other = scalar::Semver::parse(comparison->version);
  if (!other) {
    return std::unexpected(
        fmt::format("Could not parse Range {}: Could not parse version {} in {}: {}", quoted(part),
                    quoted(comparison->version), quoted(part), other.error().message));
  }
  const int order = version.compare(*other);
  return op == ">"      ? order > 0
         : op == ">="   ? order >= 0
         : op == "<"    ? order < 0
         : op == "<="   ? order <= 0
         : op[0] == '!' ? order != 0
                        : order == 0;
}

// All parts are looked at before anything is decided: an error anywhere is one.
std::expected<bool, std::string> is_in_range(const scalar::Semver& version, std::string_view text) {
  const std::vector<std::string> parts = split_range(text);
  if (!parts.empty() && parts.front() == "||") {
    return std::unexpected("First element in range is '||'");
  }
  if (parts.empty() || parts.back() == "||") {
    return std::unexpected("Last element in range is '||'");
  }
  std::vector<std::vector<std::string>> conjunctions(1);
  for (const std::string& part : parts) {
    if (part == "||") {
      conjunctions.emplace_back();
    } else if (auto expanded = expand(part, conjunctions.back()); !expanded) {
      return std::unexpected(std::move(expanded).error());
    }
  }
  bool any = false;
  for (const auto& conjunction : conjunctions) {
    if (conjunction.empty()) {
      return std::unexpected("empty element between '||'");  // upstream panics
    }
    bool all = true;
    for (const std::string& part : conjunction) {
      const auto one = holds(version, part);
      if (!one) {
        return one;
      }
      all = all && *one;
    }
    any = any || all;
  }
  return any;
}

// A version that cannot be read passes for 0.0.0, as upstream has it.
bool apply_semver_compare(Call& call, Arguments arguments, Node& out) {
  const auto version = scalar::Semver::parse(arguments[0].text());
  const auto result = is_in_range(version ? *version : scalar::Semver{}, arguments[1].text());
  if (!result) {
    return call.fail(result.error());
  }
  return call.charge_steps(arguments[0].text().size() + arguments[1].text().size()) &&
         call.give_bool(*result, out);
}

constexpr std::array kTwoTexts{kString, kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "semver_compare",
     .parameters = kTwoTexts,
     .returns = kBoolean,
     .apply = apply_semver_compare,
     .summary = "Whether a semantic version lies in a range.",
     .example = "semver_compare('4.1.3', '>=4.1.x <5.0.0 || 6.x')"},
});

}  // namespace

std::span<const Function> kyverno_semver_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
