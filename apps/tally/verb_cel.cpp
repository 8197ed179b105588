// `tally cel EXPRESSION`: evaluate one expression in a profile; value, type and cost.
#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "assessment/host.hpp"
#include "base/file_writer.hpp"
#include "cel/kyverno_globals.hpp"
#include "cel/profile.hpp"
#include "cel/program.hpp"
#include "cel_trace.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "output.hpp"
#include "outside.hpp"
#include "request.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

// What the expression may read: a name and the document behind it.
struct Given {
  std::string name;
  std::shared_ptr<const document::Source> source;
  document::Node root;
};

Result<std::shared_ptr<const document::Source>> read_source(const std::string& path) {
  return path == "-" ? document::Source::read_descriptor(STDIN_FILENO, "<stdin>")
                     : document::Source::read_file(path);
}

Result<Given> read_given(const std::string& text, Arena& arena) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return content_error(fmt::format("--with {}: expected NAME=FILE, e.g. object=pod.yaml", text));
  }
  Given given;
  given.name = text.substr(0, equals);
  const std::string path = text.substr(equals + 1);
  TALLY_TRY(given.source, read_source(path));
  auto root = document::read_one(*given.source, arena);
  if (!root) {
    Error error = std::move(root).error();
    error.file = given.source->name();
    return std::unexpected(std::move(error));
  }
  given.root = *root;
  return given;
}

int fail(const Error& error) {
  print_error(fmt::format("tally cel: {}\n", error.to_string()));
  return 2;
}

struct Answer {
  cel::Value value;
  std::string type;
  std::uint64_t cost = 0;
};

std::string as_json(const Answer& answer, Arena& arena) {
  std::string out = "{\"value\":";
  document::Node node;
  if (answer.value.is_error()) {
    out += "null,\"error\":";
    document::append_json_string(out, answer.value.as_error().message);
  } else if (cel::to_node(arena, answer.value, {}, node)) {
    document::append_json(out, node);
  } else {
    document::append_json_string(out, cel::to_literal(arena, answer.value));
  }
  out += ",\"type\":";
  document::append_json_string(out, answer.type);
  return out + fmt::format(",\"cost\":{}}}\n", answer.cost);
}

std::string as_text(const Answer& answer, Arena& arena) {
  return fmt::format("{}\ntype: {}\ncost: {}\n", cel::to_literal(arena, answer.value), answer.type,
                     answer.cost);
}

}  // namespace

int run_cel(const CelFlags& flags) {
  const auto profile = cel::parse_profile(flags.profile);
  if (!profile) {
    return fail(profile.error());
  }
  const auto outside = AllowedOutside::create(flags.allowed_hosts, now_seconds());
  if (!outside) {
    return fail(outside.error());
  }
  Arena arena;
  std::vector<Given> given;
  std::set<std::string> names;
  for (const std::string& text : flags.with) {
    auto one = read_given(text, arena);
    if (!one) {
      return fail(one.error());
    }
    if (!names.insert(one->name).second) {
      return fail(content_error(fmt::format("--with {} is given twice", one->name)).error());
    }
    given.push_back(std::move(*one));
  }
  cel::TypePool pool;
  cel::Environment::Options options;
  options.profile = *profile;
  std::vector<cel::Value> values;
  for (const Given& one : given) {
    options.variables.push_back({.name = one.name, .type = &cel::kDyn});
    values.push_back(cel::Value::from_node(one.root));
  }
  // Kyverno's libraries hang on variables that its environment declares.
  if (profile->dialect == cel::Dialect::Kyverno) {
    for (const cel::KyvernoGlobal& global : cel::kyverno_globals()) {
      if (!names.contains(std::string(global.name))) {
        options.variables.push_back(
            {.name = std::string(global.name), .type = pool.opaque(global.type_name)});
        values.push_back(global.value);
      }
    }
  }
  const auto environment = cel::Environment::create(pool, std::move(options));
  if (!environment) {
    return fail(environment.error());
  }
  const auto program = cel::compile(flags.expression, *environment);
  if (!program) {
    print_error(program.error().message + "\n");
    return 2;
  }
  const Terminal terminal = detect_terminal();
  cel::Evaluator evaluator;
  std::vector<cel::TraceEntry> steps;
  const assessment::OutsideHost host((*outside)->get(), profile->namespaced);
  const cel::EvalOptions limits{.cost_max = flags.cost_max, .host = &host};
  Answer answer;
  answer.value = flags.trace ? evaluator.trace(*program, values, limits, steps)
                             : evaluator.evaluate(*program, values, limits);
  answer.type = cel::to_string(program->result_type());
  answer.cost = evaluator.cost();
  std::string out;
  if (flags.trace) {
    out +=
        render_trace(flags.expression, steps, arena, {.color = terminal.color && !flags.no_color}) +
        "\n";
  }
  const bool failed = answer.value.is_outcome();
  out += flags.output == "json" ? as_json(answer, arena) : failed ? "" : as_text(answer, arena);
  static_cast<void>(print(out));
  if (failed) {
    print_error(fmt::format("tally cel: {}\n", answer.value.is_error()
                                                   ? answer.value.as_error().message
                                                   : "the result is unknown"));
  }
  return failed ? 2 : 0;
}

}  // namespace tally::app
