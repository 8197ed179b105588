// Flows of Hubble (cilium/cilium 1.19 api/v1/flow/flow.proto, as protojson writes them).
#include "flow/internal/formats.hpp"

namespace tally::flow {
namespace {

using document::Node;
using scalar::Protocol;

std::optional<Role> role_of(std::string_view label) {
  constexpr std::string_view kReserved = "reserved:";
  return label.starts_with(kReserved) ? parse_role(label.substr(kReserved.size())) : std::nullopt;
}

// Labels carry their source: "k8s:app=web". Those that Cilium makes of the namespace and the like
// are no labels of the pod.
void read_labels(const Node& labels, Party& party) {
  for (const Node& item : labels.items()) {
    std::string_view label = item.text();
    if (const auto role = role_of(label)) {
      party.role = *role;
      continue;
    }
    constexpr std::string_view kKubernetes = "k8s:";
    if (!label.starts_with(kKubernetes)) {
      continue;
    }
    label.remove_prefix(kKubernetes.size());
    if (label.starts_with("io.cilium.k8s.") || label.starts_with("io.kubernetes.pod.")) {
      continue;
    }
    const std::size_t equals = label.find('=');
    party.labels.emplace_back(label.substr(0, equals), equals == std::string_view::npos
                                                           ? std::string_view{}
                                                           : label.substr(equals + 1));
  }
}

Party read_party(const Node* endpoint, std::string_view address) {
  Party party;
  if (const auto read = scalar::IpAddress::parse(address)) {
    party.address = *read;
  }
  if (endpoint == nullptr) {
    return party;
  }
  party.name_space = text_at(*endpoint, "namespace");
  party.pod = text_at(*endpoint, "pod_name");
  if (const Node* workloads = endpoint->find("workloads");
      workloads != nullptr && workloads->size() > 0) {
    party.workload = text_at(workloads->items().front(), "name");
    party.workload_kind = text_at(workloads->items().front(), "kind");
  }
  if (const Node* labels = endpoint->find("labels"); labels != nullptr) {
    read_labels(*labels, party);
  }
  if (!party.pod.empty()) {
    party.role = Role::Pod;
  }
  return party;
}

Result<void> read_layer4(const Node& layer4, Flow& flow) {
  struct Known {
    std::string_view key;
    Protocol protocol;
  };
  constexpr Known kKnown[] = {{"TCP", Protocol::Tcp},
                              {"UDP", Protocol::Udp},
                              {"SCTP", Protocol::Sctp},
                              {"ICMPv4", Protocol::Icmp},
                              {"ICMPv6", Protocol::Icmp6}};
  for (const Known& known : kKnown) {
    const Node* node = layer4.find(known.key);
    if (node == nullptr) {
      continue;
    }
    flow.protocol = known.protocol;
    if (known.protocol == Protocol::Icmp || known.protocol == Protocol::Icmp6) {
      // protojson leaves zeros out.
      const auto type = number_of(node->find("type"), 255).value_or(0);
      const auto code = number_of(node->find("code"), 255).value_or(0);
      flow.port = static_cast<std::uint16_t>(type * 256 + code);
      return {};
    }
    const auto port = number_of(node->find("destination_port"), scalar::kPortMax);
    if (!port || *port == 0) {
      return content_error("the flow has no destination_port from 1 to 65535");
    }
    flow.port = static_cast<std::uint16_t>(*port);
    return {};
  }
  return content_error("the flow has no TCP, UDP, SCTP, ICMPv4 or ICMPv6 part");
}

Verdict verdict_of(std::string_view text) {
  // AUDIT: it would have been dropped if the endpoint did not only audit.
  if (text == "DROPPED" || text == "AUDIT") {
    return Verdict::Denied;
  }
  return text == "FORWARDED" || text == "REDIRECTED" || text == "TRANSLATED" ? Verdict::Forwarded
                                                                             : Verdict::Unknown;
}

}  // namespace

Line read_hubble(const Node& root) {
  const Node* inner = root.find("flow");
  const Node& node = inner == nullptr ? root : *inner;
  const Node* layer4 = node.find("l4");
  const Node* is_reply = node.find("is_reply");
  if (layer4 == nullptr || (is_reply != nullptr && is_reply->boolean())) {
    return std::optional<Flow>();
  }
  Flow flow;
  TALLY_CHECK(read_layer4(*layer4, flow));
  const Node* addresses = node.find("IP");
  flow.source =
      read_party(node.find("source"), addresses == nullptr ? "" : text_at(*addresses, "source"));
  flow.destination = read_party(node.find("destination"),
                                addresses == nullptr ? "" : text_at(*addresses, "destination"));
  flow.time = time_of(node.find("time"));
  flow.verdict = verdict_of(text_at(node, "verdict"));
  return std::optional<Flow>(std::move(flow));
}

}  // namespace tally::flow
