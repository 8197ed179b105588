// Policies of Istio, Ingresses and gateways as layers, by what the firewall rules say of them
// (rules of nca/Parsers/*.py and nca/NetworkConfig/NetworkLayer.py).
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "reachability/query/run_scheme.hpp"

namespace tally::reachability::query {
namespace {

std::string pod(std::string_view name, std::string_view name_space, std::string_view labels = "") {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
         ", namespace: " + std::string(name_space) + ", labels: {app: " + std::string(name) +
         std::string(labels) + "}}\nspec: {serviceAccountName: " + std::string(name) +
         ", containers: [{name: a, image: a, ports: [{name: http, containerPort: 8080}]}]}\n";
}
std::string service(std::string_view name, std::string_view name_space, std::string_view target) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + std::string(name) +
         ", namespace: " + std::string(name_space) +
         "}\nspec: {selector: {app: " + std::string(name) +
         "}, ports: [{port: 80, targetPort: " + std::string(target) + "}]}\n";
}
std::string istio(std::string_view kind, std::string_view name, std::string_view spec,
                  std::string_view name_space = "shop") {
  return "---\napiVersion: " +
         std::string(kind == "AuthorizationPolicy" ? "security.istio.io/v1"
                                                   : "networking.istio.io/v1") +
         "\nkind: " + std::string(kind) + "\nmetadata: {name: " + std::string(name) +
         ", namespace: " + std::string(name_space) + "}\nspec: " + std::string(spec) + "\n";
}

const std::string kCluster =
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: bank}\n" +
    pod("web", "shop") + pod("db", "shop") + pod("ledger", "bank") +
    service("web", "shop", "http") + service("db", "shop", "5432") +
    service("ledger", "bank", "9000");

// The answer to one query about one configuration "c".
QueryResult ask(const std::string& policies, const std::string& query,
                const std::string& cluster = kCluster) {
  kube::load_api_kinds();
  static Arena arena;
  static std::vector<std::shared_ptr<const document::Source>> sources;
  const auto load = [&](std::string_view name, std::string_view text) {
    sources.push_back(document::Source::from_text(std::string(name), std::string(text)));
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*sources.back())) {
      document::read_slice(*sources.back(), slice, arena, {}, documents, errors);
    }
    EXPECT_TRUE(errors.empty()) << text;
    std::vector<LoadedDocument> loaded;
    for (const document::Document& document : documents) {
      loaded.push_back({.source = sources.back().get(), .root = document.root});
    }
    return loaded;
  };
  const std::vector<LoadedDocument> documents = load(
      "scheme",
      "namespaceList: cluster\npodList: cluster\nnetworkConfigList: [{name: c, "
      "networkPolicyList: [policies]}, {name: other, networkPolicyList: [none]}]\nqueries: [{name: "
      "q, " +
          query + "}]\n");
  const auto scheme = read_scheme(documents.at(0).root);
  EXPECT_TRUE(scheme) << query;
  return run_scheme(
             *scheme,
             [&](std::string_view path) -> Result<std::vector<LoadedDocument>> {
               return load(path, path == "cluster" ? cluster : path == "policies" ? policies : "");
             })
      .at(0);
}

// Pairs of peers that TCP goes between, of which the line contains a text.
std::string tcp_lines(const std::string& policies, std::string_view about,
                      const std::string& cluster = kCluster) {
  const std::string all =
      ask(policies, "connectivityMap: [c], outputConfiguration: {outputFormat: txt_no_fw_rules}",
          cluster)
          .output;
  std::string found;
  for (std::size_t at = all.find('\n') + 1; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    const std::string line = all.substr(at, end - at);
    if (line.empty() || line.contains("Connections:")) {
      break;
    }
    found += line.contains(about) ? line + "\n" : "";
    at = end + 1;
  }
  return found;
}

constexpr std::string_view kToDb = "=> shop/db[Pod]";

