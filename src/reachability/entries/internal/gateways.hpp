#pragma once
// Gateways of Gateway API: their listeners, who may attach to them, and the pods that serve them.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/selectors.hpp"
#include "reachability/entries/internal/entry_book.hpp"

namespace tally::reachability::entries {

struct Listener {
  std::string_view name;
  std::string_view host;
  std::string_view protocol;
  std::uint16_t port = 0;
  EntryTls tls = EntryTls::None;
  const document::Node* allowed = nullptr;  // allowedRoutes
  const document::Node* node = nullptr;
};

struct Gateway {
  const kube::Object* object = nullptr;
  std::vector<Listener> listeners;
  const Door* door = nullptr;
  scalar::AddressSet sources;
  std::string internal;
  bool is_waypoint = false;  // inside the mesh: no way in
};

class Gateways {
 public:
  explicit Gateways(EntryBook& book);
  [[nodiscard]] const Gateway* find(std::string_view name_space, std::string_view name) const;

 private:
  void read(const kube::Object& object);
  [[nodiscard]] std::vector<std::uint32_t> pods_of(const kube::Object& object);

  EntryBook& book_;
  std::map<std::pair<std::string_view, std::string_view>, Gateway> gateways_;
};

// May a route of this kind and namespace attach?
[[nodiscard]] bool allows_kind(const Listener& listener, std::string_view kind);
[[nodiscard]] kube::Match allows_namespace(const kube::Snapshot& snapshot, const Gateway& gateway,
                                           const Listener& listener, std::string_view name_space);

}  // namespace tally::reachability::entries
