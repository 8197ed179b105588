#include "kyverno_cel/internal/autogen.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using document::Node;

namespace {

constexpr std::string_view kDefaults = "defaults";
constexpr std::string_view kCronJobs = "cronjobs";
constexpr std::string_view kExtract = "extract";
constexpr std::size_t kControllersMax = 256;

// data.go, ConfigsMap
struct Controller {
  std::string_view resource;
  std::string_view group;
  std::string_view rules;
};
constexpr Controller kControllers[] = {
    {"cronjobs", "batch", kCronJobs},   {"daemonsets", "apps", kDefaults},
    {"deployments", "apps", kDefaults}, {"jobs", "batch", kDefaults},
    {"replicasets", "apps", kDefaults}, {"statefulsets", "apps", kDefaults},
};

struct Target {
  std::string_view group;
  std::string_view version;
  std::string_view resource;
  std::string_view rules;
  friend auto operator<=>(const Target&, const Target&) = default;
};

bool is_name_byte(char c) noexcept {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// ResolveConfig, without a cluster to ask: "jobsets.v1alpha2.jobset.x-k8s.io" is any custom kind,
// what is neither that nor known is passed over.
bool resolve(std::string_view name, Target& target) {
  for (const Controller& known : kControllers) {
    if (known.resource == name) {
      target = {known.group, "v1", known.resource, known.rules};
      return true;
    }
  }
  const std::size_t first = name.find('.');
  const std::size_t second = first == std::string_view::npos ? first : name.find('.', first + 1);
  if (second == std::string_view::npos || first == 0 || second == first + 1 ||
      second + 1 == name.size()) {
    return false;
  }
  target = {name.substr(second + 1), name.substr(first + 1, second - first - 1),
            name.substr(0, first), kExtract};
  return true;
}

bool is_single(const Node* list, std::string_view text) {
  return list != nullptr && list->is_array() && list->size() == 1 &&
         list->items()[0].text() == text;
}

// CanAutoGen: one rule, about pods alone, without names, selector of objects and exclusions.
bool is_about_pods(const Node& constraints) {
  const Node* selector = present(constraints, "objectSelector");
  if (selector != nullptr) {
    for (const std::string_view part : {"matchLabels", "matchExpressions"}) {
      if (const Node* found = present(*selector, part); found != nullptr && found->size() != 0) {
        return false;
      }
    }
  }
  const Node* excluded = present(constraints, "excludeResourceRules");
  const Node* rules = present(constraints, "resourceRules");
  if ((excluded != nullptr && excluded->size() != 0) || rules == nullptr || !rules->is_array() ||
      rules->size() != 1) {
    return false;
  }
  const Node& rule = rules->items()[0];
  const Node* names = present(rule, "resourceNames");
  return (names == nullptr || names->size() == 0) && is_single(rule.find("apiGroups"), "") &&
         is_single(rule.find("apiVersions"), "v1") && is_single(rule.find("resources"), "pods");
}

Node text_list(Arena& arena, std::span<const std::string_view> texts, std::uint32_t offset) {
  std::vector<Node> items;
  for (const std::string_view text : texts) {
    items.push_back(Node::make_string(text, offset));
  }
  return Node::make_array(arena, items, offset);
}

// CreateMatchConstraints: a rule per group and version.
Node make_constraints(Arena& arena, const Node& constraints, std::span<const Target> targets) {
  const Node& rule = present(constraints, "resourceRules")->items()[0];
  const Node* operations = rule.find("operations");
  const std::uint32_t offset = constraints.offset();
  std::vector<Node> rules;
  for (std::size_t i = 0; i < targets.size();) {
    std::vector<std::string_view> resources;
    const Target& first = targets[i];
    for (; i < targets.size() && targets[i].group == first.group &&
           targets[i].version == first.version;
         ++i) {
      resources.push_back(targets[i].resource);
    }
    const std::array keys{std::string_view{"apiGroups"}, std::string_view{"apiVersions"},
                          std::string_view{"resources"}, std::string_view{"operations"}};
    const std::array values{text_list(arena, std::array{first.group}, offset),
                            text_list(arena, std::array{first.version}, offset),
                            text_list(arena, resources, offset),
                            operations == nullptr ? Node{} : *operations};
    rules.push_back(make_map(arena, keys, values, offset));
  }
  Node made = make_map(arena, std::array{std::string_view{"resourceRules"}},
                       std::array{Node::make_array(arena, rules, offset)}, offset);
  if (const Node* selector = present(constraints, "namespaceSelector")) {
    made = with_member(arena, made, "namespaceSelector", *selector);
  }
  return made;
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(from); found != std::string::npos;
       found = text.find(from, at)) {
    out.append(text, at, found - at);
    at = found + from.size();
    const std::string_view rest = std::string_view{text}.substr(at);
    // object.metadata.namespace stays: templates of pods have none.
    constexpr std::string_view kNamespace = ".namespace";
    const bool is_kept = rest.starts_with(kNamespace) && (rest.size() == kNamespace.size() ||
                                                          !is_name_byte(rest[kNamespace.size()]));
    out += is_kept ? from : to;
  }
  out.append(text, at);
  text = std::move(out);
}

// `\b(object|oldObject|Object)` and the given path, moved.
void move_path(std::string& text, std::string_view path, std::string_view to) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool at_word = i == 0 || !is_name_byte(text[i - 1]);
    bool moved = false;
    for (const std::string_view root : {"object", "oldObject", "Object"}) {
      const std::string_view rest = std::string_view{text}.substr(i);
      if (at_word && rest.starts_with(root) && rest.substr(root.size()).starts_with(path)) {
        out.append(root).append(to);
        i += root.size() + path.size();
        moved = true;
        break;
      }
    }
    if (!moved) {
      out += text[i++];
    }
  }
  text = std::move(out);
}

