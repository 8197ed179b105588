#include "declare_install.hpp"

#include <CLI/CLI.hpp>

namespace tally::app {
namespace {

constexpr const char* kInstallExamples = R"(
Examples:
  tally install --dry-run | kubectl apply -f -
  tally install --dry-run --namespace security --replicas 3 > tally.yaml
  tally install --dry-run | tally assess -          what it would say about itself

Exit codes: 0 printed; 2 without --dry-run, or a value that cannot be used.)";

}  // namespace

CLI::App* declare_install(CLI::App& app, InstallFlags& flags) {
  CLI::App* install = app.add_subcommand(
      "install",
      "Print the manifests that bring Tallystick into a cluster, for those without Helm");
  install->footer(kInstallExamples);
  install->add_flag("--dry-run", flags.is_dry_run, "Print the manifests: nothing else is done");
  install->add_option("-n,--namespace", flags.name_space,
                      "Namespace of its own (default: tally-system)");
  install->add_option("--image", flags.image,
                      "Image of the program, best with its digest (default: tallystick/tally with "
                      "this version)");
  install->add_option("--replicas", flags.replicas, "Replicas (default: 2)")
      ->check(CLI::Range(1U, 100U));
  install->add_option("--set-store", flags.store,
                      "postgresql://USER:PASSWORD@HOST:PORT/DATABASE for the history, kept in a "
                      "Secret (default: SQLite in each replica)");
  return install;
}

}  // namespace tally::app
