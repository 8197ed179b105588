// validate.podSecurity: our own Pod Security checks with Kyverno's exclusions (Kyverno 1.19
// pkg/pss/evaluate.go, pkg/engine/handlers/validation/validate_pss.go).
//
// An exclusion without images is about the pod: what a pod with one bare container would be blamed
// for is forgiven, one offence for each. One with images is about the containers of these images.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/objects.hpp"
#include "kube/structure.hpp"
#include "kyverno/internal/judgement.hpp"
#include "pod_security/pod_security.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

struct Control {
  std::string_view name;
  std::array<std::string_view, 2> checks;  // ids of checks; "" for none
};
// pkg/pss/utils/mapping.go, PSS_control_name_to_ids
constexpr std::array<Control, 15> kControls{{
    {"Capabilities", {"capabilities_baseline", "capabilities_restricted"}},
    {"Seccomp", {"seccompProfile_baseline", "seccompProfile_restricted"}},
    {"Privileged Containers", {"privileged", ""}},
    {"Host Ports", {"hostPorts", ""}},
    {"/proc Mount Type", {"procMount", ""}},
    {"HostProcess", {"windowsHostProcess", ""}},
    {"SELinux", {"seLinuxOptions", ""}},
    {"Host Namespaces", {"hostNamespaces", ""}},
    {"HostPath Volumes", {"hostPathVolumes", ""}},
    {"Sysctls", {"sysctls", ""}},
    {"AppArmor", {"appArmorProfile", ""}},
    {"Privilege Escalation", {"allowPrivilegeEscalation", ""}},
    {"Running as Non-root", {"runAsNonRoot", ""}},
    {"Running as Non-root user", {"runAsUser", ""}},
    {"Volume Types", {"restrictedVolumes", ""}},
}};

struct Offence {
  std::string_view check;
  std::string field;  // "spec.containers[*].securityContext.privileged"
  std::string_view container;
  std::string_view values;  // "NET_ADMIN, SYS_TIME"
  bool is_forgiven = false;
};

// "/spec/containers/0/securityContext" as upstream writes places, indices as `*`.
std::string field_of(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = std::min(pointer.find('/'), pointer.size());
    const std::string_view part = pointer.substr(0, slash);
    pointer.remove_prefix(slash);
    const bool is_index =
        !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_index) {
      out += "[*]";
    } else {
      out += out.empty() ? "" : ".";
      out += part;
    }
  }
  return out;
}

bool is_of_control(std::string_view check, std::string_view control) {
  const auto found = std::ranges::find(kControls, control, &Control::name);
  return found != kControls.end() &&
         std::ranges::any_of(found->checks, [&](std::string_view id) { return id == check; });
}

bool any_matches(const Node* patterns, std::string_view text) {
  return patterns != nullptr && std::ranges::any_of(patterns->items(), [&](const Node& pattern) {
           return wildcard_match(pattern.text(), text);
         });
}

bool values_match(const Node* patterns, std::string_view values) {
  if (patterns == nullptr || patterns->size() == 0) {
    return true;
  }
  if (values == "not set") {
    return true;
  }
  while (!values.empty()) {
    const std::size_t comma = std::min(values.find(", "), values.size());
    if (!any_matches(patterns, values.substr(0, comma))) {
      return false;
    }
    values.remove_prefix(std::min(comma + 2, values.size()));
  }
  return true;
}

class PodCheck {
 public:
  PodCheck(const pod_security::Plan& plan, pod_security::Scratch& scratch, Arena& arena)
      : plan_(plan), scratch_(scratch), arena_(arena) {}

  std::vector<Offence> offences(const Node* metadata, const Node& spec) {
    const pod_security::Pod pod{.metadata = metadata, .spec = &spec};
    std::vector<Offence> out;
    for (const pod_security::CheckResult& result :
         pod_security::evaluate(pod, plan_, scratch_, arena_)) {
      for (const pod_security::Site& site : result.sites) {
        out.push_back({.check = result.check->id,
                       .field = field_of(site.pointer),
                       .container = site.container,
                       .values = site.found});
      }
    }
    return out;
  }

  void exclude(const Node& exclusion, const Node* metadata, const Node& spec,
               std::vector<Offence>& offences_left) {
    const Node* images = exclusion.find("images");
    const bool is_of_pod = images == nullptr || images->size() == 0;
    ObjectParts parts;
    if (is_of_pod) {
      parts.add_all(spec);
      ObjectParts fake;
      fake.set("name", text_node("fake"));
      const Node container = fake.make(arena_);
      parts.set("containers", Node::make_array(arena_, {&container, 1}, 0));
      parts.remove("initContainers");
      parts.remove("ephemeralContainers");
    } else {
      for (const std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
        std::vector<Node> kept;
        if (const Node* all = spec.find(list); all != nullptr) {
          for (const Node& container : all->items()) {
            if (any_matches(images, text_at(container, "image"))) {
              kept.push_back(container);
            }
          }
        }
        if (!kept.empty()) {
          parts.set(list, Node::make_array(arena_, kept, 0));
        }
      }
    }
    const Node bare = parts.make(arena_);
    const std::string_view control = text_at(exclusion, "controlName");
    const std::string_view restricted = text_at(exclusion, "restrictedField");
    const Node* values = exclusion.find("values");
    for (const Offence& forgiven : offences(is_of_pod ? metadata : nullptr, bare)) {
      if (!is_of_control(forgiven.check, control) ||
          !(restricted.empty() || forgiven.field == restricted) ||
          !values_match(values, forgiven.values)) {
        continue;
      }
      for (Offence& offence : offences_left) {
        const bool is_same = !offence.is_forgiven && offence.check == forgiven.check &&
                             offence.field == forgiven.field &&
                             (is_of_pod || offence.container == forgiven.container);
        if (is_same) {
          offence.is_forgiven = true;
          break;
        }
      }
    }
  }

