#include "migration/internal/reads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "migration/internal/regex_sample.hpp"

namespace tally::migration {

using document::Node;

namespace {

constexpr std::size_t kReadsMax = 4'000;
constexpr std::size_t kTextMax = 200;

void add_text(std::vector<std::string>& out, std::string_view text) {
  if (text.size() > kTextMax) {
    return;
  }
  std::string json;
  document::append_json_string(json, text);
  if (std::ranges::find(out, json) == out.end()) {
    out.push_back(std::move(json));
  }
}

void add_near_number(std::vector<std::string>& out, std::string_view text) {
  std::size_t digits = text.starts_with('-') ? 1 : 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    ++digits;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc{} || digits > 12) {
    return;
  }
  const std::string_view unit = text.substr(digits);
  constexpr std::string_view kUnits[] = {"", "m", "k", "Ki", "Mi", "Gi", "Ti", "M", "G", "%", "s"};
  if (std::ranges::find(kUnits, unit) == std::end(kUnits)) {
    return;
  }
  for (const std::int64_t step : {-1, 0, 1}) {
    if (unit.empty()) {
      out.push_back(fmt::format("{}", number + step));
    }
    add_text(out, fmt::format("{}{}", number + step, unit));
  }
}

void add_variants(std::vector<std::string>& out, std::string_view text) {
  // The text of a pattern that is no plain text matches itself: no object is made of that.
  if (text.find_first_of("|&!<>*?") == std::string_view::npos) {
    add_text(out, text);
  }
  if (is_regex_like(text)) {
    const std::string sample = sample_of_regex(text);
    add_text(out, sample);
    add_text(out, "x" + sample);
    add_text(out, sample + "x");
    return;
  }
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of("|&", begin), text.size());
    std::string_view part = trim(text.substr(begin, end - begin));
    part.remove_prefix(std::min(part.find_first_not_of("!<>="), part.size()));
    part = trim(part);
    std::string filled;
    std::string emptied;
    for (const char c : part) {
      filled += c == '*' || c == '?' ? 'x' : c;
      if (c != '*') {
        emptied += c == '?' ? 'y' : c;
      }
    }
    add_text(out, filled);
    add_text(out, emptied);
    add_text(out, filled + "x");
    add_text(out, "x" + filled);
    if (part == "true" || part == "false") {
      out.emplace_back(part);
    }
    add_near_number(out, part);
    if (const std::size_t dash = part.find('-', 1); dash != std::string_view::npos) {
      add_near_number(out, part.substr(0, dash));
      add_near_number(out, part.substr(dash + 1));
    }
    begin = end + 1;
  }
}

}  // namespace

std::vector<std::string> variants_of(const Node& value) {
  std::vector<std::string> out;
  switch (value.kind()) {
    case document::NodeKind::Bool:
      out = {"true", "false"};
      break;
    case document::NodeKind::Number:
      out.emplace_back(value.text());
      add_near_number(out, value.text());
      break;
    case document::NodeKind::String:
      add_variants(out, value.text());
      break;
    case document::NodeKind::Array:
      for (const Node& item : value.items()) {
        if (!item.is_array()) {
          std::ranges::copy(variants_of(item), std::back_inserter(out));
        }
      }
      break;
    case document::NodeKind::Null:
    case document::NodeKind::Object:
      break;
  }
  return out;
}

void Reads::add(const Path& path, std::vector<std::string> values) {
  if (path.empty() || reads_.size() >= kReadsMax ||
      std::ranges::find(path, kKeysOf) != path.end()) {
    return;
  }
  const auto same = std::ranges::find(reads_, path, &Read::path);
  if (same == reads_.end()) {
    reads_.push_back({.path = path, .values = std::move(values)});
    return;
  }
  for (std::string& value : values) {
    if (std::ranges::find(same->values, value) == same->values.end()) {
      same->values.push_back(std::move(value));
    }
  }
}

void Reads::add(const Path& path, const Node& value) {
  if (const auto keys = std::ranges::find(path, kKeysOf); keys != path.end()) {
    for (const Node& item : value.is_array() ? value.items() : std::span<const Node>(&value, 1)) {
      Path to(path.begin(), keys);
      to.emplace_back(item.text());
      add(to, {"{}", "\"x\""});
    }
    return;
  }
  add(path, variants_of(value));
}

}  // namespace tally::migration
