#pragma once
// Writing objects: server-side apply, create, replace, patch, delete
// (kubernetes.io/docs/reference/using-api/server-side-apply). Threads: as ApiClient.

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube_client/api_client.hpp"
#include "kube_client/object_path.hpp"

namespace tally::kube_client {

struct ApplyOptions {
  std::string field_manager = "tally";
  bool is_forced = false;  // takes the fields that others own; else that is a conflict
  bool is_dry_run = false;
  std::chrono::milliseconds time{60'000};
  std::stop_token stop{};
};

// All answer with the object as the server has it then, in JSON.

// `object` with apiVersion, kind, metadata.name; JSON. An error in advance: it has managedFields,
// which the server refuses. A conflict: status 409, reason "Conflict", see conflicts_of().
[[nodiscard]] Answer<std::string> apply(ApiClient& client, const ObjectPlace& place,
                                        std::string_view object, const ApplyOptions& options = {});
[[nodiscard]] Answer<std::string> apply(ApiClient& client, const ObjectPlace& place,
                                        const document::Node& object,
                                        const ApplyOptions& options = {});

// 409 AlreadyExists when it does. `place` without a name.
[[nodiscard]] Answer<std::string> create(ApiClient& client, const ObjectPlace& place,
                                         std::string_view object, const ApplyOptions& options = {});
// PUT: 409 Conflict when metadata.resourceVersion is not the server's.
[[nodiscard]] Answer<std::string> replace(ApiClient& client, const ObjectPlace& place,
                                          std::string_view object,
                                          const ApplyOptions& options = {});
// RFC 7396. With a metadata.resourceVersion: 409 Conflict when it is not the server's.
[[nodiscard]] Answer<std::string> merge_patch(ApiClient& client, const ObjectPlace& place,
                                              std::string_view patch,
                                              const ApplyOptions& options = {});

struct RemoveOptions {
  std::string uid{};               // only this object; else 409
  std::string resource_version{};  // only in this state; else 409
  bool is_dry_run = false;
  std::stop_token stop{};
};
// What hangs on the object is deleted in the background. 404 NotFound when it is not there.
[[nodiscard]] Answer<void> remove(ApiClient& client, const ObjectPlace& place,
                                  const RemoveOptions& options = {});

// Who owns what an apply wanted to change.
struct FieldConflict {
  std::string manager;  // "kubectl"
  std::string field;    // ".spec.replicas"
};
[[nodiscard]] std::vector<FieldConflict> conflicts_of(const Refusal& refusal);

}  // namespace tally::kube_client
