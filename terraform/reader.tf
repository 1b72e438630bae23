# What reads the tables' streams: the reader, which tells of each change to live subscribers (publish = "stream"), a bus and a queue
# (events), and beside it what derives from them what no send writes (projections). Neither is made while nobody asks for it.
# docs/events.md.

locals {
  publishes    = var.publish == "stream"
  has_bus      = var.events.bus != null
  has_queue    = var.events.queue != null
  reads_events = local.publishes || local.has_bus || local.has_queue

  # Sending alone asks for none: without them a message mentions nobody by name.
  # Tables of others may have no stream, or a second reader of it already: of these somebody has to say that it is to be read.
  makes_tables  = var.existing.tables.core == null && var.existing.tables.guild == null
  projects      = coalesce(var.projections, local.makes_tables) && anytrue([for name in setsubtract(keys(local.fields), ["Mutation.sendMessage", "Mutation.editMessage"]) : contains(local.wiring.fields[name].settings, "PROJECTIONS")])
  reads_streams = local.reads_events || local.projects

  # Of the wiring's services: the two that read the streams, and the one that tells a bus or a queue again; subscribers catch up.
  stream_reader  = "read_stream"
  projector      = "project_stream"
  event_services = { (local.stream_reader) = local.reads_events, (local.projector) = local.projects, reemit_events = local.has_bus || local.has_queue }
  stream_readers = [for module in [local.stream_reader, local.projector] : module if local.event_services[module]]
  readers        = { for name, each in local.services : each.module => each if contains(keys(local.event_services), name) }

  # Their functions stand beside the others (aws_lambda_function.chat): they are told where the API is, and the API which function
  # its authorizer is.
  reader_settings = {
    for module in keys(local.readers) : module => merge(
      { for name, url in { APPSYNC_URL = local.api.own_url } : name => url if local.publishes },
      { for name in ["DEAD_LETTER_QUEUE_URL"] : name => aws_sqs_queue.letters["${local.letters_of[module]}dead"].url if contains(keys(local.letters_of), module) },
    )
  }

  # Which queues a reader of streams has for places of what it could not do: of each its own, since they are told again by other means.
  letters_of = { for module in local.stream_readers : module => module == local.projector ? "projections-" : "" }

  # The one mutation that each of them calls, where subscribers are told by the stream.
  published_by = { (local.stream_reader) = local.publishing, (local.projector) = local.publishing_mine }

  stream_arns = {
    for key in keys(local.tables) : key => var.existing.tables[key] == null ? aws_dynamodb_table.chat[key].stream_arn : var.existing.tables[key].stream_arn
  }
}

resource "aws_lambda_function" "reader" {
  for_each = local.readers

  function_name = local.function_names[each.key]
  description   = "appsync-chat: ${local.folders[each.key]}/${each.key}.py"
  role          = aws_iam_role.function[each.key].arn

  runtime                        = local.runtime
  architectures                  = [var.architecture]
  handler                        = "${local.folders[each.key]}.${each.key}.handler"
  filename                       = local.packages[each.key].filename
  s3_bucket                      = local.packages[each.key].bucket
  s3_key                         = local.packages[each.key].key
  source_code_hash               = local.package_hashes[each.key]
  layers                         = local.layers[each.key]
  memory_size                    = each.value.memoryMb
  timeout                        = each.value.timeoutSeconds
  reserved_concurrent_executions = lookup(var.reserved_concurrency, each.key, -1)
  publish                        = true
  kms_key_arn                    = local.kms_key_arn
  tags                           = local.tags

  environment {
    variables = merge(
      local.environments[each.key],
      { for name, value in local.reader_settings[each.key] : name => value if contains(each.value.settings, name) },
    )
  }

  logging_config {
    log_format = "Text" # the functions write JSON themselves
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "Active" # as in functions.tf
  }

  dynamic "snap_start" {
    for_each = var.snap_start ? ["PublishedVersions"] : []
    content {
      apply_on = snap_start.value
    }
  }

  lifecycle {
    precondition {
      condition     = local.package_hashes[each.key] != null
      error_message = local.package_is_absent[each.key]
    }

    postcondition {
      condition     = var.packages_in_s3 == null || self.version == "$LATEST" || self.code_sha256 == local.package_hashes[each.key]
      error_message = "What lies at ${coalesce(local.packages[each.key].key, "…")} is not what packages_in_s3.sha256sums says."
    }

    precondition {
      condition     = length(setsubtract(each.value.settings, concat(local.known_settings, ["APPSYNC_URL", "DEAD_LETTER_QUEUE_URL"]))) == 0
      error_message = "resolvers/wiring.json gives ${each.key} a setting that terraform/wiring.tf has no value for."
    }
  }

  depends_on = [
    aws_iam_role_policy.function,
    aws_iam_role_policy.reader,
    data.aws_dynamodb_table.existing,
  ]
}

