#include "document/internal/libyaml_reader.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "document/internal/document_limit.hpp"
#include "document/internal/duplicate_key.hpp"
#include "document/internal/yaml_problem.hpp"
#include "document/internal/yaml_scalar.hpp"

namespace tally::document {

namespace {

constexpr std::string_view kMergeTag = "tag:yaml.org,2002:merge";
constexpr std::string_view kBinaryTag = "tag:yaml.org,2002:binary";
// libyaml compares every %TAG directive with all before it.
constexpr std::size_t kTagDirectivesMax = 64;
// People nest flow collections a few levels deep, converters of JSON perhaps twenty.
constexpr std::uint32_t kFreeFlowLevels = 50;

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{}
                         : std::string_view{reinterpret_cast<const char*>(text)};
}

// libyaml counts characters; we count bytes. Marks come nearly in order, so one cursor that walks
// both ways is enough.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view text)
      : text_(text), ascii_(std::ranges::none_of(text, [](char c) { return c < 0; })) {}

  [[nodiscard]] std::uint32_t byte_of(std::size_t character) {
    if (ascii_) {
      return static_cast<std::uint32_t>(std::min(character, text_.size()));
    }
    while (character_ < character && byte_ < text_.size()) {
      ++byte_;
      while (byte_ < text_.size() && continuation(byte_)) {
        ++byte_;
      }
      ++character_;
    }
    while (character_ > character) {
      --byte_;
      while (continuation(byte_)) {
        --byte_;
      }
      --character_;
    }
    return static_cast<std::uint32_t>(byte_);
  }

 private:
  [[nodiscard]] bool continuation(std::size_t at) const {
    return (static_cast<unsigned char>(text_[at]) & 0xC0U) == 0x80U;
  }

  std::string_view text_;
  bool ascii_;
  std::size_t character_ = 0;
  std::size_t byte_ = 0;
};

// The text as YAMLReader hands it to go-yaml: its LineReader ends every line with a newline, the
// last one too, so that a block scalar at the very end keeps the newline that the file lacks.
struct Input {
  std::string_view rest;
  bool newline_due = false;

  static int read(void* data, unsigned char* buffer, std::size_t size, std::size_t* written) {
    auto& input = *static_cast<Input*>(data);
    const std::size_t bytes = std::min(size, input.rest.size());
    std::memcpy(buffer, input.rest.data(), bytes);
    input.rest.remove_prefix(bytes);
    *written = bytes;
    if (bytes == 0 && size > 0 && std::exchange(input.newline_due, false)) {
      buffer[0] = '\n';
      *written = 1;
    }
    return 1;
  }
};

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  [[nodiscard]] yaml_event_t* get() noexcept { return &event_; }

 private:
  yaml_event_t event_{};
};

// A value that an alias may repeat.
struct Anchored {
  Node node;
  std::uint64_t nodes = 1;   // expanded
  std::uint32_t height = 0;  // levels of collections
  bool complete = false;     // false while its collection is open: an alias to it would be a cycle
  bool scalar = false;
  YamlScalar resolved;  // of a scalar: as a key it is spelt differently than as a value
  std::string_view text;
};

// A key of an open map, or a place in an open list.
struct Entry {
  std::string_view key;
  std::uint32_t key_offset = 0;
  bool merge = false;
  bool aliased = false;  // the value is an alias
};

struct Frame {
  bool map = false;
  bool expects_key = false;
  bool flow = false;
  std::uint32_t offset = 0;
  std::uint32_t height = 1;
  std::size_t first = 0;  // in values_ and entries_
  std::uint64_t nodes_before = 0;
  Anchored* anchored = nullptr;
};

class EventReader {
 public:
  EventReader(const Source& source, const Slice& slice, Arena& arena, const ReadLimits& limits,
              std::vector<Document>& documents)
      : source_(source),
        slice_(slice),
        text_(source.text().substr(slice.begin, slice.end - slice.begin)),
        arena_(arena),
        limits_(limits),
        documents_(documents),
        cursor_(text_),
        input_{.rest = text_, .newline_due = !text_.ends_with('\n')},
        document_begin_(slice.begin) {}
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;
  ~EventReader() {
    if (initialized_) {
      yaml_parser_delete(&parser_);
    }
  }

