#pragma once
// A small Assessment for tests: a bank with honest mistakes and with hostile texts (markup, quotes,
// pipes, line breaks, terminal escapes, direction marks, bytes that are no UTF-8, non-Latin names).

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "finding/assessment.hpp"

namespace tally::report::testing {

using std::string_view_literals::operator""sv;

inline constexpr std::array kControlsPrivileged = {
    finding::Control{.framework = "PCI DSS", .version = "4.0.1", .id = "2.2.6"},
    finding::Control{.framework = "NIST 800-53", .version = "5", .id = "AC-6"}};
inline constexpr std::array kReferencesStandards = {
    "https://kubernetes.io/docs/concepts/security/pod-security-standards/"sv};

struct CheckTexts {
  std::string_view engine, policy, id, title, description, remedy;
  finding::Severity severity;
};
constexpr finding::Check sample_check(const CheckTexts& texts, bool with_controls) {
  return {.engine = texts.engine,
          .policy = texts.policy,
          .id = texts.id,
          .title = texts.title,
          .description = texts.description,
          .remedy = texts.remedy,
          .severity = texts.severity,
          .controls = with_controls ? std::span<const finding::Control>(kControlsPrivileged)
                                    : std::span<const finding::Control>(),
          .references = with_controls ? std::span<const std::string_view>(kReferencesStandards)
                                      : std::span<const std::string_view>()};
}

inline constexpr finding::Check kPrivileged =
    sample_check({"pod-security", "baseline", "privileged", "Privileged containers",
                  "A privileged container has nearly every right of the node. One break-out gives "
                  "the whole machine.",
                  "Remove privileged: true; grant the one capability that is needed instead.",
                  finding::Severity::Critical},
                 true);
inline constexpr finding::Check kCapabilities = sample_check(
    {"pod-security", "baseline", "capabilities-baseline", "Added capabilities",
     "Capabilities beyond the default set widen what a break-out can do.",
     "Drop the capabilities that are not in the baseline set.", finding::Severity::High},
    true);
inline constexpr finding::Check kNonRoot =
    sample_check({"pod-security", "restricted", "run-as-non-root", "Running as root",
                  "A process that is root in its container is root for the kernel too.",
                  "Set securityContext.runAsNonRoot to true.", finding::Severity::Medium},
                 true);
inline constexpr finding::Check kLimits =
    sample_check({"workload", "", "resource-limits", "No resource limits",
                  "A container without limits can starve its neighbours.",
                  "Set resources.limits.memory.", finding::Severity::Low},
                 false);
inline constexpr finding::Check kImage = sample_check(
    {"workload", "", "unpinned-image", "Image without digest",
     "A tag can be moved to other content.", "Name the image by digest.", finding::Severity::Info},
    false);
inline constexpr finding::Check kHostile =
    sample_check({"structure", "", "unknown-field", "Unknown field",
                  "The API server refuses or drops such a field.",
                  "Remove the field or correct its name.", finding::Severity::High},
                 false);

inline constexpr std::string_view kHostileText =
    "<script>alert(\"x\")</script> </script><!-- | `code` *bold* [a](https://evil.example) @team "
    "#1 "
    "\x1b[31mred\x1b[0m\nsecond line\r\t'quoted' \\ & \xE2\x80\xAEtfel \xC2\x9B"
    "5m %0A ::error::x \xF0\x9F\xA6\x84 \xFF end";

inline constexpr std::string_view kPaymentsYaml = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: payments
spec:
  template:
    spec:
      containers:
      - name: api
        image: registry.bank.example/payments/api:1.4
        securityContext:
          privileged: true
      - name: sidecar
        image: registry.bank.example/mesh/proxy
        securityContext:
          capabilities:
            add: [NET_ADMIN]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: ledger-db
  namespace: payments
)";
inline constexpr std::string_view kMonitoringYaml = R"(apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: node-agent
  namespace: monitoring
spec:
  template:
    spec:
      hostNetwork: true
      containers:
      - name: agent
        securityContext:
          privileged: true
)";

class Sample {
 public:
  Sample() {
    assessment.arenas.push_back(std::make_unique<Arena>());
    add_subjects();
    add_findings();
    add_hostile();
    add_summaries();
    add_outcomes();
  }
  finding::Assessment assessment;

