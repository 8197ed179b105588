#pragma once
// YamlOut: block-style YAML with the interface of JsonOut. Texts stay texts for YAML 1.1 and 1.2
// readers: a plain scalar is written only where no schema could read anything but a string;
// everything else is double-quoted.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/internal/output.hpp"

namespace tally::report {

// May the text stand unquoted, as a block scalar and as a key, and still be a string for every YAML
// reader?
[[nodiscard]] bool is_plain_yaml(std::string_view text) noexcept;
void append_yaml_string(std::string& out, std::string_view text);

class YamlOut {
 public:
  explicit YamlOut(Output& out) : out_(out) {}

  // Begins the next document of the stream.
  void open_document();

  void open_object() { open(Kind::Object); }
  void close_object() { close("{}"); }
  void open_array() { open(Kind::Array); }
  void close_array() { close("[]"); }

  void key(std::string_view name);
  void text(std::string_view value);
  void number(std::uint64_t value);
  // A number whose text is JSON, hence YAML, already.
  void number_text(std::string_view value) { word(value); }
  void boolean(bool value) { word(value ? "true" : "false"); }
  void null() { word("null"); }

  void member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void member_number(std::string_view name, std::uint64_t value) {
    key(name);
    number(value);
  }
  void member_boolean(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }

  [[nodiscard]] bool is_open() const noexcept { return out_.is_open(); }
  // Ends the last line.
  void end() { out_.append("\n"); }

 private:
  enum class Kind : std::uint8_t { Object, Array };
  // Where the next value stands: at the left margin, after "key:", or after "- ".
  enum class After : std::uint8_t { Nothing, Key, Dash };
  struct Frame {
    Kind kind = Kind::Object;
    std::size_t indent = 0;
    After after = After::Nothing;
    bool empty = true;
  };

  void new_line(std::size_t indent);
  [[nodiscard]] After place_value();
  void open(Kind kind);
  void close(std::string_view empty_text);
  void word(std::string_view value);
  void word(std::string_view value, After after);

  Output& out_;
  std::vector<Frame> stack_;
  bool at_start_ = true;
};

}  // namespace tally::report
