# One function for each wired field and service, and the authorizer; those that read streams are in reader.tf. Callers call the alias, so that a version goes live
# when the alias says so; that is moved from release to release by `make deploy`, `make promote` and `make rollback`.

locals {
  runtime = "python3.13"
  alias   = "live"
}

resource "aws_lambda_function" "chat" {
  for_each = { for module, each in local.functions : module => each if !contains(keys(local.readers), module) }

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
    variables = local.environments[each.key]
  }

  logging_config {
    log_format = "Text" # the functions write JSON themselves
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "Active" # chat_lambda/xray.py adds what the call did; no SDK is in the process
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

    # Lambda says what it has loaded, and the alias moves only after this. A plan shows the sum of before, but no version where
    # one is going to be published; so asking for both is decided afterwards.
    postcondition {
      condition     = var.packages_in_s3 == null || self.version == "$LATEST" || self.code_sha256 == local.package_hashes[each.key]
      error_message = "What lies at ${coalesce(local.packages[each.key].key, "…")} is not what packages_in_s3.sha256sums says."
    }

    precondition {
      condition     = length(setsubtract(each.value.settings, local.known_settings)) == 0
      error_message = "resolvers/wiring.json gives ${each.key} a setting that terraform/wiring.tf has no value for."
    }

    precondition {
      condition = length(setsubtract(
        [for name, number in var.limits : upper(name) if number != null], flatten([for each in local.functions : each.settings]),
      )) == 0
      error_message = "limits sets what no function in resolvers/wiring.json lists among its settings, so it would have no effect."
    }
  }

  depends_on = [
    aws_iam_role_policy.function,     # an init that reads a secret must find its rights
    data.aws_dynamodb_table.existing, # a table of another form stops what would use it
  ]
}

resource "aws_lambda_alias" "live" {
  for_each = aws_lambda_function.chat

  name             = local.alias
  description      = "What is called."
  function_name    = aws_lambda_function.chat[each.key].function_name
  function_version = aws_lambda_function.chat[each.key].version # when it is made; releases/ moves it from then on

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

# The authorizer is called by AppSync itself, the fields' functions by the role of their data source.
resource "aws_lambda_permission" "authorizer" {
  count = local.has_authorizer ? 1 : 0

  statement_id   = "appsync"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.chat[local.wiring.authorizer.module].function_name
  qualifier      = aws_lambda_alias.live[local.wiring.authorizer.module].name
  principal      = "appsync.amazonaws.com"
  source_arn     = local.api.arn
  source_account = local.account
}

# What has a schedule. EventBridge calls it anew every time: a call that fails or is lost is the next one's, so nothing repeats it.
resource "aws_cloudwatch_event_rule" "schedule" {
  for_each = local.scheduled

  name                = local.function_names[each.key]
  description         = "Calls ${local.folders[each.key]}/${each.key}.py."
  schedule_expression = each.value.schedule
  tags                = local.tags
}

resource "aws_cloudwatch_event_target" "schedule" {
  for_each = local.scheduled

  rule  = aws_cloudwatch_event_rule.schedule[each.key].name
  arn   = aws_lambda_alias.live[each.key].arn
  input = "{}"

  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }
}

resource "aws_lambda_function_event_invoke_config" "schedule" {
  for_each = local.scheduled

  function_name                = aws_lambda_function.chat[each.key].function_name
  qualifier                    = aws_lambda_alias.live[each.key].name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_lambda_permission" "schedule" {
  for_each = local.scheduled

  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.chat[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule[each.key].arn
}

# Another service calls these, by its own role and under its own name for that: nobody, unless var.guild_service
# says who. Only the live version, so that no other can be reached around a rollback.
resource "aws_lambda_permission" "service" {
  for_each = var.guild_service == null ? {} : { for each in values(local.services) : each.module => each if !contains(concat(keys(local.scheduled), keys(local.readers)), each.module) }

  statement_id  = "service"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.chat[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name
  principal     = var.guild_service.role_arn
}