 private:
  const document::Source* source(std::string name, std::string_view text) {
    assessment.sources.push_back(document::Source::from_text(std::move(name), text));
    return assessment.sources.back().get();
  }
  const finding::Subject* subject(scalar::ObjectRef ref, std::string_view owner = {}) {
    auto made = std::make_unique<finding::Subject>();
    made->ref = ref;
    made->owner = owner;
    subjects_.push_back(std::move(made));
    return subjects_.back().get();
  }
  // The place of the n-th occurrence of a text in a source.
  static finding::Location at(const document::Source* source, std::string_view text,
                              std::uint32_t document, unsigned occurrence = 1) {
    std::size_t offset = 0;
    for (unsigned i = 0; i < occurrence; ++i) {
      offset = source->text().find(text, i == 0 ? 0 : offset + 1);
    }
    return {.source = source,
            .offset = static_cast<std::uint32_t>(offset),
            .document = document,
            .template_source = {}};
  }
  finding::Finding& add(const finding::Check& check, const finding::Subject* about,
                        std::string_view container, std::string_view pointer,
                        finding::Location location) {
    finding::Finding made;
    made.check = &check;
    made.subject = about;
    made.container = container;
    made.pointer = pointer;
    made.location = location;
    made.severity = check.severity;
    assessment.findings.push_back(made);
    return assessment.findings.back();
  }

  void add_subjects() {
    payments_ = source("bank/payments.yaml", kPaymentsYaml);
    monitoring_ = source("bank/monitoring.yaml", kMonitoringYaml);
    api_ = subject({"apps", "v1", "Deployment", "payments", "api"});
    ledger_ = subject({"apps", "v1", "StatefulSet", "payments", "ledger-db"});
    agent_ = subject({"apps", "v1", "DaemonSet", "monitoring", "node-agent"});
    batch_ = subject({"batch", "v1", "Job", "fraud", "score"}, "CronJob/score");
    namespace_ = subject({"", "v1", "Namespace", "", "fraud"});
    hostile_ = subject(
        {"evil<b>", "v1", "Sh\x1b[2Jip", "spä\u202ete|`x`", "\"><img src=x onerror=alert(1)>"});
  }

  void add_findings() {
    auto& privileged =
        add(kPrivileged, api_, "api", "/spec/template/spec/containers/0/securityContext/privileged",
            at(payments_, "true", 1));
    privileged.found = "true";
    privileged.allowed = "false or not set";
    privileged.message =
        "privileged (container \"api\" must not set securityContext.privileged=true)";
    privileged.mode = finding::Mode::Enforce;
    auto& capabilities = add(kCapabilities, api_, "sidecar",
                             "/spec/template/spec/containers/1/securityContext/capabilities/add",
                             at(payments_, "[NET_ADMIN]", 1));
    capabilities.found = "NET_ADMIN";
    capabilities.allowed = "no value beyond the default set";
    capabilities.message =
        "non-default capabilities (container \"sidecar\" must not include \"NET_ADMIN\")";
    capabilities.mode = finding::Mode::Warn;
    for (const std::string_view container : {"api"sv, "sidecar"sv}) {
      auto& root = add(kNonRoot, api_, container,
                       container == "api" ? "/spec/template/spec/containers/0"sv
                                          : "/spec/template/spec/containers/1"sv,
                       at(payments_, "name: ", 1, container == "api" ? 2 : 3));
      root.found = "not set";
      root.allowed = "true";
      auto& image = add(kImage, api_, container,
                        container == "api" ? "/spec/template/spec/containers/0/image"sv
                                           : "/spec/template/spec/containers/1/image"sv,
                        at(payments_, "registry", 1, container == "api" ? 1 : 2));
      image.found = container == "api" ? "registry.bank.example/payments/api:1.4"sv
                                       : "registry.bank.example/mesh/proxy"sv;
      image.allowed = "name@sha256:...";
    }
    auto& limits = add(kLimits, ledger_, "db", "/spec/template/spec/containers/0",
                       at(payments_, "ledger-db", 2));
    limits.message = "container \"db\" has no memory limit";
    limits.location.template_source = "bank/templates/ledger.yaml";
    auto& unknown =
        add(kNonRoot, ledger_, "", "/spec/template/spec", at(payments_, "ledger-db", 2));
    unknown.verdict = finding::Verdict::Unknown;
    unknown.message = "the namespace's labels are not part of the input";
    add_agent();
  }
  void add_agent() {
    auto waiver = std::make_unique<finding::Exception>();
    waiver->id = "E-7";
    waiver->owner = "platform team";
    waiver->reason = "the node agent reads kernel events; \"until eBPF tokens\"";
    waiver->ticket = "PLAT-42";
    waiver->expires = finding::parse_day("2027-03-31").value_or(0);
    waiver->file = "tally.yaml";
    waiver->at = {.line = 12, .column = 5};
    assessment.waivers.push_back(std::move(waiver));
    auto& privileged = add(kPrivileged, agent_, "agent",
                           "/spec/template/spec/containers/0/securityContext/privileged",
                           at(monitoring_, "true", 1, 2));
    privileged.found = "true";
    privileged.allowed = "false or not set";
    privileged.exception = assessment.waivers.back().get();
    auto& passed = add(kNonRoot, batch_, "", "/spec/template/spec", at(monitoring_, "kind", 1));
    passed.verdict = finding::Verdict::Pass;
    passed.message = "all containers run as a user that is not root";
    auto& skipped =
        add(kCapabilities, batch_, "", "/spec/template/spec", at(monitoring_, "kind", 1));
    skipped.verdict = finding::Verdict::Skip;
    skipped.message = "Windows pods are exempt";
  }
  void add_hostile() {
    const auto* file = source("evil\n::warning::<b>|\x1b]0;x\x07`.yaml", "a: b\n");
    auto& field =
        add(kHostile, hostile_, "c\"<i>\n", "/spec/~0~1<x>",
            {.source = file, .offset = 3, .document = 1, .template_source = "chart/<t>.yaml"});
    field.found = kHostileText;
    field.allowed = "|--|\nyes";
    field.message = kHostileText;
    field.remedy = "</script><script>alert(2)</script>";
    auto& file_only = add(kHostile, nullptr, "", "",
                          {.source = file, .offset = 0, .document = 1, .template_source = {}});
    file_only.message = "no";
    auto& nowhere = add(kHostile, nullptr, "", "", {});
    nowhere.message = "null: ~";
    nowhere.verdict = finding::Verdict::Error;
    nowhere.severity = finding::Severity::Low;
  }

