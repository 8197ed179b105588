#include "reachability/entries/internal/http_match.hpp"

#include <algorithm>
#include <utility>

namespace tally::reachability::entries {

using document::Node;

namespace {

// What says nothing of the request: at this server gateways and port are known.
bool is_of_place(std::string_view key) {
  return key == "name" || key == "gateways" || key == "port" || key == "uri" ||
         key == "ignoreUriCase" || key == "statPrefix";
}

bool covers(const HttpMatch& earlier, const HttpMatch& later) {
  if (earlier.is_restricted) {
    return false;
  }
  switch (earlier.path) {
    case HttpMatch::Path::Any:
      return true;
    case HttpMatch::Path::Prefix:
      if (earlier.text == "/") {
        return true;
      }
      return (later.path == HttpMatch::Path::Prefix || later.path == HttpMatch::Path::Exact) &&
             !later.ignores_case && later.text.starts_with(earlier.text);
    case HttpMatch::Path::Exact:
      return later.path == HttpMatch::Path::Exact && !later.ignores_case &&
             later.text == earlier.text;
    case HttpMatch::Path::Regex:
      return earlier.text == ".*";
  }
  return false;
}

}  // namespace

HttpMatch read_http_match(const Node& match) {
  HttpMatch out;
  for (const document::Member member : match.members()) {
    out.is_restricted = out.is_restricted || !is_of_place(member.key);
    out.ignores_case = out.ignores_case || member.key == "ignoreUriCase";
  }
  const Node* uri = match.find("uri");
  for (const auto& [key, path] :
       {std::pair{"exact", HttpMatch::Path::Exact}, std::pair{"prefix", HttpMatch::Path::Prefix},
        std::pair{"regex", HttpMatch::Path::Regex}}) {
    if (const Node* value = uri == nullptr ? nullptr : uri->find(key); value != nullptr) {
      out.path = path;
      out.text = value->text();
    }
  }
  return out;
}

bool are_covered(const std::vector<HttpMatch>& earlier, const std::vector<HttpMatch>& later) {
  return std::ranges::all_of(later, [&](const HttpMatch& match) {
    return std::ranges::any_of(earlier, [&](const HttpMatch& one) { return covers(one, match); });
  });
}

}  // namespace tally::reachability::entries
