#include "authorization/internal/fields.hpp"

#include <charconv>

namespace tally::authorization {

using document::Node;

const Node* field(const Node& object, std::string_view key) noexcept {
  const Node* found = object.find(key);
  return found != nullptr && !found->is_null() ? found : nullptr;
}

std::string_view text_field(const Node& object, std::string_view key) noexcept {
  const Node* found = object.find(key);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

std::vector<std::string_view> texts_field(const Node& object, std::string_view key) {
  std::vector<std::string_view> out;
  if (const Node* list = object.find(key); list != nullptr && list->is_array()) {
    out.reserve(list->size());
    for (const Node& item : list->items()) {
      if (item.is_string()) {
        out.push_back(item.text());
      }
    }
  }
  return out;
}

const Node& spec_of(const Node& root) noexcept {
  static constexpr Node kNull;
  const Node* spec = root.find(std::string_view{"spec"});
  return spec != nullptr ? *spec : kNull;
}

bool is_true_word(std::string_view word) noexcept {
  return word == "1" || word == "t" || word == "T" || word == "TRUE" || word == "true" ||
         word == "True";
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port > 65535) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

Result<scalar::Cidr> parse_address_block(std::string_view text) {
  if (text.find('/') != std::string_view::npos) {
    return scalar::Cidr::parse(text);
  }
  // netip.ParseAddr takes a zone; a rule with one matches no address that Envoy compares.
  TALLY_TRY(const auto parsed, scalar::IpAddress::parse_with_zone(text));
  return scalar::Cidr{parsed.address, static_cast<std::uint8_t>(parsed.address.bit_count())};
}

}  // namespace tally::authorization
