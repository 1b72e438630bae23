# What is made of the wiring, looked at without a cloud: every resource is invented by the mock provider.
# tests/terraform, which runs this file, invents packages; by hand `make package` comes first.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt = {
    issuer   = "https://issuer.example"
    audience = "chat"
    jwks_url = "https://issuer.example/.well-known/jwks.json"
  }
}

run "defaults" {
  command = apply

  # One of everything for each wired field

  assert {
    condition     = toset(keys(aws_appsync_resolver.field)) == toset([for name, each in local.wiring.fields : name if !can(each.publish)])
    error_message = "There must be one resolver for each wired field, and no other."
  }

  assert {
    condition = alltrue([
      for name, resolver in aws_appsync_resolver.field :
      "${resolver.type}.${resolver.field}" == name && resolver.data_source == local.wiring.fields[name].module
    ])
    error_message = "A resolver must be of its field, and on its module's data source."
  }

  assert {
    condition = alltrue([
      for resolver in values(aws_appsync_resolver.field) : alltrue([
        coalesce(resolver.request_template, "none") == "none",
        coalesce(resolver.response_template, "none") == "none",
        coalesce(resolver.code, "none") == "none",
        length(resolver.runtime) == 0,
        coalesce(resolver.kind, "UNIT") == "UNIT",
        coalesce(resolver.max_batch_size, 0) == 0,
      ])
    ])
    error_message = "A resolver must be direct: with a template or code the class name of a refusal is lost."
  }

  assert {
    condition     = toset(keys(aws_lambda_function.chat)) == toset(concat([local.wiring.authorizer.module], [for each in local.wiring.fields : each.module if !can(each.publish)], [for each in local.services : each.module if !contains(keys(local.readers), each.module)]))
    error_message = "There must be one function for each wired field and service, and the authorizer; what reads streams stands beside them."
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat : alltrue([
        function.handler == "${contains([for each in local.services : each.module], module) ? "services" : "resolvers"}.${module}.handler",
        function.runtime == "python3.13",
        function.publish,
        function.tracing_config[0].mode == "Active",
        length(function.snap_start) == 0,
        endswith(function.filename, "functions/${module}.zip"),
      ])
    ])
    error_message = "A function must run its own package on python3.13, published, traced, and without SnapStart unless it is asked for."
  }

  assert {
    condition     = alltrue([for module, alias in aws_lambda_alias.live : alias.function_version == merge(aws_lambda_function.chat, aws_lambda_function.reader)[module].version])
    error_message = "An alias must begin at the version that its function begins with."
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat :
      length(setsubtract(keys(function.environment[0].variables), concat(local.functions[module].settings, local.functions[module].secrets, ["LOG_LEVEL", "DEPLOYMENT_NAME"]))) == 0
    ])
    error_message = "A function must be told only what its wiring lists."
  }

  # Roles match the wiring

  assert {
    condition = alltrue([
      for module, each in local.functions :
      toset(flatten([for statement in jsondecode(aws_iam_role_policy.function[module].policy).Statement : statement.Action if startswith(flatten([statement.Action])[0], "dynamodb:")]))
      == toset(flatten([for right in each.rights : right.actions]))
    ])
    error_message = "A role must have the table actions of its wiring, and no other."
  }

  assert {
    condition = alltrue(flatten([
      for module in keys(local.functions) : [
        for statement in jsondecode(aws_iam_role_policy.function[module].policy).Statement : [
          length(statement.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]) > 0,
          !contains(statement.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"], "*"),
          alltrue([
            for keys in statement.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] :
            contains(["USER#*", "JOBS", "NOTIFYING"], keys) || (contains(["AVATAR#*", "DUE", "HOLDS", "ERASURES"], keys) && statement.Resource == local.tables.core.arn) || strcontains(keys, statement.Resource == local.tables.core.arn ? "ROOM#*" : "GUILD#*")
          ]),
        ] if startswith(flatten([statement.Action])[0], "dynamodb:")
      ]
    ]))
    error_message = "Every right on a table must be confined to key prefixes, and to those that live in the table."
  }

  assert {
    condition = length(setintersection(
      flatten([
        for name, each in local.fields :
        [for statement in jsondecode(aws_iam_role_policy.function[each.module].policy).Statement : statement.Action] if each.type != "Mutation"
      ]),
      ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:TransactWriteItems"],
    )) == 0
    error_message = "Functions that read must not be able to write."
  }

  assert {
    condition = alltrue([
      for module, each in local.functions :
      length([for name in each.secrets : name if contains(keys(merge(aws_lambda_function.chat, aws_lambda_function.reader)[module].environment[0].variables), name)]) == length(local.used_secrets[module])
    ])
    error_message = "A function must be told the references of its secrets, and of no others."
  }

  # Wildcards have stated reasons

  assert {
    condition = alltrue(flatten([
      for policy in concat(
        values(aws_iam_role_policy.function)[*].policy, values(aws_iam_role_policy.audit)[*].policy,
        [aws_iam_role_policy.data_source.policy, aws_iam_role_policy.api_logs[0].policy],
      ) : [for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]]
    ]))
    error_message = "No role may hold an action with a wildcard."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(
        values(aws_iam_role_policy.function)[*].policy, values(aws_iam_role_policy.audit)[*].policy,
        [aws_iam_role_policy.data_source.policy, aws_iam_role_policy.api_logs[0].policy],
        ) : [
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : anytrue([
            !strcontains(resource, "*"),
            resource == "*" && alltrue([for action in flatten([statement.Action]) : startswith(action, "xray:")]),                          # X-Ray knows no resources for these
            endswith(resource, ":*") && alltrue([for action in flatten([statement.Action]) : startswith(action, "logs:")]),                 # the streams of one log group
            resource == "${aws_s3_bucket.audit.arn}/*" && alltrue([for action in flatten([statement.Action]) : startswith(action, "s3:")]), # the objects of one bucket
          ])
        ]
      ]
    ]))
    error_message = "A resource with a wildcard needs a reason here."
  }

  assert {
    condition = alltrue([
      for role in concat(values(aws_iam_role.audit), [aws_iam_role.data_source, aws_iam_role.api_logs[0]]) :
      alltrue([for statement in jsondecode(role.assume_role_policy).Statement : can(statement.Condition)])
    ])
    error_message = "A service may take one of our roles only on behalf of this account."
  }

  # The API tells nothing

  assert {
    condition = alltrue([
      aws_appsync_graphql_api.chat[0].authentication_type == "AWS_LAMBDA",
      length(aws_appsync_graphql_api.chat[0].additional_authentication_provider) == 0,
      aws_appsync_graphql_api.chat[0].introspection_config == "DISABLED",
      aws_appsync_graphql_api.chat[0].xray_enabled,
      aws_appsync_graphql_api.chat[0].log_config[0].field_log_level == "ERROR",
      aws_appsync_graphql_api.chat[0].log_config[0].exclude_verbose_content,
      aws_appsync_graphql_api.chat[0].query_depth_limit > 0,
      aws_appsync_graphql_api.chat[0].resolver_count_limit > 0,
    ])
    error_message = "The API must have the authorizer as its only door, no introspection, limits, and no content in its log."
  }

  assert {
    condition     = aws_lambda_permission.authorizer[0].principal == "appsync.amazonaws.com" && aws_lambda_permission.authorizer[0].source_arn == aws_appsync_graphql_api.chat[0].arn && aws_lambda_permission.authorizer[0].qualifier == "live"
    error_message = "Only this API may call the authorizer, and only its live version."
  }

  assert {
    condition     = alltrue([for table in values(aws_dynamodb_table.chat) : table.point_in_time_recovery[0].enabled && table.ttl[0].enabled && table.ttl[0].attribute_name == "expiresAt" && table.deletion_protection_enabled && table.billing_mode == "PAY_PER_REQUEST" && table.stream_view_type == "NEW_IMAGE"])
    error_message = "Tables must be on demand, recoverable, forget what expired, resist deletion by default, and have a stream without old images."
  }

  # Options are off by default

  assert {
    condition     = length(aws_wafv2_web_acl.api) + length(aws_appsync_domain_name.api) + length(aws_route53_record.api) == 0
    error_message = "The firewall and the domain are options."
  }

  assert {
    condition = keys(local.readers) == ["project_stream"] && sum([
      length(aws_lambda_event_source_mapping.stream), length([for name in keys(aws_sqs_queue.letters) : name if !startswith(name, "projections-")]),
      length(aws_sqs_queue.events), length(aws_cloudwatch_event_bus.events),
      length([for key in keys(aws_cloudwatch_metric_alarm.chat) : key if startswith(key, "events-") && !strcontains(key, ".project")]),
    ]) == 0
    error_message = "Nothing of events may be made, and paid for, while nobody asks for them."
  }

  assert {
    condition     = length(aws_lambda_permission.service) == 0
    error_message = "Nobody may call a service's function unless it is said who."
  }

  # What runs in the background

  assert {
    condition = alltrue([
      keys(aws_cloudwatch_event_rule.schedule) == ["run_jobs"],
      aws_cloudwatch_event_rule.schedule["run_jobs"].schedule_expression == "rate(1 minute)",
      aws_cloudwatch_event_target.schedule["run_jobs"].arn == aws_lambda_alias.live["run_jobs"].arn,
      aws_cloudwatch_event_target.schedule["run_jobs"].retry_policy[0].maximum_retry_attempts == 0,
      aws_lambda_function_event_invoke_config.schedule["run_jobs"].maximum_retry_attempts == 0,
      aws_lambda_permission.schedule["run_jobs"].principal == "events.amazonaws.com",
      aws_lambda_permission.schedule["run_jobs"].source_arn == aws_cloudwatch_event_rule.schedule["run_jobs"].arn,
      aws_lambda_permission.schedule["run_jobs"].qualifier == "live",
    ])
    error_message = "A schedule, and nobody else, must call the live version of what runs in the background, and nothing must repeat a call."
  }

  assert {
    condition     = toset(keys(aws_secretsmanager_secret.chat)) == toset(["CURSOR_KEYS", "AUDIT_KEY", "DIRECT_KEY", "EXPORT_KEY"])
    error_message = "With public keys alone there is no use for JWT_SECRET."
  }

  assert {
    condition = (
      max([for query in values(aws_cloudwatch_query_definition.chat) : length(query.log_group_names)]...) <= 50 &&
      toset(flatten([for key in ["trace-1", "trace-2"] : aws_cloudwatch_query_definition.chat[key].log_group_names])) == toset(concat([for group in values(aws_cloudwatch_log_group.function) : group.name], [aws_cloudwatch_log_group.api[0].name])) &&
      contains(aws_cloudwatch_query_definition.chat["trace-1"].log_group_names, aws_cloudwatch_log_group.function["send_message"].name)
    )
    error_message = "A trace must be found in the logs of every function, fifty at a time."
  }

  # Every alarm says what to do

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.chat), values(aws_cloudwatch_metric_alarm.burn)) :
      strcontains(alarm.alarm_description, "docs/runbook.md") && alarm.treat_missing_data == (alarm.metric_name == "JobsStuck" ? "breaching" : "notBreaching")
    ])
    error_message = "An alarm must point to the runbook, and stay silent when nothing happens, but where a schedule should call."
  }

  assert {
    condition = alltrue([
      for kind, days in { "jobs-old.run_jobs" = 1, "request-late.run_jobs" = 25 } :
      aws_cloudwatch_metric_alarm.chat[kind].threshold == days * 24 * 3600 * 1000 &&
      aws_cloudwatch_metric_alarm.chat[kind].statistic == "Maximum" &&
      aws_cloudwatch_metric_alarm.chat[kind].metric_name == { "jobs-old.run_jobs" = "OldestJobMs", "request-late.run_jobs" = "OldestRequestMs" }[kind] &&
      aws_cloudwatch_metric_alarm.chat[kind].dimensions["function"] == aws_lambda_function.chat["run_jobs"].function_name
    ])
    error_message = "Work that stands still, and requests that come near the month, must ring while there is time left."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.chat) < 50 && length(aws_cloudwatch_metric_alarm.burn) == 5 * (2 + 2 * length(var.objectives.budget_fields))
    error_message = "Each alarm costs money and attention: those for all functions together must not come back as one for each."
  }

  assert {
    condition = alltrue([
      for module in keys(local.functions) :
      aws_cloudwatch_log_metric_filter.broken_runs[module].metric_transformation[0].name == aws_cloudwatch_metric_alarm.chat["broken-run.all"].metric_name
    ])
    error_message = "Every function's broken runs must be among those that the alarm looks at."
  }

  assert {
    condition     = alltrue([for function in values(aws_lambda_function.chat) : function.environment[0].variables["DEPLOYMENT_NAME"] == aws_cloudwatch_metric_alarm.chat["internal-error.all"].dimensions["deployment"]])
    error_message = "What functions count for the deployment must be what alarms look at."
  }

  assert {
    condition = alltrue([
      for alarm in values(aws_cloudwatch_metric_alarm.burn) :
      length([for query in alarm.metric_query : query if coalesce(query.return_data, false)]) == 1 &&
      (length(alarm.alarm_actions) == 0) == strcontains(aws_cloudwatch_composite_alarm.slo.alarm_rule, "ALARM(\"${alarm.alarm_name}\")")
    ])
    error_message = "A burning budget must be told of: by the alarm over all, or by its own."
  }

  assert {
    condition = {
      for name in ["answered-all", "answered-send_message", "latency-messages", "delivery-all"] :
      name => [for window in ["1h", "5m", "6h", "30m", "3d"] : aws_cloudwatch_metric_alarm.burn["${name}-${window}"].threshold]
      } == {
      answered-all          = [1.44, 1.44, 0.6, 0.6, 0.1]
      answered-send_message = [1.44, 1.44, 0.6, 0.6, 0.1]
      latency-messages      = [72, 72, 30, 30, 5]
      delivery-all          = [1.44, 1.44, 0.6, 0.6, 0.1]
    }
    error_message = "Thresholds must be the burn rate times what may fail."
  }

  assert {
    condition = [
      for widget in jsondecode(aws_cloudwatch_dashboard.chat.dashboard_body).widgets : [widget.properties.start, length(widget.properties.metrics)]
      if startswith(widget.properties.title, "Error budgets")
    ] == [["-P30D", 37], ["-P3D", 37]]
    error_message = "The dashboard must show what is left of each budget, and how fast it burns."
  }

  assert {
    condition     = alltrue([for alarm in values(aws_cloudwatch_metric_alarm.chat) : length(alarm.alarm_actions) == 1])
    error_message = "An alarm must be sent to the topic."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.chat : alarm.namespace != "Chat" || startswith(key, "broken-run") || try(contains(["function", "deployment"], join(",", keys(alarm.dimensions))), false)])
    error_message = "Our own metrics have one dimension, function or deployment."
  }
}

