#include "scalar/image_name.hpp"

#include <gtest/gtest.h>

namespace tally::scalar {
namespace {

constexpr const char* kDigest =
    "sha256:128c6e3534b842a2eec139999b8ce8aa9a2af9907e2b9269550809d18cd832a3";

TEST(ImageName, TakesNamesApart) {
  struct Row {
    std::string text;
    const char* registry;
    const char* path;
    const char* name;
    const char* tag;
  };
  const Row rows[] = {
      {"nginx", "docker.io", "nginx", "nginx", "latest"},
      {"bank/ledger:v2", "docker.io", "bank/ledger", "ledger", "v2"},
      {"localhost/ledger", "localhost", "ledger", "ledger", "latest"},
      {"registry.bank.example:5000/a/b/c:1.2", "registry.bank.example:5000", "a/b/c", "c", "1.2"},
      {"Bank/ledger", "Bank", "ledger", "ledger", "latest"},
      {"[::1]:5000/ledger:1", "[::1]:5000", "ledger", "ledger", "1"},
      {"a__b.c-d/e:x", "a__b.c-d", "e", "e", "x"},
  };
  for (const Row& row : rows) {
    const Result<ImageName> name = ImageName::parse(row.text);
    ASSERT_TRUE(name) << row.text << ": " << name.error().message;
    EXPECT_EQ(name->registry, row.registry) << row.text;
    EXPECT_EQ(name->path, row.path) << row.text;
    EXPECT_EQ(name->name, row.name) << row.text;
    EXPECT_EQ(name->tag, row.tag) << row.text;
  }
}

TEST(ImageName, KeepsTagAndDigest) {
  const Result<ImageName> name =
      ImageName::parse(std::string("registry.bank.example/ledger:7@") + kDigest);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->tag, "7");
  EXPECT_EQ(name->digest, kDigest);
  EXPECT_EQ(name->reference, std::string("registry.bank.example/ledger@") + kDigest);
  EXPECT_EQ(name->reference_with_tag, "registry.bank.example/ledger:7");
  const Result<ImageName> bare = ImageName::parse(std::string("ledger@") + kDigest);
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->tag, "") << "a digest needs no tag";
}

TEST(ImageName, RefusesWhatIsNoReference) {
  for (const char* text :
       {"", ":v1", "a:", "a/:1", "bank/Ledger", "a..b/c d", "a@sha256:12", "a@md5:aa", "-a", "a-",
        "a/b:"
        "-x",
        "a//b", "a/b/", "/a", "a___b", "x.y:port/z"}) {
    EXPECT_FALSE(ImageName::parse(text)) << text;
  }
  EXPECT_FALSE(ImageName::parse("a:" + std::string(129, 'x')));
  EXPECT_TRUE(ImageName::parse("a:" + std::string(128, 'x')));
}

}  // namespace
}  // namespace tally::scalar
