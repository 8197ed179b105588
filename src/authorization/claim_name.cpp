#include "authorization/claim_name.hpp"

#include "authorization/string_match.hpp"

namespace tally::authorization {

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> out;
  for (std::size_t at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator)) {
    out.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  out.push_back(text);
  return out;
}

}  // namespace

std::optional<RoutingClaim> parse_routing_claim(std::string_view header_name) {
  constexpr std::string_view kPrefix = "@request.auth.claims";
  if (!equals_any_case(header_name.substr(0, kPrefix.size()), kPrefix)) {
    return std::nullopt;
  }
  const std::string_view name = header_name.substr(kPrefix.size());
  if (name.starts_with('.') && name.size() > 1) {
    return RoutingClaim{RoutingClaim::Separator::Dot, split(name.substr(1), ".")};
  }
  if (name.starts_with('[') && name.ends_with(']') && name.size() > 2) {
    return RoutingClaim{RoutingClaim::Separator::Square,
                        split(name.substr(1, name.size() - 2), "][")};
  }
  return std::nullopt;
}

std::optional<std::string_view> name_in_brackets(std::string_view text) noexcept {
  if (!text.starts_with('[') || !text.ends_with(']')) {
    return std::nullopt;
  }
  return text.substr(1, text.size() - 2);
}

std::optional<std::vector<std::string_view>> names_in_brackets(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end =
        text[at] == '[' ? text.find_first_of("[]", at + 1) : std::string_view::npos;
    if (end == std::string_view::npos || text[end] == '[') {
      const auto whole = name_in_brackets(text);
      return whole ? std::optional<std::vector<std::string_view>>({*whole}) : std::nullopt;
    }
    out.push_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return out;
}

}  // namespace tally::authorization
