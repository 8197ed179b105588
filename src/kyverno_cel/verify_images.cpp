// ImageValidatingPolicy: pkg/image/verification/evaluator/policy.go, without the cryptography and
// the registry, which are the host's.
#include <algorithm>

#include "kyverno_cel/internal/judgement.hpp"
#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using cel::ValueKind;
using document::Node;
using policy_cel::Input;

namespace {

constexpr std::size_t kImagesMax = 100'000;

// getImageExtractorsFromGVR
std::optional<std::size_t> known_place(const kube::GroupVersionResource& resource) {
  struct Place {
    kube::GroupVersionResource resource;
    std::size_t place;
  };
  static constexpr Place kPlaces[] = {
      {{"", "v1", "pods"}, 0},
      {{"batch", "v1", "jobs"}, 1},
      {{"apps", "v1", "deployments"}, 1},
      {{"apps", "v1", "statefulsets"}, 1},
      {{"apps", "v1", "daemonsets"}, 1},
      {{"apps", "v1", "replicasets"}, 1},
      {{"batch", "v1", "cronjobs"}, 2},
  };
  for (const Place& known : kPlaces) {
    if (known.resource == resource) {
      return known.place;
    }
  }
  return std::nullopt;
}

constexpr std::string_view kFields[] = {"containers", "initContainers", "ephemeralContainers"};

bool has_digest(std::string_view image) noexcept {
  return image.find("@sha256:") != std::string_view::npos;
}

}  // namespace

// matching.MatchImage
bool Judgement::selects(const Variant& variant, std::string_view image, Value& problem) {
  if (variant.references.empty()) {
    return true;
  }
  for (const ImageReference& reference : variant.references) {
    if (reference.program == policy_cel::kNoProgram) {
      if (reference.glob.matches(image)) {
        return true;
      }
      continue;
    }
    // `ref` differs from image to image: nothing is shared.
    cel::Evaluator evaluator;
    const Value reference_value = Value::string(image);
    const Value result = evaluator.evaluate(table_.expressions[reference.program].program,
                                            std::span<const Value>{&reference_value, 1}, {});
    if (result.is_error()) {
      problem = cel::make_error(arena(), result.as_error().code, result.as_error().message);
      return false;
    }
    if (result.is_true()) {
      return true;
    }
  }
  return false;
}

// `images`, and state_.images: those that matchImageReferences select.
bool Judgement::collect_images(const Variant& variant, View& view, Response& problem) {
  struct Source {
    std::string_view name;
    policy_cel::ProgramId program;
  };
  std::vector<Source> sources;
  if (const auto place = known_place(view.review.resource)) {
    for (std::size_t i = 0; i < 3; ++i) {
      sources.push_back({kFields[i], table_.known_extractors[*place][i]});
    }
  }
  for (const ImageExtractor& own : variant.extractors) {
    // One of the same name takes the place of the known one.
    const auto known = std::ranges::find(sources, own.name, &Source::name);
    if (known != sources.end()) {
      known->program = own.program;
    } else {
      sources.push_back({own.name, own.program});
    }
  }
  state_.images.clear();
  cel::MapBuilder images(arena(), sources.size());
  for (const Source& source : sources) {
    const Value found = value(source.program);
    if (!found.is(ValueKind::List)) {
      const Value error =
          found.is_outcome()
              ? found
              : cel::make_error(arena(), cel::ErrorCode::Custom,
                                {"images.", source.name, ": expected a list of texts"});
      problem = failed("evaluation", "failed to evaluate policy", Expression{}, 0, error);
      return false;
    }
    const std::size_t size = std::min(cel::list_size(found), kImagesMax);
    Value* selected = arena().allocate_array<Value>(size);
    std::size_t count = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const Value image = cel::list_at(arena(), found, i);
      Value error;
      if (!image.is(ValueKind::String)) {
        error = cel::make_error(arena(), cel::ErrorCode::Custom,
                                {"images.", source.name, ": expected a list of texts"});
      } else if (selects(variant, image.text(), error)) {
        selected[count++] = image;
        state_.images.push_back(image.text());
      }
      if (error.is_outcome()) {
        problem = failed("evaluation", "failed to evaluate policy", Expression{}, 0, error);
        return false;
      }
    }
    images.add(Value::string(source.name), Value::list(std::span<const Value>{selected, count}));
  }
  view.inputs.values[static_cast<std::size_t>(Input::Images)] = images.finish();
  return true;
}

