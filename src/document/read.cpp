#include "document/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "document/internal/document_limit.hpp"
#include "document/internal/encoding.hpp"
#include "document/internal/fast_yaml.hpp"
#include "document/internal/json_reader.hpp"
#include "document/internal/libyaml_reader.hpp"
#include "document/read_json.hpp"

namespace tally::document {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

void add_error(const Slice& slice, std::uint32_t ordinal, Error error,
               std::vector<DocumentError>& errors) {
  errors.push_back(
      {.begin = slice.begin, .end = slice.end, .ordinal = ordinal, .error = std::move(error)});
}

// Refuses a document whose ordinal is past the limit.
bool refuse_ordinal(const Source& source, const Slice& slice, std::uint32_t begin,
                    const ReadLimits& limits, std::vector<DocumentError>& errors) {
  if (slice.ordinal <= limits.documents) {
    return false;
  }
  add_error(slice, slice.ordinal,
            {.kind = ErrorKind::Limit,
             .message = too_many_documents(limits),
             .file = {},
             .at = source.position(begin),
             .hint = kTooManyDocumentsHint},
            errors);
  return true;
}

// True if a slice holds blanks and comments only. Ends at the first byte of content, which is near.
bool is_empty(std::string_view text) {
  for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = text.find_first_not_of(kBlanks, at)) {
    if (text[at] != '#') {
      return false;
    }
    at = std::min(text.find_first_of("\r\n", at), text.size());
  }
  return true;
}

std::optional<Error> read_yaml(const Source& source, const Slice& slice, Arena& arena,
                               const ReadOptions& options, std::vector<Document>& documents) {
  if (is_empty(source.text().substr(slice.begin, slice.end - slice.begin))) {
    return std::nullopt;
  }
  if (options.reader == YamlReader::Fast) {
    // Kept between documents so that reading ten thousand of them does not allocate ten thousand
    // times.
    static thread_local FastYamlScratch scratch;
    if (const auto root =
            read_fast_yaml(source.text(), slice.begin, slice.end, arena, scratch, options.limits)) {
      documents.push_back(
          {.root = *root, .begin = slice.begin, .end = slice.end, .ordinal = slice.ordinal});
      return std::nullopt;
    }
  }
  return read_libyaml(source, slice, arena, options.limits, documents);
}

// True if the text behind `{` or `[` looks like JSON rather than a YAML collection in braces: then
// a complaint of the JSON reader is the one that helps.
bool looks_like_json(std::string_view text) {
  const std::size_t open = text.find_first_not_of(kBlanks);
  const std::size_t next =
      open == std::string_view::npos ? open : text.find_first_not_of(kBlanks, open + 1);
  return next == std::string_view::npos || text[next] == '"' || text[next] == '}' ||
         text[next] == ']' || (text[open] == '[' && (text[next] == '{' || text[next] == '['));
}

// Follows YAMLOrJSONDecoder.Decode of k8s.io/apimachinery v0.37.2, pkg/util/yaml/decoder.go: a
// stream that begins like JSON is read as JSON values; if the first or the second cannot be read,
// what is left may still be YAML.
void read_json_or_yaml(const Source& source, const Slice& slice, Arena& arena,
                       const ReadOptions& options, std::vector<Document>& documents,
                       std::vector<DocumentError>& errors) {
  const std::string_view text = source.text().substr(0, slice.end);
  Slice rest = slice;
  for (std::uint32_t count = 0;; ++count) {
    const std::size_t begin = text.find_first_not_of(kBlanks, rest.begin);
    if (begin == std::string_view::npos) {
      return;
    }
    if (refuse_ordinal(source, rest, static_cast<std::uint32_t>(begin), options.limits, errors)) {
      return;
    }
    auto value = read_json(source.text(), static_cast<std::uint32_t>(begin), slice.end, arena,
                           options.limits);
    if (value) {
      documents.push_back({.root = value->root,
                           .begin = static_cast<std::uint32_t>(begin),
                           .end = value->end,
                           .ordinal = rest.ordinal++});
      rest.begin = value->end;
      continue;
    }
    if (count > 1 || value.error().kind == ErrorKind::Limit) {
      return add_error(rest, rest.ordinal, std::move(value.error()), errors);
    }
    const std::size_t read_before = documents.size();
    auto yaml_error = read_yaml(source, rest, arena, options, documents);
    if (!yaml_error) {
      return;
    }
    documents.resize(read_before);
    const bool json = looks_like_json(text.substr(rest.begin));
    return add_error(rest, rest.ordinal, json ? std::move(value.error()) : std::move(*yaml_error),
                     errors);
  }
}

}  // namespace

void read_slice(const Source& source, const Slice& slice, Arena& arena, const ReadOptions& options,
                std::vector<Document>& documents, std::vector<DocumentError>& errors) {
  if (refuse_ordinal(source, slice, slice.begin, options.limits, errors)) {
    return;
  }
  const std::string_view text = source.text().substr(slice.begin, slice.end - slice.begin);
  if (auto problem = find_encoding_problem(text, source.text())) {
    const auto offset = slice.begin + static_cast<std::uint32_t>(problem->offset);
    return add_error(slice, slice.ordinal,
                     {.kind = ErrorKind::Content,
                      .message = std::move(problem->message),
                      .file = {},
                      .at = source.position(offset),
                      .hint = std::move(problem->hint)},
                     errors);
  }
  if (slice.format == Format::Json) {
    return read_json_or_yaml(source, slice, arena, options, documents, errors);
  }
  const std::size_t read_before = documents.size();
  if (auto error = read_yaml(source, slice, arena, options, documents)) {
    const auto read = static_cast<std::uint32_t>(documents.size() - read_before);
    add_error(slice, slice.ordinal + read, std::move(*error), errors);
  }
}

Result<Node> read_one(const Source& source, Arena& arena, const ReadOptions& options) {
  std::vector<Document> documents;
  std::vector<DocumentError> errors;
  for (const Slice& slice : split(source, options.limits)) {
    read_slice(source, slice, arena, options, documents, errors);
    if (!errors.empty()) {
      Error error = std::move(errors.front().error);
      error.file = source.name();
      return std::unexpected(std::move(error));
    }
    if (documents.size() > 1) {
      auto error = content_error("found a second document; exactly one is expected",
                                 source.position(documents[1].root.offset()));
      error.error().file = source.name();
      return error;
    }
  }
  if (documents.empty()) {
    auto error = content_error("found no document; exactly one is expected");
    error.error().file = source.name();
    return error;
  }
  return documents.front().root;
}

Result<Node> read_one_json(const Source& source, Arena& arena, const ReadLimits& limits) {
  const std::string_view text = source.text();
  auto value = read_json(text, 0, static_cast<std::uint32_t>(text.size()), arena, limits);
  if (value) {
    const std::size_t rest = text.find_first_not_of(kBlanks, value->end);
    if (rest == std::string_view::npos) {
      return value->root;
    }
    value = content_error("found more text behind the JSON value, expected its end",
                          source.position(static_cast<std::uint32_t>(rest)));
  }
  value.error().file = source.name();
  return std::unexpected(std::move(value).error());
}

}  // namespace tally::document
