# The modes of an API of ours, and what its schema, its functions and its gateway are told, follow from var.identity.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
}

run "one_pool" {
  command = plan

  variables {
    identity = [{
      name = "pool", type = "cognito", issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34E", clients = ["one", "two"]
    }]
  }

  assert {
    condition = alltrue([
      aws_appsync_graphql_api.chat[0].authentication_type == "AMAZON_COGNITO_USER_POOLS",
      aws_appsync_graphql_api.chat[0].user_pool_config[0].user_pool_id == "eu-west-1_Ab12Cd34E",
      aws_appsync_graphql_api.chat[0].user_pool_config[0].aws_region == "eu-west-1",
      aws_appsync_graphql_api.chat[0].user_pool_config[0].app_id_client_regex == "^(one|two)$",
      aws_appsync_graphql_api.chat[0].user_pool_config[0].default_action == "ALLOW",
      length(aws_appsync_graphql_api.chat[0].lambda_authorizer_config) == 0,
      length(aws_appsync_graphql_api.chat[0].additional_authentication_provider) == 0,
    ])
    error_message = "The pool must be the API's one mode, for its clients."
  }

  assert {
    condition     = !strcontains(aws_appsync_graphql_api.chat[0].schema, "@aws_") || length(regexall("@aws_(lambda|cognito_user_pools|oidc|iam)", aws_appsync_graphql_api.chat[0].schema)) == 0
    error_message = "One mode alone needs no directives."
  }

  assert {
    condition     = !contains(keys(aws_lambda_function.chat), "authorizer") && length(aws_lambda_permission.authorizer) == 0 && output.authorizer == null
    error_message = "Without a source that our authorizer verifies there is none."
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat :
      lookup(function.environment[0].variables, "IDENTITY", null) == (contains(local.functions[module].settings, "IDENTITY") ? jsonencode(var.identity) : null)
      && !contains(keys(function.environment[0].variables), "JWT_ISSUER")
    ])
    error_message = "All functions that ask who calls must be told of the source, and of nothing else."
  }

  assert {
    condition     = length([for key in keys(aws_cloudwatch_metric_alarm.chat) : key if endswith(key, ".authorizer")]) == 0
    error_message = "Nothing watches an authorizer that is not there."
  }
}

