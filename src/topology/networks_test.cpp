#include "topology/networks.hpp"

#include <gtest/gtest.h>

namespace tally::topology {
namespace {

std::string text(const std::vector<Attachment>& attachments) {
  std::string out;
  for (const Attachment& attachment : attachments) {
    out += attachment.name_space + "|" + attachment.network;
    for (const scalar::IpAddress& address : attachment.addresses) {
      out += "|" + address.to_string();
    }
    out += ";";
  }
  return out;
}

TEST(Networks, ReadsTheAnnotationOfPods) {
  struct Row {
    std::string annotation;
    std::string expected;
  };
  const Row rows[] = {
      {"a", "|a;"},
      {"a, ns/b@eth1", "|a;ns|b;"},
      {"a,a", "|a;"},
      {R"([{"name": "a", "namespace": "n", "ips": ["10.0.0.1/24", "fd00::1"]}])",
       "n|a|10.0.0.1|fd00::1;"},
      {"", ""},
      {",", ""},
      {"[", ""},
      {"[1, {}, {\"name\": 5}]", "|5;"},
      {R"([{"name": "a", "ips": ["no", 1]}])", "|a;"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(text(attachments_of_annotation(row.annotation)), row.expected) << row.annotation;
  }
}

}  // namespace
}  // namespace tally::topology
