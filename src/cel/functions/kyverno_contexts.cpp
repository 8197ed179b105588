// Kyverno's libraries that ask the world (github.com/kyverno/sdk, extensions/cel/libs: resource,
// http, globalcontext, imagedata, generator). Every function has two names, as Kyverno 1.18 renamed
// them. Policies of a namespace have variants that leave the namespace out (namespaced_impl.go):
// the Host is given null for it, and nothing else than its own namespace can be asked for.
#include "cel/internal/kyverno_contexts.hpp"

#include <array>

#include "cel/functions/all.hpp"
#include "cel/host.hpp"
#include "cel/kyverno_globals.hpp"

namespace tally::cel {

namespace {

bool same(const void* /*a*/, const void* /*b*/) { return true; }

struct HttpContext {
  std::string_view ca_bundle;  // PEM; empty: the system's
};

bool same_http(const void* a, const void* b) {
  return static_cast<const HttpContext*>(a)->ca_bundle ==
         static_cast<const HttpContext*>(b)->ca_bundle;
}

// group/version and plural of a resource.
struct GroupVersionResource {
  std::string_view api_version;
  std::string_view resource;
};

bool equal_resources(const void* a, const void* b) {
  const auto& x = *static_cast<const GroupVersionResource*>(a);
  const auto& y = *static_cast<const GroupVersionResource*>(b);
  return x.api_version == y.api_version && x.resource == y.resource;
}

constexpr OpaqueKind kResourceNameKind{
    .type_name = "schema.GroupVersionResource", .equal = equal_resources, .text = nullptr};

}  // namespace

const OpaqueKind kResourceContextKind{
    .type_name = "resource.Context", .equal = same, .text = nullptr};
const OpaqueKind kHttpContextKind{.type_name = "http.Context", .equal = same_http, .text = nullptr};
const OpaqueKind kGlobalContextKind{
    .type_name = "globalcontext.Context", .equal = same, .text = nullptr};
const OpaqueKind kImageDataContextKind{
    .type_name = "imagedata.Context", .equal = same, .text = nullptr};
const OpaqueKind kGeneratorContextKind{
    .type_name = "generator.Context", .equal = same, .text = nullptr};
const OpaqueKind kJsonKind{.type_name = "json.Json", .equal = same, .text = nullptr};
const OpaqueKind kYamlKind{.type_name = "yaml.Yaml", .equal = same, .text = nullptr};

namespace {

constexpr HttpContext kDefaultHttp{};
const OpaqueValue kResourceContext{&kResourceContextKind, nullptr};
const OpaqueValue kHttpContext{&kHttpContextKind, &kDefaultHttp};
const OpaqueValue kGlobalContext{&kGlobalContextKind, nullptr};
const OpaqueValue kImageDataContext{&kImageDataContextKind, nullptr};
const OpaqueValue kGeneratorContext{&kGeneratorContextKind, nullptr};
const OpaqueValue kJson{&kJsonKind, nullptr};
const OpaqueValue kYaml{&kYamlKind, nullptr};

Value ask(EvalContext& context, std::string_view capability, std::string_view function,
          std::initializer_list<Value> args) {
  return context.host == nullptr
             ? not_provided(context.arena, capability, function)
             : context.host->ask(context.arena, capability, function,
                                 std::span<const Value>{args.begin(), args.size()});
}

Value empty_map(EvalContext& context) { return MapBuilder(context.arena, 0).finish(); }

// resource.list(apiVersion, resource, namespace[, labels]) and list(gvr, namespace[, labels])
Value list_resources(EvalContext& context, std::span<const Value> args) {
  return args.size() == 4 ? ask(context, "resource", "list", {args[1], args[2], args[3]})
                          : ask(context, "resource", "list", {args[1], args[2], args[3], args[4]});
}

Value list_named(EvalContext& context, std::span<const Value> args) {
  const auto& name = opaque_data<GroupVersionResource>(args[1]);
  const Value api_version = Value::string(name.api_version);
  const Value resource = Value::string(name.resource);
  return args.size() == 3
             ? ask(context, "resource", "list", {api_version, resource, args[2]})
             : ask(context, "resource", "list", {api_version, resource, args[2], args[3]});
}

Value get_resource(EvalContext& context, std::span<const Value> args) {
  return ask(context, "resource", "get", {args[1], args[2], args[3], args[4]});
}

Value get_named(EvalContext& context, std::span<const Value> args) {
  const auto& name = opaque_data<GroupVersionResource>(args[1]);
  return ask(context, "resource", "get",
             {Value::string(name.api_version), Value::string(name.resource), args[2], args[3]});
}

// Policies of a namespace: list(apiVersion, resource[, labels]), list(gvr[, labels]) and so on.
Value list_own_resources(EvalContext& context, std::span<const Value> args) {
  return args.size() == 3
             ? ask(context, "resource", "list", {args[1], args[2], Value::null()})
             : ask(context, "resource", "list", {args[1], args[2], Value::null(), args[3]});
}

Value list_own_named(EvalContext& context, std::span<const Value> args) {
  const auto& name = opaque_data<GroupVersionResource>(args[1]);
  const Value api_version = Value::string(name.api_version);
  const Value resource = Value::string(name.resource);
  return args.size() == 2
             ? ask(context, "resource", "list", {api_version, resource, Value::null()})
             : ask(context, "resource", "list", {api_version, resource, Value::null(), args[2]});
}

Value get_own_resource(EvalContext& context, std::span<const Value> args) {
  return ask(context, "resource", "get", {args[1], args[2], Value::null(), args[3]});
}

Value get_own_named(EvalContext& context, std::span<const Value> args) {
  const auto& name = opaque_data<GroupVersionResource>(args[1]);
  return ask(
      context, "resource", "get",
      {Value::string(name.api_version), Value::string(name.resource), Value::null(), args[2]});
}

Value post_own_resource(EvalContext& context, std::span<const Value> args) {
  return ask(context, "resource", "post", {args[1], args[2], Value::null(), args[3]});
}

Value post_resource(EvalContext& context, std::span<const Value> args) {
  return args.size() == 4
             ? ask(context, "resource", "post", {args[1], args[2], Value::string(""), args[3]})
             : ask(context, "resource", "post", {args[1], args[2], args[3], args[4]});
}

Value to_gvr(EvalContext& context, std::span<const Value> args) {
  const Value plural = ask(context, "resource", "toGVR", {args[1], args[2]});
  if (!plural.is(ValueKind::String)) {
    return plural.is_outcome() ? plural
                               : invalid(context, {"failed to map kind to resource: the answer is "
                                                   "no string"});
  }
  return opaque_value(
      context.arena, kResourceNameKind,
      GroupVersionResource{.api_version = args[1].text(), .resource = plural.text()});
}

Value http_get(EvalContext& context, std::span<const Value> args) {
  return ask(context, "http", "get",
             {args[1], args.size() == 3 ? args[2] : empty_map(context),
              Value::string(opaque_data<HttpContext>(args[0]).ca_bundle)});
}

Value http_post(EvalContext& context, std::span<const Value> args) {
  return ask(context, "http", "post",
             {args[1], args[2], args.size() == 4 ? args[3] : empty_map(context),
              Value::string(opaque_data<HttpContext>(args[0]).ca_bundle)});
}

Value http_client(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kHttpContextKind, HttpContext{args[1].text()});
}

Value get_global(EvalContext& context, std::span<const Value> args) {
  return ask(context, "globalContext", "get",
             {args[1], args.size() == 3 ? args[2] : Value::string("")});
}

Value get_image_data(EvalContext& context, std::span<const Value> args) {
  return ask(context, "imageData", "get", {args[1]});
}

Value apply_resources(EvalContext& context, std::span<const Value> args) {
  const Value answer = ask(context, "generator", "apply", {args[1], args[2]});
  return answer.is_outcome() ? answer : Value::boolean(true);
}

Value apply_own_resources(EvalContext& context, std::span<const Value> args) {
  const Value answer = ask(context, "generator", "apply", {Value::null(), args[1]});
  return answer.is_outcome() ? answer : Value::boolean(true);
}

constexpr auto kOwnList = std::to_array<Overload>({
    {.id = "resource_list_string_string",
     .signature = "(resource.Context, string, string) -> map(string, any)",
     .apply = list_own_resources,
     .member = true},
    {.id = "resource_list_string_string_map",
     .signature = "(resource.Context, string, string, map(string, string)) -> map(string, any)",
     .apply = list_own_resources,
     .member = true},
    {.id = "list_resources_gvr",
     .signature = "(resource.Context, schema.GroupVersionResource) -> map(string, any)",
     .apply = list_own_named,
     .member = true},
    {.id = "list_resources_gvr_map",
     .signature = "(resource.Context, schema.GroupVersionResource, map(string, string)) -> "
                  "map(string, any)",
     .apply = list_own_named,
     .member = true},
});
constexpr auto kOwnGet = std::to_array<Overload>({
    {.id = "resource_get_string_string_string",
     .signature = "(resource.Context, string, string, string) -> map(string, any)",
     .apply = get_own_resource,
     .member = true},
    {.id = "resource_get_gvr_string",
     .signature = "(resource.Context, schema.GroupVersionResource, string) -> map(string, any)",
     .apply = get_own_named,
     .member = true},
});
constexpr auto kOwnPost = std::to_array<Overload>({
    {.id = "resource_post_string_string_map_namespaced",
     .signature = "(resource.Context, string, string, map(string, any)) -> map(string, any)",
     .apply = post_own_resource,
     .member = true},
});
constexpr auto kOwnApply = std::to_array<Overload>({
    {.id = "generator_apply_list",
     .signature = "(generator.Context, list(map(string, any))) -> bool",
     .apply = apply_own_resources,
     .member = true},
});
constexpr auto kList = std::to_array<Overload>({
    {.id = "resource_list_string_string_string",
     .signature = "(resource.Context, string, string, string) -> map(string, any)",
     .apply = list_resources,
     .member = true},
    {.id = "resource_list_string_string_string_map",
     .signature =
         "(resource.Context, string, string, string, map(string, string)) -> map(string, any)",
     .apply = list_resources,
     .member = true},
    {.id = "list_resources_gvr_string",
     .signature = "(resource.Context, schema.GroupVersionResource, string) -> map(string, any)",
     .apply = list_named,
     .member = true},
    {.id = "list_resources_gvr_string_map",
     .signature = "(resource.Context, schema.GroupVersionResource, string, map(string, string)) -> "
                  "map(string, any)",
     .apply = list_named,
     .member = true},
});
constexpr auto kPost = std::to_array<Overload>({
    {.id = "resource_post_string_string_string_map",
     .signature =
         "(resource.Context, string, string, string, map(string, any)) -> map(string, any)",
     .apply = post_resource,
     .member = true},
    {.id = "resource_post_string_string_map",
     .signature = "(resource.Context, string, string, map(string, any)) -> map(string, any)",
     .apply = post_resource,
     .member = true},
});
constexpr auto kGet = std::to_array<Overload>({
    {.id = "resource_get_string_string_string_string",
     .signature = "(resource.Context, string, string, string, string) -> map(string, any)",
     .apply = get_resource,
     .member = true},
    {.id = "resource_get_gvr_string_string",
     .signature =
         "(resource.Context, schema.GroupVersionResource, string, string) -> map(string, any)",
     .apply = get_named,
     .member = true},
});
constexpr auto kToGvr = std::to_array<Overload>({
    {.id = "convert_to_gvr_string_string",
     .signature = "(resource.Context, string, string) -> schema.GroupVersionResource",
     .apply = to_gvr,
     .member = true},
});
constexpr auto kHttpGet = std::to_array<Overload>({
    {.id = "http_get_string",
     .signature = "(http.Context, string) -> any",
     .apply = http_get,
     .member = true},
    {.id = "http_get_string_headers",
     .signature = "(http.Context, string, map(string, string)) -> any",
     .apply = http_get,
     .member = true},
});
constexpr auto kHttpPost = std::to_array<Overload>({
    {.id = "http_post_string_any",
     .signature = "(http.Context, string, any) -> any",
     .apply = http_post,
     .member = true},
    {.id = "http_post_string_any_headers",
     .signature = "(http.Context, string, any, map(string, string)) -> any",
     .apply = http_post,
     .member = true},
});
constexpr auto kHttpClient = std::to_array<Overload>({
    {.id = "http_client_string",
     .signature = "(http.Context, string) -> http.Context",
     .apply = http_client,
     .member = true},
});
constexpr auto kGlobalGet = std::to_array<Overload>({
    {.id = "globalcontext_get_string",
     .signature = "(globalcontext.Context, string) -> dyn",
     .apply = get_global,
     .member = true},
    {.id = "globalcontext_get_string_string",
     .signature = "(globalcontext.Context, string, string) -> dyn",
     .apply = get_global,
     .member = true},
});
constexpr auto kGetMetadata = std::to_array<Overload>({
    {.id = "imagedata_get_string",
     .signature = "(imagedata.Context, string) -> dyn",
     .apply = get_image_data,
     .member = true},
});
constexpr auto kApply = std::to_array<Overload>({
    {.id = "generator_apply_string_list",
     .signature = "(generator.Context, string, list(map(string, any))) -> bool",
     .apply = apply_resources,
     .member = true},
});

constexpr std::string_view kListSummary =
    "The objects of a kind in a namespace (empty: in all), perhaps only those with some labels, as "
    "a "
    "list object.\nresource.list('v1', 'pods', 'default').items.size() > 0";
constexpr std::string_view kGetSummary =
    "One object; null if there is none.\n"
    "resource.get('v1', 'configmaps', 'default', 'settings').data.tier == 'gold'";
constexpr std::string_view kPostSummary =
    "Creates an object, or asks with one (SubjectAccessReview), and gives the answer.\n"
    "resource.post('authorization.k8s.io/v1', 'subjectaccessreviews', review).status.allowed";
constexpr std::string_view kToGvrSummary =
    "The resource of a kind.\nresource.toGVR('apps/v1', 'Deployment')";
constexpr std::string_view kHttpGetSummary =
    "What a server answers to GET.\nhttp.get('https://example.com/teams').size() > 0";
constexpr std::string_view kHttpPostSummary =
    "What a server answers to POST of a JSON body.\nhttp.post('https://example.com/check', {'a': "
    "1})";
constexpr std::string_view kHttpClientSummary =
    "The same functions, trusting the given certificates.\nhttp.client(bundle).get(url)";
constexpr std::string_view kGlobalSummary =
    "An entry of the global context, or a projection of it.\nglobalContext.get('deployments', "
    "'count')";
constexpr std::string_view kMetadataSummary =
    "What the registry knows of an image.\nimage.getMetadata('nginx:1.27').config.architecture";
constexpr std::string_view kApplySummary =
    "Hands objects over to be created in a namespace.\ngenerator.apply('default', [object])";

constexpr std::string_view kOwnListSummary =
    "The objects of a kind in the policy's namespace, perhaps only those with some labels.\n"
    "resource.list('v1', 'pods').items.size() > 0";
constexpr std::string_view kOwnGetSummary =
    "One object of the policy's namespace; null if there is none.\n"
    "resource.get('v1', 'configmaps', 'settings').data.tier == 'gold'";
constexpr std::string_view kOwnPostSummary =
    "Creates an object in the policy's namespace and gives the answer.\n"
    "resource.post('v1', 'configmaps', object).metadata.uid != ''";
constexpr std::string_view kOwnApplySummary =
    "Hands objects over to be created in the policy's namespace.\ngenerator.apply([object])";

constexpr Function named(std::string_view name, Library library,
                         std::span<const Overload> overloads, std::string_view summary) {
  return {.name = name, .library = library, .overloads = overloads, .summary = summary};
}

constexpr auto kFunctions = std::to_array<Function>({
    named("list", Library::KyvernoCluster, kList, kListSummary),
    named("List", Library::KyvernoCluster, kList, kListSummary),
    named("get", Library::KyvernoCluster, kGet, kGetSummary),
    named("Get", Library::KyvernoCluster, kGet, kGetSummary),
    named("post", Library::KyvernoCluster, kPost, kPostSummary),
    named("Post", Library::KyvernoCluster, kPost, kPostSummary),
    named("list", Library::KyvernoNamespaced, kOwnList, kOwnListSummary),
    named("List", Library::KyvernoNamespaced, kOwnList, kOwnListSummary),
    named("get", Library::KyvernoNamespaced, kOwnGet, kOwnGetSummary),
    named("Get", Library::KyvernoNamespaced, kOwnGet, kOwnGetSummary),
    named("post", Library::KyvernoNamespaced, kOwnPost, kOwnPostSummary),
    named("Post", Library::KyvernoNamespaced, kOwnPost, kOwnPostSummary),
    named("apply", Library::KyvernoNamespaced, kOwnApply, kOwnApplySummary),
    named("Apply", Library::KyvernoNamespaced, kOwnApply, kOwnApplySummary),
    named("toGVR", Library::KyvernoResource, kToGvr, kToGvrSummary),
    named("ToGVR", Library::KyvernoResource, kToGvr, kToGvrSummary),
    named("get", Library::KyvernoHttp, kHttpGet, kHttpGetSummary),
    named("Get", Library::KyvernoHttp, kHttpGet, kHttpGetSummary),
    named("post", Library::KyvernoHttp, kHttpPost, kHttpPostSummary),
    named("Post", Library::KyvernoHttp, kHttpPost, kHttpPostSummary),
    named("client", Library::KyvernoHttp, kHttpClient, kHttpClientSummary),
    named("Client", Library::KyvernoHttp, kHttpClient, kHttpClientSummary),
    named("get", Library::KyvernoGlobalContext, kGlobalGet, kGlobalSummary),
    named("Get", Library::KyvernoGlobalContext, kGlobalGet, kGlobalSummary),
    named("getMetadata", Library::KyvernoImageData, kGetMetadata, kMetadataSummary),
    named("GetMetadata", Library::KyvernoImageData, kGetMetadata, kMetadataSummary),
    named("apply", Library::KyvernoCluster, kApply, kApplySummary),
    named("Apply", Library::KyvernoCluster, kApply, kApplySummary),
});

}  // namespace

std::span<const KyvernoGlobal> kyverno_globals() noexcept {
  static const std::array kGlobals{
      KyvernoGlobal{"resource", kResourceContextKind.type_name, Value::opaque(&kResourceContext)},
      KyvernoGlobal{"http", kHttpContextKind.type_name, Value::opaque(&kHttpContext)},
      KyvernoGlobal{"globalContext", kGlobalContextKind.type_name, Value::opaque(&kGlobalContext)},
      KyvernoGlobal{"image", kImageDataContextKind.type_name, Value::opaque(&kImageDataContext)},
      KyvernoGlobal{"generator", kGeneratorContextKind.type_name,
                    Value::opaque(&kGeneratorContext)},
      KyvernoGlobal{"json", kJsonKind.type_name, Value::opaque(&kJson)},
      KyvernoGlobal{"yaml", kYamlKind.type_name, Value::opaque(&kYaml)},
  };
  return kGlobals;
}

std::span<const Function> kyverno_context_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
