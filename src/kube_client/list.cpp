#include "kube_client/list.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube_client/object_path.hpp"

namespace tally::kube_client {
namespace {

using document::Node;
using document::Source;
using Pages = std::vector<std::shared_ptr<const Source>>;

constexpr unsigned kGone = 410;

struct Page {
  std::span<const Node> items;
  std::string_view next;  // where the list goes on; empty: it ends here
  std::string_view version;
};

std::string_view text_of(const Node* node, std::string_view key) {
  const Node* value = node == nullptr ? nullptr : node->find(key);
  return value != nullptr && value->is_string() ? value->text() : std::string_view{};
}

Result<Page> read_page(const Source& source, Arena& arena) {
  TALLY_TRY(const Node list, document::read_one(source, arena));
  const Node* items = list.find("items");
  if (items == nullptr || !(items->is_array() || items->is_null())) {
    return content_error(fmt::format("{}: the server's answer is no list", source.name()));
  }
  const Node* metadata = list.find("metadata");
  return Page{.items = items->items(),
              .next = text_of(metadata, "continue"),
              .version = text_of(metadata, "resourceVersion")};
}

std::unexpected<Refusal> failed(Error error) {
  return std::unexpected(Refusal{.status = 0, .error = std::move(error)});
}

// `next`: where the list goes on; empty: it begins.
std::string path_of(const Resource& resource, const ListOptions& options, bool is_whole,
                    std::string_view next) {
  std::string path = ObjectPlace{.resource = resource, .name_space = options.name_space}.path();
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    path += std::exchange(separator, '&');
    path.append(name).append("=").append(escaped(value));
  };
  if (!is_whole) {
    add("limit", std::to_string(options.page));
  }
  if (!next.empty()) {
    add("continue", next);
  }
  if (!options.label_selector.empty()) {
    add("labelSelector", options.label_selector);
  }
  if (!options.field_selector.empty()) {
    add("fieldSelector", options.field_selector);
  }
  return path;
}

}  // namespace

Answer<std::string> list_pages(ApiClient& client, const Resource& resource,
                               const ListOptions& options,
                               const std::function<void(const ListPage&)>& on_page) {
  const std::string name =
      fmt::format("cluster:{}{}{}/{}", resource.group, resource.group.empty() ? "" : "/",
                  resource.version, resource.plural);
  std::size_t objects = 0;
  std::string next;
  bool is_whole = false;  // asked without pages
  while (true) {
    const auto body =
        client.send({.path = path_of(resource, options, is_whole, next), .stop = options.stop});
    if (!body) {
      if (body.error().status == kGone && !next.empty()) {
        objects = 0;
        next.clear();
        is_whole = true;
        continue;
      }
      return std::unexpected(body.error());
    }
    const auto source = Source::from_text(name, *body);
    Arena arena;
    const auto page = read_page(*source, arena);
    if (!page) {
      return failed(page.error());
    }
    objects += page->items.size();
    if (objects > options.objects_max) {
      return failed(
          limit_error(fmt::format("{}: more than {} objects", name, options.objects_max)).error());
    }
    on_page({.source = source,
             .items = page->items,
             .resource_version = page->version,
             .is_first = next.empty()});
    if (page->next.empty()) {
      return std::string(page->version);
    }
    if (page->next == next) {
      return failed(environment_error(fmt::format("{}: the list does not go on", name)).error());
    }
    next = page->next;
  }
}

Answer<Pages> list(ApiClient& client, const Resource& resource, const ListOptions& options) {
  Pages pages;
  TALLY_TRY(const std::string version,
            list_pages(client, resource, options, [&pages](const ListPage& page) {
              if (page.is_first) {
                pages.clear();
              }
              pages.push_back(page.source);
            }));
  static_cast<void>(version);
  return pages;
}

}  // namespace tally::kube_client
