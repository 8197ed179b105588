#include "reachability/entries/entries.hpp"

#include <algorithm>

#include "reachability/entries/internal/entry_book.hpp"

namespace tally::reachability {

using network_policy::Verdict;
using scalar::AddressSet;

std::string_view to_text(EntryKind kind) noexcept {
  switch (kind) {
    case EntryKind::NodePort:
      return "NodePort";
    case EntryKind::LoadBalancer:
      return "LoadBalancer";
    case EntryKind::ExternalIp:
      return "external IP";
    case EntryKind::Ingress:
      return "Ingress";
    case EntryKind::Route:
      return "Route";
    case EntryKind::GatewayApi:
      return "Gateway API";
    case EntryKind::IstioGateway:
      return "Istio Gateway";
  }
  return {};
}

std::string_view to_text(EntryTls tls) noexcept {
  switch (tls) {
    case EntryTls::None:
      return "none";
    case EntryTls::Terminate:
      return "terminate";
    case EntryTls::Passthrough:
      return "passthrough";
    case EntryTls::Reencrypt:
      return "reencrypt";
  }
  return {};
}

namespace {

// Allowed before Unknown before Denied.
Verdict better(Verdict a, Verdict b) {
  if (a == Verdict::Allowed || b == Verdict::Allowed) {
    return Verdict::Allowed;
  }
  return a == Verdict::Unknown || b == Verdict::Unknown ? Verdict::Unknown : Verdict::Denied;
}

// Addresses of private networks, of one machine and of one link: the registries of RFC 6890, as far
// as no router of the world has a way to them.
const AddressSet& private_addresses() {
  static const AddressSet all = [] {
    AddressSet sum;
    for (const std::string_view text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
          "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10",
          "ff00::/8"}) {
      sum = sum.unite(AddressSet(scalar::Cidr::parse(text).value()));
    }
    return sum;
  }();
  return all;
}

}  // namespace

Verdict EntryBackend::reach() const noexcept {
  return !allowed.is_empty()   ? Verdict::Allowed
         : !unknown.is_empty() ? Verdict::Unknown
                               : Verdict::Denied;
}

Verdict Entry::reach() const noexcept {
  Verdict best = Verdict::Denied;
  for (const EntryBackend& backend : backends) {
    best = better(best, backend.reach());
  }
  return best;
}

EntryList list_entries(const kube::Snapshot& snapshot, World& world) {
  entries::EntryBook book(snapshot, world);
  entries::read_services(book);
  entries::read_ingresses(book);
  entries::read_openshift_routes(book);
  entries::read_gateway_api(book);
  entries::read_istio_gateways(book);
  return book.take();
}

Verdict is_world_exposed(const Entry& entry, const EntryBackend& backend) {
  if (entry.is_internal() || backend.clients.minus(private_addresses()).is_empty()) {
    return Verdict::Denied;
  }
  return backend.reach();
}

std::vector<Verdict> world_exposed(const World& world, const EntryList& entries) {
  std::vector<Verdict> exposed(world.workloads().size(), Verdict::Denied);
  for (const Entry& entry : entries.entries) {
    for (const EntryBackend& backend : entry.backends) {
      exposed[backend.workload] =
          better(exposed[backend.workload], is_world_exposed(entry, backend));
    }
  }
  return exposed;
}

std::string to_words(const Entry& entry) {
  std::string text;
  if (entry.object->ref.kind == "Service") {
    text.append(to_text(entry.kind)).append(" of ");
  }
  text += title_of(*entry.object);
  std::string where = entry.host;
  if (!entry.path.empty()) {
    where.append(where.empty() ? "" : ", ").append(entry.path);
  }
  if (!where.empty()) {
    text.append(" (").append(where).append(")");
  }
  if (entry.port != 0) {
    text.append(" on ").append(scalar::protocol_name(entry.protocol)).append(" ");
    text.append(std::to_string(entry.port));
  }
  if (entry.object->ref.kind != "Service" && !entry.service.empty()) {
    text.append(" to ").append(entry.service);
    if (entry.service_port != 0) {
      text.append(":").append(std::to_string(entry.service_port));
    }
  }
  return text;
}

}  // namespace tally::reachability
