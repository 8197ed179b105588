// Loading: policies and bindings are sorted out, compiled, bound and indexed.
#include "admission_policy/policy_set.hpp"

#include <algorithm>
#include <unordered_map>

#include "admission_policy/internal/policy_reader.hpp"
#include "admission_policy/internal/scratch_state.hpp"
#include "base/assert.hpp"

namespace tally::admission_policy {

namespace {

constexpr std::string_view kGroup = "admissionregistration.k8s.io";

enum class Role : std::uint8_t { Policy, Binding };
struct Recognised {
  std::string_view kind;
  PolicyKind policy;
  Role role;
};
constexpr Recognised kRecognised[] = {
    {"ValidatingAdmissionPolicy", PolicyKind::Validating, Role::Policy},
    {"ValidatingAdmissionPolicyBinding", PolicyKind::Validating, Role::Binding},
    {"MutatingAdmissionPolicy", PolicyKind::Mutating, Role::Policy},
    {"MutatingAdmissionPolicyBinding", PolicyKind::Mutating, Role::Binding},
};

const Recognised* recognise(const kube::Object& object) noexcept {
  if (object.ref.group != kGroup) {
    return nullptr;
  }
  for (const Recognised& row : kRecognised) {
    if (row.kind == object.ref.kind) {
      return &row;
    }
  }
  return nullptr;
}

std::string key_of(PolicyKind kind, std::string_view name) {
  return std::string(kind == PolicyKind::Mutating ? "m/" : "v/") + std::string(name);
}

const document::Name kSpec{"spec"};
const document::Name kPolicyName{"policyName"};

class Loader {
 public:
  Loader(PolicySet::Table& table, std::vector<LoadProblem>& problems)
      : table_(table), problems_(problems), reader_(table, problems) {}

  void load(const PolicyInputs& inputs) {
    collect(inputs.given, true);
    collect(inputs.found, false);
    for (const Seen& seen : bindings_) {
      bind(seen);
    }
    for (std::optional<Policy>& policy : policies_) {
      if (policy) {
        finish(std::move(*policy));
      }
    }
  }

 private:
  struct Seen {
    const kube::Object* object = nullptr;
    PolicyKind kind = PolicyKind::Validating;
    bool is_given = false;
  };

  void collect(std::span<const kube::Object> objects, bool is_given) {
    for (const kube::Object& object : objects) {
      const Recognised* row = recognise(object);
      if (row == nullptr) {
        if (is_given) {
          table_.given_params.push_back(&object);
        }
        continue;
      }
      if (row->role == Role::Binding) {
        add_binding({&object, row->policy, is_given});
      } else {
        add_policy({&object, row->policy, is_given});
      }
    }
  }

  // Of two policies with one name, a given one stands, else the later one.
  void add_policy(const Seen& seen) {
    const auto [place, is_new] =
        by_name_.try_emplace(key_of(seen.kind, seen.object->ref.name), policies_.size());
    if (!is_new && origins_[place->second] && !seen.is_given) {
      return;
    }
    auto policy = reader_.read_policy(*seen.object, seen.kind, seen.is_given);
    if (is_new) {
      policies_.push_back(std::move(policy));
      origins_.push_back(seen.is_given);
    } else {
      policies_[place->second] = std::move(policy);
    }
  }

  void add_binding(const Seen& seen) {
    const auto [place, is_new] =
        bindings_by_name_.try_emplace(key_of(seen.kind, seen.object->ref.name), bindings_.size());
    if (is_new) {
      bindings_.push_back(seen);
    } else if (seen.is_given || !bindings_[place->second].is_given) {
      bindings_[place->second] = seen;
    }
  }

