# The API.

variable "fields" {
  description = "Which fields of the API there are, such as Query.messages: only their functions, roles, alarms and resolvers, and their part of the schema. Null: all."
  type        = list(string)
  default     = null

  validation {
    condition     = length(setsubtract(coalesce(var.fields, []), keys(local.wiring.fields))) == 0
    error_message = "fields names ${join(", ", setsubtract(coalesce(var.fields, []), keys(local.wiring.fields)))}, which resolvers/wiring.json does not know."
  }

  validation {
    condition     = !contains(coalesce(var.fields, []), local.publishing)
    error_message = "fields names ${local.publishing}, which comes and goes with publish = \"stream\"."
  }

  validation {
    condition     = try(length(var.fields) > 0, true)
    error_message = "fields must name one field at least; leave it out for all."
  }

  validation {
    condition = alltrue([
      for each in local.schema_parts.fields :
      !contains(coalesce(var.fields, []), each.name) || length(each.mutations[var.publish]) == 0 || length(setintersection([for name in each.mutations[var.publish] : "Mutation.${name}"], concat(coalesce(var.fields, []), [local.publishing, local.publishing_mine]))) > 0
    ])
    error_message = "fields names a subscription without any mutation that feeds it: nobody would hear anything."
  }

  validation {
    condition     = var.publish != "stream" || contains(coalesce(var.fields, ["Subscription.onMessage"]), "Subscription.onMessage")
    error_message = "publish = \"stream\" is for Subscription.onMessage, which is not among fields."
  }
}

variable "schema_prefix" {
  description = "What the names of types and fields begin with in an API that is there: Chat makes ChatMessage and chatMessages, as `make schema PREFIX=Chat` prints them."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Z][A-Za-z0-9]{0,31})?$", var.schema_prefix)) && !startswith(var.schema_prefix, "AWS")
    error_message = "schema_prefix must be up to 32 letters and digits, the first a capital letter, and not begin with AWS."
  }

  validation {
    condition     = var.schema_prefix == "" || var.existing.api != null
    error_message = "schema_prefix goes with existing.api: an API of ours has no names but ours."
  }
}

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
  description = "A domain name of your own: the name, its certificate's ARN (in us-east-1), and the Route 53 zone to write it to, if any. For an API of ours."
  type = object({
    name            = string
    certificate_arn = string
    zone            = optional(object({ id = string }))
  })
  default = null

  validation {
    condition     = var.domain == null || var.existing.api == null
    error_message = "domain is for an API of ours: existing.api has its own."
  }

  validation {
    condition     = var.domain == null || can(regex("^arn:[^:]+:acm:us-east-1:[0-9]{12}:certificate/.+$", var.domain.certificate_arn))
    error_message = "domain.certificate_arn must be the ARN of a certificate in us-east-1, wherever the API is: AppSync serves domains through CloudFront."
  }

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a host name such as chat.example.com."
  }
}
