// Which proxies a connection passes, with which identity and encryption.

#include <algorithm>

#include "authorization/inspect.hpp"
#include "reachability/mesh/internal/table.hpp"
#include "reachability/synthesis/node_maker.hpp"

namespace tally::reachability::mesh {

using authorization::MutualTls;
using document::Node;
using End = Hop::End;

namespace {

constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";
constexpr std::string_view kGatewayName = "gateway.networking.k8s.io/gateway-name";

Node make_labels(const kube::Object& gateway, Arena& arena) {
  const NodeMaker make(arena);
  NodeMaker::Members labels;
  const Node* spec = gateway.root.find("spec");
  const Node* infrastructure = spec == nullptr ? nullptr : spec->find("infrastructure");
  const Node* own = infrastructure == nullptr ? nullptr : infrastructure->find("labels");
  const Node of_gateway = gateway.labels();
  for (const document::Member label : (own == nullptr ? of_gateway : *own).members()) {
    labels.emplace_back(label.key, label.value);
  }
  const auto set = [&](std::string_view key, std::string_view value) {
    std::erase_if(labels, [&](const auto& label) { return label.first == key; });
    labels.emplace_back(key, make.text(value));
  };
  set("gateway.istio.io/managed", "istio.io-mesh-controller");
  set(kGatewayName, gateway.ref.name);
  set("istio.io/dataplane-mode", "none");
  return make.map(labels);
}

class RouteMaker {
 public:
  RouteMaker(const MeshTable& table, const Party& source, const Party& destination,
             std::uint16_t port, const Choice& choice)
      : table_(table), source_(source), destination_(destination), port_(port) {
    route_.client = choice.client;
    route_.server = choice.server;
    route_.service = choice.service;
  }

  Route make() {
    if (route_.client != DataPlane::None) {
      own_identity_ = table_.principals[*source_.endpoint];
    }
    if (destination_.endpoint) {
      enter_cluster(table_.endpoint(*destination_.endpoint));
    } else if (route_.client == DataPlane::Sidecar) {
      obey(table_.client_settings.to_addresses(table_.endpoint(*source_.endpoint),
                                               destination_.addresses, port_));
    }
    if (route_.hops.empty()) {
      route_.hops.push_back({End::Source, End::Destination, 0});
    }
    return std::move(route_);
  }

 private:
  void enter_cluster(const topology::Endpoint& own) {
    if (route_.server == DataPlane::Sidecar && !passes_sidecar(own, port_)) {
      route_.server = DataPlane::None;
      route_.steps.push_back({.title = title_of(*own.object),
                              .place = place_of(*own.object, own.object->root.offset()),
                              .what = "its sidecar does not take this port"});
    }
    if (route_.server == DataPlane::Ambient && port_ == kHbonePort) {
      route_.refusal = {
          .title = title_of(*own.object),
          .place = place_of(*own.object, own.object->root.offset()),
          .what = "its ztunnel takes tunnels (HBONE) there, and no plain connections"};
      return;
    }
    if (route_.client == DataPlane::Ambient) {
      from_ztunnel();
    } else if (route_.client == DataPlane::Sidecar) {
      from_sidecar(own);
    }
  }

  void show_identity(Encryption encryption) {
    route_.encryption = encryption;
    route_.client_identity = own_identity_;
    route_.identity = own_identity_;
    if (encryption == Encryption::Hbone) {
      route_.hops.push_back({End::Source, End::Destination, kHbonePort});
    }
  }

