# What reads the tables' streams and tells of it; publishing by it; rules of a team's own.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

run "published_by_the_stream" {
  command = apply

  variables {
    publish = "stream"
  }

  assert {
    condition     = toset(keys(aws_lambda_event_source_mapping.stream)) == toset(["core", "guild"]) && keys(aws_lambda_function.reader) == ["project_stream", "read_stream"]
    error_message = "One reader for each table, and what is derived beside it; subscribers are not told again."
  }

  assert {
    condition = alltrue([
      for mapping in values(aws_lambda_event_source_mapping.stream) : alltrue([
        mapping.function_name == aws_lambda_alias.reader["read_stream"].arn,
        mapping.starting_position == "TRIM_HORIZON",
        mapping.function_response_types == toset(["ReportBatchItemFailures"]),
        mapping.bisect_batch_on_function_error,
        mapping.maximum_retry_attempts == 1000,
        mapping.maximum_record_age_in_seconds == 43200,
        mapping.maximum_batching_window_in_seconds == 0,
        mapping.parallelization_factor == 10,
        coalesce(mapping.tumbling_window_in_seconds, 0) == 0,
        mapping.destination_config[0].on_failure[0].destination_arn == aws_sqs_queue.letters["failed"].arn,
        toset([for each in mapping.filter_criteria[0].filter : each.pattern]) == toset([
          "{\"dynamodb\":{\"Keys\":{\"SK\":{\"S\":[{\"prefix\":\"MSG#\"},{\"prefix\":\"EVT#\"}]}}},\"eventName\":[\"INSERT\",\"MODIFY\"]}",
          "{\"dynamodb\":{\"Keys\":{\"PK\":{\"S\":[{\"prefix\":\"USER#\"}]},\"SK\":{\"S\":[{\"prefix\":\"REQUEST#\"},{\"prefix\":\"NOTIFY#\"}]}}},\"eventName\":[\"INSERT\",\"MODIFY\"]}",
          "{\"dynamodb\":{\"Keys\":{\"PK\":{\"S\":[\"ERASURES\",\"HOLDS\"]}}},\"eventName\":[\"INSERT\",\"MODIFY\"]}",
        ]),
      ])
    ])
    error_message = "A mapping must call the live version at once, with events alone, report what failed by itself, and end with a place in a queue."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.reader["read_stream"].environment[0].variables["PUBLISH"] == "stream",
      aws_lambda_function.reader["read_stream"].environment[0].variables["APPSYNC_URL"] == "https://mock.appsync-api/graphql",
      aws_lambda_function.reader["read_stream"].environment[0].variables["DEAD_LETTER_QUEUE_URL"] == aws_sqs_queue.letters["dead"].url,
      !contains(keys(aws_lambda_function.reader["read_stream"].environment[0].variables), "EVENT_BUS"),
      !contains(keys(aws_lambda_function.reader["read_stream"].environment[0].variables), "EVENT_QUEUE_URL"),
      aws_lambda_function.chat["publish_message"].environment[0].variables["PUBLISHER_ROLE"] == aws_iam_role.function["read_stream"].arn,
      aws_appsync_resolver.field["Mutation.publishMessage"].data_source == "publish_message",
    ])
    error_message = "The reader must know the API, and the mutation the reader."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.reader["read_stream"].policy).Statement : statement.Sid => [statement.Action, statement.Resource] } == {
      Streams         = [["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [for table in values(aws_dynamodb_table.chat) : table.stream_arn]]
      StreamsOfTables = [["dynamodb:ListStreams"], [for table in values(local.tables) : "${table.arn}/stream/*"]]
      Queues          = [["sqs:SendMessage"], [aws_sqs_queue.letters["failed"].arn, aws_sqs_queue.letters["dead"].arn]]
      Publish         = [["appsync:GraphQL"], ["arn:aws:appsync:eu-central-1:123456789012:apis/mock/types/Mutation/fields/publishMessage"]]
    }
    error_message = "The reader may read the streams, set aside, and call one field."
  }

  assert {
    condition = alltrue([
      length([for statement in jsondecode(aws_iam_role_policy.function["read_stream"].policy).Statement : statement if startswith(flatten([statement.Action])[0], "dynamodb:")]) == 0,
      !strcontains(aws_iam_role_policy.data_source.policy, "read_stream"),
    ])
    error_message = "The reader may read no items, and AppSync does not call it."
  }

  assert {
    condition = alltrue([
      aws_appsync_graphql_api.chat[0].authentication_type == "AWS_LAMBDA",
      [for provider in aws_appsync_graphql_api.chat[0].additional_authentication_provider : provider.authentication_type] == ["AWS_IAM"],
      !strcontains(local.directives, "@aws_iam"),
    ])
    error_message = "IAM is a mode beside the people's, who do not read by it."
  }

  assert {
    condition = alltrue([
      for key, threshold in { "events-late.read_stream" = 10000, "events-failed.failed" = 0, "events-dead.dead" = 0, "events-poisoned.read_stream" = 0, "events-refused.read_stream" = 5 } :
      aws_cloudwatch_metric_alarm.chat[key].threshold == threshold
    ]) && contains(keys(aws_cloudwatch_metric_alarm.chat), "throttles.read_stream")
    error_message = "Each way to lose or delay events must ring."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.chat.dashboard_body, "EventsPublished") && strcontains(aws_cloudwatch_dashboard.chat.dashboard_body, "chat-test-events-dead")
    error_message = "The dashboard must show what is told, and what is not."
  }

  assert {
    condition     = alltrue([for queue in values(aws_sqs_queue.letters) : queue.sqs_managed_sse_enabled && queue.message_retention_seconds == 1209600]) && length(aws_sqs_queue.events) + length(aws_cloudwatch_event_bus.events) == 0
    error_message = "Places are kept for two weeks, encrypted; a bus and a queue are made for events alone."
  }

  assert {
    condition     = output.functions["read_stream"].role_arn == output.events.reader.role_arn && output.functions["read_stream"].live_version == "7" && output.events.bus == null && output.events.queue == null
    error_message = "Others must be told which role reads the streams."
  }
}

