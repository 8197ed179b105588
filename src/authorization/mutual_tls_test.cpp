#include "authorization/mutual_tls.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "authorization/decide.hpp"
#include "authorization/testing/world.hpp"

namespace tally::authorization {
namespace {

using testing::World;

std::string peer(std::string_view name_space, std::string_view name, std::string_view spec,
                 std::string_view created = {}) {
  return fmt::format(
      "---\napiVersion: security.istio.io/v1beta1\nkind: PeerAuthentication\nmetadata: {{name: {}, "
      "namespace: {}{}}}\nspec: {}\n",
      name, name_space,
      created.empty() ? std::string{} : fmt::format(", creationTimestamp: '{}'", created), spec);
}

// Precedence: pilot/pkg/security/authn/policy_applier_test.go TestComposePeerAuthentication.
TEST(MutualTls, Precedence) {
  struct Row {
    std::string name;
    std::string policies;
    MutualTls mode;     // of any port
    MutualTls at_8080;  // of port 8080
  };
  constexpr MutualTls kStrict = MutualTls::Strict;
  constexpr MutualTls kPermissive = MutualTls::Permissive;
  constexpr MutualTls kDisable = MutualTls::Disable;
  const std::string app = "selector: {matchLabels: {app: ledger}}";
  const std::vector<Row> rows = {
      {"nothing is PERMISSIVE", "", kPermissive, kPermissive},
      {"the mesh", peer("istio-system", "a", "{mtls: {mode: STRICT}}"), kStrict, kStrict},
      {"the mesh, UNSET", peer("istio-system", "a", "{mtls: {mode: UNSET}}"), kPermissive,
       kPermissive},
      {"the mesh, empty", peer("istio-system", "a", "{}"), kPermissive, kPermissive},
      {"the namespace before the mesh",
       peer("istio-system", "a", "{mtls: {mode: STRICT}}") +
           peer("bank", "b", "{mtls: {mode: DISABLE}}"),
       kDisable, kDisable},
      {"the namespace, UNSET, inherits",
       peer("istio-system", "a", "{mtls: {mode: STRICT}}") +
           peer("bank", "b", "{mtls: {mode: UNSET}}"),
       kStrict, kStrict},
      {"another namespace", peer("shop", "a", "{mtls: {mode: STRICT}}"), kPermissive, kPermissive},
      {"the workload before the namespace",
       peer("bank", "a", "{mtls: {mode: STRICT}}") +
           peer("bank", "b", "{" + app + ", mtls: {mode: PERMISSIVE}}"),
       kPermissive, kPermissive},
      {"another workload",
       peer("bank", "a", "{selector: {matchLabels: {app: x}}, mtls: {mode: STRICT}}"), kPermissive,
       kPermissive},
      {"a selector of the root namespace counts for nobody",
       peer("istio-system", "a", "{" + app + ", mtls: {mode: STRICT}}"), kPermissive, kPermissive},
      {"an empty selector is none", peer("bank", "a", "{selector: {}, mtls: {mode: STRICT}}"),
       kStrict, kStrict},
      {"ports",
       peer("bank", "a",
            "{" + app + ", mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}"),
       kStrict, kDisable},
      {"ports, UNSET, inherit",
       peer("istio-system", "m", "{mtls: {mode: STRICT}}") +
           peer("bank", "a", "{" + app + ", portLevelMtls: {8080: {mode: UNSET}}}"),
       kStrict, kStrict},
      {"ports need a selector: refused",
       peer("bank", "a",
            "{mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: "
            "DISABLE}}}"),
       kPermissive, kPermissive},
      {"other ports", peer("bank", "a", "{" + app + ", portLevelMtls: {9: {mode: STRICT}}}"),
       kPermissive, kPermissive},
      {"the older of two",
       peer("bank", "a", "{mtls: {mode: STRICT}}", "2026-02-01T00:00:00Z") +
           peer("bank", "b", "{mtls: {mode: DISABLE}}", "2026-01-01T00:00:00Z"),
       kDisable, kDisable},
      {"then by name",
       peer("bank", "b", "{mtls: {mode: STRICT}}") + peer("bank", "a", "{mtls: {mode: DISABLE}}"),
       kDisable, kDisable},
      {"a mode that is none: refused", peer("bank", "a", "{mtls: {mode: strict}}"), kPermissive,
       kPermissive},
  };
  for (const Row& row : rows) {
    World world(row.policies);
    const Workload workload{"bank", world.labels("{app: ledger}")};
    EXPECT_EQ(effective_mutual_tls(world.set(), workload, std::nullopt).mode, row.mode) << row.name;
    const EffectiveMutualTls at_port = effective_mutual_tls(world.set(), workload, 8080);
    EXPECT_EQ(at_port.mode, row.at_8080) << row.name;
    EXPECT_EQ(is_plaintext_refused(at_port), row.at_8080 == kStrict) << row.name;
  }
}

// What a ztunnel does with plaintext: DISABLE is no less than PERMISSIVE there.
TEST(MutualTls, Ambient) {
  struct Row {
    std::string name;
    std::string policies;
    Verdict plain_8080;
    Verdict plain_9090;
  };
  constexpr Verdict kAllow = Verdict::Allow;
  constexpr Verdict kDeny = Verdict::Deny;
  const std::string app = "selector: {matchLabels: {app: ledger}}";
  const std::vector<Row> rows = {
      {"nothing", "", kAllow, kAllow},
      {"STRICT mesh", peer("istio-system", "a", "{mtls: {mode: STRICT}}"), kDeny, kDeny},
      {"STRICT with a hole",
       peer("bank", "a",
            "{" + app + ", mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}}}"),
       kAllow, kDeny},
      {"STRICT with a hole of DISABLE",
       peer("bank", "a",
            "{" + app + ", mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}"),
       kAllow, kDeny},
      {"a strict port",
       peer("bank", "a",
            "{" + app +
                ", mtls: {mode: DISABLE}, portLevelMtls: {8080: {mode: "
                "STRICT}}}"),
       kDeny, kAllow},
      {"a hole under a strict mesh",
       peer("istio-system", "m", "{mtls: {mode: STRICT}}") +
           peer("bank", "a", "{" + app + ", portLevelMtls: {8080: {mode: PERMISSIVE}}}"),
       kAllow, kDeny},
      // Upstream asks for PERMISSIVE alone where the mode is inherited.
      {"a hole of DISABLE under a strict mesh is none",
       peer("istio-system", "m", "{mtls: {mode: STRICT}}") +
           peer("bank", "a", "{" + app + ", portLevelMtls: {8080: {mode: DISABLE}}}"),
       kDeny, kDeny},
      {"all ports strict",
       peer("bank", "a",
            "{" + app +
                ", mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: "
                "STRICT}}}"),
       kDeny, kDeny},
      {"DISABLE lets it in", peer("bank", "a", "{mtls: {mode: DISABLE}}"), kAllow, kAllow},
  };
  for (const Row& row : rows) {
    World world(row.policies);
    Request request;
    request.point = Point::Ztunnel;
    request.source.principal = std::string_view{};
    request.destination.name_space = "bank";
    request.destination.labels = world.labels("{app: ledger}");
    request.destination.port = 8080;
    EXPECT_EQ(decide(world.set(), request).verdict, row.plain_8080) << row.name;
    request.destination.port = 9090;
    EXPECT_EQ(decide(world.set(), request).verdict, row.plain_9090) << row.name;
    request.source.principal = "td/ns/a/sa/b";
    EXPECT_EQ(decide(world.set(), request).verdict, kAllow) << row.name;
  }
}

TEST(MutualTls, DisableHidesIdentities) {
  World world(peer("bank", "a", "{mtls: {mode: DISABLE}}") +
              testing::policy("bank/p", "{rules: [{from: [{source: {namespaces: ['*']}}]}]}"));
  Request request;
  request.source.principal = "td/ns/a/sa/b";
  request.destination.name_space = "bank";
  EXPECT_EQ(decide(world.set(), request).verdict, Verdict::Deny);
  request.point = Point::Ztunnel;
  EXPECT_EQ(decide(world.set(), request).verdict, Verdict::Allow);
}

}  // namespace
}  // namespace tally::authorization
