// The library kubernetes.urls (k8s.io/apiserver v0.36, pkg/cel/library/urls.go) over scalar::Url.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "scalar/url.hpp"

namespace tally::cel {

namespace {

using scalar::Url;

// What can be asked of a URL, as texts of the arena.
struct UrlTexts {
  std::string_view text;
  std::string_view scheme;
  std::string_view host;
  std::string_view hostname;
  std::string_view port;
  std::string_view escaped_path;
  Value query;
};

bool equal_urls(const void* a, const void* b) {
  return static_cast<const UrlTexts*>(a)->text == static_cast<const UrlTexts*>(b)->text;
}

std::string_view url_text(Arena& /*arena*/, const void* data) {
  return static_cast<const UrlTexts*>(data)->text;
}

constexpr OpaqueKind kUrlKind{.type_name = "kubernetes.URL", .equal = equal_urls, .text = url_text};

Value query_map(Arena& arena, const Url& url) {
  const auto parameters = url.query();
  MapBuilder map(arena, parameters.size());
  const auto text = [&arena](const std::string& octets) {
    return Value::string(valid_utf8(arena, arena.copy(octets)));
  };
  for (const auto& [key, values] : parameters) {
    ListBuilder list(arena, values.size());
    for (const std::string& value : values) {
      list.add(text(value));
    }
    map.add(text(key), list.finish());
  }
  return map.finish();
}

Value parse(EvalContext& context, std::span<const Value> args) {
  constexpr std::string_view kPrefix = "URL parse error during conversion from string: ";
  // The first one refuses relative URLs, the second one knows fragments.
  if (const auto absolute = Url::parse_request_uri(args[0].text()); !absolute) {
    return invalid(context, {kPrefix, absolute.error().message});
  }
  const auto url = Url::parse(args[0].text());
  if (!url) {
    return invalid(context, {kPrefix, url.error().message});
  }
  Arena& arena = context.arena;
  const auto text = [&arena](std::string_view octets) {
    return valid_utf8(arena, arena.copy(octets));
  };
  return opaque_value(arena, kUrlKind,
                      UrlTexts{.text = text(url->to_string()),
                               .scheme = text(url->scheme()),
                               .host = text(url->host()),
                               .hostname = text(url->hostname()),
                               .port = text(url->port()),
                               .escaped_path = text(url->escaped_path()),
                               .query = query_map(arena, *url)});
}

Value is_url(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(Url::parse_request_uri(args[0].text()).has_value());
}

template <std::string_view UrlTexts::* kText>
Value text_of(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::string(opaque_data<UrlTexts>(args[0]).*kText);
}

Value query_of(EvalContext& /*context*/, std::span<const Value> args) {
  return opaque_data<UrlTexts>(args[0]).query;
}

constexpr auto kUrl = std::to_array<Overload>({
    {.id = "string_to_url",
     .signature = "(string) -> kubernetes.URL",
     .apply = parse,
     .cost = CostRule::TraverseFirst},
});
constexpr auto kIsUrl = std::to_array<Overload>({
    {.id = "is_url_string", .signature = "(string) -> bool", .apply = is_url},
});
constexpr auto kGetScheme = std::to_array<Overload>({
    {.id = "url_get_scheme",
     .signature = "(kubernetes.URL) -> string",
     .apply = text_of<&UrlTexts::scheme>,
     .member = true},
});
constexpr auto kGetHost = std::to_array<Overload>({
    {.id = "url_get_host",
     .signature = "(kubernetes.URL) -> string",
     .apply = text_of<&UrlTexts::host>,
     .member = true},
});
constexpr auto kGetHostname = std::to_array<Overload>({
    {.id = "url_get_hostname",
     .signature = "(kubernetes.URL) -> string",
     .apply = text_of<&UrlTexts::hostname>,
     .member = true},
});
constexpr auto kGetPort = std::to_array<Overload>({
    {.id = "url_get_port",
     .signature = "(kubernetes.URL) -> string",
     .apply = text_of<&UrlTexts::port>,
     .member = true},
});
constexpr auto kGetEscapedPath = std::to_array<Overload>({
    {.id = "url_get_escaped_path",
     .signature = "(kubernetes.URL) -> string",
     .apply = text_of<&UrlTexts::escaped_path>,
     .member = true},
});
constexpr auto kGetQuery = std::to_array<Overload>({
    {.id = "url_get_query",
     .signature = "(kubernetes.URL) -> map(string, list(string))",
     .apply = query_of,
     .member = true},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "url",
     .library = Library::KubernetesUrl,
     .overloads = kUrl,
     .summary = "A URL, read from a string; relative ones are refused.\n"
                "url('https://example.com:80/').getHost() == 'example.com:80'"},
    {.name = "isURL",
     .library = Library::KubernetesUrl,
     .overloads = kIsUrl,
     .summary = "Whether a string is a URL.\nisURL('https://user:pass@example.com:80/path')"},
    {.name = "getScheme",
     .library = Library::KubernetesUrl,
     .overloads = kGetScheme,
     .summary = "The scheme; empty if there is none.\n"
                "url('https://example.com/').getScheme() == 'https'"},
    {.name = "getHost",
     .library = Library::KubernetesUrl,
     .overloads = kGetHost,
     .summary = "The host with its port.\nurl('https://[::1]:80/').getHost() == '[::1]:80'"},
    {.name = "getHostname",
     .library = Library::KubernetesUrl,
     .overloads = kGetHostname,
     .summary = "The host without port and brackets.\n"
                "url('https://[::1]:80/').getHostname() == '::1'"},
    {.name = "getPort",
     .library = Library::KubernetesUrl,
     .overloads = kGetPort,
     .summary = "The port, as a string; empty if there is none.\n"
                "url('https://example.com:80/').getPort() == '80'"},
    {.name = "getEscapedPath",
     .library = Library::KubernetesUrl,
     .overloads = kGetEscapedPath,
     .summary = "The path with what must be escaped escaped.\n"
                "url('https://example.com/a b/').getEscapedPath() == '/a%20b/'"},
    {.name = "getQuery",
     .library = Library::KubernetesUrl,
     .overloads = kGetQuery,
     .summary = "The parameters of the query, decoded, each with all its values.\n"
                "url('https://example.com/?k=a&k=b').getQuery() == {'k': ['a', 'b']}"},
});

}  // namespace

std::span<const Function> kubernetes_url_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
