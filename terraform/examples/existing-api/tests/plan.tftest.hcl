mock_provider "aws" {}

mock_provider "aws" {
  alias  = "other"
  source = "../../tests/mocks"

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
}

variables {
  api_id = "abcdefghijklmnopqrstuvwxyz"
}

run "all_fields" {
  command = plan

  assert {
    condition     = length(module.chat.functions) > 30 && !contains(keys(module.chat.functions), "authorizer")
    error_message = "All fields' functions, and no authorizer."
  }

  assert {
    condition     = module.chat.api.id == "abcdefghijklmnopqrstuvwxyz" && module.chat.api.arn == "arn:aws:appsync:eu-west-1:123456789012:apis/abcdefghijklmnopqrstuvwxyz"
    error_message = "The API is theirs."
  }
}
