#pragma once
// Service: `tally serve`. Joins the endpoint, the mirror of the cluster, the policies,
// certificates, webhook configurations, the audit and the store, and keeps them in step.
//
// At the start the policies that were in force last are read from disk, so that requests are judged
// before the API server answers. One thread decides what changes next: it wakes when something may
// have changed, loads what did, and swaps it in whole.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "assessment/host.hpp"
#include "base/result.hpp"
#include "input/config.hpp"
#include "kube_client/kube_config.hpp"

namespace tally::serve {

struct ServiceOptions {
  // Reads the configuration; called again when one of `config_files` changes.
  std::function<Result<input::Config>()> read_config;
  std::vector<std::string> config_files;
  // Which API server; nothing: policies from files only, no audit, no webhook configuration.
  std::optional<kube_client::ClusterAccess> access;
  kube_client::Surroundings surroundings;
  std::string webhook_url;               // of the API server's way to us; empty: the Service
  std::int64_t certificate_seconds = 0;  // life of its own certificates; 0: 30 days
  std::string identity;                  // of this process among the replicas
  // Services that policies may call; null: none. It must outlive the run.
  const assessment::HttpCaller* caller = nullptr;
  unsigned threads = 2;  // of the endpoint
  // Told once both endpoints listen: the ports, and what clients have to trust.
  std::function<void(std::uint16_t admission, std::uint16_t health, const std::string& ca_bundle)>
      on_listening;
};

// Runs until it is to stop, then drains. An error: it could not begin.
[[nodiscard]] Result<void> run(ServiceOptions options, const std::stop_token& stop);

}  // namespace tally::serve
