#include "admission/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "assessment/admission.hpp"
#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/kyverno_policies.hpp"
#include "crypto/sha256.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::admission {

using assessment::GatekeeperConstraints;
using assessment::KyvernoPolicies;
using document::Node;

namespace {

std::string hex(const crypto::Sha256Digest& digest) {
  const auto text = crypto::to_hex(digest);
  return {text.data(), text.size()};
}

bool is_servers_own(const kube::Object& object) {
  return object.ref.group == "admissionregistration.k8s.io";
}

bool is_definition(const kube::Object& object) {
  return object.ref.group == "apiextensions.k8s.io";
}

bool is_policy(const kube::Object& object) {
  return is_servers_own(object) || object.ref.group.ends_with("kyverno.io") ||
         object.ref.group.ends_with("gatekeeper.sh");
}

}  // namespace

std::string identity_of(const scalar::ObjectRef& ref) {
  return fmt::format("{}/{}/{}/{}", ref.group, ref.kind, ref.name_space, ref.name);
}

struct Programs::State {
  Inputs inputs;
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::vector<kube::Object> given;    // of files
  std::vector<kube::Object> foreign;  // kinds that the server does not know, from anywhere
  std::vector<kube::Object> exceptions;
  kube::CustomKinds kinds;
  std::shared_ptr<const kube::Snapshot> nothing;  // the world comes with each request
  std::unique_ptr<const assessment::Admission> admission;
  std::unique_ptr<const KyvernoPolicies> kyverno;
  std::unique_ptr<const GatekeeperConstraints> gatekeeper;
  assessment::EngineSet engines;
  std::vector<PolicyStatus> statuses;
  std::map<const document::Source*, std::size_t> status_of;  // by source: one text, one source
  std::unordered_set<const finding::Check*> lenient;
  std::string digest;
  bool may_call = false;

  void read(const PolicyText& text);
  void load();
  void refuse(const kube::Object& object, std::string_view pointer, std::string_view message);
  void list_lenient();
};

void Programs::State::read(const PolicyText& text) {
  auto source = document::Source::from_text(text.place, text.text);
  PolicyStatus status{.identity = text.identity,
                      .kind = {},
                      .name_space = {},
                      .name = {},
                      .place = text.place,
                      .digest = hex(crypto::sha256(text.text)),
                      .is_loaded = true,
                      .why = {}};
  const auto root = document::read_one(*source, arena);
  const auto object = root ? kube::object_from_node(*root, source.get())
                           : Result<kube::Object>(std::unexpected(root.error()));
  if (!object) {
    status.is_loaded = false;
    status.why = object.error().message;
    statuses.push_back(std::move(status));
    return;
  }
  status.kind = object->ref.kind;
  status.name_space = object->ref.name_space;
  status.name = object->ref.name;
  const bool is_own = is_servers_own(*object);
  if (is_policy(*object) && (!is_own || text.origin == PolicyText::Origin::File)) {
    status_of.emplace(source.get(), statuses.size());
    statuses.push_back(std::move(status));
  }
  may_call = may_call || text.text.contains("http.") || text.text.contains("\"service\"") ||
             text.text.contains("jwks.");
  sources.push_back(std::move(source));
  if (object->ref.kind == "PolicyException") {
    exceptions.push_back(*object);
  } else if (is_policy(*object) && !is_own) {
    foreign.push_back(*object);
  } else if (text.origin == PolicyText::Origin::File) {
    given.push_back(*object);
  }
  if (is_definition(*object)) {
    kinds.add({&*object, 1});
  }
}

void Programs::State::refuse(const kube::Object& object, std::string_view pointer,
                             std::string_view message) {
  const auto found = status_of.find(object.source);
  if (found == status_of.end()) {
    return;
  }
  PolicyStatus& status = statuses[found->second];
  status.is_loaded = false;
  status.why += fmt::format("{}{}{}{}", status.why.empty() ? "" : "; ", pointer,
                            pointer.empty() ? "" : ": ", message);
}

