#include "kube_client/apply.hpp"

#include <fmt/format.h>

#include "base/arena.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"

namespace tally::kube_client {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kApply = "application/apply-patch+yaml";  // JSON is YAML
constexpr std::string_view kMergePatch = "application/merge-patch+json";

struct Write {
  std::string_view method;
  std::string_view content_type;
  std::string_view body;
};

Answer<std::string> write(ApiClient& client, const ObjectPlace& place, const Write& what,
                          const ApplyOptions& options) {
  std::string path = place.path() + "?fieldManager=" + escaped(options.field_manager);
  if (what.content_type == kApply && options.is_forced) {
    path += "&force=true";
  }
  if (options.is_dry_run) {
    path += "&dryRun=All";
  }
  return client.send({.method = std::string(what.method),
                      .path = std::move(path),
                      .body = std::string(what.body),
                      .content_type = std::string(what.content_type),
                      .time = options.time,
                      .stop = options.stop});
}

std::unexpected<Refusal> refused(std::string text) {
  return std::unexpected(Refusal{.status = 0, .error = content_error(std::move(text)).error()});
}

}  // namespace

Answer<std::string> apply(ApiClient& client, const ObjectPlace& place, const document::Node& object,
                          const ApplyOptions& options) {
  const document::Node* metadata = object.find("metadata");
  if (metadata == nullptr || metadata->find("name") == nullptr) {
    return refused("an object to apply has no metadata.name");
  }
  if (metadata->find("managedFields") != nullptr) {
    return refused("an object to apply has metadata.managedFields, which are the server's");
  }
  std::string text;
  document::append_json(text, object);
  return write(client, place, {.method = "PATCH", .content_type = kApply, .body = text}, options);
}

Answer<std::string> apply(ApiClient& client, const ObjectPlace& place, std::string_view object,
                          const ApplyOptions& options) {
  const auto source = document::Source::from_text("object", object);
  Arena arena;
  const auto node = document::read_one(*source, arena);
  if (!node) {
    return std::unexpected(Refusal{.status = 0, .error = node.error()});
  }
  return apply(client, place, *node, options);
}

Answer<std::string> create(ApiClient& client, const ObjectPlace& place, std::string_view object,
                           const ApplyOptions& options) {
  return write(client, place, {.method = "POST", .content_type = kJson, .body = object}, options);
}

Answer<std::string> replace(ApiClient& client, const ObjectPlace& place, std::string_view object,
                            const ApplyOptions& options) {
  return write(client, place, {.method = "PUT", .content_type = kJson, .body = object}, options);
}

Answer<std::string> merge_patch(ApiClient& client, const ObjectPlace& place, std::string_view patch,
                                const ApplyOptions& options) {
  return write(client, place, {.method = "PATCH", .content_type = kMergePatch, .body = patch},
               options);
}

Answer<void> remove(ApiClient& client, const ObjectPlace& place, const RemoveOptions& options) {
  // meta/v1 DeleteOptions; without a name this would delete everything there is.
  if (place.name.empty()) {
    return refused("what is to be removed has no name");
  }
  std::string body =
      R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background")";
  if (options.is_dry_run) {
    body += R"(,"dryRun":["All"])";
  }
  if (!options.uid.empty() || !options.resource_version.empty()) {
    std::string conditions;
    const auto add = [&conditions](std::string_view key, std::string_view value) {
      if (!value.empty()) {
        conditions.append(conditions.empty() ? "" : ",");
        document::append_json_string(conditions, key);
        conditions += ':';
        document::append_json_string(conditions, value);
      }
    };
    add("uid", options.uid);
    add("resourceVersion", options.resource_version);
    body += fmt::format(R"(,"preconditions":{{{}}})", conditions);
  }
  body += '}';
  TALLY_TRY(const std::string answer, client.send({.method = "DELETE",
                                                   .path = place.path(),
                                                   .body = std::move(body),
                                                   .content_type = std::string(kJson),
                                                   .stop = options.stop}));
  static_cast<void>(answer);
  return {};
}

// structured-merge-diff through apiserver/pkg/endpoints/handlers/fieldmanager/fieldmanager.go
// NewConflictError: conflict with "MANAGER" using VERSION at TIME, or with subresource.
std::vector<FieldConflict> conflicts_of(const Refusal& refusal) {
  std::vector<FieldConflict> out;
  for (const Refusal::Cause& cause : refusal.causes) {
    if (cause.reason != "FieldManagerConflict") {
      continue;
    }
    const std::string_view message = cause.message;
    const std::size_t begin = message.find('"');
    const std::size_t end = message.find('"', begin + 1);
    out.push_back({.manager = begin == std::string_view::npos || end == std::string_view::npos
                                  ? std::string()
                                  : std::string(message.substr(begin + 1, end - begin - 1)),
                   .field = cause.field});
  }
  return out;
}

}  // namespace tally::kube_client
