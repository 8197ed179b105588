// mutate: Kyverno 1.19 pkg/engine/mutate/mutation.go, pkg/engine/handlers/mutation.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "document/read.hpp"
#include "kyverno/internal/judgement.hpp"
#include "kyverno/patch/strategic_merge.hpp"
#include "policy_cel/json_patch.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool is_present(const Node* node) { return node != nullptr && !node->is_null(); }

std::string mutated_text(const Node& object) {
  const Node* metadata = object.find("metadata");
  const std::string_view name = metadata == nullptr ? "" : text_at(*metadata, "name");
  const std::string_view name_space = metadata == nullptr ? "" : text_at(*metadata, "namespace");
  return name_space.empty() ? fmt::format("mutated {}/{}", text_at(object, "kind"), name)
                            : fmt::format("mutated {}/{} in namespace {}", text_at(object, "kind"),
                                          name, name_space);
}

}  // namespace

Judgement::Mutated Judgement::patch(const Node& object, const Node* merge,
                                    std::string_view json_patch) {
  const auto failed = [&](std::string_view message) {
    return Mutated{.verdict = Verdict::Error,
                   .message = arena_.concat({"failed to patch resource: ", arena_.copy(message)})};
  };
  Node patched;
  if (is_present(merge)) {
    const Result<StrategicMerge> merged = strategic_merge(arena_, object, *merge);
    if (!merged) {
      return failed(merged.error().message);
    }
    patched = merged->patched;
  } else if (!json_patch.empty()) {
    const auto source = document::Source::from_text("patchesJson6902", json_patch);
    const Result<Node> read = document::read_one(*source, arena_);
    if (!read) {
      return failed(read.error().message);
    }
    const Node kept = document::deep_copy(arena_, *read);
    const auto operations = policy_cel::read_json_patch(kept);
    if (!operations) {
      return failed(operations.error().message);
    }
    const auto applied = policy_cel::apply_json_patch(arena_, object, *operations, {},
                                                      policy_cel::PatchDialect::Kyverno);
    if (!applied) {
      return failed(applied.error().message);
    }
    patched = *applied;
  } else {
    return {.verdict = Verdict::Error, .message = "empty mutate rule"};
  }
  if (document::equal(patched, object)) {
    return {.verdict = Verdict::Skip, .object = object, .message = "no patches applied"};
  }
  return {.verdict = Verdict::Pass, .object = patched, .message = "resource patched"};
}

Judgement::Mutated Judgement::mutate_one(const Rule& rule, const Node& object) {
  const Node* merge = rule.mutate->find("patchStrategicMerge");
  Node put;
  if (is_present(merge)) {
    const Outcome<Node> value = substitute(*merge, context_, "/mutate/patchStrategicMerge");
    if (!value) {
      return {.verdict = Verdict::Error,
              .message = arena_.concat(
                  {"variable substitution failed: ", arena_.copy(value.error().message)}),
              .is_world_missing = value.error().is_world_missing};
    }
    put = *value;
    return patch(object, &put, {});
  }
  const Node* text = rule.mutate->find("patchesJson6902");
  if (!is_present(text)) {
    return {.verdict = Verdict::Error, .message = "empty mutate rule"};
  }
  const Outcome<Node> value = substitute(*text, context_, "/mutate/patchesJson6902");
  if (!value) {
    return {.verdict = Verdict::Error,
            .message = arena_.concat(
                {"variable substitution failed: ", arena_.copy(value.error().message)}),
            .is_world_missing = value.error().is_world_missing};
  }
  return patch(object, nullptr, value->text());
}

void Judgement::mutate(const Rule& rule) {
  if (skip_by_exceptions(rule, exceptions_for(rule))) {
    return;
  }
  if (object_.is_null()) {
    return;
  }
  const Node* foreach = rule.mutate->find("foreach");
  const Mutated mutated =
      is_present(foreach) ? mutate_foreach(rule, *foreach, object_, 0) : mutate_one(rule, object_);
  RuleResponse& said = say(rule, mutated.verdict,
                           mutated.verdict == Verdict::Pass ? mutated_text(mutated.object)
                                                            : std::string(mutated.message));
  said.is_world_missing = mutated.is_world_missing;
  // A patch that fails leaves no object for the rules behind it (pkg/engine/mutation.go).
  is_stopped_ = said.verdict == Verdict::Error;
  if (said.verdict == Verdict::Pass) {
    said.object = mutated.object;
    object_ = mutated.object;
  }
}

