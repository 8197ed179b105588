// Custom resources held to the schemas of CustomResourceDefinitions in the same input.
#include <string>

#include "kube/custom_schema.hpp"
#include "kube/internal/structure_cases.hpp"

namespace tally::kube {
namespace {

// A definition of Thing with `spec` as the schema of spec, served in v1, not served in v0.
std::string definition(const std::string& spec) {
  const std::string schema = "{openAPIV3Schema: {type: object, properties: {spec: " + spec + "}}}";
  return "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: "
         "things.example.org}, spec: {group: example.org, scope: Namespaced, names: {kind: Thing, "
         "plural: things}, versions: [{name: v1, served: true, storage: true, schema: " +
         schema + "}, {name: v0, served: false, storage: false, schema: " + schema + "}]}}\n---\n";
}

std::string thing(const std::string& more, const std::string& version = "v1") {
  return "{apiVersion: example.org/" + version + ", kind: Thing, metadata: {name: a}" + more +
         "}\n";
}

struct SchemaRow {
  const char* name;
  std::string schema;  // of spec
  std::string value;   // of spec; empty: no spec
  std::vector<std::string> expected;
};

void expect_schema_rows(const std::vector<SchemaRow>& rows) {
  for (const SchemaRow& row : rows) {
    const std::string text =
        definition(row.schema) + thing(row.value.empty() ? "" : ", spec: " + row.value);
    expect_rows({{row.name, text.c_str(), row.expected}});
  }
}

TEST(SchemaCheck, Types) {
  expect_schema_rows({
      {"text", "{type: string}", "a", {}},
      {"integer", "{type: integer}", "5", {}},
      {"integral number", "{type: integer}", "5.0", {}},
      {"number", "{type: number}", "5", {}},
      {"boolean", "{type: boolean}", "true", {}},
      {"int or string", "{x-kubernetes-int-or-string: true}", "25%", {}},
      {"nullable", "{type: string, nullable: true}", "null", {}},
      {"null of a field is dropped", "{type: string}", "null", {}},
      {"no type", "{x-kubernetes-preserve-unknown-fields: true}", "[1, {a: b}]", {}},
      {"number for text",
       "{type: string}",
       "5",
       {"wrong-type /spec: spec: Invalid value: \"integer\": spec in body must be of type string: "
        "\"integer\""}},
      {"text for integer",
       "{type: integer}",
       "'5'",
       {"wrong-type /spec: spec: Invalid value: \"string\": spec in body must be of type integer: "
        "\"string\""}},
      {"fraction for integer",
       "{type: integer}",
       "5.5",
       {"wrong-type /spec: spec: Invalid value: \"number\": spec in body must be of type integer"}},
      {"list for map",
       "{type: object}",
       "[]",
       {"wrong-type /spec: spec: Invalid value: \"array\": spec in body must be of type object"}},
      {"map for list",
       "{type: array, items: {type: string}}",
       "{}",
       {"wrong-type /spec: spec: Invalid value: \"object\": spec in body must be of type array"}},
      {"map for int or string",
       "{x-kubernetes-int-or-string: true}",
       "{}",
       {"wrong-type /spec: spec: Invalid value: \"object\": spec in body must be of type "
        "integer,string"}},
      {"null in a list",
       "{type: array, items: {type: string}}",
       "[a, null]",
       {"wrong-type /spec/1: spec[1]: Invalid value: \"null\": spec[1] in body must be of type "
        "string: \"null\""}},
      {"null in a list with a default",
       "{type: array, items: {type: string, default: a}}",
       "[null]",
       {}},
  });
}

TEST(SchemaCheck, FieldsOfMaps) {
  const std::string known =
      "{type: object, required: [size], properties: {size: {type: integer}, "
      "color: {type: string, default: red}, nested: {type: object, required: "
      "[color], properties: {color: {type: string, default: red}}}}}";
  expect_schema_rows({
      {"all", known, "{size: 1, color: blue, nested: {}}", {}},
      {"missing", known, "{color: blue}", {"required-field /spec/size: spec.size: Required value"}},
      {"null is missing",
       known,
       "{size: null}",
       {"required-field /spec/size: spec.size: Required value"}},
      {"unknown",
       known,
       "{size: 1, colour: blue}",
       {"unknown-field /spec/colour: unknown field \"spec.colour\": did you mean \"color\"?"}},
      {"unknown below",
       known,
       "{size: 1, nested: {deep: {er: 1}}}",
       {"unknown-field /spec/nested/deep: unknown field \"spec.nested.deep\""}},
      {"unknown in a list",
       "{type: array, items: {type: object, properties: {a: {type: string}}}}",
       "[{a: b}, {b: c}]",
       {"unknown-field /spec/1/b: unknown field \"spec[1].b\""}},
      {"preserved",
       "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: "
       "{type: object, properties: {b: {type: string}}}}}",
       "{x: {y: z}, a: {b: c, d: e}}",
       {"unknown-field /spec/a/d: unknown field \"spec.a.d\""}},
      {"additional",
       "{type: object, additionalProperties: {type: integer}}",
       "{a: 1, b: x}",
       {"wrong-type /spec/b: spec.b: Invalid value: \"string\": spec.b in body must be of type "
        "integer"}},
      {"additional anything", "{type: object, additionalProperties: true}", "{a: 1, b: [x]}", {}},
      {"additional anything, below",
       "{type: object, additionalProperties: true}",
       "{a: {b: c}}",
       {"unknown-field /spec/a/b: unknown field \"spec.a.b\""}},
      {"embedded",
       "{type: object, x-kubernetes-embedded-resource: true, "
       "x-kubernetes-preserve-unknown-fields: true}",
       "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {a: b}}, spec: {x: z}}",
       {}},
      {"embedded without a kind",
       "{type: object, x-kubernetes-embedded-resource: true, "
       "x-kubernetes-preserve-unknown-fields: true}",
       "{apiVersion: 1, metadata: {labels: {'-': b}}}",
       {"invalid-label /spec/metadata/labels/-: spec.metadata.labels: Invalid value: \"-\"",
        "required-field /spec/kind: spec.kind: Required value",
        "wrong-type /spec/apiVersion: spec.apiVersion: Invalid value: 1: must be a string"}},
      {"embedded, strict",
       "{type: object, x-kubernetes-embedded-resource: true, properties: {a: {type: string}}}",
       "{apiVersion: v1, kind: Pod, a: b, c: d}",
       {"unknown-field /spec/c: unknown field \"spec.c\""}},
  });
}

TEST(SchemaCheck, Values) {
  expect_schema_rows({
      {"enum", "{type: string, enum: [Always, Never]}", "Never", {}},
      {"not of the enum",
       "{type: string, enum: [Always, Never]}",
       "never",
       {"unsupported-value /spec: spec: Unsupported value: \"never\": supported values: "
        "\"Always\", "
        "\"Never\"; did you mean \"Never\"?"}},
      {"enum of numbers", "{type: integer, enum: [1, 2]}", "2", {}},
      {"not of the numbers",
       "{type: integer, enum: [1, 2]}",
       "3",
       {"unsupported-value /spec: spec: Unsupported value: 3: supported values: \"1\", \"2\""}},
      {"at the bounds", "{type: integer, minimum: 1, maximum: 3, multipleOf: 3}", "3", {}},
      {"below",
       "{type: integer, minimum: 1}",
       "0",
       {"invalid-value /spec: spec: Invalid value: 0: spec in body should be greater than or equal "
        "to 1"}},
      {"above",
       "{type: number, maximum: 1.5}",
       "2",
       {"invalid-value /spec: spec: Invalid value: 2: spec in body should be less than or equal to "
        "1.5"}},
      {"exclusive",
       "{type: integer, minimum: 1, exclusiveMinimum: true}",
       "1",
       {"invalid-value /spec: spec: Invalid value: 1: spec in body should be greater than 1"}},
      {"exclusive above",
       "{type: integer, maximum: 1, exclusiveMaximum: true}",
       "1",
       {"invalid-value /spec: spec: Invalid value: 1: spec in body should be less than 1"}},
      {"multiple",
       "{type: integer, multipleOf: 5}",
       "7",
       {"invalid-value /spec: spec: Invalid value: 7: spec in body should be a multiple of 5"}},
      {"multiple of a fraction", "{type: number, multipleOf: 0.5}", "1.5", {}},
      {"32 bits",
       "{type: integer, format: int32}",
       "3000000000",
       {"invalid-value /spec: spec: Invalid value: 3000000000: Checked value must be of type "
        "integer with format int32 in spec"}},
      {"64 bits", "{type: integer, format: int64}", "3000000000", {}},
      {"code points", "{type: string, maxLength: 2, minLength: 2}", "\xC3\xA4\xC3\xB6", {}},
      {"too long",
       "{type: string, maxLength: 2}",
       "abc",
       {"invalid-value /spec: spec: Too long: may not be more than 2 bytes"}},
      {"too short",
       "{type: string, minLength: 2}",
       "a",
       {"invalid-value /spec: spec: Invalid value: \"a\": spec in body should be at least 2 chars "
        "long"}},
      {"format",
       "{type: string, format: date-time}",
       "soon",
       {"invalid-value /spec: spec: Invalid value: \"soon\": spec in body must be of type "
        "date-time: "
        "\"soon\""}},
      {"unknown format", "{type: string, format: pet-name}", "soon", {}},
      {"items", "{type: array, minItems: 1, maxItems: 2, items: {type: string}}", "[a, b]", {}},
      {"few items",
       "{type: array, minItems: 1, items: {type: string}}",
       "[]",
       {"invalid-value /spec: spec: Invalid value: 0: spec in body should have at least 1 items"}},
      {"many items",
       "{type: array, maxItems: 1, items: {type: string}}",
       "[a, b]",
       {"invalid-value /spec: spec: Too many: 2: must have at most 1 item"}},
      {"few properties",
       "{type: object, minProperties: 1, additionalProperties: {type: string}}",
       "{}",
       {"invalid-value /spec: spec: Invalid value: 0: spec in body should have at least 1 "
        "properties"}},
      {"many properties",
       "{type: object, maxProperties: 1, additionalProperties: {type: string}}",
       "{a: b, c: d}",
       {"invalid-value /spec: spec: Too many: 2: must have at most 1 item"}},
      {"unique", "{type: array, uniqueItems: true, items: {type: integer}}", "[1, 2]", {}},
      {"not unique",
       "{type: array, uniqueItems: true, items: {type: integer}}",
       "[1, 2, 1]",
       {"invalid-value /spec: spec: Invalid value: spec in body shouldn't contain duplicates"}},
  });
}

TEST(SchemaCheck, ListTypes) {
  const std::string set = "{type: array, x-kubernetes-list-type: set, items: {type: string}}";
  const std::string map =
      "{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [port, protocol], "
      "items: {type: object, properties: {port: {type: integer}, protocol: {type: string}}}}";
  expect_schema_rows({
      {"set", set, "[a, b]", {}},
      {"repeated",
       set,
       "[a, b, a, a]",
       {"duplicate-name /spec/2: spec[2]: Duplicate value: \"a\""}},
      {"map", map, "[{port: 1}, {port: 1, protocol: TCP}, {port: 1, protocol: UDP}]", {}},
      {"repeated key",
       map,
       "[{port: 1, protocol: TCP}, {protocol: TCP, port: 1}]",
       {"duplicate-name /spec/1: spec[1]: Duplicate value: {\"port\":1,\"protocol\":\"TCP\"}"}},
      {"no object",
       map,
       "[a]",
       {"invalid-value /spec/0: spec[0]: Invalid value: \"a\": must be an object for an array of "
        "list-type map",
        "wrong-type /spec/0: spec[0]: Invalid value: \"string\""}},
      {"atomic",
       "{type: array, x-kubernetes-list-type: atomic, items: {type: string}}",
       "[a, a]",
       {}},
  });
}

TEST(SchemaCheck, TheRootIsAnObjectOfTheApi) {
  const std::string crd = definition("{type: object}");
  const std::string known = crd + thing("");
  const std::string unknown = crd + thing(", status: {a: b}");
  const std::string unserved = crd + thing(", spec: 5, status: {a: b}", "v0");
  const std::string metadata =
      crd + "{apiVersion: example.org/v1, kind: Thing, metadata: {name: a, labels: {'-': b}}}";
  expect_rows({
      {"metadata is no unknown field", known.c_str(), {}},
      {"unknown at the top", unknown.c_str(), {"unknown-field /status: unknown field \"status\""}},
      {"a version that is not served has no schema", unserved.c_str(), {}},
      {"labels",
       metadata.c_str(),
       {"invalid-label /metadata/labels/-: metadata.labels: Invalid value: \"-\""}},
  });
}

TEST(CustomSchema, LimitsDepthAndParts) {
  const auto read = [](const std::string& text, const SchemaLimits& limits) {
    const auto source = document::Source::from_text("t", text);
    Arena arena;
    const auto root = document::read_one(*source, arena);
    EXPECT_TRUE(root);
    const CustomSchema schema = CustomSchema::read(*root, limits);
    EXPECT_EQ(schema.nodes().empty(), !schema.over_limit().empty());
    return std::string(schema.over_limit());
  };
  const std::string nested = "{properties: {a: {items: {additionalProperties: {type: string}}}}}";
  EXPECT_EQ(read(nested, {.depth = 3, .nodes = 100}), "");
  EXPECT_EQ(read(nested, {.depth = 2, .nodes = 100}), "its schema is nested too deep");
  EXPECT_EQ(read(nested, {.depth = 9, .nodes = 4}), "");
  EXPECT_EQ(read(nested, {.depth = 9, .nodes = 3}), "its schema has too many parts");
  EXPECT_EQ(read("{enum: [1, 2, 3]}", {.depth = 9, .nodes = 4}), "");
  EXPECT_EQ(read("{enum: [1, 2, 3, 4]}", {.depth = 9, .nodes = 4}),
            "its schema has too many parts");
}

TEST(CustomSchema, ObjectsOfAHostileSchemaAreReported) {
  std::string schema = "{type: string}";
  for (int i = 0; i < 120; ++i) {
    schema.insert(0, "{type: array, items: ").append("}");
  }
  const std::string text = definition(schema) + thing(", spec: 5");
  expect_rows(
      {{"deep",
        text.c_str(),
        {"invalid-value /kind: the object was not held to its CustomResourceDefinition: its "
         "schema is nested too deep"}}});
}

TEST(CustomSchema, KeepsTheMapOfEachNode) {
  const auto source = document::Source::from_text(
      "t",
      "{type: object, properties: {b: {type: string}, a: {x-kubernetes-validations: [{rule: "
      "'true'}], type: integer}}}");
  Arena arena;
  const auto root = document::read_one(*source, arena);
  ASSERT_TRUE(root);
  const CustomSchema schema = CustomSchema::read(*root);
  ASSERT_EQ(schema.properties(schema.root()).size(), 2U);
  EXPECT_EQ(schema.properties(schema.root())[0].name, "a");
  const SchemaNode* node = schema.find(schema.root(), "a");
  ASSERT_NE(node, nullptr);
  EXPECT_NE(node->source->find("x-kubernetes-validations"), nullptr);
  EXPECT_EQ(schema.find(schema.root(), "c"), nullptr);
}

}  // namespace
}  // namespace tally::kube
