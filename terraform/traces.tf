# Active tracing makes the segments; these groups find the ones worth looking at.

locals {
  traced = join(" OR ", [for name in values(local.function_names) : "service(\"${name}\")"])

  trace_groups = {
    slow   = "(${local.traced}) AND duration > ${var.objectives.p95_ms / 1000}"
    failed = join(" OR ", [for name in values(local.function_names) : "service(\"${name}\") { fault = true }"])
  }
}

resource "aws_xray_group" "chat" {
  for_each = var.trace_groups ? local.trace_groups : {}

  group_name        = substr("${local.prefix}-${each.key}", 0, 32) # X-Ray takes no more
  filter_expression = each.value
  tags              = local.tags

  insights_configuration {
    insights_enabled      = false
    notifications_enabled = false
  }
}
