#include "kyverno/internal/autogen.hpp"

#include <algorithm>
#include <array>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kyverno/internal/match.hpp"
#include "kyverno/internal/nodes.hpp"
#include "kyverno/internal/variable_scan.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

constexpr std::string_view kAnnotation = "pod-policies.kyverno.io/autogen-controllers";
constexpr std::size_t kNameBytesMax = 63;

struct Controller {
  std::string_view kind;
  std::string_view selector;
};
// In the order of their names, as upstream sorts them.
constexpr std::array<Controller, 7> kControllers{{
    {"CronJob", "batch/v1/CronJob"},
    {"DaemonSet", "apps/v1/DaemonSet"},
    {"Deployment", "apps/v1/Deployment"},
    {"Job", "batch/v1/Job"},
    {"ReplicaSet", "apps/v1/ReplicaSet"},
    {"ReplicationController", "v1/ReplicationController"},
    {"StatefulSet", "apps/v1/StatefulSet"},
}};

bool is_pod_or_controller(std::string_view kind) {
  return kind == "Pod" || std::ranges::any_of(kControllers, [&](const Controller& controller) {
           return controller.kind == kind;
         });
}

bool contains_pod(const Node* kinds) {
  return kinds != nullptr && std::ranges::any_of(kinds->items(), [](const Node& kind) {
           return KindSelector::parse(kind.text()).kind == "Pod";
         });
}

// The filters of a match or exclude block: itself, and those of any and all.
template <class Visit>
bool every_filter(const Node* block, Visit visit) {
  if (block == nullptr) {
    return true;
  }
  if (const Node* own = block->find("resources"); own != nullptr && !visit(*own)) {
    return false;
  }
  for (const std::string_view field : {"any", "all"}) {
    const Node* list = block->find(field);
    if (list == nullptr) {
      continue;
    }
    for (const Node& filter : list->items()) {
      if (const Node* own = filter.find("resources"); own != nullptr && !visit(*own)) {
        return false;
      }
    }
  }
  return true;
}

bool is_generable(const Node& resources, bool& needed) {
  const auto has = [&](std::string_view field) {
    const Node* value = resources.find(field);
    return value != nullptr && !value->is_null();
  };
  const Node* kinds = resources.find("kinds");
  const Node* names = resources.find("names");
  if (!text_at(resources, "name").empty() || (names != nullptr && names->size() > 0) ||
      has("selector") || has("annotations") ||
      (kinds != nullptr && kinds->size() > 1 && contains_pod(kinds))) {
    return false;
  }
  if (kinds != nullptr) {
    for (const Node& kind : kinds->items()) {
      needed = needed || is_pod_or_controller(kind.text());
    }
  }
  return true;
}

bool has_json_patch(const Node& mutation) {
  if (!text_at(mutation, "patchesJson6902").empty()) {
    return true;
  }
  const Node* foreach = mutation.find("foreach");
  return foreach != nullptr && std::ranges::any_of(foreach->items(), [](const Node& one) {
           return !text_at(one, "patchesJson6902").empty();
         });
}

bool can_generate(const Node& rules) {
  bool needed = false;
  for (const Node& rule : rules.items()) {
    if (const Node* generate = rule.find("generate"); generate != nullptr && generate->size() > 0) {
      return false;
    }
    if (const Node* mutation = rule.find("mutate");
        mutation != nullptr && has_json_patch(*mutation)) {
      return false;
    }
    const auto visit = [&](const Node& resources) { return is_generable(resources, needed); };
    if (!every_filter(rule.find("match"), visit) || !every_filter(rule.find("exclude"), visit)) {
      return false;
    }
  }
  return needed;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  std::string out;
  std::size_t written = 0;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + what.size())) {
    out.append(text, written, at - written);
    out += by;
    written = at + what.size();
  }
  if (written > 0) {
    out.append(text, written);
    text = std::move(out);
  }
}

