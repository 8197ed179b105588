#include "authorization/path_normalization.hpp"

#include <algorithm>
#include <array>

namespace tally::authorization {

namespace {

// What becomes of a byte of a path, and of an escaped one (Chromium's kPathCharLookup).
enum class Class : std::uint8_t { Keep, Escape, Unescape, Invalid, Special };

consteval std::array<Class, 256> make_classes() {
  std::array<Class, 256> out{};
  for (std::size_t i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (i == 0) {
      out[i] = Class::Invalid;
    } else if (alphanumeric || c == '-' || c == '_' || c == '~') {
      out[i] = Class::Unescape;
    } else if (c == '.') {
      out[i] = Class::Special;
    } else if (std::string_view{"!$&'()*+,/:;=@[]"}.find(c) != std::string_view::npos) {
      out[i] = Class::Keep;
    } else {
      out[i] = Class::Escape;
    }
  }
  return out;
}
constexpr std::array<Class, 256> kClasses = make_classes();

Class class_of(char c) noexcept { return kClasses[static_cast<unsigned char>(c)]; }

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// The byte that "%XX" at `at` stands for.
std::optional<char> decode_at(std::string_view text, std::size_t at) noexcept {
  if (at + 2 >= text.size() || text[at] != '%') {
    return std::nullopt;
  }
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) {
    return std::nullopt;
  }
  return static_cast<char>(high * 16 + low);
}

// Bytes of "." or "%2e" at `at`; 0 if there is no dot.
std::size_t dot_size(std::string_view text, std::size_t at) noexcept {
  if (at < text.size() && text[at] == '.') {
    return 1;
  }
  return decode_at(text, at) == '.' ? 3 : 0;
}

bool is_slash_at(std::string_view text, std::size_t at) noexcept {
  return text[at] == '/' || text[at] == '\\';
}

class Canonicalizer {
 public:
  Canonicalizer(std::string_view text, std::string& out) : text_(text), out_(out) {}

  // False: the path holds a NUL.
  [[nodiscard]] bool run() {
    if (text_.empty() || !is_slash_at(text_, 0)) {
      out_ += '/';
    }
    while (at_ < text_.size()) {
      step();
    }
    return is_valid_;
  }

 private:
  void step() {
    const char c = text_[at_];
    if (const std::size_t dot = dot_size(text_, at_); dot > 0) {
      take_dot(dot);
    } else if (c == '\\') {
      out_ += '/';
      ++at_;
    } else if (c == '%') {
      take_percent();
    } else if (class_of(c) == Class::Escape || class_of(c) == Class::Invalid) {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out_ += '%';
      out_ += kHex[byte / 16U];
      out_ += kHex[byte % 16U];
      is_valid_ = is_valid_ && class_of(c) != Class::Invalid;
      ++at_;
    } else {
      out_ += c;
      ++at_;
    }
  }

  // A dot behind a slash may be "." or "..", alone in its segment.
  void take_dot(std::size_t size) {
    std::size_t next = at_ + size;
    if (out_.empty() || out_.back() != '/') {
      out_ += '.';
      at_ = next;
      return;
    }
    if (next == text_.size() || is_slash_at(text_, next)) {
      at_ = std::min(next + 1, text_.size());
      return;
    }
    if (const std::size_t second = dot_size(text_, next); second > 0) {
      const std::size_t behind = next + second;
      if (behind == text_.size() || is_slash_at(text_, behind)) {
        back_up();
        at_ = std::min(behind + 1, text_.size());
        return;
      }
    }
    out_ += '.';
    at_ = next;
  }

  void back_up() {
    if (out_.size() > 1) {
      const std::size_t slash = out_.rfind('/', out_.size() - 2);
      out_.resize(slash + 1);
    }
  }

