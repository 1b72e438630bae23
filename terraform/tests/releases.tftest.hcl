# What releases/ is told, and that Terraform leaves to it what the aliases point to.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
  fields      = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
  publish     = "stream"
}

run "as_it_is_made" {
  command = apply

  assert {
    condition = alltrue([
      toset(keys(output.release.functions)) == toset(keys(merge(aws_lambda_alias.live, aws_lambda_alias.reader))),
      alltrue([for module, each in output.release.functions : each.name == merge(aws_lambda_alias.live, aws_lambda_alias.reader)[module].function_name && each.version == "7"]),
      toset(keys(output.release.layers)) == toset(["chat", "dependencies"]),
      output.release.alias == "live" && output.release.region == "eu-central-1" && output.release.architecture == "arm64",
      output.release.schema_sha256 == sha256(output.schema),
    ])
    error_message = "A release must hold every function, what reads streams too, both layers and the schema."
  }

  assert {
    condition = toset(output.release.alarms) == toset(concat(["chat-test-slo"], [
      for name in ["internal-error-all", "service-unavailable-all", "broken-run-all", "authorizer-failed-authorizer", "keys-unavailable-authorizer", "tokens-refused-authorizer", "selection-unknown-all", "clock-in-doubt-all", "inbound-refused-api"] : "chat-test-${name}"
    ]))
    error_message = "A canary must be reverted by what is promised to people, and by what refuses them."
  }
}

# The mock provider publishes nothing, but a function that is made anew gets the version that is said here.
run "with_newer_versions" {
  command = plan

  plan_options {
    replace = [aws_lambda_function.chat["messages"], aws_lambda_function.reader["read_stream"]]
  }

  override_resource {
    target          = aws_lambda_function.chat["messages"]
    values          = { version = "8" }
    override_during = plan
  }

  override_resource {
    target          = aws_lambda_function.reader["read_stream"]
    values          = { version = "8" }
    override_during = plan
  }

  assert {
    condition = alltrue([
      aws_lambda_function.chat["messages"].version == "8" && aws_lambda_alias.live["messages"].function_version == "7",
      aws_lambda_function.reader["read_stream"].version == "8" && aws_lambda_alias.reader["read_stream"].function_version == "7",
    ])
    error_message = "An alias must stay where it is when a newer version is published."
  }
}
