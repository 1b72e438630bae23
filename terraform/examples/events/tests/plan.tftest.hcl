mock_provider "aws" {
  source = "../../tests/mocks"
}

run "a_consumer_of_the_bus" {
  command = apply

  assert {
    condition     = alltrue([for rule in values(aws_cloudwatch_event_rule.consumer) : rule.event_bus_name == output.events.bus.name]) && toset(keys(module.chat.functions)) == toset(concat(keys(module.chat.functions), ["read_stream", "reemit_events", "publish_message"]))
    error_message = "The rules must be of the chat's bus, and its functions publish and tell."
  }
}
