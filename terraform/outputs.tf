output "api" {
  description = "The API: its id, its ARN, and where clients send queries and mutations and open their WebSocket. Of an API that is there: what was said of it."
  value       = { for name, value in local.api : name => value if name != "own_url" }
}

output "authorizer" {
  description = "Our authorizer: the ARN of the alias that an API calls. Null where no source is verified by it."
  value       = one([for module in local.authorizers : { function_name = aws_lambda_alias.live[module].function_name, alias_arn = aws_lambda_alias.live[module].arn }])
}

output "functions" {
  description = "Each module's function: its name and ARN, the alias that callers call, the version that the alias points to, and the role."
  value = {
    for module, alias in merge(aws_lambda_alias.live, aws_lambda_alias.reader) : module => {
      name         = alias.function_name
      arn          = merge(aws_lambda_function.chat, aws_lambda_function.reader)[module].arn
      alias_arn    = alias.arn
      live_version = alias.function_version
      role_arn     = aws_iam_role.function[module].arn
    }
  }
}

output "release" {
  description = "What `python -m releases record` records: the newest version of each function, the layers, the schema's hash, the alarms that have a canary reverted, and what each function's role may do."
  value = {
    region        = var.region
    alias         = local.alias
    architecture  = var.architecture
    schema_sha256 = terraform_data.schema.input == null ? "" : terraform_data.schema.input
    functions = {
      for module, each in merge(aws_lambda_function.chat, aws_lambda_function.reader) :
      module => { name = each.function_name, version = each.version, code_sha256 = each.code_sha256 }
    }
    layers = { for name, each in aws_lambda_layer_version.chat : name => { arn = each.arn, code_sha256 = each.code_sha256 } }
    alarms = sort(concat(
      [aws_cloudwatch_composite_alarm.slo.alarm_name],
      [for key, each in local.alarms : aws_cloudwatch_metric_alarm.chat[key].alarm_name if contains(local.reverting, each.kind)],
    ))
    granted = local.granted
  }

  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.reader] # what is told was applied
}

output "roles" {
  description = "The ARNs of the other roles: with which AppSync calls the functions, and with which the gateway's service calls the API (null where it has a token)."
  value       = { data_source = aws_iam_role.data_source.arn, gateway = one(values(aws_iam_role.gateway_task)[*].arn) }
}

output "tables" {
  description = "The tables: name and ARN, and the ARN of the stream, which two readers may share: `events` and `publish = \"stream\"` are one of them."
  value       = { for key, table in local.tables : key => merge(table, { stream_arn = local.stream_arns[key] }) }
}

output "events" {
  description = "Where events go: the bus (name, ARN), the queue (address, ARN), and the queues of places that could not be told of (`failed`, `dead`), each null or absent where there is none; and the function that reads the streams."
  value = {
    bus          = try({ name = reverse(split("/", local.bus.arn))[0], arn = local.bus.arn }, null)
    queue        = local.queue
    dead_letters = { for name, queue in aws_sqs_queue.letters : name => { url = queue.url, arn = queue.arn } }
    reader       = one([for alias in [aws_lambda_alias.reader] : { function_name = alias[local.stream_reader].function_name, alias_arn = alias[local.stream_reader].arn, role_arn = aws_iam_role.function[local.stream_reader].arn } if local.reads_events])
  }
}

output "flags" {
  description = "What `aws appconfig` is told to switch something off: the ids of the application, the environment, the profile and the deployment strategy; null without flags."
  value       = one([for key, at in local.flags_at : merge(at, { strategy = aws_appconfig_deployment_strategy.flags[key].id })])
}

output "schema" {
  description = "The schema of an API of ours; null for one that is there."
  value       = local.makes_api ? local.schema : null
}

output "secrets_to_fill" {
  description = "Secrets that were made without a value, by setting: put the values in before the first call."
  value       = { for name in local.made_secrets : name => local.secret_arns[name] }
}

output "alarm_topic_arn" {
  description = "Where alarms are sent."
  value       = local.alarm_topic_arn
}

output "alarms" {
  description = "The alarm of what is promised to people: name and ARN."
  value       = { slo = { name = aws_cloudwatch_composite_alarm.slo.alarm_name, arn = aws_cloudwatch_composite_alarm.slo.arn } }
}

output "audit_bucket" {
  description = "Where audit events are kept."
  value       = aws_s3_bucket.audit.id
}

output "retention" {
  description = "For how long this deployment keeps things, and how long requests for people's data wait, as `make privacy ARGS=\"retention --deployment FILE\"` reads it. Null is the code's default."
  value = {
    retention_days          = var.limits.retention_days
    file_days               = var.limits.file_days
    draft_days              = var.limits.draft_days
    presence_days           = var.limits.presence_days
    export_wait_hours       = var.limits.export_wait_hours
    erasure_wait_days       = var.limits.erasure_wait_days
    log_retention_days      = var.log_retention_days
    audit_retention_days    = var.audit_retention_days
    recovery_period_in_days = var.recovery_period_in_days
  }
}

output "uploads_bucket" {
  description = "Where attachments are kept; null where there are none."
  value       = local.uploads_bucket
}

output "dashboard_url" {
  description = "The dashboard for whoever is on call."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${local.prefix}"
}

output "gateway" {
  description = "The gateway's load balancer: what the certificate's name has to point to, and the zone of an alias record. Null without a gateway."
  value       = one([for each in aws_lb.gateway : { dns_name = each.dns_name, zone_id = each.zone_id }])
}

output "page" {
  description = "The page: its address, the bucket that its files are brought to, the distribution before it, and the name that an alias of yours has to point to. Null without a page."
  value = one([
    for key, each in aws_cloudfront_distribution.page : {
      url             = local.page_origins[0]
      bucket          = aws_s3_bucket.page[key].bucket
      distribution_id = each.id
      dns_name        = each.domain_name
    }
  ])
}
