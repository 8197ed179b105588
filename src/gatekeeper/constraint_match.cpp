#include "gatekeeper/constraint_match.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kube/namespace_labels.hpp"

namespace tally::gatekeeper {

using document::Node;
using kube::Match;

namespace {

std::string_view text_of(const Node* node) {
  return node == nullptr || !node->is_string() ? std::string_view{} : node->text();
}

std::vector<std::string_view> texts_of(const Node* list) {
  std::vector<std::string_view> texts;
  if (list != nullptr && list->is_array()) {
    for (const Node& item : list->items()) {
      texts.push_back(text_of(&item));
    }
  }
  return texts;
}

bool has_any(const std::vector<std::string_view>& list, std::string_view text) {
  return list.empty() || std::ranges::any_of(list, [&](std::string_view entry) {
           return entry == "*" || entry == text;
         });
}

bool is_namespace(const kube::Object& object) {
  return object.ref.kind == "Namespace" && object.ref.group.empty();
}

}  // namespace

// pkg/util/wildcard.go: a prefix, a suffix, or both.
bool glob_matches(std::string_view glob, std::string_view text) noexcept {
  const bool ends = glob.ends_with('*');
  const bool begins = glob.starts_with('*');
  if (begins && ends) {
    return text.find(glob.size() < 2 ? std::string_view{} : glob.substr(1, glob.size() - 2)) !=
           std::string_view::npos;
  }
  if (ends) {
    return text.starts_with(glob.substr(0, glob.size() - 1));
  }
  return begins ? text.ends_with(glob.substr(1)) : text == glob;
}

Result<ConstraintMatch> ConstraintMatch::read(const Node* match) {
  ConstraintMatch read;
  if (match == nullptr || match->is_null()) {
    return read;
  }
  if (!match->is_object()) {
    return content_error("spec.match must be a map");
  }
  if (const Node* kinds = match->find("kinds"); kinds != nullptr) {
    for (const Node& entry : kinds->items()) {
      read.kinds_.push_back(
          {.groups = texts_of(entry.find("apiGroups")), .kinds = texts_of(entry.find("kinds"))});
    }
  }
  read.namespaces_ = texts_of(match->find("namespaces"));
  read.excluded_namespaces_ = texts_of(match->find("excludedNamespaces"));
  read.name_ = text_of(match->find("name"));
  if (const Node* selector = match->find("labelSelector");
      selector != nullptr && !selector->is_null()) {
    TALLY_TRY(read.labels_, kube::read_label_selector(*selector));
  }
  if (const Node* selector = match->find("namespaceSelector");
      selector != nullptr && !selector->is_null()) {
    TALLY_TRY(read.namespace_labels_, kube::read_label_selector(*selector));
  }
  // Other scopes, typing errors among them, match everything: as upstream has it.
  const std::string_view scope = text_of(match->find("scope"));
  read.scope_ = scope == "Cluster"      ? Scope::Cluster
                : scope == "Namespaced" ? Scope::Namespaced
                                        : Scope::All;
  const std::string_view source = text_of(match->find("source"));
  if (!source.empty() && source != "All" && source != "Original" && source != "Generated") {
    return content_error(fmt::format(
        "spec.match.source must be All, Original or Generated, found '{}'", excerpt(source)));
  }
  read.source_ = source == "Original"    ? Source::Original
                 : source == "Generated" ? Source::Generated
                                         : Source::All;
  return read;
}

bool ConstraintMatch::matches_kind(const scalar::ObjectRef& ref) const noexcept {
  return kinds_.empty() || std::ranges::any_of(kinds_, [&](const Kinds& entry) {
           return has_any(entry.kinds, ref.kind) && has_any(entry.groups, ref.group);
         });
}

bool ConstraintMatch::matches_name(const kube::Object& object) const noexcept {
  if (name_.empty() || glob_matches(name_, object.ref.name)) {
    return true;
  }
  // A prefix also matches what the server will complete.
  const std::string_view generated = text_of(object.metadata.find("generateName"));
  return !generated.empty() && name_.ends_with('*') && glob_matches(name_, generated);
}

Match ConstraintMatch::matches_namespace_labels(const kube::Object& object,
                                                const kube::Snapshot* snapshot) const {
  if (is_namespace(object)) {
    return kube::matches(*namespace_labels_, object.labels()) ? Match::Yes : Match::No;
  }
  if (object.ref.name_space.empty()) {
    return Match::Yes;
  }
  return snapshot == nullptr
             ? Match::Unknown
             : kube::match_namespace(*snapshot, object.ref.name_space, *namespace_labels_);
}

Match ConstraintMatch::matches(const kube::Object& object, const kube::Snapshot* snapshot,
                               Origin origin) const {
  const scalar::ObjectRef& ref = object.ref;
  const bool is_of_namespace = is_namespace(object);
  if (!matches_kind(ref) || !matches_name(object) ||
      (source_ == Source::Original && origin != Origin::Original) ||
      (source_ == Source::Generated && origin != Origin::Generated)) {
    return Match::No;
  }
  const bool is_namespaced = !ref.name_space.empty();
  if ((scope_ == Scope::Cluster && is_namespaced && !is_of_namespace) ||
      (scope_ == Scope::Namespaced && (is_of_namespace || !is_namespaced))) {
    return Match::No;
  }
  // Objects of the cluster are in no namespace, and so in no excluded one and in every wanted one.
  const std::string_view name_space = is_of_namespace ? ref.name : ref.name_space;
  const auto names_it = [&](std::string_view glob) { return glob_matches(glob, name_space); };
  if (!name_space.empty() &&
      ((!namespaces_.empty() && std::ranges::none_of(namespaces_, names_it)) ||
       std::ranges::any_of(excluded_namespaces_, names_it))) {
    return Match::No;
  }
  if (labels_ && !kube::matches(*labels_, object.labels())) {
    return Match::No;
  }
  return namespace_labels_ ? matches_namespace_labels(object, snapshot) : Match::Yes;
}

}  // namespace tally::gatekeeper
