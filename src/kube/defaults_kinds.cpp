// Kinds other than pods whose defaults are more than rows, and the list of all hooks.
#include <array>
#include <string>

#include "kube/internal/default_hooks.hpp"

namespace tally::kube::internal {

namespace {

using document::Member;
using document::Node;

constexpr auto kHooks = std::to_array<DefaultHook>({
    {"core.v1.Container", default_container},
    {"core.v1.EphemeralContainer", default_container},
    {"core.v1.ImageVolumeSource", default_image_volume},
    {"core.v1.Volume", default_volume},
    {"core.v1.PodSpec", default_pod_spec},
    {"core.v1.PodTemplateSpec", default_pod_template},
    {"core.v1.ServicePort", default_service_port},
    {"core.v1.ServiceSpec", default_service_spec},
    {"core.v1.LimitRangeItem", default_limit_range_item},
    {"apps.v1.StatefulSetSpec", default_stateful_set_spec},
    {"apiextensions.v1.CustomResourceDefinitionSpec", default_custom_resource_spec},
});

constexpr auto kKindHooks = std::to_array<DefaultHook>({
    {"core.v1.Pod", default_pod},
    {"core.v1.ReplicationController", default_replication_controller},
    {"core.v1.Namespace", default_namespace},
    {"core.v1.Secret", default_secret},
    {"core.v1.PersistentVolumeClaim", default_volume_claim},
    {"apps.v1.DaemonSet", default_daemon_set},
    {"autoscaling.v1.HorizontalPodAutoscaler", default_first_autoscaler},
    {"batch.v1.Job", default_job},
});

bool has_text(const Node* node, std::string_view text) {
  return node != nullptr && node->text() == text;
}

// Sets a member below the member `outer`, which is made if it is not there.
void set_below(Draft& object, std::string_view outer, std::string_view key, const Node& value,
               Arena& arena) {
  const Node* found = object.find(outer);
  const Node base = found != nullptr ? *found : Node::make_null(object.offset()).as_defaulted();
  object.set(outer, with_member(base, key, value, arena));
}

// The labels of the object are those of its pods, if it has none.
void labels_of_template(Draft& object, const Node* pod_template, Arena& arena) {
  const Node* labels =
      pod_template == nullptr ? nullptr : find_path(*pod_template, "metadata/labels");
  const Node* metadata = object.find("metadata");
  if (labels != nullptr && labels->is_object() && metadata != nullptr &&
      metadata->find("labels") == nullptr) {
    set_below(object, "metadata", "labels", plant(*labels, metadata->offset(), arena), arena);
  }
}

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out.push_back(i + j <= text.size() ? kDigits[(group >> (18U - 6U * j)) & 63U] : '=');
    }
  }
  return out;
}

}  // namespace

std::span<const DefaultHook> default_hooks() noexcept { return kHooks; }
std::span<const DefaultHook> kind_hooks() noexcept { return kKindHooks; }

// An absent target port, 0 or "" is the port.
void default_service_port(Draft& port, Arena& arena, DefaultStage /*stage*/) {
  const Node* target = port.find("targetPort");
  const Node* number = port.find("port");
  const bool unset = target == nullptr || (target->is_number() && target->number() == 0.0) ||
                     (target->is_string() && target->text().empty());
  if (unset && number != nullptr) {
    port.set("targetPort", plant(*number, port.offset(), arena));
  }
}

void default_service_spec(Draft& spec, Arena& /*arena*/, DefaultStage /*stage*/) {
  if (has_text(spec.find("sessionAffinity"), "None")) {
    spec.remove("sessionAffinityConfig");
  }
  // ExternallyAccessible (pkg/api/v1/service/util.go); the other types are rows.
  const Node* addresses = spec.find("externalIPs");
  if (addresses != nullptr && addresses->size() > 0 && has_text(spec.find("type"), "ClusterIP") &&
      spec.find("externalTrafficPolicy") == nullptr) {
    spec.set("externalTrafficPolicy", added_text("Cluster", spec.offset()));
  }
}

