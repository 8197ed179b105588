#include "serve/audit_loop.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "assessment/assessment.hpp"
#include "assessment/request_judge.hpp"
#include "audit/auditor.hpp"
#include "audit/report.hpp"
#include "history/history.hpp"
#include "kube_client/apply.hpp"

namespace tally::serve {

using admission::PolicyText;
using admission::Programs;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kTick{500};
constexpr milliseconds kTurn{200};  // of judging, before anything else is looked at
constexpr std::size_t kObjectsPerStep = 64;
constexpr seconds kReportPeriod{10};
constexpr seconds kClusterPeriod{60};
constexpr unsigned kShareOfTime = 10;  // worlds and runs over everything cost at most a tenth

// A judge with what it refers to.
audit::Judge judge_of(const std::shared_ptr<const Programs>& programs,
                      const std::shared_ptr<const kube::Snapshot>& snapshot, finding::Day today,
                      bool asks_own_controls) {
  struct Held {
    std::shared_ptr<const Programs> programs;
    std::shared_ptr<const assessment::RequestJudge> judge;
  };
  auto held = std::make_shared<Held>();
  held->programs = programs;
  assessment::EngineSet engines = programs->engines();
  engines.pod_security = asks_own_controls;
  engines.hygiene = asks_own_controls;
  assessment::Context context;
  context.today = today;
  context.defaults = false;     // the API server has set them
  context.include_pass = true;  // reports count them
  for (const finding::Exception& exception : programs->config().exceptions) {
    context.exceptions.push_back(&exception);
  }
  held->judge = assessment::RequestJudge::create(
      {.engines = std::move(engines),
       .world = std::make_shared<const assessment::World>(snapshot, nullptr),
       .context = std::move(context),
       .caller = nullptr});
  return {held, held->judge.get()};
}

// Policies that stand alone: a change of one is a change of nothing else.
bool stands_alone(const PolicyText& text) {
  return (text.identity.starts_with("kyverno.io/") ||
          text.identity.starts_with("policies.kyverno.io/") ||
          text.identity.starts_with("admissionregistration.k8s.io/ValidatingAdmissionPolicy/")) &&
         !text.identity.contains("/PolicyException/");
}

history::PolicyKey key_of(const PolicyText& text) {
  const std::string& identity = text.identity;
  return {.engine = identity.starts_with("admissionregistration.k8s.io/") ? "admission-policy"
                                                                          : "kyverno",
          .policy = identity.substr(identity.rfind('/') + 1)};
}

}  // namespace

struct AuditLoop::State {
  AuditParts parts;
  std::mutex mutex;  // of the auditor and of `next`
  audit::Auditor auditor;
  std::shared_ptr<const Programs> next;  // to be used from now on
  std::condition_variable_any wake;
  bool is_rung = false;
  std::jthread thread;

  // Of the thread alone.
  std::shared_ptr<const Programs> programs;
  std::uint64_t world_version = ~std::uint64_t{0};
  Clock::time_point world_not_before{};
  Clock::time_point cluster_not_before{};
  std::uint64_t cluster_version = ~std::uint64_t{0};
  Clock::time_point reports_at{};
  finding::Day day = 0;
  bool led = false;
  bool has_swept = false;
  std::map<std::string, std::string> reports;  // by namespace: what was written last

  explicit State(AuditParts given) : parts(std::move(given)) {}

  finding::Day today() const { return static_cast<finding::Day>(parts.now_ms() / 86'400'000); }
  std::uint64_t version() const { return parts.mirror->version(); }
  bool may_write() const { return parts.leads(); }

  std::shared_ptr<const kube::Snapshot> snapshot_for_judge() {
    {
      const std::scoped_lock lock(mutex);
      auditor.expect_world();
    }
    return parts.mirror->snapshot();
  }
  void turn();
  void take_programs();
  void renew_world();
  void judge_some();
  void judge_cluster();
  void resolve_the_gone();
  void write_reports();
  void tell(const audit::Delta& delta);
  void register_metrics();
};

