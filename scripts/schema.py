"""Write the published JSON Schemas, of the report and of the inventory, from their types."""

import json
from pathlib import Path

from workbench import audit_trail
from workbench.report import document, servers

SCHEMAS = {"report-v1.json": document, "servers-v1.json": servers, "audit-trail-v1.json": audit_trail}

if __name__ == "__main__":
    for name, module in SCHEMAS.items():
        path = Path(str(document.__file__)).parent / "schema" / name
        path.write_text(json.dumps(module.schema(), indent=2) + "\n")
        print(path)
