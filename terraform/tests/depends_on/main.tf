# The module in a configuration that makes something before it: used by ../names.tftest.hcl.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

resource "terraform_data" "before" {}

module "chat" {
  source = "../.."

  environment = "test"
  region      = "eu-central-1"
  account_id  = "123456789012"
  identity    = [{ name = "theirs", type = "lambda" }]
  existing    = { api = { id = "abcdefghijklmnopqrstuvwxyz" } }

  depends_on = [terraform_data.before]
}

output "arns" {
  description = "What others would name in their policies."
  value       = { api = module.chat.api.arn, core = module.chat.tables.core.arn, guild = module.chat.tables.guild.arn }
}
