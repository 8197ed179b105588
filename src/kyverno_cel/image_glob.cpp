#include "kyverno_cel/internal/image_glob.hpp"

namespace tally::kyverno_cel {

namespace {

constexpr std::size_t kAlternativesMax = 1000;
constexpr std::size_t kPatternBytesMax = 4096;

// The end of the group that opens at `open`; npos if it is not closed.
std::size_t closing(std::string_view text, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// The texts without braces that stand for a text with them, innermost last. False: too many, or a
// brace is not closed.
bool expand(std::string_view text, std::vector<std::string>& out) {
  std::vector<std::string> todo{std::string(text)};
  while (!todo.empty()) {
    const std::string one = std::move(todo.back());
    todo.pop_back();
    std::size_t open = 0;
    while (open < one.size() && one[open] != '{') {
      open += one[open] == '\\' ? 2U : 1U;
    }
    if (open >= one.size()) {
      out.push_back(one);
      if (out.size() > kAlternativesMax) {
        return false;
      }
      continue;
    }
    const std::size_t close = closing(one, open);
    if (close == std::string_view::npos || todo.size() > kAlternativesMax) {
      return false;
    }
    std::size_t depth = 0;
    std::size_t first = open + 1;
    for (std::size_t i = open + 1; i <= close; ++i) {
      if (one[i] == '\\' && i < close) {
        ++i;
      } else if (one[i] == '{') {
        ++depth;
      } else if (one[i] == '}' && depth > 0) {
        --depth;
      } else if (i == close || (one[i] == ',' && depth == 0)) {
        todo.push_back(one.substr(0, open) + one.substr(first, i - first) + one.substr(close + 1));
        first = i + 1;
      }
    }
  }
  return true;
}

}  // namespace

Result<ImageGlob> ImageGlob::compile(std::string_view text) {
  if (text.size() > kPatternBytesMax) {
    return limit_error("the glob is longer than " + std::to_string(kPatternBytesMax) + " bytes");
  }
  std::vector<std::string> texts;
  if (!expand(text, texts)) {
    return content_error("the glob has a brace without its other half, or more than " +
                         std::to_string(kAlternativesMax) + " alternatives");
  }
  ImageGlob glob;
  for (const std::string& one : texts) {
    Tokens tokens;
    for (std::size_t i = 0; i < one.size(); ++i) {
      Token token;
      token.c = one[i];
      if (one[i] == '*') {
        token.kind = Token::Kind::Any;
        if (!tokens.empty() && tokens.back().kind == Token::Kind::Any) {
          continue;
        }
      } else if (one[i] == '?') {
        token.kind = Token::Kind::Single;
      } else if (one[i] == '\\' && i + 1 < one.size()) {
        token.c = one[++i];
      } else if (one[i] == '[') {
        const std::size_t close = one.find(']', i + 2);
        if (close == std::string::npos) {
          return content_error("the glob has a '[' without its ']'");
        }
        token.kind = Token::Kind::Class;
        std::size_t at = i + 1;
        token.is_negated = one[at] == '!';
        at += token.is_negated ? 1U : 0U;
        while (at < close) {
          const bool is_range = at + 2 < close && one[at + 1] == '-';
          token.members += one[at];
          token.members += is_range ? one[at + 2] : one[at];
          at += is_range ? 3U : 1U;
        }
        i = close;
      }
      tokens.push_back(std::move(token));
    }
    glob.alternatives_.push_back(std::move(tokens));
  }
  return glob;
}

bool ImageGlob::matches(const Tokens& tokens, std::string_view text) {
  const auto one = [](const Token& token, char c) {
    if (token.kind == Token::Kind::Single) {
      return true;
    }
    if (token.kind == Token::Kind::One) {
      return token.c == c;
    }
    bool found = false;
    for (std::size_t i = 0; i + 1 < token.members.size(); i += 2) {
      found = found || (token.members[i] <= c && c <= token.members[i + 1]);
    }
    return found != token.is_negated;
  };
  std::size_t at = 0;
  std::size_t i = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (i < text.size()) {
    if (at < tokens.size() && tokens[at].kind == Token::Kind::Any) {
      star = at++;
      resume = i;
    } else if (at < tokens.size() && one(tokens[at], text[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (at < tokens.size() && tokens[at].kind == Token::Kind::Any) {
    ++at;
  }
  return at == tokens.size();
}

bool ImageGlob::matches(std::string_view text) const {
  for (const Tokens& tokens : alternatives_) {
    if (matches(tokens, text)) {
      return true;
    }
  }
  return false;
}

}  // namespace tally::kyverno_cel
