// Flow logs of Calico: one object a line, with the names of Calico Enterprise's files
// (docs.tigera.io/calico-enterprise/latest/observability/elastic/flow/datatypes) or those of
// Goldmane (projectcalico/calico 3.30 goldmane/proto/api.proto).
#include <algorithm>

#include "base/text.hpp"
#include "flow/internal/formats.hpp"

namespace tally::flow {
namespace {

using document::Node;

// The first key that is there.
std::string_view first_of(const Node& root, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const std::string_view text = text_at(root, key);
    if (!text.empty() && text != "-") {
      return text;
    }
  }
  return {};
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

void add_label(std::string_view text, Party& party) {
  text = trim(text);
  const std::size_t equals = text.find('=');
  if (!text.empty()) {
    party.labels.emplace_back(text.substr(0, equals), equals == std::string_view::npos
                                                          ? std::string_view{}
                                                          : text.substr(equals + 1));
  }
}

// {"labels": ["a=b"]}, ["a=b"], or "a=b | c=d".
void read_labels(const Node* labels, Party& party) {
  if (labels == nullptr) {
    return;
  }
  const Node* list = labels->is_object() ? labels->find("labels") : labels;
  if (list == nullptr) {
    return;
  }
  for (const Node& item : list->items()) {
    add_label(item.text(), party);
  }
  std::string_view text = list->text();
  while (!text.empty()) {
    const std::size_t bar = text.find('|');
    add_label(text.substr(0, bar), party);
    text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
  }
}

// wep: a pod; hep: a host; ns: a network set; net: whoever else.
Role role_of(std::string_view type) {
  return type == "wep" || type == "workloadendpoint" ? Role::Pod
         : type == "hep" || type == "hostendpoint"   ? Role::RemoteNode
         : type == "net" || type == "network" || type == "ns" || type == "networkset"
             ? Role::World
             : Role::Unknown;
}

Party read_party(const Node& root, bool is_source) {
  Party party;
  party.name_space = is_source ? first_of(root, {"source_namespace", "sourceNamespace"})
                               : first_of(root, {"dest_namespace", "destNamespace"});
  party.pod = is_source ? first_of(root, {"source_name", "source_name_aggr", "sourceName"})
                        : first_of(root, {"dest_name", "dest_name_aggr", "destName"});
  party.role = role_of(lower(is_source ? first_of(root, {"source_type", "sourceType"})
                                       : first_of(root, {"dest_type", "destType"})));
  const auto address =
      scalar::IpAddress::parse(is_source ? first_of(root, {"source_ip", "sourceIP"})
                                         : first_of(root, {"dest_ip", "destIP"}));
  if (address) {
    party.address = *address;
  }
  read_labels(root.find(is_source ? "source_labels" : "dest_labels"), party);
  read_labels(root.find(is_source ? "sourceLabels" : "destLabels"), party);
  // "pub" and "pvt" are no names of pods.
  if (party.role == Role::World) {
    party.pod = {};
    party.name_space = {};
  }
  return party;
}

}  // namespace

Line read_calico(const Node& root) {
  const std::string_view protocol_text = first_of(root, {"proto", "protocol"});
  if (protocol_text.empty() && root.find("action") == nullptr) {
    return content_error(
        "found neither a flow of Hubble nor one of Calico nor a line of an access log");
  }
  Flow flow;
  const auto number = parse_number(protocol_text, 255);
  const auto protocol = number && *number == 6     ? std::optional(scalar::Protocol::Tcp)
                        : number && *number == 17  ? std::optional(scalar::Protocol::Udp)
                        : number && *number == 132 ? std::optional(scalar::Protocol::Sctp)
                                                   : scalar::parse_protocol(protocol_text);
  if (!protocol) {
    return content_error("found the protocol \"" + excerpt(protocol_text) +
                         "\", expected tcp, udp, sctp or icmp");
  }
  flow.protocol = *protocol;
  const bool has_ports =
      *protocol != scalar::Protocol::Icmp && *protocol != scalar::Protocol::Icmp6;
  const Node* port_node = root.find("dest_port");
  const auto port =
      number_of(port_node == nullptr ? root.find("destPort") : port_node, scalar::kPortMax);
  if (has_ports && (!port || *port == 0)) {
    return content_error("the flow has no destination port from 1 to 65535");
  }
  flow.port = has_ports ? static_cast<std::uint16_t>(*port) : std::uint16_t{8 * 256};
  flow.source = read_party(root, true);
  flow.destination = read_party(root, false);
  const std::string action = lower(first_of(root, {"action"}));
  flow.verdict = action == "allow"  ? Verdict::Forwarded
                 : action == "deny" ? Verdict::Denied
                                    : Verdict::Unknown;
  const Node* time = root.find("end_time");
  flow.time = time_of(time == nullptr ? root.find("endTime") : time);
  const Node* flows = root.find("num_flows");
  flow.count = number_of(flows == nullptr ? root.find("numConnectionsStarted") : flows,
                         std::uint64_t{1} << 40U)
                   .value_or(1);
  flow.count = std::max<std::uint64_t>(flow.count, 1);
  return std::optional<Flow>(std::move(flow));
}

}  // namespace tally::flow
