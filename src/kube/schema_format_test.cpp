#include "kube/internal/schema_format.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tally::kube::internal {
namespace {

TEST(SchemaFormat, TellsTextsApart) {
  struct Row {
    SchemaFormat format;
    std::vector<const char*> right;
    std::vector<const char*> wrong;
  };
  const Row rows[] = {
      {SchemaFormat::DateTime,
       {"2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T12:00:00.123+02:00"},
       {"2026-01-31", "2026-01-31T12:00:00", "2026-01-31T24:00:00Z", "2026-02-30T12:00:00Z",
        "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00+0200", "T", ""}},
      {SchemaFormat::Date,
       {"2026-01-31", "2024-02-29"},
       {"2026-1-31", "2026-02-29", "", "2026-01-31T"}},
      {SchemaFormat::Duration,
       {"1h30m", "22 ns", "5 weeks", "0", "1.5h", "2 hours"},
       {"", "5", "h", "abc", "1 fortnight"}},
      {SchemaFormat::Byte, {"YWJj", "YQ==", "YWI="}, {"", "YWJ", "YW=j", "%%%%", "Y==="}},
      {SchemaFormat::Ipv4,
       {"10.0.0.1", "010.0.0.255"},
       {"10.0.0", "10.0.0.256", "::1", "a.b.c.d", "1.2.3.4.5"}},
      {SchemaFormat::Ipv6,
       {"::", "::1", "1::", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"},
       {"", ":", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "10.0.0.1",
        "g::", "12345::", "1:", "fe80::1%eth0", "1:2:3:4:5:6:7:8::"}},
      {SchemaFormat::Cidr,
       {"10.0.0.0/8", "::/0", "fe80::/128"},
       {"10.0.0.0", "10.0.0.0/33", "::/129", "/8", "a/8"}},
      {SchemaFormat::Mac,
       {"00:00:5e:00:53:01", "00-00-5E-00-53-01", "0000.5e00.5301", "02:00:5e:10:00:00:00:01"},
       {"", "00:00:5e:00:53", "00:00-5e:00:53:01", "0g:00:5e:00:53:01", "00005e005301"}},
      {SchemaFormat::Uuid,
       {"123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"},
       {"", "123e4567-e89b-12d3-a456-42661417400", "123e4567-e89b-12d3-a456-4266141740000",
        "g23e4567-e89b-12d3-a456-426614174000"}},
      {SchemaFormat::Uuid3,
       {"123e4567-e89b-32d3-c456-426614174000"},
       {"123e4567-e89b-12d3-a456-426614174000"}},
      {SchemaFormat::Uuid4,
       {"123e4567-e89b-42d3-a456-426614174000"},
       {"123e4567-e89b-42d3-c456-426614174000", "123e4567-e89b-12d3-a456-426614174000"}},
      {SchemaFormat::Uuid5,
       {"123e4567-e89b-52d3-a456-426614174000"},
       {"123e4567-e89b-42d3-a456-426614174000"}},
      {SchemaFormat::HexColor, {"#FFF", "a0b1c2"}, {"", "#FF", "#GGG", "##FFF"}},
      {SchemaFormat::ShortName,
       {"a", "a-b"},
       {"", "-a", "a-", "A", "a.b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
      {SchemaFormat::LongName, {"a", "a.b-c.d"}, {"", "a..b", ".a", "a.", "A.b"}},
  };
  for (const Row& row : rows) {
    for (const char* text : row.right) {
      EXPECT_TRUE(has_format(text, row.format)) << format_name(row.format) << " " << text;
    }
    for (const char* text : row.wrong) {
      EXPECT_FALSE(has_format(text, row.format)) << format_name(row.format) << " " << text;
    }
  }
  EXPECT_TRUE(has_format("anything", SchemaFormat::None));
}

}  // namespace
}  // namespace tally::kube::internal
