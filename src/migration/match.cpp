#include "migration/internal/match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "document/json_writer.hpp"
#include "kube/objects.hpp"
#include "migration/internal/draft.hpp"

namespace tally::migration {

using document::Node;

namespace {

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

std::string filled(std::string_view pattern) {
  std::string out(pattern);
  std::ranges::replace(out, '*', 'x');
  std::ranges::replace(out, '?', 'y');
  return out;
}

struct KindText {
  std::string_view group = "*";
  std::string_view version = "*";
  std::string_view kind;
  std::string_view subresource;
};

bool is_version(std::string_view text) {
  return text == "*" || (text.size() > 1 && text[0] == 'v' && text[1] >= '0' && text[1] <= '9');
}

// "Pod", "v1/Pod", "apps/v1/Deployment", "*/Pod", "Pod/exec" (ParseKindSelector).
KindText read_kind(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  KindText out;
  std::string_view& last = parts.back();
  if (const std::size_t dot = last.find('.'); dot != std::string_view::npos) {
    out.subresource = last.substr(dot + 1);
    last = last.substr(0, dot);
  }
  switch (parts.size()) {
    case 1:
      out.kind = parts[0];
      break;
    case 2:
      (is_version(parts[0]) ? out.version : out.kind) = parts[0];
      (is_version(parts[0]) ? out.kind : out.subresource) = parts[1];
      break;
    case 3:
      if (is_version(parts[0])) {
        out = {.version = parts[0], .kind = parts[1], .subresource = parts[2]};
      } else {
        out.group = parts[0];
        out.version = parts[1];
        out.kind = parts[2];
      }
      break;
    default:
      out = {.group = parts[0], .version = parts[1], .kind = parts[2], .subresource = parts[3]};
  }
  return out;
}

// One of several texts with wildcards.
Cel one_of(std::string_view value, const Node& patterns) {
  std::vector<std::string_view> plain;
  Cel wild = always(false);
  for (const Node& pattern : patterns.items()) {
    if (has_wildcard(pattern.text())) {
      wild = either(wild, alike(value, pattern.text()));
    } else {
      plain.push_back(pattern.text());
    }
  }
  if (plain.empty()) {
    return wild;
  }
  if (plain.size() == 1) {
    return either(related(value, "==", quoted(plain[0])), wild);
  }
  std::string list;
  for (const std::string_view text : plain) {
    list += (list.empty() ? "" : ", ") + quoted(text);
  }
  return either(related(value, "in", fmt::format("[{}]", list)), wild);
}

struct Filter {
  const Node* written = nullptr;
  std::vector<MatchedKind> kinds;
  bool is_every_kind = false;
  const Node* operations = nullptr;
  const Node* selector = nullptr;
  const Node* namespace_selector = nullptr;
  Cel criteria = always(true);  // all else
};

class MatchReader {
 public:
  MatchReader(Arena& arena, const MatchOptions& options) : arena_(arena), options_(options) {}

  Outcome<Matching> read(const Node& rule) {
    const Node* match = present(rule, "match");
    if (match == nullptr) {
      return refuse("no match block", rule);
    }
    auto filters = filters_of(*match);
    if (!filters) {
      return std::unexpected(filters.error());
    }
    if (auto done = constrain(*filters, present(*match, "all") != nullptr, *match); !done) {
      return std::unexpected(done.error());
    }
    if (const Node* exclude = present(rule, "exclude")) {
      if (auto done = exclude_all(*exclude); !done) {
        return std::unexpected(done.error());
      }
    }
    return std::move(out_);
  }

 private:
  Outcome<std::vector<Filter>> filters_of(const Node& block) {
    std::vector<Filter> out;
    for (const std::string_view field : {"any", "all"}) {
      const Node* list = present(block, field);
      if (list == nullptr || list->size() == 0) {
        continue;
      }
      for (const Node& filter : list->items()) {
        auto read = read_filter(filter);
        if (!read) {
          return std::unexpected(read.error());
        }
        out.push_back(*std::move(read));
      }
      return out;
    }
    auto read = read_filter(block);
    if (!read) {
      return std::unexpected(read.error());
    }
    out.push_back(*std::move(read));
    return out;
  }

