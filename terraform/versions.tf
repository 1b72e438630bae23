# A module: it brings neither a provider nor a backend. roots/deployment is a configuration that has both.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0" # tried with 5.100.0; with 6 it was neither planned nor applied
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {
  lifecycle {
    postcondition {
      condition     = self.id == var.region
      error_message = "The provider's region is ${self.id}, and var.region is ${var.region}: names and rights would be of another region than what is made."
    }
  }
}
