"""Write the published JSON Schemas of the documents for scripts from their types."""

import json
from pathlib import Path

from workbench import audit_trail
from workbench.report import document, plan_file, run_document, servers, watch_document

SCHEMAS = {
    "report-v1.json": document,
    "servers-v1.json": servers,
    "audit-trail-v1.json": audit_trail,
    "plan-v1.json": plan_file,
    "run-v1.json": run_document,
    "watch-v1.json": watch_document,
}

if __name__ == "__main__":
    for name, module in SCHEMAS.items():
        path = Path(str(document.__file__)).parent / "schema" / name
        path.write_text(json.dumps(module.schema(), indent=2) + "\n")
        print(path)
