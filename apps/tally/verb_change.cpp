// `tally mutate` and `tally generate`: what mutating and generating policies would make of objects,
// as objects, as a unified diff, or as JSON patches. `tally mutate` also shows what policies would
// delete by the clock. Nothing is written anywhere.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "assessment/admission.hpp"
#include "assessment/assessment.hpp"
#include "assessment/kyverno_policies.hpp"
#include "base/parallel.hpp"
#include "document/difference.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/yaml_writer.hpp"
#include "output.hpp"
#include "outside.hpp"
#include "request.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

using finding::Change;

int fail(std::string_view verb, const Error& error) {
  print_error(fmt::format("tally {}: {}\n", verb, error.to_string()));
  return 2;
}

// The last state of each object that was patched, in the order of the input, and what was created.
struct Result {
  const finding::Subject* subject = nullptr;
  Change::Kind kind = Change::Kind::Patched;
  std::string_view text;
};

std::vector<Result> results_of(const finding::Assessment& assessment, bool is_generate) {
  std::vector<Result> out;
  std::map<const finding::Subject*, std::size_t> patched;
  for (const Change& change : assessment.changes) {
    const bool is_patch = change.kind == Change::Kind::Patched;
    if ((change.kind == Change::Kind::Created) != is_generate) {
      continue;
    }
    if (is_patch) {
      const auto [place, is_new] = patched.try_emplace(change.subject, out.size());
      if (!is_new) {
        out[place->second].text = change.text;
        continue;
      }
    }
    out.push_back({change.subject, change.kind, change.text});
  }
  return out;
}

class ChangeWriter {
 public:
  explicit ChangeWriter(std::string_view format) : format_(format) {}

  void add(const Result& result) {
    const auto source = document::Source::from_text("change", result.text);
    Arena arena;
    const auto read = document::read_one(*source, arena);
    if (!read) {
      return;
    }
    const bool is_patch = result.kind == Change::Kind::Patched;
    const std::string name =
        result.subject == nullptr ? std::string() : result.subject->ref.to_string();
    if (result.kind == Change::Kind::Deleted) {
      return add_deleted(name, result.subject->root);
    }
    if (format_ == "json") {
      out_ += result.text;
      out_ += '\n';
    } else if (format_ == "patch") {
      out_ += "{\"object\":";
      document::append_json_string(out_, name);
      out_ += ",\"patch\":";
      document::append_json_patch(
          out_, document::changes(is_patch ? result.subject->root : document::Node{}, *read));
      out_ += "}\n";
    } else if (format_ == "diff") {
      std::string before;
      std::string after;
      if (is_patch) {
        document::append_yaml(before, result.subject->root);
      }
      document::append_yaml(after, *read);
      document::append_unified_diff(
          out_, before, after,
          {.from_name = is_patch ? name : std::string("/dev/null"), .to_name = name});
    } else {
      out_ += "---\n";
      document::append_yaml(out_, *read);
    }
  }

  [[nodiscard]] const std::string& text() const noexcept { return out_; }

 private:
  void add_deleted(const std::string& name, const document::Node& object) {
    if (format_ == "json") {
      out_ += "{\"deleted\":";
      document::append_json_string(out_, name);
      out_ += "}\n";
    } else if (format_ == "patch") {
      out_ += "{\"object\":";
      document::append_json_string(out_, name);
      out_ += ",\"patch\":[{\"op\":\"remove\",\"path\":\"\"}]}\n";
    } else if (format_ == "diff") {
      std::string before;
      document::append_yaml(before, object);
      document::append_unified_diff(out_, before, {}, {.from_name = name, .to_name = "/dev/null"});
    } else {
      out_ += "---\n# deleted: " + name + "\n";
    }
  }

  std::string_view format_;
  std::string out_;
};

}  // namespace

int run_change(const ChangeFlags& flags) {
  const std::string_view verb = flags.is_generate ? "generate" : "mutate";
  const auto outside = AllowedOutside::create(flags.allowed_hosts, now_seconds());
  if (!outside) {
    return fail(verb, outside.error());
  }
  kube::load_api_kinds();
  const unsigned threads = hardware_threads();
  auto policies = read_beside(flags.policies, flags.default_namespace, threads);
  if (!policies) {
    return fail(verb, policies.error());
  }
  auto inputs = read_beside(flags.paths, flags.default_namespace, threads);
  if (!inputs) {
    return fail(verb, inputs.error());
  }
  const auto snapshot =
      kube::Snapshot::create(std::move(inputs->objects), flags.default_namespace, threads);
  const auto admission =
      assessment::Admission::load(policies->objects, *snapshot, inputs->custom_kinds.get());
  const auto kyverno =
      assessment::KyvernoPolicies::load(*snapshot, {.given = policies->objects,
                                                    .exceptions = {},
                                                    .kinds = inputs->custom_kinds.get(),
                                                    .now_seconds = now_seconds()});
  admission->world().connect((*outside)->get());
  kyverno->host().connect((*outside)->get());
  kyverno->world().connect((*outside)->get());
  int code = 0;
  for (const auto& problem : admission->problems()) {
    if (problem.is_refused) {
      code = 2;
      print_error(fmt::format("tally {}: {} {}: {}: {}\n", verb, problem.object->ref.kind,
                              problem.object->ref.name, problem.pointer, problem.message));
    }
  }
  for (const auto& problem : kyverno->problems()) {
    if (problem.is_refused) {
      code = 2;
      print_error(fmt::format("tally {}: {} {}: {}: {}\n", verb, problem.object->ref.kind,
                              problem.object->ref.name, problem.pointer, problem.message));
    }
  }
  const input::Config config;
  assessment::EngineSet engines;
  engines.config = &config;
  engines.admission = admission->is_idle() ? nullptr : admission.get();
  engines.kyverno = kyverno->is_idle() ? nullptr : kyverno.get();
  engines.structure = false;
  engines.pod_security = false;
  engines.hygiene = false;
  engines.tiers = false;
  engines.network = false;
  Arena arena;
  assessment::Context context;
  context.operation = operation_of(flags.operation);
  context.user_info = user_of(flags.user, flags.groups, arena);
  context.defaults = false;  // what is printed is what was written, changed
  context.threads = threads;
  const finding::Assessment assessment = assessment::assess(*snapshot, {}, engines, context);
  ChangeWriter writer(flags.output);
  for (const Result& result : results_of(assessment, flags.is_generate)) {
    writer.add(result);
  }
  // What could not be done is said beside the output.
  for (const finding::Finding& finding : assessment.findings) {
    if (finding.verdict == finding::Verdict::Error ||
        finding.verdict == finding::Verdict::Unknown) {
      code = 2;
      print_error(
          fmt::format("tally {}: {}: {}: {}\n", verb, finding.check->id,
                      finding.subject == nullptr ? std::string() : finding.subject->ref.to_string(),
                      finding.message));
    }
  }
  static_cast<void>(print(writer.text()));
  return code;
}

}  // namespace tally::app
