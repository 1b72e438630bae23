# What others have made is used, and nothing of it is made again.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  identity    = [{ name = "theirs", type = "lambda" }]
  existing    = { api = { id = "abcdefghijklmnopqrstuvwxyz" } }
}

run "three_fields_in_their_api" {
  command = plan

  variables {
    fields        = ["Query.messages", "Mutation.sendMessage", "Subscription.onMessage"]
    schema_prefix = "Chat"
    waf           = { requests_per_5_minutes = 2000 }
  }

  assert {
    condition = sum([
      length(aws_appsync_graphql_api.chat), length(aws_cloudwatch_log_group.api), length(aws_iam_role.api_logs), length(aws_lambda_permission.authorizer),
      length(aws_wafv2_web_acl.api), length(aws_wafv2_web_acl_association.api), length(aws_appsync_domain_name.api),
    ]) == 0
    error_message = "No API, authorizer, log group, firewall or domain may be made for an API that is there."
  }

  assert {
    condition     = toset(keys(aws_lambda_function.chat)) == toset(["messages", "send_message", "on_message"]) && toset(keys(aws_iam_role.function)) == toset(keys(aws_lambda_function.chat))
    error_message = "Only the functions of the chosen fields, and their roles, may be made."
  }

  assert {
    condition = { for name, resolver in aws_appsync_resolver.field : name => "${resolver.api_id} ${resolver.type}.${resolver.field} ${resolver.data_source}" } == {
      "Query.messages"         = "abcdefghijklmnopqrstuvwxyz Query.chatMessages chat_test_messages"
      "Mutation.sendMessage"   = "abcdefghijklmnopqrstuvwxyz Mutation.chatSendMessage chat_test_send_message"
      "Subscription.onMessage" = "abcdefghijklmnopqrstuvwxyz Subscription.chatOnMessage chat_test_on_message"
    }
    error_message = "Resolvers must be attached to their API's fields, under names that are not its own."
  }

  assert {
    condition     = toset([for key in keys(aws_cloudwatch_metric_alarm.burn) : key if endswith(key, "-1h")]) == toset(["answered-all-1h", "answered-messages-1h", "answered-send_message-1h", "latency-messages-1h", "latency-send_message-1h", "delivery-all-1h"]) && !anytrue([for query in aws_cloudwatch_metric_alarm.burn["answered-all-1h"].metric_query : query.id == "api"]) && length([for key in keys(aws_cloudwatch_metric_alarm.chat) : key if startswith(key, "api-") || endswith(key, ".authorizer") || startswith(key, "jobs-")]) == 0
    error_message = "Alarms must be of what is here: not of the API as a whole, of an authorizer or of jobs."
  }
}

run "all_fields_and_what_they_leave_to_do" {
  command = plan

  variables {
    fields = ["Mutation.sendMessage", "Mutation.leaveRoom"] # which leaves work in the background
  }

  assert {
    condition     = toset(keys(aws_lambda_function.chat)) == toset(["send_message", "leave_room", "run_jobs"]) && keys(aws_cloudwatch_event_rule.schedule) == ["run_jobs"]
    error_message = "What does the work in the background must be there where a field leaves some."
  }
}