  void bind(const Seen& seen) {
    const document::Node* spec = seen.object->root.find(kSpec);
    const document::Node* name = spec == nullptr ? nullptr : spec->find(kPolicyName);
    auto binding = reader_.read_binding(*seen.object, seen.kind, seen.is_given);
    const std::string_view policy_name = name == nullptr ? std::string_view{} : name->text();
    const auto found = by_name_.find(key_of(seen.kind, policy_name));
    if (found == by_name_.end()) {
      if (binding) {
        problems_.push_back({.kind = LoadProblem::Kind::NoPolicy,
                             .object = seen.object,
                             .pointer = "/spec/policyName",
                             .offset = name->offset(),
                             .message = "there is no " +
                                        std::string(seen.kind == PolicyKind::Mutating
                                                        ? "MutatingAdmissionPolicy"
                                                        : "ValidatingAdmissionPolicy") +
                                        " \"" + std::string(policy_name) + "\" in the input",
                             .is_refused = false,
                             .is_given = seen.is_given});
      }
      return;
    }
    if (std::optional<Policy>& policy = policies_[found->second]) {
      if (binding) {
        policy->bindings.push_back(std::move(*binding));
      } else {
        has_broken_binding_.push_back(policy->object);
      }
    }
  }

  void finish(Policy policy) {
    if (policy.bindings.empty()) {
      const bool broken =
          std::ranges::find(has_broken_binding_, policy.object) != has_broken_binding_.end();
      if (!policy.is_given || broken) {
        if (!broken) {
          problems_.push_back({.kind = LoadProblem::Kind::NotBound,
                               .object = policy.object,
                               .pointer = {},
                               .offset = policy.object->root.offset(),
                               .message = "no binding in the input refers to \"" +
                                          std::string(policy.name) + "\": it has no effect",
                               .is_refused = false,
                               .is_given = policy.is_given});
        }
        return;
      }
      PolicyBinding everything;
      everything.actions.deny = true;
      everything.action_names.emplace_back("Deny");
      policy.bindings.push_back(std::move(everything));
    }
    const auto number = static_cast<std::uint32_t>(table_.policies.size());
    table_.index.add(number, policy.match.rules());
    const Policy& kept = table_.policies.emplace_back(std::move(policy));
    table_.entries.push_back({.kind = kept.kind,
                              .object = kept.object,
                              .name = kept.name,
                              .is_given = kept.is_given,
                              .bindings = kept.bindings.front().object == nullptr
                                              ? 0U
                                              : static_cast<std::uint32_t>(kept.bindings.size()),
                              .pointers = kept.pointers});
  }

  PolicySet::Table& table_;
  std::vector<LoadProblem>& problems_;
  PolicyReader reader_;
  std::vector<std::optional<Policy>> policies_;  // nothing: refused
  std::vector<bool> origins_;                    // given?
  std::unordered_map<std::string, std::size_t> by_name_;
  std::vector<Seen> bindings_;
  std::unordered_map<std::string, std::size_t> bindings_by_name_;
  std::vector<const kube::Object*> has_broken_binding_;
};

}  // namespace

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

PolicySet::PolicySet() : table_(std::make_unique<Table>()) {}
PolicySet::PolicySet(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
PolicySet::~PolicySet() = default;
PolicySet::PolicySet(PolicySet&&) noexcept = default;
PolicySet& PolicySet::operator=(PolicySet&&) noexcept = default;

Loaded PolicySet::load(const PolicyInputs& inputs) {
  Loaded loaded;
  auto table = std::make_unique<Table>();
  table->context = {.snapshot = inputs.snapshot, .kinds = inputs.kinds};
  Loader(*table, loaded.problems).load(inputs);
  loaded.set = PolicySet(std::move(table));
  return loaded;
}

std::span<const PolicySet::Entry> PolicySet::entries() const noexcept { return table_->entries; }

std::span<const policy_cel::ResourceRule> PolicySet::rules(std::size_t entry) const {
  TALLY_ASSERT(entry < table_->entries.size());
  for (const Policy& policy : table_->policies) {
    if (policy.object == table_->entries[entry].object) {
      return policy.match.rules();
    }
  }
  return {};
}

bool PolicySet::concerns(const kube::GroupVersionResource& resource) const {
  if (table_->policies.empty()) {
    return false;
  }
  std::vector<std::uint32_t> found;
  table_->index.find(resource, nullptr, found);
  return !found.empty();
}

}  // namespace tally::admission_policy