void AuditLoop::State::tell(const audit::Delta& delta) {
  if (may_write() && !parts.writer->observe(delta.observation, parts.now_ms())) {
    parts.log->warning("a result of the audit is not kept: the store is behind");
  }
}

// Only policies that changed are asked again, if all that changed are policies that stand alone.
void AuditLoop::State::take_programs() {
  std::shared_ptr<const Programs> wanted;
  {
    const std::scoped_lock lock(mutex);
    wanted = next;
  }
  const bool leads_now = may_write() && !led;
  led = may_write();
  if (wanted == nullptr || (wanted == programs && day == today() && !leads_now)) {
    return;
  }
  const auto snapshot = snapshot_for_judge();
  const auto whole = judge_of(wanted, snapshot, today(), true);
  const bool is_whole = programs == nullptr || leads_now ||
                        &wanted->config() != &programs->config() || wanted == programs;
  std::vector<PolicyText> changed;
  std::set<history::PolicyKey> gone;
  bool is_partial = !is_whole;
  if (is_partial) {
    std::map<std::string_view, const PolicyText*> before;
    for (const PolicyText& text : programs->texts()) {
      before.emplace(text.identity, &text);
    }
    for (const PolicyText& text : wanted->texts()) {
      const auto old = before.find(text.identity);
      if (old == before.end() || *old->second != text) {
        changed.push_back(text);
      }
      if (old != before.end()) {
        before.erase(old);
      }
    }
    for (const auto& [identity, text] : before) {
      gone.insert(key_of(*text));
      is_partial = is_partial && stands_alone(*text);
    }
    is_partial = is_partial && std::ranges::all_of(changed, stands_alone);
  }
  const std::scoped_lock lock(mutex);
  if (!is_partial) {
    auditor.replace_judge(whole);
  } else {
    // Other texts of the same key answer with those that changed.
    std::set<history::PolicyKey> keys;
    std::ranges::transform(changed, std::inserter(keys, keys.end()), key_of);
    std::vector<PolicyText> asked_texts;
    for (const PolicyText& text : wanted->texts()) {
      if (!stands_alone(text) || keys.contains(key_of(text))) {
        asked_texts.push_back(text);
      }
      if (stands_alone(text)) {
        gone.erase(key_of(text));
      }
    }
    const auto some =
        Programs::load({.texts = std::move(asked_texts),
                        .config = std::shared_ptr<const input::Config>(wanted, &wanted->config()),
                        .now_seconds = parts.now_ms() / 1000});
    auditor.replace_programs(whole, judge_of(some, snapshot, today(), false),
                             {keys.begin(), keys.end()},
                             std::vector<history::PolicyKey>(gone.begin(), gone.end()));
  }
  programs = wanted;
  day = today();
}

void AuditLoop::State::renew_world() {
  const std::uint64_t now = version();
  if (programs == nullptr || now == world_version || Clock::now() < world_not_before) {
    return;
  }
  const auto began = Clock::now();
  world_version = now;
  const auto judge = judge_of(programs, snapshot_for_judge(), today(), true);
  {
    const std::scoped_lock lock(mutex);
    auditor.replace_world(judge);
  }
  world_not_before = Clock::now() + kShareOfTime * (Clock::now() - began);
}

void AuditLoop::State::judge_some() {
  const auto until = Clock::now() + kTurn;
  while (Clock::now() < until) {
    const std::scoped_lock lock(mutex);
    const std::size_t done = auditor.step(
        {.objects = kObjectsPerStep, .threads = 1, .now_seconds = parts.now_ms() / 1000},
        [this](const audit::Delta& delta) { tell(delta); });
    if (done == 0) {
      return;
    }
  }
}

