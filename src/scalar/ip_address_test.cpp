#include "scalar/ip_address.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tally::scalar {
namespace {

TEST(IpAddressTest, ReadsAndWrites) {
  struct Case {
    std::string_view text;
    std::string_view written;  // or "!" and the error
  };
  constexpr auto kCases = std::to_array<Case>({
      {"127.0.0.1", "127.0.0.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8::00aB", "2001:db8::ab"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
      {"", "!ParseAddr(\"\"): unable to parse IP"},
      {"1.2.3", "!ParseAddr(\"1.2.3\"): IPv4 address too short"},
      {"1..2.3", "!ParseAddr(\"1..2.3\"): IPv4 field must have at least one digit (at \".2.3\")"},
      {"1.2.3.4.5", "!ParseAddr(\"1.2.3.4.5\"): IPv4 address too long"},
      {"1.2.3.04", "!ParseAddr(\"1.2.3.04\"): IPv4 field has octet with leading zero"},
      {"1.2.3.x", "!ParseAddr(\"1.2.3.x\"): unexpected character (at \"x\")"},
      {"%eth0", "!ParseAddr(\"%eth0\"): missing IPv6 address"},
      {"::1%", "!ParseAddr(\"::1%\"): zone must be a non-empty string"},
      {"::1%eth0", "!address \"::1%eth0\" with zone value is not allowed"},
      {"1:2", "!ParseAddr(\"1:2\"): address string too short"},
      {"1::2::3", "!ParseAddr(\"1::2::3\"): multiple :: in address (at \":3\")"},
      {"1:2.3.4.5",
       "!ParseAddr(\"1:2.3.4.5\"): embedded IPv4 address must replace the final 2 fields of the "
       "address (at \"2.3.4.5\")"},
  });
  for (const Case& row : kCases) {
    const auto address = IpAddress::parse(row.text);
    EXPECT_EQ(address ? address->to_string() : "!" + address.error().message, row.written)
        << row.text;
  }
}

TEST(IpAddressTest, KnowsKindsOfAddresses) {
  struct Case {
    std::string_view text;
    bool loopback;
    bool link_local_unicast;
    bool multicast;
    bool global_unicast;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"127.1.2.3", true, false, false, false},
      {"::1", true, false, false, false},
      {"::2", false, false, false, true},
      {"169.254.0.1", false, true, false, false},
      {"fe80::1", false, true, false, false},
      {"fec0::1", false, false, false, true},
      {"239.0.0.1", false, false, true, false},
      {"ff01::1", false, false, true, false},
      {"0.0.0.0", false, false, false, false},
      {"::", false, false, false, false},
      {"255.255.255.255", false, false, false, false},
      {"10.0.0.1", false, false, false, true},
      {"::ffff:127.0.0.1", true, false, false, false},
  });
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.text);
    const auto address = IpAddress::parse(row.text);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->is_loopback(), row.loopback);
    EXPECT_EQ(address->is_link_local_unicast(), row.link_local_unicast);
    EXPECT_EQ(address->is_multicast(), row.multicast);
    EXPECT_EQ(address->is_global_unicast(), row.global_unicast);
  }
}

TEST(CidrTest, Contains) {
  struct Case {
    std::string_view outer;
    std::string_view inner;
    bool contains;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"10.0.0.0/8", "10.1.0.0/16", true},
      {"10.0.0.0/8", "10.0.0.0/8", true},
      {"10.1.2.3/8", "10.9.9.9/32", true},
      {"0.0.0.0/0", "1.2.3.4/1", true},
      {"2001:db8::/33", "2001:db8:7fff::/48", true},
      {"2001:db8::/33", "2001:db8:8000::/48", false},
      {"10.0.0.0/8", "11.0.0.0/8", false},
      {"10.0.0.0/16", "10.0.0.0/8", false},
      {"0.0.0.0/0", "::/0", false},
  });
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.outer);
    SCOPED_TRACE(row.inner);
    const auto outer = Cidr::parse(row.outer);
    const auto inner = Cidr::parse(row.inner);
    ASSERT_TRUE(outer && inner);
    EXPECT_EQ(outer->contains(*inner), row.contains);
  }
}

TEST(CidrTest, Refuses) {
  for (const std::string_view text :
       {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/08", "10.0.0.0/+8",
        "10.0.0.0/8x", "10.0.0/8", "fe80::1%e/64", "10.0.0.0/99999999999999999999"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

}  // namespace
}  // namespace tally::scalar