// SetDefaults_LimitRangeItem: default from max, defaultRequest from default, then from min.
void default_limit_range_item(Draft& item, Arena& arena, DefaultStage /*stage*/) {
  if (!has_text(item.find("type"), "Container")) {
    return;
  }
  struct Step {
    std::string_view to;
    std::string_view from;
  };
  constexpr auto kSteps = std::to_array<Step>(
      {{"default", "max"}, {"defaultRequest", "default"}, {"defaultRequest", "min"}});
  for (const Step& step : kSteps) {
    const Node* from = item.find(step.from);
    if (from == nullptr) {
      continue;
    }
    Draft to;
    if (const Node* given = item.find(step.to)) {
      to.begin(*given);
    } else {
      to.begin(item.offset());
    }
    for (const Member member : from->members()) {
      if (to.find(member.key) == nullptr) {
        to.set(member.key, plant(member.value, item.offset(), arena));
      }
    }
    if (to.changed()) {
      const Node made = to.finish(arena);
      item.set(step.to, item.find(step.to) == nullptr ? made.as_defaulted() : made);
    }
  }
}

// pkg/apis/apps/v1/conversion.go names the kind of every claim.
void default_stateful_set_spec(Draft& spec, Arena& arena, DefaultStage /*stage*/) {
  const Node* claims = spec.find("volumeClaimTemplates");
  if (claims == nullptr) {
    return;
  }
  const Node named = map_items(*claims, arena, [&arena](const Node& claim) {
    if (!claim.is_object() || (has_text(claim.find("apiVersion"), "v1") &&
                               has_text(claim.find("kind"), "PersistentVolumeClaim"))) {
      return claim;
    }
    const Node versioned =
        with_member(claim, "apiVersion", added_text("v1", claim.offset()), arena);
    return with_member(versioned, "kind", added_text("PersistentVolumeClaim", claim.offset()),
                       arena);
  });
  if (!same(named, *claims)) {
    spec.set("volumeClaimTemplates", named);
  }
}

void default_custom_resource_spec(Draft& spec, Arena& arena, DefaultStage /*stage*/) {
  const Node* names = spec.find("names");
  const Node* kind = names == nullptr ? nullptr : names->find("kind");
  if (kind == nullptr) {
    return;
  }
  const std::string_view text = kind->text();
  if (names->find("singular") == nullptr) {
    std::string lower(text);
    for (char& c : lower) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    set_below(spec, "names", "singular", added_text(arena.copy(lower), names->offset()), arena);
  }
  names = spec.find("names");
  if (names->find("listKind") == nullptr && !text.empty()) {
    set_below(spec, "names", "listKind", added_text(arena.concat({text, "List"}), names->offset()),
              arena);
  }
}

void default_replication_controller(Draft& controller, Arena& arena, DefaultStage /*stage*/) {
  const Node* spec = controller.find("spec");
  const Node* pod_template = spec == nullptr ? nullptr : spec->find("template");
  const Node* labels =
      pod_template == nullptr ? nullptr : find_path(*pod_template, "metadata/labels");
  if (labels == nullptr) {
    return;
  }
  labels_of_template(controller, pod_template, arena);
  if (spec->find("selector") == nullptr) {
    set_below(controller, "spec", "selector", plant(*labels, spec->offset(), arena), arena);
  }
}

void default_job(Draft& job, Arena& arena, DefaultStage /*stage*/) {
  const Node* spec = job.find("spec");
  labels_of_template(job, spec == nullptr ? nullptr : spec->find("template"), arena);
}

// Version 1 stands for CPU alone: without other metrics in its annotation it gets the default of
// version 2 (pkg/apis/autoscaling/v1/conversion.go).
void default_first_autoscaler(Draft& autoscaler, Arena& arena, DefaultStage /*stage*/) {
  const Node* spec = autoscaler.find("spec");
  const Node* metadata = autoscaler.find("metadata");
  const Node* annotations = metadata == nullptr ? nullptr : metadata->find("annotations");
  if (spec == nullptr || spec->find("targetCPUUtilizationPercentage") != nullptr ||
      (annotations != nullptr &&
       annotations->find("autoscaling.alpha.kubernetes.io/metrics") != nullptr)) {
    return;
  }
  set_below(autoscaler, "spec", "targetCPUUtilizationPercentage",
            Node::make_number("80", spec->offset()).as_defaulted(), arena);
}