run "everything_is_there" {
  command = plan

  variables {
    role_path                = "/teams/chat/"
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    tags                     = { Team = "chat" }
    uploads                  = { origins = ["https://chat.example.com"] }
    existing = {
      api            = { id = "abcdefghijklmnopqrstuvwxyz", graphql_url = "https://api.example.com/graphql" }
      tables         = { core = { name = "their_core", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/table" }, guild = { name = "their_guild" } }
      kms_key        = { arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
      uploads_bucket = { name = "their-uploads" }
      alarm_topic    = { arn = "arn:aws:sns:eu-central-1:123456789012:on-call" }
    }
  }

  assert {
    condition     = length(aws_dynamodb_table.chat) + length(aws_s3_bucket.uploads) + length(aws_s3_bucket_lifecycle_configuration.uploads) + length(aws_s3_bucket_cors_configuration.uploads) + length(aws_sns_topic.alarms) == 0
    error_message = "What is there already must not be made again."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.chat["send_message"].environment[0].variables["CORE_TABLE"] == "their_core",
      aws_lambda_function.chat["send_message"].environment[0].variables["UPLOADS_BUCKET"] == "their-uploads",
      aws_lambda_function.chat["send_message"].kms_key_arn == "arn:aws:kms:eu-central-1:123456789012:key/1",
      aws_cloudwatch_composite_alarm.slo.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:on-call"]),
      join(" ", local.object_statements["attachment"][0].Resource) == "arn:aws:s3:::their-uploads/kept/* arn:aws:s3:::their-uploads/held/*",
      join(" ", local.key_statements["messages"][0].Resource) == "arn:aws:kms:eu-central-1:123456789012:key/1 arn:aws:kms:eu-central-1:123456789012:key/table",
    ])
    error_message = "The functions must use what is there, and have the rights on it."
  }

  assert {
    condition = alltrue([
      for role in concat(values(aws_iam_role.function), values(aws_iam_role.audit), [aws_iam_role.data_source]) :
      role.path == "/teams/chat/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" && role.tags["Team"] == "chat" && role.tags["Environment"] == "test"
    ])
    error_message = "Every role must have the path, the boundary and the tags."
  }
}

run "tables_of_another_form" {
  command = plan

  variables {
    existing = { api = { id = "abcdefghijklmnopqrstuvwxyz" }, tables = { core = { name = "their_core" } } }
  }

  override_data {
    target = data.aws_dynamodb_table.existing
    values = {
      hash_key                    = "id"
      range_key                   = null
      attribute                   = [{ name = "id", type = "S" }]
      ttl                         = [{ attribute_name = "ttl", enabled = true }]
      point_in_time_recovery      = [{ enabled = false }]
      deletion_protection_enabled = false
    }
  }

  expect_failures = [data.aws_dynamodb_table.existing]
}

run "a_table_whose_stream_has_no_images" {
  command = plan

  variables {
    events   = { queue = {} }
    existing = { api = { id = "abcdefghijklmnopqrstuvwxyz" }, tables = { core = { name = "their_core", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their_core/stream/1" } } }
  }

  override_data {
    target = data.aws_dynamodb_table.existing
    values = { stream_enabled = true, stream_view_type = "KEYS_ONLY", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their_core/stream/1" }
  }

  expect_failures = [data.aws_dynamodb_table.existing]
}

run "a_stream_that_is_no_longer_the_tables" {
  command = plan

  variables {
    events   = { queue = {} }
    existing = { api = { id = "abcdefghijklmnopqrstuvwxyz" }, tables = { core = { name = "their_core", stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their_core/stream/1" } } }
  }

  override_data {
    target = data.aws_dynamodb_table.existing
    values = { stream_arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/their_core/stream/2" }
  }

  expect_failures = [data.aws_dynamodb_table.existing]
}

run "tables_that_nothing_protects" {
  command = plan

  variables {
    existing = { api = { id = "abcdefghijklmnopqrstuvwxyz" }, tables = { guild = { name = "their_guild" } } }
  }

  override_data {
    target = data.aws_dynamodb_table.existing
    values = {
      hash_key                    = "PK"
      range_key                   = "SK"
      attribute                   = [{ name = "PK", type = "S" }, { name = "SK", type = "S" }, { name = "GSI", type = "N" }]
      ttl                         = [{ attribute_name = "expiresAt", enabled = true }]
      point_in_time_recovery      = [{ enabled = false }]
      deletion_protection_enabled = false
    }
  }

  expect_failures = [check.tables_can_be_restored, check.tables_resist_deletion] # warnings: theirs to decide
}
