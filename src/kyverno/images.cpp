#include "kyverno/internal/images.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "scalar/image_name.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

constexpr std::size_t kExtractorDepthMax = 64;

struct Extractor {
  std::vector<std::string_view> fields;
  std::string_view key;
  std::string_view value;
  std::string_view name;
  std::string_view path;  // JMESPath over the value
};

std::vector<Extractor> standard_extractors(std::initializer_list<std::string_view> place) {
  std::vector<Extractor> out;
  for (const std::string_view tag : {"initContainers", "containers", "ephemeralContainers"}) {
    Extractor extractor{.fields = place, .key = "name", .value = "image", .name = tag, .path = {}};
    extractor.fields.push_back(tag);
    extractor.fields.push_back("*");
    out.push_back(std::move(extractor));
  }
  return out;
}

std::vector<Extractor> extractors_of_kind(std::string_view kind) {
  if (kind == "Pod") {
    return standard_extractors({"spec"});
  }
  if (kind == "CronJob") {
    return standard_extractors({"spec", "jobTemplate", "spec", "template", "spec"});
  }
  for (const std::string_view controller :
       {"DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "Job"}) {
    if (kind == controller) {
      return standard_extractors({"spec", "template", "spec"});
    }
  }
  return {};
}

std::vector<Extractor> extractors_of_rule(const Node& list) {
  std::vector<Extractor> out;
  for (const Node& written : list.items()) {
    Extractor extractor{.fields = {},
                        .key = text_at(written, "key"),
                        .value = text_at(written, "value"),
                        .name = text_at(written, "name"),
                        .path = text_at(written, "jmesPath")};
    std::string_view path = text_at(written, "path");
    while (!path.empty()) {
      const std::size_t slash = std::min(path.find('/'), path.size());
      if (const std::string_view part = trim(path.substr(0, slash)); !part.empty()) {
        extractor.fields.push_back(part);
      }
      path.remove_prefix(std::min(slash + 1, path.size()));
    }
    if (extractor.name.empty()) {
      extractor.name = "custom";
    }
    if (extractor.value.empty() && !extractor.fields.empty()) {
      extractor.value = extractor.fields.back();
      extractor.fields.pop_back();
    }
    out.push_back(std::move(extractor));
  }
  return out;
}

class Extraction {
 public:
  Extraction(Arena& arena, const Extractor& extractor, Context& context)
      : arena_(arena), extractor_(extractor), context_(context) {}

  Outcome<void> walk(const Node* node, const std::string& pointer, std::size_t field,
                     std::size_t depth) {
    if (node == nullptr || node->is_null()) {
      return {};
    }
    if (depth > kExtractorDepthMax) {
      return failed("invalid image config");
    }
    if (field < extractor_.fields.size() && extractor_.fields[field] == "*") {
      if (node->is_array()) {
        for (std::size_t i = 0; i < node->size(); ++i) {
          const Node& item = node->items()[i];
          if (!item.is_object() && !item.is_array()) {
            continue;
          }
          const std::size_t next = item.is_object() ? field + 1 : field;
          if (Outcome<void> done = walk(&item, fmt::format("{}/{}", pointer, i), next, depth + 1);
              !done) {
            return done;
          }
        }
        return {};
      }
      if (node->is_object()) {
        for (const document::Member member : node->members()) {
          if (!member.value.is_object() && !member.value.is_array()) {
            continue;
          }
          if (Outcome<void> done = walk(&member.value, fmt::format("{}/{}", pointer, member.key),
                                        field + 1, depth + 1);
              !done) {
            return done;
          }
        }
        return {};
      }
    }
    if (!node->is_object()) {
      return failed("invalid image config");
    }
    if (field == extractor_.fields.size()) {
      return take(*node, pointer);
    }
    const std::string_view name = extractor_.fields[field];
    return walk(node->find(name), fmt::format("{}/{}", pointer, name), field + 1, depth + 1);
  }

  ObjectParts found;

 private:
  Outcome<void> take(const Node& holder, const std::string& above) {
    const std::string_view pointer = arena_.copy(fmt::format("{}/{}", above, extractor_.value));
    std::string_view key = pointer;
    if (!extractor_.key.empty()) {
      const Node* written = holder.find(extractor_.key);
      if (written == nullptr || !written->is_string()) {
        return failed("invalid key");
      }
      key = written->text();
    }
    const Node* image = holder.find(extractor_.value);
    if (image == nullptr || !image->is_string() || trim(image->text()).empty()) {
      return {};  // an object without the image: nothing to say
    }
    std::string_view text = image->text();
    if (!extractor_.path.empty()) {
      Outcome<Node> answer = context_.search(extractor_.path, *image);
      if (!answer) {
        return failed(fmt::format("failed to apply jmespath {}: {}", extractor_.path,
                                  answer.error().message));
      }
      if (!answer->is_string()) {
        return failed(fmt::format("jmespath {} must produce a string", extractor_.path));
      }
      text = answer->text();
    }
    const Result<scalar::ImageName> name = scalar::ImageName::parse(text);
    if (!name) {
      return failed(fmt::format("invalid image '{}' ({})", text, name.error().message));
    }
    ObjectParts info;
    const auto put = [&](std::string_view field, const std::string& value, bool is_kept) {
      if (is_kept || !value.empty()) {
        info.set(field, text_node(arena_.copy(value)));
      }
    };
    put("registry", name->registry, false);
    put("name", name->name, true);
    put("path", name->path, true);
    put("tag", name->tag, false);
    put("digest", name->digest, false);
    put("reference", name->reference, false);
    put("referenceWithTag", name->reference_with_tag, false);
    info.set("jsonPointer", text_node(pointer));
    found.set(key, info.make(arena_));
    return {};
  }

  Arena& arena_;
  const Extractor& extractor_;
  Context& context_;
};

}  // namespace

Outcome<Node> images_of(Arena& arena, const Node& object, const Node& extractors,
                        Context& context) {
  const std::string_view kind = text_at(object, "kind");
  const Node* own = extractors.find(kind);
  const std::vector<Extractor> list =
      own != nullptr ? extractors_of_rule(*own) : extractors_of_kind(kind);
  ObjectParts out;
  for (const Extractor& extractor : list) {
    Extraction extraction(arena, extractor, context);
    if (Outcome<void> done = extraction.walk(&object, {}, 0, 0); !done) {
      return std::unexpected(std::move(done).error());
    }
    if (!extraction.found.is_empty()) {
      out.set(extractor.name, extraction.found.make(arena));
    }
  }
  return out.make(arena);
}

std::vector<ImageEntry> image_entries(Arena& arena, const Node& images) {
  std::vector<ImageEntry> out;
  for (const document::Member by_extractor : images.members()) {
    for (const document::Member by_container : by_extractor.value.members()) {
      const Node& info = by_container.value;
      const std::string_view registry = text_at(info, "registry");
      const std::string_view digest = text_at(info, "digest");
      const std::string_view slash = registry.empty() ? "" : "/";
      const std::string_view path = text_at(info, "path");
      out.push_back({.extractor = by_extractor.key,
                     .container = by_container.key,
                     .info = info,
                     .pointer = text_at(info, "jsonPointer"),
                     .text = digest.empty()
                                 ? arena.concat({registry, slash, path, ":", text_at(info, "tag")})
                                 : arena.concat({registry, slash, path, "@", digest}),
                     .digest = digest});
    }
  }
  return out;
}

}  // namespace tally::kyverno::internal
