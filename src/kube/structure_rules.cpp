// Rules of single types beyond their fields, after pkg/apis/*/validation of Kubernetes 1.36; the
// messages are the API server's. A rule looks at well-typed values only: what has a wrong type was
// reported by the walk.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <tuple>

#include "base/text.hpp"
#include "kube/api_kinds.hpp"
#include "kube/internal/structure_walk.hpp"
#include "scalar/name_syntax.hpp"
#include "scalar/quantity.hpp"

namespace tally::kube::internal {

namespace {

using document::Member;
using document::Name;
using document::Node;
using Kind = StructureProblemKind;

const Name kApiGroup{"apiGroup"};
const Name kApiGroups{"apiGroups"};
const Name kAnnotations{"annotations"};
const Name kClusterIp{"clusterIP"};
const Name kContainerPort{"containerPort"};
const Name kContainers{"containers"};
const Name kData{"data"};
const Name kEphemeralContainers{"ephemeralContainers"};
const Name kExternalName{"externalName"};
const Name kHostPort{"hostPort"};
const Name kImage{"image"};
const Name kInitContainers{"initContainers"};
const Name kKey{"key"};
const Name kKind{"kind"};
const Name kLabels{"labels"};
const Name kLimits{"limits"};
const Name kMatchExpressions{"matchExpressions"};
const Name kMatchLabels{"matchLabels"};
const Name kMaxReplicas{"maxReplicas"};
const Name kMetadata{"metadata"};
const Name kMinReplicas{"minReplicas"};
const Name kName{"name"};
const Name kNamespace{"namespace"};
const Name kNonResourceUrls{"nonResourceURLs"};
const Name kOperator{"operator"};
const Name kPort{"port"};
const Name kPorts{"ports"};
const Name kRequests{"requests"};
const Name kResources{"resources"};
const Name kRestartPolicy{"restartPolicy"};
const Name kSchedule{"schedule"};
const Name kSelector{"selector"};
const Name kSpec{"spec"};
const Name kStringData{"stringData"};
const Name kTemplate{"template"};
const Name kType{"type"};
const Name kValues{"values"};
const Name kVerbs{"verbs"};
const Name kVolumes{"volumes"};
const Name kVolumeMounts{"volumeMounts"};

std::string_view text_at(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

// Absent, null or an empty text; a value of another type is not absent.
bool is_absent(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found == nullptr || found->is_null() || (found->is_string() && found->text().empty());
}

const Node* list_at(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_array() ? found : nullptr;
}

const Node* map_at(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

// The frame of a child; the parent's frame must outlive it.
Frame child_frame(const Frame& frame, const Node& child, std::string_view key,
                  std::size_t index = 0) {
  return {.up = &frame, .node = &child, .type = nullptr, .key = key, .index = index};
}

// Are the texts of `name` in two or more items of a list equal? Reports each second one.
void report_duplicates(StructureWalk& walk, const Frame& frame,
                       std::initializer_list<const Name*> lists, const Name& name) {
  struct Seen {
    std::string_view text;
    const Node* list;
    std::string_view list_name;
    std::size_t index;
    std::size_t order;  // over all lists
  };
  std::size_t items = 0;
  for (const Name* list_name : lists) {
    const Node* list = list_at(*frame.node, *list_name);
    items += list == nullptr ? 0 : list->size();
  }
  if (items < 2) {
    return;
  }
  constexpr std::size_t kFew = 16;
  std::array<Seen, kFew> few;
  std::vector<Seen> many;
  std::size_t count = 0;
  for (const Name* list_name : lists) {
    const Node* list = list_at(*frame.node, *list_name);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const std::string_view text = text_at(list->items()[i], name);
      if (text.empty()) {
        continue;
      }
      const Seen seen{text, list, list_name->text(), i, count};
      if (count < kFew) {
        few[count] = seen;
      } else {
        many.push_back(seen);
      }
      ++count;
    }
  }
  const auto report = [&](const Seen& seen) {
    const Frame list = child_frame(frame, *seen.list, seen.list_name);
    const Frame item = child_frame(list, seen.list->items()[seen.index], {}, seen.index);
    walk.report_child(Kind::DuplicateName, item, name.text(),
                      fmt::format("\"{}\"", excerpt(seen.text)), "a unique name",
                      fmt::format("{}: Duplicate value: \"{}\"", dotted_path(item, name.text()),
                                  excerpt(seen.text)));
  };
  if (count <= kFew) {
    for (std::size_t i = 1; i < count; ++i) {
      const Seen* first = few.data();
      const Seen* last = first + i;
      if (std::any_of(first, last,
                      [last](const Seen& earlier) { return earlier.text == last->text; })) {
        report(*last);
      }
    }
    return;
  }
  many.insert(many.begin(), few.begin(), few.end());
  std::sort(many.begin(), many.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.text, a.order) < std::tie(b.text, b.order);
  });
  for (std::size_t i = 1; i < many.size(); ++i) {
    if (many[i].text == many[i - 1].text) {
      report(many[i]);
    }
  }
}

// --- metadata ---

void check_labels(StructureWalk& walk, const Frame& frame, const Name& name, bool values_too) {
  const Node* map = map_at(*frame.node, name);
  if (map == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < map->size(); ++i) {
    const std::string_view key = map->key(i);
    const Node& value = map->items()[i];
    // The most common keys are the names that checks know: their syntax was right when they were
    // interned.
    std::string_view problem = scalar::label_key_problem(key);
    if (!problem.empty()) {
      const Frame entry = child_frame(frame, *map, name.text());
      walk.report_child(Kind::InvalidLabel, entry, key, fmt::format("\"{}\"", excerpt(key)),
                        problem,
                        fmt::format("{}: Invalid value: \"{}\": {}",
                                    dotted_path(frame, name.text()), excerpt(key), problem));
    }
    if (!values_too || !value.is_string()) {
      continue;
    }
    problem = scalar::label_value_problem(value.text());
    if (!problem.empty()) {
      const Frame entry = child_frame(frame, *map, name.text());
      walk.report_child(Kind::InvalidLabel, entry, key, found_text(value), problem,
                        fmt::format("{}: Invalid value: {}: {}", dotted_path(frame, name.text()),
                                    found_text(value), problem));
    }
  }
}

void object_meta(StructureWalk& walk, const Frame& frame) {
  check_labels(walk, frame, kLabels, true);
  check_labels(walk, frame, kAnnotations, false);
}

// --- workloads ---

bool values_hold(const Node& values, std::string_view text) {
  return std::any_of(values.items().begin(), values.items().end(), [text](const Node& value) {
    return value.is_string() && value.text() == text;
  });
}

// Without building a LabelSelector: this runs for every workload. Invalid operators were reported
// elsewhere and match.
bool selector_matches(const Node& selector, const Node* labels) {
  const auto label = [labels](std::string_view key) -> const Node* {
    return labels == nullptr ? nullptr : labels->find(key);
  };
  if (const Node* wanted = map_at(selector, kMatchLabels)) {
    for (std::size_t i = 0; i < wanted->size(); ++i) {
      const Node* value = label(wanted->key(i));
      if (wanted->items()[i].is_string() &&
          (value == nullptr || value->text() != wanted->items()[i].text())) {
        return false;
      }
    }
  }
  const Node* expressions = list_at(selector, kMatchExpressions);
  for (const Node& expression :
       expressions == nullptr ? std::span<const Node>{} : expressions->items()) {
    const std::string_view op = text_at(expression, kOperator);
    const Node* value = label(text_at(expression, kKey));
    const Node* values = list_at(expression, kValues);
    const bool holds = value != nullptr && values != nullptr && values_hold(*values, value->text());
    if ((op == "In" && !holds) || (op == "NotIn" && holds) ||
        (op == "Exists" && value == nullptr) || (op == "DoesNotExist" && value != nullptr)) {
      return false;
    }
  }
  return true;
}

bool is_empty_selector(const Node& selector) {
  const Node* labels = selector.find(kMatchLabels);
  const Node* expressions = selector.find(kMatchExpressions);
  return (labels == nullptr || labels->size() == 0) &&
         (expressions == nullptr || expressions->size() == 0);
}

void report_mismatch(StructureWalk& walk, const Frame& frame, const Node& template_node,
                     const Node* labels) {
  const Frame in_template = child_frame(frame, template_node, "template");
  const Node* metadata = map_at(template_node, kMetadata);
  const Frame in_metadata =
      child_frame(in_template, metadata == nullptr ? template_node : *metadata, "metadata");
  const std::string path = dotted_path(in_template, "metadata") + ".labels";
  const std::string found =
      labels == nullptr ? std::string{"no labels"} : fmt::format("{} labels", labels->size());
  walk.report_child(
      Kind::SelectorMismatch, in_metadata, "labels", found, "the labels that the selector names",
      fmt::format("{}: Invalid value: `selector` does not match template `labels`: found {}", path,
                  found));
}

void check_restart_policy(StructureWalk& walk, const Frame& frame,
                          std::initializer_list<std::string_view> allowed, bool required) {
  const Node* holder = map_at(*frame.node, kTemplate);
  const Node* spec = holder == nullptr ? nullptr : map_at(*holder, kSpec);
  if (spec == nullptr) {
    return;
  }
  const std::string_view policy = text_at(*spec, kRestartPolicy);
  if ((policy.empty() && !required) ||
      std::find(allowed.begin(), allowed.end(), policy) != allowed.end()) {
    return;
  }
  const Frame in_template = child_frame(frame, *holder, "template");
  const Frame in_spec = child_frame(in_template, *spec, "spec");
  const std::string values = fmt::format("\"{}\"", fmt::join(allowed, "\", \""));
  if (policy.empty()) {
    walk.required(in_spec, kRestartPolicy.text(), fmt::format("valid values: {}", values));
    return;
  }
  walk.report_child(
      Kind::UnsupportedValue, in_spec, kRestartPolicy.text(),
      fmt::format("\"{}\"", excerpt(policy)), values,
      fmt::format("{}: Unsupported value: \"{}\": supported values: {}",
                  dotted_path(in_spec, kRestartPolicy.text()), excerpt(policy), values));
}

// ValidateDeploymentSpec, ValidatePodTemplateSpecForRS and their like.
void selecting(StructureWalk& walk, const Frame& frame) {
  const Node* holder = map_at(*frame.node, kTemplate);
  if (holder == nullptr && frame.type->name == "apps.v1.ReplicaSetSpec" &&
      is_absent(*frame.node, kTemplate)) {
    walk.required(frame, kTemplate.text());
  }
  check_restart_policy(walk, frame, {"Always"}, false);
  const Node* metadata = holder == nullptr ? nullptr : map_at(*holder, kMetadata);
  const Node* labels = metadata == nullptr ? nullptr : map_at(*metadata, kLabels);
  const Node* selector = map_at(*frame.node, kSelector);
  if (selector == nullptr) {
    // An absent selector matches nothing, so the API server names the labels as well; worth saying
    // if there are none.
    if (holder != nullptr && (labels == nullptr || labels->size() == 0)) {
      report_mismatch(walk, frame, *holder, labels);
    }
    return;
  }
  if (is_empty_selector(*selector)) {
    std::string lower(walk.object.ref.kind);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    walk.invalid(Kind::InvalidValue, frame, kSelector.text(), "{}",
                 fmt::format("empty selector is invalid for {}", lower));
    return;
  }
  if (holder != nullptr && !selector_matches(*selector, labels)) {
    report_mismatch(walk, frame, *holder, labels);
  }
}

// The selector defaults to the template's labels.
void replication(StructureWalk& walk, const Frame& frame) {
  const Node* holder = map_at(*frame.node, kTemplate);
  if (holder == nullptr) {
    if (is_absent(*frame.node, kTemplate)) {
      walk.required(frame, kTemplate.text());
    }
    return;
  }
  check_restart_policy(walk, frame, {"Always"}, false);
  const Node* metadata = map_at(*holder, kMetadata);
  const Node* labels = metadata == nullptr ? nullptr : map_at(*metadata, kLabels);
  const Node* selector = map_at(*frame.node, kSelector);
  if (selector == nullptr || selector->size() == 0) {
    if (labels == nullptr || labels->size() == 0) {
      walk.required(frame, kSelector.text());
    }
    return;
  }
  for (const Member wanted : selector->members()) {
    const Node* value = labels == nullptr ? nullptr : labels->find(wanted.key);
    if (wanted.value.is_string() && (value == nullptr || value->text() != wanted.value.text())) {
      report_mismatch(walk, frame, *holder, labels);
      return;
    }
  }
}

// The five fields of robfig/cron: characters only; ranges are the API server's affair.
bool is_schedule(std::string_view text) {
  if (text.starts_with('@')) {
    constexpr std::array<std::string_view, 7> kMacros{"@yearly", "@annually", "@monthly", "@weekly",
                                                      "@daily",  "@midnight", "@hourly"};
    return std::find(kMacros.begin(), kMacros.end(), text) != kMacros.end() ||
           text.starts_with("@every ");
  }
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    const auto blank = text.find(' ');
    text = blank == std::string_view::npos ? std::string_view{} : text.substr(blank);
  }
  std::size_t fields = 0;
  for (bool in_field = false; const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    const bool known = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '*' || c == '/' || c == ',' || c == '-' || c == '?';
    if (!blank && !known) {
      return false;
    }
    fields += !blank && !in_field ? 1 : 0;
    in_field = !blank;
  }
  return fields == 5;
}

