#include "cel/type.hpp"

#include <gtest/gtest.h>

#include "cel/internal/environment_table.hpp"

namespace tally::cel {
namespace {

TEST(TypePool, EqualTypesAreOnePointer) {
  TypePool pool;
  EXPECT_EQ(pool.list(&kInt), pool.list(&kInt));
  EXPECT_NE(pool.list(&kInt), pool.list(&kUint));
  EXPECT_EQ(pool.map(&kString, pool.list(&kInt)), pool.map(&kString, pool.list(&kInt)));
  EXPECT_NE(pool.named_struct("a"), pool.opaque("a"));
  EXPECT_NE(pool.opaque("a", {&kInt}), pool.opaque("a", {&kUint}));
  EXPECT_EQ(pool.list(&kDyn), &kListDyn);
  EXPECT_EQ(pool.map(&kDyn, &kDyn), &kMapDyn);
  EXPECT_EQ(pool.optional(&kDyn), &kOptionalDyn);
}

TEST(TypePool, FreshVariablesDifferUntilForgotten) {
  TypePool pool;
  const Type* first = pool.fresh();
  EXPECT_NE(first, pool.fresh());
  EXPECT_TRUE(pool.list(first)->open);
  EXPECT_FALSE(pool.list(&kInt)->open);
  pool.forget_fresh();
  EXPECT_EQ(first, pool.fresh());
}

TEST(Type, SizeCountsTheTree) {
  TypePool pool;
  const Type* type = &kInt;
  for (int i = 0; i < 100; ++i) {
    type = pool.map(type, type);
  }
  EXPECT_EQ(type->size, 0xFFFFFFFFU);  // 2^101, saturated
  EXPECT_LT(to_string(*type).size(), 5000U);
}

struct SignatureRow {
  std::string_view text;
  std::string_view args;  // as printed, separated by "; "
  std::string_view result;
};

TEST(Signature, Accepts) {
  const SignatureRow rows[] = {
      {"() -> bool", "", "bool"},
      {"(string, int) -> string", "string; int", "string"},
      {"(list(A), int) -> A", "list(A); int", "A"},
      {"(map(K, list(V))) -> optional_type(V)", "map(K, list(V))", "optional_type(V)"},
      {"(kubernetes.Quantity) -> net.IP", "kubernetes.Quantity", "net.IP"},
      {"(wrapper(int), type(A)) -> type", "wrapper(int); type(A)", "type"},
      {"(google.protobuf.Timestamp) -> duration", "timestamp", "duration"},
      {"( dyn ,null )->any", "dyn; null", "any"},
      {"(vector(int)) -> pair(K, V)", "vector(int)", "pair(K, V)"},
  };
  for (const SignatureRow& row : rows) {
    SCOPED_TRACE(row.text);
    TypePool pool;
    const auto signature = parse_signature(pool, row.text);
    ASSERT_TRUE(signature) << signature.error().message;
    std::string args;
    for (const Type* arg : signature->args) {
      args += args.empty() ? "" : "; ";
      args += to_string(*arg);
    }
    EXPECT_EQ(args, row.args);
    EXPECT_EQ(to_string(*signature->result), row.result);
  }
}

TEST(Signature, Rejects) {
  const std::string_view rows[] = {
      "",
      "bool",
      "(int",
      "(int)",
      "(int) ->",
      "(int,) -> int",
      "(int) -> int int",
      "(list() -> int",
      "(list()) -> int",
      "(tuple(A, B, C)) -> int",
      "(int) - > int",
      "(list(list(list(list(list(list(list(list(list(list(list(list(list("
      "list(list(list(list(list(int))))))))))))))))))) -> int"};
  for (const std::string_view row : rows) {
    TypePool pool;
    EXPECT_FALSE(parse_signature(pool, row)) << row;
  }
}

}  // namespace
}  // namespace tally::cel
