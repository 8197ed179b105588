// Kyverno's answers to Envoy and HTTP requests (github.com/kyverno/kyverno-authz v0.4,
// pkg/cel/libs/authz/envoy and http). Upstream appends to the value that it is given, so that a
// variable changes when it is used; here every call gives a new value.
#include <algorithm>
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "cel/kyverno_answers.hpp"

namespace tally::cel {

namespace {

using Answer = AuthorizationAnswer;

bool same_header(const AnswerHeader& a, const AnswerHeader& b) {
  return a.key == b.key && a.value == b.value && a.keeps_empty == b.keeps_empty;
}

bool equal_headers(const void* a, const void* b) {
  return same_header(*static_cast<const AnswerHeader*>(a), *static_cast<const AnswerHeader*>(b));
}

bool equal_answers(const void* left, const void* right) {
  const Answer& a = *static_cast<const Answer*>(left);
  const Answer& b = *static_cast<const Answer*>(right);
  Arena scratch;
  return a.is_allowed == b.is_allowed && a.code == b.code && a.reason == b.reason &&
         a.body == b.body && a.message == b.message && equal(scratch, a.metadata, b.metadata) &&
         std::ranges::equal(a.headers, b.headers, same_header) &&
         std::ranges::equal(a.response_headers, b.response_headers, same_header) &&
         std::ranges::equal(a.headers_removed, b.headers_removed) &&
         std::ranges::equal(a.query_parameters, b.query_parameters, same_header) &&
         std::ranges::equal(a.query_parameters_removed, b.query_parameters_removed);
}

constexpr OpaqueKind kind_of(std::string_view name) {
  return {.type_name = name, .equal = equal_answers, .text = nullptr};
}

constexpr OpaqueKind kOkKind = kind_of("envoy.service.auth.v3.OkHttpResponse");
constexpr OpaqueKind kDeniedKind = kind_of("envoy.service.auth.v3.DeniedHttpResponse");
constexpr OpaqueKind kEnvoyKind = kind_of(kEnvoyAnswerType);
constexpr OpaqueKind kHttpOkKind = kind_of("http.CheckResponseOk");
constexpr OpaqueKind kHttpDeniedKind = kind_of("http.CheckResponseDenied");
constexpr OpaqueKind kHttpKind = kind_of(kHttpAnswerType);
constexpr OpaqueKind kHeaderKind{
    .type_name = "envoy.config.core.v3.HeaderValueOption", .equal = equal_headers, .text = nullptr};
constexpr OpaqueKind kParameterKind{
    .type_name = "envoy.config.core.v3.QueryParameter", .equal = equal_headers, .text = nullptr};

template <class T>
std::span<const T> with(Arena& arena, std::span<const T> list, const T& one) {
  T* room = arena.allocate_array<T>(list.size() + 1);
  std::ranges::copy(list, room);
  room[list.size()] = one;
  return {room, list.size() + 1};
}

// The same kind of answer, changed.
template <class Change>
Value changed(EvalContext& context, const Value& value, const Change& change) {
  Answer answer = opaque_data<Answer>(value);
  change(answer);
  return opaque_value(context.arena, *value.as_opaque().kind, answer);
}

AnswerHeader pair_of(std::span<const Value> args) {
  return args.size() == 3 ? AnswerHeader{.key = args[1].text(), .value = args[2].text()}
                          : opaque_data<AnswerHeader>(args[1]);
}

template <std::span<const AnswerHeader> Answer::* kMember>
Value add_pair(EvalContext& context, std::span<const Value> args) {
  return changed(context, args[0], [&](Answer& answer) {
    answer.*kMember = with(context.arena, answer.*kMember, pair_of(args));
  });
}

template <std::span<const std::string_view> Answer::* kMember>
Value add_name(EvalContext& context, std::span<const Value> args) {
  return changed(context, args[0], [&](Answer& answer) {
    answer.*kMember = with(context.arena, answer.*kMember, args[1].text());
  });
}

Value envoy_allowed(EvalContext& context, std::span<const Value> /*args*/) {
  return opaque_value(context.arena, kOkKind, Answer{.is_allowed = true});
}

Value envoy_denied(EvalContext& context, std::span<const Value> args) {
  // typev3.StatusCode is an enum of 32 bits.
  if (args[0].as_int() < INT32_MIN || args[0].as_int() > INT32_MAX) {
    return invalid(context, {"integer overflow"});
  }
  return opaque_value(context.arena, kDeniedKind, Answer{.code = args[0].as_int()});
}

Value http_allowed(EvalContext& context, std::span<const Value> /*args*/) {
  return opaque_value(context.arena, kHttpOkKind, Answer{.is_allowed = true});
}

Value http_denied(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kHttpDeniedKind, Answer{.reason = args[0].text()});
}

Value header(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kHeaderKind,
                      AnswerHeader{.key = args[0].text(), .value = args[1].text()});
}

