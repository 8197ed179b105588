// Reads the lines of main.go and compares them with scalar::Quantity and scalar::LabelSelector.
// Prints the first differences and a count; exit status 1 if there is one.
#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "scalar/label_selector.hpp"
#include "scalar/quantity.hpp"

namespace {

using tally::scalar::LabelSelector;
using tally::scalar::Quantity;
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> columns;
  std::size_t begin = 0;
  for (;;) {
    const auto tab = line.find('\t', begin);
    columns.push_back(line.substr(begin, tab == std::string::npos ? tab : tab - begin));
    if (tab == std::string::npos) {
      return columns;
    }
    begin = tab + 1;
  }
}

std::string text_or_refused(const std::optional<Quantity>& quantity) {
  return quantity ? quantity->to_string() : "!";
}

std::string ours(const std::vector<std::string>& line) {
  if (line[0] == "Q") {
    return text_or_refused(Quantity::try_parse(line[1]));
  }
  if (line[0] == "P") {
    const auto left = Quantity::try_parse(line[1]);
    const auto right = Quantity::try_parse(line[2]);
    if (!left || !right) {
      return "!";
    }
    return std::to_string(left->compare(*right)) + "\t" + text_or_refused(left->add(*right)) +
           "\t" + text_or_refused(left->subtract(*right));
  }
  const auto selector = LabelSelector::parse(line[1]);
  if (!selector) {
    return "0\t";
  }
  const std::array<Labels, 5> sets{Labels{}, Labels{{"a", "b"}}, Labels{{"a", ""}, {"b", "5"}},
                                   Labels{{"a", "1"}, {"x.io/a", "b"}},
                                   Labels{{"b", "a"}, {"in", "in"}}};
  std::string bits = "1\t";
  for (const Labels& labels : sets) {
    bits += selector->matches(labels) ? '1' : '0';
  }
  return bits;
}

std::string theirs(const std::vector<std::string>& line) {
  std::string joined;
  for (std::size_t i = line[0] == "P" ? 3 : 2; i < line.size(); ++i) {
    joined += joined.empty() && i <= 3 && (i == 2 || line[0] == "P") ? line[i] : "\t" + line[i];
  }
  return joined;
}

}  // namespace

int main() {
  std::size_t lines = 0;
  std::size_t accepted = 0;
  std::size_t differences = 0;
  for (std::string text; std::getline(std::cin, text); ++lines) {
    const auto line = split(text);
    if (line.size() < 3) {
      std::cout << "unexpected line: " << text << "\n";
      return 1;
    }
    const std::string expected = theirs(line);
    const std::string found = ours(line);
    accepted += expected != "!" && !expected.starts_with("0\t") ? 1 : 0;
    if (found != expected && ++differences <= 20) {
      std::cout << text << "\n    ours " << found << "\n";
    }
  }
  std::cout << lines << " lines (" << accepted << " accepted), " << differences << " differences\n";
  return differences == 0 && lines > 0 ? 0 : 1;
}
