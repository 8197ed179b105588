// Istio's VirtualServices (networking.istio.io) at Gateways:
// istio.io/latest/docs/reference/config/networking/virtual-service; where the text is silent,
// Istio's pilot: pkg/networking/core/gateway.go (which routes a server serves),
// pkg/networking/core/route/route.go (GetDestinationCluster: which port), pkg/model/config.go
// (ResolveShortnameToFQDN: which Service).

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "reachability/entries/internal/host_names.hpp"
#include "reachability/entries/internal/http_match.hpp"
#include "reachability/entries/internal/istio_gateways.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;

namespace {

constexpr std::string_view kGroup = "networking.istio.io";

std::span<const Node> items(const Node* list) {
  const auto all = list == nullptr || !list->is_array() ? std::span<const Node>{} : list->items();
  return all.first(std::min(all.size(), kIstioListMax));
}

std::string pointer_of(const std::string& list, std::size_t i) {
  return list + "/" + std::to_string(i);
}

// One VirtualService at one Gateway.
struct Binding {
  const Object* object = nullptr;
  const IstioGateway* gateway = nullptr;
  std::string gateway_name;  // "namespace/name"
  const Server* server = nullptr;
  Entry entry{};
};

class Reader {
 public:
  explicit Reader(EntryBook& book) : book_(book), gateways_(book) {
    book.for_each(kGroup, "DestinationRule", [this](const Object& object) {
      const std::string host(text_at(field(&object.root, "spec"), "host"));
      if (const auto service = service_of(host, object.ref.name_space)) {
        rules_[*service].push_back(&object);
      }
    });
    book.for_each(kGroup, "ServiceEntry", [this](const Object& object) {
      for (const Node& host : items(field(field(&object.root, "spec"), "hosts"))) {
        outside_.push_back(host.text());
      }
    });
  }

  void read(const Object& object) {
    const Node* spec = field(&object.root, "spec");
    const Node* gateways = field(spec, "gateways");
    for (std::size_t i = 0; i < items(gateways).size(); ++i) {
      const Node& item = items(gateways)[i];
      if (item.text() == "mesh") {
        continue;
      }
      const Place place{
          .object = &object, .pointer = pointer_of("/spec/gateways", i), .offset = item.offset()};
      const std::string name = gateway_name(item.text(), object.ref.name_space);
      const IstioGateway* gateway = gateways_.find(name);
      if (gateway == nullptr) {
        book_.problem(EntryProblem::Kind::ParentAbsent, place,
                      "Gateway " + name + " is not in the input");
        continue;
      }
      bind(object, spec, *gateway, name, place);
    }
  }

 private:
  void bind(const Object& object, const Node* spec, const IstioGateway& gateway,
            const std::string& name, const Place& place) {
    const auto exported = is_exported(book_.topology(), object, gateway);
    if (exported == false) {
      book_.problem(EntryProblem::Kind::NamespaceNotAllowed, place,
                    "exportTo does not hold the namespace of the pods of Gateway " + name);
      return;
    }
    bool is_other_namespace = false;
    bool is_bound = false;
    for (const Server& server : gateway.servers) {
      const CommonHosts hosts = common_hosts(object, gateway, server);
      is_other_namespace = is_other_namespace || hosts.is_other_namespace;
      if (!hosts.is_any) {
        continue;
      }
      is_bound = true;
      Binding binding{
          .object = &object, .gateway = &gateway, .gateway_name = name, .server = &server};
      Entry& entry = binding.entry;
      entry.kind = EntryKind::IstioGateway;
      entry.gateway = gateway.object;
      entry.via = title_of(*gateway.object) + ", server " + std::to_string(server.port);
      entry.host = hosts.words;
      entry.tls = server.tls;
      entry.port = server.port;
      entry.sources = gateway.sources;
      entry.internal = gateway.internal;
      if (!exported) {
        entry.missing = "the namespace of the gateway's pods (exportTo)";
      }
      if (!read_routes(binding, spec)) {
        return;
      }
    }
    if (!is_bound && is_other_namespace) {
      book_.problem(EntryProblem::Kind::NamespaceNotAllowed, place,
                    "no server of Gateway " + name + " takes hosts of namespace " +
                        std::string(object.ref.name_space));
    } else if (!is_bound) {
      book_.problem(EntryProblem::Kind::HostMismatch, place,
                    "no host of the VirtualService is one of a server of Gateway " + name);
    }
  }

