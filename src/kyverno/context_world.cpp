// Entries of a context that ask the world: config maps, calls of the API server and of services,
// global entries, registries. Least privilege is decided here, before the world is asked.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "document/json_writer.hpp"
#include "kyverno/internal/context.hpp"
#include "kyverno/internal/substitution.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

// Whether a path of the API server lies in this namespace, whatever a server makes of it:
// /api/v1/namespaces/NAME or /apis/GROUP/VERSION/namespaces/NAME, then anything. Only the path
// counts, not its query; what a server might read in two ways (escapes, dots, empty parts) is
// refused.
bool is_inside_namespace(std::string_view path, std::string_view name_space) {
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/') || path.find_first_of("%#\\;") != std::string_view::npos ||
      std::ranges::any_of(path, [](char c) { return c <= ' ' || c == '\x7f'; })) {
    return false;
  }
  std::array<std::string_view, 5> parts{};
  std::size_t count = 0;
  for (path.remove_prefix(1);;) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    const bool is_last = slash == path.size();
    if (part == "." || part == ".." || (part.empty() && !is_last)) {
      return false;
    }
    if (count < parts.size()) {
      parts[count++] = part;
    }
    if (is_last) {
      break;
    }
    path.remove_prefix(slash + 1);
  }
  const std::size_t versions = parts[0] == "api" ? 2 : 3;  // parts in front of "namespaces"
  return (parts[0] == "api" || parts[0] == "apis") && count >= versions + 2 &&
         parts[versions] == "namespaces" && parts[versions + 1] == name_space;
}

}  // namespace

Outcome<Node> Context::keep(Loader& loader, const Node& given) {
  std::string text;
  document::append_json(text, given);
  given_bytes_ += text.size();
  if (given_bytes_ > kContextBytesMax) {
    return failed(fmt::format(
        "context entry {}: context size limit exceeded: {} bytes exceeds limit of {} bytes",
        loader.name, given_bytes_, kContextBytesMax));
  }
  loader.is_given = true;
  loader.given = given;
  return given;
}

// pkg/engine/context/loaders/configmap.go
Outcome<Node> Context::load_config_map(Loader& loader) {
  if (loader.is_given) {
    return loader.given;
  }
  const std::string_view name = loader.name;
  const Node& of = *loader.entry.find("configMap");
  const auto part = [&](std::string_view field) -> Outcome<Node> {
    const Node* written = of.find(field);
    if (written == nullptr) {
      return text_node("");
    }
    Outcome<Node> put = substitute(*written, *this);
    if (put && !put->is_string()) {
      return failed(fmt::format(
          "failed to substitute variables in context {} configMap.{} {}: expected string", name,
          field, written->text()));
    }
    return put;
  };
  Outcome<Node> map_name = part("name");
  if (!map_name) {
    return map_name;
  }
  Outcome<Node> map_namespace = part("namespace");
  if (!map_namespace) {
    return map_namespace;
  }
  std::string_view name_space = map_namespace->text();
  if (name_space.empty()) {
    name_space = policy_namespace_.empty() ? std::string_view("default") : policy_namespace_;
  }
  // A namespaced policy reads its own namespace only (CVE-2026-41068).
  if (!policy_namespace_.empty() && name_space != policy_namespace_) {
    return failed(fmt::format(
        "context entry {}: configMap namespace \"{}\" is different from policy namespace \"{}\"",
        name, name_space, policy_namespace_));
  }
  // Whoever answers may put both into a path.
  if (map_name->text().find_first_of("/%?#\\") != std::string_view::npos ||
      name_space.find_first_of("/%?#\\") != std::string_view::npos) {
    return failed(fmt::format("context entry {}: \"{}/{}\" is no name of a config map", name,
                              name_space, map_name->text()));
  }
  const World::Answer answer = world_->config_map(*arena_, name_space, map_name->text());
  if (!answer) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to retrieve config map for context entry {}: {}",
                                       name, answer.error()),
                .is_world_missing = true});
  }
  return keep(loader, *answer);
}

