# What tfvars could say before there was a module, they can say still.

mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  environment = "prod"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

run "as_little_as_may_be" {
  command = plan

  assert {
    condition     = output.tables == { core = "gg_core", guild = "gg_guild" } && output.functions["messages"].name == "chat-prod-messages"
    error_message = "Tables and functions must have the names of before."
  }
}

run "names_that_have_another_place_now" {
  command = plan

  variables {
    kms_key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/1"
    alarm_topic_arn        = "arn:aws:sns:eu-central-1:123456789012:on-call"
    table_names            = { guild = "their_guild" }
    existing_tables        = ["guild"]
    guild_service_role_arn = "arn:aws:iam::123456789012:role/guilds"
    domain                 = { name = "chat.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1", zone_id = "Z1" }
  }

  assert {
    condition = alltrue([
      output.alarm_topic_arn == "arn:aws:sns:eu-central-1:123456789012:on-call",
      output.tables == { core = "gg_core", guild = "their_guild" },
      output.graphql_url == "https://chat.example.com/graphql",
    ])
    error_message = "What is there must be used under its old names, too."
  }
}
