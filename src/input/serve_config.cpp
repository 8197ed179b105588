#include "input/serve_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "input/internal/serve_reader.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/name_syntax.hpp"
#include "scalar/url.hpp"

namespace tally::input {

namespace {

using document::Member;
using document::Node;

constexpr std::string_view kAnyAddress = "0.0.0.0";
constexpr std::string_view kListenForms =
    "expected an address and a port: '0.0.0.0:8443', "
    "'[::]:8443', ':8443'";
constexpr std::int64_t kDecisionDaysMax = 3660;  // ten years

std::optional<std::uint16_t> parse_listen_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  return port;
}

std::unexpected<Error> no_listen_address(std::string_view text) {
  return content_error(fmt::format("found '{}', {}", excerpt(text, 60), kListenForms));
}

Result<std::string> read_listen(const Node& node, std::string_view key,
                                const StrictReader& reader) {
  TALLY_TRY(std::string text, reader.text(node, key));
  if (const auto address = parse_listen_address(text); !address) {
    return std::unexpected(
        reader.error(node.offset(), fmt::format("'{}': {}", key, address.error().message)));
  }
  return text;
}

// The name of an object in the cluster.
Result<std::string> read_name(const Node& node, std::string_view key, const StrictReader& reader) {
  TALLY_TRY(std::string text, reader.text(node, key));
  if (!scalar::dns1123_label_problem(text).empty()) {
    return std::unexpected(reader.error(
        node.offset(),
        fmt::format("found '{}' for '{}', expected a name: at most 63 of a-z, 0-9 and '-', a "
                    "letter or digit at both ends",
                    excerpt(text, 63), key)));
  }
  return text;
}

// The value is never shown: it may hold a password.
Result<std::string> read_store(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 3> kSchemes = {"sqlite:", "postgresql://",
                                                               "postgres://"};
  if (!node.is_string() || trim(node.text()).empty()) {
    return std::unexpected(
        reader.error(node.offset(), "found no text for 'store', expected the URL of a database"));
  }
  const std::string_view text = node.text();
  const bool is_known = std::ranges::any_of(
      kSchemes, [&](std::string_view scheme) { return text.starts_with(scheme); });
  if (!is_known) {
    return std::unexpected(
        reader.error(node.offset(),
                     "found a URL of an unknown database for 'store', expected 'sqlite:PATH' or "
                     "'postgresql://USER@HOST/DATABASE'"));
  }
  return std::string(text);
}

// Names of namespaces. None is a choice, too: then only our own namespace is exempt.
Result<std::vector<std::string>> read_namespaces(const Node& node, const StrictReader& reader) {
  TALLY_CHECK(reader.list(node, "exemptNamespaces"));
  std::vector<std::string> names;
  for (const Node& item : node.items()) {
    TALLY_TRY(std::string name, read_name(item, "exemptNamespaces", reader));
    names.push_back(std::move(name));
  }
  return names;
}

Result<Serve::Certificates> read_certificates(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 3> kKeys = {"certificate", "key", "authority"};
  TALLY_CHECK(reader.map(node, "serve.certificates", kKeys));
  for (const std::string_view key : {"certificate", "key"}) {
    if (node.find(key) == nullptr) {
      return std::unexpected(reader.error(
          node.offset(), fmt::format("found certificates without '{}'", key),
          "Without `certificates` the program issues its own, and replaces them in time."));
    }
  }
  Serve::Certificates files;
  TALLY_TRY(files.certificate, reader.text(*node.find("certificate"), "certificate"));
  TALLY_TRY(files.key, reader.text(*node.find("key"), "key"));
  if (const Node* authority = node.find("authority"); authority != nullptr) {
    TALLY_TRY(files.authority, reader.text(*authority, "authority"));
  }
  return files;
}

Result<void> read_log(const Node& node, const StrictReader& reader, Serve& serve) {
  static constexpr std::array<std::string_view, 2> kKeys = {"level", "format"};
  static constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
  static constexpr std::array<std::string_view, 2> kFormats = {"json", "text"};
  TALLY_CHECK(reader.map(node, "serve.log", kKeys));
  if (const Node* level = node.find("level"); level != nullptr) {
    TALLY_TRY(const std::size_t word, reader.choice(*level, "level", kLevels));
    serve.log_level = kLevels[word];
  }
  if (const Node* format = node.find("format"); format != nullptr) {
    TALLY_TRY(const std::size_t word, reader.choice(*format, "format", kFormats));
    serve.log_format = kFormats[word];
  }
  return {};
}

Result<Serve::Traces> read_traces(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 2> kKeys = {"endpoint", "ratio"};
  TALLY_CHECK(reader.map(node, "serve.traces", kKeys));
  const Node* endpoint = node.find("endpoint");
  if (endpoint == nullptr) {
    return std::unexpected(reader.error(
        node.offset(), "found traces without 'endpoint', expected where they are sent"));
  }
  Serve::Traces traces;
  TALLY_TRY(traces.endpoint, reader.text(*endpoint, "endpoint"));
  const auto url = scalar::Url::parse(traces.endpoint);
  if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->hostname().empty()) {
    return std::unexpected(
        reader.error(endpoint->offset(),
                     "found no address of a collector for 'endpoint', expected 'http://HOST:4318' "
                     "or 'https://HOST:4318'"));
  }
  if (const Node* ratio = node.find("ratio"); ratio != nullptr) {
    // NaN, too, is none.
    if (!ratio->is_number() || !(ratio->number() >= 0 && ratio->number() <= 1)) {
      return std::unexpected(reader.error(
          ratio->offset(),
          fmt::format("found {} for 'ratio', expected a number from 0 to 1", found_text(*ratio))));
    }
    traces.ratio = ratio->number();
  }
  return traces;
}

