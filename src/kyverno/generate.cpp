// generate: Kyverno 1.19 pkg/engine/background.go (which rules apply) and
// pkg/background/generate (what they make). Nothing is created: the answer is the plan.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kyverno/internal/judgement.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool is_present(const Node* node) { return node != nullptr && !node->is_null(); }

// pkg/utils/kube/kind.go, GetKindFromGVK: "v1/Secret" is version and kind.
struct VersionKind {
  std::string_view version;
  std::string_view kind;
};

VersionKind version_and_kind(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  return slash == std::string_view::npos
             ? VersionKind{{}, text}
             : VersionKind{text.substr(0, slash), text.substr(slash + 1)};
}

}  // namespace

// pkg/engine/background.go, filterRule
void Judgement::generate(const Rule& rule) {
  if (skip_by_exceptions(rule, exceptions_for(rule))) {
    return;
  }
  context_.checkpoint();
  load_context(rule, rule.context);
  const Outcome<Held> held =
      evaluate_conditions(rule.preconditions == nullptr ? Node{} : *rule.preconditions, context_);
  if (!held) {
    say_error(rule, "failed to evaluate conditions", held.error());
  } else if (!held->holds) {
    say(rule, Verdict::Skip, "");
  } else {
    std::vector<Node> generated;
    Outcome<void> done;
    if (const Node* foreach = rule.generate->find("foreach"); is_present(foreach)) {
      for (const Node& one : foreach->items()) {
        const Outcome<std::vector<Node>> elements = elements_of(one);
        if (!elements) {
          done = std::unexpected(elements.error());
          break;
        }
        context_.checkpoint();
        for (std::size_t i = 0; i < elements->size() && done; ++i) {
          if ((*elements)[i].is_null()) {
            continue;
          }
          context_.reset();
          context_.add_element((*elements)[i], static_cast<std::int64_t>(i), 0);
          load_context(rule, one.find("context"));
          const Node* conditions = one.find("preconditions");
          const Outcome<Held> element_held =
              evaluate_conditions(conditions == nullptr ? Node{} : *conditions, context_);
          if (!element_held) {
            done = std::unexpected(element_held.error());
          } else if (element_held->holds) {
            done = generate_part(rule, one, generated);
          }
        }
        context_.restore();
        if (!done) {
          break;
        }
      }
    } else {
      done = generate_part(rule, *rule.generate, generated);
    }
    if (done) {
      RuleResponse& said = say(rule, Verdict::Pass, "");
      said.generated = arena_.copy(std::span<const Node>(generated));
    } else {
      say_error(rule, "failed to generate", done.error());
    }
  }
  context_.restore();
}

// pkg/background/common/labels.go
Node Judgement::labelled(const Rule& rule, const Node& object, const Node& target) {
  const Node* metadata = object.find("metadata");
  ObjectParts labels;
  ObjectParts meta;
  if (metadata != nullptr && metadata->is_object()) {
    meta.add_all(*metadata);
    if (const Node* old = metadata->find("labels"); old != nullptr) {
      labels.add_all(*old);
    }
  }
  const Node& trigger = object_;
  const std::string_view version = text_at(trigger, "apiVersion");
  const std::size_t slash = version.find('/');
  const Node* trigger_metadata = trigger.find("metadata");
  const auto of_trigger = [&](std::string_view field) {
    return text_node(trigger_metadata == nullptr ? std::string_view{}
                                                 : text_at(*trigger_metadata, field));
  };
  labels.set("app.kubernetes.io/managed-by", text_node("kyverno"));
  labels.set("generate.kyverno.io/policy-name", text_node(policy_.name));
  labels.set("generate.kyverno.io/policy-namespace", text_node(policy_.name_space));
  labels.set("generate.kyverno.io/rule-name", text_node(policy_.records[rule.record].name));
  labels.set("generate.kyverno.io/trigger-version",
             text_node(slash == std::string_view::npos ? version : version.substr(slash + 1)));
  labels.set(
      "generate.kyverno.io/trigger-group",
      text_node(slash == std::string_view::npos ? std::string_view{} : version.substr(0, slash)));
  labels.set("generate.kyverno.io/trigger-kind", text_node(text_at(trigger, "kind")));
  labels.set("generate.kyverno.io/trigger-namespace", of_trigger("namespace"));
  labels.set("generate.kyverno.io/trigger-uid", of_trigger("uid"));
  meta.set("labels", labels.make(arena_));
  if (const std::string_view name = text_at(target, "name"); !name.empty()) {
    meta.set("name", text_node(name));
  }
  if (const std::string_view name_space = text_at(target, "namespace"); !name_space.empty()) {
    meta.set("namespace", text_node(name_space));
  } else {
    meta.remove("namespace");
  }
  meta.remove("resourceVersion");
  ObjectParts out;
  out.add_all(object);
  out.set("apiVersion", text_node(text_at(target, "apiVersion")));
  if (text_at(object, "kind").empty()) {
    out.set("kind", text_node(text_at(target, "kind")));
  }
  out.set("metadata", meta.make(arena_));
  return out.make(arena_, object.offset());
}

