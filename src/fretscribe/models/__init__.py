"""Networks: what they are, and how they run on onnxruntime."""

import os

# Its official builds number the machine and report to their maker, unless told before they are loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