// Policies that say themselves that their errors let pass.
void Programs::State::list_lenient() {
  for (const kyverno::PolicyRecord& policy : kyverno->classic().policies()) {
    const Node* spec = policy.object->root.find("spec");
    const Node* failure = spec == nullptr ? nullptr : spec->find("failurePolicy");
    if (failure != nullptr && failure->text() == "Ignore") {
      for (const kyverno::RuleRecord& rule : policy.rules) {
        lenient.insert(&kyverno->check_of(rule));
      }
    }
  }
  const auto policies = kyverno->cel().policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    if (policies[i].ignores_failures) {
      lenient.insert(&kyverno->check_of_cel(i));
    }
  }
}

void Programs::State::load() {
  nothing = kube::Snapshot::create({}, "default");
  const kube::CustomKinds* custom = kinds.kinds().empty() ? nullptr : &kinds;
  admission = assessment::Admission::load(given, *nothing, custom);
  for (const admission_policy::LoadProblem& problem : admission->problems()) {
    if (problem.is_refused) {
      refuse(*problem.object, problem.pointer, problem.message);
    }
  }
  gatekeeper = GatekeeperConstraints::load(foreign, *nothing, custom);
  for (const gatekeeper::LoadProblem& problem : gatekeeper->problems()) {
    refuse(*problem.object, problem.pointer, problem.message);
  }
  for (const gatekeeper::Constraint& constraint : gatekeeper->set().constraints()) {
    if (constraint.engine == gatekeeper::Engine::RegoOnly) {
      refuse(*constraint.object, {}, "its template carries Rego only, which is not evaluated yet");
    }
  }
  kyverno = KyvernoPolicies::load(*nothing, {.given = foreign,
                                             .exceptions = exceptions,
                                             .kinds = custom,
                                             .now_seconds = inputs.now_seconds});
  for (const KyvernoPolicies::Problem& problem : kyverno->problems()) {
    if (problem.is_refused) {
      refuse(*problem.object, problem.pointer, problem.message);
    }
  }
  list_lenient();
  engines.config = inputs.config.get();
  engines.admission = admission->is_idle() ? nullptr : admission.get();
  engines.kyverno = kyverno->is_idle() ? nullptr : kyverno.get();
  engines.gatekeeper = gatekeeper->is_idle() ? nullptr : gatekeeper.get();
  engines.structure = false;  // the API server has looked
  engines.network = false;
  engines.tiers = false;
}

std::shared_ptr<const Programs> Programs::load(Inputs inputs) {
  auto state = std::make_unique<State>();
  state->inputs = std::move(inputs);
  std::ranges::sort(state->inputs.texts, {}, &PolicyText::identity);
  crypto::Sha256 sum;
  for (const PolicyText& text : state->inputs.texts) {
    sum.update(text.identity);
    sum.update(std::string_view("\0", 1));
    sum.update(text.text);
    sum.update(std::string_view("\0", 1));
    state->read(text);
  }
  state->digest = hex(sum.finish());
  state->load();
  return std::shared_ptr<const Programs>(new Programs(std::move(state)));
}

Programs::Programs(std::unique_ptr<State> state) : state_(std::move(state)) {}
Programs::~Programs() = default;

const assessment::EngineSet& Programs::engines() const noexcept { return state_->engines; }
const input::Config& Programs::config() const noexcept { return *state_->inputs.config; }
const kube::CustomKinds& Programs::kinds() const noexcept { return state_->kinds; }
const std::vector<PolicyStatus>& Programs::statuses() const noexcept { return state_->statuses; }
const std::string& Programs::digest() const noexcept { return state_->digest; }
const std::vector<PolicyText>& Programs::texts() const noexcept { return state_->inputs.texts; }
bool Programs::ignores_errors(const finding::Check& check) const noexcept {
  return state_->lenient.contains(&check);
}
bool Programs::may_call() const noexcept { return state_->may_call; }

}  // namespace tally::admission
