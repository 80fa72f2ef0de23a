"""The small changes that are made to a module, one at a time: what a typing slip or a wrong thought would do."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from benchmarks.mutants.texts import without_one

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
UNSEEN = {"logger", "ValueError", "Unassembled", "cast"}
"""Calls whose arguments nobody acts on."""
SYMMETRIC = {"max", "min"}


@dataclass(frozen=True)
class Mutant:
    name: str
    """function: old → new; the same for as long as the code stays as it is, wherever it is moved in its file."""
    line: int
    code: CodeType


def mutants(path: Path) -> Iterator[Mutant]:
    """Every change to the file, compiled."""
    tree = ast.parse(path.read_text())
    seen = Counter[str]()
    for place in list(_places(tree, "module")):
        old = place.node
        for new in _variants(place):
            place.put(new)
            ast.fix_missing_locations(ast.copy_location(new, old))
            name = _name(place, old, new)
            seen[name] += 1
            name += f" ({seen[name]})" if seen[name] > 1 else ""
            yield Mutant(name, getattr(old, "lineno", 0), compile(tree, str(path), "exec"))
            place.put(old)


@dataclass
class _Place:
    """Where a node hangs in the tree."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    function: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(parent: ast.AST, function: str) -> Iterator[_Place]:
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "decorator_list", "type_params") or _is_unseen(parent):
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue  # a docstring
            inner = function
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                inner = node.name if function == "module" else f"{function}.{node.name}"
            if hasattr(node, "lineno"):
                yield _Place(node, parent, field, index, inner)
            yield from _places(node, inner)


def _is_unseen(node: ast.AST) -> bool:
    """Logged and raised texts, and what only a type checker reads."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return True
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Literal", "dict"):
        return True
    return isinstance(node, ast.Call) and ast.unparse(node.func).partition(".")[0] in UNSEEN


def _variants(place: _Place) -> Iterator[ast.AST]:
    node = place.node
    yield from _expressions(node)
    if isinstance(node, ast.Constant) and not isinstance(place.parent, ast.JoinedStr | ast.FormattedValue):
        yield from _constants(node, place.parent)
    if _is_dispensable(node):
        yield ast.Pass()
    if isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        yield ast.Return(ast.Constant(None))
    if isinstance(node, ast.expr) and place.field in ("test", "ifs"):
        yield from (ast.Constant(value) for value in (True, False) if place.field == "test" or value)
    if place.function == "module":
        yield from _rows(node)


def _is_dispensable(node: ast.AST) -> bool:
    """Without such a statement the code still runs: nothing later misses a name that it would have set."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.Assign):
        return not isinstance(node.targets[0], ast.Name)
    return isinstance(node, ast.AugAssign | ast.Raise | ast.Delete)


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            new = COMPARISONS[type(operator)]()
            yield ast.Compare(node.left, [*node.ops[:at], new, *node.ops[at + 1 :]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.Call):
        plain = [argument for argument in node.args if not isinstance(argument, ast.Starred)]
        if len(plain) == len(node.args) >= 2 and ast.unparse(node.func) not in SYMMETRIC:
            yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def _constants(node: ast.Constant, parent: ast.AST) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        rows = [_labelled(ast.Constant(shorter), row) for row, shorter in without_one(value)]
        yield from rows
        if not rows and not (isinstance(parent, ast.keyword) and parent.arg in ("name", "description")):
            yield ast.Constant("" if value else "X")


def _rows(node: ast.AST) -> Iterator[ast.AST]:
    """A table without one of its rows."""
    if isinstance(node, ast.Set | ast.List | ast.Tuple) and len(node.elts) > 1:
        for at, row in enumerate(node.elts):
            shorter = copy(node)
            shorter.elts = [*node.elts[:at], *node.elts[at + 1 :]]
            yield _labelled(shorter, ast.unparse(row))
    elif isinstance(node, ast.Dict) and len(node.keys) > 1:
        for at, key in enumerate(node.keys):
            keys, values = ([*column[:at], *column[at + 1 :]] for column in (node.keys, node.values))
            yield _labelled(ast.Dict(keys, values), ast.unparse(key) if key else "**")


def _labelled(node: ast.AST, row: str) -> ast.AST:
    node.label = f"without {row}"  # type: ignore[attr-defined]
    return node


def _name(place: _Place, old: ast.AST, new: ast.AST) -> str:
    label = getattr(new, "label", None) or f"{_shown(old)} → {_shown(new)}"
    return f"{place.function}: {label}"


def _shown(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())
