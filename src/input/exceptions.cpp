#include "input/exceptions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/arena.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "input/config.hpp"
#include "input/file_walk.hpp"
#include "input/internal/strict_reader.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace tally::input {

namespace {

using document::Member;
using document::Name;
using document::Node;
using finding::Exception;
using finding::ExceptionMatch;

const Name kAnnotations{"annotations"};
const Name kWaive{kWaiveAnnotation};

Result<void> read_match(const Node& node, const StrictReader& reader, ExceptionMatch& match) {
  static constexpr std::array<std::string_view, 6> kKeys = {"rules", "kinds",  "namespaces",
                                                            "names", "labels", "users"};
  TALLY_CHECK(reader.map(node, "match", kKeys));
  for (const Member member : node.members()) {
    if (member.key == "labels") {
      if (!member.value.is_object() || member.value.size() == 0) {
        return std::unexpected(reader.error(
            member.value.offset(),
            fmt::format("found {} for 'labels', expected a map with at least one label",
                        found_text(member.value))));
      }
      for (const Member label : member.value.members()) {
        TALLY_TRY(std::string value, reader.text(label.value, label.key));
        match.labels.emplace_back(label.key, std::move(value));
      }
      continue;
    }
    std::vector<std::string>& values = member.key == "rules"        ? match.rules
                                       : member.key == "kinds"      ? match.kinds
                                       : member.key == "namespaces" ? match.namespaces
                                       : member.key == "names"      ? match.names
                                                                    : match.users;
    TALLY_TRY(values, reader.texts(member.value, member.key));
  }
  if (match.rules.empty()) {
    return std::unexpected(reader.error(
        node.offset(), "found a match without 'rules', expected the rules that are excepted",
        "Write `rules: [\"*\"]` if every rule is meant."));
  }
  return {};
}

// The rest of an exception behind what every foreign form lacks: where it stands, and no end.
Exception foreign_exception(const kube::Object& object, std::string id, std::uint32_t offset) {
  Exception exception;
  exception.id = std::move(id);
  exception.file = object.source == nullptr ? std::string{} : object.source->name();
  exception.at = object.source == nullptr ? Position{} : object.source->position(offset);
  return exception;
}

Error problem_at(const kube::Object& object, std::uint32_t offset, std::string message) {
  return {.kind = ErrorKind::Content,
          .message = std::move(message),
          .file = object.source == nullptr ? std::string{} : object.source->name(),
          .at = object.source == nullptr ? Position{} : object.source->position(offset),
          .hint = {}};
}

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

// "RULE REASON", one on each line.
void read_waivers(const kube::Object& object, const Node& annotation,
                  std::string_view default_namespace, FoundExceptions& found) {
  const auto refuse = [&](std::string message) {
    found.problems.push_back(problem_at(object, annotation.offset(), std::move(message)));
  };
  if (!annotation.is_string()) {
    return refuse(fmt::format("found {} for the annotation {}, expected 'RULE REASON'",
                              found_text(annotation), kWaiveAnnotation));
  }
  // The object's own name becomes the pattern of the match: it must not match others.
  if (object.ref.name.empty() || has_wildcard(object.ref.name) ||
      has_wildcard(object.ref.name_space) || has_wildcard(object.ref.kind)) {
    return refuse(fmt::format("found the annotation {} on an object without a proper name",
                              kWaiveAnnotation));
  }
  const std::string_view name_space = object.ref.name_space;
  std::string_view rest = annotation.text();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) {
      continue;
    }
    const std::size_t blank = line.find_first_of(" \t");
    const std::string_view reason =
        blank == std::string_view::npos ? std::string_view{} : trim(line.substr(blank));
    if (reason.empty()) {
      refuse(fmt::format("found the waiver '{}' without a reason, expected 'RULE REASON'",
                         excerpt(line)));
      continue;
    }
    const std::string rule(line.substr(0, blank));
    Exception exception = foreign_exception(
        object, fmt::format("waive:{}:{}", object.ref.to_string(), rule), annotation.offset());
    exception.reason = reason;
    exception.match.rules = {rule};
    exception.match.kinds = {std::string(object.ref.kind)};
    exception.match.names = {std::string(object.ref.name)};
    if (kube::is_namespaced(object)) {
      exception.match.namespaces = {
          std::string(name_space.empty() ? default_namespace : name_space)};
    }
    found.exceptions.push_back(std::move(exception));
  }
}

