#include "pattern/anchor.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tally::pattern {
namespace {

// unicode.IsSpace of Go, as UTF-8.
constexpr std::array<std::string_view, 25> kSpaces = {" ",
                                                      "\t",
                                                      "\n",
                                                      "\v",
                                                      "\f",
                                                      "\r",
                                                      "\xC2\x85",
                                                      "\xC2\xA0",
                                                      "\xE1\x9A\x80",
                                                      "\xE2\x80\x80",
                                                      "\xE2\x80\x81",
                                                      "\xE2\x80\x82",
                                                      "\xE2\x80\x83",
                                                      "\xE2\x80\x84",
                                                      "\xE2\x80\x85",
                                                      "\xE2\x80\x86",
                                                      "\xE2\x80\x87",
                                                      "\xE2\x80\x88",
                                                      "\xE2\x80\x89",
                                                      "\xE2\x80\x8A",
                                                      "\xE2\x80\xA8",
                                                      "\xE2\x80\xA9",
                                                      "\xE2\x80\xAF",
                                                      "\xE2\x81\x9F",
                                                      "\xE3\x80\x80"};

constexpr std::array<std::pair<char, AnchorKind>, 5> kModifiers = {
    {{'+', AnchorKind::AddIfNotPresent},
     {'<', AnchorKind::Global},
     {'=', AnchorKind::Equality},
     {'X', AnchorKind::Negation},
     {'^', AnchorKind::Existence}}};

}  // namespace

std::string_view trim_unicode_space(std::string_view text) noexcept {
  const auto starts = [&](std::string_view space) { return text.starts_with(space); };
  const auto ends = [&](std::string_view space) { return text.ends_with(space); };
  // Most texts begin and end with a printable ASCII character.
  const auto plain = [](char c) { return c > ' ' && c < '\x7F'; };
  while (!text.empty() && !plain(text.front())) {
    const auto* space = std::ranges::find_if(kSpaces, starts);
    if (space == kSpaces.end()) {
      break;
    }
    text.remove_prefix(space->size());
  }
  while (!text.empty() && !plain(text.back())) {
    const auto* space = std::ranges::find_if(kSpaces, ends);
    if (space == kSpaces.end()) {
      break;
    }
    text.remove_suffix(space->size());
  }
  return text;
}

// Kyverno 1.19.1, pkg/engine/anchor/anchor.go: ^(?P<modifier>[+<=X^])?\((?P<key>.+)\)$, where the
// dot is no line feed.
std::optional<Anchor> parse_anchor(std::string_view text) noexcept {
  text = trim_unicode_space(text);
  if (text.size() < 3 || text.back() != ')') {
    return std::nullopt;
  }
  AnchorKind kind = AnchorKind::Condition;
  if (text.front() != '(') {
    const auto* modifier =
        std::ranges::find(kModifiers, text.front(), &std::pair<char, AnchorKind>::first);
    if (modifier == kModifiers.end()) {
      return std::nullopt;
    }
    kind = modifier->second;
    text.remove_prefix(1);
  }
  if (text.size() < 3 || text.front() != '(') {
    return std::nullopt;
  }
  const std::string_view key = text.substr(1, text.size() - 2);
  if (key.find('\n') != std::string_view::npos) {
    return std::nullopt;
  }
  return Anchor{kind, key};
}

std::string_view anchor_modifier(AnchorKind kind) noexcept {
  switch (kind) {
    case AnchorKind::Condition:
      return "";
    case AnchorKind::Global:
      return "<";
    case AnchorKind::Negation:
      return "X";
    case AnchorKind::AddIfNotPresent:
      return "+";
    case AnchorKind::Equality:
      return "=";
    case AnchorKind::Existence:
      return "^";
  }
  return "";
}

}  // namespace tally::pattern
