# The gateway's part, looked at without a cloud. tests/terraform invents packages; by hand `make package` comes first.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }

  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:layer:mock:1" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:mock", version = "7" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:mock:live" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mock" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mock-abcdef" }
  }

  mock_resource "aws_appsync_graphql_api" {
    defaults = {
      arn  = "arn:aws:appsync:eu-central-1:123456789012:apis/mock"
      uris = { GRAPHQL = "https://mock.appsync-api/graphql", REALTIME = "wss://mock.appsync-realtime-api/graphql" }
    }
  }

  mock_resource "aws_kinesis_firehose_delivery_stream" {
    defaults = { arn = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/mock" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mock" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/mock" }
  }

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:mock" }
  }

  mock_resource "aws_lb" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mock/1", dns_name = "mock.elb.example" }
  }

  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/mock/1" }
  }

  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/mock/1/2" }
  }

  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/mock" }
  }

  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mock:1" }
  }
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
