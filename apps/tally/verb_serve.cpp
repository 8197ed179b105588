// `tally serve`: the flags over tally.yaml, then serve::run() until a signal.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "base/parallel.hpp"
#include "cluster_access.hpp"
#include "output.hpp"
#include "outside.hpp"
#include "serve/service.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

// "90s", "15m", "12h", "30d" as seconds.
Result<std::int64_t> seconds_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::string_view kUnits = "smhd";
  constexpr std::array<std::int64_t, 4> kSeconds{1, 60, 3600, 86'400};
  const std::string_view unit(end, text.data() + text.size());
  if (error != std::errc{} || unit.size() != 1 || !kUnits.contains(unit[0]) || number <= 0 ||
      number > 100'000) {
    return content_error(
        fmt::format("--certificate-life: found '{}', expected a length such as 30d", text));
  }
  return number * kSeconds[kUnits.find(unit[0])];
}

template <class T>
void set(T& setting, const T& flag) {
  if (flag != T{}) {
    setting = flag;
  }
}

Result<input::Config> read_config(const ServeFlags& flags) {
  input::Config config;
  if (flags.config.empty()) {
    TALLY_TRY(config, input::read_config_of_folder("."));
  } else {
    TALLY_TRY(config, input::read_config(flags.config));
  }
  input::Serve& serve = config.serve;
  set(serve.policies, flags.policies);
  set(serve.listen, flags.listen);
  set(serve.listen_health, flags.listen_health);
  set(serve.state, flags.state);
  if (const char* url = std::getenv("TALLY_STORE")) {  // NOLINT(concurrency-mt-unsafe)
    serve.store = url;
  }
  set(serve.store, flags.store);
  set(serve.name_space, flags.name_space);
  set(serve.service, flags.service);
  set(serve.certificates.certificate, flags.certificate);
  set(serve.certificates.key, flags.key);
  set(serve.certificates.authority, flags.authority);
  set(serve.client_authority, flags.client_authority);
  set(serve.log_level, flags.log_level);
  set(serve.log_format, flags.log_format);
  set(serve.allowed_hosts, flags.allowed_hosts);
  serve.manage_webhook = serve.manage_webhook && !flags.no_webhook;
  serve.audit = serve.audit && !flags.no_audit;
  if (serve.certificates.certificate.empty() != serve.certificates.key.empty()) {
    return content_error("a certificate without its key, or a key without its certificate");
  }
  return config;
}

// Of this process and no other: the name of the pod and a few random digits.
std::string identity() {
  std::array<char, 256> host{};
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host.data(), random(), random());
}

}  // namespace

int run_serve(const ServeFlags& flags) {
  // Signals are taken by one thread that waits for them; others never see them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  serve::ServiceOptions options;
  options.read_config = [&flags] { return read_config(flags); };
  options.config_files = {flags.config.empty() ? std::string(input::kConfigFile) : flags.config};
  options.surroundings = cluster_surroundings();
  options.webhook_url = flags.webhook_url;
  options.identity = identity();
  options.threads = flags.threads == 0 ? hardware_threads() : flags.threads;
  const auto fail = [](const Error& error) {
    print_error(fmt::format("tally: {}\n", error.to_string()));
    return 2;
  };
  if (!flags.certificate_life.empty()) {
    const auto life = seconds_of(flags.certificate_life);
    if (!life) {
      return fail(life.error());
    }
    options.certificate_seconds = *life;
  }
  const auto config = read_config(flags);
  if (!config) {
    return fail(config.error());
  }
  const auto outside = AllowedOutside::create(config->serve.allowed_hosts, 0);
  if (!outside) {
    return fail(outside.error());
  }
  options.caller = (*outside)->caller();
  if (!flags.is_alone) {
    auto access = find_cluster(flags.cluster, options.surroundings);
    if (!access) {
      access.error().hint = "without an API server: --without-cluster";
      return fail(access.error());
    }
    options.access = std::move(*access);
  }
  std::stop_source stop;
  std::jthread waiter([&stop, signals](const std::stop_token& ended) {
    timespec pause{.tv_sec = 0, .tv_nsec = 200'000'000};
    while (!ended.stop_requested()) {
      if (::sigtimedwait(&signals, nullptr, &pause) > 0) {
        stop.request_stop();
        return;
      }
    }
  });
  const auto done = serve::run(std::move(options), stop.get_token());
  waiter.request_stop();
  return done ? 0 : fail(done.error());
}

}  // namespace tally::app