run "a_bus_and_a_queue" {
  command = apply

  variables {
    events = {
      bus    = { source = "acme.chat" }
      queue  = {}
      text   = true
      reader = { batch_size = 10, batching_window_seconds = 1, parallelization = 2, retries = 5, max_age_seconds = 3600, starting_position = "LATEST" }
    }
    fields   = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
    existing = { kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/1" } }

    guild_service        = { role_arn = "arn:aws:iam::123456789012:role/guilds" }
    reserved_concurrency = { read_stream = 20 }
  }

  assert {
    condition     = toset(keys(aws_lambda_function.chat)) == toset(["authorizer", "messages", "send_message", "on_message", "guild_membership", "run_jobs"]) && toset(keys(aws_lambda_function.reader)) == toset(["read_stream", "reemit_events"])
    error_message = "Events are there with some of the fields, too, and publish_message is not where nobody calls it."
  }

  assert {
    condition = {
      for name, value in aws_lambda_function.reader["read_stream"].environment[0].variables : name => value if startswith(name, "EVENT_") || name == "PUBLISH" || name == "APPSYNC_URL"
      } == {
      EVENT_BUS       = "chat-test-events"
      EVENT_SOURCE    = "acme.chat"
      EVENT_QUEUE_URL = aws_sqs_queue.events[0].url
      EVENT_TEXT      = "true"
      PUBLISH         = "sender"
    }
    error_message = "The reader must be told where to."
  }

  assert {
    condition = alltrue([
      for mapping in values(aws_lambda_event_source_mapping.stream) :
      [mapping.batch_size, mapping.maximum_batching_window_in_seconds, mapping.parallelization_factor, mapping.maximum_retry_attempts, mapping.maximum_record_age_in_seconds] == [10, 1, 2, 5, 3600] && mapping.starting_position == "LATEST"
    ])
    error_message = "The streams must be read as it is said."
  }

  assert {
    condition = alltrue([
      aws_sqs_queue.events[0].fifo_queue,
      aws_sqs_queue.events[0].name == "chat-test-events.fifo",
      aws_sqs_queue.events[0].deduplication_scope == "messageGroup",
      aws_sqs_queue.events[0].kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/1",
      aws_sqs_queue.letters["dead"].kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/1",
      aws_cloudwatch_event_bus.events[0].kms_key_identifier == "arn:aws:kms:eu-central-1:123456789012:key/1",
    ])
    error_message = "The queue must keep a room's order, and the key must encrypt what is made."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.reader["reemit_events"].policy).Statement : statement.Sid => [statement.Action, statement.Resource] } == {
      Bus    = [["events:PutEvents"], [aws_cloudwatch_event_bus.events[0].arn]]
      Queues = [["sqs:SendMessage"], [aws_sqs_queue.events[0].arn]]
      Keys   = [["kms:Decrypt", "kms:GenerateDataKey"], ["arn:aws:kms:eu-central-1:123456789012:key/1"]]
    }
    error_message = "What tells again may tell, and reads no streams."
  }

  assert {
    condition     = length(aws_appsync_graphql_api.chat[0].additional_authentication_provider) == 0 && !contains(keys(aws_appsync_resolver.field), "Mutation.publishMessage")
    error_message = "Events alone change nothing of the API."
  }

  assert {
    condition     = keys(aws_lambda_permission.service) == ["guild_membership"]
    error_message = "The guilds' service may not call what reads streams."
  }

  assert {
    condition     = aws_lambda_function.reader["read_stream"].reserved_concurrent_executions == 20
    error_message = "The reader is held back as the others are."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.chat["events-late.read_stream"].threshold == 60000
    error_message = "Consumers may wait longer than people."
  }
}

