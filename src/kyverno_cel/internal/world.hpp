#pragma once
// What the expressions of one policy may ask of the world: the caller's host, within the bounds
// that Kyverno sets for policies of a namespace (pkg/cel/compiler/http.go, and the namespaced_impl
// of its libraries), and with generator.Apply collected.
//
// Threads: of one Scratch.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/host.hpp"
#include "kube/api_kinds.hpp"

namespace tally::kyverno_cel {

class World final : public cel::Host {
 public:
  struct Bounds {
    const cel::Host* outer = nullptr;  // may be null
    const kube::CustomKinds* kinds = nullptr;
    std::string_view policy_namespace;  // "" of the cluster
    bool allows_http = true;
  };
  void enter(const Bounds& bounds) {
    bounds_ = bounds;
    generated_.clear();
    attempted_ = false;
  }
  [[nodiscard]] cel::Value ask(Arena& arena, std::string_view capability, std::string_view function,
                               std::span<const cel::Value> args) const override;

  // What generator.Apply was given, as it is to be created. False: `problem` says why not.
  bool generate(Arena& arena, std::string_view name_space, const document::Node& object,
                std::string& problem) const;
  [[nodiscard]] const std::vector<document::Node>& generated() const noexcept { return generated_; }

  // Which images verifyImageSignatures and the like are asked about; the others have no signature.
  using Selects = std::function<bool(std::string_view image)>;
  void select_images(Selects selects) { selects_ = std::move(selects); }
  // A signature of the image holds, by the word of the host, in any policy since forget_images().
  [[nodiscard]] bool is_verified(std::string_view image) const;
  [[nodiscard]] bool is_attempted(std::string_view image) const;
  void forget_images() {
    verified_.clear();
    tried_.clear();
  }

 private:
  [[nodiscard]] cel::Value verify(Arena& arena, std::string_view function,
                                  std::span<const cel::Value> args) const;
  [[nodiscard]] cel::Value collect(Arena& arena, std::span<const cel::Value> args) const;

  Bounds bounds_;
  Selects selects_;
  // What is asked changes them: cel::Host is const for hosts that several threads share.
  mutable std::vector<document::Node> generated_;
  mutable std::vector<std::string> verified_;
  mutable std::vector<std::string> tried_;
  mutable bool attempted_ = false;
};

}  // namespace tally::kyverno_cel