// pkg/engine/apicall/{apiCall,executor}.go, pkg/engine/context/loaders/apicall.go
Outcome<Node> Context::load_api_call(Loader& loader) {
  constexpr std::string_view kFailed = "failed to fetch data for APICall: ";
  const Node& written = *loader.entry.find("apiCall");
  Outcome<Node> of = substitute(written, *this);
  if (!of) {
    Failure failure = std::move(of).error();
    failure.message =
        fmt::format("{}failed to substitute variables in context entry {} {}: {}", kFailed,
                    loader.name, text_at(written, "urlPath"), failure.message);
    return std::unexpected(std::move(failure));
  }
  const auto stored = [&](const Node& given) {
    Outcome<Node> out = apply_path(*of, given, loader.name);
    if (!out) {
      Failure failure = std::move(out).error();
      failure.message = "failed to store data for APICall: " + failure.message;
      out = std::unexpected(std::move(failure));
    }
    return out;
  };
  if (loader.is_given) {
    return stored(loader.given);
  }
  const Node* service = of->find("service");
  if (service != nullptr && service->is_null()) {
    service = nullptr;
  }
  ApiCall call{.method = text_at(*of, "method"),
               .path = text_at(*of, "urlPath"),
               .service = service == nullptr ? std::string_view{} : text_at(*service, "url"),
               .ca_bundle = service == nullptr ? std::string_view{} : text_at(*service, "caBundle"),
               .name_space = policy_namespace_};
  if (call.method.empty()) {
    call.method = "GET";
  }
  if (call.method != "GET" && call.method != "POST") {
    return failed(fmt::format("context entry {}: method {} is neither GET nor POST", loader.name,
                              call.method));
  }
  if (service != nullptr) {
    if (const Node* headers = service->find("headers"); headers != nullptr) {
      call.headers = *headers;
    }
  }
  ObjectParts body;
  if (const Node* data = of->find("data"); data != nullptr) {
    for (const Node& item : data->items()) {
      const Node* value = item.find("value");
      body.set(text_at(item, "key"), value == nullptr ? Node{} : *value);
    }
    call.data = body.make(*arena_);
  }
  // A namespaced policy reads its own namespace only (CVE-2026-22039), and calls no service: one
  // that answers for the cluster would be a way around it. Upstream refuses both.
  if (!policy_namespace_.empty()) {
    if (!call.service.empty() || service != nullptr) {
      return failed(fmt::format("context entry {}: a namespaced policy does not call a service",
                                loader.name));
    }
    if (!is_inside_namespace(call.path, policy_namespace_)) {
      return failed(fmt::format(
          "path {} does not lie in namespace {}: a namespaced policy reads its own namespace only",
          call.path, policy_namespace_));
    }
  }
  const World::Answer answer = world_->api_call(*arena_, call);
  if (!answer) {
    if (const Node* fallback = of->find("default"); fallback != nullptr && !fallback->is_null()) {
      return *fallback;
    }
    return std::unexpected(
        Failure{.message = call.service.empty()
                               ? fmt::format("{}failed to {} resource with raw url: {}: {}",
                                             kFailed, call.method, call.path, answer.error())
                               : fmt::format("{}failed to execute HTTP request for APICall {}: {}",
                                             kFailed, loader.name, answer.error()),
                .is_world_missing = true});
  }
  Outcome<Node> kept = keep(loader, *answer);
  return kept ? stored(*kept) : kept;
}

// pkg/engine/context/loaders/globalcontext.go
Outcome<Node> Context::load_global(Loader& loader) {
  if (!policy_namespace_.empty()) {
    return failed(fmt::format(
        "context entry {}: globalReference is not allowed in namespaced policies", loader.name));
  }
  Outcome<Node> of = substitute(*loader.entry.find("globalReference"), *this);
  if (!of) {
    return of;
  }
  if (loader.is_given) {
    return apply_path(*of, loader.given, loader.name);
  }
  const World::Answer answer = world_->global_context(*arena_, text_at(*of, "name"));
  if (!answer) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to fetch global context entry {}: {}",
                                       text_at(*of, "name"), answer.error()),
                .is_world_missing = true});
  }
  Outcome<Node> kept = keep(loader, *answer);
  return kept ? apply_path(*of, *kept, loader.name) : kept;
}

Outcome<Node> Context::load_image_data(Loader& loader) {
  Outcome<Node> of = substitute(*loader.entry.find("imageRegistry"), *this);
  if (!of) {
    return of;
  }
  if (loader.is_given) {
    return apply_path(*of, loader.given, loader.name);
  }
  const World::Answer answer = world_->image_data(*arena_, text_at(*of, "reference"));
  if (!answer) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to fetch image data of {}: {}",
                                       text_at(*of, "reference"), answer.error()),
                .is_world_missing = true});
  }
  Outcome<Node> kept = keep(loader, *answer);
  return kept ? apply_path(*of, *kept, loader.name) : kept;
}

}  // namespace tally::kyverno::internal
