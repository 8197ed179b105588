#include "kube_client/list.hpp"

#include <fmt/format.h>

#include "document/read.hpp"

namespace tally::kube_client {
namespace {

using document::Source;
using Pages = std::vector<std::shared_ptr<const Source>>;

constexpr unsigned kGone = 410;

// RFC 3986 section 2.1: everything but what needs no escape.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

struct Page {
  std::string next;  // where the list goes on; empty: it ends here
  std::size_t objects = 0;
};

Result<Page> read_page(const Source& source) {
  Arena arena;
  TALLY_TRY(const document::Node list, document::read_one(source, arena));
  const document::Node* items = list.find("items");
  const document::Node* metadata = list.find("metadata");
  if (items == nullptr || !(items->is_array() || items->is_null())) {
    return content_error(fmt::format("{}: the server's answer is no list", source.name()));
  }
  Page page{.next = {}, .objects = items->is_array() ? items->size() : 0};
  if (metadata != nullptr) {
    if (const document::Node* next = metadata->find("continue");
        next != nullptr && next->is_string()) {
      page.next = next->text();
    }
  }
  return page;
}

std::unexpected<Refusal> failed(Error error) {
  return std::unexpected(Refusal{.status = 0, .error = std::move(error)});
}

}  // namespace

std::expected<Pages, Refusal> list(ApiClient& client, const Resource& resource,
                                   const ListOptions& options) {
  const std::string name =
      fmt::format("cluster:{}{}{}/{}", resource.group, resource.group.empty() ? "" : "/",
                  resource.version, resource.plural);
  Pages pages;
  std::size_t objects = 0;
  std::string next;
  bool is_whole = false;  // asked without pages
  while (true) {
    std::string path = resource.path();
    if (!is_whole) {
      path += fmt::format("?limit={}", options.page);
      if (!next.empty()) {
        path += "&continue=" + escaped(next);
      }
    }
    auto body = client.get(path);
    if (!body) {
      if (body.error().status == kGone && !next.empty()) {
        pages.clear();
        objects = 0;
        next.clear();
        is_whole = true;
        continue;
      }
      return std::unexpected(std::move(body).error());
    }
    pages.push_back(Source::from_text(name, *body));
    const auto page = read_page(*pages.back());
    if (!page) {
      return failed(page.error());
    }
    objects += page->objects;
    if (objects > options.objects_max) {
      return failed(
          limit_error(fmt::format("{}: more than {} objects", name, options.objects_max)).error());
    }
    if (page->next.empty()) {
      return pages;
    }
    if (page->next == next) {
      return failed(environment_error(fmt::format("{}: the list does not go on", name)).error());
    }
    next = page->next;
  }
}

}  // namespace tally::kube_client
