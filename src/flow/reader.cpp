#include "flow/reader.hpp"

#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "document/read.hpp"
#include "flow/internal/formats.hpp"

namespace tally::flow {

std::string_view to_text(Format format) noexcept {
  switch (format) {
    case Format::Hubble:
      return "hubble";
    case Format::Calico:
      return "calico";
    case Format::Istio:
      return "istio";
    case Format::Csv:
      return "csv";
    case Format::Unknown:
      return "unknown";
  }
  return "";
}

std::string_view text_at(const document::Node& node, std::string_view key) {
  const document::Node* found = node.find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || rest != text.data() + text.size() || value > most) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> number_of(const document::Node* node, std::uint64_t most) {
  return node == nullptr ? std::nullopt : parse_number(node->text(), most);
}

std::optional<scalar::TimestampParts> time_of(const document::Node* node) {
  if (node == nullptr) {
    return std::nullopt;
  }
  if (node->is_string()) {
    if (const auto time = scalar::parse_timestamp(node->text())) {
      return time;
    }
  }
  if (const auto seconds =
          number_of(node, static_cast<std::uint64_t>(scalar::kTimestampSecondsMax))) {
    return scalar::TimestampParts{.seconds = static_cast<std::int64_t>(*seconds)};
  }
  return std::nullopt;
}

std::optional<SocketAddress> parse_socket_address(std::string_view text) {
  if (const auto address = scalar::IpAddress::parse(text)) {
    return SocketAddress{.address = *address};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  }
  const auto address = scalar::IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1), scalar::kPortMax);
  if (!address || !port) {
    return std::nullopt;
  }
  return SocketAddress{.address = *address, .port = static_cast<std::uint16_t>(*port)};
}

void FlowReader::problem(std::string message) {
  ++counts_.problems;
  if (problems_.size() < limits_.problems) {
    problems_.push_back({.line = line_, .message = std::move(message)});
  }
}

void FlowReader::feed(std::string_view bytes) {
  while (!bytes.empty() && !has_ended_) {
    const std::size_t end = bytes.find('\n');
    const bool is_whole = end != std::string_view::npos;
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
    if (is_skipping_) {
      is_skipping_ = !is_whole;
      continue;
    }
    if (rest_.size() + part.size() > limits_.line_bytes) {
      ++line_;
      ++counts_.lines;
      problem("the line is longer than " + std::to_string(limits_.line_bytes) + " bytes");
      rest_.clear();
      is_skipping_ = !is_whole;
      continue;
    }
    if (!is_whole) {
      rest_.append(part);
      continue;
    }
    if (rest_.empty()) {
      take_line(part);
    } else {
      rest_.append(part);
      const std::string line = std::exchange(rest_, {});
      take_line(line);
    }
  }
}

void FlowReader::finish() {
  if (!rest_.empty() && !has_ended_) {
    const std::string line = std::exchange(rest_, {});
    take_line(line);
  }
}

void FlowReader::take_line(std::string_view line) {
  ++line_;
  if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) {
    line.remove_prefix(3);
  }
  line = trim(line);
  if (line.empty()) {
    return;
  }
  if (++counts_.lines > limits_.lines) {
    problem("more than " + std::to_string(limits_.lines) + " lines: the rest is not read");
    has_ended_ = true;
    return;
  }
  arena_.reset();
  Line read = std::optional<Flow>();
  if (line.starts_with('{')) {
    const auto source = document::Source::from_text("", line);
    document::ReadOptions options;
    options.limits.depth = limits_.depth;
    options.limits.nodes = limits_.nodes;
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    document::read_slice(*source,
                         {.begin = 0,
                          .end = static_cast<std::uint32_t>(line.size()),
                          .format = document::Format::Json,
                          .ordinal = 1},
                         arena_, options, documents, errors);
    if (!errors.empty() || documents.size() != 1) {
      problem(errors.empty() ? "found several values, expected one JSON object a line"
                             : errors.front().error.message);
      return;
    }
    const document::Node* root = &documents.front().root;
    const bool is_hubble = root->find("flow") != nullptr || root->find("l4") != nullptr ||
                           root->find("lost_events") != nullptr ||
                           root->find("node_status") != nullptr || root->find("Type") != nullptr;
    const bool is_istio = root->find("downstream_remote_address") != nullptr;
    const Format format = is_hubble ? Format::Hubble : is_istio ? Format::Istio : Format::Calico;
    format_ = format_ == Format::Unknown ? format : format_;
    read = is_hubble ? read_hubble(*root) : is_istio ? read_istio_json(*root) : read_calico(*root);
    if (read && *read) {
      (*read)->line = static_cast<std::uint32_t>(line_);
      ++counts_.flows;
      sink_(**read);  // while the source of the texts lives
      return;
    }
  } else if (line.starts_with('[')) {
    format_ = format_ == Format::Unknown ? Format::Istio : format_;
    read = read_istio_text(line);
  } else if (format_ == Format::Unknown) {
    auto columns = read_csv_header(line);
    if (!columns) {
      problem(columns.error().message);
      has_ended_ = true;
      return;
    }
    format_ = Format::Csv;
    columns_ = std::move(*columns);
    return;
  } else if (format_ == Format::Csv) {
    read = read_csv(columns_, line, arena_);
  } else {
    // Other lines of a proxy's log.
    ++counts_.passed_over;
    return;
  }
  if (!read) {
    problem(read.error().message);
    return;
  }
  if (!*read) {
    ++counts_.passed_over;
    return;
  }
  (*read)->line = static_cast<std::uint32_t>(line_);
  ++counts_.flows;
  sink_(**read);
}

}  // namespace tally::flow