TEST(Layers, AuthorizationPolicy) {
  struct Row {
    std::string_view spec;
    std::string_view lines;  // about db
  };
  constexpr Row kRows[] = {
      {"{selector: {matchLabels: {app: db}}}", ""},  // nothing is allowed
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {namespaces: [bank]}}]}]}",
       "bank/ledger[Pod] => shop/db[Pod] : All connections\n"},
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {notNamespaces: [shop]}}]}]}",
       "bank/ledger[Pod] => shop/db[Pod] : All connections\n"},
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {principals: "
       "['*/sa/web']}}]}]}",
       "shop/web[Pod] => shop/db[Pod] : All connections\n"},
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {principals: [x]}}]}]}", ""},
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {ipBlocks: "
       "[10.0.0.0/8]}}]}]}",
       "10.0.0.0-10.255.255.255 => shop/db[Pod] : All connections\n"},
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {ipBlocks: [10.0.0.0/8], "
       "namespaces: [bank]}}]}]}",
       ""},  // the tool reads no source with both
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {namespaces: [bank]}}], to: "
       "[{operation: {methods: [GET], paths: [/a*], ports: ['5432']}}]}]}",
       "bank/ledger[Pod] => shop/db[Pod] : "
       "{dst_ports:5432,methods:GET,paths:/a*}\n"},
      {"{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {namespaces: [bank]}}], "
       "when: [{key: destination.port, values: ['5432']}]}]}",
       "bank/ledger[Pod] => shop/db[Pod] : {dst_ports:5432}\n"},
      // A condition that is not understood allows nothing.
      {"{selector: {matchLabels: {app: db}}, rules: [{when: [{key: 'request.headers[a]', values: "
       "[b]}]}]}",
       ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(tcp_lines(istio("AuthorizationPolicy", "p", row.spec), kToDb), row.lines) << row.spec;
  }
}

TEST(Layers, DenyGoesBeforeAllow) {
  const std::string allow =
      istio("AuthorizationPolicy", "a",
            "{selector: {matchLabels: {app: db}}, rules: [{from: [{source: {principals: "
            "['*/sa/web']}}]}]}");
  const std::string deny =
      istio("AuthorizationPolicy", "z",
            "{action: DENY, selector: {matchLabels: {app: db}}, rules: [{to: [{operation: "
            "{methods: [POST]}}]}]}");
  EXPECT_EQ(tcp_lines(allow + deny, kToDb),
            "shop/web[Pod] => shop/db[Pod] : {methods:all but POST}\n");
  // Alone it does not close the pod.
  EXPECT_TRUE(tcp_lines(deny, kToDb).contains("bank/ledger[Pod] => shop/db[Pod] : {methods:all"));
  // Of other protocols than TCP the mesh says nothing.
  const std::string map = ask(allow, "connectivityMap: [c]").output;
  EXPECT_TRUE(
      map.contains("For connections of type non-TCP, final fw rules for query: q, config: "
                   "c:\nsrc: 0.0.0.0/0 dst_ns: [bank,shop] dst_pods: [*] conn: All"))
      << map;
}

TEST(Layers, Sidecar) {
  const std::string entry = istio("ServiceEntry", "e", "{hosts: [api.example.com, other.org]}");
  struct Row {
    std::string_view hosts;
    std::string_view rest;   // of the specification
    std::string_view lines;  // from web
  };
  constexpr Row kRows[] = {
      {"./*", "",
       "shop/web[Pod] => 0.0.0.0-255.255.255.255 : All connections\n"
       "shop/web[Pod] => api.example.com : All connections\n"
       "shop/web[Pod] => other.org : All connections\n"
       "shop/web[Pod] => shop/db[Pod] : All connections\n"},
      {"*/*.example.com", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}",
       "shop/web[Pod] => api.example.com : All connections\n"},
      {"bank/ledger.bank.svc.cluster.local", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}",
       "shop/web[Pod] => bank/ledger[Pod] : All connections\n"},
      {"shop/ledger.bank.svc.cluster.local", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}", ""},
      {"~/*", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}", ""},
      {"~/*", "", "shop/web[Pod] => 0.0.0.0-255.255.255.255 : All connections\n"},
      {"*/more.example.com", ", outboundTrafficPolicy: {mode: REGISTRY_ONLY}", ""},
  };
  for (const Row& row : kRows) {
    const std::string sidecar =
        istio("Sidecar", "s",
              "{workloadSelector: {labels: {app: web}}, egress: [{hosts: ['" +
                  std::string(row.hosts) + "']}]" + std::string(row.rest) + "}");
    EXPECT_EQ(tcp_lines(sidecar, "shop/web[Pod] =>", kCluster + entry), row.lines)
        << row.hosts << row.rest;
  }
  // The one with a selector goes before that of the namespace, and that before the mesh's own.
  const auto closed = [](std::string_view name, std::string_view spec, std::string_view where) {
    return istio("Sidecar", name,
                 "{" + std::string(spec) + "outboundTrafficPolicy: {mode: REGISTRY_ONLY}}", where);
  };
  const std::string all = closed("mesh", "egress: [{hosts: ['~/*']}], ", "istio-config") +
                          closed("of-shop", "egress: [{hosts: ['bank/*']}], ", "shop") +
                          closed("of-web",
                                 "workloadSelector: {labels: {app: web}}, egress: [{hosts: "
                                 "['shop/*']}], ",
                                 "shop");
  EXPECT_EQ(tcp_lines(all, "=>").find("0.0.0.0-255.255.255.255 => bank/ledger"), 0U);
  EXPECT_EQ(tcp_lines(all, "] =>"),
            "shop/db[Pod] => bank/ledger[Pod] : All connections\n"
            "shop/web[Pod] => shop/db[Pod] : All connections\n");
}

