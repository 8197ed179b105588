// Kyverno's library of image references (github.com/kyverno/sdk, extensions/cel/libs/image).
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "scalar/image_reference.hpp"

namespace tally::cel {

namespace {

using scalar::ImageReference;

struct Image {
  std::string_view text;
  std::string_view registry;
  std::string_view repository;
  std::string_view tag;
  std::string_view digest;
};

// As upstream, which compares what was written, too.
bool equal_images(const void* a, const void* b) {
  return static_cast<const Image*>(a)->text == static_cast<const Image*>(b)->text;
}

std::string_view image_text(Arena& /*arena*/, const void* data) {
  return static_cast<const Image*>(data)->text;
}

constexpr OpaqueKind kImageKind{
    .type_name = "kyverno.image", .equal = equal_images, .text = image_text};

Value parse(EvalContext& context, std::span<const Value> args) {
  const auto image = ImageReference::parse(args[0].text());
  if (!image) {
    return invalid(context, {image.error().message});
  }
  Arena& arena = context.arena;
  return opaque_value(arena, kImageKind,
                      Image{.text = args[0].text(),
                            .registry = arena.copy(image->registry),
                            .repository = arena.copy(image->repository),
                            .tag = arena.copy(image->tag),
                            .digest = arena.copy(image->digest)});
}

Value is_image(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(ImageReference::parse(args[0].text()).has_value());
}

template <std::string_view Image::* kText>
Value text_of(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::string(opaque_data<Image>(args[0]).*kText);
}

Value contains_digest(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(!opaque_data<Image>(args[0]).digest.empty());
}

Value identifier(EvalContext& context, std::span<const Value> args) {
  const auto& image = opaque_data<Image>(args[0]);
  return Value::string(image.digest.empty() ? image.tag
                       : image.tag.empty()  ? image.digest
                                            : context.arena.concat({image.tag, "@", image.digest}));
}

Value identifier_with_separator(EvalContext& context, std::span<const Value> args) {
  const auto& image = opaque_data<Image>(args[0]);
  return Value::string(image.digest.empty() ? context.arena.concat({":", image.tag})
                                            : context.arena.concat({"@", image.digest}));
}

constexpr Overload part(std::string_view id, std::string_view signature, Apply apply) {
  return {.id = id, .signature = signature, .apply = apply, .member = true};
}

constexpr auto kImage = std::to_array<Overload>({
    {.id = "string_to_image_deprecated", .signature = "(string) -> kyverno.image", .apply = parse},
});
constexpr auto kParse = std::to_array<Overload>({
    {.id = "string_to_image", .signature = "(string) -> kyverno.image", .apply = parse},
});
constexpr auto kIsImage = std::to_array<Overload>({
    {.id = "is_image_string", .signature = "(string) -> bool", .apply = is_image},
});
constexpr std::array kContainsDigest{
    part("image_contains_digest", "(kyverno.image) -> bool", contains_digest)};
constexpr std::array kRegistry{
    part("image_registry", "(kyverno.image) -> string", text_of<&Image::registry>)};
constexpr std::array kRepository{
    part("image_repository", "(kyverno.image) -> string", text_of<&Image::repository>)};
constexpr std::array kIdentifier{part("image_identifier", "(kyverno.image) -> string", identifier)};
constexpr std::array kIdentifierWithSeparator{part(
    "image_identifier_with_separator", "(kyverno.image) -> string", identifier_with_separator)};
constexpr std::array kTag{part("image_tag", "(kyverno.image) -> string", text_of<&Image::tag>)};
constexpr std::array kDigest{
    part("image_digest", "(kyverno.image) -> string", text_of<&Image::digest>)};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "parseImageReference",
     .library = Library::KyvernoImage,
     .overloads = kParse,
     .summary = "An image reference, read from a string.\n"
                "parseImageReference('nginx').registry() == 'index.docker.io'"},
    {.name = "image",
     .library = Library::KyvernoImage,
     .overloads = kImage,
     .summary = "The older name of parseImageReference().\nimage('nginx:1.27').tag() == '1.27'"},
    {.name = "isImage",
     .library = Library::KyvernoImage,
     .overloads = kIsImage,
     .summary = "Whether a string is an image reference.\nisImage('ghcr.io/org/app:v1')"},
    {.name = "containsDigest",
     .library = Library::KyvernoImage,
     .overloads = kContainsDigest,
     .summary = "Whether the reference has a digest.\n!image('nginx:1.27').containsDigest()"},
    {.name = "registry",
     .library = Library::KyvernoImage,
     .overloads = kRegistry,
     .summary = "The registry.\nimage('ghcr.io/org/app').registry() == 'ghcr.io'"},
    {.name = "repository",
     .library = Library::KyvernoImage,
     .overloads = kRepository,
     .summary = "The repository in its registry.\nimage('nginx').repository() == 'library/nginx'"},
    {.name = "identifier",
     .library = Library::KyvernoImage,
     .overloads = kIdentifier,
     .summary =
         "Tag and digest, as far as they are there.\nimage('nginx').identifier() == 'latest'"},
    {.name = "identifierWithSeparator",
     .library = Library::KyvernoImage,
     .overloads = kIdentifierWithSeparator,
     .summary = "The digest with its '@', or the tag with its ':'.\n"
                "image('nginx').identifierWithSeparator() == ':latest'"},
    {.name = "tag",
     .library = Library::KyvernoImage,
     .overloads = kTag,
     .summary = "The tag; 'latest' if there is neither tag nor digest.\n"
                "image('nginx').tag() == 'latest'"},
    {.name = "digest",
     .library = Library::KyvernoImage,
     .overloads = kDigest,
     .summary = "The digest; empty if there is none.\nimage('nginx').digest() == ''"},
});

}  // namespace

std::span<const Function> kyverno_image_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