  // A ztunnel sends through the waypoint of the Service that is called, else through that of the
  // pod; to pods of the mesh through HBONE, to others plainly (istio/ztunnel
  // src/proxy/outbound.rs).
  void from_ztunnel() {
    route_.waypoint = route_.service
                          ? table_.waypoints.of(table_.topology().services()[*route_.service])
                          : table_.waypoints.of(table_.endpoint(*destination_.endpoint));
    const bool is_in_mesh = route_.server != DataPlane::None;
    switch (route_.waypoint.state) {
      case WaypointUse::State::Used:
        route_.encryption = Encryption::Hbone;
        route_.client_identity = own_identity_;
        route_.identity = table_.proxy_of(route_.waypoint).principal;
        route_.hops.push_back({End::Source, End::Waypoint, kHbonePort});
        route_.hops.push_back(
            {End::Waypoint, End::Destination, is_in_mesh ? kHbonePort : std::uint16_t{0}});
        route_.steps.push_back(
            {.title = title_of(*route_.waypoint.gateway),
             .place = place_of(*route_.waypoint.gateway, route_.waypoint.gateway->root.offset()),
             .what = "is the waypoint: " + route_.waypoint.reason});
        return;
      case WaypointUse::State::Missing:
      case WaypointUse::State::Unknown:
        route_.missing.push_back("the waypoint: " + route_.waypoint.reason);
        break;
      case WaypointUse::State::None:
        break;
    }
    if (is_in_mesh) {
      show_identity(Encryption::Hbone);
    }
  }

  // False: it does not leave the sidecar as the mesh means it.
  bool obey(const Outbound& outbound) {
    if (!outbound.by.what.empty()) {
      route_.steps.push_back(outbound.by);
    }
    switch (outbound.answer) {
      case Outbound::Answer::Known:
        return true;
      case Outbound::Answer::Unknown:
        route_.missing.push_back(outbound.missing);
        return true;
      case Outbound::Answer::Passthrough:
        return false;
      case Outbound::Answer::Refused:
        if (!outbound.by.what.empty()) {
          route_.steps.pop_back();
        }
        route_.refusal = outbound.by;
        return false;
    }
    return false;
  }

  void from_sidecar(const topology::Endpoint& own) {
    const topology::Endpoint& client = table_.endpoint(*source_.endpoint);
    ClientTls tls;
    if (route_.service) {
      const CalledPort called{
          .service = *route_.service,
          .number = called_port(table_, *route_.service, *destination_.endpoint, port_)};
      if (!obey(table_.client_settings.to_service(client, called))) {
        return;
      }
      const Routing routing = table_.routing_of(source_, destination_, port_, called, nullptr);
      if (routing.answer == Routing::Answer::Elsewhere) {
        route_.refusal = routing.by;
        return;
      }
      route_.routed = routing.answer;
      if (!routing.by.what.empty()) {
        route_.steps.push_back(routing.by);
      }
      if (routing.answer == Routing::Answer::Unknown) {
        route_.missing.push_back(routing.missing);
      }
      tls = table_.client_settings.tls_of(client, called, own);
      route_.missing.insert(route_.missing.end(), tls.missing.begin(), tls.missing.end());
      if (!tls.by.what.empty()) {
        route_.steps.push_back(tls.by);
      }
    } else if (!obey(table_.client_settings.to_pod(client))) {
      return;
    }
    if (route_.server == DataPlane::Ambient) {
      show_identity(Encryption::Hbone);  // whatever a DestinationRule says of TLS
    } else {
      start_tls(tls, own);
    }
  }

  void start_tls(const ClientTls& tls, const topology::Endpoint& own) {
    const bool has_sidecar = route_.server == DataPlane::Sidecar;
    const auto effective = authorization::effective_mutual_tls(
        table_.loaded.set,
        {.name_space = table_.topology().name_space_of(own).name, .labels = own.labels}, port_);
    const bool takes_mutual_tls = has_sidecar && effective.mode != MutualTls::Disable;
    switch (tls.mode) {
      case ClientTls::Mode::Automatic:
        if (takes_mutual_tls && table_.loaded.set.settings().has_auto_mutual_tls) {
          show_identity(Encryption::MutualTls);
        }
        return;
      case ClientTls::Mode::Disable:
        return;
      case ClientTls::Mode::Istio:
        if (takes_mutual_tls) {
          show_identity(Encryption::MutualTls);
          return;
        }
        route_.refusal = tls.by;
        route_.refusal.what += has_sidecar ? ", and the destination takes plaintext only"
                                           : ", and no proxy stands before the destination";
        route_.steps.pop_back();
        return;
      case ClientTls::Mode::Simple:
      case ClientTls::Mode::Mutual:
        route_.encryption = Encryption::ForeignTls;
        route_.is_opaque = true;
        if (has_sidecar && tls.mode == ClientTls::Mode::Mutual) {
          route_.missing.push_back("whose certificate the client shows: " + tls.by.title);
        }
        return;
    }
  }