void cron_job_spec(StructureWalk& walk, const Frame& frame) {
  const Node* schedule = frame.node->find(kSchedule);
  if (schedule == nullptr || !schedule->is_string()) {
    return;
  }
  if (schedule->text().empty()) {
    walk.required(frame, kSchedule.text());
  } else if (!is_schedule(schedule->text())) {
    walk.invalid(Kind::InvalidValue, frame, kSchedule.text(), found_text(*schedule),
                 "expected exactly 5 fields (minute, hour, day of month, month, day of week) or a "
                 "macro such as @daily");
  }
}

// --- pods ---

bool is_in_stateful_set(const StructureWalk& walk) { return walk.object.ref.kind == "StatefulSet"; }

void check_mounts(StructureWalk& walk, const Frame& frame, const Name& list_name,
                  const Node* volumes) {
  const Node* list = list_at(*frame.node, list_name);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const Node* mounts = list_at(list->items()[i], kVolumeMounts);
    for (std::size_t j = 0; mounts != nullptr && j < mounts->size(); ++j) {
      const std::string_view name = text_at(mounts->items()[j], kName);
      const bool defined =
          volumes != nullptr &&
          std::any_of(volumes->items().begin(), volumes->items().end(),
                      [name](const Node& volume) { return text_at(volume, kName) == name; });
      if (name.empty() || defined) {
        continue;
      }
      const Frame in_list = child_frame(frame, *list, list_name.text());
      const Frame in_item = child_frame(in_list, list->items()[i], {}, i);
      const Frame in_mounts = child_frame(in_item, *mounts, kVolumeMounts.text());
      const Frame in_mount = child_frame(in_mounts, mounts->items()[j], {}, j);
      walk.report_child(
          Kind::NotFound, in_mount, kName.text(), fmt::format("\"{}\"", excerpt(name)),
          "a volume of the pod",
          fmt::format("{}: Not found: \"{}\"", dotted_path(in_mount, kName.text()), excerpt(name)));
    }
  }
}