Judgement::Mutated Judgement::mutate_foreach(const Rule& rule, const Node& list, const Node& object,
                                             std::uint32_t nesting) {
  if (nesting >= kNestingMax) {
    return {.verdict = Verdict::Error, .message = "foreach is nested too deep"};
  }
  std::size_t applied = 0;
  Node now = object;
  for (const Node& foreach : list.items()) {
    Outcome<std::vector<Node>> elements = elements_of(foreach);
    if (!elements) {
      return {.verdict = Verdict::Error,
              // The reason stands twice upstream, too (pkg/engine/mutate, NewErrorResponse).
              .message = arena_.copy(fmt::format("failed to evaluate list {}: {}: {}",
                                                 text_at(foreach, "list"), elements.error().message,
                                                 elements.error().message)),
              .is_world_missing = elements.error().is_world_missing};
    }
    const Mutated mutated = mutate_elements(rule, foreach, std::move(*elements), now, nesting);
    if (mutated.verdict == Verdict::Error) {
      return {.verdict = Verdict::Error,
              .message = arena_.concat({"failed to mutate elements: ", mutated.message}),
              .is_world_missing = mutated.is_world_missing};
    }
    if (mutated.verdict != Verdict::Skip) {
      ++applied;
      now = mutated.object;
      context_.replace(std::array<std::string_view, 2>{"request", "object"}, now);
    }
  }
  const std::string_view message = arena_.copy(fmt::format("{} elements processed", applied));
  return {
      .verdict = applied == 0 ? Verdict::Skip : Verdict::Pass, .object = now, .message = message};
}

Judgement::Mutated Judgement::mutate_elements(const Rule& rule, const Node& foreach,
                                              std::vector<Node> elements, const Node& object,
                                              std::uint32_t nesting) {
  const Node* merge = foreach.find("patchStrategicMerge");
  bool is_reverse = is_present(merge);
  if (const std::string_view order = text_at(foreach, "order"); !order.empty()) {
    is_reverse = order == "Descending";
  }
  if (is_reverse) {
    std::ranges::reverse(elements);
  }
  const auto failed = [&](std::string_view what, std::size_t index, const Failure& failure) {
    return Mutated{.verdict = Verdict::Error,
                   .message = arena_.copy(fmt::format("failed to {} mutate.foreach[{}].{}", what,
                                                      index, failure.message)),
                   .is_world_missing = failure.is_world_missing};
  };
  Node now = object;
  context_.checkpoint();
  std::optional<Mutated> stopped;
  for (std::size_t i = 0; i < elements.size() && !stopped; ++i) {
    if (elements[i].is_null()) {
      continue;
    }
    const std::size_t index = is_reverse ? elements.size() - 1 - i : i;
    context_.reset();
    context_.add_element(elements[i], static_cast<std::int64_t>(index), nesting);
    load_context(rule, foreach.find("context"));
    const Node* conditions = foreach.find("preconditions");
    const Outcome<Held> held =
        evaluate_conditions(conditions == nullptr ? Node{} : *conditions, context_);
    if (!held) {
      stopped = failed("evaluate", index,
                       {.message = "preconditions: " + held.error().message,
                        .is_world_missing = held.error().is_world_missing});
      break;
    }
    if (!held->holds) {
      continue;
    }
    Mutated mutated;
    if (const Node* inner = foreach.find("foreach"); is_present(inner)) {
      mutated = mutate_foreach(rule, *inner, now, nesting + 1);
    } else {
      Node put;
      std::string_view text;
      std::optional<Failure> failure;
      if (is_present(merge)) {
        Outcome<Node> value = substitute(*merge, context_, "/patchStrategicMerge");
        if (value) {
          put = *value;
        } else {
          failure = std::move(value).error();
        }
      }
      if (const Node* written = foreach.find("patchesJson6902"); is_present(written) && !failure) {
        Outcome<Node> value = substitute(*written, context_, "/patchesJson6902");
        if (value) {
          text = value->text();
        } else {
          failure = std::move(value).error();
        }
      }
      if (failure) {
        stopped = Mutated{.verdict = Verdict::Error,
                          .message = arena_.concat(
                              {"variable substitution failed: ", arena_.copy(failure->message)}),
                          .is_world_missing = failure->is_world_missing};
        break;
      }
      mutated = patch(now, is_present(merge) ? &put : nullptr, text);
    }
    if (mutated.verdict == Verdict::Fail || mutated.verdict == Verdict::Error) {
      stopped = mutated;
    } else if (mutated.verdict == Verdict::Pass) {
      now = mutated.object;
    }
  }
  context_.restore();
  if (stopped) {
    return *stopped;
  }
  if (!document::equal(now, object)) {
    return {.verdict = Verdict::Pass, .object = now};
  }
  return {.verdict = Verdict::Skip, .object = object, .message = "no patches applied"};
}

