// Where a VirtualService sends what a sidecar calls (networking.istio.io/v1 VirtualService).
//
// istio.io/istio at 86c9f01: pilot/pkg/networking/core/route/route.go
// BuildHTTPRoutesForVirtualService() (routes in their order, until one takes everything),
// TranslateRouteMatch(); tls.go and tcp routes by pilot/pkg/networking/core/networkfilter.go.
// Requests that no route takes get 404.

#include <algorithm>

#include "reachability/mesh/client_settings.hpp"
#include "reachability/mesh/internal/hosts.hpp"

namespace tally::reachability::mesh {

using document::Node;
using kube::Object;
using topology::Endpoint;

namespace {

// In this order "and" is the smaller.
enum class Taken : std::uint8_t { No, Perhaps, Yes };

std::span<const Node> items_of(const Node* list) {
  return list == nullptr ? std::span<const Node>{} : list->items();
}

// StringMatch of a value that may not be known.
Taken takes(const Node& match, const std::optional<std::string_view>& value) {
  if (!value) {
    // Of every path a prefix takes "/".
    return text_at(match, "prefix") == "/" ? Taken::Yes : Taken::Perhaps;
  }
  const auto answer = [](bool is_taken) { return is_taken ? Taken::Yes : Taken::No; };
  if (const Node* exact = match.find("exact")) {
    return answer(*value == exact->text());
  }
  if (const Node* prefix = match.find("prefix")) {
    return answer(value->starts_with(prefix->text()));
  }
  return text_at(match, "regex") == ".*" ? Taken::Yes : Taken::Perhaps;
}

// Whether some route sends to the host.
bool leads_to_host(const Object& object, std::string_view host) {
  const Node* spec = object.root.find("spec");
  for (const std::string_view kind : {"http", "tls", "tcp"}) {
    for (const Node& route : items_of(spec == nullptr ? nullptr : spec->find(kind))) {
      for (const Node& target : items_of(route.find("route"))) {
        const Node* named = at_path(target, {"destination", "host"});
        if (named != nullptr && full_host(named->text(), object.ref.name_space) == host) {
          return true;
        }
      }
    }
  }
  return false;
}

std::optional<std::string_view> without_query(const std::optional<std::string_view>& path) {
  return path ? std::optional(path->substr(0, path->find_first_of("?#"))) : std::nullopt;
}

}  // namespace

// One VirtualService for one client, Service, pod and request.
class RouteReader {
 public:
  RouteReader(const ClientSettings& settings, const Object& object, const Endpoint& client,
              const CalledPort& called, const Endpoint& destination, const HttpRequest* request)
      : settings_(settings),
        object_(object),
        client_(client),
        called_(called),
        destination_(destination),
        host_(settings.host_of(called)),
        request_(request == nullptr ? HttpRequest{} : *request) {}

  [[nodiscard]] Routing read(RoutedAs protocol) {
    const Node* spec = object_.root.find("spec");
    const auto http = items_of(spec->find("http"));
    const auto tcp = items_of(spec->find("tcp"));
    const auto tls = items_of(spec->find("tls"));
    const bool is_http = protocol != RoutedAs::Tcp && !http.empty();
    if (is_http) {
      follow(http);
    } else if (protocol != RoutedAs::Http && (!tcp.empty() || !tls.empty())) {
      follow(tcp.empty() ? tls : tcp);
    } else {
      return {};  // it says nothing of such a port
    }
    Routing out;
    out.by = {.title = title_of(object_), .place = place_of(object_, spec->offset())};
    if (is_delegating_) {
      out.answer = Routing::Answer::Unknown;
      out.missing = "the routes that " + out.by.title + " delegates to";
      out.by.what = "routes calls of " + host_;
    } else if (is_here_ && is_elsewhere_) {
      out.answer = is_http ? Routing::Answer::ByRequest : Routing::Answer::Unknown;
      out.missing = "which route of " + out.by.title + " takes it: " +
                    (is_http ? "the HTTP request (its method, path, host or headers)"
                             : "the name or the address that is called");
      out.by.what = "routes some calls of " + host_ + " elsewhere";
    } else {
      out.answer = is_here_ ? Routing::Answer::Here : Routing::Answer::Elsewhere;
      out.by.what = is_here_ ? "routes calls of " + host_ + " to it"
                             : "none of its routes leads there" + found_;
    }
    return out;
  }

 private:
  void follow(std::span<const Node> routes) {
    for (const Node& route : routes) {
      const Taken taken = taken_by(route.find("match"));
      if (taken == Taken::No) {
        continue;
      }
      add(route);
      if (taken == Taken::Yes) {
        return;
      }
    }
    is_elsewhere_ = true;  // 404, or no filter chain
  }

  // One of the matches.
  [[nodiscard]] Taken taken_by(const Node* matches) const {
    if (matches == nullptr || matches->items().empty()) {
      return Taken::Yes;
    }
    Taken best = Taken::No;
    for (const Node& match : matches->items()) {
      best = std::max(best, taken_by_match(match));
    }
    return best;
  }

  // All of its conditions.
  [[nodiscard]] Taken taken_by_match(const Node& match) const {
    Taken all = Taken::Yes;
    for (const document::Member member : match.members()) {
      all = std::min(all, taken_by_condition(member.key, member.value, match));
    }
    return all;
  }

