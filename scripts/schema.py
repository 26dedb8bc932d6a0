"""Write the published JSON Schemas of the documents for scripts from their types."""

import json
from pathlib import Path

from workbench import audit_trail
from workbench.report import (
    batch_file,
    comparing,
    document,
    history_document,
    plan_file,
    run_document,
    servers,
    waivers_document,
    watch_document,
)

SCHEMAS = {
    "report-v1.json": document,
    "servers-v1.json": servers,
    "audit-trail-v1.json": audit_trail,
    "plan-v1.json": plan_file,
    "run-v1.json": run_document,
    "history-v1.json": history_document,
    "batch-v1.json": batch_file,
    "compare-v1.json": comparing,
    "watch-v1.json": watch_document,
    "waivers-v1.json": waivers_document,
}
FURTHER = {"batch-run-v1.json": batch_file.run_schema, "backups-v1.json": history_document.backups_schema}
"""Of modules that have two."""

if __name__ == "__main__":
    for name, schema in ({name: module.schema for name, module in SCHEMAS.items()} | FURTHER).items():
        path = Path(str(document.__file__)).parent / "schema" / name
        path.write_text(json.dumps(schema(), indent=2) + "\n")
        print(path)
