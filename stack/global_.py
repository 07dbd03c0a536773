from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from stack.cdktf_ import Construct, ITerraformDependable
from stack.element import is_empty, literal, when
from stack.shared_space import SharedSpace
from stack.tama import Class
from stack.tama.class_ import ClassSchema

CLASSES = Path(__file__).resolve().parent.parent / "modules" / "global" / "classes"
"""The JSON schemas of the classes, one file each, which both twins read."""

_CLASS_PROXY = ClassSchema(
    title="class-proxy",
    description="Stands for any class, by its name, where a flow is not bound to one.",
    type="object",
    properties=json.dumps(
        {
            "name": {"type": "string", "description": "The name of the class."},
            "description": {"type": "string", "description": "What the class is for."},
            "schema": {"type": "object", "description": "The JSON schema of the class."},
        }
    ),
    required=["name", "description", "schema"],
)


class Global(Construct):
    """What every module of Memovee shares: the space `global` and the classes in it.

    Args:
        scope: Where the construct hangs in the tree.
        id_: Its name there.
        space_id: The id or slug of the global space when someone else keeps it; then it is only looked up, and no class
            is created in it. Empty to create it.
    """

    def __init__(self, scope: Construct, id_: str, /, *, space_id: str = "") -> None:
        super().__init__(scope, id_)
        self.space = SharedSpace(self, "space", given=space_id, name="global", type_="global")
        count = when(is_empty(space_id))
        proxy = Class(self, "class_proxy", space_id=self.space.id, schema=[_CLASS_PROXY], count=count)
        self.classes: Mapping[str, Class] = {"class-proxy": proxy} | {
            path.stem: Class(
                self,
                path.stem.replace("-", "_"),
                space_id=self.space.id,
                schema_json=literal(path.read_text("utf-8")),
                count=count,
                depends_on=[proxy],
            )
            for path in sorted(CLASSES.glob("*.json"))
        }

    @property
    def dependables(self) -> list[ITerraformDependable]:
        """Everything that is made here, for the `depends_on` of what comes after."""
        return [self.space.given, self.space.created, *self.classes.values()]
