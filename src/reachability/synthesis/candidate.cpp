#include "reachability/synthesis/candidate.hpp"

#include <vector>

#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::reachability {

bool is_network_policy(const scalar::ObjectRef& ref) noexcept {
  return ref.kind.ends_with("NetworkPolicy") ||
         (ref.group == "crd.projectcalico.org" || ref.group == "projectcalico.org");
}

Result<Candidate> with_policies(const kube::Snapshot& snapshot, std::string_view default_namespace,
                                std::string_view yaml) {
  Candidate candidate{.arena = std::make_unique<Arena>(),
                      .source = document::Source::from_text("(generated)", yaml),
                      .snapshot = nullptr};
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*candidate.source)) {
    document::read_slice(*candidate.source, slice, *candidate.arena, {}, documents, errors);
  }
  if (!errors.empty()) {
    return std::unexpected(std::move(errors.front().error));
  }
  std::vector<kube::Object> objects(snapshot.objects().begin(), snapshot.objects().end());
  for (const document::Document& document : documents) {
    TALLY_TRY(kube::Object object, kube::object_from_node(document.root, candidate.source.get()));
    objects.push_back(object);
  }
  candidate.snapshot = kube::Snapshot::create(std::move(objects), default_namespace);
  return candidate;
}

}  // namespace tally::reachability
