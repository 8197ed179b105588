#include "kube/namespace_labels.hpp"

namespace tally::kube {

Match match_namespace(const Snapshot& snapshot, std::string_view name_space,
                      const scalar::LabelSelector& selector) {
  const Object* known = snapshot.find("", "Namespace", "", name_space);
  const document::Node labels = known == nullptr ? document::Node{} : known->labels();
  bool unknown = false;
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    std::optional<std::string_view> value;
    if (requirement.key == kNamespaceNameLabel) {
      value = name_space;
    } else if (known == nullptr) {
      unknown = true;
      continue;
    } else if (const document::Node* label = labels.find(requirement.key);
               label != nullptr && label->is_string()) {
      value = label->text();
    }
    if (!requirement.matches(value)) {
      return Match::No;  // whatever the unknown labels are
    }
  }
  return unknown ? Match::Unknown : Match::Yes;
}

}  // namespace tally::kube