void pod_spec(StructureWalk& walk, const Frame& frame) {
  const Node* containers = list_at(*frame.node, kContainers);
  if (containers != nullptr && containers->size() == 0) {
    walk.required(frame, kContainers.text());
  }
  report_duplicates(walk, frame, {&kContainers, &kInitContainers, &kEphemeralContainers}, kName);
  const Node* volumes = list_at(*frame.node, kVolumes);
  if (volumes != nullptr) {
    report_duplicates(walk, frame, {&kVolumes}, kName);
  }
  // Volume claim templates of a StatefulSet become volumes later; and many volumes times many
  // mounts is not looked at.
  if (!is_in_stateful_set(walk) && (volumes == nullptr || volumes->size() <= 256)) {
    for (const Name* list : {&kContainers, &kInitContainers, &kEphemeralContainers}) {
      check_mounts(walk, frame, *list, volumes);
    }
  }
}

void container(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  if (is_absent(node, kImage)) {
    walk.required(frame, kImage.text());
  } else if (const std::string_view image = text_at(node, kImage);
             !image.empty() && trim(image).size() != image.size()) {
    walk.invalid(Kind::InvalidValue, frame, kImage.text(), fmt::format("\"{}\"", excerpt(image)),
                 "must not have leading or trailing whitespace");
  }
  if (const Node* name = node.find(kName); name != nullptr && name->is_string()) {
    if (name->text().empty()) {
      walk.required(frame, kName.text());
    } else if (const auto problem = scalar::dns1123_label_problem(name->text()); !problem.empty()) {
      walk.invalid(Kind::InvalidName, frame, kName.text(), found_text(*name), problem);
    }
  }
  if (list_at(node, kPorts) != nullptr) {
    report_duplicates(walk, frame, {&kPorts}, kName);
  }
}

