#include "cel_trace.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "cel/value.hpp"

namespace tally::app {

namespace {

enum class Mood : std::uint8_t { Plain, True, False, Error };

struct Shown {
  std::string text;
  Mood mood = Mood::Plain;
};

// A place of the expression, and what was seen there.
struct Place {
  std::size_t column = 0;  // in characters, from 0
  std::vector<Shown> seen;
  std::size_t times = 0;
};

Mood mood_of(const cel::Value& value) {
  if (value.is_outcome()) {
    return Mood::Error;
  }
  return value.is_true() ? Mood::True : value.is_false() ? Mood::False : Mood::Plain;
}

// Never more than a line, and nothing that a terminal would obey.
std::string one_line(std::string_view text, std::size_t columns_max) {
  std::string out;
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      ++end;
    }
    if (columns + 1 > columns_max) {
      return out + "\xE2\x80\xA6";
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    // Control characters of C0 and C1.
    const bool control = byte < 0x20 || byte == 0x7F ||
                         (byte == 0xC2 && static_cast<unsigned char>(text[end - 1]) < 0xA0U);
    out += control ? std::string_view{" "} : text.substr(at, end - at);
    ++columns;
    at = end;
  }
  return out;
}

std::string_view colour_of(Mood mood) {
  switch (mood) {
    case Mood::True:
      return "\x1b[32m";
    case Mood::False:
      return "\x1b[31m";
    case Mood::Error:
      return "\x1b[33m";
    case Mood::Plain:
      return "\x1b[36m";
  }
  return "";
}

// One row of text that is filled from left to right.
class Line {
 public:
  explicit Line(bool color) : color_(color) {}

  void put(std::size_t column, std::string_view text, std::optional<Mood> mood) {
    text_.append(column - columns_, ' ');
    columns_ = column + display_width(text);
    if (color_) {
      text_ += mood ? colour_of(*mood) : std::string_view{"\x1b[2m"};
    }
    text_ += text;
    if (color_) {
      text_ += "\x1b[0m";
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_) + "\n"; }

 private:
  bool color_;
  std::string text_;
  std::size_t columns_ = 0;
};

std::size_t width_of(const Place& place) {
  std::size_t width = 0;
  for (const Shown& shown : place.seen) {
    width += (width == 0 ? 0 : 2) + display_width(shown.text);
  }
  return width + (place.times > place.seen.size() ? 3 : 0);
}

void put_values(Line& line, const Place& place) {
  std::size_t column = place.column;
  if (place.times > place.seen.size()) {
    line.put(column, "\xE2\x80\xA6, ", std::nullopt);
    column += 3;
  }
  for (std::size_t i = 0; i < place.seen.size(); ++i) {
    if (i != 0) {
      line.put(column, ", ", std::nullopt);
      column += 2;
    }
    line.put(column, place.seen[i].text, place.seen[i].mood);
    column += display_width(place.seen[i].text);
  }
}

// Under one line of source: a row of bars, then rows of values, from the right; a value that does
// not fit beside the one to its right waits for the next row.
std::string hang(std::vector<Place> places, bool color) {
  std::string out;
  const auto bars = [&](std::size_t count) {
    Line line(color);
    for (std::size_t i = 0; i < count; ++i) {
      line.put(places[i].column, "\xE2\x94\x82", std::nullopt);
    }
    return line;
  };
  out += bars(places.size()).take();
  while (!places.empty()) {
    // The places at the end whose values stand in this row.
    std::size_t first = places.size() - 1;
    while (first > 0 &&
           places[first - 1].column + width_of(places[first - 1]) + 1 < places[first].column) {
      --first;
    }
    Line line = bars(first);
    for (std::size_t i = first; i < places.size(); ++i) {
      put_values(line, places[i]);
    }
    out += line.take();
    places.resize(first);
  }
  return out;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string render_trace(std::string_view source, std::span<const cel::TraceEntry> steps,
                         Arena& arena, const TraceStyle& style) {
  // Of several sub-expressions that begin at one place, the longest was finished last: it stands
  // there.
  std::map<std::uint32_t, std::uint32_t> longest;
  for (const cel::TraceEntry& step : steps) {
    std::uint32_t& end = longest[step.offset];
    end = std::max(end, step.end);
  }
  std::map<std::uint32_t, Place> places;
  for (const cel::TraceEntry& step : steps) {
    if (longest[step.offset] != step.end || step.offset > source.size()) {
      continue;
    }
    Place& place = places[step.offset];
    ++place.times;
    place.seen.push_back({one_line(cel::to_literal(arena, step.value), style.value_columns_max),
                          mood_of(step.value)});
    if (place.seen.size() > style.values_max) {
      place.seen.erase(place.seen.begin());
    }
  }
  std::string out;
  for (std::size_t begin = 0; begin <= source.size();) {
    const std::size_t end = std::min(source.find('\n', begin), source.size());
    const std::string_view text = source.substr(begin, end - begin);
    out += one_line(text, text.size() + 1) + "\n";
    std::vector<Place> here;
    for (auto at = places.lower_bound(static_cast<std::uint32_t>(begin));
         at != places.end() && (at->first < end || (at->first == end && end == source.size()));
         ++at) {
      at->second.column = characters(source.substr(begin, at->first - begin));
      here.push_back(std::move(at->second));
    }
    if (!here.empty()) {
      out += hang(std::move(here), style.color);
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace tally::app
