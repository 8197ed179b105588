// No allocation for a pod once scratch and arena are warm: operator new counts. Passing and failing
// pods, and shapes that an attacker would choose.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "pod_security/pod_security.hpp"
#include "pod_security/scratch.hpp"

namespace tally::pod_security {
namespace {

constexpr std::string_view kHardened =
    R"({metadata: {name: p, annotations: {a: b}}, spec: {serviceAccountName: s,
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
  containers: [{name: main, image: i, ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {path: /, port: http}},
    securityContext: {allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}],
  volumes: [{name: tmp, emptyDir: {}}]}})";

constexpr std::string_view kEverythingWrong =
    R"({metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: x,
    seccomp.security.alpha.kubernetes.io/pod: x, container.seccomp.security.alpha.kubernetes.io/a: x}},
  spec: {hostNetwork: true, hostPID: true, hostIPC: true,
  securityContext: {runAsNonRoot: false, runAsUser: 0, seccompProfile: {type: X}, appArmorProfile: {type: X}, sysctls: [{name: x}],
    seLinuxOptions: {type: x, user: u, role: r}, windowsOptions: {hostProcess: true}},
  containers: [{name: a, ports: [{hostPort: 1}, {hostPort: 2}], readinessProbe: {httpGet: {host: x}}, lifecycle: {preStop: {tcpSocket: {host: z}}},
    securityContext: {privileged: true, procMount: x, runAsUser: 0, runAsNonRoot: false, capabilities: {add: [A, B]},
      seccompProfile: {type: X}, appArmorProfile: {type: X}, seLinuxOptions: {type: x}, windowsOptions: {hostProcess: true}}}],
  volumes: [{name: v, hostPath: {path: /}}, {name: w, nfs: {}}]}})";

std::string repeated(std::size_t count, const char* separator, auto&& element) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += i == 0 ? "" : separator;
    out += element(std::to_string(i));
  }
  return out;
}

std::string wide_map() {
  const auto members = [](const std::string& prefix) {
    return repeated(100'000, ",",
                    [&](const std::string& i) { return "\"" + prefix + i + "\":\"x\""; });
  };
  return R"({"metadata":{"annotations":{)" +
         members("container.apparmor.security.beta.kubernetes.io/c") + R"(}},"spec":{)" +
         members("k") + R"(,"containers":[{)" + members("f") + R"(,"securityContext":{)" +
         members("g") + R"(,"privileged":true}}]}})";
}

std::string many_containers() {
  return R"({"metadata":{"annotations":{)" +
         repeated(1000, ",",
                  [](const std::string& i) {
                    return "\"container.seccomp.security.alpha.kubernetes.io/c" + i + "\":\"x\"";
                  }) +
         R"(}},"spec":{"containers":[)" +
         repeated(1000, ",",
                  [](const std::string& i) {
                    return R"({"name":"c)" + i + R"(","ports":[{"hostPort":)" + i +
                           R"(}],"securityContext":{"capabilities":{"add":["C)" + i + R"("]}}})";
                  }) +
         "]}}";
}

std::string deep() {
  const std::string open =
      repeated(400, "", [](const std::string&) { return R"({"securityContext":)"; });
  return R"({"spec":{"containers":[{"securityContext":)" + open + "1" + std::string(400, '}') +
         "}]}}";
}

std::string anchors() {
  return "a: &a {name: x, securityContext: &s {privileged: true, capabilities: {add: "
         "[X]}}}\nspec:\n  securityContext: *s\n"
         "  containers: [" +
         repeated(500, ", ", [](const std::string&) { return "*a"; }) + "]\n";
}

