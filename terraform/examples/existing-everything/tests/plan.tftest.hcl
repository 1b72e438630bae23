# Nothing of theirs is known before it is made, and the plan is possible all the same. Applied, though on a mock: only then are the
# tables looked at.

mock_provider "aws" {
  alias  = "chat"
  source = "../../tests/mocks"
}

run "two_deployments" {
  command = apply

  assert {
    condition     = alltrue([for chat in values(module.chat) : toset(keys(chat.functions)) == toset(["messages", "send_message", "on_message", "read_stream", "reemit_events"])])
    error_message = "Each deployment has the functions of its fields."
  }

  assert {
    condition     = length(distinct(flatten([for chat in values(module.chat) : [for each in chat.functions : each.name]]))) == 10
    error_message = "Two deployments must not ask for the same names."
  }
}
