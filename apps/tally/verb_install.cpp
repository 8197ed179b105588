// `tally install --dry-run`: the manifests that `helm template` makes of the chart with its default
// values (tools/install_manifests), with the namespace, the image, the replicas and the store that
// the user chose.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "install_manifests.hpp"
#include "output.hpp"
#include "scalar/image_reference.hpp"
#include "scalar/name_syntax.hpp"
#include "scalar/url.hpp"
#include "verbs.hpp"
#include "version.hpp"

namespace tally::app {

namespace {

constexpr std::string_view kPostgreSqlPort = "5432";

struct Choice {
  std::string_view name;  // "@IMAGE@"
  std::string value;
};

// The texts that were chosen are not looked through again: they may hold a '@'.
std::string filled(std::string_view manifests, const std::vector<Choice>& choices) {
  std::string out;
  out.reserve(manifests.size());
  while (!manifests.empty()) {
    const auto next = std::ranges::find_if(
        choices, [&](const Choice& choice) { return manifests.starts_with(choice.name); });
    if (next != choices.end()) {
      out += next->value;
      manifests.remove_prefix(next->name.size());
      continue;
    }
    const std::size_t end = std::min(manifests.find('@', 1), manifests.size());
    out += manifests.substr(0, end);
    manifests.remove_prefix(end);
  }
  return out;
}

// Texts go between the quotes of YAML.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; }) &&
         text.find_first_of("\"\\") == std::string_view::npos;
}

Result<std::string> checked_namespace(const std::string& name) {
  if (const auto problem = scalar::dns1123_label_problem(name); !problem.empty()) {
    return content_error(fmt::format("--namespace: found '{}': {}", excerpt(name, 63), problem));
  }
  return name;
}

Result<std::string> checked_image(const std::string& image) {
  if (image.empty()) {
    return fmt::format("tallystick/tally:{}", kVersion);
  }
  if (!is_plain(image) || !scalar::ImageReference::parse(image)) {
    return content_error(
        fmt::format("--image: found '{}', expected an image such as 'tallystick/tally:{}'",
                    excerpt(image, 80), kVersion));
  }
  return image;
}

// The port of the server. The URL is never shown: it may hold a password.
Result<std::string> port_of_store(const std::string& store) {
  const auto url = scalar::Url::parse(store);
  const bool is_known = url && (url->scheme() == "postgresql" || url->scheme() == "postgres") &&
                        !url->hostname().empty() && is_plain(store);
  if (!is_known) {
    return content_error(
        "--set-store: found no URL of a PostgreSQL server, expected "
        "'postgresql://USER:PASSWORD@HOST:PORT/DATABASE' with one host, other characters as %XX");
  }
  const std::string port(url->port().empty() ? kPostgreSqlPort : url->port());
  const bool is_port = port.size() <= 5 && port.front() != '0' && std::stoul(port) <= 65535;
  if (!is_port) {
    return content_error("--set-store: found a port that is none, expected 1 to 65535");
  }
  return port;
}

Result<std::string> manifests_of(const InstallFlags& flags) {
  std::vector<Choice> choices;
  TALLY_TRY(std::string name_space, checked_namespace(flags.name_space));
  TALLY_TRY(std::string image, checked_image(flags.image));
  choices.push_back({.name = "@NAMESPACE@", .value = std::move(name_space)});
  choices.push_back({.name = "@IMAGE@", .value = std::move(image)});
  choices.push_back({.name = "@REPLICAS@", .value = std::to_string(flags.replicas)});
  if (flags.store.empty()) {
    return filled(kInstallManifests, choices);
  }
  TALLY_TRY(std::string port, port_of_store(flags.store));
  choices.push_back({.name = "@STORE@", .value = flags.store});
  choices.push_back({.name = "@STORE_PORT@", .value = std::move(port)});
  return filled(kInstallManifests, choices) + filled(kInstallStoreManifests, choices);
}

}  // namespace

int run_install(const InstallFlags& flags) {
  if (!flags.is_dry_run) {
    print_error(
        "tally install: nothing was done. It prints the manifests, and kubectl applies them:\n"
        "  tally install --dry-run | kubectl apply -f -\n");
    return 2;
  }
  const auto manifests = manifests_of(flags);
  if (!manifests) {
    print_error(fmt::format("tally install: {}\n", manifests.error().to_string()));
    return 2;
  }
  static_cast<void>(print(*manifests));
  return 0;
}

}  // namespace tally::app
