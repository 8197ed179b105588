// Reads the lines of main.go and compares them with what we say about the same expressions: whether
// they compile and with which messages, the static costs, value and cost at run time; the tree
// walker of the tests must give the same value. Prints the differences and a count; exit status 1
// if there is one.
//
// Expressions of the file KNOWN (one a line, comments with #) are known to differ; there it is
// wrong if they agree.
//
//   cost_compare DATA.json KNOWN < LINES
#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "../../tree_walker.hpp"
#include "cel/cost_limits.hpp"
#include "cel/parser.hpp"
#include "world.hpp"

namespace tally::cel {
namespace {

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return out;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> columns;
  std::size_t begin = 0;
  for (;;) {
    const auto tab = line.find('\t', begin);
    columns.push_back(unescaped(
        std::string_view(line).substr(begin, tab == std::string::npos ? tab : tab - begin)));
    if (tab == std::string::npos) {
      return columns;
    }
    begin = tab + 1;
  }
}

std::uint64_t number(const std::string& text) {
  std::uint64_t n = 0;
  static_cast<void>(std::from_chars(text.data(), text.data() + text.size(), n));
  return n;
}

std::string to_text(const StaticCost& cost) {
  return std::to_string(cost.min) + " to " + std::to_string(cost.max);
}

// The constants of cost_limits.hpp by the names that they have there.
struct Limit {
  std::string_view name;
  std::uint64_t value;
};
constexpr Limit kLimits[] = {
    {"PerCallLimit", kCostPerCallMax},
    {"RuntimeCELCostBudget", kCostPerBindingMax},
    {"RuntimeCELCostBudgetMatchConditions", kCostOfMatchConditionsMax},
    {"MaxRequestSizeBytes", kRequestBytesMax},
    {"MaxEvaluatedMessageExpressionSizeBytes", kMessageExpressionBytesMax},
    {"MaxFormatSize", kFormatSizeMax},
    {"MaxNameFormatRegexSize", kNameFormatPatternSizeMax},
};

class Comparison {
 public:
  Comparison(World& world, std::set<std::string> known) : world_(world), known_(std::move(known)) {}

  void compare(const std::vector<std::string>& line) {
    line_ = &line;
    differs_ = false;
    ++expressions_;
    judge(line);
    if (known_.erase(line[1]) == 0) {
      return;
    }
    ++known_count_;
    if (!differs_) {
      ++differences_;
      std::cout << line[1] << "\n    agrees, but is in the list of known differences\n";
    }
  }

  void compare_limit(const std::string& name, std::uint64_t value) {
    const auto* ours = std::ranges::find(kLimits, name, &Limit::name);
    if (ours == std::end(kLimits) || ours->value != value) {
      ++differences_;
      std::cout << name << " is " << value << "\n";
    }
  }

  [[nodiscard]] bool agrees() {
    for (const std::string& expression : known_) {
      ++differences_;
      std::cout << expression << "\n    is a known difference, but no expression\n";
    }
    std::cout << expressions_ << " expressions (" << refused_ << " refused, " << walked_
              << " walked as a tree, " << known_count_ << " known to differ), " << differences_
              << " differences\n";
    return differences_ == 0 && expressions_ > 0;
  }

 private:
  void judge(const std::vector<std::string>& line) {
    const std::string& expression = line[1];
    auto ast =
        parse(expression,
              {.profile = world_.environment->options().profile, .macros = true, .limits = {}});
    if (!ast) {
      return refused(to_string(ast.error(), expression, "<input>"));
    }
    const auto checked = check(std::move(*ast), *world_.environment);
    if (!checked) {
      return refused(to_string(checked.error(), expression, "<input>"));
    }
    const auto program = cel::compile(*checked, *world_.environment);
    if (!program) {
      return refused(to_string(program.error(), expression, "<input>"));
    }
    if (line[2] == "no program") {
      return refused_while_planning(*program, line[3]);
    }
    if (line[2] != "judged") {
      return differ("accepted by us", line[3]);
    }
    expect("static cost with sizes",
           to_text(estimate(*checked, *world_.environment, &world_.sizes)),
           to_text({number(line[3]), number(line[4])}));
    expect("static cost", to_text(estimate(*checked, *world_.environment)),
           to_text({number(line[5]), number(line[6])}));
    run(*program);
    walk_too(*checked, *program);
  }

