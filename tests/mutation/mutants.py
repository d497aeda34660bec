"""Small damages to a function: a comparison that is off by one, a branch that is turned round, a step left out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}

Edit = tuple[str, Callable[[], None], Callable[[], None]]
"""What it does in words, how to do it to the tree, and how to undo it."""


@dataclass(frozen=True)
class Mutant:
    """A function with one damage."""

    module: str
    function: str
    """Its qualified name within the module."""
    lines: tuple[int, int]
    """First and last line of the damaged statement."""
    line: int
    words: str
    code: CodeType

    @property
    def name(self) -> str:
        """Where and what, on one line."""
        return f"{self.module}:{self.line} {self.function}: {self.words}"


def mutants_of(module: str, path: Path) -> Iterator[Mutant]:
    """All mutants of the functions of a module, in the order of its text."""
    tree = ast.parse(path.read_text("utf-8"))
    for function, node in functions(tree):
        for statement in statements(node):
            for line, (words, do, undo) in edits(statement):
                do()
                try:
                    code = code_of(compile(ast.fix_missing_locations(tree), str(path), "exec"), function)
                finally:
                    undo()
                lines = (statement.lineno, statement.end_lineno or statement.lineno)
                yield Mutant(module, function, lines, line, words, code)


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods by qualified name; what is inside a function belongs to it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    yield f"{node.name}.{method.name}", method


def code_of(module: CodeType, function: str) -> CodeType:
    """The code of a function in the code of its module."""
    code = module
    for name in function.split("."):
        code = [c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name][-1]
    return code


def statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Every statement in the body, docstrings left out."""
    for node in ast.walk(ast.Module(body=function.body, type_ignores=[])):
        if isinstance(node, ast.stmt) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node


def edits(statement: ast.stmt) -> Iterator[tuple[int, Edit]]:
    """The damages to one statement; those of the statements inside it are theirs."""
    for edit in statement_edits(statement):
        yield statement.lineno, edit
    for node in own_expressions(statement):
        for edit in expression_edits(node):
            yield getattr(node, "lineno", statement.lineno), edit


def own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement, without annotations and without the statements inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop(0)
        if node is not statement:
            yield node
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "args"} and isinstance(
                node, ast.AnnAssign | ast.FunctionDef
            ):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [child for child in children if isinstance(child, ast.AST) and not isinstance(child, ast.stmt)]


def change(node: ast.AST, name: str, value: object, words: str) -> Edit:
    """Set a field of a node to another value."""
    before = getattr(node, name)
    return words, lambda: setattr(node, name, value), lambda: setattr(node, name, before)


def statement_edits(node: ast.stmt) -> Iterator[Edit]:
    """The step is left out, or gives nothing."""
    none = ast.Constant(value=None)
    if isinstance(node, ast.Expr):
        yield change(node, "value", none, f"`{short(node)}` is left out")
    elif isinstance(node, ast.Return) and node.value is not None and not is_none(node.value):
        yield change(node, "value", none, f"`{short(node)}` returns None")
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and not is_none(node.value):
        yield change(node, "value", none, f"`{short(node)}` becomes None")
    elif isinstance(node, ast.AugAssign):
        other = ARITHMETIC.get(type(node.op))
        if other:
            yield change(node, "op", other(), f"`{short(node)}`: the operator becomes {other.__name__}")
    elif isinstance(node, ast.If | ast.While):
        yield change(
            node, "test", ast.UnaryOp(op=ast.Not(), operand=node.test), f"`{short(node.test)}` is turned round"
        )


def expression_edits(node: ast.AST) -> Iterator[Edit]:
    """An operator, a constant or a choice becomes another."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            other = COMPARISONS[type(op)]
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield change(node, "ops", ops, f"`{short(node)}`: {type(op).__name__} becomes {other.__name__}")
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        operator = ARITHMETIC[type(node.op)]
        yield change(node, "op", operator(), f"`{short(node)}`: the operator becomes {operator.__name__}")
    elif isinstance(node, ast.BoolOp):
        either = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield change(node, "op", either(), f"`{short(node)}`: becomes {either.__name__}")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        twice = ast.UnaryOp(op=ast.Not(), operand=node.operand)
        yield change(node, "operand", twice, f"`{short(node)}`: the not is left out")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield change(node, "op", ast.UAdd(), f"`{short(node)}`: the minus is left out")
    elif isinstance(node, ast.IfExp):
        yield change(node, "test", ast.UnaryOp(op=ast.Not(), operand=node.test), f"`{short(node)}` is turned round")
    elif isinstance(node, ast.Constant):
        yield from constant_edits(node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        other_name = CALLS[node.func.id]
        yield change(node.func, "id", other_name, f"`{short(node)}`: becomes {other_name}")


def constant_edits(node: ast.Constant) -> Iterator[Edit]:
    """One more, the other truth, another text."""
    if isinstance(node.value, bool):
        yield change(node, "value", not node.value, f"{node.value} becomes {not node.value}")
    elif isinstance(node.value, int):
        yield change(node, "value", node.value + 1, f"{node.value} becomes {node.value + 1}")
    elif isinstance(node.value, str):
        yield change(node, "value", node.value + "X", f"{node.value!r} becomes {node.value + 'X'!r}")


def is_none(node: ast.expr) -> bool:
    """Whether an expression is None as it is."""
    return isinstance(node, ast.Constant) and node.value is None


def short(node: ast.AST) -> str:
    """The code of a node, cut to one short line."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else text[:57] + "..."
