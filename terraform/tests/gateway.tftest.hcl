# The gateway's part, looked at without a cloud. tests/terraform invents packages; by hand `make package` comes first.

# Nothing is applied: what AWS would answer is invented while planning, so that all is known then. That it can be planned while
# that is unknown is seen in identity.tftest.hcl, names.tftest.hcl and examples/complete.
mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  environment = "other"
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

run "tasks_without_rights_and_what_watches_them" {
  command = plan

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

  assert {
    condition = alltrue([
      for policy in values(aws_appautoscaling_policy.gateway) :
      alltrue([
        for by in policy.target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].dimensions :
        by.name == "deployment" && by.value == "chat-other"
      ])
      && length(policy.target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].dimensions) == 1
    ])
    error_message = "Two deployments in an account must not share the metric that tasks are added by."
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.gateway["on"].container_definitions) :
      contains(container.environment, { name = "DEPLOYMENT_NAME", value = "chat-other" })
    ])
    error_message = "The tasks must count by the name that alarms and autoscaling look for."
  }

  assert {
    condition = alltrue([
      for kind in ["lag", "breaker", "service", "refused"] :
      aws_cloudwatch_metric_alarm.chat["gateway-${kind}.on"].dimensions == tomap({ deployment = "chat-other" })
    ])
    error_message = "Alarms of the gateway's own lines must be this deployment's."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.chat["gateway-lag.on"].threshold == 500 && aws_cloudwatch_metric_alarm.chat["gateway-memory.on"].threshold == 85
    error_message = "The thresholds that the runbook names must be these."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.chat["gateway-memory.on"].dimensions["ServiceName"] == "chat-other-gateway" && aws_cloudwatch_metric_alarm.gateway_tasks["on"].treat_missing_data == "breaching"
    error_message = "Memory and tasks must be those of this deployment's service; no word of tasks is no comfort."
  }

  assert {
    condition     = length(regexall("GatewayLagP95Ms", aws_cloudwatch_dashboard.chat.dashboard_body)) > 0
    error_message = "The dashboard must show the gateway."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.gateway_start["on"].policy, "kms:")
    error_message = "Without a key of its own the secret needs no right to one."
  }
}

run "the_key_of_its_secret_opens_nothing_else" {
  command = plan

  variables {
    gateway = {
      image                 = "image"
      vpc_id                = "vpc-1"
      load_balancer_subnets = ["subnet-1", "subnet-2"]
      task_subnets          = ["subnet-3", "subnet-4"]
      certificate_arn       = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      token_secret_arn      = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:gateway-abcdef"
      token_key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/1"
      allowed_origins       = ["https://chat.example.com"]
    }
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.gateway_start["on"].policy).Statement : statement if statement.Sid == "TokenKey"] == [{
      Sid       = "TokenKey"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = "arn:aws:kms:eu-central-1:123456789012:key/1"
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" } }
    }]
    error_message = "Whoever starts a task must be able to open its secret, and by Secrets Manager alone."
  }
}

run "there_is_none_unless_it_is_wanted" {
  command = plan

  variables {
    gateway = null
  }

  assert {
    condition     = length(aws_ecs_service.gateway) == 0 && length(aws_lb.gateway) == 0 && !anytrue([for key in keys(aws_cloudwatch_metric_alarm.chat) : startswith(key, "gateway-")]) && length(aws_cloudwatch_metric_alarm.gateway_tasks) == 0
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