// pkg/engine/variables/vars.go, FindAndShiftReferences.
std::string shifted(std::string text, std::string_view shift, std::string pivot) {
  for (std::optional<Span> found = find_reference(text, 0); found;) {
    std::string reference = text.substr(found->begin, found->end - found->begin);
    const std::size_t index = reference.find(pivot);
    if (index != std::string::npos) {
      if (pivot == "anyPattern") {
        const std::size_t begin = index + pivot.size() + 1;
        if (begin < reference.size()) {
          const std::size_t slash = reference.find('/', begin);
          pivot += "/" + reference.substr(begin, slash - begin);
        }
      }
      replace_all(reference, pivot, pivot + "/" + std::string(shift));
      text.replace(found->begin, found->end - found->begin, reference);
    }
    found = find_reference(text, found->begin + std::max<std::size_t>(reference.size(), 1));
  }
  return text;
}

class RuleWriter {
 public:
  RuleWriter(Arena& arena, std::string_view template_key, std::string_view shift,
             std::span<const std::string_view> kinds, bool is_for_cron_jobs)
      : arena_(arena),
        template_key_(template_key),
        shift_(shift),
        kinds_(kinds),
        is_for_cron_jobs_(is_for_cron_jobs) {}

  // Nothing if there is nothing to generate of this rule.
  [[nodiscard]] bool write(Node& rule) const {
    ObjectParts parts;
    parts.add_all(rule);
    if (const Node* block = rule.find("match"); block != nullptr) {
      parts.set("match", with_kinds(*block, false));
    }
    if (const Node* block = rule.find("exclude"); block != nullptr && block->is_object()) {
      parts.set("exclude", with_kinds(*block, true));
    }
    bool is_written = false;
    if (const Node* mutation = rule.find("mutate"); mutation != nullptr) {
      Node out;
      is_written = mutated(*mutation, out);
      if (is_written) {
        parts.set("mutate", out);
      }
    }
    if (const Node* validation = rule.find("validate"); !is_written && validation != nullptr) {
      Node out;
      is_written = validated(*validation, out);
      if (is_written) {
        parts.set("validate", out);
      }
    }
    if (!is_written) {
      const Node* images = rule.find("verifyImages");
      is_written = images != nullptr && !images->is_null();
    }
    if (is_written) {
      rule = parts.make(arena_, rule.offset());
    }
    return is_written;
  }

 private:
  [[nodiscard]] Node below_template(const Node& pattern) const {
    const std::array<std::string_view, 2> path{"spec", template_key_};
    return nested(arena_, path, pattern);
  }

  [[nodiscard]] Node kinds_node() const {
    std::vector<Node> list;
    for (const std::string_view kind : kinds_) {
      const auto known = std::ranges::find(kControllers, kind, &Controller::kind);
      list.push_back(text_node(known == kControllers.end() ? kind : known->selector));
    }
    return Node::make_array(arena_, list, 0);
  }

  [[nodiscard]] Node with_kinds(const Node& block, bool is_exclude) const {
    for (const std::string_view field : {"any", "all"}) {
      const Node* list = block.find(field);
      if (list == nullptr || list->size() == 0) {
        continue;
      }
      std::vector<Node> filters;
      for (const Node& filter : list->items()) {
        const Node* resources = filter.find("resources");
        const bool is_ours =
            is_for_cron_jobs_ || (resources != nullptr && contains_pod(resources->find("kinds")));
        if (!is_ours) {
          filters.push_back(filter);
          continue;
        }
        const Node with =
            with_member(arena_, resources == nullptr ? empty() : *resources, "kinds", kinds_node());
        filters.push_back(with_member(arena_, filter, "resources", with));
      }
      return with_member(arena_, block, field, Node::make_array(arena_, filters, list->offset()));
    }
    const Node* resources = block.find("resources");
    const Node* kinds = resources == nullptr ? nullptr : resources->find("kinds");
    if (is_exclude && (kinds == nullptr || kinds->size() == 0)) {
      return block;
    }
    return with_member(
        arena_, block, "resources",
        with_member(arena_, resources == nullptr ? empty() : *resources, "kinds", kinds_node()));
  }

