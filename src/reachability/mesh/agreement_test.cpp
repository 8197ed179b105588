// Two ways agree: on random small clusters, what the layers and reach() say of every pair, port and
// request is what authorization::decide() says of the single request, with the identity that the
// rules of enrolment give, and what network_policy::judge() says of the connection that the network
// sees.
#include <random>

#include "authorization/decide.hpp"
#include "authorization/string_match.hpp"
#include "network_policy/point.hpp"
#include "reachability/mesh/connection_list.hpp"
#include "reachability/mesh/explanation.hpp"
#include "reachability/mesh/testing/mesh_cluster.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using authorization::Reach;
using network_policy::Verdict;

struct Random {
  std::mt19937 engine;
  unsigned operator()(unsigned n) { return static_cast<unsigned>(engine() % n); }
  std::string_view pick(std::initializer_list<std::string_view> values) {
    return values.begin()[(*this)(static_cast<unsigned>(values.size()))];
  }
};

std::string rule_of(Random& random) {
  std::string out = "{";
  if (random(2) == 0) {
    out += "from: [{source: {";
    out += random.pick({"principals: [\"cluster.local/ns/a/sa/x\"]", "namespaces: [a]",
                        "notPrincipals: [\"cluster.local/ns/a/sa/x\"]", "principals: [\"*\"]",
                        "notNamespaces: [b]"});
    out += "}}]";
  }
  if (random(2) == 0) {
    out += out.size() > 1 ? ", to: [{operation: {" : "to: [{operation: {";
    out += random.pick({"ports: [\"8080\"]", "methods: [GET]", "paths: [/a/*]",
                        "notPaths: [/a/*], methods: [GET, POST]", "notPorts: [\"8080\"]"});
    out += "}}]";
  }
  return out + "}";
}

std::string random_cluster(Random& random) {
  std::string out;
  for (const std::string_view space : {"a", "b"}) {
    out += name_space(space, random.pick({"{istio-injection: enabled}", "{}",
                                          "{istio.io/dataplane-mode: ambient}"}));
    for (const std::string_view name : {"x", "w"}) {
      const std::string path = std::string(space) + "/" + std::string(name);
      out += pod(path);
      if (random(3) != 0) {
        out += service(path, random.pick({"http", "tcp", "main"}));
      }
    }
    if (random(2) == 0) {
      out += peer(
          std::string(space) + "/default",
          "{mtls: {mode: " + std::string(random.pick({"STRICT", "PERMISSIVE", "DISABLE"})) + "}}");
    }
    for (unsigned i = random(3); i > 0; --i) {
      std::string rules;
      for (unsigned n = random(3); n > 0; --n) {
        rules += (rules.empty() ? "" : ", ") + rule_of(random);
      }
      out += authorization_policy(
          std::string(space) + "/p" + std::to_string(i),
          "{action: " + std::string(random.pick({"ALLOW", "DENY", "ALLOW"})) +
              std::string(random.pick({"", ", selector: {matchLabels: {app: x}}"})) + ", rules: [" +
              rules + "]}");
    }
    if (random(2) == 0) {
      out += object("networking.k8s.io/v1", "NetworkPolicy", std::string(space) + "/np",
                    "{podSelector: {matchLabels: {app: " + std::string(random.pick({"x", "w"})) +
                        "}}, policyTypes: [Ingress], ingress: [{from: [{namespaceSelector: {}, "
                        "podSelector: {matchLabels: {app: " +
                        std::string(random.pick({"x", "w"})) + "}}}], ports: [{port: " +
                        std::string(random.pick({"8080", "15008", "9090"})) + "}]}]}");
    }
  }
  return out;
}

// The same from the labels of the namespaces, without routes.
struct Plain {
  Verdict mesh = Verdict::Allowed;
  Verdict network = Verdict::Allowed;
};

class PlainReading {
 public:
  PlainReading(MeshCluster& cluster, const Party& source, const Party& destination)
      : cluster_(cluster),
        topology_(cluster.world().topology()),
        from_(topology_.endpoints()[*source.endpoint]),
        to_(topology_.endpoints()[*destination.endpoint]) {}

