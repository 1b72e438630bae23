output "api_id" {
  description = "The API's id."
  value       = aws_appsync_graphql_api.chat.id
}

output "graphql_url" {
  description = "Where clients send queries and mutations."
  value       = var.domain == null ? aws_appsync_graphql_api.chat.uris["GRAPHQL"] : "https://${var.domain.name}/graphql"
}

output "realtime_url" {
  description = "Where clients open their WebSocket; AppSync's clients derive it from graphql_url."
  value       = var.domain == null ? aws_appsync_graphql_api.chat.uris["REALTIME"] : "wss://${var.domain.name}/graphql/realtime"
}

output "tables" {
  description = "The tables' names."
  value       = { for key, table in local.tables : key => table.name }
}

output "functions" {
  description = "Each module's function, and the version that its alias points to."
  value = {
    for module, alias in aws_lambda_alias.live : module => { name = alias.function_name, live_version = alias.function_version }
  }
}

output "secrets_to_fill" {
  description = "Secrets that were made without a value, by setting: put the values in before the first call."
  value       = { for name in local.made_secrets : name => local.secret_arns[name] }
}

output "alarm_topic_arn" {
  description = "Where alarms are sent."
  value       = local.alarm_topic_arn
}

output "audit_bucket" {
  description = "Where audit events are kept."
  value       = aws_s3_bucket.audit.id
}

output "uploads_bucket" {
  description = "Where attachments are kept; null where there are none."
  value       = local.uploads_bucket
}

output "dashboard_url" {
  description = "The dashboard for whoever is on call."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${local.prefix}"
}

output "gateway_dns_name" {
  description = "The gateway's load balancer: what the certificate's name has to point to. Null without a gateway."
  value       = one([for each in aws_lb.gateway : each.dns_name])
}
