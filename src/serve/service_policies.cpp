// Policies and configuration, read again when they change.
#include <fmt/format.h>

#include <algorithm>

#include "serve/internal/service_state.hpp"
#include "serve/scopes.hpp"

namespace tally::serve {

namespace {

constexpr std::array<std::string_view, 2> kPolicyGroups{"kyverno.io", "gatekeeper.sh"};

}  // namespace

std::vector<PolicyText> Service::policies_of_cluster() {
  std::vector<PolicyText> texts;
  if (mirror_ == nullptr || !config_->serve.watch_policies) {
    return texts;
  }
  if (!mirror_->is_synced()) {
    return kept_texts_;  // not known yet: what was in force last
  }
  const auto kinds = mirror_->kinds_of_groups(kPolicyGroups);
  if (kinds.empty()) {
    return texts;
  }
  const auto snapshot = mirror_->snapshot(kinds);
  for (const kube::Object& object : snapshot->objects()) {
    // Whoever may write an exception into some namespace must not open the cluster with it.
    if (object.ref.kind != "PolicyException") {
      texts.push_back(text_of(object, PolicyText::Origin::Cluster, "cluster"));
    }
  }
  return texts;
}

void Service::reload_config() {
  if (!config_files_.has_changed()) {
    return;
  }
  config_files_.read_signature();
  auto read = options_.read_config();
  if (!read) {
    log_->error("the configuration is refused; the one before stays",
                {{"why", read.error().to_string()}});
    registry_
        .counter({"tally_policy_reload_total", "Loads of policies and configuration.", {"result"}})
        .with({"config-refused"})
        .add();
    return;
  }
  auto next = std::make_shared<const input::Config>(std::move(*read));
  for (history::ScopeChange& change : scope_changes(config_->enforcement, next->enforcement)) {
    change.user = author_of(next->file);
    change.source = next->file;
    change.time_ms = now_ms();
    log_->info("scope changed", {{"policy", change.policy}, {"scope", change.name_space}});
    writer_->record_scope_change(std::move(change));
  }
  if (next->serve.policies != config_->serve.policies) {
    files_.emplace(next->serve.policies);
  }
  log_->set_level(level_of(next->serve.log_level));
  config_ = std::move(next);
  programs_.store(nullptr);  // loaded again below
  log_->info("configuration read", {{"file", config_->file}});
}

void Service::reload_policies() {
  const auto kinds =
      mirror_ == nullptr ? std::vector<KindName>{} : mirror_->kinds_of_groups(kPolicyGroups);
  const std::uint64_t version =
      mirror_ == nullptr || !mirror_->is_synced() ? 0 : 1 + mirror_->version(kinds) + kinds.size();
  const bool has_new_files = files_->has_changed();
  const auto before = programs_.load();
  if (before != nullptr && !has_new_files && version == policy_version_ && loaded_on_ == today()) {
    return;
  }
  if (has_new_files || before == nullptr || loaded_on_ == 0) {
    PolicyFiles::Read read = files_->read();
    for (const Error& error : read.errors) {
      log_->error("a policy file cannot be read; what it held stays", {{"why", error.to_string()}});
    }
    unread_ = keep_unread(read, file_texts_);
    file_texts_ = std::move(read.texts);
  }
  policy_version_ = version;
  loaded_on_ = today();
  std::vector<PolicyText> wanted = file_texts_;
  std::ranges::move(policies_of_cluster(), std::back_inserter(wanted));
  const auto began = Clock::now();
  auto change = catalogue_.replace(std::move(wanted), config_, now_ms() / 1000);
  std::size_t refused = 0;
  std::vector<history::PolicySeen> seen;
  for (const admission::PolicyStatus& status : change.statuses) {
    refused += status.is_loaded ? 0 : 1;
    if (!status.why.empty()) {
      log_->error(status.is_loaded ? "policy refused, its last good text stays" : "policy refused",
                  {{"kind", status.kind},
                   {"namespace", status.name_space},
                   {"name", status.name},
                   {"place", status.place},
                   {"why", status.why}});
    }
    history::PolicySeen one;
    one.kind = status.kind;
    one.name_space = status.name_space;
    one.name = status.name;
    one.digest = status.digest;
    one.source = status.place;
    one.is_loaded = status.is_loaded && status.why.empty();
    one.why = status.why;
    seen.push_back(std::move(one));
  }
  writer_->see_policies(std::move(seen), now_ms());
  auto& loaded =
      registry_.gauge({"tally_policies_loaded", "Policies by what became of them.", {"state"}});
  const std::size_t kept = std::min(change.kept + unread_, change.statuses.size() - refused);
  loaded.with({"loaded"}).set(static_cast<double>(change.statuses.size() - refused - kept));
  loaded.with({"last-good"}).set(static_cast<double>(kept));
  loaded.with({"refused"}).set(static_cast<double>(refused));
  registry_
      .counter({"tally_policy_reload_total", "Loads of policies and configuration.", {"result"}})
      .with({refused + kept == 0 ? "ok" : "some-refused"})
      .add();
  const bool is_same = before != nullptr && before->digest() == change.programs->digest() &&
                       &before->config() == &change.programs->config();
  if (!is_same) {
    log_->info(
        "policies loaded",
        {{"policies", change.statuses.size()},
         {"refused", refused},
         {"last_good", kept},
         {"digest", change.programs->digest()},
         {"milliseconds", std::chrono::duration_cast<milliseconds>(Clock::now() - began).count()}});
    const auto saved = write_whole(settings_.state + std::string(kLastGood),
                                   admission::to_json(change.programs->texts()));
    if (!saved) {
      log_->error("the last good policies cannot be kept", {{"why", saved.error().to_string()}});
    }
  }
  programs_.store(change.programs);
  use_generation();
  if (audit_ != nullptr) {
    audit_->use(change.programs);
  }
}

}  // namespace tally::serve
