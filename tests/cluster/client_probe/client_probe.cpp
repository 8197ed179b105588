// client_probe KUBECONFIG: the client against a real API server (tests/cluster/run client).
// Each step prints what it found; a step that fails ends it with 1.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube_client/apply.hpp"
#include "kube_client/lease.hpp"
#include "kube_client/reflector.hpp"

namespace {

using namespace tally;
using namespace tally::kube_client;
using namespace std::chrono_literals;

constexpr const char* kNamespace = "probe";
const Resource kConfigMaps{
    .group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap"};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return environment_error("cannot read " + path);
  }
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Result<ApiClient> connect(const std::string& path) {
  TALLY_TRY(const std::string text, read_file(path));
  const auto source = document::Source::from_text(path, text);
  Arena arena;
  TALLY_TRY(const document::Node root, document::read_one(*source, arena));
  const Surroundings surroundings{
      .read_file = &read_file,
      .run = [](const ExecPlugin&,
                const std::string&) { return Result<std::string>(environment_error("no plugin")); },
      .environment = [](const std::string&) { return std::nullopt; }};
  const std::array<KubeConfigFile, 1> files{
      KubeConfigFile{.path = path, .source = source.get(), .root = root}};
  TALLY_TRY(ClusterAccess access, read_kube_config(files, "", surroundings));
  return ApiClient::create(std::move(access), surroundings);
}

bool say(bool holds, const std::string& text) {
  fmt::print("{} {}\n", holds ? "ok  " : "FAIL", text);
  return holds;
}

ObjectPlace map_place(std::string name) {
  return {.resource = kConfigMaps, .name_space = kNamespace, .name = std::move(name)};
}

std::string map_text(std::string_view name, std::string_view value) {
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{}"}},"data":{{"k":"{}"}}}})",
      name, value);
}

bool writing(ApiClient& client) {
  const ObjectPlace space{
      .resource = {.group = "", .version = "v1", .plural = "namespaces", .kind = "Namespace"},
      .name = kNamespace};
  const auto made =
      apply(client, space, R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"probe"}})");
  if (!say(made.has_value(), made ? "apply of a namespace" : made.error().error.message)) {
    return false;
  }
  bool holds = say(apply(client, map_place("a"), map_text("a", "1")).has_value(), "apply creates");
  holds &= say(apply(client, map_place("a"), map_text("a", "2")).has_value(), "apply changes");
  const auto other = apply(client, map_place("a"), map_text("a", "3"), {.field_manager = "other"});
  const auto conflicts = other ? std::vector<FieldConflict>{} : conflicts_of(other.error());
  holds &= say(!other && other.error().reason == "Conflict" && conflicts.size() == 1 &&
                   conflicts[0].manager == "tally" && conflicts[0].field == ".data.k",
               "a conflict names manager and field");
  const auto forced = apply(client, map_place("a"), map_text("a", "3"),
                            {.field_manager = "other", .is_forced = true});
  holds &= say(forced.has_value(), "force takes the field");
  const auto again = create(client, map_place(""), map_text("a", "1"));
  holds &= say(!again && again.error().reason == "AlreadyExists", "create again: AlreadyExists");
  const auto stale =
      merge_patch(client, map_place("a"), R"({"metadata":{"resourceVersion":"1"},"data":{}})");
  holds &= say(!stale && stale.error().status == 409 && stale.error().reason == "Conflict",
               "merge patch of an old version: Conflict");
  const auto wrong = remove(client, map_place("a"), {.uid = "no"});
  holds &= say(!wrong && wrong.error().status == 409, "remove of another uid: Conflict");
  holds &= say(remove(client, map_place("a")).has_value(), "remove");
  const auto gone = remove(client, map_place("a"));
  holds &= say(!gone && gone.error().reason == "NotFound", "remove again: NotFound");
  return holds;
}

