// Which policies a proxy reads: pilot/pkg/model/policyattachment.go ShouldAttachPolicy(),
// authorization.go ListAuthorizationPolicies(), authentication.go getConfigsForWorkload().

#include <algorithm>

#include "authorization/internal/fields.hpp"
#include "authorization/internal/table.hpp"

namespace tally::authorization {

using document::Node;

namespace {

constexpr std::string_view kGatewayName = "gateway.networking.k8s.io/gateway-name";
constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";
constexpr std::string_view kWaypointClass = "istio-waypoint";

TargetRef read_target(const Node& node) {
  const std::string_view group = text_field(node, "group");
  return {group.empty() ? "core" : group, text_field(node, "kind"), text_field(node, "name"),
          text_field(node, "namespace")};
}

// What of a request decides about attachment.
class Attacher {
 public:
  Attacher(const PolicySet::Table& table, const Request& request)
      : table_(table),
        request_(request),
        gateway_(text_field(request.destination.labels, kGatewayName)) {
    is_gateway_api_ = !gateway_.empty() && request.point != Point::Ztunnel;
  }

  void collect(const NamespaceIndex& index, const auto& attachment_of,
               std::vector<std::uint32_t>& out) const {
    out.clear();
    const std::string_view own = request_.destination.name_space;
    const std::string_view root = table_.settings.root_namespace;
    collect_of(index, root, attachment_of, out);
    if (own != root) {
      collect_of(index, own, attachment_of, out);
    }
    if (request_.point == Point::Waypoint) {
      for (const ServiceTarget& service : request_.destination.services) {
        collect_of(index, service.name_space, attachment_of, out);
      }
    }
    if (!std::is_sorted(out.begin(), out.end())) {
      std::sort(out.begin(), out.end());
    }
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }

 private:
  void collect_of(const NamespaceIndex& index, std::string_view name_space,
                  const auto& attachment_of, std::vector<std::uint32_t>& out) const {
    const auto found = index.find(name_space);
    if (found == index.end()) {
      return;
    }
    const AttachmentIndex& entries = found->second;
    if (is_gateway_api_ || request_.point == Point::Waypoint) {
      collect_by_target(entries, name_space, attachment_of, out);
      if (request_.point == Point::Waypoint || !table_.settings.selects_gateways_by_label) {
        return;
      }
    }
    out.insert(out.end(), entries.unselective.begin(), entries.unselective.end());
    for (const document::Member label : request_.destination.labels.members()) {
      const auto posted = entries.by_label.find({label.key, label.value.text()});
      if (posted == entries.by_label.end()) {
        continue;
      }
      for (const std::uint32_t position : posted->second) {
        if (has_labels(request_.destination.labels, attachment_of(position).labels)) {
          out.push_back(position);
        }
      }
    }
  }

  void collect_by_target(const AttachmentIndex& entries, std::string_view name_space,
                         const auto& attachment_of, std::vector<std::uint32_t>& out) const {
    if (entries.by_target.empty()) {
      return;
    }
    const auto take = [&](std::string_view name) {
      const auto posted = entries.by_target.find(name);
      if (posted == entries.by_target.end()) {
        return;
      }
      for (const std::uint32_t position : posted->second) {
        const auto& targets = attachment_of(position).targets;
        if (std::any_of(targets.begin(), targets.end(),
                        [&](const TargetRef& target) { return is_target(target, name_space); })) {
          out.push_back(position);
        }
      }
    };
    if (!gateway_.empty()) {
      take(gateway_);
    }
    if (request_.point == Point::Waypoint) {
      take(kWaypointClass);
      for (const ServiceTarget& service : request_.destination.services) {
        take(service.name);
      }
    }
  }

  [[nodiscard]] bool is_target(const TargetRef& target, std::string_view policy_namespace) const {
    if (request_.point == Point::Waypoint) {
      const bool is_service = target.group == "core" && target.kind == "Service";
      const bool is_entry = target.group == "networking.istio.io" && target.kind == "ServiceEntry";
      for (const ServiceTarget& service : request_.destination.services) {
        if (service.name == target.name && service.name_space == policy_namespace &&
            (service.is_service_entry ? is_entry : is_service)) {
          return true;
        }
      }
      if (target.group == kGatewayGroup && target.kind == "GatewayClass" &&
          target.name == kWaypointClass && policy_namespace == table_.settings.root_namespace) {
        return true;
      }
    }
    const std::string_view own = request_.destination.name_space;
    return policy_namespace == own && (target.name_space.empty() || target.name_space == own) &&
           target.group == kGatewayGroup && target.kind == "Gateway" && !gateway_.empty() &&
           target.name == gateway_;
  }

  const PolicySet::Table& table_;
  const Request& request_;
  std::string_view gateway_;
  bool is_gateway_api_ = false;
};

}  // namespace

bool has_labels(const Node& labels,
                const std::vector<std::pair<std::string_view, std::string_view>>& wanted) noexcept {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const Node* value = labels.find(pair.first);
    return value != nullptr && value->is_string() && value->text() == pair.second;
  });
}

Attachment read_attachment(const Node& spec) {
  Attachment out;
  if (const Node* selector = field(spec, "selector")) {
    out.has_selector = true;
    if (const Node* labels = field(*selector, "matchLabels")) {
      for (const document::Member label : labels->members()) {
        out.labels.emplace_back(label.key, label.value.text());
      }
    }
  }
  if (const Node* refs = field(spec, "targetRefs"); refs != nullptr && refs->size() > 0) {
    for (const Node& ref : refs->items()) {
      out.targets.push_back(read_target(ref));
    }
  } else if (const Node* ref = field(spec, "targetRef")) {
    out.targets.push_back(read_target(*ref));
  }
  return out;
}

void AttachmentIndex::add(const Attachment& attachment, std::uint32_t position) {
  if (!attachment.targets.empty()) {
    for (const TargetRef& target : attachment.targets) {
      std::vector<std::uint32_t>& posted = by_target[target.name];
      if (posted.empty() || posted.back() != position) {
        posted.push_back(position);
      }
    }
  } else if (attachment.labels.empty()) {
    unselective.push_back(position);
  } else {
    // Under its rarest label so far.
    const auto rarest = std::min_element(
        attachment.labels.begin(), attachment.labels.end(),
        [&](const Label& a, const Label& b) { return by_label[a].size() < by_label[b].size(); });
    by_label[*rarest].push_back(position);
  }
}

void collect_policies(const PolicySet::Table& table, const Request& request,
                      std::vector<std::uint32_t>& out) {
  Attacher(table, request)
      .collect(
          table.policies,
          [&](std::uint32_t i) -> const Attachment& {
            return table.program.policies[i].attachment;
          },
          out);
}

void collect_request_policies(const PolicySet::Table& table, const Request& request,
                              std::vector<std::uint32_t>& out) {
  Attacher(table, request)
      .collect(
          table.requests_by_namespace,
          [&](std::uint32_t i) -> const Attachment& { return table.requests[i].attachment; }, out);
}

}  // namespace tally::authorization
