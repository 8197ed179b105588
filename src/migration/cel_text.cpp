#include "migration/internal/cel_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace tally::migration {

namespace {

constexpr std::size_t kLineMax = 96;

bool is_word(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Where `op` stands outside of parentheses and texts; nothing else is split.
std::vector<std::string_view> split_at(std::string_view text, std::string_view op) {
  std::vector<std::string_view> parts;
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      for (++i; i < text.size() && text[i] != '\''; ++i) {
        i += text[i] == '\\' ? 1U : 0U;
      }
      continue;
    }
    if (text[i] == '(' || text[i] == '[' || text[i] == '{') {
      ++depth;
    } else if ((text[i] == ')' || text[i] == ']' || text[i] == '}') && depth > 0) {
      --depth;
    }
    if (depth == 0 && text.substr(i).starts_with(op)) {
      parts.push_back(text.substr(begin, i - begin));
      i += op.size() - 1;
      begin = i + 1;
    }
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::size_t last_open(std::string_view text) {
  if (!text.ends_with(')')) {
    return std::string_view::npos;
  }
  std::size_t depth = 0;
  std::size_t open = std::string_view::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      for (++i; i < text.size() && text[i] != '\''; ++i) {
        i += text[i] == '\\' ? 1U : 0U;
      }
    } else if (text[i] == '(') {
      open = depth++ == 0 ? i : open;
    } else if (text[i] == ')') {
      depth -= depth > 0 ? 1U : 0U;
    }
  }
  return open;
}

std::string laid_out(std::string_view text, std::size_t indent, std::size_t depth) {
  constexpr std::size_t kDepthMax = 40;
  if (indent + text.size() <= kLineMax || depth > kDepthMax) {
    return std::string(text);
  }
  const std::string margin(indent, ' ');
  for (const std::string_view op : {" ? ", " || ", " && "}) {
    const auto parts = split_at(text, op);
    if (parts.size() < 2) {
      continue;
    }
    if (op == " ? ") {
      return std::string(text);
    }
    std::string out;
    for (const std::string_view part : parts) {
      out += out.empty() ? "" : fmt::format("{}\n{}", op.substr(0, 3), margin);
      out += laid_out(part, indent, depth + 1);
    }
    return out;
  }
  const std::size_t open = last_open(text);
  if (open == std::string_view::npos || open + 2 >= text.size()) {
    return std::string(text);
  }
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  const auto arguments = split_at(inner, ", ");
  const std::string inner_margin(indent + 2, ' ');
  if (arguments.size() == 2 && std::ranges::all_of(arguments[0], is_word)) {
    return fmt::format("{}({},\n{}{}\n{})", text.substr(0, open), arguments[0], inner_margin,
                       laid_out(arguments[1], indent + 2, depth + 1), margin);
  }
  if (arguments.size() == 1) {
    return fmt::format("{}(\n{}{}\n{})", text.substr(0, open), inner_margin,
                       laid_out(inner, indent + 2, depth + 1), margin);
  }
  return std::string(text);
}

}  // namespace

Cel always(bool value) { return primary(value ? "true" : "false"); }
Cel primary(std::string text) { return {.text = std::move(text)}; }

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    switch (c) {
      case '\'':
        out += "\\'";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  return out + "'";
}

bool is_identifier(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> kLiterals{"true", "false", "null", "in"};
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, is_word) &&
         std::ranges::find(kLiterals, text) == kLiterals.end();
}

std::string selected(std::string_view of, std::string_view key) {
  return is_identifier(key) ? fmt::format("{}.{}", of, key)
                            : fmt::format("{}[{}]", of, quoted(key));
}

Cel has(std::string_view of, std::string_view key) {
  return is_identifier(key) ? primary(fmt::format("has({}.{})", of, key))
                            : related(quoted(key), "in", of);
}

std::string selected_optionally(std::string_view of, std::string_view key) {
  return is_identifier(key) ? fmt::format("{}.?{}", of, key)
                            : fmt::format("{}[?{}]", of, quoted(key));
}

std::string in(const Cel& cel, Binding binding) {
  return cel.binding < binding ? fmt::format("({})", cel.text) : cel.text;
}

Cel both(const Cel& a, const Cel& b) {
  if (a.is_true() || b.is_false()) {
    return b;
  }
  if (b.is_true() || a.is_false() || a.text == b.text) {
    return a;
  }
  return {.text = fmt::format("{} && {}", in(a, Binding::And), in(b, Binding::And)),
          .binding = Binding::And};
}

Cel either(const Cel& a, const Cel& b) {
  if (a.is_false() || b.is_true()) {
    return b;
  }
  if (b.is_false() || a.is_true() || a.text == b.text) {
    return a;
  }
  return {.text = fmt::format("{} || {}", in(a, Binding::Or), in(b, Binding::Or)),
          .binding = Binding::Or};
}

Cel negated(const Cel& a) {
  if (a.is_true() || a.is_false()) {
    return always(a.is_false());
  }
  if (!a.opposite.empty()) {
    return {.text = a.opposite, .binding = a.binding, .opposite = a.text};
  }
  if (a.binding == Binding::Unary && a.text.starts_with('!')) {
    std::string_view inner = std::string_view(a.text).substr(1);
    if (inner.starts_with('(') && last_open(inner) == 0) {
      return {.text = std::string(inner.substr(1, inner.size() - 2)), .binding = Binding::Choice};
    }
    return primary(std::string(inner));
  }
  return {.text = "!" + in(a, Binding::Primary), .binding = Binding::Unary};
}

Cel related(std::string_view a, std::string_view op, std::string_view b) {
  Cel out{.text = fmt::format("{} {} {}", a, op, b), .binding = Binding::Relation};
  if (op == "==" || op == "!=") {
    out.opposite = fmt::format("{} {} {}", a, op == "==" ? "!=" : "==", b);
  }
  return out;
}

Cel over(std::string_view list, std::string_view macro, std::string_view name, const Cel& body) {
  return primary(fmt::format("{}.{}({}, {})", list, macro, name, body.text));
}

Cel alike(std::string_view text, std::string_view pattern) {
  if (pattern.find_first_of("*?") == std::string_view::npos) {
    return related(text, "==", quoted(pattern));
  }
  if (pattern.find_first_not_of('*') == std::string_view::npos) {
    return always(true);
  }
  if (pattern == "?*" || pattern == "*?") {
    return related(text, "!=", "''");
  }
  const bool is_open_left = pattern.starts_with('*');
  const bool is_open_right = pattern.ends_with('*');
  const std::string_view middle = pattern.substr(
      is_open_left ? 1 : 0, pattern.size() - (is_open_left ? 1 : 0) - (is_open_right ? 1 : 0));
  if (!middle.empty() && middle.find_first_of("*?") == std::string_view::npos) {
    return primary(fmt::format("{}.{}({})", text,
                               is_open_left && is_open_right ? "contains"
                               : is_open_left                ? "endsWith"
                                                             : "startsWith",
                               quoted(middle)));
  }
  std::string regex = "(?s)^";
  for (const char c : pattern) {
    if (c == '*' || c == '?') {
      regex += c == '*' ? ".*" : ".";
    } else {
      regex += std::string_view("\\.+()[]{}^$|").find(c) == std::string_view::npos ? "" : "\\";
      regex += c;
    }
  }
  return primary(fmt::format("{}.matches({})", text, quoted(regex + "$")));
}

std::string laid_out(const Cel& cel) { return laid_out(std::string_view(cel.text), 0, 0); }

}  // namespace tally::migration
