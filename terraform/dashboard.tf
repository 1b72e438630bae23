# For whoever is on call: first whether people are served, then where the time goes, then what is refused and why.

locals {
  refusals = [
    "IdentityRefused", "InvalidInput", "NotRoomMember", "NotAllowed", "Muted", "RateLimited", "IdempotencyMismatch",
    "StaleEpoch", "SwitchedOff", "ServiceUnavailable", "InternalError",
  ]

  field_modules = [for each in local.fields : each.module]
  others        = setsubtract(keys(local.functions), concat(local.promised, local.authorizers))

  senders = [for module in ["send_message"] : local.function_names[module] if contains(keys(local.functions), module)]

  # The objectives' metrics for a chart, whose ids may be there once: each ends in its objective's number.
  budget_numbers = { for at, name in keys(local.objectives) : name => at }
  budget_counts = flatten([
    for name, at in local.budget_numbers : concat(
      [
        for id, each in local.objectives[name].metrics : {
          line = concat([each.namespace, each.metric], try(flatten([for key, value in each.dimensions : [key, value]]), []), [{ id = "${id}${at}", stat = each.stat, visible = false }])
        }
      ],
      [
        for part in ["failed", "total"] : {
          line = [{ id = "${part}${at}", visible = false, expression = replace(local.objectives[name][part], "/FILL\\(([a-z]+)/", "FILL($${1}${at}") }]
        }
      ],
    )
  ])[*].line

  # What happens seldom has no metric, and no line, before it happened. Without functions to draw there is no chart.
  charts = [for chart in local.all_charts : chart if length(chart.lines) > 0]
  all_charts = [
    {
      title  = "Error budgets: what is left of ${local.burning.budget_days} days (%)", stat = "Sum"
      period = 3600, start = "-P${local.burning.budget_days}D"
      lines = concat(local.budget_counts, [
        for name, at in local.budget_numbers : [{
          label      = name
          id         = "left${at}"
          expression = "100 - 10000 * RUNNING_SUM(failed${at}) / RUNNING_SUM(total${at}) / ${local.error_budgets[local.objectives[name].kind]}"
        }]
      ])
    },
    {
      title  = "Error budgets: how many times as fast as they last they burn, by the hour", stat = "Sum"
      period = 3600, start = "-P3D", marks = local.burning.burn_rates[*].times
      lines = concat(local.budget_counts, [
        for name, at in local.budget_numbers : [{
          label      = name
          id         = "burn${at}"
          expression = "IF(total${at} > 0, 100 * failed${at} / total${at} / ${local.error_budgets[local.objectives[name].kind]}, 0)"
        }]
      ])
    },
    {
      title = "Live deliveries that clients confirmed (%)", stat = "Sum"
      lines = concat(
        [[{ expression = "IF(due > 0, 100 * FILL(confirmed, 0) / due)", label = "confirmed of due", id = "percent" }]],
        [for id, metric in { due = "DeliveriesDue", confirmed = "DeliveriesConfirmed" } : [local.namespace, metric, "deployment", local.prefix, { id = id, visible = false }]],
      )
    },
    {
      title = "From sent to confirmed: the slowest that each report brought (ms)", stat = "p95"
      lines = [for stat in ["p50", "p95", "p99"] : [local.namespace, "ConfirmMs", "deployment", local.prefix, { stat = stat, label = stat }]]
    },
    {
      title = "Calls of the fields that people wait for", stat = "Sum"
      lines = [for module in local.promised : ["AWS/Lambda", "Invocations", "FunctionName", local.function_names[module]]]
    },
    {
      title = "Calls of the others", stat = "Sum"
      lines = [for module in local.others : ["AWS/Lambda", "Invocations", "FunctionName", local.function_names[module]]]
    },
    {
      title = "Outcomes that are our fault", stat = "Sum"
      lines = concat(
        [for name in values(local.function_names) : [local.namespace, "InternalError", "function", name]],
        [for name in values(local.function_names) : [local.namespace, "ServiceUnavailable", "function", name]],
        [[local.namespace, local.broken_runs]],
      )
    },
    {
      title = "Duration of the fields that people wait for and of the authorizer, p95 (ms)", stat = "p95"
      lines = [for module in concat(local.promised, local.authorizers) : ["AWS/Lambda", "Duration", "FunctionName", local.function_names[module]]]
    },
    {
      title = "Duration of the others, p95 (ms)", stat = "p95"
      lines = [for module in local.others : ["AWS/Lambda", "Duration", "FunctionName", local.function_names[module]]]
    },
    {
      title = "DynamoDB, p95 of all that one call waits for (ms)", stat = "p95"
      lines = [for module in local.field_modules : [local.namespace, "StoreMs", "function", local.function_names[module]]]
    },
    {
      title = "Latency of the API, p95 (ms)", stat = "p95"
      lines = [["AWS/AppSync", "Latency", "GraphQLAPIId", local.api.id]]
    },
    {
      title = "Requests of the API that failed", stat = "Sum"
      lines = [for metric in ["4XXError", "5XXError"] : ["AWS/AppSync", metric, "GraphQLAPIId", local.api.id]]
    },
    {
      title = "Refused sends, by name", stat = "Sum"
      lines = flatten([for sender in local.senders : [for name in local.refusals : { line = [local.namespace, name, "function", sender] }]])[*].line
    },
    {
      title = "Refused by other fields, by name", stat = "Sum"
      lines = flatten([
        for module in setsubtract(local.field_modules, ["send_message"]) : [
          for name in local.refusals : { line = [local.namespace, name, "function", local.function_names[module]] }
        ]
      ])[*].line
    },
    {
      title = "Contention of sends", stat = "Sum"
      lines = flatten([
        for sender in local.senders : [
          for metric in ["Sends", "Attempts", "StaleHeads", "TransientFailures", "Repeats"] : { line = [local.namespace, metric, "function", sender] }
        ]
      ])[*].line
    },
    {
      title = "Tables: conflicts and throttling", stat = "Sum"
      lines = flatten([
        for table in values(local.tables) : [
          for metric in ["TransactionConflict", "ReadThrottleEvents", "WriteThrottleEvents"] :
          { line = ["AWS/DynamoDB", metric, "TableName", table.name] }
        ]
      ])[*].line
    },
    {
      title = "Tokens", stat = "Sum"
      lines = flatten([
        for module in local.authorizers : [
          for metric in ["TokenAccepted", "TokenRefused", "KeysUnavailable"] : { line = [local.namespace, metric, "function", local.function_names[module]] }
        ]
      ])[*].line
    },
    {
      title = "Connections and subscriptions", stat = "Maximum"
      lines = [for metric in ["ActiveConnections", "ActiveSubscriptions"] : ["AWS/AppSync", metric, "GraphQLAPIId", local.api.id]]
    },
    {
      title = "Live delivery", stat = "Sum"
      lines = [
        for metric in ["PublishDataMessageSuccess", "PublishDataMessageServerError", "InboundMessageDropped", "InboundMessageError", "ConnectServerError", "SubscribeServerError"] :
        ["AWS/AppSync", metric, "GraphQLAPIId", local.api.id]
      ]
    },
    {
      title = "Events: read from the tables' streams, told, and set aside", stat = "Sum"
      lines = flatten([
        for module in keys(local.readers) : [
          for metric in ["EventsRead", "EventsPublished", "EventsPut", "EventsQueued", "EventsFailed", "EventsPoisoned"] :
          { line = [local.namespace, metric, "function", local.function_names[module]] }
        ]
      ])[*].line
    },
    {
      title = "How late events are told: the oldest of a batch, and the stream's (ms)", stat = "Maximum"
      lines = flatten([
        for module in local.stream_readers : [
          { line = [local.namespace, "EventAgeMs", "function", local.function_names[module]] },
          { line = ["AWS/Lambda", "IteratorAge", "FunctionName", local.function_names[module]] },
        ]
      ])[*].line
    },
    {
      title = "Events that were not told: places that wait", stat = "Maximum"
      lines = [for queue in values(aws_sqs_queue.letters) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]]
    },
    {
      title = "Gateway: connections, and handshakes that were refused", stat = "Sum"
      lines = flatten([
        for key in keys(local.gateway) : [
          for metric in ["GatewayConnections", "GatewayRefusedHandshakes"] : { line = [local.namespace, metric, "deployment", local.prefix, { period = 60 }] }
        ]
      ])[*].line
    },
    {
      title = "Gateway: how late live messages are, the slowest task's p95 (ms)", stat = "Maximum"
      lines = [for key in keys(local.gateway) : [local.namespace, "GatewayLagP95Ms", "deployment", local.prefix]]
    },
    {
      title = "Gateway: tasks that do not ask AppSync, or that it does not take", stat = "Maximum"
      lines = flatten([
        for key in keys(local.gateway) : [
          for metric in ["GatewayBreakerOpen", "GatewayServiceFault"] : { line = [local.namespace, metric, "deployment", local.prefix] }
        ]
      ])[*].line
    },
    {
      title = "Gateway: memory and CPU of its tasks (%)", stat = "Maximum"
      lines = flatten([
        for key, each in local.gateway_service : [
          for metric in ["MemoryUtilization", "CPUUtilization"] : { line = ["AWS/ECS", metric, "ClusterName", each.ClusterName, "ServiceName", each.ServiceName] }
        ]
      ])[*].line
    },
    {
      title = "Functions: running at once, and refused by Lambda", stat = "Maximum"
      lines = concat(
        [for name in values(local.function_names) : ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", name]],
        [for name in values(local.function_names) : ["AWS/Lambda", "Throttles", "FunctionName", name]],
      )
    },
  ]
}

resource "aws_cloudwatch_dashboard" "chat" {
  dashboard_name = local.prefix

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type = "alarm", x = 0, y = 0, width = 24, height = 6
        properties = {
          title  = "What is promised"
          alarms = concat([aws_cloudwatch_composite_alarm.slo.arn], [for key, alarm in aws_cloudwatch_metric_alarm.burn : alarm.arn if local.burn_alarms[key].is_long])
        }
      }],
      [
        for index, chart in local.charts : {
          type = "metric", x = (index % 2) * 12, y = 6 + floor(index / 2) * 6, width = 12, height = 6
          properties = merge(
            { title = chart.title, region = var.region, stat = chart.stat, period = try(chart.period, 300), view = "timeSeries", metrics = chart.lines },
            { for start in [try(chart.start, null)] : "start" => start if start != null },
            { for marks in [try(chart.marks, [])] : "annotations" => { horizontal = [for value in marks : { value = value, label = "${value} times" }] } if length(marks) > 0 },
          )
        }
      ],
    )
  })
}