std::vector<std::string> strings_of(const Node* list) {
  std::vector<std::string> texts;
  if (list != nullptr) {
    for (const Node& item : list->items()) {
      if (item.is_string()) {
        texts.emplace_back(item.text());
      }
    }
  }
  return texts;
}

// Kyverno: https://kyverno.io/docs/guides/exceptions/. Only listed here, with the rules that it
// names: what it excuses, and under which conditions, Kyverno's own engine knows.
void list_policy_exception(const kube::Object& object, FoundExceptions& found) {
  Exception exception = foreign_exception(
      object, fmt::format("PolicyException {}", object.ref.name), object.root.offset());
  exception.reason = "a PolicyException, which carries no reason";
  const Node* spec = object.root.find("spec");
  for (const std::string_view list : {"exceptions", "policyRefs"}) {
    const Node* entries = spec == nullptr ? nullptr : spec->find(list);
    for (const Node& entry : entries == nullptr ? std::span<const Node>{} : entries->items()) {
      const Node* policy = entry.find(list == "exceptions" ? "policyName" : "name");
      if (policy == nullptr || !policy->is_string()) {
        continue;
      }
      for (const std::string& name : strings_of(entry.find("ruleNames"))) {
        exception.match.rules.push_back(fmt::format("{}/{}", policy->text(), name));
      }
      if (list == "policyRefs") {
        exception.match.rules.emplace_back(policy->text());
      }
    }
  }
  found.exceptions.push_back(std::move(exception));
}

bool is_policy_exception(const kube::Object& object) {
  return object.ref.kind == "PolicyException" &&
         (object.ref.group == "kyverno.io" || object.ref.group == "policies.kyverno.io");
}

Result<Exception> exception_of_object(const kube::Object& object) {
  static constexpr std::array<std::string_view, 4> kKeys = {"apiVersion", "kind", "metadata",
                                                            "spec"};
  const StrictReader reader(*object.source);
  TALLY_CHECK(reader.map(object.root, "an Exception", kKeys));
  const Node* spec = object.root.find("spec");
  if (spec == nullptr || object.ref.name.empty()) {
    return std::unexpected(reader.error(object.root.offset(),
                                        spec == nullptr
                                            ? "found an Exception without 'spec'"
                                            : "found an Exception without metadata.name, its id"));
  }
  TALLY_TRY(Exception exception, read_exception(*spec, reader, ExceptionId::FromMetadata));
  exception.id = object.ref.name;
  return exception;
}

bool may_hold_exceptions(const kube::Object& object) {
  const Node* annotations = object.metadata.find(kAnnotations);
  return (annotations != nullptr && annotations->find(kWaive) != nullptr) ||
         object.ref.kind == "Exception" || object.ref.kind == "PolicyException";
}

void read_object(const kube::Object& object, std::string_view default_namespace,
                 FoundExceptions& found) {
  if (const Node* annotations = object.metadata.find(kAnnotations); annotations != nullptr) {
    if (const Node* waive = annotations->find(kWaive); waive != nullptr) {
      read_waivers(object, *waive, default_namespace, found);
    }
  }
  if (object.ref.kind == "Exception" && object.ref.group == "tallystick.dev") {
    if (auto exception = exception_of_object(object)) {
      found.exceptions.push_back(std::move(*exception));
    } else {
      found.problems.push_back(std::move(exception).error());
    }
  } else if (is_policy_exception(object)) {
    list_policy_exception(object, found);
  }
}

// A document with the key `exceptions` and no kind: the list of tally.yaml in a file of its own.
Result<bool> read_list(const document::Document& document, const StrictReader& reader,
                       std::vector<Exception>& exceptions) {
  static constexpr std::array<std::string_view, 3> kKeys = {"apiVersion", "kind", "exceptions"};
  const Node* list = document.root.find("exceptions");
  if (list == nullptr || document.root.find("kind") != nullptr) {
    return false;
  }
  TALLY_CHECK(reader.map(document.root, "a list of exceptions", kKeys));
  TALLY_CHECK(reader.list(*list, "exceptions"));
  for (const Node& item : list->items()) {
    TALLY_TRY(Exception exception, read_exception(item, reader, ExceptionId::InEntry));
    exceptions.push_back(std::move(exception));
  }
  return true;
}

