"""What other programs read in the exports that formats.spec.ts expects:

pip install onnx==1.23.2 onnxruntime==1.32.0 pypmml==1.5.8 numpy (pypmml needs Java); python readers-for-tests.py

Reads "rows", and "pmml" and "onnx" of each model, from readers-for-tests.json, and writes there what they predict.
"""

import base64
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from pypmml import Model

FILE = Path(__file__).with_name("readers-for-tests.json")
cases = json.loads(FILE.read_text())
rows = np.array(cases["rows"], dtype=np.float64)
for case in cases["models"].values():
    content = base64.b64decode(case["onnx"])
    model = onnx.load_model_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    known = {each.key: each.value for each in model.metadata_props}
    predictions = onnxruntime.InferenceSession(content).run(None, {"columns": rows})[0]
    case["onnxruntime"] = {"columns": json.loads(known["columns"]), "label": known["label"], "predictions": predictions.ravel().tolist()}
    pmml = Model.fromString(case["pmml"])
    names = pmml.inputNames
    found = [next(iter(pmml.predict(dict(zip(names, row))).values())) for row in rows.tolist()]
    case["pypmml"] = {"columns": names, "label": pmml.targetNames[0], "predictions": found}
FILE.write_text(json.dumps(cases, indent=2, ensure_ascii=False) + "\n")
