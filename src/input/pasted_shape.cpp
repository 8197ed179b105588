#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "input/internal/pasted_rules.hpp"

namespace tally::input {

namespace {

// Fields of ObjectMeta that stand at the top of a manifest only by mistake.
constexpr std::array<std::string_view, 8> kMetadataFields = {
    "name",       "namespace",       "labels",       "annotations",
    "finalizers", "ownerReferences", "generateName", "uid"};
// Fields that may follow `spec:` or `metadata:` at the top of an object of some kind.
constexpr std::array<std::string_view, 22> kTopFields = {
    "apiVersion", "kind",       "metadata",      "spec",           "status",  "data",
    "stringData", "binaryData", "immutable",     "type",           "rules",   "roleRef",
    "subjects",   "webhooks",   "items",         "template",       "secrets", "provisioner",
    "parameters", "value",      "globalDefault", "aggregationRule"};
// Fields of the specs of common kinds: seen at the top of a document that has a kind, their `spec:`
// is missing.
constexpr std::array<std::string_view, 14> kSpecFields = {
    "podSelector", "policyTypes", "ingress",     "egress",        "selector",
    "replicas",    "containers",  "template",    "ports",         "strategy",
    "schedule",    "jobTemplate", "serviceName", "initContainers"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// The apiVersion of kinds that people paste without it.
struct KindVersion {
  std::string_view kind;
  std::string_view api_version;
};
constexpr std::array kApiVersions = {
    KindVersion{"Pod", "v1"},
    KindVersion{"Service", "v1"},
    KindVersion{"Namespace", "v1"},
    KindVersion{"ConfigMap", "v1"},
    KindVersion{"Secret", "v1"},
    KindVersion{"ServiceAccount", "v1"},
    KindVersion{"PersistentVolume", "v1"},
    KindVersion{"PersistentVolumeClaim", "v1"},
    KindVersion{"ReplicationController", "v1"},
    KindVersion{"ResourceQuota", "v1"},
    KindVersion{"LimitRange", "v1"},
    KindVersion{"Endpoints", "v1"},
    KindVersion{"Node", "v1"},
    KindVersion{"List", "v1"},
    KindVersion{"Deployment", "apps/v1"},
    KindVersion{"StatefulSet", "apps/v1"},
    KindVersion{"DaemonSet", "apps/v1"},
    KindVersion{"ReplicaSet", "apps/v1"},
    KindVersion{"Job", "batch/v1"},
    KindVersion{"CronJob", "batch/v1"},
    KindVersion{"NetworkPolicy", "networking.k8s.io/v1"},
    KindVersion{"Ingress", "networking.k8s.io/v1"},
    KindVersion{"IngressClass", "networking.k8s.io/v1"},
    KindVersion{"Role", "rbac.authorization.k8s.io/v1"},
    KindVersion{"RoleBinding", "rbac.authorization.k8s.io/v1"},
    KindVersion{"ClusterRole", "rbac.authorization.k8s.io/v1"},
    KindVersion{"ClusterRoleBinding", "rbac.authorization.k8s.io/v1"},
    KindVersion{"HorizontalPodAutoscaler", "autoscaling/v2"},
    KindVersion{"PodDisruptionBudget", "policy/v1"},
    KindVersion{"StorageClass", "storage.k8s.io/v1"},
    KindVersion{"PriorityClass", "scheduling.k8s.io/v1"},
    KindVersion{"CustomResourceDefinition", "apiextensions.k8s.io/v1"},
    KindVersion{"ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1"},
    KindVersion{"ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1"},
    KindVersion{"MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1"},
    KindVersion{"ClusterPolicy", "kyverno.io/v1"},
    KindVersion{"AuthorizationPolicy", "security.istio.io/v1"},
    KindVersion{"PeerAuthentication", "security.istio.io/v1"},
};

std::string_view unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front()) {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

// The lines that stand where the keys of the object should stand, and the keys that matter.
struct Top {
  std::vector<const TextLine*> lines;  // content at the margin of the document
  const TextLine* api_version = nullptr;
  const TextLine* kind = nullptr;
  const TextLine* metadata = nullptr;
  const TextLine* spec = nullptr;
  bool flat = false;  // no content line is indented
};

Top read_top(Lines lines) {
  Top top;
  std::uint32_t margin = UINT32_MAX;
  std::uint32_t deepest = 0;
  for (const TextLine& line : lines) {
    if (line.content) {
      margin = std::min(margin, line.indent);
      deepest = std::max(deepest, line.indent);
    }
  }
  top.flat = margin == deepest;
  for (const TextLine& line : lines) {
    if (!line.content || line.indent != margin) {
      continue;
    }
    top.lines.push_back(&line);
    const auto first = [&](const TextLine*& field, std::string_view name) {
      if (field == nullptr && !line.item && line.key == name) {
        field = &line;
      }
    };
    first(top.api_version, "apiVersion");
    first(top.kind, "kind");
    first(top.metadata, "metadata");
    first(top.spec, "spec");
  }
  return top;
}

std::string lines_text(const TextLine& first, const TextLine& last) {
  return first.number == last.number ? fmt::format("line {}", first.number)
                                     : fmt::format("lines {} to {}", first.number, last.number);
}

// A parent key that was left empty and the lines after it that were its children.
struct Displaced {
  const TextLine* parent = nullptr;
  const TextLine* first = nullptr;
  const TextLine* last = nullptr;
};

Displaced displaced_under(const Top& top, const TextLine* parent) {
  Displaced displaced{.parent = parent, .first = nullptr, .last = nullptr};
  if (parent == nullptr || !parent->value.empty()) {
    return displaced;
  }
  auto at = std::ranges::find(top.lines, parent);
  const bool of_metadata = parent->key == "metadata";
  for (++at; at != top.lines.end(); ++at) {
    const TextLine& line = **at;
    if (displaced.first == nullptr) {
      // The first line after it decides: if it is not a child, nothing was displaced.
      const bool child = !line.item && !line.key.empty() &&
                         (of_metadata ? contains(kMetadataFields, line.key)
                                      : !contains(kTopFields, line.key) || line.key == "template");
      // Content that is indented in between is the parent's own.
      if (!child || (at != top.lines.begin() && *std::prev(at) != parent)) {
        return displaced;
      }
      displaced.first = &line;
    }
    const bool ends = of_metadata ? !line.item && contains(kTopFields, line.key)
                                  : !line.item && line.key == "status";
    if (ends) {
      break;
    }
    displaced.last = &line;
  }
  return displaced;
}

// Is there content between the parent and the first displaced line that is indented, so that the
// parent is not empty?
bool has_own_children(Lines lines, const Displaced& displaced) {
  return std::ranges::any_of(lines, [&](const TextLine& line) {
    return line.content && line.offset > displaced.parent->offset &&
           line.offset < displaced.first->offset;
  });
}

// "`spec` (lines 15 and 17), `securityContext` (lines 18 and 26)": keys that stand twice at the
// margin.
std::string repeated_keys(const Top& top) {
  constexpr std::size_t kNamedMax = 3;
  std::vector<const TextLine*> keys;
  for (const TextLine* line : top.lines) {
    if (!line->item && !line->key.empty()) {
      keys.push_back(line);
    }
  }
  std::ranges::sort(keys, {},
                    [](const TextLine* line) { return std::pair(line->key, line->number); });
  std::vector<std::pair<const TextLine*, const TextLine*>> repeated;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    if (keys[i]->key == keys[i + 1]->key && (i == 0 || keys[i - 1]->key != keys[i]->key)) {
      repeated.emplace_back(keys[i], keys[i + 1]);
    }
  }
  std::ranges::sort(repeated, {}, [](const auto& pair) { return pair.second->number; });
  std::string text;
  for (std::size_t i = 0; i < std::min(repeated.size(), kNamedMax); ++i) {
    text += fmt::format("{}'{}' (lines {} and {})", text.empty() ? "" : ", ",
                        excerpt(repeated[i].first->key, 30), repeated[i].first->number,
                        repeated[i].second->number);
  }
  if (repeated.size() > kNamedMax) {
    text += fmt::format(" and {} more", repeated.size() - kNamedMax);
  }
  return text;
}

std::string_view api_version_of(std::string_view kind) {
  const auto row = std::ranges::find(kApiVersions, kind, &KindVersion::kind);
  return row == kApiVersions.end() ? std::string_view{} : row->api_version;
}

bool is_kind_name(std::string_view kind) {
  return !kind.empty() && kind.front() >= 'A' && kind.front() <= 'Z';
}

const TextLine* first_of(const Top& top, auto predicate) {
  const auto at = std::ranges::find_if(
      top.lines, [&](const TextLine* line) { return !line->item && predicate(line->key); });
  return at == top.lines.end() ? nullptr : *at;
}

void find_missing_api_version(const Top& top, Diagnoses& found) {
  if (top.kind == nullptr || top.api_version != nullptr ||
      !is_kind_name(unquoted(top.kind->value))) {
    return;
  }
  const std::string_view kind = unquoted(top.kind->value);
  const std::string_view known = api_version_of(kind);
  if (known.empty() && top.metadata == nullptr && top.spec == nullptr) {
    return;  // Other tools have a `kind` too.
  }
  found.push_back({top.kind->body_offset(), "missing-api-version",
                   fmt::format("found kind '{}' without an apiVersion{}", excerpt(kind, 40),
                               known.empty() ? std::string{}
                                             : fmt::format(", expected 'apiVersion: {}'", known)),
                   known.empty()
                       ? "Add the line 'apiVersion: ...' that belongs to this kind."
                       : fmt::format("Add the line 'apiVersion: {}' above this one.", known)});
}

void find_missing_kind(const Top& top, Diagnoses& found) {
  if (top.api_version != nullptr && top.kind == nullptr &&
      (top.metadata != nullptr || top.spec != nullptr)) {
    found.push_back(
        {top.api_version->body_offset(), "missing-kind",
         fmt::format("found apiVersion '{}' without a kind", excerpt(top.api_version->value, 40)),
         "Add the line 'kind: ...' below this one."});
  }
}

void find_missing_metadata(const Top& top, Diagnoses& found) {
  if (top.kind == nullptr || top.metadata != nullptr || !is_kind_name(unquoted(top.kind->value))) {
    return;
  }
  const bool known = !api_version_of(unquoted(top.kind->value)).empty();
  const TextLine* name =
      first_of(top, [](std::string_view key) { return contains(kMetadataFields, key); });
  if (name != nullptr && (known || top.api_version != nullptr)) {
    found.push_back(
        {name->body_offset(), "missing-metadata",
         fmt::format(
             "found '{}' at the top of the object, expected it under 'metadata:', which is missing",
             name->key),
         fmt::format("Add the line 'metadata:' and indent '{}' by two spaces below it.",
                     name->key)});
  } else if (known && top.api_version != nullptr && top.spec != nullptr) {
    found.push_back(
        {top.kind->body_offset(), "missing-metadata",
         fmt::format("found kind '{}' without metadata, expected 'metadata:' with a name",
                     excerpt(unquoted(top.kind->value), 40)),
         "Add 'metadata:' and below it, indented by two spaces, 'name: ...'."});
  }
}

void find_missing_spec(const Top& top, Diagnoses& found) {
  if (top.kind == nullptr || top.spec != nullptr ||
      api_version_of(unquoted(top.kind->value)).empty()) {
    return;
  }
  const TextLine* field =
      first_of(top, [](std::string_view key) { return contains(kSpecFields, key); });
  if (field == nullptr) {
    return;
  }
  std::string remedy =
      fmt::format("Add the line 'spec:' and indent '{}' by two spaces below it.", field->key);
  const bool types =
      first_of(top, [](std::string_view key) { return key == "policyTypes"; }) != nullptr;
  if (unquoted(top.kind->value) == "NetworkPolicy" && !types) {
    remedy +=
        " Name 'policyTypes' as well: without it, and without egress rules, only ingress is "
        "isolated and every"
        " connection outwards stays open.";
  }
  found.push_back(
      {field->body_offset(), "missing-spec",
       fmt::format(
           "found '{}' at the top of the object, expected it under 'spec:', which is missing",
           field->key),
       std::move(remedy)});
}

}  // namespace

void find_lost_indentation(Lines lines, bool readable, Diagnoses& found) {
  const Top top = read_top(lines);
  if (top.kind == nullptr && top.api_version == nullptr) {
    return;
  }
  Displaced metadata = displaced_under(top, top.metadata);
  Displaced spec = displaced_under(top, top.spec);
  if (metadata.first != nullptr && has_own_children(lines, metadata)) {
    metadata.first = nullptr;
  }
  if (spec.first != nullptr && has_own_children(lines, spec)) {
    spec.first = nullptr;
  }
  const Displaced& cause = metadata.first != nullptr ? metadata : spec;
  if (cause.first == nullptr) {
    return;
  }
  std::string message = fmt::format(
      "the indentation of this text is lost: '{}' ({}) belongs under '{}:' (line {}), which is "
      "empty",
      cause.first->key, lines_text(*cause.first, *cause.first), cause.parent->key,
      cause.parent->number);
  if (const std::string repeated = repeated_keys(top); !repeated.empty() && !readable) {
    message +=
        fmt::format("; keys of different levels now stand side by side and repeat: {}", repeated);
  }
  std::string remedy;
  for (const Displaced* part : {&metadata, &spec}) {
    if (part->first != nullptr) {
      remedy += fmt::format("{}ndent {} under '{}:' (line {})", remedy.empty() ? "I" : ", i",
                            lines_text(*part->first, *part->last), part->parent->key,
                            part->parent->number);
    }
  }
  remedy +=
      ", each level by two spaces more than its key; or copy the manifest again from a place that "
      "keeps indentation.";
  found.push_back(
      {cause.first->body_offset(), "lost-indentation", std::move(message), std::move(remedy)});
}

void find_misplaced_items(Lines lines, Diagnoses& found) {
  Sightings items;
  const TextLine* item = nullptr;
  const TextLine* before_item = nullptr;
  // The nearest line above with the same indentation and nothing shallower in between.
  std::vector<const TextLine*> open;
  for (const TextLine& line : lines) {
    if (!line.content) {
      continue;
    }
    while (!open.empty() && open.back()->indent > line.indent) {
      open.pop_back();
    }
    const TextLine* peer =
        !open.empty() && open.back()->indent == line.indent ? open.back() : nullptr;
    if (line.item && peer != nullptr && !peer->item && !peer->key.empty() && !peer->value.empty()) {
      items.see(line.body_offset(), line.body);
      if (item == nullptr) {
        item = &line;
        before_item = peer;
      }
    }
    if (peer != nullptr) {
      open.back() = &line;
    } else {
      open.push_back(&line);
    }
  }
  if (item != nullptr) {
    found.push_back({items.offset(), "misplaced-list-item",
                     fmt::format("found the list item '{}' (line {}) beside the key '{}' (line "
                                 "{}), expected it inside a list{}",
                                 excerpt(item->body, 30), item->number, before_item->key,
                                 before_item->number, items.others()),
                     "Indent the item as the other items of its list, and what belongs to an item "
                     "by two spaces more."});
  }
}

void find_missing_parts(Lines lines, Diagnoses& found) {
  const Top top = read_top(lines);
  find_missing_api_version(top, found);
  find_missing_kind(top, found);
  find_missing_metadata(top, found);
  find_missing_spec(top, found);
}

void find_bare_selectors(Lines lines, Diagnoses& found) {
  static constexpr std::array<std::string_view, 4> kSelectors = {"podSelector", "namespaceSelector",
                                                                 "objectSelector", "labelSelector"};
  static constexpr std::array<std::string_view, 8> kNotLabels = {
      "matchLabels", "matchExpressions", "ports", "policyTypes", "ingress", "egress", "from", "to"};
  Sightings selectors;
  const TextLine* first_label = nullptr;
  const TextLine* selector = nullptr;
  for (const TextLine& line : lines) {
    if (!line.content) {
      continue;
    }
    const bool label = selector != nullptr && !line.item && !line.key.empty() &&
                       !line.value.empty() && line.indent >= selector->indent &&
                       !contains(kNotLabels, line.key) && !contains(kSelectors, line.key);
    if (label) {
      selectors.see(selector->key_offset, selector->key);
      first_label = first_label == nullptr ? &line : first_label;
    }
    selector = contains(kSelectors, line.key) && line.value.empty() ? &line : nullptr;
  }
  if (first_label != nullptr) {
    found.push_back(
        {selectors.offset(), "bare-selector",
         fmt::format("found '{}' with the label '{}' (line {}) directly below it, expected "
                     "'matchLabels:' in between{}",
                     selectors.what(), first_label->key, first_label->number, selectors.others()),
         "Add the line 'matchLabels:' under the selector and indent the labels below it. A reader "
         "that ignored the "
         "unknown field would take the selector as empty, and an empty selector selects "
         "everything."});
  }
}

std::vector<std::string_view> every_pasted_id() {
  return {"windows-1252",    "typographic-dash",     "typographic-separator", "curly-quotes",
          "no-break-space",  "invisible-character",  "full-width-colon",      "tab-indentation",
          "foreign-comment", "missing-comment-mark", "markdown-fence",        "shell-command",
          "line-numbers",    "diff-marker",          "html-entity",           "html-tag",
          "template-action", "lost-indentation",     "misplaced-list-item",   "missing-api-version",
          "missing-kind",    "missing-metadata",     "missing-spec",          "bare-selector"};
}

void sort_by_position(Diagnoses& found) {
  const std::vector<std::string_view> ids = every_pasted_id();
  std::ranges::sort(found, {}, [&ids](const PastedDiagnosis& diagnosis) {
    return std::pair(diagnosis.offset, std::ranges::find(ids, diagnosis.id) - ids.begin());
  });
}

namespace {

// Does a document that was read have anything of a manifest about it?
bool resembles_manifest(Lines lines) {
  return std::ranges::any_of(lines, [](const TextLine& line) {
    return line.key == "kind" || line.key == "metadata" ||
           line.body.find("apiVersion") != std::string_view::npos;
  });
}

bool is_json(Lines lines) {
  const auto first = std::ranges::find_if(lines, &TextLine::content);
  return first != lines.end() && (first->body.front() == '{' || first->body.front() == '[');
}

}  // namespace

std::vector<PastedDiagnosis> diagnose_text(const document::Source& source, std::uint32_t begin,
                                           std::uint32_t end, const document::Node* root) {
  const std::vector<TextLine> lines = text_lines(source, begin, end, kPastedLinesMax);
  const bool readable = root != nullptr;
  Diagnoses found;
  if (readable && !resembles_manifest(lines)) {
    return found;
  }
  find_foreign_bytes(lines, found);
  find_typographic_characters(lines, found);
  find_foreign_comments(lines, found);
  find_surroundings(lines, found);
  if (!readable) {
    find_prose(lines, found);
    find_template_actions(lines, found);
  }
  // Indentation means nothing in JSON.
  if (!is_json(lines)) {
    find_lost_indentation(lines, readable, found);
    find_missing_parts(lines, found);
    if (!readable) {
      find_tabs(lines, found);
      find_misplaced_items(lines, found);
      find_bare_selectors(lines, found);
    }
  }
  sort_by_position(found);
  return found;
}

}  // namespace tally::input
