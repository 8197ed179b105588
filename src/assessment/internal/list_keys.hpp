#pragma once
// The join of what kube knows about lists and what a fingerprint needs of them.

#include "finding/finding.hpp"
#include "kube/keyed_pointer.hpp"

namespace tally::assessment {

[[nodiscard]] inline finding::ListKeys list_keys_of(const kube::Object& object) {
  return {.append =
              [](std::string& out, const void* kind, const document::Node& root,
                 std::string_view pointer) {
                kube::append_keyed_pointer(out, static_cast<const kube::ApiKind*>(kind), root,
                                           pointer);
              },
          .kind = kube::kind_of_lists(object)};
}

}  // namespace tally::assessment