  [[nodiscard]] Taken taken_by_condition(std::string_view key, const Node& value,
                                         const Node& match) const {
    const auto answer = [](bool is_taken) { return is_taken ? Taken::Yes : Taken::No; };
    if (key == "name" || key == "statPrefix" || key == "ignoreUriCase") {
      return Taken::Yes;
    }
    if (key == "port") {
      return answer(value.integer() == called_.number);
    }
    if (key == "gateways") {
      return answer(
          value.items().empty() ||
          std::ranges::any_of(value.items(), [](const Node& one) { return one.text() == "mesh"; }));
    }
    if (key == "sourceLabels") {
      Taken all = Taken::Yes;
      for (const document::Member label : value.members()) {
        all = std::min(all, answer(client_.label(label.key) == label.value.text()));
      }
      return all;
    }
    if (key == "sourceNamespace") {
      return answer(value.text().empty() || value.text() == settings_.name_of(client_));
    }
    if (key == "method") {
      return takes(value, request_.method);
    }
    if (key == "uri") {
      const bool is_exact_case = match.find("ignoreUriCase") == nullptr;
      return is_exact_case ? takes(value, without_query(request_.path)) : Taken::Perhaps;
    }
    if (key == "authority") {
      return takes(value, request_.host);
    }
    return Taken::Perhaps;  // headers, queryParams, sniHosts, destinationSubnets, ...
  }

  void add(const Node& route) {
    if (route.find("delegate") != nullptr) {
      is_delegating_ = true;
      return;
    }
    const auto targets = items_of(route.find("route"));
    bool is_here = false;
    for (const Node& target : targets) {
      const Node* weight = target.find("weight");
      const bool is_idle = targets.size() > 1 && weight != nullptr && weight->integer() == 0;
      is_here = is_here || (!is_idle && leads_here(target));
    }
    (is_here ? is_here_ : is_elsewhere_) = true;
  }

  [[nodiscard]] bool leads_here(const Node& target) {
    const Node* destination = target.find("destination");
    if (destination == nullptr ||
        full_host(text_at(*destination, "host"), object_.ref.name_space) != host_) {
      return false;
    }
    const std::string_view subset = text_at(*destination, "subset");
    if (subset.empty()) {
      return true;
    }
    switch (settings_.in_subset(client_, called_, destination_, subset)) {
      case ClientSettings::InSubset::Yes:
        return true;
      case ClientSettings::InSubset::No:
        found_ = ": subset " + std::string(subset) + " leaves it out";
        return false;
      case ClientSettings::InSubset::Absent:
        found_ = ": no DestinationRule has subset " + std::string(subset);
        return false;
    }
    return false;
  }

  const ClientSettings& settings_;
  const Object& object_;
  const Endpoint& client_;
  const CalledPort& called_;
  const Endpoint& destination_;
  std::string host_;
  HttpRequest request_;
  bool is_here_ = false;       // some request gets to the pod
  bool is_elsewhere_ = false;  // some request does not
  bool is_delegating_ = false;
  std::string found_;  // why a route of the same host leads elsewhere
};

const Object* ClientSettings::virtual_service_of(const Endpoint& client, std::string_view host,
                                                 std::uint16_t port) const {
  const std::string_view own = name_of(client);
  const Egress egress = egress_of(client);
  for (const Object* object : virtual_services_) {
    const Node* spec = object->root.find("spec");
    if (spec == nullptr || !is_exported(spec->find("exportTo"), object->ref.name_space, own)) {
      continue;
    }
    const auto gateways = items_of(spec->find("gateways"));
    const bool is_for_sidecars =
        gateways.empty() ||
        std::ranges::any_of(gateways, [](const Node& gateway) { return gateway.text() == "mesh"; });
    const bool is_for_host =
        std::ranges::any_of(items_of(spec->find("hosts")), [&](const Node& item) {
          return matches_host(full_host(item.text(), object->ref.name_space), host);
        });
    if (is_for_sidecars && is_for_host &&
        imports(egress, own, object->ref.name_space, host, port)) {
      return object;  // the oldest stands
    }
  }
  return nullptr;
}

Routing ClientSettings::routing_of(const Endpoint& client, const CalledPort& called,
                                   const Endpoint& destination, RoutedAs protocol,
                                   const HttpRequest* request) const {
  if (virtual_services_.empty()) {
    return {};
  }
  const Object* object = virtual_service_of(client, host_of(called), called.number);
  if (object == nullptr) {
    return {};
  }
  Routing routing =
      RouteReader(*this, *object, client, called, destination, request).read(protocol);
  if (routing.answer == Routing::Answer::Here) {
    return routing;
  }
  // What one host's routes do not send to it, those of another may.
  const std::string host = host_of(called);
  for (const Object* other : virtual_services_) {
    if (other != object && leads_to_host(*other, host)) {
      return {.answer = Routing::Answer::Unknown,
              .by = {.title = title_of(*other),
                     .place = place_of(*other, other->root.offset()),
                     .what = "routes calls of other hosts to " + host},
              .missing = "which host the client calls: " + title_of(*object) + " and " +
                         title_of(*other) + " route differently"};
    }
  }
  return routing;
}

}  // namespace tally::reachability::mesh
