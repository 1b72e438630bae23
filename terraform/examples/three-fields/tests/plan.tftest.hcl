# Planned as a team would plan it, their API unknown as yet.

mock_provider "aws" {
  source = "../../tests/mocks"
}

run "three_fields" {
  command = plan

  assert {
    condition     = toset(keys(module.chat.functions)) == toset(["messages", "send_message", "on_message"])
    error_message = "Three fields are three functions."
  }

  assert {
    condition     = module.chat.authorizer == null && module.chat.schema == null
    error_message = "Nothing that their API has may be made."
  }
}