  // pkg/networking/core/gateway.go buildGatewayListeners: HTTP and terminated HTTPS take the http
  // routes; passed-through TLS the tls routes; the rest the tcp routes.
  bool read_routes(const Binding& binding, const Node* spec) {
    const Server& server = *binding.server;
    const bool is_http = server.protocol == "HTTP" || server.protocol == "HTTP2" ||
                         server.protocol == "GRPC" || server.protocol == "GRPC-Web" ||
                         (server.protocol == "HTTPS" && server.tls == EntryTls::Terminate);
    if (is_http) {
      return server.redirects || read_http(binding, *binding.object, spec, 0);
    }
    const std::string list = server.tls == EntryTls::Passthrough ? "tls" : "tcp";
    const Node* routes = field(spec, list);
    for (std::size_t i = 0; i < items(routes).size(); ++i) {
      const Node& route = items(routes)[i];
      if (speaks_of(binding, field(&route, "match")) &&
          !read_destinations(binding, *binding.object, binding.entry, field(&route, "route"),
                             pointer_of("/spec/" + list, i) + "/route")) {
        return false;
      }
    }
    return true;
  }

  // A match may name gateways and a port: they have to be these.
  static bool is_here(const Binding& binding, const Node& match) {
    const auto gateways = items(field(&match, "gateways"));
    const bool is_gateway =
        gateways.empty() || std::ranges::any_of(gateways, [&](const Node& name) {
          return gateway_name(name.text(), binding.object->ref.name_space) == binding.gateway_name;
        });
    const PortWish port = read_port_wish(field(&match, "port"));
    return is_gateway && (port.is_all || port.number == binding.server->port);
  }

  static bool speaks_of(const Binding& binding, const Node* matches) {
    return matches == nullptr || matches->size() == 0 ||
           std::ranges::any_of(items(matches),
                               [&](const Node& match) { return is_here(binding, match); });
  }

  // What a route matches at this server; empty: nothing.
  static std::vector<HttpMatch> matches_here(const Binding& binding, const Node* matches) {
    if (matches == nullptr || matches->size() == 0) {
      return {HttpMatch{}};
    }
    std::vector<HttpMatch> own;
    for (const Node& match : items(matches)) {
      if (is_here(binding, match)) {
        own.push_back(read_http_match(match));
      }
    }
    return own;
  }

  static std::string match_words(const Node* matches) {
    std::string text;
    for (const Node& match : items(matches)) {
      const Node* uri = field(&match, "uri");
      if (uri == nullptr) {
        continue;
      }
      for (const auto& [key, word] : {std::pair{"exact", "Exact "}, std::pair{"prefix", "Prefix "},
                                      std::pair{"regex", "Regex "}}) {
        if (const Node* value = field(uri, key); value != nullptr) {
          text.append(text.empty() ? "" : " or ").append(word).append(value->text());
        }
      }
    }
    return text;
  }

  // `holder`: the VirtualService in which the routes stand: the bound one, or one to which it
  // delegates, which cannot delegate further (networking/virtual-service, Delegate).
  bool read_http(const Binding& binding, const Object& holder, const Node* spec, int depth) {
    const Node* routes = field(spec, "http");
    std::vector<HttpMatch> earlier;
    for (std::size_t i = 0; i < items(routes).size(); ++i) {
      const Node& route = items(routes)[i];
      const Node* matches = field(&route, "match");
      const std::vector<HttpMatch> own = matches_here(binding, matches);
      // The first route that matches is taken.
      if (own.empty() || are_covered(earlier, own)) {
        continue;
      }
      if (field(&route, "delegate") == nullptr) {  // which takes what its own matches take, too
        earlier.insert(earlier.end(), own.begin(), own.end());
      }
      const std::string pointer = pointer_of("/spec/http", i);
      Entry entry = binding.entry;
      entry.path = match_words(matches);
      const Node* delegate = field(&route, "delegate");
      if (delegate != nullptr && depth == 0) {
        const std::string_view named = text_at(delegate, "namespace");
        const Object* other = book_.snapshot().find(kGroup, "VirtualService",
                                                    named.empty() ? holder.ref.name_space : named,
                                                    text_at(delegate, "name"));
        if (other == nullptr) {
          book_.problem(
              EntryProblem::Kind::ParentAbsent,
              {.object = &holder, .pointer = pointer + "/delegate", .offset = delegate->offset()},
              "the VirtualService to delegate to is not in the input");
        } else if (!read_http(binding, *other, field(&other->root, "spec"), depth + 1)) {
          return false;
        }
      }
      if (!read_destinations(binding, holder, entry, field(&route, "route"), pointer + "/route") ||
          !read_mirrors(binding, holder, entry, route, pointer)) {
        return false;
      }
    }
    return true;
  }

  bool read_destinations(const Binding& binding, const Object& holder, const Entry& entry,
                         const Node* list, const std::string& pointer) {
    const auto routes = items(list);
    for (std::size_t i = 0; i < routes.size(); ++i) {
      const Node* weight = field(&routes[i], "weight");
      const bool is_idle = routes.size() > 1 && weight != nullptr && weight->integer() == 0;
      const Node* destination = field(&routes[i], "destination");
      if (!is_idle && destination != nullptr &&
          !send(binding, holder, entry, *destination, pointer_of(pointer, i) + "/destination")) {
        return false;
      }
    }
    return true;
  }

