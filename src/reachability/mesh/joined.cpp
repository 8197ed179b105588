#include "reachability/mesh/joined.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>

#include "reachability/mesh/internal/alike.hpp"
#include "reachability/mesh/layers.hpp"

namespace tally::reachability::mesh {

using network_policy::ClassId;
using network_policy::Direction;
using network_policy::PooledAnswer;
using scalar::ConnectionSet;

namespace {

// Stands in texts for the principal of the client, which classes do not know.
constexpr char kClient = '\x1F';

// All numbers that an answer depends on.
using Key = std::array<std::uint32_t, 6>;
struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::size_t hash = 0;
    for (const std::uint32_t number : key) {
      hash = (hash ^ number) * 0x9E37'79B9'7F4A'7C15U;
      hash ^= hash >> 29U;
    }
    return hash;
  }
};

// An answer and a client.
using Named = std::pair<const MeshColumns*, std::uint32_t>;
struct NamedHash {
  std::size_t operator()(const Named& named) const noexcept {
    return (std::hash<const MeshColumns*>()(named.first) ^ named.second) * 0x9E37'79B9'7F4A'7C15U;
  }
};

std::string key_of(const MeshColumns& columns) {
  std::string key = columns.allowed.to_string();
  for (const std::string& part : {columns.unknown.to_string(), columns.by_request.to_string(),
                                  columns.encryption, columns.identity, columns.requests}) {
    key.append("\x1E").append(part);
  }
  return key;
}

}  // namespace

class JoinedAnswers::Book {
 public:
  Book(World& world, const Mesh* mesh) : world_(world), mesh_(mesh) {
    if (mesh_ == nullptr) {
      return;
    }
    alike_.emplace(mesh->table(), *mesh);
    for (std::uint32_t at = 0; at < world.topology().endpoints().size(); ++at) {
      is_behind_waypoint_.push_back(mesh->is_behind_waypoint(at));
    }
    for (const Workload& workload : world.workloads()) {
      parties_.push_back(parties_of(workload));
    }
  }

  World& world() { return world_; }
  [[nodiscard]] const Mesh* mesh() const { return mesh_; }

  Columns between(std::uint32_t source, std::uint32_t destination, const PooledAnswer& network) {
    if (mesh_ == nullptr) {
      return without_mesh(network);
    }
    const std::span<const std::uint32_t> from = parties_[source];
    const std::span<const std::uint32_t> to = parties_[destination];
    if (from.size() == 1 && to.size() == 1) {
      return named(pair(from.front(), to.front(), network), from.front());
    }
    std::vector<Columns> all;
    for (const std::uint32_t one : from) {
      for (const std::uint32_t other : to) {
        all.push_back(named(pair(one, other, network), one));
      }
    }
    return merged(all);
  }

  Columns with_outside(std::uint32_t workload, Direction direction,
                       const scalar::AddressSet& addresses, const PooledAnswer& network) {
    if (mesh_ == nullptr) {
      return without_mesh(network);
    }
    std::vector<Columns> all;
    for (const std::uint32_t endpoint : parties_[workload]) {
      all.push_back(named(outside(endpoint, direction, addresses, network), endpoint));
    }
    return all.size() == 1 ? all.front() : merged(all);
  }

  std::vector<std::uint32_t> classes() {
    using Part = std::pair<std::uint32_t, std::uint32_t>;
    std::map<std::pair<ClassId, std::set<Part>>, std::uint32_t> numbers;
    std::vector<std::uint32_t> out;
    for (const Workload& workload : world_.workloads()) {
      std::set<Part> parts;
      for (const std::uint32_t at :
           mesh_ == nullptr ? std::span<const std::uint32_t>() : workload.endpoints) {
        parts.emplace(alike_->destination(at), alike_->source(at));
      }
      const auto next = static_cast<std::uint32_t>(numbers.size());
      out.push_back(numbers.try_emplace({workload.class_id, std::move(parts)}, next).first->second);
    }
    return out;
  }

 private:
  // One pod of each kind that some proxy tells apart.
  std::vector<std::uint32_t> parties_of(const Workload& workload) {
    std::vector<std::uint32_t> parties;
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::string_view>> known;
    for (const std::uint32_t at : workload.endpoints) {
      if (known.emplace(alike_->destination(at), alike_->source(at), mesh_->principal_of(at))
              .second) {
        parties.push_back(at);
      }
    }
    return parties;
  }