void check_port(StructureWalk& walk, const Frame& frame, const Name& name, std::int64_t least) {
  const Node* port = frame.node->find(name);
  const auto number = port == nullptr ? std::nullopt : port->integer();
  if (number && *number >= INT32_MIN && *number <= INT32_MAX && *number != (least == 0 ? 0 : -1)) {
    if (const auto problem = scalar::port_number_problem(*number); !problem.empty()) {
      walk.invalid(Kind::InvalidPort, frame, name.text(), fmt::format("{}", *number), problem);
    }
  }
}

void container_port(StructureWalk& walk, const Frame& frame) {
  check_port(walk, frame, kContainerPort, 1);
  check_port(walk, frame, kHostPort, 0);
  if (const std::string_view name = text_at(*frame.node, kName); !name.empty()) {
    if (const auto problem = scalar::port_name_problem(name); !problem.empty()) {
      walk.invalid(Kind::InvalidPort, frame, kName.text(), fmt::format("\"{}\"", excerpt(name)),
                   problem);
    }
  }
}

// "250m" as thousandths, "128Mi" as bytes times 1000: plain numbers with the suffixes that nearly
// everyone uses. Nothing for every other text, which Quantity then reads.
std::optional<std::int64_t> common_milli(std::string_view text) noexcept {
  std::int64_t value = 0;
  std::size_t at = 0;
  for (; at < text.size() && at < 10 && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = value * 10 + (text[at] - '0');
  }
  const std::string_view suffix = text.substr(at);
  if (at == 0 || at == 10) {
    return std::nullopt;
  }
  if (suffix.empty()) {
    return value * 1000;
  }
  if (suffix == "m") {
    return value;
  }
  if (suffix == "Mi" && value < 1'000'000) {
    return (value << 20) * 1000;
  }
  if (suffix == "Gi" && value < 1'000) {
    return (value << 30) * 1000;
  }
  return std::nullopt;
}