// What cannot be said of one object alone: network, tiers.
void AuditLoop::State::judge_cluster() {
  const std::uint64_t now = version();
  if (programs == nullptr || now == cluster_version || Clock::now() < cluster_not_before) {
    return;
  }
  const auto began = Clock::now();
  cluster_version = now;
  const auto snapshot = parts.mirror->snapshot();
  assessment::EngineSet engines;
  engines.config = &programs->config();
  engines.structure = false;
  engines.pod_security = false;
  engines.hygiene = false;
  assessment::Context context;
  context.today = today();
  context.defaults = false;
  for (const finding::Exception& exception : programs->config().exceptions) {
    context.exceptions.push_back(&exception);
  }
  const finding::Assessment found = assessment::assess(*snapshot, {}, engines, context);
  {
    const std::scoped_lock lock(mutex);
    auditor.replace_cluster_findings(found.findings,
                                     [this](const audit::Delta& delta) { tell(delta); });
  }
  cluster_not_before = Clock::now() + std::max<Clock::duration>(
                                          kClusterPeriod, kShareOfTime * (Clock::now() - began));
}

// Objects that went while nobody looked: the store still holds their findings.
void AuditLoop::State::resolve_the_gone() {
  if (has_swept || programs == nullptr || !may_write()) {
    return;
  }
  {
    const std::scoped_lock lock(mutex);
    const audit::Queue queue = auditor.queue();
    if (queue.changed + queue.sweeping != 0) {
      return;
    }
  }
  has_swept = true;
  auto history = history::History::open(parts.store_url, history::Access::Read);
  if (!history) {
    parts.log->warning("the store cannot be read", {{"why", history.error().to_string()}});
    return;
  }
  const auto snapshot = parts.mirror->snapshot();
  std::set<history::SubjectKey> gone;
  history::FindingQuery open;
  open.state = history::FindingQuery::State::Open;
  const auto read = history->findings(open, [&](const history::KeptFinding& finding) {
    const history::SubjectKey& key = finding.subject;
    if (snapshot->find(key.group, key.kind, key.name_space, key.name) == nullptr) {
      gone.insert(key);
    }
    return true;
  });
  if (!read) {
    parts.log->warning("the store cannot be read", {{"why", read.error().to_string()}});
  }
  for (const history::SubjectKey& key : gone) {
    static_cast<void>(parts.writer->observe({.subject = key}, parts.now_ms()));
  }
}

void AuditLoop::State::write_reports() {
  if (parts.client == nullptr || !may_write() || Clock::now() < reports_at) {
    return;
  }
  reports_at = Clock::now() + kReportPeriod;
  const auto served = parts.mirror->served();
  const auto serves = [&served](std::string_view group, std::string_view kind) {
    return std::ranges::find_if(served, [&](const admission::ServedResource& one) {
             return one.group == group && one.kind == kind;
           }) != served.end();
  };
  const bool is_open = serves("openreports.io", "Report");
  if (!is_open && !serves("wgpolicyk8s.io", "PolicyReport")) {
    return;
  }
  const auto kind = is_open ? audit::ReportKind::OpenReport : audit::ReportKind::PolicyReport;
  std::vector<audit::ReportContent> contents;
  {
    const std::scoped_lock lock(mutex);
    for (const std::string& name_space : auditor.take_changed_namespaces()) {
      contents.push_back(auditor.report_content(name_space));
    }
  }
  for (const audit::ReportContent& content : contents) {
    const audit::ReportIdentity identity = audit::report_identity(kind, content.name_space);
    const auto resource = std::ranges::find_if(served, [&](const auto& one) {
      return one.kind == identity.kind && identity.api_version.starts_with(one.group + "/");
    });
    if (resource == served.end()) {
      continue;
    }
    const kube_client::ObjectPlace place{
        .resource = {.group = resource->group,
                     .version = identity.api_version.substr(resource->group.size() + 1),
                     .plural = resource->plural,
                     .kind = resource->kind,
                     .is_namespaced = resource->is_namespaced},
        .name_space = identity.name_space,
        .name = identity.name,
        .subresource = {}};
    if (content.objects == 0) {
      static_cast<void>(kube_client::remove(*parts.client, place));
      reports.erase(content.name_space);
      continue;
    }
    std::string json = audit::report_json(kind, content);
    std::string& written = reports[content.name_space];
    if (written == json) {
      continue;
    }
    const auto applied = kube_client::apply(*parts.client, place, json, {.is_forced = true});
    if (applied) {
      written = std::move(json);
    } else if (applied.error().status != 404) {  // a namespace that goes
      parts.log->warning(
          "a report cannot be written",
          {{"namespace", content.name_space}, {"why", applied.error().error.to_string()}});
    }
  }
}