TEST(Layers, Ingress) {
  const std::string cluster =
      kCluster + pod("ingress-nginx", "edge") + service("ingress-nginx", "edge", "http");
  const std::string ingress =
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: shop}\n"
      "spec: {rules: [{host: a.org, http: {paths: ["
      "{path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}},"
      "{path: /a/b, pathType: Exact, backend: {service: {name: db, port: {number: 80}}}},"
      "{path: /c, pathType: Prefix, backend: {service: {name: none, port: {number: 80}}}}]}}]}\n";
  // Names of ports are the pods' own; the longer path wins; nothing else leaves the controller.
  const std::string map =
      ask(ingress, "connectivityMap: [c], outputConfiguration: {outputFormat: txt}", cluster)
          .output;
  EXPECT_TRUE(
      map.contains("src_ns: [edge] src_pods: [*] dst_ns: [shop] dst_pods: [db] conn: "
                   "{protocols:TCP,dst_ports:5432,hosts:a.org,paths:/a/b}\n"
                   "src_ns: [edge] src_pods: [*] dst_ns: [shop] dst_pods: [web] conn: "
                   "{protocols:TCP,dst_ports:8080,hosts:a.org,paths:(/a(/*)?)-(/a/b)}\n"))
      << map;
  EXPECT_FALSE(map.contains("src_ns: [edge] src_pods: [*] dst: ")) << map;
  // Without a controller the tool adds one.
  EXPECT_TRUE(ask(ingress, "connectivityMap: [c]")
                  .output.contains("src_ns: [ingress-controller-ns] src_pods: [*] dst_ns: [shop]"));
}

TEST(Layers, Gateways) {
  const std::string cluster = kCluster + pod("gw", "edge", ", istio: ingressgateway");
  const std::string gateway =
      istio("Gateway", "g",
            "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: a, protocol: "
            "HTTP}, hosts: ['*']}]}");
  const auto route = [](std::string_view more) {
    return istio("VirtualService", "v",
                 "{hosts: [a.org], " + std::string(more) +
                     ", http: [{match: [{uri: {prefix: /x}, method: {exact: GET}}], route: "
                     "[{destination: {host: web, port: {number: 80}}}]}]}");
  };
  EXPECT_EQ(tcp_lines(gateway + route("gateways: [g]"), "edge/gw[Pod] =>", cluster),
            "edge/gw[Pod] => shop/web[Pod] : "
            "{dst_ports:8080,methods:GET,hosts:a.org,paths:/x(/*)?}\n");
  // Of routes inside of the mesh, or of an unknown gateway, nothing follows.
  EXPECT_EQ(tcp_lines(gateway + route("gateways: [mesh]"), "paths", cluster), "");
  EXPECT_EQ(tcp_lines(gateway + route("gateways: [none]"), "paths", cluster), "");
}

TEST(Layers, QuestionsCountThem) {
  const std::string policies =
      istio("AuthorizationPolicy", "a", "{selector: {matchLabels: {app: db}}, rules: [{}]}") +
      istio("AuthorizationPolicy", "b", "{selector: {matchLabels: {app: db}}, rules: [{}]}") +
      istio("AuthorizationPolicy", "nobody", "{selector: {matchLabels: {app: none}}}");
  struct Row {
    std::string_view query;
    std::int64_t number;
  };
  constexpr Row kRows[] = {
      {"vacuity: [c]", 1},
      {"emptiness: [c]", 1},
      {"disjointness: [c]", 1},
      {"allCaptured: [c]", 2},
      {"equivalence: [c, other]", 0},
      {"strongEquivalence: [c, other]", 1},
      {"redundancy: [c]", 3},
      {"vacuity: [c/shop/nobody]", 1},
      {"emptiness: [c/shop/nobody]", 1},
      {"forbids: [other, c]", 1},
      {"permits: [other, c]", 0},
  };
  for (const Row& row : kRows) {
    const QueryResult result = ask(policies, std::string(row.query));
    EXPECT_EQ(result.error, "") << row.query;
    EXPECT_EQ(result.number, row.number) << row.query << ": " << result.output;
  }
  EXPECT_NE(ask(policies, "vacuity: [c/IstioSidecar/shop/a]").error, "");
  EXPECT_EQ(ask(policies, "vacuity: [c/IstioAuthorizationPolicy/shop/a]").error, "");
}

}  // namespace
}  // namespace tally::reachability::query
