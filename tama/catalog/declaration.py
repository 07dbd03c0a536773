"""The language in which a Tama resource is declared, once, for everyone who needs to know it.

The provider derives Terraform schemas and CRUD from a declaration, the control plane its routes and validation, and the
generator the typed CDKTF constructs and the reference pages. A declaration is data; what a resource does beyond CRUD is
a named function beside it.

Values that the functions see are plain Python: ``None``, ``bool``, ``int``, ``float``, ``str``, ``list`` and ``dict``;
a JSON attribute is the parsed document. A value that is not known yet is whatever object the caller uses for it:
functions that run at plan time get the test ``known`` as an argument and never look into such a value.

This module is read at every launch of the provider, so it imports nothing (``dataclasses`` alone would cost 15 ms).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    Values = Mapping[str, Any]


class Problem:
    """Something wrong with a configuration; `path` leads to the attribute by names and list indices."""

    __slots__ = ("detail", "path", "summary")

    def __init__(self, summary: str, detail: str, path: tuple[str | int, ...] = ()) -> None:
        self.summary = summary
        self.detail = detail
        self.path = path


class Unfit(Exception):  # noqa: N818 - it is an answer, not a failure
    """An object is not what a resource stands for, e.g. after an import; `problem` says what it is."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class Attribute:
    """One attribute, as Terraform and the API see it. Subclasses name the type of its value.

    Args:
        name: its name in Terraform, and in the API unless `key` says otherwise.
        description: one sentence, Markdown, for the docs and for people's editors.
        required, optional, computed, sensitive: as in a Terraform schema.
        replaces: a change makes a new object, as the API cannot change it in place.
        default: the value that an optional, computed attribute has when nothing is configured; of JSON, its text.
        clears: of an optional, computed attribute, that Tama gives it no value of its own: what is no longer configured
            is removed.
        one_of: the allowed values; empty when any is.
        non_empty: the empty string or list is not a value.
        url: of a text, that it is an absolute URL of HTTP.
        minimum: of a number, the least that it may be.
        follows: of a computed attribute, those whose change may change it; without any it never changes once known.
        key: its key in request and response bodies; dots descend (`credential.api_key`).
        sent: whether requests carry it. What stands in the collection's path is never in a body.
        returned: whether responses carry it; a secret is not.
        refers_to: the resource type whose id it holds.
        write_only: Terraform hands it over and does not keep it.
        twin_of: the attribute that it stands for, one of which is configured; `demanded` says that one must be.
        attributes: of an object or a list of objects, what stands in it.
    """

    kind = ""
    __slots__ = (
        "attributes",
        "clears",
        "computed",
        "default",
        "demanded",
        "description",
        "follows",
        "key",
        "minimum",
        "name",
        "non_empty",
        "one_of",
        "optional",
        "refers_to",
        "replaces",
        "required",
        "returned",
        "sensitive",
        "sent",
        "twin_of",
        "url",
        "write_only",
    )

    def __init__(
        self,
        name: str,
        description: str,
        *,
        required: bool = False,
        optional: bool = False,
        computed: bool = False,
        sensitive: bool = False,
        replaces: bool = False,
        default: object = None,
        clears: bool = False,
        one_of: tuple[str, ...] = (),
        non_empty: bool = False,
        url: bool = False,
        minimum: int | None = None,
        follows: tuple[str, ...] = (),
        key: str = "",
        sent: bool = True,
        returned: bool = True,
        refers_to: str = "",
        write_only: bool = False,
        twin_of: str = "",
        demanded: bool = False,
        attributes: tuple[Attribute, ...] = (),
    ) -> None:
        self.name = name
        self.description = description
        self.required = required
        self.optional = optional
        self.computed = computed
        self.sensitive = sensitive
        self.replaces = replaces
        self.default = default
        self.clears = clears
        self.one_of = one_of
        self.non_empty = non_empty
        self.url = url
        self.minimum = minimum
        self.follows = follows
        self.key = key or name
        self.sent = sent and (required or optional)
        self.returned = returned
        self.refers_to = refers_to
        self.write_only = write_only
        self.twin_of = twin_of
        self.demanded = demanded
        self.attributes = attributes