  void take_percent() {
    const std::optional<char> value = decode_at(text_, at_);
    if (!value) {
      last_bad_percent_ = static_cast<std::ptrdiff_t>(out_.size());
      out_ += '%';
      ++at_;
      return;
    }
    const Class kind = class_of(*value);
    if (kind != Class::Unescape) {
      out_.append(text_, at_, 3);
      is_valid_ = is_valid_ && kind != Class::Invalid;
      at_ += 3;
      return;
    }
    out_ += *value;
    at_ += 3;
    if (last_bad_percent_ >= static_cast<std::ptrdiff_t>(out_.size()) - 3) {
      guard_nested_escape();
    }
  }

  // "%%300": what was no escape must not become one by unescaping what is inside it. Then the
  // percent sign itself is written as "%25".
  void guard_nested_escape() {
    const auto begin = static_cast<std::size_t>(last_bad_percent_);
    const std::size_t length = out_.size();
    const char last = out_.back();
    const bool takes_next = begin + 2 == length;
    if (takes_next) {
      if (at_ == text_.size() || static_cast<unsigned char>(text_[at_]) >= 0x80U) {
        return;
      }
      out_ += text_[at_];
    }
    if (decode_at(out_, begin)) {
      if (!takes_next) {
        out_ += out_[begin + 1];
      }
      out_[begin + 1] = '2';
      out_[begin + 2] = '5';
      out_ += last;
    } else if (takes_next) {
      out_.resize(length);
    }
  }

  std::string_view text_;
  std::string& out_;
  std::size_t at_ = 0;
  std::ptrdiff_t last_bad_percent_ = -4;
  bool is_valid_ = true;
};

// Whether canonicalizing would leave the path as it is; so that the common case copies nothing.
bool is_canonical(std::string_view path) noexcept {
  if (!path.starts_with('/')) {
    return false;
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%' || c == '\\' || (c == '.' && path[i - 1] == '/') || class_of(c) == Class::Escape ||
        class_of(c) == Class::Invalid) {
      return false;
    }
  }
  return true;
}

std::string unescape_slashes(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::optional<char> value = decode_at(path, i);
    if (value == '/' || value == '\\') {
      out += *value;
      i += 2;
    } else {
      out += path[i];
    }
  }
  return out;
}

void merge_slashes(std::string& path) {
  path.erase(
      std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; }),
      path.end());
}

}  // namespace

std::optional<PathNormalization> parse_path_normalization(std::string_view word) noexcept {
  if (word == "DEFAULT" || word == "BASE") {
    return PathNormalization::Base;
  }
  if (word == "NONE") {
    return PathNormalization::None;
  }
  if (word == "MERGE_SLASHES") {
    return PathNormalization::MergeSlashes;
  }
  if (word == "DECODE_AND_MERGE_SLASHES") {
    return PathNormalization::DecodeAndMergeSlashes;
  }
  return std::nullopt;
}

std::string_view path_without_query(std::string_view path) noexcept {
  return path.substr(0, path.find_first_of("?#"));
}

std::optional<std::string_view> normalize_path(std::string_view path, PathNormalization mode,
                                               std::string& buffer) {
  path = path.substr(0, path.find('#'));
  if (mode == PathNormalization::None) {
    return path;
  }
  const std::size_t question = path.find('?');
  const std::string_view plain = path.substr(0, question);
  const std::string_view query =
      question == std::string_view::npos ? std::string_view{} : path.substr(question);
  const bool merges = mode != PathNormalization::Base;
  if (is_canonical(plain) && (!merges || plain.find("//") == std::string_view::npos)) {
    return path;
  }
  buffer.clear();
  const std::string unescaped =
      mode == PathNormalization::DecodeAndMergeSlashes ? unescape_slashes(plain) : std::string{};
  const std::string_view source =
      mode == PathNormalization::DecodeAndMergeSlashes ? std::string_view{unescaped} : plain;
  if (!Canonicalizer(source, buffer).run()) {
    return std::nullopt;
  }
  if (merges) {
    merge_slashes(buffer);
  }
  buffer += query;
  return buffer;
}

}  // namespace tally::authorization
