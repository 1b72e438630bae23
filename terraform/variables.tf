variable "name" {
  description = "What all resources' names begin with, together with the environment."
  type        = string
  default     = "chat"

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
  description = "The AWS region of everything but a custom domain's certificate."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region such as eu-central-1."
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

variable "kms_key_arn" {
  description = "A customer managed key for tables, secrets, logs, audit events, attachments, alarms and the functions' environment. Null: keys that AWS owns. Its policy must admit the services named in docs/deployment.md."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:…:key/…), not an alias, or null."
  }
}

# Tables

variable "table_names" {
  description = "The tables' names. Deployments that share an account and region need names of their own."
  type = object({
    core  = optional(string, "gg_core")
    guild = optional(string, "gg_guild")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.table_names) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = "table_names must hold names of DynamoDB tables: 3 to 255 of the characters A-Z a-z 0-9 _ . and -, not ARNs."
  }

  validation {
    condition     = var.table_names.core != var.table_names.guild
    error_message = "table_names.core and table_names.guild must be two tables."
  }
}

variable "existing_tables" {
  description = "Which of the tables (core, guild) are there already, made by others: with string keys PK and SK, and TTL on expiresAt. They are used and never changed."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.existing_tables, ["core", "guild"])) == 0
    error_message = "existing_tables may name core and guild; the tables' own names go into table_names."
  }
}

# Who may call

variable "jwt" {
  description = "What a token must be: issuer, audience, allowed algorithms (RS256, ES256, HS256), and where public keys are: the address of a JWKS, or the JWKS itself as JSON."
  type = object({
    issuer     = string
    audience   = string
    algorithms = optional(list(string), ["RS256", "ES256"])
    jwks_url   = optional(string)
    jwks       = optional(string)
  })

  validation {
    condition     = var.jwt.issuer != "" && var.jwt.audience != ""
    error_message = "jwt.issuer and jwt.audience must not be empty: without them any token of the same key would be let in."
  }

  validation {
    condition     = length(var.jwt.algorithms) > 0 && length(setsubtract(var.jwt.algorithms, ["RS256", "ES256", "HS256"])) == 0
    error_message = "jwt.algorithms must name one or more of RS256, ES256 and HS256."
  }

  validation {
    condition     = length(setintersection(var.jwt.algorithms, ["RS256", "ES256"])) == 0 || (var.jwt.jwks_url == null) != (var.jwt.jwks == null)
    error_message = "RS256 and ES256 need public keys: give exactly one of jwt.jwks_url and jwt.jwks."
  }

  validation {
    condition     = var.jwt.jwks_url == null || can(regex("^https://", var.jwt.jwks_url))
    error_message = "jwt.jwks_url must begin with https://: who can change keys on their way can sign tokens."
  }

  validation {
    condition     = var.jwt.jwks == null || (can(jsondecode(var.jwt.jwks).keys[0].kid) && try(length(var.jwt.jwks) <= 3072, false))
    error_message = "jwt.jwks must be a JSON Web Key Set whose keys have a kid, of at most 3,072 characters: a function's environment holds 4 KB."
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
  description = "ARNs of secrets (Secrets Manager or SSM parameters) that are there already, by setting: CURSOR_KEYS, AUDIT_KEY, JWT_SECRET. Those that are needed and not named are made without a value."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.secrets), ["CURSOR_KEYS", "AUDIT_KEY", "JWT_SECRET"])) == 0
    error_message = "secrets may name CURSOR_KEYS, AUDIT_KEY and JWT_SECRET."
  }

  validation {
    condition = alltrue([
      for arn in values(var.secrets) : can(regex("^arn:[^:]+:(secretsmanager:[^:]+:[0-9]{12}:secret:|ssm:[^:]+:[0-9]{12}:parameter/).+$", arn))
    ])
    error_message = "secrets must hold ARNs of Secrets Manager secrets or SSM parameters, never the secrets themselves."
  }
}

variable "generation" {
  description = "The tables' generation: raised by one after each restore of either table, never lowered. Clients of an earlier one start afresh (docs/runbook.md)."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.generation >= 1 && var.generation <= 1024 && floor(var.generation) == var.generation
    error_message = "generation must be a whole number from 1 to 1024."
  }
}

# What people may do

variable "allow_unfenced_subscriptions" {
  description = "Whether clients from before may subscribe without an epoch. Such a subscription hears the room until its socket ends, even after its owner lost access."
  type        = bool
  default     = false
  nullable    = false
}