  void differ(const std::string& ours, const std::string& theirs) {
    const bool first = !differs_;
    differs_ = true;
    const std::string& expression = (*line_)[1];
    if (known_.contains(expression)) {
      return;
    }
    ++differences_;
    if (first) {
      std::cout << expression << "\n";
    }
    std::cout << "    ours    " << ours << "\n    theirs  " << theirs << "\n";
  }

  void expect(const std::string& what, const std::string& ours, const std::string& theirs) {
    if (ours != theirs) {
      differ(what + " " + ours, theirs);
    }
  }

  void refused(const std::string& message) {
    ++refused_;
    if ((*line_)[2] != "refused") {
      return differ("refused: " + message, (*line_)[2]);
    }
    expect("message", without_hints(message), (*line_)[3]);
  }

  // Of what other profiles have we say so, at the end of the line.
  static std::string without_hints(std::string message) {
    for (std::size_t at = 0;
         (at = message.find(", which exists only ", at)) != std::string::npos;) {
      message.erase(at, message.find('\n', at) - at);
    }
    return message;
  }

  // cel-go computes constants when it plans a program, and refuses it for an error; ours is an
  // error at run time.
  void refused_while_planning(const Program& program, const std::string& message) {
    evaluator_.reset();
    const Value value = evaluator_.evaluate(program, world_.values, {.cost_max = kCostPerCallMax});
    if (!value.is_error()) {
      differ("value " + show(evaluator_.arena(), value), "no program: " + message);
    }
  }

  // One of the outcomes: maps have no order there.
  void run(const Program& program) {
    evaluator_.reset();
    const Value value = evaluator_.evaluate(program, world_.values,
                                            {.cost_max = kCostPerCallMax, .host = &world_.host});
    const std::string cost = std::to_string(evaluator_.cost());
    const std::string shown = show(evaluator_.arena(), value);
    std::string all;
    for (std::size_t i = 7; i + 1 < line_->size(); i += 2) {
      if ((*line_)[i] == cost && (*line_)[i + 1] == shown) {
        return;
      }
      all += (all.empty() ? "" : " or ") + (*line_)[i] + " for " + (*line_)[i + 1];
    }
    differ(cost + " for " + shown, all);
  }

  void walk_too(const CheckedAst& checked, const Program& program) {
    Arena arena;
    const Value walked = walk(checked, *world_.environment, arena, world_.values, 1'000'000);
    if (walked.is_error() && walked.as_error().code == ErrorCode::CostLimit) {
      return;
    }
    evaluator_.reset();
    const Value value =
        evaluator_.evaluate(program, world_.values, {.cost_max = kCostPerCallMax, .host = nullptr});
    ++walked_;
    expect("value", show(evaluator_.arena(), value), show(arena, walked));
  }

  World& world_;
  std::set<std::string> known_;
  Evaluator evaluator_;
  const std::vector<std::string>* line_ = nullptr;
  bool differs_ = false;
  std::size_t expressions_ = 0;
  std::size_t refused_ = 0;
  std::size_t walked_ = 0;
  std::size_t differences_ = 0;
  std::size_t known_count_ = 0;
};

std::set<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && !line.starts_with('#')) {
      lines.insert(line);
    }
  }
  return lines;
}

bool run(const std::string& data_file, const std::string& known_file) {
  World world;
  if (!world.load(data_file)) {
    return false;
  }
  Comparison comparison(world, lines_of(known_file));
  for (std::string text; std::getline(std::cin, text);) {
    const auto line = split(text);
    if (line[0] == "F" && line.size() == 4) {
      world.types.add_field(world.pool, line[1], line[2], line[3]);
    } else if (line[0] == "L" && line.size() == 3) {
      comparison.compare_limit(line[1], number(line[2]));
    } else if (line[0] == "S" && line.size() == 4) {
      world.sizes.add(line[1], {number(line[2]), number(line[3])});
    } else if (line[0] == "E" && line.size() >= 4) {
      if (!world.environment && !world.make_environment()) {
        return false;
      }
      comparison.compare(line);
    } else if (line[0] != "V") {
      std::cout << "unexpected line: " << text << "\n";
      return false;
    }
  }
  return comparison.agrees();
}

}  // namespace
}  // namespace tally::cel

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cout << "usage: cost_compare DATA.json KNOWN < LINES\n";
    return 2;
  }
  return tally::cel::run(argv[1], argv[2]) ? 0 : 1;
}
