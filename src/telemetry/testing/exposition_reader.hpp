#pragma once
// For tests: reads the text format 0.0.4 by the rules of its page, strictly, and knows nothing of
// who wrote it. https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tally::telemetry::testing {

struct Exposed {
  std::string help;
  std::string type;
  // "name{a=value,b=value}", unescaped, to the text of the number
  std::map<std::string, std::string> samples;
};

class ExpositionReader {
 public:
  // Families by name; nothing for a text that breaks a rule, with the rule in broken().
  std::optional<std::map<std::string, Exposed>> read(std::string_view text) {
    if (text.empty() || !text.ends_with('\n')) {
      return fail("the last line must end with a line feed");
    }
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end + 1);
      if (!(line.starts_with("# ") ? read_comment(line.substr(2)) : read_sample(line))) {
        return std::nullopt;
      }
    }
    return families_;
  }
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  std::nullopt_t fail(std::string rule) {
    broken_ = std::move(rule);
    return std::nullopt;
  }
  bool refuse(std::string rule) {
    fail(std::move(rule));
    return false;
  }

  bool read_comment(std::string_view line) {
    const bool is_help = line.starts_with("HELP ");
    if (!is_help && !line.starts_with("TYPE ")) {
      return refuse("a comment that is none of ours");
    }
    line.remove_prefix(5);
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) {
      return refuse("no text behind the name");
    }
    const std::string name(line.substr(0, blank));
    line.remove_prefix(blank + 1);
    if (is_help) {
      if (!groups_.insert(name).second) {
        return refuse("one group a metric: " + name);
      }
      current_ = name;
      return unescape(line, '\0', families_[name].help);
    }
    if (name != current_ || !families_[name].samples.empty()) {
      return refuse("TYPE stands before the samples: " + name);
    }
    families_[name].type = line;
    return line == "counter" || line == "gauge" || line == "histogram" ||
           refuse("no type: " + std::string(line));
  }

  // Up to `end` (kept in `text`), or to the end of the text.
  bool unescape(std::string_view& text, char end, std::string& out) {
    while (!text.empty() && (end == '\0' || text[0] != end)) {
      if (text[0] == '\\') {
        const char letter = text.size() > 1 ? text[1] : '\0';
        if (letter != '\\' && letter != 'n' && (letter != '"' || end == '\0')) {
          return refuse("no escape");
        }
        out += letter == 'n' ? '\n' : letter;
        text.remove_prefix(2);
        continue;
      }
      out += text[0];
      text.remove_prefix(1);
    }
    return end == '\0' || !text.empty() || refuse("a value has no end");
  }

  bool read_sample(std::string_view line) {
    const std::size_t name_end = line.find_first_of("{ ");
    if (name_end == std::string_view::npos || name_end == 0) {
      return refuse("no sample: " + std::string(line));
    }
    const std::string name(line.substr(0, name_end));
    Exposed& family = families_[current_];
    std::string suffix = name.starts_with(current_) ? name.substr(current_.size()) : "?";
    const bool fits = family.type == "histogram"
                          ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count"
                          : suffix.empty();
    if (!fits) {
      return refuse("a sample outside its group: " + name);
    }
    std::string key = name;
    line.remove_prefix(name_end);
    if (line[0] == '{') {
      do {
        line.remove_prefix(1);
        const std::size_t equals = line.find("=\"");
        if (equals == std::string_view::npos) {
          return refuse("a label without a value");
        }
        key += (key == name ? "{" : ",") + std::string(line.substr(0, equals)) + "=";
        line.remove_prefix(equals + 2);
        if (!unescape(line, '"', key)) {
          return false;
        }
        line.remove_prefix(1);
      } while (line.starts_with(','));
      if (!line.starts_with('}')) {
        return refuse("labels have no end");
      }
      key += '}';
      line.remove_prefix(1);
    }
    if (!line.starts_with(' ')) {
      return refuse("no blank before the number");
    }
    line.remove_prefix(1);
    double number = 0;
    const bool is_number = line == "NaN" || line == "+Inf" || line == "-Inf" ||
                           std::from_chars(line.data(), line.data() + line.size(), number).ptr ==
                               line.data() + line.size();
    if (!is_number || line.empty()) {
      return refuse("no number: " + std::string(line));
    }
    return family.samples.emplace(key, line).second || refuse("twice: " + key);
  }

  std::map<std::string, Exposed> families_;
  std::set<std::string> groups_;
  std::string current_;
  std::string broken_;
};

}  // namespace tally::telemetry::testing
