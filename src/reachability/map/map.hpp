#pragma once
// The map: one HTML page that shows who can talk to whom, and why. It holds everything and loads
// nothing; its size grows with the classes of workloads that rules tell apart, not with the pairs
// of workloads.

#include <cstddef>
#include <string>
#include <vector>

#include "reachability/entries/entries.hpp"
#include "reachability/mesh/mesh.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

struct MapOptions {
  std::string tally_version{};
  // What was read, as somebody would write it behind -f: the page shows commands with it.
  std::vector<std::string> inputs{};
  std::vector<std::string> notes{};    // what was left out of the input, and why
  const mesh::Mesh* mesh = nullptr;    // null: there is none
  const EntryList* entries = nullptr;  // null: not asked
  // Reasons are stored as long as pairs of classes times policies are no more than this; beyond,
  // the page names the policies of both sides and the command that gives the reason.
  std::size_t reason_work_max = 40'000'000;
};

// Nothing of the input is ever markup: texts are escaped, and the Content-Security-Policy names the
// hashes of the page's own style and script.
[[nodiscard]] std::string to_html(World& world, const MapOptions& options);

}  // namespace tally::reachability
