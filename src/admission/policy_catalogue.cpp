#include "admission/policy_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "document/json_writer.hpp"
#include "document/read.hpp"

namespace tally::admission {

void PolicyCatalogue::remember(const std::vector<PolicyText>& texts) {
  for (const PolicyText& text : texts) {
    good_.insert_or_assign(text.identity, text);
  }
}

PolicyCatalogue::Change PolicyCatalogue::replace(std::vector<PolicyText> wanted,
                                                 const std::shared_ptr<const input::Config>& config,
                                                 std::int64_t now_seconds) {
  // What the operator's files say stands before what the cluster says.
  std::ranges::sort(wanted, [](const PolicyText& a, const PolicyText& b) {
    return std::tie(a.identity, a.origin, a.place) < std::tie(b.identity, b.origin, b.place);
  });
  const auto repeated = std::ranges::unique(wanted, {}, &PolicyText::identity);
  wanted.erase(repeated.begin(), repeated.end());

  Change change;
  change.programs = Programs::load({.texts = wanted, .config = config, .now_seconds = now_seconds});
  change.statuses = change.programs->statuses();
  std::vector<PolicyText> stand_ins;
  for (PolicyStatus& status : change.statuses) {
    const auto good = good_.find(status.identity);
    if (status.is_loaded || good == good_.end()) {
      continue;
    }
    stand_ins.push_back(good->second);
    status.is_loaded = true;
    status.why += "; its last good text stays in force";
    change.kept += 1;
  }
  if (!stand_ins.empty()) {
    std::vector<PolicyText> mended = wanted;
    for (PolicyText& text : mended) {
      const auto found = std::ranges::find(stand_ins, text.identity, &PolicyText::identity);
      if (found != stand_ins.end()) {
        text = *found;
      }
    }
    change.programs =
        Programs::load({.texts = std::move(mended), .config = config, .now_seconds = now_seconds});
  }
  // What is in force now is what a later broken text will not displace.
  good_.clear();
  std::map<std::string_view, bool> refused;
  for (const PolicyStatus& status : change.programs->statuses()) {
    refused[status.identity] = !status.is_loaded;
  }
  for (const PolicyText& text : change.programs->texts()) {
    const auto found = refused.find(text.identity);
    if (found == refused.end() || !found->second) {
      good_.emplace(text.identity, text);
    }
  }
  return change;
}

std::string to_json(const std::vector<PolicyText>& texts) {
  std::string out =
      "{\"apiVersion\":\"tallystick.dev/v1alpha1\",\"kind\":\"LastGoodPolicies\",\"items\":[";
  for (const PolicyText& text : texts) {
    if (out.back() != '[') {
      out += ",\n";
    }
    out += "{\"origin\":";
    document::append_json_string(out, text.origin == PolicyText::Origin::File ? "file" : "cluster");
    out += ",\"place\":";
    document::append_json_string(out, text.place);
    out += ",\"identity\":";
    document::append_json_string(out, text.identity);
    out += ",\"object\":";
    out += text.text;
    out += '}';
  }
  out += "]}\n";
  return out;
}

Result<std::vector<PolicyText>> read_texts(std::string_view json) {
  const auto source = document::Source::from_text("last good policies", json);
  Arena arena;
  TALLY_TRY(const document::Node root, document::read_one(*source, arena));
  const document::Node* items = root.find("items");
  const document::Node* kind = root.find("kind");
  if (kind == nullptr || kind->text() != "LastGoodPolicies" || items == nullptr ||
      !items->is_array()) {
    return content_error("found no list of policies, expected LastGoodPolicies");
  }
  std::vector<PolicyText> texts;
  for (const document::Node& item : items->items()) {
    const document::Node* origin = item.find("origin");
    const document::Node* place = item.find("place");
    const document::Node* identity = item.find("identity");
    const document::Node* object = item.find("object");
    if (origin == nullptr || place == nullptr || identity == nullptr || object == nullptr ||
        !object->is_object()) {
      return content_error(
          fmt::format("/items/{}: found an entry that is not complete, expected "
                      "origin, place, identity and object",
                      &item - items->items().data()));
    }
    PolicyText text{
        .origin = origin->text() == "file" ? PolicyText::Origin::File : PolicyText::Origin::Cluster,
        .place = std::string(place->text()),
        .identity = std::string(identity->text()),
        .text = {}};
    document::append_json(text.text, *object);
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace tally::admission