Result<void> read_decisions(const Node& node, const StrictReader& reader, Serve& serve) {
  static constexpr std::array<std::string_view, 2> kKeys = {"days", "keepAllowed"};
  TALLY_CHECK(reader.map(node, "serve.decisions", kKeys));
  if (const Node* days = node.find("days"); days != nullptr) {
    TALLY_TRY(const std::int64_t value,
              reader.integer(*days, "days", {.min = 1, .max = kDecisionDaysMax}));
    serve.decision_days = static_cast<std::uint32_t>(value);
  }
  if (const Node* keep = node.find("keepAllowed"); keep != nullptr) {
    TALLY_TRY(serve.keep_allowed, reader.boolean(*keep, "keepAllowed"));
  }
  return {};
}

// Keys that are a map of their own, and the time-out.
Result<void> read_part(const Member& member, const StrictReader& reader, Serve& serve) {
  const Node& node = member.value;
  if (member.key == "certificates") {
    TALLY_TRY(serve.certificates, read_certificates(node, reader));
  } else if (member.key == "log") {
    return read_log(node, reader, serve);
  } else if (member.key == "traces") {
    TALLY_TRY(serve.traces, read_traces(node, reader));
  } else if (member.key == "decisions") {
    return read_decisions(node, reader, serve);
  } else if (member.key == "webhookTimeoutSeconds") {
    // What the API server takes: admissionregistration.k8s.io/v1, timeoutSeconds.
    TALLY_TRY(const std::int64_t value, reader.integer(node, member.key, {.min = 1, .max = 30}));
    serve.webhook_timeout_seconds = static_cast<std::uint32_t>(value);
  }
  return {};
}

struct Text {
  std::string_view key;
  std::string Serve::* field;
};
constexpr std::array<Text, 2> kPaths = {
    {{"state", &Serve::state}, {"clientAuthority", &Serve::client_authority}}};
constexpr std::array<Text, 3> kNames = {
    {{"namespace", &Serve::name_space}, {"service", &Serve::service}, {"lease", &Serve::lease}}};