void AuditLoop::State::register_metrics() {
  using telemetry::SampledType;
  const auto sample = [this](SampledType type, telemetry::MetricDescription description,
                             std::function<void(telemetry::Samples&, const audit::Auditor&)> what) {
    parts.registry->sampled(type, std::move(description),
                            [this, what = std::move(what)](telemetry::Samples& samples) {
                              const std::scoped_lock lock(mutex);
                              what(samples, auditor);
                            });
  };
  sample(SampledType::Gauge,
         {"tally_audit_queue_length", "Objects that wait to be judged again.", {}},
         [](telemetry::Samples& samples, const audit::Auditor& now) {
           const audit::Queue queue = now.queue();
           samples.add(static_cast<double>(queue.changed + queue.sweeping));
         });
  sample(SampledType::Gauge, {"tally_audit_objects", "Objects that were judged.", {}},
         [](telemetry::Samples& samples, const audit::Auditor& now) {
           samples.add(static_cast<double>(now.counters().objects));
         });
  sample(SampledType::Gauge,
         {"tally_audit_findings", "Findings in the cluster now, by severity.", {"severity"}},
         [](telemetry::Samples& samples, const audit::Auditor& now) {
           const auto& counts = now.counters().findings_by_severity;
           for (std::size_t i = 0; i < counts.size(); ++i) {
             samples.add({finding::to_text(static_cast<finding::Severity>(i))},
                         static_cast<double>(counts[i]));
           }
         });
  sample(SampledType::Gauge,
         {"tally_workloads", "Workloads by the strictest Pod Security level they meet.", {"meets"}},
         [](telemetry::Samples& samples, const audit::Auditor& now) {
           constexpr std::array<std::string_view, 3> kLevels{"privileged", "baseline",
                                                             "restricted"};
           for (std::size_t i = 0; i < kLevels.size(); ++i) {
             samples.add({kLevels[i]}, static_cast<double>(now.counters().workloads_by_level[i]));
           }
         });
  sample(SampledType::Gauge,
         {"tally_privileged_workload_ratio", "Share of workloads that do not meet baseline.", {}},
         [](telemetry::Samples& samples, const audit::Auditor& now) {
           const auto& levels = now.counters().workloads_by_level;
           const double all = static_cast<double>(levels[0] + levels[1] + levels[2]);
           samples.add(all == 0 ? 0 : static_cast<double>(levels[0]) / all);
         });
}

void AuditLoop::State::turn() {
  take_programs();
  renew_world();
  judge_some();
  judge_cluster();
  resolve_the_gone();
  write_reports();
}

AuditLoop::AuditLoop(AuditParts parts) : state_(std::make_unique<State>(std::move(parts))) {
  state_->register_metrics();
}

AuditLoop::~AuditLoop() { stop(); }

void AuditLoop::start() {
  state_->thread = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (state_->parts.mirror->is_synced()) {
        state_->turn();
      }
      std::unique_lock lock(state_->mutex);
      const audit::Queue queue = state_->auditor.queue();
      const bool has_work = queue.sweeping != 0;
      state_->wake.wait_for(lock, stop, has_work ? milliseconds(0) : kTick,
                            [this] { return state_->is_rung; });
      state_->is_rung = false;
    }
  });
}

void AuditLoop::stop() {
  if (state_->thread.joinable()) {
    state_->thread.request_stop();
    state_->thread.join();
  }
}

void AuditLoop::changed(const cluster_state::Change& change) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->auditor.changed(change);
    state_->is_rung = true;
  }
  state_->wake.notify_all();
}

void AuditLoop::use(std::shared_ptr<const Programs> programs) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->next = std::move(programs);
    state_->is_rung = true;
  }
  state_->wake.notify_all();
}

}  // namespace tally::serve