 private:
  const pod_security::Plan& plan_;
  pod_security::Scratch& scratch_;
  Arena& arena_;
};

// Why the object is none of its kind: upstream decodes it and answers error, where a check of what
// is there would pass. Null: it is one.
const kube::StructureProblem* decoding_problem(const Node& object, Arena& arena,
                                               kube::StructureScratch& scratch) {
  const Result<kube::Object> read = kube::object_from_node(object, nullptr);
  if (!read) {
    return nullptr;  // no identity: the request has one
  }
  const auto problems = kube::check_structure(*read, arena, scratch);
  const auto found = std::ranges::find_if(problems, [](const kube::StructureProblem& problem) {
    return problem.kind == kube::StructureProblemKind::WrongType;
  });
  return found == problems.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Judgement::Said> Judgement::validate_pod_security(
    const Rule& rule, const std::vector<const ExceptionEntry*>& exceptions,
    std::vector<std::string_view>& used) {
  if (is_delete()) {
    return std::nullopt;
  }
  const std::string_view name = policy_.records[rule.record].name;
  const Node& written = *rule.validate->find("podSecurity");
  const std::string_view level_text = text_at(written, "level");
  const std::string_view version_text = text_at(written, "version");
  const auto level = pod_security::parse_level(level_text);
  const auto version = pod_security::Version::parse(
      version_text.empty() ? std::string_view("latest") : version_text);
  if (!level || !version) {
    return error("failed to parse pod security api version",
                 {.message = !level ? level.error().message : version.error().message});
  }
  const Node& object = object_.is_null() ? old_object_ : object_;
  const std::string_view kind = text_at(object, "kind");
  const Node* spec = nullptr;
  const Node* metadata = nullptr;
  if (kind == "Pod") {
    spec = object.find("spec");
    metadata = object.find("metadata");
  } else if (kind == "CronJob") {
    spec = at(object, {"spec", "jobTemplate", "spec", "template", "spec"});
    metadata = at(object, {"spec", "jobTemplate", "metadata"});
  } else if (kind == "DaemonSet" || kind == "Deployment" || kind == "Job" ||
             kind == "StatefulSet" || kind == "ReplicaSet" || kind == "ReplicationController") {
    spec = at(object, {"spec", "template", "spec"});
    metadata = at(object, {"spec", "template", "metadata"});
  } else {
    return error("Error while getting new resource",
                 {.message = "could not find correct resource type"});
  }
  if (const auto* problem = decoding_problem(object, arena_, state_.structure);
      problem != nullptr) {
    return error("Error while getting new resource", {.message = std::string(problem->message)});
  }
  static const Node kNothing;
  if (spec == nullptr) {
    spec = &kNothing;
  }
  const pod_security::Plan& plan = pod_security::plan_for({*level, *version});
  PodCheck check(plan, state_.pod_security, arena_);
  std::vector<Offence> offences = check.offences(metadata, *spec);
  if (const Node* exclusions = written.find("exclude"); exclusions != nullptr) {
    for (const Node& exclusion : exclusions->items()) {
      check.exclude(exclusion, metadata, *spec, offences);
    }
  }
  std::erase_if(offences, [](const Offence& offence) { return offence.is_forgiven; });
  if (offences.empty()) {
    return Said{.verdict = Verdict::Pass,
                .message = arena_.concat({"Validation rule '", name, "' passed."})};
  }
  std::string keys;
  for (const ExceptionEntry* exception : exceptions) {
    keys += keys.empty() ? "" : ", ";
    keys += exception->key;
    for (const Node& exclusion : exception->pod_security.items()) {
      check.exclude(exclusion, metadata, *spec, offences);
    }
  }
  std::erase_if(offences, [](const Offence& offence) { return offence.is_forgiven; });
  if (offences.empty()) {
    for (const ExceptionEntry* exception : exceptions) {
      used.push_back(exception->key);
    }
    return Said{
        .verdict = Verdict::Skip,
        .message = arena_.concat({"rule is skipped due to policy exceptions ", arena_.copy(keys)})};
  }
  // The reasons in the API server's words, of the checks that are left.
  std::string text;
  std::string_view pointer;
  const pod_security::Pod pod{.metadata = metadata, .spec = spec};
  for (const pod_security::CheckResult& result :
       pod_security::evaluate(pod, plan, state_.pod_security, arena_)) {
    const bool is_left = std::ranges::any_of(
        offences, [&](const Offence& offence) { return offence.check == result.check->id; });
    if (is_left) {
      text += text.empty() ? "" : ", ";
      text += fmt::format("{} ({})", result.reason, result.detail);
      pointer = pointer.empty() ? result.sites.front().pointer : pointer;
    }
  }
  return Said{.verdict = Verdict::Fail,
              .message = arena_.copy(
                  fmt::format("Validation rule '{}' failed. It violates PodSecurity \"{}:{}\": {}",
                              name, level_text, version_text, text)),
              .pointer = kind == "Pod" ? pointer : std::string_view{}};
}

}  // namespace tally::kyverno::internal
