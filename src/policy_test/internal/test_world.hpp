#pragma once
// The cluster and the network of one test: nothing but what its files say. Answers what CEL
// expressions ask; what classic rules ask is world_for_rules.hpp.
//
// As Kyverno's command line has it (processor/utils.go, store/contextloader.go): the `context` file
// and the `clusterResources` are the cluster; API calls and config maps of classic rules are
// answered only where there are cluster resources, or where `apiCallResponses` has the URL.
//
// Threads: immutable after load.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cel/host.hpp"
#include "kube/api_kinds.hpp"
#include "kube/object.hpp"
#include "policy_test/internal/files.hpp"
#include "policy_test/test_case.hpp"

namespace tally::policy_test {

// Seconds since 1970 and nanoseconds; negative: no clock.
struct Now {
  std::int64_t seconds = -1;
  std::uint32_t nanoseconds = 0;
};

class TestWorld final : public cel::Host {
 public:
  TestWorld() = default;

  // Reads context, clusterResources, globalContextEntries and apiCallResponses of the test.
  [[nodiscard]] Result<void> load(Files& files, const TestCase& test);
  // Further objects of the cluster: those that the test itself is about.
  void add(std::span<const kube::Object> objects);
  void set_now(Now now) noexcept { now_ = now; }

  [[nodiscard]] bool is_cluster() const noexcept { return is_cluster_; }
  [[nodiscard]] const kube::CustomKinds& kinds() const noexcept { return kinds_; }
  [[nodiscard]] std::span<const kube::Object> objects() const noexcept { return objects_; }

  // cel::Host
  [[nodiscard]] cel::Value ask(Arena& arena, std::string_view capability, std::string_view function,
                               std::span<const cel::Value> args) const override;

  [[nodiscard]] Now now() const noexcept { return now_; }
  [[nodiscard]] const std::map<std::string, document::Node, std::less<>>& images() const noexcept {
    return images_;
  }
  [[nodiscard]] const std::map<std::string, document::Node, std::less<>>& globals() const noexcept {
    return globals_;
  }

  // The answer of `apiCallResponses`, or null.
  struct CannedAnswer {
    document::Node body;
    std::int64_t status = 200;
  };
  [[nodiscard]] const CannedAnswer* canned(std::string_view method, std::string_view url) const;
  [[nodiscard]] bool has_canned() const noexcept { return !calls_.empty(); }
  // The objects of a resource ("pods"); name_space "" means all.
  [[nodiscard]] std::vector<const kube::Object*> select(std::string_view api_version,
                                                        std::string_view plural,
                                                        std::string_view name_space) const;

 private:
  [[nodiscard]] Result<void> load_cluster(Files& files, const TestCase& test);
  [[nodiscard]] Result<void> load_context(Files& files, const TestCase& test);
  [[nodiscard]] Result<void> load_global_entry(Files& files, const TestCase& test,
                                               const document::Node& entry);
  [[nodiscard]] cel::Value ask_resource(Arena& arena, std::string_view function,
                                        std::span<const cel::Value> args) const;
  [[nodiscard]] cel::Value ask_http(Arena& arena, std::string_view function,
                                    std::span<const cel::Value> args) const;

  std::vector<kube::Object> objects_;
  kube::CustomKinds kinds_;
  std::map<std::string, document::Node, std::less<>> images_;
  std::map<std::string, document::Node, std::less<>> globals_;
  std::map<std::string, CannedAnswer, std::less<>> calls_;  // "GET:url", or "url" for any method
  bool is_cluster_ = false;
  Now now_;
};

}  // namespace tally::policy_test
