"""The declaration of `tama_local_service`, in the catalog's language, though no Tama API keeps such an object."""

from tama.catalog.declaration import Integer, Resource, Text

RESOURCE = Resource(
    "local_service",
    thing="local service",
    summary="The companion service, running on this machine as a process of its own.",
    collection="",
    member="",
    wrapper="",
    attributes=(
        Text(
            "data_folder",
            "The folder for its database, key and log; absolute, or relative to Terraform's working folder.",
            required=True,
            replaces=True,
            non_empty=True,
        ),
        Integer(
            "port",
            "The port that it listens on at 127.0.0.1; a free one is taken at the first start, and kept.",
            optional=True,
            computed=True,
        ),
        Text(
            "api_key",
            "The API key that callers present, at least 32 characters; made from 256 random bits when not given.",
            optional=True,
            computed=True,
            sensitive=True,
        ),
        Text("url", "Where it answers, e.g. `http://127.0.0.1:8080`.", computed=True, follows=("port",)),
        Integer("pid", "The id of its process; null when it was found dead.", computed=True),
        Text("version", "The version of the code that it runs.", computed=True),
        Text("log_file", "The file that its output is appended to.", computed=True),
    ),
)