bool watching(ApiClient& client) {
  bool holds = true;
  for (int row = 0; row < 25; ++row) {
    const std::string name = fmt::format("m{}", row);
    holds &= apply(client, map_place(name), map_text(name, "1")).has_value();
  }
  std::size_t pages = 0;
  std::size_t objects = 0;
  const auto version = list_pages(client, kConfigMaps, {.page = 10, .name_space = kNamespace},
                                  [&](const ListPage& page) {
                                    ++pages;
                                    objects += page.items.size();
                                  });
  holds &= say(version && pages >= 3 && objects >= 25,
               fmt::format("{} objects in {} pages", objects, pages));
  if (!version) {
    return false;
  }
  std::string seen;
  holds &= apply(client, map_place("late"), map_text("late", "1")).has_value();
  holds &= remove(client, map_place("late")).has_value();
  const WatchEnd end = watch(
      client, kConfigMaps, {.resource_version = *version, .name_space = kNamespace, .timeout = 4s},
      [&](const WatchEvent& event) { seen += std::to_string(static_cast<int>(event.type)); });
  holds &= say(end.kind == WatchEndKind::Closed && seen.starts_with("02"),
               fmt::format("added, deleted, then closed: {}", seen));
  std::size_t first = 0;
  const WatchEnd all =
      watch(client, kConfigMaps, {.name_space = kNamespace, .timeout = 1s},
            [&](const WatchEvent& event) { first += event.type == WatchEventType::Added ? 1 : 0; });
  holds &= say(all.kind == WatchEndKind::Closed && first == objects,
               fmt::format("a watch without a version begins with all {}", first));
  return holds;
}

bool reflecting(ApiClient& client) {
  std::atomic<int> listed = 0;
  std::atomic<int> changed = 0;
  Reflector reflector(
      client, kConfigMaps, {.name_space = kNamespace, .page = 10},
      {.page = [&](const ListPage& page) { listed += static_cast<int>(page.items.size()); },
       .changed = [&](const WatchEvent&) { ++changed; }},
      system_timing());
  std::jthread thread([&](const std::stop_token& stop) { reflector.run(stop); });
  const auto until = [](const auto& condition) {
    for (int turn = 0; turn < 500 && !condition(); ++turn) {
      system_timing().sleep(10ms, {});  // between two looks
    }
    return condition();
  };
  bool holds = say(until([&] { return reflector.status().is_synced; }), "the reflector is synced");
  holds &= apply(client, map_place("m1"), map_text("m1", "2")).has_value();
  holds &= say(until([&] { return changed > 0; }) && listed >= 25, "and sees a change");
  const auto before = std::chrono::steady_clock::now();
  thread.request_stop();
  thread.join();
  return say(std::chrono::steady_clock::now() - before < 1s, "and stops at once") && holds;
}

bool electing(ApiClient& client, ApiClient& other) {
  const auto options = [](std::string identity) {
    return LeaseOptions{.name_space = kNamespace,
                        .name = "probe",
                        .identity = std::move(identity),
                        .lease_duration = 3s,
                        .renew_deadline = 2s,
                        .retry_period = 1s};
  };
  LeaderElector one(client, options("one"), system_timing());
  LeaderElector two(other, options("two"), system_timing());
  static_cast<void>(one.step());
  bool holds = say(one.is_leader(), "one leads " + one.error());
  static_cast<void>(two.step());
  holds &= say(!two.is_leader() && two.holder() == "one", "two does not " + two.error());
  static_cast<void>(one.step());
  holds &= say(one.is_leader(), "one renews " + one.error());
  one.release();
  static_cast<void>(two.step());
  holds &= say(two.is_leader() && !one.is_leader(), "one gives up, two leads " + two.error());
  static_cast<void>(one.step());
  for (int turn = 0; turn < 10 && !one.is_leader(); ++turn) {
    system_timing().sleep(500ms, {});  // until the other's time is over
    static_cast<void>(one.step());
    holds &= !(one.is_leader() && two.is_leader());
  }
  holds &= say(one.is_leader() && !two.is_leader(), "two falls silent, one leads");
  static_cast<void>(two.step());
  return say(!two.is_leader() && two.holder() == "one", "two sees it") && holds;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: client_probe KUBECONFIG\n");
    return 2;
  }
  auto client = connect(arguments[1]);
  auto other = connect(arguments[1]);
  if (!client || !other) {
    fmt::print(stderr, "{}\n", (client ? other : client).error().to_string());
    return 2;
  }
  bool holds = writing(*client);
  holds = holds && watching(*client);
  holds = holds && reflecting(*client);
  holds = holds && electing(*client, *other);
  return holds ? 0 : 1;
}