std::string_view template_path(std::string_view controllers) noexcept {
  return controllers == kCronJobs ? "spec.jobTemplate.spec.template" : "spec.template";
}

Node rewrite_texts(Arena& arena, const Node& node, std::string_view controllers,
                   std::size_t depth) {
  constexpr std::size_t kDepthMax = 500;  // document::ReadLimits
  if (depth > kDepthMax) {
    return node;
  }
  if (node.is_string()) {
    return Node::make_string(rewrite_text(arena, node.text(), controllers), node.offset());
  }
  if (node.is_array()) {
    auto* items = arena.allocate_array<Node>(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      items[i] = rewrite_texts(arena, node.items()[i], controllers, depth + 1);
    }
    return Node::make_array(arena, {items, node.size()}, node.offset());
  }
  if (node.is_object()) {
    auto* keys = arena.allocate_array<std::string_view>(node.size());
    auto* values = arena.allocate_array<Node>(node.size());
    for (std::size_t i = 0; i < node.size(); ++i) {
      keys[i] = node.key(i);
      values[i] = rewrite_texts(arena, node.items()[i], controllers, depth + 1);
    }
    return make_map(arena, {keys, node.size()}, {values, node.size()}, node.offset());
  }
  return node;
}

// The expressions under `path` of every item of a list.
Node rewrite_items(Arena& arena, const Node& list, std::span<const std::string_view> path,
                   std::string_view controllers) {
  if (path.empty()) {
    return list.is_string()
               ? Node::make_string(rewrite_mutation(arena, list.text(), controllers), list.offset())
               : list;
  }
  if (list.is_array()) {
    std::vector<Node> items;
    for (const Node& item : list.items()) {
      items.push_back(rewrite_items(arena, item, path, controllers));
    }
    return Node::make_array(arena, items, list.offset());
  }
  const Node* below = list.is_object() ? present(list, path.front()) : nullptr;
  return below == nullptr ? list
                          : with_member(arena, list, path.front(),
                                        rewrite_items(arena, *below, path.subspan(1), controllers));
}

// Only match conditions and apply configurations: neither variables nor JSON patches.
Node rewrite_mutations(Arena& arena, const Node& spec, std::string_view controllers) {
  Node made = spec;
  if (const Node* conditions = present(made, "matchConditions")) {
    made = with_member(
        arena, made, "matchConditions",
        rewrite_items(arena, *conditions, std::array{std::string_view{"expression"}}, controllers));
  }
  if (const Node* mutations = present(made, "mutations")) {
    made = with_member(arena, made, "mutations",
                       rewrite_items(arena, *mutations,
                                     std::array{std::string_view{"applyConfiguration"},
                                                std::string_view{"expression"}},
                                     controllers));
  }
  return made;
}