  bool read_mirrors(const Binding& binding, const Object& holder, const Entry& entry,
                    const Node& route, const std::string& pointer) {
    if (const Node* mirror = field(&route, "mirror");
        mirror != nullptr && !send(binding, holder, entry, *mirror, pointer + "/mirror")) {
      return false;
    }
    const Node* mirrors = field(&route, "mirrors");
    for (std::size_t i = 0; i < items(mirrors).size(); ++i) {
      const Node* destination = field(&items(mirrors)[i], "destination");
      if (destination != nullptr && !send(binding, holder, entry, *destination,
                                          pointer_of(pointer + "/mirrors", i) + "/destination")) {
        return false;
      }
    }
    return true;
  }

  // A name without a dot is completed by the namespace of the object it stands in; any other is
  // taken as it is.
  std::optional<std::uint32_t> service_of(std::string_view host,
                                          std::string_view name_space) const {
    return host.contains('.') ? book_.services().find_host(host)
                              : book_.services().find(name_space, host);
  }

  bool is_outside(std::string_view host) const {
    return std::ranges::any_of(
        outside_, [&](std::string_view known) { return common_host(known, host).has_value(); });
  }

  bool send(const Binding& binding, const Object& holder, const Entry& entry,
            const Node& destination, std::string pointer) {
    const Place place{
        .object = &holder, .pointer = std::move(pointer), .offset = destination.offset()};
    const std::string_view host = text_at(&destination, "host");
    const auto service = service_of(host, holder.ref.name_space);
    if (!service) {
      Entry own = entry;
      own.service = std::string(host);
      if (!is_outside(host)) {
        report_absent(host, holder, place);
      }
      return book_.add(std::move(own), place, *binding.gateway->door, {});
    }
    const topology::Service& found = book_.services().at(*service);
    const std::string_view name_space = book_.topology().namespaces()[found.name_space].name;
    PortWish port = read_port_wish(field(field(&destination, "port"), "number"));
    if (port.is_all && found.ports.size() != 1) {
      port = {.number = binding.server->port};
    }
    const std::string_view subset = text_at(&destination, "subset");
    const std::optional<const Node*> labels = subset_labels(*service, subset);
    if (!labels) {
      // pilot/pkg/model/push_context.go BuildSubsetKey(): a cluster that nobody makes, so that the
      // gateway answers 503.
      book_.problem(EntryProblem::Kind::ServiceAbsent, place,
                    "no DestinationRule has subset " + excerpt(subset) + " of Service " +
                        std::string(name_space) + "/" + std::string(found.name) +
                        ": nothing is sent there");
      return true;
    }
    return book_.send(entry, place, *binding.gateway->door, name_space, found.name, port,
                      EntryBook::PortReading::Strict, *labels);
  }

  void report_absent(std::string_view host, const Object& holder, const Place& place) {
    std::string message = "Service " + excerpt(host) + " is not in the input";
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) {
      message = "Service " + std::string(holder.ref.name_space) + "/" + excerpt(host) +
                " is not in the input";
    } else if (book_.services().find(host.substr(dot + 1), host.substr(0, dot))) {
      message = "no Service has the name \"" + excerpt(host) +
                "\": a name with a dot is not completed; \"" + excerpt(host) +
                ".svc.cluster.local\" was probably meant";
    }
    book_.problem(EntryProblem::Kind::ServiceAbsent, place, std::move(message));
  }

  // Null: every pod; nothing: there is no such subset.
  std::optional<const Node*> subset_labels(std::uint32_t service, std::string_view subset) const {
    if (subset.empty()) {
      return nullptr;
    }
    const auto rules = rules_.find(service);
    if (rules == rules_.end()) {
      return std::nullopt;
    }
    for (const Object* rule : rules->second) {
      for (const Node& item : items(field(field(&rule->root, "spec"), "subsets"))) {
        if (text_at(&item, "name") == subset) {
          return field(&item, "labels");
        }
      }
    }
    return std::nullopt;
  }

  EntryBook& book_;
  IstioGateways gateways_;
  std::map<std::uint32_t, std::vector<const Object*>> rules_;  // DestinationRules, by Service
  std::vector<std::string_view> outside_;                      // hosts of ServiceEntries
};

}  // namespace

void read_istio_gateways(EntryBook& book) {
  Reader reader(book);
  book.for_each(kGroup, "VirtualService", [&](const Object& object) {
    if (!book.is_full()) {
      reader.read(object);
    }
  });
}

}  // namespace tally::reachability::entries