int compare_quantities(std::string_view a, std::string_view b) {
  const auto left_milli = common_milli(a);
  const auto right_milli = common_milli(b);
  if (left_milli && right_milli) {
    return *left_milli < *right_milli ? -1 : *left_milli == *right_milli ? 0 : 1;
  }
  const auto left = scalar::Quantity::try_parse(trim(a));
  const auto right = scalar::Quantity::try_parse(trim(b));
  return left && right ? left->compare(*right) : 0;  // invalid ones were reported
}

void resources(StructureWalk& walk, const Frame& frame) {
  const Node* requests = map_at(*frame.node, kRequests);
  const Node* limits = map_at(*frame.node, kLimits);
  for (const Name* name : {&kRequests, &kLimits}) {
    const Node* map = name == &kRequests ? requests : limits;
    for (std::size_t i = 0; map != nullptr && i < map->size(); ++i) {
      const Node& value = map->items()[i];
      if (value.text().starts_with('-') && compare_quantities(value.text(), "0") < 0) {
        const Frame in_map = child_frame(frame, *map, name->text());
        walk.invalid(Kind::InvalidQuantity, in_map, map->key(i), found_text(value),
                     "must be greater than or equal to 0");
      }
    }
  }
  if (requests == nullptr || limits == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < requests->size(); ++i) {
    const Node& request = requests->items()[i];
    const Node* limit = limits->find(requests->key(i));
    if (limit == nullptr || compare_quantities(request.text(), limit->text()) <= 0) {
      continue;
    }
    const Frame in_map = child_frame(frame, *requests, kRequests.text());
    const std::string why = fmt::format("must be less than or equal to {} limit of {}",
                                        excerpt(requests->key(i)), excerpt(limit->text()));
    walk.report_child(
        Kind::RequestAboveLimit, in_map, requests->key(i), found_text(request), why,
        fmt::format("{}: Invalid value: \"{}\": {}", dotted_path(frame, kRequests.text()),
                    excerpt(request.text()), why));
  }
}

