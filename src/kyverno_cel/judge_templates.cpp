// Pods inside of custom kinds: evaluateExtracted of pkg/cel/policies/{vpol,ivpol}/engine/engine.go,
// pkg/cel/autogen/extract/synthesize.go.
#include <algorithm>

#include "kyverno_cel/internal/judgement.hpp"
#include "kyverno_cel/internal/nodes.hpp"
#include "policy_cel/review_values.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using document::Node;
using policy_cel::Input;

kube::Review Judgement::review_of_pod(const ExtractedTemplate* now,
                                      const ExtractedTemplate* before) {
  kube::Review review = state_.view.review;
  const std::string_view name = review.name;
  const std::string_view name_space = review.name_space;
  review.kind = {.group = {}, .version = "v1", .kind = "Pod"};
  review.resource = {.group = {}, .version = "v1", .resource = "pods"};
  review.request_kind = review.kind;
  review.request_resource = review.resource;
  review.object = now == nullptr ? Node{} : make_pod(arena(), now->root, name, name_space);
  review.old_object =
      before == nullptr ? Node{} : make_pod(arena(), before->root, name, name_space);
  const Node& pod = now != nullptr ? review.object : review.old_object;
  review.name = text_at(pod, {"metadata", "name"});
  review.name_space = text_at(pod, {"metadata", "namespace"});
  return review;
}

View Judgement::view_of(const kube::Review& review, bool has_namespace) {
  View view = state_.view;
  view.review = review;
  view.inputs.object = state_.next_number++;
  auto& values = view.inputs.values;
  values[static_cast<std::size_t>(Input::Object)] =
      Value::from_node(*arena().create<Node>(review.object));
  values[static_cast<std::size_t>(Input::OldObject)] =
      Value::from_node(*arena().create<Node>(review.old_object));
  if (!has_namespace) {
    values[static_cast<std::size_t>(Input::NamespaceObject)] = Value::null();
    view.inputs.surround = state_.next_number++;
  }
  return view;
}

// evaluateExtracted: each template is judged as a pod; the first that does not pass decides.
Response Judgement::judge_templates(const Variant& variant) {
  const kube::Review& review = state_.view.review;
  if (about().kind == PolicyKind::Mutating) {
    return say(Verdict::Skip, "",
               "extraction mode: mutation for custom workload CRDs is not yet supported");
  }
  const bool uses_old = !review.object.is_object();
  const Node& source = uses_old ? review.old_object : review.object;
  const Node& other = uses_old ? review.object : review.old_object;
  state_.templates.clear();
  state_.other_templates.clear();
  find_templates(arena(), source, state_.templates);
  find_templates(arena(), other, state_.other_templates);
  const std::string_view rule =
      about().kind == PolicyKind::ImageValidating ? about().name : std::string_view{};
  if (state_.templates.empty()) {
    return say(Verdict::Error, rule,
               arena().concat({"error: extraction mode: no pod template found in ",
                               text_at(source, {"apiVersion"}), "/", text_at(source, {"kind"})}));
  }
  Response last;
  Response excused;
  const std::vector<ExtractedTemplate> templates = state_.templates;
  for (const ExtractedTemplate& found : templates) {
    const auto match =
        std::ranges::find(state_.other_templates, found.path, &ExtractedTemplate::path);
    const ExtractedTemplate* paired = match == state_.other_templates.end() ? nullptr : &*match;
    const kube::Review pod =
        uses_old ? review_of_pod(paired, &found) : review_of_pod(&found, paired);
    View view = view_of(pod, true);
    const policy_cel::EmptyUser empty = state_.request.is_user_unknown_when_empty
                                            ? policy_cel::EmptyUser::IsUnknown
                                            : policy_cel::EmptyUser::IsEmpty;
    view.inputs.values[static_cast<std::size_t>(Input::Request)] = policy_cel::request_value(
        arena(), *arena().create<kube::Review>(pod),
        {.verdict = kube::Match::Yes, .resource = pod.resource, .kind = pod.kind}, empty,
        policy_cel::RequestShape::WithObjects);
    Response response = judge(variant, view);
    if (response.rule == "exception" && !response.exceptions.empty()) {
      excused = response;
      continue;
    }
    if (response.verdict == Verdict::Fail || response.verdict == Verdict::Error ||
        response.verdict == Verdict::Unknown) {
      response.message = arena().concat({response.message, " (pod template at ", found.path, ")"});
      response.container_path = found.path;
      return response;
    }
    if (response.verdict == Verdict::Pass || last.verdict == Verdict::None) {
      last = response;
    }
  }
  return last.verdict != Verdict::Pass && excused.verdict != Verdict::None ? excused : last;
}

}  // namespace tally::kyverno_cel