constexpr std::array<Text, 2> kAddresses = {
    {{"listen", &Serve::listen}, {"listenHealth", &Serve::listen_health}}};

struct Switch {
  std::string_view key;
  bool Serve::* field;
};
constexpr std::array<Switch, 4> kSwitches = {{{"watchPolicies", &Serve::watch_policies},
                                              {"manageWebhook", &Serve::manage_webhook},
                                              {"audit", &Serve::audit},
                                              {"reports", &Serve::reports}}};

struct List {
  std::string_view key;
  std::vector<std::string> Serve::* field;
};
constexpr std::array<List, 2> kLists = {
    {{"policies", &Serve::policies}, {"allowHosts", &Serve::allowed_hosts}}};

Result<void> read_member(const Member& member, const StrictReader& reader, Serve& serve) {
  const auto named = [&](const auto& entry) { return entry.key == member.key; };
  if (const auto* path = std::ranges::find_if(kPaths, named); path != kPaths.end()) {
    TALLY_TRY(serve.*path->field, reader.text(member.value, member.key));
  } else if (const auto* name = std::ranges::find_if(kNames, named); name != kNames.end()) {
    TALLY_TRY(serve.*name->field, read_name(member.value, member.key, reader));
  } else if (const auto* address = std::ranges::find_if(kAddresses, named);
             address != kAddresses.end()) {
    TALLY_TRY(serve.*address->field, read_listen(member.value, member.key, reader));
  } else if (const auto* flag = std::ranges::find_if(kSwitches, named); flag != kSwitches.end()) {
    TALLY_TRY(serve.*flag->field, reader.boolean(member.value, member.key));
  } else if (const auto* list = std::ranges::find_if(kLists, named); list != kLists.end()) {
    TALLY_TRY(serve.*list->field, reader.texts(member.value, member.key));
  } else if (member.key == "exemptNamespaces") {
    TALLY_TRY(serve.exempt_namespaces, read_namespaces(member.value, reader));
  } else if (member.key == "store") {
    TALLY_TRY(serve.store, read_store(member.value, reader));
  } else {
    return read_part(member, reader, serve);
  }
  return {};
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return no_listen_address(text);
  }
  const auto port = parse_listen_port(text.substr(colon + 1));
  if (!port) {
    return no_listen_address(text);
  }
  std::string_view host = text.substr(0, colon);
  if (host.empty()) {
    return ListenAddress{.host = std::string(kAnyAddress), .port = *port};
  }
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = scalar::IpAddress::parse(host);
  if (!address || address->is_v4() == is_bracketed) {
    return no_listen_address(text);
  }
  return ListenAddress{.host = std::string(host), .port = *port};
}

Result<Serve> read_serve(const Node& node, const StrictReader& reader) {
  static constexpr std::array<std::string_view, 20> kKeys = {"listen",
                                                             "listenHealth",
                                                             "namespace",
                                                             "service",
                                                             "state",
                                                             "store",
                                                             "policies",
                                                             "watchPolicies",
                                                             "exemptNamespaces",
                                                             "certificates",
                                                             "clientAuthority",
                                                             "manageWebhook",
                                                             "webhookTimeoutSeconds",
                                                             "audit",
                                                             "reports",
                                                             "lease",
                                                             "log",
                                                             "traces",
                                                             "allowHosts",
                                                             "decisions"};
  TALLY_CHECK(reader.map(node, "serve", kKeys));
  Serve serve;
  for (const Member member : node.members()) {
    TALLY_CHECK(read_member(member, reader, serve));
  }
  if (parse_listen_address(serve.listen)->port != 0 && serve.listen == serve.listen_health) {
    return std::unexpected(
        reader.error(node.offset(),
                     "found one address for 'listen' and 'listenHealth', expected "
                     "two: requests come over TLS, probes do not"));
  }
  return serve;
}

}  // namespace tally::input
