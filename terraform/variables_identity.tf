# Who may call.

variable "identity" {
  description = "Who may call: a list of sources as docs/identity.md describes them, with the keys of the setting IDENTITY (`verifiedBy`, `userId` …). An API of ours gets its authorization modes from them. `name`, `type` and `verifiedBy` must be known at plan; issuers and clients need not."
  type        = any
  default     = []
  nullable    = false

  validation {
    condition     = can([for source in var.identity : [source.name, source.type]]) && !can(keys(var.identity))
    error_message = "identity must be a list of objects, each with name and type."
  }

  validation {
    condition     = alltrue([for source in var.identity : try(contains(["cognito", "oidc", "lambda", "iam"], source.type), false)])
    error_message = "identity: the type of each source must be cognito, oidc, lambda or iam."
  }

  validation {
    condition = alltrue([
      for source in var.identity : !contains(["cognito", "oidc"], try(source.type, "")) || can(source.issuer) && length(concat(try(source.clients, []), try(source.audiences, []))) > 0
    ])
    error_message = "identity: a source of type cognito or oidc must have an issuer, and clients or audiences: else a token for anybody else would be let in."
  }

  validation {
    condition     = alltrue([for type in ["lambda", "iam"] : length([for source in var.identity : source if try(source.type, "") == type]) <= 1])
    error_message = "identity must have at most one source of type lambda and one of type iam, as an API has."
  }

  validation {
    condition = !anytrue([for source in var.identity : try(source.type, "") == "lambda"]) || !anytrue([
      for source in var.identity : contains(try(source.verifiedBy, []), "authorizer")
    ])
    error_message = "identity: a source of type lambda excludes verifiedBy authorizer: an API has one Lambda authorizer."
  }

  validation {
    condition     = !anytrue([for source in var.identity : try(source.type, "") == "lambda"]) || var.existing.api != null || var.existing.authorizer != null
    error_message = "identity: a source of type lambda needs existing.authorizer, the Lambda authorizer that makes its context."
  }

  validation {
    condition     = try(length(jsonencode(var.identity)) <= 3000, true)
    error_message = "identity must have at most 3,000 characters as JSON: a function's environment holds 4 KB."
  }
}

variable "jwt" {
  description = "The short form of `identity`: one issuer, whose tokens our own authorizer verifies. What a token must be: issuer, audience, allowed algorithms (RS256, ES256, HS256), and where public keys are: the address of a JWKS, or the JWKS itself as JSON."
  type = object({
    issuer     = string
    audience   = string
    algorithms = optional(list(string), ["RS256", "ES256"])
    jwks_url   = optional(string)
    jwks       = optional(string)
  })
  default = null

  validation {
    condition     = (var.jwt == null) != (length(var.identity) == 0)
    error_message = "Who may call is said by identity or by its short form jwt: give exactly one of them."
  }

  validation {
    condition     = var.jwt == null || try(var.jwt.issuer != "" && var.jwt.audience != "", false)
    error_message = "jwt.issuer and jwt.audience must not be empty: without them any token of the same key would be let in."
  }

  validation {
    condition     = var.jwt == null || try(length(var.jwt.algorithms) > 0 && length(setsubtract(var.jwt.algorithms, ["RS256", "ES256", "HS256"])) == 0, false)
    error_message = "jwt.algorithms must name one or more of RS256, ES256 and HS256."
  }

  validation {
    condition     = var.jwt == null || try(length(setintersection(var.jwt.algorithms, ["RS256", "ES256"])) == 0 || (var.jwt.jwks_url == null) != (var.jwt.jwks == null), false)
    error_message = "RS256 and ES256 need public keys: give exactly one of jwt.jwks_url and jwt.jwks."
  }

  validation {
    condition     = try(var.jwt.jwks_url, null) == null || can(regex("^https://", var.jwt.jwks_url))
    error_message = "jwt.jwks_url must begin with https://: who can change keys on their way can sign tokens."
  }

  validation {
    condition     = try(var.jwt.jwks, null) == null || (can(jsondecode(var.jwt.jwks).keys[0].kid) && try(length(var.jwt.jwks) <= 3072, false))
    error_message = "jwt.jwks must be a JSON Web Key Set whose keys have a kid, of at most 3,072 characters: a function's environment holds 4 KB."
  }
}

variable "token_marker" {
  description = "What tokens for our own authorizer begin with where the API has Cognito or OpenID Connect beside it: AppSync hands a plain JWT to these. Clients send the marker and the JWT, without Bearer."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.~-]{0,32}$", var.token_marker))
    error_message = "token_marker must have at most 32 of the characters A-Z a-z 0-9 _ . ~ and -, such as chat."
  }

  validation {
    condition     = var.token_marker != "" || !local.has_authorizer || !anytrue([for mode in local.token_modes : true])
    error_message = "token_marker is needed: identity has sources that AppSync verifies beside some that our authorizer does, and AppSync would hand all tokens to the former."
  }
}

variable "authorizer_ttl_seconds" {
  description = "How long AppSync may remember that a token was good; never longer than the token lives. 0: not at all."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.authorizer_ttl_seconds >= 0 && var.authorizer_ttl_seconds <= 3600 && floor(var.authorizer_ttl_seconds) == var.authorizer_ttl_seconds
    error_message = "authorizer_ttl_seconds must be a whole number from 0 to 3600."
  }
}

variable "secrets" {
  description = "ARNs of secrets (Secrets Manager or SSM parameters) that are there already, by setting: CURSOR_KEYS, AUDIT_KEY, DIRECT_KEY, EXPORT_KEY, JWT_SECRET. Those that are needed and not named are made without a value."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.secrets), ["CURSOR_KEYS", "AUDIT_KEY", "DIRECT_KEY", "EXPORT_KEY", "JWT_SECRET"])) == 0
    error_message = "secrets may name CURSOR_KEYS, AUDIT_KEY, DIRECT_KEY, EXPORT_KEY and JWT_SECRET."
  }

  validation {
    condition = alltrue([
      for arn in values(var.secrets) : can(regex("^arn:[^:]+:(secretsmanager:[^:]+:[0-9]{12}:secret:|ssm:[^:]+:[0-9]{12}:parameter/).+$", arn))
    ])
    error_message = "secrets must hold ARNs of Secrets Manager secrets or SSM parameters, never the secrets themselves."
  }
}
