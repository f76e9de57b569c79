"""Networks in ONNX files: read into plain data (reading), run with torch (running) by a table of operators."""
