# The gateway.

variable "gateway" {
  description = "The WebSocket gateway: its image, the network where it runs, its certificate, how its service is known to the API (by a token that a secret holds, or by the role of its tasks: iam), how many tasks, and settings of gateway/settings.py. Null: none."
  type = object({
    image                 = string
    repository_arn        = optional(string) # where the image lies in ECR
    vpc_id                = string
    load_balancer_subnets = list(string)
    task_subnets          = list(string)
    certificate_arn       = string
    service_auth          = optional(string, "token")
    token_secret_arn      = optional(string)
    token_key_arn         = optional(string) # the KMS key of that secret, where it is not AWS's own
    allowed_origins       = list(string)
    allowed_cidr          = optional(string, "0.0.0.0/0")
    internal              = optional(bool, false)
    architecture          = optional(string, "ARM64")
    cpu                   = optional(number, 1024)
    memory                = optional(number, 2048)
    settings              = optional(map(string), {})
    tasks = optional(object({
      least            = optional(number, 2)
      most             = optional(number, 20)
      connections_each = optional(number, 10000)
      lag_p95_ms       = optional(number, 150)
    }), {})
  })
  default = null

  validation {
    condition     = var.gateway == null || try(length(var.gateway.load_balancer_subnets) >= 2 && length(var.gateway.task_subnets) >= 2, false)
    error_message = "gateway needs two subnets at least for the load balancer and for the tasks, in different zones."
  }

  validation {
    condition     = var.gateway == null || contains(["token", "iam"], try(var.gateway.service_auth, ""))
    error_message = "gateway.service_auth must be token or iam."
  }

  validation {
    condition     = try(var.gateway.service_auth, "iam") != "token" || try(can(regex("^arn:[^:]+:secretsmanager:[^:]+:[0-9]{12}:secret:.+$", var.gateway.token_secret_arn)), false)
    error_message = "gateway.token_secret_arn must be the ARN of a Secrets Manager secret, never the token itself; or gateway.service_auth must be iam."
  }

  validation {
    condition     = try(var.gateway.token_key_arn, null) == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.gateway.token_key_arn))
    error_message = "gateway.token_key_arn must be the ARN of a KMS key, and no alias: a policy admits keys."
  }

  validation {
    condition     = try(var.gateway.service_auth, "token") != "iam" || length(var.identity) > 0
    error_message = "gateway.service_auth may be iam where identity says who may call: its short form jwt knows no roles of AWS."
  }

  validation {
    condition     = var.gateway == null || try(length(var.gateway.allowed_origins) > 0 && alltrue([for origin in var.gateway.allowed_origins : can(regex("^https://[^/*]+$", origin))]), false)
    error_message = "gateway.allowed_origins must name origins such as https://chat.example.com, without a path and without *."
  }

  validation {
    condition     = var.gateway == null || var.jwt == null || try(var.jwt.jwks_url, null) != null
    error_message = "gateway needs jwt.jwks_url: it verifies RS256 and ES256 tokens by the issuer's keys."
  }

  validation {
    condition     = var.gateway == null || try(var.gateway.tasks.least >= 1 && var.gateway.tasks.most >= var.gateway.tasks.least, false)
    error_message = "gateway.tasks.most must not be less than gateway.tasks.least, and that not less than 1."
  }

  validation {
    condition     = var.gateway == null || var.existing.api == null || try(var.existing.api.graphql_url, null) != null
    error_message = "gateway needs existing.api.graphql_url: an API's address does not follow from its id."
  }

  validation {
    condition     = var.gateway == null || length(setsubtract(local.gateway_fields, keys(local.fields))) == 0
    error_message = "gateway needs these fields beside those that fields names: ${join(", ", setsubtract(local.gateway_fields, keys(local.fields)))}."
  }
}
