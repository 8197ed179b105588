#pragma once
// Difference of two states of a cluster by meaning: which connections come, go or change, whatever
// happened to the text of the policies. Where one of the two has a mesh, a connection is what both
// layers let through, with its encryption and the requests that it is restricted to.

#include <string>
#include <vector>

#include "reachability/mesh/joined.hpp"

namespace tally::reachability {

struct ChangedConnection {
  enum class Kind : std::uint8_t { Added, Removed, Changed };
  Kind kind = Kind::Changed;
  std::string source;
  std::string destination;
  std::string before;  // "none" for Added
  std::string after;   // "none" for Removed
  // A side that exists in one World only.
  std::string note;
};

// By source and destination.
[[nodiscard]] std::vector<ChangedConnection> difference(World& before, World& after);
[[nodiscard]] std::vector<ChangedConnection> difference(mesh::JoinedAnswers& before,
                                                        mesh::JoinedAnswers& after);

[[nodiscard]] std::string to_text(const std::vector<ChangedConnection>& changes);
[[nodiscard]] std::string to_csv(const std::vector<ChangedConnection>& changes);
[[nodiscard]] std::string to_markdown(const std::vector<ChangedConnection>& changes);
[[nodiscard]] std::string to_json(const std::vector<ChangedConnection>& changes);

}  // namespace tally::reachability