  [[nodiscard]] NetworkAnswer sets_of(const PooledAnswer& answer) const {
    const network_policy::ConnectionPool& pool = world_.analyser().connections();
    return {.allowed = pool.at(answer.allowed), .unknown = pool.at(answer.unknown)};
  }

  // Equal ones are one.
  Columns intern(MeshColumns columns) {
    const auto [at, is_new] = interned_.try_emplace(key_of(columns));
    if (is_new) {
      at->second = std::make_shared<const MeshColumns>(std::move(columns));
    }
    return at->second;
  }

  Columns without_mesh(const PooledAnswer& network) {
    Columns& known = plain_[network];
    if (known == nullptr) {
      NetworkAnswer sets = sets_of(network);
      known = intern({.allowed = std::move(sets.allowed), .unknown = std::move(sets.unknown)});
    }
    return known;
  }

  Columns read(const PairConnections& connections) {
    scalar::PortSet by_request;
    for (const PortGroup& group : connections.groups) {
      if (group.reach.kind == authorization::Reach::Kind::Http) {
        by_request = by_request.unite(group.ports);
      }
    }
    return intern({.allowed = connections.allowed,
                   .unknown = connections.unknown,
                   .by_request = ConnectionSet::of(scalar::Protocol::Tcp, std::move(by_request))
                                     .intersect(connections.allowed),
                   .encryption = encryption_words(connections),
                   .identity = identity_words(connections),
                   .requests = request_words(connections)});
  }

  // The class of the endpoint below: a waypoint has connections of its own to both.
  [[nodiscard]] std::uint32_t below(std::uint32_t endpoint, bool is_behind_waypoint) const {
    return is_behind_waypoint ? world_.analyser().class_of(endpoint) : 0;
  }

  const Columns& pair(std::uint32_t from, std::uint32_t to, const PooledAnswer& network) {
    const std::uint32_t destination = alike_->destination(to);
    const std::uint32_t source = alike_->source(destination, from);
    const bool is_behind_waypoint = is_behind_waypoint_[to];
    Columns& known = pairs_[{destination, source, network.allowed, network.unknown,
                             below(from, is_behind_waypoint), below(to, is_behind_waypoint)}];
    if (known == nullptr) {
      const Party source_party{.endpoint = from};
      const Party destination_party{.endpoint = to};
      std::vector<MeshGroup>& groups = groups_[{destination, source}];
      if (groups.empty()) {
        groups = without_name(mesh_groups(*mesh_, source_party, destination_party));
      }
      known = read(connections_between(*mesh_, source_party, destination_party, sets_of(network),
                                       groups, hops_));
    }
    return known;
  }

  const Columns& outside(std::uint32_t endpoint, Direction direction,
                         const scalar::AddressSet& addresses, const PooledAnswer& network) {
    const bool is_ingress = direction == Direction::Ingress;
    const Party own{.endpoint = endpoint};
    const Party other{.endpoint = {}, .addresses = addresses};
    const Party& source = is_ingress ? other : own;
    const Party& destination = is_ingress ? own : other;
    const std::uint32_t seen =
        is_ingress ? alike_->destination(endpoint) : alike_->source(endpoint);
    std::vector<MeshGroup>& groups =
        outside_groups_[static_cast<int>(direction)][{seen, addresses}];
    if (groups.empty()) {
      groups = without_name(mesh_groups(*mesh_, source, destination));
    }
    scratch_ =
        read(connections_between(*mesh_, source, destination, sets_of(network), groups, hops_));
    return scratch_;
  }

  static std::vector<MeshGroup> without_name(std::vector<MeshGroup> groups) {
    for (MeshGroup& group : groups) {
      for (MeshReach& way : group.ways) {
        Route& route = way.route;
        const bool is_of_client = route.waypoint.state != WaypointUse::State::Used;
        if (is_of_client && !route.identity.empty()) {
          route.identity = kClient;
        }
      }
    }
    return groups;
  }

