#pragma once
// The variables that Kyverno's libraries bring along (github.com/kyverno/sdk, extensions/cel/libs):
// `json`, `yaml` are namespaces of pure functions; what the others are asked goes to the Host:
//
//   resource.get(apiVersion, resource, namespace, name)   ask("resource", "get", the same four)
//   resource.list(apiVersion, resource, namespace[, labels])
//                                                          ask("resource", "list", three or four)
//   resource.post(apiVersion, resource[, namespace], object)
//                                                          ask("resource", "post", all four)
//   the same without a namespace, in policies of a namespace: null stands for it
//   resource.toGVR(apiVersion, kind)                       ask("resource", "toGVR", both): the
//   plural http.get(url[, headers]), http.post(url, body[, headers])
//                        ask("http", "get", {url, headers, CA bundle}), {url, body, headers, CA
//                        bundle}
//   globalContext.get(name[, projection])                  ask("globalContext", "get", both)
//   image.getMetadata(reference)                           ask("imageData", "get", {reference})
//   generator.apply(namespace, resources)                  ask("generator", "apply", both)
//   generator.apply(resources)                             ask("generator", "apply", {null,
//   resources}) verifyImageSignatures(image, attestors)                ask("imageVerify",
//   "verifyImageSignatures",
//                                                          both): how many attestors' signatures
//                                                          hold
//   verifyAttestationSignatures(image, name, attestors)    the same, all three
//   getImageData(image), extractPayload(image, name)       ask("imageVerify", ...), the arguments
//   time.now(), random(pattern)                            ask("now", ...), ask("random", ...)
//
// What an answer may be says the type of the function; null stands for "not found".

#include <span>
#include <string_view>

#include "cel/value.hpp"

namespace tally::cel {

struct KyvernoGlobal {
  std::string_view name;       // "resource"
  std::string_view type_name;  // of the opaque type: "resource.Context"
  Value value;
};

[[nodiscard]] std::span<const KyvernoGlobal> kyverno_globals() noexcept;

}  // namespace tally::cel