resource "aws_lambda_alias" "reader" {
  for_each = local.readers

  name             = local.alias
  description      = "What is called."
  function_name    = aws_lambda_function.reader[each.key].function_name
  function_version = aws_lambda_function.reader[each.key].version

  lifecycle {
    ignore_changes = [function_version, routing_config] # releases/ moves it
  }
}

# A stream takes two readers without throttling them: this one, and what is derived (projections) or the team's own.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
resource "aws_lambda_event_source_mapping" "stream" {
  for_each = local.reads_events ? toset(keys(local.tables)) : []

  event_source_arn = local.stream_arns[each.key]
  function_name    = aws_lambda_alias.reader[local.stream_reader].arn
  tags             = local.tags

  starting_position                  = var.events.reader.starting_position
  batch_size                         = var.events.reader.batch_size
  maximum_batching_window_in_seconds = var.events.reader.batching_window_seconds
  parallelization_factor             = var.events.reader.parallelization

  # What fails is told alone, is halved until it is, and neither holds up its shard for ever nor vanishes: its place goes to a queue.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = var.events.reader.retries
  maximum_record_age_in_seconds  = var.events.reader.max_age_seconds

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.letters["failed"].arn
    }
  }

  # Events are messages (MSG#) and what is told of everything else (EVT#); and, of no room, requests for people's data, erasures
  # that are done, legal holds, and notifications. What is filtered out costs nothing.
  filter_criteria {
    dynamic "filter" {
      for_each = [
        { SK = { S = [{ prefix = "MSG#" }, { prefix = "EVT#" }] } },
        { PK = { S = [{ prefix = "USER#" }] }, SK = { S = [{ prefix = "REQUEST#" }, { prefix = "NOTIFY#" }] } },
        { PK = { S = ["ERASURES", "HOLDS"] } },
      ]
      content {
        pattern = jsonencode({ eventName = ["INSERT", "MODIFY"], dynamodb = { Keys = filter.value } })
      }
    }
  }
}

# The other place of the two: what is derived. Reactions' counters lie in partitions of their own, and are no events.
resource "aws_lambda_event_source_mapping" "projections" {
  for_each = local.projects ? toset(keys(local.tables)) : []

  event_source_arn = local.stream_arns[each.key]
  function_name    = aws_lambda_alias.reader[local.projector].arn
  tags             = local.tags

  starting_position                  = var.events.reader.starting_position
  batch_size                         = var.events.reader.batch_size
  maximum_batching_window_in_seconds = var.events.reader.batching_window_seconds
  parallelization_factor             = var.events.reader.parallelization

  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = var.events.reader.retries
  maximum_record_age_in_seconds  = var.events.reader.max_age_seconds

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.letters["projections-failed"].arn
    }
  }

  filter_criteria {
    dynamic "filter" {
      for_each = [
        { SK = { S = [{ prefix = "MSG#" }, { prefix = "EVT#" }] } },
        { PK = { S = [{ prefix = "REACT#" }] }, SK = { S = [{ prefix = "COUNT#" }] } },
        { PK = { S = [{ prefix = "USER#" }] }, SK = { S = [{ prefix = "BLOCK#" }, "ERASED", { prefix = "REQUEST#" }, { prefix = "NOTIFYSET#" }] } },
      ]
      content {
        pattern = jsonencode({ eventName = ["INSERT", "MODIFY"], dynamodb = { Keys = filter.value } })
      }
    }
  }
}

# Where events go

resource "aws_cloudwatch_event_bus" "events" {
  count = local.makes_bus ? 1 : 0

  name               = "${local.prefix}-events"
  description        = "What happens in rooms: docs/events.md."
  kms_key_identifier = local.kms_key_arn
  tags               = local.tags
}

resource "aws_sqs_queue" "events" {
  count = local.makes_queue ? 1 : 0

  name                       = "${local.prefix}-events.fifo"
  fifo_queue                 = true
  deduplication_scope        = "messageGroup" # a room
  fifo_throughput_limit      = "perMessageGroupId"
  message_retention_seconds  = 1209600 # 14 days
  visibility_timeout_seconds = 180
  kms_master_key_id          = local.kms_key_arn
  sqs_managed_sse_enabled    = local.kms_key_arn == null ? true : null
  tags                       = local.tags
}

# Places of records that could not be told, and nothing of what is in them: of batches that Lambda gave up (failed), and of records
# that nobody can read (dead). docs/runbook.md says how they are told again.
resource "aws_sqs_queue" "letters" {
  for_each = toset(flatten([for prefix in values(local.letters_of) : ["${prefix}failed", "${prefix}dead"]]))

  name                      = "${local.prefix}-events-${each.key}"
  message_retention_seconds = 1209600 # 14 days
  kms_master_key_id         = local.kms_key_arn
  sqs_managed_sse_enabled   = local.kms_key_arn == null ? true : null
  tags                      = local.tags
}

