// The libraries kubernetes.authz and kubernetes.authzSelectors (k8s.io/apiserver v0.36,
// pkg/cel/library/authz.go); version 1 has the selectors.
#include <algorithm>
#include <array>

#include "cel/authorizer.hpp"
#include "cel/functions/all.hpp"
#include "cel/host.hpp"
#include "cel/internal/library.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::cel {

namespace {

struct Authorizer {
  std::string_view user;  // empty: who sent the request
};

struct PathCheck {
  Authorizer authorizer;
  std::string_view path;
};

struct GroupCheck {
  Authorizer authorizer;
  std::string_view group;
};

struct ResourceCheck {
  GroupCheck group;
  std::string_view resource;
  std::string_view subresource = {};
  std::string_view name_space = {};
  std::string_view name = {};
  std::string_view field_selector = {};
  std::string_view label_selector = {};
};

struct Decision {
  bool allowed = false;
  std::string_view reason;
  std::string_view error;
};

// Upstream compares by identity of what was built, which is equality of the parts.
template <class T, auto... kMembers>
bool equal_by(const void* a, const void* b) {
  const T& x = *static_cast<const T*>(a);
  const T& y = *static_cast<const T*>(b);
  return ((x.*kMembers == y.*kMembers) && ...);
}

bool equal_path_checks(const void* a, const void* b) {
  return equal_by<PathCheck, &PathCheck::path>(a, b) &&
         static_cast<const PathCheck*>(a)->authorizer.user ==
             static_cast<const PathCheck*>(b)->authorizer.user;
}

bool same_group(const GroupCheck& a, const GroupCheck& b) {
  return a.group == b.group && a.authorizer.user == b.authorizer.user;
}

bool equal_group_checks(const void* a, const void* b) {
  return same_group(*static_cast<const GroupCheck*>(a), *static_cast<const GroupCheck*>(b));
}

bool equal_resource_checks(const void* a, const void* b) {
  return equal_by<ResourceCheck, &ResourceCheck::resource, &ResourceCheck::subresource,
                  &ResourceCheck::name_space, &ResourceCheck::name, &ResourceCheck::field_selector,
                  &ResourceCheck::label_selector>(a, b) &&
         same_group(static_cast<const ResourceCheck*>(a)->group,
                    static_cast<const ResourceCheck*>(b)->group);
}

constexpr OpaqueKind kAuthorizerKind{.type_name = kAuthorizerType,
                                     .equal = equal_by<Authorizer, &Authorizer::user>,
                                     .text = nullptr};
constexpr OpaqueKind kPathCheckKind{
    .type_name = "kubernetes.authorization.PathCheck", .equal = equal_path_checks, .text = nullptr};
constexpr OpaqueKind kGroupCheckKind{.type_name = "kubernetes.authorization.GroupCheck",
                                     .equal = equal_group_checks,
                                     .text = nullptr};
constexpr OpaqueKind kResourceCheckKind{
    .type_name = kResourceCheckType, .equal = equal_resource_checks, .text = nullptr};
constexpr OpaqueKind kDecisionKind{
    .type_name = "kubernetes.authorization.Decision",
    .equal = equal_by<Decision, &Decision::allowed, &Decision::reason, &Decision::error>,
    .text = nullptr};

bool is_blank(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

Value path(EvalContext& context, std::span<const Value> args) {
  if (is_blank(args[1].text())) {
    return invalid(context, {"path must not be empty"});
  }
  return opaque_value(
      context.arena, kPathCheckKind,
      PathCheck{.authorizer = opaque_data<Authorizer>(args[0]), .path = args[1].text()});
}

Value group(EvalContext& context, std::span<const Value> args) {
  return opaque_value(
      context.arena, kGroupCheckKind,
      GroupCheck{.authorizer = opaque_data<Authorizer>(args[0]), .group = args[1].text()});
}

Value service_account(EvalContext& context, std::span<const Value> args) {
  const std::string_view name_space = args[1].text();
  const std::string_view name = args[2].text();
  if (!scalar::dns1123_subdomain_problem(name).empty()) {
    return invalid(context, {"Invalid service account name"});
  }
  if (!scalar::dns1123_label_problem(name_space).empty()) {
    return invalid(context, {"Invalid service account namespace"});
  }
  return opaque_value(
      context.arena, kAuthorizerKind,
      Authorizer{context.arena.concat({"system:serviceaccount:", name_space, ":", name})});
}

Value resource(EvalContext& context, std::span<const Value> args) {
  if (is_blank(args[1].text())) {
    return invalid(context, {"resource must not be empty"});
  }
  return opaque_value(
      context.arena, kResourceCheckKind,
      ResourceCheck{.group = opaque_data<GroupCheck>(args[0]), .resource = args[1].text()});
}

template <std::string_view ResourceCheck::* kMember>
Value with(EvalContext& context, std::span<const Value> args) {
  ResourceCheck check = opaque_data<ResourceCheck>(args[0]);
  check.*kMember = args[1].text();
  return opaque_value(context.arena, kResourceCheckKind, check);
}

// The map that describes a question, without what is not set.
class Question {
 public:
  explicit Question(Arena& arena) : map_(arena, 10) {}
  void add(std::string_view key, std::string_view value) {
    map_.add(Value::string(key), Value::string(value));
  }
  void add_if_set(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      add(key, value);
    }
  }
  [[nodiscard]] Value finish() { return map_.finish(); }

 private:
  MapBuilder map_;
};

std::string_view text_under(Arena& arena, const Value& map, std::string_view key) {
  Value value;
  return map_find(arena, map, Value::string(key), value) && value.is(ValueKind::String)
             ? value.text()
             : std::string_view{};
}

Value decide(EvalContext& context, const Value& question) {
  if (context.host == nullptr) {
    return not_provided(context.arena, "authorizer", "check");
  }
  const std::array arguments{question};
  const Value answer = context.host->ask(context.arena, "authorizer", "check", arguments);
  if (answer.is_outcome()) {
    return answer;
  }
  if (!answer.is(ValueKind::Map)) {
    return invalid(context, {"authorizer.check: the answer is no map"});
  }
  return opaque_value(context.arena, kDecisionKind,
                      Decision{.allowed = text_under(context.arena, answer, "decision") == "allow",
                               .reason = text_under(context.arena, answer, "reason"),
                               .error = text_under(context.arena, answer, "error")});
}

Value check_path(EvalContext& context, std::span<const Value> args) {
  const auto& check = opaque_data<PathCheck>(args[0]);
  Question question(context.arena);
  question.add("verb", args[1].text());
  question.add("path", check.path);
  question.add_if_set("user", check.authorizer.user);
  return decide(context, question.finish());
}

Value check_resource(EvalContext& context, std::span<const Value> args) {
  const auto& check = opaque_data<ResourceCheck>(args[0]);
  Question question(context.arena);
  question.add("verb", args[1].text());
  question.add("group", check.group.group);
  question.add("resource", check.resource);
  question.add_if_set("subresource", check.subresource);
  question.add_if_set("namespace", check.name_space);
  question.add_if_set("name", check.name);
  question.add_if_set("fieldSelector", check.field_selector);
  question.add_if_set("labelSelector", check.label_selector);
  question.add_if_set("user", check.group.authorizer.user);
  return decide(context, question.finish());
}

Value allowed(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(opaque_data<Decision>(args[0]).allowed);
}

Value reason(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::string(opaque_data<Decision>(args[0]).reason);
}

Value errored(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(!opaque_data<Decision>(args[0]).error.empty());
}

Value error(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::string(opaque_data<Decision>(args[0]).error);
}

constexpr std::string_view kToResourceCheck =
    "(kubernetes.authorization.ResourceCheck, string) -> kubernetes.authorization.ResourceCheck";

constexpr auto kPath = std::to_array<Overload>({
    {.id = "authorizer_path",
     .signature = "(kubernetes.authorization.Authorizer, string) -> "
                  "kubernetes.authorization.PathCheck",
     .apply = path,
     .member = true},
});
constexpr auto kGroup = std::to_array<Overload>({
    {.id = "authorizer_group",
     .signature = "(kubernetes.authorization.Authorizer, string) -> "
                  "kubernetes.authorization.GroupCheck",
     .apply = group,
     .member = true},
});
constexpr auto kServiceAccount = std::to_array<Overload>({
    {.id = "authorizer_serviceaccount",
     .signature = "(kubernetes.authorization.Authorizer, string, string) -> "
                  "kubernetes.authorization.Authorizer",
     .apply = service_account,
     .member = true},
});
constexpr auto kResource = std::to_array<Overload>({
    {.id = "groupcheck_resource",
     .signature = "(kubernetes.authorization.GroupCheck, string) -> "
                  "kubernetes.authorization.ResourceCheck",
     .apply = resource,
     .member = true},
});
constexpr auto kSubresource = std::to_array<Overload>({
    {.id = "resourcecheck_subresource",
     .signature = kToResourceCheck,
     .apply = with<&ResourceCheck::subresource>,
     .member = true},
});
constexpr auto kNamespace = std::to_array<Overload>({
    {.id = "resourcecheck_namespace",
     .signature = kToResourceCheck,
     .apply = with<&ResourceCheck::name_space>,
     .member = true},
});
constexpr auto kName = std::to_array<Overload>({
    {.id = "resourcecheck_name",
     .signature = kToResourceCheck,
     .apply = with<&ResourceCheck::name>,
     .member = true},
});
constexpr auto kFieldSelector = std::to_array<Overload>({
    {.id = "authorizer_fieldselector",
     .signature = kToResourceCheck,
     .apply = with<&ResourceCheck::field_selector>,
     .member = true},
});
constexpr auto kLabelSelector = std::to_array<Overload>({
    {.id = "authorizer_labelselector",
     .signature = kToResourceCheck,
     .apply = with<&ResourceCheck::label_selector>,
     .member = true},
});
constexpr auto kCheck = std::to_array<Overload>({
    {.id = "pathcheck_check",
     .signature = "(kubernetes.authorization.PathCheck, string) -> "
                  "kubernetes.authorization.Decision",
     .apply = check_path,
     .member = true},
    {.id = "resourcecheck_check",
     .signature = "(kubernetes.authorization.ResourceCheck, string) -> "
                  "kubernetes.authorization.Decision",
     .apply = check_resource,
     .member = true},
});
constexpr auto kAllowed = std::to_array<Overload>({
    {.id = "decision_allowed",
     .signature = "(kubernetes.authorization.Decision) -> bool",
     .apply = allowed,
     .member = true},
});
constexpr auto kReason = std::to_array<Overload>({
    {.id = "decision_reason",
     .signature = "(kubernetes.authorization.Decision) -> string",
     .apply = reason,
     .member = true},
});
constexpr auto kErrored = std::to_array<Overload>({
    {.id = "decision_errored",
     .signature = "(kubernetes.authorization.Decision) -> bool",
     .apply = errored,
     .member = true},
});
constexpr auto kError = std::to_array<Overload>({
    {.id = "decision_error",
     .signature = "(kubernetes.authorization.Decision) -> string",
     .apply = error,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "path",
     .library = Library::KubernetesAuthorizer,
     .overloads = kPath,
     .summary = "Asks about a path that is no resource.\n"
                "authorizer.path('/healthz').check('get').allowed()"},
    {.name = "group",
     .library = Library::KubernetesAuthorizer,
     .overloads = kGroup,
     .summary = "Asks about the resources of an API group.\n"
                "authorizer.group('apps').resource('deployments').check('create').allowed()"},
    {.name = "serviceAccount",
     .library = Library::KubernetesAuthorizer,
     .overloads = kServiceAccount,
     .summary = "Asks about a service account instead of who sent the request.\n"
                "authorizer.serviceAccount('default', 'builder').path('/healthz').check('get')"},
    {.name = "resource",
     .library = Library::KubernetesAuthorizer,
     .overloads = kResource,
     .summary = "Asks about a resource, by its plural name.\n"
                "authorizer.group('').resource('pods')"},
    {.name = "subresource",
     .library = Library::KubernetesAuthorizer,
     .overloads = kSubresource,
     .summary = "Asks about a subresource.\n"
                "authorizer.group('').resource('pods').subresource('status')"},
    {.name = "namespace",
     .library = Library::KubernetesAuthorizer,
     .overloads = kNamespace,
     .summary = "Asks about one namespace.\n"
                "authorizer.group('').resource('pods').namespace('default')"},
    {.name = "name",
     .library = Library::KubernetesAuthorizer,
     .overloads = kName,
     .summary = "Asks about one object.\n"
                "authorizer.group('').resource('pods').namespace('default').name('web')"},
    {.name = "fieldSelector",
     .library = Library::KubernetesAuthorizer,
     .library_version = 1,
     .overloads = kFieldSelector,
     .summary = "Asks about the objects that a field selector selects.\n"
                "authorizer.group('').resource('pods').fieldSelector('spec.nodeName=n1')"},
    {.name = "labelSelector",
     .library = Library::KubernetesAuthorizer,
     .library_version = 1,
     .overloads = kLabelSelector,
     .summary = "Asks about the objects that a label selector selects.\n"
                "authorizer.group('').resource('pods').labelSelector('app=web')"},
    {.name = "check",
     .library = Library::KubernetesAuthorizer,
     .overloads = kCheck,
     .summary = "Puts the question for a verb.\n"
                "authorizer.group('').resource('pods').namespace('default').check('create')"},
    {.name = "allowed",
     .library = Library::KubernetesAuthorizer,
     .overloads = kAllowed,
     .summary = "Whether the decision is to allow; having no opinion is not.\n"
                "authorizer.path('/healthz').check('get').allowed()"},
    {.name = "reason",
     .library = Library::KubernetesAuthorizer,
     .overloads = kReason,
     .summary = "Why it was decided so.\nauthorizer.path('/healthz').check('get').reason()"},
    {.name = "errored",
     .library = Library::KubernetesAuthorizer,
     .overloads = kErrored,
     .summary = "Whether deciding failed.\nauthorizer.path('/healthz').check('get').errored()"},
    {.name = "error",
     .library = Library::KubernetesAuthorizer,
     .overloads = kError,
     .summary = "Why deciding failed; empty if it did not.\n"
                "authorizer.path('/healthz').check('get').error()"},
});

}  // namespace

Value make_authorizer(Arena& arena) { return opaque_value(arena, kAuthorizerKind, Authorizer{}); }

Value make_request_resource(Arena& arena, const RequestResource& resource) {
  return opaque_value(arena, kResourceCheckKind,
                      ResourceCheck{.group = {.authorizer = {}, .group = resource.group},
                                    .resource = resource.resource,
                                    .subresource = resource.subresource,
                                    .name_space = resource.name_space,
                                    .name = resource.name});
}

std::span<const Function> kubernetes_authorizer_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
