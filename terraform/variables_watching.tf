# Watching.

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

variable "objectives" {
  description = "What is promised: p95 of a field's duration (ms), the percentage of calls that do not fail by our fault, the percentage of live deliveries to connected clients that these confirm, the fields that people wait for, whose duration and throttling are watched each by itself, and those that have error budgets of their own for failures and for p95."
  type = object({
    p95_ms               = optional(number, 200)
    availability_percent = optional(number, 99.9)
    delivery_percent     = optional(number, 99.9)
    fields               = optional(list(string), ["Query.messages", "Query.changes", "Query.sync", "Mutation.sendMessage", "Subscription.onMessage"])
    budget_fields        = optional(list(string), ["Query.messages", "Mutation.sendMessage"])
  })
  default  = {}
  nullable = false

  validation {
    condition = var.objectives.p95_ms > 0 && alltrue([
      for percent in [var.objectives.availability_percent, var.objectives.delivery_percent] : percent >= 95 && percent < 100
    ])
    error_message = "objectives.p95_ms must be above 0, and the percentages from 95 to below 100: where more may fail, no failure is 14.4 times as much."
  }

  validation {
    condition     = alltrue([for name in concat(var.objectives.fields, var.objectives.budget_fields) : can(regex("^(Query|Mutation|Subscription)\\.[A-Za-z]+$", name))])
    error_message = "objectives.fields and objectives.budget_fields must name fields such as Query.messages."
  }
}

variable "trace_groups" {
  description = "Whether X-Ray groups for slow and failed calls are made."
  type        = bool
  default     = true
  nullable    = false
}

variable "trace_messages" {
  description = "Whether a message is stored with the id of the trace in which it was sent or last changed, 39 bytes, so that the stream's reader publishes it in that trace. Only with publish = stream is there anything to gain."
  type        = bool
  default     = false
  nullable    = false
}

variable "saved_queries" {
  description = "Whether queries of CloudWatch Logs Insights are saved: by trace, by a person's report, what was slow, what failed."
  type        = bool
  default     = true
  nullable    = false
}
