"""Write the published JSON Schema of the report from its types."""

import json
from pathlib import Path

from workbench.report import document

if __name__ == "__main__":
    path = Path(document.__file__).parent / "schema" / "report-v1.json"
    path.write_text(json.dumps(document.schema(), indent=2) + "\n")
    print(path)