Response Judgement::verify_images(const Variant& variant, View& view) {
  constexpr std::string_view kPrefix = "failed to evaluate policy";
  View own = view;
  auto& values = own.inputs.values;
  values[static_cast<std::size_t>(Input::Attestors)] = Value::from_node(policy_.attestors);
  values[static_cast<std::size_t>(Input::Attestations)] = Value::from_node(policy_.attestations);
  open(own, variant);
  // 1. Match conditions, then exceptions: the other way round than elsewhere.
  const Conditions conditions = check(variant.conditions, Variables::Hidden);
  if (conditions.have_failed && (!about().ignores_failures || conditions.is_unknown)) {
    return failed("evaluation", kPrefix, conditions);
  }
  if (!conditions.are_met) {
    return {};
  }
  Response response;
  if (excuse(variant, own, Variables::Hidden, kPrefix, response)) {
    return response;
  }
  // 2. Images.
  if (!collect_images(variant, own, response)) {
    return response;
  }
  const std::span<const std::string_view> images =
      arena().copy(std::span<const std::string_view>{state_.images});
  // pkg/cel/policies/ivpol/engine/engine.go, handleMutation: what is verified is what it leaves.
  if (state_.request.pins_images && policy_.pins_digest && !variant.is_extraction) {
    const auto unpinned = std::ranges::find_if_not(images, has_digest);
    if (unpinned != images.end()) {
      response = say(Verdict::Unknown, about().name,
                     arena().concat({"image ", *unpinned,
                                     " has no digest: mutateDigest would pin it, which needs its "
                                     "registry"}));
      response.images = images;
      return response;
    }
  }
  if (policy_.verifies_digest) {
    for (const std::string_view image : images) {
      if (!has_digest(image)) {
        response = say(Verdict::Fail, about().name,
                       arena().concat({"image ", image, " does not have a digest"}));
        response.images = images;
        return response;
      }
    }
  }
  // 3. Validations.
  state_.world.select_images([this, &variant](std::string_view image) {
    Value ignored;
    return selects(variant, image, ignored);
  });
  state_.evaluation.open(own.inputs, variant.scope, UINT64_MAX);
  response = run_validations(variant);
  state_.world.select_images({});
  response.images = images;
  return response.verdict == Verdict::Pass ? require_signatures(response) : response;
}

// The other policies' evidence counts as well, whatever they come to.
void Judgement::gather_evidence() {
  if (state_.has_tried_images) {
    return;
  }
  state_.has_tried_images = true;
  for (const LoadedPolicy& other : table_.loaded) {
    if (&other != &policy_ && other.about.kind == PolicyKind::ImageValidating) {
      (void)Judgement(table_, state_, other).judge();
    }
  }
}

// EnforceRequired
Response Judgement::require_signatures(Response passed) {
  if (!policy_.requires_verification) {
    return passed;
  }
  const auto first_unverified = [&] {
    return std::ranges::find_if(
        passed.images, [&](std::string_view image) { return !state_.world.is_verified(image); });
  };
  if (first_unverified() == passed.images.end()) {
    return passed;
  }
  gather_evidence();
  const auto image = first_unverified();
  if (image == passed.images.end()) {
    return passed;
  }
  Response response =
      say(Verdict::Fail, about().name,
          state_.world.is_attempted(*image)
              ? arena().concat({"image ", *image, " failed signature or attestation verification"})
              : arena().concat({"image ", *image,
                                " is not verified: no policy performed a signature or attestation "
                                "check on it"}));
  response.images = passed.images;
  response.properties = passed.properties;
  return response;
}

}  // namespace tally::kyverno_cel
