#pragma once
// Host names as Istio's networking kinds write them (pkg/config/host).

#include <string>
#include <string_view>

#include "document/node.hpp"

namespace tally::reachability::mesh {

// "reviews" of namespace shop is "reviews.shop.svc.cluster.local"; what has a dot stays.
[[nodiscard]] std::string full_host(std::string_view host, std::string_view name_space);
// "*", "*.example.org", or the name itself. `host` may be a pattern: then it must lie within.
[[nodiscard]] bool matches_host(std::string_view pattern, std::string_view host) noexcept;
// Of two patterns that match: exact ones first, then longer ones.
[[nodiscard]] bool is_more_specific(std::string_view a, std::string_view b) noexcept;
// exportTo: "." (its own namespace), "*" (all; so an absent one), "~" (none), or a name.
[[nodiscard]] bool is_exported(const document::Node* export_to, std::string_view own,
                               std::string_view to) noexcept;

// spec.trafficPolicy.tls: the value at a path; null: nothing there.
[[nodiscard]] const document::Node* at_path(const document::Node& root,
                                            std::initializer_list<std::string_view> path) noexcept;
[[nodiscard]] std::string_view text_at(const document::Node& map, std::string_view key) noexcept;

}  // namespace tally::reachability::mesh
