"""The CDKTF app: `cdktf synth`, `deploy`, `diff` and `destroy` run it from this folder."""

from pathlib import Path

from stack.app import PersonalizationStack
from stack.cdktf_ import App

ROOT = Path(__file__).resolve().parent

app = App()
PersonalizationStack(
    app, "personalization", contract=ROOT / "schemas" / "personalization.yaml", folder=ROOT / ".state" / "cdktf"
)
app.synth()