Outcome<void> Judgement::generate_part(const Rule& rule, const Node& part, std::vector<Node>& out) {
  ObjectParts pattern;
  for (const std::string_view field :
       {"apiVersion", "kind", "namespace", "name", "data", "clone", "cloneList"}) {
    if (const Node* value = part.find(field); value != nullptr) {
      pattern.set(field, *value);
    }
  }
  const Outcome<Node> put = substitute(pattern.make(arena_), context_);
  if (!put) {
    return std::unexpected(put.error());
  }
  const Node* clone = put->find("clone");
  const Node* clone_list = put->find("cloneList");
  const bool has_clone = clone != nullptr && !text_at(*clone, "name").empty();
  const bool has_list = clone_list != nullptr && clone_list->find("kinds") != nullptr;
  const auto world_answers = [&]() {
    return request_.world != nullptr && request_.world->provides(Capability::Objects);
  };
  const auto missing = [&](std::string message) {
    return std::unexpected(Failure{.message = std::move(message), .is_world_missing = true});
  };
  const auto copy_of = [&](const Node& source, const Node& target) {
    ObjectParts meta;
    if (const Node* metadata = source.find("metadata"); metadata != nullptr) {
      meta.add_all(*metadata);
      if (text_at(*metadata, "namespace") != text_at(target, "namespace")) {
        meta.remove("ownerReferences");
      }
    }
    for (const std::string_view field :
         {"uid", "selfLink", "creationTimestamp", "managedFields", "resourceVersion"}) {
      meta.remove(field);
    }
    return labelled(rule, with_member(arena_, source, "metadata", meta.make(arena_)), target);
  };
  // A namespaced policy copies from its own namespace only.
  const auto is_own = [&](std::string_view name_space) {
    return policy_.name_space.empty() || name_space == policy_.name_space;
  };
  const auto is_written = [&](std::string_view field) {
    const Node* value = put->find(field);
    return is_present(value);
  };
  // Nor does it make anything elsewhere, or for the cluster: upstream refuses such a policy when it
  // is admitted, but variables are known only now.
  if ((has_clone || has_list || is_written("data")) && !is_own(text_at(*put, "namespace"))) {
    return std::unexpected(Failure{
        .message = fmt::format("a policy of namespace {} does not generate into namespace \"{}\"",
                               policy_.name_space, text_at(*put, "namespace"))});
  }
  if (has_clone) {
    const std::string_view from = text_at(*clone, "namespace");
    const std::string_view name = text_at(*clone, "name");
    if (from == text_at(*put, "namespace") && name == text_at(*put, "name")) {
      return {};
    }
    if (!is_own(from)) {
      return std::unexpected(Failure{
          .message = fmt::format("a policy of namespace {} does not clone from namespace {}",
                                 policy_.name_space, from)});
    }
    if (!world_answers()) {
      return missing(fmt::format("source resource {}/{} is not in the input", from, name));
    }
    const World::Answer source =
        request_.world->get(arena_, text_at(*put, "apiVersion"), text_at(*put, "kind"), from, name);
    if (!source || source->is_null()) {
      return missing(fmt::format("source resource {}/{} not found", from, name));
    }
    out.push_back(copy_of(*source, *put));
    return {};
  }
  if (has_list) {
    const std::string_view from = text_at(*clone_list, "namespace");
    if (!is_own(from)) {
      return std::unexpected(Failure{
          .message = fmt::format("a policy of namespace {} does not clone from namespace {}",
                                 policy_.name_space, from)});
    }
    if (!world_answers()) {
      return missing(fmt::format("the resources of namespace {} are not in the input", from));
    }
    const Node* selector = clone_list->find("selector");
    for (const Node& written : clone_list->find("kinds")->items()) {
      const VersionKind of = version_and_kind(written.text());
      const World::Answer sources = request_.world->list(arena_, of.version, of.kind, from,
                                                         selector == nullptr ? Node{} : *selector);
      if (!sources) {
        return missing(fmt::format("failed to list source resource for cloneList {} {}/{}: {}",
                                   of.version, of.kind, from, sources.error()));
      }
      for (const Node& source : sources->items()) {
        const Node* metadata = source.find("metadata");
        const std::string_view own = metadata == nullptr ? "" : text_at(*metadata, "namespace");
        if (own == text_at(*put, "namespace") || !is_own(own)) {
          continue;
        }
        ObjectParts target;
        target.set("apiVersion", text_node(text_at(source, "apiVersion")));
        target.set("kind", text_node(text_at(source, "kind")));
        target.set("namespace", text_node(text_at(*put, "namespace")));
        target.set("name", text_node(metadata == nullptr ? "" : text_at(*metadata, "name")));
        out.push_back(copy_of(source, target.make(arena_)));
      }
    }
    return {};
  }
  const Node* data = put->find("data");
  if (!is_present(data)) {
    return {};
  }
  // What is there already stays, unless the rule synchronizes.
  const Node* synchronize = rule.generate->find("synchronize");
  if (world_answers() && !(synchronize != nullptr && synchronize->boolean())) {
    const World::Answer old =
        request_.world->get(arena_, text_at(*put, "apiVersion"), text_at(*put, "kind"),
                            text_at(*put, "namespace"), text_at(*put, "name"));
    if (old && !old->is_null()) {
      return {};
    }
  }
  out.push_back(labelled(rule, *data, *put));
  return {};
}

}  // namespace tally::kyverno::internal
