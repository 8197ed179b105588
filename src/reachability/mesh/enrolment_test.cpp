#include "reachability/mesh/enrolment.hpp"

#include "reachability/mesh/testing/mesh_cluster.hpp"

namespace tally::reachability::mesh {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

struct Row {
  std::string_view name;
  std::string_view labels;  // of the namespace; empty: it is not in the input
  PodText pod{};
  DataPlane expected = DataPlane::None;
  MeshMode mode = MeshMode::Auto;
};

// Something of Istio, in another namespace.
const std::string kElsewhere = peer("istio-system/default", "{mtls: {mode: STRICT}}");

TEST(Enrolment, FollowsTheInjectorAndTheNodeAgent) {
  const Row rows[] = {
      {"nothing says so", "{}"},
      {"namespace injected", "{istio-injection: enabled}", {}, DataPlane::Sidecar},
      {"namespace disabled", "{istio-injection: disabled}"},
      {"another word disables", "{istio-injection: yes-please}"},
      {"by revision", "{istio.io/rev: canary}", {}, DataPlane::Sidecar},
      {"istio-injection stands before the revision",
       "{istio-injection: disabled, istio.io/rev: canary}"},
      {"the pod refuses by label",
       "{istio-injection: enabled}",
       {.labels = ", sidecar.istio.io/inject: \"false\""}},
      {"the pod refuses by annotation",
       "{istio-injection: enabled}",
       {.annotations = "{sidecar.istio.io/inject: \"false\"}"}},
      {"the label stands before the annotation",
       "{istio-injection: enabled}",
       {.labels = ", sidecar.istio.io/inject: \"true\"",
        .annotations = "{sidecar.istio.io/inject: \"false\"}"},
       DataPlane::Sidecar},
      {"a word that is neither counts as nothing",
       "{istio-injection: enabled}",
       {.labels = ", sidecar.istio.io/inject: \"no\""},
       DataPlane::Sidecar},
      {"the pod asks by label",
       "{}",
       {.labels = ", sidecar.istio.io/inject: \"true\""},
       DataPlane::Sidecar},
      {"the pod asks by revision", "{}", {.labels = ", istio.io/rev: canary"}, DataPlane::Sidecar},
      {"an annotation alone reaches no injector",
       "{}",
       {.annotations = "{sidecar.istio.io/inject: \"true\"}"}},
      {"asking does not help where the namespace is disabled",
       "{istio-injection: disabled}",
       {.labels = ", sidecar.istio.io/inject: \"true\""}},
      {"the network of the node", "{istio-injection: enabled}", {.spec = ", hostNetwork: true"}},
      {"the proxy is there already",
       "{}",
       {.spec = ", initContainers: [{name: istio-proxy, image: p, restartPolicy: Always}]"},
       DataPlane::Sidecar},
      {"the injector left its mark",
       "{}",
       {.annotations = "{sidecar.istio.io/status: \"{}\"}"},
       DataPlane::Sidecar},
      {"ambient", "{istio.io/dataplane-mode: ambient}", {}, DataPlane::Ambient},
      {"none", "{istio.io/dataplane-mode: none}"},
      {"the pod leaves ambient",
       "{istio.io/dataplane-mode: ambient}",
       {.labels = ", istio.io/dataplane-mode: none"}},
      {"the pod joins ambient",
       "{}",
       {.labels = ", istio.io/dataplane-mode: ambient"},
       DataPlane::Ambient},
      {"the node agent left its mark",
       "{}",
       {.annotations = "{ambient.istio.io/redirection: enabled}"},
       DataPlane::Ambient},
      {"a sidecar wins",
       "{istio.io/dataplane-mode: ambient, istio-injection: enabled}",
       {},
       DataPlane::Sidecar},
      {"where injection is refused a ztunnel takes over",
       "{istio.io/dataplane-mode: ambient, istio-injection: disabled}",
       {},
       DataPlane::Ambient},
      {"not on the network of the node",
       "{istio.io/dataplane-mode: ambient}",
       {.spec = ", hostNetwork: true"}},
      {"the namespace is not in the input", "", {}, DataPlane::Unknown},
      {"it is not, and the pod refuses both",
       "",
       {.labels = ", sidecar.istio.io/inject: \"false\", istio.io/dataplane-mode: none"}},
      {"it is not, and the pod runs its proxy",
       "",
       {.spec = ", initContainers: [{name: istio-proxy, image: p}]"},
       DataPlane::Sidecar},
      {"the mode decides what is open", "", {}, DataPlane::Sidecar, MeshMode::Sidecar},
      {"the mode decides what is open: ambient", "", {}, DataPlane::Ambient, MeshMode::Ambient},
      {"the mode changes no refusal",
       "{istio-injection: disabled}",
       {},
       DataPlane::None,
       MeshMode::Sidecar},
      {"the mode leaves what ambient has",
       "{istio.io/dataplane-mode: ambient}",
       {},
       DataPlane::Ambient,
       MeshMode::Sidecar},
      {"no mesh", "{istio-injection: enabled}", {}, DataPlane::None, MeshMode::None},
  };
  for (const Row& row : rows) {
    const std::string space = row.labels.empty() ? "" : name_space("shop", row.labels);
    const MeshCluster cluster(space + pod("shop/web", row.pod) + kElsewhere, row.mode);
    const Party web = cluster.party("shop/web");
    EXPECT_EQ(cluster.mesh().data_plane_of(*web.endpoint), row.expected)
        << row.name << "\n"
        << cluster.mesh().enrolment_of(*web.endpoint).reason << "\n"
        << cluster.text();
  }
}

TEST(Enrolment, NeverInSystemNamespaces) {
  const MeshCluster cluster(name_space("kube-system", "{istio-injection: enabled}") +
                            pod("kube-system/dns"));
  EXPECT_EQ(cluster.mesh().data_plane_of(0), DataPlane::None);
}

TEST(Enrolment, WithoutIstioThereIsNoMesh) {
  const MeshCluster cluster(name_space("shop") + pod("shop/web") + pod("other/api"));
  EXPECT_FALSE(cluster.mesh().is_present());
  EXPECT_EQ(cluster.mesh().data_plane_of(*cluster.party("other/api").endpoint), DataPlane::None);
}

}  // namespace
}  // namespace tally::reachability::mesh