run "all_sources_beside_our_authorizer" {
  command = plan

  variables {
    token_marker = "chat."
    identity = [
      { name = "entra", type = "oidc", issuer = "https://login.example.com/v2.0", audiences = ["api://chat"], prefix = "e:" },
      { name = "web", type = "cognito", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E", clients = ["web"] },
      { name = "app", type = "cognito", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E", clients = ["app"], prefix = "app:" },
      { name = "keycloak", type = "oidc", verifiedBy = ["authorizer"], issuer = "https://sso.example.com/realms/x", clients = ["web"], prefix = "kc:" },
      { name = "services", type = "iam", prefix = "iam:", callers = [{ role = "arn:aws:iam::123456789012:role/bot", userId = "bot" }] },
    ]
  }

  assert {
    condition = alltrue([
      aws_appsync_graphql_api.chat[0].authentication_type == "AWS_LAMBDA",
      length(aws_appsync_graphql_api.chat[0].lambda_authorizer_config) == 1,
      toset([for each in aws_appsync_graphql_api.chat[0].additional_authentication_provider : each.authentication_type]) == toset(["OPENID_CONNECT", "AMAZON_COGNITO_USER_POOLS", "AWS_IAM"]),
      length(aws_appsync_graphql_api.chat[0].additional_authentication_provider) == 3,
      [for each in aws_appsync_graphql_api.chat[0].additional_authentication_provider : each.openid_connect_config[0].client_id if length(each.openid_connect_config) > 0] == ["^(api\\:\\/\\/chat)$"],
      [for each in aws_appsync_graphql_api.chat[0].additional_authentication_provider : each.user_pool_config[0].app_id_client_regex if length(each.user_pool_config) > 0] == ["^(web|app)$"],
    ])
    error_message = "Our authorizer must be the default, and each of the others once, two sources of one pool together."
  }

  assert {
    condition     = strcontains(aws_appsync_graphql_api.chat[0].schema, "): Message @aws_lambda @aws_cognito_user_pools @aws_oidc @aws_iam\n") && strcontains(aws_appsync_graphql_api.chat[0].schema, "type Message @aws_lambda @aws_cognito_user_pools @aws_oidc @aws_iam {")
    error_message = "Fields and types must be open to all modes."
  }

  assert {
    condition     = aws_lambda_function.chat["authorizer"].environment[0].variables["TOKEN_MARKER"] == "chat." && contains(keys(aws_lambda_function.chat), "authorizer")
    error_message = "The authorizer must be told how its tokens are marked."
  }
}

run "another_teams_authorizer" {
  command = plan

  variables {
    identity = [{ name = "theirs", type = "lambda", userId = "sub" }]
    existing = { authorizer = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:theirs:live" } }
  }

  assert {
    condition     = aws_appsync_graphql_api.chat[0].lambda_authorizer_config[0].authorizer_uri == "arn:aws:lambda:eu-central-1:123456789012:function:theirs:live" && !contains(keys(aws_lambda_function.chat), "authorizer") && length(aws_lambda_permission.authorizer) == 0
    error_message = "Their authorizer must be called, and not be changed."
  }
}

run "the_gateway_calls_by_its_role" {
  command = plan

  variables {
    role_path = "/chat/"
    identity  = [{ name = "pool", type = "cognito", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E", clients = ["web"] }]
    gateway = {
      image                 = "image"
      vpc_id                = "vpc-1"
      load_balancer_subnets = ["subnet-1", "subnet-2"]
      task_subnets          = ["subnet-3", "subnet-4"]
      certificate_arn       = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      allowed_origins       = ["https://chat.example.com"]
      service_auth          = "iam"
    }
  }

  assert {
    condition = jsondecode(aws_lambda_function.chat["messages"].environment[0].variables["IDENTITY"])[1] == {
      name    = "gateway", type = "iam", prefix = "gateway:"
      callers = [{ role = "arn:aws:iam::123456789012:role/chat/chat-test-gateway-task-eu-central-1", userId = "gateway", roles = ["gateway"] }]
    }
    error_message = "The functions must know the gateway by the role of its tasks."
  }

  assert {
    condition = (
      aws_iam_role.gateway_task["on"].name == "chat-test-gateway-task-eu-central-1"
      && local.gateway_environment["on"].SERVICE_AUTH == "iam" && local.gateway_environment["on"].SERVICE_TOKEN == null
      && local.gateway_environment["on"].IDENTITY == aws_lambda_function.chat["messages"].environment[0].variables["IDENTITY"]
    )
    error_message = "The gateway must sign by its role, and know the sources as the functions do."
  }

  assert {
    condition     = [for each in aws_appsync_graphql_api.chat[0].additional_authentication_provider : each.authentication_type] == ["AWS_IAM"] && aws_appsync_graphql_api.chat[0].authentication_type == "AMAZON_COGNITO_USER_POOLS"
    error_message = "The API must take signed requests beside the pool's tokens."
  }
}

run "both_ways_of_saying_who_calls" {
  command = plan

  variables {
    jwt      = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
    identity = [{ name = "pool", type = "cognito", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E", clients = ["web"] }]
  }

  expect_failures = [var.jwt]
}

run "sources_that_nobody_could_verify" {
  command = plan

  variables {
    identity = [
      { name = "pool", type = "cognito", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E" },
      { name = "theirs", type = "lambda" },
      { name = "other", type = "saml" },
    ]
  }

  expect_failures = [var.identity]
}

run "plain_tokens_that_appsync_would_take_for_its_own" {
  command = plan

  variables {
    identity = [
      { name = "pool", type = "cognito", issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E", clients = ["web"] },
      { name = "keycloak", type = "oidc", verifiedBy = ["authorizer"], issuer = "https://sso.example.com/realms/x", clients = ["web"], prefix = "kc:" },
    ]
  }

  expect_failures = [var.token_marker]
}