  Plain judge(std::uint16_t port, const HttpRequest& request) const {
    const bool from_sidecar = has(from_, "istio-injection", "enabled");
    const bool to_sidecar = has(to_, "istio-injection", "enabled");
    const bool from_ambient = has(from_, "istio.io/dataplane-mode", "ambient");
    const bool to_ambient = has(to_, "istio.io/dataplane-mode", "ambient");
    const authorization::PolicySet& set = cluster_.mesh().policies();
    const auto mode = effective_mutual_tls(
        set, {.name_space = topology_.name_space_of(to_).name, .labels = to_.labels}, port);
    const bool is_hbone =
        (from_ambient && (to_ambient || to_sidecar)) || (from_sidecar && to_ambient);
    const bool is_mutual =
        from_sidecar && to_sidecar && mode.mode != authorization::MutualTls::Disable;
    const std::string identity = is_hbone || is_mutual
                                     ? "cluster.local/ns/" +
                                           std::string(topology_.name_space_of(from_).name) +
                                           "/sa/" + std::string(from_.service_account)
                                     : "";
    Plain out;
    const network_policy::EndpointPeer from(topology_, from_);
    const network_policy::EndpointPeer to(topology_, to_);
    out.network = network_policy::judge(
        cluster_.world().policies(),
        {.source = &from, .destination = &to, .port = is_hbone ? kHbonePort : port});
    if (!to_sidecar && !to_ambient) {
      return out;
    }
    authorization::Request asked;
    asked.point = to_sidecar ? authorization::Point::Sidecar : authorization::Point::Ztunnel;
    asked.source.principal = identity;
    asked.destination = {
        .name_space = topology_.name_space_of(to_).name, .labels = to_.labels, .port = port};
    asked.is_http =
        to_sidecar &&
        cluster_.mesh().protocol_of(static_cast<std::uint32_t>(&to_ - topology_.endpoints().data()),
                                    port) != authorization::Protocol::Tcp;
    asked.method = request.method;
    asked.path = request.path;
    asked.host = request.host;
    const auto verdict = decide(set, asked).verdict;
    out.mesh = verdict == authorization::Verdict::Allow  ? Verdict::Allowed
               : verdict == authorization::Verdict::Deny ? Verdict::Denied
                                                         : Verdict::Unknown;
    return out;
  }

 private:
  [[nodiscard]] bool has(const topology::Endpoint& endpoint, std::string_view key,
                         std::string_view value) const {
    return topology_.name_space_of(endpoint).label(key) == value;
  }

  MeshCluster& cluster_;
  const topology::Topology& topology_;
  const topology::Endpoint& from_;
  const topology::Endpoint& to_;
};

bool matches(const authorization::TextSet& set, std::string_view value) {
  const auto any = [&](const std::vector<std::string_view>& values) {
    return std::ranges::any_of(values, [&](std::string_view text) {
      return authorization::StringMatch::from_value(text).matches(value);
    });
  };
  return (set.any_of.empty() || any(set.any_of)) && !any(set.none_of);
}

bool matches(const std::vector<authorization::HttpShape>& shapes, const HttpRequest& request) {
  return std::ranges::any_of(shapes, [&](const authorization::HttpShape& shape) {
    return matches(shape.methods, *request.method) && matches(shape.paths, *request.path) &&
           matches(shape.hosts, *request.host);
  });
}

// What reach() says of one request; nothing: it leaves that open.
std::optional<bool> allows(const MeshReach& reach, const HttpRequest& request) {
  switch (reach.kind) {
    case Reach::Kind::Always:
      return true;
    case Reach::Kind::Never:
      return false;
    case Reach::Kind::Http:
      return std::ranges::all_of(reach.stages, [&](const Reach& stage) {
        return stage.kind == Reach::Kind::Always ||
               ((stage.allowed.empty() || matches(stage.allowed, request)) &&
                !matches(stage.denied, request));
      });
    case Reach::Kind::Unknown:
      return std::nullopt;
  }
  return std::nullopt;
}

