# What people may do.

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
    retention_days              = optional(number) # how long messages and their files are kept; a room may set its own
    file_days                   = optional(number) # how long files are kept whose messages stay longer, 1 to 36,500; as long as these, if left out
    draft_days                  = optional(number) # how long drafts are kept, 1 to 365
    presence_days               = optional(number) # how long it is kept when somebody was there last, 1 to 365
    slow_mode_seconds           = optional(number)
    additions_per_hour          = optional(number) # how many strangers somebody may add to rooms, 40 or more
    max_code_points             = optional(number)
    max_bytes                   = optional(number)
    max_clock_skew_ms           = optional(number)
    gap_patience_ms             = optional(number)
    export_wait_hours           = optional(number) # how long an export of somebody's data can be withdrawn before it begins, 0 to 336
    erasure_wait_days           = optional(number) # the same of an erasure, 0 to 14
    recent_sign_in_seconds      = optional(number) # how long ago somebody may have signed in who asks to be erased, 60 to 86,400
    moved_every_seconds         = optional(number) # at most how often onMine tells somebody that something has moved, 5 to 300
    notify_after_s              = optional(number) # how long a message waits before somebody is notified of it, 1 to 300; 0: nobody is
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, number in var.limits : number == null || try(number > 0 || contains(["slow_mode_seconds", "export_wait_hours", "erasure_wait_days", "notify_after_s"], name) && number == 0, false)])
    error_message = "limits must be greater than 0 (slow_mode_seconds, export_wait_hours, erasure_wait_days and notify_after_s may be 0); leave one out for the code's default."
  }

  validation {
    condition     = coalesce(var.limits.export_wait_hours, 24) <= 336 && coalesce(var.limits.erasure_wait_days, 7) <= 14
    error_message = "limits.export_wait_hours must be up to 336 and limits.erasure_wait_days up to 14: a request is answered within a month."
  }

  validation {
    condition     = coalesce(var.limits.file_days, 1) >= 1 && coalesce(var.limits.file_days, 1) <= 36500
    error_message = "limits.file_days must be from 1 to 36500; leave it out to keep files as long as their messages."
  }

  validation {
    condition     = alltrue([for days in [var.limits.draft_days, var.limits.presence_days] : coalesce(days, 1) >= 1 && coalesce(days, 1) <= 365])
    error_message = "limits.draft_days and limits.presence_days must be from 1 to 365."
  }

  validation {
    condition     = coalesce(var.limits.recent_sign_in_seconds, 900) >= 60 && coalesce(var.limits.recent_sign_in_seconds, 900) <= 86400
    error_message = "limits.recent_sign_in_seconds must be from 60 to 86400."
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

variable "erasure_keeps_bans" {
  description = "Whether rooms keep out whom they have banned after an erasure, too: for 400 days, under a pseudonym keyed with AUDIT_KEY in place of the user id. With false bans end with the erasure."
  type        = bool
  default     = true
  nullable    = false
}

variable "history_from" {
  description = "From when on members see the history of rooms that are made without saying it: its `beginning`, or when they were `joining`. Rooms that are there keep what they have until that is reset."
  type        = string
  default     = "beginning"
  nullable    = false

  validation {
    condition     = contains(["beginning", "joining"], var.history_from)
    error_message = "history_from must be beginning or joining."
  }
}

variable "short_codes" {
  description = "What messages may be reacted to with besides Unicode's emoji: names such as :party_parrot:, 1 to 32 of a-z 0-9 _ + - between colons. One that is taken out stays where it was used."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.short_codes) <= 100 && length(join(",", var.short_codes)) <= 2000 && alltrue([for code in var.short_codes : can(regex("^:[a-z0-9_+-]{1,32}:$", code))])
    error_message = "short_codes are up to 100 names such as :party_parrot:, 2,000 characters in all: a function's environment has 4 KB."
  }
}

variable "guild_service" {
  description = "The role of the service that keeps guilds' members, which may then tell us who came and who went. Null: nobody may."
  type        = object({ role_arn = string })
  default     = null

  validation {
    condition     = var.guild_service == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:role/[^*]+$", var.guild_service.role_arn))
    error_message = "guild_service.role_arn must be the ARN of one role (arn:aws:iam::…:role/…): whoever may call can take people out of any guild's room."
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