void env_var(StructureWalk& walk, const Frame& frame) {
  const Node* name = frame.node->find(kName);
  if (name == nullptr || !name->is_string()) {
    return;
  }
  if (name->text().empty()) {
    walk.required(frame, kName.text());
  } else if (const auto problem = scalar::env_name_problem(name->text()); !problem.empty()) {
    walk.invalid(Kind::InvalidName, frame, kName.text(), found_text(*name), problem);
  }
}

// --- services ---

void service_spec(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  const bool external = text_at(node, kType) == "ExternalName";
  const bool headless = text_at(node, kClusterIp) == "None";
  const Node* ports = list_at(node, kPorts);
  if (external && is_absent(node, kExternalName)) {
    walk.required(frame, kExternalName.text());
  }
  if (!external && !headless && (ports == nullptr || ports->size() == 0) &&
      (ports != nullptr || is_absent(node, kPorts))) {
    walk.required(frame, kPorts.text());
  }
  if (ports == nullptr) {
    return;
  }
  report_duplicates(walk, frame, {&kPorts}, kName);
  const Frame list = child_frame(frame, *ports, kPorts.text());
  for (std::size_t i = 0; i < ports->size(); ++i) {
    const Frame item = child_frame(list, ports->items()[i], {}, i);
    check_port(walk, item, kPort, 1);
    const Node* name = ports->items()[i].find(kName);
    if (ports->size() > 1 && is_absent(ports->items()[i], kName)) {
      walk.required(item, kName.text());
    } else if (name != nullptr && name->is_string() && !name->text().empty()) {
      if (const auto problem = scalar::dns1123_label_problem(name->text()); !problem.empty()) {
        walk.invalid(Kind::InvalidPort, item, kName.text(), found_text(*name), problem);
      }
    }
  }
}

// --- RBAC ---

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";

void report_unsupported(StructureWalk& walk, const Frame& frame, const Name& name,
                        std::string_view found, std::string_view supported) {
  walk.report_child(Kind::UnsupportedValue, frame, name.text(),
                    fmt::format("\"{}\"", excerpt(found)), supported,
                    fmt::format("{}: Unsupported value: \"{}\": supported values: {}",
                                dotted_path(frame, name.text()), excerpt(found), supported));
}

void role_ref(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  if (const auto group = text_at(node, kApiGroup); !group.empty() && group != kRbacGroup) {
    report_unsupported(walk, frame, kApiGroup, group, "\"rbac.authorization.k8s.io\"");
  }
  const std::string_view kind = text_at(node, kKind);
  const bool cluster = walk.object.ref.kind == "ClusterRoleBinding";
  if (!kind.empty() && kind != "ClusterRole" && (cluster || kind != "Role")) {
    report_unsupported(walk, frame, kKind, kind,
                       cluster ? "\"ClusterRole\"" : "\"Role\", \"ClusterRole\"");
  }
  if (const Node* name = node.find(kName);
      name != nullptr && name->is_string() && name->text().empty()) {
    walk.required(frame, kName.text());
  }
}

