// `tally assess`: read, judge, compare with a baseline, write.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>

#include "assessment/admission.hpp"
#include "assessment/assessment.hpp"
#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/input_findings.hpp"
#include "assessment/kyverno_policies.hpp"
#include "base/parallel.hpp"
#include "input/baseline.hpp"
#include "input/changed_since.hpp"
#include "input/config.hpp"
#include "input/exceptions.hpp"
#include "input/read_inputs.hpp"
#include "kube/api_kinds.hpp"
#include "kube/recognised.hpp"
#include "kube/review.hpp"
#include "live_cluster.hpp"
#include "output.hpp"
#include "outside.hpp"
#include "request.hpp"
#include "terminal.hpp"
#include "verbs.hpp"
#include "version.hpp"

namespace tally::app {

namespace {

using finding::Severity;

// What the flags and tally.yaml say together, checked before any input is read.
struct Plan {
  std::vector<Output> outputs;
  input::Config config;
  std::vector<finding::Exception> exceptions;
  std::optional<pod_security::LevelVersion> pod_security_only;
  std::optional<Severity> fail_on = Severity::High;  // nothing: never
  std::string default_namespace = "default";
  unsigned threads = 1;
  bool color = false;
};

Result<pod_security::LevelVersion> parse_level_version(const std::string& text) {
  const auto colon = text.find(':');
  pod_security::LevelVersion level_version;
  TALLY_TRY(level_version.level, pod_security::parse_level(text.substr(0, colon)));
  if (colon != std::string::npos) {
    TALLY_TRY(level_version.version, pod_security::Version::parse(text.substr(colon + 1)));
  }
  return level_version;
}

Result<Plan> make_plan(const AssessFlags& flags, const Terminal& terminal) {
  Plan plan;
  TALLY_TRY(plan.outputs, parse_outputs(flags.outputs));
  if (flags.config.empty()) {
    TALLY_TRY(plan.config, input::read_config_of_folder("."));
  } else {
    TALLY_TRY(plan.config, input::read_config(flags.config));
  }
  if (!flags.pod_security.empty()) {
    TALLY_TRY(plan.pod_security_only, parse_level_version(flags.pod_security));
  }
  if (plan.config.fail_on) {
    plan.fail_on = plan.config.fail_on->severity;
  }
  if (!flags.fail_on.empty()) {
    plan.fail_on = severity_of(flags.fail_on);
  }
  plan.default_namespace = !flags.default_namespace.empty()
                               ? flags.default_namespace
                               : plan.config.default_namespace.value_or("default");
  for (const std::string& path : flags.exceptions) {
    TALLY_TRY(auto more, input::read_exceptions(path, plan.default_namespace));
    plan.exceptions.insert(plan.exceptions.end(), std::make_move_iterator(more.begin()),
                           std::make_move_iterator(more.end()));
  }
  plan.threads = flags.threads == 0 ? hardware_threads() : flags.threads;
  plan.color = terminal.color && !flags.no_color;
  return plan;
}

Result<input::Inputs> read(const AssessFlags& flags, const Plan& plan, const Terminal& terminal) {
  ProgressLine line(terminal.error_is_terminal && !flags.quiet);
  input::InputOptions options;
  LiveCluster cluster;
  if (flags.cluster.is_wanted) {
    TALLY_TRY(cluster, read_live_cluster(flags.cluster,
                                         [&line](const std::string& text) { line.show(text); }));
    options.sources = std::move(cluster.sources);
  }
  options.paths = flags.paths;
  options.read.reader =
      flags.reader == "libyaml" ? document::YamlReader::Libyaml : document::YamlReader::Fast;
  options.exclude = plan.config.exclude;
  options.default_namespace = plan.default_namespace;
  options.threads = plan.threads;
  options.progress = [&line](const input::Progress& progress) {
    line.show(fmt::format("reading {} of {} files", progress.files_done, progress.files_total));
  };
  input::Inputs inputs = input::read_inputs(options);
  inputs.errors.insert(inputs.errors.end(), cluster.problems.begin(), cluster.problems.end());
  return inputs;
}

finding::Day today() {
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  return static_cast<finding::Day>(now.time_since_epoch().count());
}

std::string now_text() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::hh_mm_ss time{now - day};
  return fmt::format(
      "{}T{:02}:{:02}:{:02}Z",
      finding::day_to_text(static_cast<finding::Day>(day.time_since_epoch().count())),
      time.hours().count(), time.minutes().count(), time.seconds().count());
}

// AdmissionReviews in the input are judged as the requests that they are.
std::vector<kube::Review> take_reviews(input::Inputs& inputs) {
  std::vector<kube::Review> reviews;
  for (const kube::Object& object : inputs.review_objects) {
    auto review = kube::Review::parse(object.root);
    if (!review) {
      Error error = std::move(review).error();
      error.file = object.source->name();
      error.at = object.source->position(object.root.offset());
      inputs.errors.push_back(std::move(error));
      continue;
    }
    review->source = object.source;
    reviews.push_back(*review);
  }
  return reviews;
}

// What is judged besides the manifests themselves.
struct Beside {
  input::Inputs policies;
  input::Inputs exceptions;  // --exceptions, for the engines that have a kind of their own
  input::Inputs old_objects;
  Arena arena;
  kube::UserInfo user;
  kube::Operation operation = kube::Operation::Create;
};

// Network policies and a mesh's are judged with the state that they are for.
bool is_of_network(const kube::Object& object) {
  const kube::RecognisedKind* row = kube::recognise(object.ref);
  return row != nullptr && (row->engine == "network_policy" || row->engine == "authorization");
}

// A policy of a kind that waits for its engine must not be passed over when it was asked for.
Result<void> check_policies(const input::Inputs& policies) {
  for (const kube::Object& object : policies.objects) {
    const kube::RecognisedKind* row = kube::recognise(object.ref);
    const bool is_judged = row == nullptr || row->engine == "admission_policy" ||
                           row->engine == "kyverno" || row->what.contains("constraint") ||
                           is_of_network(object);
    if (!is_judged && (row->engine == "gatekeeper" || row->what.contains("policy"))) {
      Error error{.kind = ErrorKind::Content,
                  .message = fmt::format("{} {}: a {} cannot be evaluated yet", object.ref.kind,
                                         object.ref.name, row->what),
                  .file = object.source->name(),
                  .at = object.source->position(object.root.offset()),
                  .hint = {}};
      return std::unexpected(std::move(error));
    }
  }
  return {};
}

Result<std::unique_ptr<Beside>> read_what_is_beside(const AssessFlags& flags, const Plan& plan) {
  auto beside = std::make_unique<Beside>();
  if (!flags.exceptions.empty()) {
    TALLY_TRY(beside->exceptions,
              read_beside(flags.exceptions, plan.default_namespace, plan.threads));
  }
  if (!flags.policies.empty()) {
    TALLY_TRY(beside->policies, read_beside(flags.policies, plan.default_namespace, plan.threads));
    TALLY_CHECK(check_policies(beside->policies));
  }
  if (!flags.old_object.empty()) {
    TALLY_TRY(beside->old_objects,
              read_beside({flags.old_object}, plan.default_namespace, plan.threads));
  }
  beside->operation = operation_of(flags.operation);
  beside->user = user_of(flags.user, flags.groups, beside->arena);
  return beside;
}

// Of the problems of every engine: object, pointer, offset, message.
template <class Problem>
Error error_of(const Problem& problem) {
  return {.kind = ErrorKind::Content,
          .message = fmt::format("{} {}: {}: {}", problem.object->ref.kind,
                                 problem.object->ref.name, problem.pointer, problem.message),
          .file = problem.object->source->name(),
          .at = problem.object->source->position(problem.offset),
          .hint = {}};
}

// Policies that were meant to be applied and cannot be make the run a failure (exit code 2).
void add_policy_errors(const assessment::Admission& admission, finding::Assessment& assessment) {
  using Kind = admission_policy::LoadProblem::Kind;
  for (const auto& problem : admission.problems()) {
    if (problem.kind != Kind::DoesNotCompile &&
        !(problem.kind == Kind::Invalid && problem.is_given)) {
      continue;
    }
    assessment.errors.push_back(error_of(problem));
  }
}

void add_policy_errors(const assessment::GatekeeperConstraints& constraints,
                       finding::Assessment& assessment) {
  for (const auto& problem : constraints.problems()) {
    if (problem.kind == gatekeeper::LoadProblem::Kind::NoTemplate) {
      continue;
    }
    assessment.errors.push_back(error_of(problem));
  }
  for (const gatekeeper::Constraint& constraint : constraints.set().constraints()) {
    if (constraint.engine != gatekeeper::Engine::RegoOnly) {
      continue;
    }
    std::string text = fmt::format(
        "the constraint {} {} is not judged: its template carries Rego only, which is not "
        "evaluated "
        "yet",
        constraint.kind, constraint.name);
    if (constraints.is_given(constraint)) {
      assessment.errors.push_back({.kind = ErrorKind::Content,
                                   .message = std::move(text),
                                   .file = constraint.object->source->name(),
                                   .at = {},
                                   .hint = {}});
    } else {
      assessment.notes.push_back(std::move(text));
    }
  }
}

void add_policy_errors(const assessment::KyvernoPolicies& policies,
                       finding::Assessment& assessment) {
  for (const auto& problem : policies.problems()) {
    if (!problem.is_refused && !problem.is_given) {
      continue;
    }
    assessment.errors.push_back(error_of(problem));
  }
}

finding::Assessment judge(const Plan& plan, const AssessFlags& flags, input::Inputs inputs,
                          const Beside& beside, const assessment::Outside& outside) {
  const auto reviews = take_reviews(inputs);
  std::ranges::copy_if(beside.policies.objects, std::back_inserter(inputs.objects), is_of_network);
  // The assessment's texts point into the default namespace and the exceptions: both outlive it in
  // run_assess.
  const auto snapshot =
      kube::Snapshot::create(std::move(inputs.objects), plan.default_namespace, plan.threads);
  // Objects given by --policy without a namespace live in the default one, as the others do.
  const std::shared_ptr<const assessment::Admission> admission =
      assessment::Admission::load(beside.policies.objects, *snapshot, inputs.custom_kinds.get());
  const std::shared_ptr<const assessment::KyvernoPolicies> kyverno =
      assessment::KyvernoPolicies::load(*snapshot, {.given = beside.policies.objects,
                                                    .exceptions = beside.exceptions.objects,
                                                    .kinds = inputs.custom_kinds.get(),
                                                    .now_seconds = now_seconds()});
  const std::shared_ptr<const assessment::GatekeeperConstraints> gatekeeper =
      assessment::GatekeeperConstraints::load(beside.policies.objects, *snapshot,
                                              inputs.custom_kinds.get());
  admission->world().connect(outside);
  kyverno->host().connect(outside);
  kyverno->world().connect(outside);
  gatekeeper->host().connect(outside);
  assessment::EngineSet engines;
  engines.gatekeeper = gatekeeper->is_idle() ? nullptr : gatekeeper.get();
  engines.config = &plan.config;
  engines.kyverno = kyverno->is_idle() ? nullptr : kyverno.get();
  engines.admission = admission->is_idle() ? nullptr : admission.get();
  assessment::Context context;
  context.pod_security_only = plan.pod_security_only;
  context.today = today();
  context.include_pass = !flags.includes.empty();
  context.defaults = !flags.no_defaults;
  context.threads = plan.threads;
  context.operation = beside.operation;
  context.user_info = beside.user;
  context.subresource = flags.subresource;
  context.old_objects = beside.old_objects.objects;
  for (const auto& exception : plan.config.exceptions) {
    context.exceptions.push_back(&exception);
  }
  for (const auto& exception : plan.exceptions) {
    context.exceptions.push_back(&exception);
  }
  std::vector<std::unique_ptr<finding::Exception>> unhonoured;
  for (auto& exception : inputs.exceptions.exceptions) {
    unhonoured.push_back(std::make_unique<finding::Exception>(std::move(exception)));
    context.unhonoured.push_back(unhonoured.back().get());
  }
  for (auto& problem : inputs.exceptions.problems) {
    inputs.errors.push_back(std::move(problem));
  }
  finding::Assessment assessment = assessment::assess(*snapshot, reviews, engines, context);
  assessment.waivers = std::move(unhonoured);
  if (!context.pod_security_only) {
    add_policy_errors(*admission, assessment);
    add_policy_errors(*kyverno, assessment);
    add_policy_errors(*gatekeeper, assessment);
  }
  assessment.keep.emplace_back(admission);
  assessment.keep.emplace_back(gatekeeper);
  assessment.keep.emplace_back(kyverno);
  assessment::add_inputs(assessment, std::move(inputs), snapshot->objects());
  return assessment;
}

// Keeps the findings for which `keep` holds, and says how many were left out.
template <class Keep>
std::size_t keep_findings(finding::Assessment& assessment, const Keep& keep) {
  std::vector<finding::Finding> kept;
  for (std::size_t i = 0; i < assessment.findings.size(); ++i) {
    if (keep(i, assessment.findings[i])) {
      kept.push_back(assessment.findings[i]);
    }
  }
  const std::size_t left_out = assessment.findings.size() - kept.size();
  assessment.findings = std::move(kept);
  return left_out;
}

// --write-baseline, --baseline, --changed-since: everything was judged; what is left is what is
// new.
Result<void> reduce(const AssessFlags& flags, finding::Assessment& assessment) {
  if (!flags.write_baseline.empty()) {
    TALLY_CHECK(input::write_baseline(flags.write_baseline, assessment.findings));
  }
  if (!flags.baseline.empty()) {
    TALLY_TRY(const auto baseline, input::read_baseline(flags.baseline));
    const auto match = input::apply_baseline(baseline, assessment.findings);
    const std::size_t known =
        keep_findings(assessment, [&](std::size_t i, const auto&) { return !match.known[i]; });
    assessment.notes.push_back(fmt::format(
        "{} findings are in the baseline {} and are not shown; {} of its entries are gone", known,
        flags.baseline, match.gone.size()));
  }
  if (!flags.changed_since.empty()) {
    TALLY_TRY(const auto changes, input::changed_since(flags.changed_since));
    const std::size_t unchanged =
        keep_findings(assessment, [&](std::size_t, const finding::Finding& finding) {
          return finding.location.source == nullptr ||
                 changes.find(finding.location.source->name()) != nullptr;
        });
    assessment.notes.push_back(
        fmt::format("{} findings stand in files that have not changed since {} and are not shown",
                    unchanged, flags.changed_since));
  }
  return {};
}

int fail(const Error& error) {
  print_error(fmt::format("tally assess: {}\n", error.to_string()));
  if (!error.hint.empty()) {
    print_error(fmt::format("  {}\n", error.hint));
  }
  return 2;
}

// Everything is written and closed: the kernel takes the memory back faster than a million
// destructors would.
[[noreturn]] void leave(int code) {
#if defined(TALLY_SANITIZED)
  std::exit(code);  // NOLINT(concurrency-mt-unsafe): the leak checker runs here
#else
  ::_exit(code);
#endif
}

}  // namespace

