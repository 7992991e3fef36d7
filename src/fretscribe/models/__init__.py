"""Networks: what they are, and how they run on onnxruntime."""
