// validation/*.json: objects that the API server accepts or refuses.
#include <algorithm>

#include "conformance.hpp"

namespace tally::conformance {

using namespace authorization;
using document::Node;

void run_validation(const std::filesystem::path& root, Report& report) {
  for (const std::string kind : {"authz", "peerauth", "reqauth"}) {
    const auto path = root / "validation" / (kind + ".json");
    if (!std::filesystem::exists(path)) {
      continue;
    }
    File file(path);
    for (const Node& one : member(file.root(), "cases").items()) {
      const auto snapshot =
          kube::Snapshot::create(objects_of({member(one, "object")}, file.source()), "default");
      const Loaded loaded = PolicySet::load(*snapshot);
      std::string said;
      bool is_refused = false;
      for (const Problem& problem : loaded.problems) {
        if (problem.kind == Problem::Kind::Refused) {
          is_refused = true;
          said += (said.empty() ? "" : "; ") + problem.message;
        }
      }
      const std::string_view wanted = text_of(one, "error_contains");
      const bool says_it = wanted.empty() || said.find(wanted) != std::string::npos;
      std::string expected(text_of(one, "expect"));
      if (!wanted.empty()) {
        expected += ": " + std::string(wanted);
      }
      const std::string actual = !is_refused ? "accept" : says_it ? expected : "reject: " + said;
      const std::string_view id = text_of(one, "id");
      report.compare("validation/" + kind + "#" + std::string(id.substr(id.rfind(':') + 1)),
                     expected, actual);
    }
  }
}

}  // namespace tally::conformance