  [[nodiscard]] Node empty() const { return ObjectParts{}.make(arena_); }

  bool mutated(const Node& mutation, Node& out) const {
    if (const Node* patch = mutation.find("patchStrategicMerge");
        patch != nullptr && !patch->is_null()) {
      ObjectParts parts;
      parts.set("patchStrategicMerge", below_template(*patch));
      out = parts.make(arena_, mutation.offset());
      return true;
    }
    const Node* foreach = mutation.find("foreach");
    if (foreach == nullptr || foreach->size() == 0) {
      return false;
    }
    std::vector<Node> list;
    for (const Node& one : foreach->items()) {
      ObjectParts parts;
      for (const std::string_view field : {"list", "context", "preconditions"}) {
        if (const Node* value = one.find(field); value != nullptr) {
          parts.set(field, *value);
        }
      }
      const Node* patch = one.find("patchStrategicMerge");
      parts.set("patchStrategicMerge", below_template(patch == nullptr ? Node{} : *patch));
      list.push_back(parts.make(arena_, one.offset()));
    }
    ObjectParts parts;
    parts.set("foreach", Node::make_array(arena_, list, foreach->offset()));
    out = parts.make(arena_, mutation.offset());
    return true;
  }

  // createAutogenAssertion of Kyverno 1.18: what is asserted of the objects.
  [[nodiscard]] Node asserted(const Node& tree) const {
    Node out = tree;
    for (const std::string_view field : {"object", "oldObject"}) {
      if (const Node* object = tree.find(field); object != nullptr && object->is_object()) {
        out = with_member(arena_, out, field, below_template(*object));
      }
    }
    return out;
  }

  bool validated(const Node& validation, Node& out) const {
    const auto has = [&](std::string_view field) {
      const Node* value = validation.find(field);
      return value != nullptr && !value->is_null();
    };
    ObjectParts parts;
    const auto keep = [&](std::string_view field) {
      if (const Node* value = validation.find(field); value != nullptr) {
        parts.set(field, *value);
      }
    };
    const auto begin = [&](std::string_view pivot) {
      for (const std::string_view field :
           {"failureAction", "failureActionOverrides", "allowExistingViolations"}) {
        keep(field);
      }
      if (has("message")) {
        parts.set("message",
                  text_node(arena_.copy(shifted(std::string(text_at(validation, "message")), shift_,
                                                std::string(pivot)))));
      }
    };
    if (has("pattern")) {
      begin("pattern");
      parts.set("pattern", below_template(*validation.find("pattern")));
    } else if (has("deny")) {
      begin("deny");
      keep("deny");
    } else if (has("podSecurity")) {
      begin("podSecurity");
      keep("podSecurity");
    } else if (has("anyPattern")) {
      begin("anyPattern");
      std::vector<Node> list;
      for (const Node& pattern : validation.find("anyPattern")->items()) {
        list.push_back(below_template(pattern));
      }
      parts.set("anyPattern", Node::make_array(arena_, list, 0));
    } else if (has("foreach") && validation.find("foreach")->size() > 0) {
      begin("pattern");
      keep("foreach");
    } else if (has("cel")) {
      out = validation;
      return true;
    } else if (has("assert")) {
      out = with_member(arena_, validation, "assert", asserted(*validation.find("assert")));
      return true;
    } else {
      return false;
    }
    out = parts.make(arena_, validation.offset());
    return true;
  }

  Arena& arena_;
  std::string_view template_key_;
  std::string_view shift_;
  std::span<const std::string_view> kinds_;
  bool is_for_cron_jobs_;
};