void subject(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  const std::string_view kind = text_at(node, kKind);
  const std::string_view group = text_at(node, kApiGroup);
  if (kind == "ServiceAccount") {
    if (!group.empty()) {
      report_unsupported(walk, frame, kApiGroup, group, "\"\"");
    }
    if (is_absent(node, kNamespace)) {
      // A RoleBinding's own namespace is not taken: the field is required all the same.
      walk.required(frame, kNamespace.text());
    }
  } else if (kind == "User" || kind == "Group") {
    if (!group.empty() && group != kRbacGroup) {
      report_unsupported(walk, frame, kApiGroup, group, "\"rbac.authorization.k8s.io\"");
    }
  } else if (!kind.empty()) {
    report_unsupported(walk, frame, kKind, kind, "\"ServiceAccount\", \"User\", \"Group\"");
  }
}

bool is_empty_list(const Node& map, const Name& name) {
  const Node* found = map.find(name);
  return found == nullptr || found->is_null() || (found->is_array() && found->size() == 0);
}

void policy_rule(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  if (const Node* verbs = list_at(node, kVerbs); verbs != nullptr && verbs->size() == 0) {
    walk.required(frame, kVerbs.text(), "verbs must contain at least one value");
  }
  if (!is_empty_list(node, kNonResourceUrls)) {
    if (walk.object.ref.kind == "Role") {
      walk.invalid(Kind::InvalidValue, frame, kNonResourceUrls.text(), "a list",
                   "namespaced rules cannot apply to non-resource URLs");
    }
    return;
  }
  if (is_empty_list(node, kApiGroups)) {
    walk.required(frame, kApiGroups.text(), "resource rules must supply at least one api group");
  }
  if (is_empty_list(node, kResources)) {
    walk.required(frame, kResources.text(), "resource rules must supply at least one resource");
  }
}

// --- the rest ---

