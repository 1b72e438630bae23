# Functions.

variable "packages" {
  description = "The folder that holds the zips of `make package`. Null: dist/, beside this module's folder."
  type        = string
  default     = null
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

  validation {
    condition     = length(setsubtract(keys(var.reserved_concurrency), keys(local.functions))) == 0
    error_message = "reserved_concurrency names ${join(", ", setsubtract(keys(var.reserved_concurrency), keys(local.functions)))}, which is no function of this deployment."
  }
}

variable "account_concurrency_limit" {
  description = "How many functions of the account may run at once in the region (Lambda's quota, 1,000 unless AWS has changed it). Where it is given, reserved_concurrency must leave 100 of it, as Lambda demands."
  type        = number
  default     = null

  validation {
    condition     = var.account_concurrency_limit == null || sum(concat([0], values(var.reserved_concurrency))) <= coalesce(var.account_concurrency_limit, 0) - 100
    error_message = "reserved_concurrency reserves ${sum(concat([0], values(var.reserved_concurrency)))} in all: Lambda leaves 100 of the account's ${coalesce(var.account_concurrency_limit, 0)} unreserved."
  }
}

variable "retired_rights" {
  description = "Rights for one release more, on what variables no longer name and the release before still uses, such as a key: functions by module, actions, and ARNs. `make plan` prints the value where it refuses. Take them out in the next release."
  type        = list(object({ functions = list(string), actions = list(string), resources = list(string) }))
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for right in var.retired_rights : length(setsubtract(right.functions, keys(local.functions))) == 0])
    error_message = "retired_rights names ${join(", ", setsubtract(flatten(var.retired_rights[*].functions), keys(local.functions)))}, which is no function of this deployment."
  }

  validation {
    condition     = alltrue([for right in var.retired_rights : alltrue([for action in right.actions : !strcontains(action, "*")]) && alltrue([for arn in right.resources : startswith(arn, "arn:")])])
    error_message = "retired_rights takes actions without wildcards, and ARNs."
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
