# What is promised to people, measured: calls do not fail by our fault, do not take too long, and what is sent arrives live.

locals {
  failing_percent     = tonumber(format("%.4g", 100 - var.objectives.availability_percent)) # 0.1, and not 0.0999…
  undelivered_percent = tonumber(format("%.4g", 100 - var.objectives.delivery_percent))

  # Below so many deliveries in a period, a single client in a tunnel would ring.
  least_deliveries = 1000

  # "all", or the module of a field that people wait for => where its calls and failures are counted
  counted = merge(
    {
      all = {
        internal    = { namespace = local.namespace, metric = "InternalError", stat = "Sum", dimensions = { deployment = local.prefix } }
        unavailable = { namespace = local.namespace, metric = "ServiceUnavailable", stat = "Sum", dimensions = { deployment = local.prefix } }
        broken      = { namespace = local.namespace, metric = local.broken_runs, stat = "Sum", dimensions = null }
        calls       = { namespace = local.namespace, metric = "DurationMs", stat = "SampleCount", dimensions = { deployment = local.prefix } }
      }
    },
    {
      for module in local.promised : module => {
        internal    = { namespace = local.namespace, metric = "InternalError", stat = "Sum", dimensions = { function = local.function_names[module] } }
        unavailable = { namespace = local.namespace, metric = "ServiceUnavailable", stat = "Sum", dimensions = { function = local.function_names[module] } }
        broken      = { namespace = local.namespace, metric = "BrokenRuns-${local.function_names[module]}", stat = "Sum", dimensions = null }
        calls       = { namespace = "AWS/Lambda", metric = "Invocations", stat = "Sum", dimensions = local.lambda_dimensions[module] }
      }
    },
  )
}

# The service level objective: of all calls, the share that did not fail by our fault; and the same of each field that people
# wait for, since a field that is called seldom would be lost among the others.
resource "aws_cloudwatch_metric_alarm" "availability" {
  for_each = local.counted

  alarm_name          = "${local.prefix}-availability-${each.key}"
  tags                = local.tags
  alarm_description   = "More than ${local.failing_percent} % of calls fail by our fault. See docs/runbook.md, availability."
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.failing_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"

  metric_query {
    id    = "failed_percent"
    label = "Calls that failed by our fault (%)"
    # A run that broke has counted nothing itself, so where nothing else was counted these are the calls.
    expression  = "100 * (FILL(internal, 0) + FILL(unavailable, 0) + FILL(broken, 0)) / ${each.key == "all" ? "(FILL(calls, 0) + FILL(broken, 0))" : "calls"}"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = 300
        stat        = metric_query.value.stat
      }
    }
  }
}

# Live delivery, as clients confirm it (heartbeat, markDelivered): of the deliveries that were due to connected clients, the
# share that no client confirmed in time.
resource "aws_cloudwatch_metric_alarm" "delivery" {
  alarm_name          = "${local.prefix}-delivery"
  tags                = local.tags
  alarm_description   = "More than ${local.undelivered_percent} % of live deliveries are not confirmed. See docs/runbook.md, delivery."
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.undelivered_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "undelivered_percent"
    label       = "Deliveries that were not confirmed (%)"
    expression  = "IF(due >= ${local.least_deliveries}, 100 * (due - FILL(confirmed, 0)) / due, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { due = "DeliveriesDue", confirmed = "DeliveriesConfirmed" }
    content {
      id = metric_query.key
      metric {
        namespace   = local.namespace
        metric_name = metric_query.value
        dimensions  = { deployment = local.prefix }
        period      = 900
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "slo" {
  alarm_name        = "${local.prefix}-slo"
  tags              = local.tags
  alarm_description = "What is promised to people is not kept: calls fail, or take too long, or messages do not arrive. See docs/runbook.md, slo."
  alarm_actions     = [local.alarm_topic_arn]
  ok_actions        = [local.alarm_topic_arn]

  alarm_rule = join(" OR ", [
    for name in concat(
      values(aws_cloudwatch_metric_alarm.availability)[*].alarm_name,
      [aws_cloudwatch_metric_alarm.delivery.alarm_name],
      [for key, each in local.alarms : aws_cloudwatch_metric_alarm.chat[key].alarm_name if contains(["duration", "slow-calls", "api-latency", "api-5xx", "publish-failed"], each.kind)],
    ) : "ALARM(\"${name}\")"
  ])

  lifecycle {
    precondition {
      condition     = length(setsubtract(var.objectives.fields, keys(local.wiring.fields))) == 0
      error_message = "objectives.fields names a field that resolvers/wiring.json does not know."
    }

    precondition {
      condition     = length(local.promised) <= 40
      error_message = "objectives.fields may name 40 fields at the most: this alarm looks at 100 others, which is as many as CloudWatch lets it."
    }
  }
}
