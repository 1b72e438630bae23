# What is derived from the tables' streams: where it is on, what it may do, and what becomes of what it could not do.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

run "on_where_both_tables_are_ours" {
  command = apply

  assert {
    condition     = keys(local.readers) == ["project_stream"] && length(aws_lambda_event_source_mapping.stream) == 0 && aws_lambda_function.chat["on_mine"].environment[0].variables["PROJECTIONS"] == "true"
    error_message = "By the sender, too, the streams are read for what is derived, and for nothing else."
  }

  assert {
    condition = toset(keys(aws_lambda_event_source_mapping.projections)) == toset(["core", "guild"]) && alltrue([
      for key, mapping in aws_lambda_event_source_mapping.projections : alltrue([
        mapping.event_source_arn == aws_dynamodb_table.chat[key].stream_arn,
        mapping.function_name == aws_lambda_alias.reader["project_stream"].arn,
        mapping.function_response_types == toset(["ReportBatchItemFailures"]),
        mapping.bisect_batch_on_function_error,
        mapping.maximum_retry_attempts == 1000,
        mapping.destination_config[0].on_failure[0].destination_arn == aws_sqs_queue.letters["projections-failed"].arn,
        toset(mapping.filter_criteria[0].filter[*].pattern) == toset([
          "{\"dynamodb\":{\"Keys\":{\"SK\":{\"S\":[{\"prefix\":\"MSG#\"},{\"prefix\":\"EVT#\"}]}}},\"eventName\":[\"INSERT\",\"MODIFY\"]}",
          "{\"dynamodb\":{\"Keys\":{\"PK\":{\"S\":[{\"prefix\":\"REACT#\"}]},\"SK\":{\"S\":[{\"prefix\":\"COUNT#\"}]}}},\"eventName\":[\"INSERT\",\"MODIFY\"]}",
          "{\"dynamodb\":{\"Keys\":{\"PK\":{\"S\":[{\"prefix\":\"USER#\"}]},\"SK\":{\"S\":[{\"prefix\":\"BLOCK#\"},\"ERASED\",{\"prefix\":\"REQUEST#\"},{\"prefix\":\"NOTIFYSET#\"}]}}},\"eventName\":[\"INSERT\",\"MODIFY\"]}",
        ]),
      ])
    ])
    error_message = "The mapping of each table must take events and counters, report what failed by itself, and end with a place in a queue of its own."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.reader["project_stream"].policy).Statement : statement.Sid => [statement.Action, statement.Resource] } == {
      Streams         = [["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [for table in values(aws_dynamodb_table.chat) : table.stream_arn]]
      StreamsOfTables = [["dynamodb:ListStreams"], [for table in values(local.tables) : "${table.arn}/stream/*"]]
      Queues          = [["sqs:SendMessage"], [aws_sqs_queue.letters["projections-failed"].arn, aws_sqs_queue.letters["projections-dead"].arn]]
      TakenBack       = [["s3:PutObject"], ["${aws_s3_bucket.taken_back[0].arn}/taken-back/*"]]
      TakenBackKey    = [["kms:GenerateDataKey"], [aws_kms_key.taken_back[0].arn]]
    }
    error_message = "By the sender it calls no API; the log it writes it can neither read nor delete."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.reader["project_stream"].environment[0].variables["DEAD_LETTER_QUEUE_URL"] == aws_sqs_queue.letters["projections-dead"].url,
      !contains(keys(aws_lambda_function.reader["project_stream"].environment[0].variables), "APPSYNC_URL"),
      !contains(keys(aws_lambda_function.chat["publish_mine"].environment[0].variables), "PROJECTOR_ROLE"),
      aws_lambda_function.chat["publish_mine"].environment[0].variables["PUBLISH"] == "sender",
      !strcontains(aws_appsync_graphql_api.chat[0].schema, "aws_iam"),
      strcontains(aws_appsync_graphql_api.chat[0].schema, "publishMine("),
    ])
    error_message = "By the sender nobody publishes, and the schema asks for no IAM."
  }

  assert {
    condition = alltrue([
      for key in ["events-late.project_stream", "events-poisoned.project_stream", "events-refused.project_stream", "events-failed.projections-failed", "events-dead.projections-dead", "throttles.project_stream"] :
      contains(keys(aws_cloudwatch_metric_alarm.chat), key)
    ])
    error_message = "Each way to lose or delay what is derived must ring."
  }

  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.function["project_stream"].policy).Statement : statement if startswith(flatten([statement.Action])[0], "dynamodb:")]) > 0 && !strcontains(aws_iam_role_policy.data_source.policy, "project_stream")
    error_message = "It reads and writes what its wiring says, and AppSync does not call it."
  }
}