Result<void> read_exception_file(const std::string& path, std::string_view default_namespace,
                                 std::vector<Exception>& exceptions) {
  TALLY_TRY(const auto source, document::Source::read_file(path));
  const StrictReader reader(*source);
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  if (!errors.empty()) {
    errors.front().error.file = source->name();
    return std::unexpected(std::move(errors.front().error));
  }
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  for (const document::Document& document : documents) {
    TALLY_TRY(const bool list, read_list(document, reader, exceptions));
    if (!list) {
      kube::append_objects(document, *source, objects, rejected);
    }
  }
  std::erase_if(objects, is_policy_exception);  // Kyverno's engine reads them itself
  FoundExceptions found = exceptions_in(objects, default_namespace);
  if (!found.problems.empty()) {
    return std::unexpected(std::move(found.problems.front()));
  }
  std::ranges::move(found.exceptions, std::back_inserter(exceptions));
  return {};
}

}  // namespace

Result<Exception> read_exception(const Node& node, const StrictReader& reader, ExceptionId id) {
  static constexpr std::array<std::string_view, 6> kKeys = {"id",     "owner", "reason",
                                                            "ticket", "match", "expires"};
  const std::span<const std::string_view> keys =
      id == ExceptionId::InEntry ? std::span(kKeys) : std::span(kKeys).subspan(1);
  TALLY_CHECK(reader.map(node, "an exception", keys));
  Exception exception;
  exception.file = reader.file();
  exception.at = reader.position(node.offset());
  for (const Member member : node.members()) {
    if (member.key == "match") {
      TALLY_CHECK(read_match(member.value, reader, exception.match));
      continue;
    }
    TALLY_TRY(std::string text, reader.text(member.value, member.key));
    if (member.key == "expires") {
      auto day = finding::parse_day(text);
      if (!day) {
        return std::unexpected(reader.error(member.value.offset(), day.error().message));
      }
      exception.expires = *day;
    } else {
      std::string& field = member.key == "id"       ? exception.id
                           : member.key == "owner"  ? exception.owner
                           : member.key == "reason" ? exception.reason
                                                    : exception.ticket;
      field = std::move(text);
    }
  }
  // Who accepted it, and why, is what makes it an exception and not a hole.
  for (const std::string_view key : {"id", "owner", "reason", "match"}) {
    if ((key != "id" || id == ExceptionId::InEntry) && node.find(key) == nullptr) {
      return std::unexpected(
          reader.error(node.offset(), fmt::format("found an exception without '{}'", key)));
    }
  }
  return exception;
}

FoundExceptions exceptions_in(std::span<const kube::Object> objects,
                              std::string_view default_namespace, unsigned threads) {
  // Few objects hold any: all threads look for those, one reads them, in order.
  constexpr std::size_t kRun = 1024;
  std::vector<std::vector<const kube::Object*>> runs((objects.size() + kRun - 1) / kRun);
  parallel_for(runs.size(), threads, [&](std::size_t run, unsigned) {
    const auto part = objects.subspan(run * kRun, std::min(kRun, objects.size() - run * kRun));
    for (const kube::Object& object : part) {
      if (may_hold_exceptions(object)) {
        runs[run].push_back(&object);
      }
    }
  });
  FoundExceptions found;
  for (const auto& run : runs) {
    for (const kube::Object* object : run) {
      read_object(*object, default_namespace, found);
    }
  }
  return found;
}

Result<std::vector<Exception>> read_exceptions(const std::string& path,
                                               std::string_view default_namespace) {
  Walk walk = walk_paths({path}, {});
  if (!walk.errors.empty()) {
    return std::unexpected(std::move(walk.errors.front()));
  }
  std::vector<Exception> exceptions;
  for (const WalkedFile& file : walk.files) {
    if (file.path == kStandardInput) {
      return environment_error("found '-' for --exceptions, expected a file or a folder");
    }
    TALLY_CHECK(read_exception_file(file.path, default_namespace, exceptions));
  }
  return exceptions;
}

}  // namespace tally::input