class Text(Attribute):
    """A string."""

    kind = "string"
    __slots__ = ()


class Integer(Attribute):
    """A whole number, of any size."""

    kind = "integer"
    __slots__ = ()


class Number(Attribute):
    """A number, with or without a fraction."""

    kind = "number"
    __slots__ = ()


class Boolean(Attribute):
    """True or false."""

    kind = "boolean"
    __slots__ = ()


class Json(Attribute):
    """A JSON document: a string in Terraform, compared by meaning; the document itself in the API."""

    kind = "json"
    __slots__ = ()


class Texts(Attribute):
    """A list of strings."""

    kind = "strings"
    __slots__ = ()


class Integers(Attribute):
    """A list of whole numbers."""

    kind = "integers"
    __slots__ = ()


class Object(Attribute):
    """A nested attribute: one object."""

    kind = "object"
    __slots__ = ()


class Objects(Attribute):
    """A nested attribute: a list of objects."""

    kind = "objects"
    __slots__ = ()


class Block:
    """A nested block.

    Args:
        name, description, key, sent, returned: as for an attribute.
        many: a list of blocks; otherwise a single one.
        required: it must stand in the configuration.
        attributes, blocks: what stands in it.
    """

    __slots__ = ("attributes", "blocks", "description", "key", "many", "name", "required", "returned", "sent")

    def __init__(
        self,
        name: str,
        description: str,
        attributes: tuple[Attribute, ...],
        *,
        blocks: tuple[Block, ...] = (),
        many: bool = False,
        required: bool = False,
        key: str = "",
        sent: bool = True,
        returned: bool = True,
    ) -> None:
        self.name = name
        self.description = description
        self.attributes = attributes
        self.blocks = blocks
        self.many = many
        self.required = required
        self.key = key or name
        self.sent = sent
        self.returned = returned


class Settling:
    """The state machine of an object that Tama works on after it was created or changed.

    Args:
        attribute: the computed attribute that shows the state.
        good, bad: the terminal states; every other one is on its way.
        reason: the key of the response that says why a bad state was reached.
    """

    __slots__ = ("attribute", "bad", "good", "reason")

    def __init__(
        self,
        attribute: str,
        *,
        good: tuple[str, ...],
        bad: tuple[str, ...] = (),
        reason: str = "reason",
    ) -> None:
        self.attribute = attribute
        self.good = good
        self.bad = bad
        self.reason = reason


