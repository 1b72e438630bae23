# Two deployments that use whatever a team has: its API, tables, key, bucket, topic, network, IAM path and boundary. All of it is made
# in this same configuration, so that no id is known before it is applied; in life it would be elsewhere.

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
  alias  = "chat"
  region = "eu-central-1"
}

data "aws_caller_identity" "current" {
  provider = aws.chat
}

variable "packages" {
  description = "The folder that holds the zips of `make package`. Null: dist/ of this project."
  type        = string
  default     = null
}

locals {
  deployments = toset(["blue", "green"])
}

module "chat" {
  source    = "../.."
  for_each  = local.deployments
  providers = { aws = aws.chat }

  environment = each.key
  region      = "eu-central-1"
  account_id  = data.aws_caller_identity.current.account_id # beside depends_on, it would be asked for too late
  packages    = var.packages

  role_path                = "/teams/chat/"
  permissions_boundary_arn = aws_iam_policy.boundary.arn
  tags                     = { Team = "chat" }

  existing = {
    api = {
      id          = aws_appsync_graphql_api.theirs[each.key].id
      graphql_url = aws_appsync_graphql_api.theirs[each.key].uris["GRAPHQL"]
      schema_hash = filesha256("${path.module}/../three-fields/schema.graphql")
    }
    tables = {
      core  = { name = aws_dynamodb_table.theirs["${each.key}-core"].name, kms_key_arn = aws_kms_key.theirs.arn, stream_arn = aws_dynamodb_table.theirs["${each.key}-core"].stream_arn }
      guild = { name = aws_dynamodb_table.theirs["${each.key}-guild"].name, kms_key_arn = aws_kms_key.theirs.arn, stream_arn = aws_dynamodb_table.theirs["${each.key}-guild"].stream_arn }
    }
    kms_key        = { arn = aws_kms_key.theirs.arn }
    uploads_bucket = { name = aws_s3_bucket.theirs.bucket, kms_key_arn = aws_kms_key.theirs.arn }
    event_bus      = { arn = aws_cloudwatch_event_bus.theirs.arn }
    event_queue    = { arn = aws_sqs_queue.theirs.arn, url = aws_sqs_queue.theirs.url, kms_key_arn = aws_kms_key.theirs.arn }
    alarm_topic    = { arn = aws_sns_topic.theirs.arn }
  }

  fields        = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
  schema_prefix = "Chat"
  uploads       = {}
  events        = { bus = { source = "chat.${each.key}" }, queue = {} }

  identity = [
    { name = "pool", type = "cognito", issuer = "https://${aws_cognito_user_pool.theirs.endpoint}", clients = [aws_cognito_user_pool_client.theirs.id] },
  ]

  depends_on = [aws_sns_topic_policy.theirs]
}

output "functions" {
  description = "Of each deployment, its functions."
  value       = { for name, chat in module.chat : name => chat.functions }
}
