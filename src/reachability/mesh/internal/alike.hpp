#pragma once
// Endpoints that no proxy and no policy of the mesh tells apart: what is judged of one pair holds
// for all pairs of their classes, but for the name of the client.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "authorization/alike.hpp"
#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

class Alike {
 public:
  Alike(const MeshTable& table, const Mesh& mesh);

  // As a destination.
  [[nodiscard]] std::uint32_t destination(std::uint32_t endpoint) const {
    return destinations_[endpoint];
  }
  // As a client of a class of destinations: numbers of different observer() have nothing to do with
  // each other.
  [[nodiscard]] std::uint32_t source(std::uint32_t destination_class, std::uint32_t endpoint);
  // As a client of whomever.
  [[nodiscard]] std::uint32_t source(std::uint32_t endpoint);

 private:
  // What a client is seen by; each a number.
  struct Client {
    std::uint32_t plane = 0;     // with the annotations that say what its sidecar takes
    std::uint32_t settings = 0;  // DestinationRule, Sidecar, VirtualService, exportTo
    std::uint32_t addresses = 0;
    std::uint32_t principal = 0;
    friend auto operator<=>(const Client&, const Client&) = default;
  };
  // Destinations that see the same of clients are one.
  struct Observer {
    std::vector<std::uint32_t> policies{};
    bool sees_settings = false;
    bool sees_addresses = false;
    friend auto operator<=>(const Observer&, const Observer&) = default;
  };
  struct View {
    bool sees_settings = false;
    bool sees_addresses = false;
    authorization::IdentityClassifier identities;
    std::vector<std::uint32_t> classes{};  // by number of the Client
  };

  void read_client(std::uint32_t endpoint);
  void read_destination(std::uint32_t endpoint);
  void add_attached(const authorization::Request& request, std::string& key,
                    Observer& observer) const;
  const std::vector<std::uint32_t>& classes_of(View& view);

  const MeshTable& table_;
  const Mesh& mesh_;
  std::vector<std::uint32_t> clients_;  // by endpoint
  std::vector<Client> client_list_;
  std::vector<std::string> principals_;
  std::vector<std::uint32_t> destinations_;  // by endpoint
  std::vector<std::uint32_t> observers_;     // by class of destinations
  std::vector<View> views_;                  // by observer
  std::vector<View> everybody_;              // one: what any destination sees
  // Numbers of texts.
  std::map<std::string, std::uint32_t, std::less<>> numbers_[5];
  std::map<Client, std::uint32_t> client_numbers_;
  std::map<Observer, std::uint32_t> observer_numbers_;
};

}  // namespace tally::reachability::mesh
