#include "reachability/mesh/internal/alike.hpp"

#include <algorithm>
#include <optional>

#include "authorization/inspect.hpp"

namespace tally::reachability::mesh {

using authorization::Point;

namespace {

enum Numbered : std::size_t { kPlane, kSettings, kAddresses, kPrincipal, kDestination };

std::uint32_t number_of(std::map<std::string, std::uint32_t, std::less<>>& numbers,
                        std::string text) {
  const auto next = static_cast<std::uint32_t>(numbers.size());
  return numbers.emplace(std::move(text), next).first->second;
}

std::string addresses_of(const topology::Endpoint& endpoint) {
  std::string text;
  for (const scalar::IpAddress& address : endpoint.addresses) {
    text.append(address.to_string()).append("|");
  }
  return text;
}

void add_number(std::string& key, std::size_t number) { key.append(std::to_string(number)) += ' '; }

void add_numbers(std::string& key, const std::vector<std::uint32_t>& numbers) {
  key += '|';
  for (const std::uint32_t number : numbers) {
    add_number(key, number);
  }
}

// Who stands before it: pods of one namespace that is not in the input may share that.
std::string plane_of(const MeshTable& table, std::uint32_t at) {
  std::string text(to_text(table.enrolments[at].plane));
  if (table.enrolments[at].is_shared) {
    text.append("|").append(table.topology().name_space_of(table.endpoint(at)).name);
  }
  return text.append("|").append(interception_text(table.endpoint(at)));
}

std::string waypoint_key(const WaypointUse& use) {
  std::string key = std::to_string(static_cast<int>(use.state));
  return key.append(" ").append(use.name_space).append("/").append(use.name).append("|");
}

}  // namespace

Alike::Alike(const MeshTable& table, const Mesh& mesh) : table_(table), mesh_(mesh) {
  const auto count = static_cast<std::uint32_t>(table.topology().endpoints().size());
  Observer all;
  for (std::uint32_t at = 0; at < count; ++at) {
    read_client(at);
    read_destination(at);
  }
  for (const auto& [observer, number] : observer_numbers_) {
    all.policies.insert(all.policies.end(), observer.policies.begin(), observer.policies.end());
    all.sees_settings = all.sees_settings || observer.sees_settings;
    all.sees_addresses = all.sees_addresses || observer.sees_addresses;
  }
  std::ranges::sort(all.policies);
  all.policies.erase(std::ranges::unique(all.policies).begin(), all.policies.end());
  everybody_.push_back({.sees_settings = all.sees_settings,
                        .sees_addresses = all.sees_addresses,
                        .identities = {table.loaded.set, all.policies}});
}

void Alike::read_client(std::uint32_t endpoint) {
  const topology::Endpoint& own = table_.endpoint(endpoint);
  const Client client{
      .plane = number_of(numbers_[kPlane], plane_of(table_, endpoint)),
      .settings = number_of(numbers_[kSettings], table_.client_settings.client_key(own)),
      .addresses = number_of(numbers_[kAddresses], addresses_of(own)),
      .principal = number_of(numbers_[kPrincipal], table_.principals[endpoint])};
  if (client.principal == principals_.size()) {
    principals_.push_back(table_.principals[endpoint]);
  }
  const auto next = static_cast<std::uint32_t>(client_list_.size());
  const auto [at, is_new] = client_numbers_.try_emplace(client, next);
  if (is_new) {
    client_list_.push_back(client);
  }
  clients_.push_back(at->second);
}

void Alike::add_attached(const authorization::Request& request, std::string& key,
                         Observer& observer) const {
  const authorization::Attached attached =
      authorization::find_attachments(table_.loaded.set, request);
  add_numbers(key, attached.policies);
  add_numbers(key, attached.requests);
  add_numbers(key, attached.peers);
  observer.policies.insert(observer.policies.end(), attached.policies.begin(),
                           attached.policies.end());
}

// All that mesh_groups() reads of a destination.
void Alike::read_destination(std::uint32_t endpoint) {
  const topology::Endpoint& own = table_.endpoint(endpoint);
  Observer observer;
  observer.sees_settings = table_.client_settings.selects_services();
  std::string key = plane_of(table_, endpoint);
  authorization::Request request;
  request.destination = {.name_space = table_.topology().name_space_of(own).name,
                         .labels = own.labels};
  for (const Point point : {Point::Sidecar, Point::Ztunnel}) {
    request.point = point;
    add_attached(request, key, observer);
  }
  key.append("|").append(waypoint_key(table_.waypoints.of(own)));
  const std::vector<std::uint32_t>& services = table_.services[endpoint];
  for (const std::uint32_t at : services) {
    const topology::Service& service = table_.topology().services()[at];
    const WaypointUse use = table_.waypoints.of(service);
    key.append("|service ").append(waypoint_key(use));
    const std::string settings = table_.client_settings.service_key(at, own);
    observer.sees_settings = observer.sees_settings || !settings.empty();
    key += settings;
    if (use.state == WaypointUse::State::Used) {
      const authorization::ServiceTarget target{
          .name_space = table_.topology().namespaces()[service.name_space].name,
          .name = service.name};
      request.point = Point::Waypoint;
      request.destination = {.name_space = use.name_space,
                             .labels = table_.proxy_of(use).endpoint.labels,
                             .services = {&target, 1}};
      add_attached(request, key, observer);
    }
  }
  for (const std::uint16_t port : mesh_.ports_of(endpoint)) {
    key.append("|port ").append(std::to_string(port)).append(" ");
    add_number(key, static_cast<std::size_t>(table_.protocol_of(endpoint, port)));
    for (const std::uint32_t at : services_to(table_, endpoint, port)) {
      add_number(key, static_cast<std::size_t>(std::ranges::find(services, at) - services.begin()));
      add_number(key, called_port(table_, at, endpoint, port));
    }
  }
  std::ranges::sort(observer.policies);
  observer.policies.erase(std::ranges::unique(observer.policies).begin(), observer.policies.end());
  authorization::IdentityClassifier identities(table_.loaded.set, observer.policies);
  observer.sees_addresses = identities.is_address_seen();
  if (authorization::uses_addresses(table_.loaded.set)) {
    key.append("|").append(addresses_of(own));
  }
  const std::uint32_t number = number_of(numbers_[kDestination], std::move(key));
  destinations_.push_back(number);
  if (number < observers_.size()) {
    return;
  }
  const auto next = static_cast<std::uint32_t>(views_.size());
  const auto [at, is_new] = observer_numbers_.try_emplace(observer, next);
  if (is_new) {
    views_.push_back({.sees_settings = observer.sees_settings,
                      .sees_addresses = observer.sees_addresses,
                      .identities = std::move(identities)});
  }
  observers_.push_back(at->second);
}

const std::vector<std::uint32_t>& Alike::classes_of(View& view) {
  if (!view.classes.empty()) {
    return view.classes;
  }
  std::vector<std::uint32_t> identities;
  std::map<std::string, std::uint32_t, std::less<>> answers;
  for (const std::string& principal : principals_) {
    identities.push_back(number_of(answers, view.identities.classify(principal)));
  }
  std::map<Client, std::uint32_t> numbers;
  for (const Client& client : client_list_) {
    const Client seen{.plane = client.plane,
                      .settings = view.sees_settings ? client.settings : 0,
                      .addresses = view.sees_addresses ? client.addresses : 0,
                      .principal = identities[client.principal]};
    const auto next = static_cast<std::uint32_t>(numbers.size());
    view.classes.push_back(numbers.try_emplace(seen, next).first->second);
  }
  return view.classes;
}

std::uint32_t Alike::source(std::uint32_t destination_class, std::uint32_t endpoint) {
  return classes_of(views_[observers_[destination_class]])[clients_[endpoint]];
}

std::uint32_t Alike::source(std::uint32_t endpoint) {
  return classes_of(everybody_.front())[clients_[endpoint]];
}

}  // namespace tally::reachability::mesh