run "on_what_is_there" {
  command = plan

  variables {
    publish       = "stream"
    schema_prefix = "Chat"
    events        = { bus = {}, queue = {} }
    jwt           = null
    identity      = [{ name = "theirs", type = "lambda" }]
    existing = {
      api         = { id = "abcdefghijklmnopqrstuvwxyz", graphql_url = "https://api.example.com/graphql", has_iam_mode = true }
      event_bus   = { arn = "arn:aws:events:eu-central-1:210987654321:event-bus/company" }
      event_queue = { arn = "arn:aws:sqs:eu-central-1:123456789012:theirs.fifo", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/theirs.fifo", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/queue" }
      tables = {
        core  = { name = "their_core", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/table", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/mock/stream/2026-01-01T00:00:00.000" }
        guild = { name = "their_guild", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/mock/stream/2026-01-01T00:00:00.000" }
      }
    }
  }

  assert {
    condition     = length(aws_sqs_queue.events) + length(aws_cloudwatch_event_bus.events) + length(aws_dynamodb_table.chat) + length(aws_appsync_graphql_api.chat) == 0
    error_message = "What is there already must not be made again."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.reader["read_stream"].environment[0].variables["EVENT_BUS"] == "arn:aws:events:eu-central-1:210987654321:event-bus/company",
      aws_lambda_function.reader["read_stream"].environment[0].variables["EVENT_QUEUE_URL"] == "https://sqs.eu-central-1.amazonaws.com/123456789012/theirs.fifo",
      aws_lambda_function.reader["read_stream"].environment[0].variables["APPSYNC_URL"] == "https://api.example.com/graphql",
      aws_lambda_function.reader["read_stream"].environment[0].variables["SCHEMA_PREFIX"] == "Chat",
      aws_lambda_event_source_mapping.stream["core"].event_source_arn == "arn:aws:dynamodb:eu-central-1:123456789012:table/mock/stream/2026-01-01T00:00:00.000",
      aws_appsync_resolver.field["Mutation.publishMessage"].field == "chatPublishMessage",
      output.events.bus.name == "company",
      join(" ", local.reader_keys) == "arn:aws:kms:eu-central-1:123456789012:key/table arn:aws:kms:eu-central-1:123456789012:key/queue",
    ])
    error_message = "What is there must be used."
  }
}

run "iam_is_there_already" {
  command = plan

  variables {
    publish  = "stream"
    jwt      = null
    identity = [{ name = "services", type = "iam", callers = [] }, { name = "sso", type = "oidc", issuer = "https://sso.example.com", clients = ["web"] }]
  }

  assert {
    condition     = aws_appsync_graphql_api.chat[0].authentication_type == "AWS_IAM" && [for provider in aws_appsync_graphql_api.chat[0].additional_authentication_provider : provider.authentication_type] == ["OPENID_CONNECT"]
    error_message = "A mode is there once."
  }
}

run "rules_of_ones_own" {
  command = plan

  variables {
    hooks = { module = "acme.chat", layer_arns = ["arn:aws:lambda:eu-central-1:123456789012:layer:acme:3"], timeout_ms = 200 }
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat : (
        contains(local.functions[module].settings, "CHAT_HOOKS")
        ? contains(local.layers[module], "arn:aws:lambda:eu-central-1:123456789012:layer:acme:3") && [for name in ["CHAT_HOOKS", "CHAT_HOOKS_TIMEOUT_MS", "CHAT_HOOKS_ON_FAILURE"] : function.environment[0].variables[name]] == ["acme.chat", "200", "closed"]
        : length(local.layers[module]) == 2 && !contains(keys(function.environment[0].variables), "CHAT_HOOKS")
      )
    ])
    error_message = "The functions that ask the rules must have them, and no other."
  }

  assert {
    condition     = length([for each in values(local.functions) : each if contains(each.settings, "CHAT_HOOKS")]) > 0
    error_message = "Some function must ask them."
  }
}

run "a_directory_of_ones_own" {
  command = plan

  variables {
    people = {
      directory    = { module = "acme.people", layer_arns = ["arn:aws:lambda:eu-central-1:123456789012:layer:acme:4"] }
      avatar_hosts = ["pictures.example.com", "cdn.example.org"]
    }
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat : (
        contains(local.functions[module].settings, "PEOPLE_DIRECTORY_TIMEOUT_MS")
        ? contains(local.layers[module], "arn:aws:lambda:eu-central-1:123456789012:layer:acme:4") && [for name in ["PEOPLE_DIRECTORY", "PEOPLE_DIRECTORY_TIMEOUT_MS", "AVATAR_HOSTS"] : function.environment[0].variables[name]] == ["acme.people", "1000", "pictures.example.com,cdn.example.org"]
        : length(local.layers[module]) == 2 && !contains(keys(function.environment[0].variables), "PEOPLE_DIRECTORY_TIMEOUT_MS")
      )
    ])
    error_message = "The functions that ask the directory must have it, and no other."
  }

  assert {
    condition     = aws_lambda_function.chat["update_me"].environment[0].variables["PEOPLE_DIRECTORY"] == "acme.people"
    error_message = "Whoever changes their name must be told that there is a directory."
  }
}