Value parameter(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kParameterKind,
                      AnswerHeader{.key = args[0].text(), .value = args[1].text()});
}

Value keep_empty(EvalContext& context, std::span<const Value> args) {
  AnswerHeader changed_header = opaque_data<AnswerHeader>(args[0]);
  changed_header.keeps_empty = args.size() == 1 || args[1].as_bool();
  return opaque_value(context.arena, kHeaderKind, changed_header);
}

Value with_body(EvalContext& context, std::span<const Value> args) {
  return changed(context, args[0], [&](Answer& answer) { answer.body = args[1].text(); });
}

Value with_message(EvalContext& context, std::span<const Value> args) {
  return changed(context, args[0], [&](Answer& answer) { answer.message = args[1].text(); });
}

Value with_metadata(EvalContext& context, std::span<const Value> args) {
  return changed(context, args[0], [&](Answer& answer) { answer.metadata = args[1]; });
}

Value envoy_response(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kEnvoyKind, opaque_data<Answer>(args[0]));
}

Value http_response(EvalContext& context, std::span<const Value> args) {
  return opaque_value(context.arena, kHttpKind, opaque_data<Answer>(args[0]));
}

// --- what an HTTP request says: `object.attributes` is a map here

// textproto.CanonicalMIMEHeaderKey, of names that are tokens.
std::string_view canonical_key(Arena& arena, std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const bool is_token = std::ranges::all_of(name, [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || kMarks.find(c) != std::string_view::npos;
  });
  if (!is_token) {
    return name;
  }
  char* room = arena.allocate_array<char>(name.size());
  bool is_upper = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    room[i] = is_upper && lower    ? static_cast<char>(c - 'a' + 'A')
              : !is_upper && upper ? static_cast<char>(c - 'A' + 'a')
                                   : c;
    is_upper = c == '-';
  }
  return {room, name.size()};
}

Value values_of(EvalContext& context, const Value& attributes, std::string_view field,
                std::string_view key) {
  if (!attributes.is(ValueKind::Map)) {
    return no_such_overload();
  }
  Value map;
  Value values;
  const bool is_known = map_find(context.arena, attributes, Value::string(field), map) &&
                        map.is(ValueKind::Map) &&
                        map_find(context.arena, map, Value::string(key), values);
  return is_known ? values : Value::list(std::span<const Value>{});
}

Value request_header(EvalContext& context, std::span<const Value> args) {
  return values_of(context, args[0], "header", canonical_key(context.arena, args[1].text()));
}

Value request_parameter(EvalContext& context, std::span<const Value> args) {
  return values_of(context, args[0], "query", args[1].text());
}

constexpr auto kAllowed =
    std::to_array<Overload>({{.id = "allowed",
                              .signature = "() -> envoy.service.auth.v3.OkHttpResponse",
                              .apply = envoy_allowed}});
constexpr auto kDenied =
    std::to_array<Overload>({{.id = "denied",
                              .signature = "(int) -> envoy.service.auth.v3.DeniedHttpResponse",
                              .apply = envoy_denied}});
constexpr auto kHttpAllowed = std::to_array<Overload>(
    {{.id = "http_allowed", .signature = "() -> http.CheckResponseOk", .apply = http_allowed}});
constexpr auto kHttpDenied =
    std::to_array<Overload>({{.id = "http_denied_string",
                              .signature = "(string) -> http.CheckResponseDenied",
                              .apply = http_denied}});
constexpr auto kHeader = std::to_array<Overload>(
    {{.id = "header_key_value",
      .signature = "(string, string) -> envoy.config.core.v3.HeaderValueOption",
      .apply = header}});
constexpr auto kParameter = std::to_array<Overload>(
    {{.id = "queryparam_key_value",
      .signature = "(string, string) -> envoy.config.core.v3.QueryParameter",
      .apply = parameter}});
constexpr auto kWithBody =
    std::to_array<Overload>({{.id = "denied_with_body",
                              .signature = "(envoy.service.auth.v3.DeniedHttpResponse, string) -> "
                                           "envoy.service.auth.v3.DeniedHttpResponse",
                              .apply = with_body,
                              .member = true}});