  Outcome<Filter> read_filter(const Node& filter) {
    Filter out;
    out.written = &filter;
    for (const std::string_view field : {"roles", "clusterRoles"}) {
      if (const Node* roles = present(filter, field); roles != nullptr && roles->size() > 0) {
        return refuse(fmt::format("{}: CEL does not see which roles a user has", field), *roles);
      }
    }
    if (const Node* resources = present(filter, "resources")) {
      if (const Node* kinds = present(*resources, "kinds")) {
        for (const Node& kind : kinds->items()) {
          if (auto done = add_kind(kind, out); !done) {
            return std::unexpected(done.error());
          }
        }
      }
      const auto list = [&](std::string_view field) {
        const Node* found = present(*resources, field);
        return found == nullptr || found->size() == 0 ? nullptr : found;
      };
      out.operations = list("operations");
      out.selector = list("selector");
      out.namespace_selector = list("namespaceSelector");
      if (const Node* name = present(*resources, "name");
          name != nullptr && !name->text().empty()) {
        out.criteria = both(out.criteria, alike("request.name", name->text()));
        out_.names.push_back(filled(name->text()));
      }
      if (const Node* names = list("names")) {
        out.criteria = both(out.criteria, one_of("request.name", *names));
        for (const Node& name : names->items()) {
          out_.names.push_back(filled(name.text()));
        }
      }
      if (const Node* namespaces = list("namespaces")) {
        out.criteria = both(out.criteria, one_of("request.namespace", *namespaces));
        for (const Node& name : namespaces->items()) {
          out_.namespaces.push_back(filled(name.text()));
        }
      }
      if (const Node* annotations = list("annotations")) {
        for (const document::Member member : annotations->members()) {
          out.criteria = both(out.criteria, pair("annotations", member));
        }
      }
    }
    if (const Node* subjects = present(filter, "subjects");
        subjects != nullptr && subjects->size() > 0) {
      out.criteria = both(out.criteria, user(*subjects));
    }
    return out;
  }

  // A label or annotation, both sides perhaps with wildcards.
  Cel pair(std::string_view field, const document::Member& member) {
    std::string value;
    document::append_json_string(value, filled(member.value.text()));
    out_.labels.add({"metadata", std::string(field), filled(member.key)}, {value});
    const std::string map = fmt::format("object.metadata.?{}.orValue({{}})", field);
    if (!has_wildcard(member.key)) {
      const std::string found =
          fmt::format("object.metadata.?{}[?{}].orValue('')", field, quoted(member.key));
      return alike(found, member.value.text());
    }
    return over(map, "exists", "key",
                both(alike("key", member.key),
                     alike(fmt::format("object.metadata.{}[key]", field), member.value.text())));
  }

  Cel user(const Node& subjects) {
    Cel out = always(false);
    for (const Node& subject : subjects.items()) {
      const std::string_view kind = text_at(subject, "kind");
      const std::string_view name = text_at(subject, "name");
      if (kind == "User") {
        out_.users.push_back(filled(name));
        out = either(out, alike("request.userInfo.username", name));
      } else if (kind == "Group") {
        out_.groups.push_back(filled(name));
        out = either(out,
                     has_wildcard(name)
                         ? over("request.userInfo.groups", "exists", "group", alike("group", name))
                         : related(quoted(name), "in", "request.userInfo.groups"));
      } else if (kind == "ServiceAccount") {
        const std::string full =
            fmt::format("system:serviceaccount:{}:{}", text_at(subject, "namespace"), name);
        out_.users.push_back(filled(full));
        out = either(out, alike("request.userInfo.username", full));
      }
    }
    return out;
  }

  Outcome<void> add_kind(const Node& written, Filter& filter) {
    const KindText kind = read_kind(written.text());
    if (!kind.subresource.empty() && kind.subresource != "*") {
      return refuse(fmt::format("the subresource {}", written.text()), written);
    }
    if (kind.kind == "*") {
      filter.is_every_kind = true;
      return {};
    }
    if (has_wildcard(kind.kind) || has_wildcard(kind.group.substr(kind.group == "*" ? 1 : 0)) ||
        kind.kind.empty()) {
      return refuse(fmt::format("wildcards in the kind {}", written.text()), written);
    }
    bool is_known = false;
    const auto add = [&](const kube::ApiKind& row) {
      if (row.kind != kind.kind || (kind.group != "*" && kind.group != row.group) ||
          (kind.version != "*" && kind.version != row.version)) {
        return;
      }
      is_known = true;
      filter.kinds.push_back({.group = std::string(row.group),
                              .version = std::string(row.version),
                              .kind = std::string(row.kind),
                              .plural = std::string(row.plural),
                              .row = &row});
    };
    std::ranges::for_each(kube::api_kinds(), add);
    if (options_.kinds != nullptr) {
      std::ranges::for_each(options_.kinds->kinds(), add);
    }
    if (!is_known) {
      filter.kinds.push_back({.group = std::string(kind.group),
                              .version = std::string(kind.version),
                              .kind = std::string(kind.kind),
                              .plural = kube::guess_plural(kind.kind)});
    }
    return {};
  }

