#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(NetworkFunctionsTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(ip("127.0.0.1").family())cel", "4", 2},
      {R"cel(ip("::ffff:1.2.3.4"))cel",
       R"cel(!IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed)cel"},
      {R"cel(ip("fe80::1%eth0"))cel",
       R"cel(!IP address "fe80::1%eth0" with zone value is not allowed)cel"},
      {R"cel(ip("1.2.3"))cel",
       R"cel(!IP Address "1.2.3" parse error during conversion from string: ParseAddr("1.2.3"): IPv4 address too short)cel"},
      {R"cel(ip("1.2.3.04"))cel",
       R"cel(!IP Address "1.2.3.04" parse error during conversion from string: ParseAddr("1.2.3.04"): IPv4 field has octet with leading zero)cel"},
      {R"cel(ip("1.2.3.256"))cel",
       R"cel(!IP Address "1.2.3.256" parse error during conversion from string: ParseAddr("1.2.3.256"): IPv4 field has value >255)cel"},
      {R"cel(ip("1.2.3.4.5"))cel",
       R"cel(!IP Address "1.2.3.4.5" parse error during conversion from string: ParseAddr("1.2.3.4.5"): IPv4 address too long)cel"},
      {R"cel(ip(":::1"))cel",
       R"cel(!IP Address ":::1" parse error during conversion from string: ParseAddr(":::1"): each colon-separated field must have at least one digit (at ":1"))cel"},
      {R"cel(ip("1::2::3"))cel",
       R"cel(!IP Address "1::2::3" parse error during conversion from string: ParseAddr("1::2::3"): multiple :: in address (at ":3"))cel"},
      {R"cel(ip("12345::"))cel",
       R"cel(!IP Address "12345::" parse error during conversion from string: ParseAddr("12345::"): each group must have 4 or less digits (at "12345::"))cel"},
      {R"cel(ip("::1.2.3.4"))cel", R"cel(net.IP("::102:304"))cel", 1},
      {R"cel(ip("1:2:3:4:5:6:7:8:9"))cel",
       R"cel(!IP Address "1:2:3:4:5:6:7:8:9" parse error during conversion from string: ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9"))cel"},
      {R"cel(ip("1:2:3:4:5:6:7:"))cel",
       R"cel(!IP Address "1:2:3:4:5:6:7:" parse error during conversion from string: ParseAddr("1:2:3:4:5:6:7:"): colon must be followed by more characters (at ":"))cel"},
      {R"cel(ip("1:2:3:4:5:6:7::"))cel", R"cel(net.IP("1:2:3:4:5:6:7:0"))cel", 2},
      {R"cel(ip("1:2:3:4:5:6:7:8::"))cel",
       R"cel(!IP Address "1:2:3:4:5:6:7:8::" parse error during conversion from string: ParseAddr("1:2:3:4:5:6:7:8::"): the :: must expand to at least one field of zeros)cel"},
      {R"cel(ip(""))cel",
       R"cel(!IP Address "" parse error during conversion from string: ParseAddr(""): unable to parse IP)cel"},
      {R"cel(ip("abc"))cel",
       R"cel(!IP Address "abc" parse error during conversion from string: ParseAddr("abc"): unable to parse IP)cel"},
      {R"cel(string(ip("2001:DB8:0:0:1:0:0:1")))cel", R"cel("2001:db8::1:0:0:1")cel", 3},
      {R"cel(string(ip("2001:db8::0:1")))cel", R"cel("2001:db8::1")cel", 3},
      {R"cel(string(ip("1:0:0:2:0:0:0:3")))cel", R"cel("1:0:0:2::3")cel", 3},
      {R"cel(ip.isCanonical("2001:db8::abcd"))cel", "true", 3},
      {R"cel(ip.isCanonical("2001:DB8::ABCD"))cel", "false", 3},
      {R"cel(ip.isCanonical("x"))cel",
       R"cel(!IP Address "x" parse error during conversion from string: ParseAddr("x"): unable to parse IP)cel"},
      {R"cel(isIP("::1"))cel", "true", 1},
      {R"cel(isIP("::1%e"))cel", "false", 1},
      {R"cel(ip("0.0.0.0").isUnspecified())cel", "true", 2},
      {R"cel(ip("224.0.0.1").isLinkLocalMulticast())cel", "true", 2},
      {R"cel(ip("ff02::1").isLinkLocalMulticast())cel", "true", 2},
      {R"cel(ip("169.254.1.1").isLinkLocalUnicast())cel", "true", 3},
      {R"cel(ip("febf::1").isLinkLocalUnicast())cel", "true", 2},
      {R"cel(ip("255.255.255.255").isGlobalUnicast())cel", "false", 3},
      {R"cel(ip("ff00::1").isGlobalUnicast())cel", "false", 2},
      {R"cel(ip("10.0.0.1").isGlobalUnicast())cel", "true", 2},
      {R"cel(cidr("192.168.0.0/24").containsIP("192.168.0.1"))cel", "true", 5},
      {R"cel(cidr("192.168.0.0/24").containsIP("bad"))cel", "!no such overload"},
      {R"cel(cidr("192.168.0.0/24").containsIP(ip("192.168.1.1")))cel", "false", 5},
      {R"cel(cidr("192.168.0.0/24").containsIP("::1"))cel", "false", 4},
      {R"cel(cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16"))cel", "true", 6},
      {R"cel(cidr("10.0.0.0/8").containsCIDR(cidr("0.0.0.0/0")))cel", "false", 5},
      {R"cel(cidr("10.0.0.0/8").containsCIDR("x"))cel",
       R"cel(!network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("x"): no '/')cel"},
      {R"cel(cidr("::1/128").ip() == ip("::1"))cel", "true", 4},
      {R"cel(string(cidr("192.168.1.5/24").masked()))cel", R"cel("192.168.1.0/24")cel", 4},
      {R"cel(string(cidr("2001:db8:ffff::/33").masked()))cel", R"cel("2001:db8:8000::/33")cel", 4},
      {R"cel(cidr("10.0.0.0/33"))cel",
       R"cel(!network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/33"): prefix length out of range)cel"},
      {R"cel(cidr("10.0.0.0"))cel",
       R"cel(!network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0"): no '/')cel"},
      {R"cel(cidr("10.0.0.0/08"))cel",
       R"cel(!network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08")cel"},
      {R"cel(cidr("10.0.0.0/-1"))cel",
       R"cel(!network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/-1"): bad bits after slash: "-1")cel"},
      {R"cel(cidr("::ffff:1.2.3.4/100"))cel",
       R"cel(!network address parse error during conversion from string: IPv4-mapped IPv6 address "::ffff:1.2.3.4/100" is not allowed)cel"},
      {R"cel(cidr("fe80::1%x/64"))cel",
       R"cel(!network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("fe80::1%x/64"): IPv6 zones cannot be present in a prefix)cel"},
      {R"cel(isCIDR("10.0.0.1/8"))cel", "true", 1},
      {R"cel(cidr("10.0.0.0/8").prefixLength())cel", "8", 2},
  });
  expect_values("kubernetes", kCases);
}

TEST(NetworkFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(ip("1.2.3.4") == ip("1.2.3.4"))cel", "true"},
      {R"cel(cidr("x"))cel",
       R"cel(!CIDR "x" parse error during conversion from string: netip.ParsePrefix("x"): no '/')cel"},
      {R"cel(cidr("10.0.0.0/8").containsIP("x"))cel",
       R"cel(!IP Address "x" parse error during conversion from string: ParseAddr("x"): unable to parse IP)cel"},
      {R"cel(cidr("10.0.0.1/8").isMask())cel", "false"},
      {R"cel(cidr("::ffff:1.2.3.4/100"))cel",
       R"cel(!IPv4-mapped IPv6 address "::ffff:1.2.3.4/100" is not allowed)cel"},
      {R"cel(string(cidr("10.0.0.1/8")))cel", R"cel("10.0.0.1/8")cel"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
