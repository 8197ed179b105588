#include "authorization/testing/random_world.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

#include "authorization/testing/policy_text.hpp"

namespace tally::authorization::testing {

namespace {

struct Field {
  std::string_view name;
  std::vector<std::string_view> values;
};

const std::vector<std::string_view> kPrincipals = {"",
                                                   "cluster.local/ns/shop/sa/web",
                                                   "cluster.local/ns/shop/sa/web-2",
                                                   "cluster.local/ns/bank/sa/web",
                                                   "old.td/ns/shop/sa/web",
                                                   "other/ns/shop/sa/api",
                                                   "ns/ns/shop/sa/web",
                                                   "weird"};
const std::vector<std::string_view> kAddresses = {"10.0.0.1", "10.0.1.1", "192.168.0.7",
                                                  "2001:db8::1"};
const std::vector<std::string_view> kBlocks = {"10.0.0.0/24", "10.0.0.1", "0.0.0.0/0",
                                               "2001:db8::/32", "nonsense"};
const std::vector<std::string_view> kAnyName = {"shop", "sh*", "*op", "*", "bank"};

const std::vector<Field>& source_fields() {
  static const std::vector<Field> kFields = {
      {"rincipals",
       {"cluster.local/ns/shop/sa/web", "cluster.local/ns/shop/*", "*/sa/web", "*", "weird",
        "old.td/ns/shop/sa/web", "*/ns/bank/sa/web"}},
      {"amespaces", kAnyName},
      {"rustDomains", {"cluster.local", "*.td", "o*", "*", "ns"}},
      {"pBlocks", kBlocks},
      {"emoteIpBlocks", kBlocks},
      {"equestPrincipals", {"*", "issuer/sub"}},
      {"erviceAccounts", {"web", "shop/web", "bank/web"}},
  };
  return kFields;
}

const std::vector<Field>& operation_fields() {
  static const std::vector<Field> kFields = {
      {"osts", {"bank.example", "*.example", "bank.*", "*"}},
      {"ethods", {"GET", "P*", "*ST", "*", "get"}},
      {"aths", {"/", "/api/*", "*/admin", "*", "/api/{*}", "/{**}/admin", "/api/{*}/x"}},
      {"orts", {"80", "443", "8080", "99999"}},
  };
  return kFields;
}

const std::vector<Field>& when_fields() {
  static const std::vector<Field> kFields = {
      {"source.ip", kBlocks},
      {"remote.ip", kBlocks},
      {"destination.ip", kBlocks},
      {"destination.port", {"80", "8080", "x"}},
      {"source.namespace", kAnyName},
      {"source.principal", {"*", "cluster.local/ns/shop/sa/web", "*/sa/web"}},
      {"source.trustDomain", {"cluster.local", "*.td", "*"}},
      {"source.serviceAccount", {"web", "shop/web"}},
      {"connection.sni", {"bank.example", "*.example", "*"}},
      {"request.headers[x-user]", {"anna", "an*", "*a", "*"}},
      {"unknown.key", {"x"}},
  };
  return kFields;
}

std::string list_of(const Choose& choose, const std::vector<std::string_view>& values) {
  std::string out;
  for (unsigned count = 1 + choose(2); count > 0; --count) {
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ",
                       values[choose(static_cast<unsigned>(values.size()))]);
  }
  return "[" + out + "]";
}

// "principals" from "rincipals": the first letter stands in the names with and without "not".
std::string fields_of(const Choose& choose, const std::vector<Field>& fields,
                      std::string_view first_letters) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const unsigned kind = choose(8);
    const char first = first_letters[i];
    const auto add = [&](std::string_view name) {
      out += fmt::format("{}{}{}: {}", out.empty() ? "" : ", ", name, fields[i].name,
                         list_of(choose, fields[i].values));
    };
    if (kind == 0 || kind == 1) {
      add(std::string_view{&first, 1});
    }
    if (kind == 1 || kind == 2) {
      const std::string with_not = fmt::format("not{}", static_cast<char>(first - 'a' + 'A'));
      add(with_not);
    }
  }
  return "{" + out + "}";
}

std::string alternatives(const Choose& choose, std::string_view inner,
                         const std::vector<Field>& fields, std::string_view first_letters) {
  std::string out;
  for (unsigned count = 1 + choose(2); count > 0; --count) {
    out += fmt::format("{}{{{}: {}}}", out.empty() ? "" : ", ", inner,
                       fields_of(choose, fields, first_letters));
  }
  return "[" + out + "]";
}

