output "chat" {
  description = "All outputs of the module: docs/terraform.md."
  value       = module.chat
}

output "api_id" {
  description = "The API's id."
  value       = module.chat.api.id
}

output "publish" {
  description = "Who has subscribers hear of a message: sender or stream. terraform/check_links.py holds the deployed schema to it."
  value       = coalesce(var.publish, "sender")
}

output "schema_prefix" {
  description = "What the names of the chat's types begin with in an API that is there."
  value       = var.schema_prefix == null ? "" : var.schema_prefix
}

output "graphql_url" {
  description = "Where clients send queries and mutations."
  value       = module.chat.api.graphql_url
}

output "realtime_url" {
  description = "Where clients open their WebSocket; AppSync's clients derive it from graphql_url."
  value       = module.chat.api.realtime_url
}

output "tables" {
  description = "The tables' names."
  value       = { for key, table in module.chat.tables : key => table.name }
}

output "functions" {
  description = "Each module's function, and the version that its alias points to."
  value       = { for name, each in module.chat.functions : name => { name = each.name, live_version = each.live_version } }
}

output "release" {
  description = "What the newest version of everything is, for `python -m releases record`."
  value       = module.chat.release
}

output "events" {
  description = "Where events go, and where the places of those wait that could not be told of."
  value       = module.chat.events
}

output "secrets_to_fill" {
  description = "Secrets that were made without a value, by setting: put the values in before the first call."
  value       = module.chat.secrets_to_fill
}

output "alarm_topic_arn" {
  description = "Where alarms are sent."
  value       = module.chat.alarm_topic_arn
}

output "audit_bucket" {
  description = "Where audit events are kept."
  value       = module.chat.audit_bucket
}

output "flags" {
  description = "What `aws appconfig` is told to switch something off."
  value       = module.chat.flags
}

output "taken_back" {
  description = "The bucket of the log of what was taken back, and its key, for `make restore`."
  value       = module.chat.taken_back
}

output "retention" {
  description = "What the configuration says of how long things are kept: docs/privacy.md."
  value       = module.chat.retention
}

output "uploads_bucket" {
  description = "Where attachments are kept; null where there are none."
  value       = module.chat.uploads_bucket
}

output "dashboard_url" {
  description = "The dashboard for whoever is on call."
  value       = module.chat.dashboard_url
}

output "gateway_dns_name" {
  description = "The gateway's load balancer: what the certificate's name has to point to. Null without a gateway."
  value       = try(module.chat.gateway.dns_name, null)
}

output "page" {
  description = "Where the page is, and what its files are brought to. Null without a page."
  value       = module.chat.page
}