std::string_view trim_go_space(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::string_view rewrite_text(Arena& arena, std::string_view text, std::string_view controllers) {
  if (text.find("bject.") == std::string_view::npos) {
    return text;
  }
  std::string out(text);
  const std::string pod(template_path(controllers));
  for (const std::string_view root : {"object.", "oldObject."}) {
    replace(out, std::string(root) + "spec", std::string(root) + pod + ".spec");
  }
  for (const std::string_view root : {"object.", "oldObject."}) {
    replace(out, std::string(root) + "metadata", std::string(root) + pod + ".metadata");
  }
  return arena.copy(out);
}

std::string_view rewrite_mutation(Arena& arena, std::string_view text,
                                  std::string_view controllers) {
  std::string out(text);
  const std::string pod = "." + std::string(template_path(controllers));
  move_path(out, ".spec", pod + ".spec");
  move_path(out, ".metadata.labels", pod + ".metadata.labels");
  move_path(out, ".metadata.annotations", pod + ".metadata.annotations");
  // Object{...} becomes Object{spec: Object.spec{template: Object.spec.template{...}}}.
  std::string_view rest = trim_go_space(out);
  if (!rest.starts_with("Object")) {
    return arena.copy(out);
  }
  rest.remove_prefix(6);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  if (!rest.starts_with("{")) {
    return arena.copy(out);
  }
  rest.remove_prefix(1);
  std::size_t open = 1;
  std::size_t end = 0;
  for (std::size_t i = 0; i < rest.size() && open != 0; ++i) {
    open += rest[i] == '{' ? 1U : 0U;
    if (rest[i] == '}' && --open == 0) {
      end = i;
    }
  }
  if (end == 0) {
    return arena.copy(out);
  }
  const bool cron = controllers == kCronJobs;
  std::string wrapped =
      cron ? "Object{spec: Object.spec{jobTemplate: Object.spec.jobTemplate{spec: "
             "Object.spec.jobTemplate.spec{template: Object.spec.jobTemplate.spec.template{"
           : "Object{spec: Object.spec{template: Object.spec.template{";
  wrapped.append(rest.substr(0, end)).append(cron ? "}}}}}" : "}}}").append(rest.substr(end + 1));
  return arena.copy(wrapped);
}

std::vector<GeneratedSpec> generate_specs(Arena& arena, const Node& spec, PolicyKind kind) {
  std::vector<GeneratedSpec> made;
  const Node* constraints = present(spec, "matchConstraints");
  if (constraints == nullptr || !is_about_pods(*constraints)) {
    return made;
  }
  std::vector<Target> targets;
  const Node* named = present_at(spec, {"autogen", "podControllers", "controllers"});
  if (named != nullptr) {
    for (const Node& name : named->items().subspan(0, std::min(named->size(), kControllersMax))) {
      if (Target target; name.is_string() && resolve(name.text(), target)) {
        targets.push_back(target);
      }
    }
  } else {
    for (const Controller& known : kControllers) {
      targets.push_back({known.group, "v1", known.resource, known.rules});
    }
  }
  std::ranges::sort(targets);
  const auto repeated = std::ranges::unique(targets);
  targets.erase(repeated.begin(), repeated.end());
  for (const std::string_view rules : {kCronJobs, kDefaults, kExtract}) {
    std::vector<Target> own;
    std::ranges::copy_if(targets, std::back_inserter(own),
                         [&](const Target& target) { return target.rules == rules; });
    if (own.empty()) {
      continue;
    }
    Node copy =
        with_member(arena, spec, "matchConstraints", make_constraints(arena, *constraints, own));
    const bool extracts = rules == kExtract;
    if (!extracts) {
      copy = kind == PolicyKind::Mutating ? rewrite_mutations(arena, copy, rules)
                                          : rewrite_texts(arena, copy, rules, 0);
    }
    made.push_back({.name = rules, .spec = copy, .is_extraction = extracts});
  }
  return made;
}

}  // namespace tally::kyverno_cel
