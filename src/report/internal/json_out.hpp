#pragma once
// JsonOut: JSON in order of writing. Commas, quotes and lines are its business; the caller opens,
// names and closes.
//
// Containers whose depth is at most `lines_to_depth` put each member on a line of its own, deeper
// ones stand on one line: long lists are then one element a line, which is what diff and grep want.

#include <cstdint>
#include <string_view>
#include <vector>

#include "document/json_writer.hpp"
#include "report/internal/output.hpp"

namespace tally::report {

class JsonOut {
 public:
  JsonOut(Output& out, unsigned lines_to_depth) : out_(out), lines_to_depth_(lines_to_depth) {}

  void open_object() { open('{'); }
  void close_object() { close('}'); }
  void open_array() { open('['); }
  void close_array() { close(']'); }

  void key(std::string_view name) {
    separate();
    document::append_json_string(out_.text(), name);
    out_.append(spaced() ? ": " : ":");
    named_ = true;
  }
  void text(std::string_view value) {
    separate();
    document::append_json_string(out_.text(), value);
    out_.settle();
  }
  void number(std::uint64_t value);
  // A number whose text is JSON already.
  void number_text(std::string_view value) { raw(value); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  // A value that is JSON already.
  void raw(std::string_view json) {
    separate();
    out_.append(json);
    out_.settle();
  }
  // Elements that are written past this writer (in `Output`), to be followed by close_array().
  void elements_written(bool any) {
    if (any) {
      first_.back() = false;
    }
  }

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
  [[nodiscard]] Output& output() noexcept { return out_; }

 private:
  [[nodiscard]] bool spaced() const noexcept { return first_.size() <= lines_to_depth_; }
  void new_line(std::size_t depth) {
    out_.append("\n");
    out_.text().append(2 * depth, ' ');
  }
  void separate() {
    if (named_) {
      named_ = false;
      return;
    }
    if (first_.empty()) {
      return;
    }
    if (!first_.back()) {
      out_.append(",");
    }
    first_.back() = false;
    if (spaced()) {
      new_line(first_.size());
    }
  }
  void open(char bracket) {
    separate();
    out_.text() += bracket;
    first_.push_back(true);
  }
  void close(char bracket) {
    const bool empty = first_.back();
    const bool lines = spaced();
    first_.pop_back();
    if (!empty && lines) {
      new_line(first_.size());
    }
    out_.text() += bracket;
    out_.settle();
  }

  Output& out_;
  unsigned lines_to_depth_;
  bool named_ = false;
  std::vector<bool> first_;  // per open container: nothing written in it yet
};

}  // namespace tally::report
