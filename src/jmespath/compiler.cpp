#include <algorithm>

#include "jmespath/function.hpp"
#include "jmespath/internal/program.hpp"

namespace tally::jmespath {

namespace {

class Compiler {
 public:
  Compiler(const Ast& ast, Program& program) : ast_(ast), program_(program) {}

  // Depth is bounded by the parser.
  std::uint32_t compile(std::uint32_t index) {
    const AstNode& node = ast_[index];
    Instruction out;
    out.offset = node.offset;
    switch (node.kind) {
      case AstKind::CurrentNode:
        out.op = Op::Current;
        break;
      case AstKind::Field:
      case AstKind::Index:
        return compile_path(index);
      case AstKind::Subexpression:
      case AstKind::IndexExpression:
        return compile_path(index);
      case AstKind::Literal:
        out.op = Op::Literal;
        out.a = add(program_.literals, node.literal);
        break;
      case AstKind::Comparator:
        out.op = Op::Compare;
        out.comparison = node.comparison;
        compile_two(node, out);
        break;
      case AstKind::Or:
        out.op = Op::Or;
        compile_two(node, out);
        break;
      case AstKind::And:
        out.op = Op::And;
        compile_two(node, out);
        break;
      case AstKind::Pipe:
        out.op = Op::Pipe;
        compile_two(node, out);
        break;
      case AstKind::Not:
        out.op = Op::Not;
        out.a = compile(node.children[0]);
        break;
      case AstKind::Flatten:
        out.op = Op::Flatten;
        out.a = compile(node.children[0]);
        break;
      case AstKind::ExpressionRef:
        out.op = Op::ExpressionRef;
        out.a = compile(node.children[0]);
        break;
      case AstKind::Projection:
        out.op = Op::Projection;
        compile_two(node, out);
        break;
      case AstKind::ValueProjection:
        out.op = Op::ValueProjection;
        compile_two(node, out);
        break;
      case AstKind::FilterProjection:
        out.op = Op::FilterProjection;
        compile_two(node, out);
        out.c = compile(node.children[2]);
        break;
      case AstKind::Slice:  // of the current node; with a source: compile_path
        out.op = Op::Slice;
        out.a = add(program_.code, Instruction{.op = Op::Current, .offset = node.offset});
        out.b = add(program_.slices, node.slice);
        break;
      case AstKind::MultiSelectList:
        out.op = Op::List;
        compile_operands(node, out);
        break;
      case AstKind::MultiSelectHash:
        compile_hash(node, out);
        break;
      case AstKind::KeyValuePair:
        return compile(node.children[0]);
      case AstKind::Function:
        compile_call(node, out);
        break;
      case AstKind::Arithmetic:
        out.op = Op::Arithmetic;
        out.arithmetic = node.arithmetic;
        out.count = static_cast<std::uint32_t>(node.children.size());
        out.a = compile(node.children[0]);
        out.b = node.children.size() > 1 ? compile(node.children[1]) : 0;
        break;
      case AstKind::Variable:
        out.op = Op::Variable;
        out.a = add(program_.keys, program_.arena.copy(node.text));
        break;
      case AstKind::Root:
        out.op = Op::Root;
        break;
      case AstKind::Let:
        compile_let(node, out);
        break;
      case AstKind::Binding:
        return compile(node.children[0]);
      case AstKind::Broken:
        break;
    }
    return add(program_.code, out);
  }

 private:
  template <class T>
  static std::uint32_t add(std::vector<T>& to, T value) {
    to.push_back(std::move(value));
    return static_cast<std::uint32_t>(to.size() - 1);
  }

  void compile_two(const AstNode& node, Instruction& out) {
    out.a = compile(node.children[0]);
    out.b = compile(node.children[1]);
  }

  void compile_operands(const AstNode& node, Instruction& out) {
    std::vector<std::uint32_t> operands;
    operands.reserve(node.children.size());
    for (const std::uint32_t child : node.children) {
      operands.push_back(compile(child));
    }
    out.first = static_cast<std::uint32_t>(program_.operands.size());
    out.count = static_cast<std::uint32_t>(operands.size());
    program_.operands.insert(program_.operands.end(), operands.begin(), operands.end());
  }

  // Of several equal keys the last one counts, and all are evaluated.
  void compile_hash(const AstNode& node, Instruction& out) {
    out.op = Op::Hash;
    compile_operands(node, out);
    out.a = static_cast<std::uint32_t>(program_.keys.size());
    for (const std::uint32_t child : node.children) {
      program_.keys.push_back(program_.arena.copy(ast_[child].text));
    }
  }

  void compile_let(const AstNode& node, Instruction& out) {
    compile_operands(node, out);
    out.op = Op::Let;
    out.count -= 1;
    out.b = program_.operands.back();
    out.a = static_cast<std::uint32_t>(program_.keys.size());
    for (std::size_t i = 0; i < out.count; ++i) {
      program_.keys.push_back(program_.arena.copy(ast_[node.children[i]].text));
    }
  }

  void compile_call(const AstNode& node, Instruction& out) {
    compile_operands(node, out);
    const Function* function = node.is_named ? find_function(node.text, program_.dialect) : nullptr;
    if (function != nullptr) {
      out.op = Op::Call;
      out.a = add(program_.functions, function);
      return;
    }
    out.op = Op::UnknownCall;
    out.b = node.is_named ? 1 : 0;
    out.a = add(program_.keys, program_.arena.copy(node.text));
  }

