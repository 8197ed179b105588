#pragma once
// Nodes as YAML text, as kubectl prints them: go-yaml 2 by way of sigs.k8s.io/yaml (v1.6.0 over
// go.yaml.in/yaml/v2 v2.4.4, encode.go and emitterc.go). Block style, two spaces, list items not
// indented under their key, long lines not folded, texts quoted where they would be read as
// something else, several lines as `|`.
//
// Reading the text gives an equal node, but for numbers beyond 64 bits, which become doubles.
// Walks with an explicit stack: no depth overruns the thread's.

#include <cstdint>
#include <string>

#include "document/node.hpp"

namespace tally::document {

enum class KeyOrder : std::uint8_t {
  Sorted,  // as kubectl sorts: "a2" before "a10", other characters before letters
  Source,
};

// One document, without `---`, ending in a newline.
void append_yaml(std::string& out, const Node& node, KeyOrder order = KeyOrder::Sorted);

}  // namespace tally::document
