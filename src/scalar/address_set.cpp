#include "scalar/address_set.hpp"

#include <algorithm>
#include <utility>

namespace tally::scalar {
namespace {

template <class T>
IntervalSet<T> prefix(T number, unsigned bits, unsigned width) {
  const T host = bits == 0 ? static_cast<T>(~T{0})
                           : static_cast<T>((bits == width ? T{0} : static_cast<T>(~T{0}) >> bits));
  const T first = number & static_cast<T>(~host);
  return {first, static_cast<T>(first | host)};
}

// The fewest prefixes of an interval: always the largest one that begins at its first address.
template <class T, class MakeAddress>
void add_cidrs(const Interval<T>& interval, unsigned width, const MakeAddress& make,
               std::vector<Cidr>& into) {
  T first = interval.first;
  while (true) {
    unsigned host_bits = 0;
    while (host_bits < width) {
      const T size_less_one = host_bits + 1 == width
                                  ? static_cast<T>(~T{0})
                                  : static_cast<T>((T{1} << (host_bits + 1)) - 1);
      if ((first & size_less_one) != 0 || interval.last - first < size_less_one) {
        break;
      }
      ++host_bits;
    }
    into.push_back({.address = make(first), .bits = static_cast<std::uint8_t>(width - host_bits)});
    const T size_less_one =
        host_bits == width ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << host_bits) - 1);
    if (interval.last - first == size_less_one) {
      return;
    }
    first = static_cast<T>(first + size_less_one + 1);
  }
}

// Where a part of the partition begins: at each first address and behind each last one.
template <class T, class Add>
void cut(std::vector<T> starts, const Add& add) {
  starts.push_back(0);
  std::ranges::sort(starts);
  const auto repeated = std::ranges::unique(starts);
  starts.erase(repeated.begin(), repeated.end());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const T last =
        i + 1 < starts.size() ? static_cast<T>(starts[i + 1] - 1) : static_cast<T>(~T{0});
    add(IntervalSet<T>(starts[i], last));
  }
}

template <class T>
void add_starts(const IntervalSet<T>& set, std::vector<T>& starts) {
  for (const Interval<T>& interval : set.intervals()) {
    starts.push_back(interval.first);
    if (interval.last != static_cast<T>(~T{0})) {
      starts.push_back(static_cast<T>(interval.last + 1));
    }
  }
}

}  // namespace

std::uint32_t v4_number(const IpAddress& address) noexcept {
  std::uint32_t number = 0;
  for (const char octet : address.octets()) {
    number = number << 8U | static_cast<std::uint8_t>(octet);
  }
  return number;
}

AddressNumber v6_number(const IpAddress& address) noexcept {
  AddressNumber number = 0;
  for (const char octet : address.octets()) {
    number = number << 8U | static_cast<std::uint8_t>(octet);
  }
  return number;
}

IpAddress v4_address(std::uint32_t number) {
  return IpAddress::from_v4(
      {static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
       static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)});
}

IpAddress v6_address(AddressNumber number) {
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 16; i-- > 0;) {
    octets[i] = static_cast<std::uint8_t>(number);
    number >>= 8U;
  }
  return IpAddress::from_v6(octets);
}

AddressSet::AddressSet(const Cidr& cidr) {
  if (cidr.address.is_v4()) {
    v4_ = prefix<std::uint32_t>(v4_number(cidr.address), cidr.bits, 32);
  } else {
    v6_ = prefix<AddressNumber>(v6_number(cidr.address), cidr.bits, 128);
  }
}

AddressSet::AddressSet(const IpAddress& address)
    : AddressSet(Cidr{.address = address, .bits = static_cast<std::uint8_t>(address.bit_count())}) {
}

AddressSet AddressSet::all() { return all_v4().unite(all_v6()); }

AddressSet AddressSet::all_v4() { return of_v4(IntervalSet<std::uint32_t>(0, ~std::uint32_t{0})); }

AddressSet AddressSet::all_v6() { return of_v6(IntervalSet<AddressNumber>(0, ~AddressNumber{0})); }

AddressSet AddressSet::of_v4(IntervalSet<std::uint32_t> addresses) {
  AddressSet set;
  set.v4_ = std::move(addresses);
  return set;
}

AddressSet AddressSet::of_v6(IntervalSet<AddressNumber> addresses) {
  AddressSet set;
  set.v6_ = std::move(addresses);
  return set;
}

bool AddressSet::contains(const IpAddress& address) const {
  return address.is_v4() ? v4_.contains(v4_number(address)) : v6_.contains(v6_number(address));
}

AddressSet AddressSet::unite(const AddressSet& other) const {
  AddressSet set;
  set.v4_ = v4_.unite(other.v4_);
  set.v6_ = v6_.unite(other.v6_);
  return set;
}

AddressSet AddressSet::intersect(const AddressSet& other) const {
  AddressSet set;
  set.v4_ = v4_.intersect(other.v4_);
  set.v6_ = v6_.intersect(other.v6_);
  return set;
}

AddressSet AddressSet::minus(const AddressSet& other) const {
  AddressSet set;
  set.v4_ = v4_.minus(other.v4_);
  set.v6_ = v6_.minus(other.v6_);
  return set;
}

std::vector<std::string> AddressSet::ranges() const {
  std::vector<std::string> texts;
  for (const Interval<std::uint32_t>& interval : v4_.intervals()) {
    texts.push_back(v4_address(interval.first).to_string() + "-" +
                    v4_address(interval.last).to_string());
  }
  for (const Interval<AddressNumber>& interval : v6_.intervals()) {
    texts.push_back(v6_address(interval.first).to_string() + "-" +
                    v6_address(interval.last).to_string());
  }
  return texts;
}

std::vector<Cidr> AddressSet::cidrs() const {
  std::vector<Cidr> cidrs;
  for (const Interval<std::uint32_t>& interval : v4_.intervals()) {
    add_cidrs(interval, 32, v4_address, cidrs);
  }
  for (const Interval<AddressNumber>& interval : v6_.intervals()) {
    add_cidrs(interval, 128, v6_address, cidrs);
  }
  return cidrs;
}

std::vector<AddressSet> partition(const std::vector<AddressSet>& sets, bool with_v6) {
  std::vector<std::uint32_t> v4_starts;
  std::vector<AddressNumber> v6_starts;
  for (const AddressSet& set : sets) {
    add_starts(set.v4(), v4_starts);
    add_starts(set.v6(), v6_starts);
  }
  std::vector<AddressSet> parts;
  cut<std::uint32_t>(std::move(v4_starts), [&](IntervalSet<std::uint32_t> part) {
    parts.push_back(AddressSet::of_v4(std::move(part)));
  });
  if (with_v6) {
    cut<AddressNumber>(std::move(v6_starts), [&](IntervalSet<AddressNumber> part) {
      parts.push_back(AddressSet::of_v6(std::move(part)));
    });
  }
  return parts;
}

}  // namespace tally::scalar
