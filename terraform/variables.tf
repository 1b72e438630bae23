# The deployment itself. The others are beside: variables_*.tf, by what they are about.

variable "name" {
  description = "What all resources' names begin with, together with the environment."
  type        = string
  default     = "chat"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.name))
    error_message = "name must have 2 to 16 of the characters a-z, 0-9 and -, and begin with a letter: resource names are made of it."
  }
}

variable "environment" {
  description = "Which deployment this is: dev, staging, prod, or another short word for one of your own."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment must have 2 to 12 of the characters a-z and 0-9, and begin with a letter, such as dev, staging or prod."
  }
}

variable "region" {
  description = "The AWS region of everything but a custom domain's certificate: the one that the provider has."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region such as eu-central-1."
  }
}

variable "account_id" {
  description = "The AWS account's id. Null: it is asked for. Give it where the module has `depends_on`: Terraform then asks only after the others are applied, and would plan anew what names the account."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "tags" {
  description = "Tags of all resources, beside Application and Environment."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether tables refuse to be deleted, the audit bucket to be deleted while it holds events, and deleted secrets stay recoverable for 30 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "recovery_period_in_days" {
  description = "For how many days back tables can be restored. What was erased stays in backups for as long: below the month that the law gives. The log of what was taken back is kept a day longer."
  type        = number
  default     = 28
  nullable    = false

  validation {
    condition     = var.recovery_period_in_days >= 1 && var.recovery_period_in_days <= 35 && floor(var.recovery_period_in_days) == var.recovery_period_in_days
    error_message = "recovery_period_in_days must be a whole number from 1 to 35."
  }
}

variable "role_path" {
  description = "The path of all IAM roles, as /chat/."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-.0-~]+/)*$", var.role_path))
    error_message = "role_path must begin and end with a slash."
  }
}

variable "permissions_boundary_arn" {
  description = "The policy that bounds the rights of all IAM roles. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[^:]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of a policy (arn:aws:iam::…:policy/…)."
  }
}

variable "region_in_role_names" {
  description = "Whether roles have the region in their names. They are the account's: without it, two regions of one account cannot have the same name and environment. Roles cannot be renamed, so a deployment keeps what it began with."
  type        = bool
  default     = true
  nullable    = false
}
