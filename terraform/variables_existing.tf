# What others have made, and the tables.

variable "existing" {
  description = <<-EOT
    What is there already, made by others. It is used, and never changed or destroyed. Each is an object, so that Terraform
    knows that it is there even where an id is known only after apply.
    - `api`: the fields' resolvers are attached to it, and no API, authorizer, log group, domain or firewall of an API are made.
      Its schema must have the fields: `make schema INTO=theirs.graphql`. `graphql_url` is for the gateway; `schema_hash`, of its
      schema, lets the resolvers be attached anew when that changes. `has_iam_mode`: its owner has added the mode AWS_IAM, without
      which `publish = "stream"` cannot be; the provider cannot ask.
    - `authorizer`: the Lambda authorizer of a source of the type `lambda`, for an API of ours. AppSync must be allowed to call it.
    - `tables`: with the string keys PK and SK, and TTL on expiresAt. `kms_key_arn` is the customer managed key of a table,
      `stream_arn` its stream with new images, which `events` and `publish = "stream"` need.
    - `kms_key`: a customer managed key for tables, secrets, logs, audit events, attachments, alarms and the functions'
      environment. Without: keys that AWS owns. Its policy must admit the services named in docs/deployment.md.
    - `uploads_bucket`: for attachments; its rules are yours: docs/attachments.md.
    - `event_bus`: the EventBridge bus of `events.bus`; of another account, it must admit the reader's role.
    - `event_queue`: the SQS queue (FIFO) of `events.queue`. `kms_key_arn` is its customer managed key.
    - `alarm_topic`: the SNS topic that alarms are sent to. Without: one is made, and somebody subscribes to it.
  EOT
  type = object({
    api = optional(object({
      id           = string
      arn          = optional(string)
      graphql_url  = optional(string)
      realtime_url = optional(string)
      schema_hash  = optional(string)
      has_iam_mode = optional(bool)
    }))
    authorizer = optional(object({ arn = string }))
    tables = optional(object({
      core  = optional(object({ name = string, kms_key_arn = optional(string), stream_arn = optional(string) }))
      guild = optional(object({ name = string, kms_key_arn = optional(string), stream_arn = optional(string) }))
    }), {})
    kms_key        = optional(object({ arn = string }))
    uploads_bucket = optional(object({ name = string, kms_key_arn = optional(string) }))
    event_bus      = optional(object({ arn = string }))
    event_queue    = optional(object({ arn = string, url = string, kms_key_arn = optional(string) }))
    alarm_topic    = optional(object({ arn = string }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.existing.api == null || can(regex("^[a-z0-9]+$", var.existing.api.id))
    error_message = "existing.api.id must be an API's id, as abcdefghijklmnopqrstuvwxyz: neither its ARN nor its address."
  }

  validation {
    condition     = var.existing.authorizer == null || can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:.+$", var.existing.authorizer.arn))
    error_message = "existing.authorizer.arn must be the ARN of a Lambda function, its version or alias."
  }

  validation {
    condition     = var.existing.authorizer == null || var.existing.api == null
    error_message = "existing.authorizer is for an API of ours: an API that is there has its own."
  }

  validation {
    condition = alltrue([
      for table in values(var.existing.tables) : table == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", table.name))
    ])
    error_message = "existing.tables must hold names of DynamoDB tables: 3 to 255 of the characters A-Z a-z 0-9 _ . and -, not ARNs."
  }

  validation {
    condition     = var.existing.kms_key == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.existing.kms_key.arn))
    error_message = "existing.kms_key.arn must be the ARN of a key (arn:aws:kms:…:key/…), not an alias."
  }

  validation {
    condition     = var.existing.uploads_bucket == null || var.uploads != null
    error_message = "existing.uploads_bucket goes with uploads, which says what may be uploaded."
  }

  validation {
    condition     = var.publish != "stream" || var.existing.api == null || try(coalesce(var.existing.api.has_iam_mode, false), false)
    error_message = "publish = \"stream\" has a role call the API: an existing API needs the authorization mode AWS_IAM. Its owner adds it; then say existing.api.has_iam_mode = true."
  }

  validation {
    condition     = var.publish != "stream" || var.existing.api == null || try(var.existing.api.graphql_url != null, false)
    error_message = "publish = \"stream\" has a function call the API: say where it is, existing.api.graphql_url."
  }

  validation {
    condition     = (var.publish != "stream" && var.events.bus == null && var.events.queue == null) || alltrue([for table in values(var.existing.tables) : table == null || try(table.stream_arn != null, false)])
    error_message = "Events are read from the tables' streams: existing.tables must say the stream_arn of each table. Its owner turns the stream on, with NEW_IMAGE."
  }

  validation {
    condition = alltrue([
      for table in values(var.existing.tables) : try(table.stream_arn, null) == null || can(regex("^arn:[^:]+:dynamodb:[^:]+:[0-9]{12}:table/[^/]+/stream/.+$", table.stream_arn))
    ])
    error_message = "existing.tables' stream_arn must be the ARN of a table's stream (arn:aws:dynamodb:…:table/name/stream/2026-…): not the table's."
  }

  validation {
    condition     = var.existing.event_bus == null || can(regex("^arn:[^:]+:events:[^:]+:[0-9]{12}:event-bus/.+$", var.existing.event_bus.arn))
    error_message = "existing.event_bus.arn must be the ARN of an EventBridge bus (arn:aws:events:…:event-bus/name)."
  }

  validation {
    condition     = var.existing.event_bus == null || var.events.bus != null
    error_message = "existing.event_bus goes with events.bus, which says that events go there."
  }

  validation {
    condition     = var.existing.event_queue == null || can(regex("^arn:[^:]+:sqs:[^:]+:[0-9]{12}:.+\\.fifo$", var.existing.event_queue.arn))
    error_message = "existing.event_queue.arn must be the ARN of an SQS queue that is FIFO (arn:aws:sqs:…:name.fifo): another one would mix up a room's events."
  }

  validation {
    condition     = var.existing.event_queue == null || can(regex("^https?://.+\\.fifo$", var.existing.event_queue.url))
    error_message = "existing.event_queue.url must be the queue's address (https://sqs.….amazonaws.com/123456789012/name.fifo)."
  }

  validation {
    condition     = var.existing.event_queue == null || var.events.queue != null
    error_message = "existing.event_queue goes with events.queue, which says that events go there."
  }

  validation {
    condition     = var.existing.alarm_topic == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$", var.existing.alarm_topic.arn))
    error_message = "existing.alarm_topic.arn must be the ARN of an SNS topic."
  }
}

variable "table_names" {
  description = "The names of the tables that are made. Null: <name>-<environment>-core and -guild."
  type = object({
    core  = optional(string)
    guild = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.table_names) : name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = "table_names must hold names of DynamoDB tables: 3 to 255 of the characters A-Z a-z 0-9 _ . and -, not ARNs."
  }

  validation {
    condition     = var.table_names.core == null || var.table_names.core != var.table_names.guild
    error_message = "table_names.core and table_names.guild must be two tables."
  }
}