constexpr auto kWithHeader = std::to_array<Overload>(
    {{.id = "ok_with_header_header",
      .signature = "(envoy.service.auth.v3.OkHttpResponse, envoy.config.core.v3.HeaderValueOption) "
                   "-> envoy.service.auth.v3.OkHttpResponse",
      .apply = add_pair<&Answer::headers>,
      .member = true},
     {.id = "ok_with_header_string_string",
      .signature = "(envoy.service.auth.v3.OkHttpResponse, string, string) -> "
                   "envoy.service.auth.v3.OkHttpResponse",
      .apply = add_pair<&Answer::headers>,
      .member = true},
     {.id = "denied_with_header_header",
      .signature =
          "(envoy.service.auth.v3.DeniedHttpResponse, envoy.config.core.v3.HeaderValueOption) -> "
          "envoy.service.auth.v3.DeniedHttpResponse",
      .apply = add_pair<&Answer::headers>,
      .member = true},
     {.id = "denied_with_header_string_string",
      .signature = "(envoy.service.auth.v3.DeniedHttpResponse, string, string) -> "
                   "envoy.service.auth.v3.DeniedHttpResponse",
      .apply = add_pair<&Answer::headers>,
      .member = true}});
constexpr auto kWithoutHeader = std::to_array<Overload>(
    {{.id = "ok_without_header",
      .signature =
          "(envoy.service.auth.v3.OkHttpResponse, string) -> envoy.service.auth.v3.OkHttpResponse",
      .apply = add_name<&Answer::headers_removed>,
      .member = true}});
constexpr auto kWithResponseHeader = std::to_array<Overload>(
    {{.id = "ok_with_response_header_header",
      .signature = "(envoy.service.auth.v3.OkHttpResponse, envoy.config.core.v3.HeaderValueOption) "
                   "-> envoy.service.auth.v3.OkHttpResponse",
      .apply = add_pair<&Answer::response_headers>,
      .member = true},
     {.id = "ok_with_response_header_string_string",
      .signature = "(envoy.service.auth.v3.OkHttpResponse, string, string) -> "
                   "envoy.service.auth.v3.OkHttpResponse",
      .apply = add_pair<&Answer::response_headers>,
      .member = true}});
constexpr auto kWithParameter = std::to_array<Overload>(
    {{.id = "ok_with_queryparam_param",
      .signature = "(envoy.service.auth.v3.OkHttpResponse, envoy.config.core.v3.QueryParameter) -> "
                   "envoy.service.auth.v3.OkHttpResponse",
      .apply = add_pair<&Answer::query_parameters>,
      .member = true},
     {.id = "ok_with_queryparam_string_string",
      .signature = "(envoy.service.auth.v3.OkHttpResponse, string, string) -> "
                   "envoy.service.auth.v3.OkHttpResponse",
      .apply = add_pair<&Answer::query_parameters>,
      .member = true}});
constexpr auto kWithoutParameter = std::to_array<Overload>(
    {{.id = "ok_without_queryparam_string",
      .signature =
          "(envoy.service.auth.v3.OkHttpResponse, string) -> envoy.service.auth.v3.OkHttpResponse",
      .apply = add_name<&Answer::query_parameters_removed>,
      .member = true}});
constexpr auto kKeepEmpty = std::to_array<Overload>(
    {{.id = "header_keep_empty_value",
      .signature =
          "(envoy.config.core.v3.HeaderValueOption) -> envoy.config.core.v3.HeaderValueOption",
      .apply = keep_empty,
      .member = true},
     {.id = "header_keep_empty_value_bool",
      .signature = "(envoy.config.core.v3.HeaderValueOption, bool) -> "
                   "envoy.config.core.v3.HeaderValueOption",
      .apply = keep_empty,
      .member = true}});
constexpr auto kResponse = std::to_array<Overload>(
    {{.id = "ok_response",
      .signature = "(envoy.service.auth.v3.OkHttpResponse) -> envoy.service.auth.v3.CheckResponse",
      .apply = envoy_response,
      .member = true},
     {.id = "denied_response",
      .signature =
          "(envoy.service.auth.v3.DeniedHttpResponse) -> envoy.service.auth.v3.CheckResponse",
      .apply = envoy_response,
      .member = true},
     {.id = "http_response_ok",
      .signature = "(http.CheckResponseOk) -> http.CheckResponse",
      .apply = http_response,
      .member = true},
     {.id = "http_response_denied",
      .signature = "(http.CheckResponseDenied) -> http.CheckResponse",
      .apply = http_response,
      .member = true}});
