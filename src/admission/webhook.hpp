#pragma once
// The answer to one call of the API server: an AdmissionReview in, an AdmissionReview out, and what
// is to be remembered of it. Pure: the same review and the same Generation give the same answer,
// here and in `tally assess`.
//
// Threads: a Generation is immutable and shared; every thread has its own Scratch.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admission/decide.hpp"
#include "admission/programs.hpp"
#include "assessment/request_judge.hpp"

namespace tally::admission {

// What requests are judged by at this moment: policies, and the cluster as it is known.
struct Generation {
  std::shared_ptr<const Programs> programs;
  std::shared_ptr<const assessment::World> world;
  std::shared_ptr<const assessment::RequestJudge> judge;

  [[nodiscard]] static std::shared_ptr<const Generation> create(
      std::shared_ptr<const Programs> programs, std::shared_ptr<const assessment::World> world,
      const assessment::HttpCaller* caller, finding::Day today, std::uint64_t (*clock)() = nullptr);
};

// Whose requests are never judged, so that nothing can lock itself out: the platform's own
// namespace, the namespaces that the operator exempts, and the platform's own account.
struct Exempt {
  std::vector<std::string> namespaces;
  std::string user;  // "system:serviceaccount:tally-system:tally"

  [[nodiscard]] bool covers(const kube::Review& review) const;
};

struct Generation;
// Looks a namespace up that the world does not know (it was made a moment ago): what to judge by
// then; null: there is no such namespace, or nobody to ask.
using Freshen = std::function<std::shared_ptr<const Generation>(std::string_view name_space)>;

struct Call {
  assessment::Steps steps = assessment::Steps::Validate;
  std::string_view body;
  std::int64_t now_seconds = 0;  // since 1970
  bool keep_silent = false;      // answers without anything to tell are decisions to keep, too
  const OwnerContainers* owners = nullptr;  // both may be null
  const Freshen* freshen = nullptr;
};

enum class Outcome : std::uint8_t { Allowed, Warned, Mutated, Denied, Exempted, Malformed };
// "allowed", "warned", ...: the label of a metric
[[nodiscard]] std::string_view to_text(Outcome outcome) noexcept;

struct Reply {
  unsigned status = 200;  // of HTTP
  std::string body;       // JSON; of Malformed plain text
  Outcome outcome = Outcome::Allowed;
  std::string operation;                      // of the request
  std::string decision_id;                    // empty: nothing to keep
  std::optional<history::Decision> decision;  // without time and latency
  assessment::EngineTimes times{};
};

class WebhookScratch {
 public:
  WebhookScratch() = default;
  Arena arena{std::size_t{64} << 10U};
  assessment::RequestJudge::Scratch judge;
};

[[nodiscard]] Reply answer(const Generation& generation, const Exempt& exempt, const Call& call,
                           WebhookScratch& scratch);

// The answer while there is nothing to judge by yet: everybody but who is exempt waits.
[[nodiscard]] Reply answer_not_ready(const Exempt& exempt, const Call& call,
                                     WebhookScratch& scratch);

}  // namespace tally::admission
