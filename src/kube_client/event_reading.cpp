#include "kube_client/event_reading.hpp"

#include <fmt/format.h>

#include <array>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "document/read.hpp"
#include "kube_client/internal/refusal.hpp"
#include "kube_client/watch_reader.hpp"

namespace tally::kube_client {
namespace {

using document::Node;

constexpr unsigned kInternalError = 500;

std::string_view text_of(const Node* node, std::string_view key) {
  const Node* value = node == nullptr ? nullptr : node->find(key);
  return value != nullptr && value->is_string() ? value->text() : std::string_view{};
}

std::optional<WatchEventType> type_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, WatchEventType>, 4> kTypes{
      {{"ADDED", WatchEventType::Added},
       {"MODIFIED", WatchEventType::Modified},
       {"DELETED", WatchEventType::Deleted},
       {"BOOKMARK", WatchEventType::Bookmark}}};
  for (const auto& [name, type] : kTypes) {
    if (name == text) {
      return type;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<void> EventReading::read(std::string_view text) {
  const auto source = document::Source::from_text("event", text);
  Arena arena;
  TALLY_TRY(const Node event, document::read_one(*source, arena));
  const Node* object = event.find("object");
  if (object == nullptr || !object->is_object() || source->text()[object->offset()] != '{') {
    return content_error("an event of the watch has no object");
  }
  const std::string_view type_text = text_of(&event, "type");
  if (type_text == "ERROR") {
    return refuse(*object);
  }
  const auto type = type_of(type_text);
  if (!type) {
    return content_error(fmt::format(
        "an event of the watch has the type '{}', expected ADDED, MODIFIED, DELETED, BOOKMARK or "
        "ERROR",
        excerpt(type_text)));
  }
  const std::string_view version = text_of(object->find("metadata"), "resourceVersion");
  if (version.empty()) {
    return content_error("an object of the watch has no metadata.resourceVersion");
  }
  const std::size_t begin = object->offset();
  on_event_({.type = *type,
             .object = *object,
             .json = source->text().substr(begin, end_of_value(source->text(), begin) - begin),
             .resource_version = version});
  return {};
}

Result<void> EventReading::refuse(const Node& status) {
  const Node* code = status.find("code");
  const std::int64_t number = code == nullptr ? 0 : code->integer().value_or(0);
  const bool is_status = number >= 400 && number <= 599;
  refusal_ = refusal_of(what_, is_status ? static_cast<unsigned>(number) : kInternalError, &status);
  return std::unexpected(refusal_->error);
}

}  // namespace tally::kube_client
