// `tally jp EXPRESSION --with FILE`: evaluate one JMESPath expression over a document.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/file_writer.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "jmespath/expression.hpp"
#include "jmespath/function.hpp"
#include "jmespath/host.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

// The clock and the chance of this machine. Names are not resolved: a playground asks nobody.
class Machine final : public jmespath::Host {
 public:
  [[nodiscard]] std::optional<jmespath::LocalTime> now() const override {
    using std::chrono::nanoseconds;
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return jmespath::LocalTime{
        .seconds = seconds.count(),
        .nanoseconds = static_cast<std::uint32_t>(nanoseconds(since - seconds).count()),
        .zone_seconds = 0};
  }
  [[nodiscard]] std::optional<std::uint64_t> random_bits() const override {
    return (std::uint64_t{device_()} << 32U) | device_();
  }

 private:
  mutable std::random_device device_;
};

int fail(std::string_view message) {
  print_error(fmt::format("tally jp: {}\n", message));
  return 2;
}

// The expression, and a mark below the place of the error.
int fail_at(std::string_view expression, std::string_view message, std::uint32_t offset) {
  std::string out = fmt::format("tally jp: {}\n", message);
  if (expression.find('\n') == std::string_view::npos && offset <= expression.size()) {
    std::size_t column = 0;
    for (const char c : expression.substr(0, offset)) {
      column += (static_cast<unsigned char>(c) & 0xC0U) == 0x80 ? 0 : 1;
    }
    out += fmt::format("  {}\n  {}^\n", expression, std::string(column, ' '));
  }
  print_error(out);
  return 2;
}

int list_functions() {
  std::string out;
  for (const auto family : jmespath::all_functions()) {
    for (const jmespath::Function& function : family) {
      std::string parameters;
      for (const jmespath::Accepts accepts : function.parameters) {
        parameters += parameters.empty() ? "" : ", ";
        parameters += jmespath::accepts_text(accepts);
      }
      out += fmt::format("{}({}) -> {}\n    {}\n", function.name, parameters,
                         jmespath::accepts_text(function.returns), function.summary);
    }
  }
  static_cast<void>(print(out));
  return 0;
}

}  // namespace

int run_jp(const JpFlags& flags) {
  if (flags.list) {
    return list_functions();
  }
  const auto expression = jmespath::Expression::compile(
      flags.expression, flags.standard ? jmespath::Dialect::Standard : jmespath::Dialect::Kyverno);
  if (!expression) {
    return fail_at(flags.expression, expression.error().message, expression.error().offset);
  }
  Arena arena;
  document::Node input;
  std::shared_ptr<const document::Source> source;
  if (!flags.with.empty()) {
    auto read = flags.with == "-" ? document::Source::read_descriptor(STDIN_FILENO, "<stdin>")
                                  : document::Source::read_file(flags.with);
    if (!read) {
      return fail(read.error().to_string());
    }
    source = std::move(*read);
    auto root = document::read_one(*source, arena);
    if (!root) {
      Error error = std::move(root).error();
      error.file = source->name();
      return fail(error.to_string());
    }
    input = *root;
  }
  const Machine machine;
  const auto value = expression->search(input, arena, &machine);
  if (!value) {
    return fail_at(flags.expression, value.error().message, value.error().offset);
  }
  std::string out;
  if (flags.unquoted && value->is_string()) {
    out = value->text();
  } else {
    document::append_json(out, *value);
  }
  static_cast<void>(print(out + "\n"));
  return 0;
}

}  // namespace tally::app
