mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  network = { vpc_id = "vpc-1", public_subnets = ["subnet-1", "subnet-2"], private_subnets = ["subnet-3", "subnet-4"] }
  domain = {
    api                     = "chat-api.example.com"
    api_certificate_arn     = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    page                    = "chat.example.com"
    page_certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/3"
    gateway_certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/2"
    zone_id                 = "Z1"
  }
  release = {
    bucket = "releases"
    prefix = "1.4.0/"
    sha256sums = join("", concat(
      ["${sha256("chat")}  layer-chat.zip\n", "${sha256("arm")}  layer-dependencies-arm64.zip\n"],
      [for module in concat(["guild_membership", "run_jobs", "read_stream", "project_stream", "reemit_events"], [for each in jsondecode(file("../../../resolvers/wiring.json")).fields : each.module]) : "${sha256(module)}  functions/${module}.zip\n"],
    ))
  }
}

run "everything" {
  command = plan

  assert {
    condition     = output.graphql_url == "https://chat-api.example.com/graphql" && module.chat.authorizer == null
    error_message = "People come by the domain, and AppSync verifies their tokens itself."
  }

  assert {
    condition     = output.page_url == "https://chat.example.com"
    error_message = "The page has a name of its own, and signs in at the pool that is made here."
  }

  assert {
    condition     = strcontains(module.chat.schema, "): Message @aws_cognito_user_pools @aws_oidc @aws_iam\n")
    error_message = "Fields must be open to all three modes."
  }
}
