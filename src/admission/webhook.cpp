#include "admission/webhook.hpp"

#include <algorithm>
#include <utility>

#include "admission/admission_review.hpp"

namespace tally::admission {

std::shared_ptr<const Generation> Generation::create(std::shared_ptr<const Programs> programs,
                                                     std::shared_ptr<const assessment::World> world,
                                                     const assessment::HttpCaller* caller,
                                                     finding::Day today, std::uint64_t (*clock)()) {
  auto made = std::make_shared<Generation>();
  assessment::Context context;
  context.today = today;
  context.defaults = false;  // the API server has set them
  for (const finding::Exception& exception : programs->config().exceptions) {
    context.exceptions.push_back(&exception);
  }
  assessment::EngineSet engines = programs->engines();
  // Hygiene is asked where a scope speaks of it: it costs time and says much.
  const auto& scopes = programs->config().enforcement.scopes;
  engines.hygiene = std::ranges::any_of(
      scopes, [](const input::EnforcementScope& scope) { return !scope.policies.empty(); });
  made->judge = assessment::RequestJudge::create({.engines = std::move(engines),
                                                  .world = world,
                                                  .context = std::move(context),
                                                  .caller = caller,
                                                  .clock = clock});
  made->programs = std::move(programs);
  made->world = std::move(world);
  return made;
}

bool Exempt::covers(const kube::Review& review) const {
  return (!user.empty() && review.user_info.username == user) ||
         std::ranges::find(namespaces, review.name_space) != namespaces.end();
}

std::string_view to_text(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::Allowed:
      return "allowed";
    case Outcome::Warned:
      return "warned";
    case Outcome::Mutated:
      return "mutated";
    case Outcome::Denied:
      return "denied";
    case Outcome::Exempted:
      return "exempted";
    case Outcome::Malformed:
      return "malformed";
  }
  return "malformed";
}

namespace {

Reply malformed(const Error& error) {
  return {.status = 400,
          .body = "not an AdmissionReview: " + error.to_string() + "\n",
          .outcome = Outcome::Malformed,
          .operation = {},
          .decision_id = {},
          .decision = {}};
}

Reply allowed(const kube::Review& review, Outcome outcome) {
  return {.status = 200,
          .body = to_json(ReviewResponse{.uid = review.uid}),
          .outcome = outcome,
          .operation = std::string(kube::operation_name(review.operation)),
          .decision_id = {},
          .decision = {}};
}

}  // namespace

Reply answer(const Generation& generation, const Exempt& exempt, const Call& call,
             WebhookScratch& scratch) {
  scratch.arena.reset();
  const auto read = read_review(call.body, scratch.arena);
  if (!read) {
    return malformed(read.error());
  }
  const kube::Review& review = read->review;
  if (exempt.covers(review)) {
    return allowed(review, Outcome::Exempted);
  }
  const bool is_unknown =
      !review.name_space.empty() && review.kind.kind != "Namespace" && call.freshen != nullptr &&
      generation.world->snapshot().find("", "Namespace", "", review.name_space) == nullptr;
  const auto fresh = is_unknown ? (*call.freshen)(review.name_space) : nullptr;
  const Generation& by = fresh != nullptr ? *fresh : generation;
  const assessment::RequestVerdict verdict =
      by.judge->judge(review, call.steps, call.now_seconds, scratch.judge);
  const Question question{.review = &review,
                          .verdict = &verdict,
                          .programs = by.programs.get(),
                          .snapshot = &by.world->snapshot(),
                          .owners = call.owners};
  if (is_silent(question) && !call.keep_silent) {
    Reply reply = allowed(review, Outcome::Allowed);
    reply.times = verdict.times;
    return reply;
  }
  Answer answer = decide(question);
  const history::Decision& decision = answer.decision;
  const bool patches = !decision.patch.empty() && call.steps != assessment::Steps::Validate;
  Reply reply;
  reply.times = verdict.times;
  reply.operation = decision.operation;
  reply.outcome = !decision.is_allowed      ? Outcome::Denied
                  : patches                 ? Outcome::Mutated
                  : answer.warnings.empty() ? Outcome::Allowed
                                            : Outcome::Warned;
  reply.body = to_json(
      ReviewResponse{.uid = review.uid,
                     .is_allowed = decision.is_allowed,
                     .code = decision.code,
                     .reason = "Forbidden",
                     .message = answer.text,
                     .patch = patches ? std::string_view(decision.patch) : std::string_view(),
                     .warnings = &answer.warnings,
                     .audit_annotations = &answer.audit_annotations});
  reply.decision_id = std::move(answer.id);
  if (review.kind.kind != "Secret") {  // what it holds is kept nowhere
    answer.decision.request = call.body;
  }
  reply.decision = std::move(answer.decision);
  return reply;
}

Reply answer_not_ready(const Exempt& exempt, const Call& call, WebhookScratch& scratch) {
  scratch.arena.reset();
  const auto read = read_review(call.body, scratch.arena);
  if (!read) {
    return malformed(read.error());
  }
  if (exempt.covers(read->review)) {
    return allowed(read->review, Outcome::Exempted);
  }
  // The API server's failurePolicy decides, as for a webhook that is not there.
  return {.status = 503,
          .body = "policies are not loaded yet\n",
          .outcome = Outcome::Malformed,
          .operation = std::string(kube::operation_name(read->review.operation)),
          .decision_id = {},
          .decision = {}};
}

}  // namespace tally::admission