// Every namespace has its name as a label, and (strategy) the finalizer that empties it.
void default_namespace(Draft& name_space, Arena& arena, DefaultStage stage) {
  const Node* metadata = name_space.find("metadata");
  const Node* name = metadata == nullptr ? nullptr : metadata->find("name");
  if (name != nullptr && !name->text().empty()) {
    constexpr std::string_view kLabel = "kubernetes.io/metadata.name";
    const Node* labels = metadata->find("labels");
    const Node* label = labels == nullptr ? nullptr : labels->find(kLabel);
    if (!has_text(label, name->text())) {
      const Node base =
          labels != nullptr ? *labels : Node::make_null(metadata->offset()).as_defaulted();
      set_below(name_space, "metadata", "labels",
                with_member(base, kLabel, added_text(name->text(), base.offset()), arena), arena);
    }
  }
  if (stage == DefaultStage::Decoded) {
    return;
  }
  constexpr std::string_view kFinalizer = "kubernetes";
  const Node* spec = name_space.find("spec");
  std::vector<Node> finalizers;
  if (const Node* given = spec == nullptr ? nullptr : spec->find("finalizers")) {
    finalizers.assign(given->items().begin(), given->items().end());
  }
  for (const Node& finalizer : finalizers) {
    if (finalizer.text() == kFinalizer) {
      return;
    }
  }
  const std::uint32_t offset = spec == nullptr ? name_space.offset() : spec->offset();
  finalizers.push_back(added_text(kFinalizer, offset));
  set_below(name_space, "spec", "finalizers",
            Node::make_array(arena, finalizers, offset).as_defaulted(), arena);
}

// stringData overwrites data, and is never read back.
void default_secret(Draft& secret, Arena& arena, DefaultStage /*stage*/) {
  const Node* found = secret.find("stringData");
  if (found == nullptr) {
    return;
  }
  const Node texts = *found;
  secret.remove("stringData");
  Draft data;
  if (const Node* given = secret.find("data")) {
    data.begin(*given);
  } else {
    data.begin(texts.offset());
  }
  for (const Member member : texts.members()) {
    if (member.value.is_string()) {
      data.set(member.key,
               Node::make_string(arena.copy(base64(member.value.text())), member.value.offset()));
    }
  }
  if (data.changed()) {
    secret.set("data", data.finish(arena));
  }
}

// TemplateGeneration, a field of old, travels as an annotation; the strategy makes it 1.
void default_daemon_set(Draft& set, Arena& arena, DefaultStage stage) {
  constexpr std::string_view kAnnotation = "deprecated.daemonset.template.generation";
  const Node* metadata = set.find("metadata");
  if (metadata == nullptr) {
    return;
  }
  const Node* annotations = metadata->find("annotations");
  const Node* given = annotations == nullptr ? nullptr : annotations->find(kAnnotation);
  const bool positive = given != nullptr && !given->text().empty() &&
                        given->text().front() >= '1' && given->text().front() <= '9';
  if (positive || (given != nullptr && stage == DefaultStage::Decoded)) {
    return;
  }
  const Node base =
      annotations != nullptr ? *annotations : Node::make_null(metadata->offset()).as_defaulted();
  set_below(
      set, "metadata", "annotations",
      with_member(base, kAnnotation,
                  added_text(stage == DefaultStage::Decoded ? "0" : "1", base.offset()), arena),
      arena);
}

// The strategy: dataSource and dataSourceRef say the same, or a source that is neither claim nor
// snapshot is dropped (pkg/api/persistentvolumeclaim/util.go).
void default_volume_claim(Draft& claim, Arena& arena, DefaultStage stage) {
  const Node* spec = claim.find("spec");
  if (stage == DefaultStage::Decoded || spec == nullptr) {
    return;
  }
  const Node* source = spec->find("dataSource");
  const Node* reference = spec->find("dataSourceRef");
  if (source != nullptr && reference == nullptr) {
    const Node* group = source->find("apiGroup");
    const Node* kind = source->find("kind");
    const bool known =
        (has_text(kind, "PersistentVolumeClaim") && (group == nullptr || group->text().empty())) ||
        (has_text(kind, "VolumeSnapshot") && has_text(group, "snapshot.storage.k8s.io"));
    claim.set("spec", known ? with_member(*spec, "dataSourceRef",
                                          plant(*source, spec->offset(), arena), arena)
                            : without_member(*spec, "dataSource", arena));
  } else if (source == nullptr && reference != nullptr && reference->find("namespace") == nullptr) {
    claim.set("spec",
              with_member(*spec, "dataSource", plant(*reference, spec->offset(), arena), arena));
  }
}

}  // namespace tally::kube::internal
