#include "kyverno_cel/policy_set.hpp"

#include <algorithm>
#include <array>

#include "kyverno_cel/internal/nodes.hpp"
#include "kyverno_cel/internal/policy_reader.hpp"
#include "scalar/time_text.hpp"

namespace tally::kyverno_cel {

namespace {

// images.go: where the images of pods, of their controllers and of cron jobs stand.
constexpr std::array<std::string_view, 3> kPodPaths{"spec.", "spec.template.spec.",
                                                    "spec.jobTemplate.spec.template.spec."};
constexpr std::array<std::string_view, 3> kContainerFields{"containers", "initContainers",
                                                           "ephemeralContainers"};

void compile_known_extractors(PolicySet::Table& table) {
  policy_cel::Surroundings around{};
  around.variables = true;
  around.flavour = policy_cel::Flavour::KyvernoImages;
  for (std::size_t place = 0; place < kPodPaths.size(); ++place) {
    for (std::size_t field = 0; field < kContainerFields.size(); ++field) {
      const std::string text =
          "(object != null ? object : oldObject)." + std::string(kPodPaths[place]) + "?" +
          std::string(kContainerFields[field]) + ".orValue([]).map(e, e.image)";
      auto compiled =
          table.expressions.compile(text, policy_cel::Returns::Texts, policy_cel::kNoScope, around);
      table.known_extractors[place][field] = compiled ? *compiled : policy_cel::kNoProgram;
    }
  }
}

bool has_expired(const kube::Object& exception, std::int64_t now) {
  const auto time = scalar::parse_timestamp(text_at(exception.root, {"spec", "expiresAt"}));
  return time && now > time->seconds;
}

LoadProblem exception_problem(LoadProblem::Kind kind, const kube::Object& object,
                              std::string_view field, std::string message) {
  const document::Node* place = present_at(object.root, {"spec", field});
  return {.kind = kind,
          .object = &object,
          .pointer = "/spec/" + std::string(field),
          .offset = place == nullptr ? object.root.offset() : place->offset(),
          .message = std::move(message),
          .is_refused = true};
}

}  // namespace

std::string_view to_text(PolicyKind kind) noexcept {
  switch (kind) {
    case PolicyKind::Validating:
      return "ValidatingPolicy";
    case PolicyKind::Mutating:
      return "MutatingPolicy";
    case PolicyKind::Generating:
      return "GeneratingPolicy";
    case PolicyKind::Deleting:
      return "DeletingPolicy";
    case PolicyKind::ImageValidating:
      return "ImageValidatingPolicy";
    case PolicyKind::Exception:
      return "PolicyException";
  }
  return {};
}

std::string_view to_text(Verdict verdict) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"none",  "pass", "fail",
                                                   "error", "skip", "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view to_text(LoadProblem::Kind kind) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"invalid", "does-not-compile", "no-policy",
                                                   "expired"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_text(Mode mode) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"Kubernetes", "JSON", "HTTP", "Envoy"};
  return kNames[static_cast<std::size_t>(mode)];
}

PolicySet::PolicySet() : table_(std::make_unique<const Table>()) {}
PolicySet::PolicySet(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
PolicySet::~PolicySet() = default;
PolicySet::PolicySet(PolicySet&&) noexcept = default;
PolicySet& PolicySet::operator=(PolicySet&&) noexcept = default;

std::span<const Policy> PolicySet::policies() const noexcept { return table_->policies; }

std::vector<policy_cel::ResourceRule> PolicySet::rules(std::uint32_t policy) const {
  std::vector<policy_cel::ResourceRule> out;
  for (const Variant& variant : table_->loaded[policy].variants) {
    const auto rules = variant.match.rules();
    out.insert(out.end(), rules.begin(), rules.end());
  }
  return out;
}

Loaded PolicySet::load(const PolicyInputs& inputs) {
  Loaded loaded;
  auto table = std::make_unique<Table>();
  table->kinds = inputs.kinds;
  for (const kube::Object& object : inputs.exceptions) {
    if (!is_exception(object)) {
      continue;
    }
    if (inputs.now && has_expired(object, *inputs.now)) {
      loaded.problems.push_back(exception_problem(LoadProblem::Kind::Expired, object, "expiresAt",
                                                  "the exception has expired and is not applied"));
      continue;
    }
    PolicyException exception;
    if (read_exception(object, table->arena, exception, loaded.problems)) {
      table->exceptions.push_back(std::move(exception));
    }
  }
  std::vector<bool> is_used(table->exceptions.size(), false);
  std::vector<const PolicyException*> own;
  for (const kube::Object& object : inputs.policies) {
    if (!is_policy(object)) {
      continue;
    }
    own.clear();
    for (std::size_t i = 0; i < table->exceptions.size(); ++i) {
      if (names_policy(table->exceptions[i], object.ref.kind, object.ref.name)) {
        own.push_back(&table->exceptions[i]);
        is_used[i] = true;
      }
    }
    LoadedPolicy policy;
    if (!read_policy(object, *table, own, policy, loaded.problems)) {
      continue;
    }
    const auto position = static_cast<std::uint32_t>(table->loaded.size());
    table->verifies_images =
        table->verifies_images || policy.about.kind == PolicyKind::ImageValidating;
    table->loaded.push_back(std::move(policy));
    LoadedPolicy& kept = table->loaded.back();
    kept.about.autogen = kept.autogen;
    kept.about.pointers = kept.pointers;
    table->policies.push_back(kept.about);
    if (kept.about.mode != Mode::Kubernetes || kept.about.kind == PolicyKind::Deleting) {
      table->index.add_payload(position);
    }
    if (kept.about.mode == Mode::Kubernetes) {
      for (const Variant& variant : kept.variants) {
        if (variant.has_constraints) {
          table->index.add(position, variant.match.rules(),
                           kept.about.kind == PolicyKind::Deleting);
        }
      }
    }
  }
  for (std::size_t i = 0; i < is_used.size(); ++i) {
    if (!is_used[i]) {
      loaded.problems.push_back(exception_problem(LoadProblem::Kind::NoPolicy,
                                                  *table->exceptions[i].object, "policyRefs",
                                                  "no policy that the exception names is here"));
    }
  }
  if (table->verifies_images) {
    compile_known_extractors(*table);
  }
  loaded.set = PolicySet(std::move(table));
  return loaded;
}

Response PolicySet::judge(std::uint32_t policy, const Request& request, Scratch& scratch) const {
  open(request, scratch);
  return judge(policy, scratch);
}

}  // namespace tally::kyverno_cel
