#pragma once
// EntryBook: what the readers of the kinds share: where entries and problems are put down, Services
// and their ports, and the pods of controllers.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "reachability/entries/entries.hpp"
#include "reachability/entries/internal/door.hpp"
#include "reachability/entries/internal/service_backends.hpp"

namespace tally::reachability::entries {

// The bounds of what one input may make of a few lines.
inline constexpr std::size_t kEntriesMax = 500'000;
inline constexpr std::size_t kEntriesOfObjectMax = 10'000;
inline constexpr std::size_t kProblemsMax = 100'000;
inline constexpr std::size_t kTargetsMax = 4'000'000;  // pods behind entries, and behind Services

// A place in a manifest.
struct Place {
  const kube::Object* object = nullptr;
  std::string pointer{};
  std::uint32_t offset = 0;
};

// Which port of a Service an object asks for.
struct PortWish {
  std::uint16_t number = 0;
  std::string_view name{};
  bool is_all = false;      // whatever ports there are
  bool is_invalid = false;  // neither a number of a port nor a name
};
// An IntOrString; null: all ports.
[[nodiscard]] PortWish read_port_wish(const document::Node* node);
[[nodiscard]] std::string to_words(const PortWish& wish);

// Does the endpoint carry all of them (a map)?
[[nodiscard]] bool has_labels(const topology::Endpoint& endpoint, const document::Node& labels);

class EntryBook {
 public:
  EntryBook(const kube::Snapshot& snapshot, World& world);

  [[nodiscard]] const kube::Snapshot& snapshot() const noexcept { return snapshot_; }
  [[nodiscard]] const topology::Topology& topology() const noexcept { return world_.topology(); }
  [[nodiscard]] ServiceBackends& services() noexcept { return services_; }

  // Standing objects of a kind, in the order of the input.
  void for_each(std::string_view group, std::string_view kind,
                const std::function<void(const kube::Object&)>& visit) const;

  void problem(EntryProblem::Kind kind, const Place& place, std::string message);

  // It stays where it is.
  [[nodiscard]] Door& add_door(Door door) { return doors_.emplace_back(std::move(door)); }
  // A map of one label, for as long as the book lives.
  [[nodiscard]] document::Node make_label(std::string_view key, std::string_view value);
  // No entry is taken any more: readers may stop.
  [[nodiscard]] bool is_full() const noexcept { return is_full_; }
  // Completes the entry (place, backends) and judges it. False: there are too many of this object.
  bool add(Entry entry, const Place& place, const Door& door, const std::vector<Target>& targets);
  // One entry for the wanted port of the Service, with a problem for each thing that is not there.
  // Lenient: the port may be that of the pods, too, with a problem; OfPods: it is that of the pods,
  // or the name of one of the Service. `labels`: only pods that carry them (a map, or null).
  enum class PortReading : std::uint8_t { Strict, Lenient, OfPods };
  bool send(const Entry& entry, const Place& place, const Door& door, std::string_view name_space,
            std::string_view service, const PortWish& port, PortReading reading,
            const document::Node* labels = nullptr);

  // Pods that carry a label ("": whatever its value), in a namespace or in all ("").
  [[nodiscard]] std::vector<std::uint32_t> pods_with(std::string_view key, std::string_view value,
                                                     std::string_view name_space);
  // How the world comes to pods of a controller: what Services before them say.
  struct Front {
    scalar::AddressSet sources;
    std::string internal;  // why not from the world
  };
  [[nodiscard]] Front front_of(const std::vector<std::uint32_t>& pods);

  [[nodiscard]] EntryList take();

 private:
  struct WantedPort {
    const topology::ServicePort* port = nullptr;
    bool is_by_target = false;
  };
  // Services of type LoadBalancer and NodePort, by the pods that they send to.
  void index_outer_services();
  [[nodiscard]] std::vector<WantedPort> wanted_ports(const topology::Service& service,
                                                     const PortWish& wish, PortReading reading);

  const kube::Snapshot& snapshot_;
  World& world_;
  ServiceBackends services_;
  Doorkeeper doorkeeper_;
  Arena arena_;
  std::deque<Door> doors_;
  std::map<const Door*, std::uint32_t> door_numbers_;  // in EntryList::doors
  std::vector<std::uint32_t> workload_of_;             // by endpoint
  std::map<std::string_view, std::map<std::string_view, std::vector<std::uint32_t>>> by_label_;
  std::map<std::vector<std::uint32_t>, Front> fronts_;
  bool has_outer_ = false;
  std::map<std::uint32_t, std::vector<std::uint32_t>> outer_;
  const kube::Object* last_object_ = nullptr;
  std::size_t of_last_object_ = 0;
  std::size_t targets_ = 0;
  bool is_full_ = false;
  EntryList list_;
};

// The readers, one for each family of kinds.
void read_services(EntryBook& book);
void read_ingresses(EntryBook& book);
void read_openshift_routes(EntryBook& book);
void read_gateway_api(EntryBook& book);
void read_istio_gateways(EntryBook& book);

// "internal by the annotation ...", or "": annotations of EKS, AKS, GKE and others on a Service (or
// on a Gateway that hands them on to its Service).
[[nodiscard]] std::string internal_by_annotations(const document::Node& annotations,
                                                  std::string_view load_balancer_class);
// loadBalancerSourceRanges; everything if there are none.
[[nodiscard]] scalar::AddressSet source_ranges(EntryBook* book, const kube::Object& service);

}  // namespace tally::reachability::entries
