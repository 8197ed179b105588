#include "cel/internal/ast_text.hpp"

#include <cstdio>

namespace tally::cel {

namespace {

class Printer {
 public:
  explicit Printer(const Ast& ast) : ast_(ast) {}

  // Recursion: as deep as the tree, which the parser bounds.
  void print(ExprId id) {
    const Expr& e = ast_[id];
    switch (e.kind) {
      case ExprKind::Literal:
        return literal(e.value);
      case ExprKind::Ident:
        out += e.name;
        return;
      case ExprKind::Select:
        out += e.test_only ? "has(" : "";
        print(ast_.child(e, 0));
        out += '.';
        out += e.name;
        out += e.test_only ? ")" : "";
        return;
      case ExprKind::Call:
        return call(e);
      case ExprKind::List:
        return elements(e, '[', ']');
      case ExprKind::Map:
        return entries(e);
      case ExprKind::Struct:
        out += e.name;
        return fields(e);
      case ExprKind::Comprehension:
        return comprehension(e);
    }
  }

  std::string out;

 private:
  void literal(const Value& value) {
    switch (value.kind()) {
      case ValueKind::Null:
        out += "null";
        return;
      case ValueKind::Bool:
        out += value.as_bool() ? "true" : "false";
        return;
      case ValueKind::Int:
        out += std::to_string(value.as_int());
        return;
      case ValueKind::Uint:
        out += std::to_string(value.as_uint()) + "u";
        return;
      case ValueKind::Double: {
        char text[40];
        static_cast<void>(std::snprintf(text, sizeof text, "%.17g", value.as_double()));
        out += text;
        return;
      }
      case ValueKind::String:
        return quoted(value.text(), "");
      case ValueKind::Bytes:
        return quoted(value.text(), "b");
      default:
        out += '?';
    }
  }

  void quoted(std::string_view text, std::string_view prefix) {
    out += prefix;
    out += '"';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == '"' || byte == '\\' || (byte >= 0x80 && !prefix.empty())) {
        char escape[5];
        static_cast<void>(std::snprintf(escape, sizeof escape, "\\x%02x", byte));
        out += escape;
      } else {
        out += c;
      }
    }
    out += '"';
  }

  void list(std::span<const ExprId> ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      out += i == 0 ? "" : ", ";
      print(ids[i]);
    }
  }

  void call(const Expr& e) {
    auto ids = ast_.children(e);
    if (e.member) {
      print(ids[0]);
      out += '.';
      ids = ids.subspan(1);
    }
    out += e.name;
    out += '(';
    list(ids);
    out += ')';
  }

  void mark(const Expr& e, std::size_t i) {
    out += i == 0 ? "" : ", ";
    out += e.has_optional && ast_.optional_flags[e.first_flag + i] ? "?" : "";
  }

  void elements(const Expr& e, char open, char close) {
    out += open;
    for (std::size_t i = 0; i < e.child_count; ++i) {
      mark(e, i);
      print(ast_.child(e, i));
    }
    out += close;
  }

  void entries(const Expr& e) {
    out += '{';
    for (std::size_t i = 0; i < e.child_count; i += 2) {
      mark(e, i / 2);
      print(ast_.child(e, i));
      out += ": ";
      print(ast_.child(e, i + 1));
    }
    out += '}';
  }

  void fields(const Expr& e) {
    out += '{';
    for (std::size_t i = 0; i < e.child_count; ++i) {
      mark(e, i);
      out += ast_.names[e.first_name + i];
      out += ": ";
      print(ast_.child(e, i));
    }
    out += '}';
  }

  // fold(variables in range; accumulator = init; condition; step; result)
  void comprehension(const Expr& e) {
    out += "fold(";
    out += ast_.names[e.first_name];
    if (const auto second = ast_.names[e.first_name + 1]; !second.empty()) {
      out += ", ";
      out += second;
    }
    out += " in ";
    print(ast_.child(e, 0));
    out += "; ";
    out += ast_.names[e.first_name + 2];
    out += " = ";
    for (std::size_t i = 1; i < 5; ++i) {
      out += i == 1 ? "" : "; ";
      print(ast_.child(e, i));
    }
    out += ')';
  }

  const Ast& ast_;
};

}  // namespace

std::string ast_text(const Ast& ast) {
  Printer printer(ast);
  printer.print(ast.root);
  return printer.out;
}

}  // namespace tally::cel
