"""Which of Jinja2's forms a prompt may use: those of which the work can be counted.

What repeats itself (macros, recursive loops) or keeps what it made for a later use (blocks, lists
of variables) doubles with every line, so thirty lines make gigabytes. Loops and joined texts stay,
and are sent through filters that count them.
"""

from __future__ import annotations

from typing import NoReturn, cast

from jinja2 import TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

COUNTED = "counted"
"""The filter that every loop goes over."""
TOGETHER = "together"
"""The filter that takes the place of `~`."""
WEIGHED = "weighed"
"""The filter around what is compared, searched, tested or cut, which may be long."""


def bounded(template: nodes.Template, name: str | None) -> nodes.Template:
    """The template in countable form. Raises TemplateSyntaxError for what has none."""
    changed = _Bounded(name).visit(template)
    changed.set_environment(template.environment)
    return changed


class _Bounded(NodeTransformer):
    def __init__(self, name: str | None) -> None:
        self._name = name

    def visit_For(self, node: nodes.For) -> nodes.For:
        if node.recursive:
            self._refuse(node, "a loop may not be recursive")
        self.generic_visit(node)
        node.iter = _through(COUNTED, node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        self.generic_visit(node)
        return _through(TOGETHER, nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:
        self.generic_visit(node)
        node.expr = _through(WEIGHED, node.expr)
        for operand in node.ops:
            operand.expr = _through(WEIGHED, operand.expr)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Test:
        self.generic_visit(node)
        # These two ask whether there is a value at all.
        if node.name not in ("defined", "undefined"):
            node.node = _through(WEIGHED, node.node)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _through(WEIGHED, node.node)
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return self._constant(node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        return self._constant(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        return self._constant(node) if node.ctx == "load" else node

    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        if isinstance(node, _REFUSED):
            kind = type(node).__name__
            self._refuse(node, f"prompts have if, for, set and include, and no {kind}")
        return super().generic_visit(node, *args, **kwargs)

    def _constant(self, node: nodes.Expr) -> nodes.Node:
        try:
            node.as_const()
        except nodes.Impossible:
            self._refuse(node, "a list or table in a prompt holds constants only")
        return node

    def _refuse(self, node: nodes.Node, why: str) -> NoReturn:
        raise TemplateSyntaxError(why, node.lineno, self._name, self._name)


_REFUSED = (
    nodes.AssignBlock,
    nodes.Block,
    nodes.CallBlock,
    nodes.Extends,
    nodes.FilterBlock,
    nodes.FromImport,
    nodes.Import,
    nodes.Macro,
    nodes.ScopedEvalContextModifier,
)


def _through(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)
