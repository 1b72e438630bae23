# What is promised to people, measured: calls do not fail by our fault and do not take too long, and what is sent arrives live.
#
# Each objective has an error budget: what may fail. Alarms look at how fast it is used up, over two windows at once: a long
# one, in which it matters, and a short one, in which it still goes on. https://sre.google/workbook/alerting-on-slos/
# objectives.json holds the windows, the burn rates and the floors; tests/terraform/burn_rates.py reads it as well.

locals {
  burning = jsondecode(file("${path.module}/objectives.json"))

  # kind => what may fail, in percent of what is counted; by %.4g 0.1, and not 0.0999…
  error_budgets = {
    answered = tonumber(format("%.4g", 100 - var.objectives.availability_percent))
    latency  = 5 # p95
    delivery = tonumber(format("%.4g", 100 - var.objectives.delivery_percent))
  }

  # Modules of the fields that have budgets of their own.
  budgeted = distinct([for name in var.objectives.budget_fields : local.fields[name].module if contains(keys(local.fields), name)])

  # The objective's name, which begins with its kind => the metrics that it counts, and what is made of them: what `failed` of
  # `total`. A run that broke has counted nothing itself; AppSync's 5XX are answers without a run, as where the authorizer raises.
  objectives = merge(
    {
      answered-all = {
        kind    = "answered"
        means   = "Calls of all fields together fail by our fault"
        failed  = join(" + ", [for id in concat(["internal", "unavailable", "broken"], keys(local.own_api_failures)) : "FILL(${id}, 0)"])
        total   = join(" + ", [for id in concat(["calls", "broken"], keys(local.own_api_failures)) : "FILL(${id}, 0)"])
        metrics = merge(local.counted.all, local.own_api_failures)
      }
      delivery-all = {
        kind   = "delivery"
        means  = "Live deliveries are not confirmed"
        failed = "FILL(due, 0) - FILL(confirmed, 0)"
        total  = "FILL(due, 0)"
        metrics = {
          for id, metric in { due = "DeliveriesDue", confirmed = "DeliveriesConfirmed" } :
          id => { namespace = local.namespace, metric = metric, stat = "Sum", dimensions = { deployment = local.prefix } }
        }
      }
    },
    {
      for module in local.budgeted : "answered-${module}" => {
        kind    = "answered"
        means   = "Calls of a field that people wait for fail by our fault"
        failed  = "FILL(internal, 0) + FILL(unavailable, 0) + FILL(broken, 0)"
        total   = "FILL(calls, 0)"
        metrics = local.counted[module]
      }
    },
    {
      for module in local.budgeted : "latency-${module}" => {
        kind   = "latency"
        means  = "Calls of a field that people wait for are slower than ${var.objectives.p95_ms} ms"
        failed = "FILL(slow, 0)"
        total  = "FILL(calls, 0)"
        metrics = {
          for id, stat in { slow = "TC(${var.objectives.p95_ms}:)", calls = "SampleCount" } :
          id => { namespace = "AWS/Lambda", metric = "Duration", stat = stat, dimensions = local.lambda_dimensions[module] }
        }
      }
    },
  )

  # "all", or the module of a field with a budget => where its calls and failures are counted
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
      for module in local.budgeted : module => {
        internal    = { namespace = local.namespace, metric = "InternalError", stat = "Sum", dimensions = { function = local.function_names[module] } }
        unavailable = { namespace = local.namespace, metric = "ServiceUnavailable", stat = "Sum", dimensions = { function = local.function_names[module] } }
        broken      = { namespace = local.namespace, metric = "BrokenRuns-${local.function_names[module]}", stat = "Sum", dimensions = null }
        calls       = { namespace = "AWS/Lambda", metric = "Invocations", stat = "Sum", dimensions = local.lambda_dimensions[module] }
      }
    },
  )

  own_api_failures = {
    for key, dimensions in local.own_api_dimensions :
    key => { namespace = "AWS/AppSync", metric = "5XXError", stat = "Sum", dimensions = dimensions }
  }

  # "answered-all-1h" => one alarm. Metric math takes metrics of one period only, so each window is an alarm of its own.
  burn_alarms = merge(flatten([
    for name, objective in local.objectives : [
      for rate in local.burning.burn_rates : {
        for window in compact([rate.over, rate.and]) : "${name}-${window}" => {
          objective = objective
          means     = "${objective.means}: the error budget burns ${rate.times} times as fast as it lasts, over ${window}."
          seconds   = local.burning.windows[window]
          threshold = tonumber(format("%.4g", rate.times * local.error_budgets[objective.kind]))
          is_long   = window == rate.over
          # The floors: a few failures of a few calls wake nobody. The short window needs none, since both are looked at together.
          condition = (
            window == rate.over
            ? "total >= ${local.burning.least_counted[objective.kind]} AND failed >= ${local.burning.least_failed}"
            : "total > 0"
          )
          notifies = rate.and == null # the others are parts of the alarm below
        }
      }
    ]
  ])...)
}

resource "aws_cloudwatch_metric_alarm" "burn" {
  for_each = local.burn_alarms

  alarm_name          = "${local.prefix}-${replace(each.key, "_", "-")}"
  tags                = local.tags
  alarm_description   = "${each.value.means} See docs/runbook.md, ${each.value.objective.kind}."
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = each.value.notifies ? [local.alarm_topic_arn] : []
  ok_actions          = each.value.notifies ? [local.alarm_topic_arn] : []

  metric_query {
    id          = "failed_percent"
    label       = "What failed of what was counted (%)"
    expression  = "IF(${each.value.condition}, 100 * failed / total, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = each.value.objective.failed, total = each.value.objective.total }
    content {
      id         = metric_query.key
      label      = metric_query.key
      expression = metric_query.value
    }
  }

  dynamic "metric_query" {
    for_each = each.value.objective.metrics
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = each.value.seconds
        stat        = metric_query.value.stat
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "slo" {
  alarm_name        = "${local.prefix}-slo"
  tags              = local.tags
  alarm_description = "An error budget is used up fast: calls fail, or take too long, or messages do not arrive. See docs/runbook.md, slo."
  alarm_actions     = [local.alarm_topic_arn]
  ok_actions        = [local.alarm_topic_arn]

  alarm_rule = join(" OR ", flatten([
    for name in keys(local.objectives) : [
      for rate in local.burning.burn_rates :
      "(${join(" AND ", [for window in [rate.over, rate.and] : "ALARM(\"${aws_cloudwatch_metric_alarm.burn["${name}-${window}"].alarm_name}\")"])})"
      if rate.and != null
    ]
  ]))

  lifecycle {
    precondition {
      condition     = length(setsubtract(concat(var.objectives.fields, var.objectives.budget_fields), keys(local.wiring.fields))) == 0
      error_message = "objectives names a field that resolvers/wiring.json does not know."
    }

    precondition {
      condition     = length(local.budgeted) <= 11
      error_message = "objectives.budget_fields may name 11 fields at the most: this alarm looks at eight others for each and at eight more, and CloudWatch lets it look at 100."
    }
  }
}