// pkg/engine/handlers/mutation/load_targets.go. The objects are those of the request, or of the
// world.
Outcome<std::vector<Node>> Judgement::targets_of(const Node& target) {
  ObjectParts written;
  for (const std::string_view field :
       {"apiVersion", "kind", "namespace", "name", "uid", "selector"}) {
    if (const Node* value = target.find(field); value != nullptr) {
      written.set(field, *value);
    }
  }
  const Outcome<Node> put = substitute(written.make(arena_), context_);
  if (!put) {
    return std::unexpected(put.error());
  }
  const std::string_view name_space =
      policy_.name_space.empty() ? text_at(*put, "namespace") : policy_.name_space;
  // A namespaced policy changes objects of its own namespace only, whatever the world lists.
  const auto is_own = [&](const Node& meta) {
    return policy_.name_space.empty() || text_at(meta, "namespace") == policy_.name_space;
  };
  const std::string_view name = text_at(*put, "name");
  const std::string_view version = text_at(*put, "apiVersion");
  const std::string_view kind = text_at(*put, "kind");
  const KindSelector of =
      KindSelector::parse(arena_.concat({version, version.empty() ? "" : "/", kind}));
  std::optional<WildSelector> selector;
  if (const Node* labels = put->find("selector"); is_present(labels)) {
    selector = WildSelector::read(*labels);
  }
  std::vector<Node> out;
  for (const Node& object : request_.targets) {
    const std::string_view object_version = text_at(object, "apiVersion");
    const std::size_t slash = object_version.find('/');
    const kube::GroupVersionKind object_kind{
        .group =
            slash == std::string_view::npos ? std::string_view{} : object_version.substr(0, slash),
        .version =
            slash == std::string_view::npos ? object_version : object_version.substr(slash + 1),
        .kind = text_at(object, "kind")};
    const Node* metadata = object.find("metadata");
    const Node nothing;
    const Node& meta = metadata == nullptr ? nothing : *metadata;
    const Node* labels = meta.find("labels");
    const bool is_one =
        of.matches(object_kind, of.subresource) && is_own(meta) &&
        (name_space.empty() || wildcard_match(name_space, text_at(meta, "namespace"))) &&
        (name.empty() || wildcard_match(name, text_at(meta, "name"))) &&
        (!selector || selector->matches(labels == nullptr ? nothing : *labels));
    if (is_one) {
      out.push_back(object);
    }
  }
  if (out.empty() && request_.world != nullptr && request_.world->provides(Capability::Objects)) {
    const Node* labels = put->find("selector");
    const World::Answer found = request_.world->list(arena_, version, kind, name_space,
                                                     labels == nullptr ? Node{} : *labels);
    if (!found) {
      return std::unexpected(Failure{.message = found.error(), .is_world_missing = true});
    }
    for (const Node& object : found->items()) {
      const Node* metadata = object.find("metadata");
      if (metadata != nullptr && is_own(*metadata) &&
          (name.empty() || wildcard_match(name, text_at(*metadata, "name")))) {
        out.push_back(object);
      }
    }
  }
  return out;
}

void Judgement::mutate_existing(const Rule& rule) {
  if (skip_by_exceptions(rule, exceptions_for(rule))) {
    return;
  }
  struct Target {
    Node object;
    const Node* written;
  };
  std::vector<Target> targets;
  for (const Node& written : rule.mutate->find("targets")->items()) {
    const Outcome<std::vector<Node>> found = targets_of(written);
    if (!found) {
      say_error(rule, "", found.error());
      continue;
    }
    for (const Node& object : *found) {
      targets.push_back({object, &written});
    }
  }
  for (const Target& target : targets) {
    context_.replace(std::array<std::string_view, 1>{"target"}, target.object);
    load_context(rule, target.written->find("context"));
    const Node* conditions = target.written->find("preconditions");
    const Outcome<Held> held =
        evaluate_conditions(conditions == nullptr ? Node{} : *conditions, context_);
    if (!held) {
      say_error(rule, "failed to evaluate preconditions", held.error());
      continue;
    }
    if (!held->holds) {
      say(rule, Verdict::Skip, "preconditions not met");
      continue;
    }
    const Node* foreach = rule.mutate->find("foreach");
    const Mutated mutated = is_present(foreach) ? mutate_foreach(rule, *foreach, target.object, 0)
                                                : mutate_one(rule, target.object);
    RuleResponse& said = say(rule, mutated.verdict,
                             mutated.verdict == Verdict::Pass ? mutated_text(mutated.object)
                                                              : std::string(mutated.message));
    said.is_world_missing = mutated.is_world_missing;
    if (said.verdict == Verdict::Pass) {
      said.targets = arena_.copy(std::span<const Node>(&mutated.object, 1));
    }
  }
}

}  // namespace tally::kyverno::internal
