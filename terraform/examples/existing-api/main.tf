# All fields in an API that another configuration has made, and whose schema has them already:
#
#   make schema PREFIX=Chat MODES=cognito INTO=theirs.graphql > merged.graphql
#
# Here in another region than this configuration's own, by a provider that is passed on.

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

provider "aws" {
  alias  = "other"
  region = "eu-west-1"
}

variable "api_id" {
  description = "The API's id: what aws_appsync_graphql_api calls id."
  type        = string
}

variable "packages" {
  description = "The folder that holds the zips of `make package`. Null: dist/ of this project."
  type        = string
  default     = null
}

variable "issuer" {
  description = "The issuer of the user pool that the API takes."
  type        = string
  default     = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34E"
}

module "chat" {
  source    = "../.."
  providers = { aws = aws.other }

  environment = "prod"
  region      = "eu-west-1"
  packages    = var.packages

  existing      = { api = { id = var.api_id } }
  schema_prefix = "Chat"

  identity = [
    {
      name   = "pool", type = "cognito", issuer = var.issuer, clients = ["4example1client2id3"]
      roles  = "cognito:groups"
      grants = { admin = { claim = "cognito:groups", values = ["chat-admins"] } }
    },
  ]
}

output "secrets_to_fill" {
  description = "Put the values in before the first call."
  value       = module.chat.secrets_to_fill
}
