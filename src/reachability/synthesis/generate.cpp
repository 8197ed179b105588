#include "reachability/synthesis/generate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "document/yaml_writer.hpp"
#include "kube/object.hpp"
#include "reachability/synthesis/node_maker.hpp"
#include "reachability/synthesis/pod_labels.hpp"

namespace tally::reachability {
namespace {

using document::Node;
using scalar::Protocol;

constexpr std::size_t kReasonsMax = 5;  // in an annotation
constexpr std::size_t kBlocksMax = 32;  // of one rule
constexpr std::uint16_t kDnsPort = 53;

using Port = std::pair<Protocol, std::uint16_t>;

// One rule of a policy before it is written: the other side, its ports, and why.
struct Draft {
  LinkEnd peer;
  std::set<Port> ports;
  Reasons reasons;
};

class Writer {
 public:
  Writer(const topology::Topology& topology, const Links& links, const GenerateOptions& options)
      : topology_(topology),
        links_(links),
        options_(options),
        make_(arena_),
        of_unit_(links.units.size()),
        pods_(links.units.size()) {
    for (const auto& entry : links.links) {
      if (entry.first.source.kind == LinkEnd::Kind::Unit) {
        of_unit_[entry.first.source.unit].egress.push_back(&entry);
      }
      if (entry.first.destination.kind == LinkEnd::Kind::Unit) {
        of_unit_[entry.first.destination.unit].ingress.push_back(&entry);
      }
    }
  }

  Generated write() {
    for (std::uint32_t i = 0; i < topology_.namespaces().size(); ++i) {
      const std::string_view name = topology_.namespaces()[i].name;
      if (is_system_namespace(name)) {
        generated_.notes.push_back(
            fmt::format("namespace {} is the cluster's own: no policy was made for it", name));
        continue;
      }
      if (options_.default_deny) {
        write_default_deny(name);
      }
      if (options_.least_privilege) {
        write_units(i);
      }
    }
    return std::move(generated_);
  }

 private:
  [[nodiscard]] std::string_view name_space_of(const Unit& unit) const {
    return topology_.namespaces()[unit.name_space].name;
  }

  void add(std::string_view name_space, std::string_view name, const NodeMaker::Members& notes,
           const Node& spec) {
    NodeMaker::Members metadata{{"name", make_.text(name)}, {"namespace", make_.text(name_space)}};
    if (!notes.empty()) {
      metadata.emplace_back("annotations", make_.map(notes));
    }
    const Node object = make_.map({{"apiVersion", make_.text("networking.k8s.io/v1")},
                                   {"kind", make_.text("NetworkPolicy")},
                                   {"metadata", make_.map(metadata)},
                                   {"spec", spec}});
    GeneratedPolicy policy{
        .name_space = std::string(name_space), .name = std::string(name), .yaml = {}};
    document::append_yaml(policy.yaml, object, document::KeyOrder::Source);
    generated_.policies.push_back(std::move(policy));
  }

  Node port_node(const Port& port) const {
    return make_.map({{"protocol", make_.text(scalar::protocol_name(port.first))},
                      {"port", make_.number(port.second)}});
  }

  Node both_types() const { return make_.list({make_.text("Ingress"), make_.text("Egress")}); }

  // The pods behind the cluster's DNS Service listen on the same port (kubeadm, and every
  // distribution that keeps the label k8s-app=kube-dns).
  Node dns_rule() const {
    const Node peer = make_.map(
        {{"namespaceSelector",
          make_.map({{"matchLabels",
                      make_.map({{"kubernetes.io/metadata.name", make_.text("kube-system")}})}})},
         {"podSelector",
          make_.map({{"matchLabels", make_.map({{"k8s-app", make_.text("kube-dns")}})}})}});
    return make_.map({{"to", make_.list({peer})},
                      {"ports", make_.list({port_node({Protocol::Udp, kDnsPort}),
                                            port_node({Protocol::Tcp, kDnsPort})})}});
  }

  void write_default_deny(std::string_view name_space) {
    add(name_space, "default-deny", {},
        make_.map({{"podSelector", make_.map({})},
                   {"policyTypes", both_types()},
                   {"egress", make_.list({dns_rule()})}}));
  }

  void write_units(std::uint32_t name_space) {
    std::set<std::string> names{"default-deny"};
    for (std::uint32_t i = 0; i < links_.units.size(); ++i) {
      const Unit& unit = links_.units[i];
      if (unit.name_space != name_space) {
        continue;
      }
      if (unit.is_on_host_network) {
        generated_.notes.push_back(
            fmt::format("{}/{} is on its node's network: no policy governs it", name_space_of(unit),
                        unit.name));
        continue;
      }
      std::string name(unit.name);
      if (!names.insert(name).second) {
        std::string kind(unit.kind);
        std::ranges::transform(kind, kind.begin(), [](unsigned char c) {
          return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        });
        name += "-" + kind;
        names.insert(name);
      }
      write_unit(i, name);
    }
  }

