#pragma once
// AddressSet: a set of IPv4 and IPv6 addresses. The two families are apart: 0.0.0.0/0 holds no IPv6
// address, and ::ffff:10.0.0.1 is an IPv6 address.

#include <cstdint>
#include <string>
#include <vector>

#include "scalar/interval_set.hpp"
#include "scalar/ip_address.hpp"

namespace tally::scalar {

__extension__ using AddressNumber = unsigned __int128;  // of an IPv6 address, in host order

class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(const Cidr& cidr);
  explicit AddressSet(const IpAddress& address);
  [[nodiscard]] static AddressSet all();
  [[nodiscard]] static AddressSet all_v4();
  [[nodiscard]] static AddressSet all_v6();

  [[nodiscard]] const IntervalSet<std::uint32_t>& v4() const noexcept { return v4_; }
  [[nodiscard]] const IntervalSet<AddressNumber>& v6() const noexcept { return v6_; }
  [[nodiscard]] static AddressSet of_v4(IntervalSet<std::uint32_t> addresses);
  [[nodiscard]] static AddressSet of_v6(IntervalSet<AddressNumber> addresses);

  [[nodiscard]] bool is_empty() const noexcept { return v4_.is_empty() && v6_.is_empty(); }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] bool contains(const AddressSet& other) const {
    return v4_.contains(other.v4_) && v6_.contains(other.v6_);
  }
  [[nodiscard]] bool intersects(const AddressSet& other) const noexcept {
    return v4_.intersects(other.v4_) || v6_.intersects(other.v6_);
  }
  [[nodiscard]] AddressSet unite(const AddressSet& other) const;
  [[nodiscard]] AddressSet intersect(const AddressSet& other) const;
  [[nodiscard]] AddressSet minus(const AddressSet& other) const;

  // "10.0.0.0-10.0.0.255", one text for each interval, IPv4 first; a single address twice with "-".
  [[nodiscard]] std::vector<std::string> ranges() const;
  // The fewest prefixes that make the set, IPv4 first.
  [[nodiscard]] std::vector<Cidr> cidrs() const;

  friend bool operator==(const AddressSet&, const AddressSet&) = default;
  friend auto operator<=>(const AddressSet&, const AddressSet&) = default;

 private:
  IntervalSet<std::uint32_t> v4_;
  IntervalSet<AddressNumber> v6_;
};

[[nodiscard]] std::uint32_t v4_number(const IpAddress& address) noexcept;
[[nodiscard]] AddressNumber v6_number(const IpAddress& address) noexcept;
[[nodiscard]] IpAddress v4_address(std::uint32_t number);
[[nodiscard]] IpAddress v6_address(AddressNumber number);

// The coarsest partition of the whole space (or, without IPv6, of IPv4) such that each of `sets` is
// a union of parts: every part is one interval of one family. In ascending order, IPv4 first.
[[nodiscard]] std::vector<AddressSet> partition(const std::vector<AddressSet>& sets, bool with_v6);

}  // namespace tally::scalar
