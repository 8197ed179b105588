// verifyImages: everything but the cryptography (Kyverno 1.19 pkg/engine/image_verify.go,
// pkg/engine/handlers/{validation,mutation}). Which images a rule is about is known; whether they
// are signed is unknown, and nothing passes without a verified signature.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kyverno/internal/images.hpp"
#include "kyverno/internal/judgement.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool any_matches(const Node* patterns, std::string_view text) {
  return patterns != nullptr && std::ranges::any_of(patterns->items(), [&](const Node& pattern) {
           return wildcard_match(pattern.text(), text);
         });
}

// The references of one verifyImages entry: imageReferences, or the old `image`.
bool is_about(const Node& verify, std::string_view image) {
  const std::string_view old = text_at(verify, "image");
  if (!old.empty() && wildcard_match(old, image)) {
    return !any_matches(verify.find("skipImageReferences"), image);
  }
  return any_matches(verify.find("imageReferences"), image) &&
         !any_matches(verify.find("skipImageReferences"), image);
}

// Whether somebody must have signed: attestors, attestations, or the old fields for one key.
bool needs_signature(const Node& verify) {
  return std::ranges::any_of(std::array<std::string_view, 6>{"attestors", "attestations", "key",
                                                             "roots", "subject", "issuer"},
                             [&](std::string_view field) {
                               const Node* value = verify.find(field);
                               return value != nullptr &&
                                      (value->size() > 0 || !value->text().empty());
                             });
}

bool is_true(const Node& verify, std::string_view field) {
  const Node* value = verify.find(field);
  return value != nullptr && value->boolean();
}

}  // namespace

void Judgement::verify_images(const Rule& rule) {
  const Outcome<Node> images =
      images_of(arena_, object_.is_null() ? old_object_ : object_, rule.image_extractors, context_);
  if (!images) {
    say_error(rule, "failed to extract images", images.error());
    return;
  }
  std::string unsigned_images;
  std::string undigested;
  const auto add = [](std::string& list, std::string_view image) {
    list += list.empty() ? "" : ", ";
    list += image;
  };
  for (const ImageEntry& image : image_entries(arena_, *images)) {
    bool is_signed = false;
    bool is_digested = false;
    for (const Node& verify : rule.verify_images->items()) {
      if (is_about(verify, image.text)) {
        is_signed = is_signed || needs_signature(verify);
        is_digested = is_digested || (is_true(verify, "mutateDigest") && image.digest.empty());
      }
    }
    if (is_signed) {
      add(unsigned_images, image.text);
    } else if (is_digested) {
      add(undigested, image.text);
    }
  }
  if ((unsigned_images.empty() && undigested.empty()) || is_delete()) {
    return;
  }
  if (skip_by_exceptions(rule, exceptions_for(rule))) {
    return;
  }
  say(rule, Verdict::Unknown,
      unsigned_images.empty()
          ? fmt::format("the digest of {} is not known: no registry is asked", undigested)
          : fmt::format("whether {} is signed is not known: signatures are not verified yet",
                        unsigned_images));
}

// The checks that come with validation: a digest must be there.
void Judgement::validate_images(const Rule& rule) {
  if (is_delete()) {
    return;
  }
  const Outcome<Node> images = images_of(arena_, object_, rule.image_extractors, context_);
  if (!images) {
    say_error(rule, "failed to extract images", images.error());
    return;
  }
  const std::vector<ImageEntry> entries = image_entries(arena_, *images);
  const bool has_any = std::ranges::any_of(entries, [&](const ImageEntry& image) {
    return std::ranges::any_of(rule.verify_images->items(),
                               [&](const Node& verify) { return is_about(verify, image.text); });
  });
  if (!has_any || skip_by_exceptions(rule, exceptions_for(rule))) {
    return;
  }
  bool is_signed = false;
  for (const Node& verify : rule.verify_images->items()) {
    for (const ImageEntry& image : entries) {
      if (!is_about(verify, image.text)) {
        continue;
      }
      if (is_true(verify, "verifyDigest") && image.digest.empty()) {
        say(rule, Verdict::Fail, fmt::format("missing digest for {}", image.text));
        return;
      }
      is_signed = is_signed || is_true(verify, "required");
    }
  }
  if (is_signed) {
    say(rule, Verdict::Unknown,
        "whether the images are signed is not known: signatures are not verified yet");
    return;
  }
  say(rule, Verdict::Pass, "image verified");
}

}  // namespace tally::kyverno::internal