  static Cel of_kinds(const Filter& filter) {
    std::set<std::string> kinds;
    for (const MatchedKind& kind : filter.kinds) {
      kinds.insert(kind.kind);
    }
    if (filter.is_every_kind || kinds.empty()) {
      return always(true);
    }
    if (kinds.size() == 1) {
      return related("request.kind.kind", "==", quoted(*kinds.begin()));
    }
    std::string list;
    for (const std::string& kind : kinds) {
      list += (list.empty() ? "" : ", ") + quoted(kind);
    }
    return related("request.kind.kind", "in", fmt::format("[{}]", list));
  }

  static Cel of_operations(const Filter& filter) {
    return filter.operations == nullptr ? always(true)
                                        : one_of("request.operation", *filter.operations);
  }

  Outcome<Cel> of_selector(const Filter& filter) {
    Cel out = always(true);
    if (filter.namespace_selector != nullptr) {
      return refuse("a namespaceSelector in one filter of several", *filter.namespace_selector);
    }
    if (filter.selector == nullptr) {
      return out;
    }
    if (const Node* labels = present(*filter.selector, "matchLabels")) {
      for (const document::Member member : labels->members()) {
        out = both(out, pair("labels", member));
      }
    }
    if (const Node* expressions = present(*filter.selector, "matchExpressions")) {
      for (const Node& expression : expressions->items()) {
        const std::string_view key = text_at(expression, "key");
        const std::string_view op = text_at(expression, "operator");
        const std::string map = "object.metadata.?labels.orValue({})";
        const Cel is_there = related(quoted(key), "in", map);
        const Node* values = present(expression, "values");
        const Cel is_one =
            values == nullptr
                ? always(false)
                : one_of(fmt::format("object.metadata.labels[{}]", quoted(key)), *values);
        out_.labels.add(
            {"metadata", "labels", std::string(key)},
            values == nullptr ? std::vector<std::string>{"\"x\""} : variants_of(*values));
        if (op == "In") {
          out = both(out, both(is_there, is_one));
        } else if (op == "NotIn") {
          out = both(out, negated(both(is_there, is_one)));
        } else if (op == "Exists" || op == "DoesNotExist") {
          out = both(out, op == "Exists" ? is_there : negated(is_there));
        } else {
          return refuse(fmt::format("the selector operator {}", op), expression);
        }
      }
    }
    return out;
  }

  bool is_wild_selector(const Node* selector) {
    const Node* labels = selector == nullptr ? nullptr : present(*selector, "matchLabels");
    bool is_wild = false;
    if (labels != nullptr) {
      for (const document::Member member : labels->members()) {
        is_wild = is_wild || has_wildcard(member.key) || has_wildcard(member.value.text());
      }
    }
    return is_wild;
  }

  Outcome<void> constrain(const std::vector<Filter>& filters, bool is_all, const Node& match) {
    if (is_all && filters.size() > 1 && std::ranges::count_if(filters, [](const Filter& filter) {
                                          return !filter.kinds.empty() || filter.is_every_kind;
                                        }) > 1) {
      return refuse("`all` over several filters with kinds", match);
    }
    const bool is_one = filters.size() == 1;
    const bool is_simple =
        is_one || (!is_all && std::ranges::all_of(filters, [&](const Filter& filter) {
          return filter.criteria.text == filters[0].criteria.text && filter.selector == nullptr &&
                 filter.namespace_selector == nullptr;
        }));
    MapDraft constraints(arena_);
    std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> rules;
    std::set<std::string> operations;
    for (const Filter& filter : filters) {
      std::string of_filter;
      if (filter.operations != nullptr) {
        for (const Node& operation : filter.operations->items()) {
          operations.insert(std::string(operation.text()));
          of_filter += of_filter.empty() ? "" : ",";
          of_filter += operation.text();
        }
      }
      if (filter.is_every_kind || (filter.kinds.empty() && !is_all)) {
        out_.is_every_kind = true;
        rules[{"*", "*", of_filter}].insert("*");
      }
      for (const MatchedKind& kind : filter.kinds) {
        rules[{kind.group, kind.version, of_filter}].insert(kind.plural);
        const auto is_same = [&](const MatchedKind& other) {
          return other.kind == kind.kind && other.group == kind.group &&
                 other.version == kind.version;
        };
        if (std::ranges::none_of(out_.kinds, is_same)) {
          out_.kinds.push_back(kind);
        }
      }
    }
    out_.operations.assign(operations.begin(), operations.end());
    out_.is_about_pods = out_.kinds.size() == 1 && !out_.is_every_kind &&
                         out_.kinds[0].kind == "Pod" && out_.kinds[0].row != nullptr;
    set_rules(constraints, rules);
    if (is_simple) {
      if (is_one && filters[0].selector != nullptr) {
        Filter selecting;
        selecting.selector = filters[0].selector;
        auto labels = of_selector(selecting);
        if (!labels) {
          return std::unexpected(labels.error());
        }
        if (is_wild_selector(filters[0].selector)) {
          add("match-labels", *labels);
        } else {
          constraints.set("objectSelector", *filters[0].selector);
        }
      }
      if (is_one && filters[0].namespace_selector != nullptr) {
        if (is_wild_selector(filters[0].namespace_selector)) {
          return refuse("wildcards in a namespaceSelector", *filters[0].namespace_selector);
        }
        constraints.set("namespaceSelector", *filters[0].namespace_selector);
      }
      add("match", filters[0].criteria);
    } else {
      Cel any = always(is_all);
      for (const Filter& filter : filters) {
        auto labels = of_selector(filter);
        if (!labels) {
          return std::unexpected(labels.error());
        }
        const Cel one =
            both(both(of_kinds(filter), of_operations(filter)), both(*labels, filter.criteria));
        any = is_all ? both(any, one) : either(any, one);
      }
      add("match", any);
    }
    out_.constraints = constraints.make();
    return {};
  }

