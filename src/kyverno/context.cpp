#include "kyverno/internal/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "kyverno/internal/images.hpp"
#include "kyverno/internal/substitution.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

std::unexpected<Failure> failed(std::string message) {
  return std::unexpected(Failure{.message = std::move(message)});
}

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

// Whether a path of the API server lies in this namespace, whatever a server makes of it:
// /api/v1/namespaces/NAME or /apis/GROUP/VERSION/namespaces/NAME, then anything. Only the path
// counts, not its query; what a server might read in two ways (escapes, dots, empty parts) is
// refused.
bool is_inside_namespace(std::string_view path, std::string_view name_space) {
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/') || path.find_first_of("%#\\;") != std::string_view::npos ||
      std::ranges::any_of(path, [](char c) { return c <= ' ' || c == '\x7f'; })) {
    return false;
  }
  std::array<std::string_view, 5> parts{};
  std::size_t count = 0;
  for (path.remove_prefix(1);;) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    const bool is_last = slash == path.size();
    if (part == "." || part == ".." || (part.empty() && !is_last)) {
      return false;
    }
    if (count < parts.size()) {
      parts[count++] = part;
    }
    if (is_last) {
      break;
    }
    path.remove_prefix(slash + 1);
  }
  const std::size_t versions = parts[0] == "api" ? 2 : 3;  // parts in front of "namespaces"
  return (parts[0] == "api" || parts[0] == "apis") && count >= versions + 2 &&
         parts[versions] == "namespaces" && parts[versions + 1] == name_space;
}

}  // namespace

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

Outcome<Node> Context::keep(Loader& loader, const Node& given) {
  std::string text;
  document::append_json(text, given);
  given_bytes_ += text.size();
  if (given_bytes_ > kContextBytesMax) {
    return failed(fmt::format(
        "context entry {}: context size limit exceeded: {} bytes exceeds limit of {} bytes",
        loader.name, given_bytes_, kContextBytesMax));
  }
  loader.is_given = true;
  loader.given = given;
  return given;
}

// pkg/engine/context/loaders/configmap.go
Outcome<Node> Context::load_config_map(Loader& loader) {
  if (loader.is_given) {
    return loader.given;
  }
  const std::string_view name = loader.name;
  const Node& of = *loader.entry.find("configMap");
  const auto part = [&](std::string_view field) -> Outcome<Node> {
    const Node* written = of.find(field);
    if (written == nullptr) {
      return text_node("");
    }
    Outcome<Node> put = substitute(*written, *this);
    if (put && !put->is_string()) {
      return failed(fmt::format(
          "failed to substitute variables in context {} configMap.{} {}: expected string", name,
          field, written->text()));
    }
    return put;
  };
  Outcome<Node> map_name = part("name");
  if (!map_name) {
    return map_name;
  }
  Outcome<Node> map_namespace = part("namespace");
  if (!map_namespace) {
    return map_namespace;
  }
  std::string_view name_space = map_namespace->text();
  if (name_space.empty()) {
    name_space = policy_namespace_.empty() ? std::string_view("default") : policy_namespace_;
  }
  // A namespaced policy reads its own namespace only (CVE-2026-41068).
  if (!policy_namespace_.empty() && name_space != policy_namespace_) {
    return failed(fmt::format(
        "context entry {}: configMap namespace \"{}\" is different from policy namespace \"{}\"",
        name, name_space, policy_namespace_));
  }
  // Whoever answers may put both into a path.
  if (map_name->text().find_first_of("/%?#\\") != std::string_view::npos ||
      name_space.find_first_of("/%?#\\") != std::string_view::npos) {
    return failed(fmt::format("context entry {}: \"{}/{}\" is no name of a config map", name,
                              name_space, map_name->text()));
  }
  const World::Answer answer = world_->config_map(*arena_, name_space, map_name->text());
  if (!answer) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to retrieve config map for context entry {}: {}",
                                       name, answer.error()),
                .is_world_missing = true});
  }
  return keep(loader, *answer);
}

