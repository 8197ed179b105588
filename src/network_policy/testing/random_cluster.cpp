#include "network_policy/testing/random_cluster.hpp"

#include <initializer_list>

namespace tally::network_policy::testing {
namespace {

// Choices with the words of a generator.
class Random {
 public:
  explicit Random(const Choose& choose) : choose_(choose) {}
  unsigned below(unsigned count) { return choose_(count); }
  bool one_in(unsigned count) { return below(count) == 0; }
  std::string pick(std::initializer_list<std::string_view> from) {
    return std::string(std::data(from)[below(static_cast<unsigned>(from.size()))]);
  }
  // Up to `count` items, joined.
  template <class Make>
  std::string list(unsigned count, Make&& make) {
    std::string text = "[";
    for (unsigned i = below(count + 1); i > 0; --i) {
      text += (text.size() == 1 ? "" : ", ") + make();
    }
    return text + "]";
  }

 private:
  const Choose& choose_;
};

std::string selector(Random& random) {
  if (random.one_in(4)) {
    return "{}";
  }
  if (random.one_in(2)) {
    return "{matchLabels: {" + random.pick({"a", "b"}) + ": " + random.pick({"x", "z"}) + "}}";
  }
  const std::string op = random.pick({"In", "NotIn", "Exists", "DoesNotExist"});
  const bool has_values = op.ends_with("In");
  return "{matchExpressions: [{key: " + random.pick({"a", "b"}) + ", operator: " + op +
         (has_values ? ", values: [" + random.pick({"x", "z"}) + "]" : "") + "}]}";
}

std::string cidr(Random& random) {
  return random.pick({"0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "10.0.1.0/24", "192.168.0.0/16",
                      "\"::/0\"", "\"fd00::/16\""});
}

std::string peer(Random& random) {
  switch (random.below(4)) {
    case 0:
      return "{podSelector: " + selector(random) + "}";
    case 1:
      return "{namespaceSelector: " + selector(random) + "}";
    case 2:
      return "{namespaceSelector: " + selector(random) + ", podSelector: " + selector(random) + "}";
    default:
      return "{ipBlock: {cidr: " + cidr(random) + "}}";
  }
}

std::string port(Random& random) {
  const std::string protocol = "protocol: " + random.pick({"TCP", "UDP", "SCTP"});
  switch (random.below(4)) {
    case 0:
      return "{" + protocol + "}";
    case 1:
      return "{" + protocol + ", port: " + random.pick({"web", "dns"}) + "}";
    case 2:
      return "{" + protocol + ", port: 10, endPort: " + random.pick({"10", "11", "90"}) + "}";
    default:
      return "{" + protocol + ", port: " + random.pick({"1", "80", "53"}) + "}";
  }
}

std::string network_policy(Random& random, unsigned number) {
  std::string spec = "{podSelector: " + selector(random);
  if (random.one_in(2)) {
    spec += ", policyTypes: " + random.pick({"[Ingress]", "[Egress]", "[Ingress, Egress]"});
  }
  for (const bool is_ingress : {true, false}) {
    if (random.one_in(3)) {
      continue;
    }
    spec += is_ingress ? ", ingress: " : ", egress: ";
    spec += random.list(2, [&] {
      std::string rule = "{";
      if (!random.one_in(3)) {
        rule += (is_ingress ? "from: " : "to: ") + random.list(2, [&] { return peer(random); });
      }
      if (!random.one_in(3)) {
        rule += std::string(rule.size() > 1 ? ", " : "") +
                "ports: " + random.list(2, [&] { return port(random); });
      }
      return rule + "}";
    });
  }
  return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p" +
         std::to_string(number) + ", namespace: " + random.pick({"n1", "n2", "n3"}) +
         "}\nspec: " + spec + "}\n";
}

std::string pods(Random& random) {
  return random.one_in(2) ? "{namespaces: " + selector(random) + "}"
                          : "{pods: {namespaceSelector: " + selector(random) +
                                ", podSelector: " + selector(random) + "}}";
}

std::string cluster_policy(Random& random, unsigned number) {
  std::string spec = "{tier: " + random.pick({"Admin", "Baseline"}) +
                     ", priority: " + std::to_string(random.below(5)) +
                     ", subject: " + pods(random);
  for (const bool is_ingress : {true, false}) {
    spec += is_ingress ? ", ingress: " : ", egress: ";
    spec += random.list(3, [&] {
      std::string to = pods(random);
      if (!is_ingress && random.one_in(3)) {
        to = "{networks: [" + cidr(random) + "]}";
      } else if (random.one_in(12)) {
        to = "{others: {}}";
      } else if (!is_ingress && random.one_in(12)) {
        to = "{domainNames: [example.com]}";
      }
      std::string rule = "{action: " + random.pick({"Accept", "Deny", "Pass"}) +
                         (is_ingress ? ", from: [" : ", to: [") + to + "]";
      if (random.one_in(2)) {
        rule +=
            ", protocols: [" +
            random.pick({"{destinationNamedPort: web}", "{tcp: {destinationPort: {number: 80}}}",
                         "{udp: {destinationPort: {range: {start: 50, end: 60}}}}", "{sctp: {}}"}) +
            "]";
      }
      return rule + "}";
    });
  }
  return "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
         "metadata: {name: c" +
         std::to_string(number) + "}\nspec: " + spec + "}\n";
}

std::string cilium_selector(Random& random) {
  switch (random.below(5)) {
    case 0:
      return "{}";
    case 1:
      return "{matchLabels: {" + random.pick({"a", "k8s:a", "any:b"}) + ": x}}";
    case 2:
      return "{matchLabels: {k8s:io.kubernetes.pod.namespace: " + random.pick({"n1", "n2", "n3"}) +
             "}}";
    case 3:
      return "{matchLabels: {io.cilium.k8s.namespace.labels.a: x}}";
    default:
      return "{matchExpressions: [{key: a, operator: " +
             random.pick({"NotIn, values: [x]", "Exists", "DoesNotExist"}) + "}]}";
  }
}

std::string cilium_peers(Random& random, bool is_ingress) {
  const std::string side = is_ingress ? "from" : "to";
  switch (random.below(6)) {
    case 0:
      return "";
    case 1:
      return side + "CIDRSet: [{cidr: " + random.pick({"10.0.0.0/8", "0.0.0.0/0"}) +
             ", except: [10.0.1.0/24]}]";
    case 2:
      return side + "Entities: [" +
             random.pick({"all", "world", "cluster", "host", "remote-node, world-ipv6"}) + "]";
    case 3:
      return is_ingress ? "fromNodes: [{}]" : "toFQDNs: [{matchName: example.com}]";
    default:
      return side + "Endpoints: " + random.list(2, [&] { return cilium_selector(random); });
  }
}

std::string cilium_policy(Random& random, unsigned number) {
  const bool is_namespaced = !random.one_in(3);
  std::string spec = "{endpointSelector: " + cilium_selector(random);
  for (const std::string_view key : {"ingress", "ingressDeny", "egress", "egressDeny"}) {
    const bool is_ingress = key.starts_with("ingress");
    const bool is_deny = key.ends_with("Deny");
    if (random.one_in(is_deny ? 2 : 3)) {
      continue;
    }
    spec.append(", ").append(key).append(": ");
    spec += random.list(2, [&] {
      std::string peers = cilium_peers(random, is_ingress);
      if (is_deny && peers.starts_with("toFQDNs")) {
        peers = "toEntities: [world]";
      }
      std::string rule = "{" + peers;
      if (random.one_in(2)) {
        rule += std::string(peers.empty() ? "" : ", ") +
                random.pick({"toPorts: [{ports: [{port: \"80\"}]}]",
                             "toPorts: [{ports: [{port: \"10\", endPort: 60, protocol: UDP}]}]",
                             "toPorts: [{ports: [{port: web, protocol: TCP}, {port: \"0\", "
                             "protocol: SCTP}]}]",
                             "icmps: [{fields: [{type: 0}]}]"});
      }
      return rule + "}";
    });
  }
  if (random.one_in(3)) {
    spec += ", enableDefaultDeny: {ingress: " + random.pick({"true", "false"}) + "}";
  }
  return "---\napiVersion: cilium.io/v2\nkind: Cilium" +
         std::string(is_namespaced ? "" : "Clusterwide") + "NetworkPolicy\nmetadata: {name: k" +
         std::to_string(number) +
         (is_namespaced ? ", namespace: " + random.pick({"n1", "n2", "n3"}) : "") +
         "}\nspec: " + spec + "}\n";
}

std::string calico_selector(Random& random) {
  return random.pick({"all()", "a == 'x'", "a != 'x'", "has(b)", "!has(a)", "a in {'x', 'z'}",
                      "a == 'x' || b == 'z'", "!(a == 'x' && has(b))", "kind == 'set'"});
}

std::string calico_entity(Random& random) {
  std::string entity = "{";
  const auto add = [&](std::string_view key, const std::string& value) {
    entity.append(entity.size() == 1 ? "" : ", ").append(key).append(": ").append(value);
  };
  for (const std::string_view key : {"selector", "notSelector"}) {
    if (random.one_in(3)) {
      add(key, "\"" + calico_selector(random) + "\"");
    }
  }
  if (random.one_in(4)) {
    add("namespaceSelector",
        "\"" + random.pick({"all()", "global()", "a == 'x'", "!has(b)"}) + "\"");
  }
  for (const std::string_view key : {"nets", "notNets"}) {
    if (random.one_in(5)) {
      add(key,
          "[" + random.pick({"10.0.0.0/8", "10.0.1.0/24", "0.0.0.0/0", "192.168.0.0/16"}) + "]");
    }
  }
  return entity;  // without its closing brace
}

std::string calico_policy(Random& random, unsigned number) {
  const bool is_namespaced = random.one_in(2);
  const std::string tier = random.pick({"default", "early", "late"});
  std::string spec = "{tier: " + tier + ", selector: \"" + calico_selector(random) + "\"";
  if (!random.one_in(4)) {
    spec += ", order: " + std::to_string(random.below(4) * 500);
  }
  for (const bool is_ingress : {true, false}) {
    spec += is_ingress ? ", ingress: " : ", egress: ";
    spec += random.list(3, [&] {
      std::string rule = "{action: " + random.pick({"Allow", "Deny", "Pass", "Log"});
      std::string ports;
      if (random.one_in(2)) {
        rule += ", protocol: " + random.pick({"TCP", "UDP"});
        ports = random.pick({"ports: [80, web]", "ports: ['10:60']", "notPorts: [web, 53]"});
      } else if (random.one_in(4)) {
        rule += random.pick({", notProtocol: TCP", ", protocol: ICMP", ", ipVersion: 4"});
      }
      const bool has_source_ports = !ports.empty() && random.one_in(6);
      for (const std::string_view side : {"source", "destination"}) {
        std::string entity = calico_entity(random);
        if (!ports.empty() && (side == "source") == has_source_ports) {
          entity += (entity.size() == 1 ? "" : ", ") + ports;
        }
        rule.append(", ").append(side).append(": ").append(entity).append("}");
      }
      return rule + "}";
    });
  }
  return "---\napiVersion: projectcalico.org/v3\nkind: " +
         std::string(is_namespaced ? "NetworkPolicy" : "GlobalNetworkPolicy") +
         "\nmetadata: {name: k" + std::to_string(number) +
         (is_namespaced ? ", namespace: " + random.pick({"n1", "n2", "n3"}) : "") +
         "}\nspec: " + spec + "}\n";
}

std::string calico_policies(Random& random) {
  std::string text =
      "---\napiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: early}\n"
      "spec: {order: 5, defaultAction: Pass}\n"
      "---\napiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: late}\nspec: {}\n"
      "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\n"
      "metadata: {name: s, labels: {kind: set}}\nspec: {nets: [10.0.2.0/24, 192.168.0.0/24]}\n"
      "---\napiVersion: projectcalico.org/v3\nkind: NetworkSet\n"
      "metadata: {name: s, namespace: n1, labels: {a: x}}\nspec: {nets: [10.0.3.1, 8.0.0.0/8]}\n";
  for (unsigned i = random.below(4); i > 0; --i) {
    text += calico_policy(random, i);
  }
  return text;
}

}  // namespace

std::string random_cluster(const Choose& choose) {
  Random random(choose);
  std::string text =
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: n1, labels: {a: x}}\n---\n"
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: n2, labels: {b: z}}\n";
  for (unsigned i = 0; i < 5; ++i) {
    text += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: q" + std::to_string(i) +
            ", namespace: " + random.pick({"n1", "n2", "n3"}) + ", labels: {" +
            random.pick({"a: x", "a: z", "b: x", "a: x, b: z"}) + "}}\nspec:\n" +
            (random.one_in(6) ? "  hostNetwork: true\n" : "") +
            "  containers: [{name: c, ports: [{name: web, containerPort: " +
            random.pick({"80", "8080"}) + "}, {name: dns, protocol: UDP, containerPort: 53}]}]\n" +
            (random.one_in(2)
                 ? "status: {podIP: 10.0." + std::to_string(i) + ".1, hostIP: 192.168.0.1}\n"
                 : "");
  }
  for (unsigned i = random.below(4); i > 0; --i) {
    text += network_policy(random, i);
  }
  for (unsigned i = random.below(4); i > 0; --i) {
    text += cluster_policy(random, i);
  }
  for (unsigned i = random.one_in(2) ? random.below(4) : 0; i > 0; --i) {
    text += cilium_policy(random, i);
  }
  if (random.one_in(3)) {
    text += calico_policies(random);
  }
  return text;
}

}  // namespace tally::network_policy::testing
