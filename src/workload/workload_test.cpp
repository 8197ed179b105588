#include "workload/workload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "workload/internal/view.hpp"

namespace tally::workload {
namespace {

struct Row {
  const char* name;
  const char* spec;                   // pod spec as YAML
  std::vector<std::string> expected;  // "rule container pointer", in order
  bool runs_forever = true;
  std::optional<bool> account = std::nullopt;
};

constexpr const char* kGood = R"(
automountServiceAccountToken: false
containers:
- name: api
  image: registry.bank.example/api:1.2@sha256:0123456789abcdef
  readinessProbe: {httpGet: {path: /, port: 80}}
  securityContext: {readOnlyRootFilesystem: true}
  resources: {limits: {cpu: 1, memory: 1Gi}}
)";

std::string good_with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::vector<std::string> judge(const Row& row, Census* census = nullptr) {
  Arena arena;
  const auto source = document::Source::from_text(row.name, row.spec);
  const auto root = document::read_one(*source, arena);
  EXPECT_TRUE(root.has_value()) << row.name;
  std::vector<Site> sites;
  const Census counted = evaluate({.spec = &*root,
                                   .spec_pointer = "/spec",
                                   .runs_forever = row.runs_forever,
                                   .account_mounts_token = row.account},
                                  arena, sites);
  if (census != nullptr) {
    *census = counted;
  }
  std::vector<std::string> said;
  for (const Site& site : sites) {
    EXPECT_FALSE(site.message.empty() || site.found.empty() || site.allowed.empty()) << row.name;
    EXPECT_LE(site.offset, source->text().size());
    said.push_back(std::string(site.check->id) + " " + std::string(site.container) + " " +
                   std::string(site.pointer));
  }
  return said;
}

TEST(Workload, EachCheckSaysWhatItShould) {
  const std::vector<std::pair<Row, std::string>> rows = [] {
    std::vector<std::pair<Row, std::string>> all;
    const auto add = [&](const char* name, std::string spec, std::vector<std::string> expected,
                         bool forever = true, std::optional<bool> account = std::nullopt) {
      all.emplace_back(Row{name, nullptr, std::move(expected), forever, account}, std::move(spec));
    };
    add("nothing to say", kGood, {});
    add("no digest", good_with("@sha256:0123456789abcdef", ""),
        {"image-digest api /spec/containers/0/image"});
    add("latest", good_with("1.2@sha256:0123456789abcdef", "latest"),
        {"image-tag api /spec/containers/0/image"});
    add("latest with a digest is pinned", good_with("1.2@", "latest@"), {});
    add("a registry port is no tag",
        good_with("registry.bank.example/api:1.2@sha256:0123456789abcdef", "registry:5000/api"),
        {"image-tag api /spec/containers/0/image"});
    add("no limits", good_with("resources: {limits: {cpu: 1, memory: 1Gi}}", "tty: false"),
        {"resource-limits api /spec/containers/0"});
    add("no memory limit", good_with(", memory: 1Gi", ""),
        {"resource-limits api /spec/containers/0/resources"});
    add("no CPU limit", good_with("cpu: 1, ", ""),
        {"resource-limits api /spec/containers/0/resources"});
    add("limits of the wrong type", good_with("{limits: {cpu: 1, memory: 1Gi}}", "[1]"),
        {"resource-limits api /spec/containers/0"});
    add("token by default", good_with("automountServiceAccountToken: false", "dnsPolicy: Default"),
        {"service-account-token  /spec"});
    add("token on purpose",
        good_with("automountServiceAccountToken: false", "automountServiceAccountToken: true"), {});
    add("the account decided",
        good_with("automountServiceAccountToken: false", "dnsPolicy: Default"), {}, true, false);
    add("writable root", good_with("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
        {"read-only-root-filesystem api "
         "/spec/containers/0/securityContext/readOnlyRootFilesystem"});
    add("root not mentioned",
        good_with("securityContext: {readOnlyRootFilesystem: true}", "tty: false"),
        {"read-only-root-filesystem api /spec/containers/0"});
    add("root as text", good_with("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: 'true'"),
        {"read-only-root-filesystem api "
         "/spec/containers/0/securityContext/readOnlyRootFilesystem"});
    add("no probe", good_with("readinessProbe: {httpGet: {path: /, port: 80}}", "tty: false"),
        {"probes api /spec/containers/0"});
    add("no probe in a job",
        good_with("readinessProbe: {httpGet: {path: /, port: 80}}", "tty: false"), {}, false);
    add("containers of the wrong type", "automountServiceAccountToken: false\ncontainers: {a: 1}\n",
        {});
    add("entries of the wrong type",
        "automountServiceAccountToken: false\ncontainers: [1, null, text]\n", {});
    return all;
  }();
  for (const auto& [row, spec] : rows) {
    Row copy = row;
    copy.spec = spec.c_str();
    EXPECT_EQ(judge(copy), row.expected) << row.name << "\n" << spec;
  }
}

TEST(Workload, InitContainersAreExaminedForImagesOnlyAndSidecarsForAll) {
  const std::string spec = std::string(kGood) + R"(
initContainers:
- {name: prepare, image: "registry.bank.example/prepare:3"}
- {name: proxy, image: "registry.bank.example/proxy:3", restartPolicy: Always}
)";
  Census census;
  EXPECT_EQ(judge({"init", spec.c_str(), {}}, &census),
            (std::vector<std::string>{"image-digest prepare /spec/initContainers/0/image",
                                      "image-digest proxy /spec/initContainers/1/image",
                                      "resource-limits proxy /spec/initContainers/1",
                                      "read-only-root-filesystem proxy /spec/initContainers/1"}));
  EXPECT_EQ(census.images, 3U);
  EXPECT_EQ(census.images_unpinned, 2U);
  EXPECT_TRUE(census.without_limits);
}

TEST(Workload, RecordsAreComplete) {
  std::set<std::string_view> ids;
  for (const finding::Check* check : all_checks()) {
    EXPECT_TRUE(ids.insert(check->id).second) << check->id;
    EXPECT_FALSE(check->title.empty() || check->description.empty() || check->remedy.empty() ||
                 check->references.empty())
        << check->id;
    EXPECT_GE(check->severity, finding::Severity::Low)
        << "hygiene never fails a run by default: " << check->id;
  }
}

TEST(Image, TagAndDigest) {
  EXPECT_EQ(image_tag("a:1"), "1");
  EXPECT_EQ(image_tag("host:5000/a:1@sha256:ab"), "1");
  EXPECT_EQ(image_tag("host:5000/a"), std::nullopt);
  EXPECT_EQ(image_tag("a:"), std::nullopt);
  EXPECT_TRUE(has_digest("a@sha256:ab"));
  EXPECT_FALSE(has_digest("a@sha256"));
}

}  // namespace
}  // namespace tally::workload