  void add_workload(const finding::Subject* about, finding::Location location,
                    std::string_view level, std::string_view meets, std::string_view tier,
                    std::string_view message) {
    finding::WorkloadVerdict verdict;
    verdict.subject = about;
    verdict.location = location;
    verdict.level = level;
    verdict.version = "latest";
    verdict.meets = meets;
    verdict.tier = tier;
    verdict.allowed = message.empty();
    verdict.message = message;
    assessment.workloads.push_back(verdict);
  }
  void add_summaries() {
    add_workload(
        api_, at(payments_, "kind", 1), "restricted", "privileged", "restricted",
        "would violate PodSecurity \"restricted:latest\": privileged (container \"api\" must not "
        "set securityContext.privileged=true)");
    add_workload(ledger_, at(payments_, "kind", 1, 2), "restricted", "baseline", "restricted", "");
    add_workload(agent_, at(monitoring_, "kind", 1), "privileged", "privileged", "privileged", "");
    add_workload(batch_, at(monitoring_, "kind", 1), "baseline", "restricted", "", "");
    auto& namespaces = assessment.namespaces;
    const auto add_namespace = [&namespaces](std::string_view name, std::string_view tier,
                                             std::string_view level,
                                             std::string_view recommended) -> auto& {
      auto& made = namespaces.emplace_back();
      made.name = name;
      made.tier = tier;
      made.level = level;
      made.recommended = recommended;
      made.workloads = 1;
      return made;
    };
    auto& fraud = add_namespace("fraud", "", "baseline", "restricted");
    fraud.in_input = true;
    fraud.labels_to_apply = {{"pod-security.kubernetes.io/enforce", "restricted"},
                             {"pod-security.kubernetes.io/enforce-version", "v1.34"}};
    add_namespace("monitoring", "privileged", "privileged", "privileged");
    auto& payments = add_namespace("payments", "restricted", "restricted", "privileged");
    payments.workloads = 2;
    payments.findings = 8;
    payments.labels_to_apply = {{"pod-security.kubernetes.io/enforce", "restricted"}};
    auto& evil = add_namespace("sp\u00e4\u202ete|`x`", "", "baseline", "baseline");
    evil.labels_to_apply = {{"a b'; rm -rf /", "$(id)"}};
    const auto count = [this](const finding::Check& check, std::uint64_t pass, std::uint64_t fail) {
      finding::RuleCount made;
      made.check = &check;
      made.pass = pass;
      made.fail = fail;
      assessment.rules.push_back(made);
    };
    count(kPrivileged, 2, 1);
    count(kCapabilities, 3, 1);
    count(kNonRoot, 1, 1);
    count(kLimits, 3, 1);
    count(kImage, 3, 1);
    count(kHostile, 4, 2);
    assessment.rules[0].excepted = 1;
  }