  Step step(const AstNode& node) {
    Step out;
    out.offset = node.offset;
    if (node.kind == AstKind::Index) {
      out.is_index = true;
      out.index = node.number;
      return out;
    }
    out.name = program_.arena.copy(node.text);
    if (program_.limits.names == Names::Intern) {
      out.interned =
          ::new (program_.arena.allocate(sizeof(document::Name), alignof(document::Name)))
              document::Name(out.name);
    }
    return out;
  }

  // A chain leans to the left: walk down its left side, then add the steps from the bottom up.
  std::uint32_t compile_path(std::uint32_t index) {
    std::vector<std::uint32_t> chain;
    const auto is_step = [this](std::uint32_t i) {
      return ast_[i].kind == AstKind::Field || ast_[i].kind == AstKind::Index;
    };
    const auto is_link = [&](std::uint32_t i) {
      return (ast_[i].kind == AstKind::Subexpression || ast_[i].kind == AstKind::IndexExpression) &&
             is_step(ast_[i].children[1]);
    };
    std::uint32_t bottom = index;
    for (; is_link(bottom); bottom = ast_[bottom].children[0]) {
      chain.push_back(ast_[bottom].children[1]);
    }
    Instruction out;
    out.offset = ast_[index].offset;
    if (is_step(bottom)) {
      chain.push_back(bottom);
      out.op = Op::Path;
    } else if (chain.empty()) {
      return compile_pair(bottom);
    } else if (ast_[bottom].kind == AstKind::CurrentNode) {
      out.op = Op::Path;
    } else {
      out.op = Op::PathFrom;
      out.a = compile(bottom);
    }
    out.first = static_cast<std::uint32_t>(program_.steps.size());
    out.count = static_cast<std::uint32_t>(chain.size());
    for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
      program_.steps.push_back(step(ast_[*link]));
    }
    return add(program_.code, out);
  }

  // A subexpression whose right side is no step, or a slice with its source.
  std::uint32_t compile_pair(std::uint32_t index) {
    const AstNode& node = ast_[index];
    Instruction out;
    out.offset = node.offset;
    out.a = compile(node.children[0]);
    if (const AstNode& right = ast_[node.children[1]]; right.kind == AstKind::Slice) {
      out.op = Op::Slice;
      out.b = add(program_.slices, right.slice);
      return add(program_.code, out);
    }
    out.op = Op::Sub;
    out.b = compile(node.children[1]);
    return add(program_.code, out);
  }

  const Ast& ast_;
  Program& program_;
};

// Which fields of the root are read. visit() says whether a node's value is the root itself.
class RootFields {
 public:
  RootFields(const Ast& ast, Program& program) : ast_(ast), program_(program) {}

  void run() {
    if (visit(ast_.root, true)) {
      program_.reads_everything = true;
    }
  }

 private:
  // The value of the node is looked at as a whole.
  void consume(std::uint32_t index, bool at_root) {
    if (visit(index, at_root)) {
      program_.reads_everything = true;
    }
  }

  bool visit(std::uint32_t index, bool at_root) {
    // A chain may be longer than the depth allows: down its left side without recursion.
    std::vector<std::uint32_t> rights;
    while (ast_[index].kind == AstKind::Subexpression ||
           ast_[index].kind == AstKind::IndexExpression || ast_[index].kind == AstKind::Pipe) {
      rights.push_back(ast_[index].children[1]);
      index = ast_[index].children[0];
    }
    bool is_root = visit_one(ast_[index], at_root);
    for (auto right = rights.rbegin(); right != rights.rend(); ++right) {
      is_root = visit_one(ast_[*right], is_root);
    }
    return is_root;
  }

  bool visit_one(const AstNode& node, bool at_root) {
    switch (node.kind) {
      case AstKind::CurrentNode:
        return at_root;
      case AstKind::Field:
        if (at_root &&
            std::ranges::find(program_.root_fields, node.text) == program_.root_fields.end()) {
          program_.root_fields.push_back(node.text);
        }
        return false;
      case AstKind::Index:
      case AstKind::Slice:
        program_.reads_everything = program_.reads_everything || at_root;
        return false;
      case AstKind::Literal:
      case AstKind::Variable:
      case AstKind::Root:
      case AstKind::Broken:
        return false;
      case AstKind::Or:
      case AstKind::And: {
        const bool left = visit(node.children[0], at_root);
        return visit(node.children[1], at_root) || left;
      }
      case AstKind::Subexpression:
      case AstKind::IndexExpression:
      case AstKind::Pipe: {
        const bool left = visit(node.children[0], at_root);
        return visit(node.children[1], left);
      }
      case AstKind::Projection:
      case AstKind::ValueProjection:
      case AstKind::FilterProjection:
        consume(node.children[0], at_root);
        for (std::size_t i = 1; i < node.children.size(); ++i) {
          static_cast<void>(visit(node.children[i], false));
        }
        return false;
      case AstKind::ExpressionRef:
        static_cast<void>(visit(node.children[0], false));
        return false;
      case AstKind::Let:  // the value may be read through a variable, or be the body's
      case AstKind::Binding:
      case AstKind::Arithmetic:
      case AstKind::Comparator:
      case AstKind::Function:
      case AstKind::Flatten:
      case AstKind::KeyValuePair:
      case AstKind::MultiSelectHash:
      case AstKind::MultiSelectList:
      case AstKind::Not:
        for (const std::uint32_t child : node.children) {
          consume(child, at_root);
        }
        return false;
    }
    return false;
  }

  const Ast& ast_;
  Program& program_;
};

}  // namespace

void compile(Ast ast, Program& program) {
  program.root = Compiler(ast, program).compile(ast.root);
  find_root_fields(ast, program);
  program.literal_arena = std::move(ast.arena);
}

void find_root_fields(const Ast& ast, Program& program) { RootFields(ast, program).run(); }

}  // namespace tally::jmespath
