# Names fit what AWS takes, at the longest that var.name, var.environment and a region can be, and are nobody else's.

mock_provider "aws" {
  source = "./tests/mocks"

  mock_data "aws_region" {
    defaults = { id = "ap-southeast-2" }
  }
}

variables {
  name        = "abcdefghijklmnop"
  environment = "production12"
  region      = "ap-southeast-2"
  identity    = [{ name = "pool", type = "cognito", verifiedBy = ["authorizer"], issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E", clients = ["web"] }]
  waf         = { requests_per_5_minutes = 2000 }
  uploads     = {}
  page        = { sign_in = [{ issuer = "https://login.example.com", client_id = "page" }] }
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

run "the_longest_names" {
  command = plan

  assert {
    condition     = max([for role in concat(values(aws_iam_role.function), values(aws_iam_role.audit), values(aws_iam_role.gateway_start), values(aws_iam_role.gateway_task), [aws_iam_role.data_source], aws_iam_role.api_logs) : length(role.name)]...) <= 64
    error_message = "IAM takes 64 characters."
  }

  assert {
    condition     = max([for function in values(aws_lambda_function.chat) : length(function.function_name)]...) <= 64 && alltrue([for rule in values(aws_cloudwatch_event_rule.schedule) : length(rule.name) <= 64])
    error_message = "Lambda and EventBridge take 64 characters."
  }

  assert {
    condition     = max([for bucket in [aws_s3_bucket.audit, aws_s3_bucket.uploads[0], aws_s3_bucket.page["on"]] : length(bucket.bucket)]...) <= 63 && endswith(aws_s3_bucket.page["on"].bucket, "-page-123456789012-ap-southeast-2") && endswith(aws_s3_bucket.uploads[0].bucket, "-uploads-123456789012-ap-southeast-2") && can(regex("^[a-z0-9][a-z0-9-]+[a-z0-9]$", aws_s3_bucket.uploads[0].bucket))
    error_message = "S3 takes 63 characters, and the account and region must be among them."
  }

  assert {
    condition     = max(length(aws_lb.gateway["on"].name), length(aws_lb_target_group.gateway["on"].name)) <= 32 && can(regex("^[a-z][a-z0-9-]+-gateway$", aws_lb.gateway["on"].name))
    error_message = "Load balancers and target groups take 32 characters."
  }

  assert {
    condition     = max([for group in values(aws_xray_group.chat) : length(group.group_name)]...) <= 32 && length(distinct([for group in values(aws_xray_group.chat) : group.group_name])) == 2
    error_message = "X-Ray takes 32 characters, and the groups must be two."
  }

  assert {
    condition = alltrue([
      length(aws_kinesis_firehose_delivery_stream.audit.name) <= 64,
      length(aws_wafv2_web_acl.api[0].name) <= 128,
      max([for alarm in concat(values(aws_cloudwatch_metric_alarm.chat), values(aws_cloudwatch_metric_alarm.burn)) : length(alarm.alarm_name)]...) <= 255,
      length(aws_cloudwatch_composite_alarm.slo.alarm_rule) <= 10240,
      max([for layer in values(aws_lambda_layer_version.chat) : length(layer.layer_name)]...) <= 64,
      max([for table in values(aws_dynamodb_table.chat) : length(table.name)]...) <= 255,
      length(aws_ecs_cluster.gateway["on"].name) <= 255,
      length(aws_cloudfront_origin_access_control.page["on"].name) <= 64 && endswith(aws_cloudfront_origin_access_control.page["on"].name, "-page-ap-southeast-2"),
    ])
    error_message = "The others must fit, too."
  }

  assert {
    condition     = alltrue([for role in concat(values(aws_iam_role.function), [aws_iam_role.data_source]) : endswith(role.name, "-ap-southeast-2")])
    error_message = "Roles belong to the account: two regions must not ask for the same."
  }
}

run "names_from_before" {
  command = plan

  variables {
    name                 = "chat"
    environment          = "prod"
    region_in_role_names = false
    table_names          = { core = "gg_core", guild = "gg_guild" }
  }

  assert {
    condition = alltrue([
      aws_iam_role.function["messages"].name == "chat-prod-messages",
      aws_iam_role.data_source.name == "chat-prod-appsync",
      aws_s3_bucket.audit.bucket == "chat-prod-audit-123456789012-ap-southeast-2",
      aws_s3_bucket.uploads[0].bucket == "chat-prod-uploads-123456789012-ap-southeast-2",
      aws_lb.gateway["on"].name == "chat-prod-gateway",
      aws_dynamodb_table.chat["core"].name == "gg_core",
    ])
    error_message = "A deployment from before must keep its names: under others its resources would be made anew."
  }
}

run "another_partition" {
  command = plan

  variables {
    region = "us-gov-west-1"
    page   = null # CloudFront is of the partition aws
  }

  override_data {
    target = data.aws_region.current
    values = { id = "us-gov-west-1" }
  }

  assert {
    condition     = startswith(output.tables.core.arn, "arn:aws-us-gov:dynamodb:us-gov-west-1:")
    error_message = "ARNs must be of the region's partition."
  }
}

run "arns_are_known_though_something_comes_before" {
  command = plan

  module {
    source = "./tests/depends_on"
  }

  assert {
    condition = output.arns == {
      api   = "arn:aws:appsync:eu-central-1:123456789012:apis/abcdefghijklmnopqrstuvwxyz"
      core  = "arn:aws:dynamodb:eu-central-1:123456789012:table/chat-test-core"
      guild = "arn:aws:dynamodb:eu-central-1:123456789012:table/chat-test-guild"
    }
    error_message = "A policy of theirs that names ours must be planned as it is."
  }
}