locals {
  makes_bus   = local.has_bus && var.existing.event_bus == null
  makes_queue = local.has_queue && var.existing.event_queue == null

  bus = one(concat(
    [for bus in aws_cloudwatch_event_bus.events : { name = bus.name, arn = bus.arn }],
    [for bus in [var.existing.event_bus] : { name = bus.arn, arn = bus.arn } if local.has_bus && !local.makes_bus], # EventBridge takes either
  ))
  queue = one(concat(
    [for queue in aws_sqs_queue.events : { url = queue.url, arn = queue.arn }],
    [for queue in [var.existing.event_queue] : { url = queue.url, arn = queue.arn } if local.has_queue && !local.makes_queue],
  ))

  event_settings = {
    for name, value in {
      EVENT_BUS       = try(local.bus.name, null)
      EVENT_SOURCE    = local.has_bus ? var.events.bus.source : null
      EVENT_QUEUE_URL = try(local.queue.url, null)
      EVENT_TEXT      = tostring(var.events.text)
    } : name => value if value != null && local.reads_events
  }
}

# What the readers may do beside what their wiring says of tables: read the streams, and tell those that their wiring's settings name.
resource "aws_iam_role_policy" "reader" {
  for_each = local.readers

  name = "events"
  role = aws_iam_role.function[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for statement in [
          {
            Sid      = "Streams"
            Effect   = "Allow"
            Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
            Resource = values(local.stream_arns)
          },
          {
            Sid      = "StreamsOfTables"
            Effect   = "Allow"
            Action   = ["dynamodb:ListStreams"]
            Resource = [for table in values(local.tables) : "${table.arn}/stream/*"] # Lambda asks for it, of whichever stream the table has
          },
        ] : statement if contains(local.stream_readers, each.key)
      ],
      local.target_statements[each.key],
    )
  })
}

locals {
  # Whom a reader tells, by the settings that its wiring names.
  target_statements = {
    for module, each in local.readers : module => concat(
      [
        for bus in [local.bus] : {
          Sid       = "Bus"
          Effect    = "Allow"
          Action    = ["events:PutEvents"]
          Resource  = [bus.arn]
          Condition = { "ForAllValues:StringEquals" = { "events:source" = [var.events.bus.source] } } # of each entry of a request
        } if local.has_bus && contains(each.settings, "EVENT_BUS")
      ],
      [
        for queues in [concat(
          # Lambda puts what failed there by the role of the function.
          [for prefix in [for reader, prefix in local.letters_of : prefix if reader == module] : aws_sqs_queue.letters["${prefix}failed"].arn],
          [for prefix in [for reader, prefix in local.letters_of : prefix if reader == module] : aws_sqs_queue.letters["${prefix}dead"].arn],
          contains(each.settings, "EVENT_QUEUE_URL") ? [for queue in [local.queue] : queue.arn if local.has_queue] : [],
          )] : {
          Sid      = "Queues"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = queues
        } if length(queues) > 0
      ],
      [
        for arn in [local.api.arn] : {
          Sid      = "Publish"
          Effect   = "Allow"
          Action   = ["appsync:GraphQL"]
          Resource = ["${arn}/types/Mutation/fields/${local.field_names[local.published_by[module]]}"]
        } if local.publishes && contains(each.settings, "APPSYNC_URL") && contains(keys(local.fields), try(local.published_by[module], ""))
      ],
      [
        for log in local.taken_back_logs : {
          Sid      = "TakenBack"
          Effect   = "Allow"
          Action   = ["s3:PutObject"]
          Resource = ["${log}/taken-back/*"]
        } if contains(each.settings, "TAKEN_BACK_BUCKET")
      ],
      [
        for key in [local.taken_back_key] : {
          Sid      = "TakenBackKey"
          Effect   = "Allow"
          Action   = ["kms:GenerateDataKey"]
          Resource = [key]
        } if local.keeps_log == 1 && contains(each.settings, "TAKEN_BACK_KEY")
      ],
      [
        for keys in [local.reader_keys] : {
          Sid      = "Keys"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = keys
        } if length(keys) > 0
      ],
    )
  }

  # Keys of the streams, which are their tables', and of the queues.
  reader_keys = distinct(concat(
    [for key in [local.kms_key_arn] : key if var.existing.kms_key != null],
    [for table in values(var.existing.tables) : table.kms_key_arn if try(table.kms_key_arn, null) != null],
    [for queue in [var.existing.event_queue] : queue.kms_key_arn if try(queue.kms_key_arn, null) != null && local.has_queue],
  ))
}