Verdict both(const Plain& plain) {
  if (plain.mesh == Verdict::Denied || plain.network == Verdict::Denied) {
    return Verdict::Denied;
  }
  return plain.mesh == Verdict::Allowed && plain.network == Verdict::Allowed ? Verdict::Allowed
                                                                             : Verdict::Unknown;
}

constexpr HttpRequest kRequests[] = {{.method = "GET", .path = "/a/1", .host = "h"},
                                     {.method = "POST", .path = "/a/1", .host = "h"},
                                     {.method = "POST", .path = "/b", .host = "h"},
                                     {.method = "PUT", .path = "/b", .host = "h"}};

// How often each outcome was seen: a test that sees one only shows nothing.
struct Seen {
  std::size_t verdicts[3] = {};
  std::size_t http = 0;
};

void check_pair(MeshCluster& cluster, const Party& from, const Party& to, const ConnectionRow* row,
                Seen& seen) {
  const PlainReading plain(cluster, from, to);
  for (const std::uint16_t port : {std::uint16_t{8080}, std::uint16_t{9090}}) {
    const MeshReach reach = cluster.mesh().reach(from, to, port);
    bool is_some_allowed = false;
    for (const HttpRequest& request : kRequests) {
      const Plain expected = plain.judge(port, request);
      const LayeredAnswer answer =
          judge_layers(cluster.mesh(), from, to, {.number = port}, &request);
      ASSERT_EQ(to_text(answer.verdict), to_text(both(expected)))
          << *request.method << " " << *request.path << " " << port << "\n"
          << answer.way.mesh.reason << "\n"
          << cluster.text();
      ++seen.verdicts[static_cast<std::size_t>(answer.verdict)];
      if (const auto allowed = allows(reach, request)) {
        ASSERT_EQ(*allowed, expected.mesh == Verdict::Allowed)
            << *request.method << " " << *request.path << " " << port << "\n"
            << reach.reason << "\n"
            << cluster.text();
      }
      is_some_allowed = is_some_allowed || both(expected) == Verdict::Allowed;
    }
    seen.http += reach.kind == Reach::Kind::Http ? 1 : 0;
    // The list holds a port if some request passes.
    if (is_some_allowed) {
      ASSERT_NE(row, nullptr) << port << "\n" << cluster.text();
      const auto listed = row->mesh->allowed.unite(row->mesh->unknown);
      ASSERT_TRUE(listed.contains(scalar::Protocol::Tcp, port)) << port << "\n" << cluster.text();
    }
    if (reach.kind == Reach::Kind::Never && row != nullptr) {
      ASSERT_FALSE(row->mesh->allowed.contains(scalar::Protocol::Tcp, port)) << port << "\n"
                                                                             << cluster.text();
    }
  }
}

TEST(MeshAgreement, WithSingleRequestsAndSingleConnections) {
  constexpr unsigned kClusters = 2000;
  Seen seen;
  for (unsigned seed = 1; seed <= kClusters; ++seed) {
    Random random{std::mt19937(seed)};
    MeshCluster cluster(random_cluster(random) + peer("istio-system/x", "{}"));
    const auto rows = list_connections(cluster.world(), cluster.mesh(), {.with_outside = false});
    const auto workloads = cluster.world().workloads();
    for (std::uint32_t i = 0; i < workloads.size(); ++i) {
      for (std::uint32_t j = 0; j < workloads.size(); ++j) {
        if (i == j) {
          continue;
        }
        const auto row = std::ranges::find_if(rows, [&](const ConnectionRow& one) {
          return one.source == i && one.destination == j;
        });
        check_pair(cluster, {.endpoint = workloads[i].endpoints.front()},
                   {.endpoint = workloads[j].endpoints.front()},
                   row == rows.end() ? nullptr : &*row, seen);
        if (HasFatalFailure()) {
          return;
        }
      }
    }
  }
  EXPECT_GT(seen.verdicts[static_cast<std::size_t>(Verdict::Allowed)], 1000U);
  EXPECT_GT(seen.verdicts[static_cast<std::size_t>(Verdict::Denied)], 1000U);
  EXPECT_GT(seen.http, 100U);
}

}  // namespace
}  // namespace tally::reachability::mesh
