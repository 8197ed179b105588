// ambient/*: what istiod sends to a ztunnel, as the message istio.security.Authorization.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "authorization/ztunnel.hpp"
#include "conformance.hpp"
#include "document/json_writer.hpp"

namespace tally::conformance {

using namespace authorization;
using document::Node;

namespace {

std::string json_text(std::string_view text) {
  std::string out;
  document::append_json_string(out, text);
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const unsigned bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    out += kDigits[bits >> 18U & 63U];
    out += kDigits[bits >> 12U & 63U];
    out += i + 1 < bytes.size() ? kDigits[bits >> 6U & 63U] : '=';
    out += i + 2 < bytes.size() ? kDigits[bits & 63U] : '=';
  }
  return out;
}

std::string text(const StringMatch& match) {
  switch (match.kind) {
    case StringMatch::Kind::Exact:
      return fmt::format(R"({{"exact":{}}})", json_text(match.text));
    case StringMatch::Kind::Prefix:
      return fmt::format(R"({{"prefix":{}}})", json_text(match.text));
    case StringMatch::Kind::Suffix:
      return fmt::format(R"({{"suffix":{}}})", json_text(match.text));
    case StringMatch::Kind::Present:
      return R"({"presence":{}})";
  }
  return {};
}
std::string text(const ServiceAccountMatch& match) {
  return fmt::format(R"({{"namespace":{},"serviceAccount":{}}})", json_text(match.name_space),
                     json_text(match.name));
}
std::string text(const scalar::Cidr& block) {
  return fmt::format(R"({{"address":"{}","length":{}}})", base64(block.address.octets()),
                     block.bits);
}
std::string text(std::uint16_t port) { return fmt::format("{}", port); }

std::string text(const ZtunnelMatch& match);
std::string text(const ZtunnelClause& clause);
std::string text(const ZtunnelGroup& group);

template <class T>
void add(std::string& out, std::string_view name, const std::vector<T>& values) {
  if (values.empty()) {
    return;
  }
  out += fmt::format(R"({}"{}":[)", out.size() > 1 ? "," : "", name);
  for (std::size_t i = 0; i < values.size(); ++i) {
    out += (i > 0 ? "," : "") + text(values[i]);
  }
  out += ']';
}

std::string text(const ZtunnelMatch& match) {
  std::string out = "{";
  add(out, "namespaces", match.namespaces);
  add(out, "notNamespaces", match.not_namespaces);
  add(out, "serviceAccounts", match.service_accounts);
  add(out, "notServiceAccounts", match.not_service_accounts);
  add(out, "principals", match.principals);
  add(out, "notPrincipals", match.not_principals);
  add(out, "sourceIps", match.source_ips);
  add(out, "notSourceIps", match.not_source_ips);
  add(out, "destinationIps", match.destination_ips);
  add(out, "notDestinationIps", match.not_destination_ips);
  add(out, "destinationPorts", match.destination_ports);
  add(out, "notDestinationPorts", match.not_destination_ports);
  return out + "}";
}
std::string text(const ZtunnelClause& clause) {
  std::string out = "{";
  add(out, "matches", clause);
  return out + "}";
}
std::string text(const ZtunnelGroup& group) {
  std::string out = "{";
  add(out, "rules", group.clauses);
  return out + "}";
}

// The message as JSON: fields with their default value are left out.
std::string text(const ZtunnelAuthorization& policy) {
  std::string out = "{";
  const auto field = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      out += fmt::format(R"({}"{}":{})", out.size() > 1 ? "," : "", name, json_text(value));
    }
  };
  field("action", policy.action == Action::Deny ? "DENY" : "");
  field("name", policy.name);
  field("namespace", policy.name_space);
  switch (policy.scope) {
    case ZtunnelAuthorization::Scope::Global:
      break;
    case ZtunnelAuthorization::Scope::Namespace:
      field("scope", "NAMESPACE");
      break;
    case ZtunnelAuthorization::Scope::WorkloadSelector:
      field("scope", "WORKLOAD_SELECTOR");
      break;
  }
  add(out, "groups", policy.groups);
  return out + "}";
}

constexpr std::string_view kRoot = "istio-system";

// Upstream's test reads one policy, or the policies of the root namespace, of a namespace and of a
// workload, in this order; the last is the one that is converted.
std::optional<ZtunnelAuthorization> convert(const std::vector<kube::Object>& objects) {
  const kube::Object& last = objects.back();
  if (last.ref.kind == "AuthorizationPolicy") {
    return convert_authorization_policy(last, kRoot);
  }
  const kube::Object* of_root = nullptr;
  const kube::Object* of_namespace = nullptr;
  for (const kube::Object& object : std::span(objects).first(objects.size() - 1)) {
    (object.ref.name_space == kRoot ? of_root : of_namespace) = &object;
  }
  return convert_peer_authentication(last, kRoot, of_namespace, of_root);
}

std::string canonical(const std::string& json) {
  Arena arena;
  const auto source = document::Source::from_text("message", json);
  const auto node = document::read_one(*source, arena);
  return node ? json_of(*node) : json;
}

}  // namespace

void run_ambient(const std::filesystem::path& root, Report& report) {
  if (!std::filesystem::is_directory(root / "ambient")) {
    return;
  }
  std::set<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(root / "ambient")) {
    folders.insert(entry.path());
  }
  for (const auto& folder : folders) {
    if (!std::filesystem::exists(folder / "input.yaml")) {
      continue;
    }
    const File input(folder / "input.yaml");
    const File expected(folder / "expected.yaml");
    const auto objects = objects_of(input.roots(), input.source());
    const auto converted = objects.empty() ? std::nullopt : convert(objects);
    report.compare("ambient/" + folder.filename().string(),
                   expected.root().is_null() ? "nothing" : json_of(expected.root()),
                   converted ? canonical(text(*converted)) : "nothing");
  }
}

}  // namespace tally::conformance