constexpr auto kWithMessage = std::to_array<Overload>(
    {{.id = "response_ok_with_message",
      .signature =
          "(envoy.service.auth.v3.CheckResponse, string) -> envoy.service.auth.v3.CheckResponse",
      .apply = with_message,
      .member = true}});
constexpr auto kWithMetadata =
    std::to_array<Overload>({{.id = "response_ok_with_metadata",
                              .signature = "(envoy.service.auth.v3.CheckResponse, map(string, "
                                           "dyn)) -> envoy.service.auth.v3.CheckResponse",
                              .apply = with_metadata,
                              .member = true}});
constexpr auto kRequestHeader =
    std::to_array<Overload>({{.id = "http_get_header_string",
                              .signature = "(dyn, string) -> list(string)",
                              .apply = request_header,
                              .member = true}});
constexpr auto kRequestParameter =
    std::to_array<Overload>({{.id = "http_get_queryparam_string",
                              .signature = "(dyn, string) -> list(string)",
                              .apply = request_parameter,
                              .member = true}});

constexpr Function named(std::string_view name, std::span<const Overload> overloads,
                         std::string_view summary) {
  return {
      .name = name, .library = Library::KyvernoEnvoy, .overloads = overloads, .summary = summary};
}

constexpr auto kFunctions = std::to_array<Function>({
    named("envoy.Allowed", kAllowed,
          "Lets an Envoy request pass.\nenvoy.Allowed().Response() != null"),
    named("envoy.Denied", kDenied,
          "Refuses an Envoy request with an HTTP status.\nenvoy.Denied(403).Response() != null"),
    named("envoy.Header", kHeader,
          "A header to set.\nenvoy.Allowed().WithHeader(envoy.Header('x-user', 'ann')) != null"),
    named("envoy.QueryParam", kParameter,
          "A query parameter to set.\n"
          "envoy.Allowed().WithQueryParam(envoy.QueryParam('team', 'a')) != null"),
    named("http.Allowed", kHttpAllowed,
          "Lets an HTTP request pass.\nhttp.Allowed().Response() != null"),
    named("http.Denied", kHttpDenied,
          "Refuses an HTTP request for a reason.\nhttp.Denied('no token').Response() != null"),
    named("WithBody", kWithBody,
          "The body of a refusal.\nenvoy.Denied(401).WithBody('no token').Response() != null"),
    named("WithHeader", kWithHeader,
          "Sets a header of the request that passes, or of the refusal.\n"
          "envoy.Allowed().WithHeader('x-user', 'ann') != null"),
    named(
        "WithoutHeader", kWithoutHeader,
        "Removes a header of the request.\nenvoy.Allowed().WithoutHeader('authorization') != null"),
    named("WithResponseHeader", kWithResponseHeader,
          "Adds a header to the answer that the client gets.\n"
          "envoy.Allowed().WithResponseHeader('x-checked', 'yes') != null"),
    named("WithQueryParam", kWithParameter,
          "Sets a query parameter.\nenvoy.Allowed().WithQueryParam('team', 'a') != null"),
    named("WithoutQueryParam", kWithoutParameter,
          "Removes a query parameter.\nenvoy.Allowed().WithoutQueryParam('debug') != null"),
    named("KeepEmptyValue", kKeepEmpty,
          "Whether a header is sent though its value is empty.\n"
          "envoy.Header('x-user', '').KeepEmptyValue() != null"),
    named("Response", kResponse, "Finishes the answer.\nenvoy.Allowed().Response() != null"),
    named("WithMessage", kWithMessage,
          "Adds a message to the status.\nenvoy.Allowed().Response().WithMessage('fine') != null"),
    named("WithMetadata", kWithMetadata,
          "Adds metadata for other filters.\n"
          "envoy.Allowed().Response().WithMetadata({'team': 'a'}) != null"),
    named("Header", kRequestHeader,
          "The values of a header of an HTTP request.\n"
          "{'header': {'X-Team': ['a']}}.Header('x-team') == ['a']"),
    named("QueryParam", kRequestParameter,
          "The values of a query parameter of an HTTP request.\n"
          "{'query': {'team': ['a']}}.QueryParam('team') == ['a']"),
});

}  // namespace

const AuthorizationAnswer* authorization_answer(const Value& value) noexcept {
  if (!value.is(ValueKind::Opaque) ||
      (value.as_opaque().kind != &kEnvoyKind && value.as_opaque().kind != &kHttpKind)) {
    return nullptr;
  }
  return &opaque_data<Answer>(value);
}

std::span<const Function> kyverno_envoy_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
