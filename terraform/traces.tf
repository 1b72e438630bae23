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

# What a trace, or a person's report, left in the logs. The console takes 50 log groups for a query and has no SOURCE, so those
# of more functions are two queries; fields that people wait for, streams' readers and the gateway are in the first.
locals {
  first_groups  = concat(local.promised, local.authorizers, local.stream_readers)
  function_logs = [for module in distinct(concat(local.first_groups, keys(local.functions))) : aws_cloudwatch_log_group.function[module].name]
  queried_logs  = chunklist(concat(values(aws_cloudwatch_log_group.gateway)[*].name, aws_cloudwatch_log_group.api[*].name, local.function_logs), 50)

  queries = {
    trace  = <<-E
      fields @timestamp, @log, message, field, outcome, room, error, at, DurationMs, StoreMs
      | filter trace_id = "PASTE THE TRACE ID: 32 DIGITS"
      | sort @timestamp asc
    E
    report = <<-E
      fields @timestamp, @log, message, field, outcome, room, error, at, trace_id
      | filter correlation_id like "PASTE THE CORRELATION ID OF A REPORT"
      | sort @timestamp asc
    E
    slow   = <<-E
      fields @timestamp, field, trace_id, room, DurationMs, StoreMs, Attempts
      | filter message = "Answered" and DurationMs > ${var.objectives.p95_ms}
      | sort DurationMs desc
      | limit 100
    E
    failed = <<-E
      fields @timestamp, field, outcome, trace_id, room, actor, DurationMs
      | filter message = "Answered" and outcome in ["InternalError", "ServiceUnavailable"]
      | sort @timestamp desc
      | limit 100
    E
  }

  saved_queries = merge([
    for name, query in local.queries : { for at, groups in local.queried_logs : "${name}-${at + 1}" => { query = query, groups = groups } }
  ]...)
}

resource "aws_cloudwatch_query_definition" "chat" {
  for_each = var.saved_queries ? local.saved_queries : {}

  name            = "${local.prefix}/${each.key}"
  query_string    = each.value.query
  log_group_names = each.value.groups
}