run "people_are_told_by_the_stream" {
  command = apply

  variables {
    publish = "stream"
  }

  assert {
    condition = alltrue([
      one([for statement in jsondecode(aws_iam_role_policy.reader["project_stream"].policy).Statement : statement.Resource if statement.Sid == "Publish"]) == ["arn:aws:appsync:eu-central-1:123456789012:apis/mock/types/Mutation/fields/publishMine"],
      one([for statement in jsondecode(aws_iam_role_policy.reader["read_stream"].policy).Statement : statement.Resource if statement.Sid == "Publish"]) == ["arn:aws:appsync:eu-central-1:123456789012:apis/mock/types/Mutation/fields/publishMessage"],
      aws_lambda_function.chat["publish_mine"].environment[0].variables["PROJECTOR_ROLE"] == aws_iam_role.function["project_stream"].arn,
      aws_lambda_function.chat["publish_message"].environment[0].variables["PUBLISHER_ROLE"] == aws_iam_role.function["read_stream"].arn,
      aws_lambda_function.reader["project_stream"].environment[0].variables["APPSYNC_URL"] == "https://mock.appsync-api/graphql",
      toset(keys(aws_sqs_queue.letters)) == toset(["failed", "dead", "projections-failed", "projections-dead"]),
    ])
    error_message = "Each of the two may call its own mutation, and each mutation takes its own role."
  }
}

run "off_where_tables_are_others" {
  command = plan

  variables {
    existing = { tables = { core = { name = "their_core", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/mock/stream/2026-01-01T00:00:00.000" } } }
  }

  assert {
    condition     = length(local.readers) == 0 && length(aws_lambda_event_source_mapping.projections) == 0 && aws_lambda_function.chat["on_mine"].environment[0].variables["PROJECTIONS"] == "false"
    error_message = "The second place of somebody's stream is not taken unless somebody says so."
  }
}

run "on_where_somebody_says_so" {
  command = plan

  variables {
    projections = true
    existing    = { tables = { core = { name = "their_core", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/mock/stream/2026-01-01T00:00:00.000" } } }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.projections["core"].event_source_arn == "arn:aws:dynamodb:eu-central-1:123456789012:table/mock/stream/2026-01-01T00:00:00.000"
    error_message = "Their stream must be read."
  }
}

run "not_without_a_stream" {
  command = plan

  variables {
    projections = true
    existing    = { tables = { core = { name = "their_core" } } }
  }

  expect_failures = [var.projections]
}

run "off_where_somebody_says_so" {
  command = plan

  variables {
    projections = false
  }

  assert {
    condition     = length(local.readers) == 0 && length(aws_sqs_queue.letters) == 0 && aws_lambda_function.chat["on_mine"].environment[0].variables["PROJECTIONS"] == "false"
    error_message = "Nothing is read, and what needs it is told so."
  }
}

run "off_where_no_field_needs_it" {
  command = plan

  variables {
    fields = ["Query.messages", "Query.me"]
  }

  assert {
    condition     = length(local.readers) == 0
    error_message = "Nothing is read for fields that need nothing of it."
  }
}
