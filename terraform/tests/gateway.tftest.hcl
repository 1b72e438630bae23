# The gateway's part, looked at without a cloud. tests/terraform invents packages; by hand `make package` comes first.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt = {
    issuer   = "https://issuer.example"
    audience = "chat"
    jwks_url = "https://issuer.example/keys"
  }
  gateway = {
    image                 = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/chat-gateway:1"
    repository_arn        = "arn:aws:ecr:eu-central-1:123456789012:repository/chat-gateway"
    vpc_id                = "vpc-1"
    load_balancer_subnets = ["subnet-1", "subnet-2"]
    task_subnets          = ["subnet-3", "subnet-4"]
    certificate_arn       = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    token_secret_arn      = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:gateway-abcdef"
    allowed_origins       = ["https://chat.example.com"]
    settings              = { TICK_MS = "15" }
  }
}

run "tasks_run_without_rights_and_get_their_token_by_reference" {
  command = apply

  assert {
    condition     = aws_ecs_task_definition.gateway["on"].task_role_arn == null
    error_message = "The process calls nothing of AWS but AppSync, by its token."
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.gateway["on"].container_definitions) :
      container.readonlyRootFilesystem && container.user == "10001"
      && container.secrets == [{ name = "GATEWAY_TOKEN", valueFrom = var.gateway.token_secret_arn }]
      && contains(container.environment, { name = "SERVICE_TOKEN", value = "env:GATEWAY_TOKEN" })
      && contains(container.environment, { name = "TRUSTED_PROXIES", value = "1" })
      && contains(container.environment, { name = "TICK_MS", value = "15" })
    ])
    error_message = "The container must run without root, with its token by reference and the settings that were given."
  }

  assert {
    condition     = aws_lb_listener.gateway["on"].protocol == "HTTPS" && aws_lb_listener_rule.gateway["on"].condition != null
    error_message = "Clients must come by TLS."
  }

  assert {
    condition     = keys(aws_appautoscaling_policy.gateway) == ["connections", "lagP95Ms"]
    error_message = "Tasks must be added for connections and for lag."
  }
}

run "there_is_none_unless_it_is_wanted" {
  command = plan

  variables {
    gateway = null
  }

  assert {
    condition     = length(aws_ecs_service.gateway) == 0 && length(aws_lb.gateway) == 0 && length(aws_cloudwatch_log_metric_filter.gateway) == 0
    error_message = "Without the variable nothing of the gateway may be made."
  }
}

run "a_token_itself_is_refused" {
  command = plan

  variables {
    gateway = {
      image                 = "image"
      vpc_id                = "vpc-1"
      load_balancer_subnets = ["subnet-1", "subnet-2"]
      task_subnets          = ["subnet-3", "subnet-4"]
      certificate_arn       = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      token_secret_arn      = "eyJhbGciOi"
      allowed_origins       = ["https://chat.example.com"]
    }
  }

  expect_failures = [var.gateway]
}

run "a_role_that_nobody_would_know" {
  command = plan

  variables {
    gateway = {
      image                 = "image"
      vpc_id                = "vpc-1"
      load_balancer_subnets = ["subnet-1", "subnet-2"]
      task_subnets          = ["subnet-3", "subnet-4"]
      certificate_arn       = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      allowed_origins       = ["https://chat.example.com"]
      service_auth          = "iam" # and the short form of identity has no callers of type iam
    }
  }

  expect_failures = [var.gateway]
}
