// pod_security_compare: reads what main.go writes from standard input, judges the same pods and
// compares verdicts and texts. One judgement is one pod at one level and version. Exit 0: all
// agree; 1: some differ; 2: the input is unusable.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/read.hpp"
#include "pod_security/pod_security.hpp"
#include "pod_security/scratch.hpp"

namespace {

using namespace tally;
using document::Node;
using pod_security::CheckResult;
using pod_security::Level;
using pod_security::Site;
using pod_security::Version;

constexpr std::size_t kDifferencesShown = 20;
constexpr std::size_t kPodsForEveryCheck = 1000;

std::string_view text_of(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value == nullptr ? std::string_view{} : value->text();
}

// The first thing that is wrong with a site, or nothing. A site that stands alone speaks for the
// whole check.
std::string site_fault(const CheckResult& result, const Site& site, std::string_view source) {
  if (site.pointer.empty() || site.pointer.front() != '/') {
    return fmt::format("site of {} has pointer \"{}\"", result.check->id, site.pointer);
  }
  if (site.offset >= source.size() || site.found.empty() || site.allowed.empty() ||
      site.message.empty()) {
    return fmt::format("site of {} at {} lacks something", result.check->id, site.pointer);
  }
  const std::string whole = result.detail.empty()
                                ? std::string(result.reason)
                                : fmt::format("{} ({})", result.reason, result.detail);
  if (result.sites.size() == 1 && site.message != whole) {
    return fmt::format("the only site of {} says \"{}\", the check \"{}\"", result.check->id,
                       site.message, whole);
  }
  return {};
}

std::string describe(std::span<const CheckResult> results) {
  std::string out;
  for (const CheckResult& result : results) {
    out += fmt::format("\n    [{}] {} | {}", result.check->id, result.reason, result.detail);
  }
  return out.empty() ? "\n    allowed" : out;
}

std::string expected_text(const Node& run) {
  std::string out;
  const Node* reasons = run.find("reasons");
  const Node* details = run.find("details");
  for (std::size_t i = 0; i < reasons->size(); ++i) {
    out += fmt::format("\n    {} | {}", reasons->items()[i].text(), details->items()[i].text());
  }
  return out.empty() ? "\n    allowed" : out;
}

class Comparison {
 public:
  Comparison() {
    for (std::uint16_t minor = 0; minor <= pod_security::newest_version().minor_number() + 2;
         ++minor) {
      versions_.push_back(Version::minor(minor));
    }
    versions_.push_back(Version::latest());
  }

  // False: the line is not what main.go writes.
  bool line(std::string_view text) {
    arena_.reset();
    const auto source = document::Source::from_text("<stdin>", text);
    const auto root = document::read_one(*source, arena_);
    if (!root) {
      fmt::print(stderr, "{}\n{}\n", root.error().to_string(), text);
      return false;
    }
    const Node* pod = root->find("pod");
    const Node* runs = root->find("runs");
    if (pod == nullptr || runs == nullptr || !runs->is_array()) {
      return false;
    }
    ++pods_;
    for (const Node& run : runs->items()) {
      const auto level = pod_security::parse_level(text_of(run, "level"));
      const auto first = Version::parse(text_of(run, "first"));
      const auto last = Version::parse(text_of(run, "last"));
      if (!level || !first || !last) {
        return false;
      }
      for (const Version version : versions_) {
        if (*first <= version && version <= *last) {
          judgement(*pod, text, *level, version, run);
        }
      }
    }
    return true;
  }

  int finish() const {
    // Every pod has every level at every version, or main.go knows versions that we do not.
    const std::size_t expected = pods_ * versions_.size() * 3;
    if (passed_ + failed_ != expected) {
      fmt::print("versions differ: {} judgements compared, {} expected\n", passed_ + failed_,
                 expected);
      return 1;
    }
    if (const std::string silent = checks_never_seen(); !silent.empty()) {
      fmt::print("no pod failed {}: too few pods to say anything about it\n", silent);
      return 1;
    }
    fmt::print("{} pods, {} of them allowed at restricted:latest; {} failing checks, {} sites\n",
               pods_, allowed_, checks_, sites_);
    fmt::print("{} passed, {} failed, 0 skipped\n", passed_, failed_);
    return failed_ == 0 && pods_ > 0 ? 0 : 1;
  }

 private:
  // A check that no pod fails was not compared.
  [[nodiscard]] std::string checks_never_seen() const {
    std::string out;
    for (const finding::Check* check : pod_security::all_checks()) {
      if (pods_ >= kPodsForEveryCheck && !seen_.contains(check)) {
        out += (out.empty() ? "" : ", ") + std::string(check->id);
      }
    }
    return out;
  }

  void judgement(const Node& root, std::string_view text, Level level, Version version,
                 const Node& run) {
    results_.reset();
    const pod_security::Pod pod{.metadata = root.find("metadata"),
                                .spec = root.find("spec"),
                                .metadata_pointer = "/metadata",
                                .spec_pointer = "/spec"};
    const auto& plan = pod_security::plan_for({.level = level, .version = version});
    const auto results = pod_security::evaluate(pod, plan, scratch_, results_);
    std::string fault = fault_of(results, run, text);
    checks_ += results.size();
    allowed_ += level == Level::Restricted && version.is_latest() && results.empty() ? 1 : 0;
    if (fault.empty()) {
      ++passed_;
      return;
    }
    if (++failed_ <= kDifferencesShown) {
      fmt::print("{} at {}:{}\n  expected{}\n  actual{}\n  pod {}\n", fault, to_text(level),
                 version.to_text(), expected_text(run), describe(results),
                 text.substr(0, text.find(",\"runs\":")));
    }
  }

  std::string fault_of(std::span<const CheckResult> results, const Node& run,
                       std::string_view text) {
    const Node* reasons = run.find("reasons");
    const Node* details = run.find("details");
    if (results.size() != reasons->size()) {
      return "verdict differs";
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].reason != reasons->items()[i].text()) {
        return "reason differs";
      }
      if (results[i].detail != details->items()[i].text()) {
        return "detail differs";
      }
      seen_.insert(results[i].check);
      if (results[i].sites.empty()) {
        return "a failing check without a site";
      }
      for (const Site& site : results[i].sites) {
        ++sites_;
        if (std::string fault = site_fault(results[i], site, text); !fault.empty()) {
          return fault;
        }
      }
    }
    return pod_security::forbidden_text(results, results_) == text_of(run, "text") ? ""
                                                                                   : "text differs";
  }

  std::vector<Version> versions_;
  Arena arena_;
  Arena results_;
  pod_security::Scratch scratch_;
  std::set<const finding::Check*> seen_;
  std::size_t pods_ = 0;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  std::size_t allowed_ = 0;
  std::size_t checks_ = 0;
  std::size_t sites_ = 0;
};

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Comparison comparison;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (!comparison.line(line)) {
      fmt::print("this line is not what main.go writes:\n{}\n", line);
      return 2;
    }
  }
  return comparison.finish();
}