run "options" {
  command = apply

  variables {
    waf        = { requests_per_5_minutes = 2000 }
    domain     = { name = "chat.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1", zone = { id = "Z1" } }
    snap_start = true
    limits     = { room_burst = 5, person_per_second = 0.5, slow_mode_seconds = 3, max_clock_skew_ms = 2000, gap_patience_ms = 7000 }
    objectives = { fields = ["Mutation.sendMessage"], budget_fields = ["Mutation.sendMessage"], delivery_percent = 99.5 }

    guild_service = { role_arn = "arn:aws:iam::123456789012:role/guilds" }
    existing = {
      tables      = { guild = { name = "their_guild" } }
      kms_key     = { arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }
      alarm_topic = { arn = "arn:aws:sns:eu-central-1:123456789012:on-call" }
    }
    jwt     = { issuer = "issuer", audience = "chat", algorithms = ["HS256"] }
    secrets = { JWT_SECRET = "arn:aws:ssm:eu-central-1:123456789012:parameter/jwt" }
  }

  assert {
    condition     = aws_lambda_function.chat["send_message"].environment[0].variables["ROOM_BURST"] == "5" && aws_lambda_function.chat["send_message"].environment[0].variables["PERSON_PER_SECOND"] == "0.5" && aws_lambda_function.chat["create_room"].environment[0].variables["SLOW_MODE_SECONDS"] == "3"
    error_message = "The deployment's own limits must reach the function that judges by them."
  }

  assert {
    condition     = alltrue([for module, function in aws_lambda_function.chat : [for name in ["MAX_CLOCK_SKEW_MS", "GAP_PATIENCE_MS"] : lookup(function.environment[0].variables, name, null)] == (contains(["authorizer", "publish_mine"], module) ? [null, null] : ["2000", "7000"])])
    error_message = "All that read or write must judge clocks alike."
  }

  assert {
    condition     = keys(aws_lambda_permission.service) == ["guild_membership"] && alltrue([for each in values(aws_lambda_permission.service) : each.principal == var.guild_service.role_arn && each.qualifier == "live"])
    error_message = "The role that is named may call the services' functions, and only their live version."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.burn["delivery-all-3d"].threshold == 0.5 && toset([for key in keys(aws_cloudwatch_metric_alarm.burn) : key if endswith(key, "-3d")]) == toset(["answered-all-3d", "answered-send_message-3d", "latency-send_message-3d", "delivery-all-3d"])
    error_message = "The objectives must be those that are said."
  }

  assert {
    condition     = length(aws_wafv2_web_acl_association.api) == 1 && length(aws_route53_record.api) == 2 && output.api.graphql_url == "https://chat.example.com/graphql"
    error_message = "The firewall must guard the API, and the domain must lead to it."
  }

  assert {
    condition     = keys(aws_dynamodb_table.chat) == ["core"] && length(aws_sns_topic.alarms) == 0
    error_message = "What is there already must not be made again."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_role_policy.function["authorizer"].policy).Statement :
      statement.Action == ["ssm:GetParameter"] && statement.Resource == ["arn:aws:ssm:eu-central-1:123456789012:parameter/jwt"]
    ])
    error_message = "The authorizer must be able to read the parameter that holds its secret."
  }

  assert {
    condition     = alltrue([for function in values(aws_lambda_function.chat) : function.snap_start[0].apply_on == "PublishedVersions"])
    error_message = "SnapStart must apply to published versions."
  }
}