void expect_no_allocation(const Pod& pod) {
  Scratch scratch;
  Arena arena;
  for (const std::uint16_t minor : {std::uint16_t{0}, std::uint16_t{18}, std::uint16_t{37}}) {
    for (const Level level : {Level::Privileged, Level::Baseline, Level::Restricted}) {
      const Plan& plan = plan_for({.level = level, .version = Version::minor(minor)});
      const std::size_t before_first = allocations;
      const std::size_t first = evaluate(pod, plan, scratch, arena).size();
      const bool was_counting =
          allocations > before_first || minor != 0 || level == Level::Privileged;
      EXPECT_TRUE(was_counting || first == 0)
          << "a cold scratch allocates; the counter does not count";
      arena.reset();
      const std::size_t before = allocations;
      EXPECT_EQ(evaluate(pod, plan, scratch, arena).size(), first);
      EXPECT_EQ(allocations - before, 0U) << to_text(level) << " v1." << minor;
      arena.reset();
    }
  }
}

void expect_no_allocation(std::string_view name, const std::string& text) {
  SCOPED_TRACE(name);
  Arena document;
  const auto source = document::Source::from_text("pod", text);
  const auto root = document::read_one(*source, document);
  ASSERT_TRUE(root) << root.error().to_string();
  expect_no_allocation({.metadata = root->find("metadata"),
                        .spec = root->find("spec"),
                        .metadata_pointer = "/metadata",
                        .spec_pointer = "/spec"});
}

TEST(AllocationTest, NoneOnceWarm) {
  expect_no_allocation("hardened", std::string(kHardened));
  expect_no_allocation("everything wrong", std::string(kEverythingWrong));
  expect_no_allocation("empty", "{}");
  expect_no_allocation("wide maps", wide_map());
  expect_no_allocation("1,000 containers", many_containers());
  expect_no_allocation("deep nesting", deep());
  expect_no_allocation("anchors", anchors());
}

// --- Manifests of real applications: TALLY_CORPUS, or ../shared/corpus ---

namespace fs = std::filesystem;

fs::path applications() {
  const char* named = std::getenv("TALLY_CORPUS");  // NOLINT(concurrency-mt-unsafe)
  return (named != nullptr ? fs::path(named) : fs::path(TALLY_SOURCE_DIR) / "../shared/corpus") /
         "apps";
}

const document::Node* child(const document::Node* node, std::string_view key) {
  return node == nullptr ? nullptr : node->find(key);
}

// The pod of an object: the object itself, its template, or the template of its jobs. Which kind
// has which is not asked: what is no pod has no containers.
std::optional<Pod> pod_of(const document::Node& object) {
  const document::Node* spec = object.find("spec");
  const document::Node* job = child(child(spec, "jobTemplate"), "spec");
  for (const document::Node* holder : {&object, child(spec, "template"), child(job, "template")}) {
    const document::Node* pod_spec = child(holder, "spec");
    const document::Node* containers = child(pod_spec, "containers");
    if (containers != nullptr && containers->is_array()) {
      return Pod{.metadata = child(holder, "metadata"),
                 .spec = pod_spec,
                 .metadata_pointer = "/metadata",
                 .spec_pointer = "/spec"};
    }
  }
  return std::nullopt;
}

// The number of pods. Templates that are no YAML yet are passed over.
std::size_t expect_no_allocation(const fs::path& file) {
  SCOPED_TRACE(file.string());
  const auto source = document::Source::read_file(file.string());
  if (!source) {
    ADD_FAILURE() << source.error().to_string();
    return 0;
  }
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(**source)) {
    document::read_slice(**source, slice, arena, {}, documents, errors);
  }
  std::size_t pods = 0;
  for (const document::Document& document : documents) {
    if (const std::optional<Pod> pod = pod_of(document.root)) {
      expect_no_allocation(*pod);
      ++pods;
    }
  }
  return pods;
}

TEST(AllocationTest, NoneForRealApplications) {
  if (!fs::is_directory(applications())) {
    GTEST_SKIP() << "the manifests of applications are not at " << applications();
  }
  std::size_t pods = 0;
  for (const auto& entry : fs::recursive_directory_iterator(applications())) {
    const fs::path& file = entry.path();
    if (entry.is_regular_file() && (file.extension() == ".yaml" || file.extension() == ".yml")) {
      pods += expect_no_allocation(file);
    }
  }
  EXPECT_GT(pods, 50U);
  std::printf("%zu pods of applications\n", pods);
}

}  // namespace
}  // namespace tally::pod_security
