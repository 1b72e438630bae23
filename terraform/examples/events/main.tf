# An API of ours whose messages are published by the tables' streams, and what happens in rooms told to others: a rule sends who comes and
# goes to a consumer's queue, and everything to a log group, where one can look at it.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

data "aws_caller_identity" "current" {}

variable "packages" {
  description = "The folder that holds the zips of `make package`. Null: dist/ of this project."
  type        = string
  default     = null
}

module "chat" {
  source = "../.."

  environment = "events"
  region      = "eu-central-1"
  packages    = var.packages

  publish = "stream"
  events  = { bus = {}, queue = {} }

  jwt = { issuer = "https://issuer.example", audience = "chat", jwks_url = "https://issuer.example/.well-known/jwks.json" }
}

# A consumer of its own. It takes an event at least once, and knows a repeat by the event's id; events of a room may come in
# another order, which rev restores. Who needs the order reads module.chat.events.queue.

locals {
  patterns = {
    comings = { source = ["chat"], "detail-type" = ["MEMBER_ADDED", "MEMBER_JOINED", "MEMBER_LEFT", "MEMBER_REMOVED", "MEMBER_BANNED", "GUILD_MEMBERSHIP"] }
    all     = { source = ["chat"] }
  }
  targets = { comings = aws_sqs_queue.comings.arn, all = aws_cloudwatch_log_group.all.arn }
}

resource "aws_cloudwatch_event_rule" "consumer" {
  for_each = local.patterns

  name           = "chat-${each.key}"
  event_bus_name = module.chat.events.bus.name
  event_pattern  = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "consumer" {
  for_each = local.patterns

  rule           = aws_cloudwatch_event_rule.consumer[each.key].name
  event_bus_name = module.chat.events.bus.name
  arn            = local.targets[each.key]
}

resource "aws_sqs_queue" "comings" {
  name                    = "chat-comings"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "comings" {
  queue_url = aws_sqs_queue.comings.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.comings.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.consumer["comings"].arn } }
    }]
  })
}

resource "aws_cloudwatch_log_group" "all" {
  name              = "/aws/events/chat"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_resource_policy" "all" {
  policy_name = "chat-events"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.all.arn}:*"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

output "events" {
  description = "Where events go, and where the places of those wait that could not be told of."
  value       = module.chat.events
}
