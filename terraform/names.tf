# What everything is called. Nothing here depends on what a provider answers but the account, so that names and ARNs are known at
# plan also where the module has `depends_on` and is told the account.

locals {
  prefix    = "${var.name}-${var.environment}"
  account   = var.account_id == null ? data.aws_caller_identity.current.account_id : var.account_id
  partition = coalesce(one([for start, name in local.other_partitions : name if startswith(var.region, start)]), "aws")

  # Regions of other partitions than `aws` by how they begin: https://docs.aws.amazon.com/general/latest/gr/rande.html
  other_partitions = {
    "cn-"     = "aws-cn", "us-gov-" = "aws-us-gov", "eusc-" = "aws-eusc"
    "us-iso-" = "aws-iso", "us-isob-" = "aws-iso-b", "eu-isoe-" = "aws-iso-e", "us-isof-" = "aws-iso-f"
  }

  tags = merge({ Application = var.name, Environment = var.environment }, var.tags)

  function_names = { for module in keys(local.functions) : module => "${local.prefix}-${replace(module, "_", "-")}" }

  # Roles belong to the account, whatever the region: two regions must not ask for the same.
  role_suffix = var.region_in_role_names ? "-${var.region}" : ""

  # IAM takes 64 characters. What does not fit is cut before its region, and told apart by a hash of all of it.
  role_names = {
    for module, name in local.function_names : module => (
      length("${name}${local.role_suffix}") <= 64
      ? "${name}${local.role_suffix}"
      : "${substr(name, 0, 57 - length(local.role_suffix))}-${substr(sha256(name), 0, 6)}${local.role_suffix}"
    )
  }

  # Buckets belong to the whole partition.
  bucket_names = {
    for purpose in ["audit", "page", "taken-back", "uploads"] : purpose => "${local.short_prefixes[purpose]}-${purpose}-${local.account}-${var.region}"
  }

  # The longest names that S3 (63) and load balancers (32) take. What does not fit is cut, and told apart by a hash of all of it.
  room_for_prefix = {
    audit      = 63 - length("-audit-000000000000-${var.region}")
    page       = 63 - length("-page-000000000000-${var.region}")
    taken-back = 63 - length("-taken-back-000000000000-${var.region}")
    uploads    = 63 - length("-uploads-000000000000-${var.region}")
    gateway    = 32 - length("-gateway")
  }
  short_prefixes = {
    for purpose, room in local.room_for_prefix : purpose => (
      length(local.prefix) <= room ? local.prefix : "${substr(local.prefix, 0, room - 7)}-${substr(sha256(local.prefix), 0, 6)}"
    )
  }
}