  void add_figure(std::string_view id, std::string_view title, std::uint64_t numerator,
                  std::uint64_t denominator, std::string scope, bool good) {
    finding::Figure made;
    made.id = id;
    made.title = title;
    made.numerator = numerator;
    made.denominator = denominator;
    made.unit = "workloads";
    made.scope = std::move(scope);
    made.formula = "Workloads that pass every control of the level, divided by all workloads.";
    made.good = good;
    assessment.figures.push_back(std::move(made));
  }
  void add_outcomes() {
    add_figure("restricted-share", "workloads that meet restricted", 1, 4, "", true);
    add_figure("privileged-share", "privileged workloads", 2, 3, "tier:restricted", false);
    add_figure("nothing-share", "workloads of no tier <b>", 0, 0, "tier:none|x", true);
    finding::Change change;
    change.kind = finding::Change::Kind::Created;
    change.check = &kLimits;
    change.subject = ledger_;
    change.text = R"({"kind":"LimitRange"})";
    assessment.changes.push_back(change);
    using Kind = finding::Skipped::Kind;
    assessment.skipped = {{.kind = Kind::NotJudgedYet,
                           .file = "bank/network.yaml",
                           .document = 1,
                           .at = {.line = 1, .column = 1},
                           .subject = "NetworkPolicy payments/deny-all",
                           .reason = "network policies are recognised and not judged yet"},
                          {.kind = Kind::BuildFirst,
                           .file = "bank/chart/templates/api.yaml",
                           .document = 0,
                           .at = {},
                           .subject = "",
                           .reason = "a Helm template: pipe `helm template` into this command"},
                          {.kind = Kind::NotAnObject,
                           .file = "values.yaml",
                           .document = 2,
                           .at = {.line = 9, .column = 3},
                           .subject = "<hr>",
                           .reason = "no apiVersion | no kind\n"}};
    assessment.errors = {{.kind = ErrorKind::Content,
                          .message = "duplicate key \"image\": line 3 has \"a\", line 4 has \"b\"",
                          .file = "bank/broken.yaml",
                          .at = {.line = 4, .column = 3},
                          .hint = "keep one of them"},
                         {.kind = ErrorKind::Environment,
                          .message = "permission denied <b>",
                          .file = "bank/secret.yaml",
                          .at = {},
                          .hint = ""}};
    finding::ExceptionUse use;
    use.exception = assessment.waivers.front().get();
    use.findings = 1;
    assessment.exceptions.push_back(use);
    auto expired = std::make_unique<finding::Exception>();
    expired->id = "E-1";
    expired->owner = "no";
    expired->reason = "on";
    expired->expires = finding::parse_day("2025-01-31").value_or(0);
    assessment.waivers.push_back(std::move(expired));
    use.exception = assessment.waivers.back().get();
    use.findings = 0;
    use.expired = true;
    use.honoured = false;
    assessment.exceptions.push_back(use);
    assessment.notes = {"kinds recognised but not judged yet: NetworkPolicy 1", "yes"};
    for (const auto* read : {payments_, monitoring_}) {
      finding::InputSource input;
      input.source = read;
      input.name = read->name();
      input.bytes = read->text().size();
      input.documents = read == payments_ ? 2 : 1;
      input.objects = input.documents;
      assessment.inputs.push_back(std::move(input));
      assessment.totals.bytes += read->text().size();
    }
    assessment.totals.objects = 6;
    assessment.totals.workloads = 4;
    assessment.totals.documents = 6;
  }

  std::vector<std::unique_ptr<finding::Subject>> subjects_;
  const document::Source* payments_ = nullptr;
  const document::Source* monitoring_ = nullptr;
  const finding::Subject* api_ = nullptr;
  const finding::Subject* ledger_ = nullptr;
  const finding::Subject* agent_ = nullptr;
  const finding::Subject* batch_ = nullptr;
  const finding::Subject* namespace_ = nullptr;
  const finding::Subject* hostile_ = nullptr;
};

}  // namespace tally::report::testing
