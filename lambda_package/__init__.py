"""What goes into Lambda: the layers and one zip for each function, built from the locks and the code; and releases.

`python -m lambda_package` builds them; `python -m lambda_package.botocore_data` writes botocore's data of our own anew.
"""
