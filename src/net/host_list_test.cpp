#include "net/host_list.hpp"

#include <gtest/gtest.h>

#include "net/address_policy.hpp"

namespace tally::net {
namespace {

TEST(HostList, Entries) {
  struct Row {
    const char* text;
    const char* host;  // null: refused
    unsigned port = 0;
  };
  const Row rows[] = {
      {"example.com", "example.com"},
      {"EXAMPLE.com.", "example.com"},
      {"example.com:8443", "example.com", 8443},
      {"a_b.svc", "a_b.svc"},
      {"10.0.0.1", "10.0.0.1"},
      {"10.0.0.1:80", "10.0.0.1", 80},
      {"::1", "::1"},
      {"[0:0::1]:443", "::1", 443},
      {"[::1]", "::1"},
      {"", nullptr},
      {".", nullptr},
      {"a..b", nullptr},
      {".a", nullptr},
      {"*.example.com", nullptr},
      {"https://example.com", nullptr},
      {"example.com/path", nullptr},
      {"user@example.com", nullptr},
      {"example.com:", nullptr},
      {"example.com:0", nullptr},
      {"example.com:080", nullptr},
      {"example.com:65536", nullptr},
      {"example.com:+80", nullptr},
      {"[::1", nullptr},
      {"[::1]80", nullptr},
      {"[10.0.0.1]", nullptr},
      {"[fe80::1%eth0]", nullptr},
      {"0x7f.1", nullptr},
      {"2130706433", nullptr},
      {"127.1", nullptr},
      {"0x7f000001", nullptr},
      {"010.0.0.1", nullptr},
      {"b\xc3\xbc"
       "cher.example",
       nullptr},
      {"a b", nullptr},
  };
  for (const Row& row : rows) {
    const auto host = AllowedHost::parse(row.text);
    ASSERT_EQ(host.has_value(), row.host != nullptr) << row.text;
    if (host) {
      EXPECT_EQ(host->host, row.host) << row.text;
      EXPECT_EQ(host->port.value_or(0), row.port) << row.text;
    }
  }
}

TEST(HostList, AllowsWhatIsNamedOnly) {
  const std::vector<std::string> entries = {"one.example", "two.example:8443", "[::1]:80"};
  const auto list = HostList::parse(entries);
  ASSERT_TRUE(list.has_value());
  EXPECT_TRUE(list->allows("one.example", 80));
  EXPECT_TRUE(list->allows("one.example", 9999));
  EXPECT_TRUE(list->allows("two.example", 8443));
  EXPECT_TRUE(list->allows("::1", 80));
  EXPECT_FALSE(list->allows("two.example", 443));
  EXPECT_FALSE(list->allows("api.one.example", 80));
  EXPECT_FALSE(list->allows("one.example.evil", 80));
  EXPECT_FALSE(list->allows("::1", 81));
  EXPECT_FALSE(list->allows("", 80));
  const std::vector<std::string> wrong = {"one.example", "x:y:z"};
  EXPECT_EQ(HostList::parse(wrong).error().message,
            "'x:y:z' is no HOST[:PORT]: 'x:y:z' is no host name and no IP address");
}

TEST(AddressPolicy, Refusals) {
  struct Row {
    const char* address;
    bool is_refused;
  };
  const Row rows[] = {
      {"169.254.169.254", true},
      {"169.254.0.1", true},
      {"0.0.0.0", true},
      {"0.1.2.3", true},
      {"224.0.0.1", true},
      {"255.255.255.255", true},
      {"100.100.100.200", true},
      {"fe80::1", true},
      {"febf::1", true},
      {"ff02::1", true},
      {"::", true},
      {"fd00:ec2::254", true},
      {"::ffff:169.254.169.254", true},
      {"::169.254.169.254", true},
      {"64:ff9b::a9fe:a9fe", true},
      {"2002:a9fe:a9fe::1", true},
      {"::ffff:0.0.0.0", true},
      {"127.0.0.1", false},
      {"::1", false},
      {"10.0.0.1", false},
      {"169.253.255.255", false},
      {"169.255.0.0", false},
      {"100.100.100.201", false},
      {"fec0::1", false},
      {"fd00:ec2::255", false},
      {"2001:db8::1", false},
      {"::ffff:10.0.0.1", false},
      {"64:ff9b::808:808", false},
  };
  for (const Row& row : rows) {
    const auto address = scalar::IpAddress::parse(row.address);
    ASSERT_TRUE(address.has_value()) << row.address;
    EXPECT_EQ(refusal_of(*address).has_value(), row.is_refused) << row.address;
  }
}

}  // namespace
}  // namespace tally::net