// pkg/engine/apicall/{apiCall,executor}.go, pkg/engine/context/loaders/apicall.go
Outcome<Node> Context::load_api_call(Loader& loader) {
  constexpr std::string_view kFailed = "failed to fetch data for APICall: ";
  const Node& written = *loader.entry.find("apiCall");
  Outcome<Node> of = substitute(written, *this);
  if (!of) {
    Failure failure = std::move(of).error();
    failure.message =
        fmt::format("{}failed to substitute variables in context entry {} {}: {}", kFailed,
                    loader.name, text_at(written, "urlPath"), failure.message);
    return std::unexpected(std::move(failure));
  }
  const auto stored = [&](const Node& given) {
    Outcome<Node> out = apply_path(*of, given, loader.name);
    if (!out) {
      Failure failure = std::move(out).error();
      failure.message = "failed to store data for APICall: " + failure.message;
      out = std::unexpected(std::move(failure));
    }
    return out;
  };
  if (loader.is_given) {
    return stored(loader.given);
  }
  const Node* service = of->find("service");
  if (service != nullptr && service->is_null()) {
    service = nullptr;
  }
  ApiCall call{.method = text_at(*of, "method"),
               .path = text_at(*of, "urlPath"),
               .service = service == nullptr ? std::string_view{} : text_at(*service, "url"),
               .name_space = policy_namespace_};
  if (call.method.empty()) {
    call.method = "GET";
  }
  if (call.method != "GET" && call.method != "POST") {
    return failed(fmt::format("context entry {}: method {} is neither GET nor POST", loader.name,
                              call.method));
  }
  if (service != nullptr) {
    if (const Node* headers = service->find("headers"); headers != nullptr) {
      call.headers = *headers;
    }
  }
  ObjectParts body;
  if (const Node* data = of->find("data"); data != nullptr) {
    for (const Node& item : data->items()) {
      const Node* value = item.find("value");
      body.set(text_at(item, "key"), value == nullptr ? Node{} : *value);
    }
    call.data = body.make(*arena_);
  }
  // A namespaced policy reads its own namespace only (CVE-2026-22039), and calls no service: one
  // that answers for the cluster would be a way around it. Upstream refuses both.
  if (!policy_namespace_.empty()) {
    if (!call.service.empty() || service != nullptr) {
      return failed(fmt::format("context entry {}: a namespaced policy does not call a service",
                                loader.name));
    }
    if (!is_inside_namespace(call.path, policy_namespace_)) {
      return failed(fmt::format(
          "path {} does not lie in namespace {}: a namespaced policy reads its own namespace only",
          call.path, policy_namespace_));
    }
  }
  const World::Answer answer = world_->api_call(*arena_, call);
  if (!answer) {
    if (const Node* fallback = of->find("default"); fallback != nullptr && !fallback->is_null()) {
      return *fallback;
    }
    return std::unexpected(
        Failure{.message = call.service.empty()
                               ? fmt::format("{}failed to {} resource with raw url: {}: {}",
                                             kFailed, call.method, call.path, answer.error())
                               : fmt::format("{}failed to execute HTTP request for APICall {}: {}",
                                             kFailed, loader.name, answer.error()),
                .is_world_missing = true});
  }
  Outcome<Node> kept = keep(loader, *answer);
  return kept ? stored(*kept) : kept;
}

// pkg/engine/context/loaders/globalcontext.go
Outcome<Node> Context::load_global(Loader& loader) {
  if (!policy_namespace_.empty()) {
    return failed(fmt::format(
        "context entry {}: globalReference is not allowed in namespaced policies", loader.name));
  }
  Outcome<Node> of = substitute(*loader.entry.find("globalReference"), *this);
  if (!of) {
    return of;
  }
  if (loader.is_given) {
    return apply_path(*of, loader.given, loader.name);
  }
  const World::Answer answer = world_->global_context(*arena_, text_at(*of, "name"));
  if (!answer) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to fetch global context entry {}: {}",
                                       text_at(*of, "name"), answer.error()),
                .is_world_missing = true});
  }
  Outcome<Node> kept = keep(loader, *answer);
  return kept ? apply_path(*of, *kept, loader.name) : kept;
}

Outcome<Node> Context::load_image_data(Loader& loader) {
  Outcome<Node> of = substitute(*loader.entry.find("imageRegistry"), *this);
  if (!of) {
    return of;
  }
  if (loader.is_given) {
    return apply_path(*of, loader.given, loader.name);
  }
  const World::Answer answer = world_->image_data(*arena_, text_at(*of, "reference"));
  if (!answer) {
    return std::unexpected(
        Failure{.message = fmt::format("failed to fetch image data of {}: {}",
                                       text_at(*of, "reference"), answer.error()),
                .is_world_missing = true});
  }
  Outcome<Node> kept = keep(loader, *answer);
  return kept ? apply_path(*of, *kept, loader.name) : kept;
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