// Variables are moved as text, all over the rule; of CEL the names go without `request`.
Node rewritten(Arena& arena, const Node& rule, bool is_for_cron_jobs) {
  const bool is_cel = at(rule, {"validate", "cel"}) != nullptr;
  std::string text;
  document::append_json(text, rule);
  const std::string_view below =
      is_for_cron_jobs ? "spec.jobTemplate.spec.template." : "spec.template.";
  const std::string_view before = is_cel ? "" : "request.";
  for (const std::string_view part : {"spec", "metadata"}) {
    for (const std::string_view object : {"object.", "oldObject."}) {
      const std::string what = std::string(before) + std::string(object) + std::string(part);
      replace_all(
          text, what,
          std::string(before) + std::string(object) + std::string(below) + std::string(part));
    }
  }
  const auto source = document::Source::from_text("rule", text);
  const Result<Node> read = document::read_one(*source, arena);
  return read ? document::deep_copy(arena, *read) : rule;
}

std::string_view generated_name(Arena& arena, std::string_view prefix, std::string_view name) {
  return arena.concat({prefix, "-", name}).substr(0, kNameBytesMax);
}

bool kinds_allow(const Node& rule) {
  bool has_pod = false;
  every_filter(rule.find("match"), [&](const Node& resources) {
    has_pod = has_pod || contains_pod(resources.find("kinds"));
    return true;
  });
  bool excludes_kinds = false;
  bool excludes_pod = false;
  every_filter(rule.find("exclude"), [&](const Node& resources) {
    const Node* kinds = resources.find("kinds");
    excludes_kinds = excludes_kinds || (kinds != nullptr && kinds->size() > 0);
    excludes_pod = excludes_pod || contains_pod(kinds);
    return true;
  });
  return has_pod && (!excludes_kinds || excludes_pod);
}

}  // namespace

Autogen generate_rules(Arena& arena, const Node& policy) {
  Autogen out;
  const Node* rules = at(policy, {"spec", "rules"});
  if (rules == nullptr || !can_generate(*rules)) {
    return out;
  }
  bool is_all = false;
  const Node* annotation = at(policy, {"metadata", "annotations", kAnnotation});
  if (annotation == nullptr || !annotation->is_string()) {
    for (const Controller& controller : kControllers) {
      out.kinds.push_back(controller.kind);
    }
  } else {
    std::string_view text = annotation->text();
    while (true) {
      const std::size_t comma = std::min(text.find(','), text.size());
      const std::string_view kind = text.substr(0, comma);
      if (kind == "none") {
        out.kinds.clear();
        return out;
      }
      is_all = is_all || kind == "all";
      if (std::ranges::find(out.kinds, kind) == out.kinds.end()) {
        out.kinds.push_back(kind);
      }
      if (comma == text.size()) {
        break;
      }
      text.remove_prefix(comma + 1);
    }
  }
  std::vector<std::string_view> controllers;
  for (const Controller& controller : kControllers) {
    if (controller.kind != "CronJob" &&
        (is_all || std::ranges::find(out.kinds, controller.kind) != out.kinds.end())) {
      controllers.push_back(controller.kind);
    }
  }
  const bool has_cron_jobs =
      is_all || std::ranges::find(out.kinds, std::string_view("CronJob")) != out.kinds.end();
  const std::array<std::string_view, 1> cron_jobs{"CronJob"};
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const Node& written = rules->items()[i];
    const std::string_view name = text_at(written, "name");
    if (name.starts_with("autogen-") || !kinds_allow(written)) {
      continue;
    }
    Node rule = written;
    if (!controllers.empty() &&
        RuleWriter(arena, "template", "spec/template", controllers, false).write(rule)) {
      rule = rewritten(arena, rule, false);
      rule = with_member(arena, rule, "name", text_node(generated_name(arena, "autogen", name)));
      out.rules.push_back({rule, i, MadeFor::Controllers});
    }
    rule = written;
    if (has_cron_jobs &&
        RuleWriter(arena, "template", "spec/template", cron_jobs, false).write(rule) &&
        RuleWriter(arena, "jobTemplate", "spec/jobTemplate/spec/template", cron_jobs, true)
            .write(rule)) {
      rule = rewritten(arena, rule, true);
      rule = with_member(arena, rule, "name",
                         text_node(generated_name(arena, "autogen-cronjob", name)));
      out.rules.push_back({rule, i, MadeFor::CronJobs});
    }
  }
  return out;
}

}  // namespace tally::kyverno::internal