  // With the principal of the client.
  Columns named(const Columns& columns, std::uint32_t client) {
    if (!columns->identity.contains(kClient)) {
      return columns;
    }
    const std::string_view principal = mesh_->principal_of(client);
    Columns& known = named_[{columns.get(), client}];
    if (known == nullptr) {
      MeshColumns copy = *columns;
      for (std::size_t at = copy.identity.find(kClient); at != std::string::npos;
           at = copy.identity.find(kClient, at)) {
        copy.identity.replace(at, 1, principal);
      }
      known = std::make_shared<const MeshColumns>(std::move(copy));
    }
    return known;
  }

  // The words are those of the first.
  Columns merged(const std::vector<Columns>& all) {
    MeshColumns columns = *all.front();
    ConnectionSet perhaps;
    for (const Columns& one : all) {
      columns.allowed = columns.allowed.intersect(one->allowed);
      columns.by_request = columns.by_request.unite(one->by_request);
      perhaps = perhaps.unite(one->allowed).unite(one->unknown);
    }
    columns.unknown = perhaps.minus(columns.allowed);
    columns.by_request = columns.by_request.intersect(columns.allowed);
    return std::make_shared<const MeshColumns>(std::move(columns));
  }

  World& world_;
  const Mesh* mesh_;
  std::optional<Alike> alike_;                       // nothing: no mesh
  std::vector<std::vector<std::uint32_t>> parties_;  // by workload: endpoints
  std::map<PooledAnswer, Columns> plain_;
  std::unordered_map<std::string, Columns> interned_;
  std::unordered_map<Key, Columns, KeyHash> pairs_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<MeshGroup>> groups_;
  std::map<std::pair<std::uint32_t, scalar::AddressSet>, std::vector<MeshGroup>> outside_groups_[2];
  std::unordered_map<Named, Columns, NamedHash> named_;
  std::vector<bool> is_behind_waypoint_;  // by endpoint
  HopAnswers hops_;
  Columns scratch_;
};

JoinedAnswers::JoinedAnswers(World& world, const Mesh* mesh)
    : book_(std::make_unique<Book>(world, mesh)) {}
JoinedAnswers::~JoinedAnswers() = default;

World& JoinedAnswers::world() const noexcept { return book_->world(); }
const Mesh* JoinedAnswers::mesh() const noexcept { return book_->mesh(); }

JoinedAnswers::Columns JoinedAnswers::between(std::uint32_t source, std::uint32_t destination) {
  World& world = book_->world();
  return book_->between(source, destination,
                        world.analyser().between_classes(world.workloads()[source].class_id,
                                                         world.workloads()[destination].class_id));
}

JoinedAnswers::Columns JoinedAnswers::between(std::uint32_t source, std::uint32_t destination,
                                              const PooledAnswer& network) {
  return book_->between(source, destination, network);
}

JoinedAnswers::Columns JoinedAnswers::with_outside(std::uint32_t workload, Direction direction,
                                                   const scalar::AddressSet& addresses,
                                                   const PooledAnswer& network) {
  return book_->with_outside(workload, direction, addresses, network);
}

std::vector<std::pair<scalar::AddressSet, JoinedAnswers::Columns>> JoinedAnswers::outside(
    std::uint32_t workload, Direction direction) {
  std::vector<std::pair<scalar::AddressSet, Columns>> out;
  const World& world = book_->world();
  const auto& table = world.analyser().table(world.workloads()[workload].class_id, direction);
  for (const auto& [addresses, answer] : table.outside) {
    out.emplace_back(addresses, book_->with_outside(workload, direction, addresses, answer));
  }
  return out;
}

std::vector<std::uint32_t> JoinedAnswers::classes() const { return book_->classes(); }

std::string to_words(const MeshColumns& columns) {
  std::string out = columns.allowed.is_empty() ? "" : columns.allowed.to_string();
  if (!columns.unknown.is_empty()) {
    out.append(out.empty() ? "perhaps " : ", perhaps ").append(columns.unknown.to_string());
  }
  if (out.empty()) {
    return "none";
  }
  std::string of_mesh = columns.encryption;
  if (!columns.requests.empty()) {
    of_mesh.append(of_mesh.empty() ? "" : "; ").append(columns.requests);
  }
  return of_mesh.empty() ? out : out.append(" (").append(of_mesh).append(")");
}

}  // namespace tally::reachability::mesh
