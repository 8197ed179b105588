#pragma once
// For tests: a small cluster, objects of one line each, and entries as text of one line each.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/testing/manifests.hpp"
#include "reachability/entries/entries.hpp"

namespace tally::reachability::testing {

inline constexpr std::string_view kCluster = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: front}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank, labels: {team: money}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, version: v1}}
spec: {containers: [{name: a, image: a, ports: [{name: http, containerPort: 8080}, {name: admin, containerPort: 9090}]}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ledger, namespace: bank, labels: {app: ledger}}
spec: {containers: [{name: a, image: a, ports: [{containerPort: 7000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}, {name: admin, port: 90, targetPort: 9090}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank}
spec: {selector: {app: ledger}, ports: [{port: 70, targetPort: 7000}]}
)";

// "Ingress shop/front {...}" makes spec of what stands in the braces; "@{...}" before it makes
// annotations, "#{...}" labels, "+{...}" members beside spec. A namespace "-" is none.
inline std::string objects(std::string_view lines) {
  struct Kind {
    std::string_view kind;
    std::string_view version;
  };
  static constexpr Kind kKinds[] = {
      {"Service", "v1"},
      {"Pod", "v1"},
      {"Node", "v1"},
      {"Namespace", "v1"},
      {"Endpoints", "v1"},
      {"EndpointSlice", "discovery.k8s.io/v1"},
      {"Ingress", "networking.k8s.io/v1"},
      {"IngressClass", "networking.k8s.io/v1"},
      {"NetworkPolicy", "networking.k8s.io/v1"},
      {"Route", "route.openshift.io/v1"},
      {"GatewayClass", "gateway.networking.k8s.io/v1"},
      {"Gateway", "gateway.networking.k8s.io/v1"},
      {"HTTPRoute", "gateway.networking.k8s.io/v1"},
      {"GRPCRoute", "gateway.networking.k8s.io/v1"},
      {"TLSRoute", "gateway.networking.k8s.io/v1alpha2"},
      {"TCPRoute", "gateway.networking.k8s.io/v1alpha2"},
      {"UDPRoute", "gateway.networking.k8s.io/v1alpha2"},
      {"ReferenceGrant", "gateway.networking.k8s.io/v1beta1"},
      {"BackendTLSPolicy", "gateway.networking.k8s.io/v1"},
      {"VirtualService", "networking.istio.io/v1"},
      {"DestinationRule", "networking.istio.io/v1"},
      {"ServiceEntry", "networking.istio.io/v1"},
      {"IstioGateway", "networking.istio.io/v1"},
      {"CiliumNetworkPolicy", "cilium.io/v2"},
  };
  std::string text;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
    if (line.empty()) {
      continue;
    }
    const auto word = [&line] {
      const std::size_t space = line.find(' ');
      const std::string_view first = line.substr(0, space);
      line.remove_prefix(std::min(line.size(), space + 1));
      return first;
    };
    // A map in braces, quotes aside.
    const auto map = [&line](char sign) {
      std::string_view found = "{}";
      if (line.starts_with(sign)) {
        int depth = 0;
        std::size_t i = 1;
        do {
          depth += line[i] == '{' ? 1 : line[i] == '}' ? -1 : 0;
          ++i;
        } while (depth > 0 && i < line.size());
        found = line.substr(1, i - 1);
        line.remove_prefix(std::min(line.size(), i + 1));
      }
      return std::string(found);
    };
    const std::string_view kind = word();
    const std::string_view name = word();
    const std::string annotations = map('@');
    const std::string labels = map('#');
    std::string others = map('+');
    const std::size_t slash = name.find('/');
    std::string_view version;
    for (const Kind& known : kKinds) {
      version = known.kind == kind ? known.version : version;
    }
    EXPECT_FALSE(version.empty()) << kind;
    text.append("---\n{apiVersion: ").append(version).append(", kind: ");
    text.append(kind == "IstioGateway" ? "Gateway" : kind).append(", metadata: {name: ");
    text.append(slash == std::string_view::npos ? name : name.substr(slash + 1));
    if (slash != std::string_view::npos) {
      text.append(", namespace: ").append(name.substr(0, slash));
    }
    text.append(", annotations: ").append(annotations).append(", labels: ").append(labels);
    text.append("}, ").append(others.substr(1, others.size() - 2));
    text.append(others == "{}" ? "" : ", ").append("spec: ").append(line.empty() ? "{}" : line);
    text.append("}\n");
  }
  return text;
}

class Input {
 public:
  explicit Input(const std::string& yaml)
      : manifests_(yaml),
        world_(std::make_unique<World>(*manifests_.snapshot(), network_policy::LoadOptions{})),
        list_(list_entries(*manifests_.snapshot(), *world_)) {}

  [[nodiscard]] const kube::Snapshot& snapshot() const { return *manifests_.snapshot(); }
  [[nodiscard]] const World& world() const { return *world_; }
  [[nodiscard]] const EntryList& list() const { return list_; }

  // "Ingress front (a.example, Prefix /) on TCP 80 to shop/web:80 [terminate] = shop/web TCP 8080
  // allowed", without what is empty; "! ServiceAbsent /spec/rules/0".
  [[nodiscard]] std::string to_string() const {
    std::string text;
    for (const Entry& entry : list_.entries) {
      text.append(text.empty() ? "" : "\n").append(to_words(entry));
      text.append(entry.tls == EntryTls::None ? "" : " [" + std::string(to_text(entry.tls)) + "]");
      text.append(entry.is_internal() ? " internal" : "");
      for (const EntryBackend& backend : entry.backends) {
        const Workload& workload = world_->workloads()[backend.workload];
        text.append(" = ").append(workload.name_space).append("/").append(workload.name);
        text.append(" ").append(backend.ports.to_string()).append(" ");
        text.append(network_policy::to_text(backend.reach()));
        if (backend.clients != scalar::AddressSet::all() &&
            backend.reach() != network_policy::Verdict::Denied) {
          text.append(" from ").append(to_words(backend.clients));
        }
      }
    }
    for (const EntryProblem& problem : list_.problems) {
      text.append(text.empty() ? "! " : "\n! ").append(name_of(problem.kind));
      text.append(" ").append(problem.object->ref.name).append(" ").append(problem.pointer);
    }
    return text;
  }

 private:
  static std::string_view name_of(EntryProblem::Kind kind) {
    switch (kind) {
      case EntryProblem::Kind::Invalid:
        return "Invalid";
      case EntryProblem::Kind::ServiceAbsent:
        return "ServiceAbsent";
      case EntryProblem::Kind::PortAbsent:
        return "PortAbsent";
      case EntryProblem::Kind::NamedPortAbsent:
        return "NamedPortAbsent";
      case EntryProblem::Kind::NotFollowed:
        return "NotFollowed";
      case EntryProblem::Kind::NotGranted:
        return "NotGranted";
      case EntryProblem::Kind::NamespaceNotAllowed:
        return "NamespaceNotAllowed";
      case EntryProblem::Kind::KindNotAllowed:
        return "KindNotAllowed";
      case EntryProblem::Kind::HostMismatch:
        return "HostMismatch";
      case EntryProblem::Kind::ParentAbsent:
        return "ParentAbsent";
      case EntryProblem::Kind::NoPods:
        return "NoPods";
      case EntryProblem::Kind::GatewaySelectsNothing:
        return "GatewaySelectsNothing";
      case EntryProblem::Kind::TooMany:
        return "TooMany";
    }
    return {};
  }

  kube::testing::Manifests manifests_;
  std::unique_ptr<World> world_;
  EntryList list_;
};

struct Row {
  std::string_view what;
  std::string_view lines;
  std::string_view expected;
};

inline void expect_entries(const Row& row) {
  const Input input(std::string(kCluster) + objects(row.lines));
  EXPECT_EQ(input.to_string(), row.expected) << row.what << "\n" << row.lines;
}

}  // namespace tally::reachability::testing
