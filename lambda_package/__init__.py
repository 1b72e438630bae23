"""Builds what Lambda runs, from the locks and the code: layers and a zip for each function. Builds releases.

`python -m lambda_package` does that; `python -m lambda_package.botocore_data` writes the lean client's data.
"""