variable "limits" {
  description = "The deployment's own limits, where they differ from the code's defaults. Passed to the functions whose wiring lists them."
  type = object({
    person_per_second           = optional(number)
    person_burst                = optional(number)
    room_per_second             = optional(number)
    room_burst                  = optional(number)
    owner_max_person_per_second = optional(number) # how high a room's owners may set these four; as high as they are, if left out
    owner_max_person_burst      = optional(number)
    owner_max_room_per_second   = optional(number)
    owner_max_room_burst        = optional(number)
    retention_days              = optional(number)
    slow_mode_seconds           = optional(number)
    additions_per_hour          = optional(number) # how many strangers somebody may add to rooms, 40 or more
    max_code_points             = optional(number)
    max_bytes                   = optional(number)
    max_clock_skew_ms           = optional(number)
    gap_patience_ms             = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, number in var.limits : number == null || try(number > 0 || name == "slow_mode_seconds" && number == 0, false)])
    error_message = "limits must be greater than 0 (slow_mode_seconds may be 0); leave one out for the code's default."
  }

  validation {
    condition     = var.limits.retention_days == null || try(var.limits.retention_days >= 7, false)
    error_message = "limits.retention_days must be 7 or more: a retried send is recognised while its message lives."
  }

  validation {
    condition     = coalesce(var.limits.gap_patience_ms, 10000) > 2 * coalesce(var.limits.max_clock_skew_ms, 3000) + 2000
    error_message = "limits.gap_patience_ms (10,000 if left out) must be above twice limits.max_clock_skew_ms (3,000 if left out) and 2,000: what one clock stamped a moment ago has to be recent for another."
  }
}

variable "adding_needs_consent" {
  description = "Whether somebody whom others add to a room is only invited, until they accept. Administrators and the guilds' service take people in all the same."
  type        = bool
  default     = false
  nullable    = false
}

variable "guild_service_role_arn" {
  description = "The role of the service that keeps guilds' members, which may then tell us who came and who went. Null: nobody may."
  type        = string
  default     = null

  validation {
    condition     = var.guild_service_role_arn == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:role/[^*]+$", var.guild_service_role_arn))
    error_message = "guild_service_role_arn must be the ARN of one role (arn:aws:iam::…:role/…): whoever may call can take people out of any guild's room."
  }
}

variable "uploads" {
  description = "Attachments: from which addresses browsers may post and get files (origins such as https://chat.example.com), which media types are taken, and how many bytes a file may have; the last two as the code says when left out. Null: there are no attachments, and no bucket for them."
  type = object({
    origins   = optional(list(string), [])
    types     = optional(list(string))
    max_bytes = optional(number)
  })
  default = null

  validation {
    condition     = alltrue([for origin in try(var.uploads.origins, []) : can(regex("^https?://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "uploads.origins must hold origins such as https://chat.example.com, without a path and without wildcards."
  }

  validation {
    condition     = alltrue([for type in coalesce(try(var.uploads.types, null), []) : can(regex("^[a-z]+/[a-z0-9.+-]+$", type)) && !can(regex("html|xml|svg|script", type))])
    error_message = "uploads.types must hold media types such as image/png, and none that a browser would run, such as text/html and image/svg+xml."
  }

  validation {
    condition     = try(var.uploads.max_bytes, null) == null || try(var.uploads.max_bytes >= 1 && var.uploads.max_bytes <= 104857600, false)
    error_message = "uploads.max_bytes must be from 1 to 104,857,600."
  }
}

# Functions

variable "packages" {
  description = "The folder that holds the zips of `make package`."
  type        = string
  default     = "../dist"
  nullable    = false
}

variable "packages_in_s3" {
  description = "Where the zips of a release are in S3, in place of the folder `packages`: a bucket in the functions' region, what the keys begin with (such as releases/1.4.0/), and the text of its SHA256SUMS, which each package is held to."
  type = object({
    bucket     = string
    prefix     = optional(string, "")
    sha256sums = string
  })
  default = null
}

variable "architecture" {
  description = "The functions' processor: arm64 or x86_64. The packages must be built for the same."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "snap_start" {
  description = "Whether published versions start from a snapshot. The secrets must hold their values first, since publishing then runs the functions' init."
  type        = bool
  default     = false
  nullable    = false
}

variable "reserved_concurrency" {
  description = "How many runs of a function there may be at once, by module. Those not named share the account's."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for number in values(var.reserved_concurrency) : number >= 1])
    error_message = "reserved_concurrency must be 1 or more: 0 would switch the function off."
  }
}

variable "rollout" {
  description = "What the alias of a function points to, by module, where it is not the newest version: a version to stay at or go back to, and another that gets a share of the calls."
  type = map(object({
    version        = string
    canary_version = optional(string)
    canary_weight  = optional(number, 0)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for each in values(var.rollout) : can(regex("^[1-9][0-9]*$", each.version))])
    error_message = "rollout's version must be a published version's number: with $LATEST every upload would go live at once."
  }

  validation {
    condition = alltrue([
      for each in values(var.rollout) : each.canary_version == null
      ? each.canary_weight == 0
      : each.canary_weight > 0 && each.canary_weight < 1 && each.canary_version != each.version
    ])
    error_message = "rollout's canary_version goes with a canary_weight above 0 and below 1, and is another version than the main one."
  }
}

variable "log_level" {
  description = "The least level that the functions log."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR. Above WARNING audit events are lost."
  }
}

# The API

variable "query_depth_limit" {
  description = "How deep a query may nest. 7 is as deep as the schema goes; what is deeper has no use yet."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.query_depth_limit >= 5 && var.query_depth_limit <= 75
    error_message = "query_depth_limit must be from 5 (what `sync { rooms { messages { attachments { id } } } }` needs) to 75."
  }
}