int run_assess(const AssessFlags& flags) {
  if (flags.list_rules) {
    return list_rules();
  }
  const ClusterFlags& cluster = flags.cluster;
  if (!cluster.is_wanted && !cluster.print_rbac &&
      (!cluster.context.empty() || !cluster.kubeconfig.empty())) {
    return fail(content_error("--context and --kubeconfig need --cluster").error());
  }
  if (cluster.print_rbac) {
    const auto role = reading_role_of(cluster);
    if (!role) {
      return fail(role.error());
    }
    return print(*role) ? 0 : 2;
  }
  const Terminal terminal = detect_terminal();
  const auto plan = make_plan(flags, terminal);
  if (!plan) {
    return fail(plan.error());
  }
  const auto outside = AllowedOutside::create(flags.allowed_hosts, now_seconds());
  if (!outside) {
    return fail(outside.error());
  }
  // Names are interned before anything is read, so that keys get their symbols.
  kube::load_api_kinds();
  const auto beside = read_what_is_beside(flags, *plan);
  if (!beside) {
    return fail(beside.error());
  }
  auto inputs = read(flags, *plan, terminal);
  if (!inputs) {
    return fail(inputs.error());
  }
  finding::Assessment assessment =
      judge(*plan, flags, std::move(*inputs), **beside, (*outside)->get());
  if (const auto reduced = reduce(flags, assessment); !reduced) {
    return fail(reduced.error());
  }
  const std::optional<Severity>& wanted = plan->fail_on;
  const Severity* fail_on = wanted ? &*wanted : nullptr;
  report::WriteOptions options;
  options.tally_version = kVersion;
  options.created = now_text();
  options.fail_on = fail_on;
  options.width = terminal.width;
  options.verbose = flags.verbose;
  options.threads = plan->threads;
  for (const Output& output : plan->outputs) {
    options.color = plan->color && output.file.empty();
    if (const auto written = write_report(output, assessment, options); !written) {
      return fail(written.error());
    }
  }
  leave(finding::exit_code(assessment, fail_on));
}

}  // namespace tally::app