std::string rule_of(const Choose& choose) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (choose(2) == 0) {
    add("from: " + alternatives(choose, "source", source_fields(), "pntirrs"));
  }
  if (choose(2) == 0) {
    add("to: " + alternatives(choose, "operation", operation_fields(), "hmpp"));
  }
  if (choose(3) == 0) {
    const Field& field = when_fields()[choose(static_cast<unsigned>(when_fields().size()))];
    const std::string yes =
        choose(3) > 0 ? ", values: " + list_of(choose, field.values) : std::string{};
    const std::string no = yes.empty() || choose(3) == 0
                               ? ", notValues: " + list_of(choose, field.values)
                               : std::string{};
    add(fmt::format("when: [{{key: \"{}\"{}{}}}]", field.name, yes, no));
  }
  return "{" + out + "}";
}

}  // namespace

std::string policy(std::string_view name, std::string_view spec) {
  const std::size_t slash = name.find('/');
  return fmt::format(
      "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n"
      "  namespace: {}\n  name: {}\nspec: {}\n",
      name.substr(0, slash), name.substr(slash + 1), spec);
}

std::vector<std::string_view> principals() { return kPrincipals; }
std::vector<std::string_view> addresses() { return kAddresses; }

std::string random_policies(const Choose& choose) {
  constexpr std::array<std::string_view, 8> kActions = {"ALLOW", "ALLOW", "ALLOW",  "DENY",
                                                        "DENY",  "AUDIT", "CUSTOM", "ALLOW"};
  constexpr std::array<std::string_view, 4> kSelectors = {
      "", "", ", selector: {matchLabels: {app: ledger}}",
      ", selector: {matchLabels: {app: ledger, tier: db}}"};
  constexpr std::array<std::string_view, 4> kNamespaces = {"bank", "bank", "istio-system", "shop"};
  std::string out;
  const unsigned count = 1 + choose(5);
  for (unsigned i = 0; i < count; ++i) {
    std::string rules;
    for (unsigned n = choose(4); n > 0; --n) {
      rules += (rules.empty() ? "" : ", ") + rule_of(choose);
    }
    const std::string_view action = kActions[choose(8)];
    out += policy(fmt::format("{}/p{}", kNamespaces[choose(4)], i),
                  fmt::format("{{action: {}{}{}, rules: [{}]}}", action,
                              action == "CUSTOM" ? ", provider: {name: ext}" : "",
                              kSelectors[choose(4)], rules));
  }
  return out;
}

Request random_request(const Choose& choose, std::vector<Header>& headers) {
  const auto pick = [&](std::span<const std::string_view> from) {
    return from[choose(static_cast<unsigned>(from.size()))];
  };
  constexpr std::array<std::string_view, 9> kPaths = {
      "/",       "/api",     "/api/users",  "/api/users?x=/admin", "/a/b/admin", "/api/../admin",
      "/api//x", "/api/u/x", "/%61pi/users"};
  constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "get", "DELETE"};
  constexpr std::array<std::string_view, 4> kHosts = {"bank.example", "BANK.example", "other",
                                                      "www.example"};
  constexpr std::array<std::string_view, 3> kNames = {"", "bank.example", "x.example"};
  constexpr std::array<std::string_view, 4> kUsers = {"anna", "hanna", "", "bob"};
  constexpr std::array<std::uint16_t, 4> kPorts = {80, 443, 8080, 9090};
  Request out;
  out.source.principal = pick(kPrincipals);
  out.source.ip = *scalar::IpAddress::parse(pick(kAddresses));
  out.source.remote_ip = *scalar::IpAddress::parse(pick(kAddresses));
  out.destination.name_space = "bank";
  out.destination.ip = *scalar::IpAddress::parse(pick(kAddresses));
  out.destination.port = kPorts[choose(4)];
  out.sni = pick(kNames);
  out.is_http = choose(4) != 0;
  out.method = pick(kMethods);
  out.path = pick(kPaths);
  out.host = pick(kHosts);
  headers.clear();
  for (unsigned count = choose(3); count > 0; --count) {
    headers.push_back({choose(2) == 0 ? "x-user" : "X-User", pick(kUsers)});
  }
  out.headers = headers;
  return out;
}

}  // namespace tally::authorization::testing
