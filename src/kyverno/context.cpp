#include "kyverno/internal/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kyverno/internal/substitution.hpp"

namespace tally::kyverno::internal {

using document::Node;

void Context::begin(Arena& arena, const Expressions& shared, Expressions& own, const World* world,
                    std::string_view policy_namespace) {
  arena_ = &arena;
  shared_ = &shared;
  own_ = &own;
  observer_ = nullptr;
  world_ = world;
  policy_namespace_ = policy_namespace;
  parts_.clear();
  saved_.clear();
  loaders_.clear();
  is_root_stale_ = true;
  loaders_visible_ = SIZE_MAX;
  level_visible_ = UINT32_MAX;
  load_depth_ = 0;
  turns_ = 0;
  substituted_bytes_ = 0;
  given_bytes_ = 0;
  exhausted_ = {};
}

bool Context::spend_turns(std::size_t turns) {
  turns_ += turns;
  if (turns_ > kTurnsMax && exhausted_.empty()) {
    exhausted_ = "too much work: the foreach of this policy take more than 1000000 turns";
  }
  return exhausted_.empty();
}

bool Context::spend_bytes(std::size_t bytes) {
  substituted_bytes_ += bytes;
  if (substituted_bytes_ > kSubstitutedBytesTotalMax && exhausted_.empty()) {
    exhausted_ = "too much work: variables of this policy make more than 256 MiB of text";
  }
  return exhausted_.empty();
}

const Node& Context::root() {
  if (is_root_stale_) {
    root_ = parts_.make(*arena_);
    is_root_stale_ = false;
  }
  return root_;
}

void Context::add(std::span<const std::string_view> path, const Node& value) {
  const Node inside = nested(*arena_, path.subspan(1), value);
  const Node* old = parts_.find(path[0]);
  parts_.set(path[0], old == nullptr ? inside : merged(*arena_, *old, inside));
  is_root_stale_ = true;
}

void Context::replace(std::span<const std::string_view> path, const Node& value) {
  is_root_stale_ = true;
  if (path.size() == 1) {
    if (value.is_null()) {
      parts_.remove(path[0]);
    } else {
      parts_.set(path[0], value);
    }
    return;
  }
  const Node* old = parts_.find(path[0]);
  if (old != nullptr && path.size() == 2) {
    parts_.set(path[0], value.is_null() ? without_member(*arena_, *old, path[1])
                                        : with_member(*arena_, *old, path[1], value));
    return;
  }
  if (!value.is_null()) {
    add(path, value);
  }
}

void Context::add_named(std::string_view dotted, const Node& value) {
  std::vector<std::string_view> path;
  while (!dotted.empty()) {
    if (dotted.front() == '"') {
      const std::size_t closing = std::min(dotted.find('"', 1), dotted.size());
      path.push_back(dotted.substr(1, closing - 1));
      dotted.remove_prefix(std::min(closing + 2, dotted.size()));
      continue;
    }
    const std::size_t dot = std::min(dotted.find('.'), dotted.size());
    path.push_back(dotted.substr(0, dot));
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  if (!path.empty()) {
    add(path, value);
  }
}

void Context::add_element(const Node& element, std::int64_t index, std::uint32_t nesting) {
  const Node number = number_node(*arena_, index);
  parts_.set("element", element);
  parts_.set("elementIndex", number);
  parts_.set(arena_->copy(fmt::format("element{}", nesting)), element);
  parts_.set(arena_->copy(fmt::format("elementIndex{}", nesting)), number);
  is_root_stale_ = true;
}

std::string_view Context::operation() const noexcept {
  const Node* request = parts_.find("request");
  return request == nullptr ? std::string_view{} : text_at(*request, "operation");
}

void Context::add_entries(const Node& entries) {
  for (const Node& entry : entries.items()) {
    const bool is_there = entry.find("variable") != nullptr ||
                          (entry.find("configMap") != nullptr && world_ != nullptr &&
                           world_->provides(Capability::ConfigMaps)) ||
                          (entry.find("apiCall") != nullptr && world_ != nullptr &&
                           world_->provides(Capability::ApiCalls)) ||
                          (entry.find("globalReference") != nullptr && world_ != nullptr &&
                           world_->provides(Capability::GlobalContext)) ||
                          (entry.find("imageRegistry") != nullptr && world_ != nullptr &&
                           world_->provides(Capability::ImageRegistry));
    if (is_there) {
      loaders_.push_back({.name = text_at(entry, "name"), .entry = entry, .level = level()});
    }
  }
}

void Context::add_images_of(const Node& object, const Node& extractors) {
  loaders_.push_back({.name = "images",
                      .entry = object,
                      .extractors = extractors,
                      .level = level(),
                      .is_images = true});
}

Outcome<Node> Context::search(std::string_view expression, const Node& input,
                              std::string_view before) {
  const Compiled* compiled = shared_->find(expression);
  if (compiled == nullptr) {
    compiled = own_->find(expression);
  }
  if (compiled == nullptr) {
    if (own_->size() >= kOwnExpressionsMax ||
        own_->text_bytes() + expression.size() > kOwnExpressionBytesMax) {
      exhausted_ = "too much work: variables put together too many expressions";
      return failed(std::string(exhausted_));
    }
    compiled = &own_->add(expression, jmespath::Names::LookUp);
  }
  if (!*compiled) {
    return failed(fmt::format("incorrect query {}: {}", expression, compiled->error().message));
  }
  auto found =
      (*compiled)->search(input, *arena_, world_ == nullptr ? nullptr : world_->functions());
  if (!found) {
    return std::unexpected(Failure{.message = fmt::format("{}{}", before, found.error().message)});
  }
  return *found;
}

Outcome<Node> Context::query(std::string_view expression) {
  if (Outcome<void> done = load_matching(expression); !done) {
    return std::unexpected(std::move(done).error());
  }
  const std::size_t begin = expression.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return failed("invalid query (nil)");
  }
  const std::size_t end = expression.find_last_not_of(" \t\r\n");
  Outcome<Node> found =
      search(expression.substr(begin, end - begin + 1), root(), "JMESPath query failed: ");
  if (observer_ != nullptr) {
    observer_->resolved(trim(expression), found ? *found : Node{},
                        found ? std::string_view{} : std::string_view(found.error().message));
  }
  return found;
}

void Context::checkpoint() { saved_.push_back(parts_); }

void Context::restore() {
  if (saved_.empty()) {
    return;
  }
  parts_ = std::move(saved_.back());
  saved_.pop_back();
  is_root_stale_ = true;
  after_reset(true);
}

void Context::reset() {
  if (saved_.empty()) {
    return;
  }
  parts_ = saved_.back();
  is_root_stale_ = true;
  after_reset(false);
}

// pkg/engine/context/deferred.go, Reset: loaders of a higher level go; what was loaded before is
// brought back.
void Context::after_reset(bool is_restore) {
  for (Loader& loader : loaders_) {
    loader.is_matched = false;
  }
  for (std::size_t i = 0; i < loaders_.size();) {
    const std::uint32_t of = loaders_[i].level;
    bool goes = of > level();
    if (!goes && loaders_[i].is_loaded) {
      if (is_restore || of < level()) {
        [[maybe_unused]] const Outcome<void> again = load(i);
      }
      goes = of == level();
    } else if (!goes && !is_restore) {
      goes = of == level();
    }
    if (goes) {
      loaders_.erase(loaders_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

}  // namespace tally::kyverno::internal
