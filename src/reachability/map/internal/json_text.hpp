#pragma once
// JSON of numbers, lists and texts, with commas where they belong.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "document/json_writer.hpp"

namespace tally::reachability {

class JsonText {
 public:
  JsonText& open() {
    separate();
    out_ += '[';
    return *this;
  }
  JsonText& close() {
    out_ += ']';
    return *this;
  }
  JsonText& number(std::size_t value) {
    separate();
    out_ += std::to_string(value);
    return *this;
  }
  JsonText& text(std::string_view value) {
    separate();
    document::append_json_string(out_, value);
    return *this;
  }
  JsonText& raw(std::string_view json) {
    out_ += json;
    return *this;
  }
  // Of the one object: its first key opens it.
  JsonText& key(std::string_view name) {
    out_ += out_.empty() ? "{\"" : ",\n\"";
    out_.append(name).append("\":");
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void separate() {
    if (!out_.empty() && out_.back() != '[' && out_.back() != ':') {
      out_ += ',';
    }
  }
  std::string out_;
};

}  // namespace tally::reachability
