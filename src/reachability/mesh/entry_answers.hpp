#pragma once
// Ways in, asked of the mesh too: what network policies let in from whoever stands at the door, and
// the proxies before the pods do not, is not let in.

#include "reachability/entries/entries.hpp"
#include "reachability/mesh/joined.hpp"

namespace tally::reachability::mesh {

// Narrows `allowed` and `unknown` of every backend; `denied_by` says why nothing is left. Clients
// and machines outside show no identity; pods at the door the one that the mesh gives them. Of a
// controller that is not in the input it is not known whether it is in the mesh. Without a mesh
// nothing changes.
void ask_mesh(JoinedAnswers& answers, EntryList& entries);

}  // namespace tally::reachability::mesh
