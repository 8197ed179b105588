// `tally network map PATH... [--out FILE]`: one HTML page.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/file_writer.hpp"
#include "output.hpp"
#include "reachability/map/map.hpp"
#include "reachability/mesh/entry_answers.hpp"
#include "verb_network.hpp"
#include "version.hpp"

namespace tally::app {
namespace {

constexpr std::size_t kNotesMax = 50;

// What the page must not keep to itself: without it the answers are not of the whole input.
std::vector<std::string> notes_of(const LoadedNetwork& loaded,
                                  const reachability::mesh::Mesh& mesh) {
  std::vector<std::string> notes;
  for (const Error& error : loaded.cluster.inputs.errors) {
    notes.push_back("Not read: " + error.to_string());
  }
  const auto add = [&notes](const auto& problem) {
    notes.push_back(fmt::format(
        "Left out: {}: {} {}: {}", reachability::place_of(*problem.object, problem.offset),
        reachability::title_of(*problem.object), problem.pointer, problem.message));
  };
  for (const network_policy::LoadProblem& problem : loaded.world->policies().problems()) {
    if (problem.kind == network_policy::LoadProblem::Kind::Invalid) {
      add(problem);
    }
  }
  for (const authorization::Problem& problem : mesh.problems()) {
    if (problem.kind == authorization::Problem::Kind::Refused) {
      add(problem);
    }
  }
  if (notes.size() > kNotesMax) {
    const std::size_t rest = notes.size() - kNotesMax;
    notes.resize(kNotesMax);
    notes.push_back(fmt::format("and {} more", rest));
  }
  return notes;
}

Result<void> write_page(const std::string& path, const std::string& page) {
  TALLY_TRY(auto file, FileWriter::create(path));
  file.write(page);
  return file.commit();
}

}  // namespace

int run_network_map(const NetworkFlags& flags) {
  if (const int refused = refuse_foreign(flags, {"txt"}); refused != 0) {
    return refused;
  }
  const std::vector<std::string> inputs = with_more(flags.paths, flags);
  const auto loaded = load_network(inputs, flags);
  if (loaded == nullptr) {
    return 2;
  }
  const kube::Snapshot& snapshot = *loaded->cluster.snapshot;
  const auto options = mesh_options_of(flags);
  if (!options) {
    return fail_network(flags, options.error());
  }
  const reachability::mesh::Mesh mesh(snapshot, *loaded->world, *options);
  reachability::EntryList entries = reachability::list_entries(snapshot, *loaded->world);
  {
    reachability::mesh::JoinedAnswers answers(*loaded->world, mesh.is_present() ? &mesh : nullptr);
    reachability::mesh::ask_mesh(answers, entries);
  }
  const std::string page =
      reachability::to_html(*loaded->world, {.tally_version = kVersion,
                                             .inputs = inputs,
                                             .notes = notes_of(*loaded, mesh),
                                             .mesh = mesh.is_present() ? &mesh : nullptr,
                                             .entries = &entries});
  if (flags.out.empty()) {
    static_cast<void>(print(page));
    return exit_code(*loaded, true);
  }
  if (const auto written = write_page(flags.out, page); !written) {
    return fail_network(flags, written.error());
  }
  return exit_code(*loaded, true);
}

}  // namespace tally::app
