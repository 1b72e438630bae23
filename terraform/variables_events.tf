# Publishing, events and rules of one's own.

variable "publish" {
  description = <<-EOT
    Who has subscribers of onMessage hear of a message. `sender`: AppSync, when it answers whoever sends, with the fields that they
    have selected; what a function has stored that dies before it answers is heard by nobody until they catch up. `stream`: a
    function that reads the tables' streams, with every field; it costs two calls more for each message, and some tenths of a second. An API that is there needs
    the mode AWS_IAM for it (`existing.api.has_iam_mode`), and its schema in the form of `make schema PUBLISH=stream`.
  EOT
  type        = string
  default     = "sender"
  nullable    = false

  validation {
    condition     = contains(["sender", "stream"], var.publish)
    error_message = "publish must be sender or stream."
  }
}

variable "events" {
  description = <<-EOT
    What is told of each change of a room, and how the tables' streams are read for it and for `publish = "stream"`: events/stream/ has
    an example of each kind, and its schema. With neither a bus nor a queue, and `publish` as it is, nothing is read, and nothing
    of this is made. DynamoDB lets two read a stream without throttling each other: one of a table's is taken by this, the other one by `projections`
    or by you.
    - `bus`: to an EventBridge bus, which is made, or is `existing.event_bus`. `source` is what its rules match.
    - `queue`: to an SQS queue (FIFO, a room's events in order), which is made, or is `existing.event_queue`. Who takes messages out of
      it may give it a redrive policy.
    - `text`: whether events carry what people wrote, and names of files.
    - `reader`: how a table's stream is read. `batch_size` records at once at the most, and `batching_window_seconds` to wait for
      more; `parallelization` batches of a shard at once, a room's in order all the same. What fails is repeated `retries` times or
      until it is `max_age_seconds` old; then its place goes to a queue, and `make reemit` sends it again. Reading begins at
      `starting_position`: TRIM_HORIZON, up to a day back, or LATEST, which may miss what happens in the first minutes.
  EOT
  type = object({
    bus   = optional(object({ source = optional(string, "chat") }))
    queue = optional(object({}))
    text  = optional(bool, false)
    reader = optional(object({
      batch_size              = optional(number, 100)
      batching_window_seconds = optional(number, 0)
      parallelization         = optional(number, 10)
      retries                 = optional(number, 1000)
      max_age_seconds         = optional(number, 43200)
      starting_position       = optional(string, "TRIM_HORIZON")
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9/_.-]{1,256}$", try(coalesce(var.events.bus.source), "chat"))) && !startswith(try(coalesce(var.events.bus.source), "chat"), "aws.")
    error_message = "events.bus.source must be 1 to 256 of the characters A-Z a-z 0-9 / _ . and -, and not begin with aws., which is AWS's own."
  }

  validation {
    condition     = var.events.reader.batch_size >= 1 && var.events.reader.batch_size <= 1000
    error_message = "events.reader.batch_size must be from 1 to 1,000: each record is a call or more, and the function has a time limit."
  }

  validation {
    condition     = var.events.reader.batching_window_seconds >= 0 && var.events.reader.batching_window_seconds <= 300
    error_message = "events.reader.batching_window_seconds must be from 0 to 300."
  }

  validation {
    condition     = var.publish != "stream" || var.events.reader.batching_window_seconds == 0
    error_message = "events.reader.batching_window_seconds must be 0 with publish = \"stream\": people would wait for their messages that long."
  }

  validation {
    condition     = var.events.reader.parallelization >= 1 && var.events.reader.parallelization <= 10
    error_message = "events.reader.parallelization must be from 1 to 10."
  }

  validation {
    condition     = var.events.reader.retries >= 1 && var.events.reader.retries <= 10000
    error_message = "events.reader.retries must be from 1 to 10,000: without an end, one record could hold up its shard until it expires."
  }

  validation {
    condition     = var.events.reader.max_age_seconds >= 60 && var.events.reader.max_age_seconds <= 82800
    error_message = "events.reader.max_age_seconds must be from 60 to 82,800 (23 hours): a stream keeps records for 24 hours, and what expires there is told of by nobody."
  }

  validation {
    condition     = contains(["TRIM_HORIZON", "LATEST"], var.events.reader.starting_position)
    error_message = "events.reader.starting_position must be TRIM_HORIZON or LATEST."
  }
}

variable "projections" {
  description = <<-EOT
    Whether a second function reads the tables' streams and derives from them what no send writes: what a person is told of by `onMine`,
    mentions, and the sums of reactions. Without it these fields refuse with `reason=noProjections`. It reads as `events.reader` says, and takes
    the second of the two places that a stream has without throttling. Null: on where both tables are made here and some of `fields` needs it;
    off with `existing.tables`, where somebody else may have that place. True with these needs the `stream_arn` of each.
  EOT
  type        = bool
  default     = null

  validation {
    condition     = !coalesce(var.projections, false) || alltrue([for table in values(var.existing.tables) : table == null || try(table.stream_arn != null, false)])
    error_message = "projections are derived from the tables' streams: existing.tables must say the stream_arn of each table. Its owner turns the stream on, with NEW_IMAGE."
  }
}

variable "hooks" {
  description = <<-EOT
    Rules of your own: the Python module that has them (acme.chat), in layers of yours, which are added to the functions that ask it, and to no
    other. It has `timeout_ms` to answer; where it fails, what was to be done is refused (`on_failure` closed) or done (open). Null: none.
  EOT
  type = object({
    module     = string
    layer_arns = list(string)
    timeout_ms = optional(number, 500)
    on_failure = optional(string, "closed")
  })
  default = null

  validation {
    condition     = var.hooks == null || can(regex("^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$", var.hooks.module))
    error_message = "hooks.module must be the name of a Python module, such as acme.chat: neither a file nor a function."
  }

  validation {
    condition     = var.hooks == null || try(length(var.hooks.layer_arns) >= 1 && length(var.hooks.layer_arns) <= 3, false)
    error_message = "hooks.layer_arns must have 1 to 3 layers: Lambda takes five, and two are ours."
  }

  validation {
    condition     = var.hooks == null || alltrue([for arn in try(var.hooks.layer_arns, []) : can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[^:]+:[0-9]+$", arn))])
    error_message = "hooks.layer_arns must be ARNs of layers' versions (arn:aws:lambda:…:layer:name:1)."
  }

  validation {
    condition     = var.hooks == null || try(var.hooks.timeout_ms >= 10 && var.hooks.timeout_ms <= 5000, false)
    error_message = "hooks.timeout_ms must be from 10 to 5,000."
  }

  validation {
    condition     = var.hooks == null || contains(["closed", "open"], try(var.hooks.on_failure, ""))
    error_message = "hooks.on_failure must be closed or open."
  }
}

variable "people" {
  description = <<-EOT
    What people are called. `directory`: who says it in place of themselves, a Python module (acme.people) whose function `people` is asked, in
    layers of yours, with `timeout_ms` to answer; without it they say it themselves. `avatar_hosts`: hosts where addresses of pictures may
    lie (pictures.example.com), beside pictures that are uploaded.
  EOT
  type = object({
    directory = optional(object({
      module     = string
      layer_arns = list(string)
      timeout_ms = optional(number, 1000)
    }))
    avatar_hosts = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.people.directory == null || can(regex("^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$", var.people.directory.module))
    error_message = "people.directory.module must be the name of a Python module, such as acme.people: neither a file nor a function."
  }

  validation {
    condition     = var.people.directory == null || try(length(var.people.directory.layer_arns) >= 1 && length(var.people.directory.layer_arns) <= 3, false)
    error_message = "people.directory.layer_arns must have 1 to 3 layers: Lambda takes five, and two are ours."
  }

  validation {
    condition     = var.people.directory == null || alltrue([for arn in try(var.people.directory.layer_arns, []) : can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[^:]+:[0-9]+$", arn))])
    error_message = "people.directory.layer_arns must be ARNs of layers' versions (arn:aws:lambda:…:layer:name:1)."
  }

  validation {
    condition     = var.people.directory == null || try(var.people.directory.timeout_ms >= 10 && var.people.directory.timeout_ms <= 3000, false)
    error_message = "people.directory.timeout_ms must be from 10 to 3,000."
  }

  validation {
    condition     = alltrue([for host in var.people.avatar_hosts : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", host)) && length(host) <= 253])
    error_message = "people.avatar_hosts must be names of hosts in small letters, such as pictures.example.com."
  }
}

variable "flags" {
  description = <<-EOT
    What operators may switch off without a deployment: feature flags in AppConfig, read by its extension beside the functions that can be switched
    off. `extension_layer_arn` is the extension's layer for the region and the functions' `architecture`, of AWS's list
    (https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions-versions.html). `document` is what is deployed
    first, in the form of terraform/flags.json, which it is without one; another one throws all switches as it says. The extension asks AppConfig, and a function the extension, every
    `seconds`. Null: everything is on.
  EOT
  type = object({
    extension_layer_arn = string
    document            = optional(string)
    seconds             = optional(number, 30)
  })
  default = null

  validation {
    condition     = var.flags == null || can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[^:]+:[0-9]+$", var.flags.extension_layer_arn))
    error_message = "flags.extension_layer_arn must be the ARN of a layer's version (arn:aws:lambda:…:layer:AWS-AppConfig-Extension-Arm64:1)."
  }

  validation {
    condition     = var.flags == null || try(var.flags.seconds >= 15 && var.flags.seconds <= 300, false)
    error_message = "flags.seconds must be from 15 to 300."
  }

  validation {
    condition     = var.flags == null || try(length(var.hooks.layer_arns), 0) < 3 && try(length(var.people.directory.layer_arns), 0) < 3
    error_message = "With flags, hooks and people.directory may have 2 layers each: Lambda takes five, two are ours, and one is the extension's."
  }

  validation {
    condition = try(var.flags.document, null) == null || try(alltrue([
      jsondecode(var.flags.document).version == "1",
      keys(jsondecode(var.flags.document).flags) == keys(jsondecode(var.flags.document).values),
      length(setsubtract(keys(jsondecode(var.flags.document).values), local.flag_names)) == 0,
      alltrue([for value in values(jsondecode(var.flags.document).values) : can(regex("^.{1,100}$", value.owner)) && can(formatdate("YYYY", "${value.end}T00:00:00Z")) && (value.enabled == true || value.enabled == false)]),
    ]), false)
    error_message = "flags.document must be of the form of terraform/flags.json: none but its flags, each in flags and in values, with enabled, owner and end (2027-01-31)."
  }
}
