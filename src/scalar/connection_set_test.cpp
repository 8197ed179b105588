#include "scalar/connection_set.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <random>

#include "scalar/address_set.hpp"

namespace tally::scalar {
namespace {

// A second way to compute the same: one bit for each number.
using Plain = std::bitset<256>;
using Bytes = IntervalSet<std::uint8_t>;

Plain plain(const Bytes& set) {
  Plain bits;
  for (unsigned i = 0; i < 256; ++i) {
    bits[i] = set.contains(static_cast<std::uint8_t>(i));
  }
  return bits;
}

bool is_canonical(const Bytes& set) {
  const auto intervals = set.intervals();
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (intervals[i].first > intervals[i].last ||
        (i > 0 && intervals[i - 1].last + 1 >= intervals[i].first)) {
      return false;
    }
  }
  return true;
}

TEST(IntervalSet, AgreesWithBits) {
  std::mt19937 random(1);
  const auto make = [&random] {
    Bytes set;
    for (auto i = random() % 6; i > 0; --i) {
      const auto a = static_cast<std::uint8_t>(random());
      const auto length = static_cast<unsigned>(random() % 40);
      set.add(a, static_cast<std::uint8_t>(std::min(255U, a + length)));
    }
    return set;
  };
  for (int round = 0; round < 20'000; ++round) {
    const Bytes a = make();
    const Bytes b = make();
    for (const Bytes& set : {a, b, a.unite(b), a.intersect(b), a.minus(b)}) {
      ASSERT_TRUE(is_canonical(set));
    }
    ASSERT_EQ(plain(a.unite(b)), plain(a) | plain(b));
    ASSERT_EQ(plain(a.intersect(b)), plain(a) & plain(b));
    ASSERT_EQ(plain(a.minus(b)), plain(a) & ~plain(b));
    ASSERT_EQ(a.intersects(b), (plain(a) & plain(b)).any());
    ASSERT_EQ(a.contains(b), (plain(b) & ~plain(a)).none());
    ASSERT_EQ(a == b, plain(a) == plain(b));
  }
}

AddressSet of(std::string_view cidr) { return AddressSet(*Cidr::parse(cidr)); }

std::string joined(const AddressSet& set) {
  std::string text;
  for (const std::string& range : set.ranges()) {
    text += text.empty() ? range : "," + range;
  }
  return text;
}

TEST(AddressSet, Prefixes) {
  struct Row {
    std::string_view cidr;
    std::string_view range;
  };
  constexpr Row kRows[] = {
      {"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
      {"10.1.2.3/32", "10.1.2.3-10.1.2.3"},
      {"192.168.242.213/24", "192.168.242.0-192.168.242.255"},
      {"255.255.255.255/1", "128.0.0.0-255.255.255.255"},
      {"::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"2001:db8::1/128", "2001:db8::1-2001:db8::1"},
      {"fd00::/8", "fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(joined(of(row.cidr)), row.range);
    ASSERT_EQ(of(row.cidr).cidrs().size(), 1U) << row.cidr;
    EXPECT_EQ(of(row.cidr).cidrs().front(), Cidr::parse(row.cidr)->masked());
  }
}

TEST(AddressSet, FamiliesAreApart) {
  EXPECT_FALSE(of("0.0.0.0/0").contains(*IpAddress::parse("::ffff:10.0.0.1")));
  EXPECT_FALSE(of("::/0").contains(*IpAddress::parse("10.0.0.1")));
  EXPECT_EQ(AddressSet::all().minus(of("::/0")), AddressSet::all_v4());
}

TEST(AddressSet, CidrsOfWhatIsLeft) {
  const AddressSet rest = of("10.0.0.0/8").minus(of("10.128.0.0/16"));
  AddressSet again;
  for (const Cidr& cidr : rest.cidrs()) {
    EXPECT_FALSE(again.intersects(AddressSet(cidr)));
    again = again.unite(AddressSet(cidr));
  }
  EXPECT_EQ(again, rest);
  EXPECT_EQ(rest.cidrs().size(), 8U);
}

TEST(AddressSet, PartitionHasEverySetAsUnion) {
  const std::vector<AddressSet> sets{of("10.0.0.0/8"), of("10.0.0.0/16"), of("0.0.0.0/0"),
                                     of("255.255.255.255/32"), of("fd00::/8")};
  for (const bool with_v6 : {false, true}) {
    const auto parts = partition(sets, with_v6);
    AddressSet whole;
    for (const AddressSet& part : parts) {
      EXPECT_FALSE(whole.intersects(part));
      whole = whole.unite(part);
      for (const AddressSet& set : sets) {
        EXPECT_TRUE(set.contains(part) || !set.intersects(part));
      }
    }
    EXPECT_EQ(whole, with_v6 ? AddressSet::all() : AddressSet::all_v4());
    EXPECT_EQ(parts.size(), with_v6 ? 8U : 5U);
  }
}

TEST(ConnectionSet, Text) {
  ConnectionSet set = ConnectionSet::of(Protocol::Tcp, PortSet(443, 445));
  set.add(Protocol::Tcp, PortSet(80, 80));
  EXPECT_EQ(set.to_string(), "TCP 80,443-445");
  EXPECT_EQ(set.unite(ConnectionSet::of(Protocol::Udp)).to_string(), "TCP 80,443-445; UDP");
  EXPECT_EQ(ConnectionSet::of_number(47).to_string(), "protocol 47");
  EXPECT_EQ(ConnectionSet::of_number(17), ConnectionSet::of(Protocol::Udp));
  EXPECT_EQ(ConnectionSet::of(Protocol::Icmp, PortSet(8 * 256, 8 * 256)).to_string(), "ICMP 8/0");
  EXPECT_EQ(ConnectionSet::of(Protocol::Icmp, PortSet(8 * 256, 9 * 256 + 255)).to_string(),
            "ICMP 8-9");
  EXPECT_EQ(ConnectionSet::all().to_string(), "all");
  EXPECT_EQ(ConnectionSet().to_string(), "none");
  EXPECT_EQ(ConnectionSet::all().minus(ConnectionSet::transport()).to_string(),
            "ICMP; ICMPv6; other protocols");
}

TEST(ConnectionSet, Algebra) {
  const ConnectionSet web = ConnectionSet::of_port(Protocol::Tcp, 80);
  EXPECT_TRUE(ConnectionSet::all().contains(web));
  EXPECT_FALSE(web.contains(ConnectionSet::all()));
  EXPECT_TRUE(web.minus(ConnectionSet::of(Protocol::Tcp)).is_empty());
  EXPECT_FALSE(web.intersects(ConnectionSet::of(Protocol::Udp)));
  EXPECT_EQ(ConnectionSet::all().minus(web).unite(web), ConnectionSet::all());
}

TEST(Protocol, Names) {
  EXPECT_EQ(parse_protocol("tcp"), Protocol::Tcp);
  EXPECT_EQ(parse_protocol("ICMPv6"), Protocol::Icmp6);
  for (const std::string_view name : {"", "TCPS", "6", "icmp4"}) {
    EXPECT_EQ(parse_protocol(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace tally::scalar
