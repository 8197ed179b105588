#include <gtest/gtest.h>

#include "authorization/claim_name.hpp"
#include "authorization/trust_domain.hpp"

namespace tally::authorization {
namespace {

using Texts = std::vector<std::string>;

TEST(TrustDomains, Principals) {
  const TrustDomains domains("td", {"old", "other"});
  const std::vector<std::pair<std::string_view, Texts>> rows = {
      {"td/ns/a/sa/b", {"td/ns/a/sa/b", "old/ns/a/sa/b", "other/ns/a/sa/b"}},
      {"old/ns/a/sa/b", {"td/ns/a/sa/b", "old/ns/a/sa/b", "other/ns/a/sa/b"}},
      {"cluster.local/ns/a/sa/b", {"td/ns/a/sa/b", "old/ns/a/sa/b", "other/ns/a/sa/b"}},
      {"o*/ns/a/sa/b", {"td/ns/a/sa/b", "old/ns/a/sa/b", "other/ns/a/sa/b"}},
      {"*d/ns/a/sa/b", {"*d/ns/a/sa/b", "other/ns/a/sa/b"}},
      {"foreign/ns/a/sa/b", {"foreign/ns/a/sa/b"}},
      {"*/ns/a/sa/b", {"*/ns/a/sa/b"}},
      {"*", {"*"}},
      {"td/ns/a", {"td/ns/a"}},
      {"td/ns/a/sa/b/c", {"td/ns/a/sa/b/c"}},
      {"", {""}},
  };
  for (const auto& [principal, expected] : rows) {
    EXPECT_EQ(domains.expand_principals({principal}), expected) << principal;
  }
  EXPECT_EQ(domains.expand_trust_domains({"old", "x", "td", "x"}),
            (Texts{"td", "old", "other", "x"}));
  EXPECT_EQ(domains.expand_trust_domains({"o*"}), Texts{"o*"});
}

TEST(ClaimName, Brackets) {
  using Names = std::optional<std::vector<std::string_view>>;
  const std::vector<std::pair<std::string_view, Names>> rows = {
      {"[a]", Names({"a"})},
      {"[a][b]", Names({"a", "b"})},
      {"[a[b]", Names({"a[b"})},
      {"[a]b]", Names({"a]b"})},
      {"", Names(std::vector<std::string_view>{})},
      {"[]", Names({""})},
      {"a", std::nullopt},
      {"[a", std::nullopt},
      {"a]", std::nullopt},
      {"[", std::nullopt},
      {"[a][b", std::nullopt},
  };
  for (const auto& [text, names] : rows) {
    EXPECT_EQ(names_in_brackets(text), names) << text;
  }
  EXPECT_EQ(name_in_brackets("[x]"), "x");
  EXPECT_EQ(name_in_brackets("x]"), std::nullopt);
}

}  // namespace
}  // namespace tally::authorization
