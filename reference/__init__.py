"""The API's and the gateway's reference, made from what they are: the schema, the frames, the routes."""
