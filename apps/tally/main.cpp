// tally: parse the command line, run the verb.
#include <fmt/format.h>

#include <csignal>

#include "command_line.hpp"
#include "output.hpp"
#include "verbs.hpp"
#include "version.hpp"

int main(int argc, char** argv) {
  using namespace tally::app;  // NOLINT(google-build-using-namespace)
  // A reader that goes away is no error: writes report EPIPE instead of killing the process.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  const Parsed parsed = parse_command_line(argc, argv);
  if (parsed.ending) {
    static_cast<void>(print(parsed.ending->out));
    print_error(parsed.ending->error);
    return parsed.ending->code;
  }
  switch (parsed.command.verb) {
    case Verb::Assess:
      return run_assess(parsed.command.assess);
    case Verb::Cel:
      return run_cel(parsed.command.cel);
    case Verb::Change:
      return run_change(parsed.command.change);
    case Verb::Decision:
      return run_decision(parsed.command.history);
    case Verb::Finding:
      return run_finding(parsed.command.history);
    case Verb::Jp:
      return run_jp(parsed.command.jp);
    case Verb::Lint:
      return run_lint(parsed.command.lint);
    case Verb::Install:
      return run_install(parsed.command.install);
    case Verb::Migrate:
      return run_migrate(parsed.command.migrate);
    case Verb::Network:
      return run_network(parsed.command.network);
    case Verb::Serve:
      return run_serve(parsed.command.serve);
    case Verb::Test:
      return run_test(parsed.command.test);
    case Verb::Trace:
      return run_trace(parsed.command.trace);
    case Verb::Explain:
      return run_explain(parsed.command.rule);
    case Verb::Version:
      static_cast<void>(print(fmt::format("tally {}\n", kVersion)));
      return 0;
    case Verb::Completion: {
      const auto script = completion_script(parsed.command.shell);
      if (!script) {
        print_error(fmt::format("tally: {}\n", script.error().to_string()));
        return 2;
      }
      static_cast<void>(print(*script));
      return 0;
    }
    case Verb::None:
      break;
  }
  return 2;
}