void label_selector_requirement(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  const std::string_view op = text_at(node, kOperator);
  const bool set = op == "In" || op == "NotIn";
  if (set && is_empty_list(node, kValues)) {
    walk.required(frame, kValues.text(), "must be specified when `operator` is 'In' or 'NotIn'");
  } else if ((op == "Exists" || op == "DoesNotExist") && !is_empty_list(node, kValues)) {
    walk.report_child(
        Kind::InvalidValue, frame, kValues.text(), "a list", "no values",
        fmt::format(
            "{}: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            dotted_path(frame, kValues.text())));
  } else if (!set && op != "Exists" && op != "DoesNotExist" && node.find(kOperator) != nullptr) {
    walk.invalid(Kind::InvalidValue, frame, kOperator.text(), fmt::format("\"{}\"", excerpt(op)),
                 "not a valid selector operator");
  }
  if (const std::string_view key = text_at(node, kKey); !key.empty()) {
    if (const auto problem = scalar::label_key_problem(key); !problem.empty()) {
      walk.invalid(Kind::InvalidLabel, frame, kKey.text(), fmt::format("\"{}\"", excerpt(key)),
                   problem);
    }
  }
}

void config_keys(StructureWalk& walk, const Frame& frame, const Name& name) {
  const Node* map = map_at(*frame.node, name);
  for (std::size_t i = 0; map != nullptr && i < map->size(); ++i) {
    if (const auto problem = scalar::config_key_problem(map->key(i)); !problem.empty()) {
      const Frame in_map = child_frame(frame, *map, name.text());
      walk.report_child(Kind::InvalidName, in_map, map->key(i),
                        fmt::format("\"{}\"", excerpt(map->key(i))), problem,
                        fmt::format("{}[{}]: Invalid value: \"{}\": {}", dotted_path(in_map),
                                    excerpt(map->key(i)), excerpt(map->key(i)), problem));
    }
  }
}

void autoscaler_spec(StructureWalk& walk, const Frame& frame) {
  const Node* most = frame.node->find(kMaxReplicas);
  const Node* least = frame.node->find(kMinReplicas);
  if (most == nullptr || !most->integer()) {
    return;
  }
  const std::int64_t maximum = most->integer().value_or(1);
  const std::int64_t minimum = least == nullptr ? 1 : least->integer().value_or(1);
  if (maximum < 1) {
    walk.invalid(Kind::InvalidValue, frame, kMaxReplicas.text(), found_text(*most),
                 "must be greater than 0");
  } else if (maximum < minimum) {
    walk.invalid(Kind::InvalidValue, frame, kMaxReplicas.text(), found_text(*most),
                 "must be greater than or equal to `minReplicas`");
  }
}

struct RuleRow {
  std::string_view type;
  Rule rule;
};
constexpr auto kRules = std::to_array<RuleRow>({
    {"meta.v1.ObjectMeta", Rule::ObjectMeta},
    {"apps.v1.DeploymentSpec", Rule::Selecting},
    {"apps.v1.ReplicaSetSpec", Rule::Selecting},
    {"apps.v1.StatefulSetSpec", Rule::Selecting},
    {"apps.v1.DaemonSetSpec", Rule::Selecting},
    {"core.v1.ReplicationControllerSpec", Rule::Replication},
    {"batch.v1.JobSpec", Rule::JobSpec},
    {"batch.v1.CronJobSpec", Rule::CronJobSpec},
    {"core.v1.PodSpec", Rule::PodSpec},
    {"core.v1.Container", Rule::Container},
    {"core.v1.EphemeralContainer", Rule::Container},
    {"core.v1.ContainerPort", Rule::ContainerPort},
    {"core.v1.ResourceRequirements", Rule::Resources},
    {"core.v1.EnvVar", Rule::EnvVar},
    {"core.v1.ServiceSpec", Rule::ServiceSpec},
    {"rbac.v1.RoleRef", Rule::RoleRef},
    {"rbac.v1.Subject", Rule::Subject},
    {"rbac.v1.PolicyRule", Rule::PolicyRule},
    {"meta.v1.LabelSelectorRequirement", Rule::LabelSelectorRequirement},
    {"core.v1.ConfigMap", Rule::ConfigMap},
    {"core.v1.Secret", Rule::Secret},
    {"autoscaling.v1.HorizontalPodAutoscalerSpec", Rule::AutoscalerSpec},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", Rule::AutoscalerSpec},
});

}  // namespace

const std::vector<Rule>& rules_by_type() {
  static const std::vector<Rule> rules = [] {
    const auto types = api_types().types();
    std::vector<Rule> found(types.size(), Rule::None);
    for (std::size_t i = 0; i < types.size(); ++i) {
      const auto* row = std::find_if(kRules.begin(), kRules.end(), [&](const RuleRow& rule) {
        return rule.type == types[i].name;
      });
      found[i] = row == kRules.end() ? Rule::None : row->rule;
    }
    return found;
  }();
  return rules;
}

void apply_rule(Rule rule, StructureWalk& walk, const Frame& frame) {
  switch (rule) {
    case Rule::None:
      return;
    case Rule::ObjectMeta:
      return object_meta(walk, frame);
    case Rule::Selecting:
      return selecting(walk, frame);
    case Rule::Replication:
      return replication(walk, frame);
    case Rule::JobSpec:
      return check_restart_policy(walk, frame, {"OnFailure", "Never"}, true);
    case Rule::CronJobSpec:
      return cron_job_spec(walk, frame);
    case Rule::PodSpec:
      return pod_spec(walk, frame);
    case Rule::Container:
      return container(walk, frame);
    case Rule::ContainerPort:
      return container_port(walk, frame);
    case Rule::Resources:
      return resources(walk, frame);
    case Rule::EnvVar:
      return env_var(walk, frame);
    case Rule::ServiceSpec:
      return service_spec(walk, frame);
    case Rule::RoleRef:
      return role_ref(walk, frame);
    case Rule::Subject:
      return subject(walk, frame);
    case Rule::PolicyRule:
      return policy_rule(walk, frame);
    case Rule::LabelSelectorRequirement:
      return label_selector_requirement(walk, frame);
    case Rule::ConfigMap:
      return config_keys(walk, frame, kData);
    case Rule::Secret:
      config_keys(walk, frame, kData);
      return config_keys(walk, frame, kStringData);
    case Rule::AutoscalerSpec:
      return autoscaler_spec(walk, frame);
  }
}

}  // namespace tally::kube::internal
