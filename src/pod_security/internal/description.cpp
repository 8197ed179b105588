#include "pod_security/internal/description.hpp"

#include <algorithm>

#include "pod_security/internal/check.hpp"
#include "scalar/go_quote.hpp"

namespace tally::pod_security {

void Description::begin(Arena& arena) {
  arena_ = &arena;
  reason_ = {};
  detail_.clear();
}

Description& Description::write_separator(std::string_view separator) {
  if (!detail_.empty()) {
    detail_ += separator;
  }
  return *this;
}

Description& Description::write_quoted(std::span<const std::string_view> items) {
  std::string_view before = "\"";
  for (const std::string_view item : items) {
    detail_ += before;
    detail_ += item;
    before = "\", \"";
  }
  if (!items.empty()) {
    detail_ += '"';
  }
  return *this;
}

Description& Description::write_joined(std::span<const std::string_view> items) {
  std::string_view before;
  for (const std::string_view item : items) {
    detail_ += before;
    detail_ += item;
    before = ", ";
  }
  return *this;
}

std::size_t Description::write_containers(std::span<const Offence> offences) {
  // Upstream visits a container once; its offences are consecutive here.
  items_.clear();
  const ContainerView* last = nullptr;
  for (const Offence& offence : offences) {
    if (offence.container != nullptr && offence.container != last) {
      items_.push_back(offence.container->name);
      last = offence.container;
    }
  }
  if (!items_.empty()) {
    write(pluralize("container ", "containers ", items_.size())).write_quoted(items_);
  }
  return items_.size();
}

void Description::write_setters(std::span<const Offence> offences) {
  if (std::ranges::any_of(offences, [](const Offence& offence) {
        return offence.container == nullptr && offence.key.empty();
      })) {
    write("pod");
  }
  if (std::ranges::any_of(offences,
                          [](const Offence& offence) { return offence.container != nullptr; })) {
    write_separator(" and ");
    write_containers(offences);
  }
}

std::span<const std::string_view> Description::sort_set() {
  std::ranges::sort(items_);
  const auto repeated = std::ranges::unique(items_);
  items_.erase(repeated.begin(), repeated.end());
  return items_;
}

std::span<const std::string_view> Description::set_of_texts(std::span<const Offence> offences) {
  items_.clear();
  for (const Offence& offence : offences) {
    items_.push_back(offence.text);
  }
  return sort_set();
}

std::span<const std::string_view> Description::set_of_texts_at_path(
    std::span<const Offence> offences, std::string_view path) {
  items_.clear();
  for (const Offence& offence : offences) {
    if (offence.place->path == path) {
      items_.push_back(offence.text);
    }
  }
  return sort_set();
}

std::span<const std::string_view> Description::set_of_found(std::span<const Offence> offences) {
  items_.clear();
  for (const Offence& offence : offences) {
    items_.push_back(offence.found);
  }
  return sort_set();
}

std::span<const std::string_view> Description::texts(std::span<const Offence> offences) {
  items_.clear();
  for (const Offence& offence : offences) {
    items_.push_back(offence.text);
  }
  return items_;
}

std::span<const std::string_view> Description::set_of_containers(
    std::span<const Offence> offences) {
  items_.clear();
  for (const Offence& offence : offences) {
    if (offence.container != nullptr) {
      items_.push_back(offence.container->name);
    }
  }
  return sort_set();
}

std::span<const std::string_view> Description::set_of_annotations(
    std::span<const Offence> offences) {
  items_.clear();
  for (const Offence& offence : offences) {
    quoted_.assign(offence.key);
    quoted_ += '=';
    scalar::append_go_quoted(quoted_, offence.text);
    items_.push_back(arena_->copy(quoted_));
  }
  return sort_set();
}

std::span<const Offence> Description::at(std::span<const Offence> offences, const Place& place) {
  selected_.clear();
  std::ranges::copy_if(offences, std::back_inserter(selected_),
                       [&place](const Offence& offence) { return offence.place == &place; });
  return selected_;
}

std::span<const Offence> Description::but_at(std::span<const Offence> offences,
                                             const Place& place) {
  selected_.clear();
  std::ranges::copy_if(offences, std::back_inserter(selected_),
                       [&place](const Offence& offence) { return offence.place != &place; });
  return selected_;
}

}  // namespace tally::pod_security