  const MeshTable& table_;
  const Party& source_;
  const Party& destination_;
  std::uint16_t port_;
  std::string own_identity_;
  Route route_;
};

}  // namespace

void add_proxies(MeshTable& table) {
  const topology::Topology& topology = table.topology();
  for (const std::uint32_t at : table.snapshot->by_kind(kGatewayGroup, "Gateway")) {
    const kube::Object& gateway = table.snapshot->objects()[at];
    const auto name_space = topology.find_namespace(gateway.ref.name_space);
    if (!name_space) {
      continue;
    }
    WaypointProxy proxy{.name_space = gateway.ref.name_space,
                        .name = gateway.ref.name,
                        .endpoint = {},
                        .principal = {}};
    const auto range = topology.endpoints_in(*name_space);
    const auto endpoints = topology.endpoints().subspan(range.begin, range.end - range.begin);
    const auto found = std::ranges::find_if(endpoints, [&](const topology::Endpoint& endpoint) {
      return endpoint.label(kGatewayName) == gateway.ref.name;
    });
    if (found != endpoints.end()) {
      proxy.endpoint = *found;
    } else {
      proxy.endpoint.object = &gateway;
      proxy.endpoint.name_space = *name_space;
      proxy.endpoint.name = gateway.ref.name;
      proxy.endpoint.labels = make_labels(gateway, *table.texts);
      proxy.endpoint.service_account = gateway.ref.name;
    }
    proxy.principal = authorization::principal_of(
        table.loaded.set.settings(),
        {.name_space = proxy.name_space, .name = proxy.endpoint.service_account});
    table.proxies.push_back(std::move(proxy));
  }
}

Routing MeshTable::routing_of(const Party& source, const Party& destination, std::uint16_t port,
                              const CalledPort& called, const HttpRequest* request) const {
  const authorization::Protocol protocol = protocol_of(*destination.endpoint, port);
  return client_settings.routing_of(endpoint(*source.endpoint), called,
                                    endpoint(*destination.endpoint),
                                    protocol == authorization::Protocol::Http  ? RoutedAs::Http
                                    : protocol == authorization::Protocol::Tcp ? RoutedAs::Tcp
                                                                               : RoutedAs::Either,
                                    request);
}

const WaypointProxy& MeshTable::proxy_of(const WaypointUse& use) const {
  return *std::ranges::find_if(proxies, [&](const WaypointProxy& proxy) {
    return proxy.name_space == use.name_space && proxy.name == use.name;
  });
}

std::vector<std::uint32_t> services_to(const MeshTable& table, std::uint32_t endpoint,
                                       std::uint16_t port) {
  std::vector<std::uint32_t> found;
  for (const std::uint32_t at : table.services[endpoint]) {
    const auto ports = table.topology().services()[at].ports;
    if (std::ranges::any_of(ports, [&](const topology::ServicePort& service_port) {
          return leads_to(service_port, table.endpoint(endpoint), port);
        })) {
      found.push_back(at);
    }
  }
  return found;
}

std::uint16_t called_port(const MeshTable& table, std::uint32_t service, std::uint32_t endpoint,
                          std::uint16_t port) {
  const auto ports = table.topology().services()[service].ports;
  return std::ranges::find_if(ports,
                              [&](const topology::ServicePort& service_port) {
                                return leads_to(service_port, table.endpoint(endpoint), port);
                              })
      ->port;
}

Route make_route(const MeshTable& table, const Party& source, const Party& destination,
                 std::uint16_t port, const Choice& choice) {
  return RouteMaker(table, source, destination, port, choice).make();
}

}  // namespace tally::reachability::mesh