variable "resolver_count_limit" {
  description = "How many resolvers one request may run."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.resolver_count_limit >= 1 && var.resolver_count_limit <= 10000
    error_message = "resolver_count_limit must be from 1 to 10000."
  }
}

variable "enhanced_metrics" {
  description = "Whether AppSync counts errors and latency for each resolver, at CloudWatch's price for custom metrics."
  type        = bool
  default     = false
  nullable    = false
}

variable "waf" {
  description = "Requests that one address may make in five minutes before it is blocked, and whether blocked ones are logged. Null: no firewall."
  type = object({
    requests_per_5_minutes = number
    log_blocked            = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.waf == null || try(var.waf.requests_per_5_minutes >= 10 && var.waf.requests_per_5_minutes <= 2000000000, false)
    error_message = "waf.requests_per_5_minutes must be from 10 to 2,000,000,000."
  }
}

variable "domain" {
  description = "A domain name of your own: the name, its certificate's ARN (in us-east-1), and the Route 53 zone to write it to, if any."
  type = object({
    name            = string
    certificate_arn = string
    zone_id         = optional(string)
  })
  default = null

  validation {
    condition     = var.domain == null || can(regex("^arn:[^:]+:acm:us-east-1:[0-9]{12}:certificate/.+$", var.domain.certificate_arn))
    error_message = "domain.certificate_arn must be the ARN of a certificate in us-east-1, wherever the API is: AppSync serves domains through CloudFront."
  }

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a host name such as chat.example.com."
  }
}

# Watching

variable "log_retention_days" {
  description = "How long logs are kept. CloudWatch knows certain numbers of days only."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "audit_retention_days" {
  description = "How long audit events are kept, apart from the logs."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.audit_retention_days > var.log_retention_days
    error_message = "audit_retention_days must be more than log_retention_days: audit events are routed away to outlive the logs."
  }
}

variable "alarm_topic_arn" {
  description = "An SNS topic that alarms are sent to. Null: one is made, and somebody subscribes to it."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }
}

variable "objectives" {
  description = "What is promised: p95 of a field's duration (ms), the percentage of calls that do not fail by our fault, the percentage of live deliveries to connected clients that these confirm, and the fields that people wait for, which are watched each by itself."
  type = object({
    p95_ms               = optional(number, 200)
    availability_percent = optional(number, 99.9)
    delivery_percent     = optional(number, 99.9)
    fields               = optional(list(string), ["Query.messages", "Query.changes", "Query.sync", "Mutation.sendMessage", "Subscription.onMessage"])
  })
  default  = {}
  nullable = false

  validation {
    condition = var.objectives.p95_ms > 0 && alltrue([
      for percent in [var.objectives.availability_percent, var.objectives.delivery_percent] : percent > 0 && percent < 100
    ])
    error_message = "objectives.p95_ms must be above 0, and the percentages above 0 and below 100."
  }

  validation {
    condition     = alltrue([for name in var.objectives.fields : can(regex("^(Query|Mutation|Subscription)\\.[A-Za-z]+$", name))])
    error_message = "objectives.fields must name fields such as Query.messages."
  }
}

variable "trace_groups" {
  description = "Whether X-Ray groups for slow and failed calls are made."
  type        = bool
  default     = true
  nullable    = false
}

# The gateway

variable "gateway" {
  description = "The WebSocket gateway: its image, where it runs, its certificate, the secret that holds its token (role gateway), how many tasks, and settings of gateway/settings.py. Null: none."
  type = object({
    image                 = string
    repository_arn        = optional(string) # where the image lies in ECR
    vpc_id                = string
    load_balancer_subnets = list(string)
    task_subnets          = list(string)
    certificate_arn       = string
    token_secret_arn      = string
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
    condition     = var.gateway == null || try(can(regex("^arn:[^:]+:secretsmanager:[^:]+:[0-9]{12}:secret:.+$", var.gateway.token_secret_arn)), false)
    error_message = "gateway.token_secret_arn must be the ARN of a Secrets Manager secret, never the token itself."
  }

  validation {
    condition     = var.gateway == null || try(length(var.gateway.allowed_origins) > 0 && alltrue([for origin in var.gateway.allowed_origins : can(regex("^https://[^/*]+$", origin))]), false)
    error_message = "gateway.allowed_origins must name origins such as https://chat.example.com, without a path and without *."
  }

  validation {
    condition     = var.gateway == null || var.jwt.jwks_url != null
    error_message = "gateway needs jwt.jwks_url: it verifies RS256 and ES256 tokens by the issuer's keys."
  }

  validation {
    condition     = var.gateway == null || try(var.gateway.tasks.least >= 1 && var.gateway.tasks.most >= var.gateway.tasks.least, false)
    error_message = "gateway.tasks.most must not be less than gateway.tasks.least, and that not less than 1."
  }
}
