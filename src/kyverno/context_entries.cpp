// How entries of a context are loaded when an expression first names them
// (Kyverno 1.19 pkg/engine/context/{deferred,loaders/variable}.go).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kyverno/internal/context.hpp"
#include "kyverno/internal/images.hpp"
#include "kyverno/internal/substitution.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

// `(?:\A|\z|\s|[^.0-9A-Za-z])NAME\b`: x is named by "x.y", not by "y.x"
// (pkg/engine/context/deferred.go).
bool names(std::string_view expression, std::string_view name) {
  if (name.empty()) {
    return false;
  }
  for (std::size_t at = expression.find(name); at != std::string_view::npos;
       at = expression.find(name, at + 1)) {
    const char before = at == 0 ? ' ' : expression[at - 1];
    const bool may_begin = before == '_' || (before != '.' && !is_word(before));
    const std::size_t end = at + name.size();
    const bool is_word_after = end < expression.size() && is_word(expression[end]);
    if (may_begin && is_word(name.back()) != is_word_after) {
      return true;
    }
  }
  return false;
}

}  // namespace

Outcome<void> Context::load_matching(std::string_view expression) {
  const std::uint32_t at_most = std::min(level(), level_visible_);
  for (std::size_t i = 0; i < std::min(loaders_.size(), loaders_visible_); ++i) {
    Loader& loader = loaders_[i];
    if (loader.is_matched || loader.is_loaded || loader.level > at_most ||
        !names(expression, loader.name)) {
      continue;
    }
    loader.is_matched = true;
    if (Outcome<void> done = load(i); !done) {
      return done;
    }
  }
  return {};
}

Outcome<void> Context::load(std::size_t index) {
  if (load_depth_ >= kLoadDepthMax) {
    return failed(fmt::format("context entries load one another deeper than {}", kLoadDepthMax));
  }
  const std::size_t visible_before = loaders_visible_;
  const std::uint32_t level_before = level_visible_;
  loaders_visible_ = index;
  level_visible_ = loaders_[index].level;
  ++load_depth_;
  const Node entry = loaders_[index].entry;
  const std::string_view name = loaders_[index].name;
  Outcome<Node> value;
  bool is_replacing = false;
  if (loaders_[index].is_images) {
    value = images_of(*arena_, entry, loaders_[index].extractors, *this);
  } else if (entry.find("configMap") != nullptr) {
    value = load_config_map(loaders_[index]);
  } else if (entry.find("apiCall") != nullptr) {
    value = load_api_call(loaders_[index]);
  } else if (entry.find("globalReference") != nullptr) {
    value = load_global(loaders_[index]);
  } else if (entry.find("imageRegistry") != nullptr) {
    value = load_image_data(loaders_[index]);
  } else {
    value = load_variable(entry);
    is_replacing = true;
  }
  --load_depth_;
  loaders_visible_ = visible_before;
  level_visible_ = level_before;
  if (!value) {
    return std::unexpected(std::move(value).error());
  }
  loaders_[index].is_loaded = true;
  if (loaders_[index].is_images && value->size() == 0) {
    return {};
  }
  const std::array<std::string_view, 1> path{name};
  if (is_replacing) {
    replace(path, {});
    parts_.set(name, *value);
    is_root_stale_ = true;
  } else {
    add(path, *value);
  }
  return {};
}

Outcome<Node> Context::apply_path(const Node& of, const Node& data, std::string_view name) {
  const Node* path = of.find("jmesPath");
  if (path == nullptr || path->text().empty()) {
    return data;
  }
  Outcome<Node> expression = substitute(*path, *this);
  if (!expression) {
    Failure failure = std::move(expression).error();
    failure.message =
        fmt::format("failed to substitute variables in context entry {} JMESPath {}: {}", name,
                    path->text(), failure.message);
    return std::unexpected(std::move(failure));
  }
  if (!expression->is_string()) {
    return failed("jmespath value must be a string");
  }
  Outcome<Node> found = search(expression->text(), data);
  if (!found) {
    Failure failure = std::move(found).error();
    failure.message = fmt::format("failed to apply JMESPath {} for context entry {}: {}",
                                  expression->text(), name, failure.message);
    return std::unexpected(std::move(failure));
  }
  return found;
}

// pkg/engine/context/loaders/variable.go
Outcome<Node> Context::load_variable(const Node& entry) {
  const std::string_view name = text_at(entry, "name");
  const Node& variable = *entry.find("variable");
  std::string_view path;
  if (const Node* written = variable.find("jmesPath"); written != nullptr && written->is_string()) {
    Outcome<Node> put = substitute(*written, *this);
    if (!put) {
      Failure failure = std::move(put).error();
      failure.message = fmt::format("failed to substitute variables in context entry {} {}: {}",
                                    name, written->text(), failure.message);
      return std::unexpected(std::move(failure));
    }
    if (!put->is_string()) {
      return failed(fmt::format("jmespath value must be a string {} {}", name, written->text()));
    }
    path = put->text();
  }
  Node fallback;
  if (const Node* written = variable.find("default"); written != nullptr) {
    Outcome<Node> put = substitute(*written, *this);
    if (!put) {
      Failure failure = std::move(put).error();
      failure.message = fmt::format("failed to substitute variables in context entry {}: {}", name,
                                    failure.message);
      return std::unexpected(std::move(failure));
    }
    fallback = *put;
  }
  Node output = fallback;
  if (const Node* written = variable.find("value"); written != nullptr && !written->is_null()) {
    Outcome<Node> put = substitute(*written, *this);
    if (!put) {
      Failure failure = std::move(put).error();
      failure.message = fmt::format("failed to substitute variables in context entry {}: {}", name,
                                    failure.message);
      return std::unexpected(std::move(failure));
    }
    output = *put;
    if (!path.empty()) {
      Outcome<Node> found = search(path, *put);
      if (found) {
        output = *found;
      } else if (fallback.is_null()) {
        Failure failure = std::move(found).error();
        failure.message =
            fmt::format("failed to apply jmespath {} to variable <nil>: {}", path, failure.message);
        return std::unexpected(std::move(failure));
      } else {
        output = fallback;
      }
    }
  } else if (!path.empty()) {
    Outcome<Node> found = query(path);
    if (found) {
      if (!found->is_null()) {
        output = *found;
      }
    } else if (fallback.is_null()) {
      Failure failure = std::move(found).error();
      failure.message =
          fmt::format("failed to apply jmespath {} to variable <nil>: {}", path, failure.message);
      return std::unexpected(std::move(failure));
    }
  }
  if (output.is_null()) {
    return failed(
        fmt::format("failed to add context entry for variable {} since it evaluated to nil", name));
  }
  return output;
}

}  // namespace tally::kyverno::internal