  void write_unit(std::uint32_t unit, const std::string& name) {
    const Unit& own = links_.units[unit];
    const std::vector<Draft> ingress = drafts(unit, true);
    const std::vector<Draft> egress = drafts(unit, false);
    if (ingress.empty() && egress.empty() && options_.default_deny) {
      return;  // the default deny says it
    }
    const PodLabels& subject = pods_of(unit);
    for (const std::uint32_t other : subject.also) {
      generated_.notes.push_back(
          fmt::format("{}/{}: no labels tell its pods from those of {}; its policy governs both",
                      name_space_of(own), own.name, links_.units[other].name));
    }
    NodeMaker::Members spec{{"podSelector", selector(subject)}, {"policyTypes", both_types()}};
    NodeMaker::Members notes;
    std::vector<Node> rules;
    for (const Draft& draft : ingress) {
      add_rule(own, draft, true, rules, notes);
    }
    if (!rules.empty()) {
      spec.emplace_back("ingress", make_.list(rules));
    }
    rules.clear();
    for (const Draft& draft : egress) {
      add_rule(own, draft, false, rules, notes);
    }
    if (!options_.default_deny && !egress.empty()) {
      rules.push_back(dns_rule());
    }
    if (!rules.empty()) {
      spec.emplace_back("egress", make_.list(rules));
    }
    add_remarks(own, notes);
    add(name_space_of(own), name, notes, make_.map(spec));
  }

  const PodLabels& pods_of(std::uint32_t unit) {
    if (!pods_[unit]) {
      pods_[unit] = select_pods(topology_, links_, unit);
    }
    return *pods_[unit];
  }

  Node selector(const PodLabels& pods) const {
    if (pods.labels.empty()) {
      return make_.map({});
    }
    NodeMaker::Members labels;
    for (const auto& [key, value] : pods.labels) {
      labels.emplace_back(key, make_.text(value));
    }
    return make_.map({{"matchLabels", make_.map(labels)}});
  }

  // Everything that one other side needs is one rule; addresses with the same ports are one side.
  [[nodiscard]] std::vector<Draft> drafts(std::uint32_t unit, bool is_ingress) const {
    std::map<LinkEnd, Draft> by_peer;
    std::map<Port, Draft> blocks;
    for (const auto* entry : is_ingress ? of_unit_[unit].ingress : of_unit_[unit].egress) {
      const auto& [link, reasons] = *entry;
      const LinkEnd& peer = is_ingress ? link.source : link.destination;
      const Port port(link.protocol, link.port);
      const bool is_block = peer.kind == LinkEnd::Kind::Block;
      Draft& draft = is_block ? blocks[port] : by_peer[peer];
      draft.peer.kind = peer.kind;
      draft.peer.unit = peer.unit;
      draft.peer.block = draft.peer.block.unite(peer.block);
      draft.ports.insert(port);
      draft.reasons.insert(draft.reasons.end(), reasons.begin(), reasons.end());
    }
    std::map<scalar::AddressSet, Draft> by_block;
    for (auto& [port, draft] : blocks) {
      Draft& merged = by_block[draft.peer.block];
      merged.peer = draft.peer;
      merged.ports.insert(port);
      merged.reasons.insert(merged.reasons.end(), draft.reasons.begin(), draft.reasons.end());
    }
    std::vector<Draft> result;
    for (auto& [peer, draft] : by_peer) {
      result.push_back(std::move(draft));
    }
    for (auto& [block, draft] : by_block) {
      result.push_back(std::move(draft));
    }
    return result;
  }

  void add_rule(const Unit& own, const Draft& draft, bool is_ingress, std::vector<Node>& rules,
                NodeMaker::Members& notes) {
    std::vector<Node> ports;
    for (const Port& port : draft.ports) {
      ports.push_back(port_node(port));
    }
    NodeMaker::Members rule;
    const auto peers = peers_of(own, draft);
    if (!peers) {
      return;
    }
    if (!peers->empty()) {
      rule.emplace_back(is_ingress ? "from" : "to", make_.list(*peers));
    }
    rule.emplace_back("ports", make_.list(ports));
    std::string why;
    for (std::size_t i = 0; i < std::min(draft.reasons.size(), kReasonsMax); ++i) {
      why.append(i == 0 ? "" : "; ").append(draft.reasons[i]);
    }
    if (draft.reasons.size() > kReasonsMax) {
      why += fmt::format("; and {} more", draft.reasons.size() - kReasonsMax);
    }
    const std::string key = fmt::format("tallystick.dev/evidence.{}-{}",
                                        is_ingress ? "ingress" : "egress", rules.size());
    notes.emplace_back(arena_.copy(key), make_.text(why));
    rules.push_back(make_.map(rule));
  }

