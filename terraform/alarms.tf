# What shows trouble. A resolver's failure is HTTP 200, and an expected refusal counts as a Lambda error: neither AppSync's
# 5XX nor Lambda's Errors tell what is wrong. So the functions count outcomes by name (namespace Chat), and alarms look at
# those. docs/runbook.md has a section for each kind below, and says why most of them watch all functions at once.

locals {
  namespace       = "Chat" # what chat_lambda/telemetry.py writes to
  alarm_topic_arn = var.existing.alarm_topic == null ? aws_sns_topic.alarms[0].arn : var.existing.alarm_topic.arn

  # Our authorizer, if there is one.
  authorizers = [for module in [local.wiring.authorizer.module] : module if local.has_authorizer]

  # Modules of the fields that people wait for.
  promised = distinct([for name in var.objectives.fields : local.fields[name].module if contains(keys(local.fields), name)])

  # An account's concurrency is one pool: when it is used up, these notice too. Whoever has a share of their own, does not.
  by_concurrency = setunion(local.promised, local.authorizers, local.stream_readers, setintersection(keys(var.reserved_concurrency), keys(local.functions)))

  # kind => { what it means, where it is looked for (dimensions by subject), and what it is compared with }
  metric_alarms = {
    internal-error = {
      means     = "A function failed in a way that nobody foresaw."
      namespace = local.namespace, metric = "InternalError", subjects = local.all_functions
    }
    service-unavailable = {
      means     = "Calls gave up after two seconds of throttling or contention."
      namespace = local.namespace, metric = "ServiceUnavailable", threshold = 5, subjects = local.all_functions
    }
    broken-run = {
      means     = "A function could not start, ran out of time or memory, or died."
      namespace = local.namespace, metric = local.broken_runs, subjects = { all = null }
    }
    throttles = {
      means     = "Lambda refused to run a function: the concurrency is used up."
      namespace = "AWS/Lambda", metric = "Throttles"
      subjects  = { for module in local.by_concurrency : module => local.lambda_dimensions[module] }
    }
    duration = {
      means     = "A field that people wait for is slower than its objective."
      namespace = "AWS/Lambda", metric = "Duration", percentile = "p95", threshold = var.objectives.p95_ms, periods = 3
      subjects  = { for module in local.promised : module => local.lambda_dimensions[module] }
    }
    slow-calls = {
      means     = "Of all fields together, one call in twenty is slower than the objective."
      namespace = local.namespace, metric = "DurationMs", percentile = "p95", threshold = var.objectives.p95_ms, periods = 3
      subjects  = local.all_functions
    }
    authorizer-failed = {
      means     = "The authorizer raised, so callers get a 500: keys cannot be fetched, or its settings are wrong."
      namespace = "AWS/Lambda", metric = "Errors"
      subjects  = { for module in local.authorizers : module => local.lambda_dimensions[module] }
    }
    keys-unavailable = {
      means     = "The keys that tokens are verified with cannot be fetched."
      namespace = local.namespace, metric = "KeysUnavailable"
      subjects  = { for module in local.authorizers : module => { function = local.function_names[module] } }
    }
    tokens-refused = {
      means     = "Far more tokens are refused than clients of good will bring."
      namespace = local.namespace, metric = "TokenRefused", threshold = 500, periods = 3
      subjects  = { for module in local.authorizers : module => { function = local.function_names[module] } }
    }
    selection-unknown = {
      means     = "AppSync does not tell what a caller selected, so incomplete selections go unseen."
      namespace = local.namespace, metric = "SelectionUnknown", subjects = local.all_functions
    }
    clock-in-doubt = {
      means     = "A function's clock is not the store's: it writes nothing until that is mended."
      namespace = local.namespace, metric = "ClockInDoubt", subjects = local.all_functions
    }
    flags-unreadable = {
      means     = "Functions cannot read what is switched off, and go by what they knew last."
      namespace = local.namespace, metric = "FlagsUnreadable", periods = 3
      subjects  = { for key, dimensions in local.all_functions : key => dimensions if var.flags != null }
    }
    transaction-conflict = {
      means     = "Sends to one room collide more often than retries are meant for."
      namespace = "AWS/DynamoDB", metric = "TransactionConflict", threshold = 1000, subjects = local.table_dimensions
    }
    read-throttled = {
      means     = "DynamoDB refuses reads."
      namespace = "AWS/DynamoDB", metric = "ReadThrottleEvents", threshold = 10, subjects = local.table_dimensions
    }
    write-throttled = {
      means     = "DynamoDB refuses writes: a room above 250 sends a second, or the table's limits."
      namespace = "AWS/DynamoDB", metric = "WriteThrottleEvents", threshold = 10, subjects = local.table_dimensions
    }
    api-5xx = {
      means     = "AppSync itself fails requests, or the authorizer raises."
      namespace = "AWS/AppSync", metric = "5XXError", subjects = local.own_api_dimensions
    }
    api-latency = {
      means     = "Requests take longer than the objective, AppSync and the authorizer included."
      namespace = "AWS/AppSync", metric = "Latency", percentile = "p95", threshold = var.objectives.p95_ms, periods = 3
      subjects  = local.own_api_dimensions
    }
    connect-failed = {
      means     = "AppSync cannot take WebSocket connections."
      namespace = "AWS/AppSync", metric = "ConnectServerError", subjects = local.api_dimensions
    }
    subscribe-failed = {
      means     = "AppSync cannot start subscriptions."
      namespace = "AWS/AppSync", metric = "SubscribeServerError", subjects = local.api_dimensions
    }
    publish-failed = {
      means     = "AppSync cannot deliver messages to subscribers."
      namespace = "AWS/AppSync", metric = "PublishDataMessageServerError", subjects = local.api_dimensions
    }
    inbound-dropped = {
      means     = "AppSync drops published messages: above its rate."
      namespace = "AWS/AppSync", metric = "InboundMessageDropped", subjects = local.api_dimensions
    }
    inbound-refused = {
      means     = "AppSync refuses to publish messages, such as those above 240 kB."
      namespace = "AWS/AppSync", metric = "InboundMessageError", subjects = local.api_dimensions
    }
    jobs-stuck = {
      means     = "What is to be done in the background does not get on, or is not called."
      namespace = local.namespace, metric = "JobsStuck", statistic = "Maximum", periods = 3, missing = "breaching"
      subjects  = { for module in keys(local.scheduled) : module => { function = local.function_names[module] } }
    }
    jobs-old = {
      means     = "Work in the background has been open for more than a day, or has not begun a day after it was due."
      namespace = local.namespace, metric = "OldestJobMs", statistic = "Maximum", threshold = 24 * 3600 * 1000
      subjects  = { for module in keys(local.scheduled) : module => { function = local.function_names[module] } }
    }
    request-late = {
      means     = "A request for somebody's data has been open for 25 days: it is to be answered within a month."
      namespace = local.namespace, metric = "OldestRequestMs", statistic = "Maximum", threshold = 25 * 24 * 3600 * 1000
      subjects  = { for module in keys(local.scheduled) : module => { function = local.function_names[module] } }
    }
    events-late = {
      means     = "What happens in rooms is told late, and with publish = \"stream\" heard late: the reader of a table's stream is behind."
      namespace = "AWS/Lambda", metric = "IteratorAge", statistic = "Maximum", threshold = local.publishes ? 10000 : 60000
      subjects  = { for module in local.stream_readers : module => local.lambda_dimensions[module] }
    }
    events-failed = {
      means     = "A batch of a table's stream was given up after all its retries: events of it were not told."
      namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
      subjects  = { for name, queue in aws_sqs_queue.letters : name => { QueueName = queue.name } if endswith(name, "failed") }
    }
    events-dead = {
      means     = "Records of a table's stream wait in the queue of those that could not be told."
      namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
      subjects  = { for name, queue in aws_sqs_queue.letters : name => { QueueName = queue.name } if endswith(name, "dead") }
    }
    events-poisoned = {
      means     = "The reader of a table's stream has set records aside that it cannot read, or that a target will never take."
      namespace = local.namespace, metric = "EventsPoisoned"
      subjects  = { for module in local.stream_readers : module => { function = local.function_names[module] } }
    }
    events-refused = {
      means     = "The API, the bus or the queue refuses events, which are tried again until it takes them."
      namespace = local.namespace, metric = "EventsFailed", threshold = 5
      subjects  = { for module in local.stream_readers : module => { function = local.function_names[module] } }
    }
    audit-undelivered = {
      means     = "Audit events do not reach their bucket."
      namespace = "AWS/Firehose", metric = "DeliveryToS3.DataFreshness", statistic = "Maximum", threshold = 3600, periods = 3
      subjects  = { stream = { DeliveryStreamName = aws_kinesis_firehose_delivery_stream.audit.name } }
    }
  }

  all_functions     = { all = { deployment = local.prefix } }
  lambda_dimensions = { for module, name in local.function_names : module => { FunctionName = name } }
  table_dimensions  = { for key, table in local.tables : key => { TableName = table.name } }
  api_dimensions    = { api = { GraphQLAPIId = local.api.id } }

  # What an API that is there answers as a whole is not ours to judge; whether it delivers live, is.
  own_api_dimensions = { for key, dimensions in local.api_dimensions : key => dimensions if local.makes_api }

  # "duration.messages" => one alarm
  alarms = merge([
    for kind, each in merge(local.metric_alarms, local.gateway_metric_alarms) : {
      for subject, dimensions in each.subjects : "${kind}.${subject}" => {
        kind       = kind
        subject    = subject
        means      = each.means
        namespace  = each.namespace
        metric     = each.metric
        dimensions = dimensions
        statistic  = try(each.percentile, null) == null ? try(each.statistic, "Sum") : null
        percentile = try(each.percentile, null)
        threshold  = try(each.threshold, 0)
        periods    = try(each.periods, 1)
        missing    = try(each.missing, "notBreaching") # most are counted when they happen; no calls is no trouble
      }
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "chat" {
  for_each = local.alarms

  alarm_name          = "${local.prefix}-${replace(each.key, ".", "-")}"
  tags                = local.tags
  alarm_description   = "${each.value.means} See docs/runbook.md, ${each.value.kind}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]

  # What a few quiet calls took says little about p95.
  evaluate_low_sample_count_percentiles = each.value.percentile == null ? null : "ignore"
}

# Lines that only the runtime writes. Each phrase holds a space, which no room's id can: ids are all that our own lines
# take over from people, so nobody can ring this alarm from outside. A metric filter cannot add a dimension that the line has
# not, so the deployment is in the metric's name.
resource "aws_cloudwatch_log_metric_filter" "broken_runs" {
  for_each = local.functions

  name           = "broken-runs"
  log_group_name = aws_cloudwatch_log_group.function[each.key].name
  pattern        = local.broken_run_pattern

  metric_transformation {
    namespace = local.namespace
    name      = local.broken_runs
    value     = "1"
  }
}

# Of the fields that have error budgets, each by itself as well.
resource "aws_cloudwatch_log_metric_filter" "broken_runs_of_field" {
  for_each = toset(local.budgeted)

  name           = "broken-runs-of-field"
  log_group_name = aws_cloudwatch_log_group.function[each.key].name
  pattern        = local.broken_run_pattern

  metric_transformation {
    namespace = local.namespace
    name      = "BrokenRuns-${local.function_names[each.key]}"
    value     = "1"
  }
}

locals {
  broken_runs = "BrokenRuns-${local.prefix}"
  broken_run_pattern = join(" ", [for phrase in [
    "Status: timeout", "Status: error", "Task timed out after", "Runtime exited", # of the platform
    "[ERROR] Runtime.", "[ERROR] BadSettings", "[ERROR] BadSecret",               # of an init that raised
  ] : "?\"${phrase}\""])
}

resource "aws_sns_topic" "alarms" {
  count = var.existing.alarm_topic == null ? 1 : 0

  name              = "${local.prefix}-alarms"
  display_name      = "${local.prefix} alarms"
  tags              = local.tags
  kms_master_key_id = local.kms_key_arn # not SNS's own key: CloudWatch may not use that, and alarms would vanish
}

resource "aws_sns_topic_policy" "alarms" {
  count = var.existing.alarm_topic == null ? 1 : 0

  arn = aws_sns_topic.alarms[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms[0].arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}
