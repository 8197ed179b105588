#pragma once
// Review: one admission request, from an AdmissionReview v1 or made of an object in a file.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "kube/object.hpp"

namespace tally::kube {

enum class Operation : std::uint8_t { Create, Update, Delete, Connect };
// "CREATE", ...
[[nodiscard]] std::string_view operation_name(Operation operation) noexcept;

struct GroupVersionKind {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  friend bool operator==(const GroupVersionKind&, const GroupVersionKind&) = default;
};

struct GroupVersionResource {
  std::string_view group;
  std::string_view version;
  std::string_view resource;
  friend bool operator==(const GroupVersionResource&, const GroupVersionResource&) = default;
};

// From a file: all empty.
struct UserInfo {
  std::string_view username;
  std::string_view uid;
  document::Node groups;  // a list of strings, or Null
  document::Node extra;   // a map of lists of strings, or Null
};

// Views into the request's document, which must outlive it.
struct Review {
  std::string_view uid;
  Operation operation = Operation::Create;
  GroupVersionKind kind;
  GroupVersionResource resource;
  std::string_view subresource;
  GroupVersionKind request_kind;
  GroupVersionResource request_resource;
  std::string_view request_subresource;
  std::string_view name;  // empty with generateName
  std::string_view name_space;
  UserInfo user_info;
  document::Node object;      // Null for DELETE
  document::Node old_object;  // Null for CREATE and CONNECT
  document::Node options;     // Null when absent
  bool dry_run = false;
  const document::Source* source = nullptr;  // set by who read it from a file, for positions

  // An AdmissionReview (admission.k8s.io/v1) with a request. Errors name the field (JSON pointer),
  // what was found and what was expected.
  [[nodiscard]] static Result<Review> parse(const document::Node& admission_review);

  // An object of a file: CREATE by nobody, in its namespace or the default one. The plural of an
  // unknown kind is guessed; such guesses live in `names`, which must outlive the Review.
  [[nodiscard]] static Review from_file_object(const Object& object,
                                               std::string_view default_namespace, Arena& names);
};

}  // namespace tally::kube