  // Nothing: no policy can name that side. An empty list: everybody.
  std::optional<std::vector<Node>> peers_of(const Unit& own, const Draft& draft) {
    switch (draft.peer.kind) {
      case LinkEnd::Kind::Anybody:
        return std::vector<Node>{};
      case LinkEnd::Kind::AnyPod:
        generated_.notes.push_back(fmt::format(
            "{}/{}: every namespace may come in where the ingress controller does; name its "
            "namespace to close it further",
            name_space_of(own), own.name));
        return std::vector{make_.map({{"namespaceSelector", make_.map({})}})};
      case LinkEnd::Kind::Block:
        return blocks_of(own, draft.peer.block);
      case LinkEnd::Kind::Unit:
        break;
    }
    const Unit& other = links_.units[draft.peer.unit];
    if (other.is_on_host_network) {
      generated_.notes.push_back(
          fmt::format("{}/{} talks to {}/{}, which is on its node's network: allow the nodes' "
                      "addresses with an ipBlock",
                      name_space_of(own), own.name, name_space_of(other), other.name));
      return std::nullopt;
    }
    const PodLabels& pods = pods_of(draft.peer.unit);
    NodeMaker::Members peer;
    if (other.name_space != own.name_space) {
      peer.emplace_back(
          "namespaceSelector",
          make_.map({{"matchLabels", make_.map({{"kubernetes.io/metadata.name",
                                                 make_.text(name_space_of(other))}})}}));
    }
    peer.emplace_back("podSelector", selector(pods));
    return std::vector{make_.map(peer)};
  }

  std::vector<Node> blocks_of(const Unit& own, const scalar::AddressSet& addresses) {
    std::vector<Node> blocks;
    const auto add_block = [&](std::string_view cidr) {
      blocks.push_back(make_.map({{"ipBlock", make_.map({{"cidr", make_.text(cidr)}})}}));
    };
    const auto cidrs = addresses.cidrs();
    if (cidrs.size() <= kBlocksMax) {
      for (const scalar::Cidr& cidr : cidrs) {
        add_block(cidr.to_string());
      }
      return blocks;
    }
    generated_.notes.push_back(fmt::format(
        "{}/{}: {} outside addresses were seen; the rule allows every address, narrow it",
        name_space_of(own), own.name, cidrs.size()));
    if (!addresses.v4().is_empty()) {
      const Node except = make_.list({make_.text("169.254.0.0/16")});  // cloud metadata
      blocks.push_back(make_.map(
          {{"ipBlock", make_.map({{"cidr", make_.text("0.0.0.0/0")}, {"except", except}})}}));
    }
    if (!addresses.v6().is_empty()) {
      add_block("::/0");
    }
    return blocks;
  }

  // What no link says, but a reader should know.
  void add_remarks(const Unit& unit, NodeMaker::Members& notes) {
    const topology::Endpoint& endpoint = topology_.endpoints()[unit.endpoints.front()];
    const auto pod = kube::pod_template(*endpoint.object);
    if (!pod) {
      return;
    }
    std::set<std::string> probes;
    const Node* containers = pod->spec->find("containers");
    for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
      for (const std::string_view kind : {"startupProbe", "readinessProbe", "livenessProbe"}) {
        const Node* probe = containers->items()[i].find(kind);
        for (const std::string_view how : {"httpGet", "tcpSocket", "grpc"}) {
          const Node* action = probe == nullptr ? nullptr : probe->find(how);
          const Node* port = action == nullptr ? nullptr : action->find("port");
          if (port != nullptr) {
            probes.emplace(port->text());
          }
        }
      }
    }
    if (!probes.empty()) {
      std::string text = "the kubelet probes port ";
      for (const std::string& port : probes) {
        text.append(port == *probes.begin() ? "" : ", ").append(port);
      }
      notes.emplace_back("tallystick.dev/probes",
                         make_.text(text + "; a pod's own node is always let in"));
    }
    const Node* mounts = pod->spec->find("automountServiceAccountToken");
    const bool has_token = mounts == nullptr || mounts->boolean();
    if (has_token && endpoint.service_account != "default") {
      notes.emplace_back(
          "tallystick.dev/api-server",
          make_.text(fmt::format("the pods have a token of service account {}: if they call the "
                                 "API server, allow egress to its address",
                                 endpoint.service_account)));
    }
  }

  const topology::Topology& topology_;
  const Links& links_;
  const GenerateOptions& options_;
  Arena arena_;
  NodeMaker make_;
  using Entry = std::pair<const Link, Reasons>;
  struct OfUnit {
    std::vector<const Entry*> ingress;
    std::vector<const Entry*> egress;
  };
  std::vector<OfUnit> of_unit_;
  std::vector<std::optional<PodLabels>> pods_;
  Generated generated_;
};

}  // namespace

bool is_system_namespace(std::string_view name) noexcept {
  return name == "kube-system" || name == "kube-public" || name == "kube-node-lease";
}

std::string Generated::to_yaml() const {
  std::string out;
  for (const GeneratedPolicy& policy : policies) {
    out.append(out.empty() ? "" : "---\n").append(policy.yaml);
  }
  return out;
}

Generated generate_policies(const topology::Topology& topology, const Links& links,
                            const GenerateOptions& options) {
  return Writer(topology, links, options).write();
}

}  // namespace tally::reachability
