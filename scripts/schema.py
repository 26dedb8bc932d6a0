"""Write the published JSON Schemas, of the report and of the inventory, from their types."""

import json
from pathlib import Path

from workbench.report import document, servers

if __name__ == "__main__":
    for name, module in (("report-v1.json", document), ("servers-v1.json", servers)):
        path = Path(str(module.__file__)).parent / "schema" / name
        path.write_text(json.dumps(module.schema(), indent=2) + "\n")
        print(path)