  std::optional<Error> read() {
    if (!check_directives()) {
      return std::move(error_);
    }
    initialized_ = yaml_parser_initialize(&parser_) != 0;
    if (!initialized_) {
      return environment_error("no memory for the YAML parser").error();
    }
    // Said, not guessed: the reader would take a second byte order mark away without counting it.
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&parser_, &Input::read, &input_);
    for (bool more = true; more;) {
      Event event;
      if (yaml_parser_parse(&parser_, event.get()) == 0) {
        return parser_error();
      }
      more = event.get()->type != YAML_STREAM_END_EVENT;
      if (!take(*event.get())) {
        return std::move(error_);
      }
    }
    return std::nullopt;
  }

 private:
  // --- Errors
  // -------------------------------------------------------------------------------------------------------

  bool fail(ErrorKind kind, std::uint32_t offset, std::string message, std::string hint = {}) {
    error_ = Error{.kind = kind,
                   .message = std::move(message),
                   .file = {},
                   .at = source_.position(offset),
                   .hint = std::move(hint)};
    return false;
  }

  bool fail_not_finite(std::string_view text, std::uint32_t offset) {
    return fail(ErrorKind::Content, offset,
                fmt::format("found the number `{}`, which JSON cannot say", excerpt(text)),
                "if it is meant as text, put it in quotes");
  }

  bool fail_depth(std::uint32_t offset) {
    return fail(ErrorKind::Limit, offset,
                fmt::format("lists and maps are nested deeper than {} levels", limits_.depth));
  }

  [[nodiscard]] Error parser_error() {
    if (parser_.problem == nullptr) {
      return environment_error("no memory for the YAML parser").error();
    }
    YamlProblem problem;
    problem.problem = parser_.problem;
    problem.context = parser_.context == nullptr ? "" : parser_.context;
    if (parser_.error == YAML_READER_ERROR) {
      const std::size_t at = std::min<std::size_t>(parser_.problem_offset, text_.size());
      problem.problem_offset = slice_.begin + static_cast<std::uint32_t>(at);
    } else {
      problem.problem_offset = offset_of(parser_.problem_mark);
      problem.has_context_mark = parser_.context != nullptr;
      problem.context_offset =
          problem.has_context_mark ? offset_of(parser_.context_mark) : problem.problem_offset;
    }
    return describe_yaml_problem(source_, problem);
  }

  bool check_directives() {
    std::size_t directives = 0;
    for (std::size_t at = text_.find("%TAG"); at != std::string_view::npos;
         at = text_.find("%TAG", at + 4)) {
      if ((at == 0 || text_[at - 1] == '\n' || text_[at - 1] == '\r') &&
          ++directives > kTagDirectivesMax) {
        return fail(ErrorKind::Limit, slice_.begin + static_cast<std::uint32_t>(at),
                    fmt::format("found more than {} %TAG directives", kTagDirectivesMax));
      }
    }
    return true;
  }

  // --- Places
  // -------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::uint32_t offset_of(const yaml_mark_t& mark) {
    return slice_.begin + cursor_.byte_of(mark.index);
  }

  [[nodiscard]] char byte_at(std::uint32_t offset) const {
    return offset < slice_.end ? source_.text()[offset] : '\0';
  }

  // Where the value of an event begins: its marks include `properties` anchors and tags in front of
  // it.
  [[nodiscard]] std::uint32_t value_offset(const yaml_event_t& event, int properties) {
    std::uint32_t at = offset_of(event.start_mark);
    if (properties == 0) {
      return at;
    }
    // A collection in block style ends where its first token begins, so only scalars bound the
    // walk.
    const std::uint32_t end =
        event.type == YAML_SCALAR_EVENT ? offset_of(event.end_mark) : slice_.end;
    while (at < end && properties > 0 && (byte_at(at) == '&' || byte_at(at) == '!')) {
      while (at < end && byte_at(at) > ' ') {
        ++at;
      }
      at = skip_blanks(at, end);
      --properties;
    }
    return std::min(at, end);
  }

  [[nodiscard]] std::uint32_t skip_blanks(std::uint32_t at, std::uint32_t end) const {
    for (; at < end; ++at) {
      const char c = byte_at(at);
      if (c == '#') {
        while (at + 1 < end && byte_at(at + 1) != '\n' && byte_at(at + 1) != '\r') {
          ++at;
        }
      } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
        break;
      }
    }
    return at;
  }

  // The scalar's text, in the source where it stands there as it is.
  [[nodiscard]] std::string_view keep_text(std::string_view value, yaml_scalar_style_t style,
                                           std::uint32_t offset) {
    const bool quoted =
        style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (quoted || style == YAML_PLAIN_SCALAR_STYLE) {
      const std::size_t at = offset + (quoted ? 1U : 0U);
      if (at + value.size() <= slice_.end && source_.text().substr(at, value.size()) == value) {
        return source_.text().substr(at, value.size());
      }
    }
    return arena_.copy(value);
  }

  // --- Events
  // -------------------------------------------------------------------------------------------------------

  bool take(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        return start_document();
      case YAML_DOCUMENT_END_EVENT:
        return end_document(event);
      case YAML_SCALAR_EVENT:
        return count_flow_work(event) && take_scalar(event);
      case YAML_ALIAS_EVENT:
        return count_flow_work(event) && take_alias(event);
      case YAML_SEQUENCE_START_EVENT:
        return count_flow_work(event) &&
               start_collection(
                   event, event.data.sequence_start.anchor, event.data.sequence_start.tag,
                   {.map = false,
                    .flow = event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE});
      case YAML_MAPPING_START_EVENT:
        return count_flow_work(event) &&
               start_collection(
                   event, event.data.mapping_start.anchor, event.data.mapping_start.tag,
                   {.map = true,
                    .flow = event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE});
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return end_collection();
      case YAML_STREAM_END_EVENT:
        if (read_documents_ > 0) {
          documents_.back().end = slice_.end;
        }
        return true;
      case YAML_NO_EVENT:
      case YAML_STREAM_START_EVENT:
        return true;
    }
    return true;
  }

  bool start_document() {
    anchors_.clear();
    anchored_.clear();
    nodes_ = 0;
    alias_nodes_ = 0;
    flow_work_ = 0;
    empty_ = false;
    return true;
  }

  bool end_document(const yaml_event_t& event) {
    const std::uint32_t end = offset_of(event.end_mark);
    if (!empty_) {
      if (slice_.ordinal + read_documents_ > limits_.documents) {
        return fail(ErrorKind::Limit, document_begin_, too_many_documents(limits_),
                    kTooManyDocumentsHint);
      }
      documents_.push_back({.root = root_,
                            .begin = document_begin_,
                            .end = end,
                            .ordinal = slice_.ordinal + read_documents_++});
    }
    document_begin_ = end;
    return true;
  }

  Anchored* add_anchor(const yaml_char_t* anchor) {
    if (anchor == nullptr) {
      return nullptr;
    }
    // The same anchor may be set again; aliases before it keep the older value.
    anchored_.push_back(std::make_unique<Anchored>());
    anchors_.insert_or_assign(std::string(view(anchor)), anchored_.back().get());
    return anchored_.back().get();
  }

  bool count_nodes(std::uint64_t count, std::uint32_t offset) {
    nodes_ += count;
    if (nodes_ > limits_.nodes) {
      return fail(ErrorKind::Limit, offset,
                  fmt::format("the document has more than {} values", limits_.nodes));
    }
    return true;
  }

  // yaml_parser_fetch_more_tokens of libyaml 0.2.5 goes through the possible simple keys, one for
  // each open flow level, whenever it fetches a token: wide and deep together are quadratic.
  bool count_flow_work(const yaml_event_t& event) {
    if (flow_levels_ <= kFreeFlowLevels) {
      return true;
    }
    flow_work_ += flow_levels_ - kFreeFlowLevels;
    if (flow_work_ > limits_.flow_work) {
      return fail(ErrorKind::Limit, offset_of(event.start_mark),
                  fmt::format("found too many values in flow collections that are nested deeper "
                              "than {} levels",
                              kFreeFlowLevels),
                  "write the outer lists and maps in block style, or leave out anchors, aliases "
                  "and tags");
    }
    return true;
  }

  bool take_scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    // The tag `!` is gone by now, so the text itself is asked: a plain scalar begins with neither
    // mark, a quoted one with its quote.
    const std::uint32_t offset = value_offset(event, 2);
    const std::string_view tag = view(scalar.tag);
    std::string_view text = keep_text({reinterpret_cast<const char*>(scalar.value), scalar.length},
                                      scalar.style, offset);
    YamlScalar resolved;
    if (!tag.empty() || scalar.plain_implicit != 0) {
      auto meaning = resolve_tagged(tag, text);
      if (!meaning) {
        return fail(ErrorKind::Content, offset, std::move(meaning.error()));
      }
      resolved = *meaning;
    }
    const bool merge = text == "<<" && (scalar.plain_implicit != 0 || tag == kMergeTag);
    if (tag == kBinaryTag) {
      const auto bytes = decode_binary(text);
      if (!bytes) {
        return fail(ErrorKind::Content, offset, "found a !!binary value that is not valid base64");
      }
      text = arena_.copy(*bytes);
    }
    Anchored* const anchored = add_anchor(scalar.anchor);
    if (anchored != nullptr) {
      anchored->scalar = true;
      anchored->resolved = resolved;
      anchored->text = text;
    }
    empty_ = frames_.empty() && text.empty() && tag.empty() && scalar.plain_implicit != 0 &&
             anchored == nullptr;
    if (!frames_.empty() && frames_.back().expects_key) {
      if (anchored != nullptr) {
        const auto node = make_scalar(resolved, text, offset, arena_);
        anchored->node = node.value_or(Node::make_null(offset));
        anchored->complete = true;
      }
      return merge ? add_key({.key = text, .key_offset = offset, .merge = true, .aliased = false})
                   : take_key(resolved, text, offset);
    }
    const auto node = make_scalar(resolved, text, offset, arena_);
    if (!node) {
      return fail_not_finite(text, offset);
    }
    if (anchored != nullptr) {
      anchored->node = *node;
      anchored->complete = true;
    }
    return count_nodes(1, offset) && add_value(*node, 0, false);
  }

  bool take_alias(const yaml_event_t& event) {
    const std::uint32_t offset = offset_of(event.start_mark);
    const std::string name(view(event.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return fail(ErrorKind::Content, offset,
                  fmt::format("the alias *{0} has no anchor &{0} before it", excerpt(name)),
                  "text that begins with `*` has to be put in quotes");
    }
    const Anchored& anchored = *found->second;
    if (!anchored.complete) {
      return fail(ErrorKind::Content, offset,
                  fmt::format("the alias *{} stands inside its own anchor: it would contain itself",
                              excerpt(name)));
    }
    if (!frames_.empty() && frames_.back().expects_key) {
      return anchored.scalar ? take_key(anchored.resolved, anchored.text, offset)
                             : fail_key(anchored.node.kind(), offset);
    }
    if (anchored.scalar && !make_scalar(anchored.resolved, anchored.text, offset, arena_)) {
      return fail_not_finite(anchored.text, offset);  // it was a key, which may be infinite
    }
    alias_nodes_ += anchored.nodes;
    if (alias_nodes_ > limits_.alias_nodes) {
      return fail_aliases(offset);
    }
    if (frames_.size() + anchored.height > limits_.depth) {
      return fail_depth(offset);
    }
    return count_nodes(anchored.nodes, offset) && add_value(anchored.node, anchored.height, true);
  }

  bool fail_aliases(std::uint32_t offset) {
    return fail(
        ErrorKind::Limit, offset,
        fmt::format("aliases and merge keys expand to more than {} values", limits_.alias_nodes));
  }

  struct CollectionStyle {
    bool map = false;
    bool flow = false;
  };

  bool start_collection(const yaml_event_t& event, const yaml_char_t* anchor,
                        const yaml_char_t* tag, CollectionStyle style) {
    const bool map = style.map;
    const std::uint32_t offset =
        value_offset(event, (anchor != nullptr ? 1 : 0) + (tag != nullptr ? 1 : 0));
    if (!frames_.empty() && frames_.back().expects_key) {
      return fail_key(map ? NodeKind::Object : NodeKind::Array, offset);
    }
    if (frames_.size() >= limits_.depth) {
      return fail_depth(offset);
    }
    empty_ = false;
    const std::uint64_t nodes_before = nodes_;
    if (!count_nodes(1, offset)) {
      return false;
    }
    frames_.push_back({.map = map,
                       .expects_key = map,
                       .flow = style.flow,
                       .offset = offset,
                       .height = 1,
                       .first = values_.size(),
                       .nodes_before = nodes_before,
                       .anchored = add_anchor(anchor)});
    flow_levels_ += style.flow ? 1 : 0;
    return true;
  }

  bool end_collection() {
    const Frame frame = frames_.back();
    Node node;
    if (frame.map) {
      if (!finish_map(frame, node)) {
        return false;
      }
    } else {
      node = Node::make_array(arena_, std::span(values_).subspan(frame.first), frame.offset);
    }
    frames_.pop_back();
    flow_levels_ -= frame.flow ? 1 : 0;
    values_.resize(frame.first);
    entries_.resize(frame.first);
    if (frame.anchored != nullptr) {
      frame.anchored->node = node;
      frame.anchored->nodes = nodes_ - frame.nodes_before;
      frame.anchored->height = frame.height;
      frame.anchored->complete = true;
    }
    return add_value(node, frame.height, false);
  }

  // --- Building
  // -----------------------------------------------------------------------------------------------------

  bool fail_key(NodeKind kind, std::uint32_t offset) {
    const bool null = kind == NodeKind::Null;
    return fail(
        ErrorKind::Content, offset,
        fmt::format("found {}{} as a key; a key must be text", null ? "" : "a ", kind_name(kind)),
        kind == NodeKind::Object
            ? "a template such as {{ .Values.name }} has to be rendered before it can be read"
            : "");
  }

  bool take_key(const YamlScalar& resolved, std::string_view text, std::uint32_t offset) {
    const auto key = key_text(resolved, text, arena_);
    if (!key) {
      return resolved.kind == YamlScalar::Kind::Null
                 ? fail_key(NodeKind::Null, offset)
                 : fail(ErrorKind::Content, offset,
                        fmt::format("found the integer {} as a key, which is out of range",
                                    excerpt(text)));
    }
    return add_key({.key = *key, .key_offset = offset, .merge = false, .aliased = false});
  }

  bool add_key(const Entry& entry) {
    pending_keys_.push_back(entry);
    frames_.back().expects_key = false;
    return true;
  }

  bool add_value(const Node& node, std::uint32_t height, bool aliased) {
    if (frames_.empty()) {
      root_ = node;
      return true;
    }
    Frame& frame = frames_.back();
    frame.height = std::max(frame.height, height + 1);
    values_.push_back(node);
    if (frame.map) {
      entries_.push_back(pending_keys_.back());
      entries_.back().aliased = aliased;
      pending_keys_.pop_back();
      frame.expects_key = true;
    } else {
      entries_.emplace_back();
    }
    return true;
  }

  bool finish_map(const Frame& frame, Node& node) {
    const auto entries = std::span(entries_).subspan(frame.first);
    keys_.clear();
    bool merges = false;
    for (const Entry& entry : entries) {
      merges = merges || entry.merge;
      keys_.push_back(entry.key);
    }
    const auto values = std::span<const Node>(values_).subspan(frame.first);
    if (merges) {
      return finish_merged(frame, entries, values, node);
    }
    if (const auto duplicate = find_duplicate_key(keys_, order_)) {
      return fail_duplicate(entries, values, *duplicate);
    }
    node = Node::make_object(arena_, values, keys_, source_.text(), frame.offset);
    return true;
  }

  bool fail_duplicate(std::span<const Entry> entries, std::span<const Node> values,
                      DuplicateKey duplicate) {
    const auto occurrence = [&](std::size_t at) {
      return KeyOccurrence{.line = source_.position(entries[at].key_offset).line,
                           .value = values[at]};
    };
    return fail(ErrorKind::Content, entries[duplicate.second].key_offset,
                duplicate_key_message(entries[duplicate.second].key, occurrence(duplicate.first),
                                      occurrence(duplicate.second)));
  }

  // The members of a map with `<<`, in the order in which go-yaml 2 sets them (decode.go, mapping
  // and merge).
  struct Merged {
    std::vector<std::string_view> keys;
    std::vector<Node> values;
    std::map<std::string_view, std::size_t> places;

    void set(std::string_view key, const Node& value) {
      const auto [place, added] = places.try_emplace(key, keys.size());
      if (added) {
        keys.push_back(key);
        values.push_back(value);
      } else {
        keys[place->second] = key;
        values[place->second] = value;
      }
    }
  };

  bool finish_merged(const Frame& frame, std::span<const Entry> entries,
                     std::span<const Node> values, Node& node) {
    // Several `<<` may stand in one map; a repeated key of its own is an error here as elsewhere.
    std::vector<std::string_view> own;
    std::vector<std::size_t> own_entries;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!entries[i].merge) {
        own.push_back(entries[i].key);
        own_entries.push_back(i);
      }
    }
    if (const auto duplicate = find_duplicate_key(own, order_)) {
      return fail_duplicate(
          entries, values,
          {.first = own_entries[duplicate->first], .second = own_entries[duplicate->second]});
    }
    Merged merged;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!entries[i].merge) {
        merged.set(entries[i].key, values[i]);
      } else if (!merge(entries[i], values[i], merged)) {
        return false;
      }
    }
    node = Node::make_object(arena_, merged.values, merged.keys, source_.text(), frame.offset);
    return true;
  }

  bool merge(const Entry& entry, const Node& value, Merged& merged) {
    if (value.is_object()) {
      return merge_map(entry, value, merged);
    }
    const bool maps =
        value.is_array() && !entry.aliased &&
        std::ranges::all_of(value.items(), [](const Node& item) { return item.is_object(); });
    if (!maps) {
      return fail(
          ErrorKind::Content, entry.key_offset,
          fmt::format("found a {} under the merge key `<<`; a map or a list of maps is expected",
                      kind_name(value.kind())));
    }
    // Backwards: earlier maps of the list take precedence.
    for (std::size_t i = value.items().size(); i > 0; --i) {
      if (!merge_map(entry, value.items()[i - 1], merged)) {
        return false;
      }
    }
    return true;
  }

  bool merge_map(const Entry& entry, const Node& map, Merged& merged) {
    alias_nodes_ += map.size();
    if (alias_nodes_ > limits_.alias_nodes) {
      return fail_aliases(entry.key_offset);
    }
    for (const Member member : map.members()) {
      merged.set(member.key, member.value);
    }
    return true;
  }

  const Source& source_;
  const Slice& slice_;
  std::string_view text_;
  Arena& arena_;
  const ReadLimits& limits_;
  std::vector<Document>& documents_;
  ByteCursor cursor_;
  Input input_;
  yaml_parser_t parser_{};
  bool initialized_ = false;
  std::optional<Error> error_;

  std::vector<Frame> frames_;
  std::vector<Node> values_;         // of all open collections, in order
  std::vector<Entry> entries_;       // beside values_
  std::vector<Entry> pending_keys_;  // keys whose value is not complete
  std::vector<std::string_view> keys_;
  std::vector<std::uint32_t> order_;
  std::map<std::string, Anchored*, std::less<>> anchors_;
  std::vector<std::unique_ptr<Anchored>> anchored_;
  std::uint64_t nodes_ = 0;
  std::uint64_t alias_nodes_ = 0;
  std::uint32_t flow_levels_ = 0;
  std::uint64_t flow_work_ = 0;
  Node root_;
  bool empty_ = false;  // the document is comments and blanks only
  std::uint32_t document_begin_;
  std::uint32_t read_documents_ = 0;
};

}  // namespace

std::optional<Error> read_libyaml(const Source& source, const Slice& slice, Arena& arena,
                                  const ReadLimits& limits, std::vector<Document>& documents) {
  return EventReader(source, slice, arena, limits, documents).read();
}

}  // namespace tally::document
