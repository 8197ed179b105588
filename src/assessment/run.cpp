// What a run of many objects and a single request begin with.
#include "assessment/admission.hpp"
#include "assessment/assessment.hpp"
#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/internal/judge.hpp"
#include "assessment/kyverno_policies.hpp"
#include "kube/objects.hpp"

namespace tally::assessment {

using document::Node;

void list_rules(Run& run) {
  run.rules = all_rules();
  const auto add = [&run](const std::deque<finding::Check>& checks) {
    for (const finding::Check& check : checks) {
      run.rules.push_back(&check);
    }
  };
  if (run.engines->admission != nullptr) {
    add(run.engines->admission->checks());
  }
  if (run.engines->gatekeeper != nullptr) {
    add(run.engines->gatekeeper->checks());
  }
  if (run.engines->kyverno != nullptr) {
    add(run.engines->kyverno->checks());
  }
  for (std::uint32_t i = 0; i < run.rules.size(); ++i) {
    run.rule_positions.emplace(run.rules[i], i);
  }
}

Part make_part(const Run& run) {
  Part part;
  part.counts.resize(run.rules.size());
  return part;
}

namespace {

const Node* list_at(const Node& spec, std::string_view key) {
  const Node* list = spec.find(key);
  return list != nullptr && list->is_array() ? list : nullptr;
}

std::string_view text_at(const Node& map, std::string_view key) {
  const Node* found = map.find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

bool same_images(const Node& spec, const Node& old_spec, std::string_view key) {
  const Node* list = list_at(spec, key);
  const Node* old_list = list_at(old_spec, key);
  const std::size_t count = list == nullptr ? 0 : list->size();
  if (count != (old_list == nullptr ? 0 : old_list->size())) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_same =
        text_at(list->items()[i], "image") == text_at(old_list->items()[i], "image") &&
        text_at(list->items()[i], "name") == text_at(old_list->items()[i], "name");
    if (!is_same) {
      return false;
    }
  }
  return true;
}

// An update that changes nothing of the pods: finalizers, labels, status, replicas. Who cannot
// repair a workload must be able to scale it down and to delete it.
// Of pods: k8s.io/pod-security-admission admission/admission.go, isSignificantPodUpdate.
bool changes_pods(const kube::Object& object, const kube::Object& old_object) {
  const auto pod = kube::pod_template(object);
  const auto old_pod = kube::pod_template(old_object);
  if (!pod || !old_pod) {
    return true;
  }
  if (object.ref.kind == "Pod") {
    return !same_images(*pod->spec, *old_pod->spec, "containers") ||
           !same_images(*pod->spec, *old_pod->spec, "initContainers") ||
           !same_images(*pod->spec, *old_pod->spec, "ephemeralContainers");
  }
  const auto annotations = [](const kube::PodTemplate& one) {
    const Node* found = one.metadata == nullptr ? nullptr : one.metadata->find("annotations");
    return found == nullptr ? Node{} : *found;
  };
  return !document::equal(*pod->spec, *old_pod->spec) ||
         !document::equal(annotations(*pod), annotations(*old_pod));
}

// What speaks about the request: our own controls about workloads as a whole, policies about all.
bool concerns_workload(const kube::Review& review, const kube::Object& object) {
  if (!review.subresource.empty() && review.subresource != "ephemeralcontainers") {
    return false;  // status, scale, eviction, binding, resize
  }
  if (review.operation != kube::Operation::Update || review.old_object.is_null()) {
    return true;
  }
  const auto old_object = kube::object_from_node(review.old_object, review.source);
  return !old_object || changes_pods(object, *old_object);
}

}  // namespace

void judge_review(const Run& run, const kube::Review& review, Worker& worker, Part& part) {
  const bool deletes = review.operation == kube::Operation::Delete;
  auto object = kube::object_from_node(deletes ? review.old_object : review.object, review.source);
  if (!object) {
    return;  // nothing to judge
  }
  object->ref.name_space = review.name_space;
  if (object->ref.name.empty()) {
    object->ref.name = review.name;
  }
  const bool is_request_only = deletes || review.operation == kube::Operation::Connect ||
                               !concerns_workload(review, *object);
  if (is_request_only) {
    judge_request(run, *object, review, worker, part);
    return;
  }
  judge_object(run, *object, &review, worker, part);
}

}  // namespace tally::assessment
