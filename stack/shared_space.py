from __future__ import annotations

from collections.abc import Sequence

from stack.cdktf_ import Construct, Fn, ITerraformDependable, Token
from stack.element import is_empty, is_given, when
from stack.tama import DataTamaSpace, Space


class SharedSpace(Construct):
    """A space that is someone else's when its id is given, and created when it is not.

    Terraform decides at plan time, so that `given` may be a variable. Its value must be known by then: the id of a
    space that the same stack creates is not.

    Args:
        scope: Where the construct hangs in the tree.
        id_: Its name there.
        given: The id or slug of a space that exists and is only looked up; empty to create one.
        name: The name of the space that is created.
        type_: The type of the space that is created: `root`, `component` or `global`.
        after: What must be there before the space is created. The look-up does not wait for it: it would do so again
            with every change of what comes before, and every bridge of the space would be replaced.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        /,
        *,
        given: str = "",
        name: str,
        type_: str,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.given = DataTamaSpace(self, "given", id=given, count=when(is_given(given)))
        self.created = Space(self, "created", name=name, type=type_, count=when(is_empty(given)), depends_on=after)
        id_there = Fn.conditional(is_empty(given), Fn.one(self.created.every("id")), Fn.one(self.given.every("id")))
        self.id = Token.as_string(id_there)
        """The id of the space."""