  using Rules = std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>>;
  void set_rules(MapDraft& constraints, const Rules& rules) {
    std::vector<Node> list;
    for (const auto& [key, plurals] : rules) {
      const auto& [group, version, operations] = key;
      std::vector<std::string> texts;
      for (std::size_t begin = 0; begin < operations.size();) {
        const std::size_t end = std::min(operations.find(',', begin), operations.size());
        texts.push_back(operations.substr(begin, end - begin));
        begin = end + 1;
      }
      if (texts.empty()) {
        texts = {"CREATE", "UPDATE"};
      }
      MapDraft rule(arena_);
      rule.set("apiGroups", text_list(arena_, std::array{group}))
          .set("apiVersions", text_list(arena_, std::array{version}))
          .set("operations", text_list(arena_, texts))
          .set("resources", text_list(arena_, plurals));
      list.push_back(rule.make());
    }
    constraints.set("resourceRules", Node::make_array(arena_, list, 0));
  }

  Outcome<void> exclude_all(const Node& exclude) {
    auto filters = filters_of(exclude);
    if (!filters) {
      return std::unexpected(filters.error());
    }
    const bool is_all = present(exclude, "all") != nullptr && present(exclude, "any") == nullptr;
    Cel every = always(true);
    std::size_t count = 0;
    for (const Filter& filter : *filters) {
      const bool is_pod = std::ranges::any_of(
          filter.kinds, [](const MatchedKind& kind) { return kind.kind == "Pod"; });
      if (filter.namespace_selector != nullptr) {
        return refuse("a namespaceSelector in exclude", *filter.namespace_selector);
      }
      auto labels = of_selector(filter);
      if (!labels) {
        return std::unexpected(labels.error());
      }
      // Autogen writes the controllers in the place of the pods.
      const Cel kinds = options_.is_extended && is_pod ? always(true) : of_kinds(filter);
      const Cel one = both(both(kinds, of_operations(filter)), both(*labels, filter.criteria));
      const bool is_empty = filter.kinds.empty() && !filter.is_every_kind && one.is_true();
      if (is_empty) {
        continue;  // an empty filter excludes nothing
      }
      ++count;
      if (is_all) {
        every = both(every, one);
      } else {
        add("exclude", negated(one));
      }
    }
    if (is_all && count > 0) {
      add("exclude", negated(every));
    }
    return {};
  }

  void add(std::string_view name, const Cel& cel) {
    if (cel.is_true()) {
      return;
    }
    const auto used = std::ranges::count_if(
        out_.conditions, [&](const Condition& other) { return other.name.starts_with(name); });
    out_.conditions.push_back(
        {.name = used == 0 ? std::string(name) : fmt::format("{}-{}", name, used + 1), .cel = cel});
  }

  Arena& arena_;
  const MatchOptions& options_;
  Matching out_;
};

}  // namespace

std::string Matching::to_text() const {
  std::string out;
  document::append_json(out, constraints);
  for (const Condition& condition : conditions) {
    out += condition.name + "\n" + condition.cel.text + "\n";
  }
  return out;
}

Outcome<Matching> translate_match(const Node& rule, Arena& arena, const MatchOptions& options) {
  return MatchReader(arena, options).read(rule);
}

}  // namespace tally::migration
