// Evaluation: one pass over the pod, the tests of the plan over its view, and, only for checks that
// fail, the texts.
#include <string>
#include <vector>

#include "pod_security/internal/registry.hpp"
#include "pod_security/internal/site.hpp"
#include "pod_security/pod_security.hpp"
#include "pod_security/scratch.hpp"

namespace tally::pod_security {

struct ScratchState {
  std::vector<ContainerView> containers;
  Offences offences;
  Description description;
  std::string text;
  std::vector<Site> sites;
  std::vector<CheckResult> results;
};

Scratch::Scratch() : state_(std::make_unique<ScratchState>()) {}
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

namespace {

using Group = std::span<const Offence>;

// The leading offences that stand in one place: several entries of one list of capabilities are one
// site.
Group first_group(Group offences) {
  const Offence& first = offences.front();
  std::size_t size = 1;
  while (size < offences.size() && offences[size].place == first.place &&
         offences[size].container == first.container && offences[size].index == first.index &&
         offences[size].key == first.key) {
    ++size;
  }
  return offences.first(size);
}

std::string_view shown(const Offence& offence) {
  if (!offence.found.empty()) {
    return offence.found;
  }
  if (!offence.text.empty()) {
    return offence.text;
  }
  return offence.value == nullptr ? "not set" : "\"\"";
}

std::string_view found_text(Group group, const Location& location, std::string& text,
                            Arena& arena) {
  if (location.wrongly_typed != nullptr) {
    return kind_name(location.wrongly_typed->kind());
  }
  if (group.size() == 1) {
    // A list that is none: what stands in its place.
    const bool is_stand_in = group.front().value == &kWrongType && location.field != nullptr;
    return is_stand_in ? display_text(*location.field) : shown(group.front());
  }
  text.clear();
  for (const Offence& offence : group) {
    text += text.empty() ? "" : ", ";
    text += shown(offence);
  }
  return arena.copy(text);
}

// The sentence of one site: `reason (detail)`, or `reason` alone.
std::string_view message_of(const Description& description, Arena& arena) {
  if (description.detail().empty()) {
    return description.reason();
  }
  return arena.concat({description.reason(), " (", description.detail(), ")"});
}

void make_sites(const Pod& pod, const Row& row, ScratchState& state, Arena& arena) {
  state.sites.clear();
  Locator locator(pod);
  for (Group rest = state.offences.list; !rest.empty();) {
    const Group group = first_group(rest);
    rest = rest.subspan(group.size());
    const Offence& first = group.front();
    const Location location = locator.locate(first, state.text);
    if (location.wrongly_typed != nullptr && !state.sites.empty() &&
        state.sites.back().pointer == state.text) {
      continue;  // one value of a wrong type hides several fields: one site
    }
    Site& site = state.sites.emplace_back();
    site.container = first.container == nullptr ? std::string_view{} : first.container->name;
    site.pointer = arena.copy(state.text);
    site.offset = location.offset;
    site.found = found_text(group, location, state.text, arena);
    site.allowed = first.place->allowed;
    state.description.begin(arena);
    row.describe(group, state.description);
    site.message = message_of(state.description, arena);
  }
}

CheckResult report(const Pod& pod, const Step& step, ScratchState& state, Arena& arena) {
  CheckResult result;
  result.check = &step.check->record;
  result.level = step.check->level;
  state.description.begin(arena);
  step.row->describe(state.offences.list, state.description);
  result.reason = state.description.reason();
  result.detail = arena.copy(state.description.detail());
  make_sites(pod, *step.row, state, arena);
  result.sites = arena.copy(std::span<const Site>{state.sites});
  return result;
}

}  // namespace

std::span<const CheckResult> evaluate(const Pod& pod, const Plan& plan, Scratch& scratch,
                                      Arena& arena) {
  ScratchState& state = scratch.state();
  PodView view;
  read_pod(pod.metadata, pod.spec, state.containers, view);
  state.results.clear();
  state.offences.list.clear();
  for (const Step& step : plan.steps) {
    step.row->test(view, state.offences);
    if (!state.offences.list.empty()) {
      state.results.push_back(report(pod, step, state, arena));
      state.offences.list.clear();
    }
  }
  return state.results.empty() ? std::span<const CheckResult>{}
                               : arena.copy(std::span<const CheckResult>{state.results});
}

}  // namespace tally::pod_security
