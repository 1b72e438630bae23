"""A small chat in the manner of AWS's sample schema, sound or with one wrong design, to try the checks on.

Written anew after the schema of AWS's chat starter (Conversation, Message, UserConversation, createMessage,
allMessageConnection, subscribeToNewMessage). It is no backend: everything is in memory.
"""
