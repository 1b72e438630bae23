# A team's API with its own schema and resolvers, and of the chat three fields in it: whoever is in a room reads, sends and hears.
# schema.graphql is what this printed, and is put into the API as a whole:
#
#   make schema FIELDS=Query.messages,Mutation.sendMessage,Subscription.onMessage PREFIX=Chat INTO=terraform/examples/three-fields/theirs.graphql

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
  region = var.region
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "packages" {
  description = "The folder that holds the zips of `make package`. Null: dist/ of this project."
  type        = string
  default     = null
}

# Theirs: it lets people in by their own Lambda authorizer, which answers sub and groups as the context.

variable "authorizer_arn" {
  type    = string
  default = "arn:aws:lambda:eu-central-1:123456789012:function:theirs:live"
}

resource "aws_appsync_graphql_api" "theirs" {
  name                = "shop"
  authentication_type = "AWS_LAMBDA"
  schema              = file("${path.module}/schema.graphql")

  lambda_authorizer_config {
    authorizer_uri = var.authorizer_arn
  }
}

# Ours: three functions, two tables, and what watches them.

module "chat" {
  source = "../.."

  environment = "shop"
  region      = var.region
  packages    = var.packages

  fields        = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
  schema_prefix = "Chat"

  existing = {
    api = {
      id          = aws_appsync_graphql_api.theirs.id
      schema_hash = filesha256("${path.module}/schema.graphql")
    }
  }

  identity = [
    { name = "shop", type = "lambda", userId = "sub", roles = "groups", grants = { admin = { claim = "groups", values = ["chat-admins"] } } },
  ]
}

output "functions" {
  description = "The functions, and what calls them."
  value       = module.chat.functions
}