class Resource:
    """A kind of object that the provisioning API keeps.

    Args:
        type: the resource type without the provider's prefix, such as `space_bridge`.
        thing: what error messages call it.
        summary: one sentence for the docs.
        collection: the path to POST to; `{name}` stands for an attribute.
        member: the path to GET, PATCH and DELETE; `{id}` is the object's.
        wrapper: the key that request bodies are wrapped in.
        attributes, blocks: in the order in which the docs show them; `id` is implied.
        settles: what `wait_for` waits for; None when the object is ready at once.
        kind: the kind of object that the API keeps, where several resources stand for objects of one kind.
        unique: the sets of attributes (and `slug`) whose values together may stand in one object only.
        import_id: what names the object in an import.
        updates, deletes: whether the API can change and delete it.
        validate: problems of a configuration that no single attribute shows; `known` tells whether a value is known.
        derive: computed values that a plan shows already. Gets the planned values and `known`.
        check: problems that only the control plane can show, looked for before the object is made or changed. Gets the
            planned values and a function that GETs the path that some values fill in.
        to_body: adds to, or changes, the request body made from the attributes. Gets planned values and the body.
        from_response: adds to, or changes, the values read from a response. Gets the response, the values that were in
            the state or plan before (empty after an import), and the values; it returns the new values.
    """

    __slots__ = (
        "attributes",
        "blocks",
        "check",
        "collection",
        "deletes",
        "derive",
        "from_response",
        "import_id",
        "kind",
        "member",
        "settles",
        "summary",
        "thing",
        "to_body",
        "type",
        "unique",
        "updates",
        "validate",
        "wrapper",
    )

    def __init__(
        self,
        type: str,
        *,
        thing: str,
        summary: str,
        collection: str,
        member: str,
        wrapper: str,
        attributes: tuple[Attribute, ...],
        blocks: tuple[Block, ...] = (),
        settles: Settling | None = None,
        kind: str = "",
        unique: tuple[tuple[str, ...], ...] = (),
        import_id: str = "{id}",
        updates: bool = True,
        deletes: bool = True,
        validate: Callable[[Values, Callable[[object], bool]], Iterable[Problem]] | None = None,
        derive: Callable[[Values, Callable[[object], bool]], dict[str, Any]] | None = None,
        check: Callable[[Values, Callable[[str, Values], Any]], Iterable[Problem]] | None = None,
        to_body: Callable[[Values, dict[str, Any]], dict[str, Any]] | None = None,
        from_response: Callable[[Values, Values, dict[str, Any]], dict[str, Any]] | None = None,
    ) -> None:
        self.type = type
        self.thing = thing
        self.summary = summary
        self.collection = collection
        self.member = member
        self.wrapper = wrapper
        self.attributes = attributes
        self.blocks = blocks
        self.settles = settles
        self.kind = kind or type
        self.unique = unique
        self.import_id = import_id
        self.updates = updates
        self.deletes = deletes
        self.validate = validate
        self.derive = derive
        self.check = check
        self.to_body = to_body
        self.from_response = from_response


class Lookup:
    """One way to find an object: the arguments it takes and the path to GET.

    `{name}` in the path stands for an argument, percent-encoded; `{name:base64url}` for its URL-safe base64 form with
    padding, `{name:lower}` for its lower-case form. `advice` says what helps when nothing is found.
    """

    __slots__ = ("advice", "arguments", "path")

    def __init__(self, arguments: tuple[str, ...], path: str, advice: str = "") -> None:
        self.arguments = arguments
        self.path = path
        self.advice = advice


class DataSource:
    """A kind of object that can be looked up.

    Args:
        type, thing, summary, kind: as for a resource.
        lookups: the ways to find it; a configuration gives the arguments of exactly one.
        attributes, blocks: arguments are required or optional; everything that an answer fills is computed.
        gather: makes the answer from that of the lookup and from others; it gets a function that GETs, several at once,
            the paths that each of some values fill in. The API keeps no object that such a data source stands for.
        missing, conflicting: what is said when the arguments of none, or of more than one, lookup are given.
        from_response: as for a resource.
    """

    __slots__ = (
        "attributes",
        "blocks",
        "conflicting",
        "from_response",
        "gather",
        "kind",
        "lookups",
        "missing",
        "summary",
        "thing",
        "type",
    )

    def __init__(
        self,
        type: str,
        *,
        thing: str,
        summary: str,
        lookups: tuple[Lookup, ...],
        attributes: tuple[Attribute, ...],
        blocks: tuple[Block, ...] = (),
        kind: str = "",
        gather: Callable[[Values, Callable[[str, Sequence[Values]], list[Any]]], Values] | None = None,
        missing: Problem | None = None,
        conflicting: Problem | None = None,
        from_response: Callable[[Values, Values, dict[str, Any]], dict[str, Any]] | None = None,
    ) -> None:
        self.type = type
        self.thing = thing
        self.summary = summary
        self.lookups = lookups
        self.attributes = attributes
        self.blocks = blocks
        self.kind = kind or type
        self.gather = gather
        self.missing = missing
        self.conflicting = conflicting
        self.from_response = from_response
