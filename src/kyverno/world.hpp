#pragma once
// World: what rules may ask of a cluster while they are evaluated, as far as the caller lets them.
// The engine itself reads no file, no clock and no network.
//
// Threads: one World may be asked from several threads at once.

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "jmespath/host.hpp"

namespace tally::kyverno {

// A call of `context[].apiCall`, after its variables were put in.
struct ApiCall {
  std::string_view method{};   // "GET", "POST"
  std::string_view path{};     // urlPath of the API server; empty for a service
  std::string_view service{};  // URL of a service; no token is ever sent to it
  std::string_view
      ca_bundle{};           // PEM, of a service: the only certificates to be trusted; empty: any
  document::Node data{};     // body of a POST: an object
  document::Node headers{};  // of a service call; Null
  std::string_view name_space{};  // the policy's: a namespaced policy reads no other; "" otherwise
};

enum class Capability : std::uint8_t {
  ConfigMaps,
  ApiCalls,
  GlobalContext,
  ImageRegistry,
  Objects
};

class World {
 public:
  // Without it, a context entry of the kind is not loaded, as in Kyverno's command line: what reads
  // it fails as an unknown variable.
  [[nodiscard]] virtual bool provides(Capability capability) const = 0;

  using Answer = std::expected<document::Node, std::string>;
  // {data, metadata} of a ConfigMap.
  [[nodiscard]] virtual Answer config_map(Arena& arena, std::string_view name_space,
                                          std::string_view name) const = 0;
  [[nodiscard]] virtual Answer api_call(Arena& arena, const ApiCall& call) const = 0;
  [[nodiscard]] virtual Answer global_context(Arena& arena, std::string_view name) const = 0;
  // {image, resolvedImage, registry, repository, identifier, manifestList, manifest, configData}
  [[nodiscard]] virtual Answer image_data(Arena& arena, std::string_view reference) const = 0;
  // An object, or Null if there is none. `api_version`: "apps/v1"
  [[nodiscard]] virtual Answer get(Arena& arena, std::string_view api_version,
                                   std::string_view kind, std::string_view name_space,
                                   std::string_view name) const = 0;
  // A list of objects; name_space "" means all, selector is a label selector or Null. Kind and
  // version may be "*".
  [[nodiscard]] virtual Answer list(Arena& arena, std::string_view api_version,
                                    std::string_view kind, std::string_view name_space,
                                    const document::Node& selector) const = 0;
  // Clock, chance and names for JMESPath (jmespath/host.hpp); null: functions that ask for them
  // fail.
  [[nodiscard]] virtual const jmespath::Host* functions() const { return nullptr; }

 protected:
  ~World() = default;
};

}  // namespace tally::kyverno
